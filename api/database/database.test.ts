import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeConfiguration, makeCycle, makeDecision, makeResult, makeRun } from '../testing.ts';
import { type Database, openDatabase } from './connect.ts';
import { migrateDown, migrateUp, migrationNames } from './migrate.ts';
import { listCycles, upsertCycles } from './repositories/cycles.ts';
import { listDecisions, upsertDecisions } from './repositories/decisions.ts';
import { findJunction, junctionInputs, listJunctions, upsertJunctions } from './repositories/junctions.ts';
import { findRun, interruptRuns, listRuns, upsertRuns } from './repositories/runs.ts';
import { listSeries, upsertSeries } from './repositories/series.ts';
import { makeServerDatabase, serverUrl } from './testing/server-database.ts';
import { applyWrites } from './writes.ts';

const owner = {
  installationId: '11111111-1111-4111-8111-111111111111',
  instanceId: '22222222-2222-4222-8222-222222222222',
};

function behaviour(open: () => Promise<{ database: Database; end: () => Promise<void> }>): void {
  let database: Database;
  let end: () => Promise<void>;
  beforeAll(async () => {
    ({ database, end } = await open());
  }, 60_000);
  afterAll(() => end());

  const street = (changes: Parameters<typeof makeConfiguration>[0] = {}) => {
    const configuration = makeConfiguration(changes);
    return {
      configuration,
      input: { ...junctionInputs(null, [configuration])[0]!, latitude: 19.076, longitude: 72.8777 },
    };
  };
  const simulated = (changes: Parameters<typeof makeConfiguration>[0] = {}) => {
    const made = street(changes);
    return { ...made, input: { ...made.input, scenario: 'mumbai-four-way' } };
  };

  describe('runs', () => {
    it('come back as they were written, results to the last digit and in order', async () => {
      const run = makeRun({
        status: 'finished',
        endedAtMs: Date.UTC(2026, 1, 10, 9, 1),
        simulatedSeconds: 3600,
        pace: 2.5,
        seed: Number.MAX_SAFE_INTEGER,
      });
      run.result = makeResult(run);
      await upsertRuns(database.knex, [{ ...run, ...owner }]);
      const back = await findRun(database.knex, run.id);
      expect(back).toEqual(run);
      expect(JSON.stringify(back?.result)).toBe(JSON.stringify(run.result));
      expect(await findRun(database.knex, makeRun().id)).toBeNull();
    });

    it('are listed newest first', async () => {
      const runs = [0, 2, 1].map((minute) => makeRun({ startedAtMs: Date.UTC(2030, 0, 1, 0, minute) }));
      await upsertRuns(
        database.knex,
        runs.map((run) => ({ ...run, ...owner })),
      );
      expect((await listRuns(database.knex, 3)).map((run) => run.id)).toEqual([runs[1]?.id, runs[2]?.id, runs[0]?.id]);
    });

    it('keep the last of several states, and do not run again once ended', async () => {
      const run = makeRun();
      const state = (changes: object) => ({ ...run, ...owner, ...changes });
      await upsertRuns(database.knex, [state({}), state({ simulatedSeconds: 10 }), state({ simulatedSeconds: 20 })]);
      expect((await findRun(database.knex, run.id))?.simulatedSeconds).toBe(20);
      await upsertRuns(database.knex, [state({ status: 'stopped', endedAtMs: Date.now(), simulatedSeconds: 30 })]);
      await upsertRuns(database.knex, [state({ simulatedSeconds: 10 })]);
      expect(await findRun(database.knex, run.id)).toMatchObject({ status: 'stopped', simulatedSeconds: 30 });
    });

    it('of an earlier start of the same installation are interrupted, others are not', async () => {
      const [earlier, mine, foreign, done] = [makeRun(), makeRun(), makeRun(), makeRun({ status: 'finished' })];
      const before = { ...owner, instanceId: '33333333-3333-4333-8333-333333333333' };
      await upsertRuns(database.knex, [
        { ...earlier, ...before },
        { ...mine, ...owner },
        { ...foreign, ...before, installationId: '44444444-4444-4444-8444-444444444444' },
        { ...done, ...before },
      ]);
      const interrupted = await interruptRuns(database.knex, owner, 'killed');
      expect(interrupted.map((run) => [run.id, run.status, run.statusDetail])).toEqual([
        [earlier.id, 'interrupted', 'killed'],
      ]);
      expect(interrupted[0]?.endedAtMs).not.toBeNull();
      expect(await interruptRuns(database.knex, owner, 'killed')).toEqual([]);
      expect((await findRun(database.knex, mine.id))?.status).toBe('running');
    });
  });

  describe('series and decisions', () => {
    it('come back in order, and written twice are there once', async () => {
      const run = makeRun();
      await upsertRuns(database.knex, [{ ...run, ...owner }]);
      const point = (second: number, variant: string) => ({
        runId: run.id,
        second,
        variant,
        delaySeconds: 0.1 + 0.2,
        queued: second,
        stopsPerVehicle: 1 / 3,
        running: 3,
        arrived: 4,
      });
      const points = [point(0, 'baseline'), point(0, 'adaptive'), point(10, 'baseline'), point(10, 'adaptive')];
      await upsertSeries(database.knex, [...points].reverse());
      await upsertSeries(database.knex, [points[1]!, { ...points[1]!, queued: 77 }]);
      expect(await listSeries(database.knex, run.id)).toEqual([
        points[0],
        { ...points[1], queued: 77 },
        points[2],
        points[3],
      ]);
    });

    it('keep what the device answered, and the order of the inputs', async () => {
      const run = makeRun();
      await upsertRuns(database.knex, [{ ...run, ...owner }]);
      const { junctionId } = makeConfiguration();
      const decision = makeDecision(run, junctionId);
      const vetoed = makeDecision(run, junctionId, { second: 70, vetoed: 'green of NS below 7 s', kind: 'stage' });
      await upsertDecisions(database.knex, [vetoed, decision]);
      const answered = { ...decision, acknowledged: { result: 'refused' as const, reason: 'cycle too short' } };
      await upsertDecisions(database.knex, [answered]);
      const back = await listDecisions(database.knex, run.id);
      expect(back).toEqual([answered, vetoed]);
      expect(JSON.stringify(back[0]?.inputs)).toBe(JSON.stringify(decision.inputs));
    });
  });

  describe('junctions', () => {
    it('keep configuration, lanes and a point in step with latitude and longitude', async () => {
      const { configuration, input } = street({ intersectionId: 1201 });
      await upsertJunctions(database.knex, [input]);
      const junction = await findJunction(database.knex, configuration.junctionId);
      expect(junction).toMatchObject({
        intersectionId: 1201,
        name: configuration.name,
        minCycleSeconds: 30,
        maxCycleSeconds: 120,
        baseCycleSeconds: 60,
        status: 'offline',
        configuration,
      });
      const point = async () =>
        (
          await database.knex.raw(
            'SELECT ST_X(location::geometry) AS x, ST_Y(location::geometry) AS y, latitude, longitude FROM junctions WHERE junction_id = ?',
            [configuration.junctionId],
          )
        ).rows[0];
      expect(await point()).toEqual({ x: 72.8777, y: 19.076, latitude: 19.076, longitude: 72.8777 });
      await database.knex.raw('UPDATE junctions SET latitude = 20 WHERE junction_id = ?', [configuration.junctionId]);
      expect(await point()).toEqual({ x: 72.8777, y: 20, latitude: 20, longitude: 72.8777 });
      await database.knex.raw(
        "UPDATE junctions SET location = 'SRID=4326;POINT(10 50)'::geography WHERE junction_id = ?",
        [configuration.junctionId],
      );
      expect(await point()).toEqual({ x: 10, y: 50, latitude: 50, longitude: 10 });
      const near = await database.knex.raw(
        "SELECT junction_id FROM junctions WHERE ST_DWithin(location, 'SRID=4326;POINT(10 50.001)'::geography, 200)",
      );
      expect(near.rows).toEqual([{ junction_id: configuration.junctionId }]);
    });

    it('give approaches that are none of the four an index of their own, and follow a changed configuration', async () => {
      const { configuration, input } = street({ intersectionId: 1202 });
      const [north, , east] = configuration.approaches;
      const ramp = { id: '55555555-5555-4555-8555-555555555551', name: 'Ramp' };
      const lane = { id: '55555555-5555-4555-8555-555555555552', name: 'Market Lane' };
      const write = (approaches: typeof configuration.approaches) =>
        upsertJunctions(database.knex, [{ ...input, configuration: { ...configuration, approaches } }]);
      const lanes = async () =>
        (await findJunction(database.knex, configuration.junctionId))?.lanes
          .filter((entry) => entry.isActive)
          .map((entry) => [entry.laneIndex, entry.laneName, entry.direction]);
      await write([north!, east!, ramp, lane]);
      expect(await lanes()).toEqual([
        [1, 'North', 'N'],
        [3, 'East', 'E'],
        [5, 'Ramp', null],
        [6, 'Market Lane', null],
      ]);
      await write([north!, lane, ramp]);
      expect(await lanes()).toEqual([
        [1, 'North', 'N'],
        [5, 'Market Lane', null],
        [6, 'Ramp', null],
      ]);
      expect((await findJunction(database.knex, configuration.junctionId))?.lanes).toHaveLength(4);
    });

    it('keep intersection ids apart: a simulated copy gives way to the street', async () => {
      const ids = async (...configurations: { junctionId: string }[]) =>
        Promise.all(
          configurations.map(async ({ junctionId }) => (await findJunction(database.knex, junctionId))?.intersectionId),
        );
      const [first, copy, real, second] = [
        simulated({ intersectionId: 1203 }),
        simulated({ intersectionId: 1203 }),
        street({ intersectionId: 1203 }),
        street({ intersectionId: 1203 }),
      ];
      await upsertJunctions(database.knex, [first.input, copy.input]);
      const [kept, moved] = await ids(first.configuration, copy.configuration);
      expect(kept).toBe(1203);
      expect(moved).toBeGreaterThan(65_535);
      await upsertJunctions(database.knex, [real.input, first.input, copy.input]);
      const [firstNow, copyNow, realNow] = await ids(first.configuration, copy.configuration, real.configuration);
      expect(realNow).toBe(1203);
      expect(firstNow).toBeGreaterThan(65_535);
      expect(copyNow).toBe(moved);
      await expect(upsertJunctions(database.knex, [second.input])).rejects.toMatchObject({ code: '23505' });
    });

    it('are listed by name', async () => {
      const names = ['Zebra Street', 'Acorn Street'];
      await upsertJunctions(
        database.knex,
        names.map((name) => simulated({ name }).input),
      );
      const listed = (await listJunctions(database.knex))
        .map((junction) => junction.name)
        .filter((name) => names.includes(name));
      expect(listed).toEqual(['Acorn Street', 'Zebra Street']);
    });
  });

  describe('cycles', () => {
    it('come back newest first with their approaches, and written twice are there once', async () => {
      const { configuration, input } = simulated();
      await upsertJunctions(database.knex, [input]);
      const first = makeCycle(configuration);
      const second = makeCycle(configuration, {
        cycleNumber: 2,
        startedAtMs: first.endedAtMs,
        endedAtMs: first.endedAtMs + 61_500,
        planId: null,
      });
      await upsertCycles(database.knex, [first, second, first]);
      await upsertCycles(database.knex, [{ ...first, mode: 'emergency' }]);
      const back = await listCycles(database.knex, configuration.junctionId, { limit: 10 });
      expect(back.map(({ cycleId: _, totalCycleSeconds, ...cycle }) => [totalCycleSeconds, cycle])).toEqual([
        [61.5, second],
        [60, { ...first, mode: 'emergency' }],
      ]);
      expect(await listCycles(database.knex, configuration.junctionId, { limit: 1 })).toHaveLength(1);
    });

    it('can be found by tag', async () => {
      const { configuration, input } = simulated();
      await upsertJunctions(database.knex, [input]);
      await upsertCycles(database.knex, [makeCycle(configuration)]);
      const found = await database.knex.raw('SELECT lane_id FROM lane_cycle_data WHERE ? = ANY(epc_ids)', [
        `EPC "E",1\\`,
      ]);
      expect(found.rows.map((row: { lane_id: string }) => row.lane_id)).toContain(configuration.approaches[2]?.id);
    });
  });

  it('writes a batch whole or not at all, whatever order it came in', async () => {
    const { configuration, input } = simulated();
    const run = makeRun();
    const cycle = makeCycle(configuration, { runId: run.id, variant: 'baseline' });
    const batch = [
      { kind: 'cycles' as const, rows: [cycle] },
      { kind: 'runs' as const, rows: [{ ...run, ...owner }] },
      { kind: 'junctions' as const, rows: [input] },
    ];
    const bad = {
      kind: 'series' as const,
      rows: [
        {
          runId: makeRun().id,
          second: 1,
          variant: 'baseline',
          delaySeconds: 0,
          queued: 0,
          stopsPerVehicle: 0,
          running: 0,
          arrived: 0,
        },
      ],
    };
    await expect(applyWrites((work) => database.knex.transaction(work), [...batch, bad])).rejects.toMatchObject({
      code: '23503',
    });
    expect(await findRun(database.knex, run.id)).toBeNull();
    await applyWrites((work) => database.knex.transaction(work), batch);
    await applyWrites((work) => database.knex.transaction(work), batch);
    expect(await listCycles(database.knex, configuration.junctionId, { limit: 10, runId: run.id })).toHaveLength(1);
  });

  it('has the indexes that the documents name', async () => {
    const { rows } = await database.knex.raw("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'");
    const names = rows.map((row: { indexname: string }) => row.indexname);
    for (const name of [
      'idx_cycles_start_time',
      'idx_cycles_junction_time',
      'idx_lanes_active',
      'idx_logs_logged_at',
      'idx_logs_metadata',
      'idx_mqtt_payload',
      'idx_lane_cycle_epc_ids',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('goes down, up and up again', async () => {
    const tables = async () =>
      (
        await database.knex.raw(
          "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'knex%' AND tablename <> 'spatial_ref_sys' ORDER BY 1",
        )
      ).rows.map((row: { tablename: string }) => row.tablename);
    const before = await tables();
    expect(before).toContain('lane_cycle_data');
    expect(await migrateDown(database.knex)).toEqual(migrationNames().reverse());
    expect(await tables()).toEqual([]);
    const functions = await database.knex.raw("SELECT proname FROM pg_proc WHERE proname = 'junctions_keep_location'");
    expect(functions.rows).toEqual([]);
    expect(await migrateUp(database.knex)).toEqual(migrationNames());
    expect(await tables()).toEqual(before);
    expect(await migrateUp(database.knex)).toEqual([]);
  });

  it('refuses a database of a newer version', async () => {
    await database.knex('knex_migrations').insert({ name: '9999_future', batch: 99, migration_time: new Date() });
    await expect(migrateUp(database.knex)).rejects.toMatchObject({
      code: 'database_newer',
      message: expect.stringContaining('9999_future'),
    });
    await database.knex('knex_migrations').where({ name: '9999_future' }).del();
  });
}

describe('on PGlite', () => {
  behaviour(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-db-'));
    const database = await openDatabase({ dataDirectory: directory });
    return {
      database,
      async end() {
        await database.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });
});

describe.skipIf(serverUrl === '')('on PostgreSQL (needs DATABASE_URL of a role that may create databases)', () => {
  behaviour(async () => {
    const { url, drop } = await makeServerDatabase();
    const database = await openDatabase({ databaseUrl: url, dataDirectory: tmpdir() });
    return {
      database,
      async end() {
        await database.close();
        await drop();
      },
    };
  });

  it('says what to run where PostGIS may not be installed', async () => {
    const { url, drop } = await makeServerDatabase();
    const role = `flextraff_test_${randomBytes(6).toString('hex')}`;
    const admin = knexFactory({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
    const name = new URL(url).pathname.slice(1);
    await admin.raw(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await admin.raw(`GRANT ALL ON DATABASE ${name} TO ${role}`);
    await admin.raw(`GRANT ALL ON SCHEMA public TO ${role}`);
    const limited = new URL(url);
    limited.username = role;
    limited.password = 'secret';
    const open = () => openDatabase({ databaseUrl: limited.href, dataDirectory: tmpdir() });
    await expect(open()).rejects.toMatchObject({
      code: 'postgis_missing',
      hint: expect.stringContaining(`psql -d ${name} -c 'CREATE EXTENSION postgis'`),
    });
    await admin.raw('CREATE EXTENSION postgis');
    // Nor may it take on the roles that the store works with.
    const refused = await open().then(
      () => null,
      (error: { code: string; hint: string }) => error,
    );
    expect(refused).toMatchObject({
      code: 'roles_missing',
      hint: expect.stringContaining(`GRANT api_user TO "${role}"`),
    });
    for (const statement of refused!.hint
      .split(': ')[1]!
      .split(';')
      .filter((text) => text.trim() !== ''))
      await admin.raw(statement.trim());
    const database = await open();
    expect((await database.knex.raw('SELECT count(*)::int AS n FROM runs')).rows).toEqual([{ n: 0 }]);
    await database.close();
    limited.password = 'wrong';
    await expect(open()).rejects.toMatchObject({
      code: 'database_unreachable',
      message: expect.not.stringContaining('wrong'),
    });
    limited.pathname = '/flextraff_no_such_database';
    limited.password = 'secret';
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('has no such database') });
    await admin.raw(`DROP OWNED BY ${role} CASCADE`);
    await admin.raw(`DROP ROLE ${role}`);
    await admin.destroy();
    await drop();
  });
});
