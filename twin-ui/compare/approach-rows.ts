/** The per-approach table: final measures once a run has ended, queues at the playhead before that. */
import type { Drawing, RunResult } from '../../runs/types.ts';
import type { PackedFrame } from '../playback/interpolate.ts';
import type { Cell } from '../words/csv.ts';
import { approachTitle } from '../words/looks.ts';

export interface ApproachRow {
  readonly name: string;
  /** One place a variant; undefined where it is not known (yet). */
  readonly demanded: number | undefined;
  readonly demandPerHour: number | undefined;
  readonly delaySeconds: readonly (number | undefined)[];
  readonly longestWaitSeconds: readonly (number | undefined)[];
  readonly queueMax: readonly (number | undefined)[];
  readonly queuedNow: readonly (number | undefined)[];
}

/** Rows in the drawing's order of approaches. */
export function approachRows(
  drawing: Drawing,
  variants: readonly string[],
  result: RunResult | null,
  frames: readonly (PackedFrame | undefined)[],
): ApproachRow[] {
  return drawing.approaches.map((approach, index) => {
    const measures = variants.map((variant) => {
      const approaches = result?.variants[variant]?.approaches;
      return approaches?.[approach.name] ?? approaches?.[`${approach.junction}:${approach.name}`];
    });
    const junction = drawing.junctions.find((known) => known.id === approach.junction);
    const title = approachTitle(approach.name);
    const demanded = measures[0]?.demanded;
    return {
      name: drawing.junctions.length > 1 && junction ? `${junction.name}, ${title}` : title,
      demanded,
      demandPerHour: demanded === undefined || !result ? undefined : (demanded * 3600) / result.durationSeconds,
      delaySeconds: measures.map((known) => known?.delaySeconds.mean),
      longestWaitSeconds: measures.map((known) => known?.waitingSeconds.max),
      queueMax: measures.map((known) => known?.queueMax),
      queuedNow: frames.map((frame) => frame?.counters.approachQueues[index]),
    };
  });
}

/** Each variant's difference from the first, where both are known. */
export function differences(values: readonly (number | undefined)[]): (number | undefined)[] {
  const [reference] = values;
  return values
    .slice(1)
    .map((value) => (value === undefined || reference === undefined ? undefined : value - reference));
}

export function approachTable(
  rows: readonly ApproachRow[],
  variants: readonly string[],
): { header: string[]; rows: Cell[][] } {
  const each = (quantity: string, names = variants): string[] => names.map((name) => `${quantity} ${name}`);
  return {
    header: [
      'approach',
      'demanded_vehicles',
      'demand_vehicles_per_hour',
      ...each('delay_seconds'),
      ...each('delay_difference_seconds', variants.slice(1)),
      ...each('longest_wait_seconds'),
      ...each('queue_max'),
      ...each('queued_now'),
    ],
    rows: rows.map((row) => [
      row.name,
      row.demanded,
      row.demandPerHour,
      ...row.delaySeconds,
      ...differences(row.delaySeconds),
      ...row.longestWaitSeconds,
      ...row.queueMax,
      ...row.queuedNow,
    ]),
  };
}
