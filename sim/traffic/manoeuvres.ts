/**
 * What drivers decide once a second, after everybody has moved: to change lanes, to filter past a queue, to pull aside for
 * an emergency vehicle, to enter and leave a bus bay. Lanes are gone through in order, each from its front, and every
 * decision is carried out at once, so that the next driver sees it and the outcome does not depend on anything else.
 */
import { busStops as busStopsOf } from './bus-stops.ts';
import { laneChanger, neighbours } from './lane-change.ts';
import { dropEmptySegments } from './moves.ts';
import { roomBeside } from './room.ts';
import { LANE, moveAside, onTheWay, VERGE } from './tracks.ts';
import type { World } from './world.ts';

/** Drivers notice an emergency vehicle this far behind, m, and keep aside so long after, s. */
const SIREN_METRES = 80;
const ASIDE_SECONDS = 2.5;
/** From this far before the bay a bus pulls over into it, m. */
const BAY_METRES = 30;
/** A two-wheeler changes tracks for this much more speed, m/s; a gap of so many metres counts as 1 m/s. */
const FILTERING_GAIN = 1;
const GAP_PER_SPEED = 4;
/** Way left to the stop line beyond what braking takes, where one still pulls onto the verge, m. */
const VERGE_METRES = 15;
const AT_LEISURE = 0.8;

/** Makes the function that lets everybody decide at `now`. */
export function manoeuvres(w: World): (now: number) => void {
  const { network, state, classes, tracks, first, ahead, behind } = w;
  const { laneCount, length: segmentLength, speedLimit } = network;
  const { position, speed } = state;
  const { vehicleClass, speedFactor } = w.demand;
  const { occupied, goal, ofClass, shared } = tracks;
  const room = roomBeside(w);
  const lanes = laneChanger(w, room);
  const stops = busStopsOf(w);
  const { inner, outer } = neighbours(w);
  const hasEmergency = classes.emergency.includes(1);
  const hasStops = w.stopPosition.length > 0;
  const giveWayUntil = new Float64Array(hasEmergency ? w.demand.count : 0).fill(-1);
  const someLanesHaveNeighbours = inner.some((lane) => lane >= 0) || outer.some((lane) => lane >= 0);

  /** Marks those ahead of emergency vehicles. */
  function hearSirens(now: number): void {
    const { active, activeCount, segment } = state;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      if (classes.emergency[vehicleClass[v]!] === 0 || segment[v]! >= laneCount) continue;
      for (let u = ahead[v]!; u >= 0 && position[u]! - position[v]! <= SIREN_METRES; u = ahead[u]!) {
        if (classes.emergency[vehicleClass[u]!] === 0) giveWayUntil[u] = now + ASIDE_SECONDS;
      }
    }
  }

  function ownTracks(v: number): number {
    const own = ofClass[vehicleClass[v]!]!;
    return own === 0 ? LANE & ~1 : own;
  }

  /** Whether a body that is on its way into the junction, on whatever link, still lies beside v. */
  function isBesideLeaving(v: number, lane: number): boolean {
    const toLine = segmentLength[lane]! - position[v]!;
    if (toLine > tracks.longest) return false;
    for (let k = network.firstLink[lane]!; k < network.lastLink[lane]!; k++) {
      for (let u = w.last[k]!; u >= 0; u = ahead[u]!) {
        if (w.vehicleLength[u]! - position[u]! > toLine - 1) return true;
      }
    }
    return false;
  }

  function tryTracks(v: number, lane: number, wanted: number): boolean {
    // Those on its own tracks have to do with it already.
    room.look(v, lane, onTheWay(occupied[v]!, wanted) & ~occupied[v]!);
    if (!room.fits(v, 1) || isBesideLeaving(v, lane)) return false;
    moveAside(w, v, wanted);
    return true;
  }

  /** Whether v is busy on the verge, or on its way there. */
  function atTheKerb(v: number, lane: number, givesWay: boolean, now: number): boolean {
    const c = vehicleClass[v]!;
    if (occupied[v] === VERGE) {
      const serves = hasStops && classes.servesStops[c] === 1 && stops.next(v, lane) >= 0;
      const waits = serves ? w.standsUntil[v] === 0 || now < w.standsUntil[v]! : givesWay;
      if (!waits) tryTracks(v, lane, ownTracks(v));
      return true;
    }
    if (hasStops && classes.servesStops[c] === 1) {
      const stop = stops.next(v, lane);
      if (stop >= 0 && w.stopIsBay[stop] === 1 && w.standsUntil[v] === 0) {
        if (w.stopPosition[stop]! - position[v]! <= BAY_METRES && lanes.mayChange(v, lane))
          return tryTracks(v, lane, VERGE);
      }
      return false;
    }
    if (!givesWay || outer[lane]! >= 0) return false;
    const braking = (0.5 * speed[v]! * speed[v]!) / classes.deceleration[c]!;
    if (position[v]! + braking + VERGE_METRES > segmentLength[lane]! || !lanes.mayChange(v, lane)) return false;
    return tryTracks(v, lane, VERGE);
  }

  /** A two-wheeler takes the track that lets it get on. */
  function filter(v: number, lane: number): boolean {
    const c = vehicleClass[v]!;
    const own = occupied[v]!;
    if ((own !== 1 && own !== 2) || !lanes.mayChange(v, lane)) return false;
    const desired = speedLimit[lane]! * speedFactor[v]!;
    room.look(v, lane, own);
    const here = prospect(desired, c);
    if (here >= desired - FILTERING_GAIN) return false;
    room.look(v, lane, LANE - own);
    if (prospect(desired, c) <= here + FILTERING_GAIN || !room.fits(v, AT_LEISURE)) return false;
    moveAside(w, v, LANE - own);
    return true;
  }

  function prospect(desired: number, c: number): number {
    if (room.leader < 0) return desired;
    const spare = room.gapAhead - classes.minGap[c]!;
    const found = speed[room.leader]! + (spare > 0 ? spare : 0) / GAP_PER_SPEED;
    return found < desired ? found : desired;
  }

  return function decide(now) {
    if (hasEmergency) hearSirens(now);
    if (!shared && !someLanesHaveNeighbours) return;
    for (let lane = 0; lane < laneCount; lane++) {
      let v = first[lane]!;
      while (v >= 0) {
        const following = behind[v]!;
        const c = vehicleClass[v]!;
        if (goal[v] === 0) {
          const givesWay = hasEmergency && giveWayUntil[v]! > now;
          if (occupied[v] === VERGE) atTheKerb(v, lane, givesWay, now);
          else if (!lanes.consider(v, lane, givesWay, now) && shared) {
            if (!atTheKerb(v, lane, givesWay, now) && classes.filters[c] === 1) filter(v, lane);
          }
        }
        v = following;
      }
    }
    dropEmptySegments(w);
  };
}
