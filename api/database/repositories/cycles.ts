import type { Knex } from 'knex';
import { v5 } from 'uuid';
import type { CycleRecord } from '../../../runs/twin-types.ts';
import { insertRows, instant, lastByKey, replace, textArray } from '../unnest.ts';

/** Root of the cycles' ids: the same cycle gets the same id whoever writes it, however often. */
const CYCLES = '6c7c9c52-8f0e-5a62-9d4d-2f3a1b7f6f10';

/** As stored; `epcIds` are hashes unless the installation keeps them plain. */
export interface StoredCycle extends CycleRecord {
  cycleId: string;
  totalCycleSeconds: number;
}

interface CycleRow {
  cycle_id: string;
  run_id: string | null;
  variant: string | null;
  junction_id: string;
  cycle_number: number;
  cycle_start_time: Date;
  cycle_end_time: Date;
  total_cycle_time: number;
  plan_id: string | null;
  mode: string;
  approaches: CycleRecord['approaches'] | null;
}

export function cycleId(cycle: CycleRecord): string {
  return v5(
    `${cycle.runId ?? ''}/${cycle.variant ?? ''}/${cycle.junctionId}/${cycle.cycleNumber}/${cycle.startedAtMs}`,
    CYCLES,
  );
}

/** Writes cycles with their approaches; a cycle written again replaces the earlier one. */
export async function upsertCycles(knex: Knex, cycles: readonly CycleRecord[]): Promise<void> {
  const rows = lastByKey(
    cycles.map((cycle) => ({ ...cycle, cycleId: cycleId(cycle) })),
    (cycle) => cycle.cycleId,
  );
  await insertRows(
    knex,
    'traffic_cycles',
    [
      { name: 'cycle_id', type: 'uuid' },
      { name: 'junction_id', type: 'uuid' },
      { name: 'run_id', type: 'uuid' },
      { name: 'variant', type: 'text' },
      { name: 'cycle_number', type: 'integer' },
      { name: 'cycle_start_time', type: 'timestamptz' },
      { name: 'cycle_end_time', type: 'timestamptz' },
      { name: 'total_cycle_time', type: 'double precision' },
      { name: 'plan_id', type: 'text' },
      { name: 'mode', type: 'text' },
      { name: 'emergency_vehicle_detected', type: 'boolean' },
    ],
    rows.map((cycle) => [
      cycle.cycleId,
      cycle.junctionId,
      cycle.runId,
      cycle.variant,
      cycle.cycleNumber,
      instant(cycle.startedAtMs),
      instant(cycle.endedAtMs),
      (cycle.endedAtMs - cycle.startedAtMs) / 1000,
      cycle.planId,
      cycle.mode,
      cycle.approaches.some(({ emergencyVehicleDetected }) => emergencyVehicleDetected === true),
    ]),
    replace('cycle_id, cycle_start_time', [
      'cycle_end_time',
      'total_cycle_time',
      'plan_id',
      'mode',
      'emergency_vehicle_detected',
    ]),
  );
  await insertRows(
    knex,
    'lane_cycle_data',
    [
      { name: 'cycle_id', type: 'uuid' },
      { name: 'cycle_start_time', type: 'timestamptz' },
      { name: 'lane_id', type: 'uuid' },
      { name: 'vehicle_count', type: 'integer' },
      { name: 'epc_ids', type: 'text', cast: 'text[]' },
      { name: 'green_time', type: 'double precision' },
      { name: 'emergency_vehicle_detected', type: 'boolean' },
    ],
    rows.flatMap((cycle) =>
      cycle.approaches.map((approach) => [
        cycle.cycleId,
        instant(cycle.startedAtMs),
        approach.laneId,
        approach.vehicleCount,
        textArray(approach.epcIds),
        approach.greenSeconds,
        approach.emergencyVehicleDetected === true,
      ]),
    ),
    replace('cycle_id, lane_id, cycle_start_time', [
      'vehicle_count',
      'epc_ids',
      'green_time',
      'emergency_vehicle_detected',
    ]),
  );
}

export interface CycleQuery {
  limit: number;
  runId?: string | undefined;
  variant?: string | undefined;
}

/** Cycles of a junction, newest first, each with its approaches in the order of `lane_index`. */
export async function listCycles(knex: Knex, junctionId: string, query: CycleQuery): Promise<StoredCycle[]> {
  const answer = await knex.raw(
    `SELECT c.*, (SELECT json_agg(json_strip_nulls(json_build_object('laneId', l.lane_id, 'vehicleCount', d.vehicle_count, 'epcIds', d.epc_ids,
                    'greenSeconds', d.green_time, 'emergencyVehicleDetected', NULLIF(d.emergency_vehicle_detected, FALSE))) ORDER BY l.lane_index)
                  FROM lane_cycle_data d JOIN lanes l ON l.lane_id = d.lane_id
                  WHERE d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time) AS approaches
     FROM traffic_cycles c
     WHERE c.junction_id = :junctionId
       AND (:runId::uuid IS NULL OR c.run_id = :runId::uuid)
       AND (:variant::text IS NULL OR c.variant = :variant::text)
     ORDER BY c.cycle_start_time DESC, c.run_id DESC, c.variant, c.cycle_id LIMIT :limit`,
    { junctionId, runId: query.runId ?? null, variant: query.variant ?? null, limit: query.limit },
  );
  return (answer.rows as CycleRow[]).map((row) => ({
    cycleId: row.cycle_id,
    runId: row.run_id,
    variant: row.variant,
    junctionId: row.junction_id,
    cycleNumber: row.cycle_number,
    startedAtMs: row.cycle_start_time.getTime(),
    endedAtMs: row.cycle_end_time.getTime(),
    totalCycleSeconds: row.total_cycle_time,
    planId: row.plan_id,
    mode: row.mode,
    approaches: row.approaches ?? [],
  }));
}
