/**
 * Gridlock: circles of standing vehicles each of which waits for the next, so that none can ever move again. Found by
 * following, from every standing vehicle, whom it waits for: the one ahead of it, the one it gives way to, or the one that
 * holds up the people on a crossing for whom it waits. Where whom one waits for changes with the lights no circle lasts, and
 * yet nobody moves: who stands inside a junction for long, and waits for one who stands, is gridlocked, too.
 */
import type { Gridlock } from '../core.ts';
import { leaderFinder } from './tracks.ts';
import { STANDING_SPEED, type World } from './world.ts';

/** It is looked for so often, s. */
export const GRIDLOCK_SECONDS = 10;
/** A circle that stands for so many looks in a row is a gridlock; shorter ones dissolve by themselves. */
const LOOKS = 4;
/** Who stands inside a junction at so many looks in a row, 80 s, behind or before one who stood at `LOOKS`, is gridlocked, circle or not. */
const INSIDE_LOOKS = 8;
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
  /** Per vehicle: 1 while it stands in a circle that has been counted. */
  const isTold = new Uint8Array(count);
  /** Per vehicle: at how many looks in a row it stood, and stood inside a junction. */
  const stood = new Uint8Array(count);
  const inside = new Uint8Array(count);

  /** Whom v waits for, -1 for nobody (it moves, or waits for a light or a bus stop). */
  function holder(v: number): number {
    if (state.segment[v]! < 0 || state.speed[v]! > STANDING_SPEED || w.standsUntil[v]! > 0) return -1;
    const c = vehicleClass[v]!;
    const near = classes.minGap[c]! + CLOSE_METRES;
    const leader = leaderOf(v, state.segment[v]!, w.tracks.occupied[v]!, near + 1);
    if (leader >= 0 && found[0]! <= near) return leader;
    return waitsFor[v]!;
  }

  const oneMore = (looksSoFar: number): number => Math.min(255, looksSoFar + 1);

  function noteStanding(v: number): void {
    const isStanding = state.speed[v]! <= STANDING_SPEED && !(w.standsUntil[v]! > 0);
    stood[v] = isStanding ? oneMore(stood[v]!) : 0;
    inside[v] = isStanding && state.segment[v]! >= w.network.laneCount ? oneMore(inside[v]!) : 0;
  }

  function isStuckInside(v: number): boolean {
    if (inside[v]! < INSIDE_LOOKS) return false;
    const before = holder(v);
    return before >= 0 && stood[before]! >= LOOKS;
  }

  function look(now: number): void {
    const { active, activeCount } = state;
    visitedBy.fill(-1);
    inCircle.fill(0);
    for (let i = 0; i < activeCount; i++) {
      const start = active[i]!;
      noteStanding(start);
      let v = start;
      while (v >= 0 && visitedBy[v]! < 0) {
        visitedBy[v] = start;
        v = holder(v);
      }
      if (v < 0 || visitedBy[v] !== start) continue;
      for (let u = v; inCircle[u] === 0; u = holder(u)) inCircle[u] = 1;
    }
    const wasLocked = gridlock.vehicles > 0;
    gridlock.vehicles = 0;
    let isNew = false;
    let stuckInside = 0;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      if (inCircle[v] === 0) {
        looks[v] = 0;
        isTold[v] = 0;
        if (isStuckInside(v)) stuckInside++;
        continue;
      }
      looks[v] = oneMore(looks[v]!);
      if (looks[v]! < LOOKS) continue;
      gridlock.vehicles++;
      if (isTold[v] === 0 && tell(v)) {
        gridlock.episodes++;
        isNew = true;
      }
    }
    if (stuckInside > 0 && gridlock.vehicles === 0 && !wasLocked) {
      gridlock.episodes++;
      isNew = true;
    }
    gridlock.vehicles += stuckInside;
    if (isNew && Number.isNaN(gridlock.since)) gridlock.since = now;
  }

  /**
   * Marks the circle of v as told; whether it is a new one. Those who join a circle come later than it, and it goes on without
   * those who leave it.
   */
  function tell(v: number): boolean {
    let isNew = true;
    let u = v;
    do {
      if (isTold[u] === 1) isNew = false;
      isTold[u] = 1;
      u = holder(u);
    } while (u !== v);
    return isNew;
  }

  return { gridlock, look };
}
