/**
 * Decisions of a controller of streets in the database, beside its files: on a thread of their own, so that no plan waits for
 * them. While the database is away they wait on disk, in the store's spool, over a restart too.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JunctionConfiguration } from '../junction/types.ts';

export interface DecisionStoreOptions {
  readonly databaseUrl: string;
  /** Where what waits for the database is kept; another one beside it where a controller has this one. */
  readonly folder: string;
  readonly controller: string;
  readonly shadow: boolean;
  readonly configurations: readonly JunctionConfiguration[];
}

/** What the thread is told: lines of the decision log, and that there will be no more. */
export type ToDecisionStore = { readonly lines: string } | { readonly close: true };
/** What the thread says: something for whoever runs it, and that all is kept. */
export type FromDecisionStore = { readonly problem: string } | { readonly closed: true };

export interface DecisionStore {
  /** Never waits. */
  take(lines: string): void;
  /** Resolves when all that was taken is in the database or synced to the spool. */
  close(): Promise<void>;
}

export function openDecisionStore(options: DecisionStoreOptions, onProblem: (message: string) => void): DecisionStore {
  const extension = extname(fileURLToPath(import.meta.url));
  const worker = new Worker(new URL(`./decision-store-worker${extension}`, import.meta.url), {
    workerData: options,
    execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  let isThere = true;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', (message: FromDecisionStore) => {
    if ('problem' in message) onProblem(message.problem);
  });
  const gone = (why: string): void => {
    if (isThere) onProblem(`decisions are kept in files only from now on: ${why}`);
    isThere = false;
  };
  worker.on('error', (error) => gone(error.message));
  worker.on('exit', () => gone('the thread that stores them has ended'));
  return {
    take(lines) {
      if (isThere) worker.postMessage({ lines } satisfies ToDecisionStore);
    },
    async close() {
      if (isThere) worker.postMessage({ close: true } satisfies ToDecisionStore);
      isThere = false;
      await ended;
    },
  };
}
