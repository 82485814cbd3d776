import { describe, expect, it } from 'vitest';
import { freeNumber, index, minute, oneOf, refused, rowsOf, type SchemaTrial } from './trial.ts';

export function safetyIndices(trial: SchemaTrial): void {
  describe('safety indices', () => {
    it('are upserted by intersection and minute, by either name of the junction', async () => {
      const { junctionId, intersectionId } = await trial.makeJunction();
      const upsert = (row: object) =>
        trial
          .knex('safety_indices_realtime')
          .insert(row)
          .onConflict(trial.knex.raw('(intersection_id, timestamp)'))
          .merge();
      await upsert({ ...index(1), intersection_id: intersectionId });
      await upsert({ ...index(1, { combined_index: 50 }), intersection_id: intersectionId });
      await upsert({ ...index(2), junction_id: junctionId });
      expect(
        await rowsOf(
          trial.knex,
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
      const { junctionId } = await trial.makeJunction();
      const insert = (changes: object) =>
        trial.knex('safety_indices_realtime').insert({ ...index(1, changes), junction_id: junctionId });
      await refused(insert({ combined_index: 100.1 }), '23514');
      await refused(insert({ combined_index: null }), '23514');
      await refused(insert({ traffic_volume: -1 }), '23514');
      await refused(insert({ day_of_week: 7 }), '23514');
      await insert({ combined_index: null, combined_index_eb: null, score_status: 'no_data', traffic_volume: 0 });
      await refused(
        trial.knex('safety_indices_hourly').insert({
          junction_id: junctionId,
          hour_timestamp: '2026-01-01T00:30:00Z',
          total_volume: 0,
          avg_volume: 0,
        }),
        '23514',
      );
    });

    it('keep minutes in days and hours in months, and drop what is old by its bounds', async () => {
      const { junctionId } = await trial.makeJunction();
      const old = { ...index(0), junction_id: junctionId, timestamp: '2020-02-03T04:05:00Z' };
      await trial.knex('safety_indices_realtime').insert([old, { ...index(1), junction_id: junctionId }]);
      await trial.knex.raw("SELECT create_realtime_partition('2020-02-03')");
      const at = async () =>
        (
          await rowsOf<{ at: string }>(
            trial.knex,
            'SELECT tableoid::regclass::text AS at FROM safety_indices_realtime WHERE junction_id = ? ORDER BY timestamp',
            [junctionId],
          )
        ).map((row) => row.at);
      const today = `safety_indices_realtime_${minute(1).slice(0, 10).replaceAll('-', '')}`;
      expect(await at()).toEqual(['safety_indices_realtime_20200203', expect.stringMatching(`${today}|default`)]);
      // A name that sorts after today's says nothing.
      await trial.knex.raw('ALTER TABLE safety_indices_realtime_20200203 RENAME TO safety_indices_realtime_zzz');
      await trial.knex('safety_indices_realtime').insert({ ...old, timestamp: '2020-03-03T00:00:00Z' });
      await trial.knex.raw('SELECT drop_old_realtime_partitions()');
      expect(await at()).toHaveLength(1);
      expect(await oneOf(trial.knex, "SELECT to_regclass('safety_indices_realtime_zzz') AS gone")).toEqual({
        gone: null,
      });
      await trial.knex('safety_indices_hourly').insert({
        junction_id: junctionId,
        hour_timestamp: '2020-01-01T00:00:00Z',
        total_volume: 5,
        avg_volume: 1,
      });
      await trial.knex.raw("SELECT create_month_partition('safety_indices_hourly', '2020-01-15')");
      expect(
        await oneOf(
          trial.knex,
          "SELECT drop_old_partitions('safety_indices_hourly', now() - interval '90 days') AS dropped",
        ),
      ).toEqual({ dropped: ['safety_indices_hourly_202001'] });
      await refused(trial.knex.raw("SELECT drop_old_partitions('traffic_cycles', now())"), '23001', /history/);
    });

    it('of hours and days, daily statistics and constants are upserted by their keys', async () => {
      const { junctionId, intersectionId } = await trial.makeJunction();
      const twice = async (table: string, key: string, row: object, column: string) => {
        for (const value of [1, 2]) {
          await trial
            .knex(table)
            .insert({ ...row, junction_id: junctionId, [column]: value })
            .onConflict(trial.knex.raw(key))
            .merge();
        }
        expect(await trial.knex(table).where({ junction_id: junctionId }).pluck(column)).toEqual([2]);
      };
      const sums = { total_volume: 5, avg_volume: 1, intersection_id: intersectionId };
      const hour = { ...sums, hour_timestamp: '2026-01-01T05:00:00Z' };
      await twice('safety_indices_hourly', '(intersection_id, hour_timestamp)', hour, 'avg_si');
      await twice('safety_indices_daily', '(intersection_id, date)', { ...sums, date: '2026-01-01' }, 'avg_si');
      await twice('junction_daily_stats', '(junction_id, stat_date)', { stat_date: '2026-01-01' }, 'total_cycles');
      const constants = { constants: { I_max: 8 }, valid_from: '2026-01-02T00:00:00Z' };
      await trial.knex('normalization_constants').insert(constants);
      await refused(
        trial.knex('normalization_constants').insert({ ...constants, valid_until: '2026-01-01T00:00:00Z' }),
        '23514',
      );
    });

    it('are current for five minutes', async () => {
      const { junctionId, intersectionId } = await trial.makeJunction();
      await trial
        .knex('safety_indices_realtime')
        .insert([0, 1, 30].map((n) => ({ ...index(n, { combined_index_eb: 50 + n }), junction_id: junctionId })));
      await trial.knex.raw('SELECT refresh_current_safety_status()');
      expect(
        await rowsOf(
          trial.knex,
          'SELECT safety_index, traffic_volume FROM mv_current_safety_status WHERE intersection_id = ?',
          [intersectionId],
        ),
      ).toEqual([{ safety_index: 50, traffic_volume: 12 }]);
    });

    it('follow their junction to another number', async () => {
      const { junctionId } = await trial.makeJunction();
      await trial.knex('safety_indices_realtime').insert({ ...index(1), junction_id: junctionId });
      await trial.knex('data_quality_log').insert({
        junction_id: junctionId,
        issue_type: 'gap',
        severity: 'warning',
        message: 'no BSM for 60 s',
      });
      const number = freeNumber();
      await trial.knex('junctions').where({ junction_id: junctionId }).update({ intersection_id: number });
      for (const table of ['safety_indices_realtime', 'data_quality_log']) {
        expect(await trial.knex(table).where({ junction_id: junctionId }).pluck('intersection_id')).toEqual([number]);
      }
    });
  });
}
