import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { RunDetail } from '../runs/twin-types.ts';
import { type DatabaseStore, openStore } from './database/store.ts';
import { apiRoutes } from './http/app.ts';
import {
  alertSchema,
  comparisonSchema,
  cycleSchema,
  decisionSchema,
  errorSchema,
  frameSchema,
  healthSchema,
  junctionDetailSchema,
  junctionSchema,
  runDetailSchema,
  runSchema,
  scenarioSchema,
  seriesPointSchema,
  systemInfoSchema,
} from './http/schemas.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';
import { MemoryTwin, makeConfiguration, makeCycle, makeDecision, makeRun, silent } from './testing.ts';
import type { ClientEvents, ErrorBody, ServerEvents } from './types.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-api-'));
const pageDirectory = join(directory, 'page');
const twin = new MemoryTwin();
let store: DatabaseStore;
let server: RunningServer;
let base: string;
let broker: { status: 'ok' | 'starting' | 'failed'; detail: string } = { status: 'ok', detail: 'connected' };

const options = (changes: Partial<ServerOptions> = {}): ServerOptions => ({
  twin,
  store,
  host: '127.0.0.1',
  port: 0,
  brokerStatus: () => broker,
  version: '1.2.3',
  pageDirectory,
  logger: silent,
  ...changes,
});

beforeAll(async () => {
  mkdirSync(join(pageDirectory, 'assets'), { recursive: true });
  writeFileSync(join(pageDirectory, 'index.html'), '<!doctype html><title>twin</title>');
  writeFileSync(join(pageDirectory, 'assets', 'index-3f2a.js'), 'export {};');
  store = openStore({ dataDirectory: join(directory, 'data') });
  server = await startServer(options());
  base = `http://127.0.0.1:${server.port}`;
});

afterAll(async () => {
  await server.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(base + path, { headers });
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

async function read<T>(response: Response | Promise<Response>, status: number, schema: z.ZodType<T>): Promise<T> {
  const answer = await response;
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  return schema.parse(JSON.parse(text));
}

const refused = (response: Promise<Response>, status: number): Promise<ErrorBody> =>
  read(response, status, errorSchema);
const startRun = () => read(post('/api/v1/runs', { scenario: 'mumbai-four-way', seed: 7 }), 201, runSchema);

/** fetch does not let the Host header be chosen. */
function askAs(
  host: string,
  path = '/health',
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(base + path, { method, headers: { Host: host, ...headers } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject).end();
  });
}

describe('health', () => {
  it('answers while the database starts, and says ok once it asked it', async () => {
    const first = await read(get('/health'), 200, healthSchema);
    expect(['starting', 'ok']).toContain(first.checks.database?.status);
    await store.ready;
    const health = await read(get('/health'), 200, healthSchema);
    expect(health.status).toBe('ok');
    expect(health.version).toBe('1.2.3');
    expect(Object.keys(health.checks).sort()).toEqual(['broker', 'database', 'disk', 'twin']);
    expect(health.checks.database?.detail).toContain('PGlite');
  });

  it('is 503 and says what failed', async () => {
    broker = { status: 'failed', detail: 'no connection to mqtt://broker:1883' };
    const health = await read(get('/health'), 503, healthSchema);
    expect(health.status).toBe('degraded');
    expect(health.checks.broker).toMatchObject({ status: 'failed', detail: 'no connection to mqtt://broker:1883' });
    broker = { status: 'ok', detail: 'connected' };
  });

  it('counts a check that throws as failed, with its reason', async () => {
    const other = await startServer(
      options({ checks: { workers: () => Promise.reject(new Error('thread 2 is gone')) } }),
    );
    const health = await read(fetch(`http://127.0.0.1:${other.port}/health`), 503, healthSchema);
    expect(health.checks.workers).toMatchObject({ status: 'failed', detail: 'thread 2 is gone' });
    await other.close();
  });

  it('says what runs here', async () => {
    const info = await read(get('/system/info'), 200, systemInfoSchema);
    expect(info.nodeVersion).toBe(process.version);
    expect(info.database.status).toBe('ok');
  });
});

describe('the front door', () => {
  it('gives programs a message and browsers the page', async () => {
    const program = await get('/');
    expect(await program.json()).toMatchObject({ status: 'online', message: 'FlexTraff Twin API v1.2.3' });
    const browser = await get('/', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(browser.headers.get('content-type')).toContain('text/html');
    expect(browser.headers.get('cache-control')).toBe('no-cache');
    expect(await browser.text()).toContain('<title>twin</title>');
  });

  it('gives the page at addresses that only the page knows', async () => {
    const response = await get('/runs/some-run', { Accept: 'text/html' });
    expect(await response.text()).toContain('<title>twin</title>');
  });

  it('lets browsers keep hashed files for good, and misses are JSON', async () => {
    const script = await get('/assets/index-3f2a.js');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
    await refused(get('/assets/index-0000.js', { Accept: 'text/html' }), 404);
  });

  it('says so when the page has not been built', async () => {
    const other = await startServer(options({ pageDirectory: join(directory, 'nowhere') }));
    const body = await refused(fetch(`http://127.0.0.1:${other.port}/`, { headers: { Accept: 'text/html' } }), 503);
    expect(body.code).toBe('page_missing');
    await other.close();
  });

  it('loads nothing from elsewhere', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("worker-src 'self' blob:");
    expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe/);
    const docs = await (await get('/docs')).text();
    for (const [, address] of docs.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(address).toMatch(/^\/docs\//);
      expect((await get(address as string)).status).toBe(200);
    }
  });

  it('numbers requests', async () => {
    expect((await get('/', { 'X-Request-Id': 'abc-1' })).headers.get('x-request-id')).toBe('abc-1');
    expect((await get('/', { 'X-Request-Id': 'no good\u00e9' })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});

describe('errors', () => {
  it('are JSON with message, code and hint, whatever went wrong', async () => {
    const missing = await refused(get('/api/v1/nothing'), 404);
    expect(missing).toMatchObject({ code: 'not_found', detail: missing.message });
    expect((await refused(post('/api/v1/runs', '{"scenario":'), 400)).code).toBe('invalid_json');
    expect((await refused(post('/api/v1/runs', { scenario: 'x'.repeat(100_000), seed: 1 }), 413)).code).toBe(
      'too_large',
    );
    expect((await refused(post('/api/v1/runs', 'a=b', { 'Content-Type': 'text/plain' }), 415)).code).toBe(
      'unsupported_media_type',
    );
    expect((await refused(post('/api/v1/runs'), 422)).code).toBe('validation_failed');
    const method = await fetch(`${base}/api/v1/runs`, { method: 'DELETE' });
    expect(method.headers.get('allow')).toBe('POST, GET');
    expect((await refused(Promise.resolve(method), 405)).code).toBe('method_not_allowed');
    expect((await refused(get('/api/v1/runs/%E0%A4%A'), 400)).code).toBe('bad_request');
  });

  it('name the field', async () => {
    expect(await refused(post('/api/v1/runs', { scenario: 'mumbai-four-way' }), 422)).toMatchObject({ field: 'seed' });
    expect(await refused(post('/api/v1/runs', { scenario: 'mumbai-four-way', seed: -1 }), 422)).toMatchObject({
      field: 'seed',
    });
    expect(
      await refused(post('/api/v1/runs', { scenario: 'mumbai-four-way', seed: 1, pace: 'fast' }), 422),
    ).toMatchObject({ field: 'pace' });
    expect(await refused(post('/api/v1/runs', { scenario: 'mumbai-four-way', seed: 1, speed: 3 }), 422)).toMatchObject({
      field: 'speed',
    });
    expect(await refused(get('/api/v1/runs?limit=0'), 422)).toMatchObject({ field: 'limit' });
    expect(await refused(get('/api/v1/runs/not-a-uuid'), 422)).toMatchObject({ field: 'id' });
    expect(await refused(get(`/api/v1/runs/${v7()}/frames?from=10&to=71`), 422)).toMatchObject({ field: 'to' });
  });

  it('of the twin keep their status and field', async () => {
    expect(await refused(post('/api/v1/runs', { scenario: 'nowhere', seed: 1 }), 404)).toMatchObject({
      code: 'scenario_not_found',
      field: 'scenario',
    });
  });

  it('nobody foresaw tell no internals', async () => {
    const broken = new MemoryTwin();
    broken.runs = () => Promise.reject(new Error('secret path /etc/x'));
    const other = await startServer(options({ twin: broken }));
    const body = await refused(fetch(`http://127.0.0.1:${other.port}/api/v1/runs`), 500);
    expect(JSON.stringify(body)).not.toContain('secret');
    await other.close();
  });

  it('slow down whoever asks without end', async () => {
    const other = await startServer(options({ requestsPerMinute: 3 }));
    const address = `http://127.0.0.1:${other.port}/api/v1/scenarios`;
    for (let i = 0; i < 3; i++) expect((await fetch(address)).status).toBe(200);
    const response = await fetch(address);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await refused(Promise.resolve(response), 429)).code).toBe('too_many_requests');
    await other.close();
  });
});

describe('hosts and origins', () => {
  it('passes its own names and addresses', async () => {
    for (const host of [`localhost:${server.port}`, `127.0.0.1:${server.port}`, '[::1]', '192.0.2.7:8080'])
      expect((await askAs(host)).status).toBe(200);
  });

  it('refuses other names, as JSON', async () => {
    for (const host of ['evil.example', 'localhost.evil.example:8080', 'user@localhost']) {
      const answer = await askAs(host);
      expect(answer.status).toBe(403);
      expect(errorSchema.parse(JSON.parse(answer.body)).code).toBe('host_not_allowed');
    }
  });

  it('passes names that were allowed', async () => {
    const other = await startServer(options({ allowedHosts: ['Twin.example.org'] }));
    const own = base;
    base = `http://127.0.0.1:${other.port}`;
    expect((await askAs('twin.example.org')).status).toBe(200);
    base = own;
    await other.close();
  });

  it('lets pages from elsewhere change nothing', async () => {
    const path = `/api/v1/runs/${v7()}/stop`;
    for (const origin of ['http://evil.example', 'null', 'http://203.0.113.5']) {
      expect((await askAs('localhost', path, { Origin: origin }, 'POST')).status).toBe(403);
    }
    expect((await askAs('localhost', path, { Origin: 'http://localhost:5173' }, 'POST')).status).toBe(404);
  });
});

describe('runs', () => {
  it('start, are listed, shown and stopped', async () => {
    const response = await post('/api/v1/runs', { scenario: 'mumbai-four-way', seed: 11, pace: 2 });
    const location = response.headers.get('location');
    const run = await read(response, 201, runSchema);
    expect(location).toBe(`/api/v1/runs/${run.id}`);
    expect(run).toMatchObject({ seed: 11, pace: 2, status: 'running' });
    const [newest] = await read(get('/api/v1/runs?limit=1'), 200, runSchema.array());
    expect(newest?.id).toBe(run.id);
    expect((await read(get(location as string), 200, runDetailSchema)).drawing.bounds.maxX).toBe(1);
    expect((await read(post(`${location}/stop`), 200, runSchema)).status).toBe('stopped');
    expect((await refused(post(`${location}/stop`), 409)).code).toBe('run_not_running');
    await refused(get(`/api/v1/runs/${v7()}`), 404);
  });

  it('give frames of the seconds asked for', async () => {
    const run = await startRun();
    const frames = (await (await get(`/api/v1/runs/${run.id}/frames?from=5&to=8`)).json()) as Record<string, unknown[]>;
    expect(
      frameSchema
        .array()
        .parse(frames.baseline)
        .map((frame) => frame.second),
    ).toEqual([5, 6, 7]);
  });

  it('give series and decisions as JSON or CSV', async () => {
    const run = await startRun();
    const row = makeRun({ id: run.id });
    twin.points.set(run.id, [
      { second: 10, variant: 'baseline', delaySeconds: 1.5, queued: 2, stopsPerVehicle: 0.25, running: 3, arrived: 4 },
    ]);
    const { runId: _, ...decision } = makeDecision(row, makeConfiguration().junctionId, { reason: '=1+1, or "so"' });
    twin.taken.set(run.id, [decision]);
    expect(await read(get(`/api/v1/runs/${run.id}/series`), 200, seriesPointSchema.array())).toEqual(
      twin.points.get(run.id),
    );
    expect(await read(get(`/api/v1/runs/${run.id}/decisions`), 200, decisionSchema.array())).toEqual([decision]);
    const csv = 'second,variant,delaySeconds,queued,stopsPerVehicle,running,arrived\r\n10,baseline,1.5,2,0.25,3,4\r\n';
    expect(await (await get(`/api/v1/runs/${run.id}/series?format=csv`)).text()).toBe(csv);
    const accepted = await get(`/api/v1/runs/${run.id}/series`, { Accept: 'text/csv' });
    expect(accepted.headers.get('content-type')).toContain('text/csv');
    expect(await accepted.text()).toBe(csv);
    expect(await (await get(`/api/v1/runs/${run.id}/decisions?format=csv`)).text()).toContain(`"'=1+1, or ""so"""`);
  });

  it('are compared once some finished', async () => {
    await refused(get('/api/v1/comparisons/nowhere'), 404);
    expect((await refused(get('/api/v1/comparisons/mumbai-four-way'), 404)).code).toBe('nothing_to_compare');
    const difference = { n: 1, mean: -3.5 };
    twin.comparisonAnswer = {
      scenario: 'mumbai-four-way',
      baseline: 'baseline',
      adaptive: 'adaptive',
      seeds: [7],
      delaySeconds: difference,
      stopsPerVehicle: difference,
      co2Kilograms: difference,
      throughputPerHour: difference,
    };
    expect((await read(get('/api/v1/comparisons/mumbai-four-way'), 200, comparisonSchema)).delaySeconds.mean).toBe(
      -3.5,
    );
  });

  it('have scenarios, and alerts', async () => {
    expect(
      (await read(get('/api/v1/scenarios'), 200, scenarioSchema.array())).map((scenario) => scenario.name),
    ).toEqual(['mumbai-four-way']);
    expect((await read(get('/api/v1/scenarios/mumbai-four-way'), 200, scenarioSchema)).seeds).toEqual([1, 2]);
    expect((await refused(get('/api/v1/scenarios/nowhere'), 404)).hint).toContain('mumbai-four-way');
    twin.raised.push({ id: '1', at: '2026-02-10T09:00:00.000Z', level: 'warning', message: 'reader N is silent' });
    expect(await read(get('/api/v1/alerts'), 200, alertSchema.array())).toEqual(twin.raised);
  });
});

describe('junctions', () => {
  it('come from the store, under both paths, with lanes and cycles', async () => {
    const configuration = makeConfiguration();
    const run = makeRun();
    store.writeJunctions(null, [configuration]);
    store.writeRun(run);
    store.writeCycles([
      makeCycle(configuration),
      makeCycle(configuration, { runId: run.id, variant: 'adaptive', cycleNumber: 9 }),
    ]);
    for (const path of ['/api/v1/junctions', '/api/junctions']) {
      const junctions = await read(get(path), 200, junctionSchema.array());
      expect(junctions.map((junction) => junction.junction_id)).toContain(configuration.junctionId);
      const detail = await read(get(`${path}/${configuration.junctionId}`), 200, junctionDetailSchema);
      expect(detail.lanes.map((lane) => [lane.lane_index, lane.lane_name, lane.direction_enum])).toEqual([
        [1, 'North', 'N'],
        [2, 'South', 'S'],
        [3, 'East', 'E'],
        [4, 'West', 'W'],
      ]);
      expect(detail.configuration).toEqual(configuration);
      expect(await read(get(`${path}/${configuration.junctionId}/cycles`), 200, cycleSchema.array())).toHaveLength(2);
      const [cycle, ...others] = await read(
        get(`${path}/${configuration.junctionId}/cycles?run=${run.id}&variant=adaptive`),
        200,
        cycleSchema.array(),
      );
      expect(others).toEqual([]);
      expect(cycle).toMatchObject({ cycle_number: 9, run_id: run.id, total_cycle_time: 60 });
      expect(cycle?.lanes.map((lane) => lane.green_time)).toEqual([10.5, 11.5, 12.5, 13.5]);
      expect(cycle?.lanes[1]?.epc_ids[0]).toMatch(/^[0-9a-f]{32}$/);
      await refused(get(`${path}/${v7()}`), 404);
      await refused(get(`${path}/${v7()}/cycles`), 404);
    }
  });
});

describe('the document', () => {
  interface Operation {
    operationId: string;
    summary: string;
    parameters?: { name: string; in: string }[];
    responses: Record<string, unknown>;
  }
  type Document = {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, unknown> };
  };
  const load = async (): Promise<Document> => (await get('/openapi.json')).json() as Promise<Document>;
  const context = () => ({ ...options(), startedAtMs: 0, checks: {} });

  it('has every route, and every operation in it is served', async () => {
    const document = await load();
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(documented.sort()).toEqual(
      apiRoutes(context())
        .map((entry) => `${entry.method} ${entry.path}`)
        .sort(),
    );
    for (const [path, operations] of Object.entries(document.paths)) {
      const address = path
        .replace('{name}', 'mumbai-four-way')
        .replace('{scenario}', 'mumbai-four-way')
        .replace('{id}', v7());
      for (const method of Object.keys(operations)) {
        const response = await fetch(base + address, { method: method.toUpperCase() });
        const body = (await response.json()) as Partial<ErrorBody>;
        expect(['not_found', 'method_not_allowed'], `${method} ${path}`).not.toContain(body.code);
      }
    }
  });

  it('names path parameters as the paths do, and refers only to schemas that are there', async () => {
    const document = await load();
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const operation of Object.values(operations)) {
        const named = (operation.parameters ?? [])
          .filter((parameter) => parameter.in === 'path')
          .map((parameter) => parameter.name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      }
    }
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
    expect(JSON.stringify(document)).not.toMatch(/\$defs|"\$id"/);
    expect(document.components.schemas.RunRequest).toMatchObject({
      properties: { seed: { description: expect.stringContaining('Same scenario and seed') } },
    });
  });
});

describe('the socket', () => {
  type Client = Socket<ServerEvents, ClientEvents>;
  const connect = (extra: Record<string, unknown> = {}): Promise<Client> =>
    new Promise((resolve, reject) => {
      const socket: Client = io(base, { transports: ['websocket'], reconnection: false, forceNew: true, ...extra });
      socket.once('connect', () => resolve(socket));
      socket.once('connect_error', (error) => {
        socket.close();
        reject(error);
      });
    });
  const next = <E extends keyof ServerEvents>(socket: Client, event: E): Promise<Parameters<ServerEvents[E]>> =>
    new Promise((resolve) =>
      socket.once(event, ((...values: Parameters<ServerEvents[E]>) => resolve(values)) as never),
    );
  const ask = (
    socket: Client,
    event: string,
    ...values: unknown[]
  ): Promise<{ ok: boolean; value?: unknown; error?: ErrorBody }> =>
    (socket as unknown as { emitWithAck(event: string, ...values: unknown[]): Promise<{ ok: boolean }> }).emitWithAck(
      event,
      ...values,
    );
  /** Without asking for an answer. */
  const say = (socket: Client, event: string, ...values: unknown[]): void => {
    (socket as unknown as { emit(event: string, ...values: unknown[]): void }).emit(event, ...values);
  };

  it('tells everybody of runs and alerts, and those who watch a run of what happens in it', async () => {
    const [watcher, other] = [await connect(), await connect()];
    const started = Promise.all([next(watcher, 'run'), next(other, 'run')]);
    const run = await startRun();
    for (const [told] of await started) expect(told).toEqual(run);

    const answer = await ask(watcher, 'watch', run.id);
    expect(answer.ok).toBe(true);
    const { series, decisions, ...detail } = answer.value as RunDetail & { series: unknown[]; decisions: unknown[] };
    expect(runDetailSchema.parse(detail).id).toBe(run.id);
    expect([series, decisions]).toEqual([[], []]);

    const heard: string[] = [];
    other.onAny((event: string) => heard.push(event));
    const point = {
      second: 1,
      variant: 'baseline',
      delaySeconds: 0,
      queued: 0,
      stopsPerVehicle: 0,
      running: 1,
      arrived: 0,
    };
    const pushed = next(watcher, 'series');
    twin.events.emit('series', run.id, [point]);
    expect(await pushed).toEqual([run.id, [point]]);
    const alerts = Promise.all([next(watcher, 'alert'), next(other, 'alert')]);
    const alert = { id: '2', at: '2026-02-10T09:00:00.000Z', level: 'info' as const, message: 'reader N is back' };
    twin.events.emit('alert', alert);
    for (const [told] of await alerts) expect(told).toEqual(alert);
    expect(heard).toEqual(['alert']);
    watcher.close();
    other.close();
  });

  it('watches one run at a time', async () => {
    const socket = await connect();
    const [first, second] = [await startRun(), await startRun()];
    await ask(socket, 'watch', first.id);
    await ask(socket, 'watch', second.id);
    const pushed = next(socket, 'decisions');
    twin.events.emit('decisions', first.id, []);
    twin.events.emit('decisions', second.id, []);
    expect((await pushed)[0]).toBe(second.id);
    socket.close();
  });

  it('gives frames', async () => {
    const socket = await connect();
    const run = await startRun();
    const answer = await ask(socket, 'frames', run.id, 0, 60);
    expect((answer.value as Record<string, unknown[]>).adaptive).toHaveLength(60);
    socket.close();
  });

  it('answers bad events with an error that says what is wrong', async () => {
    const socket = await connect();
    const run = await startRun();
    expect((await ask(socket, 'watch', 'x')).error?.code).toBe('validation_failed');
    expect((await ask(socket, 'watch')).error?.code).toBe('validation_failed');
    expect((await ask(socket, 'watch', v7())).error?.code).toBe('run_not_found');
    expect((await ask(socket, 'frames', run.id, 0, 61)).error?.message).toContain('at most 60');
    expect((await ask(socket, 'frames', run.id, 5, 5)).error?.code).toBe('validation_failed');
    expect((await ask(socket, 'toString', run.id)).error?.code).toBe('unknown_event');
    expect((await ask(socket, 'drop tables')).error?.hint).toContain('watch, frames');
    say(socket, 'watch', run.id);
    expect((await ask(socket, 'frames', run.id, 0, 1)).ok).toBe(true);
    socket.close();
  });

  it('bounds what a client may ask in a second', async () => {
    const socket = await connect();
    const run = await startRun();
    const answers = await Promise.all(Array.from({ length: 150 }, () => ask(socket, 'frames', run.id, 0, 1)));
    expect(answers.some((answer) => answer.error?.code === 'too_many_requests')).toBe(true);
    expect(answers[0]?.ok).toBe(true);
    socket.close();
  });

  it('hangs up on messages that are too large', async () => {
    const socket = await connect();
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    say(socket, 'watch', 'x'.repeat(100_000));
    await gone;
    socket.close();
  });

  it('opens for websocket only, and not for pages from elsewhere', async () => {
    expect((await get('/socket.io/?EIO=4&transport=polling')).status).toBe(400);
    await expect(connect({ extraHeaders: { Origin: 'http://evil.example' } })).rejects.toThrow();
    await expect(connect({ extraHeaders: { Host: 'evil.example' } })).rejects.toThrow();
  });
});
