/** Buses at their stops: how they come to a halt there, and how long they stand. */
import { stoppingSpeed } from './kinematics.ts';
import { VERGE } from './tracks.ts';
import { STANDING_SPEED, type World } from './world.ts';

/** Nearer to the stop than this, a standing bus is at it, m; one that queues in a bay serves the stop from further back. */
const AT_STOP_METRES = 1.5;
const BAY_METRES = 30;
const NO_BOUND = 1e9;

export interface BusStops {
  /** Highest speed after h seconds that the next stop on its lane leaves to v; begins and ends its standing there. */
  speed(v: number, segment: number, v0: number, usual: number, hardest: number, begin: number, h: number): number;
  /** The stop that v has yet to serve on its lane, -1 for none. */
  next(v: number, segment: number): number;
}

export function busStops(w: World): BusStops {
  const { nextStop: served, standsUntil, stopFirst, stopPosition, stopDwell, stopIsBay } = w;
  const { position } = w.state;
  const { occupied, goal } = w.tracks;
  const { dwellFactor } = w.demand;

  function next(v: number, segment: number): number {
    const end = stopFirst[segment + 1]!;
    for (let i = stopFirst[segment]!; i < end; i++) {
      if (i !== served[v] && (stopPosition[i]! >= position[v]! - 0.1 || standsUntil[v]! > 0)) return i;
    }
    return -1;
  }

  function speed(
    v: number,
    segment: number,
    v0: number,
    usual: number,
    hardest: number,
    begin: number,
    h: number,
  ): number {
    const stop = next(v, segment);
    const isIn = occupied[v] === VERGE || goal[v] === VERGE;
    // Nothing to do beside the lane any more: it waits there until it is let in again.
    if (stop < 0) return isIn ? v0 - usual * h : NO_BOUND;
    const away = stopPosition[stop]! - position[v]!;
    if (standsUntil[v] === 0) {
      // Who came too late to halt there, from another lane for example, drives past.
      if (v0 * v0 > 2 * hardest * (away > 0 ? away : 0)) {
        served[v] = stop;
        return isIn ? v0 - usual * h : NO_BOUND;
      }
      const reach = isIn && stopIsBay[stop] === 1 ? BAY_METRES : AT_STOP_METRES;
      if (v0 > STANDING_SPEED || away > reach) return stoppingSpeed(v0, away, usual, hardest, h);
      standsUntil[v] = begin + stopDwell[stop]! * (dwellFactor === undefined ? 1 : dwellFactor[v]!);
    }
    // A bus in a bay stays there until it is let out (`manoeuvres.ts`).
    if (begin < standsUntil[v]! || isIn) return 0;
    standsUntil[v] = 0;
    served[v] = stop;
    return NO_BOUND;
  }

  return { speed, next };
}
