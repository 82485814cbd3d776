/** The measures that replications are compared by. */
import type { VariantResult } from '../types.ts';

export interface Measure {
  /** Its place in a variant's result, where it has one. */
  readonly key: string;
  readonly label: string;
  /** Empty for plain counts and ratios. */
  readonly unit: string;
  readonly better: 'less' | 'more';
  /** Digits after the point when shown. */
  readonly digits: number;
  of(result: VariantResult): number | undefined;
}

type Row = [key: string, label: string, unit: string, better: Measure['better'], digits: number, of: Measure['of']];

const ROWS: readonly Row[] = [
  ['delaySeconds.mean', 'delay, mean', 's', 'less', 1, (r) => r.delaySeconds.mean],
  ['delaySeconds.median', 'delay, median', 's', 'less', 1, (r) => r.delaySeconds.median],
  ['delaySeconds.p95', 'delay, 95th percentile', 's', 'less', 1, (r) => r.delaySeconds.p95],
  ['waitingSeconds.mean', 'waiting, mean', 's', 'less', 1, (r) => r.waitingSeconds.mean],
  ['waitingSeconds.p95', 'waiting, 95th percentile', 's', 'less', 1, (r) => r.waitingSeconds.p95],
  ['waitingSeconds.max', 'longest wait', 's', 'less', 0, (r) => r.waitingSeconds.max],
  ['travelTimeSeconds.allMean', 'travel time, all', 's', 'less', 1, (r) => r.travelTimeSeconds.allMean],
  ['stopsPerVehicle', 'stops per vehicle', '', 'less', 2, (r) => r.stopsPerVehicle],
  ['throughputPerHour', 'throughput', 'veh/h', 'more', 0, (r) => r.throughputPerHour],
  ['unserved', 'unserved at the end', 'veh', 'less', 1, (r) => r.vehicles.demanded - r.vehicles.arrived],
  ['vehicles.waiting', 'still waiting to enter', 'veh', 'less', 1, (r) => r.vehicles.waiting],
  ['fuelLitres', 'fuel', 'l', 'less', 2, (r) => r.fuelLitres],
  ['co2Kilograms', 'CO2', 'kg', 'less', 1, (r) => r.co2Kilograms],
];

/** The first is the one that decides; the others say what it costs. */
export const MEASURES: readonly Measure[] = ROWS.map(([key, label, unit, better, digits, of]) => ({
  key,
  label,
  unit,
  better,
  digits,
  of,
}));

/** With its unit: `delay, mean (s)`. */
export function titleOf({ label, unit }: Pick<Measure, 'label' | 'unit'>): string {
  return unit === '' ? label : `${label} (${unit})`;
}
