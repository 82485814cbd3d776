/** Strategies on worker threads. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { DecideAnswer, DecideJob, Decider } from './decider.ts';

/** A decider on `threads` worker threads (at least 1); the junctions of a frame are dealt out to them. */
export function workerDecider(options: { readonly threads: number }): Decider {
  const { threads } = options;
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`threads is ${threads}; a whole number of at least 1`);
  const extension = extname(fileURLToPath(import.meta.url));
  const pool = new Piscina<DecideJob[], DecideAnswer[]>({
    filename: new URL(`./decide-worker${extension}`, import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
  });
  const answered = new Map<number, number>();
  return {
    async decide(jobs) {
      const share = Math.ceil(jobs.length / threads);
      const tasks: Promise<DecideAnswer[]>[] = [];
      for (let first = 0; first < jobs.length; first += share) tasks.push(pool.run(jobs.slice(first, first + share)));
      const answers = (await Promise.all(tasks)).flat();
      for (const answer of answers) answered.set(answer.threadId, (answered.get(answer.threadId) ?? 0) + 1);
      return answers;
    },
    answersByThread: () => answered,
    async close() {
      await pool.close();
    },
  };
}
