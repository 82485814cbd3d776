/**
 * Smooth motion between two recorded seconds. Vehicles are matched by id; positions follow a cubic through both
 * positions and both speeds, so that a vehicle pulling away or turning moves as it would; headings turn the short way.
 */
import type { Frame } from '../../runs/types.ts';

/**
 * A frame as the page keeps it: vehicles and people in one typed array, six integers each as in `Frame.vehicles`. People
 * come last, with negative ids and the classes that follow those of vehicles.
 */
export interface PackedFrame extends Omit<Frame, 'vehicles'> {
  readonly vehicles: Int32Array;
}

const FIELDS = 6;
/** Farther apart than a vehicle can go in a second, decimetres: shown where they are, without motion between. */
const LONGEST_MOVE_DECIMETRES = 700;
/** A loss of speed within a second that lights the brake lamps, decimetres per second. */
const BRAKING_DECIMETRES_PER_SECOND = 8;

/** Floats a vehicle in the output of `interpolate`: x, y (metres), heading (radians), class, braking 0/1, opacity. */
export const INSTANCE_FLOATS = 6;

/** Class of a person on foot; one on a bicycle has the next. */
const FIRST_KIND_OF_PEOPLE = 8;

export function packFrame(frame: Frame): PackedFrame {
  const { people = [] } = frame;
  const vehicles = new Int32Array(frame.vehicles.length + people.length);
  vehicles.set(frame.vehicles);
  vehicles.set(people, frame.vehicles.length);
  for (let offset = frame.vehicles.length; offset < vehicles.length; offset += FIELDS) {
    vehicles[offset] = -1 - vehicles[offset]!;
    vehicles[offset + 1]! += FIRST_KIND_OF_PEOPLE;
  }
  return { ...frame, vehicles };
}

export function peopleCount(frame: PackedFrame): number {
  return (frame.people?.length ?? 0) / FIELDS;
}

/** Vehicles, without people. */
export function vehicleCount(frame: PackedFrame): number {
  return frame.vehicles.length / FIELDS - peopleCount(frame);
}

/** From `from` to `to`, in degrees, the short way round; `share` 0-1. The answer may lie outside 0-360. */
export function interpolateHeading(from: number, to: number, share: number): number {
  const turn = ((((to - from + 180) % 360) + 360) % 360) - 180;
  return from + turn * share;
}

interface Matches {
  readonly next: PackedFrame;
  /** For each vehicle of the first frame its offset in the next, -1 where it has left. */
  readonly offsets: Int32Array;
  /** Offsets in the next frame of vehicles that have just come. */
  readonly entering: readonly number[];
}

const matchesByFrame = new WeakMap<PackedFrame, Matches>();

function match(first: PackedFrame, next: PackedFrame): Matches {
  const known = matchesByFrame.get(first);
  if (known && known.next === next) return known;
  const offsetById = new Map<number, number>();
  for (let offset = 0; offset < next.vehicles.length; offset += FIELDS) offsetById.set(next.vehicles[offset]!, offset);
  const offsets = new Int32Array(first.vehicles.length / FIELDS);
  for (let index = 0; index < offsets.length; index++) {
    const id = first.vehicles[index * FIELDS]!;
    offsets[index] = offsetById.get(id) ?? -1;
    offsetById.delete(id);
  }
  const matches = { next, offsets, entering: [...offsetById.values()] };
  matchesByFrame.set(first, matches);
  return matches;
}

/** The part of a cubic's tangent that keeps it between its ends: at most three times the way between them. */
const bounded = (tangent: number, way: number): number =>
  way >= 0 ? Math.min(Math.max(tangent, 0), 3 * way) : Math.max(Math.min(tangent, 0), 3 * way);

function between(from: number, to: number, fromSpeed: number, toSpeed: number, share: number): number {
  const way = to - from;
  const start = bounded(fromSpeed, way);
  const end = bounded(toSpeed, way);
  const s2 = share * share;
  const s3 = s2 * share;
  return from + (s3 - 2 * s2 + share) * start + (3 * s2 - 2 * s3) * way + (s3 - s2) * end;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * Fills `out` with the vehicles `share` (0-1) of the way from `first` to `next`, `INSTANCE_FLOATS` each, and answers
 * how many. Vehicles that leave fade out as they drive on, those that come fade in. `out` must hold both frames'
 * vehicles: see `capacityFor`.
 */
export function interpolate(
  first: PackedFrame,
  next: PackedFrame | undefined,
  share: number,
  out: Float32Array,
): number {
  const a = first.vehicles;
  if (!next || share <= 0) {
    for (let offset = 0, at = 0; offset < a.length; offset += FIELDS) {
      at = put(out, at, a[offset + 2]!, a[offset + 3]!, a[offset + 4]!, a[offset + 1]!, 0, 1);
    }
    return a.length / FIELDS;
  }
  const { offsets, entering } = match(first, next);
  const b = next.vehicles;
  let at = 0;
  for (let index = 0; index < offsets.length; index++) {
    const i = index * FIELDS;
    const j = offsets[index]!;
    const x = a[i + 2]!;
    const y = a[i + 3]!;
    const east = Math.sin(radians(a[i + 4]!)) * a[i + 5]!;
    const north = Math.cos(radians(a[i + 4]!)) * a[i + 5]!;
    if (j < 0) {
      at = put(out, at, x + east * share, y + north * share, a[i + 4]!, a[i + 1]!, 0, 1 - share);
      continue;
    }
    const dx = b[j + 2]! - x;
    const dy = b[j + 3]! - y;
    const braking = b[j + 5]! - a[i + 5]! <= -BRAKING_DECIMETRES_PER_SECOND ? 1 : 0;
    if (dx * dx + dy * dy > LONGEST_MOVE_DECIMETRES * LONGEST_MOVE_DECIMETRES) {
      at = put(out, at, x, y, a[i + 4]!, a[i + 1]!, 0, 1);
      continue;
    }
    const endEast = Math.sin(radians(b[j + 4]!)) * b[j + 5]!;
    const endNorth = Math.cos(radians(b[j + 4]!)) * b[j + 5]!;
    at = put(
      out,
      at,
      between(x, b[j + 2]!, east, endEast, share),
      between(y, b[j + 3]!, north, endNorth, share),
      interpolateHeading(a[i + 4]!, b[j + 4]!, share),
      a[i + 1]!,
      braking,
      1,
    );
  }
  for (const j of entering) {
    const back = 1 - share;
    const east = Math.sin(radians(b[j + 4]!)) * b[j + 5]!;
    const north = Math.cos(radians(b[j + 4]!)) * b[j + 5]!;
    at = put(out, at, b[j + 2]! - east * back, b[j + 3]! - north * back, b[j + 4]!, b[j + 1]!, 0, share);
  }
  return at / INSTANCE_FLOATS;
}

function put(
  out: Float32Array,
  at: number,
  xDecimetres: number,
  yDecimetres: number,
  headingDegrees: number,
  vehicleClass: number,
  braking: number,
  opacity: number,
): number {
  out[at] = xDecimetres / 10;
  out[at + 1] = yDecimetres / 10;
  out[at + 2] = radians(headingDegrees);
  out[at + 3] = vehicleClass;
  out[at + 4] = braking;
  out[at + 5] = opacity;
  return at + INSTANCE_FLOATS;
}

/** Floats that `interpolate` may fill for these frames. */
export function capacityFor(first: PackedFrame, next: PackedFrame | undefined): number {
  return ((first.vehicles.length + (next?.vehicles.length ?? 0)) / FIELDS) * INSTANCE_FLOATS;
}
