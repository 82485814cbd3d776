import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scenarioFiles } from '../scenarios/list.ts';
import { runVariants } from './runner.ts';
import { openSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-walks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Seconds of each stage, by id, with so many people an hour at each crossing. */
async function stages(peoplePerHour: number): Promise<Map<string, number>> {
  const file = (await scenarioFiles()).get('four-way-crossings')!;
  const text = (await readFile(file, 'utf8')).replace(
    /pedestriansPerHour: \d+/g,
    `pedestriansPerHour: ${peoplePerHour}`,
  );
  const path = join(folder, `people-${peoplePerHour}.yaml`);
  writeFileSync(path, text);
  const source = await openSource(path, { untilSeconds: 280, directories: [] });
  const seconds = new Map<string, number>();
  let names: string[] = [];
  await runVariants({
    source,
    variants: source.variants.filter(({ name }) => name === 'adaptive'),
    observer: {
      onStart: (streets) => {
        names = [...streets.values()][0]!.configurations[0]!.stages.map(({ id }) => id);
      },
      onSecond: (_, frames) => {
        const [stage] = frames.adaptive!.stages[0]!;
        if (stage >= 0) seconds.set(names[stage]!, (seconds.get(names[stage]!) ?? 0) + 1);
      },
    },
  });
  return seconds;
}

describe('vehicle-actuated control with push buttons', () => {
  it('gives no walk while nobody presses, and walks to those who do', async () => {
    const nobody = await stages(0);
    // After 300 s (maxWaitSeconds) the lamp controller would force them, called or not.
    expect((nobody.get('ns-walk') ?? 0) + (nobody.get('ew-walk') ?? 0)).toBe(0);
    expect(nobody.get('ns')! + nobody.get('ew')!).toBeGreaterThan(100);
    const many = await stages(200);
    expect(many.get('ns-walk')! + many.get('ew-walk')!).toBeGreaterThan(100);
  });
});
