/**
 * Changing lanes, once a second after everybody has moved, lane by lane and front to back, each change carried out at
 * once so that the next sees it: for the route (from a lane that does not lead on), for a stop at the kerb, out of an
 * emergency vehicle's way, and for speed. Who must change and finds no room asks the one behind on the other lane to make
 * some, and falls back behind the one ahead there.
 */
import { changeLane } from './moves.ts';
import { DEAD_END } from './route-table.ts';
import { leadsOn, type Room } from './room.ts';
import type { World } from './world.ts';

/** Beyond the longest vehicle's length before the lane's end nobody changes lanes, m. */
const NEAR_END_METRES = 2;
/** Who must change outwards waits this much further back, so that two who want each other's lane do not block it, m. */
const OUTWARD_METRES = 20;
/** Hardest braking assumed of those who come out of a junction, m/s2, and their speed as a share of the limit. */
const UPSTREAM_DECELERATION = 6;
const UPSTREAM_SPEED = 1.25;
/** Nearer to the end than this, one who must change takes a smaller gap, m. */
const URGENT_METRES = 120;
/** Share of comfortable braking that is asked of others when nothing presses, and where one must change. */
const AT_LEISURE = 0.8;
const URGENT = 1.8;
/** Between two changes for speed, s; advantage from which one changes. */
const SETTLING_SECONDS = 4;
const GAIN_SHARE = 1.1;
const GAIN_SPEED = 0.8;
/** A driver thinks of speed so often, s. */
const THINKING_SECONDS = 3;
/** Share of the desired speed from which one is content. */
const FAST_ENOUGH = 0.97;
/** A gap ahead counts as so much more speed: metres a m/s. */
const GAP_PER_SPEED = 8;
/** How long a request for room holds, s. */
const REQUEST_SECONDS = 1.6;
/** Only who has this much way left beyond braking makes way by a lane from which its route does not go on, m. */
const WAY_LEFT_METRES = 50;

/** How far before the end of a lane that does not lead on v stops, m. */
export function deadEndRoom(w: World): (segment: number, v: number) => number {
  const { longest } = w.tracks;
  const { inner, outer } = neighbours(w);
  return (segment, v) => {
    const isOutward = towards(w, v, segment, inner, outer) === outer[segment] && outer[segment]! >= 0;
    return longest + NEAR_END_METRES + 1 + (isOutward ? OUTWARD_METRES : 0);
  };
}

/** Per lane the next lane of the same road towards the middle of the road and towards the kerb, -1 for none. */
export function neighbours(w: World): { inner: Int32Array; outer: Int32Array } {
  const { laneCount } = w.network;
  const { road, laneIndex } = w.network.tables!;
  const at = new Map<string, number>();
  for (let lane = 0; lane < laneCount; lane++) at.set(`${road[lane]}/${laneIndex[lane]}`, lane);
  const beside = (lane: number, step: number) => at.get(`${road[lane]}/${laneIndex[lane]! + step}`) ?? -1;
  return {
    inner: Int32Array.from({ length: laneCount }, (_, lane) => beside(lane, -1)),
    outer: Int32Array.from({ length: laneCount }, (_, lane) => beside(lane, 1)),
  };
}

/** The neighbouring lane on the way to the nearest one that leads on, -1 where none does. */
function towards(w: World, v: number, lane: number, inner: Int32Array, outer: Int32Array): number {
  let a = inner[lane]!;
  let b = outer[lane]!;
  while (a >= 0 || b >= 0) {
    if (a >= 0 && leadsOn(w, v, a)) return inner[lane]!;
    if (b >= 0 && leadsOn(w, v, b)) return outer[lane]!;
    if (a >= 0) a = inner[a]!;
    if (b >= 0) b = outer[b]!;
  }
  return -1;
}

export interface LaneChanger {
  /** Whether v may leave its lane here at all. */
  mayChange(v: number, lane: number): boolean;
  /** Changes to `target` where there is room; else asks for some, where v `must`. */
  attempt(v: number, lane: number, target: number, must: boolean, now: number): boolean;
  /** What v does about lanes in this second; `givesWay`: an emergency vehicle comes from behind. */
  consider(v: number, lane: number, givesWay: boolean, now: number): boolean;
}

export function laneChanger(w: World, room: Room): LaneChanger {
  const { network, state, classes, tracks, changedAt, makesRoomFor, makesRoomUntil, vehicleLength, nextSegment } = w;
  const { length: segmentLength, speedLimit, laneCount, linkEnd } = network;
  const { position, speed } = state;
  const { ahead } = w;
  const { vehicleClass, speedFactor } = w.demand;
  const { occupied, goal, ofClass, longest } = tracks;
  const { inner, outer } = neighbours(w);
  const hasInbound = new Uint8Array(laneCount);
  for (let k = laneCount; k < laneCount + network.linkCount; k++) hasInbound[linkEnd[k]!] = 1;
  const kerbLane = new Int32Array(laneCount).fill(-1);
  for (let lane = 0; lane < laneCount; lane++) {
    let kerb = lane;
    while (outer[kerb]! >= 0) kerb = outer[kerb]!;
    kerbLane[lane] = kerb;
  }

  /** What v needs to come to rest comfortably, m. */
  function braking(v: number): number {
    return (0.5 * speed[v]! * speed[v]!) / classes.deceleration[vehicleClass[v]!]!;
  }

  /** From the lane's start so far nobody changes: those who come out of the junction could not stop any more, m. */
  function clearStart(lane: number): number {
    if (hasInbound[lane] === 0) return 0;
    const fast = UPSTREAM_SPEED * speedLimit[lane]!;
    return (0.5 * fast * fast) / UPSTREAM_DECELERATION + 2;
  }

  function mayChange(v: number, lane: number): boolean {
    const x = position[v]!;
    return (
      goal[v] === 0 &&
      x - vehicleLength[v]! >= clearStart(lane) &&
      x <= segmentLength[lane]! - longest - NEAR_END_METRES
    );
  }

  function attempt(v: number, lane: number, target: number, must: boolean, now: number): boolean {
    // A lane that ends sooner, or begins later, is none beside one.
    if (position[v]! > segmentLength[target]! - longest - NEAR_END_METRES) return false;
    if (position[v]! - vehicleLength[v]! < clearStart(target)) return false;
    const chosen = ofClass[vehicleClass[v]!]!;
    const tracksThere = chosen === 0 ? occupied[v]! : chosen;
    room.look(v, target, tracksThere);
    const isUrgent = must && segmentLength[lane]! - position[v]! < URGENT_METRES;
    if (!room.fits(v, isUrgent ? URGENT : must ? 1 : AT_LEISURE)) {
      if (must) askForRoom(v, now);
      return false;
    }
    changeLane(w, v, target, room.place);
    occupied[v] = tracksThere;
    changedAt[v] = now;
    return true;
  }

  function askForRoom(v: number, now: number): void {
    const { leader, follower } = room;
    if (follower >= 0 && room.gapBehind > -0.5 * vehicleLength[v]!) {
      makesRoomFor[follower] = v;
      makesRoomUntil[follower] = now + REQUEST_SECONDS;
    }
    if (leader >= 0 && room.gapAhead < 0.5 * speed[v]! + 5 && state.segment[leader]! < laneCount) {
      makesRoomFor[v] = leader;
      makesRoomUntil[v] = now + REQUEST_SECONDS;
    }
  }

  function desiredSpeed(v: number, lane: number, c: number): number {
    const limit = speedLimit[lane]! * speedFactor[v]!;
    return limit < classes.maxSpeed[c]! ? limit : classes.maxSpeed[c]!;
  }

  /** Speed that v may count on behind a leader (-1: none). */
  function prospect(desired: number, leader: number, gap: number, c: number): number {
    if (leader < 0) return desired;
    const spare = gap - classes.minGap[c]! - speed[leader]!;
    const found = speed[leader]! + (spare > 0 ? spare : 0) / GAP_PER_SPEED;
    return found < desired ? found : desired;
  }

  function forSpeed(v: number, lane: number, now: number): boolean {
    if (now - changedAt[v]! < SETTLING_SECONDS || speed[v]! < 1) return false;
    const c = vehicleClass[v]!;
    const desired = desiredSpeed(v, lane, c);
    const isInnerOpen = inner[lane]! >= 0 && leadsOn(w, v, inner[lane]!);
    const isOuterOpen = outer[lane]! >= 0 && leadsOn(w, v, outer[lane]!);
    if ((!isInnerOpen && !isOuterOpen) || ahead[v]! < 0) return false;
    room.look(v, lane, occupied[v]!);
    const here = prospect(desired, room.leader, room.gapAhead, c);
    if (here >= FAST_ENOUGH * desired) return false;
    const wanted = here * GAIN_SHARE + GAIN_SPEED;
    const chosen = ofClass[c]!;
    const tracksThere = chosen === 0 ? occupied[v]! : chosen;
    for (let side = 0; side < 2; side++) {
      const target = side === 0 ? inner[lane]! : outer[lane]!;
      if (side === 0 ? !isInnerOpen : !isOuterOpen) continue;
      room.look(v, target, tracksThere);
      if (prospect(desired, room.leader, room.gapAhead, c) < wanted) continue;
      if (attempt(v, lane, target, false, now)) return true;
    }
    return false;
  }

  function consider(v: number, lane: number, givesWay: boolean, now: number): boolean {
    const c = vehicleClass[v]!;
    const isFree = !givesWay && nextSegment[v] !== DEAD_END && classes.servesStops[c] === 0;
    if (isFree) {
      if ((v + Math.round(now)) % THINKING_SECONDS !== 0) return false;
      // Most of them most of the time stand, or are as fast as they want to be.
      const own = speed[v]!;
      if (own < 1 || own >= FAST_ENOUGH * desiredSpeed(v, lane, c)) return false;
    }
    if (inner[lane]! < 0 && outer[lane]! < 0) return false;
    if (changedAt[v] === now || !mayChange(v, lane)) return false;
    const left = segmentLength[lane]! - position[v]!;
    if (nextSegment[v] === DEAD_END && !givesWay) {
      const stop = stopAhead(v, lane);
      if (stop < 0 || lane !== kerbLane[lane]) {
        const target = stop >= 0 ? outer[lane]! : towards(w, v, lane, inner, outer);
        return target >= 0 && attempt(v, lane, target, true, now);
      }
      return false;
    }
    if (givesWay) {
      for (let side = 0; side < 2; side++) {
        const target = side === 0 ? outer[lane]! : inner[lane]!;
        if (target < 0 || (!leadsOn(w, v, target) && left < braking(v) + longest + WAY_LEFT_METRES)) continue;
        if (attempt(v, lane, target, true, now)) return true;
      }
      return false;
    }
    if (classes.servesStops[c] === 1) {
      const stop = stopAhead(v, lane);
      if (stop >= 0) {
        if (lane === kerbLane[lane]) return false;
        return attempt(v, lane, outer[lane]!, true, now);
      }
    }
    return forSpeed(v, lane, now);
  }

  /** The next bus stop on the road of the lane, which lies on its kerb lane, where v could still halt; -1 for none. */
  function stopAhead(v: number, lane: number): number {
    if (classes.servesStops[vehicleClass[v]!] === 0) return -1;
    const kerb = kerbLane[lane]!;
    const end = w.stopFirst[kerb + 1]!;
    for (let i = w.stopFirst[kerb]!; i < end; i++) {
      if (i === w.nextStop[v]) continue;
      if (w.stopPosition[i]! - position[v]! > braking(v) || (lane === kerb && w.standsUntil[v]! > 0)) return i;
    }
    return -1;
  }

  return { mayChange, attempt, consider };
}
