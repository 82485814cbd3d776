import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../scenarios/types.ts';
import { openStreet, type Street } from '../street.ts';
import { pair } from '../testing/crossroads.ts';

function played(scenario: Scenario): Street {
  const variant = { name: 'a', strategy: 'fixed-time' };
  const street = openStreet({ kind: 'scenario', scenario }, { seed: 1, variant, prefix: 'flextraff-sim/test/a' });
  while (street.tick * street.stepSeconds < scenario.durationSeconds) street.step();
  return street;
}

describe('detector counts by class', () => {
  const detection = { ...pair.detection, tagShare: 1, missProbability: 0 };
  const street = played({ ...pair, detection });
  const counts = street.detectorCounts();
  const sum = (own: typeof counts, key: 'passed' | 'tagsRead') => own.reduce((all, one) => all + (one[key] ?? 0), 0);

  it('stand in periods of 300 s that follow on each other', () => {
    const periods = [...new Set(counts.map(({ fromSeconds, untilSeconds }) => `${fromSeconds}-${untilSeconds}`))];
    expect(periods).toEqual(
      Array.from(
        { length: Math.ceil(pair.durationSeconds / 300) },
        (_, i) => `${300 * i}-${Math.min(pair.durationSeconds, 300 * (i + 1))}`,
      ),
    );
  });

  it('add up to what passed: everybody who is through a junction passed its line once', () => {
    const arrived = [...street.trips()].filter(({ arrivedSeconds }) => arrivedSeconds !== undefined);
    const junctionsOf = (route: string) => route.split(' ').map((step) => step.split('/')[0]!);
    const stopline = counts.filter(({ detector }) => /:stopline:\d+$/.test(detector));
    for (const { name } of pair.junctions) {
      const through = arrived.filter(({ route }) => junctionsOf(route).includes(name)).length;
      const passed = sum(
        stopline.filter(({ junction }) => junction === name),
        'passed',
      );
      expect(passed).toBeGreaterThanOrEqual(through);
      expect(passed).toBeLessThanOrEqual(
        [...street.trips()].filter(({ route }) => junctionsOf(route).includes(name)).length,
      );
    }
  });

  it('say of which the tag was read: of all where all carry one, of none where none does', () => {
    // those who stand before a line at the end were read there and have not passed it
    const standing = street.result().vehicles.running;
    expect(sum(counts, 'tagsRead')).toBeGreaterThanOrEqual(sum(counts, 'passed'));
    expect(sum(counts, 'tagsRead')).toBeLessThanOrEqual(sum(counts, 'passed') + standing);
    expect(new Set(counts.map(({ vehicleClass }) => vehicleClass))).toEqual(
      new Set(pair.vehicleClasses.map(({ name }) => name)),
    );
    const untagged = played({ ...pair, detection: { ...detection, tagShare: 0 } });
    expect(sum(untagged.detectorCounts(), 'tagsRead')).toBe(0);
  });
});
