/**
 * Geometry as CityFlow computes it, operation by operation, so that lengths and crosses agree to the last bit:
 * lanes shortened by the intersections' widths, links without points as cubic Bezier curves, crosses of links.
 */
import { directionAlong, pointAlong } from './polyline.ts';

const EPSILON = 1e-8;

/** -1, 0 or 1 with CityFlow's tolerance. */
function sign(value: number): number {
  return (value + EPSILON > 0 ? 1 : 0) - (value < EPSILON ? 1 : 0);
}

/**
 * Centre line of a lane. `points` is the road's polyline, `inner` and `outer` the lane's edges measured from it to the
 * right, `startWidth` and `endWidth` what the intersections take off each end.
 */
export function laneCentreLine(
  points: ArrayLike<number>,
  inner: number,
  outer: number,
  startWidth: number,
  endWidth: number,
): Float64Array {
  const count = points.length / 2;
  const road = Float64Array.from(points);
  const [ux, uy] = unit(points[2]! - points[0]!, points[3]! - points[1]!);
  road[0] = points[0]! + ux * startWidth;
  road[1] = points[1]! + uy * startWidth;
  const [wx, wy] = unit(points[2 * count - 2]! - road[2 * count - 4]!, points[2 * count - 1]! - road[2 * count - 3]!);
  road[2 * count - 2] = points[2 * count - 2]! - wx * endWidth;
  road[2 * count - 1] = points[2 * count - 1]! - wy * endWidth;

  const middle = (inner + outer) / 2;
  const path = new Float64Array(2 * count);
  for (let j = 0; j < count; j++) {
    let dx: number;
    let dy: number;
    if (j === 0) [dx, dy] = unit(road[2]! - road[0]!, road[3]! - road[1]!);
    else if (j + 1 === count) [dx, dy] = unit(road[2 * j]! - road[2 * j - 2]!, road[2 * j + 1]! - road[2 * j - 1]!);
    else {
      const [ax, ay] = unit(road[2 * j + 2]! - road[2 * j]!, road[2 * j + 3]! - road[2 * j + 1]!);
      const [bx, by] = unit(road[2 * j]! - road[2 * j - 2]!, road[2 * j + 1]! - road[2 * j - 1]!);
      [dx, dy] = unit(ax + bx, ay + by);
    }
    path[2 * j] = road[2 * j]! + dy * middle;
    path[2 * j + 1] = road[2 * j + 1]! + -dx * middle;
  }
  return path;
}

function unit(x: number, y: number): [number, number] {
  const length = Math.sqrt(x * x + y * y);
  return [x / length, y / length];
}

/** Link without points: cubic Bezier of 10 stretches between two lanes that are not yet shortened. */
export function bezierLink(
  startLane: Float64Array,
  startLength: number,
  endLane: Float64Array,
  width: number,
): Float64Array {
  const [sx, sy] = pointAlong(startLane, startLength - width);
  const [ex, ey] = pointAlong(endLane, width);
  const length = Math.sqrt((ex - sx) * (ex - sx) + (ey - sy) * (ey - sy));
  const [ux, uy] = directionAlong(startLane, startLength - width);
  const [wx, wy] = directionAlong(endLane, width);
  let ax = ux * length * 0.5;
  let ay = uy * length * 0.5;
  let bx = -wx * length * 0.5;
  let by = -wy * length * 0.5;
  if (ax * ax + ay * ay < 25 && width >= 5) {
    ax = 5 * ux;
    ay = 5 * uy;
  }
  if (bx * bx + by * by < 25 && width >= 5) {
    bx = 5 * wx;
    by = 5 * wy;
  }
  const controls = [sx, sy, sx + ax, sy + ay, ex + bx, ey + by, ex, ey];
  const path = new Float64Array(22);
  for (let i = 0; i <= 10; i++) {
    const share = i / 10;
    let points = controls;
    while (points.length > 2) {
      const next: number[] = [];
      for (let j = 0; j + 2 < points.length; j++) next.push((points[j + 2]! - points[j]!) * share + points[j]!);
      points = next;
    }
    path[2 * i] = points[0]!;
    path[2 * i + 1] = points[1]!;
  }
  return path;
}

/** Distances along a and b of their first crossing, searched along a; null where they do not meet. */
export function firstCrossing(a: Float64Array, b: Float64Array): { onA: number; onB: number } | null {
  let alongA = 0;
  for (let i = 0; 2 * i + 3 < a.length; i++) {
    const a1x = a[2 * i]!;
    const a1y = a[2 * i + 1]!;
    const a2x = a[2 * i + 2]!;
    const a2y = a[2 * i + 3]!;
    const ux = a2x - a1x;
    const uy = a2y - a1y;
    let alongB = 0;
    for (let j = 0; 2 * j + 3 < b.length; j++) {
      const b1x = b[2 * j]!;
      const b1y = b[2 * j + 1]!;
      const b2x = b[2 * j + 2]!;
      const b2y = b[2 * j + 3]!;
      const vx = b2x - b1x;
      const vy = b2y - b1y;
      const turn = ux * vy - uy * vx;
      if (sign(turn) === 0) continue;
      const share = ((b1x - a1x) * vy - (b1y - a1y) * vx) / turn;
      const px = a1x + ux * share;
      const py = a1y + uy * share;
      if (onStretch(a1x, a1y, a2x, a2y, px, py) && onStretch(b1x, b1y, b2x, b2y, px, py)) {
        return {
          onA: alongA + Math.sqrt((px - a1x) * (px - a1x) + (py - a1y) * (py - a1y)),
          onB: alongB + Math.sqrt((px - b1x) * (px - b1x) + (py - b1y) * (py - b1y)),
        };
      }
      alongB += Math.sqrt(vx * vx + vy * vy);
    }
    alongA += Math.sqrt(ux * ux + uy * uy);
  }
  return null;
}

function onStretch(ax: number, ay: number, bx: number, by: number, px: number, py: number): boolean {
  const aside = (bx - ax) * (py - ay) - (by - ay) * (px - ax);
  const between = (px - ax) * (px - bx) + (py - ay) * (py - by);
  return sign(aside) === 0 && sign(between) <= 0;
}
