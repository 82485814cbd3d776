/**
 * What `horizon` gains by its neighbours' outlooks: scenarios of ours with and without them (`coordinates=false`), paired by
 * seed, by radio (every vehicle within 200 m) and by loops. Mean delay, seconds a vehicle, over all vehicles due, and the 95th
 * percentile and the longest wait; differences with their 95 % t intervals.
 *
 *   npm run bench:coordination [-- --scenarios short-block,corridor-green-wave --seeds 1..10 --detections radio,loops
 *     --until 1800 --parameters horizonSeconds=50 --json FILE]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import { parseVariants } from '../cli/variants.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { pairedDifference } from '../runs/statistics.ts';
import type { VariantResult } from '../runs/types.ts';

const { values } = parseArgs({
  options: {
    scenarios: { type: 'string', default: 'short-block,two-signals' },
    seeds: { type: 'string', default: '1..10' },
    detections: { type: 'string', default: 'radio,loops' },
    until: { type: 'string' },
    parameters: { type: 'string' },
    json: { type: 'string' },
  },
});

const parameters = values.parameters === undefined ? '' : `,${values.parameters}`;
const VARIANTS = parseVariants([`without=horizon,coordinates=false${parameters}`, `with=horizon${parameters}`]);
const RADIO = { metres: 200, share: 1 };

interface Row {
  readonly scenario: string;
  readonly detection: string;
  readonly seed: number;
  readonly without: VariantResult;
  readonly with: VariantResult;
}

const rows: Row[] = [];
for (const scenario of values.scenarios.split(',')) {
  for (const detection of values.detections.split(',')) {
    const source = await openSource(scenario, {
      ...(values.until !== undefined && { untilSeconds: Number(values.until) }),
      ...(detection === 'radio' && { radio: RADIO }),
    });
    for (const seed of parseSeeds(values.seeds)) {
      const { variants } = await runVariants({ source, seed, variants: VARIANTS });
      const row: Row = { scenario, detection, seed, without: variants.without!, with: variants.with! };
      rows.push(row);
      const delays = [row.without, row.with].map(({ delaySeconds }) => delaySeconds.mean?.toFixed(1));
      console.error(`${scenario} ${detection} seed ${seed}: ${delays.join(' -> ')}`);
    }
  }
}

const show = (own: readonly Row[], pick: (result: VariantResult) => number | undefined, digits: number): string => {
  const pairs = own.map((row) => [pick(row.without)!, pick(row.with)!] as const);
  const mean = (k: 0 | 1): string => (pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length).toFixed(digits);
  const { mean: difference, low, high } = pairedDifference(pairs);
  const interval = low === undefined ? '' : ` (${low.toFixed(digits)} to ${high!.toFixed(digits)})`;
  const better = pairs.filter(([without, using]) => using < without).length;
  return `${mean(0)} -> ${mean(1)}: ${difference.toFixed(digits)}${interval}, ${better} of ${pairs.length}`;
};

console.log(
  `Seeds ${values.seeds}; without -> with its neighbours' outlooks: difference (95 % t interval), better in.`,
);
console.log('');
console.log('| | mean delay, s | 95th percentile | longest wait |');
console.log('|---|---|---|---|');
for (const key of new Set(rows.map(({ scenario, detection }) => `${scenario}, ${detection}`))) {
  const own = rows.filter(({ scenario, detection }) => `${scenario}, ${detection}` === key);
  const cells = [
    show(own, ({ delaySeconds }) => delaySeconds.mean, 1),
    show(own, ({ delaySeconds }) => delaySeconds.p95, 0),
    show(own, ({ waitingSeconds }) => waitingSeconds.max, 0),
  ];
  console.log(`| ${key} | ${cells.join(' | ')} |`);
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows)}\n`);
