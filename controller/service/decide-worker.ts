/** What runs on the worker threads. */
import { type DecideAnswer, type DecideJob, decideJob } from './decider.ts';

export default function decideAll(jobs: readonly DecideJob[]): DecideAnswer[] {
  return jobs.map(decideJob);
}
