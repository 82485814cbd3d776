/** Junctions whose lamps follow a file's own light plan: no device, nobody to command. */
import type { StateDigest } from '../digest.ts';
import { type LightProgram, programCycleSeconds, programLamps, programPhase } from '../traffic/program.ts';
import type { FileSignals } from './signals.ts';

export interface ShownProgram {
  readonly groups: readonly number[];
  readonly stageOfPhase: Int32Array;
}

export class ProgramSignals implements FileSignals {
  readonly #program: LightProgram;
  readonly #shown: ShownProgram;
  readonly #groupLamp: Uint8Array;
  readonly #cycleSeconds: number;
  #phase = -1;
  #seconds = 0;

  /** `shown`: what frames are to say of it. Groups by their index in the junction. */
  constructor(program: LightProgram, groupLamp: Uint8Array, shown: ShownProgram) {
    this.#shown = shown;
    this.#program = program;
    this.#groupLamp = groupLamp;
    this.#cycleSeconds = programCycleSeconds(program);
    this.tick(0);
  }

  /** Before the world moves in the tick that begins `seconds` after the start. */
  tick(seconds: number): void {
    this.#seconds = seconds;
    const phase = programPhase(this.#program, seconds, this.#cycleSeconds);
    if (phase === this.#phase) return;
    this.#phase = phase;
    programLamps(this.#program, seconds, this.#groupLamp);
  }

  letters(): string {
    const { firstGroup } = this.#program;
    return this.#shown.groups.map((g) => (this.#groupLamp[firstGroup + g] === 1 ? 'g' : 'r')).join('');
  }

  /** Index of the stage that the phase shows (-1: none), and seconds left of the phase. */
  stage(): [number, number] {
    let end = Math.floor(this.#seconds / this.#cycleSeconds + 1e-9) * this.#cycleSeconds;
    for (let p = 0; p <= this.#phase; p++) end += this.#program.phases[p]!.seconds;
    return [this.#shown.stageOfPhase[this.#phase]!, Math.max(0, Math.round((end - this.#seconds) * 10) / 10)];
  }

  write(digest: StateDigest): void {
    const { firstGroup, groupCount } = this.#program;
    digest.int(this.#phase);
    for (let g = firstGroup; g < firstGroup + groupCount; g++) digest.int(this.#groupLamp[g]!);
  }
}
