/** Safety of every world: index with its interval, how well it was seen, and the near misses by kind. */
import type { RunDetail } from '../../api/types.ts';
import type { VariantResult } from '../../runs/types.ts';
import { useApp } from '../frame/context.ts';
import { fixed, NOT_KNOWN, signed, whole } from '../words/numbers.ts';
import { counts } from './conflicts.ts';
import { NearMisses } from './NearMisses.tsx';
import { coverage, notScored } from './safety-words.ts';

type Safety = VariantResult['safety'];

interface World {
  readonly name: string;
  readonly safety: Safety;
  /** Vehicles that entered. */
  readonly entered: number;
}

const SCALE = 100;

export function SafetyCard({ run }: { run: RunDetail }) {
  const conflicts = useApp((state) => state.conflicts);
  const final = run.result !== null && run.status !== 'running';
  const worlds = run.variants.map(({ name }): World => {
    const result = run.result?.variants[name];
    return { name, safety: result?.safety, entered: result?.vehicles.inserted ?? 0 };
  });
  const none = final && worlds.every(({ safety }) => safety === undefined);
  return (
    <section className="card safety" aria-label="Safety" data-testid="safety">
      <header className="card-head">
        <h3>Safety</h3>
        <span className="card-says">
          {none
            ? 'Not scored: nobody broadcasts in this scenario (v2x.share is 0). That is no sign of safety.'
            : final
              ? 'From what vehicles and people broadcast. Index: 0 safest, 100 riskiest, each minute related to the riskiest of both worlds.'
              : 'Near misses so far; the index comes when the run has finished.'}
        </span>
      </header>
      {final && !none && <IndexTable worlds={worlds} />}
      {!final && (
        <p className="safety-counts">
          {run.variants.map(({ name }) => {
            const own = conflicts.filter((one) => one.variant === name && counts(one));
            const serious = own.filter((one) => one.severity === 'serious').length;
            return (
              <span key={name} data-testid={`near-misses-${name}`}>
                {name}: <strong>{own.length}</strong> near misses, {serious} serious
              </span>
            );
          })}
        </p>
      )}
      {!none && <NearMisses run={run} />}
    </section>
  );
}

interface Row {
  readonly label: string;
  readonly value: (safety: NonNullable<Safety>, entered: number) => number | null | undefined;
  readonly decimals: number;
  readonly less?: boolean;
}

const ROWS: readonly Row[] = [
  { label: 'Index, people', value: (s) => s.index?.vru, decimals: 1, less: true },
  { label: 'Index, vehicles', value: (s) => s.index?.vehicle, decimals: 1, less: true },
  { label: 'Index, weather', value: (s) => s.index?.weather, decimals: 1 },
  { label: 'Near misses, serious', value: (s) => s.conflicts.serious, decimals: 0, less: true },
  {
    label: 'Serious per 1,000 vehicles',
    value: (s, entered) => (entered === 0 ? null : (1000 * s.conflicts.serious) / entered),
    decimals: 1,
    less: true,
  },
  { label: 'Near misses, candidates too', value: (s) => s.conflicts.total, decimals: 0, less: true },
  { label: 'Near misses with people', value: (s) => s.conflicts.withVru, decimals: 0, less: true },
  { label: 'Near misses with people, serious', value: (s) => s.conflicts.seriousWithVru, decimals: 0, less: true },
  { label: 'Rear-end', value: (s) => s.conflicts.byType['rear-end'], decimals: 0, less: true },
  { label: 'Lane change', value: (s) => s.conflicts.byType['lane-change'], decimals: 0, less: true },
  { label: 'Crossing', value: (s) => s.conflicts.byType.crossing, decimals: 0, less: true },
  { label: 'Head-on', value: (s) => s.conflicts.byType['head-on'], decimals: 0, less: true },
  { label: 'Hard braking', value: (s) => s.hardBraking, decimals: 0, less: true },
];

function IndexTable({ worlds }: { worlds: readonly World[] }) {
  const others = worlds.slice(1);
  const [first] = worlds;
  const reference = first?.safety;
  const valueIn = (row: Row, world: World | undefined) => world?.safety && row.value(world.safety, world.entered);
  const shown = ROWS.filter((row) => worlds.some((world) => (valueIn(row, world) ?? 0) !== 0));
  return (
    <div className="table-scroll">
      <table className="measures">
        <thead>
          <tr>
            <th scope="col">Measure</th>
            {worlds.map(({ name }) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
            {others.map(({ name }) => (
              <th key={name} scope="col" className="number">
                {others.length > 1 ? `${name} difference` : 'difference'}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Safety index</th>
            {worlds.map(({ name, safety }, index) => (
              <td key={name} className="number" data-testid={`safety-index-${name}`} data-variant-index={index}>
                <IndexCell safety={safety} />
              </td>
            ))}
            {others.map(({ name, safety }) => (
              <Difference
                key={name}
                before={reference?.index?.combined}
                after={safety?.index?.combined}
                decimals={1}
                less
              />
            ))}
          </tr>
          <tr>
            <th scope="row">Seen</th>
            {worlds.map(({ name, safety }) => (
              <td key={name} className="number">
                {safety ? <Seen safety={safety} /> : NOT_KNOWN}
              </td>
            ))}
            {others.map(({ name }) => (
              <td key={name} />
            ))}
          </tr>
          {shown.map((row) => (
            <tr key={row.label}>
              <th scope="row">{row.label}</th>
              {worlds.map((world) => {
                const value = valueIn(row, world);
                return (
                  <td key={world.name} className="number" data-value={value ?? undefined}>
                    {row.decimals === 0 ? whole(value) : fixed(value, row.decimals)}
                  </td>
                );
              })}
              {others.map((world) => (
                <Difference
                  key={world.name}
                  before={valueIn(row, first)}
                  after={valueIn(row, world)}
                  decimals={row.decimals}
                  less={row.less}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The index on its scale, with the interval as a band; or why there is none. */
function IndexCell({ safety }: { safety: Safety }) {
  const why = notScored(safety);
  if (!safety?.index || why !== null) return <span className="not-scored">not scored: {why}</span>;
  const { combined } = safety.index;
  const { low, high } = safety.interval ?? { low: combined, high: combined };
  const x = (value: number): number => (120 * value) / SCALE;
  return (
    <span className="index-cell">
      <svg width="120" height="14" viewBox="0 0 120 14" aria-hidden="true">
        <rect className="index-scale" x="0" y="5" width="120" height="4" rx="2" />
        <rect className="index-range" x={x(low)} y="3" width={Math.max(1, x(high) - x(low))} height="8" rx="2" />
        <rect className="index-value" x={x(combined) - 1.5} y="0" width="3" height="14" />
      </svg>
      <strong>{fixed(combined, 1)}</strong>
      {safety.interval && (
        <span className="quiet">
          {fixed(low, 1)} to {fixed(high, 1)}
        </span>
      )}
    </span>
  );
}

/** What the index goes by. Weight 1: all by what was observed, nothing by what the hour is usually like. */
function Seen({ safety }: { safety: NonNullable<Safety> }) {
  const { scored, minutes, quality, weight } = coverage(safety);
  return (
    <span className="quiet">
      {scored} of {minutes} minutes, quality {fixed(quality, 2)}, {Math.round(100 * safety.penetration)} % of vehicles,
      weight {fixed(weight, 2)}
    </span>
  );
}

function Difference(props: {
  before: number | null | undefined;
  after: number | null | undefined;
  decimals: number;
  less?: boolean;
}) {
  const { before, after, decimals, less } = props;
  if (before === undefined || after === undefined || before === null || after === null)
    return <td className="number">{NOT_KNOWN}</td>;
  const value = after - before;
  const sign = less ? Math.sign(value) : 0;
  return (
    <td className="number difference" data-sign={sign}>
      {value < 0 ? '▼ ' : value > 0 ? '▲ ' : ''}
      {signed(value, decimals)}
    </td>
  );
}
