/** Signals of SUMO's files in the world: under the file's own program, or as lamp controllers show them. */
import type { StateDigest } from '../digest.ts';
import { isActuatedPhase } from '../network/sumo/actuated.ts';
import { type SumoStages, writeSumoState } from '../network/sumo/configuration.ts';
import type { SumoSignal } from '../network/sumo/network.ts';
import type { FilePrograms } from '../traffic-sumo/file-programs.ts';
import type { FileSignals } from './signals.ts';

/** Frames' letter for a state of SUMO: r a g u(red-amber) f(flash) d(dark). */
const LETTERS: Readonly<Record<string, string>> = { r: 'r', y: 'a', g: 'g', G: 'g', u: 'u', s: 'r', o: 'f', O: 'd' };

/** One signal under the file's program, as the engine has it. The state of a step is that of its end, as in SUMO. */
export class SumoProgramSignals implements FileSignals {
  readonly #signal: SumoSignal;
  readonly #stages: SumoStages;
  readonly #programs: FilePrograms;
  readonly #index: number;
  #seconds = 0;

  /** `index`: the signal's among those of the engine. */
  constructor(signal: SumoSignal, stages: SumoStages, programs: FilePrograms, index: number) {
    this.#signal = signal;
    this.#stages = stages;
    this.#programs = programs;
    this.#index = index;
  }

  tick(seconds: number): void {
    this.#seconds = seconds;
  }

  letters(): string {
    const { state } = this.#signal.program.phases[this.#phase()]!;
    return this.#stages.linkIndices.map((index) => LETTERS[state[index]!] ?? 'd').join('');
  }

  /** How long a green lasts that vehicles may prolong is not known. */
  stage(): [number, number] {
    const { program } = this.#signal;
    const phase = program.phases[this.#phase()]!;
    const stage = this.#stages.stageOfPhase[this.#phase()]!;
    if (program.type === 'actuated' && isActuatedPhase(phase)) return [stage, -1];
    const left = Math.min(phase.durationSeconds, this.#programs.until[this.#index]! - this.#seconds);
    return [stage, Math.max(0, Math.round(left * 10) / 10)];
  }

  write(digest: StateDigest): void {
    digest.int(this.#phase());
  }

  #phase(): number {
    return this.#programs.phase[this.#index]!;
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
