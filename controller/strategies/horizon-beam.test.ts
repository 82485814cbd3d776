import { describe, expect, it } from 'vitest';
import { type BeamProblem, searchBeam } from './horizon-beam.ts';
import { Model, type ModelLane, type ModelStage } from './horizon-model.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Vehicles of one group that are free to reach the line at these times. */
function lane(group: number, free: readonly number[], more: Partial<ModelLane> = {}): ModelLane {
  const all = (value: number) => new Float64Array(free.length).fill(value);
  return {
    groups: [group],
    count: free.length,
    free: Float64Array.from(free),
    weight: all(1),
    growth: all(0.01),
    stop: all(0),
    late: all(NEVER),
    lateWeight: all(0),
    mass: all(1),
    group: new Int32Array(free.length).fill(group),
    lastSeconds: -1000,
    headwaySeconds: 2,
    yieldSeconds: 3,
    ...more,
  };
}

const stage = (...green: number[]): ModelStage => ({
  minGreenSeconds: 5,
  maxGreenSeconds: 60,
  green: Uint8Array.from(green),
});
const TIMES = { startUpSeconds: 2, gapSeconds: 3.5 };
const queue = (n: number): number[] => new Array<number>(n).fill(0);

function problem(
  lanes: readonly ModelLane[],
  stages: readonly ModelStage[],
  yields: readonly (readonly number[])[],
  more: Partial<BeamProblem> = {},
): BeamProblem {
  const groups = yields.length;
  return {
    model: new Model(lanes, stages, groups, yields, TIMES, []),
    betweenSeconds: stages.map(() => stages.map(() => 5)),
    stage: 0,
    greenSeconds: 10,
    open: Float64Array.from(stages[0]!.green, (lit) => (lit ? -10 : NEVER)),
    horizonSeconds: 50,
    stepSeconds: 2,
    beamWidth: 6,
    startUpSeconds: 2,
    changeCost: 4,
    foreseenSeconds: 10,
    work: 1e6,
    ...more,
  };
}

const TWO = [stage(1, 0), stage(0, 1)];
const NO_YIELDS = [[], []];

describe('the search of horizon', () => {
  it('stays while only its own lanes have somebody, and goes where somebody waits', () => {
    expect(searchBeam(problem([lane(0, queue(5)), lane(1, [])], TWO, NO_YIELDS)).stage).toBe(0);
    expect(searchBeam(problem([lane(0, []), lane(1, queue(5))], TWO, NO_YIELDS)).stage).toBe(1);
  });

  it('lets the end of its queue go first, and then goes to the other', () => {
    const found = searchBeam(problem([lane(0, queue(3)), lane(1, queue(6))], TWO, NO_YIELDS));
    expect(found.stage).toBe(0);
    expect(found.plan[0]).toMatchObject({ stage: 1 });
    expect(found.plan[0]!.inSeconds).toBeGreaterThanOrEqual(4);
    expect(found.plan[0]!.inSeconds).toBeLessThanOrEqual(8);
    expect(found.options[0]!.cost).toBeLessThan(found.options[1]!.cost);
  });

  it('goes sooner to those who have waited for long', () => {
    const young = [lane(0, [2, 5, 8, 11, 14, 17]), lane(1, [0])];
    const old = [young[0]!, lane(1, [0], { weight: Float64Array.of(20) })];
    const at = (lanes: readonly ModelLane[]): number =>
      searchBeam(problem(lanes, TWO, NO_YIELDS)).plan.find((step) => step.stage === 1)?.inSeconds ?? NEVER;
    expect(at(old)).toBeLessThan(at(young));
  });

  it('goes sooner to those who would become late within the plan', () => {
    const busy = lane(0, [2, 5, 8, 11, 14, 17, 20, 23]);
    const at = (late: number): number => {
      const alone = lane(1, [0], { late: Float64Array.of(late), lateWeight: Float64Array.of(20) });
      return searchBeam(problem([busy, alone], TWO, NO_YIELDS)).plan.find((step) => step.stage === 1)?.inSeconds ?? 99;
    };
    expect(at(12)).toBeLessThan(at(NEVER));
  });

  it('tells what each first step would cost, also where all plans that begin with it fall behind', () => {
    const stages = [stage(1, 0, 0), stage(0, 1, 0), stage(0, 0, 1)];
    const lanes = [lane(0, queue(12)), lane(1, queue(9)), lane(2, queue(1))];
    const { options } = searchBeam(problem(lanes, stages, [[], [], []], { beamWidth: 1 }));
    const costs = options.map((option) => option!.cost);
    expect(costs[0]).toBeLessThan(costs[1]!);
    expect(costs[1]).toBeLessThan(costs[2]!);
  });

  it('finds no better plan with ten times the width, but for some percent, where some are late', () => {
    const late = (vehicles: number, after: number) => ({
      late: new Float64Array(vehicles).fill(after),
      lateWeight: new Float64Array(vehicles).fill(3),
    });
    const stages = [stage(1, 1, 0, 0), stage(0, 0, 1, 0), stage(0, 0, 0, 1)];
    const lanes = [
      lane(0, [0, 0, 0, 1, 4, 9, 12, 17, 20], late(9, 60)),
      lane(1, [0, 0, 2, 6, 9, 13, 18, 22, 29], late(9, 60)),
      lane(2, queue(4), late(4, 5)),
      lane(3, queue(3), late(3, 0)),
    ];
    const least = (beamWidth: number): number => {
      const { options } = searchBeam(problem(lanes, stages, [[], [], [], []], { beamWidth }));
      return Math.min(...options.map((option) => option?.cost ?? NEVER));
    };
    expect(least(8)).toBeLessThan(1.05 * least(80));
  });

  it('foresees how many have left', () => {
    const { foreseen } = searchBeam(problem([lane(0, queue(20)), lane(1, [])], TWO, NO_YIELDS));
    expect(foreseen).toEqual({ inSeconds: 10, gone: [5, 0] });
  });

  it('foresees of vehicles that may be in several lanes as much as is in each', () => {
    const half = (vehicles: number) => new Float64Array(vehicles).fill(0.5);
    const shared = lane(0, queue(20), { mass: half(20), weight: half(20) });
    const { foreseen } = searchBeam(problem([shared, lane(1, [])], TWO, NO_YIELDS));
    // each takes half a headway, and the same 10 s pass
    expect(foreseen!.gone[0]).toBeGreaterThan(4);
    expect(foreseen!.gone[0]).toBeLessThan(6.5);
  });

  it('prefers a stage of its own for a turn that would have to give way to a stream without gaps', () => {
    // Groups: through and its turn, and the opposing through, to which the turn gives way.
    const stages = [stage(1, 0, 0), stage(0, 1, 1), stage(0, 1, 0)];
    const stream = Array.from({ length: 24 }, (_, k) => 2 * k);
    const lanes = [lane(0, []), lane(1, queue(6)), lane(2, stream, { weight: new Float64Array(24).fill(0.05) })];
    const yields = [[], [2], []];
    expect(searchBeam(problem(lanes, stages, yields)).stage).toBe(2);
    const empty = [lanes[0]!, lanes[1]!, lane(2, [])];
    expect([1, 2]).toContain(searchBeam(problem(empty, stages, yields)).stage);
  });

  it('does not overlook a stage with a short least green for one that does as much and binds for long', () => {
    const walk = { ...stage(0, 1, 1), minGreenSeconds: 25 };
    const stages = [stage(1, 0, 0), walk, stage(0, 1, 0)];
    const lanes = [
      lane(0, [3, 5, 7, 9, 11, 13, 15, 17, 19]),
      lane(1, [0]),
      lane(2, [0], { weight: Float64Array.of(0.01) }),
    ];
    const found = searchBeam(problem(lanes, stages, [[], [], []]));
    expect(found.options[2]).not.toBeNull();
  });

  it('is the same again, and looks less far when its work is used up', () => {
    const lanes = [lane(0, [0, 1, 4, 9, 15, 22, 30]), lane(1, [0, 0, 3, 8, 12, 20])];
    const first = searchBeam(problem(lanes, TWO, NO_YIELDS));
    expect(searchBeam(problem(lanes, TWO, NO_YIELDS))).toEqual(first);
    const short = searchBeam(problem(lanes, TWO, NO_YIELDS, { work: 20 }));
    expect(short.lookedSeconds).toBeLessThan(first.lookedSeconds);
    expect(short.work).toBeLessThan(first.work);
    expect([0, 1]).toContain(short.stage);
  });

  it('leaves a stage that has been green for its maximum', () => {
    const lanes = [lane(0, queue(30)), lane(1, [])];
    const { stage: chosen } = searchBeam(problem(lanes, TWO, NO_YIELDS, { greenSeconds: 60 }));
    expect(chosen).toBe(1);
  });

  it('lets nobody of unknown group go where only a part of the lane is green', () => {
    const mixed = (green: ModelStage[]) => {
      const unknown: ModelLane = { ...lane(1, queue(4)), groups: [1, 2], group: new Int32Array(4).fill(-1) };
      return searchBeam(problem([lane(0, []), unknown], green, [[], [], []]));
    };
    expect(mixed([stage(1, 0, 0), stage(0, 1, 0), stage(0, 1, 1)]).stage).toBe(2);
  });
});
