/**
 * What strategies that choose a stage each second have in common: which stages there are, how long it takes from one to
 * another, whom they serve, and where in its green the running one is.
 */
import { leastGreenMs, toMs, USUAL_WALK_SECONDS } from '../../junction/timing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { HYPOTHESES } from '../estimation/lane-hypotheses.ts';
import { groundOf, type Stream } from '../estimation/streams.ts';
import type { Decision, Observation, Parameters, StrategyAnswer } from '../types.ts';
import { STAGE_SETS_TEXT, stagesAskedFor } from './stage-sets.ts';

export interface ChoiceStage {
  /** Index into the configuration's stages. */
  readonly stage: number;
  readonly id: string;
  readonly isGreen: readonly boolean[];
  /** Indices of the groups. */
  readonly vehicleGroups: readonly number[];
  readonly pedestrianGroups: readonly number[];
  /** Room for the usual walk and its clearance included. */
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
  /** Per stream: the share of its groups that are green. */
  readonly serves: readonly number[];
}

export interface StageChoice {
  readonly stages: readonly ChoiceStage[];
  /** By stage: where it is in `stages`; absent where it is not one of them. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** `betweenSeconds[i][j]`: from the end of green i to the start of green j. */
  readonly betweenSeconds: readonly (readonly number[])[];
  readonly streams: readonly Stream[];
  /** Indices of all pedestrian groups. */
  readonly pedestrianGroups: readonly number[];
}

export const CHOICE_STAGES_PARAMETER = {
  default: '',
  description: `Ids of the stages it may choose, separated by /, in their order where one matters, or a set (${STAGE_SETS_TEXT}). Empty: all there are`,
};

/** Of strategies that count vehicles by loops. */
export const HYPOTHESES_PARAMETER = {
  default: HYPOTHESES,
  min: 1,
  max: HYPOTHESES,
  description: `Ways that are followed in which vehicles may be spread over lanes by what loops say: 1, 2, 4 or ${HYPOTHESES}; 2 cost a controller of many junctions a quarter, and have queues nearly as well`,
};

/** Why so many cannot be followed; null: they can. */
export function whyNotHypotheses({ hypotheses }: Parameters): string | null {
  const isPower = [1, 2, 4, HYPOTHESES].includes(Number(hypotheses));
  return isPower ? null : `hypotheses is ${hypotheses}; one of 1, 2, 4, ${HYPOTHESES}`;
}

const known = new WeakMap<JunctionConfiguration, Map<string, StageChoice>>();

/**
 * The stages that parameters allow. `usual`: without the parameter, all the configuration has or those of the local plan.
 * Throws RangeError, in words, for an unknown stage or a group that none of them serves.
 */
export function stageChoiceOf(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  usual: 'all' | 'plan',
): StageChoice {
  let choices = known.get(configuration);
  if (choices === undefined) {
    choices = new Map();
    known.set(configuration, choices);
  }
  const key = `${usual}|${parameters.stages ?? ''}`;
  let choice = choices.get(key);
  if (choice === undefined) {
    choice = makeChoice(configuration, stagesAskedFor(configuration, String(parameters.stages ?? '')), usual);
    choices.set(key, choice);
  }
  return choice;
}

function makeChoice(
  configuration: JunctionConfiguration,
  given: readonly string[],
  usual: 'all' | 'plan',
): StageChoice {
  const { signalGroups: groups, yellowSeconds, allRedSeconds, conflicts, intergreenSeconds } = configuration;
  const { streams } = groundOf(configuration);
  const all = configuration.stages.map(({ id }) => id);
  const planned = [...new Set(configuration.localPlan.map(({ stageId }) => stageId))];
  const ids = given.length > 0 ? [...new Set(given)] : usual === 'all' ? all : planned;
  const stages = ids.map((id): ChoiceStage => {
    const stage = all.indexOf(id);
    if (stage < 0) throw new RangeError(`stages: ${id} does not exist; there are ${all.join(', ')}`);
    const own = configuration.stages[stage]!;
    const isGreen = groups.map((group) => own.groups.includes(group.id));
    const ofKind = (kind: 'vehicle' | 'pedestrian'): number[] =>
      groups.flatMap((group, g) => (isGreen[g] && group.kind === kind ? [g] : []));
    const [yellowMs, allRedMs, walkMs] = [toMs(yellowSeconds), toMs(allRedSeconds), toMs(USUAL_WALK_SECONDS)];
    const least = leastGreenMs(configuration, stage, yellowMs, allRedMs) / 1000;
    const walking = leastGreenMs(configuration, stage, yellowMs, allRedMs, walkMs) / 1000;
    return {
      stage,
      id,
      isGreen,
      vehicleGroups: ofKind('vehicle'),
      pedestrianGroups: ofKind('pedestrian'),
      minGreenSeconds: Math.max(least, Math.min(walking, own.maxGreenSeconds)),
      maxGreenSeconds: own.maxGreenSeconds,
      serves: streams.map(({ groups: obeyed }) => obeyed.filter((g) => isGreen[g]).length / Math.max(1, obeyed.length)),
    };
  });
  const unserved = groups.find((group, g) => group.kind === 'vehicle' && !stages.some(({ isGreen }) => isGreen[g]));
  if (unserved !== undefined) throw new RangeError(`stages: ${unserved.id} is green in none of ${ids.join(', ')}`);
  const between = (from: ChoiceStage, to: ChoiceStage): number => {
    let seconds = yellowSeconds + allRedSeconds;
    for (let a = 0; a < groups.length; a++) {
      if (!from.isGreen[a] || to.isGreen[a] || groups[a]!.kind === 'pedestrian') continue;
      for (let b = 0; b < groups.length; b++) {
        if (to.isGreen[b] && !from.isGreen[b] && conflicts[a]![b])
          seconds = Math.max(seconds, intergreenSeconds[a]![b]!);
      }
    }
    return seconds;
  };
  return {
    stages,
    indexOf: new Map(stages.map(({ id }, index) => [id, index])),
    betweenSeconds: stages.map((from) => stages.map((to) => between(from, to))),
    streams,
    pedestrianGroups: groups.flatMap((group, g) => (group.kind === 'pedestrian' ? [g] : [])),
  };
}

/**
 * Whether a stage is for the vehicles of a lane: all its groups are green in it, or some are and no stage has them all. A
 * lane whose head waits for another stage keeps its detector covered, whatever of it may go.
 */
export function isStageFor({ stages }: StageChoice, stage: number, stream: number): boolean {
  const share = stages[stage]!.serves[stream]!;
  return share === 1 || (share > 0 && !stages.some(({ serves }) => serves[stream] === 1));
}

/** The running stage as it was last seen. */
export interface StageFollowed {
  readonly stageId: string | null;
  /** Since when it is green. */
  readonly sinceMs: number;
  /** By pedestrian group of the choice: since when it has been waiting. */
  readonly walkersSinceMs: readonly number[];
}

export interface Running extends StageFollowed {
  /** Where it is in the choice; -1: it is none of those, or nothing runs. */
  readonly index: number;
  /** Green, and not on the way to another stage. */
  readonly isGreen: boolean;
  readonly greenSeconds: number;
}

/** Where in its green the running stage is, by what the lamps say now and said before. */
export function followStage(choice: StageChoice, before: StageFollowed | null, observation: Observation): Running {
  const { lamps, nowMs } = observation;
  const stageId = lamps.source === 'flash' ? null : lamps.stageId;
  const index = stageId === null ? -1 : (choice.indexOf.get(stageId) ?? -1);
  const sinceMs = before !== null && before.stageId === stageId ? Math.min(before.sinceMs, nowMs) : nowMs;
  // On request a stage has seconds left only in the transition that ends it; a cycle is led by the plan.
  const leaving = lamps.secondsLeft !== null && lamps.cycleSecondsLeft === null;
  const { groupIds } = choice.streams[0] ?? { groupIds: [] };
  const lit = index >= 0 && groupIds.length > 0 && isLit(choice, index, observation);
  return {
    stageId,
    sinceMs,
    index,
    isGreen: lit && !leaving,
    greenSeconds: (nowMs - sinceMs) / 1000,
    walkersSinceMs: choice.pedestrianGroups.map((group, i) =>
      index >= 0 && lit && choice.stages[index]!.isGreen[group]
        ? nowMs
        : Math.min(before?.walkersSinceMs[i] ?? nowMs, nowMs),
    ),
  };
}

function isLit(choice: StageChoice, index: number, { lamps }: Observation): boolean {
  const own = choice.stages[index]!;
  for (const { groups, groupIds } of choice.streams) {
    for (let k = 0; k < groups.length; k++)
      if (own.isGreen[groups[k]!] && lamps.byGroup[groupIds[k]!] !== 'green') return false;
  }
  return true;
}

export function followed({ stageId, sinceMs, walkersSinceMs }: Running): StageFollowed {
  return { stageId, sinceMs, walkersSinceMs };
}

/** Asks for a stage; the same again each second keeps the lead. */
export function askFor(
  choice: StageChoice,
  index: number,
  reason: string,
  inputs: Decision['inputs'],
  memory: object,
): StrategyAnswer {
  return {
    decision: { kind: 'stage', stageId: choice.stages[index]!.id, reason, inputs },
    memory: memory as Record<string, unknown>,
  };
}

export const tenths = (value: number): number => Math.round(value * 10) / 10;
