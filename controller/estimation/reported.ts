/** What radios tell (BSM), frame by frame: who waits since when, and how many come by which lane. What it remembers is JSON. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Observation, ReportedVehicle } from '../types.ts';
import type { Ground } from './streams.ts';

export interface ReportedMemory {
  readonly startedMs: number;
  readonly atMs: number;
  /** By vehicle: since when it has been held up, ms; 0: it has not. */
  readonly heldSinceMs: Readonly<Record<string, number>>;
  /** By stream: vehicles a second that came into range. */
  readonly perSecond: readonly number[];
  /** By stream, by its groups: vehicles that want it, fading. */
  readonly wanted: readonly (readonly number[])[];
}

/** A vehicle slower than this is held up, m/s. */
const HELD_METRES_PER_SECOND = 2;
const RATE_SECONDS = 100;
const WANTED_FADES_SECONDS = 600;
const USUAL_LIMIT = 13.9;
/** Acceleration of vehicles that set off, m/s^2. */
const ACCELERATION = 2.3;

/** Takes in a frame. */
export function observeReported(
  ground: Ground,
  before: ReportedMemory | null,
  observation: Observation,
): ReportedMemory {
  const { nowMs, vehicles = [] } = observation;
  const old = before ?? {
    startedMs: nowMs,
    atMs: nowMs,
    heldSinceMs: {},
    perSecond: ground.streams.map(() => 0),
    wanted: ground.streams.map(({ groups }) => groups.map(() => 0)),
  };
  const elapsed = Math.max(0, nowMs - old.atMs) / 1000;
  const heldSinceMs: Record<string, number> = {};
  const came = ground.streams.map(() => 0);
  const fade = Math.max(0, 1 - elapsed / WANTED_FADES_SECONDS);
  const wanted = old.wanted.map((row) => row.map((value) => value * fade));
  const streamOf = streamIndex(ground);
  for (const { id, lane, metresPerSecond, group } of vehicles) {
    const known = old.heldSinceMs[id];
    heldSinceMs[id] = known !== undefined && known > 0 ? known : metresPerSecond < HELD_METRES_PER_SECOND ? nowMs : 0;
    const stream = streamOf.get(lane);
    if (known !== undefined || stream === undefined) continue;
    if (before !== null) came[stream]!++;
    const k = group === null ? -1 : ground.streams[stream]!.groupIds.indexOf(group);
    if (k >= 0) wanted[stream]![k]!++;
  }
  const known = Math.min(RATE_SECONDS, (nowMs - old.startedMs) / 1000);
  const gain = elapsed > 0 ? Math.min(1, elapsed / Math.max(elapsed, known, 20)) : 0;
  const perSecond = old.perSecond.map((rate, i) => (elapsed > 0 ? rate + (came[i]! / elapsed - rate) * gain : rate));
  return { startedMs: old.startedMs, atMs: Math.max(nowMs, old.atMs), heldSinceMs, perSecond, wanted };
}

const indices = new WeakMap<Ground, Map<string, number>>();

/** Streams by the ids of their stop-line detectors. */
export function streamIndex(ground: Ground): ReadonlyMap<string, number> {
  let index = indices.get(ground);
  if (index === undefined) {
    index = new Map(ground.streams.map(({ id }, i) => [id, i]));
    indices.set(ground, index);
  }
  return index;
}

/** Seconds until a vehicle that accelerates freely up to `limit` has driven `metres`. */
export function freeSeconds(metres: number, speed: number, limit: number): number {
  const v = Math.min(speed, limit);
  const toLimit = (limit * limit - v * v) / (2 * ACCELERATION);
  if (toLimit >= metres) return (Math.sqrt(v * v + 2 * ACCELERATION * metres) - v) / ACCELERATION;
  return (limit - v) / ACCELERATION + (metres - toLimit) / limit;
}

const limits = new WeakMap<JunctionConfiguration, readonly number[]>();

/** Speed limits of the streams, m/s. */
export function limitsOf(configuration: JunctionConfiguration, ground: Ground): readonly number[] {
  let known = limits.get(configuration);
  if (known === undefined) {
    const { detectors = [] } = configuration;
    known = ground.streams.map(
      ({ id }) => detectors.find((detector) => detector.id === id)?.limitMetresPerSecond ?? USUAL_LIMIT,
    );
    limits.set(configuration, known);
  }
  return known;
}

/** Vehicles by stream, the nearest to its line first. */
export function byStream(ground: Ground, vehicles: readonly ReportedVehicle[]): ReportedVehicle[][] {
  const index = streamIndex(ground);
  const all: ReportedVehicle[][] = ground.streams.map(() => []);
  for (const vehicle of vehicles) {
    const stream = index.get(vehicle.lane);
    if (stream !== undefined) all[stream]!.push(vehicle);
  }
  for (const list of all) list.sort((a, b) => a.metres - b.metres || (a.id < b.id ? -1 : 1));
  return all;
}
