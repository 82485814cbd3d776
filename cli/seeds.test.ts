import { describe, expect, it } from 'vitest';
import { Refusal } from './failure.ts';
import { parseSeeds } from './seeds.ts';

describe('--seeds', () => {
  it('takes ranges and lists, in their order', () => {
    expect(parseSeeds('1..5')).toEqual([1, 2, 3, 4, 5]);
    expect(parseSeeds('1,3,7')).toEqual([1, 3, 7]);
    expect(parseSeeds('9, 1..3,0')).toEqual([9, 1, 2, 3, 0]);
    expect(parseSeeds('4..4')).toEqual([4]);
    expect(parseSeeds('4294967295')).toEqual([4_294_967_295]);
    expect(parseSeeds('1..100000')).toHaveLength(100_000);
  });

  it.each([
    ['', /neither/],
    ['a..b', /"a\.\.b" is neither a whole number nor a range/],
    ['5..1', /ends before it begins: did you mean 1\.\.5/],
    ['1..', /neither/],
    ['1...3', /neither/],
    ['-1', /neither/],
    ['1.5', /neither/],
    ['1,,2', /neither/],
    ['1,2,1', /twice/],
    ['1..3,2', /twice/],
    ['1..100001', /more than 100000 seeds/],
    ['1..99999,200000..200002', /more than 100000/],
    ['0..4294967295', /more than 100000/],
    ['4294967296', /from 0 to 4294967295/],
    ['99999999999', /neither/],
  ])('refuses %s', (text, why) => {
    expect(() => parseSeeds(text)).toThrow(Refusal);
    expect(() => parseSeeds(text)).toThrow(why);
  });
});
