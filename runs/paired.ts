/**
 * What paired differences say when they need not be normal: signed ranks, shift, bootstrap, and what remains after
 * several comparisons. Deterministic: the same differences give the same numbers on every machine.
 */
import erfc from '@stdlib/math-base-special-erfc';
import seedrandom from 'seedrandom';

/** Most differences other than zero for which the distribution of the rank sum is counted out. */
export const EXACT_MAX = 25;
const RESAMPLES = 5000;
/** Above so many pairs the t interval needs no bootstrap to check it. */
export const BOOTSTRAP_PAIRS_MAX = 5000;
/** Differences are rounded to this part of their unit, so that equal ones are equal whatever they were made from. */
const PER_UNIT = 1e9;

/** Second minus first of each pair, rounded to a thousand-millionth of the unit. */
export function differencesOf(pairs: readonly (readonly [first: number, second: number])[]): number[] {
  // the + 0 makes a zero of -0
  return pairs.map(([first, second]) => Math.round((second - first) * PER_UNIT) / PER_UNIT + 0);
}

/** Standard normal distribution function. */
export function normalCdf(z: number): number {
  return 0.5 * erfc(-z / Math.SQRT2);
}

/** Beyond it the normal distribution has nothing left that a number could tell from 0 or 1. */
const Z_MAX = 38;

/** Its inverse, by halving; `probability` above 0 and below 1. */
export function normalQuantile(probability: number): number {
  let low = -Z_MAX;
  let high = Z_MAX;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
}

export interface WilcoxonResult {
  /** Differences other than zero. */
  n: number;
  /** Sum of the ranks of the positive differences. */
  rankSum: number;
  /** Two-sided. */
  p: number;
  method: 'exact' | 'normal';
}

/**
 * Wilcoxon's signed-rank test of no shift. Zeros are left out, equal sizes share their mean rank. Up to `EXACT_MAX`
 * differences the distribution is counted out over all signs, shared ranks included; beyond, the normal
 * approximation with continuity correction and the variance corrected for shared ranks (Hollander, Wolfe and Chicken,
 * Nonparametric Statistical Methods, 3.1).
 */
export function wilcoxon(differences: readonly number[]): WilcoxonResult {
  const kept = differences.filter((d) => d !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = kept.length;
  if (n === 0) return { n: 0, rankSum: 0, p: 1, method: 'exact' };
  const doubledRanks: number[] = [];
  let shared = 0;
  for (let first = 0; first < n; ) {
    let end = first + 1;
    while (end < n && Math.abs(kept[end]!) === Math.abs(kept[first]!)) end++;
    const size = end - first;
    shared += size * size * size - size;
    for (let i = first; i < end; i++) doubledRanks.push(first + 1 + end);
    first = end;
  }
  const doubledSum = kept.reduce((sum, d, i) => sum + (d > 0 ? doubledRanks[i]! : 0), 0);
  if (n <= EXACT_MAX) return { n, rankSum: doubledSum / 2, p: exactP(doubledRanks, doubledSum), method: 'exact' };
  const distance = Math.abs(doubledSum / 2 - (n * (n + 1)) / 4);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - shared / 48;
  const z = Math.max(0, distance - 0.5) / Math.sqrt(variance);
  return { n, rankSum: doubledSum / 2, p: Math.min(1, 2 * normalCdf(-z)), method: 'normal' };
}

/** Two-sided probability of a rank sum at least as far out, over all 2^n signs. Ranks and sum are doubled: whole numbers. */
function exactP(doubledRanks: readonly number[], doubledSum: number): number {
  const total = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of doubledRanks) for (let sum = total; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!;
  const near = Math.min(doubledSum, total - doubledSum);
  let tail = 0;
  for (let sum = 0; sum <= near; sum++) tail += ways[sum]!;
  return Math.min(1, (2 * tail) / ways.reduce((sum, count) => sum + count, 0));
}

/** The smallest two-sided p that `n` differences can give: 2 of 2^n signs. */
export function leastP(n: number): number {
  let p = 2;
  for (let i = 0; i < n; i++) p /= 2;
  return Math.min(1, p);
}

/**
 * Hodges and Lehmann's estimate of the shift: the median of the means of all pairs of differences, each with itself
 * included. Needs no list of the pairs: O(n) memory. Throws RangeError where there is no difference.
 */
export function hodgesLehmann(differences: readonly number[]): number {
  const n = differences.length;
  if (n === 0) throw new RangeError('No differences; at least one.');
  const sorted = Float64Array.from(differences).sort();
  const count = (n * (n + 1)) / 2;
  const upper = kthMean(sorted, Math.floor(count / 2) + 1);
  return count % 2 === 1 ? upper : (kthMean(sorted, count / 2) + upper) / 2;
}

/** The k-th smallest (from 1) of the means of pairs, by halving an interval until nothing lies within. */
function kthMean(sorted: Float64Array, k: number): number {
  const atMost = (limit: number): number => {
    let found = 0;
    let partner = sorted.length - 1;
    for (let i = 0; i <= partner; i++) {
      while (partner >= i && (sorted[i]! + sorted[partner]!) / 2 > limit) partner--;
      found += Math.max(0, partner - i + 1);
    }
    return found;
  };
  let low = sorted[0]!;
  let high = sorted[sorted.length - 1]!;
  if (atMost(low) >= k) return low;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (atMost(middle) >= k) high = middle;
    else low = middle;
  }
}

/**
 * 95 % interval of the mean by the bias-corrected and accelerated bootstrap (Efron and Tibshirani, An Introduction to
 * the Bootstrap, 14.3), with resamples from a fixed stream. null for fewer than two differences, where it says nothing,
 * and for more than `BOOTSTRAP_PAIRS_MAX`, where the t interval does.
 */
export function bcaInterval(differences: readonly number[]): { low: number; high: number; resamples: number } | null {
  const n = differences.length;
  if (n < 2 || n > BOOTSTRAP_PAIRS_MAX) return null;
  const values = Float64Array.from(differences);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (values.every((value) => value === values[0])) return { low: values[0]!, high: values[0]!, resamples: 0 };

  const random = seedrandom.alea('bca');
  const means = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += values[Math.floor(random() * n)]!;
    means[i] = sum / n;
  }
  means.sort();
  let below = 0;
  for (const value of means) below += value < mean ? 1 : value === mean ? 0.5 : 0;
  const bias = normalQuantile(Math.min(RESAMPLES - 0.5, Math.max(0.5, below)) / RESAMPLES);
  const acceleration = accelerationOf(values, mean);
  const limit = (z: number): number => {
    const shifted = bias + z;
    const rank = normalCdf(bias + shifted / (1 - acceleration * shifted)) * (RESAMPLES + 1) - 1;
    const within = Math.min(RESAMPLES - 1, Math.max(0, rank));
    const first = Math.floor(within);
    const next = Math.min(RESAMPLES - 1, first + 1);
    return means[first]! + (within - first) * (means[next]! - means[first]!);
  };
  const z = normalQuantile(0.975);
  return { low: limit(-z), high: limit(z), resamples: RESAMPLES };
}

/** A sixth of the skewness of the means with one value left out. */
function accelerationOf(values: Float64Array, mean: number): number {
  let squares = 0;
  let cubes = 0;
  for (const value of values) {
    const d = (value - mean) / (values.length - 1);
    squares += d * d;
    cubes += d * d * d;
  }
  return cubes / (6 * squares * Math.sqrt(squares));
}

/**
 * p values adjusted by Holm's step-down method, in the order given: reject those at most 0.05, and the chance of a single
 * false rejection among all is at most 5 %.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]! || a - b);
  const adjusted = new Array<number>(pValues.length);
  let least = 0;
  for (const [step, index] of order.entries()) {
    least = Math.max(least, Math.min(1, (pValues.length - step) * pValues[index]!));
    adjusted[index] = least;
  }
  return adjusted;
}
