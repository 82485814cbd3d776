/** Constants of the safety index out of what was observed before: computed once, then frozen for the time they hold. */
import type { FeatureInterval } from '../../controller/safety/features.ts';
import type { NormalizationConstants } from '../../controller/safety/index-formulas.ts';
import { score } from '../../controller/safety/score.ts';
import { type FrozenConstants, freeze, indexOf } from './index.ts';

/** Fewer usable minutes than this are a bad day rather than a scale. */
export const LEAST_MINUTES = 240;

export interface ConstantsOrder {
  readonly version: number;
  readonly validFromMs: number;
  /** null: until further notice. */
  readonly validUntilMs: number | null;
  /** Default `LEAST_MINUTES`. */
  readonly leastMinutes?: number;
}

/** What constants are of, for those who judge them. */
export interface ConstantsHistory {
  readonly minutes: number;
  readonly quarterHours: number;
  /** Intervals in which too little was heard to be part of a scale. */
  readonly leftOut: number;
}

export type ComputedConstants = { readonly frozen: FrozenConstants; readonly history: ConstantsHistory } | TooLittle;
interface TooLittle {
  readonly frozen: null;
  readonly history: ConstantsHistory;
  readonly leastMinutes: number;
}

/** Whether enough was heard for a score: nothing lacks but what to relate to. */
function isUsable({ features, observed, intervalSeconds, startMs }: FeatureInterval): boolean {
  const result = score({
    features,
    observed,
    intervalSeconds,
    constants: null,
    atMs: startMs,
    weather: null,
    baseline: null,
  });
  return !result.scored && result.reason === 'no-constants';
}

/**
 * Constants, and the mean indices of each hour of the day (UTC) as baselines, of intervals of all junctions together. Intervals
 * in which too little was heard are left out: silence is neither safety nor a scale.
 */
export function constantsOfHistory(intervals: readonly FeatureInterval[], order: ConstantsOrder): ComputedConstants {
  const usable = intervals.filter(isUsable);
  const minutes = usable.filter(({ intervalSeconds }) => intervalSeconds === 60);
  const quarterHours = usable.filter(({ intervalSeconds }) => intervalSeconds === 900);
  const history = {
    minutes: minutes.length,
    quarterHours: quarterHours.length,
    leftOut: intervals.length - usable.length,
  };
  const { leastMinutes = LEAST_MINUTES, version, validFromMs, validUntilMs } = order;
  const frozen =
    minutes.length < leastMinutes || quarterHours.length === 0 ? null : freeze(indexOf(minutes, quarterHours));
  if (frozen === null) return { frozen: null, history, leastMinutes };
  const held = (one: NormalizationConstants) => Object.freeze({ ...one, version, validFromMs, validUntilMs });
  return {
    history,
    frozen: { ...frozen, minute: held(frozen.minute), quarterHour: held(frozen.quarterHour) },
  };
}
