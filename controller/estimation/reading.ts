/** What a detector's cumulative count says between two frames, and whether it can be. */
import type { DetectorReading } from '../types.ts';

/** No lane carries more, vehicles a second, motorcycles side by side included; and so many at once from a reader that batches. */
const MOST_PER_SECOND = 1.5;
const MOST_AT_ONCE = 3;
/** A reader that batches tells within so long, seconds. */
const BATCH_SECONDS = 120;

/** What is remembered of a detector's counts. */
export interface CountWatch {
  /** Cumulative count that was last taken for true, -1: none yet. */
  readonly count: number;
  /** A count that could not be, read last; -1: the last one could. */
  readonly odd: number;
  /** When it last counted somebody, and when it was last heard of; 0: never. */
  readonly countedMs: number;
  readonly heardMs: number;
}

export interface Taken {
  readonly count: number;
  readonly odd: number;
  /** Vehicles since the last reading that was taken for true. */
  readonly vehicles: number;
  /** More than any lane carries. */
  readonly isImpossible: boolean;
}

/**
 * Takes in a reading. A count that cannot be is left out, with all that is said in that frame: the next true one says how
 * many passed meanwhile. Where the next goes on from the odd one, the counter has begun anew.
 */
export function take(
  { count, odd, countedMs, heardMs }: CountWatch,
  reading: DetectorReading,
  lanes: number,
  nowMs: number,
): Taken {
  const now = reading.count;
  if (count < 0) return { count: now, odd: -1, vehicles: 0, isImpossible: false };
  const unheard = Math.max(1, (nowMs - heardMs) / 1000);
  const uncounted = Math.min(BATCH_SECONDS, (nowMs - countedMs) / 1000);
  if (could(now - count, lanes, Math.max(unheard, uncounted)))
    return { count: now, odd: -1, vehicles: now - count, isImpossible: false };
  if (odd >= 0 && could(now - odd, lanes, unheard))
    return { count: now, odd: -1, vehicles: could(now, lanes, unheard) ? now : now - odd, isImpossible: false };
  return { count, odd: now, vehicles: 0, isImpossible: now > count };
}

const could = (vehicles: number, lanes: number, seconds: number): boolean =>
  vehicles >= 0 && vehicles <= Math.ceil(lanes * (MOST_AT_ONCE + MOST_PER_SECOND * seconds));
