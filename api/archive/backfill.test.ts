import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexRecord } from '../../runs/records.ts';
import { type Database, openDatabase } from '../database/connect.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import { makeServerDatabase, serverUrl } from '../database/testing/server-database.ts';
import { makeConfiguration } from '../testing.ts';
import type { Archive } from './archive.ts';
import { backfill } from './backfill.ts';
import { checkArchive } from './check.ts';
import { DAY_MS, dayOf, indexRow } from './layout.ts';
import { reprocess } from './reprocess.ts';

const MINUTE = 60_000;

function behaviour(databaseUrl: () => string | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-backfill-'));
  const junctions = [makeConfiguration({ intersectionId: 51 }), makeConfiguration({ intersectionId: 52 })];
  const now = Date.now();
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const yesterday = dayOf(today - DAY_MS);
  let store: DatabaseStore;
  let archive: Archive;
  let database: Database;

  /** Of a day: two minutes of three, some not scored, values of many digits. */
  function makeDay(startMs: number): IndexRecord[] {
    const rows: IndexRecord[] = [];
    for (const [j, { junctionId }] of junctions.entries())
      for (let minute = 0; minute < 1440; minute += minute % 3 === 1 ? 2 : 1) {
        const value = ((minute * 7919 + j * 104_729) % 99_991) / 1000.7;
        const scored = minute % 17 !== 0;
        rows.push({
          junctionId,
          atMs: startMs + minute * MINUTE,
          combinedIndex: scored ? value : null,
          combinedIndexEb: scored ? 100 - value / 1.3 : null,
          trafficVolume: minute % 40,
          scoreStatus: scored ? 'scored' : 'no_data',
        });
      }
    return rows;
  }
  const rowsIn = async (sql: string, bindings: Knex.RawBinding[] = []) =>
    (await database.knex.raw(sql, bindings)).rows as Record<string, unknown>[];
  const options = { nowMs: now };

  beforeAll(async () => {
    store = openStore({
      dataDirectory: join(directory, 'data'),
      databaseUrl: databaseUrl(),
      archive: { location: join(directory, 'archive') },
      archiveEveryMs: 1e9,
      onAlert: (level, message) => {
        if (level === 'error') throw new Error(message);
      },
      async open(given) {
        database = await openDatabase(given);
        return database;
      },
    });
    archive = store.archive as Archive;
    await store.ready;
    store.writeJunctions(null, junctions);
    await store.flush();
  }, 120_000);
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('hold the same, row by row, whatever came twice, late or changed', async () => {
    const rows = makeDay(today - DAY_MS);
    // Out of order, twice, and an older state first.
    store.writeRecords(
      'indices',
      rows.slice(100, 200).map((row) => ({ ...row, trafficVolume: 999 })),
    );
    store.writeRecords('indices', [...rows].reverse());
    store.writeRecords('indices', rows.slice(50, 150));
    await store.flush();
    const [check] = await checkArchive(store, archive, { ...options, from: yesterday, to: yesterday });
    expect(check).toMatchObject({ equal: rows.length, different: 0, onlyDatabase: 0, onlyArchive: 0, examples: [] });
  });

  it('are told apart where they differ, and mended', async () => {
    // Within the 48 hours that the database keeps minutes.
    const recent = makeDay(today - DAY_MS).filter((row) => row.atMs > now - 47 * 3_600_000);
    const [lost, changed, missed] = [recent[recent.length - 1]!, recent[recent.length - 2]!, recent[0]!];
    const where = 'WHERE junction_id = ? AND timestamp = ?';
    const at = (row: IndexRecord) => [row.junctionId, new Date(row.atMs).toISOString()];
    await database.knex.raw(`DELETE FROM safety_indices_realtime ${where}`, at(lost));
    await database.knex.raw(`UPDATE safety_indices_realtime SET traffic_volume = 12345 ${where}`, at(changed));
    store.writeRecords('indices', [{ ...missed, atMs: missed.atMs + 1000 }], { archive: false });
    await store.flush();
    const range = { ...options, from: yesterday, to: yesterday };
    const [before] = await checkArchive(store, archive, range);
    expect(before).toMatchObject({ different: 1, onlyDatabase: 1, onlyArchive: 1, repaired: 0 });
    expect(before!.examples.join('\n')).toContain('traffic_volume 12345 | ');
    await checkArchive(store, archive, { ...range, repair: true });
    const [after] = await checkArchive(store, archive, range);
    expect(after).toMatchObject({ different: 0, onlyDatabase: 0, onlyArchive: 0 });
  });

  it('are brought back in place from Parquet, with hours and days, and readers never see a gap', async () => {
    const from = dayOf(today - 40 * DAY_MS);
    const to = dayOf(today - 39 * DAY_MS);
    const rows = [...makeDay(today - 40 * DAY_MS), ...makeDay(today - 39 * DAY_MS)];
    archive.addIndices(rows);
    const first = await backfill(store, archive, { ...options, from, to });
    expect(first.valid).toBe(true);
    expect(first.method).toBe(store.kind === 'server' ? 'COPY' : 'unnest');
    expect(first.days.map(({ day, rows: n }) => [day, n])).toEqual([
      [from, rows.length / 2],
      [to, rows.length / 2],
    ]);
    expect(first.samples).toEqual({ compared: 100, different: [] });
    expect(first.junctions).toHaveLength(2);

    // What should not be there, and what is not as it should be.
    await database.knex.raw(
      "UPDATE safety_indices_realtime SET combined_index_eb = 1 WHERE timestamp < now() - INTERVAL '30 days'",
    );
    store.writeRecords('indices', [{ ...rows[0]!, atMs: rows[0]!.atMs + 1000 }], { archive: false });
    await store.flush();
    const counts = new Set<number>();
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const [row] = await store.asRole(
          'reporting_user',
          async (trx) =>
            (
              await trx.raw(
                "SELECT count(*)::int AS n FROM safety_indices_realtime WHERE timestamp < now() - INTERVAL '30 days'",
              )
            ).rows,
        );
        counts.add((row as { n: number }).n);
      }
    })();
    const again = await backfill(store, archive, { ...options, from, to, replace: true });
    reading = false;
    await reader;
    expect(again.valid).toBe(true);
    expect(again.days.map((day) => day.deleted)).toEqual([1, 0]);
    expect([...counts].every((n) => n === rows.length || n === rows.length + 1)).toBe(true);

    // Hours and days against what they are by definition.
    const hours = await rowsIn(
      'SELECT junction_id, hour_timestamp, avg_si, min_si, max_si, std_si, total_volume::int, avg_volume, sample_count, high_risk_minutes FROM safety_indices_hourly ORDER BY 1, 2',
    );
    expect(hours).toHaveLength(2 * 48);
    for (const hour of hours) {
      const start = (hour.hour_timestamp as Date).getTime();
      compare(
        hour,
        rows.filter(
          (row) => row.junctionId === hour.junction_id && row.atMs >= start && row.atMs < start + 60 * MINUTE,
        ),
      );
    }
    const days = await rowsIn(
      'SELECT junction_id, date::text AS date, avg_si, min_si, max_si, std_si, total_volume::int, avg_volume, sample_count FROM safety_indices_daily ORDER BY 1, 2',
    );
    expect(days.map((day) => day.date)).toEqual([from, to, from, to]);
    for (const day of days)
      compare(
        day,
        rows.filter((row) => row.junctionId === day.junction_id && dayOf(row.atMs) === day.date),
      );
    // Once more changes nothing.
    await backfill(store, archive, { ...options, from, to });
    expect(
      await rowsIn(
        'SELECT junction_id, hour_timestamp, avg_si, min_si, max_si, std_si, total_volume::int, avg_volume, sample_count, high_risk_minutes FROM safety_indices_hourly ORDER BY 1, 2',
      ),
    ).toEqual(hours);
  });

  it('are computed anew from archived features, by the constants in force', async () => {
    const start = today - 60 * DAY_MS;
    const day = dayOf(start);
    const junctionId = junctions[0]!.junctionId;
    store.writeFeatures(
      Array.from({ length: 30 }, (_, minute) => ({
        junctionId,
        atMs: start + minute * MINUTE,
        intervalSeconds: 60,
        vehicles: 10,
        vrus: 2,
        // The last one heard too little.
        messages: minute === 29 ? 3 : 600,
        secondsHeard: 60,
        vruConflictIntensity: minute,
        vehicleConflictIntensity: 0,
        averageSpeedMetresPerSecond: 8,
        speedSpreadMetresPerSecond: 2,
        hardBraking: 0,
      })),
    );
    await expect(reprocess(store, archive, { from: day, to: day })).rejects.toMatchObject({
      code: 'constants_missing',
    });
    const insert = (vruConflictMax: number) =>
      database.knex('normalization_constants').insert({
        constants: JSON.stringify({
          version: 1,
          intervalSeconds: 60,
          vruConflictMax,
          vehicleConflictMax: 10,
          volumeMax: 20,
          speedSpreadMaxMetresPerSecond: 4,
          hardBrakingMax: 5,
          referenceSpeedMetresPerSecond: 16,
        }),
        valid_from: new Date(start - DAY_MS),
      });
    await insert(40);
    expect(await reprocess(store, archive, { from: day, to: day })).toEqual({ rows: 30, scored: 29 });
    const indexAt = async (minute: number) =>
      (
        await rowsIn('SELECT * FROM safety_indices_realtime WHERE junction_id = ? AND timestamp = ?', [
          junctionId,
          new Date(start + minute * MINUTE).toISOString(),
        ])
      )[0];
    expect((await backfill(store, archive, { ...options, from: day, to: day })).valid).toBe(true);
    // 100 (0.4 * 20/40 + 0.2 * 10/20 + 0.2 * 8/16 + 0.2 * 2/4)
    expect((await indexAt(20))?.vru_index).toBeCloseTo(50, 9);
    expect(await indexAt(29)).toMatchObject({ score_status: 'insufficient_data', combined_index: null });
    // Better constants, the same features.
    await insert(80);
    await reprocess(store, archive, { from: day, to: day });
    expect((await backfill(store, archive, { ...options, from: day, to: day })).valid).toBe(true);
    expect((await indexAt(20))?.vru_index).toBeCloseTo(40, 9);
  });

  it('say where they differ after all', async () => {
    const day = dayOf(today - 20 * DAY_MS);
    const rows = makeDay(today - 20 * DAY_MS).slice(0, 10);
    archive.addIndices(rows);
    store.writeRecords(
      'indices',
      [{ ...rows[0]!, atMs: rows[0]!.atMs + 1000, combinedIndexEb: 0.5, combinedIndex: 1, scoreStatus: 'scored' }],
      { archive: false },
    );
    await store.flush();
    const report = await backfill(store, archive, { ...options, from: day, to: day });
    expect(report.valid).toBe(false);
    expect(report.junctions).toMatchObject([
      { agrees: false, archive: { rows: 10 }, database: { rows: 11, min: 0.5 } },
    ]);
  });

  it('are not deleted for today, nor for a range that ends before it begins', async () => {
    await expect(
      backfill(store, archive, { ...options, from: yesterday, to: dayOf(now), replace: true }),
    ).rejects.toMatchObject({ code: 'backfill_refused' });
    await expect(backfill(store, archive, { ...options, from: dayOf(now), to: yesterday })).rejects.toMatchObject({
      code: 'backfill_refused',
    });
  });

  it('leave a day as it was where an archived row cannot be', async () => {
    const day = dayOf(today - 10 * DAY_MS);
    const row = indexRow(makeDay(today - 10 * DAY_MS)[5]!, 0);
    const bad = { ...row, combined_index: 500 };
    await expect(
      backfill(store, archive, {
        ...options,
        from: day,
        to: day,
        rows: async function* () {
          yield [row, bad];
        },
      }),
    ).rejects.toMatchObject({ code: 'database_query_failed' });
    expect(
      await rowsIn('SELECT 1 FROM safety_indices_realtime WHERE timestamp >= ? AND timestamp < ?', [
        `${day}T00:00:00Z`,
        new Date(today - 9 * DAY_MS).toISOString(),
      ]),
    ).toEqual([]);
  });
}

/** An aggregate against its rows, from scratch, in twice the precision that sums of doubles have. */
function compare(aggregate: Record<string, unknown>, rows: readonly IndexRecord[]): void {
  const values = rows.filter((row) => row.scoreStatus === 'scored').map((row) => row.combinedIndexEb as number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  const volume = rows.reduce((sum, row) => sum + row.trafficVolume, 0);
  expect(aggregate).toMatchObject({
    sample_count: values.length,
    min_si: Math.min(...values),
    max_si: Math.max(...values),
    total_volume: volume,
  });
  expect(aggregate.avg_si as number).toBeCloseTo(mean, 10);
  expect(aggregate.std_si as number).toBeCloseTo(deviation, 10);
  expect(aggregate.avg_volume as number).toBeCloseTo(volume / rows.length, 10);
  if (aggregate.high_risk_minutes !== undefined)
    expect(aggregate.high_risk_minutes).toBe(values.filter((value) => value > 75).length);
}

describe('archive and PGlite', () => behaviour(() => undefined));

describe.skipIf(serverUrl === '')(
  'archive and PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () => {
    let made: Awaited<ReturnType<typeof makeServerDatabase>>;
    beforeAll(async () => {
      made = await makeServerDatabase();
    });
    behaviour(() => made.url);
    afterAll(() => made.drop());
  },
);
