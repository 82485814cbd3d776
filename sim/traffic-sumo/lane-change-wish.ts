/** Whether a vehicle wants to change to the lane beside it, and why: LC2013's reasons in their order. */
import { brakeGap, entrySpeed, standingStopSpeed } from './krauss.ts';
import {
  ASKED,
  ASKED_LEFT,
  ASKED_RIGHT,
  advise,
  COOPERATIVE,
  IN_THE_WAY_BEHIND,
  type LaneChanging,
  LEFT,
  RIGHT,
  STAY,
  STRATEGIC,
  URGENT,
} from './lane-change-state.ts';
import { makeRoom, slowDownFor } from './making-room.ts';
import { AHEAD_GAP, around, LEADER_GAP, secureGap } from './surroundings.ts';
import { speedOn, type Traffic } from './traffic.ts';

const LOOK_FORWARD_SECONDS = 10;
const MEMORY_PER_SECOND = 0.9;
const KEEP_RIGHT_SECONDS = 5;
const ACCEPTANCE_SECONDS = 7;
const LEAST_NORMAL_SPEED = 10;
const STAY_METRES = 200;
const HELP_OVERTAKE = 10 / 3.6;
/** Right lanes are not left for those of a road that is faster than this, m/s. */
const ON_RAMP_LIMIT = 80 / 3.6;
/** From here on nobody overtakes on the right, m/s. */
const CONGESTED_SPEED = 60 / 3.6;
const CONGESTED_LIMIT = 60.1 / 3.6;
/** Lanes are compared this far ahead, m. */
const HORIZON_METRES = 3000;

/** What a vehicle knows before it looks at the other lane. */
export const UNDECIDED = 0;
export const MUST = 1;
export const STAYS = 2;

const scratch = new Float64Array(1);
const AHEAD = 0;

function overtakesLeft(t: Traffic, c: LaneChanging, type: number, v: number, segment: number): boolean {
  return (
    v >= CONGESTED_SPEED &&
    t.world.network.speedLimit[segment]! >= CONGESTED_LIMIT &&
    c.params.overtakeRight[type] === 0
  );
}

/** Whether the route asks for a change to `side` (-1 right, 1 left) now, or forbids it. */
export function routeWish(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  k: number,
  entry: number,
): number {
  const { lanes, state, types, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const position = state.position[vehicle]!;
  const v = state.speed[vehicle]!;
  const segment = state.segment[vehicle]!;
  const own = lanes.offset[entry]!;
  const equal = own === 0 && lanes.offset[entry + side] === 0;
  const offset = equal ? side : own;
  const toBest = side * offset > 0;
  const strategic = c.params.strategic[type]!;

  if (c.lastBlocked[segment]! >= 0) {
    slowDownFor(t, c, vehicle, c.lastBlocked[segment]!);
    if (c.firstBlocked[segment] !== c.lastBlocked[segment]) slowDownFor(t, c, vehicle, c.firstBlocked[segment]!);
  }

  const memory = 1 - (1 - MEMORY_PER_SECOND) * dt;
  const before = c.remembered[vehicle]!;
  const remembered = v > before ? v : memory * before + (1 - memory) * v;
  c.remembered[vehicle] = remembered;
  let ahead = remembered * LOOK_FORWARD_SECONDS * strategic * (side < 0 ? 1 : c.params.lookAheadLeft[type]!);
  ahead += 2 * (types.length[type]! + types.minGap[type]!);
  if (strategic < 0) ahead = -1e3;
  scratch[AHEAD] = ahead;

  if (toBest && !equal) {
    return mustChange(t, c, k, entry, segment, offset, lanes.reach[entry]! - position, ahead) ? MUST : UNDECIDED;
  }
  if (toBest || (side > 0 && overtakesLeft(t, c, type, v, segment))) return UNDECIDED;
  const neighbour = lanes.reach[entry + side]!;
  return stays(t, c, k, entry, side, offset, neighbour - position, neighbour, ahead, strategic) ? STAYS : UNDECIDED;
}

/** The bits of an urgent change for the route: asks others for room where they block it. */
export function urgentWish(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  side: number,
  entry: number,
  blocked: number,
): number {
  const { lanes, state } = t;
  const left = lanes.reach[entry]! - state.position[vehicle]!;
  makeRoom(t, c, vehicle, side, lanes.offset[entry]!, left, lanes.nextLink[entry]! >= 0, blocked);
  return (side < 0 ? RIGHT : LEFT) | STRATEGIC | URGENT | (c.state[vehicle]! & ASKED);
}

/** The bits of the wish to change to `side` where the route leaves it open. */
export function wish(t: Traffic, c: LaneChanging, vehicle: number, side: number, k: number, entry: number): number {
  const { lanes, state, types, dt } = t;
  const { speedLimit } = t.world.network;
  const type = t.demand.vehicleClass[vehicle]!;
  const v = state.speed[vehicle]!;
  const segment = state.segment[vehicle]!;
  const lane = segment + side;
  const toward = side < 0 ? RIGHT : LEFT;
  const own = lanes.offset[entry]!;
  const equal = own === 0 && lanes.offset[entry + side] === 0;
  const offset = equal ? side : own;
  const toBest = side * offset > 0;
  const reach = lanes.reach[entry]!;
  const neighbour = lanes.reach[entry + side]!;
  const strategic = c.params.strategic[type]!;
  const remembered = c.remembered[vehicle]!;
  const ahead = scratch[AHEAD]!;
  let here = speedOn(t, vehicle, segment);
  const most = here;
  const keepsRight = overtakesLeft(t, c, type, v, segment);
  let avoidsRight = false;
  const ahead0 = around.neighbourLeader;
  if (keepsRight && side > 0) {
    if (ahead0 >= 0) {
      const u = state.speed[ahead0]!;
      const faster = Math.max(most - speedOn(t, ahead0, lane), v - u);
      if (faster > 0) {
        const slowest = Math.max(0, v - types.decel[type]! * dt);
        const follows = safeBehind(t, vehicle, ahead0, around.gap[AHEAD_GAP]!);
        let safe = follows >= slowest ? follows : Math.max(slowest, u - HELP_OVERTAKE);
        if (c.speedGain[vehicle]! < c.params.thresholdLeft[type]!) safe = Math.max(safe, u);
        here = Math.min(here, safe);
        advise(c, vehicle, safe);
        if (safeBehind(t, vehicle, ahead0, around.gap[AHEAD_GAP]! - 8 * faster) < safe) {
          c.speedGain[vehicle]! += (dt * faster) / Math.max(most, LEAST_NORMAL_SPEED);
          avoidsRight = true;
        }
      }
    }
    const place = neighbour - state.position[vehicle]!;
    if (!toBest && stays(t, c, k, entry, side, offset, place, neighbour, ahead, strategic)) {
      return STAY | STRATEGIC | (c.state[vehicle]! & ASKED);
    }
  }
  const asked = c.state[vehicle]! & ASKED;

  const leader = around.leader;
  const accelerating =
    (ahead0 >= 0 && state.acceleration[ahead0]! > 0) || (leader >= 0 && state.acceleration[leader]! > 0);
  const there = expected(
    t,
    vehicle,
    ahead0,
    around.gap[AHEAD_GAP]!,
    neighbour,
    speedOn(t, vehicle, lane),
    accelerating,
  );
  here = Math.min(here, expected(t, vehicle, leader, around.gap[LEADER_GAP]!, reach, most, accelerating));

  if (side < 0 && offset === 0 && speedLimit[segment]! > ON_RAMP_LIMIT && remembered > 0.1) {
    return STAY | STRATEGIC | asked;
  }
  if ((asked & IN_THE_WAY_BEHIND) !== 0 && (asked & (side < 0 ? ASKED_RIGHT : ASKED_LEFT)) !== 0) {
    const gain =
      side < 0
        ? c.speedGain[vehicle]! / c.params.thresholdRight[type]!
        : -c.speedGain[vehicle]! / c.params.thresholdLeft[type]!;
    const inconvenience = Math.min(1, Math.max(here / there - 1, gain));
    if (inconvenience <= c.params.cooperative[type]! && (toBest || neighbour / (Math.abs(offset) + 1) > ahead)) {
      return toward | COOPERATIVE | URGENT | asked;
    }
  }
  const gain = (there - here) / Math.max(there, LEAST_NORMAL_SPEED);
  const seconds = neighbour / Math.max(0.1, v);
  if (side < 0) {
    if (here - 5 / 3.6 > there) {
      if (c.speedGain[vehicle]! < 0) c.speedGain[vehicle]! *= t.halved;
    } else {
      if (c.speedGain[vehicle]! < 0 || gain > 0) c.speedGain[vehicle]! -= dt * gain;
      keepRight(t, c, vehicle, type, v, most, neighbour, keepsRight);
      if (c.keepRight[vehicle]! * c.params.keepRight[type]! < -c.params.thresholdRight[type]!) return toward | asked;
    }
    if (c.speedGain[vehicle]! < -c.params.thresholdRight[type]! && seconds > 20) return toward | asked;
  } else {
    if (here > there) {
      if (c.speedGain[vehicle]! > 0) c.speedGain[vehicle]! *= t.halved;
    } else if (here === there) {
      if (c.speedGain[vehicle]! > 0) c.speedGain[vehicle]! *= t.faded;
    } else c.speedGain[vehicle]! += dt * gain;
    if (c.speedGain[vehicle]! > c.params.thresholdLeft[type]! && (gain > 0.001 || avoidsRight) && seconds > 20) {
      return toward | asked;
    }
  }
  const willing = side < 0 ? c.speedGain[vehicle]! < 0 : c.speedGain[vehicle]! > 0;
  if (toBest && !equal && strategic >= 0 && gain >= 0 && willing) return toward | STRATEGIC | asked;
  return asked;
}

/** Whether the place left on the lane is short for the changes still to make. */
function mustChange(
  t: Traffic,
  c: LaneChanging,
  k: number,
  entry: number,
  segment: number,
  offset: number,
  left: number,
  ahead: number,
): boolean {
  const needed = ahead * Math.abs(offset);
  const usable = left - c.jam[segment + offset]!;
  return usable < needed || usable - beyond(t, k, entry + offset, usable - needed) < needed;
}

/** Whether the way back to the route would be too short, or the vehicle is where it should be. */
function stays(
  t: Traffic,
  c: LaneChanging,
  k: number,
  entry: number,
  side: number,
  offset: number,
  place: number,
  neighbour: number,
  ahead: number,
  strategic: number,
): boolean {
  const segment = t.lanes.firstLane[k]! + entry - t.lanes.first[k]!;
  const room = Math.max(0, place - Math.max(c.jam[segment + side]!, c.jam[segment]!));
  const needed = ahead * (Math.abs(offset) + 2);
  if (room < needed) return true;
  const enough = place - needed;
  const there = c.jam[segment + side]!;
  const here = c.jam[segment]!;
  if (there + beyond(t, k, entry + side, enough - there) > enough) return true;
  if (here + beyond(t, k, entry, enough - here) > enough) return true;
  return offset === 0 && strategic >= 0 && neighbour < STAY_METRES && leadsSomewhere(t, k, entry + side);
}

/** Whether the last lane that one gets to without changing leads anywhere. */
function leadsSomewhere(t: Traffic, k: number, entry: number): boolean {
  const { lanes } = t;
  const { linkEnd, firstLink, lastLink } = t.world.network;
  let stage = k;
  let here = entry;
  while (lanes.nextLink[here]! >= 0) {
    const lane = linkEnd[lanes.nextLink[here]!]!;
    stage++;
    here = lanes.first[stage]! + lane - lanes.firstLane[stage]!;
  }
  const lane = lanes.firstLane[stage]! + here - lanes.first[stage]!;
  return firstLink[lane]! < lastLink[lane]!;
}

/** Metres that vehicles and their gaps take on the lanes that follow, within the horizon; at least `enough` ends it. */
function beyond(t: Traffic, k: number, entry: number, enough: number): number {
  const { lanes, taken } = t;
  const { length, linkEnd } = t.world.network;
  let metres = 0;
  let seen = 0;
  let stage = k;
  let here = entry;
  for (;;) {
    const link = lanes.nextLink[here]!;
    if (link < 0) return metres;
    const lane = linkEnd[link]!;
    metres += taken[lane]!;
    seen += length[lane]!;
    if (metres > enough || seen > HORIZON_METRES) return metres;
    stage++;
    here = lanes.first[stage]! + lane - lanes.firstLane[stage]!;
  }
}

/** Counts what it has been driving on a lane that it should leave to the right. */
function keepRight(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  type: number,
  v: number,
  most: number,
  neighbour: number,
  keepsRight: boolean,
): void {
  const { state, types, dt } = t;
  const acceptance =
    (ACCEPTANCE_SECONDS * most * Math.max(1, v)) / t.world.network.speedLimit[state.segment[vehicle]!]!;
  let gap = Math.max(0, neighbour - brakeGap(most, types.decel[type]!, types.tau[type]!, dt));
  let driving = Math.min(acceptance, gap / most);
  const ahead = around.neighbourLeader;
  if (ahead >= 0 && state.speed[ahead]! < most) {
    const u = state.speed[ahead]!;
    gap = Math.max(0, Math.min(gap, around.gap[AHEAD_GAP]! - secureGap(t, vehicle, most, ahead, u)));
    driving = Math.min(driving, gap / (most - u));
  }
  const { leader } = around;
  if (keepsRight && leader >= 0) {
    const theirs = speedOn(t, leader, state.segment[leader]!);
    if (theirs < most) {
      gap = Math.min(gap, around.gap[LEADER_GAP]!);
      driving = Math.min(driving, gap / (most - state.speed[leader]!));
      c.speedGain[vehicle]! += (dt * (most - theirs)) / Math.max(most, LEAST_NORMAL_SPEED);
    }
  }
  c.keepRight[vehicle]! -= (dt * c.params.thresholdRight[type]! * (driving / acceptance)) / KEEP_RIGHT_SECONDS;
}

/** Safe speed behind a leader, with no harder braking than usual. */
function safeBehind(t: Traffic, vehicle: number, leader: number, gap: number): number {
  const { types, state, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  if (gap < 0) return Math.max(0, state.speed[vehicle]! - types.emergencyDecel[type]! * dt);
  const other = types.decel[t.demand.vehicleClass[leader]!]!;
  return entrySpeed(gap, state.speed[leader]!, other, types.decel[type]!, types.tau[type]!, dt);
}

/** Speed that a lane lets the vehicle drive soon: behind the leader there, or towards its end. */
function expected(
  t: Traffic,
  vehicle: number,
  leader: number,
  gap: number,
  distance: number,
  most: number,
  accelerating: boolean,
): number {
  const { types, state, dt } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const decel = types.decel[type]!;
  const tau = types.tau[type]!;
  let speed: number;
  const free = leader >= 0 ? gap : distance;
  // far enough to stop from there, and a step more
  if (free > most * (tau + dt) + (most * most) / (2 * decel) + 1) speed = most;
  else if (leader >= 0) speed = safeBehind(t, vehicle, leader, gap);
  else speed = standingStopSpeed(distance, decel, tau, dt);
  // in a second from now at most
  if (accelerating) speed = Math.min(speed, state.speed[vehicle]! + types.accel[type]!);
  return speed < most ? speed : most;
}
