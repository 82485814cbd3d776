/** What controllers of streets decided, over HTTP, from a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreetDecisionRecord } from '../../runs/records.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import type { RunningServer } from '../server.ts';
import { makeConfiguration, serveStore } from '../testing.ts';
import type { StreetDecision } from '../types.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-decisions-'));
const configurations = [makeConfiguration({ intersectionId: 91 }), makeConfiguration({ intersectionId: 92 })];
const [here, there] = configurations.map(({ junctionId }) => junctionId) as [string, string];
const T = Date.parse('2026-11-20T08:00:00.000Z');
let store: DatabaseStore;
let server: RunningServer;

function decision(junctionId: string, seconds: number, changes: Partial<StreetDecisionRecord> = {}) {
  return {
    junctionId,
    atMs: T + 1000 * seconds,
    seq: 100 + seconds,
    controller: 'c1',
    shadow: false,
    strategy: 'max-pressure',
    kind: 'stage' as const,
    planId: null,
    stages: [{ id: 'north-south', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 }],
    reason: 'pressure 12 against 3',
    inputs: { pressures: { 'north-south': 12, 'east-west': 3 } },
    acknowledged: { result: 'applied' as const, reason: '' },
    vetoed: null,
    ...changes,
  };
}

beforeAll(async () => {
  store = openStore({ dataDirectory: join(directory, 'data') });
  await store.ready;
  store.writeJunctions(null, configurations);
  store.writeRecords('streetDecisions', [
    decision(here, 1),
    decision(there, 1, { acknowledged: null, vetoed: 'a green below its minimum' }),
    decision(here, 2),
    decision(here, 3, { shadow: true, acknowledged: null }),
    decision(there, 3),
  ]);
  await store.flush();
  server = await serveStore(store, directory);
}, 120_000);
afterAll(async () => {
  await server?.close();
  await store?.close();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (query: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}/api/v1/decisions${query}`);
async function listed(query: string): Promise<string[]> {
  const response = await ask(query);
  expect(response.status).toBe(200);
  return ((await response.json()) as StreetDecision[]).map(
    ({ junctionId, seq }) => `${junctionId === here ? 'here' : 'there'} ${seq}`,
  );
}

describe('decisions of streets', () => {
  it('come newest first, with why and what was answered', async () => {
    expect((await listed('')).length).toBe(5);
    expect((await listed(`?junction=${here}`)).join()).toBe('here 103,here 102,here 101');
    const [newest, oldest] = [await ask(`?junction=${there}&limit=1`), await ask(`?junction=${there}`)];
    expect(await newest.json()).toMatchObject([
      {
        junctionId: there,
        junctionName: configurations[1]!.name,
        decidedAt: '2026-11-20T08:00:03.000Z',
        strategy: 'max-pressure',
        reason: 'pressure 12 against 3',
        inputs: { pressures: { 'north-south': 12 } },
        acknowledged: { result: 'applied', reason: '' },
      },
    ]);
    expect(((await oldest.json()) as StreetDecision[])[1]).toMatchObject({ vetoed: 'a green below its minimum' });
  });

  it('are all met by going on before the last, though two were taken at one time', async () => {
    const first = await listed('?limit=1');
    expect(first.sort()).toEqual(['here 103', 'there 103']);
    expect(await listed('?limit=1&before=2026-11-20T08:00:03.000Z')).toEqual(['here 102']);
    expect((await listed('?limit=2&before=2026-11-20T08:00:03.000Z')).sort()).toEqual([
      'here 101',
      'here 102',
      'there 101',
    ]);
    expect(await listed('?before=2026-11-20T08:00:01.000Z')).toEqual([]);
  });

  it('come as CSV, and what cannot be asked is refused', async () => {
    const csv = await (await ask('?format=csv')).text();
    expect(csv.split('\n')[0]).toContain('decidedAt,junctionId,junctionName');
    expect(csv).toContain('a green below its minimum');
    for (const query of ['?limit=0', '?limit=5001', '?junction=here', '?before=yesterday'])
      expect([query, (await ask(query)).status]).toEqual([query, 422]);
  });
});
