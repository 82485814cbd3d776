import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { exponential, hexDigits, nearlyNormal, randomStream } from './random.ts';

describe('random streams', () => {
  it('give known numbers, so that a change of generator is noticed', () => {
    const stream = randomStream(1, 'vehicle/a/0');
    expect([stream(), stream(), stream()]).toEqual([0.5841145031154156, 0.7245217796880752, 0.5199912553653121]);
  });

  it("give the numbers of seedrandom's alea", () => {
    for (let seed = 0; seed < 300; seed++) {
      const name = `vehicle/N thru/${seed * 7919}`;
      const theirs = seedrandom.alea(`${seed}/${name}`);
      const ours = randomStream(seed, name);
      for (let i = 0; i < 20; i++) expect(ours()).toBe(theirs());
    }
  });

  it('differ by seed and by name', () => {
    const first = [1, 2].map((seed) => randomStream(seed, 'x')());
    expect(new Set([...first, randomStream(1, 'y')()]).size).toBe(3);
  });

  it('are exponential with mean 1', () => {
    const stream = randomStream(3, 'gaps');
    let sum = 0;
    let short = 0;
    for (let i = 0; i < 20_000; i++) {
      const gap = exponential(stream);
      expect(gap).toBeGreaterThanOrEqual(0);
      sum += gap;
      if (gap < 0.5) short++;
    }
    expect(sum / 20_000).toBeCloseTo(1, 1);
    expect(short / 20_000).toBeCloseTo(0.3935, 1);
  });

  it('are nearly normal, with mean 0 and deviation 1', () => {
    const stream = randomStream(4, 'speeds');
    const values = Array.from({ length: 20_000 }, () => nearlyNormal(stream));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) * (b - mean), 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(values.every((value) => Math.abs(value) <= 6)).toBe(true);
  });

  it('give hexadecimal digits that use the whole alphabet', () => {
    const text = hexDigits(randomStream(5, 'tag'), 2000);
    expect(text).toMatch(/^[0-9A-F]{2000}$/);
    expect(new Set(text).size).toBe(16);
  });
});
