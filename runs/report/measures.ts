/** The measures that replications are compared by. */
import type { VariantResult } from '../types.ts';

/** What is said of a measure. */
export interface DescribedMeasure {
  /** Its place in a variant's result, where it has one. */
  readonly key: string;
  readonly label: string;
  /** Empty for plain counts and ratios. */
  readonly unit: string;
  readonly better: 'less' | 'more';
  /** Digits after the point when shown. */
  readonly digits: number;
}

export interface Measure extends DescribedMeasure {
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
  ['noxGrams', 'NOx', 'g', 'less', 1, (r) => r.noxGrams],
  ['pedestrians.delaySeconds.mean', 'people: delay, mean', 's', 'less', 1, (r) => r.pedestrians?.delaySeconds.mean],
  [
    'pedestrians.delaySeconds.p95',
    'people: delay, 95th percentile',
    's',
    'less',
    1,
    (r) => r.pedestrians?.delaySeconds.p95,
  ],
  ['pedestrians.delaySeconds.max', 'people: longest delay', 's', 'less', 0, (r) => r.pedestrians?.delaySeconds.max],
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

const measureFrom = ([key, label, unit, better, digits, of]: Row): Measure => ({
  key,
  label,
  unit,
  better,
  digits,
  of,
});

/** Those that any result may have. The first is the one that decides; the others say what it costs. */
export const MEASURES: readonly Measure[] = ROWS.map(measureFrom);

interface Delays {
  mean?: number;
  p95?: number;
}

/** What a result has by name: crossings, vehicle classes. A measure's key is `{path}.{name}.{part}`. */
const GROUPS: readonly {
  readonly path: string;
  readonly label: (name: string) => string;
  readonly of: (result: VariantResult) => Readonly<Record<string, { delaySeconds: Delays }>> | undefined;
  readonly parts: readonly (readonly [part: string, label: string, of: (delays: Delays) => number | undefined])[];
}[] = [
  {
    path: 'pedestrians.crossings',
    label: (name) => `people at ${name}`,
    of: (result) => result.pedestrians?.crossings,
    parts: [
      ['delaySeconds.mean', 'delay, mean', ({ mean }) => mean],
      ['delaySeconds.p95', 'delay, 95th percentile', ({ p95 }) => p95],
    ],
  },
  {
    path: 'classes',
    label: (name) => name,
    of: (result) => result.classes,
    parts: [
      ['delaySeconds.mean', 'delay, mean', ({ mean }) => mean],
      ['delaySeconds.p95', 'delay, 95th percentile', ({ p95 }) => p95],
    ],
  },
];

/** Those of the names that some result has, in the order in which they are met. */
function namedMeasures(results: readonly VariantResult[]): Measure[] {
  return GROUPS.flatMap(({ path, label, of, parts }) => {
    const names = new Set(results.flatMap((result) => Object.keys(of(result) ?? {})));
    return [...names].flatMap((name) =>
      parts.map(([part, what, ofDelays]) =>
        measureFrom([
          `${path}.${name}.${part}`,
          `${label(name)}: ${what}`,
          's',
          'less',
          1,
          (result) => {
            const found = of(result)?.[name];
            return found && ofDelays(found.delaySeconds);
          },
        ]),
      ),
    );
  });
}

/** `MEASURES`, then those by name that some of the results has. */
export function measuresOf(results: readonly VariantResult[]): Measure[] {
  return [...MEASURES, ...namedMeasures(results)];
}

/** With its unit: `delay, mean (s)`. */
export function titleOf({ label, unit }: Pick<Measure, 'label' | 'unit'>): string {
  return unit === '' ? label : `${label} (${unit})`;
}
