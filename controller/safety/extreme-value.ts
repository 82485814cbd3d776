/**
 * Crashes to be expected from near misses, by extreme-value theory: a generalised Pareto distribution of how far PETs lie
 * below a threshold, carried on to PET <= 0 (Songchitruksa and Tarko's idea). EXPERIMENTAL: few data reach far here, no
 * estimate of this kind is better than its extrapolation, and it counts crossing conflicts alone.
 */
import exp from '@stdlib/math-base-special-exp';
import pow from '@stdlib/math-base-special-pow';

export interface CrashEstimate {
  readonly experimental: true;
  readonly thresholdSeconds: number;
  /** PETs below the threshold. */
  readonly exceedances: number;
  readonly hours: number;
  /** Of the generalised Pareto distribution; below 0 its tail ends. */
  readonly shape: number;
  readonly scaleSeconds: number;
  readonly crashesPerHour: number;
  /** 95 %, by bootstrap; scatter of the number of conflicts included. */
  readonly interval: { readonly low: number; readonly high: number };
}

export interface CrashEstimateOptions {
  /** Fixed threshold, s; by default the smallest of 1.5, 2, 2.5, 3, 4, 5 that enough PETs lie below. */
  readonly thresholdSeconds?: number;
  /** Least PETs below the threshold; default 30. */
  readonly minExceedances?: number;
  /** Resamples for the interval; default 400. */
  readonly resamples?: number;
}

const THRESHOLDS = [1.5, 2, 2.5, 3, 4, 5];
/** Beyond these the moments that the fit uses do not exist, or the tail ends at once. */
const MOST_SHAPE = 0.9;
const LEAST_SHAPE = -5;

interface Fit {
  readonly shape: number;
  readonly scale: number;
}

/**
 * Probability-weighted moments (Hosking and Wallis 1987) of `sorted` values, the i-th counted `weights[i]` times; null where
 * they are too alike to fit.
 */
function pareto(sorted: readonly number[], weights: Uint8Array): Fit | null {
  let n = 0;
  for (const weight of weights) n += weight;
  if (n < 5) return null;
  let sum = 0;
  let weighted = 0;
  let rank = 0;
  for (const [i, value] of sorted.entries())
    for (let k = 0; k < weights[i]!; k++) {
      rank++;
      sum += value;
      weighted += value * (1 - (rank - 0.35) / n);
    }
  const a0 = sum / n;
  const a1 = weighted / n;
  const denominator = a0 - 2 * a1;
  if (!(denominator > 1e-9 * a0) || !(a1 > 0) || sorted[sorted.length - 1]! - sorted[0]! < 1e-9) return null;
  const shape = Math.min(MOST_SHAPE, Math.max(LEAST_SHAPE, 2 - a0 / denominator));
  return { shape, scale: (2 * a0 * a1) / denominator };
}

/** Share of exceedances that reach `seconds` or more beyond the threshold. */
export function tail({ shape, scale }: Fit, seconds: number): number {
  if (Math.abs(shape) < 1e-6) return exp(-seconds / scale);
  const base = 1 + (shape * seconds) / scale;
  return base <= 0 ? 0 : pow(base, -1 / shape);
}

/** Numbers from 0 to 1, the same ones each time (xorshift). */
function stream(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** Cumulative Poisson of mean 1: how often a value counts in a resample. */
const POISSON = [0.3678794412, 0.7357588823, 0.9196986029, 0.9810118431, 0.9963401532, 0.9994058152, 0.9999167589];

/**
 * @param petsSeconds of all conflicts recorded. @param hours that they were recorded in, above 0.
 * @returns null where too few lie below any threshold, or they are too alike: no estimate, which is not "no crashes".
 */
export function crashEstimate(
  petsSeconds: readonly number[],
  hours: number,
  options: CrashEstimateOptions = {},
): CrashEstimate | null {
  if (!(hours > 0)) throw new Error(`Crashes per hour of ${hours} hours; give more than 0.`);
  const least = options.minExceedances ?? 30;
  const pets = petsSeconds.filter((pet) => pet >= 0);
  const below = (threshold: number) => pets.filter((pet) => pet < threshold).length;
  const threshold = options.thresholdSeconds ?? THRESHOLDS.find((one) => below(one) >= least);
  if (threshold === undefined || below(threshold) < least) return null;
  const excesses = pets.flatMap((pet) => (pet < threshold ? [threshold - pet] : [])).sort((a, b) => a - b);
  const n = excesses.length;
  const whole = pareto(excesses, new Uint8Array(n).fill(1));
  if (whole === null) return null;
  const next = stream(n * 7919 + 17);
  const weights = new Uint8Array(n);
  const rates: number[] = [];
  for (let k = 0; k < (options.resamples ?? 400); k++) {
    let count = 0;
    for (let i = 0; i < n; i++) {
      const u = next();
      let weight = 0;
      while (weight < POISSON.length && u > POISSON[weight]!) weight++;
      weights[i] = weight;
      count += weight;
    }
    const one = pareto(excesses, weights);
    if (one !== null) rates.push((count / hours) * tail(one, threshold));
  }
  rates.sort((a, b) => a - b);
  const at = (share: number) => rates[Math.min(rates.length - 1, Math.floor(share * rates.length))] ?? 0;
  return {
    experimental: true,
    thresholdSeconds: threshold,
    exceedances: n,
    hours,
    shape: whole.shape,
    scaleSeconds: whole.scale,
    crashesPerHour: (n / hours) * tail(whole, threshold),
    interval: { low: at(0.025), high: at(0.975) },
  };
}
