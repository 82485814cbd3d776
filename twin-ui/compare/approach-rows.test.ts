import { describe, expect, it } from 'vitest';
import type { ApproachMeasures, RunResult, VariantResult } from '../../runs/types.ts';
import { packFrame } from '../playback/interpolate.ts';
import { crossroads, frame } from '../testing.ts';
import { approachRows, approachTable } from './approach-rows.ts';

const measures = (delay: number): ApproachMeasures => ({
  demanded: 50,
  arrived: 50,
  delaySeconds: { mean: delay, p95: 0, max: 0 },
  waitingSeconds: { mean: 0, max: 99 },
  stopsPerVehicle: 1,
  queueMax: 8,
});

const variant = (delay: number): VariantResult => ({
  strategy: 'fixed-time',
  digest: '0',
  vehicles: { demanded: 1, inserted: 1, arrived: 1, running: 0, waiting: 0 },
  travelTimeSeconds: {},
  delaySeconds: {},
  waitingSeconds: {},
  throughputPerHour: 1,
  approaches: { N: measures(delay), E: measures(delay * 2) },
});

const result: RunResult = {
  scenario: 's',
  seed: 1,
  stepSeconds: 1,
  durationSeconds: 1800,
  variants: { baseline: variant(30), adaptive: variant(20) },
  performance: { vehicleUpdates: 1, cpuSeconds: 1, wallSeconds: 1, peakRssMebibytes: 1 },
};
const queues = frame(1);
const shown = packFrame({ ...queues, counters: { ...queues.counters, approachQueues: [4, 6] } });

describe('approachRows', () => {
  it('has the final measures and the queue on show, with demand an hour', () => {
    const [north, east] = approachRows(crossroads, ['baseline', 'adaptive'], result, [shown, shown]);
    expect(north).toMatchObject({ name: 'North', demandPerHour: 100, delaySeconds: [30, 20], queuedNow: [4, 4] });
    expect(east).toMatchObject({
      name: 'East',
      delaySeconds: [60, 40],
      longestWaitSeconds: [99, 99],
      queuedNow: [6, 6],
    });
  });

  it('leaves out what a running simulation has not worked out', () => {
    const [north] = approachRows(crossroads, ['baseline', 'adaptive'], null, [shown, undefined]);
    expect(north).toMatchObject({
      demandPerHour: undefined,
      delaySeconds: [undefined, undefined],
      queuedNow: [4, undefined],
    });
  });

  it('becomes a table with the difference from the reference', () => {
    const table = approachTable(approachRows(crossroads, ['baseline', 'adaptive'], result, [shown, shown]), [
      'baseline',
      'adaptive',
    ]);
    expect(table.header).toContain('delay_difference_seconds adaptive');
    expect(table.rows[0]).toHaveLength(table.header.length);
    expect(table.rows[0]![table.header.indexOf('delay_difference_seconds adaptive')]).toBe(-10);
  });
});
