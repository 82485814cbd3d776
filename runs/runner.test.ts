import mqtt from 'mqtt';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcessDecider } from '../controller/service/index.ts';
import { strategyNamed } from '../controller/strategies/index.ts';
import { type Broker, startBroker } from '../feeds/broker.ts';
import { findMosquitto, freePort, startMosquitto } from '../feeds/testing/mosquitto.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import { controllersOn, openDecider, type ServiceDecider } from './controllers.ts';
import { type RunObserver, type RunOptions, RunStopped, runVariants, StrategyFailed } from './runner.ts';
import { openSource, type Source } from './source.ts';
import { testDecider } from './testing.ts';
import type { Frame, RunResult } from './types.ts';

const mosquitto = findMosquitto();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function broker(port = 0): Promise<Broker> {
  const started = await startBroker({ port });
  closers.push(() => started.close());
  return started;
}

let source: Source;
beforeAll(async () => {
  source = await openSource('hangzhou-kn-hz', { untilSeconds: 240 });
});

const digests = (result: RunResult) =>
  Object.fromEntries(Object.entries(result.variants).map(([name, variant]) => [name, variant.digest]));
const withoutPerformance = ({ performance: _, ...rest }: RunResult) => rest;

describe('the same run', () => {
  let reference: RunResult;
  beforeAll(async () => {
    reference = await runVariants({ source, seed: 3, verify: true });
  });
  const same = async (options: Partial<RunOptions>) => {
    const result = await runVariants({ source, seed: 3, ...options });
    expect(withoutPerformance(result)).toEqual(withoutPerformance(reference));
  };

  it('has two worlds that differ by what was decided and by nothing else', () => {
    const { baseline, adaptive } = reference.variants;
    expect(baseline!.vehicles.demanded).toBe(adaptive!.vehicles.demanded);
    expect(baseline!.vehicles.demanded).toBeGreaterThan(20);
    expect(baseline!.digest).not.toBe(adaptive!.digest);
    expect(baseline!.digest).toMatch(/^[0-9a-f]{16}$/);
  });

  it('gives the same twice', () => same({}));
  it('gives the same on one worker thread', () => same({ decider: { threads: 1 } }));
  it('gives the same on two worker threads', () => same({ decider: { threads: 2 } }));
  it('gives the same through the embedded broker', async () => same({ link: { broker: (await broker()).url } }));
  it('gives the same through the embedded broker on two worker threads', async () =>
    same({ link: { broker: (await broker()).url }, decider: { threads: 2 } }));
  it('gives the same under another run id', () => same({ runId: 'another-run' }));
  it('gives the same while frames are looked at', () => same({ observer: { onSecond() {} } }));
  it('gives the same when it is paced', () => same({ pace: 500 }));

  it.skipIf(!mosquitto)(
    `gives the same through Mosquitto${mosquitto ? '' : ', which is not installed here'}`,
    async () => {
      const server = await startMosquitto(mosquitto!);
      closers.push(() => server.close());
      await same({ link: { broker: server.url } });
    },
  );

  it('gives something else for another seed', async () => {
    const other = await runVariants({ source, seed: 4 });
    expect(digests(other).baseline).not.toBe(digests(reference).baseline);
  });

  it('gives each variant the same whichever others run beside it', async () => {
    const [, adaptive] = source.variants;
    const alone = await runVariants({ source, seed: 3, variants: [adaptive!] });
    expect(alone.variants.adaptive).toEqual(reference.variants.adaptive);
  });
});

describe('a run', () => {
  it('shows every second of every variant, from before the first tick to the end', async () => {
    const seconds: number[] = [];
    const progress: number[] = [];
    let last: Record<string, Frame> = {};
    const observer: RunObserver = {
      onSecond(second, frames) {
        seconds.push(second);
        last = frames;
      },
      onProgress: (second) => void progress.push(second),
    };
    const result = await runVariants({ source, seed: 1, decider: testDecider(), observer });
    expect(seconds).toEqual(Array.from({ length: 241 }, (_, i) => i));
    expect(progress).toEqual(seconds);
    expect(Object.keys(last)).toEqual(['baseline', 'adaptive']);
    expect(last.baseline!.second).toBe(240);
    expect(last.baseline!.counters.arrived).toBe(result.variants.baseline!.vehicles.arrived);
  });

  it('lets the rest of the program have its turns', async () => {
    let turns = 0;
    let running = true;
    const turn = () => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await runVariants({
      source: await openSource('hangzhou-kn-hz', { untilSeconds: 2400 }),
      seed: 1,
      variants: source.variants,
    });
    running = false;
    expect(turns).toBeGreaterThan(2);
  });

  it('says what it took', async () => {
    const { performance } = await runVariants({ source, seed: 1, decider: testDecider() });
    expect(performance.vehicleUpdates).toBeGreaterThan(1000);
    expect(performance.cpuSeconds).toBeGreaterThan(0);
    expect(performance.wallSeconds).toBeGreaterThan(0);
    expect(performance.peakRssMebibytes).toBeGreaterThan(20);
  });

  it('tells decisions and what the devices said to them', async () => {
    const decided: string[] = [];
    const answered: string[] = [];
    await runVariants({
      source,
      seed: 1,
      observer: {
        onDecision: (variant, { seq, vetoed }) => void (vetoed === null && decided.push(`${variant} ${seq}`)),
        onMessage: (variant, _second, { address, message }) =>
          void (address.kind === 'ack' && answered.push(`${variant} ${(message as { seq: number }).seq}`)),
      },
    });
    expect(decided.length).toBeGreaterThan(4);
    expect(decided).toEqual(expect.arrayContaining(answered));
    expect(answered.length).toBeGreaterThanOrEqual(decided.length - 2);
  });

  it('ends when it is stopped, and says when', async () => {
    const stop = new AbortController();
    const observer: RunObserver = { onProgress: (second) => void (second === 50 && stop.abort()) };
    const stopped = await runVariants({ source, seed: 1, decider: testDecider(), observer, signal: stop.signal }).catch(
      (error: Error) => error,
    );
    expect(stopped).toBeInstanceOf(RunStopped);
    expect((stopped as RunStopped).simulatedSeconds).toBe(50);
    expect((stopped as Error).message).toBe('The run was stopped at simulated 00:00:50.');
  });

  it('ends when its observer fails', async () => {
    const observer: RunObserver = {
      onSecond: async (second) => void (second === 5 && (await Promise.reject(new Error('disk full')))),
    };
    await expect(runVariants({ source, seed: 1, decider: testDecider(), observer })).rejects.toThrow('disk full');
  });

  it('names a controller that is silent', async () => {
    const decider = testDecider({ silentFrom: 100 });
    const limits = { answerTimeoutSeconds: 0.05 };
    await expect(runVariants({ source, seed: 1, decider, limits })).rejects.toThrow(
      /controller of variant baseline has not answered for 0\.05 s, at simulated 00:01:40/,
    );
  });

  it('leaves the decider that it was given open, for the next run', async () => {
    const decider = await openDecider({ threads: 1 });
    closers.push(() => decider.close());
    const short = await openSource('hangzhou-kn-hz', { untilSeconds: 30 });
    await runVariants({ source: short, seed: 1, decider });
    await runVariants({ source: short, seed: 1, decider });
  });

  it('tells every mistake in its variants before anything starts', async () => {
    const variants: VariantSettings[] = [
      { name: 'a', strategy: 'magic', parameters: {} },
      { name: 'a', strategy: 'atcs', parameters: { nonsense: 1 } },
      { name: 'B!', strategy: 'fixed-time', parameters: {} },
    ];
    const decider = testDecider();
    const error = await runVariants({ source, seed: 1, variants, decider }).catch((e: Error) => e);
    expect((error as Error).name).toBe('StrategyError');
    const lines = (error as Error).message.split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^variant a: Strategy "magic" does not exist\. Use one of .*fixed-time/),
      expect.stringMatching(/^variant a: there are two/),
      expect.stringMatching(/^variant a: .*nonsense does not exist/),
      expect.stringMatching(/^variant B!: the name is not allowed/),
    ]);
    expect(decider.opened).toBe(0);
    await expect(runVariants({ source, variants: [] })).rejects.toThrow(/no variant/);
  });
});

describe('a strategy that fails', () => {
  afterEach(() => vi.restoreAllMocks());

  /** `horizon` that throws from 00:00:42 on. */
  function breakStrategy(): void {
    const strategy = strategyNamed('horizon');
    const decide = strategy.decide;
    vi.spyOn(strategy, 'decide').mockImplementation((configuration, parameters, memory, observation) => {
      if (observation.nowMs >= source.startsAtMs + 42_000) throw new Error('no green is long enough');
      return decide(configuration, parameters, memory, observation);
    });
  }

  const said =
    /^Strategy horizon of variant adaptive failed at junction .+ in second 42 \(00:00:42\): no green is long enough$/;

  it('ends the run with strategy, junction, second and reason', async () => {
    breakStrategy();
    const running = runVariants({ source, seed: 3 });
    await expect(running).rejects.toThrow(said);
    await expect(running).rejects.toThrow(StrategyFailed);
  });

  it('ends it through a broker too', async () => {
    breakStrategy();
    await expect(runVariants({ source, seed: 3, link: { broker: (await broker()).url } })).rejects.toThrow(said);
  });

  it('ends it where decisions take their time, and when the thread itself is gone', async () => {
    breakStrategy();
    const inThread = inProcessDecider();
    const later: ServiceDecider = { ...inThread, decide: async (jobs) => inThread.decide(jobs) };
    await expect(runVariants({ source, seed: 3, decider: controllersOn(later) })).rejects.toThrow(said);
    const gone: ServiceDecider = { ...inThread, decide: () => Promise.reject(new Error('the thread ended')) };
    await expect(runVariants({ source, seed: 3, decider: controllersOn(gone) })).rejects.toThrow(
      /^Strategy fixed-time of variant baseline failed at junction .+ in second 0 .*: the thread ended$/,
    );
  });

  it('is a problem of the junction only by the wall clock, where the lamps go on by their own plan', async () => {
    const strategy = strategyNamed('horizon');
    vi.spyOn(strategy, 'decide').mockImplementation(() => {
      throw new Error('no green is long enough');
    });
    const short = await openSource('hangzhou-kn-hz', { untilSeconds: 5 });
    const problems: string[] = [];
    const observer: RunObserver = { onProblem: (_variant, message) => void problems.push(message) };
    await runVariants({ source: short, seed: 3, clock: 'wall', pace: 100, observer });
    expect(problems.join()).toMatch(/no green is long enough/);
  });
});

describe('a run through a broker', () => {
  it('speaks the device protocol below its own prefix, and leaves nothing retained behind', async () => {
    const { url } = await broker();
    const listener = await mqtt.connectAsync(url, { protocolVersion: 4 });
    closers.push(() => listener.endAsync(true));
    const kinds = new Set<string>();
    const foreign: string[] = [];
    listener.on('message', (topic) => {
      if (/^flextraff-sim\/r7\/(baseline|adaptive)\//.test(topic)) kinds.add(topic.split('/').at(-1)!);
      else foreign.push(topic);
    });
    await listener.subscribeAsync('#', { qos: 1 });
    await runVariants({ source, seed: 1, runId: 'r7', link: { broker: url } });
    expect(foreign).toEqual([]);
    expect([...kinds].sort()).toEqual(
      [
        'ack',
        'car-counts',
        'clock',
        'clock-done',
        'configuration',
        'detections',
        'green-time',
        'heartbeat',
        'lamps',
        'mode',
        'stage-request',
        'status',
      ].sort(),
    );
    const late = await mqtt.connectAsync(url, { protocolVersion: 4 });
    closers.push(() => late.endAsync(true));
    const left: string[] = [];
    late.on('message', (topic) => void left.push(topic));
    await late.subscribeAsync('flextraff-sim/#', { qos: 1 });
    await late.publishAsync('flextraff-sim/end', 'x', { qos: 1 });
    while (!left.includes('flextraff-sim/end')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(left).toEqual(['flextraff-sim/end']);
  });

  it('gives every device a last will, which the broker keeps to when the program dies', async () => {
    const { url } = await broker();
    const listener = await mqtt.connectAsync(url, { protocolVersion: 4 });
    closers.push(() => listener.endAsync(true));
    const status = new Map<string, string>();
    listener.on(
      'message',
      (topic, payload) => void (payload.length && status.set(topic, JSON.parse(payload.toString()).status)),
    );
    await listener.subscribeAsync('flextraff-sim/+/+/devices/+/status', { qos: 1 });

    const { fork } = await import('node:child_process');
    const { fileURLToPath } = await import('node:url');
    const child = fork(fileURLToPath(new URL('./testing-run.ts', import.meta.url)), [url], {
      execArgv: ['--import', 'tsx'],
      stdio: 'ignore',
    });
    closers.push(async () => void child.kill('SIGKILL'));
    const online = () => [...status.values()].filter((s) => s === 'online').length;
    const wait = async (done: () => boolean) => {
      for (let i = 0; i < 3000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await new Promise<void>((resolve) => child.once('message', () => resolve()));
    await wait(() => online() > 4);
    const devices = online();
    expect(devices).toBeGreaterThan(4);
    child.kill('SIGKILL');
    await wait(() => online() === 0);
    expect([...status.values()].filter((s) => s === 'offline')).toHaveLength(devices);
  });

  it('goes on where it was when the broker comes back, with the same result', async () => {
    const port = await freePort();
    let server = await startBroker({ port });
    closers.push(() => server.close());
    const states: string[] = [];
    const restart = async () => {
      await server.close();
      server = await startBroker({ port });
    };
    let restarted: Promise<void> | null = null;
    const observer: RunObserver = {
      onConnection: (state) => void states.push(state),
      onProgress: (second) => {
        if (second === 60) restarted = restart();
      },
    };
    const result = await runVariants({
      source,
      seed: 3,
      link: { broker: server.url },
      observer,
      limits: { resendSeconds: 0.2 },
    });
    await restarted;
    expect(states.slice(0, 2)).toEqual(['reconnecting', 'connected']);
    expect(digests(result)).toEqual(digests(await runVariants({ source, seed: 3 })));
  });

  it('is given up, with the simulated time, when the broker stays away', async () => {
    const server = await startBroker({ port: 0 });
    let closed: Promise<void> | null = null;
    const observer: RunObserver = {
      onProgress: (second) => {
        if (second === 60) closed = server.close();
      },
    };
    const limits = { reconnectTimeoutSeconds: 0.3 };
    await expect(runVariants({ source, seed: 3, link: { broker: server.url }, observer, limits })).rejects.toThrow(
      /given up at simulated 00:01:0[01] .*because the MQTT broker stayed away for 0\.3 s: The MQTT broker at mqtt:\/\/127\.0\.0\.1:\d+ is away/,
    );
    await closed;
  });

  it('does not start without one', async () => {
    const port = await freePort();
    await expect(runVariants({ source, seed: 3, link: { broker: `mqtt://127.0.0.1:${port}` } })).rejects.toThrow(
      /cannot be reached/,
    );
  });

  it('reports malformed messages on its topics and is not changed by them', async () => {
    const { url } = await broker();
    const stranger = await mqtt.connectAsync(url, { protocolVersion: 4 });
    closers.push(() => stranger.endAsync(true));
    const [junction] = source.scenario!.junctions;
    const rejected: string[] = [];
    let sent: Promise<unknown> | null = null;
    const result = await runVariants({
      source,
      seed: 3,
      runId: 'r8',
      link: { broker: url },
      observer: {
        onRejected: ({ topic, reason }) => void rejected.push(`${topic.split('/').at(-1)} ${reason}`),
        onSecond: (second) => {
          if (second !== 20) return;
          const topic = `flextraff-sim/r8/adaptive/${junction!.id}`;
          sent = Promise.all([
            stranger.publishAsync(`${topic}/lamps`, '{"broken', { qos: 1 }),
            stranger.publishAsync(`${topic}/green-time`, '{"lane_times": "all"}', { qos: 1 }),
            stranger.publishAsync(
              `${topic}/detections`,
              JSON.stringify({ seq: 1, timestamp: '2030-01-01T00:00:00.000Z', detectors: {} }),
              { qos: 1 },
            ),
          ]);
          return sent.then(() => {});
        },
      },
    });
    expect(sent).not.toBeNull();
    expect(rejected.sort()).toEqual([
      expect.stringMatching(/^green-time .*lane_times/),
      expect.stringMatching(/^lamps not JSON/),
    ]);
    expect(digests(result)).toEqual(digests(await runVariants({ source, seed: 3 })));
  });
});

describe('by the wall clock', () => {
  it('nobody is waited for: a late answer is a missed one', async () => {
    const short = await openSource('hangzhou-kn-hz', { untilSeconds: 40 });
    const missed: string[] = [];
    const decider = testDecider({ delayMs: 60, everySeconds: 5 });
    await runVariants({
      source: short,
      seed: 1,
      clock: 'wall',
      pace: 100,
      decider,
      observer: { onMissed: (variant, second) => void missed.push(`${variant} ${second}`) },
    });
    expect(decider.frames.length).toBeGreaterThan(0);
    expect(missed.length).toBeGreaterThan(10);
  });

  it('answers in time are missed by none, and act', async () => {
    const short = await openSource('hangzhou-kn-hz', { untilSeconds: 120 });
    const missed: number[] = [];
    const commands: string[] = [];
    await runVariants({
      source: short,
      seed: 1,
      clock: 'wall',
      pace: 1000,
      observer: {
        onMissed: (_v, second) => void missed.push(second),
        onCommand: (_v, _s, { address }) => void commands.push(address.kind),
      },
    });
    expect(missed).toEqual([]);
    expect(commands).toContain('green-time');
  });

  it('seconds come one by one, at the pace asked for or later', async () => {
    const short = await openSource('hangzhou-kn-hz', { untilSeconds: 10 });
    const times: number[] = [];
    const begin = performance.now();
    await runVariants({
      source: short,
      seed: 1,
      clock: 'wall',
      pace: 50,
      decider: testDecider(),
      observer: { onProgress: () => void times.push(performance.now() - begin) },
    });
    expect(times).toHaveLength(11);
    // the tenth second cannot be over before ten fiftieths of a second
    expect(times[10]! - times[0]!).toBeGreaterThanOrEqual(170);
  });

  it('needs a pace', async () => {
    await expect(runVariants({ source, clock: 'wall' })).rejects.toThrow(/needs a pace/);
    await expect(runVariants({ source, pace: 0 })).rejects.toThrow(/pace is 0/);
  });
});
