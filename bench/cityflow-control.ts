/**
 * Strategies in our own simulator on CityFlow's public cases, each vehicle within 200 m telling by radio where it is and
 * where it will turn, 5 s between stages. `free`: greens of 5 s and more, each strategy decides when it likes. `actions`: all
 * decide each 15 s, of which a change of stage takes 5, as the published comparisons have it; with the plans' eight stages and
 * with the four that those comparisons use. Demand is the file's, so that there is one run of each and no interval.
 *
 *   npm run bench:cityflow-control [-- --cases jinan-3x4 --only horizon --extra NAME=STRATEGY[,key=value] --out bench-results]
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseVariants } from '../cli/variants.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import type { VariantResult } from '../runs/types.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    only: { type: 'string' },
    extra: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'bench-results' },
    budget: { type: 'string', default: '1e9' },
  },
});

const DATA = join(process.env.FLEXTRAFF_SHARED ?? join(import.meta.dirname, '../../shared'), 'data', 'cityflow');
const RADIO = { metres: 200, share: 1 };
/** Mean travel time, CityFlow's definition, s: the figures to be met, at 5 s between stages. */
const CASES: readonly { readonly name: string; readonly to: string }[] = [
  { name: 'hangzhou-1x1-kn-hz_18041607', to: 'look-ahead 65.7' },
  { name: 'hangzhou-1x1-qc-yn_18041607', to: 'look-ahead 72.4' },
  { name: 'hangzhou-1x1-bc-tyc_18041610', to: 'look-ahead 91.5' },
  { name: 'hangzhou-4x4', to: 'advanced max pressure 328.6' },
  { name: 'jinan-3x4', to: 'advanced max pressure 301.7' },
];

const FOUR = 'stages=phase-1/phase-2/phase-3/phase-4';
/** The efficient form is the acyclic one here: each detector stands for one lane. */
const FORMS = ['acyclic', 'advanced'] as const;
const actions = (stages: string, suffix: string): string[] => [
  ...FORMS.map(
    (form) => `pressure-${form}-15s${suffix}=max-pressure,form=${form},intervalSeconds=15,countsChange=true${stages}`,
  ),
  `horizon-15s${suffix}=horizon,actionSeconds=15${stages}`,
];
const VARIANTS = parseVariants([
  'as-shipped=fixed-time',
  'webster=webster',
  'atcs=atcs',
  'actuated-1500ms=actuated,passageSeconds=1.5',
  'actuated-2500ms=actuated,passageSeconds=2.5',
  'sotl=sotl',
  ...FORMS.flatMap((form) =>
    [5, 10, 15, 20].map(
      (seconds) => `pressure-${form}-${seconds}=max-pressure,form=${form},intervalSeconds=${seconds}`,
    ),
  ),
  'horizon=horizon',
  ...actions('', ''),
  ...actions(`,${FOUR}`, '-four'),
]);

interface Row {
  readonly case: string;
  readonly variant: string;
  readonly result: VariantResult;
  readonly cpuSeconds: number;
}

const file = join(values.out, 'cityflow-control.json');
await mkdir(values.out, { recursive: true });
const rows: Row[] = await readFile(file, 'utf8').then(
  (text) => (JSON.parse(text) as { rows: Row[] }).rows,
  () => [],
);
const cases = CASES.filter(({ name }) => values.cases === undefined || values.cases.split(',').includes(name));
const variants = [
  ...VARIANTS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name)),
  ...parseVariants(values.extra),
];
const begun = performance.now();
const set = `${cpus()[0]?.model}, Node ${process.versions.node}, seed 0, 3600 s in steps of 1 s`;
for (const { name } of cases) {
  const source = await openSource(join(DATA, name), { radio: RADIO });
  for (const variant of variants) {
    if (rows.some((row) => row.case === name && row.variant === variant.name)) continue;
    if ((performance.now() - begun) / 1000 > Number(values.budget)) break;
    const { variants: results, performance: spent } = await runVariants({ source, seed: 0, variants: [variant] });
    rows.push({ case: name, variant: variant.name, result: results[variant.name]!, cpuSeconds: spent.cpuSeconds });
    await writeFile(file, `${JSON.stringify({ set, rows })}\n`);
    console.error(`${name} ${variant.name}: ${results[variant.name]!.travelTimeSeconds.allMean?.toFixed(1)}`);
  }
}

const digits = (value: number | undefined, places: number): string => value?.toFixed(places) ?? '-';
const table = [
  `Mean travel time of all vehicles (CityFlow's definition) / 99th percentile of delay / longest wait, s; ${set}.`,
  '',
  `| | ${cases.map(({ name }) => name).join(' | ')} |`,
  `|---|${cases.map(() => '---|').join('')}`,
  `| to be met | ${cases.map(({ to }) => to).join(' | ')} |`,
  ...variants.map(({ name: variant }) => {
    const cells = cases.map(({ name }) => {
      const row = rows.find((one) => one.case === name && one.variant === variant);
      if (row === undefined) return '-';
      const { travelTimeSeconds, delaySeconds, waitingSeconds } = row.result;
      return `${digits(travelTimeSeconds.allMean, 1)} / ${digits(delaySeconds.p99, 0)} / ${digits(waitingSeconds.max, 0)}`;
    });
    return `| ${variant} | ${cells.join(' | ')} |`;
  }),
].join('\n');
await writeFile(join(values.out, 'cityflow-control.md'), `${table}\n`);
console.log(table);
