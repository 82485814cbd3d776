/** Keeps junctions clear: nobody enters one without a place behind those who stand beyond it. */
import { type Approaches, ENTRY } from './approaches.ts';
import { majorState, waitsInside } from './junction-rules.ts';
import { brakeGap } from './krauss.ts';
import { STANDING_SPEED, type Traffic } from './traffic.ts';

/** Takes back the vehicle's claims from the first junction on that it would block; its items begin at `first`. */
export function keepClear(
  t: Traffic,
  a: Approaches,
  vehicle: number,
  type: number,
  first: number,
  onLane: boolean,
): void {
  const { rules, network } = t.world;
  const { types, state } = t;
  const own = types.length[type]! + types.minGap[type]!;
  let begin = -1;
  let inFront = 0;
  if (onLane) for (let w = t.ahead[vehicle]!; w >= 0 && inFront < 100; w = t.ahead[w]!) inFront += room(t, w);
  else inFront = t.taken[state.segment[vehicle]!]! - own;
  let space = -inFront;
  for (let i = first; i < a.count && begin < 0; i++) {
    if (a.kind[i] !== ENTRY) continue;
    const link = a.link[i]!;
    const keeps = rules.keepClear[link] === 1 && rules.foeFirst[link] !== rules.foeFirst[link + 1];
    const lane = network.linkEnd[link]!;
    space -= t.taken[link]!;
    const last = t.last[lane]!;
    let stopped = false;
    if (last < 0) {
      if (keeps || network.length[lane]! > types.length[type]!) space += network.length[lane]!;
    } else {
      const place = placeOn(t, lane, own - space);
      stopped = standing;
      if (t.hasToWait[last] === 1) stopped = true;
      space += place;
    }
    if (space >= own) {
      if (stopped) return;
      continue;
    }
    if (!keeps) {
      if (stopped) return;
      continue;
    }
    if (stopped || !goesOn(t, a, i)) begin = i;
  }
  if (begin < 0) return;
  const v = state.speed[vehicle]!;
  const decel = types.decel[type]!;
  const brakes = brakeGap(v, decel, 0, t.dt);
  for (let i = begin; i < a.count; i++) {
    a.pass[i] = a.wait[i]!;
    const distance = a.distance[i]!;
    if (distance >= brakes || (distance > 0 && v < decel * t.dt)) a.request[i] = 0;
  }
  if (a.wait[a.count - 1]! < a.open[vehicle]!) a.open[vehicle] = a.wait[a.count - 1]!;
}

let standing = false;

function room(t: Traffic, vehicle: number): number {
  const type = t.demand.vehicleClass[vehicle]!;
  return t.types.length[type]! + t.types.minGap[type]!;
}

/** Metres from the begin of a lane to the last one standing there, less those between; sets `standing`. */
function placeOn(t: Traffic, lane: number, enough: number): number {
  const { state, types, dt } = t;
  let between = 0;
  standing = false;
  for (let w = t.last[lane]!; w >= 0; w = t.ahead[w]!) {
    const type = t.demand.vehicleClass[w]!;
    const rear = state.position[w]! - types.length[type]!;
    const v = state.speed[w]!;
    if (v < STANDING_SPEED) {
      standing = true;
      return rear + brakeGap(v, types.decel[type]!, types.tau[type]!, dt) - between;
    }
    if (rear - between > enough + 10) return rear - between;
    between += types.length[type]! + types.minGap[type]!;
  }
  return t.world.network.length[lane]! - between;
}

/** Whether the vehicle gets through the next junction after item `i` too. */
function goesOn(t: Traffic, a: Approaches, i: number): boolean {
  for (let k = i + 1; k < a.count; k++) {
    if (a.kind[k] !== ENTRY) continue;
    return a.request[k] === 1 && (majorState(a.code[k]!) || waitsInside(t, a.link[k]!, a.code[k]!));
  }
  return true;
}
