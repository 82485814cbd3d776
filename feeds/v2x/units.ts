/**
 * SAE J2735's raw integers and what they mean in SI units and degrees. Each quantity knows its resolution, range and
 * the raw value that says "unavailable", which becomes null and never a number. `fromRaw` then `toRaw` gives the raw
 * value back for every value in range.
 */
import { z } from 'zod';

export interface Quantity {
  /** Raw steps per unit: raw = value x perUnit. */
  readonly perUnit: number;
  readonly min: number;
  readonly max: number;
  /** Raw value that means "unavailable"; null: the quantity has none. */
  readonly unavailable: number | null;
}

const quantity = (perUnit: number, min: number, max: number, unavailable: number | null): Quantity => ({
  perUnit,
  min,
  max,
  unavailable,
});

/** Degrees north. */
export const LATITUDE_DEGREES = quantity(1e7, -900_000_000, 900_000_001, 900_000_001);
/** Degrees east. */
export const LONGITUDE_DEGREES = quantity(1e7, -1_799_999_999, 1_800_000_001, 1_800_000_001);
export const ELEVATION_METRES = quantity(10, -4096, 61_439, -4096);
export const SPEED_METRES_PER_SECOND = quantity(50, 0, 8191, 8191);
/** Degrees clockwise from north. */
export const HEADING_DEGREES = quantity(80, 0, 28_800, 28_800);
export const ACCELERATION_METRES_PER_SECOND2 = quantity(100, -2000, 2001, 2001);
/** Standard gravities. */
export const VERTICAL_ACCELERATION_G = quantity(50, -127, 127, -127);
export const YAW_RATE_DEGREES_PER_SECOND = quantity(100, -32_767, 32_767, null);
export const SEMI_AXIS_METRES = quantity(20, 0, 255, 255);
/** Degrees clockwise from north. */
export const ORIENTATION_DEGREES = quantity(65_535 / 360, 0, 65_535, 65_535);
/** Milliseconds within the minute; 60000-60999 is a leap second. */
export const SECOND_MARK_MS = quantity(1, 0, 65_535, 65_535);
/** Degrees, positive to the right. */
export const STEERING_ANGLE_DEGREES = quantity(1 / 1.5, -126, 127, 127);
export const VEHICLE_WIDTH_METRES = quantity(100, 0, 1023, 0);
export const VEHICLE_LENGTH_METRES = quantity(100, 0, 4095, 0);
/** Seconds within the hour; 3600 means "an hour ahead or more". */
export const TIME_MARK_SECONDS = quantity(10, 0, 36_111, 36_111);
export const LANE_WIDTH_METRES = quantity(100, 0, 32_767, null);
export const NODE_OFFSET_METRES = quantity(100, -32_768, 32_767, null);
export const NODE_DELTA_METRES = quantity(100, -512, 511, null);

/** Zod schema of the raw value: an integer in the quantity's range. */
export const raw = (of: Quantity) => z.number().int().min(of.min).max(of.max);

/** SI value of a raw one, or null where it says "unavailable". */
export const fromRaw = (of: Quantity, value: number): number | null =>
  value === of.unavailable ? null : value / of.perUnit;

/**
 * Nearest raw value of an SI one; null becomes the quantity's "unavailable". Values out of range are cut to the nearest
 * raw value that is a measurement.
 * @throws where the value is not finite, or null for a quantity that cannot be unavailable.
 */
export function toRaw(of: Quantity, value: number | null): number {
  if (value === null) {
    if (of.unavailable === null)
      throw new Error('A J2735 quantity without an "unavailable" value was null; give a number.');
    return of.unavailable;
  }
  if (!Number.isFinite(value)) throw new Error(`A J2735 quantity was ${value}; give a finite number, or null.`);
  const low = of.min === of.unavailable ? of.min + 1 : of.min;
  const high = of.max === of.unavailable ? of.max - 1 : of.max;
  const rounded = Math.round(value * of.perUnit);
  return rounded < low ? low : rounded > high ? high : rounded === 0 ? 0 : rounded;
}

/**
 * A scaled value as ODE v4 and others send it. Null where it is the sentinel, scaled or as the bare literal that leaks
 * through (accelLat 2001, latitude 90.0000001); undefined where it is impossible in the quantity's range.
 */
export function fromScaled(of: Quantity, value: number): number | null | undefined {
  const asRaw = value * of.perUnit;
  if (of.unavailable !== null && of.unavailable !== 0) {
    if (value === of.unavailable || Math.abs(asRaw - of.unavailable) < 0.01) return null;
  } else if (of.unavailable === 0 && value === 0) return null;
  return asRaw < of.min - 0.5 || asRaw > of.max + 0.5 ? undefined : value;
}

/** Nearest moment to `nearMs` whose place in its minute is `secondMarkMs` (0-60999). */
export function resolveSecondMark(secondMarkMs: number, nearMs: number): number {
  const minute = Math.round((nearMs - secondMarkMs) / 60_000);
  return minute * 60_000 + secondMarkMs;
}

/** Nearest moment to `nearMs` that lies `timeMarkSeconds` after a full hour. */
export function resolveTimeMark(timeMarkSeconds: number, nearMs: number): number {
  const offset = Math.round(timeMarkSeconds * 1000);
  return Math.round((nearMs - offset) / 3_600_000) * 3_600_000 + offset;
}
