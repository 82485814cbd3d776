import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { strategyNamed } from '../strategies/index.ts';
import { START_MS, TestStreet } from '../testing.ts';
import type { Memory, Observation } from '../types.ts';
import { ailments, believed, type HealthMemory, observeHealth } from './health.ts';
import { groundOf } from './streams.ts';

const configuration = crossroads();
const ground = groundOf(configuration);
const LINE = ground.streams[0]!.id;

/** A street with traffic from everywhere, and what the controller sees each second. */
function seconds(count: number, alter: (observation: Observation, second: number) => Observation = (one) => one) {
  const street = new TestStreet(configuration, { N: 600, S: 500, E: 300, W: 300 });
  return Array.from({ length: count }, (_, second) => {
    street.step();
    const { lamps, source, stage } = street.lamps();
    const observation: Observation = {
      nowMs: START_MS + 1000 * (second + 1),
      elapsedSeconds: 1,
      detectors: street.detections().detectors,
      countsSincePlan: [1, 1, 1, 1],
      lamps: { stageId: stage, secondsLeft: null, cycleSecondsLeft: 30, byGroup: lamps, source },
    };
    return alter(observation, second);
  });
}

function watch(observations: readonly Observation[]): HealthMemory {
  let memory: HealthMemory | null = null;
  for (const observation of observations) memory = observeHealth(ground, memory, observation);
  return memory!;
}

const found = (observations: readonly Observation[]): object =>
  Object.fromEntries(ailments(ground, watch(observations)));
const reading = (observation: Observation, given: object): Observation => ({
  ...observation,
  detectors: { ...observation.detectors, [LINE]: { ...observation.detectors[LINE]!, ...given } },
});
const without = (observation: Observation): Observation => {
  const { [LINE]: _, ...detectors } = observation.detectors;
  return { ...observation, detectors };
};

describe('detectors', () => {
  it('are believed where they are well, and then the observation is the very one', () => {
    const all = seconds(1500);
    const memory = watch(all);
    expect(ailments(ground, memory).size).toBe(0);
    expect(believed(ground, memory, all.at(-1)!)).toBe(all.at(-1));
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
  });

  it('are silent a minute after their last word, and well with the next', () => {
    const gone = (from: number, until: number) => (one: Observation, second: number) =>
      second >= from && second < until ? without(one) : one;
    expect(found(seconds(255, gone(200, 9999)))).toEqual({});
    expect(found(seconds(270, gone(200, 9999)))).toEqual({ [LINE]: 'silent' });
    expect(found(seconds(400, gone(200, 399)))).toEqual({});
  });

  it('are stuck where they stay covered through greens and nobody leaves, not while their queue has red', () => {
    const stuck = seconds(900, (one, second) =>
      second < 300 ? one : reading(one, { count: 10, presence: true, occupancy: 1 }),
    );
    expect(found(stuck)).toEqual({ [LINE]: 'stuck on' });
    const red = stuck.map((one) => ({
      ...one,
      lamps: {
        ...one.lamps,
        byGroup: Object.fromEntries(Object.keys(one.lamps.byGroup).map((id) => [id, 'red' as const])),
      },
    }));
    expect(found(red)).toEqual({});
  });

  it('that jump as no traffic does are believed but for the jump, and nobody is lost by it', () => {
    const every = (seconds: number) => (one: Observation, second: number) =>
      second % seconds === 0 ? reading(one, { count: 500_000, presence: true, occupancy: 1 }) : one;
    const clean = seconds(700);
    const lying = seconds(700, every(50));
    let memory: HealthMemory | null = null;
    lying.forEach((observation, second) => {
      memory = observeHealth(ground, memory, observation);
      expect(ailments(ground, memory).size).toBe(0);
      // The very first reading was one of those: from the next on it counts anew.
      const shown = believed(ground, memory, observation);
      const isOdd = second % 50 === 0;
      const truth = clean[isOdd ? second - 1 : second]?.detectors[LINE];
      if (second < 3) return;
      expect({ ...shown.detectors[LINE], count: shown.detectors[LINE]!.count - 500_000 }).toEqual(truth);
      expect(shown.countsSincePlan[0]).toBeLessThanOrEqual(500_000 + 700);
    });
  });

  it('are not believed where one count in ten cannot be, until that was minutes ago', () => {
    const lie = (one: Observation, second: number) =>
      second >= 300 && second < 600 && second % 4 === 0 ? reading(one, { count: 500_000 }) : one;
    expect(found(seconds(500, lie))).toEqual({ [LINE]: 'counts what cannot be' });
    expect(found(seconds(900, lie))).toEqual({});
  });

  it('may begin to count anew: who passed meanwhile is counted', () => {
    const before = seconds(300).at(-1)!.detectors[LINE]!.count;
    const anew = seconds(700, (one, second) =>
      second < 300 ? one : reading(one, { count: one.detectors[LINE]!.count - before }),
    );
    const memory = watch(anew);
    expect(ailments(ground, memory).size).toBe(0);
    const truth = anew.at(-1)!.detectors[LINE]!.count + before;
    expect(Math.abs(believed(ground, memory, anew.at(-1)!).detectors[LINE]!.count - truth)).toBeLessThanOrEqual(1);
  });

  it('that are not believed are not shown to any strategy, which says so', () => {
    const actuated = strategyNamed('actuated');
    const parameters = Object.fromEntries(
      Object.entries(actuated.parameters).map(([name, one]) => [name, one.default]),
    );
    let memory: Memory = null;
    let inputs: Readonly<Record<string, unknown>> | undefined;
    const all = seconds(900, (one, second) =>
      second < 300 ? one : reading(one, { count: 10, presence: true, occupancy: 1 }),
    );
    for (const observation of all) {
      const answer = actuated.decide(configuration, parameters, memory, observation);
      memory = answer.memory;
      inputs = answer.decision?.inputs;
    }
    expect(inputs).toMatchObject({ notBelieved: { [LINE]: 'stuck on' } });
  });
});
