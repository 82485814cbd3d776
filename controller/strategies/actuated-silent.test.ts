import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { Memory } from '../types.ts';
import { actuated } from './actuated.ts';

const configuration = crossroads();
const parameters = Object.fromEntries(Object.entries(actuated.parameters).map(([name, one]) => [name, one.default]));
const first = configuration.localPlan[0]!;

/** Seconds of green of the plan's first stage, while nobody is seen; `silent`: these lines say nothing. */
function greenOf(silent: readonly string[]): number {
  const stage = configuration.stages.find(({ id }) => id === first.stageId)!;
  const lit = new Set(stage.groups as readonly unknown[]);
  const byGroup = Object.fromEntries(
    configuration.signalGroups.map(({ id }, g): [string, Lamp] => [id, lit.has(g) || lit.has(id) ? 'green' : 'red']),
  );
  const detectors = Object.fromEntries(
    groundOf(configuration)
      .streams.filter(({ id }) => !silent.includes(id))
      .map(({ id }) => [id, { count: 0, occupancy: 0, presence: false }]),
  );
  let memory: Memory = null;
  for (let second = 0; second < 200; second++) {
    const answer = actuated.decide(configuration, parameters, memory, {
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors,
      countsSincePlan: configuration.approaches.map(() => null),
      lamps: { stageId: first.stageId, secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
    });
    memory = answer.memory;
    if (answer.decision?.kind === 'stage' && answer.decision.stageId !== first.stageId) return second;
  }
  return 200;
}

describe('actuated control of a lane of which nothing is told', () => {
  it("gives it today's green, where it would end at once if the line said that nobody is there", () => {
    const all = groundOf(configuration).streams.map(({ id }) => id);
    expect(greenOf([])).toBeLessThan(first.greenSeconds);
    const silent = greenOf(all);
    expect(silent).toBeGreaterThanOrEqual(first.greenSeconds);
    expect(silent).toBeLessThan(200);
  });
});
