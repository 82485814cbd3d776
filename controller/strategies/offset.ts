/**
 * Brings cycles to their offset: once they are there, equal cycles keep it. As signal controllers do (smooth transition by
 * the shorter way), a cycle is made longer or shorter by some of its length at a time, never beyond any bound.
 */
import { checkStages } from '../../junction/interlock.ts';
import { leastGreenMs, timePlan, toMs, USUAL_WALK_SECONDS } from '../../junction/timing.ts';
import type { JunctionConfiguration, PlanStage } from '../../junction/types.ts';

/** Of its length, a cycle is made longer or shorter by so much at most. */
const LONGER_SHARE = 0.25;
const SHORTER_SHARE = 0.2;
/** Nearer than this it is there, ms. */
const THERE_MS = 50;

export interface Shifted {
  readonly stages: readonly PlanStage[];
  /** How much later than it should the cycle begins; negative: earlier. By the shorter way. */
  readonly lateSeconds: number;
  /** What was added to the cycle. */
  readonly addedSeconds: number;
}

/**
 * The stages for the cycle that begins at `beginMs`, such that the next one begins nearer to its offset: a multiple of the
 * cycle since 1970 and `offsetSeconds`.
 */
export function towardsOffset(
  configuration: JunctionConfiguration,
  stages: readonly PlanStage[],
  offsetSeconds: number,
  beginMs: number,
): Shifted {
  const { cycleMs } = timePlan(configuration, stages);
  const longer = remainder(toMs(offsetSeconds) - beginMs, cycleMs);
  const shorter = cycleMs - longer;
  const lateSeconds = (longer <= shorter ? 0 - longer : shorter) / 1000;
  const unchanged = { stages, lateSeconds, addedSeconds: 0 };
  if (Math.min(longer, shorter) < THERE_MS) return { ...unchanged, lateSeconds: 0 };
  const least = stages.map((entry) => leastOf(configuration, entry));
  const most = stages.map((entry) => toMs(stageOf(configuration, entry).maxGreenSeconds));
  const greens = stages.map((entry) => toMs(entry.greenSeconds));
  const room = (bounds: readonly number[], sign: number): number =>
    bounds.reduce((sum, bound, k) => sum + Math.max(0, sign * (bound - greens[k]!)), 0);
  const mayLengthen = Math.min(LONGER_SHARE * cycleMs, toMs(configuration.maxCycleSeconds) - cycleMs, room(most, 1));
  const mayShorten = Math.min(SHORTER_SHARE * cycleMs, cycleMs - toMs(configuration.minCycleSeconds), room(least, -1));
  const cycles = (way: number, may: number): number => (may < THERE_MS ? Number.POSITIVE_INFINITY : way / may);
  const [byLonger, byShorter] = [cycles(longer, mayLengthen), cycles(shorter, mayShorten)];
  if (byLonger === Number.POSITIVE_INFINITY && byShorter === Number.POSITIVE_INFINITY) return unchanged;
  const changeMs = byLonger <= byShorter ? Math.min(longer, mayLengthen) : 0 - Math.min(shorter, mayShorten);
  const shifted = spread(greens, changeMs > 0 ? most : least, Math.trunc(changeMs));
  const changed = stages.map((entry, k) => ({ ...entry, greenSeconds: shifted[k]! / 1000 }));
  if (checkStages(configuration, changed) !== null) return unchanged;
  return { stages: changed, lateSeconds, addedSeconds: Math.trunc(changeMs) / 1000 };
}

/** Adds `changeMs` to the greens in proportion to their length, none beyond its bound. */
function spread(greens: readonly number[], bounds: readonly number[], changeMs: number): number[] {
  const result = [...greens];
  let left = changeMs;
  for (let lap = 0; lap < greens.length && left !== 0; lap++) {
    const open = result.map((green, k) => (changeMs > 0 ? green < bounds[k]! : green > bounds[k]!));
    const total = greens.reduce((sum, green, k) => sum + (open[k] ? green : 0), 0);
    if (total === 0) break;
    const share = left;
    for (let k = 0; k < greens.length; k++) {
      if (!open[k]) continue;
      const wanted = Math.trunc((share * greens[k]!) / total);
      const given =
        changeMs > 0 ? Math.min(wanted, bounds[k]! - result[k]!) : Math.max(wanted, bounds[k]! - result[k]!);
      result[k]! += given;
      left -= given;
    }
  }
  // What truncation left over, ms.
  for (let k = 0; k < greens.length && left !== 0; k++) {
    const room = bounds[k]! - result[k]!;
    const given = left > 0 ? Math.min(left, Math.max(0, room)) : Math.max(left, Math.min(0, room));
    result[k]! += given;
    left -= given;
  }
  return result;
}

function stageOf(
  configuration: JunctionConfiguration,
  { stageId }: PlanStage,
): JunctionConfiguration['stages'][number] {
  return configuration.stages.find(({ id }) => id === stageId)!;
}

function leastOf(configuration: JunctionConfiguration, entry: PlanStage): number {
  const stage = configuration.stages.findIndex(({ id }) => id === entry.stageId);
  const walkMs = toMs(entry.walkSeconds ?? USUAL_WALK_SECONDS);
  const usual = leastGreenMs(configuration, stage, toMs(entry.yellowSeconds), toMs(entry.allRedSeconds), walkMs);
  return Math.min(usual, toMs(entry.greenSeconds));
}

function remainder(ms: number, cycleMs: number): number {
  return ((ms % cycleMs) + cycleMs) % cycleMs;
}
