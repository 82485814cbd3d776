/**
 * How long things take: the one place where stages, yellows, all-reds and the intergreen matrix become milliseconds.
 * The interlock judges plans with it and the lamp device carries them out with it.
 */
import type { JunctionConfiguration, PlanStage } from './types.ts';

/** Shortest walk, seconds: MUTCD 4E.06 has 7 s, and 4 s where few walk. Strategies plan 7, the interlock insists on 4. */
export const MIN_WALK_SECONDS = 4;
/** Walk where a stage ends on request and no plan says otherwise, seconds (MUTCD 4E.06). */
export const USUAL_WALK_SECONDS = 7;

/** Seconds to whole milliseconds. */
export function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** A stage of a plan with its names resolved; times in whole milliseconds. */
export interface TimedStage {
  /** Index into the configuration's stages. */
  readonly stage: number;
  readonly greenMs: number;
  /** The larger of the plan's and the configuration's. */
  readonly yellowMs: number;
  readonly allRedMs: number;
  /** What the plan says; -1: as long as the clearance leaves. */
  readonly walkMs: number;
  /** From the end of this green to the start of the next, in the steady cycle. */
  readonly transitionMs: number;
}

export interface TimedPlan {
  readonly stages: readonly TimedStage[];
  readonly cycleMs: number;
}

/** Per stage of the configuration, which signal groups (by index) are green. Throws on an unknown group. */
export function greensOfStages(configuration: JunctionConfiguration): boolean[][] {
  const indexOf = new Map(configuration.signalGroups.map((group, index) => [group.id, index]));
  return configuration.stages.map((stage) => {
    const greens = configuration.signalGroups.map(() => false);
    for (const id of stage.groups) {
      const index = indexOf.get(id);
      if (index === undefined) throw new Error(`stage ${stage.id} names signal group ${id}, which does not exist`);
      greens[index] = true;
    }
    return greens;
  });
}

/**
 * Length of the walk, ms from the start of the stage: what the plan says, else as long as leaves the clearance within
 * green + yellow + all-red, but at least MIN_WALK_SECONDS and never past the stage's green.
 */
export function walkLengthMs(
  stage: Pick<TimedStage, 'greenMs' | 'yellowMs' | 'allRedMs' | 'walkMs'>,
  clearanceMs: number,
): number {
  if (stage.walkMs >= 0) return Math.min(stage.walkMs, stage.greenMs);
  const fits = stage.greenMs + stage.yellowMs + stage.allRedMs - clearanceMs;
  return Math.min(stage.greenMs, Math.max(fits, toMs(MIN_WALK_SECONDS)));
}

/**
 * Shortest legal green of a stage, ms: its own minimum, and room for walk and clearance of each of its pedestrian
 * groups, of which the clearance may run on through yellow and all-red.
 */
export function leastGreenMs(
  configuration: JunctionConfiguration,
  stage: number,
  yellowMs: number,
  allRedMs: number,
  walkMs: number = toMs(MIN_WALK_SECONDS),
): number {
  const { groups, minGreenSeconds } = configuration.stages[stage]!;
  let least = toMs(minGreenSeconds);
  for (const group of configuration.signalGroups) {
    if (group.kind !== 'pedestrian' || !groups.includes(group.id)) continue;
    least = Math.max(least, walkMs, walkMs + toMs(group.clearanceSeconds) - yellowMs - allRedMs);
  }
  return least;
}

/**
 * Resolves a plan's stages and works out the steady cycle: groups green in consecutive stages stay green, and every
 * group that starts waits for the larger of the stage's yellow + all-red and the matrix's intergreen after each group it
 * conflicts with. Throws on an unknown stage.
 */
export function timePlan(configuration: JunctionConfiguration, plan: readonly PlanStage[]): TimedPlan {
  const greens = greensOfStages(configuration);
  const timed = plan.map((entry) => {
    const stage = configuration.stages.findIndex((candidate) => candidate.id === entry.stageId);
    if (stage < 0) throw new Error(`stage ${entry.stageId} does not exist`);
    return {
      stage,
      greenMs: toMs(entry.greenSeconds),
      yellowMs: toMs(Math.max(entry.yellowSeconds, configuration.yellowSeconds)),
      allRedMs: toMs(Math.max(entry.allRedSeconds, configuration.allRedSeconds)),
      walkMs: entry.walkSeconds === undefined ? -1 : toMs(entry.walkSeconds),
      transitionMs: 0,
    };
  });
  const groups = configuration.signalGroups;
  const endedAt = groups.map(() => Number.NEGATIVE_INFINITY);
  let now = 0;
  // Twice round, so that what ended before the first stage counts as well.
  for (let lap = 0; lap < 2; lap++) {
    for (let k = 0; k < timed.length; k++) {
      const entry = timed[k]!;
      const next = timed[(k + 1) % timed.length]!;
      const own = greens[entry.stage]!;
      const after = greens[next.stage]!;
      const greenEnd = now + entry.greenMs;
      let start = greenEnd + entry.yellowMs + entry.allRedMs;
      for (let a = 0; a < groups.length; a++) {
        if (!own[a] || after[a]) continue;
        const walks = groups[a]!.kind === 'pedestrian';
        endedAt[a] = walks ? now + walkLengthMs(entry, toMs(groups[a]!.clearanceSeconds)) : greenEnd;
      }
      for (let b = 0; b < groups.length; b++) {
        if (!after[b] || own[b]) continue;
        if (groups[b]!.kind === 'pedestrian') start = Math.max(start, endedAt[b]! + toMs(groups[b]!.clearanceSeconds));
        for (let a = 0; a < groups.length; a++) {
          if (after[a] || !configuration.conflicts[a]![b]) continue;
          start = Math.max(start, endedAt[a]! + toMs(configuration.intergreenSeconds[a]![b]!));
        }
      }
      entry.transitionMs = start - greenEnd;
      now = start;
    }
  }
  return { stages: timed, cycleMs: timed.reduce((sum, entry) => sum + entry.greenMs + entry.transitionMs, 0) };
}
