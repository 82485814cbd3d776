/** Crash histories of junctions, and the real-time indices that rest on them. */
import type { Knex } from 'knex';
import type { CrashHistoryRow } from '../../../runs/safety/crash-file.ts';
import { instant } from '../unnest.ts';

const COLUMNS = `junction_id, first_day, last_day, fatal, injury, damage, exposure_million_vehicles, prior_rate, prior_exposure,
  free_flow_speed, capacity_vehicles_per_hour, source`;

export async function listCrashHistories(trx: Knex): Promise<(CrashHistoryRow & { readonly source: string })[]> {
  const { rows } = await trx.raw(
    `SELECT junction_id, first_day::text AS first_day, last_day::text AS last_day, fatal, injury, damage, exposure_million_vehicles,
       prior_rate, prior_exposure, free_flow_speed, capacity_vehicles_per_hour, source FROM crash_histories ORDER BY junction_id`,
  );
  return (rows as Record<string, never>[]).map((row) => ({
    junctionId: row.junction_id,
    firstDay: row.first_day,
    lastDay: row.last_day,
    source: row.source,
    record: {
      history: {
        fatal: row.fatal,
        injury: row.injury,
        damage: row.damage,
        exposure: row.exposure_million_vehicles,
        priorRate: row.prior_rate,
        priorExposure: row.prior_exposure,
      },
      freeFlowMetresPerSecond: row.free_flow_speed,
      capacityVehiclesPerHour: row.capacity_vehicles_per_hour,
    },
  }));
}

/** Keeps one a junction: a newer one takes the place of the one before. */
export async function putCrashHistories(trx: Knex, rows: readonly CrashHistoryRow[], source: string): Promise<void> {
  for (const { junctionId, firstDay, lastDay, record } of rows) {
    const { history } = record;
    const { fatal, injury, damage, exposure, priorRate, priorExposure } = history;
    await trx.raw(
      `INSERT INTO crash_histories (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (junction_id) DO UPDATE SET (${COLUMNS}, updated_at) = (SELECT EXCLUDED.junction_id, EXCLUDED.first_day, EXCLUDED.last_day,
         EXCLUDED.fatal, EXCLUDED.injury, EXCLUDED.damage, EXCLUDED.exposure_million_vehicles, EXCLUDED.prior_rate, EXCLUDED.prior_exposure,
         EXCLUDED.free_flow_speed, EXCLUDED.capacity_vehicles_per_hour, EXCLUDED.source, CURRENT_TIMESTAMP)`,
      [
        ...[junctionId, firstDay, lastDay, fatal, injury, damage, exposure, priorRate, priorExposure],
        ...[record.freeFlowMetresPerSecond, record.capacityVehiclesPerHour, source],
      ],
    );
  }
}

/**
 * PETs of a street junction's conflicts, s, without those whose outlines touched, and the hours in which it was observed: of hours
 * with scored minutes alone, and of those the scored minutes.
 */
export async function observedPets(
  trx: Knex,
  junctionId: string,
  fromMs: number,
  toMs: number,
): Promise<{ readonly pets: number[]; readonly hours: number }> {
  const span = [junctionId, instant(fromMs), instant(toMs)];
  const observed = `SELECT hour_timestamp, sample_count FROM safety_indices_hourly
    WHERE junction_id = ? AND hour_timestamp >= ? AND hour_timestamp < ? AND sample_count > 0`;
  const sum = await trx.raw(
    `SELECT COALESCE(sum(sample_count), 0)::double precision / 60 AS hours FROM (${observed}) h`,
    span,
  );
  const found = await trx.raw(
    `SELECT c.pet FROM conflicts c JOIN (${observed}) h ON h.hour_timestamp = date_trunc('hour', c.started_at, 'UTC')
     WHERE c.junction_id = ? AND c.run_id IS NULL AND c.pet IS NOT NULL
       AND NOT COALESCE((c.metadata->>'outlines_touched')::boolean, FALSE) ORDER BY c.started_at, c.conflict_id`,
    [...span, junctionId],
  );
  return { pets: (found.rows as { pet: number }[]).map(({ pet }) => pet), hours: sum.rows[0].hours };
}

export interface StoredCrashIndex {
  readonly atMs: number;
  /** null with the rest: too little was heard. */
  readonly rate: number | null;
  readonly uplift: number | null;
  readonly vru: number | null;
  readonly vehicle: number | null;
  readonly combined: number | null;
}

/** Quarters of an hour of a junction from `fromMs` on and before `toMs`, in order; at most `most`. */
export async function listCrashIndices(
  trx: Knex,
  junctionId: string,
  fromMs: number,
  toMs: number,
  most: number,
): Promise<StoredCrashIndex[]> {
  const { rows } = await trx.raw(
    `SELECT timestamp, rate, uplift, vru_index, vehicle_index, combined_index FROM crash_indices
     WHERE junction_id = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp LIMIT ?`,
    [junctionId, instant(fromMs), instant(toMs), most],
  );
  return (rows as Record<string, never>[]).map((row) => ({
    atMs: (row.timestamp as Date).getTime(),
    rate: row.rate,
    uplift: row.uplift,
    vru: row.vru_index,
    vehicle: row.vehicle_index,
    combined: row.combined_index,
  }));
}
