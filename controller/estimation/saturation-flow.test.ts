import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { START_MS } from '../testing.ts';
import { groundOf } from './streams.ts';
import { observeTraffic, saturationFlows, type TrafficMemory } from './traffic.ts';

const ground = groundOf(crossroads());
const STRAIGHT = ground.streams.findIndex(({ id }) => id === 'N:stopline:1');

/** Cycles of 30 s of red and 30 s of green in which a queue leaves, one in `headways` seconds each in turn. */
function measured(cycles: number, headways: readonly number[]) {
  let memory: TrafficMemory | null = null;
  let count = 0;
  let next = 0;
  for (let second = 0; second < 60 * cycles; second++) {
    const green = second % 60 >= 30;
    if (second % 60 === 30) next = second + 3;
    if (green && second === next) next += headways[count++ % headways.length]!;
    const byGroup: Record<string, Lamp> = green ? { 'N-straight': 'green' } : {};
    memory = JSON.parse(
      JSON.stringify(
        observeTraffic(
          ground,
          memory,
          {
            nowMs: START_MS + 1000 * second,
            elapsedSeconds: 1,
            detectors: { 'N:stopline:1': { count, occupancy: 1, presence: true } },
            countsSincePlan: [0, 0, 0, 0],
            lamps: { stageId: 'NS', secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
          },
          200,
        ),
      ),
    );
  }
  return saturationFlows(ground, memory!, 1900)[STRAIGHT]!;
}

describe('saturation flow', () => {
  it('is what was given until it was measured, and says that it is not sure', () => {
    const { vehiclesPerHour, deviationPerHour, vehicles } = measured(1, [60]);
    expect(vehiclesPerHour).toBeGreaterThan(1700);
    expect(deviationPerHour).toBeGreaterThan(200);
    expect(vehicles).toBeLessThan(3);
  });
  it('becomes what is measured, and the surer the more', () => {
    const [few, many] = [measured(2, [2, 3]), measured(12, [2, 3])];
    const truth = 3600 / 2.5;
    expect(Math.abs(many.vehiclesPerHour - truth)).toBeLessThan(2 * many.deviationPerHour + 40);
    expect(Math.abs(few.vehiclesPerHour - truth)).toBeLessThan(2 * few.deviationPerHour);
    expect(many.deviationPerHour).toBeLessThan(0.5 * few.deviationPerHour);
  });
  it('is less sure where headways differ more', () => {
    expect(measured(12, [1, 4]).deviationPerHour).toBeGreaterThan(measured(12, [2, 3]).deviationPerHour);
  });
});
