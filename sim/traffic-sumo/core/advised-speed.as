/** The speed that lane changing makes of the one a vehicle would drive. */
import { stopSpeed } from './krauss';
import {
  adviceCountOf, adviceOf, dontBrakeOf, dt, leftSpaceOf, reservedOf, setAdviceCount, setDontBrake, setReserved, setWish,
  speedOf, wishOf,
} from './memory';
import { cooperativeSpeed, decel, emergencyDecel, minGap } from './records';
import {
  BLOCKED, BLOCKED_BY_FOLLOWER, BLOCKED_BY_LEADER, COOPERATIVE, IN_THE_WAY_AHEAD, STRATEGIC, WANTS_CHANGE,
} from './wishes';

/** Kept free beyond what is reserved for another, m. */
const RESERVE_MARGIN: f64 = 1;

/**
 * Applies what the last lane changes advised to `wanted`, which lies between `lowest` and `highest`; forgets the advice.
 * Advice out of that range is ignored, as SUMO ignores it.
 */
export function advisedSpeed(vehicle: i32, type: usize, lowest: f64, wanted: f64, highest: f64): f64 {
  const wish = wishOf(vehicle);
  const count = adviceCountOf(vehicle);
  const reserved = reservedOf(vehicle);
  if (wish == 0 && count == 0 && reserved == 0) return wanted;
  setWish(vehicle, (wish & STRATEGIC) != 0 ? wish & WANTS_CHANGE : 0);
  setAdviceCount(vehicle, 0);
  setReserved(vehicle, 0);
  const dontBrake = dontBrakeOf(vehicle) == 1;
  setDontBrake(vehicle, 0);
  let least = lowest;
  let most = highest;
  let advised = wanted;
  let bound = false;
  if (reserved > 0) {
    const space = leftSpaceOf(vehicle) - reserved - RESERVE_MARGIN - minGap(type);
    if (space > 0) {
      const v = speedOf(vehicle);
      const hardest = max<f64>(0, v - emergencyDecel(type) * dt);
      const safe = stopSpeed(space, decel(type), dt, v);
      most = min<f64>(most, max<f64>(safe, hardest));
      if (safe < wanted) {
        if (safe < least && safe >= hardest) least = safe;
        advised = max<f64>(least, safe);
        bound = true;
      }
    }
  }
  const weight = cooperativeSpeed(type);
  const begin = adviceOf(vehicle);
  const end = begin + (<usize>count << 3);
  for (let at = begin; at < end; at += 8) {
    const speed = load<f64>(at);
    if (speed < least || speed > most) continue;
    const mixed = speed * weight + (1 - weight) * wanted;
    if (mixed < advised) advised = mixed;
    bound = true;
  }
  if (bound && !dontBrake) return advised;
  if ((wish & WANTS_CHANGE) != 0 && (wish & BLOCKED) != 0) {
    if ((wish & STRATEGIC) != 0) return (most + wanted) / 2;
    if ((wish & COOPERATIVE) != 0) {
      if ((wish & BLOCKED_BY_LEADER) != 0) return (least + wanted) / 2;
      if ((wish & BLOCKED_BY_FOLLOWER) != 0) return (most + wanted) / 2;
    }
  }
  return (wish & IN_THE_WAY_AHEAD) != 0 ? (most + wanted) / 2 : wanted;
}
