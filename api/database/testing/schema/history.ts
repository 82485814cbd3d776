import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeCycle, makeRun } from '../../../testing.ts';
import { listCycles, upsertCycles } from '../../repositories/cycles.ts';
import { upsertRuns } from '../../repositories/runs.ts';
import { refused, RUN_OWNER, type SchemaTrial } from './trial.ts';

export function history(trial: SchemaTrial): void {
  describe('history', () => {
    it('is neither deleted nor changed in what it is of', async () => {
      const configuration = await trial.makeJunction();
      const { junctionId } = configuration;
      await upsertCycles(trial.knex, [makeCycle(configuration)]);
      await trial.knex('system_logs').insert({ log_level: 'ERROR', message: 'x', junction_id: junctionId });
      const cycles = () => trial.knex('traffic_cycles').where({ junction_id: junctionId });
      const logs = () => trial.knex('system_logs').where({ junction_id: junctionId });
      await refused(cycles().del(), '23001', /history/);
      await refused(cycles().update({ cycle_number: 99 }), '23001');
      await refused(logs().update({ message: 'y' }), '23001');
      await refused(logs().del(), '23001');
      await refused(trial.knex.raw('TRUNCATE traffic_cycles CASCADE'), '23001');
      await cycles().update({ mode: 'emergency' });
      await logs().update({ is_archived: true });
      await refused(
        trial.tried(async (trx) => {
          await trx.raw("SELECT set_config('flextraff.retention', 'on', TRUE)");
          await trx.raw('SET LOCAL ROLE job_role');
          await trx('traffic_cycles').where({ junction_id: junctionId }).update({ cycle_number: 99 });
        }),
        '23001',
      );
      await refused(
        trial.tried(async (trx) => {
          await trx.raw('SET LOCAL ROLE job_role');
          await trx('traffic_cycles').where({ junction_id: junctionId }).del();
        }),
        '42501',
      );
    });

    it('keeps its junction: one without can be deleted, one with it is retired', async () => {
      const configuration = await trial.makeJunction();
      await upsertCycles(trial.knex, [makeCycle(configuration)]);
      const one = (id: string) => trial.knex('junctions').where({ junction_id: id });
      await refused(one(configuration.junctionId).del(), '23001', /has history in traffic_cycles/);
      await one(configuration.junctionId).update({ retired_at: new Date() });
      const logged = await trial.makeJunction();
      await trial.knex('system_logs').insert({ log_level: 'INFO', message: 'x', junction_id: logged.junctionId });
      await refused(one(logged.junctionId).del(), '23001', /system_logs/);
      const fresh = await trial.makeJunction();
      expect(await one(fresh.junctionId).del()).toBe(1);
    });

    it('grows old by the retention functions, which a job may call', async () => {
      const configuration = await trial.makeJunction();
      const old = '2015-01-01T00:00:00Z';
      const topic = randomUUID();
      await trial.knex('mqtt_messages').insert([{ topic, received_at: old }, { topic }]);
      await trial.knex('system_logs').insert({ log_level: 'INFO', message: topic, logged_at: old });
      const run = makeRun();
      await upsertRuns(trial.knex, [{ ...run, ...RUN_OWNER }]);
      await upsertCycles(trial.knex, [
        makeCycle(configuration, { startedAtMs: Date.parse(old), endedAtMs: Date.parse(old) + 60_000 }),
        makeCycle(configuration, { runId: run.id, variant: 'baseline' }),
      ]);
      await refused(trial.knex('runs').where({ run_id: run.id }).del(), '23001');
      await trial.knex.transaction(async (trx) => {
        await trx.raw('SET LOCAL ROLE job_role');
        await trx.raw("SELECT delete_old_messages(), archive_old_logs(), expire_epcs('2016-01-01'), delete_run(?)", [
          run.id,
        ]);
        await trx.raw('SELECT create_cycle_partitions(), create_safety_partitions(), drop_old_realtime_partitions()');
      });
      expect(await trial.knex('mqtt_messages').where({ topic })).toHaveLength(1);
      expect(await trial.knex('system_logs').where({ message: topic }).pluck('is_archived')).toEqual([true]);
      const left = await listCycles(trial.knex, configuration.junctionId, { limit: 9 });
      expect(left).toHaveLength(1);
      expect(left[0]?.approaches.flatMap((approach) => approach.epcIds)).toEqual([]);
      expect(await trial.knex('runs').where({ run_id: run.id })).toEqual([]);
    });
  });
}
