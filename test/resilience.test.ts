import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Health, RunDetail, RunSummary } from '../api/types.ts';
import { endAll, flextraff, type RunningTwin, startTwin, until } from './support/command.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-resilience-'));
});

afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

async function get<T>(twin: RunningTwin, path: string): Promise<T> {
  const answer = await fetch(twin.url + path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

const runsOf = async (twin: RunningTwin): Promise<RunSummary[]> => {
  const answer = await get<RunSummary[] | { runs: RunSummary[] }>(twin, '/api/v1/runs');
  return Array.isArray(answer) ? answer : answer.runs;
};

const storeIsUp = (twin: RunningTwin) =>
  until(async () => {
    const answer = await fetch(`${twin.url}/health`);
    const health = (await answer.json()) as Health;
    return health.checks.database?.status === 'ok' || health.checks.store?.status === 'ok';
  });

describe('kill -9 in the middle of a run', () => {
  it('loses nothing acknowledged, and says after the next start what was interrupted', async () => {
    const first = await startTwin(['--pace', '20'], { FLEXTRAFF_DATA: folder });
    const begun = await until(async () => (await runsOf(first)).find((run) => run.simulatedSeconds > 30));
    await storeIsUp(first);
    expect(begun.status).toBe('running');
    await first.end('SIGKILL');

    const second = await startTwin([], { FLEXTRAFF_DATA: folder });
    const found = await until(async () =>
      (await runsOf(second)).find((run) => run.id === begun.id && run.status !== 'running'),
    );
    expect(found.status).toBe('interrupted');
    expect(found.statusDetail).toBeTruthy();
    expect(found).toMatchObject({ seed: begun.seed, scenario: begun.scenario, startedAt: begun.startedAt });
    const detail = await get<RunDetail>(second, `/api/v1/runs/${begun.id}`);
    expect(detail.status).toBe('interrupted');
    if (found.replayable) expect(found.simulatedSeconds).toBeGreaterThan(0);
    expect(await second.end('SIGTERM'), second.output()).toBe(0);
  });
});

describe('an ordinary stop', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends with 0 within 5 s, and the history is there after the next start',
    async (signal) => {
      const first = await startTwin([], { FLEXTRAFF_DATA: folder });
      const begun = await until(async () => (await runsOf(first))[0]);
      expect(await first.end(signal), first.output()).toBe(0);
      const second = await startTwin([], { FLEXTRAFF_DATA: folder });
      await until(async () => (await runsOf(second)).find((run) => run.id === begun.id));
      expect(await second.end(signal), second.output()).toBe(0);
    },
  );
});

describe('what a twin is told at the start', () => {
  const start = (environment: Record<string, string>, ...args: string[]) =>
    flextraff(['twin', ...args], { PORT: '0', FLEXTRAFF_DATA: folder, ...environment });

  it('that the port is in use', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const { code, stderr } = await start({ PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(String(port));
    expect(stderr).toMatch(/in use/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('that the data directory is in use', async () => {
    const first = await startTwin([], { FLEXTRAFF_DATA: folder });
    const { code, stderr } = await start({});
    expect(code).toBe(1);
    expect(stderr).toContain(folder);
    expect(stderr).toContain(String(first.pid));
    expect(stderr).not.toMatch(/^\s+at /m);
    expect((await runsOf(first)).length).toBeGreaterThan(0);
  });

  it('that the database cannot be reached, without its password', async () => {
    const { code, stderr } = await start({ DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:9/nowhere' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/127\.0\.0\.1:9/);
    expect(stderr).toMatch(/DATABASE_URL/);
    expect(stderr).not.toMatch(/hunter2|^\s+at /m);
  });

  it('that the broker cannot be reached', async () => {
    const { code, stderr } = await start({}, '--broker', 'mqtt://127.0.0.1:9');
    expect(code).toBe(1);
    expect(stderr).toMatch(/mqtt:\/\/127\.0\.0\.1:9/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['an unknown scenario', {}, ['no-such-scenario'], /no-such-scenario/],
    [
      'a wrong setting',
      { FLEXTRAFF_THREADS: 'many' },
      [],
      /FLEXTRAFF_THREADS is "many"; allowed is a whole number from 1 to 64/,
    ],
    ['a wrong option', {}, ['--pace', 'fast'], /--pace/],
  ])('that it refuses %s', async (_what, environment, args, message) => {
    const { code, stderr } = await start(environment as Record<string, string>, ...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

describe('a malformed message on a topic', () => {
  it('is survived: the run goes on', async () => {
    const twin = await startTwin(['--pace', '20'], { FLEXTRAFF_DATA: folder });
    const begun = await until(async () => (await runsOf(twin)).find((run) => run.simulatedSeconds > 5));
    expect(twin.brokerUrl).not.toBeNull();
    const client = await mqtt.connectAsync(twin.brokerUrl!, { protocolVersion: 4 });
    const topics = new Set<string>();
    client.on('message', (topic) => topics.add(topic));
    await client.subscribeAsync('flextraff-sim/#', { qos: 0 });
    await until(() => topics.size > 4);
    for (const topic of [...topics, 'flextraff-sim/x/y/z/green-time', 'flextraff/nonsense'])
      for (const payload of ['', '{', 'null', '[]', '{"junction_id":17}', '\u0000\u0001', 'x'.repeat(100_000)])
        await client.publishAsync(topic, payload, { qos: 1 });
    await client.endAsync();
    const later = await until(async () =>
      (await runsOf(twin)).find((run) => run.id === begun.id && run.simulatedSeconds > begun.simulatedSeconds + 20),
    );
    expect(later.status).toBe('running');
    expect(await twin.end('SIGTERM'), twin.output()).toBe(0);
  });
});
