import { describe, expect, it } from 'vitest';
import { FeatureCollector } from './features.ts';

describe('features of an interval', () => {
  it('count users, not messages, and give spread over vehicles', () => {
    const collector = new FeatureCollector(60, 0.3);
    for (let k = 0; k < 100; k++) collector.update(0, 1, false, k * 100, 4);
    collector.update(1, 2, false, 500, 10);
    collector.update(2, 3, true, 700, 1);
    collector.hardBraking({ user: 'fast', type: 'car', timeMs: 900, peakMetresPerSecond2: -4 });
    collector.update(1, 2, false, 60_000, 8);
    expect(collector.takeBefore(59_000)).toEqual([]);
    const [first, ...others] = collector.takeBefore(60_000);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ startMs: 0, vehicles: 2, vrus: 1 });
    expect(first!.observed).toEqual({
      messages: 102,
      messagesRejected: 0,
      secondsHeard: 10,
      secondsWithSignals: null,
      penetration: 0.3,
    });
    expect(first!.features).toMatchObject({ volume: 2, averageSpeedMetresPerSecond: 7, hardBraking: 1 });
    expect(first!.features!.speedSpreadMetresPerSecond).toBeCloseTo(Math.sqrt(18), 9);
    expect(collector.takeBefore(120_000)).toHaveLength(1);
  });
  it('tell the next user of a place from the one before', () => {
    const collector = new FeatureCollector(60);
    collector.update(0, 1, false, 0, 4);
    collector.update(0, 2, true, 20_000, 1);
    expect(collector.finish()[0]).toMatchObject({ vehicles: 1, vrus: 1 });
  });
  it('leave unknown what nobody said', () => {
    const collector = new FeatureCollector(900);
    collector.update(0, 1, true, 0, 1);
    expect(collector.takeBefore(900_000)[0]!.features).toMatchObject({
      volume: 0,
      averageSpeedMetresPerSecond: null,
      speedSpreadMetresPerSecond: null,
    });
  });
  it('give intervals of silence without features, and do not count for ever', () => {
    const collector = new FeatureCollector(60);
    collector.update(0, 1, false, 0, 4);
    collector.update(0, 1, false, 240_000, 4);
    const all = collector.takeBefore(300_000);
    expect(all.map((one) => one.features !== null)).toEqual([true, false, false, false, true]);
    expect(collector.takeBefore(1e15).length).toBeLessThanOrEqual(1440);
    collector.update(0, 2, false, 1e15 + 60_000, 4);
    expect(collector.takeBefore(1e15 + 200_000).filter((one) => one.features !== null)).toHaveLength(1);
  });
  it('count a conflict that ended late in the earliest interval still open', () => {
    const collector = new FeatureCollector(60);
    collector.update(0, 1, false, 0, 4);
    collector.takeBefore(60_000);
    collector.update(0, 1, false, 61_000, 4);
    collector.encounter({ criticalMs: 30_000, severity: 'serious', withVru: false } as never);
    expect(collector.finish()[0]!.features).toMatchObject({ vehicleConflictIntensity: 2 });
  });
});
