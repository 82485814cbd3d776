/**
 * Shares what the threads can compute among the junctions: where there are many, a strategy with a parameter `work` is given
 * less of it, and looks less far rather than being late. For streets only: in lockstep the work is what it was told to be.
 */
import type { Parameters } from '../types.ts';

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
    return Math.round(Math.min(wanted, Math.max(this.#least, most)));
  }

  /** These parameters with the work there is for them; as they are where they know none. */
  share(parameters: Parameters, junctions: number): Parameters {
    const { work } = parameters;
    return typeof work === 'number' ? { ...parameters, work: this.workFor(junctions, work) } : parameters;
  }
}
