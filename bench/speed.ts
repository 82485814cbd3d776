/**
 * `flextraff bench speed` on several cases in turns, a process each time; median and worst, and whether the digest is
 * that of `flextraff run`. CityFlow's and SUMO's cases come from the shared data and are left out where there is none;
 * SUMO's are given as configurations made for the run, grid-10x10 in steps of 1 s for half an hour and single-4leg 80 in
 * steps of 0.1 s for an hour.
 *
 *   npm run build && npm run bench:speed [-- --times 5] [CASE...]
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { SpeedResult } from '../cli/bench.ts';
import type { RunResult } from '../runs/types.ts';
import { flextraff } from '../test/support/command.ts';

const { values, positionals } = parseArgs({
  options: { times: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const shared = resolve(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data');
const work = mkdtempSync(join(tmpdir(), 'flextraff-speed-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));
const cityFlow = ['jinan-3x4', 'hangzhou-4x4', 'hangzhou-1x1-kn-hz_18041607']
  .map((name) => join(shared, 'cityflow', name))
  .filter((folder) => existsSync(folder));
const sumo = [
  sumoCase('grid-10x10', 'grid-10x10/grid10.net.xml', 'grid-10x10/grid10_3.rou.xml', 1, 1800),
  sumoCase('single-4leg-80', 'single-4leg/single.net.xml', 'single-4leg/single80.rou.xml', 0.1, 3600),
].filter((path) => path !== null);
const cases = positionals.length > 0 ? positionals : [...cityFlow, ...sumo, 'hangzhou-kn-hz'];

/** A configuration for SUMO's files of the shared data, null where there are none. */
function sumoCase(name: string, net: string, routes: string, stepSeconds: number, endSeconds: number): string | null {
  const files = [net, routes].map((file) => join(shared, 'sumo', file));
  if (!files.every((file) => existsSync(file))) return null;
  const path = join(work, `${name}.sumocfg`);
  const [input, time] = [
    `<net-file value="${files[0]}"/><route-files value="${files[1]}"/>`,
    `<begin value="0"/><end value="${endSeconds}"/><step-length value="${stepSeconds}"/>`,
  ];
  writeFileSync(path, `<configuration><input>${input}</input><time>${time}</time></configuration>\n`);
  return path;
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await flextraff([...args, '--json']);
  if (code !== 0) throw new Error(`flextraff ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

const load = () => loadavg()[0]!.toFixed(1);
const before = load();
const results = new Map<string, SpeedResult[]>(cases.map((name) => [name, []]));
for (let i = 0; i < Number(values.times); i++) {
  for (const name of cases) results.get(name)!.push(await json<SpeedResult>('bench', 'speed', name));
}

const sorted = (all: readonly SpeedResult[], of: (result: SpeedResult) => number) => all.map(of).sort((a, b) => a - b);
const median = (numbers: readonly number[]) => numbers[Math.floor(numbers.length / 2)]!;
let differing = 0;
console.log(
  `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, ${values.times} processes a case, load ${before} to ${load()}; median (worst)`,
);
for (const [name, all] of results) {
  const first = all[0]!;
  const ran = Object.values((await json<RunResult>('run', name)).variants)[0]!.digest;
  const same = all.every(({ digest }) => digest === ran);
  if (!same) differing++;
  const cold = sorted(all, (result) => result.coldUpdatesPerCpuSecond / 1e6);
  const warm = sorted(all, (result) => result.warmUpdatesPerCpuSecond / 1e6);
  const reading = sorted(all, (result) => result.readingCpuSeconds);
  const memory = sorted(all, (result) => result.peakRssMebibytes);
  console.log(
    `${first.case}, step ${first.stepSeconds} s, ${first.updates} updates: ` +
      `cold ${median(cold).toFixed(1)} (${cold[0]!.toFixed(1)}), warm ${median(warm).toFixed(1)} (${warm[0]!.toFixed(1)}) million a CPU second; ` +
      `read ${median(reading).toFixed(2)} s (${reading.at(-1)!.toFixed(2)}), ${median(memory).toFixed(0)} MiB (${memory.at(-1)!.toFixed(0)}); ` +
      (same ? `digest ${ran} as in run` : `DIGEST DIFFERS FROM RUN'S ${ran}`),
  );
}
process.exitCode = differing === 0 ? 0 : 1;
