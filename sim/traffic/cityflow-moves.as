/** Who is on which segment: vehicles enter, go from segment to segment, and leave. In AssemblyScript, as the core. */
import * as layout from './cityflow-layout';
import {
  ARRIVED,
  ON_LANE,
  STANDING_SPEED,
  base,
  int,
  setInt,
  float,
  setFloat,
  byte,
  setByte,
  classOf,
  linkFrom,
} from './cityflow-memory';

let laneCount: i32 = 0;
let entryLaneCount: i32 = 0;
/** Segments with vehicles, vehicles in the network, and those who left it. */
export let activeSegmentCount: i32 = 0;
export let activeCount: i32 = 0;
export let arrivalCount: i32 = 0;

export function configureMoves(lanes: i32, entryLanes: i32): void {
  laneCount = lanes;
  entryLaneCount = entryLanes;
}

/** Puts v behind `leader` (-1: at the front) of the segment, and the segment on the list of those with vehicles. */
function insertBehind(v: i32, segment: i32, leader: i32): void {
  const ahead = base(layout.AHEAD);
  const behind = base(layout.BEHIND);
  const follower = leader < 0 ? int(base(layout.FIRST), segment) : int(behind, leader);
  setInt(ahead, v, leader);
  setInt(behind, v, follower);
  if (leader < 0) setInt(base(layout.FIRST), segment, v);
  else setInt(behind, leader, v);
  if (follower < 0) setInt(base(layout.LAST), segment, v);
  else setInt(ahead, follower, v);
  setInt(base(layout.ON_SEGMENT), segment, int(base(layout.ON_SEGMENT), segment) + 1);
  if (byte(base(layout.IS_ACTIVE), segment) != 0) return;
  setByte(base(layout.IS_ACTIVE), segment, 1);
  setInt(base(layout.ACTIVE_SEGMENTS), activeSegmentCount++, segment);
}

function remove(v: i32, segment: i32): void {
  const ahead = base(layout.AHEAD);
  const behind = base(layout.BEHIND);
  const leader = int(ahead, v);
  const follower = int(behind, v);
  if (leader < 0) setInt(base(layout.FIRST), segment, follower);
  else setInt(behind, leader, follower);
  if (follower < 0) setInt(base(layout.LAST), segment, leader);
  else setInt(ahead, follower, leader);
  setInt(base(layout.ON_SEGMENT), segment, int(base(layout.ON_SEGMENT), segment) - 1);
}

/** The head of each queue enters at position 0 and at rest, where there is room. */
export function enterAtRest(now: f64): i32 {
  const entryLanes = base(layout.ENTRY_LANES);
  const queueFirst = base(layout.QUEUE_FIRST);
  const queueLength = base(layout.QUEUE_LENGTH);
  const position = base(layout.POSITION);
  let entered = 0;
  for (let i = 0; i < entryLaneCount; i++) {
    const lane = int(entryLanes, i);
    setByte(base(layout.FRESH), lane, 0);
    const v = int(queueFirst, lane);
    if (v < 0) continue;
    const tail = int(base(layout.LAST), lane);
    const minGap = float(classOf(v), layout.MIN_GAP);
    if (tail >= 0 && !(float(position, tail) > float(base(layout.VEHICLE_LENGTH), tail) + minGap)) continue;
    const following = int(base(layout.QUEUE_NEXT), v);
    setInt(queueFirst, lane, following);
    if (following < 0) setInt(base(layout.QUEUE_LAST), lane, -1);
    setInt(queueLength, lane, int(queueLength, lane) - 1);
    const cursor = int(base(layout.FIRST_CURSOR), int(base(layout.ROUTE), v));
    setInt(base(layout.CURSOR), v, cursor);
    setInt(base(layout.NEXT_SEGMENT), v, linkFrom(cursor, lane));
    setInt(base(layout.SEGMENT), v, lane);
    setFloat(base(layout.ENTERED_AT), v, now);
    setInt(base(layout.ACTIVE_INDEX), v, activeCount);
    setInt(base(layout.ACTIVE), activeCount++, v);
    insertBehind(v, lane, tail);
    setByte(base(layout.FRESH), lane, 1);
    entered++;
  }
  return entered;
}

/** Takes v, which is on no segment any more, out of the network. */
function arrive(v: i32): void {
  const active = base(layout.ACTIVE);
  const activeIndex = base(layout.ACTIVE_INDEX);
  setInt(base(layout.SEGMENT), v, ARRIVED);
  setFloat(base(layout.ARRIVED_AT), v, float(base(layout.ARRIVAL_TIME), v));
  setInt(base(layout.ARRIVALS), arrivalCount++, v);
  const place = int(activeIndex, v);
  const other = int(active, --activeCount);
  setInt(active, place, other);
  setInt(activeIndex, other, place);
  setInt(activeIndex, v, -1);
}

/** The vehicle behind which v comes to the segment: those who come in one step stand by (distance, index). */
function leaderOnArrival(v: i32, segment: i32, tickNumber: i32): i32 {
  const nextPosition = base(layout.NEXT_POSITION);
  const own = float(nextPosition, v);
  let leader = int(base(layout.LAST), segment);
  while (leader >= 0 && int(base(layout.MOVED_STEP), leader) == tickNumber) {
    const other = float(nextPosition, leader);
    if (other > own || (other == own && leader < v)) break;
    leader = int(base(layout.AHEAD), leader);
  }
  return leader;
}

/** Carries out the moves of a step, whatever the order in which they were found. */
export function carryOutMoves(moverCount: i32, tickNumber: i32): void {
  const standing = base(layout.STANDING);
  for (let i = 0; i < moverCount; i++) {
    const v = int(base(layout.MOVERS), i);
    const from = int(base(layout.SEGMENT), v);
    const to = int(base(layout.TARGET), v);
    remove(v, from);
    if (float(base(layout.NEXT_SPEED), v) <= STANDING_SPEED) {
      setInt(standing, from, int(standing, from) - 1);
      if (to >= 0) setInt(standing, to, int(standing, to) + 1);
    }
    if (to < 0) {
      arrive(v);
      continue;
    }
    insertBehind(v, to, leaderOnArrival(v, to, tickNumber));
    const cursor = int(base(layout.TARGET_CURSOR), v);
    setInt(base(layout.MOVED_STEP), v, tickNumber);
    setInt(base(layout.PREVIOUS_SEGMENT), v, from);
    setInt(base(layout.SEGMENT), v, to);
    setInt(base(layout.CURSOR), v, cursor);
    setInt(base(layout.LINK_TICK), v, to < laneCount ? ON_LANE : tickNumber);
    setInt(base(layout.NEXT_SEGMENT), v, to < laneCount ? linkFrom(cursor, to) : int(base(layout.LINK_END), to));
  }
}

/** Takes segments without vehicles off the list. */
export function dropEmptySegments(): void {
  const activeSegments = base(layout.ACTIVE_SEGMENTS);
  let kept = 0;
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = int(activeSegments, i);
    if (int(base(layout.FIRST), segment) >= 0) setInt(activeSegments, kept++, segment);
    else setByte(base(layout.IS_ACTIVE), segment, 0);
  }
  activeSegmentCount = kept;
}
