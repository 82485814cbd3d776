import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordKind, RecordKinds } from '../../runs/records.ts';
import { makeConfiguration, makeCycle, makeRun } from '../testing.ts';
import { type Database, openDatabase } from './connect.ts';
import { listCycles } from './repositories/cycles.ts';
import { junctionInputs } from './repositories/junctions.ts';
import { RECORD_KINDS } from './repositories/records.ts';
import { DATABASE_ROLES, type DatabaseRole } from './roles.ts';
import { makeServerDatabase, serverUrl } from './testing/server-database.ts';
import { applyWrites, applyWritesInParallel, type Write } from './writes.ts';

const MINUTE = 60_000;
const owner = {
  installationId: '11111111-1111-4111-8111-111111111111',
  instanceId: '22222222-2222-4222-8222-222222222222',
};

function behaviour(open: () => Promise<{ database: Database; end: () => Promise<void> }>): void {
  let database: Database;
  let end: () => Promise<void>;
  const configuration = makeConfiguration({ intersectionId: 4711 });
  const run = makeRun();
  const junctionId = configuration.junctionId;
  const at = Math.floor(Date.now() / MINUTE) * MINUTE;

  const write = (...writes: Write[]) => applyWrites((work) => database.roles.transaction('job_role', work), writes);
  const read = async <T = Record<string, unknown>>(sql: string, bindings: Knex.RawBinding[] = []): Promise<T[]> =>
    database.roles.transaction('reporting_user', async (trx) => (await trx.raw(sql, bindings)).rows as T[]);
  const readAll = async <T = Record<string, unknown>>(sql: string): Promise<T[]> => (await database.knex.raw(sql)).rows;
  const index = (minute: number, changes: Partial<RecordKinds['indices']> = {}): RecordKinds['indices'] => ({
    junctionId,
    atMs: at - minute * MINUTE,
    combinedIndex: 40,
    combinedIndexEb: 45.5,
    trafficVolume: 12,
    ...changes,
  });

  beforeAll(async () => {
    ({ database, end } = await open());
    await write(
      { kind: 'junctions', rows: junctionInputs(null, [configuration]) },
      { kind: 'runs', rows: [{ ...run, ...owner }] },
    );
  }, 120_000);
  afterAll(() => end());

  const samples: { [K in RecordKind]: RecordKinds[K] } = {
    indices: index(1),
    conflicts: {
      conflictId: randomUUID(),
      junctionId,
      runId: run.id,
      variant: 'adaptive',
      second: 12.5,
      startedAtMs: at,
      endedAtMs: at + 1500,
      type: 'head-on',
      severity: 'serious',
      userA: 'a\0b',
      userB: 'b',
      classA: 'car',
      classB: 'bicycle',
      minTtcSeconds: 1.1,
      latitude: 19,
      longitude: 72,
      metadata: { note: 'NUL \0 here' },
    },
    crashIndices: {
      junctionId,
      atMs: at,
      rate: 1.2,
      uplift: 1.1,
      vruIndex: 0.3,
      vehicleIndex: 0.4,
      combinedIndex: null,
    },
    streetDecisions: {
      junctionId,
      atMs: at,
      seq: 2 ** 33 + 1,
      controller: 'controller-a',
      shadow: false,
      strategy: 'horizon',
      kind: 'stage',
      planId: null,
      stages: [{ id: 'NS', greenSeconds: 0, yellowSeconds: 3, allRedSeconds: 2 }],
      reason: 'NUL \0 here',
      inputs: { predictedDelaySeconds: { NS: 12.5 } },
      acknowledged: null,
      vetoed: null,
    },
    hardBrakes: {
      hardBrakeId: randomUUID(),
      junctionId,
      atMs: at,
      user: 'a',
      class: 'car',
      peakMetresPerSecond2: -4.2,
    },
    weather: { junctionId: null, atMs: at, precipitationMillimetres: 3, source: 'test' },
    logs: { logId: randomUUID(), atMs: at, level: 'WARNING', component: 'test', message: 'said', junctionId },
    messages: {
      messageId: randomUUID(),
      receivedAtMs: at,
      topic: 'flextraff/x',
      payload: { a: [1] },
      direction: 'incoming',
      deviceName: 'lamp-1',
    },
    qualityIssues: {
      entryKey: randomUUID(),
      junctionId,
      atMs: at,
      issueType: 'gap',
      severity: 'warning',
      message: 'two minutes are missing',
    },
    predictions: {
      model: 'horizon',
      modelVersion: '1',
      junctionId,
      laneId: configuration.approaches[0]!.id,
      quantity: 'arrivals',
      predictedAtMs: at,
      targetAtMs: at + 10_000,
      predictedValue: 3.5,
    },
    devices: {
      junctionId,
      laneId: null,
      deviceType: 'light_controller',
      deviceName: 'lamp-1',
      status: 'online',
      heartbeatAtMs: at,
      uptimeSeconds: 5,
    },
    simulations: { simulationId: `${run.id}/adaptive`, name: 'x', variant: 'adaptive', runId: run.id, startedAtMs: at },
    signalStates: {
      simulationId: `${run.id}/adaptive`,
      intersectionId: 'INT_9',
      atMs: at,
      direction: 'north',
      junctionId,
      status: 'GREEN',
      timerSeconds: 4,
      traffic: { vehicleCounts: { car: 3 }, queueLength: 2 },
    },
    performance: {
      simulationId: `${run.id}/adaptive`,
      intersectionId: 'INT_9',
      atMs: at,
      totalVehiclesPassed: 7,
    },
    emergencies: { simulationId: null, intersectionId: 'INT_9', detectedAtMs: at, direction: 'north' },
    recordings: {
      runId: run.id,
      variant: 'adaptive',
      location: 'recordings/x',
      formatVersion: 1,
      fromSecond: 0,
      toSecond: 10,
      frameCount: 11,
      bytes: 1234,
    },
  };
  const tables: Record<RecordKind, string> = {
    indices: 'safety_indices_realtime',
    conflicts: 'conflicts',
    hardBrakes: 'hard_brakes',
    weather: 'weather_conditions',
    crashIndices: 'crash_indices',
    streetDecisions: 'street_decisions',
    logs: 'system_logs',
    messages: 'mqtt_messages',
    qualityIssues: 'data_quality_log',
    predictions: 'model_predictions',
    devices: 'edge_devices',
    simulations: 'simulations',
    signalStates: 'signal_states',
    performance: 'performance_metrics',
    emergencies: 'emergency_events',
    recordings: 'recordings',
  };

  it('takes every kind of record, the same twice in a batch and again in another as one', async () => {
    // Backwards, so that what refers to others comes before them.
    const all = [...RECORD_KINDS].reverse().map((kind) => ({ kind, rows: [samples[kind], samples[kind]] }) as Write);
    await write(...all);
    await write(...all);
    for (const kind of RECORD_KINDS)
      expect([kind, await readAll(`SELECT count(*)::int AS n FROM ${tables[kind]}`)]).toEqual([kind, [{ n: 1 }]]);
    expect(await readAll('SELECT vehicle_counts, queue_length FROM traffic_data')).toEqual([
      { vehicle_counts: { car: 3 }, queue_length: 2 },
    ]);
    // A state without traffic at the same time takes it away neither before nor after, nor in the same batch.
    const { traffic: _, ...bare } = samples.signalStates;
    await write({ kind: 'signalStates', rows: [bare, samples.signalStates, bare] });
    await write({ kind: 'signalStates', rows: [bare] });
    expect(await readAll('SELECT count(*)::int AS n FROM traffic_data')).toEqual([{ n: 1 }]);
    expect(await readAll('SELECT user_a, metadata FROM conflicts')).toEqual([
      { user_a: 'a\ufffdb', metadata: { note: 'NUL \ufffd here' } },
    ]);
    // The message came in the batch before its device.
    expect(await readAll('SELECT d.device_name FROM mqtt_messages JOIN edge_devices d USING (device_id)')).toEqual([
      { device_name: 'lamp-1' },
    ]);
  });

  it('lets the later state of a minute, a prediction or a device count, and an older heartbeat nothing', async () => {
    await write({ kind: 'indices', rows: [index(1, { combinedIndexEb: 1 }), index(1, { combinedIndexEb: 77 })] });
    expect(await read('SELECT combined_index_eb AS eb FROM safety_indices_realtime')).toEqual([{ eb: 77 }]);
    await write({ kind: 'predictions', rows: [{ ...samples.predictions, actualValue: 4 }] });
    await write({ kind: 'predictions', rows: [samples.predictions] });
    expect(await read('SELECT actual_value FROM model_predictions')).toEqual([{ actual_value: 4 }]);
    await write({ kind: 'recordings', rows: [{ ...samples.recordings, frameCount: 7, deletedAtMs: at }] });
    await write({ kind: 'recordings', rows: [{ ...samples.recordings, frameCount: 7 }] });
    await write({ kind: 'recordings', rows: [{ ...samples.recordings, runId: randomUUID() }] });
    expect(await readAll('SELECT frame_count, deleted_at FROM recordings')).toEqual([
      { frame_count: 7, deleted_at: new Date(at) },
    ]);
    await write({ kind: 'devices', rows: [{ ...samples.devices, uptimeSeconds: 1, heartbeatAtMs: at - MINUTE }] });
    expect(await read('SELECT uptime_seconds FROM edge_devices')).toEqual([{ uptime_seconds: 5 }]);
    // It stands on an approach now, under its name.
    const moved = { ...samples.devices, laneId: configuration.approaches[1]!.id };
    await write({ kind: 'devices', rows: [moved] });
    expect(await read('SELECT lane_id, device_name FROM edge_devices ORDER BY lane_id NULLS LAST')).toEqual([
      { lane_id: moved.laneId, device_name: 'lamp-1' },
      { lane_id: null, device_name: null },
    ]);
  });

  it('keeps with a cycle on which approach an emergency vehicle was', async () => {
    const cycle = makeCycle(configuration, { cycleNumber: 911, startedAtMs: at });
    cycle.approaches[2]!.emergencyVehicleDetected = true;
    await write({ kind: 'cycles', rows: [cycle, makeCycle(configuration, { cycleNumber: 912, startedAtMs: at })] });
    const stored = await listCycles(database.knex, junctionId, { limit: 50 });
    const flags = (number: number) =>
      stored.find(({ cycleNumber }) => cycleNumber === number)?.approaches.map((one) => one.emergencyVehicleDetected);
    expect(flags(911)).toEqual([undefined, undefined, true, undefined]);
    expect(
      await readAll(
        'SELECT cycle_number FROM traffic_cycles WHERE emergency_vehicle_detected AND cycle_number IN (911, 912)',
      ),
    ).toEqual([{ cycle_number: 911 }]);
  });

  it('tells hour and day where the junction stands', async () => {
    await database.knex.raw("UPDATE junctions SET time_zone = 'Asia/Kolkata' WHERE junction_id = ?", [junctionId]);
    // A Sunday, 20:10 UTC: Monday, 01:40 in Kolkata.
    const sunday = Date.UTC(2024, 5, 2, 20, 10);
    await write({ kind: 'indices', rows: [index(0, { atMs: sunday })] });
    expect(
      await read('SELECT hour_of_day AS h, day_of_week AS d FROM safety_indices_realtime WHERE timestamp = ?', [
        new Date(sunday).toISOString(),
      ]),
    ).toEqual([{ h: 1, d: 0 }]);
  });

  it('loses no row for being late or early: without a partition of its own it waits in the default one', async () => {
    const times = [Date.UTC(1999, 0, 1), Date.UTC(2044, 0, 1), at - 400 * 24 * 60 * MINUTE];
    await write({ kind: 'indices', rows: times.map((atMs) => index(0, { atMs, combinedIndexEb: 1 })) });
    await write({ kind: 'indices', rows: times.map((atMs) => index(0, { atMs, combinedIndexEb: 2 })) });
    const rows = await readAll<{ at: string; eb: number }>(
      'SELECT tableoid::regclass::text AS at, combined_index_eb AS eb FROM safety_indices_realtime WHERE combined_index_eb < 3',
    );
    expect(rows).toEqual(times.map(() => ({ at: 'safety_indices_realtime_default', eb: 2 })));
    await database.roles.transaction('job_role', (trx) => trx.raw("SELECT create_realtime_partition('1999-01-01')"));
    await write({ kind: 'indices', rows: times.map((atMs) => index(0, { atMs, combinedIndexEb: 2.5 })) });
    expect(
      await readAll('SELECT count(*)::int AS n FROM safety_indices_realtime_19990101 WHERE combined_index_eb = 2.5'),
    ).toEqual([{ n: 1 }]);
    expect(await readAll('SELECT count(*)::int AS n FROM safety_indices_realtime WHERE combined_index_eb < 3')).toEqual(
      [{ n: 3 }],
    );
  });

  it('may write a large batch in several transactions, and the later state still counts', async () => {
    const simulationId = `${run.id}/baseline`;
    const minutes = Array.from({ length: 1500 }, (_, n) => Date.UTC(2023, 0, 1) + n * MINUTE);
    const states = (timerSeconds: number) =>
      minutes.slice(0, 300).map((atMs) => ({ ...samples.signalStates, simulationId, atMs, timerSeconds }));
    const batch: Write[] = [
      { kind: 'signalStates', rows: states(1) },
      { kind: 'indices', rows: minutes.map((atMs) => index(0, { atMs, combinedIndexEb: 1 })) },
      { kind: 'simulations', rows: [{ ...samples.simulations, simulationId, variant: 'baseline' }] },
      { kind: 'signalStates', rows: states(2) },
      { kind: 'indices', rows: [...minutes].reverse().map((atMs) => index(0, { atMs, combinedIndexEb: 2 })) },
      {
        kind: 'cycles',
        rows: minutes
          .slice(0, 200)
          .map((startedAtMs, n) =>
            makeCycle(configuration, { cycleNumber: n, startedAtMs, endedAtMs: startedAtMs + 30_000 }),
          ),
      },
    ];
    for (let again = 0; again < 2; again++)
      await applyWritesInParallel((work) => database.roles.transaction('job_role', work), batch, 3);
    expect(
      await read(
        `SELECT count(*)::int AS n, min(combined_index_eb) AS least FROM safety_indices_realtime
         WHERE timestamp >= '2023-01-01' AND timestamp < '2023-01-03'`,
      ),
    ).toEqual([{ n: 1500, least: 2 }]);
    expect(
      await read(
        'SELECT count(*)::int AS n, min(signal_timer) AS least, count(t.id)::int AS traffic FROM signal_states s LEFT JOIN traffic_data t USING (signal_id) WHERE simulation_id = ?',
        [simulationId],
      ),
    ).toEqual([{ n: 300, least: 2, traffic: 300 }]);
    expect(await read("SELECT count(*)::int AS n FROM lane_cycle_data WHERE cycle_start_time < '2024-01-01'")).toEqual([
      { n: 800 },
    ]);
  });

  it('refuses rows of a junction that there is not, loudly', async () => {
    await expect(write({ kind: 'indices', rows: [index(3, { junctionId: randomUUID() })] })).rejects.toMatchObject({
      code: expect.stringMatching(/^23/),
    });
    await expect(
      write({ kind: 'cycles', rows: [makeCycle(configuration, { junctionId: randomUUID() })] }),
    ).rejects.toMatchObject({ code: '23503' });
  });

  it('writes and reads as roles that can do no more, in each transaction anew', async () => {
    for (const role of DATABASE_ROLES) {
      const who = await database.roles.transaction(role, (trx) => trx.raw('SELECT current_user AS role'));
      expect(who.rows).toEqual([{ role }]);
    }
    await expect(read('DELETE FROM junctions')).rejects.toMatchObject({ code: '42501' });
    await expect(
      database.roles.transaction('job_role', (trx) => trx.raw('ALTER TABLE junctions DISABLE ROW LEVEL SECURITY')),
    ).rejects.toMatchObject({ code: '42501' });
    // One transaction leaves nothing behind for the next.
    const after = await database.knex.raw("SELECT current_user AS role, current_setting('app.user_id', TRUE) AS acts");
    expect(after.rows[0].role).not.toMatch(/api_user|job_role|reporting_user/);
    expect(after.rows[0].acts ?? '').toBe('');
  });

  it('keeps one who gets SQL of his own into a query where he is', async () => {
    const [user] = (
      await database.knex.raw(
        "INSERT INTO users (username, email, password_hash) VALUES ('u', 'u@example.org', 'x') RETURNING user_id",
      )
    ).rows as { user_id: string }[];
    const attempt = (sql: string) => database.roles.asUser(user!.user_id, (trx) => trx.raw(sql));
    expect((await attempt('SELECT count(*)::int AS n FROM junctions')).rows).toEqual([{ n: 0 }]);
    expect((await attempt("SELECT * FROM find_login('u')")).rows).toEqual([]);
    expect(await database.roles.findLogin('u')).toEqual({
      userId: user!.user_id,
      passwordHash: 'x',
      isActive: true,
    });
    expect(await database.roles.findLogin('nobody')).toBeNull();
    for (const role of ['none', 'job_role']) {
      await expect(attempt(`SELECT set_config('role', '${role}', TRUE)`)).rejects.toMatchObject({ code: '42501' });
      await expect(attempt(`UPDATE pg_settings SET setting = '${role}' WHERE name = 'role'`)).rejects.toMatchObject({
        code: '42501',
      });
      await expect(
        attempt(`SELECT query_to_xml('SELECT set_config(''role'', ''${role}'', TRUE)', TRUE, TRUE, '')`),
      ).rejects.toMatchObject({ code: '42501' });
    }
    await expect(attempt("SELECT query_to_xml('RESET ROLE', TRUE, TRUE, '')")).rejects.toThrow();
    await expect(attempt("DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$")).rejects.toMatchObject({ code: '42501' });
    await expect(
      attempt('CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS $$ SELECT 1 $$'),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(attempt('CREATE TEMP TABLE junctions (x int)')).rejects.toMatchObject({ code: '42501' });
    await expect(attempt('CREATE VIEW v AS SELECT * FROM junctions')).rejects.toMatchObject({ code: '42501' });
    await expect(attempt("COPY junctions TO PROGRAM 'cat'")).rejects.toMatchObject({ code: '42501' });
    await expect(attempt("COPY users TO '/dev/null'")).rejects.toMatchObject({ code: '42501' });
    // The functions that policies ask are found in public whatever the search path, and a shadow of them is not made.
    const shadowed = database.roles.asUser(user!.user_id, async (trx) => {
      await trx.raw('SET LOCAL search_path = pg_temp, pg_catalog');
      return (await trx.raw('SELECT count(*)::int AS n FROM public.junctions')).rows;
    });
    expect(await shadowed).toEqual([{ n: 0 }]);
    // A plan that was made as another is not used for him.
    const prepared = await database.knex.transaction(async (trx) => {
      await trx.raw('PREPARE everything AS SELECT count(*)::int AS n FROM junctions');
      const all = (await trx.raw('EXECUTE everything')).rows;
      await trx.raw('SET LOCAL ROLE api_user');
      const his = (await trx.raw('EXECUTE everything')).rows;
      await trx.raw('DEALLOCATE everything');
      return { all, his };
    });
    expect(prepared).toEqual({ all: [{ n: 1 }], his: [{ n: 0 }] });
  });
}

describe('ingestion into PGlite', () => {
  behaviour(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-ingestion-'));
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

describe.skipIf(serverUrl === '')(
  'ingestion into PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () => {
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
  },
);

describe.skipIf(serverUrl === '')('logins of their own, on PostgreSQL (needs DATABASE_URL of a superuser)', () => {
  const logins = Object.fromEntries(
    DATABASE_ROLES.map((role) => [role, `flextraff_${role}_${randomUUID().slice(0, 8)}`]),
  ) as Record<DatabaseRole, string>;
  let database: Database;
  let admin: Knex;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const made = await makeServerDatabase();
    drop = made.drop;
    admin = knexFactory({ client: 'pg', connection: serverUrl, pool: { min: 0, max: 1 } });
    const first = await openDatabase({ databaseUrl: made.url, dataDirectory: tmpdir() });
    await first.close();
    const roleUrls: Partial<Record<DatabaseRole, string>> = {};
    for (const role of DATABASE_ROLES) {
      await admin.raw(`CREATE ROLE ${logins[role]} LOGIN NOINHERIT PASSWORD 'secret' IN ROLE ${role}`);
      const url = new URL(made.url);
      await admin.raw(`GRANT CONNECT ON DATABASE ${url.pathname.slice(1)} TO ${logins[role]}`);
      url.username = logins[role];
      url.password = 'secret';
      roleUrls[role] = url.href;
    }
    database = await openDatabase({ databaseUrl: made.url, roleUrls, dataDirectory: tmpdir() });
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await drop();
    for (const role of DATABASE_ROLES) await admin.raw(`DROP ROLE ${logins[role]}`);
    await admin.destroy();
  });

  it('work, and lead nowhere else even for one who runs statements of his own', async () => {
    const configuration = makeConfiguration();
    await applyWrites(
      (work) => database.roles.transaction('job_role', work),
      [{ kind: 'junctions', rows: junctionInputs(null, [configuration]) }],
    );
    for (const role of DATABASE_ROLES) {
      const attempt = (...sql: string[]) =>
        database.roles.transaction(role, async (trx) => {
          for (const statement of sql) await trx.raw(statement);
        });
      for (const other of [...DATABASE_ROLES.filter((name) => name !== role), 'postgres']) {
        await expect(attempt(`SET ROLE ${other}`)).rejects.toMatchObject({ code: '42501' });
        await expect(attempt(`SET SESSION AUTHORIZATION ${other}`)).rejects.toMatchObject({ code: '42501' });
      }
      // Back to the login, which may do nothing by itself.
      await expect(attempt('RESET ROLE', 'SELECT * FROM junctions')).rejects.toMatchObject({ code: '42501' });
      await expect(attempt('RESET ROLE', 'SELECT * FROM users')).rejects.toMatchObject({ code: '42501' });
      await expect(attempt('RESET SESSION AUTHORIZATION', 'SELECT secret FROM access_keys')).rejects.toMatchObject({
        code: '42501',
      });
      await expect(attempt('SET LOCAL row_security = off', 'SELECT * FROM junctions')).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  it('say what to run where a login may not take on its role', async () => {
    const bare = `flextraff_bare_${randomUUID().slice(0, 8)}`;
    await admin.raw(`CREATE ROLE ${bare} LOGIN PASSWORD 'secret'`);
    try {
      const answer = await database.knex.raw('SELECT current_database() AS name');
      await admin.raw(`GRANT CONNECT ON DATABASE ${answer.rows[0].name} TO ${bare}`);
      const url = new URL(serverUrl);
      url.pathname = `/${answer.rows[0].name}`;
      const limited = new URL(url);
      limited.username = bare;
      limited.password = 'secret';
      // The owner may grant the role, and does.
      const granted = await openDatabase({
        databaseUrl: url.href,
        roleUrls: { reporting_user: limited.href },
        dataDirectory: tmpdir(),
      });
      const who = await granted.roles.transaction('reporting_user', (trx) =>
        trx.raw('SELECT session_user AS login, current_user AS role'),
      );
      expect(who.rows).toEqual([{ login: bare, role: 'reporting_user' }]);
      await granted.close();
    } finally {
      await admin.raw(`DROP OWNED BY ${bare}`).catch(() => {});
      const owned = knexFactory({ client: 'pg', connection: serverUrl, pool: { min: 0, max: 1 } });
      const answer = await database.knex.raw('SELECT current_database() AS name');
      await database.knex.raw(`REVOKE ALL ON DATABASE ${answer.rows[0].name} FROM ${bare}`);
      await owned.raw(`DROP ROLE ${bare}`);
      await owned.destroy();
    }
  });
});
