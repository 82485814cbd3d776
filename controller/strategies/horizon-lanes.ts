/** From what was seen to the lanes of `horizon`'s model: single vehicles, seen, inferred or expected. */

import type { JunctionConfiguration } from '../../junction/types.ts';
import { byStream, freeSeconds, limitsOf, type ReportedMemory } from '../estimation/reported.ts';
import { type Ground, groundOf, type Stream } from '../estimation/streams.ts';
import type { LaneTraffic, VehiclesMemory } from '../estimation/vehicles.ts';
import type { Observation, ReportedVehicle } from '../types.ts';
import type { ModelLane } from './horizon-model.ts';
import type { StageChoice } from './stage-choice.ts';

export interface LaneSettings {
  readonly horizonSeconds: number;
  readonly radioMetres: number;
  readonly unseenWeight: number;
  /** A stop costs so many seconds. */
  readonly stopCost: number;
  /** So many times its weight is added for each 100 s of wait. */
  readonly fairness: number;
  /** By stream: what a vehicle weighs there that has not waited yet. */
  readonly laneWeights: readonly number[];
  /** Who has waited so long is late, seconds; each further second of its delay costs so much more. */
  readonly lateSeconds: number;
  readonly lateWeight: number;
}

interface Someone {
  readonly free: number;
  /** Seconds waited so far. */
  readonly waited: number;
  readonly weight: number;
  readonly stop: number;
  readonly mass: number;
  readonly group: number;
}

/** A vehicle in a queue takes so much of a lane, metres. */
const QUEUED_METRES = 7.5;
const STANDS_METRES_PER_SECOND = 3;
/** A queue that stands in the last metres of the radio's range goes on beyond it by so many. */
const RANGE_END_METRES = 12;
const BEYOND_RANGE = 6;
/** What detectors and a radio say of the same vehicle differs by so much at most, seconds. */
const SAME_SECONDS = 5;
/** Who has not moved for so long although some of the lane was green wants another of its groups, seconds of green. */
const STUCK_SECONDS = 6;
const MOST_VEHICLES = 200;
/** Less of a vehicle is not worth looking at. */
const LEAST_MASS = 0.06;

export interface Seen {
  readonly configuration: JunctionConfiguration;
  readonly choice: StageChoice;
  readonly observation: Observation;
  /** What detectors tell; null: not needed, every vehicle reports. */
  readonly vehicles: VehiclesMemory | null;
  readonly traffic: readonly LaneTraffic[] | null;
  readonly reported: ReportedMemory | null;
  /** By stream: headway, and when somebody last left, seconds from now. */
  readonly headways: readonly number[];
  /** By stream: the same for those of unknown group where some have to give way. */
  readonly yieldHeadways: readonly number[];
  readonly lastSeconds: readonly number[];
  /** By stream: who comes from neighbours and is not in sight yet; until when that is told; their share of all arrivals. */
  readonly coming: readonly (readonly Coming[])[];
  readonly toldSeconds: readonly number[];
  readonly fedShare: readonly number[];
}

export interface Coming {
  readonly inSeconds: number;
  readonly mass: number;
}

/** A queue moves on within so many seconds; one that does not although its first may go waits for somebody inside the junction. */
const MOVES_SECONDS = 3;

/**
 * By lane: whether somebody of it waits for a gap inside the junction, of whom neither radio nor detectors tell: its first
 * could have gone, giving way, and stands before the line. `openSeconds`: since when green, by group, seconds from now.
 */
export function takenInside(
  lanes: readonly ModelLane[],
  ground: Ground,
  permitted: Uint8Array,
  openSeconds: Float64Array,
  startUpSeconds: number,
  { detectors, vehicles = [] }: Observation,
): boolean[] {
  const heard = byStream(ground, vehicles);
  return ground.streams.map(({ id }, i) => {
    const { count, group, lastSeconds } = lanes[i]!;
    const own = count > 0 ? group[0]! : -1;
    if (own < 0 || !permitted[own]) return false;
    if (Math.max(lastSeconds, openSeconds[own]! + startUpSeconds) > 0 - MOVES_SECONDS) return false;
    const first = heard[i]![0];
    if (first === undefined) return detectors[id]?.presence === true;
    return first.metres < QUEUED_METRES && first.metresPerSecond < STANDS_METRES_PER_SECOND;
  });
}

/** The lanes of the vehicles' streams, in their order. */
export function modelLanes(seen: Seen, settings: LaneSettings): ModelLane[] {
  const { configuration, observation, reported } = seen;
  const ground = groundOf(configuration);
  const limits = limitsOf(configuration, ground);
  const radio = reported === null ? null : byStream(ground, observation.vehicles ?? []);
  const all = observation.reportingShare ?? 1;
  return ground.streams.map((stream, i): ModelLane => {
    const usual = usualGroup(seen, stream, i);
    const people: Someone[] = [];
    if (radio !== null) {
      fromRadio(people, seen, radio[i]!, stream, usual, limits[i]!, settings);
      if (all < 1) fromDetectors(people, seen, i, usual, settings, people.slice());
      if (all < 1) queuedBetween(people, radio[i]!, usual, limits[i]!);
    } else fromDetectors(people, seen, i, usual, settings, []);
    people.sort((a, b) => a.free - b.free);
    const lastSeconds = people.at(-1)?.free ?? 0;
    fromNeighbours(people, seen.coming[i]!, usual, settings);
    unseen(people, seen, i, usual, limits[i]!, lastSeconds, settings);
    people.sort((a, b) => a.free - b.free);
    return laneOf(people, stream, seen.headways[i]!, seen.yieldHeadways[i]!, seen.lastSeconds[i]!, i, settings);
  });
}

function laneOf(
  people: readonly Someone[],
  stream: Stream,
  headwaySeconds: number,
  yieldSeconds: number,
  lastSeconds: number,
  index: number,
  { fairness, laneWeights, lateSeconds, lateWeight }: LaneSettings,
): ModelLane {
  const count = Math.min(people.length, MOST_VEHICLES);
  const pick = (of: (one: Someone) => number): Float64Array => {
    const values = new Float64Array(count);
    for (let k = 0; k < count; k++) values[k] = of(people[k]!);
    return values;
  };
  const group = new Int32Array(count);
  for (let k = 0; k < count; k++) group[k] = people[k]!.group;
  return {
    groups: stream.groups,
    count,
    free: pick((one) => one.free),
    weight: pick((one) => laneWeights[index]! * one.weight),
    growth: pick((one) => (one.mass * fairness) / 200),
    late: pick((one) => Math.max(0, lateSeconds - one.waited)),
    lateWeight: pick((one) => one.mass * lateWeight),
    stop: pick((one) => one.stop),
    mass: pick((one) => one.mass),
    group,
    lastSeconds,
    headwaySeconds,
    yieldSeconds,
  };
}

function fromRadio(
  people: Someone[],
  { observation, reported }: Seen,
  vehicles: readonly ReportedVehicle[],
  stream: Stream,
  usual: number,
  limit: number,
  { fairness, stopCost, radioMetres }: LaneSettings,
): void {
  for (const { id, metres, metresPerSecond, group } of vehicles) {
    const held = reported!.heldSinceMs[id] ?? 0;
    const waited = held > 0 ? (observation.nowMs - held) / 1000 : 0;
    const weight = 1 + (fairness * waited) / 100;
    const k = group === null ? -1 : stream.groupIds.indexOf(group);
    people.push({
      free: freeSeconds(metres, metresPerSecond, limit),
      waited,
      weight,
      stop: weight * stopCost * Math.min(1, metresPerSecond / limit),
      mass: 1,
      group: k >= 0 ? stream.groups[k]! : usual,
    });
  }
  const last = vehicles.at(-1);
  if (last === undefined || last.metresPerSecond >= STANDS_METRES_PER_SECOND) return;
  if (last.metres < radioMetres - RANGE_END_METRES) return;
  const { free } = people.at(-1)!;
  for (let k = 1; k <= BEYOND_RANGE; k++)
    people.push({ free: free + 0.3 * k, waited: 0, weight: 1, stop: 0, mass: 1, group: usual });
}

/** Vehicles that detectors know of; those that have reported by radio too are left out. */
function fromDetectors(
  people: Someone[],
  { traffic, vehicles, configuration }: Seen,
  stream: number,
  usual: number,
  { fairness, stopCost, horizonSeconds }: LaneSettings,
  reported: readonly Someone[],
): void {
  const open = [...reported];
  if (vehicles === null || traffic === null) return;
  const { stuckSeconds, stuckGroups } = vehicles.lines[stream]!;
  let isHead = true;
  for (const { inSeconds: free, waitedSeconds, speedShare, mass } of traffic[stream]!.arrivals) {
    if (free >= horizonSeconds || mass < LEAST_MASS) continue;
    const same = open.findIndex((one) => Math.abs(one.free - free) <= SAME_SECONDS);
    if (same >= 0) {
      open.splice(same, 1);
      continue;
    }
    const weight = mass * (1 + (fairness * waitedSeconds) / 100);
    let group = usual;
    if (isHead && usual >= 0 && stuckSeconds >= STUCK_SECONDS) {
      const others = groundOf(configuration).streams[stream]!.groups.filter((g) => !stuckGroups.includes(g));
      group = others[0] ?? usual;
    }
    isHead = false;
    // nobody knows which of them is which for long enough to say that one is late
    people.push({ free, waited: 0, weight, stop: weight * stopCost * Math.min(1, speedShare), mass, group });
  }
}

/** Who stands far from the line has others before it. */
function queuedBetween(people: Someone[], vehicles: readonly ReportedVehicle[], usual: number, limit: number): void {
  for (const { metres, metresPerSecond } of vehicles) {
    if (metresPerSecond >= STANDS_METRES_PER_SECOND) continue;
    const free = freeSeconds(metres, metresPerSecond, limit);
    const before = people.filter((one) => one.free < free).reduce((sum, { mass }) => sum + mass, 0);
    const missing = Math.floor(metres / QUEUED_METRES - before);
    for (let k = 0; k < missing; k++)
      people.push({ free: free * 0.9, waited: 0, weight: 1, stop: 0, mass: 1, group: usual });
  }
}

function fromNeighbours(
  people: Someone[],
  coming: readonly Coming[],
  usual: number,
  { horizonSeconds, unseenWeight, stopCost }: LaneSettings,
): void {
  for (const { inSeconds, mass } of coming) {
    const weight = unseenWeight * mass;
    if (inSeconds < horizonSeconds)
      people.push({ free: inSeconds, waited: 0, weight, stop: weight * stopCost, mass, group: usual });
  }
}

/** Who comes after those that were seen, at the lane's usual rate; as long as neighbours tell, less those whom they send. */
function unseen(
  people: Someone[],
  { traffic, reported, observation, headways, fedShare, toldSeconds }: Seen,
  stream: number,
  usual: number,
  limit: number,
  lastSeconds: number,
  { horizonSeconds, radioMetres, unseenWeight, stopCost }: LaneSettings,
): void {
  const share = observation.reportingShare ?? 1;
  const told =
    traffic !== null && (reported === null || share < 1)
      ? traffic[stream]!.perSecond
      : (reported?.perSecond[stream] ?? 0);
  // a detector that lies may tell of thousands a second; closer than a queue leaves nobody comes
  const rate = Math.min(told, 1 / headways[stream]!);
  if (rate < 1e-3 || unseenWeight <= 0) return;
  const reach = reported === null ? 0 : radioMetres / limit;
  let at = Math.max(lastSeconds, reach);
  for (let due = 1; at < horizonSeconds; ) {
    // the time until the next comes runs slower where neighbours tell of the others
    const pace = at < toldSeconds[stream]! ? rate * (1 - fedShare[stream]!) : rate;
    const until = at < toldSeconds[stream]! ? toldSeconds[stream]! : horizonSeconds;
    if (pace * (until - at) < due) {
      due -= pace * (until - at);
      at = until;
      continue;
    }
    at += due / pace;
    due = 1;
    if (at < horizonSeconds)
      people.push({ free: at, waited: 0, weight: unseenWeight, stop: unseenWeight * stopCost, mass: 1, group: usual });
  }
}

/** The group of whoever does not say: the lane's only one, or the commonest; -1: goes when the whole lane may. */
function usualGroup({ reported, choice, vehicles }: Seen, { groups }: Stream, stream: number): number {
  if (groups.length === 1) return groups[0]!;
  const wanted = reported?.wanted[stream] ?? [];
  let most = -1;
  wanted.forEach((value, k) => {
    if (value > 0.5 && (most < 0 || value > wanted[most]!)) most = k;
  });
  if (most >= 0) return groups[most]!;
  if (choice.stages.some(({ serves }) => serves[stream] === 1)) return -1;
  // No stage opens it all: take it for what most stages let go, unless that was seen to be wrong.
  const stuckGroups = vehicles?.lines[stream]?.stuckGroups ?? [];
  const open = groups.filter((g) => !stuckGroups.includes(g));
  const often = (g: number): number => choice.stages.filter(({ isGreen }) => isGreen[g]).length;
  return [...(open.length > 0 ? open : groups)].sort((a, b) => often(b) - often(a) || a - b)[0]!;
}
