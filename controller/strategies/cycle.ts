/** What strategies that plan whole cycles have in common: the order of the stages, their bounds, when to decide. */
import { leastGreenMs, timePlan, toMs, USUAL_WALK_SECONDS } from '../../junction/timing.ts';
import type { JunctionConfiguration, PlanStage } from '../../junction/types.ts';
import type { Stream } from '../estimation/streams.ts';
import type { Decision, Observation, Parameters, Strategy } from '../types.ts';
import { STAGE_SETS_TEXT, stagesAskedFor } from './stage-sets.ts';

/** A cyclic strategy decides so long before its cycle ends, seconds: two frames, so that one may be lost. */
export const LEAD_SECONDS = 2;

export interface CycleStage {
  /** Index into the configuration's stages. */
  readonly stage: number;
  readonly stageId: string;
  /** Indices of the signal groups that are green. */
  readonly groups: readonly number[];
  /** Room for walk and clearance included. */
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
  readonly yellowSeconds: number;
  readonly allRedSeconds: number;
  /** From the end of green to the next start of green. */
  readonly transitionSeconds: number;
  /** Green in today's plan; null where it is not in it. */
  readonly localGreenSeconds: number | null;
}

export interface Cycle {
  readonly stages: readonly CycleStage[];
  /** All transitions. */
  readonly lostSeconds: number;
  readonly minCycleSeconds: number;
  readonly maxCycleSeconds: number;
}

/** `stages`, the parameter: which stages, in which order. */
export const STAGES_PARAMETER = {
  default: '',
  description: `Ids of the stages in their order, separated by /, e.g. NS/NS-left/EW/EW-left, or a set (${STAGE_SETS_TEXT}). Empty: those of the local plan`,
} as const;

/** The bounds of green and of cycle, which are two things, as parameters; 0: the configuration's. */
export const BOUNDS_PARAMETERS: Strategy['parameters'] = {
  minGreenSeconds: { default: 0, min: 0, max: 300, description: 'Shortest green of a stage, seconds; 0: its own' },
  maxGreenSeconds: { default: 0, min: 0, max: 900, description: 'Longest green of a stage, seconds; 0: its own' },
  minCycleSeconds: { default: 0, min: 0, max: 900, description: "Shortest cycle, seconds; 0: the junction's" },
  maxCycleSeconds: { default: 0, min: 0, max: 1800, description: "Longest cycle, seconds; 0: the junction's" },
};

const numberOf = (parameters: Parameters, name: string): number => Number(parameters[name] ?? 0);
const known = new WeakMap<JunctionConfiguration, Map<string, Cycle>>();

/**
 * The cycle that parameters ask for. Throws RangeError, in words, where there is none: an unknown stage, a group never
 * green, bounds that contradict each other or the junction's.
 */
export function cycleOf(configuration: JunctionConfiguration, parameters: Parameters): Cycle {
  const bounds = Object.keys(BOUNDS_PARAMETERS).map((name) => numberOf(parameters, name));
  const key = `${parameters.stages ?? ''}|${bounds.join('|')}`;
  let cycles = known.get(configuration);
  if (cycles === undefined) {
    cycles = new Map();
    known.set(configuration, cycles);
  }
  let cycle = cycles.get(key);
  if (cycle === undefined) {
    cycle = makeCycle(configuration, parameters);
    cycles.set(key, cycle);
  }
  return cycle;
}

function makeCycle(configuration: JunctionConfiguration, parameters: Parameters): Cycle {
  const { localPlan, signalGroups } = configuration;
  const named = stagesAskedFor(configuration, String(parameters.stages ?? ''));
  const order = named.length > 0 ? named : localPlan.map((entry) => entry.stageId);
  const entries = order.map((stageId): PlanStage => {
    const local = localPlan.find((entry) => entry.stageId === stageId);
    const stage = configuration.stages.find((candidate) => candidate.id === stageId);
    if (stage === undefined) {
      throw new RangeError(
        `stages: ${stageId} does not exist; there are ${configuration.stages.map(({ id }) => id).join(', ')}`,
      );
    }
    const yellowSeconds = Math.max(local?.yellowSeconds ?? 0, configuration.yellowSeconds);
    const allRedSeconds = Math.max(local?.allRedSeconds ?? 0, configuration.allRedSeconds);
    // As long as it can be: then no clearance runs on into the transition.
    return { stageId, greenSeconds: stage.maxGreenSeconds, yellowSeconds, allRedSeconds };
  });
  const timed = timePlan(configuration, entries);
  const [minGreen, maxGreen] = [numberOf(parameters, 'minGreenSeconds'), numberOf(parameters, 'maxGreenSeconds')];
  const stages = entries.map((entry, k): CycleStage => {
    const { stage, yellowMs, allRedMs, transitionMs } = timed.stages[k]!;
    const own = configuration.stages[stage]!;
    const least = leastGreenMs(configuration, stage, yellowMs, allRedMs) / 1000;
    const walking = leastGreenMs(configuration, stage, yellowMs, allRedMs, toMs(USUAL_WALK_SECONDS)) / 1000;
    const maxGreenSeconds = maxGreen > 0 ? Math.min(maxGreen, own.maxGreenSeconds) : own.maxGreenSeconds;
    const minGreenSeconds = Math.max(least, Math.min(walking, maxGreenSeconds), minGreen);
    if (minGreenSeconds > maxGreenSeconds) {
      throw new RangeError(
        `stage ${own.id}: minimum green ${minGreenSeconds} s is above its maximum ${maxGreenSeconds} s`,
      );
    }
    return {
      stage,
      stageId: own.id,
      groups: signalGroups.flatMap((group, index) => (own.groups.includes(group.id) ? [index] : [])),
      minGreenSeconds,
      maxGreenSeconds,
      yellowSeconds: entry.yellowSeconds,
      allRedSeconds: entry.allRedSeconds,
      transitionSeconds: transitionMs / 1000,
      localGreenSeconds: localPlan.find(({ stageId }) => stageId === own.id)?.greenSeconds ?? null,
    };
  });
  const unserved = signalGroups.find(
    (group, index) => group.kind === 'vehicle' && !stages.some((stage) => stage.groups.includes(index)),
  );
  if (unserved !== undefined) throw new RangeError(`stages: ${unserved.id} is green in none of ${order.join(', ')}`);
  const lostSeconds = stages.reduce((sum, stage) => sum + stage.transitionSeconds, 0);
  const leastCycle = stages.reduce((sum, stage) => sum + stage.minGreenSeconds, lostSeconds);
  const [minCycle, maxCycle] = [numberOf(parameters, 'minCycleSeconds'), numberOf(parameters, 'maxCycleSeconds')];
  const maxCycleSeconds =
    maxCycle > 0 ? Math.min(maxCycle, configuration.maxCycleSeconds) : configuration.maxCycleSeconds;
  const minCycleSeconds = Math.max(minCycle, configuration.minCycleSeconds, leastCycle);
  if (minCycleSeconds > maxCycleSeconds) {
    throw new RangeError(
      `the shortest cycle is ${minCycleSeconds} s (least greens and transitions take ${leastCycle} s), above the longest, ${maxCycleSeconds} s`,
    );
  }
  return { stages, lostSeconds, minCycleSeconds, maxCycleSeconds };
}

/** A plan of these greens. */
export function planOf(cycle: Cycle, greens: readonly number[], reason: string, inputs: Decision['inputs']): Decision {
  const stages = cycle.stages.map(({ stageId, yellowSeconds, allRedSeconds }, k): PlanStage => {
    return { stageId, greenSeconds: greens[k]!, yellowSeconds, allRedSeconds };
  });
  return { kind: 'plan', stages, reason, inputs };
}

/** Once a cycle, shortly before it ends; `decidedAtMs` of the last time, or null. */
export function isTimeToDecide(decidedAtMs: number | null, observation: Observation): boolean {
  const left = observation.lamps.cycleSecondsLeft;
  if (left === null || left > LEAD_SECONDS) return false;
  return decidedAtMs === null || observation.nowMs - decidedAtMs > (LEAD_SECONDS + 1) * 1000;
}

/** Per stage, the streams that it serves whole, or, where no stage does, in part. Memory-less; indices. */
export function streamsByStage(cycle: Cycle, streams: readonly Stream[]): number[][] {
  const served = cycle.stages.map((): number[] => []);
  streams.forEach((stream, index) => {
    const whole = cycle.stages.map((stage) => stream.groups.every((group) => stage.groups.includes(group)));
    const part = cycle.stages.map((stage) => stream.groups.some((group) => stage.groups.includes(group)));
    (whole.includes(true) ? whole : part).forEach((serves, k) => {
      if (serves) served[k]!.push(index);
    });
  });
  return served;
}

/**
 * What each stage needs, from what each stream needs: its most demanding stream decides. A stream that is green in several
 * stages asks only for what their own streams do not bring it anyway, in equal parts.
 */
export function stageNeeds(served: readonly (readonly number[])[], needs: readonly number[]): number[] {
  const stagesOf = needs.map((_, index) => served.flatMap((list, k) => (list.includes(index) ? [k] : [])));
  const result = served.map((list) =>
    list.reduce((most, index) => (stagesOf[index]!.length === 1 ? Math.max(most, needs[index]!) : most), 0),
  );
  const own = [...result];
  needs.forEach((need, index) => {
    const stages = stagesOf[index]!;
    if (stages.length < 2) return;
    const lacking = (need - stages.reduce((sum, k) => sum + own[k]!, 0)) / stages.length;
    for (const k of stages) result[k] = Math.max(result[k]!, own[k]! + lacking);
  });
  return result;
}
