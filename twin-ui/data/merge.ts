/** Bringing what the server pushes together with what is here already. */
import type { Alert, DecisionRecord, RunSummary, SeriesPoint } from '../../api/types.ts';

type Series = Readonly<Record<string, readonly SeriesPoint[]>>;

/** Adds points by variant, in order of time; a point of a known second replaces it. */
export function mergeSeries(series: Series, points: readonly SeriesPoint[]): Series {
  const merged: Record<string, readonly SeriesPoint[]> = { ...series };
  for (const variant of new Set(points.map((point) => point.variant))) {
    const added = points.filter((point) => point.variant === variant);
    merged[variant] = mergeOne(merged[variant] ?? [], added);
  }
  return merged;
}

function mergeOne(known: readonly SeriesPoint[], added: readonly SeriesPoint[]): readonly SeriesPoint[] {
  const last = known.at(-1)?.second ?? -1;
  const inOrder = added.every((point, index) => point.second > (added[index - 1]?.second ?? last));
  if (inOrder) return [...known, ...added];
  const bySecond = new Map([...known, ...added].map((point) => [point.second, point]));
  return [...bySecond.values()].sort((a, b) => a.second - b.second);
}

const decisionKey = (decision: DecisionRecord): string =>
  `${decision.variant} ${decision.junctionId} ${decision.seq} ${decision.vetoed === null ? '' : decision.second}`;

/** Adds decisions in order of time; one that is known is replaced, as its answer has come. */
export function mergeDecisions(known: readonly DecisionRecord[], added: readonly DecisionRecord[]): DecisionRecord[] {
  const byKey = new Map([...known, ...added].map((decision) => [decisionKey(decision), decision]));
  return [...byKey.values()].sort((a, b) => a.second - b.second || a.seq - b.seq);
}

/** Puts a run in its place, newest first. */
export function mergeRun(runs: readonly RunSummary[], run: RunSummary): RunSummary[] {
  const known = runs.findIndex((other) => other.id === run.id);
  if (known >= 0) return runs.map((other, index) => (index === known ? run : other));
  return [run, ...runs].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

export function mergeAlerts(known: readonly Alert[], added: readonly Alert[]): Alert[] {
  const byId = new Map([...known, ...added].map((alert) => [alert.id, alert]));
  return [...byId.values()].sort((a, b) => b.at.localeCompare(a.at));
}

/** The run to open when none was asked for: one that goes on, else the newest that can still be shown. */
export function runToOpen(runs: readonly RunSummary[]): RunSummary | undefined {
  return runs.find((run) => run.status === 'running') ?? runs.find((run) => run.replayable) ?? runs[0];
}
