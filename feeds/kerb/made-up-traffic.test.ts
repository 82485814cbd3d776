import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { detectionsSchema } from '../messages.ts';
import { MadeUpTraffic } from './made-up-traffic.ts';

describe('made-up vehicles that tell by radio', () => {
  it('come nearer under their number, wait one behind the other, and are no longer told of once they are over the line', () => {
    const configuration = crossroads();
    const traffic = new MadeUpTraffic(configuration, 'radio', 600);
    const lampsAt = (second: number): Lamp[] =>
      configuration.signalGroups.map((_, g) => (Math.floor(second / 20) % 2 === g % 2 ? 'green' : 'red'));
    const metresOf = new Map<string, number>();
    let told = 0;
    for (let second = 1; second <= 600; second++) {
      traffic.second(lampsAt(second));
      const message = traffic.withRadio(1000 * second);
      expect(detectionsSchema.safeParse(message).success).toBe(true);
      const { vehicles = [], detectors } = message;
      for (const { id, lane, metres } of vehicles) {
        expect(metres).toBeLessThanOrEqual(metresOf.get(id) ?? Number.POSITIVE_INFINITY);
        metresOf.set(id, metres);
        expect(Number(id.split('#')[1])).toBeGreaterThanOrEqual(detectors[lane]!.count);
      }
      expect(new Set(vehicles.map(({ id }) => id)).size).toBe(vehicles.length);
      told += vehicles.length;
    }
    expect(told).toBeGreaterThan(600);
  });
});
