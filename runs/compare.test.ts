import { describe, expect, it } from 'vitest';
import { compareReplications, summariseReplications } from './compare.ts';
import type { Replication } from './replications.ts';
import { replicationsCsv } from './report/csv.ts';
import { comparisonPage } from './report/page.ts';
import { safetySentence } from './report/safety.ts';
import { safetyOf } from './safety/testing-result.ts';
import type { VariantResult } from './types.ts';

const variant = (strategy: string, delay: number, throughput = 900): VariantResult => ({
  strategy,
  digest: '0123456789abcdef',
  vehicles: { demanded: 100, inserted: 99, arrived: 95, running: 4, waiting: 1 },
  travelTimeSeconds: { allMean: delay + 60 },
  delaySeconds: { mean: delay, median: delay - 1, p95: 2 * delay },
  waitingSeconds: { mean: delay / 2, p95: delay, max: 3 * delay },
  throughputPerHour: throughput,
  approaches: {
    N: {
      demanded: 50,
      arrived: 45,
      delaySeconds: { mean: delay, p95: 1, max: 1 },
      waitingSeconds: { mean: 1, max: delay },
      stopsPerVehicle: 1,
      queueMax: 3,
    },
  },
});

/** One replication a pair of mean delays. */
const replications = (scenario: string, delays: readonly (readonly number[])[]): Replication[] =>
  delays.map(([baseline, ...others], i) => ({
    scenario,
    seed: i + 1,
    stepSeconds: 0.5,
    durationSeconds: 600,
    variants: {
      baseline: variant('fixed-time', baseline!),
      ...Object.fromEntries(others.map((delay, k) => [`v${k + 1}`, variant('atcs', delay)])),
    },
    performance: { vehicleUpdates: 1, wallSeconds: 1 },
  }));

const better = Array.from({ length: 8 }, (_, i) => [30 + i, 26 + 0.8 * i]);
const mixed = Array.from({ length: 8 }, (_, i) => [30 + i, 30 + i + (i % 2 === 0 ? 1 : -1) * (1 + i / 10)]);

describe('a summary of replications', () => {
  it('has means with intervals per variant and for the paired difference', () => {
    const { variants, differences } = summariseReplications(
      replications('x', [
        [10, 8],
        [20, 17],
        [30, 29],
      ]),
    );
    expect(variants.baseline!.measures['delaySeconds.mean']).toMatchObject({
      n: 3,
      mean: 20,
      median: 20,
      min: 10,
      max: 30,
    });
    expect(variants.baseline!.measures['delaySeconds.mean']!.high).toBeCloseTo(20 + (4.303 * 10) / Math.sqrt(3), 8);
    expect(differences.v1!.against).toBe('baseline');
    expect(differences.v1!.measures['delaySeconds.mean']!.mean).toBe(-2);
    expect(differences.v1!.measures['delaySeconds.mean']!.high).toBeCloseTo(-2 + 4.303 / Math.sqrt(3), 8);
  });

  it('leaves out what was not computed, and intervals where there is one seed', () => {
    const { variants } = summariseReplications(replications('x', [[10, 8]]));
    expect(variants.baseline!.measures).not.toHaveProperty('fuelLitres');
    expect(variants.baseline!.measures['delaySeconds.mean']).not.toHaveProperty('low');
  });
});

describe('a comparison', () => {
  const of = (report: ReturnType<typeof compareReplications>, scenario: number, measure: string, name = 'v1') =>
    report.scenarios[scenario]!.comparisons.find((c) => c.measure === measure && c.variant === name)!;

  it('says better, worse, not distinguishable and identical, by the direction of the measure', () => {
    const report = compareReplications([{ title: 'X', replications: replications('x', better) }]);
    const delay = of(report, 0, 'delaySeconds.mean');
    expect(delay).toMatchObject({ wins: 8, ties: 0, losses: 0, verdict: 'better', n: 8 });
    expect(delay.wilcoxon).toMatchObject({ p: 2 / 256, pHolm: 2 / 256, method: 'exact' });
    expect(delay.mean).toBeCloseTo(-4.7, 10);
    expect(delay.percent).toBeCloseTo((100 * -4.7) / 33.5, 8);
    expect(of(report, 0, 'throughputPerHour').verdict).toBe('identical');
    const turned = compareReplications([{ title: 'X', replications: replications('x', better) }], 'v1');
    expect(of(turned, 0, 'delaySeconds.mean', 'baseline')).toMatchObject({
      verdict: 'worse',
      losses: 8,
      against: 'v1',
    });
    const even = compareReplications([{ title: 'X', replications: replications('x', mixed) }]);
    expect(of(even, 0, 'delaySeconds.mean').verdict).toBe('not distinguishable');
  });

  it('calls more throughput better', () => {
    const runs = replications('x', better);
    for (const [i, { variants }] of runs.entries()) variants.v1!.throughputPerHour = 910 + i;
    expect(of(compareReplications([{ title: 'X', replications: runs }]), 0, 'throughputPerHour')).toMatchObject({
      verdict: 'better',
      wins: 8,
    });
  });

  it('adjusts for every scenario and variant compared in a measure', () => {
    const three = better.map(([a, b]) => [a!, b!, a! + 1]);
    const report = compareReplications([
      { title: 'X', replications: replications('x', three) },
      { title: 'Y', replications: replications('y', three) },
    ]);
    expect(of(report, 0, 'delaySeconds.mean').wilcoxon.pHolm).toBe((4 * 2) / 256);
    expect(of(report, 1, 'delaySeconds.mean', 'v2').verdict).toBe('worse');
    expect(report.overall.find((o) => o.variant === 'v1' && o.measure === 'delaySeconds.mean')).toMatchObject({
      scenarios: { better: 2, worse: 0, undecided: 0 },
      wins: 16,
      losses: 0,
    });
  });

  it('says when there are too few seeds to tell anything', () => {
    const five = compareReplications([{ title: 'X', replications: replications('x', better.slice(0, 5)) }]);
    expect(of(five, 0, 'delaySeconds.mean').verdict).toBe('not distinguishable');
    expect(five.notes.join()).toMatch(/5 seeds cannot .* at least 6/);
    expect(compareReplications([{ title: 'X', replications: replications('x', better) }]).notes.join()).toMatch(/few/);
  });

  it('refuses what cannot be compared', () => {
    expect(() => compareReplications([{ title: 'X', replications: replications('x', [[1], [2]]) }])).toThrow(
      /two or more/,
    );
    expect(() => compareReplications([{ title: 'X', replications: replications('x', better) }], 'w')).toThrow(
      /no variant w/,
    );
  });

  it('has the longest wait of any seed by approach', () => {
    const report = compareReplications([{ title: 'X', replications: replications('x', better) }]);
    expect(report.scenarios[0]!.variants.baseline!.approaches.N).toEqual({
      delaySeconds: 33.5,
      longestWaitSeconds: 37,
      queueMax: 3,
    });
  });
});

describe('what is written', () => {
  it('has a line per seed and variant in the CSV, empty where nothing was computed', () => {
    const [header, first, ...rest] = replicationsCsv([
      replications('a,"b"', [
        [10, 8],
        [20, 17],
      ]),
    ])
      .trimEnd()
      .split('\n');
    expect(header).toMatch(/^scenario,seed,variant,strategy,delaySeconds\.mean,.*,digest$/);
    expect(first).toMatch(/^"a,""b""",1,baseline,fixed-time,10,9,20,5,10,30,70,,900,5,1,,,,{17}0123456789abcdef$/);
    expect(rest).toHaveLength(3);
  });

  it('has a page that needs nothing else, and nothing of the input as markup', () => {
    const page = comparisonPage(
      compareReplications([
        { title: '<script>alert(1)</script>', replications: replications('x', better) },
        { title: 'Y', replications: replications('y', mixed) },
      ]),
    );
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|NaN|undefined|Infinity/);
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect([...page.matchAll(/(?:href|src)=/g)]).toHaveLength(0);
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).toContain('not distinguishable');
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, used] of page.matchAll(/aria-labelledby="([^"]+)"/g))
      for (const id of used!.split(' ')) expect(ids).toContain(id);
    expect([...page.matchAll(/<svg role="img"/g)].length).toBeGreaterThanOrEqual(5);
  });

  it('has a page for one seed too, without intervals', () => {
    const page = comparisonPage(compareReplications([{ title: 'X', replications: replications('x', [[10, 8]]) }]));
    expect(page).not.toMatch(/NaN|undefined/);
  });
});

describe('the safety of a comparison', () => {
  /** Adaptive saves delay in every seed; `conflicts` of each minute by seed and variant. */
  const withSafety = (conflicts: (seed: number) => [baseline: number | null, adaptive: number | null]) =>
    replications('x', better).map((replication) => {
      const [b, a] = conflicts(replication.seed);
      const of = (n: number | null) =>
        safetyOf(
          Array.from({ length: 3 }, () => (n === null ? null : { vehicles: n, people: n })),
          { serious: n ?? 0 },
        );
      const { baseline, v1 } = replication.variants;
      return { ...replication, variants: { baseline: { ...baseline!, safety: of(b) }, v1: { ...v1!, safety: of(a) } } };
    });
  const reportOf = (runs: Replication[]) => compareReplications([{ title: 'X', replications: runs }]);

  it('says in words that delay is bought with risk, in the report too', () => {
    const report = reportOf(withSafety((seed) => [1, 3 + seed]));
    const words = safetySentence(report.scenarios[0]!, 'v1');
    expect(words.tone).toBe('risk');
    expect(words.text).toMatch(
      /^v1 buys its delay with risk: safety index [\d.]+ instead of [\d.]+ .* serious conflicts 7\.5 instead of 1\.0/,
    );
    expect(comparisonPage(report)).toContain('v1 buys its delay with risk');
  });

  it('says that it is safer as well, or that nothing can be told', () => {
    expect(safetySentence(reportOf(withSafety((seed) => [4 + seed, 1])).scenarios[0]!, 'v1')).toMatchObject({
      tone: 'better',
      text: expect.stringMatching(/^v1 is safer as well: safety index/),
    });
    expect(safetySentence(reportOf(withSafety((seed) => (seed % 2 ? [2, 3] : [3, 2]))).scenarios[0]!, 'v1').tone).toBe(
      'open',
    );
  });

  it('relates the minutes of all seeds and variants to one scale', () => {
    const { variants } = reportOf(withSafety((seed) => [seed, 8])).scenarios[0]!;
    const baseline = variants.baseline!.values['safety.index.combined']!;
    // 0.6 (0.4 n/8 + 0.6) + 0.4 (0.3 n/8 + 0.5): as many conflicts as the most there are is the top of the scale
    for (const [i, value] of baseline.entries()) expect(value).toBeCloseTo(56 + (36 * (i + 1)) / 8, 9);
    for (const value of variants.v1!.values['safety.index.combined']!) expect(value).toBeCloseTo(92, 9);
  });

  it('has no number where nothing was heard, and says why', () => {
    const report = reportOf(withSafety(() => [2, null]));
    const scenario = report.scenarios[0]!;
    expect(scenario.comparisons.some(({ measure }) => measure === 'safety.index.combined')).toBe(false);
    expect(scenario.variants.v1!.safety).toMatchObject({ scored: false, reason: 'nobody was heard', quality: 0 });
    expect(safetySentence(scenario, 'v1').text).toBe(
      'The safety of v1 is not scored: nobody was heard. That is no sign of safety.',
    );
    const without = reportOf(replications('x', better)).scenarios[0]!;
    expect(safetySentence(without, 'v1').text).toMatch(/^Safety is not scored: nobody broadcasts in this scenario/);
  });

  it('has a column a count in the lines of the seeds', () => {
    const [head, first] = replicationsCsv([withSafety(() => [1, 2])]).split('\n');
    const at = head!.split(',').indexOf('safety.conflicts.byType.crossing');
    expect(first!.split(',')[at]).toBe('3');
  });
});
