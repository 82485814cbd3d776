import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../runs/twin-types.ts';
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
