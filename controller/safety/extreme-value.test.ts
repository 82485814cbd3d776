import { describe, expect, it } from 'vitest';
import { crashEstimate, tail } from './extreme-value.ts';

/** PETs whose distance below 3 s is generalised Pareto, at even probabilities; those below 0 are crashes and not seen. */
const pets = (n: number, shape: number, scale: number): number[] =>
  Array.from({ length: n }, (_, i) => {
    const u = (i + 0.5) / n;
    return 3 - (scale / shape) * ((1 - u) ** -shape - 1);
  }).filter((pet) => pet >= 0);

describe('crashes from near misses', () => {
  it('finds the distribution again, and its rate beyond 0', () => {
    const estimate = crashEstimate(pets(1000, -0.2, 0.5), 100, { thresholdSeconds: 3 })!;
    expect(estimate.shape).toBeCloseTo(-0.2, 1);
    expect(estimate.scaleSeconds).toBeCloseTo(0.5, 1);
    // the tail ends at 2.5 s below the threshold: none reaches 0
    expect(estimate.crashesPerHour).toBeLessThan(1e-3);
    const heavy = crashEstimate(pets(1000, 0.1, 0.5), 100, { thresholdSeconds: 3 })!;
    const truth = (1000 / 100) * (1 + (0.1 * 3) / 0.5) ** (-1 / 0.1);
    expect(heavy.crashesPerHour).toBeGreaterThan(truth / 3);
    expect(heavy.crashesPerHour).toBeLessThan(truth * 3);
    expect(heavy.interval.low).toBeLessThanOrEqual(heavy.crashesPerHour);
    expect(heavy.interval.high).toBeGreaterThan(heavy.crashesPerHour);
    expect(heavy.experimental).toBe(true);
  });
  it('rises as PETs get shorter, and falls with the time that they were seen in', () => {
    const near = crashEstimate(pets(400, 0.1, 0.9), 10, { thresholdSeconds: 3 })!;
    const far = crashEstimate(pets(400, 0.1, 0.4), 10, { thresholdSeconds: 3 })!;
    expect(near.crashesPerHour).toBeGreaterThan(2 * far.crashesPerHour);
    expect(crashEstimate(pets(400, 0.1, 0.9), 20, { thresholdSeconds: 3 })!.crashesPerHour).toBeCloseTo(
      near.crashesPerHour / 2,
      12,
    );
  });
  it('gives none where there is too little to go by, never 0', () => {
    expect(crashEstimate([], 1)).toBeNull();
    expect(crashEstimate(pets(29, 0.1, 0.9), 1)).toBeNull();
    expect(
      crashEstimate(
        Array.from({ length: 100 }, () => 1),
        1,
      ),
    ).toBeNull();
    expect(() => crashEstimate([1], 0)).toThrow('0 hours');
  });
  it('is the same each time', () => {
    const all = pets(200, 0.1, 0.6);
    expect(crashEstimate(all, 5)).toEqual(crashEstimate(all, 5));
  });
  it('knows the exponential as the case between', () => {
    expect(tail({ shape: 0, scale: 2 }, 3)).toBeCloseTo(Math.exp(-1.5), 12);
    expect(tail({ shape: 1e-5, scale: 2 }, 3)).toBeCloseTo(Math.exp(-1.5), 4);
    expect(tail({ shape: -1, scale: 2 }, 3)).toBe(0);
  });
});
