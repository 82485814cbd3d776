import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfiguration } from '../junction/interlock.ts';
import { timePlan } from '../junction/timing.ts';
import { SHIPPED_SCENARIOS, scenarioFiles } from './list.ts';
import { parseScenario } from './load.ts';
import { schemaFile, schemaText } from './schema-json.ts';
import { EXAMPLE, shippedScenario } from './testing.ts';
import type { Scenario } from './types.ts';

async function shippedTexts(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(SHIPPED_SCENARIOS)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(SHIPPED_SCENARIOS, name), 'utf8') })),
  );
}

function vehicles(scenario: Scenario): number {
  return scenario.demand.flatMap((flow) => flow.vehicles).reduce((sum, count) => sum + count, 0);
}

describe('the scenarios that ship', () => {
  it('are all sound, with a baseline and an adaptive variant', async () => {
    const names = [...(await scenarioFiles()).keys()];
    expect(names).toEqual([
      'bus-priority',
      'corridor-green-wave',
      'emergency',
      'four-way-crossings',
      'hangzhou-kn-hz',
      'mumbai-four-way',
      'short-block',
      't-junction',
      'turns-over-crossings',
      'two-signals',
    ]);
    for (const name of names) {
      const scenario = await shippedScenario(name);
      expect(scenario.variants.map((variant) => variant.name)).toEqual(['baseline', 'adaptive']);
      for (const { configuration } of scenario.junctions) expect(checkConfiguration(configuration)).toEqual([]);
    }
  });

  it('say where their schema is, and keep to it', async () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(await readFile(schemaFile, 'utf8')));
    for (const { name, text } of await shippedTexts()) {
      expect(text.split('\n')[0], name).toBe('# yaml-language-server: $schema=./scenario.schema.json');
      validate(parse(text));
      expect(validate.errors, name).toBeNull();
    }
    expect(validate(parse(EXAMPLE))).toBe(true);
    expect(validate({ ...parse(EXAMPLE), durationSecs: 3 })).toBe(false);
    expect(validate({ ...parse(EXAMPLE), drivingSide: 'middle' })).toBe(false);
  });

  it('have the junction of the seed documents, one approach at a time', async () => {
    const scenario = await shippedScenario('mumbai-four-way');
    const junction = scenario.junctions[0]!;
    expect(scenario.drivingSide).toBe('left');
    expect([junction.latitude, junction.longitude]).toEqual([19.076, 72.8777]);
    expect(junction.configuration.stages.map((stage) => stage.groups)).toEqual([['N'], ['S'], ['E'], ['W']]);
    expect(junction.configuration).toMatchObject({ minCycleSeconds: 30, maxCycleSeconds: 120 });
    expect(junction.configuration.stages.map((stage) => stage.minGreenSeconds)).toEqual([7, 7, 7, 7]);
    expect(timePlan(junction.configuration, junction.configuration.localPlan).cycleMs).toBe(80_000);
  });
});

describe('junctions that feed each other', () => {
  it.each([
    ['short-block', 59, 15],
    ['two-signals', 299, 79],
  ])('%s: the road between is as long, and takes as many vehicles, as it should', async (name, metres, vehicles) => {
    const { junctions } = await shippedScenario(name);
    const [first, second] = junctions;
    const feeders = second!.configuration.feeders!;
    expect(feeders.map(({ approach, junctionId }) => [approach, junctionId])).toEqual([['W', first!.id]]);
    const [{ groups, lanes, metres: road }] = feeders as [(typeof feeders)[number]];
    expect(Math.round(road)).toBe(metres);
    expect(Math.floor((road * lanes) / 7.5)).toBe(vehicles);
    // straight on from W, and the right turn from S
    expect(groups.map(({ id }) => id).sort()).toEqual(['S', 'W-straight']);
  });
});

describe('the Hangzhou hour', () => {
  it('has 827 vehicles, and arms as long as the recording’s', async () => {
    const scenario = await shippedScenario('hangzhou-kn-hz');
    expect(vehicles(scenario)).toBe(827);
    expect(scenario.demand.every((flow) => flow.arrivals === 'recorded' && flow.vehicles.length === 12)).toBe(true);
    const west = scenario.junctions[0]!.approaches.find((approach) => approach.name === 'W')!;
    expect(west.lanes.map((lane) => lane.path)).toEqual([
      [
        { x: -300, y: -1.5 },
        { x: -10, y: -1.5 },
      ],
      [
        { x: -300, y: -4.5 },
        { x: -10, y: -4.5 },
      ],
    ]);
    expect(new Date(scenario.startsAtMs).toISOString()).toBe('2018-04-15T23:00:00.000Z');
  });
});

describe('the published JSON Schema', () => {
  it('is the one that the loader checks with (npx tsx scenarios/schema-json.ts writes it)', async () => {
    expect(JSON.parse(await readFile(schemaFile, 'utf8'))).toEqual(JSON.parse(schemaText()));
  });

  it('describes every key, so that editors can', () => {
    const bare: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (node === null || typeof node !== 'object') return;
      for (const [key, value] of Object.entries(
        (node as { properties?: Record<string, { description?: string }> }).properties ?? {},
      )) {
        if (!value.description && !(path.endsWith('.vehicleClasses') || key === 'id')) bare.push(`${path}.${key}`);
      }
      for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`);
    };
    visit(JSON.parse(schemaText()), '');
    expect(bare).toEqual([]);
  });
});

/** Something that is wrong, or right, in another place. */
const scraps = fc.constantFrom(
  '',
  ' ',
  '\n',
  '  - ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '!!map ',
  '"',
  '#',
  '-1',
  '1e309',
  '.inf',
  '99999999999',
  '~',
  'true',
  'N',
  'left',
  'W-left',
  '0',
  '? ',
  '<<: *a',
  '__proto__: 1',
  '\t',
  '\u0000',
  '\ud800',
  '|',
  '>',
);
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 12 }),
  scrap: scraps,
  line: fc.boolean(),
});

function edited(text: string, edits: readonly { at: number; length: number; scrap: string; line: boolean }[]): string {
  return edits.reduce((whole, { at, length, scrap, line }) => {
    if (line) {
      const lines = whole.split('\n');
      const place = Math.floor(at * lines.length);
      const other = (place * 7 + length) % lines.length;
      lines.splice(place, length % 2, lines[other] ?? '');
      return lines.join('\n');
    }
    const place = Math.floor(at * whole.length);
    return whole.slice(0, place) + scrap + whole.slice(place + length);
  }, text);
}

describe('a damaged file', () => {
  it('is either sound or refused with its mistakes, and never brings the loader down', async () => {
    const texts = await shippedTexts();
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        ({ name, text }, edits) => {
          const { scenario, issues } = parseScenario(edited(text, edits), name);
          expect(scenario === undefined).toBe(issues.length > 0);
          for (const issue of issues) {
            expect(issue.line).toBeGreaterThan(0);
            expect(issue.column).toBeGreaterThan(0);
            expect(issue.message).not.toBe('');
          }
          for (const { configuration } of scenario?.junctions ?? [])
            expect(checkConfiguration(configuration)).toEqual([]);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('may hold any values at all', () => {
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom(
            'version',
            'junctions',
            'demand',
            'variants',
            'seeds',
            'name',
            'flows',
            'approaches',
            'signals',
            'stages',
            'x',
          ),
          maxDepth: 4,
        }),
        (value) => {
          expect(parseScenario(JSON.stringify(value), 'x.yaml').issues.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
