/** What the scrubber shows besides the playhead: how queues rose and fell, and where something went wrong. */
import type { Alert, DecisionRecord, RunSummary, SeriesPoint } from '../../api/types.ts';

export interface Mark {
  readonly second: number;
  readonly words: string;
}

/** Refused and vetoed plans, and warnings and errors whose time lies within the run's simulated time. */
export function timelineMarks(run: RunSummary, decisions: readonly DecisionRecord[], alerts: readonly Alert[]): Mark[] {
  const startMs = Date.parse(run.startsAt);
  const fromDecisions = decisions.flatMap((decision): Mark[] => {
    if (decision.vetoed !== null)
      return [{ second: decision.second, words: `${decision.variant}: vetoed by the interlock: ${decision.vetoed}` }];
    if (decision.acknowledged?.result !== 'refused') return [];
    return [
      { second: decision.second, words: `${decision.variant}: refused by the device: ${decision.acknowledged.reason}` },
    ];
  });
  const fromAlerts = alerts.flatMap((alert): Mark[] => {
    const second = (Date.parse(alert.at) - startMs) / 1000;
    const within = second >= 0 && second <= run.durationSeconds;
    return alert.runId === run.id && alert.level !== 'info' && within ? [{ second, words: alert.message }] : [];
  });
  return [...fromDecisions, ...fromAlerts].sort((a, b) => a.second - b.second);
}

/** The queue of all worlds together as an SVG area over [0, durationSeconds] x [0, 1], y down. */
export function queueProfile(series: Readonly<Record<string, readonly SeriesPoint[]>>): { path: string; most: number } {
  const bySecond = new Map<number, number>();
  for (const points of Object.values(series)) {
    for (const point of points) bySecond.set(point.second, Math.max(bySecond.get(point.second) ?? 0, point.queued));
  }
  const points = [...bySecond.entries()].sort((a, b) => a[0] - b[0]);
  const most = Math.max(1, ...bySecond.values());
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return { path: '', most };
  const line = points.map(([second, queued]) => `L${second} ${(1 - queued / most).toFixed(3)}`).join('');
  return { path: `M${first[0]} 1${line}L${last[0]} 1Z`, most };
}
