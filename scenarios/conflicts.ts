/**
 * Which signal groups must never be green together, and how long one must be red before the other may be green: from
 * the ground plan, less the pairs that the scenario permits to yield.
 */
import { distance, lastWithin, lengthOf, segmentDistance } from './geometry.ts';
import type { Polyline } from './types.ts';

/** Width of a car's body with mirrors: paths nearer than this cannot be driven side by side. */
const BODY_WIDTH_METRES = 2;

/** A path across the junction. */
export interface Track {
  readonly movement: string;
  readonly approach: string;
  readonly lane: number;
  readonly exit: string;
  readonly exitLane: number;
  readonly path: Polyline;
}

/** What a signal group lets go: tracks of vehicles, or one crossing. */
export interface GroupGround {
  readonly tracks: readonly Track[];
  readonly crossing?: Polyline;
}

/**
 * Greatest distance along `a`, from its start, at which a vehicle on it still stands in the way of `b`, metres; null
 * where the two never meet. Paths from one lane only part, and never conflict; paths into one exit lane always do, and
 * so do paths nearer than a body's width.
 */
export function conflictDistance(a: Track, b: Track, bodyMetres: number): number | null {
  if (a.approach === b.approach && a.lane === b.lane) return null;
  if (a.movement === b.movement) return null;
  if (a.exit === b.exit && a.exitLane === b.exitLane) return lengthOf(a.path);
  let along = 0;
  let last: number | null = null;
  for (let i = 1; i < a.path.length; i += 1) {
    const [p, q] = [a.path[i - 1]!, a.path[i]!];
    const length = distance(p, q);
    for (let j = 1; j < b.path.length; j += 1) {
      const [r, s] = [b.path[j - 1]!, b.path[j]!];
      if (apart(p.x, q.x, r.x, s.x, bodyMetres) || apart(p.y, q.y, r.y, s.y, bodyMetres)) continue;
      if (segmentDistance(p, q, r, s) >= bodyMetres) continue;
      last = along + length;
      break;
    }
    along += length;
  }
  return last;
}

function apart(a: number, b: number, c: number, d: number, by: number): boolean {
  return Math.min(a, b) - Math.max(c, d) >= by || Math.min(c, d) - Math.max(a, b) >= by;
}

/** Width that two paths need between them: a body, or a little less than the narrowest lane of the junction. */
export function bodyWidthMetres(laneWidths: readonly number[]): number {
  return Math.min(BODY_WIDTH_METRES, 0.95 * Math.min(BODY_WIDTH_METRES * 2, ...laneWidths));
}

/**
 * `matrix[i][j]`: greatest distance that a vehicle of group i has to go before it is out of the way of group j, metres
 * (0 for a pedestrian group i); null where the two do not conflict. `null` in [i][j] if and only if in [j][i].
 */
export function clearingDistances(groups: readonly GroupGround[], bodyMetres: number): (number | null)[][] {
  const matrix: (number | null)[][] = groups.map(() => groups.map(() => null));
  for (let i = 0; i < groups.length; i += 1) {
    for (let j = i; j < groups.length; j += 1) {
      const [there, back] = between(groups[i]!, groups[j]!, bodyMetres);
      matrix[i]![j] = there;
      matrix[j]![i] = back;
    }
  }
  return matrix;
}

function between(a: GroupGround, b: GroupGround, bodyMetres: number): [number | null, number | null] {
  let there: number | null = null;
  let back: number | null = null;
  for (const one of a.tracks) {
    for (const other of b.tracks) {
      const distanceA = conflictDistance(one, other, bodyMetres);
      const distanceB = conflictDistance(other, one, bodyMetres);
      if (distanceA === null && distanceB === null) continue;
      there = Math.max(there ?? 0, distanceA ?? 0);
      back = Math.max(back ?? 0, distanceB ?? 0);
    }
  }
  const pedestrian = a === b ? [null, null] : [acrossDistance(a, b), acrossDistance(b, a)];
  if (pedestrian[0] !== null) return [pedestrian[0]!, 0];
  if (pedestrian[1] !== null) return [0, pedestrian[1]!];
  return [there, back];
}

/** Greatest distance that vehicles of `vehicles` have to go until they are over the crossing of `walkers`, metres. */
function acrossDistance(vehicles: GroupGround, walkers: GroupGround): number | null {
  if (walkers.crossing === undefined) return null;
  const distances = vehicles.tracks.flatMap((track) => lastWithin(track.path, walkers.crossing!) ?? []);
  return distances.length === 0 ? null : Math.max(...distances);
}

/** ITE yellow: t + v/(2a) on the level, t = 1 s, a = 3.05 m/s2; at least 3 s (MUTCD); to the tenth of a second. */
export function iteYellowSeconds(speedMetresPerSecond: number): number {
  return Math.max(3, tenth(1 + speedMetresPerSecond / (2 * 3.05)));
}

/** ITE all-red: (W + L)/v with L = 6.1 m; `clearMetres` is W, the way to clear; to the tenth of a second. */
export function iteAllRedSeconds(speedMetresPerSecond: number, clearMetres: number): number {
  return tenth((clearMetres + 6.1) / speedMetresPerSecond);
}

/** Time to walk over a crossing after walk has ended: length / 1.07 m/s and a buffer of 3 s (MUTCD); to the tenth. */
export function pedestrianClearanceSeconds(lengthMetres: number): number {
  return tenth(lengthMetres / 1.07 + 3);
}

function tenth(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
