import { describe, expect, it } from 'vitest';
import type { RoadUserUpdate } from './encounter-types.ts';
import { FeatureCollector } from './features.ts';

const update = (id: string, timeMs: number, v: number, type: RoadUserUpdate['type'] = 'car'): RoadUserUpdate => ({
  id,
  timeMs,
  x: 0,
  y: 0,
  speedMetresPerSecond: v,
  type,
});

describe('features of an interval', () => {
  it('count users, not messages, and give spread over vehicles', () => {
    const collector = new FeatureCollector(60);
    for (let k = 0; k < 100; k++) collector.update(update('slow', k * 100, 4));
    collector.update(update('fast', 500, 10));
    collector.update(update('walker', 700, 1, 'pedestrian'));
    collector.hardBraking({ user: 'fast', type: 'car', timeMs: 900, peakMetresPerSecond2: -4 });
    collector.update(update('later', 60_000, 8));
    expect(collector.takeBefore(59_000)).toEqual([]);
    const [first, ...others] = collector.takeBefore(60_000);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ startMs: 0, vehicles: 2, vrus: 1, messages: 102, secondsHeard: 10 });
    expect(first!.features).toMatchObject({ volume: 2, averageSpeedMetresPerSecond: 7, hardBraking: 1 });
    expect(first!.features.speedSpreadMetresPerSecond).toBeCloseTo(Math.sqrt(18), 9);
    expect(collector.takeBefore(200_000)).toHaveLength(1);
    expect(collector.takeBefore(1e12)).toEqual([]);
  });
  it('leave unknown what nobody said', () => {
    const collector = new FeatureCollector(900);
    collector.update(update('walker', 0, 1, 'pedestrian'));
    expect(collector.takeBefore(900_000)[0]!.features).toMatchObject({
      volume: 0,
      averageSpeedMetresPerSecond: null,
      speedSpreadMetresPerSecond: null,
    });
  });
});
