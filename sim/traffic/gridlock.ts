/**
 * Gridlock: circles of standing vehicles each of which waits for the next, so that none can ever move again. Found by
 * following, from every standing vehicle, whom it waits for: the one ahead of it, the one it gives way to, or the one that
 * holds up the people on a crossing for whom it waits.
 */
import type { Gridlock } from '../core.ts';
import { leaderFinder } from './tracks.ts';
import { STANDING_SPEED, type World } from './world.ts';

/** It is looked for so often, s. */
export const GRIDLOCK_SECONDS = 10;
/** A circle that stands for so many looks in a row is a gridlock; shorter ones dissolve by themselves. */
const LOOKS = 4;
/** Who stands so near behind another waits for that one, m beyond the gap it keeps. */
const CLOSE_METRES = 3;

export interface GridlockWatch {
  readonly gridlock: Gridlock;
  look(now: number): void;
}

export function gridlockWatch(w: World): GridlockWatch {
  const { state, classes, waitsFor } = w;
  const { vehicleClass, count } = w.demand;
  const gridlock: Gridlock = { episodes: 0, vehicles: 0, since: Number.NaN };
  const found = new Float64Array(4);
  const leaderOf = leaderFinder(w, found);
  /** Per vehicle: the walk that came by last, whether it is in a circle, and at how many looks in a row. */
  const visitedBy = new Int32Array(count).fill(-1);
  const inCircle = new Uint8Array(count);
  const looks = new Uint8Array(count);

  /** Whom v waits for, -1 for nobody (it moves, or waits for a light or a bus stop). */
  function holder(v: number): number {
    if (state.segment[v]! < 0 || state.speed[v]! > STANDING_SPEED || w.standsUntil[v]! > 0) return -1;
    const c = vehicleClass[v]!;
    if (classes.isIdm[c] === 0) return w.blocker[v]! >= 0 ? w.blocker[v]! : -1;
    const near = classes.minGap[c]! + CLOSE_METRES;
    const leader = leaderOf(v, state.segment[v]!, w.tracks.occupied[v]!, near + 1);
    if (leader >= 0 && found[0]! <= near) return leader;
    return waitsFor[v]!;
  }

  function look(now: number): void {
    const { active, activeCount } = state;
    visitedBy.fill(-1);
    inCircle.fill(0);
    for (let i = 0; i < activeCount; i++) {
      const start = active[i]!;
      let v = start;
      while (v >= 0 && visitedBy[v]! < 0) {
        visitedBy[v] = start;
        v = holder(v);
      }
      if (v < 0 || visitedBy[v] !== start) continue;
      for (let u = v; inCircle[u] === 0; u = holder(u)) inCircle[u] = 1;
    }
    gridlock.vehicles = 0;
    let isNew = false;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      if (inCircle[v] === 0) {
        looks[v] = 0;
        continue;
      }
      if (looks[v]! < 255) looks[v]!++;
      if (looks[v]! < LOOKS) continue;
      gridlock.vehicles++;
      // The first of a circle to be told: the others come at the same look or join it later.
      if (looks[v] === LOOKS && isFirst(v)) {
        gridlock.episodes++;
        isNew = true;
      }
    }
    if (isNew && Number.isNaN(gridlock.since)) gridlock.since = now;
  }

  /** Whether v is the lowest of its circle, and none of it was locked before. */
  function isFirst(v: number): boolean {
    for (let u = holder(v); u !== v && u >= 0; u = holder(u)) if (u < v || looks[u]! > LOOKS) return false;
    return true;
  }

  return { gridlock, look };
}
