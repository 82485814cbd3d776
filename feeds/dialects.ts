/**
 * Older devices, as they were found on streets. Their counts are taken as `car-counts`; plans are said again in their words
 * where a junction asks for that. Two dialects:
 *
 * - `deployed`: `{prefix}/junction_{n}/lane_{north|south|east|west}/car_count` `{"count", "timestamp": unix seconds}` up,
 *   `.../green_time` `{"green_time", "yellow_time", "mode": "dynamic" | "static" | "manual"}` down, one message an approach.
 * - `first`: `{prefix}/car_counts` `{"junction_id", "lane_counts": [N, S, E, W], "cycle_id": ms}` up,
 *   `{prefix}/green_times` `{"green_times": [N, S, E, W], "cycle_time", "junction_id", "cycle_id"}` down.
 *
 * They neither acknowledge nor show their lamps, and check nothing: on a street they belong behind a conflict monitor.
 */
import { z } from 'zod';
import type { JunctionConfiguration } from '../junction/types.ts';
import { isoOf, LANE_TIME_ORDER, laneTimeApproaches } from './codec.ts';
import type { Received, Rejected } from './link.ts';
import type { CarCounts, GreenTime } from './messages.ts';
import type { MqttLink } from './mqtt-link.ts';

export type Dialect = 'deployed' | 'first';

/** A junction whose devices, or some of them, speak a dialect. */
export interface DialectJunction {
  readonly configuration: JunctionConfiguration;
  /** The whole number by which its devices know it. */
  readonly number: number;
  readonly dialect: Dialect;
  /** Also say plans in the dialect. */
  readonly speak: boolean;
}

const LANES: Readonly<Record<string, (typeof LANE_TIME_ORDER)[number]>> = {
  lane_north: 'N',
  lane_south: 'S',
  lane_east: 'E',
  lane_west: 'W',
};
const count = z.number().int().min(0).max(100_000);
const deployedCount = z.object({ count, timestamp: z.number().min(0).max(1e11) });
const firstCounts = z.object({
  junction_id: z.number().int().min(0),
  lane_counts: z.array(count).length(4),
  cycle_id: z.number().int().min(0).max(1e15),
});

export interface DialectCounts {
  readonly junctionId: string;
  readonly message: CarCounts;
}

/** What a dialect's message says, as `car-counts`; `problem` where it is one but says nothing usable; null: none of ours. */
export function countsFromDialect(
  prefix: string,
  topic: string,
  payload: Uint8Array,
  junctions: readonly DialectJunction[],
): readonly DialectCounts[] | { readonly problem: string } | null {
  const parts = topic.slice(prefix.length + 1).split('/');
  const deployed = parts.length === 3 && /^junction_\d+$/.test(parts[0]!) && parts[2] === 'car_count';
  if (!topic.startsWith(`${prefix}/`) || !(deployed || (parts.length === 1 && parts[0] === 'car_counts'))) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    return { problem: `not JSON: ${(error as Error).message}` };
  }
  const parsed = (deployed ? deployedCount : firstCounts).safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `${issue?.path.join('.') || 'message'}: ${issue?.message}` };
  }
  const number = deployed
    ? Number(parts[0]!.slice('junction_'.length))
    : (parsed.data as { junction_id: number }).junction_id;
  const dialect = deployed ? 'deployed' : 'first';
  const junction = junctions.find((one) => one.number === number && one.dialect === dialect);
  if (junction === undefined) return { problem: `junction ${number} is not known in the dialect ${dialect}` };
  const { configuration } = junction;
  const counts = (name: string, vehicles: number, ms: number): DialectCounts | { problem: string } => {
    const lane = configuration.approaches.find((approach) => approach.name === name);
    if (lane === undefined) return { problem: `junction ${configuration.name} has no approach ${name}` };
    const { junctionId } = configuration;
    return {
      junctionId,
      message: {
        junction_id: junctionId,
        lane_id: lane.id,
        vehicle_count: vehicles,
        epc_ids: [],
        timestamp: isoOf(ms),
      },
    };
  };
  if (deployed) {
    const name = LANES[parts[1]!];
    if (name === undefined) return { problem: `${parts[1]} is no lane; ${Object.keys(LANES).join(', ')} are` };
    const data = parsed.data as z.infer<typeof deployedCount>;
    const found = counts(name, data.count, Math.round(data.timestamp * 1000));
    return 'problem' in found ? found : [found];
  }
  const data = parsed.data as z.infer<typeof firstCounts>;
  const found: DialectCounts[] = [];
  for (let i = 0; i < LANE_TIME_ORDER.length; i++) {
    const one = counts(LANE_TIME_ORDER[i]!, data.lane_counts[i]!, data.cycle_id);
    if (!('problem' in one)) found.push(one);
    else if (data.lane_counts[i]! > 0) return one;
  }
  return found;
}

const MODES = { automatic: 'dynamic', manual_override: 'manual', emergency: 'manual' } as const;

/** A plan in the words of a dialect: topics with payloads. */
export function planToDialect(
  prefix: string,
  plan: GreenTime,
  { configuration, number, dialect }: DialectJunction,
): readonly (readonly [topic: string, payload: string])[] {
  const seconds = laneTimeApproaches(configuration)
    .slice(0, LANE_TIME_ORDER.length)
    .map((approach, i) => (approach === null ? null : (plan.lane_times[i] ?? null)));
  if (dialect === 'first') {
    const payload = {
      green_times: seconds.map((one) => one ?? 0),
      cycle_time: plan.total_cycle_time ?? 0,
      junction_id: number,
      cycle_id: Date.parse(plan.timestamp),
    };
    return [[`${prefix}/green_times`, JSON.stringify(payload)]];
  }
  const yellow = plan.stages?.[0]?.yellow_seconds ?? configuration.yellowSeconds;
  return Object.keys(LANES).flatMap((lane, i) => {
    if (seconds[i] === null) return [];
    const payload = { green_time: seconds[i], yellow_time: yellow, mode: MODES[plan.mode ?? 'automatic'] };
    return [[`${prefix}/junction_${number}/${lane}/green_time`, JSON.stringify(payload)] as const];
  });
}

/** Hears the counts of dialects. `onRejected` is told what could not be used. */
export async function hearDialects(
  link: MqttLink,
  prefix: string,
  junctions: readonly DialectJunction[],
  onCounts: (received: Received<'car-counts'>) => void,
  onRejected: (rejected: Rejected) => void,
): Promise<void> {
  const filters = [`${prefix}/car_counts`, `${prefix}/+/+/car_count`];
  await link.listen(prefix, filters, (topic, payload, retained) => {
    const counts = countsFromDialect(prefix, topic, payload, junctions);
    if (counts === null) return false;
    if ('problem' in counts) {
      const excerpt = new TextDecoder().decode(payload.subarray(0, 200));
      onRejected({ topic, reason: counts.problem, excerpt });
      return true;
    }
    for (const { junctionId, message } of counts) {
      onCounts({ address: { prefix, kind: 'car-counts', junctionId, laneId: message.lane_id }, message, retained });
    }
    return true;
  });
}
