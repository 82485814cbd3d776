/**
 * Many junctions on worker threads. Each junction belongs to one thread, and its batches are worked off in their order, so
 * that records are the same for any number of threads.
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { JunctionBatch, JunctionResult, JunctionSetup } from './junction.ts';
import type { JunctionTask } from './junction-worker.ts';

/** Most batches of a junction that wait; beyond them `push` refuses, so that a slow machine does not fill its memory. */
const MOST_WAITING = 1000;

/** Batches come faster than they can be worked off. */
export class SafetyOverloaded extends Error {
  constructor(junction: string) {
    super(
      `Junction ${junction}: ${MOST_WAITING} batches wait already. This one was not taken; send fewer, or larger ones.`,
    );
    this.name = 'SafetyOverloaded';
  }
}

export interface SafetyPool {
  readonly threads: number;
  /** Begins a junction. Its name must be new. */
  open(junction: string, setup: JunctionSetup): Promise<void>;
  /** Works off a batch of a junction that is open. @throws SafetyOverloaded where too many wait. */
  push(junction: string, batch: JunctionBatch): Promise<JunctionResult>;
  /** Forgets a junction, after all batches pushed before. */
  closeJunction(junction: string): Promise<void>;
  close(): Promise<void>;
}

export function openSafetyPool({ threads = availableParallelism() }: { threads?: number } = {}): SafetyPool {
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`threads is ${threads}; a whole number of at least 1.`);
  const extension = extname(fileURLToPath(import.meta.url));
  const pools = Array.from(
    { length: threads },
    () =>
      new Piscina<JunctionTask, JunctionResult | null>({
        filename: new URL(`./junction-worker${extension}`, import.meta.url).href,
        minThreads: 1,
        maxThreads: 1,
        execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
      }),
  );
  const threadOf = new Map<string, number>();
  /** What was given to each junction last, and how many wait: the pool itself does not promise to keep the order. */
  const last = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, number>();
  let next = 0;
  const inOrder = async (task: JunctionTask): Promise<JunctionResult | null> => {
    const { junction } = task;
    const pool = of(junction);
    waiting.set(junction, (waiting.get(junction) ?? 0) + 1);
    const run = (last.get(junction) ?? Promise.resolve()).then(() => pool.run(task));
    last.set(
      junction,
      run.catch(() => {}),
    );
    try {
      return await run;
    } finally {
      waiting.set(junction, waiting.get(junction)! - 1);
    }
  };
  const of = (junction: string): Piscina<JunctionTask, JunctionResult | null> => {
    const thread = threadOf.get(junction);
    if (thread === undefined) throw new Error(`Junction ${junction} is not open; open it first.`);
    return pools[thread]!;
  };
  return {
    threads,
    async open(junction, setup) {
      if (threadOf.has(junction)) throw new Error(`Junction ${junction} is open already.`);
      threadOf.set(junction, next++ % threads);
      await inOrder({ kind: 'open', junction, setup });
    },
    async push(junction, batch) {
      if ((waiting.get(junction) ?? 0) >= MOST_WAITING) throw new SafetyOverloaded(junction);
      return (await inOrder({ kind: 'push', junction, batch }))!;
    },
    async closeJunction(junction) {
      await inOrder({ kind: 'close', junction });
      threadOf.delete(junction);
      last.delete(junction);
      waiting.delete(junction);
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}
