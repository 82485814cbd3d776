/** Features of intervals -> indices with the constants given, or with those of the features themselves. */
import type { FeatureInterval } from '../../controller/safety/features.ts';
import {
  holdsAt,
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

/** Versions of which each holds for a time; of several for the same moment the first counts. */
export type FrozenVersions = FrozenConstants | readonly FrozenConstants[];

const isList = (frozen: FrozenVersions): frozen is readonly FrozenConstants[] => Array.isArray(frozen);

function inForce(frozen: FrozenVersions | null, of: 'minute' | 'quarterHour', atMs: number): FrozenConstants | null {
  if (frozen === null) return null;
  return isList(frozen) ? (frozen.find((one) => holdsAt(one[of], atMs)) ?? null) : frozen;
}

export interface IndexOptions {
  /** null: there are none, and nothing is scored; absent: those of the observations themselves. */
  readonly frozen?: FrozenVersions | null;
  readonly weatherAt?: (atMs: number) => Weather | null;
  /** Version of the constants that are computed here; default 1. */
  readonly version?: number;
}

export interface SourceIndex {
  /** Of several versions the one for the first minute. null: nothing was observed, or none is for that time. */
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
  const own =
    frozen !== undefined
      ? null
      : { minute: constantsOf(minutes, version), quarterHour: constantsOf(quarterHours, version) };
  const scored = (intervals: readonly FeatureInterval[], of: 'minute' | 'quarterHour'): ScoredInterval[] =>
    intervals.map((interval) => {
      const chosen = frozen === undefined ? null : inForce(frozen, of, interval.startMs);
      return {
        interval,
        score: score({
          features: interval.features,
          observed: interval.observed,
          intervalSeconds: interval.intervalSeconds,
          constants: own === null ? (chosen?.[of] ?? null) : own[of],
          atMs: interval.startMs,
          weather: weatherAt(interval.startMs),
          baseline: chosen?.baselines[of][hourOf(interval.startMs)] ?? null,
        }),
      };
    });
  const shown = own ?? inForce(frozen!, 'minute', minutes[0]?.startMs ?? 0);
  return {
    constants:
      shown === null || shown.minute === null || shown.quarterHour === null
        ? null
        : { minute: shown.minute, quarterHour: shown.quarterHour },
    ownConstants: own !== null,
    minutes: scored(minutes, 'minute'),
    quarterHours: scored(quarterHours, 'quarterHour'),
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
