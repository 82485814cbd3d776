/**
 * Strategies against SUMO's own and against max pressure, SUMO moving and measuring the vehicles: every public case, paired
 * by seed, two processes side by side. What was measured before is kept in the JSON file and not measured again, so that
 * it can be run in pieces; with all there, it only prints.
 *
 *   npm run bench:sumo-control [-- --cases single80,cologne1 --seeds 1..5 --only horizon,sumo-actuated
 *     --extra name=horizon,fairness=3 --out bench-results --processes 2 --budget 600]
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import { measure, type SumoVariant, variantOf } from './sumo-control-runs.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    seeds: { type: 'string', default: '1..5' },
    only: { type: 'string' },
    extra: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'bench-results' },
    processes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    budget: { type: 'string', default: '1e9' },
  },
});

const ROOT = join(import.meta.dirname, '..');
const DATA = join(process.env.FLEXTRAFF_SHARED ?? join(ROOT, '../shared'), 'data', 'sumo');

interface Case {
  readonly name: string;
  readonly files: readonly string[];
}

const single = (level: number): Case => ({
  name: `single${level}`,
  files: ['--net', 'single-4leg/single.net.xml', '--routes', `single-4leg/single${level}.rou.xml`, '--end', '3600'],
});
const hangzhou = 'hangzhou-1x1-bc-tyc_18041610';
const CASES: readonly Case[] = [
  single(50),
  single(80),
  single(95),
  {
    name: 'hangzhou',
    files: ['--net', `${hangzhou}/hangzhou.net.xml`, '--routes', `${hangzhou}/hangzhou.rou.xml`, '--end', '3600'],
  },
  { name: 'cologne1', files: ['cologne1/cologne1.sumocfg'] },
  {
    name: 'grid-10x10',
    files: ['--net', 'grid-10x10/grid10.net.xml', '--routes', 'grid-10x10/grid10_3.rou.xml', '--end', '1800'],
  },
];

const VARIANTS: readonly SumoVariant[] = [
  ['fixed-time', 'fixed-time', 'full'],
  ['re-timed', 're-timed', 'full'],
  ['sumo-actuated', 'sumo-actuated', 'full'],
  ['sumo-delay-based', 'sumo-delay-based', 'full'],
  ...[10, 20, 30].flatMap((seconds) =>
    (['net', 'all'] as const).map(
      (set) =>
        [`max-pressure-${seconds}-${set}`, `max-pressure,intervalSeconds=${seconds},stageSet=${set}`, 'full'] as const,
    ),
  ),
  ['horizon', 'horizon', 'full'],
  ['horizon-net', 'horizon,stageSet=net', 'full'],
  ['horizon-loops', 'horizon', 'loops'],
];

const cases = CASES.filter(({ name }) => values.cases === undefined || values.cases.split(',').includes(name));
const text = await measure({
  cases: cases.map(({ name, files }) => ({
    name,
    args: files.map((part) => (/\.(xml|sumocfg)$/.test(part) ? join(DATA, part) : part)),
  })),
  seeds: parseSeeds(values.seeds),
  variants: [
    ...VARIANTS.filter(([name]) => values.only === undefined || values.only.split(',').includes(name)),
    ...values.extra.map(variantOf),
  ],
  out: values.out,
  name: 'sumo-control',
  processes: Number(values.processes),
  budgetSeconds: Number(values.budget),
});
console.log(text);
