/** Where no right of way decides: lanes that become one by turns, and vehicles that all wait for the one to their right. */
import type { Approaches } from './approaches.ts';
import { brakeGap, followSpeed } from './krauss.ts';
import { VISIBILITY } from './plan.ts';
import { type Traffic, uniform } from './traffic.ts';

/** Chance that one in a circle of waiting vehicles gives way in a step, straight on and turning. */
const GIVES_WAY_STRAIGHT = 0.25;
const GIVES_WAY_TURNING = 0.75;
/** `precedence` of a link straight on. */
const STRAIGHT = 3;

/** Highest speed before item `i`, behind those on the other lane who are nearer to the place where the lanes become one. */
export function zipperSpeed(t: Traffic, a: Approaches, i: number): number {
  const { rules } = t.world;
  const { types, state, dt } = t;
  const vehicle = a.vehicle[i]!;
  const type = t.demand.vehicleClass[vehicle]!;
  const v = state.speed[vehicle]!;
  const decel = types.decel[type]!;
  const distance = a.distance[i]!;
  let speed = a.pass[i]!;
  if (distance > Math.max(VISIBILITY, brakeGap(v, decel, 0, dt))) return speed;
  const link = a.link[i]!;
  for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
    for (let k = a.head[rules.foe[e]!]!; k >= 0; k = a.next[k]!) {
      const other = a.vehicle[k]!;
      const theirs = a.distance[k]!;
      if (other === vehicle || theirs > distance || (theirs === distance && other > vehicle)) continue;
      const gap = distance - theirs - types.length[t.demand.vehicleClass[other]!]! - types.minGap[type]!;
      const u = state.speed[other]!;
      const safe =
        gap >= 0
          ? followSpeed(
              v,
              gap,
              u,
              types.apparentDecel[t.demand.vehicleClass[other]!]!,
              decel,
              decel,
              types.tau[type]!,
              dt,
            )
          : Math.max(0, Math.min(v, u) - 0.5 * decel * dt);
      if (safe < speed) speed = safe;
    }
  }
  return speed;
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
