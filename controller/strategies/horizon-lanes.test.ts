import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { Observation } from '../types.ts';
import { takenInside } from './horizon-lanes.ts';
import type { ModelLane } from './horizon-model.ts';

const configuration = crossroads();
const ground = groundOf(configuration);
const own = ground.streams[0]!.groups[0]!;

/** Whether somebody is taken to wait inside before the first lane, whose only vehicle is there. */
function taken(metres: number, speed: number, lastSeconds: number, openSeconds: number, gives = 1): boolean {
  const lanes = ground.streams.map((_, i) => ({
    count: i === 0 ? 1 : 0,
    group: Int32Array.of(own),
    lastSeconds,
  })) as unknown as ModelLane[];
  const open = new Float64Array(configuration.signalGroups.length).fill(openSeconds);
  const permitted = new Uint8Array(configuration.signalGroups.length).fill(gives);
  const observation: Observation = {
    nowMs: START_MS,
    elapsedSeconds: 1,
    detectors: {},
    countsSincePlan: [],
    lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup: {}, source: 'plan' },
    vehicles: [{ id: 'a', lane: ground.streams[0]!.id, metres, metresPerSecond: speed, group: null }],
  };
  return takenInside(lanes, ground, permitted, open, 2, observation)[0]!;
}

describe('who waits inside the junction', () => {
  it('is inferred where the first gives way and stands although it could have gone', () => {
    expect(taken(3.5, 0, -10, -20)).toBe(true);
  });

  it('is not where the first drives or is far, gives way to nobody, or has not had the time', () => {
    expect(taken(3.5, 6, -10, -20)).toBe(false);
    expect(taken(60, 0, -10, -20)).toBe(false);
    expect(taken(3.5, 0, -10, -20, 0)).toBe(false);
    expect(taken(3.5, 0, -1, -20)).toBe(false);
    expect(taken(3.5, 0, -10, -3)).toBe(false);
    expect(taken(3.5, 0, -10, Number.POSITIVE_INFINITY)).toBe(false);
  });
});
