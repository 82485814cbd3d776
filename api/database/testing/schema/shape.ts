import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { describe, expect, it } from 'vitest';
import type { CycleRecord } from '../../../../runs/twin-types.ts';
import { makeCycle, makeRun } from '../../../testing.ts';
import { migrateDown, migrateUp, migrationNames } from '../../migrate.ts';
import { upsertCycles } from '../../repositories/cycles.ts';
import { upsertRuns } from '../../repositories/runs.ts';
import { missingItems, objectsOf } from '../../schema-map.ts';
import { oneOf, refused, rowsOf, RUN_OWNER, type SchemaTrial } from './trial.ts';

const FIRST = '0001_twin';

/** Cycles with their approaches, in the columns that the first version has. */
const firstVersionCycles = (knex: Knex, junctionId: string): Promise<{ cycle_number: number }[]> =>
  rowsOf(
    knex,
    `SELECT c.cycle_id, c.run_id, c.variant, c.cycle_number, c.cycle_start_time, c.cycle_end_time, c.total_cycle_time, c.plan_id, c.mode,
       (SELECT json_agg(json_build_array(d.lane_id, d.vehicle_count, d.epc_ids, d.green_time) ORDER BY d.lane_id) FROM lane_cycle_data d
        WHERE d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time) AS approaches
     FROM traffic_cycles c WHERE c.junction_id = ? ORDER BY c.cycle_start_time, c.cycle_number`,
    [junctionId],
  );

async function insertFirstVersion(knex: Knex, cycle: CycleRecord): Promise<void> {
  const key = { cycle_id: randomUUID(), cycle_start_time: new Date(cycle.startedAtMs) };
  await knex('traffic_cycles').insert({ ...key, junction_id: cycle.junctionId, cycle_number: cycle.cycleNumber });
  for (const { laneId, vehicleCount, epcIds, greenSeconds } of cycle.approaches)
    await knex('lane_cycle_data').insert({
      ...key,
      lane_id: laneId,
      vehicle_count: vehicleCount,
      epc_ids: epcIds,
      green_time: greenSeconds,
    });
}

export function shape(trial: SchemaTrial): void {
  describe('the schema', () => {
    it('writes down who changes it, by migration and by hand', async () => {
      const entries = (object: string) =>
        trial.knex('schema_audit_log').where('object', 'like', `%${object}%`).orderBy('entry_id');
      expect((await entries(FIRST)).map((entry) => entry.command)).toContain('migration up');
      await trial.knex.raw('CREATE TABLE by_hand (x INTEGER)');
      await trial.knex.raw('ALTER TABLE by_hand ADD COLUMN y TEXT');
      await migrateUp(trial.knex);
      await trial.knex.raw('DROP TABLE by_hand');
      await migrateUp(trial.knex);
      const seen = (await entries('by_hand')).map((entry) => entry.command).join(', ');
      expect(seen).toMatch(/CREATE TABLE.*ALTER TABLE.*DROP TABLE|found created.*found dropped/);
      await refused(trial.knex('schema_audit_log').del(), '23001');
    });

    it('is there under the name that this table gives', async () => {
      expect(missingItems(await objectsOf(trial.knex))).toEqual([]);
      expect(missingItems(new Set())).toContain('table junctions');
    });

    it('has every table with a junction, run or person under row-level security', async () => {
      const open = await rowsOf(
        trial.knex,
        `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND NOT relrowsecurity AND relname NOT IN ('spatial_ref_sys', 'knex_migrations', 'knex_migrations_lock') ORDER BY 1`,
      );
      expect(open).toEqual([]);
    });

    it('indexes every foreign key that a deletion or a join follows', async () => {
      const bare = await rowsOf<{ name: string }>(
        trial.knex,
        `SELECT c.conrelid::regclass || '.' || c.conname AS name FROM pg_constraint c
         WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confdeltype IN ('c', 'n') AND NOT EXISTS (
           SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]) ORDER BY 1`,
      );
      expect(bare.map((row) => row.name)).toEqual(['user_junction_access.user_junction_access_granted_by_fkey']);
    });

    it('goes down to the first migration and up again with its data in place', async () => {
      const configuration = await trial.makeJunction();
      const run = makeRun();
      await upsertRuns(trial.knex, [{ ...run, ...RUN_OWNER }]);
      const cycles = [
        makeCycle(configuration, { startedAtMs: Date.UTC(2017, 4, 31, 23, 59), endedAtMs: Date.UTC(2017, 5, 1) }),
        makeCycle(configuration, { startedAtMs: Date.UTC(2031, 0, 1), endedAtMs: Date.UTC(2031, 0, 1, 0, 1) }),
        makeCycle(configuration, { runId: run.id, variant: 'baseline' }),
      ];
      await upsertCycles(trial.knex, cycles);
      const read = () => firstVersionCycles(trial.knex, configuration.junctionId);
      const before = await read();
      expect(before).toHaveLength(3);
      const objects = async () => [...(await objectsOf(trial.knex))].filter((name) => !/_\d{6}/.test(name)).sort();
      const all = await objects();
      expect(await migrateDown(trial.knex, FIRST)).toEqual(migrationNames().slice(1).reverse());
      expect(await read()).toEqual(before);
      const first = await objects();
      // As somebody with the first version writes: more cycles, a log, and a simulated junction.
      const later = makeCycle(configuration, {
        cycleNumber: 77,
        startedAtMs: Date.UTC(2017, 5, 2),
        endedAtMs: Date.UTC(2017, 5, 2, 0, 1),
      });
      await insertFirstVersion(trial.knex, later);
      await trial.knex('system_logs').insert({ log_level: 'INFO', message: 'before the upgrade' });
      expect(await migrateUp(trial.knex)).toEqual(migrationNames().slice(1));
      expect(await objects()).toEqual(all);
      const after = await read();
      expect(after).toHaveLength(4);
      expect(after.filter((cycle) => cycle.cycle_number !== 77)).toEqual(before);
      expect(
        await rowsOf(
          trial.knex,
          'SELECT DISTINCT tableoid::regclass::text AS at FROM traffic_cycles WHERE cycle_number = 77',
        ),
      ).toEqual([{ at: 'traffic_cycles_201706' }]);
      expect(await trial.knex('system_logs').where({ message: 'before the upgrade' })).toHaveLength(1);
      expect(
        await oneOf(trial.knex, 'SELECT intersection_number FROM junctions WHERE junction_id = ?', [
          configuration.junctionId,
        ]),
      ).toEqual({
        intersection_number: configuration.intersectionId,
      });
      await migrateDown(trial.knex, FIRST);
      expect(await objects()).toEqual(first);
      await migrateUp(trial.knex);
      expect(await read()).toEqual(after);
    });
  });
}
