import { describe, expect, it } from 'vitest';
import { pairedDifference, t975 } from './statistics.ts';

describe('the t value of a 95 % interval', () => {
  it('is that of the tables, on both sides of where the expansion begins', () => {
    expect(t975(1)).toBe(12.706);
    expect(t975(9)).toBe(2.262);
    expect(t975(30)).toBe(2.042);
    expect(t975(31)).toBeCloseTo(2.0395, 3);
    expect(t975(40)).toBeCloseTo(2.0211, 3);
    expect(t975(60)).toBeCloseTo(2.0003, 3);
    expect(t975(120)).toBeCloseTo(1.9799, 3);
    expect(t975(1_000_000)).toBeCloseTo(1.96, 4);
  });

  it('needs at least one degree of freedom', () => {
    expect(() => t975(0)).toThrow(RangeError);
    expect(() => t975(1.5)).toThrow(RangeError);
  });
});

describe('the paired difference', () => {
  it('is adaptive minus baseline, with the t interval of the differences', () => {
    const { n, mean, low, high } = pairedDifference([
      [10, 8],
      [20, 17],
      [30, 29],
    ]);
    expect(n).toBe(3);
    expect(mean).toBe(-2);
    expect(low).toBeCloseTo(-2 - 4.303 / Math.sqrt(3), 10);
    expect(high).toBeCloseTo(-2 + 4.303 / Math.sqrt(3), 10);
  });

  it('has no interval where there is one pair', () => {
    expect(pairedDifference([[10, 8]])).toEqual({ n: 1, mean: -2 });
  });
});
