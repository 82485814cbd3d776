import { describe, expect, it } from 'vitest';
import { makeCycle } from '../../../testing.ts';
import { listCycles, upsertCycles } from '../../repositories/cycles.ts';
import { oneOf, rowsOf, type SchemaTrial } from './trial.ts';

export function cyclesByMonth(trial: SchemaTrial): void {
  describe('cycles by month', () => {
    it('take rows of any time, and move into partitions of their months with their approaches', async () => {
      const configuration = await trial.makeJunction();
      const cycles = [0, 1].map((n) =>
        makeCycle(configuration, {
          cycleNumber: n,
          startedAtMs: Date.UTC(2019, n * 2, 1),
          endedAtMs: Date.UTC(2019, n * 2, 1, 0, 1),
        }),
      );
      await upsertCycles(trial.knex, cycles);
      const before = await listCycles(trial.knex, configuration.junctionId, { limit: 9 });
      const where = () =>
        rowsOf(
          trial.knex,
          `SELECT DISTINCT c.tableoid::regclass::text AS cycles, d.tableoid::regclass::text AS lanes
           FROM traffic_cycles c JOIN lane_cycle_data d USING (cycle_id, cycle_start_time) WHERE c.junction_id = ? ORDER BY 1`,
          [configuration.junctionId],
        );
      expect(await where()).toEqual([{ cycles: 'traffic_cycles_default', lanes: 'lane_cycle_data_default' }]);
      expect(await oneOf(trial.knex, 'SELECT partition_default_rows() >= 4 AS made')).toEqual({ made: true });
      expect(await where()).toEqual([
        { cycles: 'traffic_cycles_201901', lanes: 'lane_cycle_data_201901' },
        { cycles: 'traffic_cycles_201903', lanes: 'lane_cycle_data_201903' },
      ]);
      expect(await listCycles(trial.knex, configuration.junctionId, { limit: 9 })).toEqual(before);
      expect(before).toHaveLength(2);
      expect(await oneOf(trial.knex, 'SELECT partition_default_rows() AS made')).toEqual({ made: 0 });
      await upsertCycles(trial.knex, cycles);
      expect(await listCycles(trial.knex, configuration.junctionId, { limit: 9 })).toEqual(before);
      expect(await oneOf(trial.knex, 'SELECT create_cycle_partitions() AS made')).toEqual({ made: 0 });
    });

    it('are read from the partition that holds them alone', async () => {
      await trial.knex.raw("SELECT create_month_partition('traffic_cycles', '2018-05-05')");
      const plan = (
        await rowsOf<{ 'QUERY PLAN': string }>(
          trial.knex,
          "EXPLAIN SELECT * FROM traffic_cycles WHERE cycle_start_time >= '2018-05-02' AND cycle_start_time < '2018-05-03'",
        )
      ).map((row) => row['QUERY PLAN']);
      expect(plan.join('\n')).toContain('traffic_cycles_201805');
      expect(plan.join('\n')).not.toMatch(/traffic_cycles_(2019|20[23])/);
    });

    it("answer the documents' questions: tags, distinct vehicles, peak hours", async () => {
      const configuration = await trial.makeJunction();
      const lanes = configuration.approaches;
      const cycle = makeCycle(configuration, { startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() });
      cycle.approaches = lanes.map((lane, n) => ({
        laneId: lane.id,
        vehicleCount: 2,
        epcIds: ['TAG-A', `TAG-${n}`],
        greenSeconds: 10,
      }));
      await upsertCycles(trial.knex, [cycle]);
      const distinct = await oneOf(
        trial.knex,
        `SELECT count(DISTINCT epc)::int AS n FROM lane_cycle_data d CROSS JOIN LATERAL unnest(d.epc_ids) epc
         JOIN traffic_cycles c USING (cycle_id) WHERE c.junction_id = ?`,
        [configuration.junctionId],
      );
      expect(distinct).toEqual({ n: 5 });
      const hours = await rowsOf(
        trial.knex,
        `SELECT EXTRACT(HOUR FROM tc.cycle_start_time) AS hour, AVG(lcd.vehicle_count)::float AS avg_vehicles, COUNT(*)::int AS cycle_count
         FROM traffic_cycles tc JOIN lane_cycle_data lcd ON tc.cycle_id = lcd.cycle_id
         WHERE tc.junction_id = ? AND tc.cycle_start_time >= CURRENT_DATE - INTERVAL '30 days'
         GROUP BY hour ORDER BY avg_vehicles DESC`,
        [configuration.junctionId],
      );
      expect(hours).toMatchObject([{ avg_vehicles: 2, cycle_count: 4 }]);
      await trial.knex.raw('SELECT refresh_junction_stats()');
      expect(
        await rowsOf(
          trial.knex,
          'SELECT total_cycles::int, avg_cycle_time, total_vehicles::int FROM mv_junction_stats WHERE junction_id = ?',
          [configuration.junctionId],
        ),
      ).toEqual([{ total_cycles: 1, avg_cycle_time: 60, total_vehicles: 8 }]);
      const [recent] = await rowsOf<{ total_vehicles: number; lanes: { lane_name: string }[] }>(
        trial.knex,
        'SELECT * FROM v_recent_cycles WHERE junction_id = ?',
        [configuration.junctionId],
      );
      expect([recent?.total_vehicles, recent?.lanes.map((lane) => lane.lane_name)]).toEqual([
        8,
        ['North', 'South', 'East', 'West'],
      ]);
    });
  });
}
