import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexRecord } from '../../runs/records.ts';
import { openDatabase } from '../database/connect.ts';
import { aggregateDays, aggregateHours } from '../database/repositories/aggregates.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import { embeddedSwitch, type Switch } from '../database/testing/endurance.ts';
import { makeServerDatabase, serverUrl, Wire } from '../database/testing/server-database.ts';
import { type RunningServer, startServer } from '../server.ts';
import { MemoryTwin, makeConfiguration, silent } from '../testing.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const iso = (ms: number): string => new Date(ms).toISOString();

/** In Virginia, where 002's junctions are, on both sides of the antimeridian, at a pole, and retired. */
const PLACES = [
  ['Glebe', 301, 38.86, -77.05],
  ['Fairfax', 302, 38.87, -77.06],
  ['Ballston', 303, 38.9, -77.2],
  ['Taveuni', 304, -16.8, 179.99],
  ['Rabi', 305, -16.8, -179.99],
  ['South Pole', 306, -89.99, 10],
  ['Closed', 307, 38.86, -77.05],
] as const;

function behaviour(open: () => Promise<{ databaseUrl?: string; database: Switch; end: () => Promise<void> }>): void {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-safety-routes-'));
  const junctions = PLACES.map(([name, intersectionId]) => makeConfiguration({ name, intersectionId }));
  const today = Math.floor(Date.now() / DAY) * DAY;
  const lastMinute = Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE;
  let opened: Awaited<ReturnType<typeof open>>;
  let store: DatabaseStore;
  let server: RunningServer;
  const alerts: string[] = [];

  // biome-ignore lint/suspicious/noExplicitAny: whatever the routes answer
  async function get(path: string, status = 200): Promise<any> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    const text = await response.text();
    expect([path, response.status, response.status === status ? '' : text]).toEqual([path, status, '']);
    return JSON.parse(text);
  }
  const near = (query: string, status?: number) => get(`/api/v1/intersections/${query}`, status);
  const ids = (places: { id: number }[]): number[] => places.map(({ id }) => id);
  const index = (junction: number, atMs: number, value: number | null, volume: number): IndexRecord => ({
    junctionId: (junctions[junction] as { junctionId: string }).junctionId,
    atMs,
    combinedIndex: value,
    combinedIndexEb: value === null ? null : value + 0.5,
    trafficVolume: volume,
    scoreStatus: value === null ? 'no_data' : 'scored',
    combinedIndexLow: value === null ? null : value - 5,
    combinedIndexHigh: value === null ? null : Math.min(100, value + 5),
  });

  beforeAll(async () => {
    opened = await open();
    store = openStore({
      dataDirectory: join(directory, 'data'),
      databaseUrl: opened.databaseUrl,
      archive: { location: join(directory, 'archive') },
      archiveEveryMs: 1e9,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
      open: opened.database.open,
    });
    await store.ready;
    store.writeJunctions(null, junctions);
    await store.flush();
    await store.asJob(async (trx) => {
      for (const [name, , latitude, longitude] of PLACES)
        await trx('junctions').where({ junction_name: name }).update({ latitude, longitude });
      await trx('junctions').where({ junction_name: 'Closed' }).update({ retired_at: new Date() });
    });
    // Three days of every seventh minute, some of them not scored; two of them again, with a later state.
    const rows: IndexRecord[] = [];
    for (let at = today - 3 * DAY, n = 0; at < lastMinute - 10 * MINUTE; at += 7 * MINUTE, n++)
      rows.push(index(n % 2, at, n % 11 === 0 ? null : 20 + ((n * 37) % 700) / 10, n % 30));
    rows.push(index(0, lastMinute, 61, 9), index(1, lastMinute - MINUTE, null, 0));
    rows.push(index(0, rows[2]!.atMs, 99, 1), index(0, rows[2]!.atMs, 98.5, 2));
    store.writeRecords('indices', rows);
    await store.flush();
    await store.archive?.store();
    await store.asJob(async (trx) => {
      await aggregateHours(trx, today - 3 * DAY, Math.floor(Date.now() / HOUR) * HOUR);
      await aggregateDays(trx, iso(today - 3 * DAY).slice(0, 10), iso(today - DAY).slice(0, 10));
    });
    server = await startServer({
      twin: new MemoryTwin(),
      store,
      host: '127.0.0.1',
      port: 0,
      brokerStatus: () => ({ status: 'ok', detail: '' }),
      version: '1.2.3',
      pageDirectory: directory,
      logger: silent,
    });
  }, 120_000);
  afterAll(async () => {
    await server.close();
    await store.close();
    await opened.end();
    rmSync(directory, { recursive: true, force: true });
  });

  it('list the index of every junction in service now, by number', async () => {
    const all = await get('/api/v1/safety/index');
    expect(all.map((one: { intersection_id: number }) => one.intersection_id)).toEqual([301, 302, 303, 304, 305, 306]);
    expect(all[0]).toEqual({
      intersection_id: 301,
      intersection_name: 'Glebe',
      junction_id: junctions[0]?.junctionId,
      safety_index: 61.5,
      safety_index_low: 56,
      safety_index_high: 66,
      score_status: 'scored',
      traffic_volume: 9,
      timestamp: iso(lastMinute),
      latitude: 38.86,
      longitude: -77.05,
      source: 'database',
    });
    expect(all[1]).toMatchObject({ safety_index: null, score_status: 'no_data', timestamp: iso(lastMinute - MINUTE) });
    expect(all[2]).toMatchObject({ safety_index: null, score_status: null, timestamp: null });
  });

  it('tell the history of one, as fine as is kept, by number or UUID', async () => {
    const week = await get('/api/v1/safety/history/301?days=7');
    expect(week).toMatchObject({ intersection_id: 301, intersection_name: 'Glebe', aggregation: 'hour' });
    expect(week.history.length).toBeGreaterThan(60);
    const [first] = week.history;
    expect(first.min_safety_index).toBeLessThanOrEqual(first.safety_index);
    expect(first.samples).toBeGreaterThan(0);
    const same = await get(`/api/v1/safety/history/${junctions[0]?.junctionId}?days=7`);
    expect(same.history).toEqual(week.history);
    expect((await get('/api/v1/safety/history/301.0?days=1')).aggregation).toBe('minute');
    expect((await get('/api/v1/safety/history/301?days=100')).aggregation).toBe('day');
    // The range goes by where it starts, and an end that is a day counts whole.
    const day = iso(today - DAY).slice(0, 10);
    const hours = await get(`/api/v1/safety/history/301?start_date=${day}&end_date=${day}&aggregation=hourly`);
    expect([hours.start, hours.end, hours.history.length]).toEqual([iso(today - DAY), iso(today), 24]);
    const days = await get(`/api/v1/safety/history/301?start_date=${day}&end_date=${day}&aggregation=day`);
    expect(days.history).toHaveLength(1);
    expect(days.history[0].samples).toBe(
      hours.history.reduce((sum: number, { samples }: { samples: number }) => sum + samples, 0),
    );
    // of a minute its latest state
    const at = today - 3 * DAY + 14 * MINUTE;
    const minutes = await get(
      `/api/v1/safety/history/301?start_date=${iso(at)}&end_date=${iso(at + MINUTE)}&aggregation=realtime`,
    );
    expect(minutes.history).toEqual([
      {
        timestamp: iso(at),
        safety_index: 99,
        min_safety_index: 99,
        max_safety_index: 99,
        std_safety_index: null,
        traffic_volume: 2,
        samples: 1,
      },
    ]);
  });

  it('sum it up', async () => {
    const stats = await get('/api/v1/safety/history/302/stats?days=2&aggregation=hour');
    const { history } = await get('/api/v1/safety/history/302?days=2&aggregation=hour');
    const sum = (of: (point: { safety_index: number; samples: number; traffic_volume: number }) => number): number =>
      history.reduce((total: number, point: never) => total + of(point), 0);
    expect(stats.samples).toBe(sum(({ samples }) => samples));
    expect(stats.total_volume).toBe(sum((point) => point.traffic_volume));
    expect(stats.mean).toBeCloseTo(sum((point) => point.safety_index * point.samples) / stats.samples, 9);
    expect(stats.min).toBeLessThan(stats.mean);
    expect(stats.max).toBeGreaterThan(stats.mean);
    expect(stats.std).toBeGreaterThan(0);
    expect(await get('/api/v1/safety/history/306/stats')).toMatchObject({ points: 0, mean: null, std: null });
  });

  it('refuse what cannot be, and say what', async () => {
    expect(await get('/api/v1/safety/history/999', 404)).toMatchObject({ code: 'intersection_not_found', field: 'id' });
    expect(await get("/api/v1/safety/history/1'%20OR%20true", 404)).toMatchObject({ code: 'intersection_not_found' });
    expect(await get('/api/v1/safety/history/301?days=0', 422)).toMatchObject({ field: 'days' });
    expect(await get('/api/v1/safety/history/301?days=2&start_date=2025-01-01', 422)).toMatchObject({ field: 'days' });
    expect(await get('/api/v1/safety/history/301?start_date=yesterday', 422)).toMatchObject({ field: 'start_date' });
    expect(await get('/api/v1/safety/history/301?start_date=2025-02-02&end_date=2025-01-01', 422)).toMatchObject({
      field: 'start_date',
    });
    expect(await get('/api/v1/safety/history/301?aggregation=week', 422)).toMatchObject({ field: 'aggregation' });
    expect(await near('nearby?lat=91&lon=0', 422)).toMatchObject({ field: 'lat' });
    expect(await near('nearby?lat=1&lon=0&radius=99', 422)).toMatchObject({ field: 'radius' });
    expect(await near('nearby?lat=1', 422)).toMatchObject({ field: 'lon' });
    expect(await near('route?waypoints=[(38.86,-77.05)]', 422)).toMatchObject({ field: 'waypoints' });
    expect(await near('route?waypoints=nowhere', 422)).toMatchObject({ field: 'waypoints' });
    expect(await near('route?waypoints=[(1,1),(2,2)]&buffer=5', 422)).toMatchObject({ field: 'buffer' });
    expect(await near('area?polygon=[(1,1),(2,2)]', 422)).toMatchObject({ field: 'polygon' });
    expect(await near('area?polygon=[(1,1),(2,2),(2,2),(1,1)]', 422)).toMatchObject({ field: 'polygon' });
    expect(alerts).toEqual([]);
  });

  it('find junctions near a point, nearest first, over the antimeridian and at a pole', async () => {
    const found = await near('nearby?lat=38.86&lon=-77.05&radius=5000');
    expect(ids(found)).toEqual([301, 302]);
    expect(found[0]).toMatchObject({ name: 'Glebe', junction_id: junctions[0]?.junctionId, distance_meters: 0 });
    // a hundredth of a degree each way: 1,110 m north, 867 m west
    expect(found[1].distance_meters).toBeCloseTo(1409, -1);
    expect(ids(await near('nearby?lat=-16.8&lon=179.999&radius=3000'))).toEqual([304, 305]);
    expect(ids(await near('nearby?lat=-90&lon=0&radius=2000'))).toEqual([306]);
    expect(await near('nearby?lat=0&lon=0')).toEqual([]);
  });

  it('find junctions along a route in its order, waypoints as tuples or objects', async () => {
    const tuples = await near('route?waypoints=[(38.9,-77.2),(38.87,-77.06),(38.86,-77.05)]&buffer=500');
    expect(ids(tuples)).toEqual([303, 302, 301]);
    const points = [
      { lat: 38.86, lon: -77.05 },
      { lat: 38.87, lon: -77.06 },
    ];
    expect(ids(await near(`route?waypoints=${encodeURIComponent(JSON.stringify(points))}`))).toEqual([301, 302]);
    expect(ids(await near('route?waypoints=[(-16.8,179.98),(-16.8,-179.98)]&buffer=500'))).toEqual([304, 305]);
    // standing still
    expect(ids(await near('route?waypoints=[(38.86,-77.05),(38.86,-77.05)]&buffer=500'))).toEqual([301]);
  });

  it('find junctions in an area, its edge included, over the antimeridian and in any winding', async () => {
    const square = '[(38.85,-77.1),(38.85,-77.0),(38.88,-77.0),(38.88,-77.1)]';
    expect(ids(await near(`area?polygon=${square}`))).toEqual([301, 302]);
    const turned = '[(38.88,-77.1),(38.88,-77.0),(38.85,-77.0),(38.85,-77.1)]';
    expect(ids(await near(`area?polygon=${turned}`))).toEqual([301, 302]);
    expect(ids(await near('area?polygon=[(38.86,-77.05),(38.9,-77.05),(38.9,-77.0)]'))).toEqual([301]);
    expect(ids(await near('area?polygon=[(-17,179.9),(-17,-179.9),(-16,-179.9),(-16,179.9)]'))).toEqual([304, 305]);
    // closed already, and a corner given twice
    expect(ids(await near(`area?polygon=${square.replace(']', ',(38.88,-77.1),(38.85,-77.1)]')}`))).toEqual([301, 302]);
    // crossing itself
    expect(await near('area?polygon=[(0,0),(1,1),(1,0),(0,1)]')).toEqual([]);
  });

  describe('with the database away', () => {
    const asked = [
      '/api/v1/safety/index',
      '/api/v1/safety/history/301?days=2.9&aggregation=minute',
      '/api/v1/safety/history/302?days=7&aggregation=hour',
      '/api/v1/safety/history/301?days=7&aggregation=day',
      '/api/v1/safety/history/301/stats?days=7',
      `/api/v1/safety/history/${junctions[1]?.junctionId}/stats?days=100`,
    ];
    // The span of "days" ends now, which differs from question to question.
    const plain = (text: object): object =>
      JSON.parse(JSON.stringify(text), (key, value) =>
        key === 'start' || key === 'end'
          ? undefined
          : typeof value === 'number'
            ? Number(value.toPrecision(10))
            : value,
      );

    it('come from the archive, say so, are the same, and come from the database again', async () => {
      const before = new Map<string, object>();
      for (const path of asked) before.set(path, plain(await get(path)));
      expect(JSON.stringify([...before.values()])).not.toContain('"archive"');
      await opened.database.down();
      try {
        // the first question finds out
        for (const path of asked) {
          const answer = plain(await get(path));
          expect(JSON.stringify(answer)).toContain('"source":"archive"');
          expect([path, JSON.parse(JSON.stringify(answer).replaceAll('"archive"', '"database"'))]).toEqual([
            path,
            before.get(path),
          ]);
        }
        expect(await get('/api/v1/safety/history/999', 503)).toMatchObject({ code: 'database_unavailable' });
        expect(await near('nearby?lat=38.86&lon=-77.05', 503)).toMatchObject({ code: 'database_unavailable' });
      } finally {
        await opened.database.up();
      }
      await expect.poll(async () => (await store.health()).status, { timeout: 30_000 }).toBe('ok');
      for (const path of asked) expect(plain(await get(path))).toEqual(before.get(path));
    }, 60_000);
  });
}

describe('the routes of safety on PGlite', () =>
  behaviour(async () => ({ database: embeddedSwitch(), end: async () => {} })));

describe.skipIf(serverUrl === '')(
  'the routes of safety on PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () =>
    behaviour(async () => {
      const { url, drop } = await makeServerDatabase();
      const wire = new Wire(url);
      await wire.up();
      return {
        databaseUrl: wire.url,
        database: { open: openDatabase, down: () => wire.down(), up: () => wire.up() },
        async end() {
          await wire.down();
          await drop();
        },
      };
    }),
);
