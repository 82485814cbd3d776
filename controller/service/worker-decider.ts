/**
 * Strategies on worker threads. A junction keeps its thread, and the thread what the strategy remembers of it: in a memory's
 * place the caller holds a token. A strategy is a pure function, so that any thread would answer the same.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { Memory } from '../types.ts';
import type { SetUp, SlotJob, ThreadAnswer, ThreadTask } from './decide-worker.ts';
import type { DecideAnswer, DecideJob, Decider } from './decider.ts';

/** Jobs that take about so long together make a task, ms: short strategies are not sent one by one, long ones not in heaps. */
const TASK_MS = 4;
const TASK_JOBS_MAX = 64;
const GAIN = 0.1;

/** A thread's heap: a few kilobytes a junction, and what is garbage is collected before it is a multiple of that. */
const HEAP_MEBIBYTES = 512;

/** Stands for a memory that a thread keeps. */
class KeptMemory {
  readonly slot: number;
  setUp: SetUp;

  constructor(slot: number, setUp: SetUp) {
    this.slot = slot;
    this.setUp = setUp;
  }
}

interface Waiting {
  readonly job: DecideJob;
  resolve(answer: DecideAnswer): void;
  reject(error: Error): void;
}

class Thread {
  readonly pool: Piscina<ThreadTask, readonly ThreadAnswer[]>;
  #waiting: Waiting[] = [];
  #busy = false;
  #lastSlot = 0;
  #forget: number[] = [];
  readonly #gone = new FinalizationRegistry<number>((slot) => this.#forget.push(slot));
  readonly #taskSize: () => number;

  constructor(filename: string, execArgv: string[], taskSize: () => number) {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MEBIBYTES };
    this.pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, execArgv, resourceLimits });
    this.#taskSize = taskSize;
  }

  /** What comes while the thread is at work waits, and goes together. */
  ask(job: DecideJob): Promise<DecideAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      queueMicrotask(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const part = this.#waiting.splice(0, this.#taskSize());
      try {
        const answers = await this.#run(part.map(({ job }) => job));
        for (const [i, { resolve }] of part.entries()) resolve(answers[i]!);
      } catch (error) {
        for (const { reject } of part) reject(error as Error);
      }
    }
    this.#busy = false;
  }

  async #run(jobs: readonly DecideJob[]): Promise<readonly DecideAnswer[]> {
    const tokens = jobs.map(({ memory }) => (memory instanceof KeptMemory ? memory : null));
    const asked = jobs.map((job, i) => this.#slim(job, tokens[i] ?? null));
    const answers = await this.#send(asked);
    const lost = answers.flatMap((answer, i) => (answer === null ? [i] : []));
    if (lost.length > 0) {
      // The thread is a new one: what was remembered went with the one before.
      const again = await this.#send(lost.map((i) => ({ ...asked[i]!, setUp: setUpOf(jobs[i]!), memory: null })));
      again.forEach((answer, k) => {
        answers[lost[k]!] = answer;
      });
    }
    return answers.map((answer, i): DecideAnswer => {
      if (answer === null) throw new Error('a thread lost what it was just given');
      const token = tokens[i] ?? this.#token(asked[i]!.slot, jobs[i]!);
      return { ...answer, memory: token as unknown as Memory };
    });
  }

  #slim(job: DecideJob, token: KeptMemory | null): SlotJob {
    const { observation } = job;
    if (token === null) return { slot: ++this.#lastSlot, setUp: setUpOf(job), memory: job.memory, observation };
    const { strategy, configuration, parameters } = token.setUp;
    const isThere = job.strategy === strategy && job.configuration === configuration;
    if (isThere && job.parameters === parameters) return { slot: token.slot, observation };
    token.setUp = setUpOf(job);
    // what a thread has worked out of a configuration stays when its strategy is given less work, or more
    if (isThere) return { slot: token.slot, parameters: job.parameters, observation };
    return { slot: token.slot, setUp: token.setUp, observation };
  }

  #token(slot: number, job: DecideJob): KeptMemory {
    const token = new KeptMemory(slot, setUpOf(job));
    this.#gone.register(token, slot);
    return token;
  }

  async #send(jobs: readonly SlotJob[]): Promise<ThreadAnswer[]> {
    const forget = this.#forget;
    this.#forget = [];
    return [...(await this.pool.run({ jobs, forget }))];
  }
}

function setUpOf({ junctionId, strategy, configuration, parameters }: DecideJob): SetUp {
  return { junctionId, strategy, configuration, parameters };
}

/** A decider on `threads` worker threads (at least 1); junctions are dealt out to them as they first come. */
export function workerDecider(options: { readonly threads: number }): Decider {
  const { threads } = options;
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new RangeError(`threads is ${threads}; a whole number of at least 1`);
  const extension = extname(fileURLToPath(import.meta.url));
  const filename = new URL(`./decide-worker${extension}`, import.meta.url).href;
  let jobMs = TASK_MS;
  const taskSize = (): number => Math.max(1, Math.min(TASK_JOBS_MAX, Math.floor(TASK_MS / jobMs)));
  const execArgv = extension === '.ts' ? ['--import', 'tsx'] : [];
  const pools = Array.from({ length: threads }, () => new Thread(filename, execArgv, taskSize));
  const threadOf = new Map<string, number>();
  const answered = new Map<number, number>();
  return {
    together: taskSize,
    async decide(jobs) {
      const answers = await Promise.all(
        jobs.map((job) => {
          let thread = threadOf.get(job.junctionId);
          if (thread === undefined) {
            thread = threadOf.size % threads;
            threadOf.set(job.junctionId, thread);
          }
          return pools[thread]!.ask(job);
        }),
      );
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
