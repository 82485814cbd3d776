import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { START_MS } from '../testing.ts';
import type { Memory, Observation, ReportedVehicle } from '../types.ts';
import { checkParameters, strategyNamed } from './index.ts';

const base = crossroads();
const configuration = { ...base, stages: base.stages.map((stage) => ({ ...stage, maxGreenSeconds: 3600 })) };
const strategy = strategyNamed('horizon');
const QUEUE_SECONDS = 2;

/**
 * East-west is green and a queue that never ends goes over its lines, two vehicles each two seconds; one vehicle waits to turn
 * left from the north. Seconds until its stage is asked for.
 */
function waits(given: Readonly<Record<string, number>>): number {
  const parameters = checkParameters(strategy, given);
  const green = configuration.stages.find(({ id }) => id === 'EW')!.groups;
  const byGroup = Object.fromEntries(
    configuration.signalGroups.map(({ id }) => [id, (green.includes(id) ? 'green' : 'red') as Lamp]),
  );
  let memory: Memory = null;
  for (let second = 0; second < 600; second++) {
    const gone = Math.floor(second / QUEUE_SECONDS);
    const queue = (name: string): ReportedVehicle[] =>
      Array.from({ length: 12 }, (_, k) => ({
        id: `${name}-${gone + k}`,
        lane: `${name}:stopline:1`,
        metres: 2 + 14 * k,
        metresPerSecond: 8,
        group: `${name}-straight`,
      }));
    const left = { id: 'left', lane: 'N:stopline:0', metres: 1, metresPerSecond: 0, group: 'N-left' };
    const reading = { count: gone, occupancy: 0.5, presence: true };
    const observation: Observation = {
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors: { 'E:stopline:1': reading, 'W:stopline:1': reading },
      countsSincePlan: [0, 0, 0, 0],
      lamps: { stageId: 'EW', secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
      vehicles: [...queue('E'), ...queue('W'), left],
      reportingShare: 1,
    };
    const answer = strategy.decide(configuration, parameters, memory, observation);
    memory = answer.memory;
    const asked = answer.decision?.kind === 'stage' ? answer.decision.stageId : 'EW';
    if (configuration.stages.find(({ id }) => id === asked)!.groups.includes('N-left')) return second;
  }
  return 600;
}

describe('who has waited for long', () => {
  it('is served sooner where the late weigh more, and not much sooner than they are late', () => {
    const alone = { fairness: 0 };
    const never = waits({ ...alone, lateWeight: 0 });
    const some = waits({ ...alone, lateFactor: 2, lateWeight: 30 });
    expect(never).toBe(600);
    expect(some).toBeLessThan(120);
    // nobody is late before
    expect(some).toBeGreaterThanOrEqual(30);
  });

  it('is late by what is usual here', () => {
    const few = waits({ fairness: 0, lateFactor: 2, lateWeight: 30 });
    expect(waits({ fairness: 0, lateFactor: 20, lateWeight: 30 })).toBeGreaterThan(few);
  });
});
