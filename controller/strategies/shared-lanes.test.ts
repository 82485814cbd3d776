/** Lanes whose vehicles obey several groups, of which a stage has only some: their head may wait for another stage. */
import { expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { START_MS } from '../testing.ts';
import type { DetectorReading, Memory, Observation } from '../types.ts';
import { checkParameters, strategyNamed } from './index.ts';
import { isStageFor, stageChoiceOf } from './stage-choice.ts';

/** A crossroads with a detector at the line of each lane: left, and the rest. */
function withDetectors(): JunctionConfiguration {
  const plain = crossroads();
  const detectors = plain.approaches.flatMap(({ name }) =>
    [0, 1].map((lane) => ({
      id: `${name}:stopline:${lane}`,
      approach: name,
      lane,
      position: 'stopline' as const,
      metresBeforeLine: 0,
      groups: plain.signalGroups
        .filter(
          ({ kind, approaches, id }) =>
            kind === 'vehicle' && approaches.includes(name) && id.endsWith('-left') === (lane === 0),
        )
        .map(({ id }) => id),
      limitMetresPerSecond: 13.9,
    })),
  );
  return { ...plain, detectors };
}

it.each(['actuated', 'sotl'])(
  '%s ends a green although somebody stands in a lane that is open in part only',
  (name) => {
    const configuration = withDetectors();
    // The stage that runs opens one of the two groups of a lane, the third both; the second is called before.
    const [first, second, third] = configuration.stages;
    const [own, shared] = [first!.groups[0]!, third!.groups[0]!];
    const lane = configuration.detectors!.find(({ groups }) => groups.includes(shared))!;
    const both: JunctionConfiguration = {
      ...configuration,
      stages: [first!, second!, { ...third!, groups: [...third!.groups, own] }, ...configuration.stages.slice(3)],
      conflicts: configuration.conflicts.map((row) => row.map(() => false)),
      detectors: configuration.detectors!.map((one) => (one.id === lane.id ? { ...one, groups: [own, shared] } : one)),
    };
    const strategy = strategyNamed(name);
    const parameters = checkParameters(strategy, {});
    const choice = stageChoiceOf(both, parameters, 'plan');
    const stream = choice.streams.findIndex(({ id }) => id === lane.id);
    expect(choice.stages[0]!.serves[stream]).toBe(0.5);
    expect(isStageFor(choice, 0, stream)).toBe(false);
    expect(isStageFor(choice, 2, stream)).toBe(true);
    const called = both.detectors!.find(({ groups }) => groups.includes(second!.groups[0]!))!;
    let memory: Memory = null;
    let asked = first!.id;
    for (let k = 0; k < 40 && asked === first!.id; k++) {
      const answer = strategy.decide(both, parameters, memory, standing(both, [lane.id, called.id], k));
      memory = answer.memory;
      if (answer.decision?.kind === 'stage') asked = answer.decision.stageId;
    }
    expect(asked).not.toBe(first!.id);
  },
);

/** The first stage is green; before these lines somebody stands, elsewhere is nobody. */
function standing(
  { detectors = [], stages, signalGroups, approaches }: JunctionConfiguration,
  lanes: readonly string[],
  k: number,
): Observation {
  const reading = (id: string): DetectorReading => ({
    count: 3,
    occupancy: lanes.includes(id) ? 1 : 0,
    presence: lanes.includes(id),
  });
  return {
    nowMs: START_MS + 1000 * k,
    elapsedSeconds: 1,
    detectors: Object.fromEntries(detectors.map(({ id }) => [id, reading(id)])),
    countsSincePlan: approaches.map(() => 0),
    lamps: {
      stageId: stages[0]!.id,
      secondsLeft: null,
      cycleSecondsLeft: null,
      byGroup: Object.fromEntries(signalGroups.map(({ id }) => [id, stages[0]!.groups.includes(id) ? 'green' : 'red'])),
      source: 'plan',
    },
  };
}
