import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Acknowledgement, Lamp, Plan, StageRequest } from '../junction/types.ts';
import {
  acknowledgementFromMessage,
  acknowledgementToMessage,
  configurationFromMessage,
  configurationToMessage,
  isoOf,
  lampsFromMessage,
  lampsToMessage,
  laneTimeApproaches,
  modeToMessage,
  msOf,
  planFromMessage,
  planToMessage,
  requestFromMessage,
  requestToMessage,
} from './codec.ts';
import { EXAMPLE_CONFIGURATION, EXAMPLE_JUNCTION_ID, EXAMPLE_MESSAGES } from './examples.ts';
import { MESSAGE_SCHEMAS, type Message, type MessageKind } from './messages.ts';

/** What a receiver at the other end of a network has. */
function overTheWire<K extends MessageKind>(kind: K, message: Message<K>): Message<K> {
  return MESSAGE_SCHEMAS[kind].parse(JSON.parse(JSON.stringify(message))) as Message<K>;
}

const PLAN: Plan = {
  planId: 'plan-7',
  seq: 7,
  junctionId: EXAMPLE_JUNCTION_ID,
  configurationVersion: 3,
  validFromMs: Date.UTC(2024, 0, 1, 8),
  validUntilMs: Date.UTC(2024, 0, 1, 8, 6),
  stages: EXAMPLE_CONFIGURATION.localPlan,
  mode: 'automatic',
  reason: 'Queue of 9 on N.',
};
const DEFAULTS = { configuration: EXAMPLE_CONFIGURATION, lastSeq: 4 };

const seconds = fc.double({ min: 0, max: 300, noNaN: true });
const planStages = fc.array(
  fc.record({
    stageId: fc.constantFrom('main', 'side'),
    greenSeconds: seconds,
    yellowSeconds: seconds,
    allRedSeconds: seconds,
    walkSeconds: seconds,
  }),
  { minLength: 1, maxLength: 8 },
);
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('every message of the codec', () => {
  it('is exactly what JSON encoding, checking and decoding make of it: configuration', () => {
    const detectors = [
      { id: 'N:stopline', approach: 'N', position: 'stopline' as const, lane: null, groups: ['NS'] },
      {
        id: 'N:stopline:0',
        approach: 'N',
        position: 'stopline' as const,
        lane: 0,
        groups: ['NS'],
        metresBeforeLine: 0,
        limitMetresPerSecond: 13.89,
      },
    ];
    const yields = EXAMPLE_CONFIGURATION.conflicts.map((row, i) => row.map((_, j) => i === 0 && j === 1));
    for (const configuration of [EXAMPLE_CONFIGURATION, { ...EXAMPLE_CONFIGURATION, detectors, yields }]) {
      const message = configurationToMessage(configuration);
      expect(overTheWire('configuration', message)).toStrictEqual(message);
      expect(configurationFromMessage(message)).toStrictEqual(configuration);
    }
  });

  it('carries what vehicles tell of themselves, and what is wrong in it is refused', () => {
    const vehicle = { id: 'v1', lane: 'N:stopline:0', metres: 42.5, speed: 8.3, group: null };
    const message = { ...EXAMPLE_MESSAGES.detections, vehicles: [vehicle], reporting_share: 0.3 };
    expect(overTheWire('detections', message)).toStrictEqual(message);
    expect(() => overTheWire('detections', { ...message, reporting_share: 1.5 })).toThrow(/reporting_share/);
    expect(() => overTheWire('detections', { ...message, vehicles: [{ ...vehicle, metres: -1 }] })).toThrow(/metres/);
  });

  it('is exactly what the wire makes of it: any plan', () => {
    fc.assert(
      fc.property(planStages, time, time, fc.string(), (stages, from, until, reason) => {
        const plan = { ...PLAN, stages, validFromMs: from, validUntilMs: until, reason };
        const message = planToMessage(plan, EXAMPLE_CONFIGURATION);
        fc.pre(message.total_cycle_time! < 86_400);
        const arrived = overTheWire('green-time', message);
        expect(arrived).toStrictEqual(message);
        const decoded = planFromMessage(arrived, DEFAULTS);
        expect(JSON.parse(JSON.stringify(decoded))).toStrictEqual(JSON.parse(JSON.stringify(plan)));
      }),
    );
  });

  it('is exactly what the wire makes of it: stage requests, acknowledgements, lamps, mode', () => {
    const request: StageRequest = {
      seq: 8,
      junctionId: EXAMPLE_JUNCTION_ID,
      configurationVersion: 3,
      stageId: 'side',
      notBeforeMs: PLAN.validFromMs,
      validUntilMs: PLAN.validFromMs + 3000,
      reason: '',
    };
    const requestMessage = requestToMessage(request);
    expect(overTheWire('stage-request', requestMessage)).toStrictEqual(requestMessage);
    expect(requestFromMessage(requestMessage)).toStrictEqual(request);

    for (const acknowledgement of [
      { seq: 7, planId: 'plan-7', result: 'applied', reason: '', atMs: PLAN.validFromMs },
      { seq: 8, result: 'refused', reason: 'too late', atMs: PLAN.validFromMs },
    ] satisfies Acknowledgement[]) {
      const message = acknowledgementToMessage(acknowledgement, 'lamps-01');
      expect(overTheWire('ack', message)).toStrictEqual(message);
      expect(acknowledgementFromMessage(message)).toStrictEqual(acknowledgement);
    }

    for (const extra of [{}, { cycleSecondsLeft: null }, { cycleSecondsLeft: 40.1, fault: 'lamp out' }]) {
      const lamps: Record<string, Lamp> = { NS: 'green', E: 'red' };
      const report = {
        deviceId: 'lamps-01',
        seq: 1,
        atMs: PLAN.validFromMs,
        stageId: null,
        lamps,
        source: 'plan' as const,
        secondsLeft: 12.3,
        ...extra,
      };
      const message = lampsToMessage(report);
      expect(overTheWire('lamps', message)).toStrictEqual(message);
      expect(lampsFromMessage(message)).toStrictEqual(report);
    }

    const mode = modeToMessage('manual_override', 'operator', 'Road works.', PLAN.validUntilMs);
    expect(overTheWire('mode', mode)).toStrictEqual(mode);
  });

  it('is accepted by the schemas: every example', () => {
    for (const [kind, message] of Object.entries(EXAMPLE_MESSAGES) as [MessageKind, Message<MessageKind>][]) {
      expect(overTheWire(kind, message)).toStrictEqual(message);
    }
  });
});

describe('planToMessage', () => {
  it('says each approach its green in the order N, S, E, W, and null where there is none', () => {
    const message = planToMessage(PLAN, EXAMPLE_CONFIGURATION);
    expect(message.lane_times).toEqual([30, 30, 12, null]);
    expect(message.total_cycle_time).toBe(56.5);
  });

  it('adds up the greens of an approach that has several, and lists other names after N, S, E, W', () => {
    const configuration = {
      ...EXAMPLE_CONFIGURATION,
      approaches: [...EXAMPLE_CONFIGURATION.approaches, { id: EXAMPLE_JUNCTION_ID, name: 'NE' }],
    };
    const stages = [...PLAN.stages, ...PLAN.stages];
    expect(planToMessage({ ...PLAN, stages }, configuration).lane_times).toEqual([60, 60, 24, null, 0]);
    expect(laneTimeApproaches(configuration).map((a) => a?.name ?? null)).toEqual(['N', 'S', 'E', null, 'NE']);
  });

  it('cuts a reason that is longer than the wire takes', () => {
    const message = planToMessage({ ...PLAN, reason: 'x'.repeat(5000) }, EXAMPLE_CONFIGURATION);
    expect(overTheWire('green-time', message).reason).toHaveLength(1000);
  });

  it('writes no minus zero, which JSON would lose', () => {
    const stages = [{ stageId: 'main', greenSeconds: 10, yellowSeconds: -0, allRedSeconds: -0 }];
    const message = planToMessage({ ...PLAN, stages }, EXAMPLE_CONFIGURATION);
    expect(Object.is(message.stages![0]!.yellow_seconds, 0)).toBe(true);
  });
});

describe('planFromMessage for a seed system that sends greens only', () => {
  const bare = { junction_id: EXAMPLE_JUNCTION_ID, timestamp: '2024-01-01T08:00:00.000Z' };

  it('takes the next seq, three of the longest cycles of validity, and the stage of each approach', () => {
    const configuration = {
      ...EXAMPLE_CONFIGURATION,
      signalGroups: [
        ...EXAMPLE_CONFIGURATION.signalGroups,
        { id: 'N', number: 4, kind: 'vehicle' as const, approaches: ['N'], clearanceSeconds: 0 },
      ],
      stages: [
        ...EXAMPLE_CONFIGURATION.stages,
        { id: 'north', groups: ['N'], minGreenSeconds: 5, maxGreenSeconds: 40 },
      ],
    };
    const plan = planFromMessage({ ...bare, lane_times: [20, null, 15, null] }, { configuration, lastSeq: 4 });
    expect(plan.seq).toBe(5);
    expect(plan.validUntilMs - plan.validFromMs).toBe(360_000);
    expect(plan.stages.map((s) => [s.stageId, s.greenSeconds])).toEqual([
      ['north', 20],
      ['side', 15],
    ]);
  });

  it('has no stages where an approach has no stage of its own, so that the interlock refuses it', () => {
    expect(planFromMessage({ ...bare, lane_times: [20, 20, 15, null] }, DEFAULTS).stages).toEqual([]);
    expect(planFromMessage({ ...bare, lane_times: [null, null, 15, 9] }, DEFAULTS).stages).toEqual([]);
  });
});

describe('times', () => {
  it('are ISO 8601 in UTC with milliseconds, both ways', () => {
    expect(isoOf(1_704_096_000_007)).toBe('2024-01-01T08:00:00.007Z');
    fc.assert(fc.property(time, (ms) => msOf(isoOf(ms)) === ms));
    expect(() => isoOf(Number.NaN)).toThrow(RangeError);
  });
});
