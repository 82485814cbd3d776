/** What vehicles remember between lane changes, and what others have asked of them. */
import type { SumoVehicleType } from '../network/sumo/vehicle-types.ts';
import type { Traffic } from './traffic.ts';

/** Bits of a vehicle's state: what it wants, what keeps it, and what others ask for. */
export const STAY = 1;
export const LEFT = 2;
export const RIGHT = 4;
export const STRATEGIC = 8;
export const COOPERATIVE = 16;
export const URGENT = 32;
export const BLOCKED_BY_LEADER = 64;
export const BLOCKED_BY_FOLLOWER = 128;
export const OVERLAPPING = 256;
/** Somebody who must change needs the place before or behind this vehicle; on which side its changer moves. */
export const IN_THE_WAY_AHEAD = 512;
export const IN_THE_WAY_BEHIND = 1024;
export const ASKED_LEFT = 2048;
export const ASKED_RIGHT = 4096;

export const WANTS_CHANGE = LEFT | RIGHT;
export const BLOCKED = BLOCKED_BY_LEADER | BLOCKED_BY_FOLLOWER | OVERLAPPING;
export const ASKED = IN_THE_WAY_AHEAD | IN_THE_WAY_BEHIND | ASKED_LEFT | ASKED_RIGHT;

/** Speeds that one step may advise a vehicle; of more, the highest are dropped, which bind least. */
export const ADVICES = 6;

/** LC2013's parameters by vehicle type. */
export interface LaneChangeColumns {
  readonly strategic: Float64Array;
  readonly cooperative: Float64Array;
  readonly cooperativeSpeed: Float64Array;
  readonly keepRight: Float64Array;
  readonly lookAheadLeft: Float64Array;
  /** Gaps are accepted from this share of the secure one on. */
  readonly safety: Float64Array;
  readonly thresholdLeft: Float64Array;
  readonly thresholdRight: Float64Array;
  readonly overtakeRight: Float64Array;
  readonly overtakeDeltaSpeed: Float64Array;
}

export interface LaneChanging {
  readonly params: LaneChangeColumns;
  readonly state: Int32Array;
  /** Remembered speed that the distance to plan ahead follows, m/s. */
  readonly remembered: Float64Array;
  /** How much faster the left (positive) or right (negative) neighbour lanes have been. */
  readonly speedGain: Float64Array;
  readonly keepRight: Float64Array;
  /** Place kept free at the lane's end for a vehicle that must change the other way, m, and what is left of the lane. */
  readonly reserved: Float64Array;
  readonly leftSpace: Float64Array;
  /** 1 where it must not brake for such a vehicle, since it can go on without changing. */
  readonly dontBrake: Uint8Array;
  readonly adviceCount: Uint8Array;
  readonly advice: Float64Array;
  /** Vehicles of an edge, front to back, while it is dealt with. */
  readonly order: Int32Array;
  readonly cursor: Int32Array;
  /** Edges with several lanes, by pairs: first lane, one past the last. */
  readonly roads: Int32Array;
  /** The last vehicle of the lane that has been dealt with in this step, -1 for none. */
  readonly lead: Int32Array;
  /** Metres of each lane that vehicles ahead of the one being dealt with take, their gaps included. */
  readonly jam: Float64Array;
  /** The first and the last vehicle so far that must change into the lane and cannot, -1 for none. */
  readonly firstBlocked: Int32Array;
  readonly lastBlocked: Int32Array;
  /** Links into lane l: linksInto[firstInto[l] .. firstInto[l + 1]). */
  readonly firstInto: Int32Array;
  readonly linksInto: Int32Array;
  /** Segments without a lane beside them: what vehicles had in mind is forgotten there. */
  readonly alone: Uint8Array;
}

export function createLaneChanging(t: Traffic, types: readonly SumoVehicleType[]): LaneChanging {
  const { network } = t.world;
  const count = t.demand.count;
  const roads: number[] = [];
  const road = network.tables!.road;
  for (let lane = 0; lane < network.laneCount; ) {
    let end = lane + 1;
    while (end < network.laneCount && road[end] === road[lane]) end++;
    if (end - lane > 1) roads.push(lane, end);
    lane = end;
  }
  return {
    params: columns(types),
    state: new Int32Array(count),
    remembered: new Float64Array(count),
    speedGain: new Float64Array(count),
    keepRight: new Float64Array(count),
    reserved: new Float64Array(count),
    leftSpace: new Float64Array(count),
    dontBrake: new Uint8Array(count),
    adviceCount: new Uint8Array(count),
    advice: new Float64Array(count * ADVICES),
    order: new Int32Array(count),
    cursor: new Int32Array(network.laneCount),
    roads: Int32Array.from(roads),
    lead: new Int32Array(network.laneCount).fill(-1),
    jam: new Float64Array(network.laneCount),
    firstBlocked: new Int32Array(network.laneCount).fill(-1),
    lastBlocked: new Int32Array(network.laneCount).fill(-1),
    ...linksIntoLanes(t),
    alone: segmentsAlone(t, road),
  };
}

function columns(types: readonly SumoVehicleType[]): LaneChangeColumns {
  const column = (name: string, otherwise: number) =>
    Float64Array.from(types, ({ modelParameters }) => modelParameters[name] ?? otherwise);
  const cooperative = column('lcCooperative', 1);
  const gain = column('lcSpeedGain', 1);
  const gainRight = column('lcSpeedGainRight', 0.1);
  const threshold = (share: (i: number) => number) =>
    gain.map((value, i) => (value <= 0 ? Number.POSITIVE_INFINITY : share(i) / value));
  return {
    strategic: column('lcStrategic', 1),
    cooperative,
    cooperativeSpeed: Float64Array.from(types, ({ modelParameters }, i) =>
      Math.max(0, Math.min(1, modelParameters.lcCooperativeSpeed ?? cooperative[i]!)),
    ),
    keepRight: column('lcKeepRight', 1),
    lookAheadLeft: column('lcLookaheadLeft', 2),
    safety: column('lcAssertive', 1).map((value) => 1 / value),
    thresholdLeft: threshold(() => 0.2),
    thresholdRight: threshold((i) => 0.2 / gainRight[i]!),
    overtakeRight: column('lcOvertakeRight', 0),
    overtakeDeltaSpeed: column('lcOvertakeDeltaSpeedFactor', 0),
  };
}

function linksIntoLanes(t: Traffic): { firstInto: Int32Array; linksInto: Int32Array } {
  const { laneCount, linkCount, linkEnd } = t.world.network;
  const firstInto = new Int32Array(laneCount + 1);
  for (let link = laneCount; link < laneCount + linkCount; link++) firstInto[linkEnd[link]! + 1]!++;
  for (let lane = 0; lane < laneCount; lane++) firstInto[lane + 1]! += firstInto[lane]!;
  const linksInto = new Int32Array(linkCount);
  const next = firstInto.slice();
  for (let link = laneCount; link < laneCount + linkCount; link++) linksInto[next[linkEnd[link]!]!++] = link;
  return { firstInto, linksInto };
}

/** Links lie beside each other where they lead from one edge to one other. */
function segmentsAlone(t: Traffic, road: Int32Array): Uint8Array {
  const { laneCount, linkCount, linkStart, linkEnd } = t.world.network;
  const way = (s: number) => (s < laneCount ? `${road[s]}` : `${road[linkStart[s]!]}/${road[linkEnd[s]!]}`);
  const lanesOf = new Map<string, number>();
  for (let s = 0; s < laneCount + linkCount; s++) lanesOf.set(way(s), (lanesOf.get(way(s)) ?? 0) + 1);
  return Uint8Array.from({ length: laneCount + linkCount }, (_, s) => (lanesOf.get(way(s)) === 1 ? 1 : 0));
}

/** Forgets what the vehicle had in mind: after a change, and where there is no lane to change to. */
export function forgetWishes(c: LaneChanging, vehicle: number, keepReserved: boolean): void {
  c.state[vehicle] = 0;
  c.speedGain[vehicle] = 0;
  c.keepRight[vehicle] = 0;
  c.remembered[vehicle] = 0;
  c.adviceCount[vehicle] = 0;
  c.dontBrake[vehicle] = 0;
  if (keepReserved) return;
  c.reserved[vehicle] = 0;
  c.leftSpace[vehicle] = 0;
}

/** Advises a speed for the next step. */
export function advise(c: LaneChanging, vehicle: number, speed: number): void {
  const base = vehicle * ADVICES;
  let count = c.adviceCount[vehicle]!;
  if (count < ADVICES) {
    c.advice[base + count] = speed;
    c.adviceCount[vehicle] = ++count;
    return;
  }
  let highest = base;
  for (let i = base + 1; i < base + ADVICES; i++) if (c.advice[i]! > c.advice[highest]!) highest = i;
  if (speed < c.advice[highest]!) c.advice[highest] = speed;
}
