/**
 * Lane changes as SUMO's LC2013 makes them: at once, one a step and vehicle, for the route, to let others in, for speed
 * and to keep right. Where a change for the route is blocked, the vehicles in the way make room in the next step.
 */
import { brakeGap, entrySpeed, followSpeed, stopSpeed } from './krauss.ts';
import { makeRoom, secureGap } from './making-room.ts';
import { delist, enlist, leaverRear, speedOn, type Traffic } from './traffic.ts';

export interface LaneChanging {
  /** Remembered speed that the distance to plan ahead follows, m/s. */
  readonly remembered: Float64Array;
  /** How much faster (left) or slower the neighbour lanes have been. */
  readonly speedGain: Float64Array;
  readonly keepRight: Float64Array;
  /** Step in which somebody last asked the vehicle for room, and on which side the asker stood: -1 right, 1 left. */
  readonly askedStep: Int32Array;
  readonly askedSide: Int8Array;
  /** Vehicles of an edge, front to back, while it is dealt with. */
  readonly order: Int32Array;
  readonly cursor: Int32Array;
  /** Lanes of each edge in the network: first lane, one past the last. */
  readonly roads: readonly (readonly [number, number])[];
  /** Metres of each lane that those ahead of the vehicle being dealt with take, their gaps included. */
  readonly jam: Float64Array;
  /** Links into lane l: linksInto[firstInto[l] .. firstInto[l + 1]). */
  readonly firstInto: Int32Array;
  readonly linksInto: Int32Array;
}

const LOOK_FORWARD_SECONDS = 10;
const LEFT_FACTOR = 2;
const MEMORY_PER_SECOND = 0.9;
const THRESHOLD_LEFT = 0.2;
const THRESHOLD_RIGHT = 2;
const KEEP_RIGHT_SECONDS = 5;
const ACCEPTANCE_SECONDS = 7;
const LEAST_NORMAL_SPEED = 10;
const STAY_METRES = 200;

export function createLaneChanging(t: Traffic): LaneChanging {
  const { network } = t.world;
  const count = t.demand.count;
  const roads: [number, number][] = [];
  const road = network.tables!.road;
  for (let lane = 0; lane < network.laneCount; ) {
    let end = lane + 1;
    while (end < network.laneCount && road[end] === road[lane]) end++;
    if (end - lane > 1) roads.push([lane, end]);
    lane = end;
  }
  return {
    remembered: new Float64Array(count),
    speedGain: new Float64Array(count),
    keepRight: new Float64Array(count),
    askedStep: new Int32Array(count).fill(-1),
    askedSide: new Int8Array(count),
    order: new Int32Array(count),
    cursor: new Int32Array(network.laneCount),
    roads,
    jam: new Float64Array(network.laneCount),
    ...linksIntoLanes(t),
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

/** All lane changes of a step. */
export function changeLanes(t: Traffic, c: LaneChanging): void {
  const { position, active, activeCount } = t.state;
  for (let i = 0; i < activeCount; i++) t.advice[active[i]!] = Number.POSITIVE_INFINITY;
  for (const [from, to] of c.roads) {
    let count = 0;
    for (let lane = from; lane < to; lane++) {
      count += t.onSegment[lane]!;
      c.jam[lane] = 0;
    }
    if (count === 0) continue;
    mergeLanes(t, c, from, to, position);
    for (let i = 0; i < count; i++) {
      const vehicle = c.order[i]!;
      const type = t.demand.vehicleClass[vehicle]!;
      consider(t, c, vehicle, from);
      c.jam[t.state.segment[vehicle]!]! += t.types.length[type]! + t.types.minGap[type]!;
    }
  }
}

/** Writes the vehicles of adjacent lanes to `order`, front to back; beside each other by index. */
function mergeLanes(t: Traffic, c: LaneChanging, from: number, to: number, position: Float64Array): void {
  for (let lane = from; lane < to; lane++) c.cursor[lane] = t.first[lane]!;
  for (let i = 0; ; i++) {
    let best = -1;
    let lane = -1;
    for (let l = from; l < to; l++) {
      const w = c.cursor[l]!;
      if (w < 0) continue;
      const beside = best >= 0 && position[w] === position[best];
      if (best < 0 || position[w]! > position[best]! || (beside && w < best)) {
        best = w;
        lane = l;
      }
    }
    if (best < 0) return;
    c.order[i] = best;
    c.cursor[lane] = t.behind[best]!;
  }
}

function consider(t: Traffic, c: LaneChanging, vehicle: number, from: number): void {
  const { lanes, state, dt } = t;
  const v = state.speed[vehicle]!;
  const memory = 1 - (1 - MEMORY_PER_SECOND) * dt;
  const remembered = c.remembered[vehicle]!;
  c.remembered[vehicle] = v > remembered ? v : memory * remembered + (1 - memory) * v;
  const k = lanes.firstStage[t.demand.route[vehicle]!]! + t.stage[vehicle]!;
  const base = lanes.first[k]!;
  const index = state.segment[vehicle]! - from;
  const count = lanes.laneCount[k]!;
  const own = lanes.offset[base + index]!;
  // towards the best lane first
  const first = own > 0 ? 1 : -1;
  for (let turn = 0; turn < 2; turn++) {
    const side = turn === 0 ? first : -first;
    const to = index + side;
    if (to < 0 || to >= count || lanes.allowed[base + to] === 0) continue;
    if (wants(t, c, vehicle, side, base + index, from + to, base + to)) {
      change(t, c, vehicle, from + to);
      return;
    }
  }
}

function change(t: Traffic, c: LaneChanging, vehicle: number, lane: number): void {
  delist(t, vehicle);
  enlist(t, vehicle, lane);
  c.speedGain[vehicle] = 0;
  c.keepRight[vehicle] = 0;
}

/** Whether the vehicle changes to `lane` now; asks for room where it must change and cannot. */
function wants(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  entry: number,
  lane: number,
  laneEntry: number,
): boolean {
  const { lanes, state, types, dt } = t;
  const { length } = t.world.network;
  const type = t.demand.vehicleClass[vehicle]!;
  const position = state.position[vehicle]!;
  const v = state.speed[vehicle]!;
  const segment = state.segment[vehicle]!;
  const offset = lanes.offset[entry]!;
  const lengthWithGap = types.length[type]! + types.minGap[type]!;
  const toBest = side * offset > 0;
  const ahead = c.remembered[vehicle]! * LOOK_FORWARD_SECONDS * (side > 0 ? LEFT_FACTOR : 1) + 2 * lengthWithGap;
  const distance = lanes.reach[entry]! - position;
  // SUMO compares these from the begin of the lane on, not from where the vehicle is
  const reachHere = lanes.reach[entry]!;
  const neighbour = lanes.reach[laneEntry]!;
  const leader = aheadOn(t, lane, position);
  const follower = leader >= 0 ? t.behind[leader]! : t.first[lane]!;

  if (toBest) {
    const usable = distance - c.jam[segment + offset]!;
    if (usable / Math.abs(offset) < ahead) {
      if (isSafe(t, c, vehicle, lane, leader, follower)) return true;
      makeRoom(t, c, vehicle, side, offset, leader, follower, length[segment]! - position);
      return false;
    }
  } else {
    const jam = Math.max(c.jam[lane]!, c.jam[segment]!);
    const left = Math.max(0, neighbour - position - jam);
    if (left / (Math.abs(offset) + 2) < ahead) return false;
    if (offset === 0 && lanes.offset[laneEntry] !== 0 && (left * 2 < ahead || neighbour < STAY_METRES)) return false;
  }
  if (c.askedStep[vehicle] === t.step - 1 || c.askedStep[vehicle] === t.step) {
    const away = c.askedSide[vehicle] !== side;
    const inconvenience = side < 0 ? c.speedGain[vehicle]! / THRESHOLD_RIGHT : -c.speedGain[vehicle]! / THRESHOLD_LEFT;
    const room = toBest || neighbour / (Math.abs(lanes.offset[laneEntry]!) + 1) >= ahead;
    if (away && inconvenience <= 1 && room && isSafe(t, c, vehicle, lane, leader, follower)) return true;
  }

  const most = speedOn(t, vehicle, segment);
  const mostThere = speedOn(t, vehicle, lane);
  const here = Math.min(most, safeSpeed(t, vehicle, t.ahead[vehicle]!, reachHere));
  const there = Math.min(mostThere, nextSpeed(t, vehicle, leader, neighbour));
  const gain = (there - here) / Math.max(there, LEAST_NORMAL_SPEED);
  const seconds = neighbour / Math.max(0.1, v);
  let wanted = false;
  if (side < 0) {
    if (here - 5 / 3.6 > there) {
      if (c.speedGain[vehicle]! < 0) c.speedGain[vehicle]! *= halved(dt);
    } else {
      if (here <= there) c.speedGain[vehicle]! -= dt * gain;
      const acceptance = ACCEPTANCE_SECONDS * t.demand.speedFactor[vehicle]! * Math.max(1, v);
      let gap = Math.max(0, neighbour - position - brakeGap(most, types.decel[type]!, 0, dt));
      let driving = Math.min(acceptance, gap / most);
      if (leader >= 0 && state.speed[leader]! < most) {
        const other = t.demand.vehicleClass[leader]!;
        const free = state.position[leader]! - types.length[other]! - position - types.minGap[type]!;
        gap = Math.max(0, Math.min(gap, free - secureGap(t, vehicle, most, leader)));
        driving = Math.min(driving, gap / (most - state.speed[leader]!));
      }
      c.keepRight[vehicle]! -= (dt * THRESHOLD_RIGHT * (driving / acceptance)) / KEEP_RIGHT_SECONDS;
      wanted = c.keepRight[vehicle]! < -THRESHOLD_RIGHT;
    }
    if (c.speedGain[vehicle]! < -THRESHOLD_RIGHT && seconds > 20) wanted = true;
  } else {
    if (here > there) {
      if (c.speedGain[vehicle]! > 0) c.speedGain[vehicle]! *= halved(dt);
    } else c.speedGain[vehicle]! += dt * gain;
    wanted = c.speedGain[vehicle]! > THRESHOLD_LEFT && gain > 0.001 && seconds > 20;
  }
  if (toBest && (side < 0 ? c.speedGain[vehicle]! < 0 : c.speedGain[vehicle]! > 0)) wanted = true;
  return wanted && isSafe(t, c, vehicle, lane, leader, follower);
}

/** 0.5 to the power of dt, for the usual steps; the halving time is 1 s. */
function halved(dt: number): number {
  return 1 / (1 + dt * (Math.LN2 + (dt * Math.LN2 * Math.LN2) / 2 + (dt * dt * Math.LN2 * Math.LN2 * Math.LN2) / 6));
}

/** The next vehicle at or beyond `position` on a lane, -1 for none. */
function aheadOn(t: Traffic, lane: number, position: number): number {
  let w = t.last[lane]!;
  while (w >= 0 && t.state.position[w]! < position) w = t.ahead[w]!;
  return w;
}

/** Safe speed behind the leader, or towards the end of the lane: what the vehicle's own lane offers. */
function safeSpeed(t: Traffic, vehicle: number, leader: number, distance: number): number {
  const { types, state, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const tau = types.tau[type]!;
  if (leader < 0) return stopSpeed(distance, decel, tau, dt);
  const other = t.demand.vehicleClass[leader]!;
  const gap = state.position[leader]! - types.length[other]! - state.position[vehicle]! - types.minGap[type]!;
  return entrySpeed(gap, state.speed[leader]!, types.apparentDecel[other]!, decel, tau, dt);
}

/** Speed of the next step on another lane: what that lane offers. It is bound by the vehicle's acceleration. */
function nextSpeed(t: Traffic, vehicle: number, leader: number, distance: number): number {
  const { types, state, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const accel = types.accel[type]!;
  const other = leader < 0 ? type : t.demand.vehicleClass[leader]!;
  const gap =
    leader < 0
      ? distance
      : state.position[leader]! - types.length[other]! - state.position[vehicle]! - types.minGap[type]!;
  // in a second from now, less the step to come
  const v = state.speed[vehicle]! + accel - accel * dt;
  const safe = followSpeed(
    v,
    gap,
    leader < 0 ? 0 : state.speed[leader]!,
    types.apparentDecel[other]!,
    decel,
    types.emergencyDecel[type]!,
    types.tau[type]!,
    dt,
  );
  return Math.min(safe, v + accel * dt);
}

function isSafe(t: Traffic, c: LaneChanging, vehicle: number, lane: number, leader: number, follower: number): boolean {
  const { state, types } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const position = state.position[vehicle]!;
  const rear = position - types.length[type]!;
  let front = leader;
  let frontRear = Number.POSITIVE_INFINITY;
  if (leader >= 0) frontRear = state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]!;
  else {
    frontRear = leaverRear(t, lane);
    if (frontRear < Number.POSITIVE_INFINITY) front = t.leaver[lane]!;
  }
  if (front >= 0) {
    const gap = frontRear - position - types.minGap[type]!;
    if (gap < secureGap(t, vehicle, state.speed[vehicle]!, front)) return false;
  }
  let behind = follower;
  let at = behind >= 0 ? state.position[behind]! : Number.NEGATIVE_INFINITY;
  if (behind < 0) {
    // one still on a link that leads here
    const found = approaching(t, c, lane);
    if (found >= 0) {
      behind = found;
      const segment = state.segment[found]!;
      at = state.position[found]! - t.world.network.length[segment]!;
    }
  }
  if (behind < 0) return true;
  const gap = rear - at - types.minGap[t.demand.vehicleClass[behind]!]!;
  return gap >= secureGap(t, behind, state.speed[behind]!, vehicle);
}

/** The foremost vehicle on the links that lead into a lane, -1 for none. */
function approaching(t: Traffic, c: LaneChanging, lane: number): number {
  let found = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = c.firstInto[lane]!; i < c.firstInto[lane + 1]!; i++) {
    const link = c.linksInto[i]!;
    const w = t.first[link]!;
    if (w < 0) continue;
    const rest = t.world.network.length[link]! - t.state.position[w]!;
    if (rest < nearest) {
      nearest = rest;
      found = w;
    }
  }
  return found;
}
