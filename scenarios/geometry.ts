/**
 * Plane geometry in metres east (x) and north (y). The simulator drives on what comes out of here, so it uses only
 * arithmetic that is the same on every machine.
 */
import atan2 from '@stdlib/math-base-special-atan2';
import cos from '@stdlib/math-base-special-cos';
import sin from '@stdlib/math-base-special-sin';
import type { Point, Polyline } from './types.ts';

const RADIANS_PER_DEGREE = Math.PI / 180;
/** Mean radius of the earth, metres (IUGG). */
const EARTH_RADIUS_METRES = 6_371_008.8;

/** Sine and cosine of degrees, exact at multiples of 90. */
export function sinCosDegrees(degrees: number): { sin: number; cos: number } {
  const quarter = degrees / 90;
  if (Math.floor(quarter) === quarter) {
    const turns = ((quarter % 4) + 4) % 4;
    return { sin: [0, 1, 0, -1][turns]!, cos: [1, 0, -1, 0][turns]! };
  }
  return { sin: sin(degrees * RADIANS_PER_DEGREE), cos: cos(degrees * RADIANS_PER_DEGREE) };
}

/** Unit vector of a compass bearing. */
export function heading(bearingDegrees: number): Point {
  const { sin: x, cos: y } = sinCosDegrees(bearingDegrees);
  return { x, y };
}

/** The vector a quarter turn to the right. */
export function rightOf(direction: Point): Point {
  return { x: direction.y, y: 0 - direction.x };
}

/** `from` + `along` x a + `across` x b. */
export function offset(from: Point, a: Point, along: number, b: Point = a, across = 0): Point {
  return { x: from.x + along * a.x + across * b.x, y: from.y + along * a.y + across * b.y };
}

export function distance(a: Point, b: Point): number {
  return Math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

/** Degrees in (-180, 180] from one bearing to another; positive is clockwise. */
export function turnDegrees(from: number, to: number): number {
  const turned = (((to - from) % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}

/** Compass bearing from one point to another, degrees in [0, 360). */
export function bearing(from: Point, to: Point): number {
  const degrees = atan2(to.x - from.x, to.y - from.y) / RADIANS_PER_DEGREE;
  return degrees < 0 ? degrees + 360 : degrees;
}

/**
 * Position in metres from an origin, both in degrees: the tangent plane at the origin's latitude. Within 10 km off by
 * less than 0.1 %, away from the poles.
 */
export function project(latitude: number, longitude: number, origin: { latitude: number; longitude: number }): Point {
  const east = turnDegrees(origin.longitude, longitude) * RADIANS_PER_DEGREE;
  const north = (latitude - origin.latitude) * RADIANS_PER_DEGREE;
  return tidy({ x: EARTH_RADIUS_METRES * sinCosDegrees(origin.latitude).cos * east, y: EARTH_RADIUS_METRES * north });
}

/** To the micrometre, without -0. */
export function tidy(point: Point): Point {
  return { x: Math.round(point.x * 1e6) / 1e6 + 0, y: Math.round(point.y * 1e6) / 1e6 + 0 };
}

export function lengthOf(path: Polyline): number {
  let sum = 0;
  for (let index = 1; index < path.length; index += 1) sum += distance(path[index - 1]!, path[index]!);
  return sum;
}

/**
 * A smooth path that leaves `start` in direction `startHeading` and reaches `end` in direction `endHeading` (unit
 * vectors): a cubic Bezier curve as near to a circular arc as one can be, a point about every `spacing` metres.
 * Straight where all four lie on a line.
 */
export function curve(start: Point, startHeading: Point, end: Point, endHeading: Point, spacing = 1): Polyline {
  const chord = distance(start, end);
  const cross = startHeading.x * endHeading.y - startHeading.y * endHeading.x;
  const dot = startHeading.x * endHeading.x + startHeading.y * endHeading.y;
  const across = startHeading.x * (end.y - start.y) - startHeading.y * (end.x - start.x);
  if (Math.abs(cross) < 1e-9 && dot > 0 && Math.abs(across) < 1e-6) return [tidy(start), tidy(end)];
  const [first, second] = handles(start, startHeading, end, endHeading, { chord, cross, dot });
  const a = offset(start, startHeading, first);
  const b = offset(end, endHeading, -second);
  const pieces = Math.max(8, Math.ceil((chord + (first + second) / 3) / spacing));
  const points: Point[] = [];
  for (let index = 0; index <= pieces; index += 1) {
    const t = index / pieces;
    const s = 1 - t;
    const [w0, w1, w2, w3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    points.push(
      tidy({
        x: w0 * start.x + w1 * a.x + w2 * b.x + w3 * end.x,
        y: w0 * start.y + w1 * a.y + w2 * b.y + w3 * end.y,
      }),
    );
  }
  points[0] = tidy(start);
  points[pieces] = tidy(end);
  return points;
}

/** Lengths of the control handles: 4/3 tan(angle/4) of a circle's radius, the usual approximation of an arc. */
function handles(
  start: Point,
  startHeading: Point,
  end: Point,
  endHeading: Point,
  angle: { chord: number; cross: number; dot: number },
): [number, number] {
  const turned = Math.abs(atan2(angle.cross, angle.dot));
  const ofRadius = ((4 / 3) * sin(turned / 4)) / cos(turned / 4);
  const dx = end.x - start.x;
  const dy = end.y - start.y;
  const first = (dx * endHeading.y - dy * endHeading.x) / angle.cross;
  const second = (startHeading.x * dy - startHeading.y * dx) / angle.cross;
  if (turned > 0.2 && turned < 2.6 && first > 0 && second > 0) {
    const perTangent = (ofRadius * cos(turned / 2)) / sin(turned / 2);
    return [first * perTangent, second * perTangent];
  }
  const radius = turned < 0.2 ? 0 : angle.chord / (2 * sin(turned / 2));
  const handle = turned < 0.2 ? angle.chord / 3 : Math.min(ofRadius * radius, angle.chord);
  return [handle, handle];
}

/** The smallest distance between two segments. */
export function segmentDistance(a: Point, b: Point, c: Point, d: Point): number {
  if (segmentsCross(a, b, c, d)) return 0;
  return Math.min(pointToSegment(a, c, d), pointToSegment(b, c, d), pointToSegment(c, a, b), pointToSegment(d, a, b));
}

function side(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

function pointToSegment(point: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((point.x - a.x) * dx + (point.y - a.y) * dy) / square));
  return distance(point, { x: a.x + t * dx, y: a.y + t * dy });
}

/** Whether a point lies within a closed polygon (even-odd rule). */
export function inside(point: Point, polygon: Polyline): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const a = polygon[i]!;
    const b = polygon[j]!;
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) {
      within = !within;
    }
  }
  return within;
}

/** How far along a path, from its start, its last point within a closed outline lies, to half a metre; null where none does. */
export function lastWithin(path: Polyline, outline: Polyline): number | null {
  let along = 0;
  let last: number | null = null;
  for (let index = 1; index < path.length; index += 1) {
    const [a, b] = [path[index - 1]!, path[index]!];
    const length = distance(a, b);
    const pieces = Math.max(1, Math.ceil(length * 2));
    for (let piece = 0; piece <= pieces; piece += 1) {
      const t = piece / pieces;
      if (inside({ x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) }, outline)) last = along + t * length;
    }
    along += length;
  }
  return last;
}
