import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { strategyNamed } from '../controller/strategies/index.ts';
import { SHIPPED_SCENARIOS } from '../scenarios/list.ts';
import { type Broker, startBroker } from '../feeds/broker.ts';
import type { Decider } from './controller-port.ts';
import { openDecider } from './controllers.ts';
import { runVariants } from './runner.ts';
import { openSource } from './source.ts';
import { type MemoryStore, memoryStore, testDecider } from './testing.ts';
import { createTwin, type TwinOptions } from './twin.ts';
import type { Alert, DecisionRecord, RunSummary, SeriesPoint, Twin } from './twin-types.ts';
import type { RunResult } from './types.ts';

let broker: Broker;
let decider: Decider;
let data: string;
let scenarios: string;
let store: MemoryStore;
const twins: Twin[] = [];

beforeAll(async () => {
  broker = await startBroker({ port: 0 });
  decider = await openDecider('inprocess');
});
afterAll(() => broker.close());

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'flextraff-twin-'));
  scenarios = join(data, 'scenarios');
  mkdirSync(scenarios);
  const text = readFileSync(join(SHIPPED_SCENARIOS, 't-junction.yaml'), 'utf8');
  writeFileSync(
    join(scenarios, 'short.yaml'),
    text.replace(/^durationSeconds: .*$/m, 'durationSeconds: 200').replace(/^warmUpSeconds: .*$/m, 'warmUpSeconds: 0'),
  );
  store = memoryStore();
});
afterEach(async () => {
  for (const twin of twins.splice(0)) await twin.close();
  rmSync(data, { recursive: true, force: true });
});

async function open(options: Partial<TwinOptions> = {}): Promise<Twin> {
  const twin = await createTwin({
    store,
    broker: broker.url,
    dataDirectory: data,
    scenariosDirectories: [scenarios],
    threads: 1,
    decider,
    ...options,
  });
  twins.push(twin);
  return twin;
}

function ended(twin: Twin, runId: string): Promise<RunSummary> {
  return new Promise((resolve) => {
    twin.on('run', (run) => {
      if (run.id === runId && run.status !== 'running') resolve(run);
    });
  });
}

describe('a run of the twin', () => {
  it('draws the stages of every variant, also where only one has all conflict-free ones', async () => {
    const file = join(scenarios, 'short.yaml');
    const all = '{ name: all, strategy: horizon, parameters: { stageSet: all, work: 4000 } }';
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n  - ${all}\n`);
    const twin = await open();
    const { id } = await twin.start({ scenario: 'short', seed: 1 });
    await ended(twin, id);
    const ids = (await twin.run(id)).drawing.junctions[0]!.stages.map((stage) => stage.id);
    expect(ids.slice(0, 3)).toEqual(['main', 'into-side', 'out-of-side']);
    expect(ids).toContain('S-right+E-straight+W-straight+W-right');
  });

  it('is recorded before it is acknowledged, and kept with everything when it has finished', async () => {
    const twin = await open();
    const told = {
      runs: [] as RunSummary[],
      series: [] as SeriesPoint[],
      decisions: [] as DecisionRecord[],
      results: [] as RunResult[],
    };
    twin.on('run', (run) => void told.runs.push(run));
    twin.on('series', (_id, points) => void told.series.push(...points));
    twin.on('decisions', (_id, decisions) => void told.decisions.push(...decisions));
    twin.on('result', (_id, result) => void told.results.push(result));

    const started = await twin.start({ scenario: 'short', seed: 7 });
    expect(started).toMatchObject({
      scenario: 'short',
      seed: 7,
      status: 'running',
      pace: 'max',
      durationSeconds: 200,
      replayable: true,
    });
    expect(JSON.parse(readFileSync(join(data, 'recordings', started.id, 'run.json'), 'utf8'))).toMatchObject({
      id: started.id,
      status: 'running',
    });
    expect(store.rows.get(started.id)).toMatchObject({ status: 'running' });

    const done = await ended(twin, started.id);
    expect(done).toMatchObject({ status: 'finished', simulatedSeconds: 200, statusDetail: null, replayable: true });

    const alone = await runVariants({ source: await openSource(join(scenarios, 'short.yaml')), seed: 7 });
    const detail = await twin.run(started.id);
    expect(detail.result!.variants).toEqual(alone.variants);
    expect(told.results[0]).toEqual(detail.result);
    expect(detail.drawing.lanes.length).toBeGreaterThan(3);
    expect(store.rows.get(started.id)!.result!.variants).toEqual(alone.variants);

    const series = await twin.series(started.id);
    expect(series).toEqual(told.series);
    expect(series.filter((point) => point.variant === 'baseline').map((point) => point.second)).toEqual(
      Array.from({ length: 20 }, (_, i) => 10 * (i + 1)),
    );
    expect(store.seriesRows).toHaveLength(40);

    const decisions = await twin.decisions(started.id);
    expect(decisions.length).toBeGreaterThan(2);
    expect(decisions.some((decision) => decision.acknowledged?.result === 'applied')).toBe(true);
    expect(decisions[0]!.stages.length).toBeGreaterThan(0);
    expect([...store.decisionRows.values()].filter((row) => row.acknowledged !== null).length).toBeGreaterThan(0);
    expect(store.cycles.length).toBeGreaterThan(2);
    expect(new Set(store.cycles.map((cycle) => cycle.variant))).toEqual(new Set(['baseline', 'adaptive']));

    const frames = await twin.frames(started.id, 100, 130);
    expect(frames.baseline!.map((frame) => frame.second)).toEqual(Array.from({ length: 30 }, (_, i) => 100 + i));
    expect(frames.adaptive![0]!.lamps[0]).toMatch(/^[ragufd]+$/);
    const last = (await twin.frames(started.id, 200, 201)).adaptive![0]!;
    expect(last.counters.arrived).toBe(alone.variants.adaptive!.vehicles.arrived);

    const file = join(data, 'recordings', started.id, 'baseline.frames');
    expect(store.records.recordings).toMatchObject([
      { variant: 'adaptive', fromSecond: 0, toSecond: 201, frameCount: 201 },
      {
        runId: started.id,
        variant: 'baseline',
        location: `recordings/${started.id}/baseline.frames`,
        formatVersion: 1,
        bytes: statSync(file).size,
        sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
        deletedAtMs: null,
      },
    ]);
  });

  it('can be watched while it goes on: frames up to now, newest run first', async () => {
    const twin = await open({ decider: testDecider() });
    const { id } = await twin.start({ scenario: 'short', seed: 1, pace: 100 });
    const seen = await new Promise<RunSummary>((resolve) =>
      twin.on('run', (run) => void (run.simulatedSeconds > 30 && resolve(run))),
    );
    const frames = await twin.frames(id, 0, 60);
    expect(frames.baseline![0]!.second).toBe(0);
    expect(frames.baseline!.length).toBeGreaterThan(30);
    expect(frames.baseline!.length).toBe(frames.adaptive!.length);
    expect(seen.status).toBe('running');
    const second = await twin.start({ scenario: 'short', seed: 2, pace: 100 });
    expect((await twin.runs(10)).map((run) => run.id)).toEqual([second.id, id]);
    expect((await twin.run(id)).result).toBeNull();
  });

  it('can be stopped, and says where', async () => {
    const twin = await open({ decider: testDecider() });
    const { id } = await twin.start({ scenario: 'short', seed: 1, pace: 50 });
    const stopped = await twin.stop(id);
    expect(stopped.status).toBe('stopped');
    expect(stopped.statusDetail).toMatch(/^stopped at 00:00:\d\d of 00:03:20$/);
    await expect(twin.stop(id)).rejects.toMatchObject({ code: 'run_not_running', status: 409 });
    expect(store.rows.get(id)).toMatchObject({ status: 'stopped' });
  });

  it('that fails says why, and the twin goes on', async () => {
    const twin = await open({
      decider: { openController: () => Promise.reject(new Error('no more threads')), close: async () => {} },
    });
    const { id } = await twin.start({ scenario: 'short', seed: 1 });
    const failed = await ended(twin, id);
    expect(failed).toMatchObject({ status: 'failed', statusDetail: 'failed at 00:00:00 of 00:03:20: no more threads' });
    expect(twin.alerts().at(-1)).toMatchObject({ level: 'error', runId: id });
    expect((await twin.scenarios()).length).toBeGreaterThan(1);
  });

  it('fails where its strategy does, and says which, where and of what', async () => {
    const twin = await open();
    vi.spyOn(strategyNamed('atcs'), 'decide').mockImplementation(() => {
      throw new Error('no green is long enough');
    });
    try {
      const { id } = await twin.start({ scenario: 'short', seed: 1 });
      const { status, statusDetail } = await ended(twin, id);
      expect(status).toBe('failed');
      expect(statusDetail).toMatch(
        /^failed at 00:00:00 of 00:03:20: Strategy atcs of variant adaptive failed at junction .+ in second 0 .*no green is long enough$/,
      );
      expect(store.rows.get(id)).toMatchObject({ status: 'failed', statusDetail, result: null });
      expect(
        twin
          .alerts()
          .map(({ level, message }) => `${level} ${message}`)
          .join('\n'),
      ).toMatch(/^error .*no green is long enough/m);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('tells an operator of malformed messages, once each', async () => {
    const twin = await open({ decider: testDecider() });
    const alerts: Alert[] = [];
    twin.on('alert', (alert) => void alerts.push(alert));
    const stranger = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
    const { id } = await twin.start({ scenario: 'short', seed: 1, pace: 100 });
    const [junction] = (await twin.run(id)).drawing.junctions;
    await new Promise<void>((resolve) => twin.on('run', (run) => void (run.simulatedSeconds > 5 && resolve())));
    for (let i = 0; i < 3; i++)
      await stranger.publishAsync(`flextraff-sim/${id}/adaptive/${junction!.id}/lamps`, '{"broken', { qos: 1 });
    await ended(twin, id);
    await stranger.endAsync(true);
    expect(alerts.filter((alert) => /lamps was not used: not JSON/.test(alert.message))).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ level: 'warning', runId: id });
  });
});

describe('a request that cannot be met', () => {
  it('says what is allowed', async () => {
    const twin = await open();
    await expect(twin.start({ scenario: 'nothing', seed: 1 })).rejects.toMatchObject({
      code: 'scenario_unknown',
      status: 404,
      field: 'scenario',
      hint: expect.stringMatching(/short/),
    });
    await expect(twin.start({ scenario: join(scenarios, 'short.yaml'), seed: 1 })).rejects.toMatchObject({
      code: 'scenario_unknown',
    });
    await expect(twin.start({ scenario: 'short', seed: -1 })).rejects.toMatchObject({
      code: 'seed_invalid',
      status: 400,
    });
    await expect(twin.start({ scenario: 'short', seed: 1.5 })).rejects.toMatchObject({ code: 'seed_invalid' });
    await expect(twin.start({ scenario: 'short', seed: 1, pace: 0 })).rejects.toMatchObject({
      code: 'pace_invalid',
      status: 400,
    });
    await expect(twin.frames('x', 0, 61)).rejects.toMatchObject({ code: 'frames_invalid', status: 400 });
    await expect(twin.run('x')).rejects.toMatchObject({ code: 'run_unknown', status: 404 });
    await expect(twin.stop('x')).rejects.toMatchObject({ code: 'run_unknown' });
    expect(await twin.runs(10)).toEqual([]);
    expect(await twin.comparison('short')).toBeNull();
  });

  it('gives every mistake of a scenario file', async () => {
    writeFileSync(join(scenarios, 'bad.yaml'), 'version: 1\ntitle: 3\n');
    const twin = await open();
    const error = await twin.start({ scenario: 'bad', seed: 1 }).catch((e) => e);
    expect(error).toMatchObject({ name: 'TwinError', code: 'scenario_invalid', status: 422 });
    expect(error.issues.length).toBeGreaterThan(1);
    expect((await twin.scenarios()).map((scenario) => scenario.name)).not.toContain('bad');
  });

  it('is refused while as many runs as allowed are simulated', async () => {
    const twin = await open({ decider: testDecider(), runsAtOnce: 1 });
    const { id } = await twin.start({ scenario: 'short', seed: 1, pace: 10 });
    await expect(twin.start({ scenario: 'short', seed: 2 })).rejects.toMatchObject({
      code: 'too_many_runs',
      status: 409,
    });
    await twin.stop(id);
    const next = await twin.start({ scenario: 'short', seed: 2 });
    expect(next.status).toBe('running');
  });
});

describe('alerts', () => {
  it('of other parts are told and kept, the last hundred', async () => {
    const twin = await createTwin({ store, broker: broker.url, dataDirectory: data, threads: 1, decider });
    twins.push(twin);
    const told: string[] = [];
    twin.on('alert', ({ message }) => void told.push(message));
    for (let i = 0; i < 120; i++) twin.alert('warning', `The database is away, ${i}.`);
    expect(told).toHaveLength(120);
    expect(twin.alerts()).toHaveLength(100);
    expect(twin.alerts().at(-1)).toMatchObject({ level: 'warning', message: 'The database is away, 119.' });
    expect(twin.alerts().at(-1)).not.toHaveProperty('runId');
  });
});

describe('scenarios', () => {
  it('are listed with what a chooser needs', async () => {
    const twin = await open();
    const [short] = (await twin.scenarios()).filter((scenario) => scenario.name === 'short');
    expect(short).toMatchObject({
      durationSeconds: 200,
      junctions: 1,
      variants: [{ name: 'baseline', strategy: 'fixed-time' }, { name: 'adaptive' }],
    });
    expect(short!.vehiclesDemanded).toBeGreaterThan(10);
    expect(short!.vehiclesDemanded).toBeLessThan(300);
  });

  it('are read again when their file changes', async () => {
    const twin = await open();
    await twin.scenarios();
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(join(scenarios, 'short.yaml'), '\n');
    const text = readFileSync(join(scenarios, 'short.yaml'), 'utf8');
    writeFileSync(join(scenarios, 'short.yaml'), text.replace('durationSeconds: 200', 'durationSeconds: 150'));
    expect((await twin.scenarios()).find((scenario) => scenario.name === 'short')!.durationSeconds).toBe(150);
  });
});

describe('after the end of the program', () => {
  it('history is there, with frames, results and comparison, also while the store is starting', async () => {
    const first = await open();
    const ids: string[] = [];
    for (const seed of [1, 2]) {
      const { id } = await first.start({ scenario: 'short', seed });
      await ended(first, id);
      ids.push(id);
    }
    await first.close();
    store = Object.assign(memoryStore(), { status: 'starting' as const });
    const second = await open();
    expect((await second.runs(10)).map((run) => [run.id, run.status])).toEqual([
      [ids[1], 'finished'],
      [ids[0], 'finished'],
    ]);
    expect((await second.run(ids[0]!)).result).not.toBeNull();
    expect((await second.run(ids[0]!)).drawing.lanes.length).toBeGreaterThan(3);
    expect((await second.frames(ids[0]!, 195, 201)).baseline).toHaveLength(6);
    expect(await second.comparison('short')).toMatchObject({ seeds: [1, 2], delaySeconds: { n: 2 } });
  });

  it('a run that an orderly end cut short says so', async () => {
    const twin = await open({ decider: testDecider() });
    const { id } = await twin.start({ scenario: 'short', seed: 1, pace: 20 });
    await twin.close();
    const again = await open();
    expect(await again.run(id)).toMatchObject({
      status: 'interrupted',
      statusDetail: expect.stringMatching(/^interrupted at 00:00:\d\d of 00:03:20 when the program was ended$/),
    });
    await expect(twin.start({ scenario: 'short', seed: 1 })).rejects.toMatchObject({
      code: 'twin_closed',
      status: 503,
    });
  });

  it('a run that kill -9 cut short is interrupted at the second reached, and its frames are there', async () => {
    const child = fork(fileURLToPath(new URL('./testing-twin.ts', import.meta.url)), [broker.url, data], {
      execArgv: ['--import', 'tsx'],
      stdio: 'ignore',
    });
    const id = await new Promise<string>((resolve) => child.once('message', (message) => resolve(String(message))));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));

    const twin = await open();
    const run = await twin.run(id);
    expect(run.status).toBe('interrupted');
    expect(run.simulatedSeconds).toBeGreaterThan(70);
    const at = `00:${String(Math.floor(run.simulatedSeconds / 60)).padStart(2, '0')}:${String(run.simulatedSeconds % 60).padStart(2, '0')}`;
    expect(run.statusDetail).toBe(`interrupted at ${at} of 01:00:00 when the program ended unexpectedly`);
    expect(twin.alerts()).toEqual([
      expect.objectContaining({ level: 'warning', runId: id, message: expect.stringContaining(at) }),
    ]);
    expect(store.rows.get(id)).toMatchObject({ status: 'interrupted' });
    expect(store.records.recordings!.map(({ variant, frameCount }) => [variant, frameCount])).toEqual([
      ['adaptive', expect.any(Number)],
      ['baseline', expect.any(Number)],
    ]);
    expect(Math.min(...store.records.recordings!.map(({ frameCount }) => frameCount))).toBe(run.simulatedSeconds + 1);
    const { baseline, adaptive } = await twin.frames(id, 50, 71);
    expect(baseline!.map((frame) => frame.second)).toEqual(Array.from({ length: 21 }, (_, i) => 50 + i));
    expect(adaptive).toHaveLength(21);

    await twin.close();
    const later = await open();
    expect((await later.run(id)).status).toBe('interrupted');
    expect(later.alerts()).toEqual([]);
  });

  it('recordings are kept as many as asked for; runs without one are still known', async () => {
    const twin = await open({ recordings: { runsMax: 2, bytesMax: 1e9 }, decider: testDecider() });
    const ids: string[] = [];
    for (let seed = 1; seed <= 4; seed++) {
      const { id } = await twin.start({ scenario: 'short', seed });
      await ended(twin, id);
      ids.push(id);
    }
    await twin.close();
    expect(readdirSync(join(data, 'recordings')).sort()).toEqual(ids.slice(2).sort());
    const deleted = store.records.recordings!.filter(({ deletedAtMs }) => deletedAtMs !== null);
    expect(new Set(deleted.map(({ runId }) => runId))).toEqual(new Set(ids.slice(0, 2)));
    expect(deleted.every(({ frameCount }) => frameCount === 201)).toBe(true);
    const again = await open();
    const runs = await again.runs(10);
    expect(runs.map((run) => run.replayable)).toEqual([true, true, false, false]);
    await expect(again.frames(ids[0]!, 0, 10)).rejects.toMatchObject({ code: 'frames_gone', status: 410 });
    expect((await again.run(ids[0]!)).drawing.lanes.length).toBeGreaterThan(3);
    expect(existsSync(join(data, 'recordings', ids[0]!))).toBe(false);
  });
});
