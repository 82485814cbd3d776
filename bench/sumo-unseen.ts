/**
 * Strategies on networks that nothing was tuned on, made by SUMO's netgenerate and randomTrips: streets at random, a grid and
 * a spider's web, with demand at random for 20 minutes. The seed is that of the trips and of SUMO. Means hide gridlocks: the
 * medians and the gridlocks are what to look at.
 *
 *   npm run bench:sumo-unseen [-- --cases random-1 --seeds 1..2 --only horizon --out bench-results --budget 600]
 */
import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import { measure, type SumoVariant, variantOf } from './sumo-control-runs.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    seeds: { type: 'string', default: '1..2' },
    only: { type: 'string' },
    extra: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'bench-results' },
    processes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    budget: { type: 'string', default: '1e9' },
  },
});

const SECONDS = 1200;
const run = promisify(execFile);
/** Where Debian's package has SUMO's tools. */
const SUMO_HOME = '/usr/share/sumo';
const env = { ...process.env, SUMO_HOME };

const COMMON = ['--default-junction-type', 'traffic_light', '--turn-lanes', '1', '--turn-lanes.length', '60'];
const atRandom = (seed: number): readonly string[] => [
  ...['--rand', '--rand.iterations', '20', '--rand.min-distance', '150', '--rand.max-distance', '350'],
  ...['--rand.random-lanenumber', '--default.lanenumber', '2', '--seed', String(seed)],
];
/** How the net is made, and seconds between two vehicles. */
const NETS: readonly { readonly name: string; readonly net: readonly string[]; readonly everySeconds: number }[] = [
  { name: 'random-1', net: atRandom(101), everySeconds: 1.2 },
  { name: 'random-2', net: atRandom(102), everySeconds: 1 },
  { name: 'random-3', net: atRandom(103), everySeconds: 0.8 },
  {
    name: 'grid-3x3',
    net: [
      '--grid',
      '--grid.number',
      '3',
      '--grid.length',
      '220',
      '--grid.attach-length',
      '220',
      '--default.lanenumber',
      '2',
    ],
    everySeconds: 0.7,
  },
  {
    name: 'spider',
    net: ['--spider', '--spider.arm-number', '5', '--spider.circle-number', '2', '--spider.space-radius', '200'],
    everySeconds: 1.2,
  },
];

const VARIANTS: readonly SumoVariant[] = [
  ['fixed-time', 'fixed-time', 'full'],
  ['sumo-actuated', 'sumo-actuated', 'full'],
  ['max-pressure-10-all', 'max-pressure,intervalSeconds=10,stageSet=all', 'full'],
  ['max-pressure-20-all', 'max-pressure,intervalSeconds=20,stageSet=all', 'full'],
  ['horizon', 'horizon', 'full'],
];

const folder = join(values.out, 'sumo-unseen');
await mkdir(folder, { recursive: true });
const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** The net once, the vehicles a seed: as a case of its own each, since the demand differs. */
async function made({ name, net, everySeconds }: (typeof NETS)[number], seed: number): Promise<readonly string[]> {
  const netFile = join(folder, `${name}.net.xml`);
  const routes = join(folder, `${name}-${seed}.rou.xml`);
  if (!(await isThere(netFile))) await run('netgenerate', [...net, ...COMMON, '--output-file', netFile], { env });
  if (!(await isThere(routes))) {
    const trips = join(folder, `${name}-${seed}.trips.xml`);
    await run(
      'python3',
      [
        join(SUMO_HOME, 'tools', 'randomTrips.py'),
        ...['-n', netFile, '-o', trips, '-r', routes, '-e', String(SECONDS), '-p', String(everySeconds)],
        ...['--fringe-factor', '5', '--seed', String(seed), '--validate'],
      ],
      { env },
    );
  }
  return ['--net', netFile, '--routes', routes, '--end', String(SECONDS)];
}

const chosen = NETS.filter(({ name }) => values.cases === undefined || values.cases.split(',').includes(name));
const variants = [
  ...VARIANTS.filter(([name]) => values.only === undefined || values.only.split(',').includes(name)),
  ...values.extra.map(variantOf),
];
const seeds = parseSeeds(values.seeds);
const begun = performance.now();
let text = '';
for (const seed of seeds) {
  const cases = await Promise.all(chosen.map(async (net) => ({ name: net.name, args: await made(net, seed) })));
  const left = Number(values.budget) - (performance.now() - begun) / 1000;
  const common = { cases, variants, out: values.out, name: 'sumo-unseen', processes: Number(values.processes) };
  await measure({ ...common, seeds: [seed], budgetSeconds: left });
  text = await measure({ ...common, seeds: seeds.filter((one) => one <= seed), budgetSeconds: 0 });
}
console.log(text);
