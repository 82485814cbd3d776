import { describe, expect, it } from 'vitest';
import { isoOf } from '../../feeds/codec.ts';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import type { Received } from '../../feeds/link.ts';
import type { GreenTime } from '../../feeds/messages.ts';
import { CROSSROADS_ID, crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { PREFIX, START_MS, TestStreet } from '../testing.ts';
import { checkParameters, strategyNamed } from '../strategies/index.ts';
import type { Memory, Parameters } from '../types.ts';
import { type DecideJob, type Decider, inProcessDecider } from './decider.ts';
import type { DecisionRecord } from './desk.ts';
import { JunctionState } from './junction-state.ts';
import { ControllerService } from './service.ts';
import { workerDecider } from './worker-decider.ts';

const FLOWS = { N: 700, S: 400, E: 250, W: 300 };

interface Setup {
  readonly strategy?: string;
  readonly parameters?: Parameters;
  readonly configuration?: JunctionConfiguration;
  readonly decider?: Decider;
  readonly lockstep?: boolean;
  readonly startSeq?: number;
}

async function setUp(setup: Setup = {}) {
  const configuration = setup.configuration ?? crossroads();
  const link = createInProcessLink({ simulation: true, verify: true });
  const street = new TestStreet(configuration, FLOWS);
  await street.connect(link);
  const records: DecisionRecord[] = [];
  const acknowledged: DecisionRecord[] = [];
  const problems: string[] = [];
  const published: Received[] = [];
  await link.subscribe(PREFIX, ['configuration', 'mode', 'green-time', 'stage-request', 'clock-done'], (received) => {
    published.push(received);
  });
  const service = new ControllerService({
    link,
    prefix: PREFIX,
    junctions: [{ configuration, strategy: setup.strategy ?? 'atcs', parameters: setup.parameters ?? {} }],
    decider: setup.decider ?? inProcessDecider(),
    lockstep: setup.lockstep ?? true,
    startSeq: setup.startSeq,
    onDecision: (record) => records.push(record),
    onAcknowledged: (record) => acknowledged.push(record),
    onProblem: (message) => problems.push(message),
  });
  await service.start();
  const ofKind = (kind: string): Received[] => published.filter((one) => one.address.kind === kind);
  return { configuration, link, street, service, records, acknowledged, problems, ofKind };
}

function play(world: Awaited<ReturnType<typeof setUp>>, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    world.street.step();
    world.street.send(world.link);
  }
}

describe('controller service', () => {
  it('publishes configuration and mode when it starts', async () => {
    const { ofKind } = await setUp();
    expect(ofKind('configuration')).toHaveLength(1);
    expect(ofKind('mode')[0]!.message).toMatchObject({ mode: 'automatic', by: 'controller' });
  });

  it('answers every frame within the call, with a plan a cycle that the device applies', async () => {
    const world = await setUp();
    play(world, 600);
    const { ofKind, records, acknowledged, street, service, problems } = world;
    expect(ofKind('clock-done')).toHaveLength(600);
    expect(records.length).toBeGreaterThan(5);
    expect(acknowledged).toEqual(records);
    expect(street.refusals).toEqual([]);
    expect(problems).toEqual([]);
    expect(street.device.report().source).toBe('plan');
    expect(records.map((record) => record.seq)).toEqual(records.map((_, i) => i));
    expect(records.map((record) => record.planId)).toEqual(records.map((_, i) => `6b0f6a58-${i}`));
    expect(service.counters()).toMatchObject({ decisions: records.length, vetoed: 0, refused: 0, late: 0, doubled: 0 });
    const done = ofKind('clock-done').filter((one) => (one.message as { messages: number }).messages === 1);
    expect(done).toHaveLength(records.length);
  });

  it('says the greens of N, S, E, W as the RFID system does', async () => {
    const world = await setUp({ strategy: 'fixed-time', parameters: { greens: 'N:20/S:15/E:12/W:10' } });
    play(world, 110);
    const message = world.ofKind('green-time')[0]!.message as GreenTime;
    expect(message).toMatchObject({
      lane_times: [20, 15, 12, 10],
      total_cycle_time: 77,
      plan_id: '6b0f6a58-0',
      mode: 'automatic',
    });
  });

  it('gives more green to whom more come', async () => {
    const world = await setUp();
    play(world, 700);
    const last = world.records.at(-1)!;
    const green = (stage: string): number => last.stages.find((one) => one.stageId === stage)!.greenSeconds;
    expect(green('NS')).toBeGreaterThan(green('EW'));
  });

  it.each(['fixed-time', 'webster', 'atcs', 'atcs-v2'])('keeps the device in plans with %s', async (strategy) => {
    const world = await setUp({ strategy });
    play(world, 900);
    expect(world.records.length).toBeGreaterThan(3);
    expect(world.street.refusals).toEqual([]);
    expect(world.records.filter((record) => record.vetoed !== null)).toEqual([]);
    expect(world.street.device.report().source).toBe('plan');
  });

  it('vetoes what the interlock refuses, says why, and leaves the device to its plan', async () => {
    const world = await setUp({
      strategy: 'atcs-v2',
      parameters: { bounded: false, baseGreenSeconds: 600, capGreenSeconds: 900 },
    });
    play(world, 300);
    expect(world.ofKind('green-time')).toEqual([]);
    expect(world.records[0]!.vetoed).toMatch(/^stage \w green \d+ s; at most 60 s \(maxGreenSeconds\)$/);
    expect(world.service.counters().vetoed).toBe(world.records.length);
    expect(world.street.device.report().source).toBe('local');
  });

  it('goes on from the sequence number it is given', async () => {
    const world = await setUp({ startSeq: 41 });
    play(world, 110);
    expect(world.records[0]!.seq).toBe(42);
  });

  it('goes on from the plan that was published before it started', async () => {
    const first = await setUp({ lockstep: false });
    play(first, 300);
    await first.service.close();
    const before = first.records.at(-1)!.seq;
    const records: DecisionRecord[] = [];
    const again = new ControllerService({
      link: first.link,
      prefix: PREFIX,
      junctions: [{ configuration: first.configuration, strategy: 'atcs', parameters: {} }],
      decider: inProcessDecider(),
      lockstep: false,
      onDecision: (record) => records.push(record),
    });
    await again.start();
    play(first, 300);
    expect(records[0]!.seq).toBe(before + 1);
    expect(first.street.refusals).toEqual([]);
  });

  it('survives late, doubled and reordered frames, and counts them', async () => {
    const world = await setUp({ lockstep: false });
    const { street, link, service } = world;
    const held: (() => void)[] = [];
    for (let i = 0; i < 600; i++) {
      street.step();
      const detections = street.detections();
      const lamps = street.lamps();
      const send = (): void => {
        link.publish({ prefix: PREFIX, kind: 'detections', junctionId: CROSSROADS_ID }, detections);
        link.publish({ prefix: PREFIX, kind: 'lamps', junctionId: CROSSROADS_ID }, lamps);
      };
      if (i % 7 === 0) held.push(send);
      else send();
      if (i % 11 === 0) send();
      if (i % 13 === 0) held.shift()?.();
    }
    expect(world.problems).toEqual([]);
    expect(street.refusals).toEqual([]);
    expect(world.records.length).toBeGreaterThan(3);
    const counters = service.counters();
    expect(counters.late).toBeGreaterThan(10);
    expect(counters.doubled).toBeGreaterThan(10);
  });

  it('asks no strategy while a junction is overridden, and goes on when that ends', async () => {
    const world = await setUp();
    const modes = (): unknown[] => world.ofKind('mode').map((one) => (one.message as { mode: string }).mode);
    play(world, 110);
    const before = world.records.length;
    world.service.setMode(CROSSROADS_ID, 'manual_override', 'operator', 'Procession', START_MS + 400_000);
    play(world, 200);
    expect(world.records).toHaveLength(before);
    expect(world.ofKind('clock-done')).toHaveLength(310);
    play(world, 200);
    expect(world.records.length).toBeGreaterThan(before);
    expect(modes()).toEqual(['automatic', 'manual_override', 'automatic']);
    expect(() => world.service.setMode('x', 'automatic', 'operator', '', null)).toThrow(
      'junction x is not controlled here',
    );
  });

  it('ignores junctions that are not its own', async () => {
    const world = await setUp({ lockstep: false });
    world.street.step();
    const junctionId = '00000000-0000-4000-8000-000000000000';
    world.link.publish({ prefix: PREFIX, kind: 'detections', junctionId }, world.street.detections());
    expect(world.service.counters().foreign).toBe(1);
  });

  it('gives the approach of a silent reader its recall green', async () => {
    const seen: DecideJob[] = [];
    const inner = inProcessDecider();
    const spy: Decider = {
      decide: (jobs) => {
        seen.push(...jobs);
        return inner.decide(jobs);
      },
      close: () => inner.close(),
    };
    const world = await setUp({ decider: spy });
    const { street, link, records } = world;
    for (let i = 0; i < 900; i++) {
      street.step();
      street.send(link, { without: i < 300 ? [] : ['N', 'S'] });
    }
    const at = (second: number) => seen.find((job) => job.observation.nowMs === START_MS + second * 1000)!.observation;
    expect(at(300).countsSincePlan.every((count) => count !== null)).toBe(true);
    expect(at(370).countsSincePlan).toEqual([null, null, expect.any(Number), expect.any(Number)]);
    const last = records.at(-1)!;
    // Today's plan gives them 30 s and 12 s; whole seconds are dealt out, so that one may get one more.
    const greens = last.stages.map((stage) => stage.greenSeconds);
    expect([30, 31]).toContain(greens[0]);
    expect([12, 13]).toContain(greens[1]);
  });

  it('takes RFID counts where no loops report, and those older than a cycle for history', async () => {
    const world = await setUp({
      lockstep: false,
      strategy: 'atcs',
      configuration: { ...crossroads(), detectors: undefined },
    });
    const { street, link, configuration, service, records } = world;
    const junctionId = CROSSROADS_ID;
    for (let i = 0; i < 900; i++) {
      street.step();
      link.publish({ prefix: PREFIX, kind: 'lamps', junctionId }, street.lamps());
      if (i % 10 !== 9) continue;
      for (const [k, { id }] of configuration.approaches.entries()) {
        const report = (timestamp: string, count: number): void => {
          link.publish(
            { prefix: PREFIX, kind: 'car-counts', junctionId, laneId: id },
            {
              junction_id: junctionId,
              lane_id: id,
              vehicle_count: count,
              epc_ids: [],
              timestamp,
              position: 'stopline',
            },
          );
        };
        // What a reader held back while the broker was away comes first.
        if (i === 499) report(isoOf(street.nowMs - 400_000 + k), 500);
        report(isoOf(street.nowMs), k === 0 ? 3 : 0);
      }
    }
    expect(service.counters()).toMatchObject({ late: 4, doubled: 0 });
    const last = records.at(-1)!;
    expect(last.stages[0]!.greenSeconds).toBeGreaterThan(last.stages[2]!.greenSeconds);
  });

  it('refuses to start with what cannot be', async () => {
    const service = (strategy: string, parameters: Parameters = {}, configuration = crossroads()) => {
      const link = createInProcessLink({ simulation: true });
      const junctions = [{ configuration, strategy, parameters }];
      return () =>
        new ControllerService({ link, prefix: PREFIX, junctions, decider: inProcessDecider(), lockstep: true });
    };
    expect(service('atcs')).not.toThrow();
    expect(service('webstr')).toThrow(
      'Strategy "webstr" does not exist. Use one of fixed-time, webster, atcs, atcs-v2, actuated, max-pressure, sotl, horizon.',
    );
    expect(service('horizon')).not.toThrow();
    expect(service('atcs', { greens: 3 })).toThrow(
      /parameter greens does not exist\. It knows stages, minGreenSeconds/,
    );
    expect(service('atcs', { stages: 'NS/EW' })).toThrow(
      'Junction Crossroads: strategy atcs: stages: N-left is green in none of NS, EW.',
    );
    const blind = crossroads();
    const detectors = blind.detectors!.filter((detector) => detector.approach !== 'E');
    expect(service('atcs', {}, { ...blind, detectors })).toThrow(
      'strategy atcs needs a stop-line detector at every approach; E has none',
    );
    expect(service('atcs', {}, { ...blind, maxWaitSeconds: 100 })).toThrow(/maxWaitSeconds is 100; at least 360/);
  });

  it('leaves a junction to its plan when its strategy fails, and says so', async () => {
    const broken: Decider = { decide: () => Promise.reject(new Error('thread died')), async close() {} };
    const world = await setUp({ decider: broken });
    play(world, 5);
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.problems[0]).toMatch(/decisions of 2024-01-01T00:00:01.000Z failed: thread died/);
    expect(world.street.device.report().stageId).toBe('NS');
  });

  it('closes after what is under way has been published, and hears nothing more', async () => {
    const decider = workerDecider({ threads: 1 });
    const world = await setUp({ decider });
    world.street.step();
    world.street.send(world.link);
    await world.service.close();
    expect(world.ofKind('clock-done')).toHaveLength(1);
    world.street.step();
    world.street.send(world.link);
    expect(world.ofKind('clock-done')).toHaveLength(1);
    await decider.close();
  });
});

describe('deciders', () => {
  /** Three junctions, so that two threads both have something to do. */
  async function runWith(decider: Decider): Promise<{ plans: unknown[]; threads: Set<number> }> {
    const ids = ['1', '2', '3'].map((n) => `6b0f6a5${n}-1c70-5b11-9d3c-2f3a3e7c0001`);
    const configurations = ids.map((junctionId) => ({ ...crossroads(), junctionId }));
    const link = createInProcessLink({ simulation: true });
    const streets = configurations.map((one, i) => new TestStreet(one, { ...FLOWS, E: 100 + 300 * i }));
    for (const street of streets) await street.connect(link);
    const plans: unknown[] = [];
    const threads = new Set<number>();
    const service = new ControllerService({
      link,
      prefix: PREFIX,
      junctions: configurations.map((configuration) => ({ configuration, strategy: 'atcs', parameters: {} })),
      decider,
      lockstep: true,
      onDecision: ({ threadId, acknowledged: _, ...rest }) => {
        threads.add(threadId);
        plans.push(JSON.parse(JSON.stringify(rest)));
      },
    });
    await service.start();
    let answered: () => void = () => {};
    await link.subscribe(PREFIX, ['clock-done'], () => answered());
    for (let second = 0; second < 250; second++) {
      for (const street of streets) street.step();
      for (const street of streets) street.send(link, { clock: false });
      const done = new Promise<void>((resolve) => {
        answered = resolve;
      });
      streets[0]!.sendClock(link);
      await done;
    }
    await service.close();
    await decider.close();
    return { plans, threads };
  }

  it('decide the same in this thread, on one and on two worker threads', async () => {
    const here = await runWith(inProcessDecider());
    const one = await runWith(workerDecider({ threads: 1 }));
    const two = await runWith(workerDecider({ threads: 2 }));
    expect(here.plans.length).toBeGreaterThan(5);
    expect(one.plans).toEqual(here.plans);
    expect(two.plans).toEqual(here.plans);
    expect([...here.threads]).toEqual([0]);
    expect(one.threads.size).toBe(1);
    expect(one.threads.has(0)).toBe(false);
    expect(two.threads.size).toBe(2);
    expect(two.threads.has(0)).toBe(false);
  }, 30_000);

  it('keep on its thread what a strategy remembers, take what changed, and begin anew where told to', async () => {
    const decider = workerDecider({ threads: 1 });
    const configuration = crossroads();
    const street = new TestStreet(configuration, FLOWS);
    const here = inProcessDecider();
    let parameters = checkParameters(strategyNamed('max-pressure'), { intervalSeconds: 10 });
    let [kept, plain]: Memory[] = [null, null];
    const state = new JunctionState(configuration, 'max-pressure', parameters, -1);
    const both = async (): Promise<unknown[]> => {
      street.step();
      state.receiveDetections(street.detections());
      state.receiveLamps(street.lamps());
      const job = { junctionId: CROSSROADS_ID, strategy: 'max-pressure', configuration, parameters };
      const observation = state.observe(street.nowMs);
      const [there] = await decider.decide([{ ...job, memory: kept, observation }]);
      const [own] = await here.decide([{ ...job, memory: plain, observation }]);
      kept = there!.memory;
      plain = own!.memory;
      return [there!.decision, own!.decision];
    };
    const play = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i++) {
        const [there, own] = await both();
        expect(there).toEqual(own);
      }
    };
    await play(60);
    expect(kept).not.toHaveProperty('vehicles');
    parameters = { ...parameters, intervalSeconds: 30 };
    await play(60);
    kept = null;
    plain = null;
    await play(30);
    await decider.close();
  }, 30_000);

  it('refuse to work on no thread', () => {
    expect(() => workerDecider({ threads: 0 })).toThrow('threads is 0; a whole number of at least 1');
  });
});
