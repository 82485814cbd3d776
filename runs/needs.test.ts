/** Which strategies go where: detectors that are missing are told before a run, and every set of stages may be chosen. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STRATEGIES } from '../controller/strategies/index.ts';
import { openSource, type Source } from './source.ts';
import { runVariants } from './runner.ts';
import { checkVariants } from './variants.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-needs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Mumbai, its northern approach with this reader only. */
async function withReader(reader: string): Promise<Source> {
  const shipped = readFileSync(fileURLToPath(new URL('../scenarios/mumbai-four-way.yaml', import.meta.url)), 'utf8');
  const text = shipped.replace('- { name: N, lanes:', `- { name: N, rfid: [${reader}], lanes:`);
  expect(text).not.toBe(shipped);
  const file = join(folder, `${reader.includes('upstream') ? 'no-line' : 'no-upstream'}.yaml`);
  writeFileSync(file, text);
  return openSource(file);
}

describe.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))('%s', (name, { needs }) => {
  const check = (source: Source) => () => checkVariants(source, [{ name: 'a', strategy: name, parameters: {} }]);

  it.each([
    ['stopline', '{ position: upstream, distanceMetres: 100 }'],
    ['upstream', '{ position: stopline }'],
  ] as const)('is refused without a %s detector exactly where it needs one', async (missing, reader) => {
    const source = await withReader(reader);
    const reason = `strategy ${name} needs ${missing === 'stopline' ? 'a stop-line' : 'an upstream'} detector at every approach; N has none`;
    if (needs.includes(missing)) expect(check(source)).toThrow(reason);
    else expect(check(source)).not.toThrow();
  });
});

/** Those that have the parameter. */
const CHOOSING = STRATEGIES.filter(({ parameters }) => 'stages' in parameters).map(({ name }) => name);
const SETS: Readonly<Record<string, readonly string[]>> = {
  plan: ['we-straight', 'we-left', 'ns-straight', 'ns-left'],
  paired: ['we-straight', 'we-left', 'ns-straight', 'ns-left'],
  approaches: ['n-all', 's-all', 'e-all', 'w-all'],
  all: ['we-straight', 'we-left', 'ns-straight', 'ns-left', 'w-all', 'e-all', 'n-all', 's-all'],
  'ns-left/e-all/w-all/ns-straight': ['ns-left', 'e-all', 'w-all', 'ns-straight'],
};

describe.each(CHOOSING)('%s chooses among', (strategy) => {
  let source: Source;
  beforeAll(async () => {
    source = await openSource('hangzhou-kn-hz', { untilSeconds: 240 });
  });

  it.each(Object.entries(SETS))('%s, and nothing else', async (stages, allowed) => {
    const asked = new Set<string>();
    const work: Record<string, number> = strategy === 'horizon' ? { work: 4000 } : {};
    await runVariants({
      source,
      variants: [{ name: 'a', strategy, parameters: { stages, ...work } }],
      observer: {
        onDecision: (_, decision) => {
          for (const { stageId } of decision.stages) asked.add(stageId);
        },
      },
    });
    expect(asked.size).toBeGreaterThan(1);
    // Before flows are measured, webster goes on with today's plan.
    const today = strategy === 'webster' ? SETS.plan! : [];
    expect([...asked].filter((id) => !allowed.includes(id) && !today.includes(id))).toEqual([]);
  });

  it('refuses stages that there are not, and sets that the junction has none for', async () => {
    const with_ = (stages: string) => () => checkVariants(source, [{ name: 'a', strategy, parameters: { stages } }]);
    expect(with_('nowhere/ns-left')).toThrow('nowhere does not exist');
    expect(with_('ns-left/ns-straight')).toThrow(/is green in none of/);
    const mumbai = await openSource('mumbai-four-way');
    const missing = () => checkVariants(mumbai, [{ name: 'a', strategy, parameters: { stages: 'paired' } }]);
    expect(missing).toThrow(/no stages for "paired"|is green in none of/);
  });
});
