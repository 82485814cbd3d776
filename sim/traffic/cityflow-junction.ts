/** CityFlow's junctions: signals, blocked exits, turning speed, and who passes a cross first. */
import { isOpen, type Kernel, OUT_FOE, OUT_SPEED } from './cityflow-kernel.ts';

/** Turning speed and distance kept before a cross, m/s and m; fixed in CityFlow's source. */
const TURN_SPEED = 8.3333;
const YIELD_DISTANCE = 5;
const STRAIGHT = 3;

/** Marks the links on which a vehicle may be met: one is on it, came from it, or may come to it next. */
export function findMet(k: Kernel, activeSegments: Int32Array, activeSegmentCount: number): void {
  const { met, first, last, nextSegment, previousSegment, laneCount } = k;
  met.fill(0);
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = activeSegments[i]!;
    if (segment >= laneCount) {
      met[segment] = 1;
      continue;
    }
    const next = nextSegment[first[segment]!]!;
    if (next >= 0 && isOpen(k, next)) met[next] = 1;
    const from = previousSegment[last[segment]!]!;
    if (from >= laneCount) met[from] = 1;
  }
}

/** Highest speed that signals, turns and crosses allow, to OUT_SPEED; notes in `nextBlocker` whom v waits for. */
export function junctionSpeed(k: Kernel, v: number, segment: number, kind: number): void {
  const { segmentLength, crossFirst, crossDistance, crossFoe, crossFoeDistance, met, out } = k;
  const own = k.speed[v]!;
  let most = k.maxSpeed[kind]!;
  let on = segment;
  let along = k.position[v]!;
  if (segment < k.laneCount) {
    on = k.nextSegment[v]!;
    const toLine = segmentLength[segment]! - along;
    if ((!isOpen(k, on) || endIsBlocked(k, on, v)) && !((0.5 * own * own) / k.maxDeceleration[kind]! > toLine)) {
      const stop = stopSpeed(k, own, toLine, kind);
      out[OUT_SPEED] = stop < most ? stop : most;
      return;
    }
    if (k.precedence[on]! < STRAIGHT && TURN_SPEED < most) most = TURN_SPEED;
    along = -toLine;
  }
  const end = crossFirst[on + 1]!;
  for (let i = crossFirst[on]!; i < end; i++) {
    const other = crossFoe[i]!;
    if (met[other] === 0) continue;
    const at = crossDistance[i]!;
    if (at < along) continue;
    const foe = foeAt(k, other, crossFoeDistance[i]!);
    if (foe < 0 || canPass(k, v, kind, on, at - along, foe, other, out[OUT_FOE]!)) continue;
    const stop = stopSpeed(k, own, at - along - YIELD_DISTANCE, kind);
    k.nextBlocker[v] = foe;
    if (stop < most) most = stop;
    break;
  }
  out[OUT_SPEED] = most;
}

/** A vehicle that stands, or nearly, too near the start of the lane beyond. */
function endIsBlocked(k: Kernel, linkSegment: number, v: number): boolean {
  const tail = k.last[k.linkEnd[linkSegment]!]!;
  if (tail < 0 || k.speed[tail]! >= 2) return false;
  return !(k.position[tail]! > k.vehicleLength[tail]! + k.vehicleLength[v]!);
}

/** Next speed of one that is to stop after `away` metres. */
function stopSpeed(k: Kernel, v: number, away: number, kind: number): number {
  const { dt } = k;
  const faster = v + k.acceleration[kind]! * dt;
  if (((v + faster) * dt) / 2 + (faster * faster) / k.deceleration[kind]! / 2 < away) return faster;
  const steps = (2 * away) / (v + 1e-8) / dt;
  return steps >= 1 ? v - v / Math.floor(steps) : v - v / steps;
}

/** The vehicle met at `at` metres of the link, -1 for none; how far it is before that point to OUT_FOE. */
function foeAt(k: Kernel, linkSegment: number, at: number): number {
  const { position, vehicleLength, behind, out } = k;
  const tail = k.last[k.linkEnd[linkSegment]!]!;
  if (tail >= 0 && k.previousSegment[tail] === linkSegment) {
    const beyond = k.segmentLength[linkSegment]! - at;
    if (beyond + (position[tail]! - vehicleLength[tail]!) < 0) {
      out[OUT_FOE] = -(position[tail]! + beyond);
      return tail;
    }
  }
  for (let other = k.first[linkSegment]!; other >= 0; other = behind[other]!) {
    const along = position[other]!;
    if (along > at && along - at - vehicleLength[other]! > 0) continue;
    out[OUT_FOE] = at - along;
    return other;
  }
  const start = k.linkStart[linkSegment]!;
  const head = k.first[start]!;
  if (head >= 0 && k.nextSegment[head] === linkSegment && isOpen(k, linkSegment)) {
    out[OUT_FOE] = k.segmentLength[start]! - position[head]! + at;
    return head;
  }
  return -1;
}

/** Whether v, `away` before the cross on link `own`, passes it before or after foe, `foeAway` before it on `other`. */
function canPass(
  k: Kernel,
  v: number,
  kind: number,
  own: number,
  away: number,
  foe: number,
  other: number,
  foeAway: number,
): boolean {
  const { precedence, linkTick, priority } = k;
  if (!canYield(k, v, away, kind)) return true;
  let passes = false;
  if (canYield(k, foe, foeAway, k.vehicleClass[foe]!)) {
    const mine = precedence[own]!;
    const theirs = precedence[other]!;
    if (mine > theirs) passes = true;
    else if (!(foeAway > 0)) passes = foeAway + k.vehicleLength[foe]! < 0;
    else {
      const foeSteps = reachSteps(k, foe, foeAway, other);
      const steps = reachSteps(k, v, away, own);
      if (foeSteps !== steps || mine < theirs) passes = foeSteps > steps;
      else if (linkTick[v] !== linkTick[foe]) passes = linkTick[v]! < linkTick[foe]!;
      else if (away !== foeAway) passes = away < foeAway;
      else passes = priority[v]! > priority[foe]!;
    }
  }
  return passes || waitsInCircle(k.blocker, foe);
}

function canYield(k: Kernel, v: number, away: number, kind: number): boolean {
  if (away < 0) return away + k.vehicleLength[v]! < 0;
  const own = k.speed[v]!;
  return away > 0 && (0.5 * own * own) / k.maxDeceleration[kind]! < away - YIELD_DISTANCE;
}

/** Steps until v has gone `away` metres, as CityFlow estimates it, slips of the units included. */
function reachSteps(k: Kernel, v: number, away: number, linkSegment: number): number {
  if (away <= 0) return 0;
  const { dt } = k;
  const kind = k.vehicleClass[v]!;
  const own = k.speed[v]!;
  const goal = k.precedence[linkSegment]! < STRAIGHT ? TURN_SPEED : k.maxSpeed[kind]!;
  const gain = k.acceleration[kind]!;
  if (own > goal) return Math.ceil(away / own);
  let until = 0;
  if (goal > own) {
    const whole = Math.floor((goal - own) / gain / dt);
    const reached = own + (whole * gain) / dt;
    until = ((own + reached) * (whole * dt)) / 2 + (reached < goal ? ((reached + goal) * dt) / 2 : 0);
  }
  if (until > away) return Math.ceil((Math.sqrt(own * own + 2 * gain * away) - own) / gain / dt);
  return Math.ceil((goal - own) / gain / dt) + Math.ceil((away - until) / goal / dt);
}

/** Whether the chain of those who wait for each other, from `start`, comes back to itself. */
function waitsInCircle(blocker: Int32Array, start: number): boolean {
  let fast = start;
  let slow = start;
  while (fast >= 0 && blocker[fast]! >= 0) {
    slow = blocker[slow]!;
    fast = blocker[blocker[fast]!]!;
    if (slow === fast) return true;
  }
  return false;
}
