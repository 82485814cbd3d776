import { describe, expect, it } from 'vitest';
import { mt19937 } from './mt19937.ts';

describe('the Mersenne twister', () => {
  it('gives the numbers of the C++ standard: the 10,000th of the default seed is 4123659995', () => {
    const next = mt19937(5489);
    const numbers = Array.from({ length: 10_000 }, () => next());
    expect(numbers.slice(0, 3)).toEqual([3499211612, 581869302, 3890346734]);
    expect(numbers[9999]).toBe(4123659995);
  });

  it('takes seed 0', () => {
    const next = mt19937(0);
    expect([next(), next()]).toEqual([2357136044, 2546248239]);
  });
});
