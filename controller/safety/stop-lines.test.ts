import { describe, expect, it } from 'vitest';
import type { EventState } from '../../feeds/v2x/enums.ts';
import { localFrame } from '../../feeds/v2x/local-frame.ts';
import type { IntersectionGeometry, Lane, SignalMessage } from '../../feeds/v2x/messages.ts';
import { SafetyAnalysis } from './analysis.ts';
import { LaneMap, matchedLane } from './lane-map.ts';
import { crossingGroups, illegalProgression, MessageChecks } from './message-checks.ts';
import { stopLineReport } from './passage-report.ts';

const frame = localFrame(49, 8.4);
const T0 = Date.UTC(2026, 4, 1, 12);

const lane = (
  id: number,
  points: readonly (readonly [number, number])[],
  more: { approach: number; egress?: boolean; to?: readonly (readonly [number, number])[]; crosswalk?: boolean },
): Lane => {
  let [x, y] = [0, 0];
  return {
    id,
    ...(more.egress ? { egressApproach: more.approach } : { ingressApproach: more.approach }),
    directionalUseBits: more.egress ? 0x40 : 0x80,
    sharedWithBits: 0,
    type: more.crosswalk ? { kind: 'crosswalk', hex: '0000', length: 16 } : { kind: 'vehicle', hex: '00', length: 8 },
    attributesRest: {},
    nodes: points.map(([px, py]) => {
      const node = { kind: 'offset' as const, xMetres: px - x, yMetres: py - y, size: 6 as const };
      [x, y] = [px, py];
      return node;
    }),
    ...(more.to && { connections: more.to.map(([to, signalGroup]) => ({ lane: to, signalGroup, rest: {} })) }),
    rest: {},
  };
};
/** West to east (1 to 2, group 1; left turn to 4, group 3), south to north (3 to 4, group 2), a crossing in the east (5). */
const GEOMETRY: IntersectionGeometry = {
  key: { id: 7 },
  revision: 1,
  latitudeDegrees: 49,
  longitudeDegrees: 8.4,
  laneWidthMetres: 3.5,
  lanes: [
    lane(
      1,
      [
        [-10, -2],
        [-200, -2],
      ],
      {
        approach: 1,
        to: [
          [2, 1],
          [4, 3],
        ],
      },
    ),
    lane(
      2,
      [
        [10, -2],
        [200, -2],
      ],
      { approach: 2, egress: true },
    ),
    lane(
      3,
      [
        [2, -10],
        [2, -200],
      ],
      { approach: 3, to: [[4, 2]] },
    ),
    lane(
      4,
      [
        [2, 10],
        [2, 200],
      ],
      { approach: 4, egress: true },
    ),
    lane(
      5,
      [
        [12, -8],
        [12, 8],
      ],
      { approach: 5, crosswalk: true, to: [[5, 9]] },
    ),
  ],
  rest: {},
};
const map = (receivedAtMs: number) =>
  ({ kind: 'map', receivedAtMs, via: null, revision: 1, intersections: [GEOMETRY], rest: {} }) as const;
const spat = (receivedAtMs: number, states: Readonly<Record<number, EventState>>): SignalMessage => ({
  kind: 'spat',
  receivedAtMs,
  via: null,
  intersections: [
    {
      key: { id: 7 },
      revision: 1,
      statusBits: 0,
      minuteOfYear: 1,
      secondMarkMs: receivedAtMs % 60_000,
      measuredAtMs: receivedAtMs,
      movements: Object.entries(states).map(([group, state]) => ({
        signalGroup: Number(group),
        events: [{ state, timing: { minEndSeconds: null }, rest: {} }],
        rest: {},
      })),
      rest: {},
    },
  ],
  rest: {},
});

/** A car along a path at 10 m/s, from `from` seconds on; lights by the second. */
function drive(
  cars: readonly { id: string; at: (second: number) => readonly [number, number, number, number] | null }[],
  lights: (second: number) => Readonly<Record<number, EventState>>,
  seconds = 60,
  onStep: (analysis: SafetyAnalysis) => void = () => {},
) {
  const analysis = new SafetyAnalysis({ frame });
  for (let k = 0; k < seconds * 10; k++) {
    const timeMs = T0 + k * 100;
    if (k % 10 === 0) analysis.message(map(timeMs));
    analysis.message(spat(timeMs, lights(k / 10)));
    for (const { id, at } of cars) {
      const place = at(k / 10);
      if (place === null) continue;
      const [x, y, heading, speedMetresPerSecond] = place;
      analysis.update({
        id,
        timeMs,
        x,
        y,
        heading,
        speedMetresPerSecond,
        type: 'car',
        lengthMetres: 4,
        widthMetres: 1.8,
      });
    }
    onStep(analysis);
  }
  analysis.finish();
  return { out: analysis.take(), analysis };
}
const eastwards = (from: number) => (second: number) =>
  second < from || second > from + 25 ? null : ([-100 + 10 * (second - from), -2, 0, 10] as const);

describe('lanes of a MAP', () => {
  const lanes = new LaneMap(GEOMETRY, frame);
  const at = (x: number, y: number, hx: number, hy: number, onFoot = false) => {
    lanes.match(x, y, hx, hy, onFoot);
    return matchedLane.index < 0 ? null : { id: lanes.lanes[matchedLane.index]!.id, right: matchedLane.rightWay };
  };
  it('are found by place and heading', () => {
    expect(at(-50, -1.2, 1, 0)).toEqual({ id: 1, right: true });
    expect(at(-50, -1.2, -1, 0)).toEqual({ id: 1, right: false });
    expect(at(50, -2, 1, 0)).toEqual({ id: 2, right: true });
    expect(at(2, -50, 0, 1)).toEqual({ id: 3, right: true });
    expect(at(2, -50, 1, 0)).toBeNull();
    expect(at(-50, 4, 1, 0)).toBeNull();
    expect(at(0, 0, 1, 0)).toBeNull();
    expect(at(12.5, 3, 0, -1, true)).toEqual({ id: 5, right: true });
    expect(at(12.5, 3, 0, -1)).toBeNull();
  });
  it('tell the way to the stop line', () => {
    expect(lanes.toStopLine(0, -30, 0)).toBeCloseTo(20, 6);
    expect(lanes.toStopLine(0, -5, 0)).toBeCloseTo(-5, 6);
  });
});

describe('stop lines', () => {
  const green = { 1: 'permissive-Movement-Allowed', 2: 'stop-And-Remain', 3: 'stop-And-Remain' } as const;
  const red = { 1: 'stop-And-Remain', 2: 'stop-And-Remain', 3: 'stop-And-Remain' } as const;

  it('are passed at the light of the way taken, interpolated, with the time into it', () => {
    const { out } = drive([{ id: 'a', at: eastwards(0) }], (second) => (second < 5 ? red : green));
    // its front, 2 m ahead of its middle, is at the line (x = -10) at 8.8 s; by the way out it obeyed group 1
    expect(out.passages).toHaveLength(1);
    expect(out.passages[0]).toMatchObject({
      user: 'a',
      lane: 1,
      egressLane: 2,
      signalGroup: 1,
      light: 'green',
      approach: 1,
    });
    expect((out.passages[0]!.timeMs - T0) / 1000).toBeCloseTo(8.8, 2);
    expect(out.passages[0]!.secondsIntoState).toBeCloseTo(3.8, 1);
    expect(out.unmapped).toEqual([]);
  });

  it('are run at red, once, also by whoever changes its id on the way', () => {
    const { out } = drive(
      [
        { id: 'old', at: (second) => (second < 7 ? eastwards(0)(second) : null) },
        { id: 'new', at: (second) => (second >= 7.2 ? eastwards(0)(second) : null) },
      ],
      () => red,
    );
    expect(out.passages.map((one) => [one.user, one.light])).toEqual([['new', 'red']]);
  });

  it('are not passed by who stops with its front across', () => {
    const { out } = drive([{ id: 'a', at: (s) => [Math.min(-10, -100 + 10 * s), -2, 0, s < 9 ? 10 : 0] }], () => red);
    expect(out.passages).toEqual([]);
  });

  it('see who stands there, and for how long at which light', () => {
    const { out } = drive(
      [{ id: 'a', at: (s) => (s > 50 ? null : [2, Math.min(-15, -100 + 10 * s), Math.PI / 2, s < 8.5 ? 10 : 0]) }],
      (second) => (second < 20 ? red : { ...red, 2: 'protected-Movement-Allowed' }),
    );
    expect(out.stops).toHaveLength(1);
    expect(out.stops[0]!.seconds.red).toBeCloseTo(11.5, 0);
    expect(out.stops[0]!.seconds.green).toBeCloseTo(30, 0);
  });

  it('see who goes where MAP leads not, and who drives the wrong way', () => {
    const { out } = drive(
      [
        {
          id: 'right-turner',
          at: (s) => (s < 11 ? [2, -100 + 10 * s, Math.PI / 2, 10] : [12 + 10 * (s - 11), -2, 0, 10]),
        },
        { id: 'ghost', at: (s) => (s > 10 ? null : [-50 - 10 * s, -2, Math.PI, 10]) },
      ],
      () => green,
      20,
    );
    expect(out.unmapped).toMatchObject([{ user: 'right-turner', lane: 3, egressLane: 2 }]);
    expect(out.wrongWay).toMatchObject([{ user: 'ghost', lane: 1 }]);
  });

  it('are reported where a fifth pass at red', () => {
    const cars = Array.from({ length: 12 }, (_, i) => ({ id: `car ${i}`, at: eastwards(4 * i) }));
    const { out } = drive(cars, (second) => (second % 16 < 4 ? red : green), 90);
    const [report] = stopLineReport(out.passages, out.stops);
    expect(report).toMatchObject({ signalGroup: 1, report: ['red'] });
    expect(report!.passages.green + report!.passages.red).toBe(12);
    expect(stopLineReport(out.passages.slice(0, 9), [])[0]!.report).toEqual([]);
  });

  it('come out the same however often they are taken', () => {
    const cars = Array.from({ length: 6 }, (_, i) => ({ id: `car ${i}`, at: eastwards(4 * i) }));
    const lights = (second: number) => (second % 16 < 4 ? red : green);
    const whole = drive(cars, lights, 60).out;
    const pieces: (typeof whole)[] = [];
    const last = drive(cars, lights, 60, (analysis) => pieces.push(analysis.take())).out;
    pieces.push(last);
    for (const name of Object.keys(whole) as (keyof typeof whole)[])
      expect([name, pieces.flatMap((piece) => piece[name] as unknown[])]).toEqual([name, whole[name]]);
    expect(whole.passages.length).toBe(6);
  });

  it('give both users of an encounter their light', () => {
    const { out } = drive(
      [
        { id: 'straight', at: eastwards(0) },
        { id: 'crosses', at: (s) => (s > 25 ? null : [2, -112 + 10 * s, Math.PI / 2, 10]) },
      ],
      () => ({ ...red, 1: 'permissive-Movement-Allowed', 3: 'permissive-Movement-Allowed' }),
      40,
    );
    expect(out.encounters).toHaveLength(1);
    expect(out.encounters[0]!.petSeconds).toBeLessThan(1.5);
    expect(out.encounters[0]!.signalStates[out.encounters[0]!.users.indexOf('crosses')]).toBe('stop-And-Remain');
  });
});

describe('checks of messages', () => {
  it('know which states may follow which', () => {
    const next: [EventState, EventState, boolean][] = [
      ['stop-And-Remain', 'protected-Movement-Allowed', true],
      ['stop-And-Remain', 'pre-Movement', true],
      ['pre-Movement', 'permissive-Movement-Allowed', true],
      ['protected-Movement-Allowed', 'permissive-Movement-Allowed', true],
      ['protected-Movement-Allowed', 'protected-clearance', true],
      ['protected-clearance', 'permissive-Movement-Allowed', true],
      ['protected-clearance', 'stop-And-Remain', true],
      ['protected-Movement-Allowed', 'stop-And-Remain', false],
      ['stop-And-Remain', 'protected-clearance', false],
      ['pre-Movement', 'stop-And-Remain', false],
      ['protected-clearance', 'protected-Movement-Allowed', false],
    ];
    for (const [before, after, legal] of next)
      expect([before, after, illegalProgression(before, after, false) === null]).toEqual([before, after, legal]);
    expect(illegalProgression('permissive-Movement-Allowed', 'stop-And-Remain', true)).toBeNull();
  });

  it('find the signal groups that cross by MAP', () => {
    expect(
      crossingGroups(GEOMETRY)
        .map((pair) => pair.join())
        .sort(),
    ).toEqual(['1,2']);
  });

  it('tell each fault once while it lasts, by its name, and count it each time', () => {
    const checks = new MessageChecks();
    const both = { 1: 'protected-Movement-Allowed', 2: 'protected-Movement-Allowed' } as const;
    for (let k = 0; k < 400; k++) {
      const at = T0 + k * 100;
      // the rate drops to a half between 20 and 30 s
      if (k < 200 || k >= 300 || k % 2 === 0) checks.message(spat(at, k === 150 ? both : { 1: 'stop-And-Remain' }));
      if (k % 10 === 0) checks.message(map(at));
    }
    const faults = checks.take();
    expect(faults.map((one) => [one.check, one.subject])).toEqual([
      ['signal-state-conflict', 'SPaT 7'],
      ['event-state-progression', 'SPaT 7 group 1'],
      ['broadcast-rate', 'SPaT 7'],
    ]);
    expect(checks.counts).toMatchObject({ 'broadcast-rate': 1 });
    checks.message({ ...spat(T0 + 40_000, {}), intersections: [{ ...spat(T0, {}).intersections[0]!, movements: [] }] });
    checks.message({ ...map(T0 + 40_000), intersections: [{ ...GEOMETRY, lanes: GEOMETRY.lanes.slice(1) }] });
    expect(checks.take().map((one) => `${one.check}: ${one.detail}`)).toEqual([
      'minimum-data: without states',
      'message-count-progression: the lanes changed, the revision did not',
    ]);
  });

  it('look at the times that SPaT promises', () => {
    const checks = new MessageChecks();
    const hour = Math.floor(T0 / 3_600_000) * 3_600_000;
    const second = (offset: number) => (T0 - hour) / 1000 + offset;
    const one = spat(T0, { 1: 'protected-clearance' });
    const timed = (minEndSeconds: number, maxEndSeconds: number, atMs = T0): SignalMessage => ({
      ...one,
      receivedAtMs: atMs,
      intersections: one.intersections.map((of) => ({
        ...of,
        movements: of.movements.map((movement) => ({
          ...movement,
          events: movement.events.map((event) => ({ ...event, timing: { minEndSeconds, maxEndSeconds } })),
        })),
      })),
    });
    checks.message(timed(second(3), second(3)));
    expect(checks.take()).toEqual([]);
    checks.message(timed(second(3), second(5), T0 + 100));
    checks.message(timed(second(4), second(3), T0 + 200));
    checks.message(timed(second(-5), second(3), T0 + 300));
    expect(checks.take().map((fault) => fault.detail)).toEqual([
      'the end of a clearance moved',
      'maxEndTime is before minEndTime',
      'minEndTime is more than a second ago',
    ]);
  });
});
