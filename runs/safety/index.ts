/** Features of intervals -> indices with the constants given, or with those of the features themselves. */
import type { FeatureInterval } from '../../controller/safety/features.ts';
import {
  type Indices,
  type NormalizationConstants,
  normalizationConstants,
  type Weather,
} from '../../controller/safety/index-formulas.ts';
import { type SafetyScore, score } from '../../controller/safety/score.ts';

/** Constants of minutes and of quarters of an hour, and what the hours of the day were like when they were frozen. */
export interface FrozenConstants {
  readonly minute: NormalizationConstants;
  readonly quarterHour: NormalizationConstants;
  /** Mean indices of minutes and of quarters, by hour of the day (UTC, "0" to "23"). */
  readonly baselines: {
    readonly minute: Readonly<Record<string, Indices>>;
    readonly quarterHour: Readonly<Record<string, Indices>>;
  };
}

export interface ScoredInterval {
  readonly interval: FeatureInterval;
  readonly score: SafetyScore;
}

export interface IndexOptions {
  /** null: there are none, and nothing is scored; absent: those of the observations themselves. */
  readonly frozen?: FrozenConstants | null;
  readonly weatherAt?: (atMs: number) => Weather | null;
  /** Version of the constants that are computed here; default 1. */
  readonly version?: number;
}

export interface SourceIndex {
  /** null: nothing was observed, so that there is nothing to relate to. */
  readonly constants: { readonly minute: NormalizationConstants; readonly quarterHour: NormalizationConstants } | null;
  /** Whether the constants are of the observations themselves: the riskiest interval seen then sets the scale. */
  readonly ownConstants: boolean;
  readonly minutes: readonly ScoredInterval[];
  readonly quarterHours: readonly ScoredInterval[];
}

const hourOf = (atMs: number): string => String(new Date(atMs).getUTCHours());

function constantsOf(intervals: readonly FeatureInterval[], version: number): NormalizationConstants | null {
  const data = intervals.flatMap((one) => (one.features === null ? [] : [one.features]));
  if (data.length === 0) return null;
  return normalizationConstants(data, { version, validFromMs: intervals[0]!.startMs, validUntilMs: null });
}

export function indexOf(
  minutes: readonly FeatureInterval[],
  quarterHours: readonly FeatureInterval[],
  options: IndexOptions = {},
): SourceIndex {
  const { frozen, version = 1, weatherAt = () => null } = options;
  const minute = frozen === undefined ? constantsOf(minutes, version) : (frozen?.minute ?? null);
  const quarterHour = frozen === undefined ? constantsOf(quarterHours, version) : (frozen?.quarterHour ?? null);
  const scored = (
    intervals: readonly FeatureInterval[],
    constants: NormalizationConstants | null,
    baselines: Readonly<Record<string, Indices>> | undefined,
  ): ScoredInterval[] =>
    intervals.map((interval) => ({
      interval,
      score: score({
        features: interval.features,
        observed: interval.observed,
        intervalSeconds: interval.intervalSeconds,
        constants,
        atMs: interval.startMs,
        weather: weatherAt(interval.startMs),
        baseline: baselines?.[hourOf(interval.startMs)] ?? null,
      }),
    }));
  return {
    constants: minute === null || quarterHour === null ? null : { minute, quarterHour },
    ownConstants: frozen === undefined,
    minutes: scored(minutes, minute, frozen?.baselines.minute),
    quarterHours: scored(quarterHours, quarterHour, frozen?.baselines.quarterHour),
  };
}

function means(intervals: readonly ScoredInterval[]): Record<string, Indices> {
  const byHour = new Map<string, Indices[]>();
  for (const { interval, score: one } of intervals) {
    if (!one.scored) continue;
    const hour = hourOf(interval.startMs);
    byHour.set(hour, [...(byHour.get(hour) ?? []), one.raw]);
  }
  return Object.fromEntries(
    [...byHour].map(([hour, all]) => {
      const mean = (of: (one: Indices) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
      return [
        hour,
        {
          vru: mean((one) => one.vru),
          vehicle: mean((one) => one.vehicle),
          traffic: mean((one) => one.traffic),
          weather: null,
          combined: mean((one) => one.combined),
        },
      ];
    }),
  );
}

/** What later intervals can be related to. null: nothing was observed. */
export function freeze(index: SourceIndex): FrozenConstants | null {
  if (index.constants === null) return null;
  return {
    ...index.constants,
    baselines: { minute: means(index.minutes), quarterHour: means(index.quarterHours) },
  };
}
