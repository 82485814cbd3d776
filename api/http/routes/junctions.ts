import { z } from 'zod';
import type { StoredCycle } from '../../database/repositories/cycles.ts';
import type { StoredJunction, StoredJunctionDetail } from '../../database/repositories/junctions.ts';
import type { JunctionAnswer, JunctionCycle, JunctionDetailAnswer } from '../../types.ts';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';
import { cycleSchema, junctionDetailSchema, junctionSchema } from '../schemas.ts';

const CYCLES_DEFAULT = 100;
const CYCLES_MAX = 5000;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const id = z.object({ id: z.uuid().describe('junction_id') });

/** Under /api/v1, and under /api, where clients of the RFID system look. */
export function junctionRoutes({ store }: ApiContext): Route[] {
  return ['/api/v1/junctions', '/api/junctions'].flatMap((base) => {
    const tag = base === '/api/junctions' ? 'junctions (RFID system)' : 'junctions';
    return [
      route({
        method: 'get',
        path: base,
        tag,
        summary: 'List the junctions',
        answers: {
          200: { description: 'Junctions by name, simulated ones included.', schema: z.array(junctionSchema) },
        },
        refusals: [503],
        handle: async () => (await store.junctions()).map(toJunction),
      }),
      route({
        method: 'get',
        path: `${base}/{id}`,
        tag,
        summary: 'Show a junction with its lanes and devices',
        pathParameters: id,
        answers: { 200: { description: 'The junction.', schema: junctionDetailSchema } },
        refusals: [404, 503],
        handle: async ({ path }) => toDetail(await found(store.junction(path.id), path.id)),
      }),
      route({
        method: 'get',
        path: `${base}/{id}/cycles`,
        tag,
        summary: 'List the cycles of a junction, newest first',
        pathParameters: id,
        query: z.object({
          limit: z.coerce.number().int().min(1).max(CYCLES_MAX).default(CYCLES_DEFAULT),
          run: z.uuid().optional().describe('Only those of this run.'),
          variant: z.string().max(100).optional().describe('Only those of this variant.'),
        }),
        answers: { 200: { description: 'Cycles with counts and greens.', schema: z.array(cycleSchema) } },
        refusals: [404, 503],
        async handle({ path, query }) {
          await found(store.junction(path.id), path.id);
          return (await store.cycles(path.id, { limit: query.limit, runId: query.run, variant: query.variant })).map(
            toCycle,
          );
        },
      }),
    ];
  });
}

async function found(junction: Promise<StoredJunctionDetail | null>, wanted: string): Promise<StoredJunctionDetail> {
  const value = await junction;
  if (value !== null) return value;
  throw new HttpError('junction_not_found', 404, `There is no junction ${wanted}.`, {
    field: 'id',
    hint: 'GET /api/v1/junctions lists them.',
  });
}

function toJunction(junction: StoredJunction): JunctionAnswer {
  return {
    junction_id: junction.junctionId,
    intersection_id: junction.intersectionId,
    region: junction.region,
    junction_name: junction.name,
    city: junction.city,
    latitude: junction.latitude,
    longitude: junction.longitude,
    status: junction.status,
    current_mode: junction.currentMode,
    min_cycle_time: junction.minCycleSeconds,
    max_cycle_time: junction.maxCycleSeconds,
    base_cycle_time: junction.baseCycleSeconds,
    external_id: junction.externalId,
    scenario: junction.scenario,
    created_at: iso(junction.createdAtMs),
  };
}

function toDetail(junction: StoredJunctionDetail): JunctionDetailAnswer {
  return {
    ...toJunction(junction),
    lanes: junction.lanes.map((lane) => ({
      lane_id: lane.laneId,
      lane_index: lane.laneIndex,
      lane_name: lane.laneName,
      direction_enum: lane.direction,
      is_active: lane.isActive,
    })),
    devices: junction.devices.map((device) => ({
      device_id: device.deviceId,
      lane_id: device.laneId,
      device_type: device.deviceType,
      position: device.position,
      device_name: device.deviceName,
      status: device.status,
      last_heartbeat: device.lastHeartbeatAtMs === null ? null : iso(device.lastHeartbeatAtMs),
    })),
    configuration: junction.configuration,
  };
}

function toCycle(cycle: StoredCycle): JunctionCycle {
  return {
    cycle_id: cycle.cycleId,
    run_id: cycle.runId,
    variant: cycle.variant,
    cycle_number: cycle.cycleNumber,
    cycle_start_time: iso(cycle.startedAtMs),
    cycle_end_time: iso(cycle.endedAtMs),
    total_cycle_time: cycle.totalCycleSeconds,
    plan_id: cycle.planId,
    mode: cycle.mode,
    lanes: cycle.approaches.map((approach) => ({
      lane_id: approach.laneId,
      vehicle_count: approach.vehicleCount,
      epc_ids: approach.epcIds,
      green_time: approach.greenSeconds,
      emergency_vehicle_detected: approach.emergencyVehicleDetected === true,
    })),
  };
}
