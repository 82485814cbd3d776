import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHIPPED_SCENARIOS } from '../scenarios/list.ts';
import { loadScenario } from '../scenarios/load.ts';
import { openSource } from './source.ts';
import { exportScenario } from './sumo-export/export.ts';

const RUNS = 200;
const SECONDS = 8;
const TIMEOUT_MS = 60_000 + 150 * RUNS;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Opens and runs a case as the command does. It runs, or is refused with a SourceError that names a file of the case;
 * nothing else may come out of it.
 */
async function survives(path: string, files: readonly string[], strategy: string): Promise<'ran' | 'refused'> {
  try {
    const source = await openSource(path);
    const variant = { name: 'x', strategy, parameters: {} };
    const street = source.open({ seed: 1, variant, prefix: 'flextraff-sim/r/x' });
    const steps = Math.round(Math.min(SECONDS, source.durationSeconds) / source.stepSeconds);
    for (let k = 0; k < steps; k++) street.step();
    street.frame();
    const result = street.result();
    expect(JSON.stringify(result)).not.toMatch(/null|NaN/);
    expect(result.vehicles.inserted).toBeLessThanOrEqual(result.vehicles.demanded);
    source.signals();
    return 'ran';
  } catch (error) {
    const { name, message } = error as Error;
    expect([name, (error as Error).stack]).toEqual(['SourceError', expect.anything()]);
    expect(
      files.some((file) => message.includes(file)),
      message,
    ).toBe(true);
    expect(message.length).toBeLessThan(3000);
    return 'refused';
  }
}

const STRANGE = [
  '',
  '0',
  '-1',
  'NaN',
  '1e999',
  '-1e308',
  '1e9',
  'Infinity',
  'x',
  ' ',
  '0x10',
  '1,2',
  '&amp;',
  'é\u0000'.slice(0, 1),
  '9'.repeat(400),
];

describe('SUMO files with mistakes', () => {
  const base: Record<string, string> = {};
  beforeAll(async () => {
    const scenario = await loadScenario(join(SHIPPED_SCENARIOS, 't-junction.yaml'));
    Object.assign(base, exportScenario({ ...scenario, durationSeconds: 60, stepSeconds: 1 }, 1, false).files);
  });

  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const mistake = fc.oneof(
    fc.record({ kind: fc.constant('attribute' as const), at: place, value: fc.constantFrom(...STRANGE) }),
    fc.record({ kind: fc.constant('attribute' as const), at: place, value: fc.double().map(String) }),
    fc.record({ kind: fc.constant('rename' as const), at: place }),
    fc.record({ kind: fc.constant('cut' as const), at: place }),
    fc.record({ kind: fc.constant('line gone' as const), at: place }),
    fc.record({ kind: fc.constant('line twice' as const), at: place }),
    fc.record({ kind: fc.constant('lines swapped' as const), at: place, other: place }),
    fc.record({ kind: fc.constant('character' as const), at: place, value: fc.string({ minLength: 1, maxLength: 3 }) }),
  );
  type Mistake = typeof mistake extends fc.Arbitrary<infer T> ? T : never;

  function spoilt(text: string, m: Mistake): string {
    const lines = text.split('\n');
    const line = Math.floor(m.at * lines.length);
    if (m.kind === 'cut') return text.slice(0, Math.floor(m.at * text.length));
    if (m.kind === 'line gone') return lines.filter((_, i) => i !== line).join('\n');
    if (m.kind === 'line twice') return lines.flatMap((each, i) => (i === line ? [each, each] : [each])).join('\n');
    if (m.kind === 'lines swapped') {
      const other = Math.floor(m.other * lines.length);
      [lines[line], lines[other]] = [lines[other]!, lines[line]!];
      return lines.join('\n');
    }
    if (m.kind === 'character') {
      const at = Math.floor(m.at * text.length);
      return text.slice(0, at) + m.value + text.slice(at + 1);
    }
    const attributes = [...text.matchAll(/ ([A-Za-z]+)="[^"]*"/g)];
    const found = attributes[Math.floor(m.at * attributes.length)];
    if (found === undefined) return text;
    const put = m.kind === 'rename' ? ` x${found[0].slice(1)}` : ` ${found[1]}="${m.value}"`;
    return text.slice(0, found.index) + put + text.slice(found.index + found[0].length);
  }

  it(
    'run or are refused with a message that names the file, and nothing else',
    async () => {
      const seen = { ran: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), mistake), { minLength: 1, maxLength: 3 }),
          fc.constantFrom('fixed-time', 'max-pressure'),
          async (mistakes, strategy) => {
            const files = Object.keys(base);
            const texts = Object.values(base);
            for (const [file, one] of mistakes) texts[file] = spoilt(texts[file]!, one);
            files.forEach((name, i) => {
              writeFileSync(join(folder, name), texts[i]!);
            });
            seen[await survives(join(folder, files[0]!), files, strategy)]++;
          },
        ),
        { numRuns: RUNS },
      );
      expect(seen.ran).toBeGreaterThan(RUNS / 20);
      expect(seen.refused).toBeGreaterThan(RUNS / 20);
    },
    TIMEOUT_MS,
  );
});

describe('CityFlow folders with mistakes', () => {
  const road = (id: string, from: string, to: string, points: number[][]) => ({
    id,
    startIntersection: from,
    endIntersection: to,
    points: points.map(([x, y]) => ({ x, y })),
    lanes: [{ width: 3, maxSpeed: 11.11 }],
  });
  const vehicle = {
    ...{ length: 5, width: 2, maxPosAcc: 2, maxNegAcc: 4.5, usualPosAcc: 2, usualNegAcc: 4.5 },
    ...{ minGap: 2.5, maxSpeed: 11.11, headwayTime: 2 },
  };
  const ends = ['w', 'e'].map((id) => ({
    id,
    virtual: true,
    point: { x: 0, y: 0 },
    width: 0,
    roads: [`${id}c`, `c${id}`],
  }));
  const base = {
    'roadnet.json': {
      intersections: [
        ...ends,
        {
          id: 'c',
          virtual: false,
          point: { x: 0, y: 0 },
          width: 10,
          roads: ['wc', 'cw', 'ec', 'ce'],
          roadLinks: [
            {
              type: 'go_straight',
              startRoad: 'wc',
              endRoad: 'ce',
              laneLinks: [{ startLaneIndex: 0, endLaneIndex: 0 }],
            },
            {
              type: 'go_straight',
              startRoad: 'ec',
              endRoad: 'cw',
              laneLinks: [{ startLaneIndex: 0, endLaneIndex: 0 }],
            },
          ],
          trafficLight: {
            lightphases: [
              { time: 5, availableRoadLinks: [] },
              { time: 30, availableRoadLinks: [0, 1] },
            ],
          },
        },
      ],
      roads: [
        road('wc', 'w', 'c', [
          [-300, 0],
          [0, 0],
        ]),
        road('cw', 'c', 'w', [
          [0, 0],
          [-300, 0],
        ]),
        road('ec', 'e', 'c', [
          [300, 0],
          [0, 0],
        ]),
        road('ce', 'c', 'e', [
          [0, 0],
          [300, 0],
        ]),
      ],
    },
    'flow.json': [
      { vehicle, route: ['wc', 'ce'], interval: 5, startTime: 0, endTime: 60 },
      { vehicle, route: ['ec', 'cw'], interval: 3, startTime: 2, endTime: -1 },
    ],
  };

  type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
  const strange: fc.Arbitrary<Json> = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }).map((value): Json => value) },
    fc.constantFrom<Json>(null, true, '', 'wc', -1, 0, 1e9, 1e308, 1e-308, [], {}, [[]], 'x'.repeat(5000)),
    fc.double({ noNaN: true }).map((value): Json => value),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  );

  /** Replaces (or without a value removes) the member that `way` leads to. */
  function put(json: Json, way: readonly number[], value: Json | undefined): Json {
    const keys = typeof json === 'object' && json !== null ? Object.keys(json) : [];
    if (way.length === 0 || keys.length === 0) return value === undefined ? null : value;
    const key = keys[way[0]! % keys.length]!;
    const copy: Record<string, Json> & Json[] = (Array.isArray(json) ? [...json] : { ...(json as object) }) as never;
    if (way.length === 1 && value === undefined) {
      if (Array.isArray(copy)) copy.splice(Number(key), 1);
      else delete (copy as Record<string, Json>)[key];
    } else copy[key as never] = put(copy[key as never], way.slice(1), value) as never;
    return copy;
  }

  it(
    'run or are refused with a message that names the file, and nothing else',
    async () => {
      const seen = { ran: 0, refused: 0 };
      const names = Object.keys(base) as (keyof typeof base)[];
      const mistake = fc.record({
        file: fc.constantFrom(...names),
        way: fc.array(fc.nat(50), { minLength: 3, maxLength: 6 }),
        value: fc.option(strange, { nil: undefined }),
        cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null, freq: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(mistake, { maxLength: 2 }),
          fc.constantFrom('fixed-time', 'max-pressure'),
          async (mistakes, strategy) => {
            for (const name of names) {
              let json = base[name] as unknown as Json;
              let part = 1;
              for (const { file, way, value, cut } of mistakes) {
                if (file !== name) continue;
                json = put(json, way, value);
                part = cut ?? part;
              }
              const text = JSON.stringify(json);
              writeFileSync(join(folder, name), text.slice(0, Math.ceil(part * text.length)));
            }
            seen[await survives(folder, names, strategy)]++;
          },
        ),
        { numRuns: RUNS },
      );
      expect(seen.ran).toBeGreaterThan(RUNS / 50);
      expect(seen.refused).toBeGreaterThan(RUNS / 20);
    },
    TIMEOUT_MS,
  );
});
