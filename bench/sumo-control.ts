/**
 * Strategies against SUMO's own and against max pressure, SUMO moving and measuring the vehicles: every public case, paired
 * by seed, two processes side by side. What was measured before is kept in the JSON file and not measured again, so that
 * it can be run in pieces; with all there, it only prints.
 *
 *   npm run bench:sumo-control [-- --cases single80,cologne1 --seeds 1..5 --only horizon,sumo-actuated
 *     --extra name=horizon,fairness=3 --out bench-results --processes 2 --budget 600]
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import type { SumoRunResult } from '../runs/sumo/run.ts';
import { type Row, tables } from './sumo-control-tables.ts';

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

function flextraff(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(ROOT, 'cli.ts'), ...args],
      { cwd: ROOT, maxBuffer: 1 << 28 },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
    );
  });
}

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

/** Name, strategy, detection. */
const VARIANTS: readonly (readonly [name: string, strategy: string, detection: string])[] = [
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
const extra = values.extra.map((text) => {
  const [name, strategy, detection] = /^([^=]+)=([^@]+)(?:@(.+))?$/.exec(text)!.slice(1);
  return [name!, strategy!, detection ?? 'full'] as const;
});
const variants = [
  ...VARIANTS.filter(([name]) => values.only === undefined || values.only.split(',').includes(name)),
  ...extra,
];
const seeds = parseSeeds(values.seeds);
const file = join(values.out, 'sumo-control.json');
await mkdir(values.out, { recursive: true });
const rows: Row[] = await readFile(file, 'utf8').then(
  (text) => (JSON.parse(text) as { rows: Row[] }).rows,
  () => [],
);
const begun = performance.now();

async function measure(one: Case, seed: number, [name, strategy, detection]: (typeof variants)[number]): Promise<void> {
  const files = one.files.map((part) => (/\.(xml|sumocfg)$/.test(part) ? join(DATA, part) : part));
  const args = ['sumo', ...files, '--seed', String(seed), '--detection', detection, '--strategy', strategy, '--json'];
  const began = performance.now();
  const { code, stdout, stderr } = await flextraff(args);
  const row: Row = { case: one.name, seed, variant: name, seconds: Math.round((performance.now() - began) / 100) / 10 };
  if (code === 0) {
    const result = JSON.parse(stdout) as SumoRunResult;
    row.result = Object.values(result.variants)[0]!;
    const times = /decisions: mean ([\d.]+) ms, p99 ([\d.]+) ms/.exec(stderr);
    if (times !== null) row.decisionMs = { mean: Number(times[1]), p99: Number(times[2]) };
  } else row.failed = stderr.trim().split('\n').slice(0, 2).join(' ').slice(0, 200);
  rows.push(row);
  rows.sort((a, b) => a.case.localeCompare(b.case) || a.seed - b.seed);
  await writeFile(file, `${JSON.stringify({ set: setUp(), rows })}\n`);
  const delay = row.result?.delaySeconds.mean?.toFixed(1) ?? 'failed';
  console.error(`${one.name} seed ${seed} ${name}: ${delay} (${row.seconds} s)`);
}

function setUp(): string {
  return `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, SUMO's steps of 1 s, teleport off`;
}

// The dearest first, so that no process is left alone with them at the end.
const jobs = [...cases]
  .reverse()
  .flatMap((one) => seeds.flatMap((seed) => variants.map((variant) => ({ one, seed, variant }))))
  .filter(
    ({ one, seed, variant }) =>
      !rows.some((row) => row.case === one.name && row.seed === seed && row.variant === variant[0]),
  );
console.error(`${jobs.length} runs to do, load ${loadavg()[0]!.toFixed(1)}`);
const workers = Array.from({ length: Number(values.processes) }, async () => {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    if ((performance.now() - begun) / 1000 > Number(values.budget)) return;
    await measure(job.one, job.seed, job.variant);
  }
});
await Promise.all(workers);
const text = tables(
  rows,
  cases.map(({ name }) => name),
  variants.map(([name]) => name),
  seeds,
  setUp(),
);
await writeFile(join(values.out, 'sumo-control.md'), `${text}\n`);
console.log(text);
