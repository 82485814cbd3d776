/** Who is around a vehicle that thinks of changing lanes, and how far away. */
import { linkState, majorState } from './junction-rules';
import { brakeGap } from './krauss';
import {
  firstIntoOf, firstOf, lastOf, leaverOf, lengthOf, linkEndOf, linkIntoAt, linkStartOf, positionOf, speedLimitOf, speedOf,
  typeOf,
} from './memory';
import { decel, entryLink, entryNext, minGap, tau, typeLength } from './records';
import { leaverRear, rearOf } from './traffic';

/** Gap to the leader or follower found last; minGap is taken off. */
export let foundGap: f64 = 0;

/**
 * The leader on a lane, -1 for none: `onLane`, or who has left the lane by its end with its front only, or, where the
 * vehicle could not stop before the lane's end, the next one beyond open links. Its gap goes to `foundGap`.
 */
export function findLeader(vehicle: i32, type: usize, lane: i32, laneEntry: usize, onLane: i32): i32 {
  const front = positionOf(vehicle) + minGap(type);
  if (onLane >= 0) {
    foundGap = rearOf(onLane) - front;
    return onLane;
  }
  const rear = leaverRear(lane);
  if (rear < Infinity) {
    foundGap = rear - front;
    return leaverOf(lane);
  }
  const v = speedOf(vehicle);
  let within = brakeGap(v, decel(type), tau(type)) + minGap(type);
  let seen = lengthOf(lane) - positionOf(vehicle);
  let entry = laneEntry;
  while (seen <= within) {
    const link = entryLink(entry);
    if (link < 0 || !majorState(linkState(link))) return -1;
    let leader = lastOf(link);
    if (leader >= 0) return foundBeyond(leader, seen, type);
    seen += lengthOf(link);
    const next = linkEndOf(link);
    leader = lastOf(next);
    if (leader >= 0) return foundBeyond(leader, seen, type);
    seen += lengthOf(next);
    if (speedLimitOf(next) < v) within = min<f64>(within, brakeGap(speedLimitOf(next), decel(type), tau(type)));
    entry = entryNext(entry);
    if (entryLink(entry) < 0) return -1;
  }
  return -1;
}

function foundBeyond(leader: i32, seen: f64, type: usize): i32 {
  foundGap = seen + positionOf(leader) - typeLength(typeOf(leader)) - minGap(type);
  return leader;
}

/** The follower on a lane, -1 for none: `onLane`, or one that comes along a link that leads into it. */
export function findFollower(vehicle: i32, lane: i32, onLane: i32): i32 {
  const rear = rearOf(vehicle);
  if (onLane >= 0) {
    foundGap = rear - positionOf(onLane) - minGap(typeOf(onLane));
    return onLane;
  }
  return findBehind(vehicle, speedOf(vehicle), lane, rear);
}

/** Deceleration by which vehicles are assumed to stop who come from behind, m/s2. */
const USUAL_DECEL: f64 = 4.5;

/**
 * Of the foremost vehicles on the links into a lane, and where there is none, on the lanes before them, the one whose
 * gap to `vehicle`, which would have its rear at `rear` and drive at u, is shortest for its speed; -1 for none.
 */
export function findBehind(vehicle: i32, u: f64, lane: i32, rear: f64): i32 {
  const limit = speedLimitOf(lane);
  const within = limit + (limit * limit) / (2 * USUAL_DECEL) - rear;
  let found = -1;
  let most: f64 = -Infinity;
  if (within <= 0) return -1;
  const end = firstIntoOf(lane + 1);
  for (let i = firstIntoOf(lane); i < end; i++) {
    const link = linkIntoAt(i);
    let w = firstOf(link);
    let metres = rear + lengthOf(link);
    if (w < 0 || w == vehicle) {
      if (lengthOf(link) > within) continue;
      const start = linkStartOf(link);
      w = firstOf(start);
      metres += lengthOf(start);
      if (w < 0 || w == vehicle) continue;
    }
    const gap = metres - positionOf(w) - minGap(typeOf(w));
    if (gap > within + rear) continue;
    const missing = secureGap(w, speedOf(w), vehicle, u) - gap;
    if (missing > most) {
      most = missing;
      found = w;
      foundGap = gap;
    }
  }
  return found;
}

/** Gap that `follower` at speed v needs behind `leader` at speed u, minGap not included. */
export function secureGap(follower: i32, v: f64, leader: i32, u: f64): f64 {
  const type = typeOf(follower);
  const own = decel(type);
  const other = decel(typeOf(leader));
  const gap = brakeGap(v, own, tau(type)) - brakeGap(u, own > other ? own : other, 0);
  return gap > 0 ? gap : 0;
}
