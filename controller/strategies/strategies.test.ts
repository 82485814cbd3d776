import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { Decision, Memory, Observation, Parameters } from '../types.ts';
import { cycleOf, stageNeeds, streamsByStage } from './cycle.ts';
import { checkJunction, checkParameters, STRATEGIES, strategyNamed } from './index.ts';
import { webster } from './webster.ts';

function observation(second: number, counts: Record<string, number>, left: number | null): Observation {
  return {
    nowMs: START_MS + second * 1000,
    elapsedSeconds: 1,
    detectors: Object.fromEntries(
      Object.entries(counts).map(([id, count]) => [id, { count, occupancy: 0, presence: false }]),
    ),
    countsSincePlan: [25, 22, 28, 24],
    lamps: { stageId: 'NS', secondsLeft: left, cycleSecondsLeft: left, byGroup: {}, source: 'plan' },
  };
}

/** Decisions of a strategy that sees `countsAt` every second of cycles of 60 s. */
function decisions(
  name: string,
  given: Parameters,
  configuration: JunctionConfiguration,
  seconds: number,
  countsAt: (second: number) => Record<string, number>,
): Decision[] {
  const strategy = strategyNamed(name);
  const parameters = checkParameters(strategy, given);
  expect(checkJunction(strategy, configuration, parameters)).toBeNull();
  const found: Decision[] = [];
  let memory: Memory = null;
  for (let second = 0; second <= seconds; second++) {
    const answer = strategy.decide(
      configuration,
      parameters,
      memory,
      observation(second, countsAt(second), 60 - (second % 60)),
    );
    // What is kept crosses threads and restarts as JSON.
    memory = JSON.parse(JSON.stringify(answer.memory));
    if (answer.decision !== null) found.push(answer.decision);
  }
  return found;
}
const greens = (decision: Decision): number[] =>
  decision.kind === 'plan' ? decision.stages.map((stage) => stage.greenSeconds) : [];

/** Those that plan cycles; the others ask for stages. */
const CYCLIC = ['fixed-time', 'webster', 'atcs', 'atcs-v2'];

describe('registry', () => {
  it('finds strategies, and names them where one does not exist', () => {
    expect(STRATEGIES.map((strategy) => strategy.name)).toEqual([
      'fixed-time',
      'webster',
      'atcs',
      'atcs-v2',
      'actuated',
      'max-pressure',
      'sotl',
      'horizon',
    ]);
    expect(() => strategyNamed('magic')).toThrow(
      'Strategy "magic" does not exist. Use one of fixed-time, webster, atcs, atcs-v2, actuated, max-pressure, sotl, horizon.',
    );
    expect(() => strategyNamed('toString')).toThrow(/does not exist/);
  });
  it('marks what is a reference only', () => {
    expect(STRATEGIES.filter((strategy) => strategy.referenceOnly).map((strategy) => strategy.name)).toEqual([
      'atcs-v2',
    ]);
  });
  it('checks parameters: known, of the right kind, within bounds', () => {
    const strategy = strategyNamed('webster');
    expect(checkParameters(strategy, { windowSeconds: 300 })).toMatchObject({
      windowSeconds: 300,
      flows: '',
      minGreenSeconds: 0,
    });
    expect(() => checkParameters(strategy, { window: 300 })).toThrow(
      /parameter window does not exist\. It knows stages, /,
    );
    expect(() => checkParameters(strategy, { windowSeconds: 5 })).toThrow(
      'Strategy webster, parameter windowSeconds is 5; 120 to 7200. Flows are measured over so long, seconds.',
    );
    expect(() => checkParameters(strategy, { windowSeconds: '300' })).toThrow('is "300"; a number.');
    expect(() => checkParameters(strategy, { windowSeconds: Number.NaN })).toThrow('a number.');
    expect(() => checkParameters(strategy, { constructor: 1 })).toThrow(/does not exist/);
  });
});

describe('cyclic strategies', () => {
  it.each(CYCLIC)('%s decides once a cycle, shortly before its end', (name) => {
    const found = decisions(name, {}, crossroads(), 600, (second) => ({ 'N:stopline': second }));
    expect(found).toHaveLength(10);
  });
  it('decide nothing while stage requests lead', () => {
    for (const name of CYCLIC) {
      const strategy = strategyNamed(name);
      const answer = strategy.decide(crossroads(), checkParameters(strategy, {}), null, observation(0, {}, null));
      expect(answer.decision).toBeNull();
    }
  });
});

describe('fixed-time', () => {
  it("keeps today's plan, or the greens that are given", () => {
    expect(greens(decisions('fixed-time', {}, crossroads(), 60, () => ({}))[0]!)).toEqual([30, 12, 30, 12]);
    const [given] = decisions('fixed-time', { greens: 'N:20/S:15.5/E:12/W:10' }, crossroads(), 60, () => ({}));
    expect(given).toMatchObject({
      stages: [
        { stageId: 'N', greenSeconds: 20 },
        { greenSeconds: 15.5 },
        { greenSeconds: 12 },
        { stageId: 'W', yellowSeconds: 3, allRedSeconds: 2 },
      ],
    });
  });
  it('refuses greens that the interlock would refuse', () => {
    const why = (value: string): string | null =>
      checkJunction(strategyNamed('fixed-time'), crossroads(), { greens: value });
    expect(why('N:20/S:3/E:12/W:10')).toBe('strategy fixed-time: stage S green 3 s; at least 7 s (minGreenSeconds)');
    expect(why('N=20')).toBe('strategy fixed-time: greens: N=20 is not STAGE:SECONDS, e.g. NS:30/EW:25');
    expect(why('X:20')).toMatch(/stage X does not exist/);
  });
});

describe('webster', () => {
  const cycle = {
    lostSeconds: 20,
    minCycleSeconds: 40,
    maxCycleSeconds: 120,
    stages: [0, 1].map(() => ({ minGreenSeconds: 7, maxGreenSeconds: 90 })),
  };
  it('takes (1.5 L + 5) / (1 - Y), and greens in proportion to the flow ratios', () => {
    const result = webster([0.35, 0.15], cycle);
    expect(result.flowRatio).toBeCloseTo(0.5);
    expect(result.optimumSeconds).toBeCloseTo(70);
    expect(result).toMatchObject({ greens: [35, 15], cycleSeconds: 70 });
  });
  it('counts what each start loses to the lost time, and shows it as green', () => {
    const result = webster([0.35, 0.15], cycle, 2);
    expect(result.optimumSeconds).toBeCloseTo((1.5 * 24 + 5) / 0.5);
    expect(result.cycleSeconds).toBe(82);
    const effective = result.greens.map((green) => green - 2);
    expect(effective[0]! / effective[1]!).toBeCloseTo(0.35 / 0.15, 0);
    expect(webster([0.35, 0.001], cycle, 2).greens[1]).toBe(7);
  });
  it('uses the longest cycle where no cycle carries the demand, and says so', () => {
    expect(webster([0.8, 0.4], cycle)).toMatchObject({ optimumSeconds: null, cycleSeconds: 120 });
    const [found] = decisions(
      'webster',
      { flows: 'N-straight:2000/E-straight:900/N-left:100' },
      crossroads(),
      60,
      () => ({}),
    );
    expect(found!.reason).toMatch(/^Y = 2: no cycle carries this demand; the longest, 1[78]\d s$/);
  });
  it('keeps the bounds', () => {
    expect(webster([0.02, 0.01], cycle).cycleSeconds).toBe(40);
    expect(webster([0.9, 0.01], cycle).greens).toEqual([90, 10]);
  });
  it("begins with today's plan, then measures flows over its window", () => {
    const countsAt = (second: number): Record<string, number> => ({
      'N:stopline:1': Math.floor(second / 6),
      'S:stopline:1': Math.floor(second / 12),
      'E:stopline:1': Math.floor(second / 12),
    });
    const found = decisions(
      'webster',
      { saturationFlowPerHourPerLane: 1800, windowSeconds: 300 },
      crossroads(),
      1200,
      countsAt,
    );
    expect(found[0]!.reason).toMatch(/^Flows measured for 58 s; today's plan until 120 s$/);
    expect(greens(found[0]!)).toEqual([30, 12, 30, 12]);
    const last = found.at(-1)!;
    expect(last.inputs.flowRatio).toBeCloseTo(0.5, 1);
    expect(greens(last)[0]! / greens(last)[2]!).toBeCloseTo(2, 0);
    expect(last.reason).toMatch(/^Y = 0\.\d+, L = 28 s: Webster's cycle/);
  });
  it('needs no detectors where flows are given, and plans by them alone', () => {
    const blind = { ...crossroads(), detectors: [] };
    const strategy = strategyNamed('webster');
    const flows = 'N-straight:600/S-straight:600/E-straight:300/W-straight:300/N-left:60/E-left:60';
    expect(checkJunction(strategy, blind, checkParameters(strategy, {}))).toMatch(/needs a stop-line detector/);
    expect(checkJunction(strategy, blind, checkParameters(strategy, { flows }))).toBeNull();
    const planned = (countsSincePlan: Observation['countsSincePlan']) =>
      greens(
        strategy.decide(crossroads(), checkParameters(strategy, { flows }), null, {
          ...observation(60, {}, 0),
          countsSincePlan,
        }).decision!,
      );
    expect(planned([null, null, null, null])).toEqual(planned([25, 22, 28, 24]));
  });
  it('refuses flows of groups that do not exist', () => {
    expect(checkJunction(strategyNamed('webster'), crossroads(), { flows: 'N-up:20' })).toMatch(
      /flows: signal group N-up does not exist; there are N-straight/,
    );
  });
});

describe('atcs-v2 on a street', () => {
  it('gives what the deployed system gives, brought within the bounds of the stages, and says so', () => {
    const [found] = decisions('atcs-v2', {}, crossroads(), 60, () => ({}));
    expect(greens(found!)).toEqual([30, 28, 33, 29]);
    const strict = { ...crossroads(), stages: crossroads().stages.map((stage) => ({ ...stage, maxGreenSeconds: 31 })) };
    const [bounded] = decisions(
      'atcs-v2',
      {},
      { ...strict, localPlan: strict.localPlan.map((one) => ({ ...one, greenSeconds: 20 })) },
      60,
      () => ({}),
    );
    expect(greens(bounded!)).toEqual([30, 28, 31, 29]);
    expect(bounded!.reason).toBe('Counts 25, 22, 28, 24; its own cycle 140 s; E 33 s bounded to 31 s');
  });
  it('refuses junctions without a stage for each of four approaches', () => {
    const pairs = { ...crossroads(), stages: crossroads().stages.slice(0, 4) };
    expect(checkJunction(strategyNamed('atcs-v2'), pairs, {})).toBe(
      'strategy atcs-v2: no stage serves approach N alone; one each is needed',
    );
  });
});

describe('cycleOf', () => {
  it("takes the local plan's stages, or those asked for, in order", () => {
    expect(cycleOf(crossroads(), {}).stages.map((stage) => stage.stageId)).toEqual(['NS', 'NS-left', 'EW', 'EW-left']);
    expect(cycleOf(crossroads(), { stages: 'W/E/S/N' }).stages.map((stage) => stage.stageId)).toEqual([
      'W',
      'E',
      'S',
      'N',
    ]);
    expect(cycleOf(crossroads(), {}).lostSeconds).toBe(20);
  });
  it('has room for walk and clearance in the least green', () => {
    // 7 s walk + 14 s clearance, of which 5 s run on in yellow and all-red.
    expect(cycleOf(crossroads({ crossings: true }), {}).stages[0]!.minGreenSeconds).toBe(16);
  });
  it('keeps the bounds of green and of cycle apart, and refuses those that contradict each other', () => {
    expect(cycleOf(crossroads(), { minGreenSeconds: 10, maxCycleSeconds: 90 })).toMatchObject({
      minCycleSeconds: 60,
      maxCycleSeconds: 90,
    });
    expect(() => cycleOf(crossroads(), { minGreenSeconds: 20, maxGreenSeconds: 15 })).toThrow(
      'stage NS: minimum green 20 s is above its maximum 15 s',
    );
    expect(() => cycleOf(crossroads(), { minGreenSeconds: 30, maxCycleSeconds: 100 })).toThrow(
      /least greens and transitions take 140 s\), above the longest, 100 s/,
    );
    expect(() => cycleOf(crossroads(), { stages: 'NS/EW' })).toThrow('stages: N-left is green in none of NS, EW');
    expect(() => cycleOf(crossroads(), { stages: 'NS/X' })).toThrow(/stages: X does not exist; there are NS, NS-left/);
  });
});

describe('stageNeeds', () => {
  it('lets the most demanding stream of a stage decide', () => {
    const cycle = cycleOf(crossroads(), {});
    const { streams } = groundOf(crossroads());
    // N-left, N-straight, S-left, S-straight, E-left, ...
    expect(stageNeeds(streamsByStage(cycle, streams), [4, 20, 6, 10, 0, 12, 3, 15])).toEqual([20, 6, 15, 3]);
  });
  it('asks no stage for what others bring a stream anyway', () => {
    expect(
      stageNeeds(
        [
          [0, 2],
          [1, 2],
        ],
        [10, 20, 25],
      ),
    ).toEqual([10, 20]);
    expect(
      stageNeeds(
        [
          [0, 2],
          [1, 2],
        ],
        [10, 20, 40],
      ),
    ).toEqual([15, 25]);
  });
});
