/** Where strategies think: in this thread, or on worker threads. The answers are the same. */
import { threadId } from 'node:worker_threads';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { strategyNamed } from '../strategies/index.ts';
import type { Memory, Observation, Parameters, StrategyAnswer } from '../types.ts';

/** Everything a decision depends on; crosses threads by structured clone. */
export interface DecideJob {
  readonly junctionId: string;
  readonly strategy: string;
  readonly configuration: JunctionConfiguration;
  /** Complete: `checkParameters` has filled in the defaults. */
  readonly parameters: Parameters;
  /** As it was answered the last time: a decider may answer a token of its own. null: nothing is remembered. */
  readonly memory: Memory;
  readonly observation: Observation;
}

export interface DecideAnswer extends StrategyAnswer {
  /** Thread that decided; 0 is the main thread. */
  readonly threadId: number;
  /** Time it took on that thread, ms: tells how much it may be asked to do, and enters no decision. */
  readonly milliseconds: number;
  /** The strategy failed, in words; then there is no decision and the memory is as before. */
  readonly problem?: string;
}

export interface Decider {
  /** One answer a job, in order. In this thread: at once; else a promise. */
  decide(jobs: readonly DecideJob[]): DecideAnswer[] | Promise<DecideAnswer[]>;
  /** How many jobs are best given together, as they take at present; absent: as many as there are. */
  together?(): number;
  /** Answers given so far by each thread that gave any (0: the main thread): shows who carries the decisions. */
  answersByThread?(): ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** Never throws: a strategy that fails leaves the junction to its plan. */
export function decideJob(job: DecideJob): DecideAnswer {
  const began = performance.now();
  try {
    const { decision, memory, outlook } = strategyNamed(job.strategy).decide(
      job.configuration,
      job.parameters,
      job.memory,
      job.observation,
    );
    const answer = { decision, memory, threadId, milliseconds: performance.now() - began };
    return outlook === undefined ? answer : { ...answer, outlook };
  } catch (error) {
    const problem = `strategy ${job.strategy} failed: ${(error as Error).message}`;
    return { decision: null, memory: job.memory, threadId, milliseconds: performance.now() - began, problem };
  }
}

export function inProcessDecider(): Decider {
  let answers = 0;
  return {
    decide(jobs) {
      answers += jobs.length;
      return jobs.map(decideJob);
    },
    answersByThread: () => new Map(answers > 0 ? [[threadId, answers]] : []),
    async close() {},
  };
}
