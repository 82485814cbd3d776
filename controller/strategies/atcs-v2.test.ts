import { describe, expect, it } from 'vitest';
import { atcsV2 } from './atcs-v2.ts';

/** What the deployed system gives: counts N, S, E, W; greens; cycle. */
const VECTORS: [string, string, number][] = [
  ['25,22,28,24', '30,28,33,29', 140],
  ['8,12,6,10', '15,15,15,75', 140],
  ['45,38,52,41', '46,40,52,42', 200],
  ['60,15,18,12', '64,15,26,15', 140],
  ['100,5,5,5', '85,15,15,15', 150],
  ['0,0,20,30', '15,15,35,55', 140],
  ['25,25,25,25', '30,30,30,30', 140],
  ['26,25,25,25', '31,30,30,29', 140],
  ['0,0,0,0', '15,15,15,75', 140],
  ['40,20,30,10', '44,26,35,15', 140],
  ['30,35,40,25', '35,40,45,30', 170],
  ['30,60,100,25', '29,49,77,25', 200],
  ['200,16,16,16', '90,30,30,30', 200],
  ['0,0,0,200', '15,15,15,135', 200],
  ['67,29,64,14', '68,33,65,14', 200],
];

describe('atcsV2', () => {
  it.each(VECTORS)('%s -> %s, cycle %i', (counts, greens, cycleSeconds) => {
    const answer = atcsV2(counts.split(',').map(Number));
    expect(answer).toEqual({ greens: greens.split(',').map(Number), cycleSeconds });
  });
  it('30,25,35,20 -> 30,28,32,20, cycle 130 where it is set to a minimum of 20 s and a base of 100 s', () => {
    const answer = atcsV2([30, 25, 35, 20], { minGreenSeconds: 20, baseGreenSeconds: 100 });
    expect(answer).toEqual({ greens: [30, 28, 32, 20], cycleSeconds: 130 });
  });
  it('refuses other than four counts >= 0', () => {
    expect(() => atcsV2([1, 2, 3])).toThrow('counts [1, 2, 3]; exactly four, each >= 0');
    expect(() => atcsV2([1, 2, 3, -4])).toThrow(RangeError);
    expect(() => atcsV2([1, 2, 3, Number.NaN])).toThrow(RangeError);
  });
});
