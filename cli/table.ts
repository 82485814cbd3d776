import { MEASURES, measuresOf, seriousPerThousand, titleOf } from '../runs/report/measures.ts';
import { safetyStatus, statusText } from '../runs/report/safety.ts';
import type { RunResult, VariantResult } from '../runs/types.ts';

const fixed = (digits: number) => (value: number) => value.toFixed(digits);

/** Rows of the table; a measure that no variant has is left out. */
const ROWS: readonly {
  label: string;
  of: (variant: VariantResult) => number | undefined;
  show: (value: number) => string;
  compare: boolean;
}[] = [
  { label: 'vehicles due', of: (v) => v.vehicles.demanded, show: fixed(0), compare: false },
  { label: 'vehicles arrived', of: (v) => v.vehicles.arrived, show: fixed(0), compare: true },
  { label: 'still under way', of: (v) => v.vehicles.running, show: fixed(0), compare: false },
  { label: 'still waiting to enter', of: (v) => v.vehicles.waiting, show: fixed(0), compare: false },
  { label: 'delay, mean (s)', of: (v) => v.delaySeconds.mean, show: fixed(1), compare: true },
  { label: 'delay, median (s)', of: (v) => v.delaySeconds.median, show: fixed(1), compare: true },
  { label: 'delay, 95th percentile (s)', of: (v) => v.delaySeconds.p95, show: fixed(1), compare: true },
  { label: 'travel time, all (s)', of: (v) => v.travelTimeSeconds.allMean, show: fixed(1), compare: true },
  { label: 'travel time, arrived (s)', of: (v) => v.travelTimeSeconds.arrivedMean, show: fixed(1), compare: true },
  { label: 'waiting, mean (s)', of: (v) => v.waitingSeconds.mean, show: fixed(1), compare: true },
  { label: 'stops per vehicle', of: (v) => v.stopsPerVehicle, show: fixed(2), compare: true },
  { label: 'throughput (veh/h)', of: (v) => v.throughputPerHour, show: fixed(0), compare: true },
  { label: 'fuel (l)', of: (v) => v.fuelLitres, show: fixed(2), compare: true },
  { label: 'CO2 (kg)', of: (v) => v.co2Kilograms, show: fixed(2), compare: true },
  { label: 'NOx (g)', of: (v) => v.noxGrams, show: fixed(1), compare: true },
  { label: 'CO2 if cars were PC_D_EU6 (kg)', of: (v) => v.sensitivity?.co2Kilograms, show: fixed(2), compare: true },
  { label: 'gridlocks', of: (v) => v.gridlock?.episodes, show: fixed(0), compare: false },
  { label: 'people who came to cross', of: (v) => v.pedestrians?.demanded, show: fixed(0), compare: false },
  { label: 'people: delay, mean (s)', of: (v) => v.pedestrians?.delaySeconds.mean, show: fixed(1), compare: true },
  { label: 'people: delay, 95th p. (s)', of: (v) => v.pedestrians?.delaySeconds.p95, show: fixed(1), compare: true },
  { label: 'safety index, 0 safest', of: (v) => v.safety?.index?.combined, show: fixed(1), compare: true },
  { label: '  people', of: (v) => v.safety?.index?.vru, show: fixed(1), compare: true },
  { label: '  vehicles', of: (v) => v.safety?.index?.vehicle, show: fixed(1), compare: true },
  { label: 'conflicts', of: (v) => v.safety?.conflicts.total, show: fixed(0), compare: true },
  { label: '  serious', of: (v) => v.safety?.conflicts.serious, show: fixed(0), compare: true },
  { label: '  serious per 1,000 vehicles', of: seriousPerThousand, show: fixed(1), compare: true },
  { label: '  with people', of: (v) => v.safety?.conflicts.withVru, show: fixed(0), compare: true },
  { label: '  with people, serious', of: (v) => v.safety?.conflicts.seriousWithVru, show: fixed(0), compare: true },
  ...(['rear-end', 'lane-change', 'crossing', 'head-on'] as const).map((type) => ({
    label: `  ${type}`,
    of: (v: VariantResult) => v.safety?.conflicts.byType[type],
    show: fixed(0),
    compare: true,
  })),
  { label: 'hard braking', of: (v) => v.safety?.hardBraking, show: fixed(0), compare: true },
];

function change(first: number | undefined, second: number | undefined): string {
  if (first === undefined || second === undefined || first === 0) return '';
  const percent = (100 * (second - first)) / first;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

/** Lines of a table, the first column to the left, the others to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The interval of a single run's index; over several runs it is theirs. */
function indexText({ safety }: VariantResult): string {
  return safety?.interval
    ? `index ${safety.index!.combined.toFixed(1)} [${safety.interval.low.toFixed(1)}, ${safety.interval.high.toFixed(1)}], `
    : '';
}

/** How well the safety of each variant was seen, or why it was not scored; once where it is the same for all. */
export function safetyLines(variants: readonly (readonly [name: string, text: string])[]): string[] {
  const texts = new Set(variants.map(([, text]) => text));
  return texts.size === 1 ? [`safety: ${[...texts][0]}`] : variants.map(([name, text]) => `safety of ${name}: ${text}`);
}

/** Level of service of the network, its junctions and their approaches, where there are several junctions. */
function serviceRows(variants: readonly VariantResult[]): string[][] {
  const namesIn = (records: readonly (object | undefined)[]) => [
    ...new Set(records.flatMap((record) => Object.keys(record ?? {}))),
  ];
  const row = (label: string, of: (variant: VariantResult) => string | undefined) => [
    label,
    ...variants.map((variant) => of(variant) ?? '-'),
  ];
  const junctions = namesIn(variants.map((variant) => variant.junctions));
  if (junctions.length === 0) return [];
  return [
    row('level of service', ({ network }) => network?.levelOfService),
    ...junctions.flatMap((name) => [
      row(`  ${name}`, (variant) => variant.junctions?.[name]?.levelOfService),
      ...namesIn(variants.map((variant) => variant.junctions?.[name]?.approaches)).map((approach) =>
        row(`    ${approach}`, (variant) => variant.junctions?.[name]?.approaches[approach]?.levelOfService),
      ),
    ]),
  ];
}

/** What `flextraff run` prints for people. */
export function resultTable(result: RunResult): string {
  const names = Object.keys(result.variants);
  const variants = Object.values(result.variants);
  const pair = variants.length === 2;
  const rows: string[][] = [
    ['', ...names, ...(pair ? ['difference'] : [])],
    ['', ...variants.map((variant) => variant.strategy)],
    ['', ...names.map(() => '')],
  ];
  const add = (
    label: string,
    values: readonly (number | undefined)[],
    show: (value: number) => string,
    compare: boolean,
  ) => {
    if (values.every((value) => value === undefined)) return;
    const cells = values.map((value) => (value === undefined ? '-' : show(value)));
    rows.push([label, ...cells, ...(pair && compare ? [change(values[0], values[1])] : [])]);
  };
  for (const row of ROWS) add(row.label, variants.map(row.of), row.show, row.compare);
  const approaches = [...new Set(variants.flatMap((variant) => Object.keys(variant.approaches)))];
  for (const name of approaches) {
    add(
      `  ${name}: delay, mean (s)`,
      variants.map((variant) => variant.approaches[name]?.delaySeconds.mean),
      fixed(1),
      true,
    );
  }
  for (const measure of measuresOf(variants).slice(MEASURES.length)) {
    if (measure.key.endsWith('.mean')) add(`  ${titleOf(measure)}`, variants.map(measure.of), fixed(1), true);
  }
  rows.push(...serviceRows(variants));
  rows.push(['digest', ...variants.map((variant) => variant.digest)]);

  const { vehicleUpdates, cpuSeconds, wallSeconds, peakRssMebibytes } = result.performance;
  return [
    `${result.scenario}, seed ${result.seed}, ${result.durationSeconds} s in steps of ${result.stepSeconds} s`,
    '',
    ...align(rows),
    '',
    ...safetyLines(
      Object.entries(result.variants).map(([name, variant]) => [
        name,
        indexText(variant) + statusText(safetyStatus([variant])),
      ]),
    ),
    `${(vehicleUpdates / 1e6).toFixed(2)} million vehicle updates in ${wallSeconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU time, at most ${Math.round(peakRssMebibytes)} MiB)`,
  ].join('\n');
}
