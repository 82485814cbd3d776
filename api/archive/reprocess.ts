/**
 * Indices of past days computed anew from the archived features, when formulas or constants improve. What comes out goes to
 * the archive as the later state of its minutes; `backfill` brings it into the database.
 */
import type { IndexRecord } from '../../runs/records.ts';
import { type FrozenConstants, indexOf } from '../../runs/safety/index.ts';
import { indexRecord } from '../../runs/safety/keeper.ts';
import { intervalOf } from '../../runs/safety/monitor.ts';
import { observationsOf, WEATHER_HOLDS_MS, type WeatherObservation, weatherAt } from '../../runs/safety/weather.ts';
import { StoreError } from '../database/errors.ts';
import { listConstants, versionsOf } from '../database/repositories/safety-constants.ts';
import { listWeather } from '../database/repositories/weather.ts';
import type { DatabaseStore } from '../database/store.ts';
import { type Archive, daysBetween } from './archive.ts';
import { DAY_MS, featureInterval } from './layout.ts';
import type { ParquetRow } from './parquet.ts';

/** The minutes that indices are of; features of 15 minutes are left out. */
const INTERVAL_SECONDS = 60;

/**
 * Scores every archived minute of these days by the constants that the database has for it, the last computed of several, their
 * baselines, and the weather of the hour before. Throws StoreError `constants_missing` where the database has none at all for the range.
 */
export async function reprocess(
  store: DatabaseStore,
  archive: Archive,
  range: { from: string; to: string },
): Promise<{ rows: number; scored: number }> {
  await archive.store();
  const startMs = Date.parse(`${range.from}T00:00:00Z`);
  const endMs = Date.parse(`${range.to}T00:00:00Z`) + DAY_MS;
  const constants = versionsOf(await store.asRole('reporting_user', (trx) => listConstants(trx, startMs, endMs)));
  if (constants.length === 0)
    throw new StoreError(
      'constants_missing',
      `normalization_constants has none for minutes between ${range.from} and ${range.to}.`,
      { status: 400, hint: '`flextraff safety constants compute --valid-from` makes constants that hold then.' },
    );
  const weather = await store.asRole('reporting_user', (trx) => listWeather(trx, startMs - WEATHER_HOLDS_MS, endMs));
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

function scoreRow(
  row: ParquetRow,
  frozen: readonly FrozenConstants[],
  weather: readonly WeatherObservation[],
): IndexRecord {
  const junctionId = row.junction_id as string;
  const own = observationsOf(weather, junctionId);
  const { minutes } = indexOf([featureInterval(row)], [], { frozen, weatherAt: (atMs) => weatherAt(own, atMs) });
  return indexRecord(intervalOf(minutes[0]!, junctionId, 0), 0);
}
