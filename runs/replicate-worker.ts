/** One replication after the other, on a worker thread: in-process link and decider. */
import type { VariantSettings } from '../scenarios/types.ts';
import { openDecider } from './controllers.ts';
import { runVariants } from './runner.ts';
import { openSource, type Source, type SourceOptions } from './source.ts';
import type { RunResult } from './types.ts';

export interface ReplicationTask {
  readonly path: string;
  readonly options: SourceOptions;
  readonly seed: number;
  readonly variants: readonly VariantSettings[];
}

/** What was read last is kept: the tasks of a scenario come one after the other. */
let opened: { key: string; source: Promise<Source> } | null = null;

export default async function replicate(task: ReplicationTask): Promise<RunResult> {
  const key = JSON.stringify([task.path, task.options]);
  if (opened?.key !== key) opened = { key, source: openSource(task.path, task.options) };
  // opened here because a worker thread that runs from the sources cannot import while it runs
  const decider = await openDecider('inprocess');
  return runVariants({ source: await opened.source, seed: task.seed, variants: task.variants, decider });
}
