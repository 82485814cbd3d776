import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { observeReported, type ReportedMemory } from '../estimation/reported.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { Observation } from '../types.ts';
import { laneWeights, lateSeconds, observeWaits, type Waits } from './horizon-waits.ts';

const ground = groundOf(crossroads());
const FIRST = 0;

/** Each 100 s somebody stands before the first line for `seconds`, and then leaves; over every other line 20 a 100 s, at once. */
function waitsOf(cycles: number, seconds: number): Waits {
  let reported: ReportedMemory | null = null;
  let waits: Waits | null = null;
  for (let k = 0; k < 100 * cycles; k++) {
    const stands = k % 100 < seconds;
    const observation: Observation = {
      nowMs: START_MS + 1000 * k,
      elapsedSeconds: 1,
      detectors: {},
      countsSincePlan: [],
      lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup: {}, source: 'plan' },
      vehicles: stands
        ? [
            {
              id: `left-${Math.floor(k / 100)}`,
              lane: ground.streams[FIRST]!.id,
              metres: 1,
              metresPerSecond: 0,
              group: null,
            },
          ]
        : [],
      reportingShare: 1,
    };
    reported = observeReported(ground, reported, observation);
    const left = ground.streams.map((_, i) => (i === FIRST ? Number(k % 100 === seconds) : Number(k % 5 === 0)));
    waits = observeWaits(ground, waits, null, reported, left, observation);
  }
  return waits!;
}

describe('how long vehicles wait', () => {
  it('makes who comes to the lane of the longest waits weigh more, and nobody else', () => {
    const [first, ...others] = laneWeights(waitsOf(20, 60), 1);
    expect(first).toBeGreaterThan(1.4);
    expect(first).toBeLessThan(1.65);
    expect(others.every((weight) => weight === 1)).toBe(true);
  });

  it('weighs more the longer they wait, half as much again at most', () => {
    const [short] = laneWeights(waitsOf(20, 20), 1);
    const [long] = laneWeights(waitsOf(20, 80), 1);
    expect(short).toBeLessThan(long!);
    expect(laneWeights(waitsOf(20, 80), 20)[FIRST]).toBe(1.5);
  });

  it('weighs all the same where it is not asked for, and before anybody came', () => {
    expect(new Set(laneWeights(waitsOf(20, 60), 0))).toEqual(new Set([1]));
    expect(new Set(laneWeights(waitsOf(0.01, 0), 5))).toEqual(new Set([1]));
  });

  it('is late by what is usual in the mean, and never before 40 s', () => {
    expect(lateSeconds(waitsOf(20, 60), 2)).toBe(40);
    expect(lateSeconds(waitsOf(20, 60), 200)).toBeGreaterThan(40);
  });
});
