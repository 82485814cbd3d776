/** Every strategy on a street that cannot be trusted; `bench/fuzzed-streets.ts` does the same a million times. */
import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../strategies/index.ts';
import { playFuzzedStreet } from '../testing/fuzzed-street.ts';

/** Horizon thinks longer than the others together: with little to search. */
const PARAMETERS: Record<string, Record<string, number>> = { horizon: { work: 2000 } };

describe.each(STRATEGIES.map(({ name }) => name))('%s on a street that cannot be trusted', (strategy) => {
  it('keeps every light legal, everybody served, and is refused for lateness only', async () => {
    const least = strategy === 'horizon' ? 20_000 : 2000;
    let asked = 0;
    const survived = { late: 0, doubled: 0, history: 0, skewed: 0 };
    for (let n = 0; n < 2 || asked < least; n++) {
      expect(n, 'streets without enough decisions').toBeLessThan(20);
      const report = await playFuzzedStreet({
        strategy,
        parameters: PARAMETERS[strategy] ?? {},
        seed: `ci ${strategy} ${n}`,
        seconds: 3000,
        crossings: n % 2 === 1,
      });
      expect(report.wrong).toEqual([]);
      expect(report.unexpected).toEqual([]);
      asked += report.asked;
      for (const what of ['late', 'doubled', 'history', 'skewed'] as const) survived[what] += report.survived[what];
    }
    expect(Object.values(survived).every((count) => count > 0)).toBe(true);
  }, 300_000);
});
