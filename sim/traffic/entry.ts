/** Queues of vehicles that wait to enter the network: one per entry lane, in the order in which they are due. */
import { enterNetwork } from './moves.ts';
import { INNER, middleOf, OUTER, restoreOrder } from './tracks.ts';
import { noteCrossing, type World } from './world.ts';

/** Deceleration that is counted on when those ahead are compared, m/s2. */
const COUNTED_ON = 3;

/** Puts every vehicle that is due by `time` into the queue of its entry lane. */
export function queueDue(w: World, time: number): void {
  const { departSeconds, count, entryLane } = w.demand;
  while (w.due < count && departSeconds[w.due]! <= time) {
    const v = w.due++;
    const lane = entryLane[v]! >= 0 ? entryLane[v]! : emptiestLane(w, v);
    if (w.queueFirst[lane]! < 0) w.queueFirst[lane] = v;
    else w.queueNext[w.queueLast[lane]!] = v;
    w.queueLast[lane] = v;
    w.queueLength[lane]!++;
    w.waiting++;
  }
}

/** The usable entry lane with the fewest vehicles waiting and present; the first listed among equals. */
function emptiestLane(w: World, v: number): number {
  const lanes = w.network.routes[w.demand.route[v]!]!.lanes[0]!;
  let best = lanes[0]!;
  let fewest = w.queueLength[best]! + w.onSegment[best]!;
  for (let i = 1; i < lanes.length; i++) {
    const lane = lanes[i]!;
    const number = w.queueLength[lane]! + w.onSegment[lane]!;
    if (number < fewest) {
      best = lane;
      fewest = number;
    }
  }
  return best;
}

function unqueue(w: World, lane: number): void {
  const v = w.queueFirst[lane]!;
  const next = w.queueNext[v]!;
  w.queueFirst[lane] = next;
  if (next < 0) w.queueLast[lane] = -1;
  w.queueLength[lane]!--;
  w.waiting--;
}

/**
 * Entry of our own classes at the end of a substep: at the desired speed where that is safe, else at a safe speed,
 * refused where there is no room. A vehicle that became due within the substep and is not held up enters at its very
 * moment, so that free flow knows no delay from the step.
 */
export function enterMoving(w: World, begin: number, end: number): void {
  if (w.waiting === 0) return;
  const { entryLanes, queueFirst } = w;
  for (let i = 0; i < entryLanes.length; i++) {
    const lane = entryLanes[i]!;
    for (let v = queueFirst[lane]!; v >= 0; v = queueFirst[lane]!) if (!enterOne(w, v, lane, begin, end)) break;
  }
}

function enterOne(w: World, v: number, lane: number, begin: number, end: number): boolean {
  const { state, classes, demand, network, tracks } = w;
  const kind = demand.vehicleClass[v]!;
  const desired = Math.min(classes.maxSpeed[kind]!, network.speedLimit[lane]! * demand.speedFactor[v]!);
  const depart = demand.departSeconds[v]!;
  const farthest = Math.min(desired * (end - (depart > begin ? depart : begin)), network.length[lane]!);
  let position = farthest;
  let speed = desired;
  if (tracks.shared) tracks.occupied[v] = tracksToEnterOn(w, v, kind, lane);
  const tail = rearMost(w, lane, tracks.occupied[v]!);
  if (tail >= 0) {
    const minGap = classes.minGap[kind]!;
    const headway = w.headways.seconds[w.headways.rowOf[lane]! * demand.classes.length + kind]!;
    const rear = state.position[tail]! - w.vehicleLength[tail]!;
    const tailSpeed = state.speed[tail]!;
    position = Math.min(farthest, rear - minGap - headway * desired);
    if (tracks.shared) {
      const nearest = nearestRear(w, lane, tracks.occupied[v]!);
      if (nearest < minGap) return false;
      position = Math.min(position, nearest - minGap);
    }
    if (position < 0 || comfortableSpeed(w, kind, tailSpeed, rear - position - minGap) < desired) {
      position = 0;
      const spaced = (rear - minGap) / headway;
      // A tail that draws away is waited for; a slow or standing one is driven up to.
      if (rear < minGap || spaced < Math.min(desired, tailSpeed)) return false;
      speed = Math.min(desired, spaced, comfortableSpeed(w, kind, tailSpeed, rear - minGap));
    }
  }
  const at = position > 0 ? end - position / desired : end;
  unqueue(w, lane);
  enterNetwork(w, v, lane, position, speed, at);
  if (tracks.shared) {
    restoreOrder(w, lane);
    tracks.lateral[v] = middleOf(w, v, tracks.occupied[v]!);
  }
  const detectorEnd = w.detectorFirst[lane + 1]!;
  for (let d = w.detectorFirst[lane]!; d < detectorEnd && w.detectorPosition[d]! <= position; d++) {
    noteCrossing(w.crossings, v, w.detectorIndex[d]!, at + w.detectorPosition[d]! / desired);
  }
  return true;
}

/** Of those on the lane with a track in common, the one that leaves least way to come to rest; -1 for none. */
function rearMost(w: World, lane: number, tracks: number): number {
  const { last, ahead, vehicleLength } = w;
  if (!w.tracks.shared) return last[lane]!;
  const { occupied, longest } = w.tracks;
  const { position, speed } = w.state;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let u = last[lane]!; u >= 0 && position[u]! - longest <= least; u = ahead[u]!) {
    if ((occupied[u]! & tracks) === 0) continue;
    const rest = position[u]! - vehicleLength[u]! + (0.5 * speed[u]! * speed[u]!) / COUNTED_ON;
    if (rest >= least) continue;
    best = u;
    least = rest;
  }
  return best;
}

/** Of those on the lane with a track in common, where the nearest body ends, m from the lane's start. */
function nearestRear(w: World, lane: number, tracks: number): number {
  const { last, ahead, vehicleLength } = w;
  const { occupied, longest } = w.tracks;
  const { position } = w.state;
  let rear = Number.POSITIVE_INFINITY;
  for (let u = last[lane]!; u >= 0 && position[u]! - longest <= rear; u = ahead[u]!) {
    if ((occupied[u]! & tracks) !== 0) rear = Math.min(rear, position[u]! - vehicleLength[u]!);
  }
  return rear;
}

/** A two-wheeler enters on the track that has more room, the outer one where both have. */
function tracksToEnterOn(w: World, v: number, kind: number, lane: number): number {
  const chosen = w.tracks.ofClass[kind]!;
  if (chosen !== 0) return chosen;
  const inner = rearMost(w, lane, INNER);
  const outer = rearMost(w, lane, OUTER);
  if (inner === outer) return v % 2 === 0 ? OUTER : INNER;
  if (outer < 0) return OUTER;
  if (inner < 0) return INNER;
  const rear = (u: number) => w.state.position[u]! - w.vehicleLength[u]!;
  return rear(inner) > rear(outer) ? INNER : OUTER;
}

/** Speed from which one stops, braking comfortably, before where a leader that brakes alike comes to rest. */
function comfortableSpeed(w: World, kind: number, leaderSpeed: number, room: number): number {
  return Math.sqrt(2 * w.classes.deceleration[kind]! * (room > 0 ? room : 0) + leaderSpeed * leaderSpeed);
}
