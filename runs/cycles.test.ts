import { describe, expect, it } from 'vitest';
import { isoOf } from '../feeds/codec.ts';
import { EXAMPLE_CONFIGURATION, EXAMPLE_JUNCTION_ID, EXAMPLE_LANE_IDS, EXAMPLE_MESSAGES } from '../feeds/examples.ts';
import type { Lamp } from '../junction/types.ts';
import { CycleCollector } from './cycles.ts';
import { runVariants } from './runner.ts';
import { openSource } from './source.ts';
import { testDecider } from './testing.ts';
import type { CycleRecord } from './twin-types.ts';

const START = Date.UTC(2024, 0, 1);
const address = { prefix: 'flextraff-sim/r1/adaptive', junctionId: EXAMPLE_JUNCTION_ID };

/** Lamps at a second: main green up to 30, side green from 40 to 52, cycle 57. */
function lampsAt(second: number, cycleLeft: number | null = 57 - (second % 57)) {
  const inCycle = second % 57;
  const lamps: Record<string, Lamp> = {
    NS: inCycle < 30 ? 'green' : 'red',
    E: inCycle >= 40 && inCycle < 52 ? 'green' : 'red',
    'E-walk': 'red',
  };
  const stage = inCycle < 40 ? 'main' : 'side';
  const message = {
    ...EXAMPLE_MESSAGES.lamps,
    seq: second,
    timestamp: isoOf(START + 1000 * second),
    stage,
    lamps,
    cycle_seconds_left: cycleLeft,
  };
  return { address: { ...address, kind: 'lamps' }, message } as const;
}

function countsAt(second: number, laneId: string, epcs: string[], position: 'stopline' | 'upstream' = 'stopline') {
  const message = {
    ...EXAMPLE_MESSAGES['car-counts'],
    lane_id: laneId,
    vehicle_count: epcs.length,
    epc_ids: epcs,
    timestamp: isoOf(START + 1000 * second),
    position,
  };
  return { address: { ...address, kind: 'car-counts', laneId }, message } as const;
}

function collect(seconds: number, cycleLeft?: null): CycleRecord[] {
  const collector = new CycleCollector([EXAMPLE_CONFIGURATION], 'r1', 'adaptive');
  const cycles: CycleRecord[] = [];
  for (let second = 0; second <= seconds; second++) {
    const ended = collector.take(lampsAt(second, cycleLeft));
    if (ended) cycles.push(ended);
    if (second === 10) collector.take(countsAt(second, EXAMPLE_LANE_IDS.N, ['A', 'B']));
    if (second === 20) collector.take(countsAt(second, EXAMPLE_LANE_IDS.N, ['C']));
    if (second === 25) collector.take(countsAt(second, EXAMPLE_LANE_IDS.N, ['A'], 'upstream'));
    if (second === 70) collector.take(countsAt(second, EXAMPLE_LANE_IDS.E, ['D']));
  }
  return cycles;
}

describe('the cycles of a junction', () => {
  it('say on which approach an emergency vehicle asked for green', () => {
    const collector = new CycleCollector([EXAMPLE_CONFIGURATION], 'r1', 'adaptive');
    const cycles: CycleRecord[] = [];
    for (let second = 0; second <= 171; second++) {
      const ended = collector.take(lampsAt(second));
      if (ended) cycles.push(ended);
      const kind = second === 70 ? 'emergency' : 'bus';
      const request = { id: 'x', kind, approach: 'E', lane: 0, metres: 80, speed: 12 } as const;
      const message = { seq: second, timestamp: isoOf(START + 1000 * second), detectors: {}, priority: [request] };
      collector.take({ address: { ...address, kind: 'detections' }, message });
    }
    const on = cycles.map(({ approaches }) =>
      approaches.filter((approach) => approach.emergencyVehicleDetected).map(({ laneId }) => laneId),
    );
    expect(on).toEqual([[], [EXAMPLE_LANE_IDS.E], []]);
  });

  it('have their times, greens, counts and tags per approach', () => {
    const [first, second, ...others] = collect(120);
    expect(others).toEqual([]);
    expect(first).toEqual({
      runId: 'r1',
      variant: 'adaptive',
      junctionId: EXAMPLE_JUNCTION_ID,
      cycleNumber: 1,
      startedAtMs: START,
      endedAtMs: START + 57_000,
      planId: null,
      mode: 'automatic',
      approaches: [
        { laneId: EXAMPLE_LANE_IDS.N, vehicleCount: 3, epcIds: ['A', 'B', 'C'], greenSeconds: 30 },
        { laneId: EXAMPLE_LANE_IDS.S, vehicleCount: 0, epcIds: [], greenSeconds: 30 },
        { laneId: EXAMPLE_LANE_IDS.E, vehicleCount: 0, epcIds: [], greenSeconds: 12 },
      ],
    });
    expect(second).toMatchObject({ cycleNumber: 2, startedAtMs: START + 57_000, endedAtMs: START + 114_000 });
    expect(second!.approaches[2]).toMatchObject({ vehicleCount: 1, epcIds: ['D'] });
  });

  it('end with the first stage where stage requests lead', () => {
    expect(collect(120, null).map((cycle) => (cycle.endedAtMs - START) / 1000)).toEqual([57, 114]);
  });

  it('cite the plan that was in force and the mode', () => {
    const collector = new CycleCollector([EXAMPLE_CONFIGURATION], 'r1', 'adaptive');
    const ack = (planId: string, fromSecond: number, result: 'applied' | 'refused') =>
      collector.take({
        address: { ...address, kind: 'ack' },
        message: {
          plan_id: planId,
          seq: 1,
          device_id: 'x',
          result,
          reason: '',
          applied_at: isoOf(START + 1000 * fromSecond),
        },
      });
    const cycles: CycleRecord[] = [];
    for (let second = 0; second <= 180; second++) {
      if (second === 5) ack('plan-1', 57, 'applied');
      if (second === 6) ack('plan-2', 57, 'refused');
      if (second === 60) ack('plan-3', 114, 'applied');
      if (second === 60) collector.setMode(EXAMPLE_JUNCTION_ID, 'manual_override');
      const ended = collector.take(lampsAt(second));
      if (ended) cycles.push(ended);
    }
    expect(cycles.map((cycle) => [cycle.planId, cycle.mode])).toEqual([
      [null, 'automatic'],
      ['plan-1', 'manual_override'],
      ['plan-3', 'manual_override'],
    ]);
  });

  it('of a simulated street follow each other without a gap and hold every vehicle that was read', async () => {
    const source = await openSource('t-junction', { untilSeconds: 600 });
    const collectors = new Map<string, CycleCollector>();
    const cycles: CycleRecord[] = [];
    let counted = 0;
    await runVariants({
      source,
      seed: 1,
      decider: testDecider(),
      variants: [source.variants[0]!],
      observer: {
        onStart: (streets) =>
          streets.forEach(
            (street, name) => void collectors.set(name, new CycleCollector(street.configurations, 'r1', name)),
          ),
        onMessage: (variant, _second, outgoing) => {
          const cycle = collectors.get(variant)!.take(outgoing);
          if (cycle) cycles.push(cycle);
          if (cycle) counted = cycles.flatMap((c) => c.approaches).reduce((sum, a) => sum + a.vehicleCount, 0);
        },
      },
    });
    expect(cycles.length).toBeGreaterThan(5);
    expect(counted).toBeGreaterThan(50);
    for (const [i, cycle] of cycles.entries()) {
      expect(cycle.cycleNumber).toBe(i + 1);
      if (i > 0) expect(cycle.startedAtMs).toBe(cycles[i - 1]!.endedAtMs);
      expect(cycle.endedAtMs).toBeGreaterThan(cycle.startedAtMs);
      for (const approach of cycle.approaches) {
        expect(approach.greenSeconds).toBeGreaterThan(0);
        expect(approach.epcIds.length).toBeLessThanOrEqual(approach.vehicleCount);
      }
    }
  });
});
