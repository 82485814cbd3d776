/**
 * Strategies on worker threads. A junction keeps its thread, so that its configuration, which is large and hardly ever
 * changes, crosses once; its memory travels with each job, so that any thread would answer the same.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { SlimJob, ThreadAnswer } from './decide-worker.ts';
import type { DecideAnswer, DecideJob, Decider } from './decider.ts';

/** Jobs that take about so long together make a task, ms: short strategies are not sent one by one, long ones not in heaps. */
const TASK_MS = 4;
const TASK_JOBS_MAX = 64;
const GAIN = 0.1;

class Thread {
  readonly pool: Piscina<readonly SlimJob[], ThreadAnswer>;
  /** By junction: the configuration that the thread has. */
  readonly sent = new Map<string, JunctionConfiguration>();

  constructor(filename: string, execArgv: string[]) {
    this.pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, execArgv });
  }

  async run(jobs: readonly DecideJob[]): Promise<readonly DecideAnswer[]> {
    const slim = jobs.map((job): SlimJob => {
      if (this.sent.get(job.junctionId) !== job.configuration) return job;
      const { configuration: _, ...rest } = job;
      return rest;
    });
    for (const job of jobs) this.sent.set(job.junctionId, job.configuration);
    const answer = await this.pool.run(slim);
    if (answer !== 'configuration missing') return answer;
    // The thread is a new one.
    this.sent.clear();
    const again = await this.pool.run(jobs);
    if (again === 'configuration missing') throw new Error('a thread lost a configuration that it was just given');
    return again;
  }
}

/** A decider on `threads` worker threads (at least 1); junctions are dealt out to them as they first come. */
export function workerDecider(options: { readonly threads: number }): Decider {
  const { threads } = options;
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`threads is ${threads}; a whole number of at least 1`);
  const extension = extname(fileURLToPath(import.meta.url));
  const filename = new URL(`./decide-worker${extension}`, import.meta.url).href;
  const pools = Array.from(
    { length: threads },
    () => new Thread(filename, extension === '.ts' ? ['--import', 'tsx'] : []),
  );
  const threadOf = new Map<string, number>();
  const answered = new Map<number, number>();
  let jobMs = TASK_MS;
  const taskSize = (): number => Math.max(1, Math.min(TASK_JOBS_MAX, Math.floor(TASK_MS / jobMs)));
  return {
    together: taskSize,
    async decide(jobs) {
      const shares: number[][] = pools.map(() => []);
      jobs.forEach(({ junctionId }, i) => {
        let thread = threadOf.get(junctionId);
        if (thread === undefined) {
          thread = threadOf.size % threads;
          threadOf.set(junctionId, thread);
        }
        shares[thread]!.push(i);
      });
      const size = taskSize();
      const answers = new Array<DecideAnswer>(jobs.length);
      const tasks: Promise<void>[] = [];
      shares.forEach((share, t) => {
        for (let first = 0; first < share.length; first += size) {
          const part = share.slice(first, first + size);
          const task = pools[t]!.run(part.map((i) => jobs[i]!)).then((given) => {
            part.forEach((i, k) => {
              answers[i] = given[k]!;
            });
          });
          tasks.push(task);
        }
      });
      await Promise.all(tasks);
      for (const { threadId, milliseconds } of answers) {
        answered.set(threadId, (answered.get(threadId) ?? 0) + 1);
        jobMs += GAIN * (Math.max(0.01, milliseconds) - jobMs);
      }
      return answers;
    },
    answersByThread: () => answered,
    async close() {
      await Promise.all(pools.map(({ pool }) => pool.close()));
    },
  };
}
