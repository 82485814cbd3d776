import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bcaInterval,
  differencesOf,
  hodgesLehmann,
  holm,
  leastP,
  normalCdf,
  normalQuantile,
  wilcoxon,
} from './paired.ts';
import { pairedDifference } from './statistics.ts';

const integers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 });

describe('the normal distribution', () => {
  it('is that of the tables', () => {
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14);
    expect(normalCdf(-3)).toBeCloseTo(0.0013498980316301, 14);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.1)).toBeCloseTo(-1.2815515655446004, 12);
  });
});

describe('differences', () => {
  it('are second minus first, and equal where only rounding tells them apart', () => {
    expect(
      differencesOf([
        [0.1, 0.3],
        [1.1, 1.3],
        [5, 5],
      ]),
    ).toEqual([0.2, 0.2, 0]);
    expect(Object.is(differencesOf([[1e-12, 0]])[0], 0)).toBe(true);
  });
});

describe("Wilcoxon's signed ranks", () => {
  it('counts by hand: of 2^3 signs one has a rank sum of 6', () => {
    expect(wilcoxon([1, 2, 3])).toEqual({ n: 3, rankSum: 6, p: 0.25, method: 'exact' });
    // ranks 1 2 3 4 5: the sums 0, 1 and their mirrors are as far out as 14
    expect(wilcoxon([-1, 2, 3, 4, 5]).p).toBe(4 / 32);
  });

  it('agrees with the depression scores of Hollander and Wolfe: rank sum 40 of 45, p = 20/512', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const differences = differencesOf(before.map((value, i) => [after[i]!, value]));
    expect(wilcoxon(differences)).toEqual({ n: 9, rankSum: 40, p: 20 / 512, method: 'exact' });
    expect(hodgesLehmann(differences)).toBeCloseTo(0.46, 10);
  });

  it('leaves zeros out and shares the rank of equal sizes', () => {
    // sizes 1 1 2: ranks 1.5 1.5 3; sums over all signs: 0 1.5 1.5 3 3 4.5 4.5 6
    expect(wilcoxon([0, 1, -1, 2])).toEqual({ n: 3, rankSum: 4.5, p: 6 / 8, method: 'exact' });
    expect(wilcoxon([0, 0])).toEqual({ n: 0, rankSum: 0, p: 1, method: 'exact' });
  });

  it('changes to the normal approximation beyond 25, with continuity and shared ranks', () => {
    const distinct = Array.from({ length: 26 }, (_, i) => (i < 6 ? -1 : 1) * (i + 1));
    // rank sum 351 - 21 = 330, mean 175.5, variance 26 * 27 * 53 / 24 = 1550.25
    const p = 2 * normalCdf(-(330 - 175.5 - 0.5) / Math.sqrt(1550.25));
    expect(wilcoxon(distinct)).toEqual({ n: 26, rankSum: 330, p, method: 'normal' });
    // all equal: the variance loses (26^3 - 26) / 48
    const equal = wilcoxon(Array.from({ length: 26 }, (_, i) => (i < 6 ? -1 : 1)));
    expect(equal.rankSum).toBe(20 * 13.5);
    expect(equal.p).toBeCloseTo(2 * normalCdf(-(270 - 175.5 - 0.5) / Math.sqrt(1550.25 - (17576 - 26) / 48)), 14);
  });

  it('agrees with counting all signs, and is the same from either side', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 9 }), (differences) => {
        const { n, rankSum, p } = wilcoxon(differences);
        expect(wilcoxon(differences.map((d) => -d)).p).toBe(p);
        const sizes = differences.filter((d) => d !== 0).map(Math.abs);
        const rank = (size: number) =>
          sizes.filter((s) => s < size).length + (sizes.filter((s) => s === size).length + 1) / 2;
        const out = Math.abs(rankSum - (n * (n + 1)) / 4);
        let asFar = 0;
        for (let signs = 0; signs < 2 ** n; signs++) {
          const sum = sizes.reduce((total, size, i) => total + ((signs >> i) & 1 ? rank(size) : 0), 0);
          if (Math.abs(sum - (n * (n + 1)) / 4) >= out) asFar++;
        }
        expect(p).toBeCloseTo(asFar / 2 ** n, 12);
      }),
    );
  });

  it('cannot be smaller than what the number of seeds allows', () => {
    expect(leastP(5)).toBe(0.0625);
    expect(leastP(6)).toBe(wilcoxon([1, 2, 3, 4, 5, 6]).p);
  });
});

describe("Hodges and Lehmann's shift", () => {
  it('is the median of the means of all pairs', () => {
    // means: 1 1.5 2 | 2 2.5 | 3 ... of 1, 2, 3: 1 1.5 2 2 2.5 3
    expect(hodgesLehmann([1, 2, 3])).toBe(2);
    // of 0, 10: 0 5 10; of 0, 0, 100: 0 0 0 50 50 100
    expect(hodgesLehmann([0, 10])).toBe(5);
    expect(hodgesLehmann([0, 0, 100])).toBe(25);
    expect(() => hodgesLehmann([])).toThrow(RangeError);
  });

  it('agrees with sorting them', () => {
    fc.assert(
      fc.property(integers, (differences) => {
        const means = differences.flatMap((a, i) => differences.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
        const middle = Math.floor(means.length / 2);
        const median = means.length % 2 === 1 ? means[middle]! : (means[middle - 1]! + means[middle]!) / 2;
        expect(hodgesLehmann(differences)).toBe(median);
      }),
    );
  });
});

describe('the bootstrap interval', () => {
  const skewed = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.5, 0.7, 0.9, 1.3, 2.1, 4.8];

  it('is the same every time, holds the mean, and leans to where the values are', () => {
    const interval = bcaInterval(skewed)!;
    expect(bcaInterval(skewed)).toEqual(interval);
    const mean = skewed.reduce((sum, value) => sum + value, 0) / skewed.length;
    expect(interval.low).toBeLessThan(mean);
    expect(interval.high - mean).toBeGreaterThan(1.3 * (mean - interval.low));
  });

  it('is near the interval of theory for values spread evenly', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i + 0.5) / 400);
    const { low, high } = bcaInterval(values)!;
    const half = (1.96 * Math.sqrt(1 / 12)) / 20;
    expect(low).toBeCloseTo(0.5 - half, 2);
    expect(high).toBeCloseTo(0.5 + half, 2);
  });

  it('mirrors with the values', () => {
    const { low, high } = bcaInterval(skewed)!;
    const mirrored = bcaInterval(skewed.map((value) => -value))!;
    expect(mirrored.low).toBeCloseTo(-high, 1);
    expect(mirrored.high).toBeCloseTo(-low, 1);
  });

  it('is a point where all values are equal, and nothing where there is one', () => {
    expect(bcaInterval([2, 2, 2])).toEqual({ low: 2, high: 2, resamples: 0 });
    expect(bcaInterval([2])).toBeNull();
  });
});

describe('Holm', () => {
  it('adjusts by hand', () => {
    // sorted: 0.01*4, 0.02*3, 0.03*2 -> not below 0.06, 0.04*1 -> not below 0.06
    expect(holm([0.04, 0.01, 0.03, 0.02])).toEqual([0.06, 0.04, 0.06, 0.06]);
    expect(holm([0.5, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('keeps the order of the p values, and never lowers one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (p) => {
        const adjusted = holm(p);
        for (const [i, value] of adjusted.entries()) {
          expect(value).toBeGreaterThanOrEqual(p[i]!);
          for (const [j, other] of adjusted.entries()) if (p[i]! < p[j]!) expect(value).toBeLessThanOrEqual(other);
        }
      }),
    );
  });
});

describe('SciPy 1.17 (stats.wilcoxon, t.interval, bootstrap with BCa and 200,000 resamples)', () => {
  const vectors = [
    {
      differences: [
        -3.388, -3.699, 1.68, 9.715, -6.986, -9.821, 0.887, 3.571, 8.754, -3.751, -1.999, 6.012, 2.96, -3.797, 2.472,
        -3.103, -0.745, -2.549, 0.86, -5.97,
      ],
      p: 0.5216732025146484,
      shift: -0.5915,
      t: [-2.822543014602613, 1.9328430146026132],
      bca: [-2.479, 1.866],
    },
    {
      differences: [
        8.421, 4.511, -6.193, 8.266, 8.681, 1.355, 15.462, 23.003, 8.472, 23.512, 10.838, 5.129, -7.852, -7.681, 10.511,
        -3.181, -1.084, -2.8, -4.05, 1.981, 13.963, -1.319, 10.68, -1.512, 2.871, 24.117, -8.374, -6.858, 8.973, 18.551,
        19.323, 7.898, -2.777, 9.364, 11.471, 14.623, 14.202, 5.25, 9.299, -1.336,
      ],
      p: 0.0002129998543246401,
      shift: 6.05125,
      t: [3.2404615582002636, 9.045038441799736],
      bca: [3.445, 8.981],
    },
  ];

  it.each(vectors)('says the same of $differences.length differences', ({ differences, p, shift, t, bca }) => {
    expect(wilcoxon(differences).p).toBeCloseTo(p, 12);
    expect(hodgesLehmann(differences)).toBeCloseTo(shift, 9);
    const { low, high } = pairedDifference(differences.map((difference) => [0, difference]));
    // t values of the table have four digits
    expect(low).toBeCloseTo(t[0]!, 3);
    expect(high).toBeCloseTo(t[1]!, 3);
    const interval = bcaInterval(differences)!;
    const tolerance = 0.03 * (bca[1]! - bca[0]!);
    expect(Math.abs(interval.low - bca[0]!)).toBeLessThan(tolerance);
    expect(Math.abs(interval.high - bca[1]!)).toBeLessThan(tolerance);
  });
});
