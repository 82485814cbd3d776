import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atcs } from './atcs.ts';

const FOUR = {
  minGreenSeconds: [7, 7, 7, 7],
  maxGreenSeconds: [60, 60, 60, 60],
  lostSeconds: 20,
  minCycleSeconds: 40,
  maxCycleSeconds: 120,
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const stage = fc.record({
  need: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true })),
  min: fc.constantFrom(5, 7, 7.5, 12),
  room: fc.constantFrom(0, 10, 30, 55.5),
});
const cases = fc
  .record({
    stages: fc.array(stage, { minLength: 1, maxLength: 6 }),
    lost: fc.constantFrom(10, 20, 23.5),
    minCycle: fc.integer({ min: 0, max: 120 }),
    maxCycle: fc.integer({ min: 40, max: 240 }),
  })
  .map(({ stages, lost, minCycle, maxCycle }) => ({
    needs: stages.map((one) => one.need),
    options: {
      minGreenSeconds: stages.map((one) => one.min),
      maxGreenSeconds: stages.map((one) => one.min + one.room),
      lostSeconds: lost,
      minCycleSeconds: minCycle,
      maxCycleSeconds: maxCycle,
    },
  }));
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
/** null where the input is refused. */
const greensOf = ({ needs, options }: Case): number[] | null => {
  try {
    return atcs(needs, options).greens;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return null;
  }
};

describe('atcs', () => {
  it('gives each stage what its vehicles need, and no more', () => {
    expect(atcs([20, 9.2, 31, 8], FOUR)).toEqual({ greens: [20, 9, 32, 8], cycleSeconds: 89 });
  });
  it('leaves an empty junction at its shortest cycle', () => {
    expect(atcs([0, 0, 0, 0], FOUR)).toEqual({ greens: [7, 7, 7, 7], cycleSeconds: 48 });
    expect(atcs([0, 0, 0, 0], { ...FOUR, minCycleSeconds: 80 })).toEqual({
      greens: [15, 15, 15, 15],
      cycleSeconds: 80,
    });
  });
  it('shares the longest cycle in proportion where it does not suffice', () => {
    expect(atcs([80, 40, 40, 40], FOUR)).toEqual({ greens: [40, 20, 20, 20], cycleSeconds: 120 });
  });
  it('has none of the faults of its forerunner', () => {
    const { greens } = atcs([0, 0, 0, 300], FOUR);
    expect(greens).toEqual([7, 7, 7, 60]);
    expect(atcs([15, 16, 15, 16], FOUR).greens).toEqual([15, 16, 15, 16]);
  });
  it('refuses what cannot be, saying why', () => {
    expect(() => atcs([1, 2], FOUR)).toThrow('2 needs, 4 minima, 4 maxima; one each a stage');
    expect(() => atcs([1, 2, 3, Number.NaN], FOUR)).toThrow('need of stage 3 is NaN; a number >= 0');
    expect(() => atcs([1, 2, 3, 4], { ...FOUR, maxCycleSeconds: 45 })).toThrow(
      'least greens take 28 s; a cycle of 45 s with 20 s between stages leaves 25 s',
    );
    expect(() => atcs([1, 2, 3, 4], { ...FOUR, minCycleSeconds: 300, maxCycleSeconds: 400 })).toThrow(/at most 260 s/);
  });
  it('keeps the bounds of green and of cycle, and the cycle is exactly greens and lost time', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const greens = greensOf(one);
        fc.pre(greens !== null);
        const { options, needs } = one;
        greens.forEach((green, i) => {
          expect(green).toBeGreaterThanOrEqual(options.minGreenSeconds[i]!);
          expect(green).toBeLessThanOrEqual(options.maxGreenSeconds[i]!);
        });
        const { cycleSeconds } = atcs(needs, options);
        expect(cycleSeconds).toBe(greens.reduce((total, green) => total + green, 0) + options.lostSeconds);
        expect(cycleSeconds).toBeLessThanOrEqual(options.maxCycleSeconds + 1e-9);
        expect(cycleSeconds).toBeGreaterThanOrEqual(options.minCycleSeconds - 1e-9);
      }),
      { numRuns: 500 },
    );
  });
  it('refuses only where the bounds leave no room', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { options } = one;
        const least = sum(options.minGreenSeconds) + options.lostSeconds;
        const most = Math.min(options.maxCycleSeconds, sum(options.maxGreenSeconds) + options.lostSeconds);
        expect(greensOf(one) === null).toBe(least > most || options.minCycleSeconds > most);
      }),
      { numRuns: 400 },
    );
  });
  it('gives no less green for more need', () => {
    fc.assert(
      fc.property(cases, fc.nat(), fc.double({ min: 0, max: 40, noNaN: true }), (one, pick, more) => {
        const greens = greensOf(one);
        fc.pre(greens !== null);
        const i = pick % one.needs.length;
        const raised = greensOf({ ...one, needs: one.needs.map((need, k) => (k === i ? need + more : need)) });
        expect(raised![i]).toBeGreaterThanOrEqual(greens[i]!);
      }),
      { numRuns: 500 },
    );
  });
  it('takes the least need there can be for none', () => {
    const options = { ...FOUR, minGreenSeconds: [5, 12, 12, 12], minCycleSeconds: 70 };
    const nobody = atcs([0, 0, 0, 0], options).greens;
    expect(atcs([Number.MIN_VALUE, 0, 0, 0], options).greens[0]).toBeGreaterThanOrEqual(nobody[0]!);
  });
  it('permutes with the stages', () => {
    fc.assert(
      fc.property(cases, fc.nat(), (one, by) => {
        const greens = greensOf(one);
        fc.pre(greens !== null);
        const turn = by % one.needs.length;
        const rotate = <T>(list: readonly T[]): T[] => [...list.slice(turn), ...list.slice(0, turn)].reverse();
        const { minGreenSeconds, maxGreenSeconds } = one.options;
        // Where not even a whole second fits between the bounds of the cycle, ties go to the first.
        fc.pre(one.options.maxCycleSeconds - one.options.minCycleSeconds >= one.needs.length);
        const options = {
          ...one.options,
          minGreenSeconds: rotate(minGreenSeconds),
          maxGreenSeconds: rotate(maxGreenSeconds),
        };
        expect(greensOf({ needs: rotate(one.needs), options })).toEqual(rotate(greens));
      }),
      { numRuns: 500 },
    );
  });
});
