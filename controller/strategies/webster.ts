/**
 * Webster's fixed-time optimum (Webster 1958, Traffic Signal Settings): C0 = (1.5 L + 5) / (1 - Y), greens in proportion to
 * the critical flow ratios. Flows are given, or measured by the detectors over a window, and the plan is worked out anew
 * every cycle. The effective green is the green shown less what a start loses; the yellow gives nothing back.
 */

import type { JunctionConfiguration } from '../../junction/types.ts';
import { type DemandMemory, demandOf, observeDemand } from '../estimation/demand.ts';
import { groundOf, type Stream } from '../estimation/streams.ts';
import type { Observation, Parameters, Strategy } from '../types.ts';
import {
  BOUNDS_PARAMETERS,
  type Cycle,
  cycleOf,
  isTimeToDecide,
  planOf,
  STAGES_PARAMETER,
  stageNeeds,
  streamsByStage,
} from './cycle.ts';
import { boundedSplit } from './split.ts';
import { listOf } from './stage-sets.ts';

/** Flows are worth something from so long on, seconds; before, today's plan goes on. */
const LEAST_MEASURED_SECONDS = 120;

export interface WebsterResult {
  readonly greens: number[];
  readonly cycleSeconds: number;
  /** Sum of the critical flow ratios. */
  readonly flowRatio: number;
  /** Webster's cycle before it was bounded; null for Y >= 1, where there is none. */
  readonly optimumSeconds: number | null;
}

/**
 * Greens and cycle, seconds, for the critical flow ratio y of each stage (flow / saturation flow, >= 0). For Y >= 1 no
 * cycle carries the demand: the longest is used. Greens are whole seconds above the minima. `startUpSeconds` (at most the
 * least green) are lost at the start of each green, and are part of Webster's L.
 */
export function webster(
  ratios: readonly number[],
  cycle: Omit<Cycle, 'stages'> & {
    readonly stages: readonly Pick<Cycle['stages'][number], 'minGreenSeconds' | 'maxGreenSeconds'>[];
  },
  startUpSeconds = 0,
): WebsterResult {
  const { minCycleSeconds, maxCycleSeconds, stages } = cycle;
  const lostSeconds = cycle.lostSeconds + stages.length * startUpSeconds;
  const flowRatio = ratios.reduce((sum, ratio) => sum + ratio, 0);
  const optimumSeconds = flowRatio < 1 ? (1.5 * lostSeconds + 5) / (1 - flowRatio) : null;
  const wanted = Math.min(maxCycleSeconds, Math.max(minCycleSeconds, optimumSeconds ?? maxCycleSeconds));
  const minSeconds = stages.map((stage) => Math.max(0, stage.minGreenSeconds - startUpSeconds));
  const maxSeconds = stages.map((stage) => stage.maxGreenSeconds - startUpSeconds);
  const least = minSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const totalSeconds = Math.max(
    least,
    Math.min(Math.floor(maxCycleSeconds - lostSeconds), Math.ceil(wanted - lostSeconds)),
  );
  const effective = boundedSplit({ demands: ratios, minSeconds, maxSeconds, totalSeconds });
  const greens = effective.map((green) => green + startUpSeconds);
  const cycleSeconds = greens.reduce((sum, green) => sum + green, cycle.lostSeconds);
  return { greens, cycleSeconds, flowRatio, optimumSeconds };
}

/** Whether flows are given: then nothing is measured. */
const isGiven = ({ flows }: Parameters): boolean => listOf(String(flows ?? '')).length > 0;

/** Vehicles an hour by signal group id. Throws RangeError for what is no such list. */
function givenFlows(configuration: JunctionConfiguration, parameters: Parameters): Map<string, number> {
  const flows = new Map<string, number>();
  for (const part of listOf(String(parameters.flows ?? ''))) {
    const match = /^(.+):(\d+(?:\.\d+)?)$/.exec(part);
    if (match === null) throw new RangeError(`flows: ${part} is not GROUP:VEHICLES_PER_HOUR, e.g. N-straight:450`);
    if (!configuration.signalGroups.some((group) => group.id === match[1])) {
      throw new RangeError(
        `flows: signal group ${match[1]} does not exist; there are ${configuration.signalGroups.map(({ id }) => id).join(', ')}`,
      );
    }
    flows.set(match[1]!, Number(match[2]));
  }
  return flows;
}

/** Given flows stream by stream: a group's vehicles spread evenly over the lanes that serve it. */
function spread(streams: readonly Stream[], flows: ReadonlyMap<string, number>): number[] {
  const lanesOf = (group: string): number =>
    streams.reduce((sum, stream) => sum + (stream.groupIds.includes(group) ? stream.lanes : 0), 0);
  return streams.map(({ groupIds, lanes }) =>
    groupIds.reduce((sum, group) => sum + ((flows.get(group) ?? 0) * lanes) / lanesOf(group), 0),
  );
}

interface WebsterMemory {
  readonly decidedAtMs: number | null;
  /** null: flows are given. */
  readonly demand: DemandMemory | null;
}

export const webster1958: Strategy = {
  name: 'webster',
  description: "Webster's optimum fixed-time plan for the flows given, or measured over the last minutes.",
  needs: ['stopline'],
  needsWith: (parameters) => (isGiven(parameters) ? [] : ['stopline']),
  parameters: {
    stages: STAGES_PARAMETER,
    ...BOUNDS_PARAMETERS,
    flows: {
      default: '',
      description: 'Vehicles an hour of each signal group, e.g. N-straight:450/N-left:80. Empty: measured',
    },
    windowSeconds: { default: 900, min: 120, max: 7200, description: 'Flows are measured over so long, seconds' },
    seenShare: {
      default: 1,
      min: 0.05,
      max: 1,
      description: 'Share of the vehicles that detectors see: those with a tag, that are not missed',
    },
    startUpSeconds: { default: 2, min: 0, max: 5, description: 'Lost when a queue starts, seconds' },
    saturationFlowPerHourPerLane: {
      default: 1500,
      min: 300,
      max: 6000,
      description: 'Vehicles an hour that a lane discharges from a queue',
    },
  },
  check(configuration, parameters) {
    try {
      cycleOf(configuration, parameters);
      givenFlows(configuration, parameters);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const ground = groundOf(configuration);
    const { streams } = ground;
    const before = (memory as unknown as WebsterMemory | null) ?? { decidedAtMs: null, demand: null };
    const given = givenFlows(configuration, parameters);
    const options = { windowSeconds: Number(parameters.windowSeconds), seenShare: Number(parameters.seenShare) };
    const demand = given.size > 0 ? null : observeDemand(ground, before.demand, observation, options);
    const now = { ...before, demand };
    const keep = (next: WebsterMemory) => next as unknown as Record<string, unknown>;
    if (!isTimeToDecide(now.decidedAtMs, observation)) return { decision: null, memory: keep(now) };
    const next = keep({ ...now, decidedAtMs: observation.nowMs });
    const measuredSeconds =
      demand === null ? 0 : Math.min(options.windowSeconds, (observation.nowMs - demand.startedMs) / 1000);
    if (demand !== null && measuredSeconds < LEAST_MEASURED_SECONDS) {
      const reason = `Flows measured for ${measuredSeconds} s; today's plan until ${LEAST_MEASURED_SECONDS} s`;
      return {
        decision: { kind: 'plan', stages: configuration.localPlan, reason, inputs: { measuredSeconds } },
        memory: next,
      };
    }
    const estimated = demand === null ? [] : demandOf(ground, demand, options);
    const perHour =
      demand === null ? spread(streams, given) : estimated.map(({ vehiclesPerHour }) => vehiclesPerHour ?? 0);
    const cycle = cycleOf(configuration, parameters);
    const served = streamsByStage(cycle, streams);
    const saturation = Number(parameters.saturationFlowPerHourPerLane);
    const ratios = stageNeeds(
      served,
      perHour.map((flow, i) => flow / (saturation * streams[i]!.lanes)),
    );
    const recalled = demand === null ? ratios : recall(cycle, served, streams, observation, ratios);
    const startUpSeconds = Number(parameters.startUpSeconds);
    const result = webster(recalled, cycle, startUpSeconds);
    const y = Math.round(result.flowRatio * 1000) / 1000;
    const why =
      result.optimumSeconds === null
        ? `Y = ${y}: no cycle carries this demand; the longest, ${result.cycleSeconds} s`
        : `Y = ${y}, L = ${Math.round(10 * (cycle.lostSeconds + cycle.stages.length * startUpSeconds)) / 10} s: Webster's cycle ${Math.round(result.optimumSeconds * 10) / 10} s, within bounds and whole seconds ${result.cycleSeconds} s`;
    const inputs = {
      flowRatio: y,
      stageRatios: recalled.map((ratio) => Math.round(ratio * 1000) / 1000),
      vehiclesPerHour: perHour.map(Math.round),
      ...(demand === null
        ? {}
        : { deviationPerHour: estimated.map(({ deviationPerHour }) => Math.round(deviationPerHour)) }),
      measuredSeconds,
    };
    return { decision: planOf(cycle, result.greens, why, inputs), memory: next };
  },
};

/** A silent detector counts for the share of green that today's plan gives its stage. */
function recall(
  cycle: Cycle,
  served: readonly (readonly number[])[],
  streams: readonly Stream[],
  observation: Observation,
  ratios: readonly number[],
): number[] {
  const localCycle = cycle.stages.reduce(
    (sum, stage) => sum + (stage.localGreenSeconds ?? stage.minGreenSeconds),
    cycle.lostSeconds,
  );
  return ratios.map((ratio, k) => {
    const silent = served[k]!.some((i) => observation.countsSincePlan[streams[i]!.approach] === null);
    const stage = cycle.stages[k]!;
    return silent ? Math.max(ratio, (0.85 * (stage.localGreenSeconds ?? stage.minGreenSeconds)) / localCycle) : ratio;
  });
}
