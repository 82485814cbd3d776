/**
 * Lane changes as SUMO's LC2013 makes them: at once, one a step and vehicle, for the route, to let others in, for speed
 * and to keep right. Where a change for the route is blocked, the vehicles in the way make room in the next step.
 */
import {
  ASKED,
  BLOCKED,
  BLOCKED_BY_FOLLOWER,
  BLOCKED_BY_LEADER,
  forgetWishes,
  type LaneChanging,
  LEFT,
  OVERLAPPING,
  RIGHT,
  STAY,
  STRATEGIC,
  URGENT,
  WANTS_CHANGE,
} from './lane-change-state.ts';
import { MUST, routeWish, STAYS, UNDECIDED, urgentWish, wish } from './lane-change-wish.ts';
import { AHEAD_GAP, around, BEHIND_GAP, findFollower, findLeader, LEADER_GAP, secureGap } from './surroundings.ts';
import { delist, enlist, type Traffic } from './traffic.ts';

/** All lane changes of a step. */
export function changeLanes(t: Traffic, c: LaneChanging): void {
  const { vehicleClass } = t.demand;
  const { length, minGap } = t.types;
  const { roads } = c;
  for (let r = 0; r < roads.length; r += 2) {
    const from = roads[r]!;
    const to = roads[r + 1]!;
    let count = 0;
    for (let lane = from; lane < to; lane++) {
      count += t.onSegment[lane]!;
      c.jam[lane] = 0;
      c.firstBlocked[lane] = -1;
      c.lastBlocked[lane] = -1;
      c.lead[lane] = -1;
    }
    if (count === 0) continue;
    mergeLanes(t, c, from, to);
    for (let i = 0; i < count; i++) {
      const vehicle = c.order[i]!;
      const type = vehicleClass[vehicle]!;
      consider(t, c, vehicle, from);
      const lane = t.state.segment[vehicle]!;
      c.jam[lane]! += length[type]! + minGap[type]!;
      c.lead[lane] = vehicle;
    }
  }
}

/** Writes the vehicles of adjacent lanes to `order`, front to back; beside each other the rightmost first. */
function mergeLanes(t: Traffic, c: LaneChanging, from: number, to: number): void {
  const { position } = t.state;
  for (let lane = from; lane < to; lane++) c.cursor[lane] = t.first[lane]!;
  for (let i = 0; ; i++) {
    let best = -1;
    let lane = -1;
    for (let l = from; l < to; l++) {
      const w = c.cursor[l]!;
      if (w >= 0 && (best < 0 || position[w]! > position[best]!)) {
        best = w;
        lane = l;
      }
    }
    if (best < 0) return;
    c.order[i] = best;
    c.cursor[lane] = t.behind[best]!;
  }
}

function consider(t: Traffic, c: LaneChanging, vehicle: number, from: number): void {
  const { lanes, state } = t;
  const k = lanes.firstStage[t.demand.route[vehicle]!]! + t.stage[vehicle]!;
  const base = lanes.first[k]!;
  const segment = state.segment[vehicle]!;
  const index = segment - from;
  const mayRight = index > 0 && lanes.allowed[base + index - 1] === 1;
  const mayLeft = index + 1 < lanes.laneCount[k]! && lanes.allowed[base + index + 1] === 1;
  if (!mayRight && !mayLeft) return;
  let right = 0;
  if (mayRight) {
    right = check(t, c, vehicle, -1, k, base + index);
    if ((right & RIGHT) !== 0 && (right & BLOCKED) === 0) {
      change(t, c, vehicle, segment - 1, base + index - 1);
      return;
    }
    if ((right & RIGHT) !== 0 && (right & URGENT) !== 0) block(c, vehicle, segment - 1);
  }
  let left = 0;
  if (mayLeft) {
    left = check(t, c, vehicle, 1, k, base + index);
    if ((left & LEFT) !== 0 && (left & BLOCKED) === 0) {
      change(t, c, vehicle, segment + 1, base + index + 1);
      return;
    }
    if ((left & LEFT) !== 0 && (left & URGENT) !== 0) block(c, vehicle, segment + 1);
  }
  if ((right & URGENT) !== 0 && (left & URGENT) !== 0) left = 0;
  c.state[vehicle] = right | left | (c.state[vehicle]! & ASKED);
}

function block(c: LaneChanging, vehicle: number, lane: number): void {
  c.lastBlocked[lane] = vehicle;
  if (c.firstBlocked[lane]! < 0) c.firstBlocked[lane] = vehicle;
}

function change(t: Traffic, c: LaneChanging, vehicle: number, lane: number, entry: number): void {
  delist(t, vehicle);
  enlist(t, vehicle, lane);
  forgetWishes(c, vehicle, t.lanes.offset[entry] !== 0);
}

/** State of the wish to change to `side`, with what blocks it. */
function check(t: Traffic, c: LaneChanging, vehicle: number, side: number, k: number, entry: number): number {
  const thought = routeWish(t, c, vehicle, side, k, entry);
  if (thought === STAYS) return STAY | STRATEGIC | (c.state[vehicle]! & ASKED);
  const lane = t.state.segment[vehicle]! + side;
  // all that are ahead there have been dealt with
  const ahead = c.lead[lane]!;
  const behind = ahead >= 0 ? t.behind[ahead]! : t.first[lane]!;
  const leader = findLeader(t, vehicle, lane, entry + side, k, ahead, AHEAD_GAP);
  around.neighbourLeader = leader;
  let wanted = 0;
  if (thought === UNDECIDED) {
    around.leader = findLeader(t, vehicle, lane - side, entry, k, t.ahead[vehicle]!, LEADER_GAP);
    wanted = wish(t, c, vehicle, side, k, entry);
    if ((wanted & WANTS_CHANGE) === 0) return wanted;
  }
  const follower = findFollower(t, c, vehicle, lane, behind);
  around.neighbourFollower = follower === leader ? -1 : follower;
  const blocked = blockedBy(t, c, vehicle);
  if (thought === MUST) wanted = urgentWish(t, c, vehicle, side, entry, blocked);
  return wanted | blocked;
}

/** What is in the way of a change, of leader and follower on the other lane. */
function blockedBy(t: Traffic, c: LaneChanging, vehicle: number): number {
  const { state, types, dt } = t;
  const { neighbourLeader: leader, neighbourFollower: follower } = around;
  let blocked = 0;
  if (follower >= 0 && around.gap[BEHIND_GAP]! < 0) blocked |= BLOCKED_BY_FOLLOWER | OVERLAPPING;
  if (leader >= 0 && around.gap[AHEAD_GAP]! < 0) blocked |= BLOCKED_BY_LEADER | OVERLAPPING;
  const v = state.speed[vehicle]!;
  const a = state.acceleration[vehicle]!;
  const safety = c.params.safety[t.demand.vehicleClass[vehicle]!]!;
  if (follower >= 0 && (blocked & BLOCKED_BY_FOLLOWER) === 0) {
    const later = Math.max(0, types.tau[t.demand.vehicleClass[follower]!]! - dt);
    const theirs = state.speed[follower]! + Math.max(0, later * state.acceleration[follower]!);
    const needed = secureGap(t, follower, theirs, vehicle, v + Math.min(0, later * a));
    if (around.gap[BEHIND_GAP]! < needed * safety) blocked |= BLOCKED_BY_FOLLOWER;
  }
  if (leader >= 0 && (blocked & BLOCKED_BY_LEADER) === 0) {
    const later = Math.max(0, types.tau[t.demand.vehicleClass[vehicle]!]! - dt);
    const theirs = state.speed[leader]! + Math.min(0, later * state.acceleration[leader]!);
    const needed = secureGap(t, vehicle, v + Math.max(0, later * a), leader, theirs);
    if (around.gap[AHEAD_GAP]! < needed * safety) blocked |= BLOCKED_BY_LEADER;
  }
  return blocked;
}
