/** Signals of SUMO's files in the world: under the file's own program, or as lamp controllers show them. */
import type { StateDigest } from '../digest.ts';
import { type SumoStages, writeSumoState } from '../network/sumo/configuration.ts';
import type { SumoSignal } from '../network/sumo/network.ts';
import { cycleSeconds, programPhaseAt } from '../network/sumo/programs.ts';
import type { FileSignals } from './signals.ts';

/** Frames' letter for a state of SUMO: r a g u(red-amber) f(flash) d(dark). */
const LETTERS: Readonly<Record<string, string>> = { r: 'r', y: 'a', g: 'g', G: 'g', u: 'u', s: 'r', o: 'f', O: 'd' };

/** Times of SUMO's programs count from midnight of the file's clock: a run begins at `beginSeconds`. */
export interface SumoClock {
  readonly beginSeconds: number;
  readonly stepSeconds: number;
}

/** One signal under the file's program. The state of a step is that of its end, as in SUMO. */
export class SumoProgramSignals implements FileSignals {
  readonly #signal: SumoSignal;
  readonly #stages: SumoStages;
  readonly #clock: SumoClock;
  readonly #codes: Uint8Array | null;
  #phase = -1;
  #seconds = 0;

  /** `codes`: where the world looks for the signal's state; null where the engine shows the program itself. */
  constructor(signal: SumoSignal, stages: SumoStages, clock: SumoClock, codes: Uint8Array | null) {
    this.#signal = signal;
    this.#stages = stages;
    this.#clock = clock;
    this.#codes = codes;
    this.tick(-clock.stepSeconds);
  }

  tick(seconds: number): void {
    const { program, firstGroup, groupCount } = this.#signal;
    this.#seconds = seconds;
    const phase = programPhaseAt(program, this.#clock.beginSeconds + seconds + this.#clock.stepSeconds);
    if (phase === this.#phase) return;
    this.#phase = phase;
    if (this.#codes === null) return;
    const { state } = program.phases[phase]!;
    for (let i = 0; i < groupCount; i++) this.#codes[firstGroup + i] = state.charCodeAt(i);
  }

  letters(): string {
    const { state } = this.#signal.program.phases[this.#phase]!;
    return this.#stages.linkIndices.map((index) => LETTERS[state[index]!] ?? 'd').join('');
  }

  stage(): [number, number] {
    const { program } = this.#signal;
    const now = this.#clock.beginSeconds + this.#seconds - program.offsetSeconds;
    const cycle = cycleSeconds(program);
    let end = 0;
    for (let p = 0; p <= this.#phase; p++) end += program.phases[p]!.durationSeconds;
    const left = end - (now - Math.floor(now / cycle) * cycle);
    const within = left > program.phases[this.#phase]!.durationSeconds + 1e-6 ? left - cycle : left;
    return [this.#stages.stageOfPhase[this.#phase]!, Math.max(0, Math.round(within * 10) / 10)];
  }

  write(digest: StateDigest): void {
    digest.int(this.#phase);
  }
}

/** The lamps that a lamp controller lights for its groups, as SUMO's traffic sees them: by link index. */
export class SumoLamps {
  readonly #stages: SumoStages;
  readonly #codes: Uint8Array;
  readonly #firstGroup: number;
  /** 0 red, 1 green, 2 amber, by group of the configuration. */
  readonly lamps: Uint8Array;

  constructor(signal: SumoSignal, stages: SumoStages, codes: Uint8Array) {
    this.#stages = stages;
    this.#codes = codes;
    this.#firstGroup = signal.firstGroup;
    this.lamps = new Uint8Array(stages.linkIndices.length);
    codes.fill('r'.charCodeAt(0), signal.firstGroup, signal.firstGroup + signal.groupCount);
  }

  /** After the controllers, before the world moves. */
  show(): void {
    writeSumoState(this.#stages, this.lamps, this.#codes, this.#firstGroup);
  }
}
