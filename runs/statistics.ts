/** Statistics over runs with different seeds: means and intervals. Tests and shifts are in `paired.ts`. */
import type { PairedDifference } from './twin-types.ts';

/**
 * Two-sided 95 % quantiles of Student's t (probability 0.975) for 1-30 degrees of freedom; standard table, e.g.
 * NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
 */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const Z_975 = 1.959964;

/**
 * The t value a 95 % interval needs, for `degrees` >= 1 degrees of freedom. Above 30 by the expansion of Cornish and
 * Fisher (Abramowitz and Stegun 26.7.5), right to 4 digits there.
 */
export function t975(degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new RangeError(`${degrees} degrees of freedom; a whole number of at least 1.`);
  if (degrees <= T_975.length) return T_975[degrees - 1]!;
  const z = Z_975;
  const z3 = z * z * z;
  const z5 = z3 * z * z;
  return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees);
}

/** Mean of paired differences with its 95 % t interval; without an interval where there is only one pair. */
export function pairedDifference(pairs: readonly (readonly [baseline: number, adaptive: number])[]): PairedDifference {
  const n = pairs.length;
  if (n === 0) return { n: 0, mean: Number.NaN };
  const differences = pairs.map(([baseline, adaptive]) => adaptive - baseline);
  const mean = differences.reduce((sum, d) => sum + d, 0) / n;
  if (n < 2) return { n, mean };
  const squares = differences.reduce((sum, d) => sum + (d - mean) * (d - mean), 0);
  const half = t975(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { n, mean, low: mean - half, high: mean + half };
}

/** Values of one measure over replications. */
export interface MeasureSummary {
  n: number;
  mean: number;
  /** 95 % t interval of the mean; absent where there is only one value. */
  low?: number;
  high?: number;
  median: number;
  min: number;
  max: number;
}

/** Mean with its 95 % t interval, median and range. Throws RangeError where there is no value. */
export function summarise(values: readonly number[]): MeasureSummary {
  if (values.length === 0) throw new RangeError('No values to summarise; at least one.');
  const sorted = Float64Array.from(values).sort();
  const { n, mean, low, high } = pairedDifference(values.map((value) => [0, value]));
  const middle = Math.floor(n / 2);
  const median = n % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { n, mean, ...(low !== undefined && { low, high }), median, min: sorted[0]!, max: sorted[n - 1]! };
}
