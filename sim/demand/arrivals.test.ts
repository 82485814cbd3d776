import { describe, expect, it } from 'vitest';
import type { DemandFlow } from '../../scenarios/types.ts';
import { randomStream } from '../random.ts';
import { arrivalSeconds } from './arrivals.ts';

function flow(arrivals: DemandFlow['arrivals'], vehicles: number[]): DemandFlow {
  return { junction: 'J', approach: 'N', movement: 'N-straight', periodSeconds: 300, vehicles, arrivals };
}
const stream = (seed: number) => randomStream(seed, 'test');

describe('arrivals', () => {
  it('at equal gaps need no chance', () => {
    expect(arrivalSeconds(flow('even', [3, 0, 6]), 900, stream(1))).toEqual([
      50, 150, 250, 625, 675, 725, 775, 825, 875,
    ]);
  });

  it('at equal gaps carry parts of vehicles over', () => {
    const moments = arrivalSeconds(flow('even', [1.5, 1.5, 1.5, 1.5]), 1200, stream(1));
    expect(moments).toHaveLength(6);
    for (const [n, moment] of moments.entries()) expect(moment).toBeCloseTo(200 * n + 100, 9);
  });

  it('as recorded have exactly the number of each period', () => {
    const moments = arrivalSeconds(flow('recorded', [7, 0, 12]), 900, stream(2));
    expect(moments).toHaveLength(19);
    expect(moments.filter((moment) => moment < 300)).toHaveLength(7);
    expect(moments.filter((moment) => moment >= 600 && moment < 900)).toHaveLength(12);
    expect([...moments].sort((a, b) => a - b)).toEqual(moments);
  });

  it('end with the run', () => {
    for (const kind of ['even', 'recorded', 'poisson'] as const) {
      const moments = arrivalSeconds(flow(kind, [100]), 150, stream(3));
      expect(moments.length).toBeGreaterThan(30);
      expect(moments.length).toBeLessThan(70);
      expect(Math.max(...moments)).toBeLessThan(150);
    }
  });

  it('as a Poisson process have its mean and its variance, in every period', () => {
    const counts = Array.from({ length: 400 }, (_, seed) => {
      const moments = arrivalSeconds(flow('poisson', [20, 5]), 600, stream(seed));
      const first = moments.filter((moment) => moment < 300).length;
      return [first, moments.length - first] as const;
    });
    for (const [period, expected] of [20, 5].entries()) {
      const numbers = counts.map((c) => c[period]!);
      const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
      const variance = numbers.reduce((a, b) => a + (b - mean) * (b - mean), 0) / numbers.length;
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.1);
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.25);
    }
  });
});
