import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparisonText } from '../cli/compare-table.ts';
import { type ComparisonReport, compareReplications } from '../runs/compare.ts';
import { compareRuns } from '../runs/comparison.ts';
import { openReplicator, type Replication } from '../runs/replications.ts';
import { comparisonPage } from '../runs/report/page.ts';
import { openSource } from '../runs/source.ts';
import type { RunRow } from '../runs/twin-types.ts';
import { type VerdictInput, verdicts, verdictText } from '../twin-ui/words/verdict.ts';

/** As many seeds as it takes to tell two variants apart, and the first minutes of each. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const UNTIL_SECONDS = 240;

describe('a scenario in which delay is bought with risk', () => {
  const replicator = openReplicator({ threads: 2 });
  let runs: Replication[];
  let report: ComparisonReport;

  beforeAll(async () => {
    const sourceOptions = { untilSeconds: UNTIL_SECONDS };
    const source = await openSource('turns-over-crossings', sourceOptions);
    runs = await replicator.replicate({ source, sourceOptions, seeds: SEEDS });
    report = compareReplications([{ title: source.title, replications: runs }]);
  }, 600_000);
  afterAll(() => replicator.close());

  it('saves delay, and lets vehicles and people come close more often', () => {
    const of = (measure: string) => report.scenarios[0]!.comparisons.find((one) => one.measure === measure)!;
    expect(of('delaySeconds.mean').verdict).toBe('better');
    expect(of('safety.conflicts.withVru').verdict).toBe('worse');
    expect(of('safety.index.vru').mean).toBeGreaterThan(0);
    for (const { safety } of Object.values(report.scenarios[0]!.variants))
      expect(safety).toMatchObject({ scored: true, penetration: 1 });
  });

  it('is called so by `flextraff compare`, in its table and its report', () => {
    const words = /adaptive buys its delay with risk: .*conflicts with people/;
    expect(comparisonText(report)).toMatch(words);
    expect(comparisonPage(report)).toMatch(words);
  });

  it('is called so by the page', () => {
    const rows = runs.map(({ performance: _, ...result }): RunRow => {
      const variants = Object.entries(result.variants).map(([name, { strategy }]) => ({ name, strategy }));
      const { scenario, seed, stepSeconds, durationSeconds } = result;
      const common = { scenario, seed, stepSeconds, durationSeconds, variants, simulatedSeconds: durationSeconds };
      return {
        ...common,
        id: `run-${seed}`,
        scenarioTitle: scenario,
        status: 'finished',
        statusDetail: null,
        pace: 'max',
        startedAtMs: seed,
        endedAtMs: seed,
        startsAtMs: 0,
        timeZone: 'UTC',
        result: { ...result, performance: { vehicleUpdates: 1, cpuSeconds: 1, wallSeconds: 1, peakRssMebibytes: 1 } },
      };
    });
    const variants = Object.entries(runs[0]!.variants).map(([name, result]): VerdictInput['variants'][number] => ({
      name,
      delaySeconds: result.delaySeconds.mean!,
      stopsPerVehicle: result.stopsPerVehicle!,
      safety: result.safety,
    }));
    const comparison = compareRuns('turns-over-crossings', rows);
    const [verdict] = verdicts({ variants, vehicles: 100, scope: { kind: 'final' }, comparison });
    expect(verdict!.tone).toBe('risk');
    expect(verdictText(verdict!)).toContain('adaptive buys this with risk: ');
  });
});
