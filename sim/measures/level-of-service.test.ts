import { describe, expect, it } from 'vitest';
import { openStreet } from '../street.ts';
import { pair } from '../testing/crossroads.ts';
import { levelOfService, streetLevelOfService } from './level-of-service.ts';

const played = (() => {
  const variant = { name: 'baseline', strategy: 'fixed-time' };
  const street = openStreet(
    { kind: 'scenario', scenario: pair },
    { seed: 1, variant, prefix: 'flextraff-sim/test/baseline' },
  );
  while (street.tick * street.stepSeconds < pair.durationSeconds) street.step();
  return { result: street.result(), trips: [...street.trips()] };
})();

describe('level of service', () => {
  it('of streets has the bounds of HCM 6', () => {
    const shares = [1, 0.81, 0.8, 0.67, 0.5, 0.4, 0.3, 0];
    expect(shares.map(streetLevelOfService).join('')).toBe('AABCDEFF');
  });

  it('stands by approach of each junction, and adds up to the junction', () => {
    for (const { vehicles, delaySeconds, levelOfService: level, approaches } of Object.values(
      played.result.junctions!,
    )) {
      const own = Object.values(approaches);
      expect(own.reduce((sum, one) => sum + one.vehicles, 0)).toBe(vehicles);
      const lost = own.reduce((sum, one) => sum + one.vehicles * one.delaySeconds.mean, 0);
      expect(lost / vehicles).toBeCloseTo(delaySeconds.mean, 4);
      expect(level).toBe(levelOfService(delaySeconds.mean));
      for (const one of own) expect(one.levelOfService).toBe(levelOfService(one.delaySeconds.mean));
    }
    // vehicles come from one junction to the other
    const { demanded } = played.result.vehicles;
    const passages = Object.values(played.result.junctions!).reduce((sum, { vehicles }) => sum + vehicles, 0);
    expect(passages).toBeGreaterThan(1.2 * demanded);
  });

  it('of the network goes by the share of the time that vehicles were not held up', () => {
    const { network } = played.result;
    expect(network!.levelOfService).toBe(streetLevelOfService(network!.speedShare));
    const arrived = played.trips.filter(({ arrivedSeconds }) => arrivedSeconds !== undefined);
    const all = arrived.reduce((sum, trip) => sum + trip.arrivedSeconds! - trip.departSeconds, 0);
    const delay = arrived.reduce((sum, trip) => sum + trip.delaySeconds, 0);
    expect(network!.speedShare).toBeCloseTo(1 - delay / all, 1);
  });
});
