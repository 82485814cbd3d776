/**
 * Lane changes as SUMO's LC2013 makes them: at once, one a step and vehicle, for the route, to let others in, for speed
 * and to keep right. Where a change for the route is blocked, the vehicles in the way make room in the next step.
 */
import { MUST, routeWish, STAYS, UNDECIDED, urgentWish, wish } from './lane-change-wish';
import { ENTRY_BYTES, MAY_LEFT, MAY_RIGHT } from './layout';
import {
  accelerationOf, addJam, aheadOf, behindOf, cursorOf, dt, entryOf, firstBlockedOf, firstOf, leadOf, onSegmentOf, orderAt,
  positionOf, roadEndAt, segmentOf, setCursor, setFirstBlocked, setJam, setLastBlocked, setLead, setOrder,
  setWish, speedOf, typeOf, waysOf, wishOf,
} from './memory';
import { entryOffset, minGap, safety, tau, typeLength } from './records';
import { findFollower, findLeader, foundGap, secureGap } from './surroundings';
import { delist, enlist, takeEntry } from './traffic';
import {
  ASKED, BLOCKED, BLOCKED_BY_FOLLOWER, BLOCKED_BY_LEADER, forgetWishes, LEFT, OVERLAPPING, RIGHT, STAY, STRATEGIC,
  URGENT, WANTS_CHANGE,
} from './wishes';

/** All lane changes of a step; `ends`: how many numbers the table of roads has, two a road. */
export function changeAll(ends: i32): void {
  for (let r = 0; r < ends; r += 2) {
    const from = roadEndAt(r);
    const to = roadEndAt(r + 1);
    let count = 0;
    for (let lane = from; lane < to; lane++) {
      count += onSegmentOf(lane);
      setJam(lane, 0);
      setFirstBlocked(lane, -1);
      setLastBlocked(lane, -1);
      setLead(lane, -1);
    }
    if (count == 0) continue;
    mergeLanes(from, to);
    for (let i = 0; i < count; i++) {
      const vehicle = orderAt(i);
      const type = typeOf(vehicle);
      consider(vehicle, type);
      const lane = segmentOf(vehicle);
      addJam(lane, typeLength(type) + minGap(type));
      setLead(lane, vehicle);
    }
  }
}

/** Writes the vehicles of adjacent lanes to `order`, front to back; beside each other the rightmost first. */
function mergeLanes(from: i32, to: i32): void {
  for (let lane = from; lane < to; lane++) setCursor(lane, firstOf(lane));
  for (let i = 0; ; i++) {
    let best = -1;
    let lane = -1;
    for (let l = from; l < to; l++) {
      const w = cursorOf(l);
      if (w >= 0 && (best < 0 || positionOf(w) > positionOf(best))) {
        best = w;
        lane = l;
      }
    }
    if (best < 0) return;
    setOrder(i, best);
    setCursor(lane, behindOf(best));
  }
}

function consider(vehicle: i32, type: usize): void {
  const ways = waysOf(vehicle);
  const toRight = (ways & MAY_RIGHT) != 0;
  const toLeft = (ways & MAY_LEFT) != 0;
  if (!toRight && !toLeft) return;
  const entry = entryOf(vehicle);
  const segment = segmentOf(vehicle);
  let right = 0;
  if (toRight) {
    right = check(vehicle, type, -1, entry);
    if ((right & RIGHT) != 0 && (right & BLOCKED) == 0) {
      change(vehicle, segment - 1, entry - ENTRY_BYTES);
      return;
    }
    if ((right & RIGHT) != 0 && (right & URGENT) != 0) block(vehicle, segment - 1);
  }
  let left = 0;
  if (toLeft) {
    left = check(vehicle, type, 1, entry);
    if ((left & LEFT) != 0 && (left & BLOCKED) == 0) {
      change(vehicle, segment + 1, entry + ENTRY_BYTES);
      return;
    }
    if ((left & LEFT) != 0 && (left & URGENT) != 0) block(vehicle, segment + 1);
  }
  if ((right & URGENT) != 0 && (left & URGENT) != 0) left = 0;
  setWish(vehicle, right | left | (wishOf(vehicle) & ASKED));
}

function block(vehicle: i32, lane: i32): void {
  setLastBlocked(lane, vehicle);
  if (firstBlockedOf(lane) < 0) setFirstBlocked(lane, vehicle);
}

function change(vehicle: i32, lane: i32, entry: usize): void {
  delist(vehicle);
  enlist(vehicle, lane);
  takeEntry(vehicle, entry);
  forgetWishes(vehicle, entryOffset(entry) != 0);
}

/** State of the wish to change to `side`, with what blocks it. */
function check(vehicle: i32, type: usize, side: i32, entry: usize): i32 {
  const thought = routeWish(vehicle, type, side, entry);
  if (thought == STAYS) return STAY | STRATEGIC | (wishOf(vehicle) & ASKED);
  const segment = segmentOf(vehicle);
  const lane = segment + side;
  // all that are ahead there have been dealt with
  const ahead = leadOf(lane);
  const behind = ahead >= 0 ? behindOf(ahead) : firstOf(lane);
  const leader = findLeader(vehicle, type, lane, entry + side * ENTRY_BYTES, ahead);
  const leaderGap = foundGap;
  let wanted = 0;
  if (thought == UNDECIDED) {
    const own = findLeader(vehicle, type, segment, entry, aheadOf(vehicle));
    wanted = wish(vehicle, type, side, entry, own, foundGap, leader, leaderGap);
    if ((wanted & WANTS_CHANGE) == 0) return wanted;
  }
  let follower = findFollower(vehicle, lane, behind);
  const followerGap = foundGap;
  if (follower == leader) follower = -1;
  const blocked = blockedBy(vehicle, type, leader, leaderGap, follower, followerGap);
  if (thought == MUST) {
    wanted = urgentWish(vehicle, type, side, entry, leader, leaderGap, follower, followerGap, blocked);
  }
  return wanted | blocked;
}

/** What is in the way of a change, of leader and follower on the other lane. */
function blockedBy(vehicle: i32, type: usize, leader: i32, ahead: f64, follower: i32, behind: f64): i32 {
  let blocked = 0;
  if (follower >= 0 && behind < 0) blocked |= BLOCKED_BY_FOLLOWER | OVERLAPPING;
  if (leader >= 0 && ahead < 0) blocked |= BLOCKED_BY_LEADER | OVERLAPPING;
  const v = speedOf(vehicle);
  const a = accelerationOf(vehicle);
  if (follower >= 0 && (blocked & BLOCKED_BY_FOLLOWER) == 0) {
    const later = max<f64>(0, tau(typeOf(follower)) - dt);
    const theirs = speedOf(follower) + max<f64>(0, later * accelerationOf(follower));
    const needed = secureGap(follower, theirs, vehicle, v + min<f64>(0, later * a));
    if (behind < needed * safety(type)) blocked |= BLOCKED_BY_FOLLOWER;
  }
  if (leader >= 0 && (blocked & BLOCKED_BY_LEADER) == 0) {
    const later = max<f64>(0, tau(type) - dt);
    const theirs = speedOf(leader) + min<f64>(0, later * accelerationOf(leader));
    const needed = secureGap(vehicle, v + max<f64>(0, later * a), leader, theirs);
    if (ahead < needed * safety(type)) blocked |= BLOCKED_BY_LEADER;
  }
  return blocked;
}
