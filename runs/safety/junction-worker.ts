/** The junctions of one worker thread. A junction's batches all come to the same thread, in their order. */
import { type JunctionBatch, type JunctionResult, JunctionSafety, type JunctionSetup } from './junction.ts';

export type JunctionTask =
  | { readonly kind: 'open'; readonly junction: string; readonly setup: JunctionSetup }
  | { readonly kind: 'push'; readonly junction: string; readonly batch: JunctionBatch }
  | { readonly kind: 'close'; readonly junction: string };

const junctions = new Map<string, JunctionSafety>();

export default function work(task: JunctionTask): JunctionResult | null {
  if (task.kind === 'open') {
    junctions.set(task.junction, new JunctionSafety(task.setup));
    return null;
  }
  if (task.kind === 'close') {
    junctions.delete(task.junction);
    return null;
  }
  const junction = junctions.get(task.junction);
  if (junction === undefined) throw new Error(`Junction ${task.junction} is not open.`);
  return junction.push(task.batch);
}
