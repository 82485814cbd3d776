import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { loadScenario } from '../scenarios/load.ts';
import { measureSpeed } from './bench.ts';

const shipped = new URL('../scenarios/t-junction.yaml', import.meta.url).pathname;
let folder: string;
let short: string;

beforeAll(async () => {
  const { readFile } = await import('node:fs/promises');
  folder = mkdtempSync(join(tmpdir(), 'flextraff-bench-'));
  short = join(folder, 'short.yaml');
  writeFileSync(short, (await readFile(shipped, 'utf8')).replace('durationSeconds: 3600', 'durationSeconds: 120'));
  expect((await loadScenario(short)).durationSeconds).toBe(120);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bench speed', () => {
  it("has the digest and the updates of the first variant's run", async () => {
    const source = await openSource(short);
    const ran = await runVariants({ source, variants: source.variants.slice(0, 1) });
    const both = await runVariants({ source });
    const result = await measureSpeed(short);
    expect(result.digest).toBe(both.variants.baseline!.digest);
    expect(result.updates).toBe(ran.performance.vehicleUpdates);
    expect(result).toMatchObject({ case: 'short', stepSeconds: 0.5 });
    expect(result.coldUpdatesPerCpuSecond).toBeGreaterThan(0);
    expect(result.warmUpdatesPerCpuSecond).toBeCloseTo(result.updates / result.cpuSeconds, -1);
  });

  it('simulates in the steps asked for', async () => {
    const coarse = await measureSpeed(short, 1);
    const fine = await measureSpeed(short, 0.25);
    expect([coarse.stepSeconds, fine.stepSeconds]).toEqual([1, 0.25]);
    expect(fine.updates).toBeGreaterThan(3 * coarse.updates);
  });

  it.each([0.3, 2, 0.001])('refuses steps of %d s', async (step) => {
    await expect(measureSpeed(short, step)).rejects.toThrow(/--step is .* must make a second/);
  });
});
