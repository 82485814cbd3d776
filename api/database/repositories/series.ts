import type { Knex } from 'knex';
import type { SeriesRecord } from '../../../runs/twin-types.ts';
import { insertRows, lastByKey, replace } from '../unnest.ts';

interface SeriesRow {
  run_id: string;
  variant: string;
  second: number;
  delay_seconds: number;
  queued: number;
  stops_per_vehicle: number;
  running: number;
  arrived: number;
}

/** Writes points of the series; a point written again replaces the earlier one. */
export async function upsertSeries(knex: Knex, points: readonly SeriesRecord[]): Promise<void> {
  await insertRows(
    knex,
    'run_series',
    [
      { name: 'run_id', type: 'uuid' },
      { name: 'variant', type: 'text' },
      { name: 'second', type: 'double precision' },
      { name: 'delay_seconds', type: 'double precision' },
      { name: 'queued', type: 'integer' },
      { name: 'stops_per_vehicle', type: 'double precision' },
      { name: 'running', type: 'integer' },
      { name: 'arrived', type: 'integer' },
    ],
    lastByKey(points, (point) => `${point.runId} ${point.variant} ${point.second}`).map((point) => [
      point.runId,
      point.variant,
      point.second,
      point.delaySeconds,
      point.queued,
      point.stopsPerVehicle,
      point.running,
      point.arrived,
    ]),
    replace('run_id, second, variant', ['delay_seconds', 'queued', 'stops_per_vehicle', 'running', 'arrived']),
  );
}

/** In order of time, then as the run lists its variants. */
export async function listSeries(knex: Knex, runId: string): Promise<SeriesRecord[]> {
  const answer = await knex.raw(
    `SELECT s.* FROM run_series s LEFT JOIN run_variants v ON v.run_id = s.run_id AND v.variant = s.variant
     WHERE s.run_id = ? ORDER BY s.second, v.position, s.variant`,
    [runId],
  );
  return (answer.rows as SeriesRow[]).map((row) => ({
    runId: row.run_id,
    variant: row.variant,
    second: row.second,
    delaySeconds: row.delay_seconds,
    queued: row.queued,
    stopsPerVehicle: row.stops_per_vehicle,
    running: row.running,
    arrived: row.arrived,
  }));
}
