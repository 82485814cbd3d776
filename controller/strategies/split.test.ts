import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedSplit, largestRemainder } from './split.ts';

const stage = fc.record({
  demand: fc.integer({ min: 0, max: 60 }),
  min: fc.integer({ min: 5, max: 15 }),
  room: fc.integer({ min: 0, max: 60 }),
});
const cases = fc.record({
  stages: fc.array(stage, { minLength: 1, maxLength: 6 }),
  extra: fc.integer({ min: 0, max: 150 }),
});
const input = ({ stages, extra }: { stages: { demand: number; min: number; room: number }[]; extra: number }) => ({
  demands: stages.map((one) => one.demand),
  minSeconds: stages.map((one) => one.min),
  maxSeconds: stages.map((one) => one.min + one.room),
  totalSeconds: stages.reduce((sum, one) => sum + one.min, 0) + extra,
});
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('boundedSplit', () => {
  it('shares in proportion to demand', () => {
    const bounds = { minSeconds: [5, 5, 5], maxSeconds: [90, 90, 90] };
    expect(boundedSplit({ demands: [30, 20, 10], ...bounds, totalSeconds: 60 })).toEqual([30, 20, 10]);
    expect(boundedSplit({ demands: [30, 20, 0], ...bounds, totalSeconds: 60 })).toEqual([33, 22, 5]);
  });
  it('shares equally where nobody has any demand, and never gives equals different greens', () => {
    const bounds = { minSeconds: [5, 5, 5], maxSeconds: [90, 90, 90] };
    expect(boundedSplit({ demands: [0, 0, 0], ...bounds, totalSeconds: 62 })).toEqual([20, 20, 20]);
  });
  it('refuses what cannot be', () => {
    expect(() => boundedSplit({ demands: [1], minSeconds: [20], maxSeconds: [10], totalSeconds: 30 })).toThrow(
      /minimum green 20 s is above its maximum 10 s/,
    );
    expect(() => boundedSplit({ demands: [1], minSeconds: [20], maxSeconds: [30], totalSeconds: 10 })).toThrow(
      /the minima alone take 20 s/,
    );
    expect(() => boundedSplit({ demands: [-1], minSeconds: [20], maxSeconds: [30], totalSeconds: 30 })).toThrow(
      /demand 0 is -1/,
    );
  });
  it('keeps the bounds and the sum', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const given = input(one);
        const greens = boundedSplit(given);
        greens.forEach((green, i) => {
          expect(green).toBeGreaterThanOrEqual(given.minSeconds[i]!);
          expect(green).toBeLessThanOrEqual(given.maxSeconds[i]!);
        });
        expect(sum(greens)).toBeLessThanOrEqual(given.totalSeconds);
        const full = greens.every((green, i) => green === given.maxSeconds[i]!);
        if (!full) expect(given.totalSeconds - sum(greens)).toBeLessThan(greens.length);
      }),
      { numRuns: 500 },
    );
  });
  it('permutes with the stages', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 5 }), (one, turn) => {
        const rotate = <T>(list: T[]): T[] =>
          [...list.slice(turn % list.length), ...list.slice(0, turn % list.length)].reverse();
        const turned = boundedSplit(input({ ...one, stages: rotate(one.stages) }));
        expect(turned).toEqual(rotate(boundedSplit(input(one))));
      }),
      { numRuns: 500 },
    );
  });
  it('gives no less for more demand, nor for more seconds', () => {
    fc.assert(
      fc.property(cases, fc.nat(), fc.integer({ min: 1, max: 20 }), (one, pick, more) => {
        const i = pick % one.stages.length;
        const raised = one.stages.map((each, k) => (k === i ? { ...each, demand: each.demand + more } : each));
        const greens = boundedSplit(input(one));
        expect(boundedSplit(input({ ...one, stages: raised }))[i]).toBeGreaterThanOrEqual(greens[i]!);
        const longer = boundedSplit(input({ ...one, extra: one.extra + more }));
        longer.forEach((green, k) => {
          expect(green).toBeGreaterThanOrEqual(greens[k]!);
        });
      }),
      { numRuns: 400 },
    );
  });
});

describe('largestRemainder', () => {
  it('keeps the rounded sum', () => {
    expect(largestRemainder([10.4, 10.4, 10.2])).toEqual([11, 10, 10]);
    expect(largestRemainder([1, 2, 3])).toEqual([1, 2, 3]);
  });
});
