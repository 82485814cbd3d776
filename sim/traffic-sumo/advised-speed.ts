/** The speed that lane changing makes of the one a vehicle would drive. */

import { stopSpeed } from './krauss.ts';
import {
  ADVICES,
  BLOCKED,
  BLOCKED_BY_FOLLOWER,
  BLOCKED_BY_LEADER,
  COOPERATIVE,
  IN_THE_WAY_AHEAD,
  type LaneChanging,
  STRATEGIC,
  WANTS_CHANGE,
} from './lane-change-state.ts';
import type { Traffic } from './traffic.ts';

/** Kept free beyond what is reserved for another, m. */
const RESERVE_MARGIN = 1;

/**
 * Applies what the last lane changes advised to `wanted`, which lies between `lowest` and `highest`; forgets the advice.
 * Advice out of that range is ignored, as SUMO ignores it.
 */
export function advisedSpeed(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  lowest: number,
  wanted: number,
  highest: number,
): number {
  const state = c.state[vehicle]!;
  const count = c.adviceCount[vehicle]!;
  const reserved = c.reserved[vehicle]!;
  if (state === 0 && count === 0 && reserved === 0) return wanted;
  c.state[vehicle] = (state & STRATEGIC) !== 0 ? state & WANTS_CHANGE : 0;
  c.adviceCount[vehicle] = 0;
  c.reserved[vehicle] = 0;
  const dontBrake = c.dontBrake[vehicle] === 1;
  c.dontBrake[vehicle] = 0;
  const type = t.demand.vehicleClass[vehicle]!;
  let min = lowest;
  let max = highest;
  let advised = wanted;
  let bound = false;
  if (reserved > 0) {
    const space = c.leftSpace[vehicle]! - reserved - RESERVE_MARGIN - t.types.minGap[type]!;
    if (space > 0) {
      const v = t.state.speed[vehicle]!;
      const hardest = Math.max(0, v - t.types.emergencyDecel[type]! * t.dt);
      const safe = stopSpeed(space, t.types.decel[type]!, t.dt, t.dt, v);
      max = Math.min(max, Math.max(safe, hardest));
      if (safe < wanted) {
        if (safe < min && safe >= hardest) min = safe;
        advised = Math.max(min, safe);
        bound = true;
      }
    }
  }
  const weight = t.lc.params.cooperativeSpeed[type]!;
  for (let i = vehicle * ADVICES; i < vehicle * ADVICES + count; i++) {
    const speed = c.advice[i]!;
    if (speed < min || speed > max) continue;
    const mixed = speed * weight + (1 - weight) * wanted;
    if (mixed < advised) advised = mixed;
    bound = true;
  }
  if (bound && !dontBrake) return advised;
  if ((state & WANTS_CHANGE) !== 0 && (state & BLOCKED) !== 0) {
    if ((state & STRATEGIC) !== 0) return (max + wanted) / 2;
    if ((state & COOPERATIVE) !== 0) {
      if ((state & BLOCKED_BY_LEADER) !== 0) return (min + wanted) / 2;
      if ((state & BLOCKED_BY_FOLLOWER) !== 0) return (max + wanted) / 2;
    }
  }
  return (state & IN_THE_WAY_AHEAD) !== 0 ? (max + wanted) / 2 : wanted;
}
