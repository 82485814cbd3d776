/**
 * Strategies on networks that nothing was tuned on, made by SUMO's netgenerate, netconvert and randomTrips: streets at random,
 * a grid, a spider's web, a main road with blocks of unequal length and T-junctions, and a ladder of T-junctions, with demand
 * at random for 20 minutes. The seed is that of the trips and of SUMO. Means hide gridlocks: the
 * medians and the gridlocks are what to look at.
 *
 *   npm run bench:sumo-unseen [-- --cases random-1 --seeds 1..2 --only horizon --out bench-results --budget 600]
 */
import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
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

interface Roads {
  readonly nodes: readonly (readonly [id: string, x: number, y: number, hasLights: boolean])[];
  readonly roads: readonly (readonly [from: string, to: string, lanes: number])[];
}

/** A main road of two lanes; blocks of 90 to 420 m; side streets of one lane, at the second and the fourth junction on one side only. */
function arterial(): Roads {
  const places = [0, 90, 390, 520, 940];
  const main = places.map((x, k): Roads['nodes'][number] => [`m${k}`, x, 0, true]);
  const sides = places.flatMap((x, k): Roads['nodes'] => [
    [`n${k}`, x, 250, false],
    ...(k % 2 === 0 ? [[`s${k}`, x, -250, false] as const] : []),
  ]);
  const along = places.slice(1).map((_, k): Roads['roads'][number] => [`m${k}`, `m${k + 1}`, 2]);
  return {
    nodes: [...main, ...sides, ['w', -300, 0, false], ['e', 1240, 0, false]],
    roads: [
      ['w', 'm0', 2],
      ...along,
      [`m${places.length - 1}`, 'e', 2],
      ...sides.map(([id]): Roads['roads'][number] => [id, `m${id.slice(1)}`, 1]),
    ],
  };
}

/** Two main roads, of two lanes and of one, with three streets between them: T-junctions all. */
function ladder(): Roads {
  const places = [0, 180, 430];
  const row = (name: string, y: number): Roads['nodes'] => [
    [`${name}w`, -250, y, false],
    ...places.map((x, k) => [`${name}${k}`, x, y, true] as const),
    [`${name}e`, 680, y, false],
  ];
  const along = (name: string, lanes: number): Roads['roads'] => [
    [`${name}w`, `${name}0`, lanes],
    [`${name}0`, `${name}1`, lanes],
    [`${name}1`, `${name}2`, lanes],
    [`${name}2`, `${name}e`, lanes],
  ];
  return {
    nodes: [...row('a', 0), ...row('b', 160)],
    roads: [...along('a', 2), ...along('b', 1), ['a0', 'b0', 1], ['a1', 'b1', 2], ['a2', 'b2', 1]],
  };
}

const COMMON = ['--default-junction-type', 'traffic_light', '--turn-lanes', '1', '--turn-lanes.length', '60'];
const atRandom = (seed: number): readonly string[] => [
  ...['--rand', '--rand.iterations', '20', '--rand.min-distance', '150', '--rand.max-distance', '350'],
  ...['--rand.random-lanenumber', '--default.lanenumber', '2', '--seed', String(seed)],
];
/** How the net is made, by netgenerate's options or of roads, and seconds between two vehicles. */
const NETS: readonly {
  readonly name: string;
  readonly net: readonly string[] | Roads;
  readonly everySeconds: number;
}[] = [
  { name: 'arterial', net: arterial(), everySeconds: 1.1 },
  { name: 'ladder', net: ladder(), everySeconds: 1.2 },
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
  ['sumo-delay-based', 'sumo-delay-based', 'full'],
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

/** A net of roads both ways between nodes. */
async function convert(name: string, { nodes, roads }: Roads, netFile: string): Promise<void> {
  const nodeFile = join(folder, `${name}.nod.xml`);
  const edgeFile = join(folder, `${name}.edg.xml`);
  const node = ([id, x, y, lights]: Roads['nodes'][number]): string =>
    `<node id="${id}" x="${x}" y="${y}" type="${lights ? 'traffic_light' : 'dead_end'}"/>`;
  const road = ([a, b, lanes]: Roads['roads'][number]): string =>
    [`${a}" to="${b}`, `${b}" to="${a}`]
      .map(
        (ends, k) =>
          `<edge id="${k === 0 ? a : b}${k === 0 ? b : a}" from="${ends}" numLanes="${lanes}" speed="13.89"/>`,
      )
      .join('');
  await writeFile(nodeFile, `<nodes>${nodes.map(node).join('')}</nodes>`);
  await writeFile(edgeFile, `<edges>${roads.map(road).join('')}</edges>`);
  await run(
    'netconvert',
    ['--node-files', nodeFile, '--edge-files', edgeFile, '--no-turnarounds', '--output-file', netFile],
    { env },
  );
}

/** The net once, the vehicles a seed: as a case of its own each, since the demand differs. */
async function made({ name, net, everySeconds }: (typeof NETS)[number], seed: number): Promise<readonly string[]> {
  const netFile = join(folder, `${name}.net.xml`);
  const routes = join(folder, `${name}-${seed}.rou.xml`);
  if (!(await isThere(netFile))) {
    if ('nodes' in net) await convert(name, net, netFile);
    else await run('netgenerate', [...net, ...COMMON, '--output-file', netFile], { env });
  }
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
