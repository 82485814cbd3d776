/** What vehicles do for each other where a change of lanes that the route asks for is blocked. */
import { brakeGap, entrySpeed, stopSpeed } from './krauss.ts';
import {
  ASKED_LEFT,
  ASKED_RIGHT,
  advise,
  BLOCKED_BY_FOLLOWER,
  BLOCKED_BY_LEADER,
  IN_THE_WAY_AHEAD,
  IN_THE_WAY_BEHIND,
  type LaneChanging,
  LEFT,
  RIGHT,
  STRATEGIC,
  URGENT,
} from './lane-change-state.ts';
import { AHEAD_GAP, around, BEHIND_GAP, secureGap } from './surroundings.ts';
import type { Traffic } from './traffic.ts';

/** Kept free before the lane's end where more than one change is still to come, m. */
const RESERVED_RIGHT = 20;
const RESERVED_LEFT = 40;
/** Least deceleration to fall behind a leader, m/s2. */
const FALL_BEHIND = 7 / 3.6;
/** Speed by which one overtakes or is overtaken, m/s. */
const HELP_OVERTAKE = 10 / 3.6;
/** Above this speed, and on lanes longer than this, one to the left slows its followers. */
const CUT_IN_LEFT_SPEED = 27;
const ON_RAMP_METRES = 200;
const CONGESTED_SPEED = 60 / 3.6;
const CONGESTED_LIMIT = 60.1 / 3.6;
/** Changes are to be made in half of the time left. */
const URGENCY = 2;

/** Safe speed at `gap` behind a leader at speed u, with no harder braking than usual (`vehicle` drives at v). */
function safe(t: Traffic, vehicle: number, v: number, gap: number, leader: number, u: number): number {
  const { types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const fastest = Math.min(types.maxSpeed[type]!, v + types.accel[type]! * dt);
  if (gap < 0) return Math.max(0, v - types.emergencyDecel[type]! * dt);
  const other = types.decel[t.demand.vehicleClass[leader]!]!;
  return Math.min(fastest, entrySpeed(gap, u, other, types.decel[type]!, types.tau[type]!, dt));
}

/** One that must change into the vehicle's lane is ahead and blocked: a slow vehicle lets it in. */
export function slowDownFor(t: Traffic, c: LaneChanging, vehicle: number, blocked: number): void {
  if (blocked < 0 || blocked === vehicle) return;
  const { state, types } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const v = state.speed[vehicle]!;
  const length = types.length[t.demand.vehicleClass[blocked]!]!;
  const gap = state.position[blocked]! - length - state.position[vehicle]! - types.minGap[type]!;
  if (gap <= 0.1 || v >= types.decel[type]!) return;
  advise(c, vehicle, safe(t, vehicle, v, gap - 0.1, blocked, state.speed[blocked]!));
}

/**
 * A change for the route is urgent: reserves place, and adapts to the vehicles ahead and behind on the other lane, or
 * they to it. `left`: metres the vehicle gets on its lane.
 */
export function makeRoom(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  offset: number,
  left: number,
  leadsOn: boolean,
  blocked: number,
): void {
  c.leftSpace[vehicle] = left;
  if (Math.abs(offset) > 1) {
    c.reserved[vehicle] = Math.max(side < 0 ? RESERVED_RIGHT : RESERVED_LEFT, c.reserved[vehicle]!);
  }
  const segment = t.state.segment[vehicle]!;
  const counter = side < 0 ? LEFT : RIGHT;
  let can = reserveFor(t, c, vehicle, around.neighbourLeader, counter, left, leadsOn);
  const first = c.firstBlocked[segment]!;
  if (first !== around.neighbourLeader) can = reserveFor(t, c, vehicle, first, counter, left, leadsOn) && can;
  c.dontBrake[vehicle] = !can && leadsOn ? 1 : 0;
  const changes = Math.max(1, Math.abs(offset));
  const seconds = Math.max(t.dt, left / Math.max(c.remembered[vehicle]!, 0.001) / changes / URGENCY);
  const planned = adaptToLeader(t, c, vehicle, side, around.neighbourLeader, around.gap[AHEAD_GAP]!, seconds, blocked);
  if (planned >= 0) {
    const { neighbourFollower } = around;
    if (neighbourFollower >= 0) {
      askFollower(t, c, vehicle, side, neighbourFollower, around.gap[BEHIND_GAP]!, seconds, planned, blocked);
    }
  }
}

/** Keeps place for one that must change the other way; false where neither can. */
function reserveFor(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  other: number,
  counter: number,
  left: number,
  leadsOn: boolean,
): boolean {
  if (other < 0 || (c.state[other]! & counter) === 0) return true;
  const { types, state, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const theirs = t.demand.vehicleClass[other]!;
  const place = types.length[theirs]! + types.minGap[theirs]!;
  if (place <= left - brakeGap(state.speed[vehicle]!, types.decel[type]!, 0, dt)) {
    c.reserved[vehicle] = Math.max(place, c.reserved[vehicle]!);
    return true;
  }
  const own = types.length[type]! + types.minGap[type]!;
  const theirLeft = c.leftSpace[other]!;
  if (own <= theirLeft - brakeGap(state.speed[other]!, types.decel[theirs]!, 0, dt) || theirLeft > left) {
    c.reserved[other] = Math.max(own, c.reserved[other]!);
    return true;
  }
  if (!leadsOn && (c.state[other]! & STRATEGIC) !== 0 && (c.state[other]! & URGENT) !== 0) {
    c.reserved[vehicle] = Math.max(place, c.reserved[vehicle]!);
    return true;
  }
  return false;
}

/** Distance that `follower` needs to overtake `leader`, which is `gap` ahead. */
function overtakeDistance(t: Traffic, follower: number, leader: number, gap: number, v: number, u: number): number {
  const { types } = t;
  const theirs = t.demand.vehicleClass[leader]!;
  const metres =
    gap +
    types.length[theirs]! +
    types.minGap[theirs]! +
    types.length[t.demand.vehicleClass[follower]!]! +
    secureGap(t, leader, u, follower, v);
  return metres > 0 ? metres : 0;
}

/** Falls behind the leader on the other lane, or overtakes it; the speed planned, -1 where it overtakes. */
function adaptToLeader(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  leader: number,
  gap: number,
  seconds: number,
  blocked: number,
): number {
  const { state, types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const v = state.speed[vehicle]!;
  const left = c.leftSpace[vehicle]! - c.reserved[vehicle]!;
  let planned = Math.min(v, stopSpeed(left, decel, dt, dt, v));
  const base = vehicle * (c.advice.length / c.adviceCount.length);
  for (let i = base; i < base + c.adviceCount[vehicle]!; i++) {
    const advised = c.advice[i]!;
    if (advised >= v - decel * dt && advised < planned) planned = advised;
  }
  if (leader < 0) return planned;
  const u = state.speed[leader]!;
  const next = u - dt * Math.max(1, -state.acceleration[leader]!);
  const nextGap = gap + dt * (next - planned);
  const slowest = Math.max(0, v - decel * dt);
  const target = Math.max(slowest, safe(t, vehicle, v, nextGap, leader, next));
  if ((blocked & BLOCKED_BY_LEADER) === 0) {
    advise(c, vehicle, target);
    return Math.min(target, planned);
  }
  const limit = t.world.network.speedLimit[state.segment[vehicle]!]!;
  const least = c.params.overtakeDeltaSpeed[type]! * limit;
  const faster = planned - u;
  const way = overtakeDistance(t, vehicle, leader, gap, v, u);
  const takes = faster > least ? way / faster : seconds + 1;
  const congested = v < CONGESTED_SPEED || limit < CONGESTED_LIMIT;
  if (
    faster < least ||
    (side > 0 && !congested) ||
    left - brakeGap(v, decel, types.tau[type]!, dt) < way ||
    seconds < takes
  ) {
    c.state[leader]! |= IN_THE_WAY_AHEAD | (side < 0 ? ASKED_RIGHT : ASKED_LEFT);
    if (target >= v) {
      advise(c, vehicle, target);
      return planned;
    }
    const braking = Math.min(decel, Math.max(FALL_BEHIND, (v - target) / seconds));
    const speed = Math.min(planned, Math.max(0, v - dt * braking));
    advise(c, vehicle, speed);
    return speed;
  }
  c.state[leader]! |= IN_THE_WAY_AHEAD | (side < 0 ? ASKED_RIGHT : ASKED_LEFT);
  advise(c, leader, u);
  return -1;
}

/** Asks the follower on the other lane to open a gap, or lets it pass. */
function askFollower(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  follower: number,
  gap: number,
  seconds: number,
  planned: number,
  blocked: number,
): void {
  const { state, types, dt } = t;
  const v = state.speed[vehicle]!;
  const u = state.speed[follower]!;
  const direction = side < 0 ? ASKED_RIGHT : ASKED_LEFT;
  if ((blocked & BLOCKED_BY_FOLLOWER) === 0) {
    if ((blocked & BLOCKED_BY_LEADER) === 0) return;
    const first = safe(t, follower, u, gap + dt * planned, vehicle, planned);
    c.state[follower]! |= direction;
    advise(c, follower, safe(t, follower, u, gap + dt * (planned - first), vehicle, planned));
    return;
  }
  const ask = (speed: number) => {
    c.state[follower]! |= direction | IN_THE_WAY_BEHIND;
    advise(c, follower, speed);
  };
  if (planned - u >= HELP_OVERTAKE) {
    const needed = secureGap(t, follower, u, vehicle, planned);
    if ((needed - gap) / seconds < planned - u) {
      ask(planned - HELP_OVERTAKE);
      return;
    }
  }
  const decel = types.decel[t.demand.vehicleClass[follower]!]!;
  const slower = Math.max(0, u - dt * decel);
  const inOneSecond = Math.max(0, u - decel);
  const difference = planned - inOneSecond;
  const gapThen = gap + difference;
  const needed = secureGap(t, follower, inOneSecond, vehicle, planned);
  if (gapThen > 0 && gapThen >= needed) {
    const first = Math.max(slower, safe(t, follower, u, gap + dt * planned, vehicle, planned));
    ask(Math.max(slower, safe(t, follower, u, gap + dt * (planned - first), vehicle, planned)));
    return;
  }
  if (difference > 0 && difference * seconds > needed - gapThen + 0.1) {
    ask(slower);
    return;
  }
  const segment = state.segment[vehicle]!;
  const limit = t.world.network.speedLimit[segment]!;
  if (side < 0 && u >= CONGESTED_SPEED && limit >= CONGESTED_LIMIT) {
    ask(Math.max(slower, HELP_OVERTAKE));
    return;
  }
  let help = Math.max(u, v + HELP_OVERTAKE);
  const slows = side < 0 || planned > CUT_IN_LEFT_SPEED || t.world.network.length[segment]! > ON_RAMP_METRES;
  if (u > v && slows) {
    help = Math.max(slower, v + HELP_OVERTAKE);
    if ((u - v) / decel < seconds) {
      ask(help);
      return;
    }
  }
  ask(help);
  const way = overtakeDistance(t, follower, vehicle, gap, help, planned);
  const own = types.decel[t.demand.vehicleClass[vehicle]!]!;
  advise(c, vehicle, Math.max(help - way / seconds, v - dt * own));
}
