/** Strategies that ask for stages: on the real lamp device, through the service, before detectors that count. */
import { describe, expect, it } from 'vitest';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import { crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { inProcessDecider } from '../service/decider.ts';
import { ControllerService, type DecisionRecord } from '../service/service.ts';
import { PREFIX, START_MS, TestStreet } from '../testing.ts';
import type { JudgedPrediction, Memory, Observation, Parameters } from '../types.ts';
import { checkJunction, checkParameters, strategyNamed } from './index.ts';
import { followStage, stageChoiceOf } from './stage-choice.ts';

const NAMES = ['actuated', 'max-pressure', 'sotl', 'horizon'];

interface Ran {
  readonly decisions: readonly DecisionRecord[];
  /** Stages as they were green, with their seconds. */
  readonly greens: readonly { readonly stageId: string; readonly seconds: number }[];
  /** Seconds of green by group. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** `perHour` vehicles by approach, for so long. */
async function run(
  strategy: string,
  parameters: Parameters,
  perHour: Readonly<Record<string, number>>,
  seconds: number,
  configuration: JunctionConfiguration = crossroads(),
  without: readonly string[] = [],
): Promise<Ran> {
  const link = createInProcessLink({ simulation: true });
  const street = new TestStreet(configuration, perHour);
  await street.connect(link);
  const decisions: DecisionRecord[] = [];
  const service = new ControllerService({
    link,
    prefix: PREFIX,
    junctions: [{ configuration, strategy, parameters }],
    decider: inProcessDecider(),
    lockstep: true,
    onDecision: (record) => decisions.push(record),
    onProblem: (message) => expect.unreachable(message),
  });
  await service.start();
  const greens: { stageId: string; seconds: number }[] = [];
  const byGroup = new Map<string, number>();
  let before: string | null = null;
  for (let k = 0; k < seconds; k++) {
    street.step();
    street.send(link, { without });
    const { stageId } = street.device.report();
    const lamps = street.device.lamps();
    configuration.signalGroups.forEach(({ id }, g) => {
      if (lamps[g] === 'green') byGroup.set(id, (byGroup.get(id) ?? 0) + 1);
    });
    const stage = configuration.stages.find(({ id }) => id === stageId)!;
    const isGreen = configuration.signalGroups.every(
      ({ id, kind }, g) => kind !== 'vehicle' || !stage.groups.includes(id) || lamps[g] === 'green',
    );
    if (stageId !== before) greens.push({ stageId: stageId!, seconds: 0 });
    before = stageId;
    if (isGreen) greens.at(-1)!.seconds++;
  }
  await service.close();
  expect(street.refusals).toEqual([]);
  expect(decisions.filter(({ vetoed }) => vetoed !== null)).toEqual([]);
  expect(street.device.report().fault).toBeNull();
  return { decisions, greens, seconds: byGroup };
}

describe.each(NAMES)('%s', (name) => {
  it('keeps the lead, says why, and serves everybody who comes', async () => {
    const { decisions, seconds } = await run(name, {}, { N: 400, S: 300, E: 500, W: 200 }, 600);
    expect(decisions).toHaveLength(600);
    for (const { kind, reason } of decisions) {
      expect(kind).toBe('stage');
      expect(reason.length).toBeGreaterThan(5);
    }
    for (const { id } of crossroads().signalGroups) expect(seconds.get(id) ?? 0).toBeGreaterThan(20);
  });
  it('gives the busy axis more green', async () => {
    const { seconds } = await run(name, {}, { N: 900, S: 900, E: 150, W: 150 }, 900);
    expect(seconds.get('N-straight')!).toBeGreaterThan(1.3 * seconds.get('E-straight')!);
  });
  it('keeps within minimum and maximum green, and gives walkers their time', async () => {
    const configuration = crossroads({ crossings: true });
    const { greens, seconds } = await run(name, {}, { N: 700, S: 600, E: 900, W: 700 }, 900, configuration);
    for (const { stageId, seconds: green } of greens.slice(1, -1)) {
      const { minGreenSeconds, maxGreenSeconds } = configuration.stages.find(({ id }) => id === stageId)!;
      expect(green).toBeGreaterThanOrEqual(minGreenSeconds);
      expect(green).toBeLessThanOrEqual(maxGreenSeconds + 1);
    }
    expect(seconds.get('E-walk')!).toBeGreaterThanOrEqual(14);
  });
  it('goes on when half of the detectors are silent: they get green too', async () => {
    const { seconds } = await run(name, {}, { N: 400, S: 400, E: 400, W: 400 }, 900, crossroads(), ['E', 'W']);
    for (const { id } of crossroads().signalGroups) expect(seconds.get(id) ?? 0).toBeGreaterThanOrEqual(7);
  });
  it('is a function of what it is given: replayed from JSON it decides the same', () => {
    const configuration = crossroads();
    const strategy = strategyNamed(name);
    const parameters = checkParameters(strategy, {});
    const decide = (memory: Memory, second: number) => strategy.decide(configuration, parameters, memory, seen(second));
    let memory: Memory = null;
    for (let second = 0; second < 200; second++) {
      const kept = JSON.stringify(memory);
      const first = decide(memory, second);
      expect(JSON.stringify(memory)).toBe(kept);
      expect(decide(JSON.parse(kept), second)).toEqual(first);
      memory = JSON.parse(JSON.stringify(first.memory));
      expect(memory).toEqual(first.memory);
    }
  });
  it('decides nothing while nobody knows what the lamps show, or they flash', () => {
    const strategy = strategyNamed(name);
    const parameters = checkParameters(strategy, {});
    const { lamps } = seen(0);
    for (const dark of [
      { ...lamps, stageId: null },
      { ...lamps, source: 'flash' as const },
    ]) {
      expect(strategy.decide(crossroads(), parameters, null, { ...seen(0), lamps: dark }).decision).toBeNull();
    }
  });
  it('refuses stages that leave somebody without green, and junctions whose detectors it needs and lacks', () => {
    const strategy = strategyNamed(name);
    const why = (given: Parameters, configuration = crossroads()) =>
      checkJunction(strategy, configuration, checkParameters(strategy, given));
    expect(why({})).toBeNull();
    expect(why({ stages: 'NS/EW' })).toMatch(/N-left is green in none of NS, EW/);
    expect(why({ stages: 'N/S/E/W/X' })).toMatch(/X does not exist/);
    const blind = crossroads().detectors!.filter(
      ({ approach, position }) => approach !== 'S' || position !== strategy.needs.at(-1),
    );
    expect(why({}, { ...crossroads(), detectors: blind })).toMatch(
      /needs an? (stop-line|upstream) detector .* S has none/,
    );
  });
});

/** A second of made-up traffic under a device that obeys a fixed order. */
function seen(second: number): Observation {
  const ids = ['NS', 'NS-left', 'EW', 'EW-left'];
  const stageId = ids[Math.floor(second / 15) % 4]!;
  const inStage = second % 15;
  const own = crossroads().stages.find(({ id }) => id === stageId)!;
  const byGroup = Object.fromEntries(
    crossroads().signalGroups.map(
      ({ id }) => [id, own.groups.includes(id) ? (inStage < 10 ? 'green' : 'amber') : 'red'] as const,
    ),
  );
  const detectors = Object.fromEntries(
    crossroads().detectors!.map(({ id }, k) => [
      id,
      {
        count: Math.floor((second * (k + 1)) / 40),
        occupancy: ((second + k) % 5) / 5,
        presence: (second + k) % 3 === 0,
      },
    ]),
  );
  return {
    nowMs: START_MS + second * 1000,
    elapsedSeconds: 1,
    detectors,
    countsSincePlan: [1, 2, 3, 4],
    lamps: {
      stageId,
      secondsLeft: inStage < 10 ? null : 15 - inStage,
      cycleSecondsLeft: null,
      byGroup,
      source: 'plan',
    },
  };
}

describe('actuated', () => {
  it('skips stages that nobody calls, and rests in green', async () => {
    const { greens } = await run('actuated', {}, { N: 0, S: 0, E: 600, W: 600 }, 200);
    const later = greens.slice(3).map(({ stageId }) => stageId);
    expect(later.length).toBeGreaterThan(3);
    expect(new Set(later)).toEqual(new Set(['EW', 'EW-left']));
  });
  it('gaps out when vehicles cease, maxes out when they do not, and says so', async () => {
    const reasons = (ran: Ran): string => ran.decisions.map(({ reason }) => reason).join('\n');
    expect(reasons(await run('actuated', {}, { N: 200, S: 200, E: 200, W: 200 }, 300))).toMatch(/gap-out/);
    const full = await run('actuated', { maxGreenSeconds: 20 }, { N: 3600, S: 3600, E: 3600, W: 3600 }, 300);
    expect(reasons(full)).toMatch(/max-out, 20 s/);
    expect(reasons(full)).not.toMatch(/gap-out/);
  });
  it('serves recalls that nobody calls', async () => {
    const { seconds } = await run('actuated', { recall: 'minimum' }, { N: 0, S: 0, E: 600, W: 600 }, 300);
    expect(seconds.get('N-left')!).toBeGreaterThanOrEqual(14);
  });
  it('serves walkers who have no button after a while', async () => {
    const crossings = crossroads({ crossings: true });
    const { seconds } = await run(
      'actuated',
      { pedestrianRecallSeconds: 60 },
      { N: 0, S: 0, E: 700, W: 700 },
      400,
      crossings,
    );
    expect(seconds.get('E-walk')!).toBeGreaterThanOrEqual(21);
  });
  it('keeps its place in a coordinated cycle: the first stage returns once a cycle', async () => {
    const { greens } = await run('actuated', { cycleSeconds: 90 }, { N: 900, S: 900, E: 900, W: 900 }, 950);
    const first = greens.filter(({ stageId }) => stageId === 'NS').length;
    expect(first).toBeGreaterThanOrEqual(10);
    expect(first).toBeLessThanOrEqual(12);
    const refused = checkJunction(
      strategyNamed('actuated'),
      crossroads(),
      checkParameters(strategyNamed('actuated'), { cycleSeconds: 40 }),
    );
    expect(refused).toMatch(/cycleSeconds is 40; at least 48/);
  });
  it('refuses a recall or a place that there is not', () => {
    const why = (given: Parameters) =>
      checkJunction(strategyNamed('actuated'), crossroads(), checkParameters(strategyNamed('actuated'), given));
    expect(why({ recall: 'often' })).toMatch(/recall is often; one of none, minimum, maximum/);
    expect(why({ gapAt: 'exit' })).toMatch(/gapAt is exit; one of stopline, upstream, either/);
    expect(why({ gapAt: 'either' })).toBeNull();
  });
});

describe('max-pressure', () => {
  it('keeps each choice for the interval', async () => {
    const { greens } = await run('max-pressure', { intervalSeconds: 15 }, { N: 700, S: 700, E: 700, W: 700 }, 600);
    for (const { seconds } of greens.slice(1, -1)) expect(seconds).toBeGreaterThanOrEqual(15);
  });
  it('keeps the order in its cyclic form', async () => {
    const { greens } = await run(
      'max-pressure',
      { form: 'cyclic', stages: 'NS/NS-left/EW/EW-left' },
      { N: 900, S: 100, E: 500, W: 100 },
      900,
    );
    const order = ['NS', 'NS-left', 'EW', 'EW-left'];
    const shown = greens.map(({ stageId }) => order.indexOf(stageId));
    expect(shown.length).toBeGreaterThan(8);
    for (let k = 1; k < shown.length; k++) expect(shown[k]).toBe((shown[k - 1]! + 1) % 4);
  });
  it.each(['acyclic', 'cyclic', 'efficient', 'advanced'])('knows the form %s', async (form) => {
    const { seconds } = await run('max-pressure', { form }, { N: 500, S: 500, E: 500, W: 500 }, 600);
    expect(seconds.get('E-straight')!).toBeGreaterThan(40);
  });
  it('refuses a form that there is not', () => {
    const strategy = strategyNamed('max-pressure');
    expect(checkJunction(strategy, crossroads(), checkParameters(strategy, { form: 'best' }))).toMatch(
      /one of acyclic/,
    );
  });
});

describe('horizon', () => {
  it('says what it saw, what it considered and what it expects', async () => {
    const { decisions } = await run('horizon', {}, { N: 500, S: 500, E: 500, W: 500 }, 300);
    const thought = decisions.filter(({ inputs }) => inputs.plan !== undefined);
    expect(thought.length).toBeGreaterThan(20);
    const { inputs, reason } = thought.at(-1)!;
    expect(Object.keys(inputs.ahead as object)).toContain('N:stopline:0');
    expect(Object.keys(inputs.predictedDelaySeconds as object).length).toBeGreaterThan(1);
    expect(reason).toMatch(/vehicle-seconds of delay ahead/);
    const { judged, absolute } = inputs.foreseenDepartures as { judged: number; absolute: number };
    expect(judged).toBeGreaterThan(5);
    expect(absolute).toBeGreaterThan(0);
    const outcomes = decisions.flatMap(({ inputs }) => (inputs.predictions ?? []) as JudgedPrediction[]);
    expect(outcomes.length).toBeGreaterThanOrEqual(judged);
    for (const { quantity, predictedAtMs, targetAtMs, predicted, actual } of outcomes) {
      expect(quantity).toBe('departures');
      expect(targetAtMs - predictedAtMs).toBeGreaterThanOrEqual(10_000);
      expect(Math.min(predicted, actual)).toBeGreaterThanOrEqual(0);
    }
    // each is told once
    expect(new Set(outcomes.map(({ predictedAtMs }) => predictedAtMs)).size).toBe(outcomes.length);
    expect(outcomes.some(({ actual }) => actual > 0)).toBe(true);
  });
  it('opens the whole of a lane whose head wants a group that is red', () => {
    const configuration: JunctionConfiguration = {
      ...crossroads(),
      detectors: crossroads().detectors!.filter(({ lane }) => lane === null),
    };
    const strategy = strategyNamed('horizon');
    const parameters = checkParameters(strategy, {});
    let memory: Memory = null;
    const asked: string[] = [];
    // Straight on is green, and nobody of the approach, which has one detector, moves.
    for (let second = 0; second < 20; second++) {
      const { lamps } = seen(0);
      const answer = strategy.decide(configuration, parameters, memory, {
        ...seen(0),
        nowMs: START_MS + second * 1000,
        detectors: Object.fromEntries(
          configuration.detectors!.map(({ id, approach, position }) => {
            const waits = approach === 'N' && position === 'stopline';
            return [id, { count: 0, occupancy: waits ? 1 : 0, presence: waits }];
          }),
        ),
        lamps,
      });
      memory = answer.memory;
      if (answer.decision?.kind === 'stage') asked.push(answer.decision.stageId);
    }
    expect(asked[0]).toBe('NS');
    expect(asked.at(-1)).toBe('N');
  });
  it('uses only the stages it is given', async () => {
    const { greens } = await run('horizon', { stages: 'N/S/E/W' }, { N: 500, S: 500, E: 500, W: 500 }, 400);
    const later = greens.slice(2).map(({ stageId }) => stageId);
    expect([...new Set(later)].sort()).toEqual(['E', 'N', 'S', 'W']);
  });
});

describe('the running stage', () => {
  const configuration = crossroads();
  const choice = stageChoiceOf(configuration, {}, 'all');
  it('is green until it leaves for another', () => {
    expect(followStage(choice, null, seen(3))).toMatchObject({
      stageId: 'NS',
      index: 0,
      isGreen: true,
      greenSeconds: 0,
    });
    const before = followStage(choice, null, seen(0));
    expect(followStage(choice, before, seen(8))).toMatchObject({ isGreen: true, greenSeconds: 8 });
    expect(followStage(choice, before, seen(12)).isGreen).toBe(false);
    expect(followStage(choice, before, seen(15))).toMatchObject({ stageId: 'NS-left', greenSeconds: 0 });
  });
  it('takes as long to another as the intergreen matrix says, and at least yellow and all-red', () => {
    const slow = crossroads();
    const intergreenSeconds = slow.intergreenSeconds.map((row) => row.map((seconds) => (seconds > 0 ? 8 : 0)));
    const { betweenSeconds } = stageChoiceOf({ ...slow, intergreenSeconds }, {}, 'all');
    expect(betweenSeconds[0]![2]).toBe(8);
    expect(choice.betweenSeconds[0]![2]).toBe(5);
    expect(choice.betweenSeconds[0]![4]).toBe(5);
  });
});
