/** What runs on the worker threads. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import { type DecideAnswer, type DecideJob, decideJob } from './decider.ts';

/** A job without the configuration, where the thread has it. */
export type SlimJob = Omit<DecideJob, 'configuration'> & { readonly configuration?: JunctionConfiguration };
export type ThreadAnswer = readonly DecideAnswer[] | 'configuration missing';

const configurations = new Map<string, JunctionConfiguration>();

export default function decideAll(jobs: readonly SlimJob[]): ThreadAnswer {
  for (const { junctionId, configuration } of jobs) {
    if (configuration !== undefined) configurations.set(junctionId, configuration);
    else if (!configurations.has(junctionId)) return 'configuration missing';
  }
  return jobs.map((job) => decideJob({ ...job, configuration: configurations.get(job.junctionId)! }));
}
