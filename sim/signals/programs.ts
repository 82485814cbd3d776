/** Junctions whose lamps follow a file's own light plan: no device, nobody to command. */
import type { StateDigest } from '../digest.ts';
import { type LightProgram, programCycleSeconds, programLamps, programPhase } from '../traffic/program.ts';

export class ProgramSignals {
  readonly #program: LightProgram;
  readonly #groupLamp: Uint8Array;
  #phase = 0;
  #secondsLeft = 0;

  constructor(program: LightProgram, groupLamp: Uint8Array) {
    this.#program = program;
    this.#groupLamp = groupLamp;
    this.tick(0);
  }

  /** Before the world moves in the tick that begins `seconds` after the start. */
  tick(seconds: number): void {
    const program = this.#program;
    programLamps(program, seconds, this.#groupLamp);
    this.#phase = programPhase(program, seconds);
    const cycle = programCycleSeconds(program);
    let end = Math.floor(seconds / cycle + 1e-9) * cycle;
    for (let p = 0; p <= this.#phase; p++) end += program.phases[p]!.seconds;
    this.#secondsLeft = end - seconds;
  }

  letters(): string {
    const { firstGroup, groupCount } = this.#program;
    let text = '';
    for (let g = firstGroup; g < firstGroup + groupCount; g++) text += this.#groupLamp[g] === 1 ? 'g' : 'r';
    return text;
  }

  /** Index of the phase and seconds left of it. */
  stage(): [number, number] {
    return [this.#phase, Math.max(0, Math.round(this.#secondsLeft * 10) / 10)];
  }

  write(digest: StateDigest): void {
    const { firstGroup, groupCount } = this.#program;
    digest.int(this.#phase);
    for (let g = firstGroup; g < firstGroup + groupCount; g++) digest.int(this.#groupLamp[g]!);
  }
}
