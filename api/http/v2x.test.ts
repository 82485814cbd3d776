/** V2X messages, weather, crash histories and constants over HTTP, into a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_MESSAGES } from '../../feeds/examples.ts';
import { LiveSafety } from '../../runs/safety/live.ts';
import { aggregateHours } from '../database/repositories/aggregates.ts';
import { safetyBasis } from '../database/repositories/safety-basis.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import type { RunningServer } from '../server.ts';
import { makeConfiguration, serveStore } from '../testing.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-v2x-'));
const configuration = makeConfiguration({ intersectionId: 81 });
const { junctionId } = configuration;
const NOBODY = '5f0c1f3e-3c47-5a0e-9a35-000000000000';
let store: DatabaseStore;
let live: LiveSafety;
let server: RunningServer;

beforeAll(async () => {
  store = openStore({ dataDirectory: join(directory, 'data') });
  await store.ready;
  store.writeJunctions(null, [configuration]);
  await store.flush();
  live = await LiveSafety.open({
    junctions: async () =>
      (await store.junctions()).map((one) => ({
        junctionId: one.junctionId,
        name: one.name,
        latitude: one.latitude,
        longitude: one.longitude,
        x: 0,
        y: 0,
        intersectionId: one.intersectionId,
      })),
    link: null,
    pool: null,
    store,
    basis: () => safetyBasis(store, Date.now()),
  });
  server = await serveStore(store, directory, { safety: live });
}, 120_000);
afterAll(async () => {
  await live?.close();
  await server?.close();
  await store?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function ask(method: 'GET' | 'POST', path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

const rain = { precipitation_mm: 2, visibility_m: 800, wind_speed_ms: 3, temperature_c: 5 };

describe('messages', () => {
  it('are handed on to a junction, and counted by reason where they cannot be used', async () => {
    const [bsm] = EXAMPLE_MESSAGES.bsm as [object];
    const posted = await ask('POST', `/api/v1/v2x/messages?junction=${junctionId}`, [bsm, { metadata: {} }]);
    expect(posted).toEqual({ status: 202, body: { taken: 2, rejected: {} } });
    expect(await ask('POST', '/api/v2x/messages', [{ nothing: 1 }])).toEqual({
      status: 202,
      body: { taken: 0, rejected: { 'unknown-shape': 1 } },
    });
    const { body } = await ask('GET', '/api/v1/v2x/status');
    expect(body).toMatchObject({
      junctions: [{ junctionId, read: 2, rejected: { 'unknown-type': 1 } }],
      rejected: { 'unknown-shape': 1 },
      constants: null,
    });
  });

  it('of a junction that there is not are refused', async () => {
    expect(await ask('POST', `/api/v1/v2x/messages?junction=${NOBODY}`, {})).toMatchObject({
      status: 404,
      body: { code: 'junction_unknown', field: 'junction' },
    });
    expect((await ask('POST', '/api/v1/v2x/messages', [])).status).toBe(422);
  });
});

describe('weather', () => {
  it('is taken as one observation or many, and is in the store', async () => {
    expect(await ask('POST', '/api/v1/weather', rain)).toEqual({ status: 202, body: { taken: true, observations: 1 } });
    const at = new Date(Date.now() - 60_000).toISOString();
    const own = { ...rain, precipitation_mm: 9, timestamp: at, junction_id: junctionId, source: 'gauge' };
    expect((await ask('POST', '/api/v1/weather', [own, { ...rain, timestamp: at }])).status).toBe(202);
    await store.flush();
    const { weather } = await safetyBasis(store, Date.now());
    expect(weather).toHaveLength(3);
    expect(weather.find((one) => one.junctionId === junctionId)).toMatchObject({
      atMs: Date.parse(at),
      weather: { rainMillimetres: 9, visibilityMetres: 800 },
    });
  });

  it.each([
    [{ ...rain, visibility_m: -1 }, 'visibility_m'],
    [[rain, { ...rain, wind_speed_ms: 'strong' }], '1.wind_speed_ms'],
    [{ ...rain, timestamp: 'noon' }, 'timestamp'],
    [{ ...rain, snow: 1 }, 'snow'],
  ])('is refused with the field named: %j', async (body, field) => {
    expect(await ask('POST', '/api/v1/weather', body)).toMatchObject({ status: 422, body: { field } });
  });

  it('of a junction that there is not is refused, and nothing of it taken', async () => {
    const answer = await ask('POST', '/api/v1/weather', [rain, { ...rain, junction_id: NOBODY }]);
    expect(answer).toMatchObject({ status: 404, body: { field: 'junction_id' } });
  });
});

describe('crash histories', () => {
  const history = {
    junction_id: junctionId,
    first_day: '2021-01-01',
    last_day: '2025-12-31',
    fatal: 1,
    injury: 4,
    damage: 20,
    vehicles_per_day: 15_000,
    prior_rate: 0.8,
    prior_exposure: 10,
    free_flow_speed: 13.9,
    capacity_vehicles_per_hour: 3200,
  };

  it('are kept, told, and what a real-time index rests on from then on', async () => {
    expect(await ask('POST', '/api/v1/safety/crashes', [history])).toEqual({ status: 202, body: { junctions: 1 } });
    const { body } = await ask('GET', '/api/v1/safety/crashes');
    expect(body).toMatchObject([{ junction_id: junctionId, fatal: 1, source: 'api' }]);
    const atMs = Date.now() - 900_000;
    const row = { junctionId, rate: 1, uplift: 1.1, vruIndex: 0.2, vehicleIndex: 0.3 };
    store.writeRecords('crashIndices', [
      { ...row, atMs, combinedIndex: 0.24 },
      { junctionId, atMs: atMs + 1, rate: null, uplift: null, vruIndex: null, vehicleIndex: null, combinedIndex: null },
    ]);
    await store.flush();
    expect((await ask('GET', `/api/v1/safety/crash-index/${junctionId}`)).body).toMatchObject([
      { scored: true, combined_index: 0.24 },
      { scored: false, combined_index: null },
    ]);
  });

  it.each([
    [[{ ...history, fatal: 0.5 }], 422],
    [[{ ...history, last_day: '2020-01-01' }], 422],
    [[{ ...history, junction_id: NOBODY }], 404],
  ])('that cannot be are refused: case %#', async (body, status) => {
    expect((await ask('POST', '/api/v1/safety/crashes', body)).status).toBe(status);
  });

  it('of an unknown junction have no index', async () => {
    expect((await ask('GET', `/api/v1/safety/crash-index/${NOBODY}`)).status).toBe(404);
  });
});

describe('constants', () => {
  it('are listed with what they are of, and none is an empty list', async () => {
    expect((await ask('GET', '/api/v1/safety/constants')).body).toEqual([]);
  });
});

describe('the estimate of crashes', () => {
  const hourMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3 * 3_600_000;
  const conflict = (i: number, pet: number, metadata: Record<string, unknown> | null = null) => ({
    conflictId: `5f0c1f3e-3c47-4a0e-9a35-${String(i).padStart(12, '0')}`,
    junctionId,
    runId: null,
    variant: null,
    second: null,
    startedAtMs: hourMs + i * 1000,
    endedAtMs: hourMs + i * 1000 + 500,
    type: 'crossing' as const,
    severity: 'candidate' as const,
    userA: 'a',
    userB: 'b',
    classA: 'car',
    classB: 'car',
    petSeconds: pet,
    metadata,
  });

  it('is experimental, with its interval, and null where too little was seen', async () => {
    const none = await ask('GET', `/api/v1/safety/crash-estimate/${junctionId}`);
    expect(none.body).toMatchObject({ experimental: true, hours_observed: 0, pets: 0, estimate: null });
    store.writeRecords(
      'conflicts',
      Array.from({ length: 60 }, (_, i) => conflict(i, 0.4 + ((i * 37) % 50) / 20)),
    );
    store.writeRecords('conflicts', [conflict(99, 0.01, { outlines_touched: true }), conflict(7200, 0.2)]);
    store.writeRecords(
      'indices',
      Array.from({ length: 30 }, (_, minute) => ({
        junctionId,
        atMs: hourMs + minute * 60_000,
        combinedIndex: 30,
        trafficVolume: 10,
      })),
    );
    await store.flush();
    await store.asJob((trx) => aggregateHours(trx, hourMs, hourMs + 3_600_000));
    const { body } = await ask('GET', `/api/v1/safety/crash-estimate/${junctionId}?days=2`);
    expect(body).toMatchObject({ experimental: true, hours_observed: 0.5, pets: 60 });
    const { estimate } = body as { estimate: { crashes_per_hour: number; low: number; high: number } };
    expect(estimate.low).toBeLessThanOrEqual(estimate.crashes_per_hour);
    expect(estimate.high).toBeGreaterThan(estimate.low);
  });

  it('does not take an old minute for the safety of now', async () => {
    const { body } = await ask('GET', '/api/v1/safety/index');
    expect(body).toMatchObject([{ junction_id: junctionId, safety_index: null, score_status: 'no_data' }]);
    store.writeRecords('indices', [
      { junctionId, atMs: Math.floor(Date.now() / 60_000) * 60_000 - 60_000, combinedIndex: 44, trafficVolume: 10 },
    ]);
    await store.flush();
    const now = await ask('GET', '/api/v1/safety/index');
    expect(now.body).toMatchObject([{ safety_index: 44, score_status: 'scored' }]);
  });
});
