/** The whole run in numbers, exactly as `flextraff run --json` gives them. */
import type { RunDetail } from '../../api/types.ts';
import type { VariantResult } from '../../runs/types.ts';
import { type Cell, toCsv } from '../words/csv.ts';
import { fixed, signed, whole } from '../words/numbers.ts';
import { saveBlob, saveCsv } from '../world/save-picture.ts';

interface Row {
  readonly id?: string;
  readonly label: string;
  readonly value: (result: VariantResult) => number | string | undefined;
  readonly decimals?: number;
  readonly unit?: string;
}

const ROWS: readonly Row[] = [
  { label: 'Strategy', value: (r) => r.strategy },
  { label: 'Vehicles due', value: (r) => r.vehicles.demanded },
  { label: 'Vehicles through', value: (r) => r.vehicles.arrived },
  { label: 'Still on the road', value: (r) => r.vehicles.running },
  { label: 'Waiting to enter', value: (r) => r.vehicles.waiting },
  { id: 'delay', label: 'Delay, mean', value: (r) => r.delaySeconds.mean, decimals: 2, unit: 's' },
  { label: 'Delay, median', value: (r) => r.delaySeconds.median, decimals: 1, unit: 's' },
  { label: 'Delay, 95th percentile', value: (r) => r.delaySeconds.p95, decimals: 1, unit: 's' },
  { label: 'Delay, longest', value: (r) => r.delaySeconds.max, decimals: 1, unit: 's' },
  { label: 'Standing, mean', value: (r) => r.waitingSeconds.mean, decimals: 1, unit: 's' },
  { label: 'Travel time, all vehicles', value: (r) => r.travelTimeSeconds.allMean, decimals: 1, unit: 's' },
  { label: 'Stops per vehicle', value: (r) => r.stopsPerVehicle, decimals: 2 },
  { label: 'Through per hour', value: (r) => r.throughputPerHour, decimals: 0 },
  { label: 'Fuel', value: (r) => r.fuelLitres, decimals: 1, unit: 'l' },
  { label: 'CO₂', value: (r) => r.co2Kilograms, decimals: 1, unit: 'kg' },
  { label: 'NOₓ', value: (r) => r.noxGrams, decimals: 1, unit: 'g' },
  {
    label: 'CO₂ if all cars were Euro 6 diesels',
    value: (r) => r.sensitivity?.co2Kilograms,
    decimals: 1,
    unit: 'kg',
  },
  { label: 'People who came to cross', value: (r) => r.pedestrians?.demanded },
  { label: 'People over', value: (r) => r.pedestrians?.crossed },
  {
    id: 'people-delay',
    label: 'Delay of people, mean',
    value: (r) => r.pedestrians?.delaySeconds.mean,
    decimals: 1,
    unit: 's',
  },
  {
    label: 'Delay of people, 95th percentile',
    value: (r) => r.pedestrians?.delaySeconds.p95,
    decimals: 1,
    unit: 's',
  },
  { label: 'Delay of people, longest', value: (r) => r.pedestrians?.delaySeconds.max, decimals: 1, unit: 's' },
];
const DIGEST: Row = { id: 'digest', label: 'Digest of the world', value: (r) => r.digest };

/** What some of the results have by name: crossings, vehicle classes, junctions. */
function namedRows(results: readonly VariantResult[]): Row[] {
  const namesIn = (of: (result: VariantResult) => object | undefined): string[] => [
    ...new Set(results.flatMap((result) => Object.keys(of(result) ?? {}))),
  ];
  return [
    ...namesIn((r) => r.pedestrians?.crossings).map(
      (name): Row => ({
        label: `Delay of people at ${name}, mean`,
        value: (r) => r.pedestrians?.crossings[name]?.delaySeconds.mean,
        decimals: 1,
        unit: 's',
      }),
    ),
    ...namesIn((r) => r.classes).map(
      (name): Row => ({
        label: `Delay of class ${name}, mean`,
        value: (r) => r.classes?.[name]?.delaySeconds.mean,
        decimals: 1,
        unit: 's',
      }),
    ),
    { label: 'Level of service, all roads', value: (r) => r.network?.levelOfService },
    ...namesIn((r) => r.junctions).map(
      (name): Row => ({
        label: `Level of service, ${name}`,
        value: (r) => r.junctions?.[name]?.levelOfService,
      }),
    ),
  ];
}

function text(row: Row, result: VariantResult): string {
  const value = row.value(result);
  if (typeof value === 'string') return value;
  if (value === undefined) return '–';
  const number = row.decimals === undefined ? whole(value) : fixed(value, row.decimals);
  return row.unit ? `${number} ${row.unit}` : number;
}

function differenceText(row: Row, reference: VariantResult, result: VariantResult): string {
  const before = row.value(reference);
  const after = row.value(result);
  if (typeof before === 'string' && row.id === 'digest')
    return before === after ? 'the same world' : 'different worlds';
  if (typeof before !== 'number' || typeof after !== 'number') return '';
  return `${signed(after - before, row.decimals ?? 0)}${row.unit ? ` ${row.unit}` : ''}`;
}

export function FinalNumbers({ run }: { run: RunDetail }) {
  const { result } = run;
  if (!result || run.status === 'running') return null;
  const variants = run.variants.flatMap(({ name }) =>
    result.variants[name] ? [{ name, result: result.variants[name] }] : [],
  );
  // What was not measured in any of them has no row.
  const rows = [...ROWS, ...namedRows(variants.map((variant) => variant.result)), DIGEST];
  const shown = rows.filter((row) => variants.some((variant) => row.value(variant.result) !== undefined));
  const fileName = `${run.scenario}-seed${run.seed}`;
  const saveTable = (): void => {
    const lines = shown.map((row): Cell[] => [
      row.label,
      row.unit ?? '',
      ...variants.map((variant) => row.value(variant.result)),
    ]);
    saveCsv(toCsv(['measure', 'unit', ...variants.map((variant) => variant.name)], lines), `${fileName}-result.csv`);
  };
  const saveJson = (): void =>
    saveBlob(new Blob([JSON.stringify(result, null, 2)], { type: 'application/json' }), `${fileName}-result.json`);
  return (
    <section className="card" aria-label="The whole run">
      <header className="card-head">
        <h3>The whole run</h3>
        <span className="card-says">
          {run.status === 'finished' ? 'Final numbers' : `Numbers up to where the run was ${run.status}`}, those that{' '}
          <code>flextraff run</code> gives for this scenario and seed {run.seed}. Equal digests mean equal worlds, to
          the last bit.
        </span>
        <span className="card-tools">
          <button type="button" className="small" onClick={saveTable}>
            CSV
          </button>
          <button type="button" className="small" onClick={saveJson}>
            JSON
          </button>
        </span>
      </header>
      <div className="table-scroll">
        <table className="measures">
          <thead>
            <tr>
              <th scope="col">Measure</th>
              {variants.map(({ name }) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
              {variants.slice(1).map(({ name }) => (
                <th key={name} scope="col" className="number">
                  {variants.length > 2 ? `${name} difference` : 'difference'}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                {variants.map((variant) => (
                  <td
                    key={variant.name}
                    className={row.id === 'digest' ? 'number digest' : 'number'}
                    data-testid={row.id ? `result-${row.id}-${variant.name}` : undefined}
                    data-value={row.id ? row.value(variant.result) : undefined}
                  >
                    {text(row, variant.result)}
                  </td>
                ))}
                {variants.slice(1).map((variant) => (
                  <td key={variant.name} className="number">
                    {differenceText(row, variants[0]!.result, variant.result)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
