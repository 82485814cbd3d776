/** Who is around a vehicle that thinks of changing lanes, and how far away. */
import { linkState, majorState } from './junction-rules.ts';
import { brakeGap } from './krauss.ts';
import type { LaneChanging } from './lane-change-state.ts';
import { leaverRear, type Traffic } from './traffic.ts';

/** Who is around a vehicle that thinks of changing: indices, -1 for none. */
export interface Surroundings {
  leader: number;
  neighbourLeader: number;
  neighbourFollower: number;
  /** Gap to the leader, to the leader and to the follower on the other lane; minGap is taken off. */
  readonly gap: Float64Array;
}
export const LEADER_GAP = 0;
export const AHEAD_GAP = 1;
export const BEHIND_GAP = 2;

/** The one object of its kind: filled for one vehicle after the other. */
export const around: Surroundings = {
  leader: -1,
  neighbourLeader: -1,
  neighbourFollower: -1,
  gap: new Float64Array(3),
};

/**
 * The leader on a lane, -1 for none: `onLane`, or who has left the lane by its end with its front only, or, where the
 * vehicle could not stop before the lane's end, the next one beyond open links. Its gap goes to `slot`.
 */
export function findLeader(
  t: Traffic,
  vehicle: number,
  lane: number,
  entry: number,
  k: number,
  onLane: number,
  slot: number,
): number {
  const { state, types, lanes } = t;
  const { length, linkEnd, speedLimit } = t.world.network;
  const type = t.demand.vehicleClass[vehicle]!;
  const front = state.position[vehicle]! + types.minGap[type]!;
  if (onLane >= 0) {
    around.gap[slot] = state.position[onLane]! - types.length[t.demand.vehicleClass[onLane]!]! - front;
    return onLane;
  }
  const rear = leaverRear(t, lane);
  if (rear < Number.POSITIVE_INFINITY) {
    around.gap[slot] = rear - front;
    return t.leaver[lane]!;
  }
  const v = state.speed[vehicle]!;
  let within = brakeGap(v, types.decel[type]!, types.tau[type]!, t.dt) + types.minGap[type]!;
  let seen = length[lane]! - state.position[vehicle]!;
  let stage = k;
  let here = entry;
  while (seen <= within) {
    const link = lanes.nextLink[here]!;
    if (link < 0 || !majorState(linkState(t, link))) return -1;
    let leader = t.last[link]!;
    if (leader >= 0) {
      around.gap[slot] =
        seen + state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]! - types.minGap[type]!;
      return leader;
    }
    seen += length[link]!;
    const next = linkEnd[link]!;
    leader = t.last[next]!;
    if (leader >= 0) {
      around.gap[slot] =
        seen + state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]! - types.minGap[type]!;
      return leader;
    }
    seen += length[next]!;
    if (speedLimit[next]! < v)
      within = Math.min(within, brakeGap(speedLimit[next]!, types.decel[type]!, types.tau[type]!, t.dt));
    stage++;
    here = lanes.first[stage]! + next - lanes.firstLane[stage]!;
    if (lanes.nextLink[here]! < 0) return -1;
  }
  return -1;
}

/** The follower on a lane, -1 for none: `onLane`, or one that comes along a link that leads into it. */
export function findFollower(t: Traffic, c: LaneChanging, vehicle: number, lane: number, onLane: number): number {
  const { state, types } = t;
  const rear = state.position[vehicle]! - types.length[t.demand.vehicleClass[vehicle]!]!;
  if (onLane >= 0) {
    around.gap[BEHIND_GAP] = rear - state.position[onLane]! - types.minGap[t.demand.vehicleClass[onLane]!]!;
    return onLane;
  }
  return findBehind(t, c, vehicle, state.speed[vehicle]!, lane, rear);
}

/** Deceleration by which vehicles are assumed to stop who come from behind, m/s2. */
const USUAL_DECEL = 4.5;

/**
 * Of the foremost vehicles on the links into a lane, and where there is none, on the lanes before them, the one whose
 * gap to `vehicle`, which would have its rear at `rear` and drive at u, is shortest for its speed; -1 for none.
 */
export function findBehind(
  t: Traffic,
  c: LaneChanging,
  vehicle: number,
  u: number,
  lane: number,
  rear: number,
): number {
  const { length, linkStart, speedLimit } = t.world.network;
  const limit = speedLimit[lane]!;
  const within = limit + (limit * limit) / (2 * USUAL_DECEL) - rear;
  let found = -1;
  let most = Number.NEGATIVE_INFINITY;
  if (within <= 0) return -1;
  for (let i = c.firstInto[lane]!; i < c.firstInto[lane + 1]!; i++) {
    const link = c.linksInto[i]!;
    let w = t.first[link]!;
    let metres = rear + length[link]!;
    if (w < 0 || w === vehicle) {
      if (length[link]! > within) continue;
      const start = linkStart[link]!;
      w = t.first[start]!;
      metres += length[start]!;
      if (w < 0 || w === vehicle) continue;
    }
    const gap = metres - t.state.position[w]! - t.types.minGap[t.demand.vehicleClass[w]!]!;
    if (gap > within + rear) continue;
    const missing = secureGap(t, w, t.state.speed[w]!, vehicle, u) - gap;
    if (missing > most) {
      most = missing;
      found = w;
      around.gap[BEHIND_GAP] = gap;
    }
  }
  return found;
}

/** Gap that `follower` at speed v needs behind `leader` at speed u, minGap not included. */
export function secureGap(t: Traffic, follower: number, v: number, leader: number, u: number): number {
  const { types, dt } = t;
  const type = t.demand.vehicleClass[follower]!;
  const decel = types.decel[type]!;
  const other = types.decel[t.demand.vehicleClass[leader]!]!;
  const gap = brakeGap(v, decel, types.tau[type]!, dt) - brakeGap(u, decel > other ? decel : other, 0, dt);
  return gap > 0 ? gap : 0;
}
