import { describe, expect, it } from 'vitest';
import { compareRuns } from './comparison.ts';
import { safetyOf } from './safety/testing-result.ts';
import type { RunRow, RunStatus } from './twin-types.ts';
import type { VariantResult } from './types.ts';

const variants = [
  { name: 'baseline', strategy: 'fixed-time' },
  { name: 'adaptive', strategy: 'atcs' },
];

function variantResult(delay: number, co2?: number): VariantResult {
  return {
    strategy: 'x',
    digest: '0'.repeat(16),
    vehicles: { demanded: 1, inserted: 1, arrived: 1, running: 0, waiting: 0 },
    travelTimeSeconds: {},
    delaySeconds: { mean: delay },
    waitingSeconds: {},
    stopsPerVehicle: delay / 10,
    throughputPerHour: 800,
    ...(co2 === undefined ? {} : { co2Kilograms: co2 }),
    approaches: {},
  };
}

function row(seed: number, startedAtMs: number, delays: [number, number], more: Partial<RunRow> = {}): RunRow {
  const [b, a] = delays;
  return {
    id: `run-${seed}-${startedAtMs}`,
    scenario: 's',
    scenarioTitle: 'S',
    seed,
    status: 'finished' as RunStatus,
    statusDetail: null,
    pace: 'max',
    startedAtMs,
    endedAtMs: startedAtMs + 1,
    durationSeconds: 3600,
    simulatedSeconds: 3600,
    stepSeconds: 1,
    startsAtMs: 0,
    timeZone: 'UTC',
    variants,
    result: {
      scenario: 's',
      seed,
      stepSeconds: 1,
      durationSeconds: 3600,
      variants: { baseline: variantResult(b), adaptive: variantResult(a) },
      performance: { vehicleUpdates: 1, cpuSeconds: 1, wallSeconds: 1, peakRssMebibytes: 1 },
    },
    ...more,
  };
}

describe('the comparison over seeds', () => {
  it('pairs the variants of each seed once, the newest run of it', () => {
    const comparison = compareRuns('s', [row(2, 10, [40, 30]), row(1, 20, [50, 38]), row(1, 5, [50, 99])])!;
    expect(comparison).toMatchObject({ scenario: 's', baseline: 'baseline', adaptive: 'adaptive', seeds: [1, 2] });
    expect(comparison.delaySeconds).toMatchObject({ n: 2, mean: -11 });
    expect(comparison.delaySeconds.low).toBeCloseTo(-11 - 12.706, 6);
    expect(comparison.throughputPerHour.mean).toBe(0);
    expect(comparison.co2Kilograms.n).toBe(0);
  });

  it('compares safety on one scale, where both were scored', () => {
    const scored = (seed: number, conflicts: [number, number | null]) => {
      const one = row(seed, seed, [40, 30]);
      const [b, a] = conflicts.map((n) =>
        safetyOf([n === null ? null : { vehicles: n, people: 0 }], { serious: n ?? 0 }),
      );
      one.result!.variants.baseline!.safety = b;
      one.result!.variants.adaptive!.safety = a;
      return one;
    };
    const comparison = compareRuns('s', [scored(1, [1, 4]), scored(2, [2, 3]), scored(3, [1, null])])!;
    expect(comparison.safetyIndex!.n).toBe(2);
    // 0.4 x 0.3 of a hundred for each conflict of the four that are the most
    expect(comparison.safetyIndex!.mean).toBeCloseTo((12 * (3 + 1)) / 4 / 2, 9);
    expect(compareRuns('s', [row(1, 1, [2, 1])])!.safetyIndex!.n).toBe(0);
  });

  it('leaves out other scenarios, unfinished runs and other experiments', () => {
    const rows = [
      row(1, 20, [50, 40]),
      row(2, 10, [9, 1], { scenario: 'other' }),
      row(3, 10, [9, 1], { status: 'stopped', result: null }),
      row(4, 10, [9, 1], { durationSeconds: 600 }),
      row(5, 10, [9, 1], { variants: [variants[0]!, { name: 'adaptive', strategy: 'webster' }] }),
    ];
    expect(compareRuns('s', rows)).toMatchObject({ seeds: [1], delaySeconds: { n: 1, mean: -10 } });
    expect(compareRuns('s', rows)!.delaySeconds).not.toHaveProperty('low');
  });

  it('is null where there is nothing to compare', () => {
    expect(compareRuns('s', [])).toBeNull();
    expect(compareRuns('s', [row(1, 1, [1, 2], { variants: [variants[0]!] })])).toBeNull();
  });
});
