/** The Gantt strip of a junction's stages, worked out from the frames that came by. */
import type { Drawing } from '../../runs/types.ts';
import type { PackedFrame } from '../playback/interpolate.ts';

const UNKNOWN = -2;
export const TRANSITION = -1;

/** What each junction showed at each second, kept for the whole run (two bytes a second), frames or not. */
export class StageHistory {
  private readonly stages: Int8Array[] = [];
  private readonly greens: Uint8Array[] = [];
  private readonly greenGroupsByStage: ReadonlySet<number>[][];

  constructor(drawing: Drawing, durationSeconds: number) {
    this.greenGroupsByStage = drawing.junctions.map((junction) => {
      const indexById = new Map(junction.signalGroups.map((group, index) => [group.id, index]));
      return junction.stages.map((stage) => new Set(stage.groups.flatMap((id) => indexById.get(id) ?? [])));
    });
    for (const _ of drawing.junctions) {
      this.stages.push(new Int8Array(durationSeconds + 2).fill(UNKNOWN));
      this.greens.push(new Uint8Array(durationSeconds + 2));
    }
  }

  record(frame: PackedFrame): void {
    for (let junction = 0; junction < this.stages.length; junction++) {
      const stage = frame.stages[junction]?.[0];
      const lamps = frame.lamps[junction];
      const stages = this.stages[junction]!;
      if (stage === undefined || lamps === undefined || frame.second >= stages.length) continue;
      stages[frame.second] = stage;
      let green = 0;
      for (const group of this.greenGroupsByStage[junction]![stage] ?? []) if (lamps[group] === 'g') green = 1;
      this.greens[junction]![frame.second] = green;
    }
  }

  /** Index of the stage, `TRANSITION`, or undefined where that second has not been seen. */
  stageAt(junction: number, second: number): number | undefined {
    const stage = this.stages[junction]?.[second];
    return stage === undefined || stage === UNKNOWN ? undefined : stage;
  }

  isGreen(junction: number, second: number): boolean {
    return this.greens[junction]?.[second] === 1;
  }
}

/** One stretch of one stage: seconds since the start of the run, [from, to). */
export interface StageSegment {
  readonly stage: number;
  readonly from: number;
  readonly to: number;
  /** Green is shown in [from, greenUntil), the intergreen in [greenUntil, to). */
  readonly greenUntil: number;
  /** Whether the true start and end were seen, so that `to - from` is the whole of it. */
  readonly complete: boolean;
}

/**
 * Stretches that touch [fromSecond, toSecond), in order. A stretch keeps its true start and end where they lie outside.
 * A stage that turns green again after its own intergreen (one stage alone) starts a new stretch.
 */
export function stageSegments(
  history: StageHistory,
  junction: number,
  fromSecond: number,
  toSecond: number,
): StageSegment[] {
  const segments: StageSegment[] = [];
  let second = Math.max(0, Math.floor(fromSecond));
  while (second < toSecond) {
    const stage = history.stageAt(junction, second);
    if (stage === undefined) {
      second++;
      continue;
    }
    let from = second;
    while (continues(history, junction, from - 1, from)) from--;
    let to = second + 1;
    while (continues(history, junction, to - 1, to)) to++;
    let greenUntil = from;
    for (let at = from; at < to; at++) if (history.isGreen(junction, at)) greenUntil = at + 1;
    const complete =
      (from === 0 || history.stageAt(junction, from - 1) !== undefined) && history.stageAt(junction, to) !== undefined;
    segments.push({ stage, from, to, greenUntil, complete });
    second = to;
  }
  return segments;
}

function continues(history: StageHistory, junction: number, earlier: number, later: number): boolean {
  if (earlier < 0) return false;
  const stage = history.stageAt(junction, later);
  if (stage === undefined || history.stageAt(junction, earlier) !== stage) return false;
  if (stage === TRANSITION) return true;
  const greenAgain = history.isGreen(junction, later) && !history.isGreen(junction, earlier);
  return !(greenAgain && greenBefore(history, junction, earlier, stage));
}

function greenBefore(history: StageHistory, junction: number, second: number, stage: number): boolean {
  for (let at = second; at >= 0 && history.stageAt(junction, at) === stage; at--) {
    if (history.isGreen(junction, at)) return true;
  }
  return false;
}
