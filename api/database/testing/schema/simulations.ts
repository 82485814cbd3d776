import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeCycle, makeRun } from '../../../testing.ts';
import { upsertCycles } from '../../repositories/cycles.ts';
import { upsertRuns } from '../../repositories/runs.ts';
import { freeNumber, oneOf, refused, rowsOf, RUN_OWNER, type SchemaTrial } from './trial.ts';

export function simulations(trial: SchemaTrial): void {
  describe('simulations', () => {
    it('take the sample of the analytics backend once, and are found by counts', async () => {
      const { junctionId } = await trial.makeJunction();
      const external = `INT_${freeNumber()}`;
      await trial.knex('junctions').where({ junction_id: junctionId }).update({ external_id: external });
      const simulation_id = `SIM_${freeNumber()}`;
      await trial.knex('simulations').insert({ simulation_id });
      const state = { simulation_id, intersection_id: external, timestamp: '2025-09-10T23:20:00Z', direction: 'north' };
      const [signal] = await trial
        .knex('signal_states')
        .insert({ ...state, signal_status: 'GREEN', signal_timer: 18, green_time_allocated: 20 })
        .returning(['signal_id', 'junction_id']);
      expect(signal.junction_id).toBe(junctionId);
      await refused(trial.knex('signal_states').insert({ ...state, signal_status: 'RED' }), '23505');
      await refused(
        trial.knex('signal_states').insert({ ...state, direction: 'south', signal_status: 'BLUE' }),
        '23514',
      );
      await trial.knex('traffic_data').insert({
        signal_id: signal.signal_id,
        timestamp: state.timestamp,
        vehicle_counts: { car: 78, bus: 0, truck: 0, bike: 0, rickshaw: 0 },
        vehicles_crossed: 35,
        avg_wait_time: 12.5,
      });
      expect(
        await rowsOf(trial.knex, `SELECT signal_id FROM traffic_data WHERE vehicle_counts @> '{"car": 78}'`),
      ).toEqual([{ signal_id: signal.signal_id }]);
      const metrics = { simulation_id, intersection_id: external, timestamp: state.timestamp, throughput: 0.87 };
      await trial.knex('performance_metrics').insert({ ...metrics, fuel_saved: -1.2 });
      await refused(trial.knex('performance_metrics').insert(metrics), '23505');
      await trial
        .knex('emergency_events')
        .insert({ simulation_id, intersection_id: external, detected_at: state.timestamp });
      await trial.knex('simulations').where({ simulation_id }).del();
      expect(await trial.knex('traffic_data').where({ signal_id: signal.signal_id })).toEqual([]);
    });
  });

  describe('the second phase', () => {
    it('keeps classes, emergency vehicles, predictions, weather, conflicts and recordings', async () => {
      const configuration = await trial.makeJunction();
      const { junctionId } = configuration;
      await upsertCycles(trial.knex, [makeCycle(configuration)]);
      await trial.knex.raw(
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
      await trial.knex('model_predictions').insert(prediction);
      await refused(trial.knex('model_predictions').insert(prediction), '23505');
      await refused(
        trial.knex('model_predictions').insert({ ...prediction, target_time: '2025-01-01T00:00:00Z' }),
        '23514',
      );
      const weather = { observed_at: '2026-01-01T00:00:00Z', precipitation_mm: 15.5, source: 'file' };
      await trial.knex('weather_conditions').insert(weather);
      await refused(trial.knex('weather_conditions').insert(weather), '23505');
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
      await trial.knex('conflicts').insert(conflict);
      expect(
        await oneOf(trial.knex, 'SELECT ST_AsText(geometry) AS at FROM conflicts WHERE conflict_id = ?', [
          conflict.conflict_id,
        ]),
      ).toEqual({ at: 'POINT(10 50)' });
      const run = makeRun();
      await upsertRuns(trial.knex, [{ ...run, ...RUN_OWNER }]);
      const recording = { run_id: run.id, variant: 'baseline', location: 'runs/x', format_version: 1, from_second: 0 };
      await trial.knex('recordings').insert({ ...recording, to_second: 60, frame_count: 600, bytes: 1 });
      await refused(
        trial.knex('recordings').insert({ ...recording, from_second: 9, to_second: 8, frame_count: 1, bytes: 1 }),
        '23514',
      );
    });
  });
}
