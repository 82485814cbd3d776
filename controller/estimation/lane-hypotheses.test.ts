import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  follow,
  HYPOTHESES,
  type Hypothesis,
  type LineTold,
  newHypotheses,
  type SectionTold,
} from './lane-hypotheses.ts';
import { laneShares, sharesByQueues } from './lane-shares.ts';

const LINE: LineTold = {
  left: 0,
  isAssumed: false,
  isOpen: false,
  isClear: false,
  isCovered: false,
  abreast: 1,
  isMixed: false,
};
const STAY = [
  [0.99, 0.01],
  [0.01, 0.99],
];

/** Two lanes with detectors 100 m before their lines; a second each. */
class Road {
  hypotheses: Hypothesis[] = newHypotheses(2, HYPOTHESES);
  second = 0;
  next(came: readonly number[], lines: readonly Partial<LineTold>[] = [{}, {}], more: Partial<SectionTold> = {}): void {
    this.second++;
    const nowMs = 1000 * this.second;
    const { hypotheses } = follow(this.hypotheses, {
      nowMs,
      seconds: 1,
      metres: 100,
      limit: 13.9,
      quickestSeconds: 4,
      came: came.map((from) => ({ from, atMs: nowMs - 500 })),
      lines: lines.map((line) => ({ ...LINE, ...line })),
      shares: STAY,
      overall: [0.5, 0.5],
      areCounted: true,
      onDetector: [],
      ...more,
    });
    this.hypotheses = JSON.parse(JSON.stringify(hypotheses));
  }
  wait(seconds: number, lines?: readonly Partial<LineTold>[]): void {
    for (let k = 0; k < seconds; k++) this.next([], lines);
  }
  inLane(l: number): number {
    return this.hypotheses.reduce((sum, { weight, lanes }) => sum + weight * lanes[l]!.length, 0);
  }
}

describe('hypotheses of who is in which lane', () => {
  it('keep as many vehicles as came and did not leave, whoever changed lanes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), fc.nat(2)), { minLength: 20, maxLength: 120 }), (seconds) => {
        const road = new Road();
        let there = 0;
        for (const [from, event] of seconds) {
          // who leaves came at least half a minute before
          const leaves =
            event === 1 && road.second > 30 && road.hypotheses.every(({ lanes }) => due(lanes, road.second));
          road.next(event === 2 && there < 20 ? [from] : [], [{ isOpen: true, left: leaves ? 1 : 0 }, {}]);
          there += (event === 2 && there < 20 ? 1 : 0) - (leaves ? 1 : 0);
          for (const { lanes } of road.hypotheses) expect(lanes.flat().length).toBe(there);
        }
      }),
      { numRuns: 30 },
    );
    function due(lanes: Hypothesis['lanes'], second: number): boolean {
      return lanes.flat().some(({ cameMs }) => second * 1000 - cameMs > 10_000);
    }
  });

  it('take who left a lane in which nobody was believed out of the other', () => {
    const road = new Road();
    road.next([0]);
    road.next([0]);
    road.wait(8);
    expect(road.inLane(0)).toBeGreaterThan(1.8);
    road.next([], [{}, { left: 1, isOpen: true }]);
    expect(road.inLane(0) + road.inLane(1)).toBeCloseTo(1);
    expect(road.inLane(0)).toBeGreaterThan(0.8);
  });

  it('have nobody at a line that is clear, and put him where he can be', () => {
    const road = new Road();
    road.next([0]);
    road.wait(14, [{ isClear: true }, {}]);
    expect(road.inLane(0)).toBe(0);
    expect(road.inLane(1)).toBeCloseTo(1);
  });

  it('do not lose a queue to a gap while it discharges', () => {
    const road = new Road();
    for (let k = 0; k < 8; k++) {
      road.next([0]);
      road.wait(1);
    }
    road.wait(10);
    road.wait(3, [{ isOpen: true }, {}]);
    // the line is clear for longer than a gap is in the mean
    for (let k = 0; k < 3; k++) road.next([], [{ isOpen: true, left: 1 }, {}]);
    road.wait(2, [{ isOpen: true, isClear: true }, {}]);
    expect(road.inLane(0) + road.inLane(1)).toBeGreaterThan(4.5);
  });

  it('lose who is missed where the counts are known to be wrong', () => {
    const road = new Road();
    road.next([0]);
    for (let k = 0; k < 14; k++) road.next([], [{ isClear: true }, {}], { areCounted: false });
    expect(road.inLane(0) + road.inLane(1)).toBe(0);
  });

  it('keep who can be in no other lane back from a clear line, until he covers it', () => {
    const road = new Road();
    road.next([0]);
    road.wait(14, [{ isClear: true }, { isClear: true }]);
    expect(road.inLane(0) + road.inLane(1)).toBeCloseTo(1);
    road.wait(1, [{ isCovered: true }, { isClear: true }]);
    expect(road.inLane(0) + road.inLane(1)).toBeCloseTo(1);
    expect(road.hypotheses.every(({ lanes }) => lanes.flat().every(({ missedMs }) => missedMs === 0))).toBe(true);
  });

  it('lose him when nobody comes for long, and at once where the first may want a green of his own', () => {
    const road = new Road();
    road.next([0]);
    road.wait(50, [{ isClear: true }, { isClear: true }]);
    expect(road.inLane(0) + road.inLane(1)).toBe(0);
    const mixed = new Road();
    mixed.next([0]);
    mixed.wait(14, [
      { isClear: true, isMixed: true },
      { isClear: true, isMixed: true },
    ]);
    expect(mixed.inLane(0) + mixed.inLane(1)).toBe(0);
  });

  it('have who covers the upstream detector there, however fast he should be', () => {
    const road = new Road();
    road.next([0]);
    for (let k = 0; k < 3; k++) road.next([], [{}, {}], { onDetector: [0] });
    for (const { lanes } of road.hypotheses) expect(lanes.flat()[0]!.metres).toBeGreaterThanOrEqual(94);
    road.wait(3);
    for (const { lanes } of road.hypotheses) expect(lanes.flat()[0]!.metres).toBeLessThan(85);
  });

  it('put those for whom a lane has no room into the emptier one', () => {
    const road = new Road();
    // all come in one lane; its share says that they stay there
    for (let k = 0; k < 24; k++) {
      road.next([0]);
      road.wait(1, [{ isCovered: k > 6 }, {}]);
    }
    expect(road.inLane(0) + road.inLane(1)).toBeCloseTo(24);
    expect(road.inLane(1)).toBeGreaterThan(2);
  });

  it('have somebody at a line that is covered', () => {
    const road = new Road();
    road.wait(1, [{ isCovered: true }, {}]);
    expect(road.inLane(0)).toBeCloseTo(1);
  });
});

describe('shares of lanes', () => {
  it('tell no changes from vehicles that wait before a line', () => {
    expect(laneShares([60, 200], [60, 200])[0]![1]).toBeLessThan(0.01);
    expect(laneShares([60, 200], [40, 220])[0]![1]).toBeGreaterThan(0.2);
  });
  it('leave a lane when its queue is the longer', () => {
    const [longer, level, shorter] = [3, 0, -3].map((more) => sharesByQueues([0.2, 0.8], 1, [3, 3 + more])[0]!);
    expect(longer!).toBeGreaterThan(0.3);
    expect(level!).toBeLessThan(0.2);
    expect(shorter!).toBeLessThan(0.05);
  });
});
