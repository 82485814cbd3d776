/** Pieces of which the schemas of scenario files are made, and the bounds of such files. */
import { z } from 'zod';

/** Bounds that keep a scenario within what can be run; a file beyond them is refused, not cut. */
export const LIMITS = {
  fileBytes: 2_000_000,
  junctions: 500,
  approaches: 12,
  lanes: 8,
  stages: 64,
  periods: 10_000,
  vehiclesPerPeriod: 100_000,
  vehiclesInAll: 1_000_000,
  givenVehicles: 50_000,
} as const;

/** Another name for `bike`. */
export const TWO_WHEELER = 'two-wheeler';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$/;
export const name = (what: string) =>
  z
    .string()
    .regex(NAME, { error: 'letters, digits, - and _, at most 48 characters, beginning with a letter or digit' })
    .describe(what);
export const between = (low: number, high: number, what: string) => z.number().min(low).max(high).describe(what);
export const whole = (low: number, high: number, what: string) => z.int().min(low).max(high).describe(what);
export const NOT_YET = 'Not supported yet: refused until it is.';
