/** Junctions whose lamps follow a file's own light plan: no device, nobody to command. */
import type { StateDigest } from '../digest.ts';
import { type LightProgram, programCycleSeconds, programLamps, programPhase } from '../traffic/program.ts';

export class ProgramSignals {
  readonly #program: LightProgram;
  readonly #groupLamp: Uint8Array;
  #phase = -1;
  #seconds = 0;

  constructor(program: LightProgram, groupLamp: Uint8Array) {
    this.#program = program;
    this.#groupLamp = groupLamp;
    this.tick(0);
  }

  /** Before the world moves in the tick that begins `seconds` after the start. */
  tick(seconds: number): void {
    this.#seconds = seconds;
    const phase = programPhase(this.#program, seconds);
    if (phase === this.#phase) return;
    this.#phase = phase;
    programLamps(this.#program, seconds, this.#groupLamp);
  }

  letters(): string {
    const { firstGroup, groupCount } = this.#program;
    let text = '';
    for (let g = firstGroup; g < firstGroup + groupCount; g++) text += this.#groupLamp[g] === 1 ? 'g' : 'r';
    return text;
  }

  /** Index of the phase and seconds left of it. */
  stage(): [number, number] {
    const cycle = programCycleSeconds(this.#program);
    let end = Math.floor(this.#seconds / cycle + 1e-9) * cycle;
    for (let p = 0; p <= this.#phase; p++) end += this.#program.phases[p]!.seconds;
    return [this.#phase, Math.max(0, Math.round((end - this.#seconds) * 10) / 10)];
  }

  write(digest: StateDigest): void {
    const { firstGroup, groupCount } = this.#program;
    digest.int(this.#phase);
    for (let g = firstGroup; g < firstGroup + groupCount; g++) digest.int(this.#groupLamp[g]!);
  }
}
