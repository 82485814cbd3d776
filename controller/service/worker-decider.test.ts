import { afterEach, describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { checkParameters, strategyNamed } from '../strategies/index.ts';
import { START_MS } from '../testing.ts';
import type { Memory, Observation } from '../types.ts';
import type { DecideJob, Decider } from './decider.ts';
import { workerDecider } from './worker-decider.ts';

let decider: Decider | null = null;
afterEach(async () => decider?.close());

function observed(second: number): Observation {
  const configuration = crossroads();
  const green = configuration.stages[0]!.groups;
  return {
    nowMs: START_MS + 1000 * second,
    elapsedSeconds: 1,
    detectors: {},
    countsSincePlan: [0, 0, 0, 0],
    vehicles: ['N', 'S', 'E', 'W'].map((name) => ({
      id: name,
      lane: `${name}:stopline:1`,
      metres: 60,
      metresPerSecond: 10,
      group: `${name}-straight`,
    })),
    reportingShare: 1,
    lamps: {
      stageId: configuration.stages[0]!.id,
      secondsLeft: null,
      cycleSecondsLeft: null,
      byGroup: Object.fromEntries(
        configuration.signalGroups.map(({ id }) => [id, green.includes(id) ? 'green' : 'red'] as const),
      ),
      source: 'plan',
    },
  };
}

describe('strategies on threads', () => {
  it('are given less work without that the junction crosses again, and then look less far', async () => {
    let crossings = 0;
    const configuration = Object.defineProperty(crossroads(), 'name', {
      enumerable: true,
      get: () => {
        crossings++;
        return 'counted';
      },
    });
    const strategy = strategyNamed('horizon');
    const { junctionId } = configuration;
    decider = workerDecider({ threads: 1 });
    let memory: Memory = null;
    const looked = async (second: number, work: number): Promise<unknown> => {
      const parameters = checkParameters(strategy, { work });
      const observation = observed(second);
      const job: DecideJob = { junctionId, strategy: 'horizon', configuration, parameters, memory, observation };
      const [answer] = await decider!.decide([job]);
      memory = answer!.memory;
      return answer!.decision?.inputs.lookedSeconds;
    };
    for (let second = 0; second < 20; second++) await looked(second, 150_000);
    expect(await looked(20, 150_000)).toBe(50);
    const before = crossings;
    expect(before).toBeGreaterThan(0);
    const less = await looked(21, 100);
    expect(less).toBeGreaterThan(0);
    expect(less).toBeLessThan(50);
    expect(await looked(22, 150_000)).toBe(50);
    expect(crossings).toBe(before);
  }, 60_000);
});
