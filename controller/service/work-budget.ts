/**
 * Shares what the threads can compute among the junctions: where there are many, a strategy with a parameter `work` is given
 * less of it, and looks less far rather than being late. For streets only: in lockstep the work is what it was told to be.
 */
import { strategyNamed } from '../strategies/index.ts';
import type { Parameters } from '../types.ts';
import type { ControlledJunction } from './desk.ts';

/** Of the threads' time, so much for decisions: the rest is for messages, and for junctions that want to be first. */
const UTILISATION = 0.4;
/** A decision may take so long at most, ms, however few junctions there are: others wait behind it. */
const LONGEST_MS = 40;
/** Learns over about so many decisions. */
const GAIN = 0.05;
/** From frame to publication, ms: above it each decision makes the next ones shorter, below it a little longer again. */
const LATE_MS = 100;
const SHORTER = 0.97;
const LONGER = 1.005;
const SHORTEST = 0.02;

/** Where a process has more junctions than these, strategies that count vehicles by loops follow fewer hypotheses. */
const MANY_JUNCTIONS = 300;
const FEW_HYPOTHESES = 2;

/** To two digits, so that it does not change with each decision. */
function inSteps(work: number): number {
  let unit = 1;
  while (work / unit >= 100) unit *= 10;
  return Math.floor(work / unit) * unit;
}

/** These junctions as one process can command them all in time: with many of them, strategies look less closely. */
export function sparing(junctions: readonly ControlledJunction[]): readonly ControlledJunction[] {
  if (junctions.length <= MANY_JUNCTIONS) return junctions;
  return junctions.map((one) => {
    const { hypotheses } = strategyNamed(one.strategy).parameters;
    if (hypotheses === undefined) return one;
    const asked = Number(one.parameters.hypotheses ?? hypotheses.default);
    return { ...one, parameters: { ...one.parameters, hypotheses: Math.min(asked, FEW_HYPOTHESES) } };
  });
}

export class WorkBudget {
  readonly #threads: number;
  readonly #least: number;
  /** Milliseconds that a unit of work takes, fading. */
  #msPerWork: number | null = null;
  /** Share of the work that there would be, while decisions are not late: 1. */
  #patience = 1;

  /** `least`: work below which a strategy is of no use. */
  constructor(threads: number, least: number) {
    this.#threads = threads;
    this.#least = least;
  }

  /** A decision with so much work allowed took so long. What it did not use up counts as if it had. */
  note(work: number, milliseconds: number): void {
    const ratio = milliseconds / work;
    this.#msPerWork = this.#msPerWork === null ? ratio : this.#msPerWork + GAIN * (ratio - this.#msPerWork);
  }

  /** A decision was published so long after its frame came. */
  noteLatency(milliseconds: number): void {
    this.#patience =
      milliseconds > LATE_MS ? Math.max(SHORTEST, this.#patience * SHORTER) : Math.min(1, this.#patience * LONGER);
  }

  /** Work for each of so many junctions that decide once a second. */
  workFor(junctions: number, wanted: number): number {
    if (this.#msPerWork === null || this.#msPerWork <= 0) return Math.min(wanted, this.#least * 4);
    const shareMs = Math.min(LONGEST_MS, (1000 * this.#threads * UTILISATION) / Math.max(1, junctions));
    const most = Math.min(wanted, shareMs / this.#msPerWork) * this.#patience;
    return most >= wanted ? wanted : Math.max(this.#least, inSteps(most));
  }

  /** These parameters with the work there is for them; as they are where they know none. */
  share(parameters: Parameters, junctions: number): Parameters {
    const { work } = parameters;
    return typeof work === 'number' ? { ...parameters, work: this.workFor(junctions, work) } : parameters;
  }
}
