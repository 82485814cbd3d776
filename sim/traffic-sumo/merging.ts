/** Where no right of way decides: lanes that become one by turns, and vehicles that all wait for the one to their right. */
import type { Approaches } from './approaches.ts';
import { blocks, ZIPPER } from './junction-rules.ts';
import { brakeGap, followSpeed, speedAfter } from './krauss.ts';
import { type Traffic, uniform } from './traffic.ts';

/** So far before a zipper one sees those on the other lane, m (SUMO's default there). */
const ZIPPER_VISIBILITY = 100;
/** Who comes to a zipper later than this opens a gap at leisure, s. */
const ADAPTING_SECONDS = 10;
const LEAST_MEAN_SPEED = 0.001;
/** Chance that one in a circle of waiting vehicles gives way in a step, straight on and turning. */
const GIVES_WAY_STRAIGHT = 0.25;
const GIVES_WAY_TURNING = 0.75;
/** `precedence` of a link straight on. */
const STRAIGHT = 3;

/**
 * Highest speed before item `i` at a zipper: so slow that there is a safe gap behind those on the other lane who are
 * first, by the time they are there (SUMO's getZipperSpeed). `canBrake`: before the item.
 */
export function zipperSpeed(t: Traffic, a: Approaches, i: number, canBrake: boolean): number {
  const { foe, foeFirst, foeYields, foeMerges } = t.world.rules;
  const vehicle = a.vehicle[i]!;
  const type = t.demand.vehicleClass[vehicle]!;
  const distance = a.distance[i]!;
  let speed = a.pass[i]!;
  if (distance > Math.max(ZIPPER_VISIBILITY, brakeGap(t.state.speed[vehicle]!, t.types.decel[type]!, t.dt, t.dt))) {
    return speed;
  }
  const impatience = canBrake
    ? Math.min(1, t.types.impatience[type]! + t.standing[vehicle]! / t.secondsToImpatience)
    : 1;
  const link = a.link[i]!;
  for (let e = foeFirst[link]!; e < foeFirst[link + 1]!; e++) {
    if (foeYields[e] === 0) continue;
    for (let k = a.head[foe[e]!]!; k >= 0; k = a.next[k]!) {
      if (a.vehicle[k] === vehicle || !blocks(t, a, i, k, foeMerges[e] === 1, impatience, ZIPPER)) continue;
      if (goesBefore(t, a, i, k)) continue;
      const behind = speedBehind(t, a, i, k);
      if (behind < speed) speed = behind;
    }
  }
  return speed;
}

/** Whether the vehicle of item `i` need not mind that of item `k` on the other lane, who comes later or can brake for it. */
function goesBefore(t: Traffic, a: Approaches, i: number, k: number): boolean {
  const [own, theirs] = [a.arrival[i]!, a.arrival[k]!];
  if (theirs > own && !couldBrakeFor(t, a, i, k)) return true;
  if (couldBrakeFor(t, a, k, i)) return true;
  return theirs === own && a.distance[i] === a.distance[k] && a.link[i]! < a.link[k]!;
}

/** Whether the vehicle of item `i` is behind that of item `k` and stays there if it brakes for a second. */
function couldBrakeFor(t: Traffic, a: Approaches, i: number, k: number): boolean {
  const { speed } = t.state;
  const gap = a.distance[i]! - a.distance[k]!;
  const vehicle = a.vehicle[i]!;
  const decel = t.types.decel[t.demand.vehicleClass[vehicle]!]!;
  return gap > 0 && gap > speed[vehicle]! - decel - speed[a.vehicle[k]!]!;
}

/** Speed of the vehicle of item `i` with which it comes to drive behind that of item `k`, braking the softer the sooner. */
function speedBehind(t: Traffic, a: Approaches, i: number, k: number): number {
  const { types, dt, state } = t;
  const [vehicle, other] = [a.vehicle[i]!, a.vehicle[k]!];
  const type = t.demand.vehicleClass[vehicle]!;
  const foeType = t.demand.vehicleClass[other]!;
  const [distance, foeDistance] = [a.distance[i]!, a.distance[k]!];
  const [v, u] = [state.speed[vehicle]!, state.speed[other]!];
  const decel = types.decel[type]!;
  const foeDecel = types.decel[foeType]!;
  const foeEnd = Math.min(t.limit[other]!, types.maxSpeed[foeType]!, speedAfter(foeDistance, u, types.accel[foeType]!));
  const foeMean = (u + foeEnd) / 2;
  const foeSeconds = wholeSteps(foeDistance / Math.max(LEAST_MEAN_SPEED, foeMean), dt);
  const end = Math.min(
    t.limit[vehicle]!,
    types.maxSpeed[type]!,
    speedAfter(distance, v, types.accel[type]!),
    Math.max(foeEnd, speedAfter(distance, v, decel)),
  );
  const mean = (v + end) / 2;
  const seconds = wholeSteps(distance / Math.max(LEAST_MEAN_SPEED, mean), dt);
  const gap = distance - types.length[foeType]! - types.minGap[type]! - foeDistance;
  const safeGap = Math.max(
    0,
    brakeGap(end, decel, types.tau[type]!, dt) - brakeGap(foeEnd, Math.max(decel, foeDecel), 0, dt),
  );
  const missing = gap + foeSeconds * foeMean - safeGap - mean * foeSeconds;
  const opening = v + (dt * 2 * missing) / (foeSeconds * foeSeconds);
  const emergency = types.emergencyDecel[type]!;
  const following = followSpeed(v, gap, u, foeDecel, decel, emergency, types.tau[type]!, dt);
  const weight = Math.min(1, seconds / ADAPTING_SECONDS);
  const hardest = v - dt * (weight * decel + (1 - weight) * emergency);
  return Math.max(following, hardest, weight * opening + (1 - weight) * following);
}

/** Seconds rounded up to steps, at least 1. */
function wholeSteps(seconds: number, dt: number): number {
  return Math.max(1, Math.ceil(seconds / dt) * dt);
}

/** The nearest one that means to pass a link to which the item's link yields, -1 for none. */
function nearestFoe(t: Traffic, a: Approaches, link: number): number {
  const { rules } = t.world;
  let nearest = -1;
  for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
    if (rules.foeYields[e] === 0) continue;
    for (let k = a.head[rules.foe[e]!]!; k >= 0; k = a.next[k]!) {
      if (nearest < 0 || a.distance[k]! < a.distance[nearest]!) nearest = k;
    }
  }
  return nearest;
}

/** Lets some give way by lot who stand in a circle, each waiting for the next. */
export function resolveDeadlocks(t: Traffic, a: Approaches): void {
  const { linkStart, tables } = t.world.network;
  let giving = 0;
  for (let d = 0; d < t.deadlockedCount; d++) {
    const i = t.deadlocked[d]!;
    const link = a.link[i]!;
    if (a.request[i] === 0) continue;
    let k = nearestFoe(t, a, link);
    let steps = 0;
    while (k >= 0 && linkStart[a.link[k]!] !== linkStart[link] && steps++ < 100) k = nearestFoe(t, a, a.link[k]!);
    if (k < 0 || linkStart[a.link[k]!] !== linkStart[link]) continue;
    const chance = tables!.precedence[link] === STRAIGHT ? GIVES_WAY_STRAIGHT : GIVES_WAY_TURNING;
    if (uniform(t.key[a.vehicle[i]!]! + 2, t.step) < chance) t.deadlocked[giving++] = i;
  }
  for (let d = 0; d < giving; d++) {
    const i = t.deadlocked[d]!;
    a.request[i] = 0;
    withdraw(a, i);
  }
}

/** Takes an item out of what others see. */
function withdraw(a: Approaches, i: number): void {
  const link = a.link[i]!;
  if (a.head[link] === i) {
    a.head[link] = a.next[i]!;
    return;
  }
  for (let k = a.head[link]!; k >= 0; k = a.next[k]!) {
    if (a.next[k] === i) {
      a.next[k] = a.next[i]!;
      return;
    }
  }
}
