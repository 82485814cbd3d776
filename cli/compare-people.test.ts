import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ComparisonResult, compare } from './compare.ts';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-people-'));
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

describe('flextraff compare where people walk and buses drive', () => {
  const options = { seeds: '1..2', until: 420, variant: [] as string[], threads: 1 };

  it('pairs the delay of people, in all and by crossing, in JSON, CSV, report and table', async () => {
    const files = { csv: join(folder, 'runs.csv'), html: join(folder, 'report.html') };
    await compare(['four-way-crossings'], { ...options, ...files, json: true });
    const { measures, scenarios } = JSON.parse(printed) as ComparisonResult;
    const wanted = ['pedestrians.delaySeconds.mean', 'pedestrians.crossings.E.delaySeconds.mean'];
    expect(measures.map(({ key }) => key)).toEqual(expect.arrayContaining(wanted));
    const { comparisons, variants } = scenarios[0]!;
    const [header, first] = readFileSync(files.csv, 'utf8').split('\n');
    for (const key of wanted) {
      const found = comparisons.find(({ measure }) => measure === key)!;
      expect(found.n).toBe(2);
      expect(found.mean).toBeCloseTo(
        variants[found.variant]!.measures[key]!.mean - variants[found.against]!.measures[key]!.mean,
        8,
      );
      const column = header!.split(',').indexOf(key);
      expect(Number(first!.split(',')[column])).toBe(variants[found.against]!.values[key]![0]);
    }
    expect(readFileSync(files.html, 'utf8')).toContain('people at E: delay, mean (s)');

    printed = '';
    await compare(['four-way-crossings'], options);
    expect(printed).toMatch(/^ {2}people: delay, mean \(s\) +[\d.]+ +[\d.]+ /m);
    expect(printed).toMatch(/^ {2}people at E: delay, mean \(s\) +[\d.]+ +[\d.]+ /m);
  });

  it('has the classes of vehicles where there are several, and leaves people out where nobody walks', async () => {
    await compare(['bus-priority', 'hangzhou-kn-hz'], { ...options, seeds: '1', json: true });
    const [buses, plain] = (JSON.parse(printed) as ComparisonResult).scenarios;
    const keys = (scenario: typeof buses) => scenario!.comparisons.map(({ measure }) => measure);
    expect(keys(buses)).toContain('classes.bus.delaySeconds.mean');
    expect(keys(buses).some((key) => key.startsWith('pedestrians'))).toBe(false);
    expect(keys(plain).some((key) => key.startsWith('classes.bus.'))).toBe(false);
  });
});
