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

/** Safety by its index, and by what is counted: an index may hide that one kind of conflict took another's place. */
export const SAFETY_INDEX = 'safety.index.combined';
export const SERIOUS_CONFLICTS = 'safety.conflicts.serious';
const ENCOUNTER_TYPES = ['rear-end', 'lane-change', 'crossing', 'head-on'] as const;

/** Serious conflicts for every thousand vehicles that entered: what places of unlike traffic can be compared by. */
export function seriousPerThousand({ safety, vehicles }: VariantResult): number | undefined {
  return safety === undefined || vehicles.inserted === 0
    ? undefined
    : (1000 * safety.conflicts.serious) / vehicles.inserted;
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
  [SAFETY_INDEX, 'safety index', '', 'less', 1, (r) => r.safety?.index?.combined],
  ['safety.index.vru', 'safety index, people', '', 'less', 1, (r) => r.safety?.index?.vru],
  ['safety.index.vehicle', 'safety index, vehicles', '', 'less', 1, (r) => r.safety?.index?.vehicle],
  ['safety.conflicts.total', 'conflicts', '', 'less', 1, (r) => r.safety?.conflicts.total],
  [SERIOUS_CONFLICTS, 'conflicts, serious', '', 'less', 1, (r) => r.safety?.conflicts.serious],
  ['safety.seriousPerThousand', 'serious conflicts per 1,000 vehicles', '', 'less', 1, seriousPerThousand],
  ['safety.conflicts.withVru', 'conflicts with people', '', 'less', 1, (r) => r.safety?.conflicts.withVru],
  [
    'safety.conflicts.seriousWithVru',
    'conflicts with people, serious',
    '',
    'less',
    1,
    (r) => r.safety?.conflicts.seriousWithVru,
  ],
  ...ENCOUNTER_TYPES.map(
    (type): Row => [
      `safety.conflicts.byType.${type}`,
      `conflicts: ${type}`,
      '',
      'less',
      1,
      (r) => r.safety?.conflicts.byType[type],
    ],
  ),
  ['safety.hardBraking', 'hard braking', '', 'less', 1, (r) => r.safety?.hardBraking],
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
