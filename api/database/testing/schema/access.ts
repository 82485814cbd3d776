import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCycle } from '../../../testing.ts';
import { accessProof, asUser, loginProof } from '../../access.ts';
import { upsertCycles } from '../../repositories/cycles.ts';
import { index, oneOf, refused, rowsOf, type SchemaTrial } from './trial.ts';

export function rowLevelSecurity(trial: SchemaTrial): void {
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
      const made = [await trial.makeJunction(), await trial.makeJunction()];
      [mine, other] = made.map((configuration) => configuration.junctionId) as [string, string];
      for (const configuration of made) {
        await upsertCycles(trial.knex, [
          makeCycle(configuration, { startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() }),
        ]);
        await trial.knex('safety_indices_realtime').insert({ ...index(1), junction_id: configuration.junctionId });
        await trial
          .knex('system_logs')
          .insert({ log_level: 'INFO', message: 'x', junction_id: configuration.junctionId });
      }
      await trial.knex.raw('SELECT refresh_junction_stats(), refresh_current_safety_status()');
      user = await trial.proofFor(await trial.makeUser());
      admin = await trial.proofFor(await trial.makeUser({ is_admin: true }));
      await trial.knex('user_junction_access').insert({ user_id: user.id, junction_id: mine });
    });

    it('shows a user the junctions it was given, an admin and jobs all, nobody nothing', async () => {
      for (const table of TABLES) {
        const all = await count(trial.knex, table);
        const seen = await asUser(trial.knex, user, (trx) => count(trx, table));
        expect([table, seen]).toEqual([table, ['lanes', 'lane_cycle_data'].includes(table) ? 4 : 1]);
        expect(all).toBeGreaterThan(seen);
        expect([table, await asUser(trial.knex, admin, (trx) => count(trx, table))]).toEqual([table, all]);
        const asRole = (role: string) =>
          trial.knex.transaction(async (trx) => {
            await trx.raw(`SET LOCAL ROLE ${role}`);
            return count(trx, table);
          });
        expect([table, await asRole('job_role')]).toEqual([table, all]);
        expect([table, await asRole('reporting_user')]).toEqual([table, all]);
        expect([table, await asRole('api_user')]).toEqual([table, 0]);
      }
      expect(await asUser(trial.knex, user, (trx) => trx('junctions').pluck('junction_id'))).toEqual([mine]);
    });

    it('holds against one who sets what can be set', async () => {
      const sees = (settings: Record<string, string>) =>
        asUser(trial.knex, user, async (trx) => {
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
      const [key] = await trial.knex('access_keys').orderBy('key_id', 'desc').limit(1);
      expect(
        await sees({ 'app.user_id': admin.id, 'app.user_proof': accessProof(key.secret, admin.id, Date.now() - 5000) }),
      ).toBe(0);
      expect(
        await sees({
          'app.user_id': admin.id,
          'app.user_proof': accessProof(key.secret, admin.id, Date.now() + 60_000),
        }),
      ).toBe(await count(trial.knex, 'junctions'));
    });

    it('holds against one who goes around it', async () => {
      const attempt = (sql: string, code: string, bindings: Knex.RawBinding[] = []) =>
        refused(
          asUser(trial.knex, user, (trx) => trx.raw(sql, bindings)),
          code,
        );
      const { at } = await oneOf<{ at: string }>(
        trial.knex,
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
        await asUser(trial.knex, user, (trx) =>
          trx('junctions').where({ junction_id: other }).update({ status: 'error' }),
        ),
      ).toBe(0);
      expect(
        await asUser(trial.knex, user, (trx) => trx('user_junction_access').update({ access_level: 'operator' })),
      ).toBe(0);
      const leaks = await asUser(trial.knex, user, (trx) =>
        rowsOf<{ junction_id: string }>(
          trx,
          'SELECT junction_id FROM junctions WHERE junction_id::text::text <> repeat(junction_name, 0)',
        ),
      );
      expect(leaks.map((row) => row.junction_id)).toEqual([mine]);
    });

    it('holds in every table that a user may read: rows of other junctions are in none', async () => {
      const tables = await rowsOf<{ name: string }>(
        trial.knex,
        `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'junction_id'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
           AND has_any_column_privilege('api_user', c.oid, 'SELECT') ORDER BY 1`,
      );
      expect(tables.length).toBeGreaterThan(20);
      await addEverywhere(other);
      await addEverywhere(mine);
      const empty: string[] = [];
      for (const { name } of tables) {
        const rows = await asUser(trial.knex, user, (trx) =>
          rowsOf<{ junction_id: string | null }>(trx, `SELECT DISTINCT junction_id FROM ${name}`),
        );
        expect([name, rows.filter(({ junction_id }) => junction_id !== null && junction_id !== mine)]).toEqual([
          name,
          [],
        ]);
        const all = await rowsOf(trial.knex, `SELECT 1 FROM ${name} WHERE junction_id = ? LIMIT 1`, [other]);
        if (all.length === 0) empty.push(name);
      }
      // None of them was only not seen for being empty: but for decisions, which belong to runs, and what jobs make.
      expect(empty).toEqual(['run_decisions']);
    });

    /** A row of this junction in every table that has a junction and none yet. */
    async function addEverywhere(junctionId: string): Promise<void> {
      const at = { junction_id: junctionId };
      const insert = (table: string, row: object) => trial.knex(table).insert({ ...at, ...row });
      const day = '2026-01-01T00:00:00Z';
      const someone = await trial.makeUser();
      await insert('user_junction_access', { user_id: someone });
      await insert('edge_devices', { device_type: 'junction_controller' });
      await insert('manual_override_history', { user_id: someone, total_cycle_time: 60, north_lane_time: 30 });
      await insert('junction_daily_stats', { stat_date: '2026-01-01' });
      await insert('monthly_reports', { month: '2026-01-01', figures: {} });
      await insert('weather_conditions', { observed_at: day, source: junctionId });
      await insert('data_quality_log', { issue_type: 'gap', severity: 'info', message: 'x' });
      const sums = { total_volume: 0, avg_volume: 0 };
      await insert('safety_indices_hourly', { hour_timestamp: day, ...sums });
      await insert('safety_indices_daily', { date: '2026-01-01', ...sums });
      const model = { model: 'm', model_version: '1', quantity: 'q' };
      await insert('model_predictions', { ...model, predicted_at: day, target_time: day, predicted_value: 1 });
      const errors = { mean_error: 0, mean_absolute_error: 0, root_mean_squared_error: 0 };
      const period = { period_start: day, period_end: '2026-01-02T00:00:00Z', sample_count: 1 };
      await insert('model_performance', { ...model, ...period, ...errors });
      const users = { user_a: 'a', user_b: 'b', class_a: 'car', class_b: 'car' };
      await insert('conflicts', {
        conflict_id: randomUUID(),
        ...users,
        started_at: day,
        ended_at: day,
        type: 'crossing',
        severity: 'slight',
      });
      await insert('crash_histories', {
        first_day: '2021-01-01',
        last_day: '2025-12-31',
        fatal: 0,
        injury: 1,
        damage: 2,
        exposure_million_vehicles: 27,
        prior_rate: 0.8,
        prior_exposure: 10,
        free_flow_speed: 13.9,
        capacity_vehicles_per_hour: 3200,
        source: 'test',
      });
      await insert('crash_indices', { timestamp: day });
      const decision = { strategy: 'atcs', kind: 'plan', stages: '[]', reason: '', inputs: '{}' };
      await insert('street_decisions', { decided_at: day, seq: 1, controller: 'c', shadow: false, ...decision });
      await insert('hard_brakes', {
        hard_brake_id: randomUUID(),
        timestamp: day,
        road_user: 'a',
        class: 'car',
        peak_deceleration: -4,
      });
      const simulation_id = randomUUID();
      await trial.knex('simulations').insert({ simulation_id });
      const of = { simulation_id, intersection_id: 'x', timestamp: day };
      await insert('signal_states', { ...of, direction: 'north', signal_status: 'RED' });
      await insert('performance_metrics', of);
      await insert('emergency_events', { simulation_id, intersection_id: 'x', detected_at: day });
    }

    it('gives nobody a way to what the owner may: views, functions and triggers', async () => {
      // Views show what their reader may see, or choose themselves.
      const views = await rowsOf<{ name: string; options: string[] | null }>(
        trial.knex,
        `SELECT relname AS name, reloptions AS options FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
         AND relname NOT IN ('geography_columns', 'geometry_columns') AND NOT COALESCE('security_invoker=true' = ANY (reloptions), FALSE) ORDER BY 1`,
      );
      expect(views.map(({ name, options }) => [name, options])).toEqual([
        ['v_current_safety_status', ['security_barrier=true']],
        ['v_junction_stats', ['security_barrier=true']],
      ]);
      // Functions that act with the owner's rights have a path of their own, and are for whom they are meant.
      const functions = await rowsOf<{
        name: string;
        path: boolean;
        api: boolean;
        reporting: boolean;
        everybody: boolean;
      }>(
        trial.knex,
        `SELECT proname AS name, COALESCE(proconfig::text LIKE '%search_path=public, pg_temp%', FALSE) AS path,
           has_function_privilege('api_user', oid, 'EXECUTE') AS api, has_function_privilege('reporting_user', oid, 'EXECUTE') AS reporting,
           proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(proacl) WHERE grantee = 0) AS everybody
         FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prosecdef
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') ORDER BY 1`,
      );
      expect(functions.filter(({ path, everybody }) => !path || everybody)).toEqual([]);
      const asked = ['app_is_admin', 'app_junctions', 'app_user_id'];
      expect(functions.filter(({ api }) => api).map(({ name }) => name)).toEqual([...asked, 'find_login']);
      expect(functions.filter(({ reporting }) => reporting).map(({ name }) => name)).toEqual(asked);
      // The one role that may make tables of its own makes no triggers of them.
      const own = (trigger: string) =>
        trial.tried(async (trx) => {
          await trx.raw('SET LOCAL ROLE job_role');
          await trx.raw('CREATE TEMP TABLE own (name TEXT)');
          await trx.raw(`CREATE TRIGGER t AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION ${trigger}()`);
        });
      for (const name of ['audit_migration', 'junctions_refuse_deletion', 'fill_junction'])
        await refused(own(name), '42501');
    });

    it('tells of passwords only to whom the program asks for', async () => {
      const { username } = await trial.knex('users').where({ user_id: admin.id }).first();
      const found = (proof: string) =>
        asUser(trial.knex, user, async (trx) => {
          await trx.raw(`SET LOCAL app.login_proof = '${proof}'`);
          return rowsOf(trx, 'SELECT user_id FROM find_login(?)', [username]);
        });
      const [key] = await trial.knex('access_keys').orderBy('key_id', 'desc').limit(1);
      const soon = Date.now() + 60_000;
      expect(await asUser(trial.knex, user, (trx) => rowsOf(trx, 'SELECT * FROM find_login(?)', [username]))).toEqual(
        [],
      );
      expect(await found(user.proof)).toEqual([]);
      expect(await found(loginProof(key.secret, 'somebody else', soon))).toEqual([]);
      expect(await found(loginProof(key.secret, username, Date.now() - 5000))).toEqual([]);
      expect(await found(loginProof(key.secret, username, soon))).toEqual([{ user_id: admin.id }]);
      // A proof for a login is none for a user.
      const claimed = asUser(trial.knex, { id: admin.id, proof: loginProof(key.secret, admin.id, soon) }, (trx) =>
        count(trx, 'junctions'),
      );
      expect(await claimed).toBe(0);
    });

    it('is not talked into telling of rows by errors, estimates, cursors or copies', async () => {
      const { junction_name } = await trial.knex('junctions').where({ junction_id: other }).first();
      const one = (sql: string, bindings: Knex.RawBinding[] = []) =>
        asUser(trial.knex, user, (trx) => rowsOf<Record<string, unknown>>(trx, sql, bindings));
      // Would divide by zero at a row that is not his.
      expect(
        await one(
          'SELECT count(*)::int AS n FROM junctions WHERE 1 / (CASE WHEN junction_id = ? THEN 0 ELSE 1 END) = 1',
          [other],
        ),
      ).toEqual([{ n: 1 }]);
      expect(
        await one(
          'SELECT count(*)::int AS n FROM v_junction_stats WHERE 1 / (CASE WHEN junction_id = ? THEN 0 ELSE 1 END) = 1',
          [other],
        ),
      ).toEqual([{ n: 1 }]);
      const statistics = await one("SELECT * FROM pg_stats WHERE tablename IN ('junctions', 'users', 'system_logs')");
      expect(JSON.stringify(statistics)).not.toContain(junction_name);
      expect(await one('SELECT * FROM pg_statistic_ext_data').catch((error) => error.code)).toBe('42501');
      const fetched = await asUser(trial.knex, user, async (trx) => {
        await trx.raw('DECLARE c CURSOR FOR SELECT junction_id FROM junctions');
        return rowsOf(trx, 'FETCH ALL FROM c');
      });
      expect(fetched).toEqual([{ junction_id: mine }]);
      // What others run is not his to see, nor the proofs that they bring.
      const activity = await one(
        "SELECT query FROM pg_stat_activity WHERE query LIKE '%user_proof%' AND pid <> pg_backend_pid()",
      );
      expect(JSON.stringify(activity)).not.toMatch(/[0-9a-f]{64}/);
      for (const table of ['pg_authid', 'pg_shadow', 'pg_hba_file_rules', 'pg_file_settings'])
        expect([table, await one(`SELECT * FROM ${table}`).catch((error) => error.code)]).toEqual([table, '42501']);
    });

    it('lets an operator change mode and override where it may, and nothing else', async () => {
      const row = { junction_id: mine, user_id: user.id, total_cycle_time: 60, north_lane_time: 30 };
      const override = (changes: object = {}) =>
        asUser(trial.knex, user, (trx) => trx('manual_override_history').insert({ ...row, ...changes }));
      const mode = () =>
        asUser(trial.knex, user, (trx) =>
          trx('junctions').where({ junction_id: mine }).update({ current_mode: 'manual_override' }),
        );
      await refused(override(), '42501');
      expect(await mode()).toBe(0);
      await trial.knex('user_junction_access').where({ user_id: user.id }).update({ access_level: 'operator' });
      await override();
      expect(await mode()).toBe(1);
      await refused(override({ user_id: admin.id }), '42501');
      await refused(override({ junction_id: other }), '42501');
      await refused(
        asUser(trial.knex, user, (trx) =>
          trx('junctions').where({ junction_id: mine }).update({ max_cycle_time: 999 }),
        ),
        '42501',
        /max_cycle_time/,
      );
      for (const changes of [
        { time_zone: 'Asia/Kolkata' },
        { base_cycle_time: 61 },
        { lane_count: 1 },
        { city: 'Elsewhere' },
      ])
        await refused(
          asUser(trial.knex, user, (trx) => trx('junctions').where({ junction_id: mine }).update(changes)),
          '42501',
          new RegExp(Object.keys(changes)[0] as string),
        );
      await refused(
        asUser(trial.knex, user, (trx) => trx('manual_override_history').update({ user_id: null })),
        '42501',
      );
    });

    it('forgets a user who is no longer active', async () => {
      await trial.knex('users').where({ user_id: user.id }).update({ is_active: false });
      expect(await asUser(trial.knex, user, (trx) => count(trx, 'junctions'))).toBe(0);
    });

    it('gives no role more than its work takes', async () => {
      const attempt = (role: string, sql: string) =>
        refused(
          trial.tried(async (trx) => {
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
        trial.knex,
        "SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin)",
      );
      expect(roles).toEqual([]);
    });
  });
}
