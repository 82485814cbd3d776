/** What safety finds, as the store keeps it. */
import { createHash } from 'node:crypto';
import { v5 } from 'uuid';
import type { Weather } from '../../controller/safety/index-formulas.ts';
import type {
  ConflictRecord,
  CrashIndexRecord,
  FeatureRecord,
  HardBrakeRecord,
  IndexRecord,
  QualityRecord,
  WeatherRecord,
} from '../records.ts';
import type { CrashIndexed, JunctionResult } from './junction.ts';
import type { Trouble } from './quality-notes.ts';
import type { JunctionSafetyResult, SafetyConflict, SafetyHardBraking, SafetyInterval } from './results.ts';

/** Of a simulated run and a variant; null: of a street. */
export type OfRun = { readonly runId: string; readonly variant: string } | null;

/** What tells records of one run from those of another: the same scenario and seed give the same conflicts. */
const keyOf = (of: OfRun, { id, junctionId }: { id: string; junctionId: string }): string =>
  of === null ? v5(id, junctionId) : v5(`${of.variant}/${id}`, of.runId);

export function conflictRecord(
  one: SafetyConflict,
  of: OfRun,
  startsAtMs: number,
  penetration: number | null,
): ConflictRecord {
  const at = (second: number) => startsAtMs + Math.round(second * 1000);
  const half = (bounds: { low: number; high: number } | null) =>
    bounds === null ? null : (bounds.high - bounds.low) / 2;
  return {
    conflictId: keyOf(of, one),
    junctionId: one.junctionId,
    runId: of?.runId ?? null,
    variant: of?.variant ?? null,
    second: of === null ? null : Math.floor(one.criticalSecond),
    startedAtMs: at(one.startSecond),
    endedAtMs: at(one.endSecond),
    type: one.withVru ? 'vru' : one.type,
    severity: one.severity,
    userA: one.users[0],
    userB: one.users[1],
    classA: one.userTypes[0],
    classB: one.userTypes[1],
    minTtcSeconds: one.minTtcSeconds,
    petSeconds: one.petSeconds,
    dracMetresPerSecond2: one.dracMetresPerSecond2,
    mdracMetresPerSecond2: one.mdracMetresPerSecond2,
    deltaVMetresPerSecond: one.deltaVMetresPerSecond,
    angleDegrees: one.angleDegrees,
    ttcUncertaintySeconds: half(one.ttcBoundsSeconds),
    petUncertaintySeconds: half(one.petBoundsSeconds),
    signalStateA: one.signalStates[0],
    signalStateB: one.signalStates[1],
    penetration,
    latitude: one.latitude,
    longitude: one.longitude,
    metadata: { geometry: one.type, critical_at_ms: at(one.criticalSecond), outlines_touched: one.outlinesTouched },
  };
}

export function hardBrakeRecord(one: SafetyHardBraking, of: OfRun, startsAtMs: number): HardBrakeRecord {
  return {
    hardBrakeId: keyOf(of, one),
    junctionId: one.junctionId,
    runId: of?.runId ?? null,
    variant: of?.variant ?? null,
    second: of === null ? null : Math.floor(one.second),
    atMs: startsAtMs + Math.round(one.second * 1000),
    user: one.user,
    class: one.userType,
    peakMetresPerSecond2: one.peakMetresPerSecond2,
  };
}

const STATUS = {
  silent: 'no_data',
  'too-few-messages': 'insufficient_data',
  'low-quality': 'stale_data',
  'speeds-unknown': 'insufficient_data',
  'no-constants': 'insufficient_data',
} as const;

/** A minute's index. */
export function indexRecord(one: SafetyInterval, startsAtMs: number): IndexRecord {
  const { index, raw, features } = one;
  return {
    junctionId: one.junctionId,
    atMs: startsAtMs + one.startSecond * 1000,
    combinedIndex: raw?.combined ?? null,
    combinedIndexEb: index?.combined ?? null,
    vruIndex: raw?.vru ?? null,
    vruIndexEb: index?.vru ?? null,
    vehicleIndex: raw?.vehicle ?? null,
    vehicleIndexEb: index?.vehicle ?? null,
    weatherIndex: index?.weather ?? null,
    trafficVolume: one.vehicles,
    vruCount: one.vrus,
    vehicleEventCount: features?.vehicleConflictIntensity ?? 0,
    vruEventCount: features?.vruConflictIntensity ?? 0,
    scoreStatus: one.notScored === null ? 'scored' : STATUS[one.notScored],
    combinedIndexLow: one.interval?.low ?? null,
    combinedIndexHigh: one.interval?.high ?? null,
    exposure: index === null ? null : one.vehicles,
    observationWeight: one.observationWeight,
    dataQualityScore: one.quality,
    constantsId: one.constantsId ?? null,
  };
}

/** What a minute's index was made of; null: nothing was heard. */
export function featureRecord(one: SafetyInterval, startsAtMs: number): FeatureRecord | null {
  const { features, observed } = one;
  if (features === null) return null;
  return {
    junctionId: one.junctionId,
    atMs: startsAtMs + one.startSecond * 1000,
    intervalSeconds: one.intervalSeconds,
    vehicles: one.vehicles,
    vrus: one.vrus,
    messages: observed.messages,
    messagesRejected: observed.messagesRejected,
    secondsHeard: observed.secondsHeard,
    secondsWithSignals: observed.secondsWithSignals,
    penetration: observed.penetration,
    vruConflictIntensity: features.vruConflictIntensity,
    vehicleConflictIntensity: features.vehicleConflictIntensity,
    averageSpeedMetresPerSecond: features.averageSpeedMetresPerSecond,
    speedSpreadMetresPerSecond: features.speedSpreadMetresPerSecond,
    hardBraking: features.hardBraking,
  };
}

/** A quarter of an hour's index on crash history. */
export const crashIndexRecord = (junctionId: string, { startMs, index }: CrashIndexed): CrashIndexRecord => ({
  junctionId,
  atMs: startMs,
  rate: index?.rate ?? null,
  uplift: index?.uplift ?? null,
  vruIndex: index?.vru ?? null,
  vehicleIndex: index?.vehicle ?? null,
  combinedIndex: index?.combined ?? null,
});

export const weatherRecord = (
  weather: Weather,
  junctionId: string | null,
  atMs: number,
  source: string,
): WeatherRecord => ({
  junctionId,
  atMs,
  precipitationMillimetres: weather.rainMillimetres,
  visibilityMetres: weather.visibilityMetres,
  windMetresPerSecond: weather.windMetresPerSecond,
  temperatureCelsius: weather.temperatureCelsius,
  source,
});

/** What was wrong with messages of a batch of a street's junction, for `QualityNotes`. */
export function troublesOf(junctionId: string, result: JunctionResult): Trouble[] {
  const refused = Object.entries(result.rejected).map(([reason, times]): Trouble => {
    const example = result.rejections.find((one) => one.reason === reason);
    const detail = example === undefined ? '' : ` ${example.path}: ${example.detail}`;
    return {
      junctionId,
      issueType: `v2x_${reason.replaceAll('-', '_')}`,
      severity: 'warning',
      times,
      message: (all) => `${all} V2X ${all === 1 ? 'message was' : 'messages were'} not used: ${reason}.${detail}`,
    };
  });
  const faults = result.faults.map(
    ({ check, subject, detail }): Trouble => ({
      junctionId,
      issueType: `v2x_${check.replaceAll('-', '_')}`,
      severity: 'info',
      times: 1,
      message: (all) => `${subject}: ${detail}${all > 1 ? ` (${all} such faults)` : ''}`,
    }),
  );
  return [...refused, ...faults];
}

/** What was wrong with a junction's messages over a run: a row a reason, and one a check. */
export function runQualityRecords(one: JunctionSafetyResult, of: OfRun, atMs: number): QualityRecord[] {
  const { junctionId, messages, faults } = one;
  const rows = (counts: Readonly<Record<string, number>>, severity: 'warning' | 'info', what: string) =>
    Object.entries(counts).map(
      ([name, count]): QualityRecord => ({
        entryKey: entryKey(of, junctionId, name, atMs),
        junctionId,
        atMs,
        issueType: `v2x_${name.replaceAll('-', '_')}`.slice(0, 50),
        severity,
        message: `${count} V2X ${what}: ${name}.`,
        metadata: { count, ...(of !== null && { run_id: of.runId, variant: of.variant }) },
      }),
    );
  return [
    ...rows(messages.rejected, 'warning', 'messages were not used'),
    ...rows(faults, 'info', 'faults of messages'),
  ];
}

const entryKey = (of: OfRun, ...parts: readonly (string | number | null)[]): string =>
  createHash('sha256')
    .update(JSON.stringify([of, ...parts]))
    .digest('hex')
    .slice(0, 32);
