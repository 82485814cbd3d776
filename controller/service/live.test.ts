/** On a street: clocks that are off, messages that cannot be trusted, modes, shadow, and junctions that come and go. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configurationToMessage, isoOf, modeToMessage } from '../../feeds/codec.ts';
import { createInProcessLink, type InProcessLink } from '../../feeds/inprocess-link.ts';
import { DeviceHost } from '../../feeds/kerb/device-host.ts';
import { MadeUpTraffic } from '../../feeds/kerb/made-up-traffic.ts';
import type { Received } from '../../feeds/link.ts';
import type { Detections } from '../../feeds/messages.ts';
import { CROSSROADS_ID, crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { type DecideAnswer, type DecideJob, inProcessDecider } from './decider.ts';
import type { DecisionRecord } from './desk.ts';
import { LiveController, type LiveOptions } from './live.ts';
import { type Ownership, soleOwnership } from './ownership.ts';

const PREFIX = 'flextraff';
const START = Date.UTC(2024, 0, 1, 8);

interface World {
  readonly link: InProcessLink;
  readonly host: DeviceHost;
  readonly live: LiveController;
  readonly records: DecisionRecord[];
  readonly problems: string[];
  readonly published: Received[];
  ofKind(kind: string): Received[];
  /** So many seconds pass; each second `say` sends what the readers say. */
  play(seconds: number, say?: (second: number, detections: Detections) => void): Promise<void>;
}

let open: { close(): Promise<unknown> }[] = [];

beforeEach(() => {
  vi.useFakeTimers({
    now: START,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'Date', 'performance'],
  });
});
afterEach(async () => {
  for (const part of open.reverse()) await part.close();
  open = [];
  vi.useRealTimers();
});

async function street(
  options: Partial<LiveOptions> & { strategy?: string; configuration?: JunctionConfiguration } = {},
  before?: (link: InProcessLink) => void,
): Promise<World> {
  const configuration = options.configuration ?? crossroads();
  const link = createInProcessLink({ simulation: false, verify: true });
  before?.(link);
  const published: Received[] = [];
  const kinds = ['configuration', 'mode', 'green-time', 'stage-request', 'ack', 'mode-answer', 'lamps'] as const;
  await link.subscribe(PREFIX, kinds, (received) => published.push(received as Received));
  const host = new DeviceHost({ link, prefix: PREFIX, configuration: crossroads(), deviceId: 'lamps', boot: 'warm' });
  await host.start();
  const records: DecisionRecord[] = [];
  const problems: string[] = [];
  const { strategy = 'sotl', configuration: _, ...rest } = options;
  const live = new LiveController({
    link,
    prefix: PREFIX,
    junctions: [{ configuration, strategy, parameters: {} }],
    decider: inProcessDecider(),
    threads: 1,
    ownership: soleOwnership([CROSSROADS_ID]),
    shadow: false,
    onDecision: (record) => records.push(record),
    onProblem: (message) => problems.push(message),
    ...rest,
  });
  await live.start();
  open.push(host, live);
  await vi.advanceTimersByTimeAsync(300);
  const traffic = new MadeUpTraffic(configuration, 'live', 700);
  const send = (_second: number, detections: Detections): void =>
    link.publish({ prefix: PREFIX, kind: 'detections', junctionId: CROSSROADS_ID }, detections);
  return {
    link,
    host,
    live,
    records,
    problems,
    published,
    ofKind: (kind) => published.filter((one) => one.address.kind === kind),
    async play(seconds, say = send) {
      for (let second = 0; second < seconds; second++) {
        traffic.second(host.device.lamps());
        say(second, traffic.detections(Date.now()));
        await vi.advanceTimersByTimeAsync(1000);
      }
    },
  };
}

const address = { prefix: PREFIX, kind: 'detections', junctionId: CROSSROADS_ID } as const;

describe('a controller on a street', () => {
  it('says what is missing, decides each second, and is obeyed', async () => {
    const world = await street();
    expect(world.ofKind('configuration')).toHaveLength(1);
    expect(world.ofKind('mode')[0]!.message).toMatchObject({ mode: 'automatic' });
    await world.play(120);
    expect(world.records.length).toBeGreaterThan(80);
    expect(world.records.every((record) => record.vetoed === null)).toBe(true);
    const refused = world.ofKind('ack').filter((one) => (one.message as { result: string }).result === 'refused');
    expect(refused).toEqual([]);
    expect(world.host.report().fault).toBeNull();
    expect(world.problems).toEqual([]);
    expect(world.live.status()).toMatchObject({ held: 1, active: 1, missed: 0, intruders: 0 });
  });

  it('goes on from what the broker retains: sequence, mode and configuration', async () => {
    const until = Date.now() + 20_000;
    const world = await street({}, (link) => {
      const configuration = configurationToMessage(crossroads());
      link.publish({ prefix: PREFIX, kind: 'configuration', junctionId: CROSSROADS_ID }, configuration);
      const mode = modeToMessage('manual_override', 'operator', 'works', until, 500);
      link.publish({ prefix: PREFIX, kind: 'mode', junctionId: CROSSROADS_ID }, mode);
    });
    expect(world.ofKind('configuration')).toHaveLength(1);
    await world.play(10);
    expect(world.records).toEqual([]);
    await world.play(30);
    expect(world.ofKind('mode').at(-1)!.message).toMatchObject({ mode: 'automatic', seq: 501 });
    expect(world.records[0]!.seq).toBe(502);
    expect(world.host.device.snapshot().lastSeq).toBeGreaterThan(502);
  });

  it.each([
    ['newer', { version: 2 }, /version 2, this controller has 1/],
    ['another of the same version', { maxWaitSeconds: 400 }, /another configuration of the same version/],
  ])('leaves a junction alone whose devices have a configuration that is %s', async (_what, change, says) => {
    const world = await street({}, (link) => {
      const there = configurationToMessage({ ...crossroads(), ...change });
      link.publish({ prefix: PREFIX, kind: 'configuration', junctionId: CROSSROADS_ID }, there);
    });
    await world.play(20);
    expect(world.records).toEqual([]);
    expect(world.ofKind('configuration')).toHaveLength(1);
    expect(world.problems.join()).toMatch(says);
    const request = { mode: 'automatic', by: 'operator', reason: 'test', until: null } as const;
    world.link.publish({ prefix: PREFIX, kind: 'mode-request', junctionId: CROSSROADS_ID }, request);
    expect(world.ofKind('mode-answer')[0]!.message).toMatchObject({ result: 'refused' });
  });

  it('uses what comes late, doubled, out of order or by a wrong clock as far as it can be used, and counts it', async () => {
    const world = await street();
    let earlier: Detections | null = null;
    await world.play(120, (second, detections) => {
      if (second % 10 === 3) earlier = detections;
      else if (second % 10 === 4 && earlier !== null) {
        world.link.publish(address, detections);
        world.link.publish(address, earlier);
        world.link.publish(address, detections);
      } else if (second % 10 === 5)
        world.link.publish(address, { ...detections, timestamp: isoOf(Date.now() + 86_400_000) });
      else if (second % 10 === 6) world.link.publish(address, { ...detections, timestamp: isoOf(Date.now() - 5000) });
      else if (second % 10 === 7)
        world.link.publish(address, { ...detections, timestamp: isoOf(Date.now() - 86_400_000) });
      else world.link.publish(address, detections);
    });
    const { late, doubled, skewed, history } = world.live.status();
    expect({ late, doubled, skewed, history }).toEqual({ late: 12, doubled: 12, skewed: 12, history: 12 });
    // A day ahead once does not make everything after it late; a clock set back does not either.
    expect(world.records.length).toBeGreaterThan(80);
    expect(world.host.report().fault).toBeNull();
  });

  it('warns where somebody else commands its junction, and where others set its mode goes by that', async () => {
    const world = await street();
    await world.play(5);
    const seq = world.records.at(-1)!.seq + 1000;
    const mode = modeToMessage('manual_override', 'another', 'test', Date.now() + 60_000, seq);
    world.link.publish({ prefix: PREFIX, kind: 'mode', junctionId: CROSSROADS_ID }, mode);
    const before = world.records.length;
    await world.play(5);
    expect(world.records).toHaveLength(before);
    expect(world.problems.join()).toMatch(/somebody else set its mode/);
    expect(world.live.status().intruders).toBe(1);
  });

  it('decides on the newest frame once the one before is decided on, and counts those that were overtaken', async () => {
    const here = inProcessDecider();
    const asked: number[] = [];
    const slow = {
      ...here,
      decide: (jobs: readonly DecideJob[]) => {
        asked.push(...jobs.map(({ observation }) => observation.nowMs));
        const answers = here.decide(jobs) as DecideAnswer[];
        return new Promise<DecideAnswer[]>((resolve) => setTimeout(() => resolve(answers), 2500));
      },
    };
    const { live, play } = await street({ decider: slow });
    const begin = Date.now();
    await play(10);
    // One at the start; each decision over, the newest of the frames that came meanwhile.
    expect(asked.map((ms) => Math.ceil((ms - begin) / 1000) + 0)).toEqual([0, 2, 4, 7, 9]);
    expect(live.status().missed).toBe(6);
  });

  it('gathers the frames of a moment, and asks about them together', async () => {
    const here = inProcessDecider();
    const askedAt: number[] = [];
    const decide = (jobs: readonly DecideJob[]) => {
      askedAt.push(Date.now());
      return here.decide(jobs);
    };
    const { link, records } = await street({ decider: { ...here, decide }, gatherMs: 5 });
    await vi.advanceTimersByTimeAsync(10);
    askedAt.length = 0;
    records.length = 0;
    const begin = Date.now();
    const say = (): void => {
      const detections = { seq: Date.now() - begin, timestamp: isoOf(Date.now()), detectors: {} };
      link.publish({ prefix: PREFIX, kind: 'detections', junctionId: CROSSROADS_ID }, detections);
    };
    say();
    await vi.advanceTimersByTimeAsync(4);
    expect(askedAt).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(askedAt).toEqual([begin + 5]);
    expect(records).toHaveLength(1);
  });

  it('publishes nothing in shadow, and decides all the same', async () => {
    const world = await street({ shadow: true });
    await world.play(60);
    expect(world.records.length).toBeGreaterThan(30);
    expect(world.published.filter(({ address: { kind } }) => kind !== 'lamps')).toEqual([]);
    expect(world.host.report().source).toBe('local');
  });

  it('publishes nothing for a junction whose lease it has lost, and takes it up again with higher numbers', async () => {
    let holds = true;
    let events: Parameters<Ownership['start']>[0] | null = null;
    const ownership: Ownership = {
      holds: () => holds,
      async start(given) {
        events = given;
        given.onGained([{ junctionId: CROSSROADS_ID, leastSeq: 4_294_967_296 }]);
      },
      async close() {},
    };
    const world = await street({ ownership });
    await world.play(10);
    expect(world.records.at(-1)!.seq).toBeGreaterThan(4_294_967_296);
    holds = false;
    const published = world.ofKind('stage-request').length;
    await world.play(5);
    expect(world.ofKind('stage-request')).toHaveLength(published);
    expect(world.live.status().withheld).toBeGreaterThan(0);
    events!.onLost([CROSSROADS_ID], 'test');
    await world.play(5);
    expect(world.live.status()).toMatchObject({ held: 0, active: 0 });
    holds = true;
    events!.onGained([{ junctionId: CROSSROADS_ID, leastSeq: 2 * 4_294_967_296 }]);
    await world.play(10);
    expect(world.records.at(-1)!.seq).toBeGreaterThan(2 * 4_294_967_296);
    expect(world.host.device.snapshot().lastSeq).toBe(world.records.at(-1)!.seq);
  });

  it('plans from counts of readers where there are neither loops nor lamps', async () => {
    const world = await street({ strategy: 'atcs' });
    await world.host.close();
    const { approaches } = crossroads();
    await world.play(400, (second) => {
      if (second % 30 !== 0) return;
      for (const { id } of approaches)
        world.link.publish(
          { prefix: PREFIX, kind: 'car-counts', junctionId: CROSSROADS_ID, laneId: id },
          { junction_id: CROSSROADS_ID, lane_id: id, vehicle_count: 8, epc_ids: [], timestamp: isoOf(Date.now()) },
        );
    });
    expect(world.ofKind('green-time').length).toBeGreaterThan(1);
  });
});

describe('modes of a street', () => {
  const stages = ['NS', 'NS-left', 'EW', 'EW-left'].map((id) => ({
    id,
    green_seconds: 15,
    yellow_seconds: 3,
    all_red_seconds: 2,
  }));
  const ask = (world: World, request: object): { result: string; reason: string } => {
    const base = { by: 'operator', reason: 'test', until: isoOf(Date.now() + 200_000) };
    const to = { prefix: PREFIX, kind: 'mode-request', junctionId: CROSSROADS_ID } as const;
    world.link.publish(to, { ...base, ...request } as never);
    return world.ofKind('mode-answer').at(-1)!.message as { result: string; reason: string };
  };

  it('override with bounded greens, to their end', async () => {
    const world = await street();
    await world.play(5);
    expect(ask(world, { mode: 'manual_override', stages }).result).toBe('accepted');
    const decided = world.records.length;
    await world.play(150);
    expect(world.host.device.currentPlan()).toMatchObject({ mode: 'manual_override', stages: { length: 4 } });
    expect(world.records).toHaveLength(decided);
    expect(world.records.at(-1)).toMatchObject({ strategy: 'manual_override', reason: 'operator: test' });
    await world.play(120);
    expect(world.ofKind('mode').at(-1)!.message).toMatchObject({ mode: 'automatic' });
    expect(world.records.length).toBeGreaterThan(decided);
    expect(world.host.report().fault).toBeNull();
  });

  it.each([
    [{ mode: 'manual_override' }, /needs its greens/],
    [{ mode: 'manual_override', stages, until: null }, /needs an end/],
    [{ mode: 'manual_override', stages, until: isoOf(START - 1) }, /is over/],
    [{ mode: 'manual_override', stages, until: isoOf(START + 86_400_000) }, /at most 14400 s/],
    [{ mode: 'manual_override', stages: stages.slice(0, 2) }, /never green/],
    [{ mode: 'manual_override', stages: stages.map((one) => ({ ...one, green_seconds: 300 })) }, /at most 70 s/],
    [{ mode: 'manual_override', lane_times: [30, 30, 30, 300] }, /at most 60 s/],
    [{ mode: 'emergency' }, /approach or the stage/],
    [{ mode: 'emergency', approach: 'X' }, /there are N, S, E, W/],
    [{ mode: 'emergency', stage: 'X' }, /does not exist/],
    [{ mode: 'emergency', approach: 'N', until: isoOf(START + 600_000) }, /at most 300 s/],
  ])('are refused where they cannot be: %j', async (request, says) => {
    const world = await street();
    const before = world.ofKind('mode').length;
    const { result, reason } = ask(world, request);
    expect(result).toBe('refused');
    expect(reason).toMatch(says);
    expect(world.ofKind('mode')).toHaveLength(before);
  });

  it('take greens of N, S, E, W as the RFID system has them', async () => {
    const world = await street();
    expect(ask(world, { mode: 'manual_override', lane_times: [30, 20, 20, 20] }).result).toBe('accepted');
    await world.play(110);
    const plan = world.host.device.currentPlan()!;
    expect(plan.stages.map(({ stageId, greenSeconds }) => [stageId, greenSeconds])).toEqual([
      ['N', 30],
      ['S', 20],
      ['E', 20],
      ['W', 20],
    ]);
  });

  it('let an emergency through in its order, and the strategy take over after it', async () => {
    const world = await street();
    await world.play(20);
    expect(ask(world, { mode: 'emergency', approach: 'W', until: isoOf(Date.now() + 40_000) }).result).toBe('accepted');
    await world.play(25);
    expect(world.host.report().stageId).toBe('W');
    await world.play(10);
    expect(world.host.report().stageId).toBe('W');
    const decided = world.records.filter(({ strategy }) => strategy === 'sotl').length;
    await world.play(70);
    // Who waited longest comes first, and only then the strategy.
    const isExit = ({ reason }: DecisionRecord): boolean => reason.startsWith('After an emergency: ');
    const first = world.records.findIndex(isExit);
    const last = world.records.findLastIndex(isExit);
    const exits = world.records.slice(first, last + 1);
    expect(exits.length).toBeGreaterThan(1);
    expect(exits.every(isExit)).toBe(true);
    expect(new Set(exits.map(({ stages }) => stages[0]!.stageId)).size).toBe(1);
    expect(exits[0]!.stages[0]!.stageId).not.toBe('W');
    expect(world.records.slice(last + 1).every(({ strategy }) => strategy === 'sotl')).toBe(true);
    expect(world.records.filter(({ strategy }) => strategy === 'sotl').length).toBeGreaterThan(decided);
    expect(world.host.report()).toMatchObject({ fault: null });
    expect(world.ofKind('mode').at(-1)!.message).toMatchObject({ mode: 'automatic', reason: 'emergency has ended' });
  });
});
