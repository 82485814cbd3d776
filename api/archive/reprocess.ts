/**
 * Indices of past days computed anew from the archived features, when formulas or constants improve. What comes out goes to
 * the archive as the later state of its minutes; `backfill` brings it into the database.
 */
import type { NormalizationConstants, Weather } from '../../controller/safety/index-formulas.ts';
import { score } from '../../controller/safety/score.ts';
import type { IndexRecord } from '../../runs/records.ts';
import { StoreError } from '../database/errors.ts';
import type { DatabaseStore } from '../database/store.ts';
import { instant } from '../database/unnest.ts';
import { type Archive, daysBetween } from './archive.ts';
import { DAY_MS } from './layout.ts';
import type { ParquetRow } from './parquet.ts';

/** The minutes that indices are of; features of 15 minutes are left out. */
const INTERVAL_SECONDS = 60;
/** Weather older than this says nothing of a minute. */
const WEATHER_MS = 3_600_000;

interface Constants {
  id: number;
  fromMs: number;
  untilMs: number;
  constants: NormalizationConstants;
}
interface Observation {
  junctionId: string | null;
  atMs: number;
  weather: Weather;
}

/**
 * Scores every archived minute of these days by the constants that the database has for it, the last computed of several, and
 * the weather of the hour before. Throws StoreError `constants_missing` where the database has none at all for the range.
 */
export async function reprocess(
  store: DatabaseStore,
  archive: Archive,
  range: { from: string; to: string },
): Promise<{ rows: number; scored: number }> {
  await archive.store();
  const startMs = Date.parse(`${range.from}T00:00:00Z`);
  const endMs = Date.parse(`${range.to}T00:00:00Z`) + DAY_MS;
  const constants = await readConstants(store, startMs, endMs);
  if (constants.length === 0)
    throw new StoreError(
      'constants_missing',
      `normalization_constants has none for minutes between ${range.from} and ${range.to}.`,
      { status: 400, hint: 'Insert constants that hold then (valid_from, valid_until).' },
    );
  const weather = await readWeather(store, startMs, endMs);
  let rows = 0;
  let scored = 0;
  for (const day of daysBetween(range.from, range.to)) {
    for await (const part of archive.read('features', day)) {
      const records = part
        .filter((row) => row.interval_seconds === INTERVAL_SECONDS)
        .map((row) => scoreRow(row, constants, weather));
      archive.addIndices(records);
      rows += records.length;
      scored += records.filter((record) => record.scoreStatus === 'scored').length;
      await archive.flush();
    }
  }
  await archive.store();
  return { rows, scored };
}

function scoreRow(row: ParquetRow, all: readonly Constants[], weather: readonly Observation[]): IndexRecord {
  const atMs = row.timestamp as number;
  const value = (name: string): number | null => row[name] as number | null;
  const inForce = all.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
  const observation = weather.find(
    (one) =>
      (one.junctionId === null || one.junctionId === row.junction_id) &&
      one.atMs <= atMs &&
      one.atMs > atMs - WEATHER_MS,
  );
  const result = score({
    features: {
      intervalSeconds: INTERVAL_SECONDS,
      vruConflictIntensity: value('vru_conflict_intensity') ?? 0,
      vehicleConflictIntensity: value('vehicle_conflict_intensity') ?? 0,
      volume: value('vehicles') ?? 0,
      averageSpeedMetresPerSecond: value('average_speed'),
      speedSpreadMetresPerSecond: value('speed_spread'),
      hardBraking: value('hard_braking') ?? 0,
    },
    observed: {
      messages: value('messages') ?? 0,
      messagesRejected: value('messages_rejected') ?? 0,
      secondsHeard: value('seconds_heard') ?? INTERVAL_SECONDS,
      secondsWithSignals: value('seconds_with_signals'),
      penetration: value('penetration'),
    },
    constants: inForce?.constants ?? null,
    intervalSeconds: INTERVAL_SECONDS,
    atMs,
    weather: observation?.weather ?? null,
    // Baselines of the time are not archived.
    baseline: null,
  });
  const record: IndexRecord = {
    junctionId: row.junction_id as string,
    atMs,
    combinedIndex: null,
    trafficVolume: value('vehicles') ?? 0,
    vruCount: value('vrus') ?? 0,
    vehicleEventCount: Math.round(value('vehicle_conflict_intensity') ?? 0),
    vruEventCount: Math.round(value('vru_conflict_intensity') ?? 0),
    dataQualityScore: result.quality.score,
    constantsId: inForce?.id ?? null,
  };
  if (!result.scored) return { ...record, scoreStatus: result.reason === 'silent' ? 'no_data' : 'insufficient_data' };
  return {
    ...record,
    scoreStatus: 'scored',
    combinedIndex: result.raw.combined,
    combinedIndexEb: result.index.combined,
    vruIndex: result.raw.vru,
    vruIndexEb: result.index.vru,
    vehicleIndex: result.raw.vehicle,
    vehicleIndexEb: result.index.vehicle,
    weatherIndex: result.raw.weather,
    combinedIndexLow: result.combinedInterval.low,
    combinedIndexHigh: result.combinedInterval.high,
    exposure: result.exposureVehicles,
    observationWeight: result.observationWeight,
  };
}

/** The last computed first. */
async function readConstants(store: DatabaseStore, startMs: number, endMs: number): Promise<Constants[]> {
  const answer = await store.asRole('reporting_user', (trx) =>
    trx.raw(
      `SELECT id, constants, valid_from, valid_until FROM normalization_constants
       WHERE valid_from < ? AND (valid_until IS NULL OR valid_until > ?) ORDER BY computed_at DESC, id DESC`,
      [instant(endMs), instant(startMs)],
    ),
  );
  return (
    answer.rows as { id: number; constants: NormalizationConstants; valid_from: Date; valid_until: Date | null }[]
  )
    .filter((row) => row.constants.intervalSeconds === INTERVAL_SECONDS)
    .map((row) => {
      const fromMs = row.valid_from.getTime();
      const untilMs = row.valid_until?.getTime() ?? null;
      return {
        id: row.id,
        fromMs,
        untilMs: untilMs ?? Number.POSITIVE_INFINITY,
        constants: { ...row.constants, validFromMs: fromMs, validUntilMs: untilMs },
      };
    });
}

/** The latest first; observations that lack a measure are of no use to the index. */
async function readWeather(store: DatabaseStore, startMs: number, endMs: number): Promise<Observation[]> {
  const answer = await store.asRole('reporting_user', (trx) =>
    trx.raw(
      `SELECT * FROM weather_conditions WHERE observed_at > ? AND observed_at < ? AND precipitation_mm IS NOT NULL
         AND visibility_metres IS NOT NULL AND wind_metres_per_second IS NOT NULL AND temperature_celsius IS NOT NULL
       ORDER BY observed_at DESC, junction_id NULLS LAST`,
      [instant(startMs - WEATHER_MS), instant(endMs)],
    ),
  );
  return (answer.rows as Record<string, number & Date & string>[]).map((row) => ({
    junctionId: row.junction_id ?? null,
    atMs: (row.observed_at as Date).getTime(),
    weather: {
      rainMillimetres: row.precipitation_mm as number,
      visibilityMetres: row.visibility_metres as number,
      windMetresPerSecond: row.wind_metres_per_second as number,
      temperatureCelsius: row.temperature_celsius as number,
    },
  }));
}
