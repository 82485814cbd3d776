/** Whether a vehicle wants to change to the lane beside it, and why: LC2013's reasons in their order. */
import { aboutBrakingWay, brakeGap, entrySpeed, standingStopSpeed } from './krauss';
import { ENTRY_BYTES } from './layout';
import {
  accelerationOf, addKeepRight, addSpeedGain, dt, firstBlockedOf, keepRightOf, lastBlockedOf, positionOf, rememberedOf, segmentOf,
  setRemembered, setSpeedGain, speedGainOf, speedLimitOf, speedOf, typeOf, wishOf,
} from './memory';
import { makeRoom, slowDownFor } from './making-room';
import {
  accel, cooperativeFactor, decel, emergencyDecel, entryLink, entryOffset, entryReach, keepRightFactor, lookAheadLeft,
  minGap, overtakeRight, strategicFactor, tau, thresholdLeft, thresholdRight, typeLength,
} from './records';
import { mustChange, stays } from './room-ahead';
import { secureGap } from './surroundings';
import { speedOn } from './traffic';
import {
  advise, ASKED, ASKED_LEFT, ASKED_RIGHT, COOPERATIVE, IN_THE_WAY_BEHIND, LEFT, RIGHT, STAY, STRATEGIC, URGENT,
} from './wishes';

const LOOK_FORWARD_SECONDS: f64 = 10;
const MEMORY_PER_SECOND: f64 = 0.9;
const KEEP_RIGHT_SECONDS: f64 = 5;
/** What is this much beyond a bound is so whatever the rounding of the last bits. */
const ROUNDING: f64 = 1 + 1e-9;
const ACCEPTANCE_SECONDS: f64 = 7;
const LEAST_NORMAL_SPEED: f64 = 10;
/** Nobody changes for speed who would drive for less than this on the other lane, s. */
const LEAST_SECONDS: f64 = 20;
const HELP_OVERTAKE: f64 = 10 / 3.6;
/** Right lanes are not left for those of a road that is faster than this, m/s. */
const ON_RAMP_LIMIT: f64 = 80 / 3.6;
/** From here on nobody overtakes on the right, m/s. */
const CONGESTED_SPEED: f64 = 60 / 3.6;
const CONGESTED_LIMIT: f64 = 60.1 / 3.6;

/** What a vehicle knows before it looks at the other lane. */
export const UNDECIDED: i32 = 0;
export const MUST: i32 = 1;
export const STAYS: i32 = 2;

/** 0.5 and 0.8 to the power of the step. */
let halved: f64 = 0;
let faded: f64 = 0;
/** How far ahead the vehicle plans changes to the side looked at, m. */
let planned: f64 = 0;

export function setFading(halvedByStep: f64, fadedByStep: f64): void {
  halved = halvedByStep;
  faded = fadedByStep;
}

function overtakesLeft(type: usize, v: f64, segment: i32): bool {
  return v >= CONGESTED_SPEED && speedLimitOf(segment) >= CONGESTED_LIMIT && overtakeRight(type) == 0;
}

/** Whether the route asks for a change to `side` (-1 right, 1 left) now, or forbids it. */
export function routeWish(vehicle: i32, type: usize, side: i32, entry: usize): i32 {
  const position = positionOf(vehicle);
  const v = speedOf(vehicle);
  const segment = segmentOf(vehicle);
  const beside = entry + side * ENTRY_BYTES;
  const own = entryOffset(entry);
  const equal = own == 0 && entryOffset(beside) == 0;
  const offset = equal ? side : own;
  const toBest = side * offset > 0;
  const strategic = strategicFactor(type);

  if (lastBlockedOf(segment) >= 0) {
    slowDownFor(vehicle, type, lastBlockedOf(segment));
    if (firstBlockedOf(segment) != lastBlockedOf(segment)) slowDownFor(vehicle, type, firstBlockedOf(segment));
  }

  const memory = 1 - (1 - MEMORY_PER_SECOND) * dt;
  const before = rememberedOf(vehicle);
  const remembered = v > before ? v : memory * before + (1 - memory) * v;
  setRemembered(vehicle, remembered);
  let ahead = remembered * LOOK_FORWARD_SECONDS * strategic * (side < 0 ? 1 : lookAheadLeft(type));
  ahead += 2 * (typeLength(type) + minGap(type));
  if (strategic < 0) ahead = -1e3;
  planned = ahead;

  if (toBest && !equal) {
    return mustChange(vehicle, entry, offset, entryReach(entry) - position, ahead) ? MUST : UNDECIDED;
  }
  if (toBest || (side > 0 && overtakesLeft(type, v, segment))) return UNDECIDED;
  const reach = entryReach(beside);
  return stays(vehicle, entry, side, offset, reach - position, reach, ahead, strategic) ? STAYS : UNDECIDED;
}

/** The bits of an urgent change for the route: asks others for room where they block it. */
export function urgentWish(
  vehicle: i32,
  type: usize,
  side: i32,
  entry: usize,
  leader: i32,
  leaderGap: f64,
  follower: i32,
  followerGap: f64,
  blocked: i32,
): i32 {
  const left = entryReach(entry) - positionOf(vehicle);
  const leadsOn = entryLink(entry) >= 0;
  makeRoom(vehicle, type, side, entryOffset(entry), left, leadsOn, leader, leaderGap, follower, followerGap, blocked);
  return (side < 0 ? RIGHT : LEFT) | STRATEGIC | URGENT | (wishOf(vehicle) & ASKED);
}

/**
 * The bits of the wish to change to `side` where the route leaves it open; `leader` and `gap` on the vehicle's own lane,
 * `ahead0` and `gap0` on the other one.
 */
export function wish(
  vehicle: i32,
  type: usize,
  side: i32,
  entry: usize,
  leader: i32,
  gap: f64,
  ahead0: i32,
  gap0: f64,
): i32 {
  const v = speedOf(vehicle);
  const segment = segmentOf(vehicle);
  const lane = segment + side;
  const toward = side < 0 ? RIGHT : LEFT;
  const beside = entry + side * ENTRY_BYTES;
  const own = entryOffset(entry);
  const equal = own == 0 && entryOffset(beside) == 0;
  const offset = equal ? side : own;
  const toBest = side * offset > 0;
  const reach = entryReach(entry);
  const neighbour = entryReach(beside);
  const strategic = strategicFactor(type);
  const remembered = rememberedOf(vehicle);
  const ahead = planned;
  let here = speedOn(vehicle, segment);
  const most = here;
  const keepsRight = overtakesLeft(type, v, segment);
  let avoidsRight = false;
  if (keepsRight && side > 0) {
    if (ahead0 >= 0) {
      const u = speedOf(ahead0);
      const faster = max<f64>(most - speedOn(ahead0, lane), v - u);
      if (faster > 0) {
        const slowest = max<f64>(0, v - decel(type) * dt);
        const follows = safeBehind(vehicle, type, ahead0, gap0);
        let safe = follows >= slowest ? follows : max<f64>(slowest, u - HELP_OVERTAKE);
        if (speedGainOf(vehicle) < thresholdLeft(type)) safe = max<f64>(safe, u);
        here = min<f64>(here, safe);
        advise(vehicle, safe);
        if (safeBehind(vehicle, type, ahead0, gap0 - 8 * faster) < safe) {
          addSpeedGain(vehicle, (dt * faster) / max<f64>(most, LEAST_NORMAL_SPEED));
          avoidsRight = true;
        }
      }
    }
    const place = neighbour - positionOf(vehicle);
    if (!toBest && stays(vehicle, entry, side, offset, place, neighbour, ahead, strategic)) {
      return STAY | STRATEGIC | (wishOf(vehicle) & ASKED);
    }
  }
  const asked = wishOf(vehicle) & ASKED;

  const accelerating =
    (ahead0 >= 0 && accelerationOf(ahead0) > 0) || (leader >= 0 && accelerationOf(leader) > 0);
  const there = expected(vehicle, type, ahead0, gap0, neighbour, speedOn(vehicle, lane), accelerating);
  here = min<f64>(here, expected(vehicle, type, leader, gap, reach, most, accelerating));

  if (side < 0 && offset == 0 && speedLimitOf(segment) > ON_RAMP_LIMIT && remembered > 0.1) {
    return STAY | STRATEGIC | asked;
  }
  if ((asked & IN_THE_WAY_BEHIND) != 0 && (asked & (side < 0 ? ASKED_RIGHT : ASKED_LEFT)) != 0) {
    const gained =
      side < 0 ? speedGainOf(vehicle) / thresholdRight(type) : -speedGainOf(vehicle) / thresholdLeft(type);
    const inconvenience = min<f64>(1, max<f64>(here / there - 1, gained));
    if (inconvenience <= cooperativeFactor(type) && (toBest || neighbour / <f64>(abs(offset) + 1) > ahead)) {
      return toward | COOPERATIVE | URGENT | asked;
    }
  }
  const gain = there == here ? 0 : (there - here) / max<f64>(there, LEAST_NORMAL_SPEED);
  if (side < 0) {
    if (here - 5 / 3.6 > there) {
      if (speedGainOf(vehicle) < 0) setSpeedGain(vehicle, speedGainOf(vehicle) * halved);
    } else {
      if (speedGainOf(vehicle) < 0 || gain > 0) setSpeedGain(vehicle, speedGainOf(vehicle) - dt * gain);
      keepRight(vehicle, type, v, most, neighbour, keepsRight, leader, gap, ahead0, gap0);
      if (keepRightOf(vehicle) * keepRightFactor(type) < -thresholdRight(type)) return toward | asked;
    }
    if (speedGainOf(vehicle) < -thresholdRight(type) && neighbour / max<f64>(0.1, v) > LEAST_SECONDS) return toward | asked;
  } else {
    if (here > there) {
      if (speedGainOf(vehicle) > 0) setSpeedGain(vehicle, speedGainOf(vehicle) * halved);
    } else if (here == there) {
      if (speedGainOf(vehicle) > 0) setSpeedGain(vehicle, speedGainOf(vehicle) * faded);
    } else addSpeedGain(vehicle, dt * gain);
    if (
      speedGainOf(vehicle) > thresholdLeft(type) &&
      (gain > 0.001 || avoidsRight) &&
      neighbour / max<f64>(0.1, v) > LEAST_SECONDS
    ) {
      return toward | asked;
    }
  }
  const willing = side < 0 ? speedGainOf(vehicle) < 0 : speedGainOf(vehicle) > 0;
  if (toBest && !equal && strategic >= 0 && gain >= 0 && willing) return toward | STRATEGIC | asked;
  return asked;
}

/** Counts what it has been driving on a lane that it should leave to the right. */
function keepRight(
  vehicle: i32,
  type: usize,
  v: f64,
  most: f64,
  neighbour: f64,
  keepsRight: bool,
  leader: i32,
  leaderGap: f64,
  ahead: i32,
  aheadGap: f64,
): void {
  const accepted = ACCEPTANCE_SECONDS * most * max<f64>(1, v);
  const limit = speedLimitOf(segmentOf(vehicle));
  const free = max<f64>(0, neighbour - brakeGap(most, decel(type), tau(type)));
  let gap = free;
  let u: f64 = 0;
  const follows = ahead >= 0 && speedOf(ahead) < most;
  if (follows) {
    u = speedOf(ahead);
    gap = max<f64>(0, min<f64>(gap, aheadGap - secureGap(vehicle, most, ahead, u)));
  }
  const heedsLeader = keepsRight && leader >= 0;
  if (!heedsLeader) {
    if (gap == 0) return;
    if (accepted * most * ROUNDING <= free * limit && (!follows || accepted * (most - u) * ROUNDING <= gap * limit)) {
      // all the time that counts: `driving` is `acceptance` below
      addKeepRight(vehicle, -((dt * thresholdRight(type)) / KEEP_RIGHT_SECONDS));
      return;
    }
  }
  const acceptance = accepted / limit;
  let driving = min<f64>(acceptance, free / most);
  if (follows) driving = min<f64>(driving, gap / (most - u));
  if (heedsLeader) {
    const theirs = speedOn(leader, segmentOf(leader));
    if (theirs < most) {
      gap = min<f64>(gap, leaderGap);
      driving = min<f64>(driving, gap / (most - speedOf(leader)));
      addSpeedGain(vehicle, (dt * (most - theirs)) / max<f64>(most, LEAST_NORMAL_SPEED));
    }
  }
  addKeepRight(vehicle, -((dt * thresholdRight(type) * (driving / acceptance)) / KEEP_RIGHT_SECONDS));
}

/** Safe speed behind a leader, with no harder braking than usual. */
function safeBehind(vehicle: i32, type: usize, leader: i32, gap: f64): f64 {
  if (gap < 0) return max<f64>(0, speedOf(vehicle) - emergencyDecel(type) * dt);
  return entrySpeed(gap, speedOf(leader), decel(typeOf(leader)), decel(type), tau(type));
}

/** Speed that a lane lets the vehicle drive soon: behind the leader there, or towards its end. */
function expected(
  vehicle: i32,
  type: usize,
  leader: i32,
  gap: f64,
  distance: f64,
  most: f64,
  accelerating: bool,
): f64 {
  const b = decel(type);
  let speed: f64;
  const free = leader >= 0 ? gap : distance;
  // far enough to stop from there, and a step more
  const enough = most * (tau(type) + dt) + aboutBrakingWay(most, b) + 1;
  if (free > enough) speed = most;
  else if (leader >= 0) speed = safeBehind(vehicle, type, leader, gap);
  else speed = standingStopSpeed(distance, b, tau(type));
  // in a second from now at most
  if (accelerating) speed = min<f64>(speed, speedOf(vehicle) + accel(type));
  return speed < most ? speed : most;
}
