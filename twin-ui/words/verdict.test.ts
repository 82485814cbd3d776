import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../runs/twin-types.ts';
import type { SafetyResult } from '../../runs/types.ts';
import { safetyOf } from '../../runs/safety/testing-result.ts';
import { type VerdictInput, verdicts, verdictText } from './verdict.ts';

const over = (n: number, mean: number, low?: number, high?: number): Comparison => ({
  scenario: 's',
  baseline: 'baseline',
  adaptive: 'adaptive',
  seeds: [],
  delaySeconds: { n, mean, low, high },
  stopsPerVehicle: { n, mean: 0 },
  co2Kilograms: { n, mean: 0 },
  throughputPerHour: { n, mean: 0 },
});

function say(delay: [number, number], stops: [number, number], change: Partial<VerdictInput> = {}) {
  const [first] = verdicts({
    variants: [
      { name: 'baseline', delaySeconds: delay[0], stopsPerVehicle: stops[0] },
      { name: 'adaptive', delaySeconds: delay[1], stopsPerVehicle: stops[1] },
    ],
    vehicles: 827,
    scope: { kind: 'final' },
    comparison: null,
    ...change,
  });
  return { tone: first!.tone, text: verdictText(first!) };
}

describe('verdict', () => {
  it('says what is saved, and that one seed proves little', () => {
    expect(say([41.2, 22.8], [2.3, 1.4])).toEqual({
      tone: 'better',
      text: 'With the same 827 vehicles, adaptive saves 18.4 s of delay per vehicle (22.8 s instead of 41.2 s), with 0.90 fewer stops each. One seed is one draw: runs with other seeds give an interval.',
    });
  });

  it('says what it costs', () => {
    const { tone, text } = say([20, 25], [1, 0.8]);
    expect(tone).toBe('worse');
    expect(text).toContain(
      'adaptive costs 5.0 s of delay per vehicle (25.0 s instead of 20.0 s), but with 0.20 fewer stops each.',
    );
  });

  it('gives the interval over the seeds as savings', () => {
    expect(say([41.2, 22.8], [2, 1], { comparison: over(20, -18.3, -19.8, -16.9) }).text).toContain(
      'Over 20 finished seeds it saves 18.3 s (95 % interval 16.9 to 19.8).',
    );
  });

  it('claims nothing where the interval holds zero', () => {
    const { tone, text } = say([41.2, 40.2], [2, 2], { comparison: over(5, -1, -3, 1) });
    expect(tone).toBe('same');
    expect(text).not.toContain('saves');
    expect(text).toContain("adaptive's delay is 1.0 s lower per vehicle in this run");
    expect(text).toContain(
      'Over 5 finished seeds the difference is not distinguishable from none (95 % interval −3.0 to 1.0 s).',
    );
  });

  it('gives no interval for one pair', () => {
    expect(say([41.2, 22.8], [2, 1], { comparison: over(1, -18.4) }).text).toContain('One seed is one draw');
  });

  it('says that it speaks of a moment', () => {
    const { text } = say([41.2, 22.8], [2, 1], { scope: { kind: 'moment', clock: '08:24:37' } });
    expect(text).toContain('With the same 827 vehicles up to 08:24:37, adaptive saves');
    expect(text).toContain('This run so far, one seed.');
  });

  it('adds to the final word what it was up to the playhead', () => {
    const upTo = (delay: [number, number]) => ({
      clock: '08:10:00',
      variants: delay.map((delaySeconds, index) => ({
        name: ['baseline', 'adaptive'][index]!,
        delaySeconds,
        stopsPerVehicle: 0,
      })),
    });
    const final = (delay: [number, number]) =>
      say([41.2, 22.8], [2, 1], { scope: { kind: 'final', upTo: upTo(delay) } }).text;
    expect(final([10, 12])).toContain('adaptive saves 18.4 s');
    expect(final([10, 12])).toMatch(/ Up to 08:10:00 it cost 2\.0 s\.$/);
    expect(final([10, 10])).toMatch(/ Up to 08:10:00: no difference\.$/);
  });

  it('says when there is no difference', () => {
    const { tone, text } = say([20, 20.01], [1, 1]);
    expect(tone).toBe('same');
    expect(text).toContain('adaptive has the same delay as baseline (20.0 s), with as many stops.');
  });

  it('ignores a comparison of other variants', () => {
    expect(say([41.2, 22.8], [2, 1], { comparison: { ...over(20, 5, 4, 6), adaptive: 'other' } }).text).toContain(
      'One seed is one draw',
    );
  });

  it('says that nothing has come yet', () => {
    expect(say([0, 0], [0, 0], { vehicles: 0 })).toEqual({
      tone: 'open',
      text: 'No vehicle has come yet: both worlds are still empty.',
    });
  });

  it('compares every further variant with the first', () => {
    const three = verdicts({
      variants: [30, 20, 40].map((delaySeconds, index) => ({ name: `v${index}`, delaySeconds, stopsPerVehicle: 1 })),
      vehicles: 10,
      scope: { kind: 'final' },
      comparison: null,
    });
    expect(three.map((verdict) => verdict.tone)).toEqual(['better', 'worse']);
  });
});

describe('safety in the verdict', () => {
  const world = (name: string, delaySeconds: number, combined: number, serious: number) => {
    const made = safetyOf([{ vehicles: serious, people: 0 }], { serious });
    const index = { ...made.index!, combined };
    const safety: SafetyResult = { ...made, index, interval: { low: combined - 5, high: combined + 5 } };
    return { name, delaySeconds, stopsPerVehicle: 1, safety };
  };
  const of = (...variants: ReturnType<typeof world>[]) => {
    const [first] = verdicts({ variants, vehicles: 100, scope: { kind: 'final' }, comparison: null });
    return { tone: first!.tone, text: verdictText(first!) };
  };

  it('says that delay is bought with risk, and does not call it better', () => {
    const { tone, text } = of(world('baseline', 40, 35, 2), world('adaptive', 30, 60, 19));
    expect(tone).toBe('risk');
    expect(text).toContain(
      'But adaptive buys this with risk: 19 serious near misses instead of 2, safety index 60.0 instead of 35.0 (0 is safest).',
    );
  });

  it('says that it is safer, or less safe and slower', () => {
    expect(of(world('baseline', 40, 60, 19), world('adaptive', 30, 35, 2)).text).toContain('It is safer: 2 serious');
    expect(of(world('baseline', 30, 35, 2), world('adaptive', 40, 60, 19))).toMatchObject({
      tone: 'worse',
      text: expect.stringContaining('And adaptive is less safe: 19 serious'),
    });
  });

  it('is silent where chance would do as much, and where a world was not scored', () => {
    expect(of(world('baseline', 40, 50, 4), world('adaptive', 30, 52, 7)).text).not.toMatch(/risk|safe/);
    const dark = { ...world('adaptive', 30, 60, 19), safety: safetyOf([null]) };
    expect(of(world('baseline', 40, 35, 2), dark)).toMatchObject({ tone: 'better' });
  });

  it('goes by the seeds where there are several', () => {
    const comparison = { ...over(5, -10, -12, -8), seriousConflicts: { n: 5, mean: 3, low: 1, high: 5 } };
    const variants = [world('baseline', 40, 50, 4), world('adaptive', 30, 52, 7)];
    const [first] = verdicts({ variants, vehicles: 100, scope: { kind: 'final' }, comparison });
    expect(first!.tone).toBe('risk');
    expect(verdictText(first!)).toContain('(0 is safest), and so over 5 finished seeds.');
  });
});
