/**
 * SUMO and our SUMO engine on the same files, seeds 1 to 3, static plans, no teleports: what arrived, how long it took
 * and how long it waited to enter. Cases come from the shared data, or are named: NET ROUTES BEGIN END as one argument
 * with commas.
 *
 *   npm run bench:sumo-truth [-- --seeds 3] [--step 1] [CASE | net.xml,rou.xml,begin,end ...]
 *
 * Ends with 1 where a mean duration is off by more than 7 %, or the mean error is above 4 %; with 2 where nothing could
 * be compared.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSumoNet } from '../sim/network/sumo/net.ts';
import { sumoDemand } from '../sim/network/sumo/demand.ts';
import { sumoNetwork } from '../sim/network/sumo/network.ts';
import { readSumoRoutes } from '../sim/network/sumo/routes.ts';
import { createSumoEngine } from '../sim/traffic-sumo/engine.ts';

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    step: { type: 'string', default: '1' },
    ballistic: { type: 'boolean', default: false },
    sumo: { type: 'string', default: process.env.SUMO_BINARY ?? 'sumo' },
  },
  allowPositionals: true,
});
const shared = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'sumo');
const single = (demand: number): Case => ({
  name: `single ${demand}`,
  net: join(shared, 'single-4leg/single.net.xml'),
  routes: join(shared, `single-4leg/single${demand}.rou.xml`),
  begin: 0,
  end: 3600,
});
const hangzhou = join(shared, 'hangzhou-1x1-bc-tyc_18041610');
const cologne = join(shared, 'cologne1');

interface Case {
  readonly name: string;
  readonly net: string;
  readonly routes: string;
  readonly begin: number;
  readonly end: number;
}

interface Outcome {
  readonly duration: number;
  readonly arrived: number;
  readonly departDelay: number;
  readonly running: number;
  readonly waiting: number;
}

const usual: readonly Case[] = [
  {
    name: 'hangzhou-bc-tyc',
    net: join(hangzhou, 'hangzhou.net.xml'),
    routes: join(hangzhou, 'hangzhou.rou.xml'),
    begin: 0,
    end: 3600,
  },
  {
    name: 'cologne1',
    net: join(cologne, 'cologne1.net.xml'),
    routes: join(cologne, 'cologne1.rou.xml'),
    begin: 25200,
    end: 28800,
  },
  single(50),
  single(80),
  single(95),
  {
    name: 'grid-10x10',
    net: join(shared, 'grid-10x10/grid10.net.xml'),
    routes: join(shared, 'grid-10x10/grid10_3.rou.xml'),
    begin: 0,
    end: 3600,
  },
];

function casesOf(names: readonly string[]): readonly Case[] {
  if (names.length === 0) return usual;
  return names.map((name) => {
    const known = usual.find((one) => one.name === name);
    if (known !== undefined) return known;
    const [net, routes, begin, end] = name.split(',');
    if (net === undefined || routes === undefined || end === undefined) {
      console.error(
        `No case "${name}"; ${usual.map((one) => one.name).join(', ')}, or net.xml,rou.xml,begin,end are known.`,
      );
      process.exit(2);
    }
    return { name: basename(routes, '.rou.xml'), net, routes, begin: Number(begin), end: Number(end) };
  });
}

const step = Number(values.step);
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

function attribute(text: string, name: string): number {
  return Number(new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? Number.NaN);
}

/** The peer's own run. Throws with its message where it refuses the files. */
function runSumo(one: Case, seed: number): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'sumo-truth-'));
  try {
    const trips = join(folder, 'trips.xml');
    const statistics = join(folder, 'statistics.xml');
    const { status, stderr } = spawnSync(
      values.sumo,
      // prettier-ignore
      [
        '-n',
        one.net,
        '-r',
        one.routes,
        '-b',
        `${one.begin}`,
        '-e',
        `${one.end}`,
        '--seed',
        `${seed}`,
        '--step-length',
        `${step}`,
        '--time-to-teleport',
        '-1',
        '--tripinfo-output',
        trips,
        '--statistic-output',
        statistics,
        '--no-step-log',
        '--no-warnings',
        '--xml-validation',
        'never',
        ...(values.ballistic ? ['--step-method.ballistic'] : []),
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`${values.sumo} on ${one.name}: ${stderr}`);
    const all = readFileSync(trips, 'utf8').match(/<tripinfo [^>]*>/g) ?? [];
    const counts = /<vehicles [^>]*>/.exec(readFileSync(statistics, 'utf8'))![0];
    return {
      duration: mean(all.map((trip) => attribute(trip, 'duration'))),
      arrived: all.length,
      departDelay: mean(all.map((trip) => attribute(trip, 'departDelay'))),
      running: attribute(counts, 'running'),
      waiting: attribute(counts, 'waiting'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runOurs(one: Case, seed: number): Outcome {
  const net = readSumoNet(readFileSync(one.net, 'utf8'), one.net);
  const routes = readSumoRoutes(readFileSync(one.routes, 'utf8'), one.routes, net);
  const demand = sumoDemand(net, [routes], {
    beginSeconds: one.begin,
    endSeconds: one.end,
    stepSeconds: step,
    seed,
  });
  const engine = createSumoEngine(net, sumoNetwork(net, demand), demand, {
    beginSeconds: one.begin,
    stepSeconds: step,
    seed,
    ballistic: values.ballistic,
  });
  // SUMO's last step is the one before its end
  while (engine.tick < Math.round((one.end - one.begin) / step) - 1) engine.step();
  const { state, demand: vehicles } = engine;
  const durations: number[] = [];
  const delays: number[] = [];
  for (let i = 0; i < vehicles.count; i++) {
    if (Number.isNaN(state.arrivedAt[i]!)) continue;
    durations.push(state.arrivedAt[i]! - state.enteredAt[i]!);
    delays.push(state.enteredAt[i]! - vehicles.departSeconds[i]!);
  }
  return {
    duration: mean(durations),
    arrived: durations.length,
    departDelay: mean(delays),
    running: state.activeCount,
    waiting: engine.waitingToEnter(),
  };
}

const version = spawnSync(values.sumo, ['--version'], { encoding: 'utf8' });
if (version.status !== 0) {
  console.error(
    `No SUMO as "${values.sumo}" (Debian: apt install sumo; or set SUMO_BINARY, or --sumo FILE). Nothing compared.`,
  );
  process.exit(2);
}
const cases = casesOf(positionals).filter(({ name, net }) => {
  if (existsSync(net)) return true;
  console.error(`${name}: no ${net}; set FLEXTRAFF_SHARED to the folder that holds data/. Left out.`);
  return false;
});
if (cases.length === 0) process.exit(2);

const number = (value: number, digits = 1) => value.toFixed(digits).padStart(8);
console.log(
  `${/Version [\d.]+/.exec(version.stdout)?.[0] ?? 'SUMO'}, step ${step} s${values.ballistic ? ', ballistic' : ''}, seeds ${seeds.join(' ')}; means over the seeds, SUMO's first`,
);
console.log(
  `${'case'.padEnd(18)}${'duration s'.padStart(16)}${'error %'.padStart(9)}${'arrived'.padStart(16)}${'departDelay s'.padStart(16)}${'running'.padStart(16)}${'not in'.padStart(16)}`,
);
const errors: number[] = [];
for (const one of cases) {
  const peer = seeds.map((seed) => runSumo(one, seed));
  const ours = seeds.map((seed) => runOurs(one, seed));
  const of = (outcomes: readonly Outcome[], key: keyof Outcome) => mean(outcomes.map((outcome) => outcome[key]));
  const pair = (key: keyof Outcome, digits = 0) => number(of(peer, key), digits) + number(of(ours, key), digits);
  const error = 100 * (of(ours, 'duration') / of(peer, 'duration') - 1);
  errors.push(Math.abs(error));
  console.log(
    `${one.name.slice(0, 18).padEnd(18)}${pair('duration', 1)}${error.toFixed(1).padStart(9)}${pair('arrived')}${pair('departDelay', 1)}${pair('running')}${pair('waiting')}`,
  );
}
const worst = Math.max(...errors);
console.log(
  `Error of the mean duration: ${mean(errors).toFixed(1)} % on average (asked: at most 4), ${worst.toFixed(1)} % at most (asked: at most 7).`,
);
process.exitCode = worst > 7 || mean(errors) > 4 ? 1 : 0;
