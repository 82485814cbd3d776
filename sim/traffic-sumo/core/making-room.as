/** What vehicles do for each other where a change of lanes that the route asks for is blocked. */
import { brakeGap, entrySpeed, stopSpeed } from './krauss';
import {
  accelerationOf, adviceCountOf, adviceOf, dt, firstBlockedOf, leftSpaceOf, lengthOf, positionOf, rememberedOf, reservedOf,
  segmentOf, setDontBrake, setLeftSpace, setReserved, setWish, speedLimitOf, speedOf, typeOf, wishOf,
} from './memory';
import { accel, decel, emergencyDecel, maxSpeed, minGap, overtakeDeltaSpeed, tau, typeLength } from './records';
import { secureGap } from './surroundings';
import {
  advise, ASKED_LEFT, ASKED_RIGHT, BLOCKED_BY_FOLLOWER, BLOCKED_BY_LEADER, IN_THE_WAY_AHEAD, IN_THE_WAY_BEHIND, LEFT,
  RIGHT, STRATEGIC, URGENT,
} from './wishes';

/** Kept free before the lane's end where more than one change is still to come, m. */
const RESERVED_RIGHT: f64 = 20;
const RESERVED_LEFT: f64 = 40;
/** Least deceleration to fall behind a leader, m/s2. */
const FALL_BEHIND: f64 = 7 / 3.6;
/** Speed by which one overtakes or is overtaken, m/s. */
const HELP_OVERTAKE: f64 = 10 / 3.6;
/** Above this speed, and on lanes longer than this, one to the left slows its followers. */
const CUT_IN_LEFT_SPEED: f64 = 27;
const ON_RAMP_METRES: f64 = 200;
const CONGESTED_SPEED: f64 = 60 / 3.6;
const CONGESTED_LIMIT: f64 = 60.1 / 3.6;
/** Changes are to be made in half of the time left. */
const URGENCY: f64 = 2;

/** Safe speed at `gap` behind a leader at speed u, with no harder braking than usual (`vehicle` drives at v). */
function safe(vehicle: i32, v: f64, gap: f64, leader: i32, u: f64): f64 {
  const type = typeOf(vehicle);
  const fastest = min<f64>(maxSpeed(type), v + accel(type) * dt);
  if (gap < 0) return max<f64>(0, v - emergencyDecel(type) * dt);
  return min<f64>(fastest, entrySpeed(gap, u, decel(typeOf(leader)), decel(type), tau(type)));
}

function addWish(vehicle: i32, bits: i32): void {
  setWish(vehicle, wishOf(vehicle) | bits);
}

/** One that must change into the vehicle's lane is ahead and blocked: a slow vehicle lets it in. */
export function slowDownFor(vehicle: i32, type: usize, blocked: i32): void {
  if (blocked < 0 || blocked == vehicle) return;
  const v = speedOf(vehicle);
  const gap = positionOf(blocked) - typeLength(typeOf(blocked)) - positionOf(vehicle) - minGap(type);
  if (gap <= 0.1 || v >= decel(type)) return;
  advise(vehicle, safe(vehicle, v, gap - 0.1, blocked, speedOf(blocked)));
}

/**
 * A change for the route is urgent: reserves place, and adapts to the vehicles ahead and behind on the other lane, or
 * they to it. `left`: metres the vehicle gets on its lane.
 */
export function makeRoom(
  vehicle: i32,
  type: usize,
  side: i32,
  offset: i32,
  left: f64,
  leadsOn: bool,
  leader: i32,
  leaderGap: f64,
  follower: i32,
  followerGap: f64,
  blocked: i32,
): void {
  setLeftSpace(vehicle, left);
  if (abs(offset) > 1) setReserved(vehicle, max<f64>(side < 0 ? RESERVED_RIGHT : RESERVED_LEFT, reservedOf(vehicle)));
  const counter = side < 0 ? LEFT : RIGHT;
  let can = reserveFor(vehicle, type, leader, counter, left, leadsOn);
  const first = firstBlockedOf(segmentOf(vehicle));
  if (first != leader) can = reserveFor(vehicle, type, first, counter, left, leadsOn) && can;
  setDontBrake(vehicle, !can && leadsOn ? 1 : 0);
  const changes = max<f64>(1, <f64>abs(offset));
  const seconds = max<f64>(dt, left / max<f64>(rememberedOf(vehicle), 0.001) / changes / URGENCY);
  const planned = adaptToLeader(vehicle, type, side, leader, leaderGap, seconds, blocked);
  if (planned >= 0 && follower >= 0) {
    askFollower(vehicle, type, side, follower, followerGap, seconds, planned, blocked);
  }
}

/** Keeps place for one that must change the other way; false where neither can. */
function reserveFor(vehicle: i32, type: usize, other: i32, counter: i32, left: f64, leadsOn: bool): bool {
  if (other < 0 || (wishOf(other) & counter) == 0) return true;
  const theirs = typeOf(other);
  const place = typeLength(theirs) + minGap(theirs);
  if (place <= left - brakeGap(speedOf(vehicle), decel(type), 0)) {
    setReserved(vehicle, max<f64>(place, reservedOf(vehicle)));
    return true;
  }
  const own = typeLength(type) + minGap(type);
  const theirLeft = leftSpaceOf(other);
  if (own <= theirLeft - brakeGap(speedOf(other), decel(theirs), 0) || theirLeft > left) {
    setReserved(other, max<f64>(own, reservedOf(other)));
    return true;
  }
  if (!leadsOn && (wishOf(other) & STRATEGIC) != 0 && (wishOf(other) & URGENT) != 0) {
    setReserved(vehicle, max<f64>(place, reservedOf(vehicle)));
    return true;
  }
  return false;
}

/** Distance that `follower` needs to overtake `leader`, which is `gap` ahead. */
function overtakeDistance(follower: i32, leader: i32, gap: f64, v: f64, u: f64): f64 {
  const theirs = typeOf(leader);
  const metres =
    gap +
    typeLength(theirs) +
    minGap(theirs) +
    typeLength(typeOf(follower)) +
    secureGap(leader, u, follower, v);
  return metres > 0 ? metres : 0;
}

/** Falls behind the leader on the other lane, or overtakes it; the speed planned, -1 where it overtakes. */
function adaptToLeader(
  vehicle: i32,
  type: usize,
  side: i32,
  leader: i32,
  gap: f64,
  seconds: f64,
  blocked: i32,
): f64 {
  const b = decel(type);
  const v = speedOf(vehicle);
  const left = leftSpaceOf(vehicle) - reservedOf(vehicle);
  let planned = min<f64>(v, stopSpeed(left, b, dt, v));
  const begin = adviceOf(vehicle);
  const end = begin + (<usize>adviceCountOf(vehicle) << 3);
  for (let at = begin; at < end; at += 8) {
    const advised = load<f64>(at);
    if (advised >= v - b * dt && advised < planned) planned = advised;
  }
  if (leader < 0) return planned;
  const u = speedOf(leader);
  const next = u - dt * max<f64>(1, -accelerationOf(leader));
  const nextGap = gap + dt * (next - planned);
  const slowest = max<f64>(0, v - b * dt);
  const target = max<f64>(slowest, safe(vehicle, v, nextGap, leader, next));
  if ((blocked & BLOCKED_BY_LEADER) == 0) {
    advise(vehicle, target);
    return min<f64>(target, planned);
  }
  const limit = speedLimitOf(segmentOf(vehicle));
  const least = overtakeDeltaSpeed(type) * limit;
  const faster = planned - u;
  const way = overtakeDistance(vehicle, leader, gap, v, u);
  const takes = faster > least ? way / faster : seconds + 1;
  const congested = v < CONGESTED_SPEED || limit < CONGESTED_LIMIT;
  addWish(leader, IN_THE_WAY_AHEAD | (side < 0 ? ASKED_RIGHT : ASKED_LEFT));
  if (
    faster < least ||
    (side > 0 && !congested) ||
    left - brakeGap(v, b, tau(type)) < way ||
    seconds < takes
  ) {
    if (target >= v) {
      advise(vehicle, target);
      return planned;
    }
    const braking = min<f64>(b, max<f64>(FALL_BEHIND, (v - target) / seconds));
    const speed = min<f64>(planned, max<f64>(0, v - dt * braking));
    advise(vehicle, speed);
    return speed;
  }
  advise(leader, u);
  return -1;
}

function ask(follower: i32, direction: i32, speed: f64): void {
  addWish(follower, direction | IN_THE_WAY_BEHIND);
  advise(follower, speed);
}

/** Asks the follower on the other lane to open a gap, or lets it pass. */
function askFollower(
  vehicle: i32,
  type: usize,
  side: i32,
  follower: i32,
  gap: f64,
  seconds: f64,
  planned: f64,
  blocked: i32,
): void {
  const v = speedOf(vehicle);
  const u = speedOf(follower);
  const direction = side < 0 ? ASKED_RIGHT : ASKED_LEFT;
  if ((blocked & BLOCKED_BY_FOLLOWER) == 0) {
    if ((blocked & BLOCKED_BY_LEADER) == 0) return;
    const first = safe(follower, u, gap + dt * planned, vehicle, planned);
    addWish(follower, direction);
    advise(follower, safe(follower, u, gap + dt * (planned - first), vehicle, planned));
    return;
  }
  if (planned - u >= HELP_OVERTAKE) {
    const needed = secureGap(follower, u, vehicle, planned);
    if ((needed - gap) / seconds < planned - u) {
      ask(follower, direction, planned - HELP_OVERTAKE);
      return;
    }
  }
  const b = decel(typeOf(follower));
  const slower = max<f64>(0, u - dt * b);
  const inOneSecond = max<f64>(0, u - b);
  const difference = planned - inOneSecond;
  const gapThen = gap + difference;
  const needed = secureGap(follower, inOneSecond, vehicle, planned);
  if (gapThen > 0 && gapThen >= needed) {
    const first = max<f64>(slower, safe(follower, u, gap + dt * planned, vehicle, planned));
    const then = safe(follower, u, gap + dt * (planned - first), vehicle, planned);
    ask(follower, direction, max<f64>(slower, then));
    return;
  }
  if (difference > 0 && difference * seconds > needed - gapThen + 0.1) {
    ask(follower, direction, slower);
    return;
  }
  const segment = segmentOf(vehicle);
  if (side < 0 && u >= CONGESTED_SPEED && speedLimitOf(segment) >= CONGESTED_LIMIT) {
    ask(follower, direction, max<f64>(slower, HELP_OVERTAKE));
    return;
  }
  let help = max<f64>(u, v + HELP_OVERTAKE);
  const slows = side < 0 || planned > CUT_IN_LEFT_SPEED || lengthOf(segment) > ON_RAMP_METRES;
  if (u > v && slows) {
    help = max<f64>(slower, v + HELP_OVERTAKE);
    if ((u - v) / b < seconds) {
      ask(follower, direction, help);
      return;
    }
  }
  ask(follower, direction, help);
  const way = overtakeDistance(follower, vehicle, gap, help, planned);
  advise(vehicle, max<f64>(help - way / seconds, v - dt * decel(type)));
}
