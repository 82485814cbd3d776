import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { START_MS } from '../testing.ts';
import type { DetectorReading, Observation } from '../types.ts';
import { groundOf } from './streams.ts';
import { laneTraffic, observeVehicles, type VehiclesMemory } from './vehicles.ts';

const ground = groundOf(crossroads());
const OPTIONS = { upstreamSeconds: 9, smoothingSeconds: 200 };
const NORTH = ground.sections.findIndex(({ upstream }) => upstream[0]!.id === 'N:upstream');
const LEFT = ground.streams.findIndex(({ id }) => id === 'N:stopline:0');
const STRAIGHT = ground.streams.findIndex(({ id }) => id === 'N:stopline:1');

interface Second {
  readonly upstream?: number;
  /** Share of the second in which the upstream detector was covered. */
  readonly upstreamOccupancy?: number;
  readonly left?: Partial<DetectorReading>;
  readonly straight?: Partial<DetectorReading>;
  readonly green?: readonly string[];
}

/** What is remembered after these seconds at the northern approach; other detectors say nothing. */
function remembered(seconds: readonly Second[]): VehiclesMemory {
  let memory: VehiclesMemory | null = null;
  seconds.forEach(({ upstream, upstreamOccupancy = 0, left, straight, green = [] }, second) => {
    const free = { count: 0, occupancy: 0, presence: false };
    const observation: Observation = {
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors: {
        'N:stopline:0': { ...free, ...left },
        'N:stopline:1': { ...free, ...straight },
        ...(upstream !== undefined && { 'N:upstream': { ...free, count: upstream, occupancy: upstreamOccupancy } }),
      },
      countsSincePlan: [0, 0, 0, 0],
      lamps: {
        stageId: 'NS',
        secondsLeft: null,
        cycleSecondsLeft: null,
        byGroup: Object.fromEntries(green.map((group) => [group, 'green' as Lamp])),
        source: 'plan',
      },
    };
    memory = JSON.parse(JSON.stringify(observeVehicles(ground, memory, observation, OPTIONS)));
  });
  return memory!;
}
const repeat = (n: number, second: (k: number) => Second): Second[] => Array.from({ length: n }, (_, k) => second(k));
const standing = { occupancy: 1, presence: true };
/** Three come, and stand in the lane for straight on. */
const threeWait = [
  { upstream: 0 },
  ...repeat(8, () => ({ upstream: 3 })),
  ...repeat(12, () => ({ upstream: 3, straight: standing })),
];

describe('vehicles between the upstream detector and the stop line', () => {
  it('are on their way, then at the line', () => {
    const seconds = [{ upstream: 0 }, ...repeat(3, () => ({ upstream: 2 }))];
    const coming = laneTraffic(ground, remembered(seconds));
    expect(coming[LEFT]!.coming + coming[STRAIGHT]!.coming).toBeCloseTo(2);
    expect(coming[LEFT]!.queued + coming[STRAIGHT]!.queued).toBe(0);
    const there = laneTraffic(
      ground,
      remembered([
        ...seconds,
        ...repeat(5, () => ({ upstream: 2 })),
        ...repeat(5, () => ({ upstream: 2, left: standing, straight: standing })),
      ]),
    );
    expect(there[LEFT]!.queued + there[STRAIGHT]!.queued).toBeCloseTo(2);
    for (const l of [LEFT, STRAIGHT]) expect(Math.abs(there[l]!.queued - 1)).toBeLessThan(0.4);
  });
  it('are in the lane whose stop line is covered, not in the one that nobody covers', () => {
    const lanes = laneTraffic(ground, remembered(threeWait));
    expect(lanes[STRAIGHT]!.queued).toBeGreaterThan(2.9);
    expect(lanes[LEFT]!.queued).toBeLessThan(0.05);
  });
  it('are gone when they have crossed the line', () => {
    const leaving = repeat(7, (k) => ({
      upstream: 3,
      straight: { ...(k < 6 && standing), count: Math.floor((k + 1) / 2) },
      green: ['N-straight'],
    }));
    const lanes = laneTraffic(ground, remembered([...threeWait, ...leaving]));
    expect(lanes[STRAIGHT]!.queued).toBeLessThan(0.1);
  });
  describe('and beyond the detector', () => {
    // one each 5 s for long, who go on at once; then a queue that covers the detector for 60 s; then it moves on
    const before = repeat(600, (k) => ({
      upstream: Math.floor(k / 5),
      straight: { count: Math.max(0, Math.floor((k - 9) / 5)) },
      green: ['N-straight', 'N-left'],
    }));
    const counts = { straight: { count: 118, ...standing } };
    // both lanes' worth of detector
    const stands = repeat(60, () => ({ upstream: 120, upstreamOccupancy: 1, ...counts }));
    const moves = (n: number): Second[] =>
      repeat(n, (k) => ({
        upstream: 120 + Math.ceil(k / 2),
        upstreamOccupancy: 0.4,
        straight: { count: 118 + Math.floor(k / 2), ...standing },
        green: ['N-straight', 'N-left'],
      }));
    const waits = (seconds: readonly Second[]): number =>
      laneTraffic(ground, remembered(seconds)).reduce((sum, { queued }) => sum + queued, 0);

    it('are as many as come in the time that a queue has stood on it', () => {
      const { vehicles } = remembered([...before, ...stands]).sections[NORTH]!.beyond[0]!;
      expect(vehicles).toBeGreaterThan(8);
      expect(vehicles).toBeLessThan(14);
    });
    it('are still there when the queue begins to move, and become those who pass', () => {
      const soon = remembered([...before, ...stands, ...moves(4)]).sections[NORTH]!.beyond[0]!.vehicles;
      const later = remembered([...before, ...stands, ...moves(12)]).sections[NORTH]!.beyond[0]!.vehicles;
      expect(soon).toBeGreaterThan(7);
      expect(soon - later).toBeGreaterThan(2);
      expect(soon - later).toBeLessThan(4);
    });
    it('are gone when nobody has passed the detector for a while', () => {
      const quiet = repeat(5, () => ({ upstream: 121, ...counts }));
      expect(remembered([...before, ...stands, ...moves(3), ...quiet]).sections[NORTH]!.beyond[0]!.vehicles).toBe(0);
      expect(waits([...before, ...stands])).toBeGreaterThan(waits([...before, ...stands, ...moves(3), ...quiet]) + 6);
    });
  });
  it('are expected in the lanes that vehicles used before', () => {
    const used = repeat(400, (k) => ({
      upstream: Math.floor(k / 4),
      straight: { count: Math.max(0, Math.floor((k - 9) / 4)) },
      green: ['N-straight', 'N-left'],
    }));
    const lanes = laneTraffic(ground, remembered(used));
    expect(lanes[STRAIGHT]!.coming).toBeGreaterThan(10 * lanes[LEFT]!.coming);
    expect(lanes[STRAIGHT]!.perSecond).toBeGreaterThan(0.2);
    expect(lanes[STRAIGHT]!.perSecond).toBeLessThan(0.26);
  });
  it('take as long from detector to line as is seen', () => {
    const memory = remembered(
      repeat(800, (k) => ({
        upstream: Math.floor(k / 20),
        straight: { count: Math.max(0, Math.floor((k - 14) / 20)) },
        green: ['N-straight', 'N-left'],
      })),
    );
    expect(memory.sections[NORTH]!.travelSeconds).toBeGreaterThan(12);
    expect(memory.sections[NORTH]!.travelSeconds).toBeLessThan(15);
  });
  it('are assumed where nothing is reported from upstream: somebody at the line, and who comes in the mean', () => {
    const flowing = repeat(200, (k) => ({
      straight: { count: Math.floor(k / 5), occupancy: 0.5 },
      green: ['N-straight'],
    }));
    const red = (n: number) => repeat(n, () => ({ straight: { count: 39, ...standing } }));
    const soon = laneTraffic(ground, remembered([...flowing, ...red(10)]))[STRAIGHT]!;
    const later = laneTraffic(ground, remembered([...flowing, ...red(40)]))[STRAIGHT]!;
    expect(soon.queued).toBeGreaterThanOrEqual(1);
    expect(later.queued).toBeGreaterThan(soon.queued + 3);
  });
  it('who do not move on the green of some of their groups want another, until they move', () => {
    const shared = groundOf({
      ...crossroads(),
      detectors: crossroads().detectors!.filter(({ lane }) => lane === null),
    });
    const stream = shared.streams.findIndex(({ id }) => id === 'N:stopline');
    let memory: VehiclesMemory | null = null;
    const look = (second: number, count: number, green: readonly string[]) => {
      memory = observeVehicles(
        shared,
        memory,
        {
          nowMs: START_MS + 1000 * second,
          elapsedSeconds: 1,
          detectors: { 'N:stopline': { count, ...standing } },
          countsSincePlan: [0, 0, 0, 0],
          lamps: {
            stageId: 'NS',
            secondsLeft: null,
            cycleSecondsLeft: null,
            byGroup: Object.fromEntries(green.map((group) => [group, 'green' as Lamp])),
            source: 'plan',
          },
        },
        OPTIONS,
      );
      return memory.lines[stream]!;
    };
    for (let second = 0; second < 8; second++) look(second, 0, ['N-straight']);
    const straight = crossroads().signalGroups.findIndex(({ id }) => id === 'N-straight');
    expect(look(8, 0, [])).toMatchObject({ stuckSeconds: 7, stuckGroups: [straight] });
    expect(look(9, 0, [])).toMatchObject({ stuckSeconds: 7 });
    expect(look(10, 1, ['N-left'])).toMatchObject({ stuckSeconds: 0, stuckGroups: [] });
  });
  it('are never fewer than none nor more than those that came, whatever detectors say', () => {
    const reading = fc.record({
      count: fc.nat(50),
      occupancy: fc.double({ min: 0, max: 1, noNaN: true }),
      presence: fc.boolean(),
    });
    const second = fc.record({
      upstream: fc.option(fc.nat(50), { nil: undefined }),
      left: reading,
      straight: reading,
      green: fc.constantFrom([], ['N-left'], ['N-straight'], ['N-left', 'N-straight']),
    });
    fc.assert(
      fc.property(fc.array(second, { minLength: 1, maxLength: 60 }), (seconds) => {
        const memory = remembered(seconds);
        for (const { hypotheses } of memory.sections) {
          expect(hypotheses.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
          for (const { weight, lanes } of hypotheses) {
            expect(weight).toBeGreaterThanOrEqual(0);
            expect(lanes.flat().length).toBeLessThanOrEqual(82);
            for (const lane of lanes)
              lane.forEach(({ metres }, k) => {
                expect(metres).toBeGreaterThanOrEqual(lane[k - 1]?.metres ?? 0);
              });
          }
        }
        for (const lane of laneTraffic(ground, memory)) {
          for (const value of [lane.queued, lane.coming, lane.perSecond]) {
            expect(Number.isFinite(value) && value >= 0).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('vehicles past detectors that stand in lanes', () => {
  const base = crossroads();
  const upstreamOf = (lane: number, group: string) => ({
    id: `N:upstream:${lane}`,
    approach: 'N',
    position: 'upstream' as const,
    lane,
    groups: [group],
  });
  const byLane = groundOf({
    ...base,
    detectors: [...base.detectors!, upstreamOf(0, 'N-left'), upstreamOf(1, 'N-straight')],
  });

  /** Where one who passes the detector of a lane then goes: `past[lane]` and `over[lane]` vehicles of each 20 s, for long. */
  function goes(past: readonly [number, number], over: readonly [number, number], lane: 0 | 1): number[] {
    let memory: VehiclesMemory | null = null;
    const seconds = 1500;
    for (let second = 0; second <= seconds; second++) {
      const upTo = (each: number, ago: number): number => Math.max(0, Math.floor((each * (second - ago)) / 20));
      const at = (count: number): DetectorReading => ({ count, occupancy: 0, presence: false });
      const more = (l: number): number => (second === seconds && l === lane ? 1 : 0);
      const observation: Observation = {
        nowMs: START_MS + 1000 * second,
        elapsedSeconds: 1,
        detectors: {
          'N:upstream:0': at(upTo(past[0], 0) + more(0)),
          'N:upstream:1': at(upTo(past[1], 0) + more(1)),
          'N:stopline:0': at(upTo(over[0], 9)),
          'N:stopline:1': at(upTo(over[1], 9)),
        },
        countsSincePlan: [0, 0, 0, 0],
        lamps: {
          stageId: 'N',
          secondsLeft: null,
          cycleSecondsLeft: null,
          byGroup: { 'N-left': 'green', 'N-straight': 'green' },
          source: 'plan',
        },
      };
      memory = observeVehicles(byLane, memory, observation, OPTIONS);
    }
    const { hypotheses } = memory!.sections[NORTH]!;
    const came = hypotheses.flatMap(({ lanes }) => lanes.flat()).filter(({ from }) => from === lane);
    const last = Math.max(...came.map(({ cameMs }) => cameMs));
    return [0, 1].map((l) =>
      hypotheses.reduce(
        (sum, { weight, lanes }) =>
          lanes[l]!.some(({ from, cameMs }) => from === lane && cameMs === last) ? sum + weight : sum,
        0,
      ),
    );
  }

  it('stay in their lane where as many leave each as came in it', () => {
    expect(goes([2, 6], [2, 6], 0)[0]).toBeGreaterThan(0.95);
    expect(goes([2, 6], [2, 6], 1)[1]).toBeGreaterThan(0.95);
  });

  it('change lanes as the counts of the lanes tell', () => {
    const [toLeft, stays] = goes([1, 7], [3, 5], 1);
    expect(toLeft).toBeGreaterThan(0.22);
    expect(toLeft).toBeLessThan(0.38);
    expect(stays! + toLeft!).toBeCloseTo(1);
    expect(goes([1, 7], [3, 5], 0)[0]).toBeGreaterThan(0.95);
  });
});
