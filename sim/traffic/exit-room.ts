/** Whether there is room beyond a junction: a full exit is not driven into. */
import type { World } from './world.ts';

/** Front of a stopped vehicle before its stop line, m. */
const STOP_GAP = 1;
/** A vehicle beyond the junction slower than this may come to a halt there, m/s. */
const SLOW_BEYOND = 4;
/** Acceleration from which the rear-most vehicle beyond is taken to be drawing away, m/s2. */
const DRAWING_AWAY = 0.1;
/** Vehicles that may be between the stop line and the lane beyond: above this the room is counted out. */
const MOST_BETWEEN = 8;

/**
 * Makes the test whether v might come to stand on a link. `reservedEnd[0]` is the lane that vehicles ahead of v on its
 * own lane are about to enter, `reserved[0]` the room they will take there, m.
 */
export function exitRoom(
  w: World,
  reservedEnd: Int32Array,
  reserved: Float64Array,
): (v: number, linkSegment: number) => boolean {
  const { network, state, classes, first, last, behind, vehicleLength } = w;
  const { length: segmentLength, firstLink, lastLink, linkEnd } = network;
  const { position, speed } = state;
  const { vehicleClass } = w.demand;
  const { ofClass } = w.tracks;
  const inward = linksInto(network);
  /** Room that the longest vehicle takes standing, m. */
  let longest = 0;
  for (let c = 0; c < classes.length.length; c++) longest = Math.max(longest, classes.length[c]! + classes.minGap[c]!);

  /** Room that vehicles on a segment take once they stand, m. */
  function standingLength(segment: number): number {
    let sum = 0;
    for (let v = first[segment]!; v >= 0; v = behind[v]!) {
      const own = vehicleLength[v]! + classes.minGap[vehicleClass[v]!]!;
      // Two-wheelers stand abreast.
      sum += ofClass[vehicleClass[v]!] === 0 ? own / 2 : own;
    }
    return sum;
  }

  /**
   * Whether v might come to stand on the link. Where the lane beyond ends at a junction, all who are on it or will be
   * before v must fit in standing, or its rear-most must be drawing away; where it leaves the network, only a slow one
   * near its start counts.
   */
  return function exitIsFull(v: number, linkSegment: number): boolean {
    const end = linkEnd[linkSegment]!;
    const tail = last[end]!;
    if (tail < 0 && w.onSegment[linkSegment] === 0) return false;
    const leadsOn = firstLink[end]! < lastLink[end]!;
    const tailSpeed = tail < 0 ? 0 : speed[tail]!;
    if (tail >= 0 && tailSpeed >= SLOW_BEYOND && (!leadsOn || state.acceleration[tail]! > DRAWING_AWAY)) return false;
    if (leadsOn && (w.onSegment[end]! + MOST_BETWEEN) * longest < segmentLength[end]!) return false;
    let room = segmentLength[end]! - STOP_GAP;
    if (leadsOn) room -= standingLength(end);
    else if (tail >= 0) {
      const braking = (0.5 * tailSpeed * tailSpeed) / classes.deceleration[vehicleClass[tail]!]!;
      room = position[tail]! - vehicleLength[tail]! + braking;
    }
    for (let k = inward.first[end]!; k < inward.first[end + 1]!; k++) room -= standingLength(inward.link[k]!);
    if (reservedEnd[0] === end) room -= reserved[0]!;
    return room < vehicleLength[v]! + classes.minGap[vehicleClass[v]!]!;
  };
}

/** For every lane the links that end in it. */
function linksInto(network: World['network']): { first: Int32Array; link: Int32Array } {
  const { laneCount, linkCount, linkEnd } = network;
  const first = new Int32Array(laneCount + 1);
  for (let k = laneCount; k < laneCount + linkCount; k++) first[linkEnd[k]! + 1]!++;
  for (let lane = 0; lane < laneCount; lane++) first[lane + 1]! += first[lane]!;
  const fill = first.slice();
  const link = new Int32Array(linkCount);
  for (let k = laneCount; k < laneCount + linkCount; k++) link[fill[linkEnd[k]!]!++] = k;
  return { first, link };
}
