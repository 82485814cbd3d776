/**
 * What the monitors of a run's variants saw -> `VariantResult.safety`. All minutes of all variants and junctions together
 * set the scale, so that variants can be compared: the same riskiest minute is 100 to each of them.
 */
import type { EncounterType } from '../../controller/safety/encounter-types.ts';
import type { FeatureInterval } from '../../controller/safety/features.ts';
import { type NormalizationConstants, normalizationConstants } from '../../controller/safety/index-formulas.ts';
import { type FrozenConstants, indexOf } from './index.ts';
import { weatherAt } from './weather.ts';
import { intervalOf, type JunctionObservation, type SafetyMonitor } from './monitor.ts';
import {
  CONFLICTS_LISTED,
  type ConflictCounts,
  type JunctionSafetyResult,
  type SafetyConflict,
  type SafetyIndices,
  type SafetyInterval,
  type SafetyResult,
} from './results.ts';

const TYPES: readonly EncounterType[] = ['rear-end', 'lane-change', 'crossing', 'head-on'];

export function countsOf(conflicts: readonly SafetyConflict[]): ConflictCounts {
  const byType = Object.fromEntries(TYPES.map((type) => [type, 0])) as Record<EncounterType, number>;
  const counts = { total: 0, serious: 0, withVru: 0, seriousWithVru: 0, byType, outlinesTouched: 0 };
  for (const { type, severity, withVru, outlinesTouched } of conflicts) {
    if (outlinesTouched) {
      counts.outlinesTouched++;
      continue;
    }
    counts.total++;
    byType[type]++;
    if (severity === 'serious') counts.serious++;
    if (withVru) counts.withVru++;
    if (withVru && severity === 'serious') counts.seriousWithVru++;
  }
  return counts;
}

function constantsOf(intervals: readonly FeatureInterval[]): NormalizationConstants | null {
  const data = intervals.flatMap(({ features }) => features ?? []);
  if (data.length === 0) return null;
  const validFromMs = intervals.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
  return normalizationConstants(data, { version: 1, validFromMs, validUntilMs: null });
}

function meanOf(scored: readonly SafetyInterval[]): Pick<JunctionSafetyResult, 'index' | 'interval'> {
  const all = scored.flatMap(({ index }) => index ?? []);
  if (all.length === 0) return { index: null, interval: null };
  const mean = (of: (one: SafetyIndices) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  const isWeatherKnown = all.every(({ weather }) => weather !== null);
  const index = {
    vru: mean(({ vru }) => vru),
    vehicle: mean(({ vehicle }) => vehicle),
    traffic: mean(({ traffic }) => traffic),
    weather: isWeatherKnown ? mean(({ weather }) => weather!) : null,
    combined: mean(({ combined }) => combined),
  };
  const squares = scored.reduce(
    (sum, { interval }) => sum + (interval ? ((interval.high - interval.low) / 2) ** 2 : 0),
    0,
  );
  const half = Math.sqrt(squares) / all.length;
  return {
    index,
    interval: { low: Math.max(0, index.combined - half), high: Math.min(100, index.combined + half) },
  };
}

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Constants of all that the monitors saw from `fromMs` on; null: nothing. */
export function constantsOfRun(monitors: readonly SafetyMonitor[], fromMs: number): FrozenConstants | null {
  const all = monitors.flatMap(({ observations }) => observations);
  const after = (intervals: readonly FeatureInterval[]) => intervals.filter(({ startMs }) => startMs >= fromMs);
  const minute = constantsOf(after(all.flatMap(({ minutes }) => minutes)));
  const quarterHour = constantsOf(after(all.flatMap(({ quarterHours }) => quarterHours)));
  if (minute === null || quarterHour === null) return null;
  return { minute, quarterHour, baselines: { minute: {}, quarterHour: {} } };
}

/** Results by variant, in the order of `monitors`. What happened before the warm-up was over is left out. */
export function safetyResults(monitors: readonly SafetyMonitor[], warmUpSeconds: number): Map<string, SafetyResult> {
  const [first] = monitors;
  if (first === undefined) return new Map();
  const fromMs = first.options.startsAtMs + warmUpSeconds * 1000;
  const frozen = constantsOfRun(monitors, fromMs);
  return new Map(
    monitors.map((monitor) => [monitor.options.variant, resultOf(monitor, frozen, warmUpSeconds, fromMs)]),
  );
}

function resultOf(
  monitor: SafetyMonitor,
  frozen: FrozenConstants | null,
  warmUpSeconds: number,
  fromMs: number,
): SafetyResult {
  const junctions = monitor.observations.map((one) => junctionResult(one, monitor, frozen, warmUpSeconds, fromMs));
  const conflicts = monitor.observations
    .flatMap((one) => one.conflicts)
    .filter(({ criticalSecond }) => criticalSecond >= warmUpSeconds);
  const counts = countsOf(conflicts);
  const hours = junctions
    .flatMap(({ minutes }) => minutes)
    .reduce((sum, { features, intervalSeconds }) => sum + (features === null ? 0 : intervalSeconds / 3600), 0);
  const listed = listOf(conflicts);
  return {
    penetration: monitor.options.penetration ?? 0,
    conflicts: counts,
    conflictsPerHour: hours > 0 ? counts.total / (hours / junctions.length) : null,
    hardBraking: junctions.reduce((sum, one) => sum + one.hardBraking, 0),
    ...meanOf(junctions.flatMap(({ minutes }) => minutes)),
    junctions: Object.fromEntries(junctions.map((one) => [one.name, one])),
    conflictList: listed,
    conflictsNotListed: conflicts.length - listed.length,
  };
}

/** Of too many, the serious ones and then the first ones; in the order of time. */
function listOf(conflicts: readonly SafetyConflict[]): SafetyConflict[] {
  const inTime = (a: SafetyConflict, b: SafetyConflict) =>
    a.criticalSecond - b.criticalSecond || (a.id < b.id ? -1 : 1);
  const all = [...conflicts].sort(inTime);
  if (all.length <= CONFLICTS_LISTED) return all;
  const serious = all.filter(({ severity }) => severity === 'serious');
  const others = all.filter(({ severity }) => severity !== 'serious');
  return [...serious, ...others].slice(0, CONFLICTS_LISTED).sort(inTime);
}

function junctionResult(
  one: JunctionObservation,
  { options }: SafetyMonitor,
  frozen: FrozenConstants | null,
  warmUpSeconds: number,
  fromMs: number,
): JunctionSafetyResult {
  const after = (intervals: readonly FeatureInterval[]) => intervals.filter(({ startMs }) => startMs >= fromMs);
  const index = indexOf(after(one.minutes), after(one.quarterHours), {
    frozen,
    weatherAt: (atMs) => weatherAt(options.weather ?? null, atMs),
  });
  const { junctionId, name } = one.junction;
  const rows = (intervals: typeof index.minutes) =>
    intervals.map((each) => intervalOf(each, junctionId, options.startsAtMs));
  const minutes = rows(index.minutes);
  return {
    junctionId,
    name,
    conflicts: countsOf(one.conflicts.filter(({ criticalSecond }) => criticalSecond >= warmUpSeconds)),
    hardBraking: one.hardBraking.filter(({ second }) => second >= warmUpSeconds).length,
    ...meanOf(minutes),
    scoredMinutes: minutes.filter((each) => each.index !== null).length,
    minutes,
    quarterHours: rows(index.quarterHours),
    quality: minutes.length === 0 ? 0 : minutes.reduce((sum, { quality }) => sum + quality, 0) / minutes.length,
    messages: { read: one.read, used: one.used, rejected: sorted(one.rejected) },
    faults: sorted(one.faults),
  };
}
