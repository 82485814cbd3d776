/** Right of way at SUMO's junctions: who may enter, who waits for whom inside, who keeps the junction clear. */
import type { Approaches } from './approaches.ts';
import { brakeGap, followSpeed, stopSpeed } from './krauss.ts';
import { STANDING_SPEED, type Traffic } from './traffic.ts';

/** Half of a lane: a crossing is free once a rear is this far beyond it, m. */
const HALF_LANE = 1.6;
/** Between two that pass one after the other lies at least this, s. */
const TIME_GAP = 1;

const MAJOR = 77;
const STOP = 115;
const YELLOW = 121;

/** What a link shows: its signal's state, or its own where there is none, as a character code. */
export function linkState(t: Traffic, link: number): number {
  const { rules, network } = t.world;
  if (rules.pass[link] === 1) return MAJOR;
  const group = network.linkGroup[link]!;
  return group >= 0 ? t.groupState[group]! : rules.state[link]!;
}

/** Capital letters have priority, but for the zipper. */
export function majorState(code: number): boolean {
  return code >= 65 && code < 90;
}

/** Whether the vehicle of item `i` may pass it in this step, all items being known. */
export function mayPass(t: Traffic, a: Approaches, i: number): boolean {
  const { rules } = t.world;
  const link = a.link[i]!;
  const code = linkState(t, link);
  const inside = a.inside[i] === 1;
  if (!inside) {
    if (code === 114 || code === 117) return false;
    if (code === YELLOW || majorState(code) || rules.cont[link] === 1) return true;
    if (code === STOP && t.standing[a.vehicle[i]!]! < t.dt - 1e-9) return false;
  }
  const vehicle = a.vehicle[i]!;
  const decel = t.types.decel[t.demand.vehicleClass[vehicle]!]!;
  for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
    if ((inside ? rules.foeYieldsInside[e] : rules.foeYields[e]) === 0) continue;
    for (let k = a.head[rules.foe[e]!]!; k >= 0; k = a.next[k]!) {
      if (a.vehicle[k] !== vehicle && blocks(t, a, i, k, rules.foeMerges[e] === 1, decel)) return false;
    }
  }
  return true;
}

function blocks(t: Traffic, a: Approaches, own: number, foe: number, merges: boolean, decel: number): boolean {
  const foeDecel = t.types.decel[t.demand.vehicleClass[a.vehicle[foe]!]!]!;
  if (a.leave[foe]! < a.arrival[own]!) {
    return (
      merges &&
      (a.arrival[own]! - a.leave[foe]! < TIME_GAP ||
        brakeGap(a.leaveSpeed[foe]!, foeDecel, 0, t.dt) < brakeGap(a.arrivalSpeed[own]!, decel, 0, t.dt))
    );
  }
  if (a.arrival[foe]! > a.leave[own]! + TIME_GAP) {
    return merges && brakeGap(a.leaveSpeed[own]!, decel, 0, t.dt) < brakeGap(a.brakingSpeed[foe]!, foeDecel, 0, t.dt);
  }
  return true;
}

/**
 * Highest speed at which the vehicle leaves the way to those already inside on conflicting links; infinity where there
 * are none. `toLink`: metres from its front to the link's begin, negative once it is inside.
 */
export function junctionLeaderSpeed(t: Traffic, vehicle: number, link: number, toLink: number): number {
  const { rules } = t.world;
  const { state, types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const v = state.speed[vehicle]!;
  const decel = types.decel[type]!;
  const minGap = types.minGap[type]!;
  let least = Number.POSITIVE_INFINITY;
  for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
    const foe = rules.foe[e]!;
    if (t.onSegment[foe] === 0) continue;
    const own = toLink + rules.foeCrossing[e]!;
    const other = rules.foeCrossingOther[e]!;
    if (!(own >= 0)) continue;
    for (let w = t.last[foe]!; w >= 0; w = t.ahead[w]!) {
      const at = state.position[w]!;
      const rear = at - types.length[t.demand.vehicleClass[w]!]!;
      const merges = rules.foeMerges[e] === 1;
      if (!merges && rear > other + HALF_LANE) continue;
      if (rules.cont[foe] === 1 && at <= rules.waitAt[foe]! && other > rules.waitAt[foe]!) continue;
      if (toLink <= 0 && !goesFirst(t, w, vehicle, link, toLink, e)) continue;
      let safe: number;
      if (merges) {
        const gap = own - (other - rear) - minGap;
        safe = followSpeed(
          v,
          gap,
          state.speed[w]!,
          types.apparentDecel[t.demand.vehicleClass[w]!]!,
          decel,
          types.emergencyDecel[type]!,
          types.tau[type]!,
          dt,
        );
      } else safe = stopSpeed(Math.max(0, own - HALF_LANE - minGap), decel, dt, dt);
      const toWait = toLink + rules.waitAt[link]!;
      if (rules.cont[link] === 1 && toWait > 0 && rules.foeCrossing[e]! > rules.waitAt[link]!) {
        safe = Math.min(safe, stopSpeed(toWait, decel, dt, dt));
      }
      if (toLink > 0 && safe < v - decel * dt) safe = Math.max(safe, stopSpeed(toLink, decel, dt, dt));
      if (safe < least) least = safe;
    }
  }
  return least;
}

/** Whether w, inside the junction too, passes the conflict before the vehicle does: whoever came in first. */
function goesFirst(t: Traffic, w: number, vehicle: number, link: number, toLink: number, entry: number): boolean {
  const { rules } = t.world;
  if (rules.cont[link] === 1 && toLink + rules.waitAt[link]! >= 0 && rules.foeCrossing[entry]! > rules.waitAt[link]!)
    return true;
  const own = t.enteredJunction[vehicle]!;
  const other = t.enteredJunction[w]!;
  if (other !== own) return other < own;
  if (rules.foeYields[entry] === 1) return true;
  const foe = rules.foe[entry]!;
  for (let e = rules.foeFirst[foe]!; e < rules.foeFirst[foe + 1]!; e++) {
    if (rules.foe[e] === link && rules.foeYields[e] === 1) return false;
  }
  return w < vehicle;
}

/** Whether the vehicle would find a place behind a standing queue beyond the link, so that it does not block the junction. */
export function staysClear(t: Traffic, vehicle: number, link: number): boolean {
  const { rules, network } = t.world;
  if (rules.keepClear[link] === 0 || rules.foeFirst[link] === rules.foeFirst[link + 1]) return true;
  const end = network.linkEnd[link]!;
  const last = t.last[end]!;
  if (last < 0 || t.state.speed[last]! >= STANDING_SPEED) return true;
  let space = t.state.position[last]! - t.types.length[t.demand.vehicleClass[last]!]!;
  for (let w = t.last[link]!; w >= 0; w = t.ahead[w]!) {
    const type = t.demand.vehicleClass[w]!;
    space -= t.types.length[type]! + t.types.minGap[type]!;
  }
  const type = t.demand.vehicleClass[vehicle]!;
  return space >= t.types.length[type]! + t.types.minGap[type]!;
}
