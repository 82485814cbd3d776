/** Vehicles that are due enter the network where and as fast as it is safe. */

import type { SumoDeparture } from '../network/sumo/demand.ts';
import { majorState } from './signal-codes.ts';
import type { Traffic } from './traffic.ts';

/** A vehicle stands this far beyond its own length on the lane it enters, m. */
const ENTRY_MARGIN = 0.1;

/** Those due and not yet in, in order of departure. */
export interface EntryQueue {
  readonly departures: readonly SumoDeparture[];
  readonly pending: number[];
  next: number;
  /** Step in which the lane last refused a vehicle. */
  readonly refused: Int32Array;
}

export function createEntryQueue(t: Traffic, departures: readonly SumoDeparture[]): EntryQueue {
  return { departures, pending: [], next: 0, refused: new Int32Array(t.world.network.laneCount).fill(-1) };
}

/** Tries to bring in all that are due at `now`. */
export function enterDue(t: Traffic, queue: EntryQueue, now: number): void {
  const { demand } = t;
  while (queue.next < demand.count && demand.departSeconds[queue.next]! <= now + 1e-9) queue.pending.push(queue.next++);
  let kept = 0;
  for (const vehicle of queue.pending) {
    if (!enters(t, queue, vehicle, now)) queue.pending[kept++] = vehicle;
  }
  queue.pending.length = kept;
}

function enters(t: Traffic, queue: EntryQueue, vehicle: number, now: number): boolean {
  const lane = entryLane(t, queue, vehicle);
  if (lane < 0 || queue.refused[lane] === t.step) return false;
  if (findsPlace(t, queue, vehicle, lane, now)) return true;
  queue.refused[lane] = t.step;
  return false;
}

/** The lane it wants to enter by, -1 where none is allowed. */
function entryLane(t: Traffic, queue: EntryQueue, vehicle: number): number {
  const { lanes } = t;
  const wish = queue.departures[vehicle]!.source.departLane;
  const k = lanes.firstStage[t.demand.route[vehicle]!]!;
  const base = lanes.first[k]!;
  const count = lanes.laneCount[k]!;
  if (typeof wish === 'number')
    return wish < count && lanes.allowed[base + wish] === 1 ? lanes.firstLane[k]! + wish : -1;
  if (wish === 'first') {
    for (let i = 0; i < count; i++) if (lanes.allowed[base + i] === 1) return lanes.firstLane[k]! + i;
    return -1;
  }
  let chosen = -1;
  let seen = 0;
  const u = t.core.uniform(t.core.keyOf(vehicle) + 1);
  for (let i = 0; i < count; i++) {
    const lane = lanes.firstLane[k]! + i;
    if (lanes.allowed[base + i] === 0 || (wish === 'best' && lanes.offset[base + i] !== 0)) continue;
    seen++;
    if (wish === 'random') {
      if (chosen < 0 || u * seen < 1) chosen = lane;
    } else if (chosen < 0 || occupied(t, lane) < occupied(t, chosen)) chosen = lane;
  }
  return chosen;
}

/** Share of the lane that vehicles and their gaps take. */
function occupied(t: Traffic, lane: number): number {
  let metres = 0;
  for (let w = t.core.firstOf(lane); w >= 0; w = t.core.behindOf(w)) {
    const type = t.demand.vehicleClass[w]!;
    metres += t.types.length[type]! + t.types.minGap[type]!;
  }
  return metres / t.world.network.length[lane]!;
}

/** Random places that are tried for `random_free`. */
const RANDOM_TRIES = 10;

/** Tries to enter a lane where the vehicle's departPos says. */
function findsPlace(t: Traffic, queue: EntryQueue, vehicle: number, lane: number, now: number): boolean {
  const { types, state, core } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const length = t.world.network.length[lane]!;
  const wanted = queue.departures[vehicle]!.source.departPosition;
  const base = Math.min(types.length[type]! + ENTRY_MARGIN, length);
  const at = (position: number) => place(t, queue, vehicle, lane, now, Math.max(0, Math.min(length, position)));
  if (typeof wanted === 'number') return at(wanted < 0 ? length + wanted : wanted);
  if (wanted === 'base') return at(base);
  const random = (k: number) => t.core.uniform(t.core.keyOf(vehicle) + 3 + k) * length;
  if (wanted === 'random') return at(random(0));
  if (wanted === 'random_free') {
    for (let k = 0; k < RANDOM_TRIES; k++) if (at(random(k))) return true;
  }
  // behind the last one on the lane, or behind any of them, from there on
  for (let w = t.core.lastOf(lane); w >= 0; w = t.core.aheadOf(w)) {
    const rear = state.position[w]! - types.length[t.demand.vehicleClass[w]!]!;
    const gap = core.secureGap(vehicle, state.speed[w]!, w, state.speed[w]!) + types.minGap[type]! + ENTRY_MARGIN;
    if (rear - gap >= base && at(rear - gap)) return true;
    if (wanted === 'last') return false;
  }
  return at(base);
}

/** Speed it wants to enter with. */
function entrySpeedWanted(t: Traffic, queue: EntryQueue, vehicle: number, lane: number, most: number): number {
  const wish = queue.departures[vehicle]!.source.departSpeed;
  if (typeof wish === 'number') return Math.min(wish, most);
  if (wish === 'random') return t.core.uniform(t.core.keyOf(vehicle) + 2) * most;
  const last = t.core.lastOf(lane);
  if (last < 0 || (wish !== 'last' && wish !== 'avg')) return most;
  if (wish === 'last') return Math.min(most, t.state.speed[last]!);
  let sum = 0;
  for (let w = last; w >= 0; w = t.core.aheadOf(w)) sum += t.state.speed[w]!;
  return Math.min(most, sum / t.core.onSegmentOf(lane));
}

function place(t: Traffic, queue: EntryQueue, vehicle: number, lane: number, now: number, position: number): boolean {
  const { types, state, core } = t;
  const { source } = queue.departures[vehicle]!;
  const type = t.demand.vehicleClass[vehicle]!;
  const length = t.world.network.length[lane]!;
  const decel = types.decel[type]!;
  const most = core.speedOn(vehicle, lane);
  const fixed = typeof source.departSpeed === 'number';
  let speed = entrySpeedWanted(t, queue, vehicle, lane, most);

  let leader = t.core.lastOf(lane);
  let follower = -1;
  while (leader >= 0 && state.position[leader]! < position) {
    follower = leader;
    leader = t.core.aheadOf(leader);
  }
  let rear = Number.POSITIVE_INFINITY;
  if (leader >= 0) rear = state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]!;
  else {
    rear = core.leaverRear(lane);
    if (rear < Number.POSITIVE_INFINITY) leader = t.core.leaverOf(lane);
  }
  let safe = Number.POSITIVE_INFINITY;
  if (leader >= 0) {
    const gap = rear - position - types.minGap[type]!;
    if (gap < 0) return false;
    const other = t.demand.vehicleClass[leader]!;
    safe = core.entrySpeed(gap, state.speed[leader]!, types.apparentDecel[other]!, decel, types.tau[type]!);
  }
  safe = Math.min(safe, safeAhead(t, vehicle, lane, length - position, speed, leader >= 0));
  if (safe < speed) {
    if (fixed && (source.departSpeed as number) > 0) return false;
    speed = Math.max(0, safe);
  }
  if (follower >= 0) {
    const other = t.demand.vehicleClass[follower]!;
    const gap = position - types.length[type]! - state.position[follower]! - types.minGap[other]!;
    const needed =
      core.brakeGap(state.speed[follower]!, types.decel[other]!, types.tau[other]!) -
      core.brakeGap(speed, Math.max(decel, types.decel[other]!), 0);
    if (gap < Math.max(0, needed)) return false;
  } else {
    const behind = core.findBehind(vehicle, speed, lane, position - types.length[type]!);
    if (behind >= 0 && core.foundGap.value < core.secureGap(behind, state.speed[behind]!, vehicle, speed)) return false;
  }
  state.enteredAt[vehicle] = now;
  state.active[state.activeCount++] = vehicle;
  const k = t.lanes.firstStage[t.demand.route[vehicle]!]!;
  core.enter(vehicle, t.lanes.first[k]! + lane - t.lanes.firstLane[k]!, position, speed);
  return true;
}

/** Highest speed that links and traffic beyond the lane allow; `behind`: it has a leader on its lane already. */
function safeAhead(t: Traffic, vehicle: number, lane: number, toEnd: number, speed: number, behind: boolean): number {
  const { types, dt, lanes, state, core } = t;
  const { network } = t.world;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const tau = types.tau[type]!;
  const route = t.demand.route[vehicle]!;
  const within = core.brakeGap(speed, decel, tau) + speed * dt;
  let safe = Number.POSITIVE_INFINITY;
  let seen = toEnd;
  let from = lane;
  for (let stage = 0; seen < within && stage + 1 < lanes.stages[route]!; stage++) {
    const k = lanes.firstStage[route]! + stage;
    const link = lanes.nextLink[lanes.first[k]! + from - lanes.firstLane[k]!]!;
    if (link < 0 || !majorState(core.linkState(link))) {
      return Math.min(safe, core.standingStopSpeed(Math.max(0, seen - (link < 0 ? 0 : 1)), decel, dt));
    }
    for (let next = link; ; next = network.linkEnd[link]!) {
      safe = Math.min(safe, core.freeSpeed(seen, core.speedOn(vehicle, next), decel, 1, speed));
      const leader = t.core.lastOf(next);
      if (leader >= 0 && !behind) {
        const other = t.demand.vehicleClass[leader]!;
        const gap = seen + state.position[leader]! - types.length[other]! - types.minGap[type]!;
        return Math.min(safe, core.entrySpeed(gap, state.speed[leader]!, types.apparentDecel[other]!, decel, tau));
      }
      seen += network.length[next]!;
      if (next !== link) break;
    }
    from = network.linkEnd[link]!;
  }
  return safe;
}
