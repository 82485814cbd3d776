import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SearchLane, type SearchProblem, searchPlans } from './horizon-search.ts';

const lane = (queued: number, rate = 0, waitedSeconds = 0): SearchLane => ({
  queued,
  waitedSeconds,
  arrivals: new Float64Array(60).fill(rate),
  rate,
  perSecond: 0.5,
  startsInSeconds: 0,
  weight: 1,
});
const serving = (n: number, own: number): number[] => Array.from({ length: n }, (_, l) => (l === own ? 1 : 0));

/** One stage a lane. */
function problem(lanes: readonly SearchLane[], changes: Partial<SearchProblem> = {}): SearchProblem {
  return {
    lanes,
    stages: lanes.map((_, l) => ({ minGreenSeconds: 7, maxGreenSeconds: 60, serves: serving(lanes.length, l) })),
    betweenSeconds: lanes.map(() => lanes.map(() => 5)),
    stage: 0,
    greenSeconds: 10,
    horizonSeconds: 60,
    rolloutSeconds: 60,
    startUpSeconds: 1,
    amberSeconds: 2,
    beamWidth: 6,
    stopCost: 2.5,
    changeCost: 4,
    fairness: 1,
    foreseenSeconds: 10,
    work: 1e6,
    ...changes,
  };
}

describe('search over plans', () => {
  it('goes to who waits when the running stage has nobody', () => {
    expect(searchPlans(problem([lane(0), lane(5), lane(1)])).stage).toBe(1);
  });
  it('finishes a long queue before it goes to a short one, and then goes', () => {
    const found = searchPlans(problem([lane(6), lane(2)]));
    expect(found.stage).toBe(0);
    expect(found.plan[0]).toMatchObject({ stage: 1 });
    expect(found.plan[0]!.inSeconds).toBeGreaterThanOrEqual(6);
    expect(found.plan[0]!.inSeconds).toBeLessThanOrEqual(14);
  });
  it('waits for a platoon that is about to arrive', () => {
    const platoon = { ...lane(0), arrivals: new Float64Array(60) };
    platoon.arrivals.fill(0.5, 2, 12);
    expect(searchPlans(problem([platoon, lane(1)])).stage).toBe(0);
  });
  it('stays where nobody is anywhere', () => {
    expect(searchPlans(problem([lane(0), lane(0), lane(0)])).stage).toBe(0);
  });
  it('leaves at the longest green', () => {
    expect(searchPlans(problem([lane(20), lane(1)], { greenSeconds: 60 })).stage).toBe(1);
  });
  it('lets a long wait weigh more', () => {
    const others = [lane(7, 0.2), lane(3, 0.1), lane(2, 0.02)];
    const patient = searchPlans(problem(others, { fairness: 0 }));
    const fair = searchPlans(problem([others[0]!, others[1]!, lane(2, 0.02, 600)], { fairness: 4 }));
    const when = ({ plan }: ReturnType<typeof searchPlans>): number =>
      plan.find(({ stage }) => stage === 2)?.inSeconds ?? 999;
    expect(when(fair)).toBeLessThan(when(patient));
  });
  it('foresees what its plan leaves: nobody after a short queue, everybody at red', () => {
    const found = searchPlans(problem([lane(4), lane(0.2)]));
    expect(found.foreseen!.inSeconds).toBeGreaterThanOrEqual(10);
    expect(found.foreseen!.queued[0]).toBeLessThan(0.1);
    expect(searchPlans(problem([lane(12), lane(2)])).foreseen!.queued[1]).toBeCloseTo(2);
  });
  it('looks less far when its work is used up, and still answers', () => {
    const lanes = [lane(4, 0.1), lane(5, 0.1), lane(3, 0.1), lane(6, 0.1)];
    const all = searchPlans(problem(lanes));
    const little = searchPlans(problem(lanes, { work: 1500 }));
    expect(all.lookedSeconds).toBe(60);
    expect(little.lookedSeconds).toBeLessThan(60);
    expect(little.work).toBeLessThan(all.work);
    expect(little.options[little.stage]).not.toBeNull();
  });
  it('takes the cheapest of what it looked at, gives every option a delay, and does so again', () => {
    const lanes = fc.array(
      fc.record({
        queued: fc.double({ min: 0, max: 20, noNaN: true }),
        rate: fc.double({ min: 0, max: 0.3, noNaN: true }),
      }),
      { minLength: 2, maxLength: 6 },
    );
    fc.assert(
      fc.property(lanes, fc.nat(5), fc.integer({ min: 7, max: 60 }), (given, stage, greenSeconds) => {
        const asked = problem(
          given.map(({ queued, rate }) => lane(queued, rate)),
          { stage: stage % given.length, greenSeconds, beamWidth: 3 },
        );
        const found = searchPlans(asked);
        const costs = found.options.map((option) => option?.cost ?? Number.POSITIVE_INFINITY);
        expect(costs[found.stage]).toBe(Math.min(...costs));
        for (const option of found.options) {
          if (option !== null) expect(option.delaySeconds).toBeGreaterThanOrEqual(0);
        }
        if (greenSeconds === 60) expect(found.stage).not.toBe(asked.stage);
        expect(searchPlans(asked)).toEqual(found);
      }),
      { numRuns: 60 },
    );
  });
  it('permuting stages and lanes permutes the choice', () => {
    const queues = [1, 9, 4, 2];
    const chosen = (order: readonly number[]): number =>
      order[searchPlans(problem([lane(0), ...order.map((k) => lane(queues[k]!))])).stage - 1]!;
    expect(chosen([0, 1, 2, 3])).toBe(1);
    expect(chosen([3, 2, 1, 0])).toBe(1);
    expect(chosen([2, 0, 3, 1])).toBe(1);
  });
});
