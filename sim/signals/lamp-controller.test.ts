import { describe, expect, it } from 'vitest';
import { configurationToMessage, modeToMessage, planToMessage, requestToMessage } from '../../feeds/codec.ts';
import { MESSAGE_SCHEMAS, type Message, type MessageKind } from '../../feeds/messages.ts';
import type { Plan } from '../../junction/types.ts';
import { configuration, JUNCTION } from '../testing/corner.ts';
import type { Outgoing } from '../types.ts';
import { LampController } from './lamp-controller.ts';
import { Outbox } from './outbox.ts';

const START = 1_704_067_200_000;

function controllerAtStart(boot: 'warm' | 'cold' = 'warm', wants: (kind: MessageKind) => boolean = () => true) {
  const groupLamp = new Uint8Array(3);
  const controller = new LampController(configuration, {
    deviceId: 'corner-lamps',
    startMs: START,
    boot,
    groupLamp,
    firstGroup: 1,
  });
  const outbox = new Outbox('flextraff-sim/run/baseline', wants);
  let second = 0;
  /** Ticks of a second up to and including `until`; the messages of all of them. */
  const run = (until: number): readonly Outgoing[] => {
    for (; second <= until; second++) controller.tick(START + second * 1000, true, outbox);
    return outbox.drain();
  };
  return { controller, groupLamp, run };
}

function only<K extends MessageKind>(messages: readonly Outgoing[], kind: K): Message<K>[] {
  return messages.filter((m) => m.address.kind === kind).map((m) => m.message as Message<K>);
}

function plan(seq: number, greens: [number, number]): Plan {
  return {
    planId: `p${seq}`,
    seq,
    junctionId: JUNCTION,
    configurationVersion: 1,
    validFromMs: START,
    validUntilMs: START + 3_600_000,
    stages: [
      { stageId: 'north', greenSeconds: greens[0], yellowSeconds: 3, allRedSeconds: 2 },
      { stageId: 'east', greenSeconds: greens[1], yellowSeconds: 3, allRedSeconds: 2 },
    ],
    mode: 'automatic',
    reason: 'test',
  };
}

describe('a lamp controller in the world', () => {
  it('starts warm with the first stage of its local plan', () => {
    const { controller, groupLamp, run } = controllerAtStart();
    expect([...groupLamp]).toEqual([0, 1, 0]);
    expect(controller.letters()).toBe('gr');
    const lamps = only(run(0), 'lamps');
    expect(lamps).toEqual([
      {
        device_id: 'corner-lamps',
        seq: 1,
        timestamp: '2024-01-01T00:00:00.000Z',
        stage: 'north',
        lamps: { N: 'green', E: 'red' },
        source: 'local',
        seconds_left: 25,
        cycle_seconds_left: 50,
      },
    ]);
    expect(controller.stage()).toEqual([0, 25]);
  });

  it('can start cold: flashing, with no green for traffic', () => {
    const { controller, groupLamp, run } = controllerAtStart('cold');
    expect(only(run(0), 'lamps')[0]).toMatchObject({ lamps: { N: 'flash', E: 'flash' }, source: 'flash', stage: null });
    expect(controller.stage()[0]).toBe(-1);
    expect([...groupLamp]).toEqual([0, 0, 0]);
  });

  it('goes through its local plan, yellow and all-red included', () => {
    const { controller, groupLamp, run } = controllerAtStart();
    const letters: string[] = [];
    for (let second = 0; second < 50; second++) {
      run(second);
      letters.push(controller.letters());
    }
    expect(
      letters.map((l, second) => [l, second] as const).filter(([l], i) => i === 0 || l !== letters[i - 1]),
    ).toEqual([
      ['gr', 0],
      ['ar', 20],
      ['rr', 23],
      ['rg', 25],
      ['ra', 45],
      ['rr', 48],
    ]);
    run(45);
    expect([...groupLamp]).toEqual([0, 0, 0]);
  });

  it('tells of changes between seconds too', () => {
    const { controller } = controllerAtStart();
    const outbox = new Outbox('p', () => true);
    controller.tick(START, true, outbox);
    controller.tick(START + 19_900, false, outbox);
    expect(outbox.drain()).toHaveLength(1);
    controller.tick(START + 20_000, false, outbox);
    expect(only(outbox.drain(), 'lamps')[0]).toMatchObject({ seq: 2, lamps: { N: 'amber', E: 'red' } });
  });

  it('acknowledges plans and carries them out from the next cycle on', () => {
    const { controller, run } = controllerAtStart();
    run(10);
    controller.receive('green-time', planToMessage(plan(1, [30, 10]), configuration));
    const messages = run(11);
    expect(only(messages, 'ack')).toMatchObject([
      { plan_id: 'p1', seq: 1, device_id: 'corner-lamps', result: 'applied', reason: '' },
    ]);
    run(49);
    expect(controller.letters()).toBe('rr');
    run(79);
    expect(controller.letters()).toBe('gr');
    expect(only(run(80), 'lamps')[0]).toMatchObject({ lamps: { N: 'amber' }, source: 'plan' });
  });

  it('refuses what the interlock refuses, and says why', () => {
    const { controller, run } = controllerAtStart();
    controller.receive('green-time', planToMessage(plan(1, [1, 10]), configuration));
    const [ack] = only(run(0), 'ack');
    expect(ack).toMatchObject({ seq: 1, result: 'refused' });
    expect(ack!.reason).toMatch(/green/i);
  });

  it('obeys stage requests when minimum greens allow', () => {
    const { controller, run } = controllerAtStart();
    run(9);
    controller.receive(
      'stage-request',
      requestToMessage({
        seq: 1,
        junctionId: JUNCTION,
        configurationVersion: 1,
        stageId: 'east',
        notBeforeMs: START,
        validUntilMs: START + 60_000,
        reason: 'test',
      }),
    );
    expect(only(run(10), 'ack')).toMatchObject([{ seq: 1, result: 'applied' }]);
    expect(controller.letters()).toBe('ar');
  });

  it('answers a configuration that it cannot take with a warning, and a mode with obedience', () => {
    const { controller, run } = controllerAtStart();
    controller.receive('configuration', configurationToMessage({ ...configuration, version: 0 }));
    const [log] = only(run(0), 'log');
    expect(log).toMatchObject({ level: 'WARNING', device_id: 'corner-lamps' });
    expect(log!.message).toMatch(/^configuration refused: .*version/);
    controller.receive('mode', modeToMessage('manual_override', 'operator', 'test', null));
    controller.receive('green-time', planToMessage(plan(1, [30, 10]), configuration));
    expect(only(run(1), 'ack')).toMatchObject([{ result: 'refused' }]);
  });

  it('saves itself messages that nobody takes, and still carries out what it is told', () => {
    const { controller, run } = controllerAtStart('warm', () => false);
    controller.receive('green-time', planToMessage(plan(1, [30, 10]), configuration));
    expect(run(79)).toEqual([]);
    expect(controller.letters()).toBe('gr');
  });

  it('sends what JSON and the schemas leave as it is', () => {
    const { controller, run } = controllerAtStart();
    controller.receive('green-time', planToMessage(plan(1, [30.25, 10]), configuration));
    controller.receive('configuration', configurationToMessage({ ...configuration, version: 0 }));
    const messages = run(60);
    expect(new Set(messages.map((m) => m.address.kind))).toEqual(new Set(['ack', 'lamps', 'log']));
    for (const { address, message } of messages) {
      expect(MESSAGE_SCHEMAS[address.kind].parse(JSON.parse(JSON.stringify(message)))).toStrictEqual(message);
    }
  });
});
