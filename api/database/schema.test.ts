import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeConfiguration, makeCycle, makeRun } from '../testing.ts';
import { accessProof, asUser } from './access.ts';
import { type Database, openDatabase } from './connect.ts';
import { migrateDown, migrateUp, migrationNames } from './migrate.ts';
import { listCycles, upsertCycles } from './repositories/cycles.ts';
import { junctionInputs, upsertJunctions } from './repositories/junctions.ts';
import { upsertRuns } from './repositories/runs.ts';
import { missingItems, objectsOf } from './schema-map.ts';
import { makeServerDatabase, serverUrl } from './testing/server-database.ts';

const owner = {
  installationId: '11111111-1111-4111-8111-111111111111',
  instanceId: '22222222-2222-4222-8222-222222222222',
};
const FIRST = '0001_twin';
let nextNumber = 2000;

const rowsOf = async <T>(knex: Knex, sql: string, bindings: Knex.RawBinding[] = []): Promise<T[]> =>
  (await knex.raw(sql, bindings)).rows as T[];
const oneOf = async <T>(knex: Knex, sql: string, bindings: Knex.RawBinding[] = []): Promise<T> =>
  (await rowsOf<T>(knex, sql, bindings))[0] as T;
const refused = (work: Promise<unknown>, code: string, message?: RegExp) =>
  expect(work).rejects.toMatchObject({ code, ...(message && { message: expect.stringMatching(message) }) });

function behaviour(open: () => Promise<{ database: Database; end: () => Promise<void> }>): void {
  let knex: Knex;
  let end: () => Promise<void>;
  beforeAll(async () => {
    const opened = await open();
    knex = opened.database.knex;
    end = opened.end;
  }, 120_000);
  afterAll(() => end());

  async function makeJunction(changes: { maxCycleSeconds?: number } = {}) {
    const configuration = makeConfiguration({ intersectionId: nextNumber++, ...changes });
    await upsertJunctions(knex, [{ ...junctionInputs(null, [configuration])[0]!, latitude: 19, longitude: 72 }]);
    return configuration;
  }
  const makeUser = async (changes: { is_admin?: boolean } = {}): Promise<string> => {
    const name = randomUUID();
    const [row] = await knex('users')
      .insert({ username: name, email: `${name}@example.org`, password_hash: 'argon2id', ...changes })
      .returning('user_id');
    return row.user_id;
  };
  const proofFor = async (userId: string): Promise<{ id: string; proof: string }> => ({
    id: userId,
    proof: (await oneOf<{ proof: string }>(knex, 'SELECT access_proof(?) AS proof', [userId])).proof,
  });
  /** Runs in a transaction that is always rolled back. */
  const tried = async <T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> => {
    const trx = await knex.transaction();
    try {
      return await work(trx);
    } finally {
      await trx.rollback();
    }
  };
  const minute = (n: number) => new Date(Math.floor(Date.now() / 60_000) * 60_000 - n * 60_000).toISOString();
  const index = (n: number, changes: object = {}) => ({
    timestamp: minute(n),
    combined_index: 40,
    combined_index_eb: 45,
    traffic_volume: 12,
    hour_of_day: 3,
    day_of_week: 0,
    ...changes,
  });

  describe('cycles by month', () => {
    it('take rows of any time, and move into partitions of their months with their approaches', async () => {
      const configuration = await makeJunction();
      const cycles = [0, 1].map((n) =>
        makeCycle(configuration, {
          cycleNumber: n,
          startedAtMs: Date.UTC(2019, n * 2, 1),
          endedAtMs: Date.UTC(2019, n * 2, 1, 0, 1),
        }),
      );
      await upsertCycles(knex, cycles);
      const before = await listCycles(knex, configuration.junctionId, { limit: 9 });
      const where = () =>
        rowsOf(
          knex,
          `SELECT DISTINCT c.tableoid::regclass::text AS cycles, d.tableoid::regclass::text AS lanes
           FROM traffic_cycles c JOIN lane_cycle_data d USING (cycle_id, cycle_start_time) WHERE c.junction_id = ? ORDER BY 1`,
          [configuration.junctionId],
        );
      expect(await where()).toEqual([{ cycles: 'traffic_cycles_default', lanes: 'lane_cycle_data_default' }]);
      expect(await oneOf(knex, 'SELECT partition_default_rows() >= 4 AS made')).toEqual({ made: true });
      expect(await where()).toEqual([
        { cycles: 'traffic_cycles_201901', lanes: 'lane_cycle_data_201901' },
        { cycles: 'traffic_cycles_201903', lanes: 'lane_cycle_data_201903' },
      ]);
      expect(await listCycles(knex, configuration.junctionId, { limit: 9 })).toEqual(before);
      expect(before).toHaveLength(2);
      expect(await oneOf(knex, 'SELECT partition_default_rows() AS made')).toEqual({ made: 0 });
      await upsertCycles(knex, cycles);
      expect(await listCycles(knex, configuration.junctionId, { limit: 9 })).toEqual(before);
      expect(await oneOf(knex, 'SELECT create_cycle_partitions() AS made')).toEqual({ made: 0 });
    });

    it('are read from the partition that holds them alone', async () => {
      await knex.raw("SELECT create_month_partition('traffic_cycles', '2018-05-05')");
      const plan = (
        await rowsOf<{ 'QUERY PLAN': string }>(
          knex,
          "EXPLAIN SELECT * FROM traffic_cycles WHERE cycle_start_time >= '2018-05-02' AND cycle_start_time < '2018-05-03'",
        )
      ).map((row) => row['QUERY PLAN']);
      expect(plan.join('\n')).toContain('traffic_cycles_201805');
      expect(plan.join('\n')).not.toMatch(/traffic_cycles_(2019|20[23])/);
    });

    it("answer the documents' questions: tags, distinct vehicles, peak hours", async () => {
      const configuration = await makeJunction();
      const lanes = configuration.approaches;
      const cycle = makeCycle(configuration, { startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() });
      cycle.approaches = lanes.map((lane, n) => ({
        laneId: lane.id,
        vehicleCount: 2,
        epcIds: ['TAG-A', `TAG-${n}`],
        greenSeconds: 10,
      }));
      await upsertCycles(knex, [cycle]);
      const distinct = await oneOf(
        knex,
        `SELECT count(DISTINCT epc)::int AS n FROM lane_cycle_data d CROSS JOIN LATERAL unnest(d.epc_ids) epc
         JOIN traffic_cycles c USING (cycle_id) WHERE c.junction_id = ?`,
        [configuration.junctionId],
      );
      expect(distinct).toEqual({ n: 5 });
      const hours = await rowsOf(
        knex,
        `SELECT EXTRACT(HOUR FROM tc.cycle_start_time) AS hour, AVG(lcd.vehicle_count)::float AS avg_vehicles, COUNT(*)::int AS cycle_count
         FROM traffic_cycles tc JOIN lane_cycle_data lcd ON tc.cycle_id = lcd.cycle_id
         WHERE tc.junction_id = ? AND tc.cycle_start_time >= CURRENT_DATE - INTERVAL '30 days'
         GROUP BY hour ORDER BY avg_vehicles DESC`,
        [configuration.junctionId],
      );
      expect(hours).toMatchObject([{ avg_vehicles: 2, cycle_count: 4 }]);
      await knex.raw('SELECT refresh_junction_stats()');
      expect(
        await rowsOf(
          knex,
          'SELECT total_cycles::int, avg_cycle_time, total_vehicles::int FROM mv_junction_stats WHERE junction_id = ?',
          [configuration.junctionId],
        ),
      ).toEqual([{ total_cycles: 1, avg_cycle_time: 60, total_vehicles: 8 }]);
      const [recent] = await rowsOf<{ total_vehicles: number; lanes: { lane_name: string }[] }>(
        knex,
        'SELECT * FROM v_recent_cycles WHERE junction_id = ?',
        [configuration.junctionId],
      );
      expect([recent?.total_vehicles, recent?.lanes.map((lane) => lane.lane_name)]).toEqual([
        8,
        ['North', 'South', 'East', 'West'],
      ]);
    });
  });

  describe('safety indices', () => {
    it('are upserted by intersection and minute, by either name of the junction', async () => {
      const { junctionId, intersectionId } = await makeJunction();
      const upsert = (row: object) =>
        knex('safety_indices_realtime').insert(row).onConflict(knex.raw('(intersection_id, timestamp)')).merge();
      await upsert({ ...index(1), intersection_id: intersectionId });
      await upsert({ ...index(1, { combined_index: 50 }), intersection_id: intersectionId });
      await upsert({ ...index(2), junction_id: junctionId });
      expect(
        await rowsOf(
          knex,
          'SELECT intersection_id, junction_id, combined_index FROM safety_indices_realtime WHERE junction_id = ? ORDER BY timestamp DESC',
          [junctionId],
        ),
      ).toEqual([
        { intersection_id: intersectionId, junction_id: junctionId, combined_index: 50 },
        { intersection_id: intersectionId, junction_id: junctionId, combined_index: 40 },
      ]);
      await refused(upsert({ ...index(1), intersection_id: 999_999 }), '23503', /no such intersection/);
    });

    it('are between 0 and 100, or NULL with the reason', async () => {
      const { junctionId } = await makeJunction();
      const insert = (changes: object) =>
        knex('safety_indices_realtime').insert({ ...index(1, changes), junction_id: junctionId });
      await refused(insert({ combined_index: 100.1 }), '23514');
      await refused(insert({ combined_index: null }), '23514');
      await refused(insert({ traffic_volume: -1 }), '23514');
      await refused(insert({ day_of_week: 7 }), '23514');
      await insert({ combined_index: null, combined_index_eb: null, score_status: 'no_data', traffic_volume: 0 });
      await refused(
        knex('safety_indices_hourly').insert({
          junction_id: junctionId,
          hour_timestamp: '2026-01-01T00:30:00Z',
          total_volume: 0,
          avg_volume: 0,
        }),
        '23514',
      );
    });

    it('keep minutes in days and hours in months, and drop what is old by its bounds', async () => {
      const { junctionId } = await makeJunction();
      const old = { ...index(0), junction_id: junctionId, timestamp: '2020-02-03T04:05:00Z' };
      await knex('safety_indices_realtime').insert([old, { ...index(1), junction_id: junctionId }]);
      await knex.raw("SELECT create_realtime_partition('2020-02-03')");
      const at = async () =>
        (
          await rowsOf<{ at: string }>(
            knex,
            'SELECT tableoid::regclass::text AS at FROM safety_indices_realtime WHERE junction_id = ? ORDER BY timestamp',
            [junctionId],
          )
        ).map((row) => row.at);
      const today = `safety_indices_realtime_${minute(1).slice(0, 10).replaceAll('-', '')}`;
      expect(await at()).toEqual(['safety_indices_realtime_20200203', expect.stringMatching(`${today}|default`)]);
      // A name that sorts after today's says nothing.
      await knex.raw('ALTER TABLE safety_indices_realtime_20200203 RENAME TO safety_indices_realtime_zzz');
      await knex('safety_indices_realtime').insert({ ...old, timestamp: '2020-03-03T00:00:00Z' });
      await knex.raw('SELECT drop_old_realtime_partitions()');
      expect(await at()).toHaveLength(1);
      expect(await oneOf(knex, "SELECT to_regclass('safety_indices_realtime_zzz') AS gone")).toEqual({ gone: null });
      await knex('safety_indices_hourly').insert({
        junction_id: junctionId,
        hour_timestamp: '2020-01-01T00:00:00Z',
        total_volume: 5,
        avg_volume: 1,
      });
      await knex.raw("SELECT create_month_partition('safety_indices_hourly', '2020-01-15')");
      expect(
        await oneOf(knex, "SELECT drop_old_partitions('safety_indices_hourly', now() - interval '90 days') AS dropped"),
      ).toEqual({ dropped: ['safety_indices_hourly_202001'] });
      await refused(knex.raw("SELECT drop_old_partitions('traffic_cycles', now())"), '23001', /history/);
    });

    it('of hours and days, daily statistics and constants are upserted by their keys', async () => {
      const { junctionId, intersectionId } = await makeJunction();
      const twice = async (table: string, key: string, row: object, column: string) => {
        for (const value of [1, 2]) {
          await knex(table)
            .insert({ ...row, junction_id: junctionId, [column]: value })
            .onConflict(knex.raw(key))
            .merge();
        }
        expect(await knex(table).where({ junction_id: junctionId }).pluck(column)).toEqual([2]);
      };
      const sums = { total_volume: 5, avg_volume: 1, intersection_id: intersectionId };
      const hour = { ...sums, hour_timestamp: '2026-01-01T05:00:00Z' };
      await twice('safety_indices_hourly', '(intersection_id, hour_timestamp)', hour, 'avg_si');
      await twice('safety_indices_daily', '(intersection_id, date)', { ...sums, date: '2026-01-01' }, 'avg_si');
      await twice('junction_daily_stats', '(junction_id, stat_date)', { stat_date: '2026-01-01' }, 'total_cycles');
      const constants = { constants: { I_max: 8 }, valid_from: '2026-01-02T00:00:00Z' };
      await knex('normalization_constants').insert(constants);
      await refused(
        knex('normalization_constants').insert({ ...constants, valid_until: '2026-01-01T00:00:00Z' }),
        '23514',
      );
    });

    it('are current for five minutes', async () => {
      const { junctionId, intersectionId } = await makeJunction();
      await knex('safety_indices_realtime').insert(
        [0, 1, 30].map((n) => ({ ...index(n, { combined_index_eb: 50 + n }), junction_id: junctionId })),
      );
      await knex.raw('SELECT refresh_current_safety_status()');
      expect(
        await rowsOf(
          knex,
          'SELECT safety_index, traffic_volume FROM mv_current_safety_status WHERE intersection_id = ?',
          [intersectionId],
        ),
      ).toEqual([{ safety_index: 50, traffic_volume: 12 }]);
    });

    it('follow their junction to another number', async () => {
      const { junctionId } = await makeJunction();
      await knex('safety_indices_realtime').insert({ ...index(1), junction_id: junctionId });
      await knex('data_quality_log').insert({
        junction_id: junctionId,
        issue_type: 'gap',
        severity: 'warning',
        message: 'no BSM for 60 s',
      });
      const number = nextNumber++;
      await knex('junctions').where({ junction_id: junctionId }).update({ intersection_id: number });
      for (const table of ['safety_indices_realtime', 'data_quality_log']) {
        expect(await knex(table).where({ junction_id: junctionId }).pluck('intersection_id')).toEqual([number]);
      }
    });
  });

  describe('intersections', () => {
    it('are junctions: written through the view, with the point in step', async () => {
      const id = nextNumber++;
      await knex('intersections').insert({ id, name: 'Glebe & Fairfax', latitude: 38.86, longitude: -77.05 });
      const read = () =>
        oneOf<{ point: string }>(
          knex,
          'SELECT id, name, latitude, longitude, ST_AsText(geometry) AS point, lane_count, revision, metadata FROM intersections WHERE id = ?',
          [id],
        );
      expect(await read()).toEqual({
        id,
        name: 'Glebe & Fairfax',
        latitude: 38.86,
        longitude: -77.05,
        point: 'POINT(-77.05 38.86)',
        lane_count: null,
        revision: null,
        metadata: null,
      });
      await knex('intersections')
        .where({ id })
        .update({ lane_count: 14, revision: 3, metadata: '{"a":1}', latitude: 39 });
      expect(await read()).toMatchObject({
        point: 'POINT(-77.05 39)',
        lane_count: 14,
        revision: 3,
        metadata: { a: 1 },
      });
      await knex.raw("UPDATE intersections SET geometry = 'SRID=4326;POINT(10 50)' WHERE id = ?", [id]);
      expect(await read()).toMatchObject({ latitude: 50, longitude: 10, point: 'POINT(10 50)' });
      expect(await knex('junctions').where({ intersection_id: id }).pluck('junction_name')).toEqual([
        'Glebe & Fairfax',
      ]);
      expect(
        await rowsOf(
          knex,
          `SELECT id FROM intersections WHERE ST_DWithin(geometry::geography, ST_SetSRID(ST_MakePoint(10, 50.001), 4326)::geography, 200)`,
        ),
      ).toEqual([{ id }]);
      expect(await knex('intersections').where({ id }).del()).toBe(1);
      expect(await read()).toBeUndefined();
    });

    it('refuse a taken number, a missing place, and places that are none', async () => {
      const id = nextNumber++;
      const insert = (changes: object) =>
        knex('intersections').insert({ id, name: 'X', latitude: 1, longitude: 2, ...changes });
      await insert({});
      await refused(insert({}), '23505');
      await refused(insert({ id: nextNumber++, latitude: null }), '23502');
      await refused(insert({ id: nextNumber++, latitude: 91 }), '23514');
    });

    it('of another region with a taken J2735 number get a number of their own', async () => {
      const { junctionId, intersectionId } = await makeJunction();
      const [other] = await knex('junctions')
        .insert({ junction_name: 'Far away', intersection_id: intersectionId, region: 7 })
        .returning(['junction_id', 'intersection_number']);
      expect(other.intersection_number).toBeGreaterThan(65_535);
      await knex('safety_indices_realtime').insert([
        { ...index(1), junction_id: junctionId },
        { ...index(1), junction_id: other.junction_id },
      ]);
      expect(
        await knex('safety_indices_realtime')
          .whereIn('junction_id', [junctionId, other.junction_id])
          .orderBy('id')
          .pluck('intersection_id'),
      ).toEqual([intersectionId, other.intersection_number]);
    });
  });

  describe('junctions, people and overrides', () => {
    it('have bounds: cycle times, time zones, names and levels', async () => {
      const { junctionId } = await makeJunction();
      const update = (changes: object) => knex('junctions').where({ junction_id: junctionId }).update(changes);
      await refused(update({ min_cycle_time: 130 }), '23514');
      await refused(update({ time_zone: 'Mars/Olympus' }), '23514', /Mars\/Olympus/);
      await update({ time_zone: 'Asia/Kolkata' });
      const user = await makeUser();
      const { username } = await knex('users').where({ user_id: user }).first();
      await refused(knex('users').insert({ username, email: 'x@y', password_hash: 'x' }), '23505');
      await refused(
        knex('user_junction_access').insert({ user_id: user, junction_id: junctionId, access_level: 'owner' }),
        '23514',
      );
    });

    it('an override keeps the bounds of its junction, sums up, and ends', async () => {
      const { junctionId } = await makeJunction();
      const user = await makeUser();
      const example = {
        junction_id: junctionId,
        user_id: user,
        total_cycle_time: 180,
        north_lane_time: 40,
        south_lane_time: 50,
        east_lane_time: 60,
        west_lane_time: 30,
        reason: 'procession',
      };
      const insert = (changes: object = {}) =>
        knex('manual_override_history')
          .insert({ ...example, ...changes })
          .returning('*');
      await refused(insert(), '23514', /total_cycle_time is 180 s.*max_cycle_time 120 s/);
      await knex('junctions').where({ junction_id: junctionId }).update({ max_cycle_time: 180 });
      await refused(insert({ west_lane_time: 31 }), '23514', /greens/);
      const [made] = await insert();
      expect(made.expires_at.getTime()).toBeGreaterThan(made.override_start.getTime());
      await knex('manual_override_history')
        .where({ override_id: made.override_id })
        .update({ override_end: knex.raw("override_start + interval '90 seconds'") });
      const patterns = await rowsOf(
        knex,
        `SELECT DATE(override_start) AS date, COUNT(*)::int AS override_count, AVG(duration_minutes) AS avg_duration
         FROM manual_override_history moh JOIN users u ON moh.user_id = u.user_id WHERE moh.junction_id = ?
         GROUP BY u.username, DATE(override_start) ORDER BY date DESC`,
        [junctionId],
      );
      expect(patterns).toMatchObject([{ override_count: 1, avg_duration: 1.5 }]);
    });

    it('health goes by the age of heartbeats, permissions by grants', async () => {
      const { junctionId, approaches } = await makeJunction();
      const health = () =>
        oneOf(
          knex,
          'SELECT total_devices, online_devices, health_status FROM v_junction_health WHERE junction_id = ?',
          [junctionId],
        );
      expect(await health()).toEqual({ total_devices: 0, online_devices: 0, health_status: 'Unknown' });
      const lane_id = approaches[0]!.id;
      const device = (device_type: string, minutes: number) =>
        knex('edge_devices').insert({
          junction_id: junctionId,
          lane_id,
          device_type,
          status: 'online',
          last_heartbeat: new Date(Date.now() - minutes * 60_000),
        });
      await device('rfid_counter', 1);
      expect(await health()).toEqual({ total_devices: 1, online_devices: 1, health_status: 'Healthy' });
      await device('light_controller', 10);
      expect(await health()).toMatchObject({ total_devices: 2, health_status: 'Warning' });
      await refused(device('light_controller', 0), '23505');
      await knex('edge_devices').where({ lane_id }).update({ last_heartbeat: null });
      expect(await health()).toMatchObject({ health_status: 'Critical' });
      const [user, admin] = [await makeUser(), await makeUser({ is_admin: true })];
      await knex('user_junction_access').insert({ user_id: user, junction_id: junctionId });
      const permissions = (id: string) =>
        oneOf<{ junction_count: number; junction_ids: string[] }>(
          knex,
          'SELECT * FROM v_user_permissions WHERE user_id = ?',
          [id],
        );
      expect(await permissions(user)).toMatchObject({ junction_count: 1, junction_ids: [junctionId] });
      const all = await oneOf<{ n: number }>(knex, 'SELECT count(*)::int AS n FROM junctions');
      expect(await permissions(admin)).toMatchObject({ junction_count: all.n });
    });
  });

  describe('simulations', () => {
    it('take the sample of the analytics backend once, and are found by counts', async () => {
      const { junctionId } = await makeJunction();
      const external = `INT_${nextNumber++}`;
      await knex('junctions').where({ junction_id: junctionId }).update({ external_id: external });
      const simulation_id = `SIM_${nextNumber++}`;
      await knex('simulations').insert({ simulation_id });
      const state = { simulation_id, intersection_id: external, timestamp: '2025-09-10T23:20:00Z', direction: 'north' };
      const [signal] = await knex('signal_states')
        .insert({ ...state, signal_status: 'GREEN', signal_timer: 18, green_time_allocated: 20 })
        .returning(['signal_id', 'junction_id']);
      expect(signal.junction_id).toBe(junctionId);
      await refused(knex('signal_states').insert({ ...state, signal_status: 'RED' }), '23505');
      await refused(knex('signal_states').insert({ ...state, direction: 'south', signal_status: 'BLUE' }), '23514');
      await knex('traffic_data').insert({
        signal_id: signal.signal_id,
        timestamp: state.timestamp,
        vehicle_counts: { car: 78, bus: 0, truck: 0, bike: 0, rickshaw: 0 },
        vehicles_crossed: 35,
        avg_wait_time: 12.5,
      });
      expect(await rowsOf(knex, `SELECT signal_id FROM traffic_data WHERE vehicle_counts @> '{"car": 78}'`)).toEqual([
        { signal_id: signal.signal_id },
      ]);
      const metrics = { simulation_id, intersection_id: external, timestamp: state.timestamp, throughput: 0.87 };
      await knex('performance_metrics').insert({ ...metrics, fuel_saved: -1.2 });
      await refused(knex('performance_metrics').insert(metrics), '23505');
      await knex('emergency_events').insert({ simulation_id, intersection_id: external, detected_at: state.timestamp });
      await knex('simulations').where({ simulation_id }).del();
      expect(await knex('traffic_data').where({ signal_id: signal.signal_id })).toEqual([]);
    });
  });

  describe('the second phase', () => {
    it('keeps classes, emergency vehicles, predictions, weather, conflicts and recordings', async () => {
      const configuration = await makeJunction();
      const { junctionId } = configuration;
      await upsertCycles(knex, [makeCycle(configuration)]);
      await knex.raw(
        `UPDATE lane_cycle_data SET vehicle_type = '{"car": 7}', emergency_vehicle_detected = TRUE WHERE lane_id = ?`,
        [configuration.approaches[0]!.id],
      );
      const prediction = {
        model: 'horizon',
        model_version: '1',
        junction_id: junctionId,
        quantity: 'arrivals',
        predicted_at: '2026-01-01T00:00:00Z',
        target_time: '2026-01-01T00:01:00Z',
        predicted_value: 3,
      };
      await knex('model_predictions').insert(prediction);
      await refused(knex('model_predictions').insert(prediction), '23505');
      await refused(knex('model_predictions').insert({ ...prediction, target_time: '2025-01-01T00:00:00Z' }), '23514');
      const weather = { observed_at: '2026-01-01T00:00:00Z', precipitation_mm: 15.5, source: 'file' };
      await knex('weather_conditions').insert(weather);
      await refused(knex('weather_conditions').insert(weather), '23505');
      const conflict = {
        conflict_id: randomUUID(),
        junction_id: junctionId,
        started_at: '2026-01-01T00:00:00Z',
        ended_at: '2026-01-01T00:00:02Z',
        type: 'crossing',
        severity: 'serious',
        user_a: 'a',
        user_b: 'b',
        class_a: 'car',
        class_b: 'pedestrian',
        pet: 1.2,
        latitude: 50,
        longitude: 10,
      };
      await knex('conflicts').insert(conflict);
      expect(
        await oneOf(knex, 'SELECT ST_AsText(geometry) AS at FROM conflicts WHERE conflict_id = ?', [
          conflict.conflict_id,
        ]),
      ).toEqual({ at: 'POINT(10 50)' });
      const run = makeRun();
      await upsertRuns(knex, [{ ...run, ...owner }]);
      const recording = { run_id: run.id, variant: 'baseline', location: 'runs/x', format_version: 1, from_second: 0 };
      await knex('recordings').insert({ ...recording, to_second: 60, frame_count: 600, bytes: 1 });
      await refused(
        knex('recordings').insert({ ...recording, from_second: 9, to_second: 8, frame_count: 1, bytes: 1 }),
        '23514',
      );
    });
  });

  describe('history', () => {
    it('is neither deleted nor changed in what it is of', async () => {
      const configuration = await makeJunction();
      const { junctionId } = configuration;
      await upsertCycles(knex, [makeCycle(configuration)]);
      await knex('system_logs').insert({ log_level: 'ERROR', message: 'x', junction_id: junctionId });
      const cycles = () => knex('traffic_cycles').where({ junction_id: junctionId });
      const logs = () => knex('system_logs').where({ junction_id: junctionId });
      await refused(cycles().del(), '23001', /history/);
      await refused(cycles().update({ cycle_number: 99 }), '23001');
      await refused(logs().update({ message: 'y' }), '23001');
      await refused(logs().del(), '23001');
      await refused(knex.raw('TRUNCATE traffic_cycles CASCADE'), '23001');
      await cycles().update({ mode: 'emergency' });
      await logs().update({ is_archived: true });
      await refused(
        tried(async (trx) => {
          await trx.raw("SELECT set_config('flextraff.retention', 'on', TRUE)");
          await trx.raw('SET LOCAL ROLE job_role');
          await trx('traffic_cycles').where({ junction_id: junctionId }).update({ cycle_number: 99 });
        }),
        '23001',
      );
      await refused(
        tried(async (trx) => {
          await trx.raw('SET LOCAL ROLE job_role');
          await trx('traffic_cycles').where({ junction_id: junctionId }).del();
        }),
        '42501',
      );
    });

    it('keeps its junction: one without can be deleted, one with it is retired', async () => {
      const configuration = await makeJunction();
      await upsertCycles(knex, [makeCycle(configuration)]);
      const one = (id: string) => knex('junctions').where({ junction_id: id });
      await refused(one(configuration.junctionId).del(), '23001', /has history in traffic_cycles/);
      await one(configuration.junctionId).update({ retired_at: new Date() });
      const logged = await makeJunction();
      await knex('system_logs').insert({ log_level: 'INFO', message: 'x', junction_id: logged.junctionId });
      await refused(one(logged.junctionId).del(), '23001', /system_logs/);
      const fresh = await makeJunction();
      expect(await one(fresh.junctionId).del()).toBe(1);
    });

    it('grows old by the retention functions, which a job may call', async () => {
      const configuration = await makeJunction();
      const old = '2015-01-01T00:00:00Z';
      const topic = randomUUID();
      await knex('mqtt_messages').insert([{ topic, received_at: old }, { topic }]);
      await knex('system_logs').insert({ log_level: 'INFO', message: topic, logged_at: old });
      const run = makeRun();
      await upsertRuns(knex, [{ ...run, ...owner }]);
      await upsertCycles(knex, [
        makeCycle(configuration, { startedAtMs: Date.parse(old), endedAtMs: Date.parse(old) + 60_000 }),
        makeCycle(configuration, { runId: run.id, variant: 'baseline' }),
      ]);
      await refused(knex('runs').where({ run_id: run.id }).del(), '23001');
      await knex.transaction(async (trx) => {
        await trx.raw('SET LOCAL ROLE job_role');
        await trx.raw("SELECT delete_old_messages(), archive_old_logs(), expire_epcs('2016-01-01'), delete_run(?)", [
          run.id,
        ]);
        await trx.raw('SELECT create_cycle_partitions(), create_safety_partitions(), drop_old_realtime_partitions()');
      });
      expect(await knex('mqtt_messages').where({ topic })).toHaveLength(1);
      expect(await knex('system_logs').where({ message: topic }).pluck('is_archived')).toEqual([true]);
      const left = await listCycles(knex, configuration.junctionId, { limit: 9 });
      expect(left).toHaveLength(1);
      expect(left[0]?.approaches.flatMap((approach) => approach.epcIds)).toEqual([]);
      expect(await knex('runs').where({ run_id: run.id })).toEqual([]);
    });
  });

  describe('row-level security', () => {
    let mine: string;
    let other: string;
    let user: { id: string; proof: string };
    let admin: { id: string; proof: string };
    const count = (trx: Knex, table: string) =>
      oneOf<{ n: number }>(trx, `SELECT count(*)::int AS n FROM ${table}`).then((row) => row.n);
    const TABLES = [
      'junctions',
      'intersections',
      'v_junction_health',
      'lanes',
      'traffic_cycles',
      'lane_cycle_data',
      'v_recent_cycles',
      'safety_indices_realtime',
      'system_logs',
      'v_junction_stats',
      'v_current_safety_status',
    ];
    beforeAll(async () => {
      const made = [await makeJunction(), await makeJunction()];
      [mine, other] = made.map((configuration) => configuration.junctionId) as [string, string];
      for (const configuration of made) {
        await upsertCycles(knex, [
          makeCycle(configuration, { startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() }),
        ]);
        await knex('safety_indices_realtime').insert({ ...index(1), junction_id: configuration.junctionId });
        await knex('system_logs').insert({ log_level: 'INFO', message: 'x', junction_id: configuration.junctionId });
      }
      await knex.raw('SELECT refresh_junction_stats(), refresh_current_safety_status()');
      user = await proofFor(await makeUser());
      admin = await proofFor(await makeUser({ is_admin: true }));
      await knex('user_junction_access').insert({ user_id: user.id, junction_id: mine });
    });

    it('shows a user the junctions it was given, an admin and jobs all, nobody nothing', async () => {
      for (const table of TABLES) {
        const all = await count(knex, table);
        const seen = await asUser(knex, user, (trx) => count(trx, table));
        expect([table, seen]).toEqual([table, ['lanes', 'lane_cycle_data'].includes(table) ? 4 : 1]);
        expect(all).toBeGreaterThan(seen);
        expect([table, await asUser(knex, admin, (trx) => count(trx, table))]).toEqual([table, all]);
        const asRole = (role: string) =>
          knex.transaction(async (trx) => {
            await trx.raw(`SET LOCAL ROLE ${role}`);
            return count(trx, table);
          });
        expect([table, await asRole('job_role')]).toEqual([table, all]);
        expect([table, await asRole('reporting_user')]).toEqual([table, all]);
        expect([table, await asRole('api_user')]).toEqual([table, 0]);
      }
      expect(await asUser(knex, user, (trx) => trx('junctions').pluck('junction_id'))).toEqual([mine]);
    });

    it('holds against one who sets what can be set', async () => {
      const sees = (settings: Record<string, string>) =>
        asUser(knex, user, async (trx) => {
          for (const [name, value] of Object.entries(settings))
            await trx.raw(`SET LOCAL ${name} = '${value.replaceAll("'", "''")}'`);
          return count(trx, 'junctions');
        });
      expect(await sees({ 'app.is_admin': 'true' })).toBe(1);
      expect(await sees({ 'app.user_id': admin.id })).toBe(0);
      expect(await sees({ 'app.user_proof': '' })).toBe(0);
      expect(await sees({ 'app.user_proof': `9999999999.${'0'.repeat(64)}` })).toBe(0);
      expect(
        await sees({
          'app.user_proof': `${Number.parseInt(user.proof, 10) + 1}${user.proof.slice(user.proof.indexOf('.'))}`,
        }),
      ).toBe(0);
      expect(await sees({ 'app.user_proof': "x' OR true --" })).toBe(0);
      expect(await sees({ 'flextraff.retention': 'on' })).toBe(1);
      await refused(sees({ row_security: 'off' }), '42501');
      const [key] = await knex('access_keys').orderBy('key_id', 'desc').limit(1);
      expect(
        await sees({ 'app.user_id': admin.id, 'app.user_proof': accessProof(key.secret, admin.id, Date.now() - 5000) }),
      ).toBe(0);
      expect(
        await sees({
          'app.user_id': admin.id,
          'app.user_proof': accessProof(key.secret, admin.id, Date.now() + 60_000),
        }),
      ).toBe(await count(knex, 'junctions'));
    });

    it('holds against one who goes around it', async () => {
      const attempt = (sql: string, code: string, bindings: Knex.RawBinding[] = []) =>
        refused(
          asUser(knex, user, (trx) => trx.raw(sql, bindings)),
          code,
        );
      const { at } = await oneOf<{ at: string }>(
        knex,
        'SELECT min(tableoid::regclass::text) AS at FROM traffic_cycles WHERE junction_id = ?',
        [other],
      );
      await attempt(`SELECT * FROM ${at}`, '42501');
      await attempt('SELECT * FROM mv_junction_stats', '42501');
      await attempt('SELECT password_hash FROM users', '42501');
      await attempt('SELECT * FROM access_keys', '42501');
      await attempt('SELECT access_proof(?)', '42501', [admin.id]);
      await attempt('SELECT delete_run(gen_random_uuid())', '42501');
      await attempt("SELECT create_range_partition('junctions', 'x', now(), now())", '42501');
      await attempt('SELECT install_roles()', '42501');
      await attempt('ALTER TABLE junctions DISABLE ROW LEVEL SECURITY', '42501');
      await attempt('CREATE POLICY p ON junctions USING (TRUE)', '42501');
      await attempt('CREATE TABLE public.mine (x INTEGER)', '42501');
      await attempt('CREATE FUNCTION public.app_is_admin() RETURNS boolean LANGUAGE sql AS $$ SELECT TRUE $$', '42501');
      await attempt('DELETE FROM junctions', '42501');
      await attempt('TRUNCATE junctions', '42501');
      await attempt('INSERT INTO user_junction_access (user_id, junction_id) VALUES (?, ?)', '42501', [user.id, other]);
      await attempt(
        "INSERT INTO users (username, email, password_hash, is_admin) VALUES ('evil', 'e@x', 'x', TRUE)",
        '42501',
      );
      await attempt('UPDATE users SET is_admin = TRUE WHERE user_id = ?', '42501', [user.id]);
      await attempt("INSERT INTO schema_audit_log (command, object) VALUES ('x', 'x')", '42501');
      // What it cannot see it cannot change, and a function that tells on rows is not shown them.
      expect(
        await asUser(knex, user, (trx) => trx('junctions').where({ junction_id: other }).update({ status: 'error' })),
      ).toBe(0);
      expect(await asUser(knex, user, (trx) => trx('user_junction_access').update({ access_level: 'operator' }))).toBe(
        0,
      );
      const leaks = await asUser(knex, user, (trx) =>
        rowsOf<{ junction_id: string }>(
          trx,
          'SELECT junction_id FROM junctions WHERE junction_id::text::text <> repeat(junction_name, 0)',
        ),
      );
      expect(leaks.map((row) => row.junction_id)).toEqual([mine]);
    });

    it('lets an operator change mode and override where it may, and nothing else', async () => {
      const row = { junction_id: mine, user_id: user.id, total_cycle_time: 60, north_lane_time: 30 };
      const override = (changes: object = {}) =>
        asUser(knex, user, (trx) => trx('manual_override_history').insert({ ...row, ...changes }));
      const mode = () =>
        asUser(knex, user, (trx) =>
          trx('junctions').where({ junction_id: mine }).update({ current_mode: 'manual_override' }),
        );
      await refused(override(), '42501');
      expect(await mode()).toBe(0);
      await knex('user_junction_access').where({ user_id: user.id }).update({ access_level: 'operator' });
      await override();
      expect(await mode()).toBe(1);
      await refused(override({ user_id: admin.id }), '42501');
      await refused(override({ junction_id: other }), '42501');
      await refused(
        asUser(knex, user, (trx) => trx('junctions').where({ junction_id: mine }).update({ max_cycle_time: 999 })),
        '42501',
        /max_cycle_time/,
      );
      await refused(
        asUser(knex, user, (trx) => trx('manual_override_history').update({ user_id: null })),
        '42501',
      );
    });

    it('forgets a user who is no longer active', async () => {
      await knex('users').where({ user_id: user.id }).update({ is_active: false });
      expect(await asUser(knex, user, (trx) => count(trx, 'junctions'))).toBe(0);
    });

    it('gives no role more than its work takes', async () => {
      const attempt = (role: string, sql: string) =>
        refused(
          tried(async (trx) => {
            await trx.raw(`SET LOCAL ROLE ${role}`);
            await trx.raw(sql);
          }),
          '42501',
        );
      await attempt(
        'reporting_user',
        'INSERT INTO junction_daily_stats (junction_id, stat_date) VALUES (gen_random_uuid(), now())',
      );
      await attempt('reporting_user', "UPDATE junctions SET city = 'x'");
      await attempt('reporting_user', 'SELECT payload FROM mqtt_messages');
      await attempt('reporting_user', 'SELECT password_hash FROM users');
      await attempt('job_role', 'SELECT password_hash FROM users');
      await attempt('job_role', 'DELETE FROM junctions');
      await attempt('job_role', 'SELECT secret FROM access_keys');
      await attempt('api_user', "SELECT drop_old_partitions('safety_indices_realtime', now())");
      const roles = await rowsOf(
        knex,
        "SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin)",
      );
      expect(roles).toEqual([]);
    });
  });

  describe('the schema', () => {
    it('writes down who changes it, by migration and by hand', async () => {
      const entries = (object: string) =>
        knex('schema_audit_log').where('object', 'like', `%${object}%`).orderBy('entry_id');
      expect((await entries(FIRST)).map((entry) => entry.command)).toContain('migration up');
      await knex.raw('CREATE TABLE by_hand (x INTEGER)');
      await knex.raw('ALTER TABLE by_hand ADD COLUMN y TEXT');
      await migrateUp(knex);
      await knex.raw('DROP TABLE by_hand');
      await migrateUp(knex);
      const seen = (await entries('by_hand')).map((entry) => entry.command).join(', ');
      expect(seen).toMatch(/CREATE TABLE.*ALTER TABLE.*DROP TABLE|found created.*found dropped/);
      await refused(knex('schema_audit_log').del(), '23001');
    });

    it('is there under the name that this table gives', async () => {
      expect(missingItems(await objectsOf(knex))).toEqual([]);
      expect(missingItems(new Set())).toContain('table junctions');
    });

    it('has every table with a junction, run or person under row-level security', async () => {
      const open = await rowsOf(
        knex,
        `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND NOT relrowsecurity AND relname NOT IN ('spatial_ref_sys', 'knex_migrations', 'knex_migrations_lock') ORDER BY 1`,
      );
      expect(open).toEqual([]);
    });

    it('indexes every foreign key that a deletion or a join follows', async () => {
      const bare = await rowsOf<{ name: string }>(
        knex,
        `SELECT c.conrelid::regclass || '.' || c.conname AS name FROM pg_constraint c
         WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confdeltype IN ('c', 'n') AND NOT EXISTS (
           SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]) ORDER BY 1`,
      );
      expect(bare.map((row) => row.name)).toEqual(['user_junction_access.user_junction_access_granted_by_fkey']);
    });

    it('goes down to the first migration and up again with its data in place', async () => {
      const configuration = await makeJunction();
      const run = makeRun();
      await upsertRuns(knex, [{ ...run, ...owner }]);
      const cycles = [
        makeCycle(configuration, { startedAtMs: Date.UTC(2017, 4, 31, 23, 59), endedAtMs: Date.UTC(2017, 5, 1) }),
        makeCycle(configuration, { startedAtMs: Date.UTC(2031, 0, 1), endedAtMs: Date.UTC(2031, 0, 1, 0, 1) }),
        makeCycle(configuration, { runId: run.id, variant: 'baseline' }),
      ];
      await upsertCycles(knex, cycles);
      const read = () => listCycles(knex, configuration.junctionId, { limit: 9 });
      const before = await read();
      expect(before).toHaveLength(3);
      const objects = async () => [...(await objectsOf(knex))].filter((name) => !/_\d{6}/.test(name)).sort();
      const all = await objects();
      expect(await migrateDown(knex, FIRST)).toEqual(migrationNames().slice(1).reverse());
      expect(await read()).toEqual(before);
      const first = await objects();
      // As somebody with the first version writes: more cycles, a log, and a simulated junction.
      const later = makeCycle(configuration, {
        cycleNumber: 77,
        startedAtMs: Date.UTC(2017, 5, 2),
        endedAtMs: Date.UTC(2017, 5, 2, 0, 1),
      });
      await upsertCycles(knex, [later]);
      await knex('system_logs').insert({ log_level: 'INFO', message: 'before the upgrade' });
      expect(await migrateUp(knex)).toEqual(migrationNames().slice(1));
      expect(await objects()).toEqual(all);
      const after = await read();
      expect(after).toHaveLength(4);
      expect(after.filter((cycle) => cycle.cycleNumber !== 77)).toEqual(before);
      expect(
        await rowsOf(
          knex,
          'SELECT DISTINCT tableoid::regclass::text AS at FROM traffic_cycles WHERE cycle_number = 77',
        ),
      ).toEqual([{ at: 'traffic_cycles_201706' }]);
      expect(await knex('system_logs').where({ message: 'before the upgrade' })).toHaveLength(1);
      expect(
        await oneOf(knex, 'SELECT intersection_number FROM junctions WHERE junction_id = ?', [
          configuration.junctionId,
        ]),
      ).toEqual({
        intersection_number: configuration.intersectionId,
      });
      await migrateDown(knex, FIRST);
      expect(await objects()).toEqual(first);
      await migrateUp(knex);
      expect(await read()).toEqual(after);
    });
  });
}

describe('the whole schema on PGlite', () => {
  let database: Database;
  behaviour(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-schema-'));
    database = await openDatabase({ dataDirectory: directory });
    return {
      database,
      async end() {
        await database.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });

  it('says which roles to create where it may not', async () => {
    const trx = await database.knex.transaction();
    try {
      await trx.raw('DROP OWNED BY reporting_user');
      await trx.raw('DROP ROLE reporting_user');
      await trx.raw('CREATE ROLE plain_owner');
      await trx.raw('GRANT postgres TO plain_owner');
      await trx.raw('SET LOCAL ROLE plain_owner');
      const answer = await trx.raw('SELECT install_roles() AS run');
      expect(answer.rows).toEqual([{ run: 'CREATE ROLE reporting_user NOLOGIN;' }]);
      await trx.raw('RESET ROLE');
      await trx.raw('CREATE ROLE reporting_user NOLOGIN');
      await trx.raw('SET LOCAL ROLE plain_owner');
      expect((await trx.raw('SELECT install_roles() AS run')).rows).toEqual([]);
      await trx.raw('SET LOCAL ROLE reporting_user');
      await trx.raw('SELECT count(*) FROM junctions');
    } finally {
      await trx.rollback();
    }
  });
});

describe.skipIf(serverUrl === '')(
  'the whole schema on PostgreSQL (needs DATABASE_URL of a role that may create databases)',
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

describe.skipIf(serverUrl === '')('owned by no superuser, on PostgreSQL (needs DATABASE_URL of a superuser)', () => {
  const role = `flextraff_test_${randomBytes(6).toString('hex')}`;
  let admin: Knex;
  behaviour(async () => {
    const { url, drop } = await makeServerDatabase();
    admin = knexFactory({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
    await admin.raw('CREATE EXTENSION postgis');
    for (const name of ['api_user', 'job_role', 'reporting_user']) {
      await admin.raw(
        `DO $$ BEGIN CREATE ROLE ${name} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
      );
    }
    await admin.raw(`CREATE ROLE ${role} LOGIN PASSWORD 'secret' IN ROLE api_user, job_role, reporting_user`);
    await admin.raw(`ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${role}`);
    const limited = new URL(url);
    limited.username = role;
    limited.password = 'secret';
    const database = await openDatabase({ databaseUrl: limited.href, dataDirectory: tmpdir() });
    return {
      database,
      async end() {
        await database.close();
        await admin.destroy();
        await drop();
        const last = knexFactory({ client: 'pg', connection: serverUrl, pool: { min: 0, max: 1 } });
        await last.raw(`DROP ROLE ${role}`);
        await last.destroy();
      },
    };
  });
});
