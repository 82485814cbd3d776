/** Right of way at SUMO's junctions: who may enter, and who may leave the place inside where it waits. */
import { type Approaches, INSIDE } from './approaches.ts';
import { brakeGap } from './krauss.ts';
import { STANDING_SPEED, type Traffic } from './traffic.ts';

/** Between two that pass one after the other lies at least this, s; where two lanes become one, four times as much. */
const TIME_GAP = 1;
const ZIPPER_GAP = 4;
/** How much later a foe arrives that can still stop, s. */
const STOPPED_LATER = 30;

export const RED = 114;
export const RED_YELLOW = 117;
export const YELLOW = 121;
export const MINOR = 109;
const MAJOR = 77;
export const STOP = 115;
export const ALLWAY_STOP = 119;
export const EQUAL = 61;
export const ZIPPER = 90;
const OFF_BLINKING = 111;
const GREEN_MAJOR = 71;

/** What a link shows: its signal's state, or its own where there is none, as a character code. */
export function linkState(t: Traffic, link: number): number {
  const { rules, network } = t.world;
  if (rules.pass[link] === 1) return MAJOR;
  const group = network.linkGroup[link]!;
  return group >= 0 ? t.groupState[group]! : rules.state[link]!;
}

/** Capital letters have priority; among them the zipper, where nobody has to stop for those on the other lane. */
export function majorState(code: number): boolean {
  return code >= 65 && code <= 90;
}

export function redState(code: number): boolean {
  return code === RED || code === RED_YELLOW;
}

/** Whether vehicles may wait inside the link's junction: not while its signal is off. */
export function waitsInside(t: Traffic, link: number, code: number): boolean {
  return t.world.rules.cont[link] === 1 && code !== OFF_BLINKING && code !== ALLWAY_STOP;
}

/** Whether the vehicle of item `i` may pass it in this step, all items being known. `canBrake`: before it. */
export function mayPass(t: Traffic, a: Approaches, i: number, canBrake: boolean): boolean {
  const { rules } = t.world;
  const link = a.link[i]!;
  const code = a.code[i]!;
  const inside = a.kind[i] === INSIDE;
  const vehicle = a.vehicle[i]!;
  let onlyMoving = false;
  if (inside) {
    // a green with priority holds until it has cleared the junction
    if (code === GREEN_MAJOR) return true;
    onlyMoving = code === RED;
  } else {
    if (redState(code)) return false;
    if (code === YELLOW || majorState(code) || waitsInside(t, link, code)) return true;
    if ((code === STOP || code === ALLWAY_STOP) && t.standing[vehicle]! < t.dt - 1e-9) return false;
  }
  const type = t.demand.vehicleClass[vehicle]!;
  const impatience = canBrake
    ? Math.min(1, t.types.impatience[type]! + t.standing[vehicle]! / t.secondsToImpatience)
    : 1;
  if (inside) {
    const { insideFirst, insideFoe, insideMerges } = t.conflicts;
    for (let e = insideFirst[link]!; e < insideFirst[link + 1]!; e++) {
      for (let k = a.head[insideFoe[e]!]!; k >= 0; k = a.next[k]!) {
        if (a.vehicle[k] === vehicle || (onlyMoving && t.state.speed[a.vehicle[k]!]! <= STANDING_SPEED)) continue;
        if (blocks(t, a, i, k, insideMerges[e] === 1, impatience, code)) return false;
      }
    }
    return true;
  }
  for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
    if (rules.foeYields[e] === 0) continue;
    const foe = rules.foe[e]!;
    const merges = rules.foeMerges[e] === 1;
    for (let k = a.head[foe]!; k >= 0; k = a.next[k]!) {
      if (a.vehicle[k] !== vehicle && blocks(t, a, i, k, merges, impatience, code)) return false;
    }
    if (rules.cont[foe] === 0) continue;
    for (let k = a.head[a.segments + foe]!; k >= 0; k = a.next[k]!) {
      if (a.vehicle[k] !== vehicle && blocks(t, a, i, k, merges, impatience, code)) return false;
    }
  }
  return true;
}

/** Whether who passes item `foe` would be in the way of who passes item `own`. */
export function blocks(
  t: Traffic,
  a: Approaches,
  own: number,
  foe: number,
  merges: boolean,
  impatience: number,
  code: number,
): boolean {
  const { decel } = t.types;
  const arrival = a.arrival[own]!;
  if (code === ALLWAY_STOP) {
    const [mine, theirs] = [t.standing[a.vehicle[own]!]!, t.standing[a.vehicle[foe]!]!];
    if (mine > theirs || (mine === theirs && arrival < a.arrival[foe]!)) return false;
  }
  const ownDecel = decel[t.demand.vehicleClass[a.vehicle[own]!]!]!;
  const foeDecel = decel[t.demand.vehicleClass[a.vehicle[foe]!]!]!;
  let foeArrival = a.arrival[foe]!;
  let foeSpeed = a.brakingSpeed[foe]!;
  if (impatience > 0 && arrival < foeArrival) {
    brakingArrival(arrival, foeArrival, a.distance[foe]!, foeDecel * impatience, t.dt);
    foeArrival += impatience * braking[LATER]!;
    if (braking[LATER]! > 0) foeSpeed = braking[SPEED]!;
  }
  const gap = code === ZIPPER ? ZIPPER_GAP : t.types.timeGap[t.demand.vehicleClass[a.vehicle[own]!]!]! * TIME_GAP;
  if (a.leave[foe]! < arrival) {
    return (
      merges &&
      (arrival - a.leave[foe]! < gap ||
        brakeGap(a.leaveSpeed[foe]!, foeDecel, 0, t.dt) < brakeGap(a.arrivalSpeed[own]!, ownDecel, 0, t.dt))
    );
  }
  if (foeArrival > a.leave[own]! + gap) {
    return merges && brakeGap(a.leaveSpeed[own]!, ownDecel, 0, t.dt) < brakeGap(foeSpeed, foeDecel, 0, t.dt);
  }
  return true;
}

const braking = new Float64Array(2);
const LATER = 0;
const SPEED = 1;

/** How much later, and how fast, a foe arrives that brakes by `decel` from the moment on when the other one arrives. */
function brakingArrival(arrival: number, foeArrival: number, distance: number, decel: number, dt: number): void {
  braking[LATER] = 0;
  if (Math.floor(arrival / dt) === Math.floor(foeArrival / dt)) return;
  const seconds = foeArrival - arrival;
  const slower = seconds * decel;
  const v = distance / foeArrival;
  const rest = distance - v * arrival;
  if ((0.5 * v * v) / decel <= rest) {
    braking[LATER] = STOPPED_LATER;
    braking[SPEED] = 0;
    return;
  }
  const u = v - slower;
  const root = u * u - decel * seconds * slower;
  const more = root > 0 ? (u - Math.sqrt(root)) / decel : u / decel;
  braking[LATER] = Math.max(0, more);
  braking[SPEED] = Math.max(0, v - (seconds + more) * decel);
}
