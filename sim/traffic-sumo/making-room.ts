/** What vehicles do for each other where a change of lanes that the route asks for is blocked. */
import { brakeGap, followSpeed, stopSpeed } from './krauss.ts';
import type { LaneChanging } from './lane-change.ts';
import { STANDING_SPEED, type Traffic } from './traffic.ts';

/** Kept free before the lane's end where more than one change is still to come, m. */
const RESERVED_RIGHT = 20;
const RESERVED_LEFT = 40;
/** Deceleration to fall behind one who is alongside, m/s2. */
const FALL_BEHIND = 7 / 3.6;

/** Gap that a vehicle at speed v needs behind a leader, minGap not included. */
export function secureGap(t: Traffic, vehicle: number, v: number, leader: number): number {
  const { types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const other = types.apparentDecel[t.demand.vehicleClass[leader]!]!;
  return Math.max(
    0,
    brakeGap(v, decel, types.tau[type]!, dt) - brakeGap(t.state.speed[leader]!, Math.max(decel, other), 0, dt),
  );
}

/** A change for the route is blocked: the vehicle adapts to the leader there, the follower there opens a gap. */
export function makeRoom(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  offset: number,
  leader: number,
  follower: number,
  toEnd: number,
): void {
  const { state, types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const v = state.speed[vehicle]!;
  const decel = types.decel[type]!;
  const position = state.position[vehicle]!;
  if (leader >= 0) {
    const other = t.demand.vehicleClass[leader]!;
    const gap = state.position[leader]! - types.length[other]! - position - types.minGap[type]!;
    const needed = secureGap(t, vehicle, v, leader);
    if (gap < needed) {
      const safe =
        gap >= 0
          ? followSpeed(v, gap, state.speed[leader]!, types.apparentDecel[other]!, decel, decel, types.tau[type]!, dt)
          : state.speed[leader]! > v
            ? v
            : Math.max(0, v - Math.min(decel, FALL_BEHIND) * dt);
      advise(t, vehicle, safe);
    }
  }
  if (follower >= 0) {
    const other = t.demand.vehicleClass[follower]!;
    const gap = position - types.length[type]! - state.position[follower]! - types.minGap[other]!;
    // one beside a standing vehicle cannot make room: it drives on
    if ((gap >= 0 || v > STANDING_SPEED) && gap < secureGap(t, follower, state.speed[follower]!, vehicle)) {
      const theirs = types.decel[other]!;
      const u = state.speed[follower]!;
      const safe =
        gap >= 0
          ? followSpeed(u, gap, v, types.apparentDecel[type]!, theirs, theirs, types.tau[other]!, dt)
          : Math.max(0, Math.min(u, v) - dt);
      advise(t, follower, Math.max(safe, u - theirs * dt));
      c.askedStep[follower] = t.step;
      c.askedSide[follower] = -side;
    }
  }
  if (Math.abs(offset) > 1) {
    const reserved = side < 0 ? RESERVED_RIGHT : RESERVED_LEFT;
    const stop = toEnd - reserved * (Math.abs(offset) - 1);
    if (stop > 0) advise(t, vehicle, stopSpeed(stop, decel, dt, dt));
  }
}

function advise(t: Traffic, vehicle: number, speed: number): void {
  if (speed < t.advice[vehicle]!) t.advice[vehicle] = speed;
}
