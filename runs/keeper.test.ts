import { describe, expect, it } from 'vitest';
import type { Outgoing } from '../sim/types.ts';
import { RunKeeper } from './keeper.ts';
import { memoryStore } from './testing.ts';
import { makeConfiguration, makeRun } from './testing/rows.ts';
import type { Drawing, Frame } from './types.ts';

const START = Date.UTC(2024, 0, 1);
const iso = (second: number): string => new Date(START + second * 1000).toISOString();

function open() {
  const store = memoryStore();
  const row = makeRun({ startsAtMs: START });
  const configuration = makeConfiguration();
  const drawing = { approaches: configuration.approaches.map(({ id }) => ({ id })) } as unknown as Drawing;
  const keeper = new RunKeeper({ row, drawing, store, now: () => 1_700_000_000_000 });
  keeper.start(new Map(row.variants.map(({ name }) => [name, [configuration]])));
  const prefix = `flextraff-sim/${row.id}`;
  const { junctionId } = configuration;
  const say = (variant: string, kind: string, message: object, more: object = {}): void =>
    keeper.message(variant, {
      address: { prefix: `${prefix}/${variant}`, kind, junctionId, ...more },
      message,
    } as unknown as Outgoing);
  const lamps = (variant: string, second: number, ns: string, ew: string): void =>
    say(variant, 'lamps', {
      device_id: 'lamp',
      seq: second,
      timestamp: iso(second),
      stage: 'A',
      lamps: { NS: ns, EW: ew },
      source: 'plan',
      seconds_left: 4,
    });
  const frame = (delaySeconds: number, fuelLitres: number): Frame =>
    ({
      vehicles: [1, 0, 0, 0, 0, 100, 2, 0, 0, 0, 0, 50],
      counters: { approachQueues: [3, 2, 1, 0], delaySeconds, fuelLitres, co2Kilograms: fuelLitres * 2 },
    }) as unknown as Frame;
  return { store, keeper, configuration, say, lamps, frame, row };
}

describe('what a run leaves in the store', () => {
  it('is a simulation a variant, with signal states when they change and every ten seconds with traffic', () => {
    const { store, keeper, configuration, say, lamps, frame, row } = open();
    for (let second = 1; second <= 10; second++) {
      lamps('baseline', second, second < 6 ? 'green' : 'amber', 'red');
      if (second === 3)
        say(
          'baseline',
          'car-counts',
          {
            junction_id: configuration.junctionId,
            lane_id: configuration.approaches[0]!.id,
            vehicle_count: 5,
            epc_ids: [],
            timestamp: iso(3),
            position: 'stopline',
          },
          { laneId: configuration.approaches[0]!.id },
        );
      keeper.second(second, { baseline: frame(8, 10), adaptive: frame(6, 9) });
    }
    keeper.end(null);
    expect(store.records.simulations?.map((row) => [row.simulationId, row.variant])).toEqual([
      [`${row.id}/baseline`, 'baseline'],
      [`${row.id}/adaptive`, 'adaptive'],
      [`${row.id}/baseline`, 'baseline'],
      [`${row.id}/adaptive`, 'adaptive'],
    ]);
    const states = store.records.signalStates!.filter((state) => state.simulationId.endsWith('/baseline'));
    const north = states.filter((state) => state.direction === 'north');
    expect(north.map((state) => [(state.atMs - START) / 1000, state.status, state.traffic?.vehiclesCrossed])).toEqual([
      [1, 'GREEN', undefined],
      [6, 'YELLOW', undefined],
      [10, 'YELLOW', 5],
    ]);
    expect(north[2]?.traffic?.queueLength).toBe(3);
    expect(states.filter((state) => state.direction === 'west').map((state) => state.status)).toEqual(['RED', 'RED']);
    expect(store.records.performance).toMatchObject([
      { averageWaitSeconds: 8, totalVehiclesPassed: 5, throughputPerSecond: 0.5, fuelSavedLitres: null },
      { averageWaitSeconds: 6, totalVehiclesPassed: 0, fuelSavedLitres: 1, co2SavedKilograms: 2 },
    ]);
    // 10 and 5 m/s.
    expect(store.records.performance![0]!.averageSpeedKilometresPerHour).toBeCloseTo(27, 9);
  });

  it("is the devices' last word, and messages that say something new", () => {
    const { store, keeper, configuration, say, row } = open();
    const beat = (uptime: number) => ({
      device_id: 'x-rfid-n-upstream',
      device_type: 'rfid_counter',
      junction_id: configuration.junctionId,
      lane_id: configuration.approaches[0]!.id,
      firmware: 'f',
      uptime_seconds: uptime,
      clock_offset_ms: 0,
      queue_depth: 0,
    });
    for (const uptime of [5, 10, 15])
      say('baseline', 'heartbeat', beat(uptime), { junctionId: undefined, deviceId: 'x-rfid-n-upstream' });
    const command = (kind: string, message: object): void =>
      keeper.command('adaptive', {
        address: { prefix: `flextraff-sim/${row.id}/adaptive`, kind, junctionId: configuration.junctionId },
        message,
      } as never);
    for (const stage of ['A', 'A', 'B']) command('stage-request', { stage });
    command('green-time', { lane_times: [20, 20, 15, 15], total_cycle_time: 50 });
    say('adaptive', 'ack', { seq: 1, device_id: 'lamp', result: 'applied', reason: '', applied_at: iso(1) });
    say('adaptive', 'ack', { seq: 2, device_id: 'lamp', result: 'refused', reason: 'late', applied_at: iso(1) });
    keeper.second(1, {});
    keeper.end(null);
    expect(store.records.devices).toMatchObject([
      { deviceName: 'x-rfid-n-upstream', position: 'upstream', uptimeSeconds: 15, heartbeatAtMs: 1_700_000_000_000 },
    ]);
    expect(store.records.messages?.map((message) => [message.topic.split('/').at(-1), message.direction])).toEqual([
      ['stage-request', 'outgoing'],
      ['stage-request', 'outgoing'],
      ['green-time', 'outgoing'],
      ['ack', 'incoming'],
    ]);
    expect(store.records.messages?.[3]).toMatchObject({ deviceName: 'lamp', payload: { result: 'refused' } });
  });

  it('is each emergency vehicle that was heard, from the first word to the last', () => {
    const { store, keeper, configuration, say, lamps, frame, row } = open();
    const hears = (second: number, ...heard: [id: string, kind: string, approach: string][]): void =>
      say('adaptive', 'detections', {
        seq: second,
        timestamp: iso(second),
        detectors: {},
        priority: heard.map(([id, kind, approach]) => ({ id, kind, approach, lane: 0, metres: 90, speed: 12 })),
      });
    lamps('adaptive', 1, 'green', 'red');
    hears(5, ['a', 'emergency', 'W'], ['b', 'bus', 'N']);
    hears(6, ['a', 'emergency', 'W']);
    keeper.command('adaptive', {
      address: { prefix: `flextraff-sim/${row.id}/adaptive`, kind: 'mode', junctionId: configuration.junctionId },
      message: { mode: 'emergency' },
    } as never);
    hears(8, ['a', 'emergency', 'W'], ['c', 'emergency', 'N']);
    keeper.second(10, { baseline: frame(1, 1), adaptive: frame(1, 1) });
    hears(17, ['c', 'emergency', 'N']);
    const of = { simulationId: `${row.id}/adaptive`, junctionId: configuration.junctionId };
    const a = { ...of, direction: 'west', detectedAtMs: START + 5000 };
    expect(store.records.emergencies).toMatchObject([
      { ...a, clearedAtMs: null, responseSeconds: null, wasOverridden: false },
      { ...of, direction: 'north', detectedAtMs: START + 8000, clearedAtMs: null, wasOverridden: true },
      { ...a, clearedAtMs: START + 17_000, responseSeconds: 12, wasOverridden: true },
    ]);
    expect(store.records.emergencies).toHaveLength(3);
    const present = store.records.signalStates!.filter(({ traffic }) => traffic?.emergencyVehiclePresent);
    expect(present.map(({ direction }) => direction)).toEqual(['north', 'west']);
    expect(store.records.performance!.map(({ emergencyOverrides }) => emergencyOverrides)).toEqual([0, 1]);
  });

  it('is what strategies foresaw, with what came of it', () => {
    const { store, keeper, configuration, row } = open();
    const decision = {
      junctionId: configuration.junctionId,
      atMs: START + 12_000,
      seq: 3,
      strategy: 'horizon',
      kind: 'stage',
      stages: [],
      reason: '',
      vetoed: null,
    } as const;
    keeper.decision('adaptive', { ...decision, inputs: { plan: 'A@0' } });
    const judged = { quantity: 'departures', version: '1', predictedAtMs: START, targetAtMs: START + 10_000 };
    keeper.decision('adaptive', { ...decision, inputs: { predictions: [{ ...judged, predicted: 5, actual: 4 }] } });
    expect(store.records.predictions).toEqual([
      {
        runId: row.id,
        variant: 'adaptive',
        junctionId: configuration.junctionId,
        model: 'horizon',
        modelVersion: '1',
        quantity: 'departures',
        predictedAtMs: START,
        targetAtMs: START + 10_000,
        predictedValue: 5,
        actualValue: 4,
      },
    ]);
  });
});
