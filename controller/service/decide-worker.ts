/**
 * What runs on the worker threads. A thread keeps, by slot, what hardly changes (who decides, where, by which parameters)
 * and what the strategy remembers, so that a frame is all that crosses to it and a decision all that comes back.
 */
import type { Memory, Observation, Parameters } from '../types.ts';
import { strategyNamed } from '../strategies/index.ts';
import { type DecideAnswer, type DecideJob, decideJob } from './decider.ts';

export type SetUp = Omit<DecideJob, 'memory' | 'observation'>;

export interface SlotJob {
  readonly slot: number;
  /** Absent: the thread has it. */
  readonly setUp?: SetUp;
  /** Other ones from now on, of a set-up that the thread has. */
  readonly parameters?: Parameters;
  /** What is remembered from now on; absent: what the thread keeps. */
  readonly memory?: Memory;
  readonly observation: Observation;
}

export interface ThreadTask {
  readonly jobs: readonly SlotJob[];
  /** Slots that nobody will ask for again. */
  readonly forget: readonly number[];
}

/** null: the thread has nothing in this slot, because it is a new one. */
export type ThreadAnswer = Omit<DecideAnswer, 'memory'> | null;

interface Kept {
  setUp: SetUp;
  memory: Memory;
}

const slots = new Map<number, Kept>();

export default function decideAll({ jobs, forget }: ThreadTask): readonly ThreadAnswer[] {
  for (const slot of forget) slots.delete(slot);
  return jobs.map(decideIn);
}

/** Works out what a strategy keeps of a configuration when it is handed over, not in the second in which all plans are due. */
function prepare({ strategy, configuration, parameters }: SetUp): void {
  strategyNamed(strategy).check?.(configuration, parameters);
}

function decideIn({ slot, setUp, parameters, memory, observation }: SlotJob): ThreadAnswer {
  let kept = slots.get(slot);
  if (kept === undefined) {
    if (setUp === undefined || memory === undefined) return null;
    kept = { setUp, memory };
    slots.set(slot, kept);
  }
  if (setUp !== undefined) {
    kept.setUp = setUp;
    prepare(setUp);
  }
  if (parameters !== undefined) kept.setUp = { ...kept.setUp, parameters };
  if (memory !== undefined) kept.memory = memory;
  const { memory: next, ...answer } = decideJob({ ...kept.setUp, memory: kept.memory, observation });
  kept.memory = next;
  return answer;
}
