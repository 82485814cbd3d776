/** Where two lines of a junction meet, cross and part. Lines are x y x y ...; positions along them in metres. */

import atan2 from '@stdlib/math-base-special-atan2';

export function lengthOf(line: Float64Array): number {
  let length = 0;
  for (let i = 0; i + 3 < line.length; i += 2) length += distance(line, i, line, i + 2);
  return length;
}

function distance(a: Float64Array, i: number, b: Float64Array, k: number): number {
  const dx = a[i]! - b[k]!;
  const dy = a[i + 1]! - b[k + 1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

export interface Crossing {
  /** Along the first line and along the second. */
  readonly at: number;
  readonly other: number;
  /** Sine of the angle between them, 0 to 1. */
  readonly sine: number;
}

/** The last point of the first line where the second crosses it, null where none does. */
export function lastCrossing(p: Float64Array, q: Float64Array): Crossing | null {
  let last: Crossing | null = null;
  let before = 0;
  for (let i = 0; i + 3 < p.length; i += 2) {
    const [ax, ay, dx, dy] = [p[i]!, p[i + 1]!, p[i + 2]! - p[i]!, p[i + 3]! - p[i + 1]!];
    const own = Math.sqrt(dx * dx + dy * dy);
    let beforeOther = 0;
    for (let k = 0; k + 3 < q.length; k += 2) {
      const [bx, by, ex, ey] = [q[k]!, q[k + 1]!, q[k + 2]! - q[k]!, q[k + 3]! - q[k + 1]!];
      const other = Math.sqrt(ex * ex + ey * ey);
      const cross = dx * ey - dy * ex;
      if (cross !== 0) {
        const u = ((bx - ax) * ey - (by - ay) * ex) / cross;
        const w = ((bx - ax) * dy - (by - ay) * dx) / cross;
        if (u >= 0 && u <= 1 && w >= 0 && w <= 1 && (last === null || before + u * own >= last.at)) {
          last = { at: before + u * own, other: beforeOther + w * other, sine: Math.abs(cross) / (own * other) };
        }
      }
      beforeOther += other;
    }
    before += own;
  }
  return last;
}

export function reversed(line: Float64Array): Float64Array {
  const other = new Float64Array(line.length);
  for (let i = 0; i < line.length; i += 2) {
    other[i] = line[line.length - 2 - i]!;
    other[i + 1] = line[line.length - 1 - i]!;
  }
  return other;
}

/** Distance of the first points, and of the last ones, of two lines. */
export function startDistance(p: Float64Array, q: Float64Array): number {
  return distance(p, 0, q, 0);
}
export function endDistance(p: Float64Array, q: Float64Array): number {
  return distance(p, p.length - 2, q, q.length - 2);
}

/** Least distance of a point of one line from another line. */
function distanceTo(line: Float64Array, i: number, q: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k + 3 < q.length; k += 2) {
    const [dx, dy] = [q[k + 2]! - q[k]!, q[k + 3]! - q[k + 1]!];
    const squared = dx * dx + dy * dy;
    const along =
      squared > 0 ? Math.max(0, Math.min(1, ((line[i]! - q[k]!) * dx + (line[i + 1]! - q[k + 1]!) * dy) / squared)) : 0;
    const [x, y] = [q[k]! + along * dx - line[i]!, q[k + 1]! + along * dy - line[i + 1]!];
    least = Math.min(least, Math.sqrt(x * x + y * y));
  }
  return least;
}

/** Metres from the end of `p`, backwards, from which on it is closer than `apart` to `q`: 0 where its end is. */
function metresApart(p: Float64Array, q: Float64Array, apart: number): number {
  let metres = 0;
  let next = distanceTo(p, p.length - 2, q);
  for (let i = p.length - 4; i >= 0; i -= 2) {
    const here = distanceTo(p, i, q);
    const segment = distance(p, i, p, i + 2);
    if (here > apart) metres += segment;
    else {
      // nearly straight, so the distance grows evenly
      const grows = next - here;
      return metres + (grows > 0 ? segment - ((apart - here) * segment) / grows : 0);
    }
    next = here;
  }
  return metres;
}

/**
 * Metres from their common begin to where two lines are `apart` from each other: the same for both, so that whoever
 * drives there follows whoever is ahead. `lengths`: of the lanes, which need not be those of the lines.
 */
export function metresTogether(
  p: Float64Array,
  q: Float64Array,
  lengths: readonly [number, number],
  apart: number,
): number {
  let [behindP, behindQ] = [0, 0];
  const [endOfP, endOfQ] = [distanceTo(p, p.length - 2, q), distanceTo(q, q.length - 2, p)];
  if (endDistance(p, q) > apart && endOfP > apart && endOfQ > apart) {
    behindP = metresApart(p, q, apart);
    behindQ = metresApart(q, p, apart);
  }
  return Math.min(Math.max(lengths[0] - behindP, lengths[1] - behindQ), lengthOf(p), lengthOf(q));
}

/** Angle between the pieces of two lines that begin at points `i` and `k` (indices of their x), radians, 0 to pi. */
export function headingDifference(p: Float64Array, i: number, q: Float64Array, k: number): number {
  const [ax, ay] = [p[i + 2]! - p[i]!, p[i + 3]! - p[i + 1]!];
  const [bx, by] = [q[k + 2]! - q[k]!, q[k + 3]! - q[k + 1]!];
  return Math.abs(atan2(ax * by - ay * bx, ax * bx + ay * by));
}
