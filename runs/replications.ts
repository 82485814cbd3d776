/** A scenario with many seeds, on all cores; in the order of the seeds whatever finishes first. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { VariantSettings } from '../scenarios/types.ts';
import type { ReplicationTask } from './replicate-worker.ts';
import type { Source, SourceOptions } from './source.ts';
import type { RunResult } from './types.ts';
import { checkVariants } from './variants.ts';

export const SEEDS_MAX = 100_000;

/** A run's result, but for what cannot be told of one thread among several: CPU time and memory. */
export interface Replication extends Omit<RunResult, 'performance'> {
  performance: Pick<RunResult['performance'], 'vehicleUpdates' | 'wallSeconds'>;
}

export interface ReplicateOptions {
  readonly source: Source;
  /** What `source` was opened with: each thread opens it again. */
  readonly sourceOptions?: SourceOptions;
  readonly seeds: readonly number[];
  /** By default the source's. */
  readonly variants?: readonly VariantSettings[];
  /** Called after each replication, in the order in which they finish. */
  onDone?(done: number): void;
  readonly signal?: AbortSignal;
}

/** The replications were stopped by their signal. */
export class ReplicationsStopped extends Error {
  constructor(done: number, asked: number) {
    super(`The replications were stopped: ${done} of ${asked} were done.`);
    this.name = 'ReplicationsStopped';
  }
}

export interface Replicator {
  readonly threads: number;
  /**
   * Runs the seeds and resolves with their results in the order of `seeds`, the same for any number of threads. Rejects
   * before the start with StrategyError for variants that cannot be run, with RangeError for no seed, too many or one
   * twice; with ReplicationsStopped when the signal aborts; else with what the first failing seed failed of.
   */
  replicate(options: ReplicateOptions): Promise<Replication[]>;
  close(): Promise<void>;
}

/** Starts worker threads, as many as cores by default. They serve any number of scenarios, one after the other. */
export function openReplicator({ threads = availableParallelism() }: { threads?: number } = {}): Replicator {
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`threads is ${threads}; a whole number of at least 1.`);
  const extension = extname(fileURLToPath(import.meta.url));
  const pool = new Piscina<ReplicationTask, RunResult>({
    filename: new URL(`./replicate-worker${extension}`, import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
  });
  return {
    threads,
    replicate: (options) => replicate(pool, threads, options),
    close: () => pool.destroy(),
  };
}

async function replicate(
  pool: Piscina<ReplicationTask, RunResult>,
  threads: number,
  { source, sourceOptions = {}, seeds, variants = source.variants, onDone, signal }: ReplicateOptions,
): Promise<Replication[]> {
  checkSeeds(seeds);
  checkVariants(source, variants);
  const results = new Array<Replication>(seeds.length);
  const failures = new Map<number, Error>();
  let next = 0;
  let done = 0;
  // Seeds are handed out in order: when one fails, those before it are under way, so the first to fail is always the same.
  const lane = async () => {
    while (next < seeds.length && failures.size === 0 && !signal?.aborted) {
      const index = next++;
      const seed = seeds[index]!;
      try {
        const task = { path: source.path, options: sourceOptions, seed, variants };
        const { performance, ...rest } = await pool.run(task, { ...(signal && { signal }) });
        const { vehicleUpdates, wallSeconds } = performance;
        results[index] = { ...rest, performance: { vehicleUpdates, wallSeconds } };
        onDone?.(++done);
      } catch (error) {
        failures.set(index, error as Error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, seeds.length) }, lane));
  if (signal?.aborted) throw new ReplicationsStopped(done, seeds.length);
  if (failures.size > 0) {
    const first = Math.min(...failures.keys());
    const error = failures.get(first)!;
    error.message = `${source.name}, seed ${seeds[first]}: ${error.message}`;
    throw error;
  }
  return results;
}

function checkSeeds(seeds: readonly number[]): void {
  if (seeds.length === 0 || seeds.length > SEEDS_MAX)
    throw new RangeError(`${seeds.length} seeds; from 1 to ${SEEDS_MAX}.`);
  const seen = new Set<number>();
  for (const seed of seeds) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= 4_294_967_295))
      throw new RangeError(`The seed ${seed} is not allowed; a whole number from 0 to 4294967295.`);
    if (seen.has(seed)) throw new RangeError(`The seed ${seed} comes twice; a pair may count once only.`);
    seen.add(seed);
  }
}
