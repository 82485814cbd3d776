/** What readers of recordings tell about what they read. */
import type { LocalFrame } from '../../feeds/v2x/local-frame.ts';

export type SourceKind = 'fcd' | 'trj' | 'log' | 'fzi';

export class SafetySourceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SourceError';
  }
}

/** A message or row that was not used, as an example of its reason. */
export interface Problem {
  /** Such as `approach.csv:12`. */
  readonly where: string;
  readonly reason: string;
  readonly detail: string;
}

/** Most examples kept of what was not used. */
const MAX_PROBLEMS = 50;

/** Counts what was read. Every message or row ends in `used` or under a reason. */
export class Tally {
  read = 0;
  used = 0;
  readonly #rejected = new Map<string, number>();
  readonly problems: Problem[] = [];

  /** One read, and used where `why` is null. */
  count(why: string | null, where: () => string, detail: () => string = () => ''): void {
    this.read++;
    if (why === null) {
      this.used++;
      return;
    }
    const times = (this.#rejected.get(why) ?? 0) + 1;
    this.#rejected.set(why, times);
    if (times <= 5 && this.problems.length < MAX_PROBLEMS)
      this.problems.push({ where: where(), reason: why, detail: detail() });
  }

  get rejected(): Record<string, number> {
    return Object.fromEntries([...this.#rejected].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

export interface SourceReport {
  readonly kind: SourceKind;
  readonly tally: Tally;
  /** Moment that seconds are counted from, ms since 1970 UTC; of `fcd` and `trj` the simulation's own 0. */
  readonly zeroMs: number;
  /** Whether `zeroMs` is a moment of the calendar. */
  readonly dated: boolean;
  /** Where local metres are measured from; null: nowhere on Earth. */
  readonly frame: LocalFrame | null;
  /** Share of road users in the source, 0-1; null: not known. */
  readonly penetration: number | null;
  /** What a reader of the result should know, in sentences. */
  readonly notes: readonly string[];
}
