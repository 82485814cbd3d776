import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexRecord } from '../../runs/records.ts';
import { queryParquet } from '../archive/parquet.ts';
import { type Database, openDatabase } from '../database/connect.ts';
import { listRuns } from '../database/repositories/job-runs.ts';
import { listModelPerformance } from '../database/repositories/predictions.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import { makeServerDatabase, serverUrl } from '../database/testing/server-database.ts';
import { makeConfiguration, makeCycle } from '../testing.ts';
import { JOBS } from './list.ts';
import { monthsOver } from './monthly-report.ts';
import { JobRunner } from './runner.ts';
import { cronOf, latestSlot, nextSlot } from './schedule.ts';
import { startJobs } from './start.ts';
import type { Job } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Half an hour away from UTC, so that local hours begin in the middle of UTC's. */
const ZONE = 'Asia/Kolkata';
const localHour = (ms: number): number => new Date(ms + 5.5 * HOUR).getUTCHours();

/** Of doubles, exactly: as whole multiples of 2^-60, which index values between 2^-7 and 100 are. */
const exact = (value: number): bigint => {
  const scaled = value * 2 ** 52;
  return BigInt(Math.floor(scaled)) * 256n + BigInt(Math.round((scaled - Math.floor(scaled)) * 256));
};
const UNIT = 2 ** 60;

/** Mean and sample deviation from scratch, in whole numbers. */
function scratch(values: readonly number[]): { mean: number; deviation: number | null } {
  const n = BigInt(values.length);
  const sum = values.reduce((total, value) => total + exact(value), 0n);
  const squares = values.reduce((total, value) => total + (n * exact(value) - sum) ** 2n, 0n);
  const mean = Number(sum) / UNIT / values.length;
  if (values.length < 2) return { mean, deviation: null };
  return { mean, deviation: Math.sqrt(Number(squares / (n * n * (n - 1n)))) / UNIT };
}

/** Within what rounding a sum of n doubles one after the other may lose. */
function close(found: unknown, wanted: number | null, n: number): void {
  if (wanted === null) {
    expect(found).toBeNull();
    return;
  }
  expect(Math.abs((found as number) - wanted)).toBeLessThanOrEqual(
    2 * (n + 4) * Number.EPSILON * Math.max(Math.abs(wanted), 1),
  );
}

describe('schedules', () => {
  it('are due at their times in UTC, and cron says the same', () => {
    const at = Date.UTC(2025, 10, 26, 0, 4, 59);
    expect(iso(latestSlot({ every: 'minute' }, at))).toBe('2025-11-26T00:04:00.000Z');
    expect(iso(latestSlot({ every: 'hour', minute: 5 }, at))).toBe('2025-11-25T23:05:00.000Z');
    expect(iso(latestSlot({ every: 'day', hour: 0, minute: 5 }, at))).toBe('2025-11-25T00:05:00.000Z');
    expect(iso(latestSlot({ every: 'week', hour: 4, minute: 0 }, at))).toBe('2025-11-23T04:00:00.000Z');
    expect(iso(latestSlot({ every: 'month', hour: 3, minute: 30 }, at))).toBe('2025-11-01T03:30:00.000Z');
    expect(iso(nextSlot({ every: 'month', hour: 3, minute: 30 }, Date.UTC(2025, 11, 31)))).toBe(
      '2026-01-01T03:30:00.000Z',
    );
    expect(iso(nextSlot({ every: 'hour', minute: 5 }, at))).toBe('2025-11-26T00:05:00.000Z');
    expect(JOBS.map((job) => cronOf(job.schedule))).toContain('5 0 * * *');
    expect(monthsOver(Date.UTC(2025, 8, 1, 3, 30), Date.UTC(2025, 11, 1, 3, 30))).toEqual([
      '2025-09-01',
      '2025-10-01',
      '2025-11-01',
    ]);
    expect(monthsOver(null, Date.UTC(2026, 0, 1, 3, 30))).toEqual(['2025-12-01']);
  });
});

function behaviour(databaseUrl: () => string | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-jobs-'));
  const junctions = [makeConfiguration({ intersectionId: 61 }), makeConfiguration({ intersectionId: 62 })];
  const today = Math.floor(Date.now() / DAY) * DAY;
  let clock = today;
  let store: DatabaseStore;
  let database: Database;
  let runner: JobRunner;

  const rowsIn = async <T = Record<string, unknown>>(sql: string, bindings: Knex.RawBinding[] = []): Promise<T[]> =>
    (await database.knex.raw(sql, bindings)).rows as T[];
  const makeRunner = (jobs: readonly Job[] = JOBS) => new JobRunner({ store, jobs, backup: null, now: () => clock });
  const index = (junction: number, atMs: number, value: number | null, volume = 7): IndexRecord => ({
    junctionId: (junctions[junction] as { junctionId: string }).junctionId,
    atMs,
    combinedIndex: value,
    combinedIndexEb: value,
    trafficVolume: volume,
    scoreStatus: value === null ? 'no_data' : 'scored',
  });
  const write = async (rows: readonly IndexRecord[]): Promise<void> => {
    store.writeRecords('indices', rows, { archive: false });
    await store.flush();
    await store.asRole('job_role', (trx) => trx.raw('SELECT 1'));
  };

  beforeAll(async () => {
    store = openStore({
      dataDirectory: join(directory, 'data'),
      databaseUrl: databaseUrl(),
      archive: { location: join(directory, 'archive') },
      archiveEveryMs: 1e9,
      async open(given) {
        database = await openDatabase(given);
        return database;
      },
    });
    await store.ready;
    store.writeJunctions(null, junctions);
    await store.flush();
    await store.junctions();
    await rowsIn('UPDATE junctions SET time_zone = ?', [ZONE]);
    runner = makeRunner();
  }, 120_000);
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('give hours and days that equal a computation from scratch, whatever was missing, late or twice', async () => {
    const value = fc.oneof(
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 6, arbitrary: fc.double({ min: 0.01, max: 100, noNaN: true, noDefaultInfinity: true }) },
    );
    const minute = fc.record({ junction: fc.nat(1), minute: fc.nat(1439), value, volume: fc.nat(60) });
    let day = today - 2 * DAY;
    await fc.assert(
      fc.asyncProperty(fc.array(minute, { minLength: 1, maxLength: 120 }), fc.nat(23), async (given, seenUntilHour) => {
        await rowsIn('DELETE FROM safety_indices_realtime');
        await rowsIn('DELETE FROM safety_indices_hourly');
        await rowsIn('DELETE FROM safety_indices_daily');
        await rowsIn('DELETE FROM job_runs');
        day = today - 2 * DAY;
        // Some bunched into one hour, so that hours have several.
        const rows = given.map((one, n) =>
          index(
            one.junction,
            day + (n % 3 === 0 ? one.minute : 600 + (one.minute % 60)) * MINUTE,
            one.value,
            one.volume,
          ),
        );
        const late = rows.filter((_, n) => n % 4 === 1);
        const onTime = rows.filter((row) => !late.includes(row));
        await write([...onTime, ...onTime.slice(0, 5)]);
        clock = day + seenUntilHour * HOUR + 6 * MINUTE;
        await runner.run('hourly-aggregation');
        await write(late);
        clock = day + DAY + 6 * MINUTE;
        expect((await runner.run('daily-aggregation')).state).toBe('done');
        // What was written last of a minute counts.
        const last = new Map<string, IndexRecord>();
        for (const row of [...onTime, ...onTime.slice(0, 5), ...late]) last.set(`${row.junctionId} ${row.atMs}`, row);
        for (const { junctionId } of junctions) {
          const minutes = [...last.values()]
            .filter((row) => row.junctionId === junctionId)
            .sort((a, b) => a.atMs - b.atMs);
          const hours = await rowsIn(
            'SELECT * FROM safety_indices_hourly WHERE junction_id = ? ORDER BY hour_timestamp',
            [junctionId],
          );
          expect(hours.map((hour) => (hour.hour_timestamp as Date).getTime())).toEqual([
            ...new Set(minutes.map((row) => Math.floor(row.atMs / HOUR) * HOUR)),
          ]);
          for (const hour of hours) {
            const at = (hour.hour_timestamp as Date).getTime();
            compare(
              hour,
              minutes.filter((row) => row.atMs >= at && row.atMs < at + HOUR),
            );
          }
          const [found] = await rowsIn('SELECT * FROM safety_indices_daily WHERE junction_id = ?', [junctionId]);
          if (minutes.length === 0) {
            expect(found).toBeUndefined();
            continue;
          }
          compare(found as Record<string, unknown>, minutes);
          const scored = hours.filter((hour) => hour.avg_si !== null);
          const peak = Math.max(...scored.map((hour) => hour.avg_si as number));
          const at = scored.find((hour) => hour.avg_si === peak)?.hour_timestamp as Date | undefined;
          expect(found).toMatchObject({
            peak_hour: at === undefined ? null : localHour(at.getTime()),
            high_risk_hours: scored.filter((hour) => (hour.avg_si as number) > 75).length,
          });
        }
      }),
      { numRuns: 5, seed: 20_251_126 },
    );

    function compare(found: Record<string, unknown>, minutes: readonly IndexRecord[]): void {
      const values = minutes.flatMap((row) => (row.combinedIndexEb == null ? [] : [row.combinedIndexEb]));
      const volume = minutes.reduce((sum, row) => sum + row.trafficVolume, 0);
      expect(found).toMatchObject({ sample_count: values.length, total_volume: String(volume) });
      expect(found.avg_volume).toBeCloseTo(volume / minutes.length, 12);
      if (values.length === 0) {
        expect(found.avg_si).toBeNull();
        return;
      }
      const { mean, deviation } = scratch(values);
      expect(found).toMatchObject({ min_si: Math.min(...values), max_si: Math.max(...values) });
      close(found.avg_si, mean, values.length);
      // A deviation comes from differences of values of up to 100.
      if (deviation === null) expect(found.std_si).toBeNull();
      else
        expect(Math.abs((found.std_si as number) - deviation)).toBeLessThan(100 * (values.length + 4) * Number.EPSILON);
      if (found.high_risk_minutes !== undefined)
        expect(found).toMatchObject({
          high_risk_minutes: values.filter((one) => one > 75).length,
          data_quality_score: Math.min(values.length / 60, 1),
        });
    }
  });

  it('run once a slot, whatever the number of runners, and catch up with what was missed', async () => {
    const spans: [number | null, number][] = [];
    const job: Job = {
      name: 'counted',
      description: '',
      schedule: { every: 'hour', minute: 5 },
      async run(_, { fromMs, toMs }) {
        spans.push([fromMs, toMs]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { number: spans.length };
      },
    };
    clock = today - 5 * HOUR + 6 * MINUTE;
    const runners = [makeRunner([job]), makeRunner([job]), makeRunner([job])];
    // The embedded database has one process: there the others are the same one.
    const asked = store.kind === 'server' ? runners : [runners[0], runners[0], runners[0]];
    const answers = await Promise.all(asked.map((one) => (one as JobRunner).run('counted')));
    expect(answers.filter(({ state }) => state === 'done')).toHaveLength(1);
    expect(spans).toEqual([[null, today - 5 * HOUR + 5 * MINUTE]]);
    expect((await makeRunner([job]).run('counted')).state).toBe('already');
    clock = today + 30 * MINUTE;
    expect((await makeRunner([job]).run('counted')).state).toBe('done');
    expect(spans.at(-1)).toEqual([today - 5 * HOUR + 5 * MINUTE, today + 5 * MINUTE]);
    expect((await makeRunner([job]).run('counted', { again: true })).state).toBe('done');
    const [last] = (await store.asRole('reporting_user', (trx) => listRuns(trx, 1))).filter(
      (run) => run.job === 'counted',
    );
    expect(last).toMatchObject({ state: 'done', attempts: 2, outcome: { number: 3 }, slotMs: today + 5 * MINUTE });
  });

  it('are taken over where their process ended in the middle, and written down where they fail', async () => {
    let broken = true;
    const job: Job = {
      name: 'frail',
      description: '',
      schedule: { every: 'day', hour: 1, minute: 0 },
      async run() {
        if (broken) throw new Error('no luck');
        return {};
      },
    };
    clock = today + 2 * HOUR;
    await rowsIn(
      "INSERT INTO job_runs (job, slot, state, runner, claim, alive_at) VALUES ('frail', ?, 'running', 'elsewhere 1', gen_random_uuid(), now())",
      [iso(today - DAY + HOUR)],
    );
    if (store.kind === 'server') {
      expect((await makeRunner([job]).run('frail')).state).toBe('elsewhere');
      await rowsIn("UPDATE job_runs SET alive_at = now() - INTERVAL '3 minutes' WHERE job = 'frail'");
    }
    await expect(makeRunner([job]).run('frail')).rejects.toThrow('no luck');
    expect(await rowsIn("SELECT state, error FROM job_runs WHERE job = 'frail' ORDER BY slot")).toEqual([
      { state: 'failed', error: 'its process (elsewhere 1) ended in the middle' },
      { state: 'failed', error: 'no luck' },
    ]);
    await store.flush();
    await store.junctions();
    expect(await rowsIn("SELECT message FROM system_logs WHERE component = 'jobs'")).toEqual([
      { message: 'frail failed: no luck' },
    ]);
    broken = false;
    expect((await makeRunner([job]).run('frail')).state).toBe('done');
  });

  it('drop minutes only once they are in their hour and their day, late ones too, and never shrink an hour', async () => {
    await rowsIn('DELETE FROM safety_indices_realtime');
    await rowsIn('DELETE FROM safety_indices_hourly');
    await rowsIn('DELETE FROM safety_indices_daily');
    await rowsIn('DELETE FROM job_runs');
    const old = today - 4 * DAY;
    await rowsIn('SELECT create_realtime_partition(?::date)', [iso(old).slice(0, 10)]);
    await write(Array.from({ length: 30 }, (_, n) => index(0, old + n * MINUTE, 50)));
    // Made of more minutes than are left of it.
    await write([index(1, old + 5 * MINUTE, 90)]);
    await rowsIn(
      `INSERT INTO safety_indices_hourly (junction_id, hour_timestamp, avg_si, total_volume, avg_volume, sample_count, minute_count)
       VALUES (?, ?, 20, 400, 7, 60, 60)`,
      [(junctions[1] as { junctionId: string }).junctionId, iso(old)],
    );
    await write([index(0, today - HOUR, 30)]);
    const message = { topic: 'a/b', payload: {}, direction: 'incoming' as const };
    store.writeRecords('messages', [
      { ...message, messageId: randomUUID(), receivedAtMs: today - 31 * DAY },
      { ...message, messageId: randomUUID(), receivedAtMs: today - 29 * DAY },
    ] as never);
    const decision = {
      junctionId: (junctions[0] as { junctionId: string }).junctionId,
      controller: 'c',
      shadow: false,
      strategy: 'atcs',
      kind: 'plan' as const,
      planId: 'p',
      stages: [],
      reason: '',
      inputs: {},
      acknowledged: null,
      vetoed: null,
    };
    store.writeRecords('streetDecisions', [
      { ...decision, atMs: today - 15 * DAY, seq: 1 },
      { ...decision, atMs: today - 13 * DAY, seq: 2 },
    ]);
    const log = { level: 'INFO' as const, component: 'x', message: 'old' };
    store.writeRecords('logs', [
      { ...log, logId: randomUUID(), atMs: today - 100 * DAY },
      { ...log, logId: randomUUID(), atMs: today - 95 * DAY, metadata: { a: 1 } },
      { ...log, logId: randomUUID(), atMs: today - 80 * DAY },
    ]);
    await store.flush();
    await store.junctions();
    clock = today + 3 * HOUR;
    const answer = await runner.run('retention');
    expect(answer).toMatchObject({
      state: 'done',
      outcome: { minutePartitions: 1, messages: 1, decisions: 1, logs: 2 },
    });
    expect(await rowsIn('SELECT combined_index FROM safety_indices_realtime')).toEqual([{ combined_index: 30 }]);
    expect(
      await rowsIn('SELECT avg_si, minute_count FROM safety_indices_hourly WHERE hour_timestamp = ? ORDER BY avg_si', [
        iso(old),
      ]),
    ).toEqual([
      { avg_si: 20, minute_count: 60 },
      { avg_si: 50, minute_count: 30 },
    ]);
    expect(
      await rowsIn('SELECT avg_si FROM safety_indices_daily WHERE date = ?::date AND sample_count = 30', [
        iso(old).slice(0, 10),
      ]),
    ).toEqual([{ avg_si: 50 }]);
    const files = (readdirSync(join(directory, 'archive', 'logs'), { recursive: true }) as string[]).filter((name) =>
      name.endsWith('.parquet'),
    );
    expect(files).toHaveLength(2);
    expect(
      await queryParquet(
        `SELECT message, metadata FROM read_parquet('${join(directory, 'archive', 'logs')}/**/*.parquet') ORDER BY logged_at`,
      ),
    ).toMatchObject([{ message: 'old' }, { metadata: '{"a":1}' }]);
    expect(await rowsIn("SELECT count(*)::int AS n FROM system_logs WHERE is_archived AND component = 'x'")).toEqual([
      { n: 2 },
    ]);
    expect(await rowsIn('SELECT count(*)::int AS n FROM mqtt_messages')).toEqual([{ n: 1 }]);
    expect((await runner.run('retention')).state).toBe('already');
    expect(await runner.run('retention', { again: true })).toMatchObject({
      outcome: { messages: 0, logs: 0, lateHours: 0 },
    });
  });

  it('tell days and months of junctions, with the peak by the clock of the junction', async () => {
    const configuration = junctions[0] as (typeof junctions)[0];
    const month = new Date(today);
    const begin = Date.UTC(month.getUTCFullYear(), month.getUTCMonth() - 1, 10);
    const cycle = (n: number, atMs: number, vehicles: number, epcIds: string[]) => {
      const made = makeCycle(configuration, { cycleNumber: n });
      return {
        ...made,
        startedAtMs: atMs,
        endedAtMs: atMs + 90_000,
        approaches: made.approaches.map((approach, nth) => ({
          ...approach,
          vehicleCount: nth === 0 ? vehicles : 0,
          epcIds: nth === 0 ? epcIds : [],
        })),
      };
    };
    store.writeCycles([
      cycle(1, begin + 3 * HOUR, 5, ['A', 'B']),
      cycle(2, begin + 3.25 * HOUR, 5, ['B']),
      // 03:45 UTC is 09:15 in Kolkata, as is 04:10.
      cycle(3, begin + 3.75 * HOUR, 4, ['C']),
      cycle(4, begin + 4.2 * HOUR, 7, []),
    ]);
    await store.flush();
    await store.junctions();
    clock = today + 5 * HOUR;
    await rowsIn('DELETE FROM job_runs');
    // The first run goes back a month; one day more is asked for by its own moment.
    clock = begin + DAY + HOUR;
    await runner.run('junction-stats');
    const [stats] = await rowsIn('SELECT * FROM junction_daily_stats');
    expect(stats).toMatchObject({
      total_cycles: 4,
      total_vehicles: '21',
      unique_vehicles: '3',
      avg_vehicles_per_cycle: 5.25,
      peak_hour: 9,
      peak_hour_vehicles: '11',
    });
    clock = Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), 1, 4);
    expect(await runner.run('monthly-report')).toMatchObject({
      state: 'done',
      outcome: { months: iso(begin).slice(0, 8) + '01' },
    });
    const reports = await rowsIn<{ figures: Record<string, unknown> }>(
      'SELECT figures FROM monthly_reports ORDER BY junction_id IS NOT NULL',
    );
    expect(reports[0]?.figures).toMatchObject({ junctions: 1, cycles: 4, vehicles: 21 });
    expect(reports[1]?.figures).toMatchObject({ cycles: 4, usual_peak_hour: 9, days_with_cycles: 1 });
  });

  it('tell how predictions came out, by model, junction and day, from scratch each time', async () => {
    const day = Date.UTC(2025, 2, 3);
    const predict = (n: number, predictedValue: number, actualValue: number | null) => ({
      model: 'horizon',
      modelVersion: '1',
      junctionId: (junctions[0] as { junctionId: string }).junctionId,
      quantity: 'departures',
      predictedAtMs: day + n * HOUR,
      targetAtMs: day + n * HOUR + 10_000,
      predictedValue,
      actualValue,
    });
    store.writeRecords('predictions', [predict(0, 5, 4), predict(1, 2, 5), predict(2, 9, null), predict(24, 3, 3)]);
    await store.flush();
    await store.junctions();
    clock = today + HOUR;
    expect(await runner.run('model-performance')).toMatchObject({ state: 'done', outcome: { rows: 2 } });
    const read = () => store.asRole('reporting_user', (trx) => listModelPerformance(trx, { limit: 10 }));
    const first = { day: '2025-03-03', samples: 2, meanError: 1, meanAbsoluteError: 2, rootMeanSquaredError: 5 ** 0.5 };
    const second = { day: '2025-03-04', samples: 1, meanError: 0, meanAbsoluteError: 0, rootMeanSquaredError: 0 };
    expect(await read()).toMatchObject([second, first]);
    store.writeRecords('predictions', [predict(2, 9, 9)]);
    await store.flush();
    await store.junctions();
    await runner.run('model-performance', { again: true });
    expect(await read()).toMatchObject([second, { samples: 3, meanAbsoluteError: 4 / 3 }]);
  });

  it('keep partitions ahead, views fresh and tables vacuumed, and tell of it in /health', async () => {
    clock = Date.now();
    await rowsIn('DELETE FROM job_runs');
    await write([index(0, Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE, 42)]);
    const alerts: string[] = [];
    const jobs = startJobs({
      store,
      jobs: JOBS.filter((job) => !['archive-lifecycle', 'monthly-report'].includes(job.name)),
      backup: null,
      databaseUrl: databaseUrl() ?? null,
      pollMs: 500,
      onAlert: (_, message) => alerts.push(message),
    });
    try {
      const names = [
        'current-status',
        'hourly-aggregation',
        'daily-aggregation',
        'junction-stats',
        'model-performance',
        'partitions',
        'retention',
        'safety-constants',
        'vacuum',
      ];
      await expect
        .poll(
          async () => {
            const runs = await rowsIn<{ job: string; state: string }>('SELECT job, state FROM job_runs');
            return {
              done: [...new Set(runs.filter((run) => run.state === 'done').map((run) => run.job))].sort(),
              alerts,
            };
          },
          { timeout: 50_000, interval: 500 },
        )
        .toEqual({ done: [...names].sort(), alerts: [] });
      expect(await rowsIn('SELECT safety_index FROM mv_current_safety_status')).toEqual([{ safety_index: 42 }]);
      expect((await jobs.health()).status).toBe('ok');
      expect(await rowsIn("SELECT job FROM job_runs WHERE state = 'failed'")).toEqual([]);
      // Made again by VACUUM and ANALYZE: how many rows there are, and on which pages all are visible.
      const { reltuples, relallvisible } = (
        await rowsIn<{ reltuples: number; relallvisible: number }>(
          "SELECT reltuples::int, relallvisible FROM pg_class WHERE oid = 'junctions'::regclass",
        )
      )[0] as { reltuples: number; relallvisible: number };
      expect([reltuples, relallvisible > 0]).toEqual([2, true]);
      const statistics = await rowsIn(
        "SELECT 1 FROM pg_stats WHERE tablename = 'junctions' AND attname = 'junction_name'",
      );
      expect(statistics).toHaveLength(1);
    } finally {
      await jobs.close();
    }
  });
}

describe('jobs on PGlite', () => behaviour(() => undefined));

describe.skipIf(serverUrl === '')('jobs on PostgreSQL (needs DATABASE_URL of a role that may create databases)', () => {
  let made: Awaited<ReturnType<typeof makeServerDatabase>>;
  beforeAll(async () => {
    made = await makeServerDatabase();
  });
  behaviour(() => made.url);
  afterAll(() => made.drop());
});
