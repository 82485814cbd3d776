import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportScenario } from '../runs/sumo-export/export.ts';
import { SHIPPED_SCENARIOS } from '../scenarios/list.ts';
import { loadScenario } from '../scenarios/load.ts';
import { type ComparisonResult, compare } from './compare.ts';
import { type ReplicationsResult, runReplications } from './replications.ts';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-compare-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe('flextraff compare', () => {
  const options = { seeds: '1..3', until: 60, variant: [] as string[], threads: 1 };

  it('prints one JSON object, the same on one thread, and writes CSV and page', async () => {
    const files = { csv: join(folder, 'runs.csv'), html: join(folder, 'report.html') };
    await compare(['t-junction', 'hangzhou-kn-hz'], { ...options, ...files, json: true, threads: 2 });
    const { performance, ...result } = JSON.parse(printed) as ComparisonResult;
    expect(result.scenarios.map(({ scenario }) => scenario)).toEqual(['t-junction', 'hangzhou-kn-hz']);
    expect(result.seeds).toEqual([1, 2, 3]);
    expect(performance.vehicleUpdates).toBeGreaterThan(0);
    expect(readFileSync(files.csv, 'utf8').trimEnd().split('\n')).toHaveLength(1 + 2 * 3 * 2);
    expect(readFileSync(files.html, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    printed = '';
    await compare(['t-junction', 'hangzhou-kn-hz'], { ...options, json: true });
    const { performance: _, ...again } = JSON.parse(printed) as ComparisonResult;
    expect(again).toEqual(result);
  });

  it("takes SUMO's files one by one", async () => {
    const { files } = exportScenario(await loadScenario(join(SHIPPED_SCENARIOS, 't-junction.yaml')), 1, false);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const parts = { net: join(folder, 't-junction.net.xml'), routes: join(folder, 't-junction.rou.xml'), end: 60 };
    const variant = ['baseline=fixed-time', 'adaptive=actuated'];
    await compare([], { ...options, ...parts, variant, seeds: '1..2', json: true });
    const { scenarios } = JSON.parse(printed) as ComparisonResult;
    expect(scenarios.map(({ variants }) => Object.keys(variants))).toEqual([['baseline', 'adaptive']]);
  });

  it('prints a table that says in words what cannot be told', async () => {
    await compare(['t-junction'], { ...options, until: 180 });
    expect(printed).toMatch(/3 seeds cannot tell two variants apart/);
    expect(printed).toMatch(/^ {2}delay, mean \(s\) +[\d.]+ +[\d.]+ .*not distinguishable$/m);
  });

  it.each([
    [['t-junction', 't-junction'], {}, /given twice/],
    [['t-junction'], { variant: ['a=atcs'] }, /takes two or more/],
    [['t-junction'], { net: 'a.net.xml' }, /give either a scenario or SUMO's files/],
    [[], {}, /Which scenario\?/],
    [[], { net: 'a.net.xml' }, /--routes is missing/],
    [['t-junction'], { against: 'b' }, /no such variant; it has baseline, adaptive/],
    [['t-junction'], { seeds: '3..1' }, /did you mean 1\.\.3/],
    [['no-such'], {}, /there is no such file/],
  ])('refuses %j with %j', async (paths, more, why) => {
    await expect(compare(paths, { ...options, ...more })).rejects.toThrow(why);
    expect(printed).toBe('');
  });
});

describe('flextraff run --seeds', () => {
  const options = { seeds: '2,1', until: 60, variant: [] as string[], threads: 1 };

  it('prints one JSON object with every run and a summary', async () => {
    await runReplications('t-junction', { ...options, json: true, out: folder });
    const result = JSON.parse(printed) as ReplicationsResult;
    expect(result).toMatchObject({ scenario: 't-junction', seeds: [2, 1], durationSeconds: 60 });
    expect(result.replications.map(({ seed }) => seed)).toEqual([2, 1]);
    expect(result.summary.variants.baseline!.measures['delaySeconds.mean']!.n).toBe(2);
    expect(result.summary.differences.adaptive!.against).toBe('baseline');
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))).toEqual(result);
    expect(readFileSync(join(folder, 'replications.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(5);
  });

  it('prints means with intervals for people', async () => {
    await runReplications('t-junction', options);
    expect(printed).toMatch(/means over 2 seeds/);
    expect(printed).toMatch(
      /^delay, mean \(s\) +[\d.]+ ± [\d.]+ +[\d.]+ ± [\d.]+ +[-+]?[\d.]+ \[[-+\d.]+, [-+\d.]+\]$/m,
    );
  });

  it('refuses what does not go together', async () => {
    await expect(runReplications('t-junction', { ...options, seed: 1 })).rejects.toThrow(/one of them/);
    await expect(runReplications('t-junction', { ...options, link: 'mqtt' })).rejects.toThrow(/in-process/);
  });
});
