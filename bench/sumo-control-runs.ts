/** Runs `flextraff sumo` case by case, seed by seed, strategy by strategy, and keeps what was measured in a JSON file. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { SumoRunResult } from '../runs/sumo/run.ts';
import { type Row, tables } from './sumo-control-tables.ts';

const ROOT = join(import.meta.dirname, '..');

export interface SumoCaseFiles {
  readonly name: string;
  /** Arguments of `flextraff sumo` that name it. */
  readonly args: readonly string[];
}

/** Name, strategy with parameters, detection. */
export type SumoVariant = readonly [name: string, strategy: string, detection: string];

export interface SumoBench {
  readonly cases: readonly SumoCaseFiles[];
  readonly seeds: readonly number[];
  readonly variants: readonly SumoVariant[];
  readonly out: string;
  /** Of the files that are written. */
  readonly name: string;
  readonly processes: number;
  /** No run begins later than so many seconds after the start. */
  readonly budgetSeconds: number;
}

/** `NAME=STRATEGY[,key=value...][@DETECTION]`. */
export function variantOf(text: string): SumoVariant {
  const [name, strategy, detection] = /^([^=]+)=([^@]+)(?:@(.+))?$/.exec(text)!.slice(1);
  return [name!, strategy!, detection ?? 'full'];
}

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

function setUp(): string {
  return `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, SUMO's steps of 1 s, teleport off`;
}

/** Measures what the JSON file does not have yet; answers the tables, which it writes too. */
export async function measure(bench: SumoBench): Promise<string> {
  const { cases, seeds, variants, out, name: title } = bench;
  const file = join(out, `${title}.json`);
  await mkdir(out, { recursive: true });
  const rows: Row[] = await readFile(file, 'utf8').then(
    (text) => (JSON.parse(text) as { rows: Row[] }).rows,
    () => [],
  );
  const begun = performance.now();
  const one = async (files: SumoCaseFiles, seed: number, [name, strategy, detection]: SumoVariant): Promise<void> => {
    const chosen = ['--seed', String(seed), '--detection', detection, '--strategy', strategy, '--json'];
    const began = performance.now();
    const { code, stdout, stderr } = await flextraff(['sumo', ...files.args, ...chosen]);
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    const row: Row = { case: files.name, seed, variant: name, seconds };
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
    console.error(`${files.name} seed ${seed} ${name}: ${delay} (${row.seconds} s)`);
  };
  const isThere = (name: string, seed: number, variant: string): boolean =>
    rows.some((row) => row.case === name && row.seed === seed && row.variant === variant);
  // The dearest first, so that no process is left alone with them at the end.
  const jobs = [...cases]
    .reverse()
    .flatMap((files) => seeds.flatMap((seed) => variants.map((variant) => ({ files, seed, variant }))))
    .filter(({ files, seed, variant }) => !isThere(files.name, seed, variant[0]));
  console.error(`${jobs.length} runs to do, load ${loadavg()[0]!.toFixed(1)}`);
  const workers = Array.from({ length: bench.processes }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      if ((performance.now() - begun) / 1000 > bench.budgetSeconds) return;
      await one(job.files, job.seed, job.variant);
    }
  });
  await Promise.all(workers);
  const names = [cases.map(({ name }) => name), variants.map(([name]) => name)] as const;
  const text = tables(rows, ...names, seeds, setUp());
  await writeFile(join(out, `${title}.md`), `${text}\n`);
  return text;
}
