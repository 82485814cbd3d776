/**
 * Greens in proportion to counted vehicles, done right: each stage gets the seconds that the vehicles of its most demanding
 * stream take, within the bounds of green; the cycle is what that and the intergreens add up to, within the bounds of cycle.
 */
import { groundOf, type Stream } from '../estimation/streams.ts';
import { observeTraffic, type StreamTraffic, type TrafficMemory, trafficOf } from '../estimation/traffic.ts';
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

export interface AtcsOptions {
  readonly minGreenSeconds: readonly number[];
  readonly maxGreenSeconds: readonly number[];
  /** Intergreens of the cycle. */
  readonly lostSeconds: number;
  readonly minCycleSeconds: number;
  readonly maxCycleSeconds: number;
}

/**
 * Greens of the stages and the cycle, seconds, from the seconds of green that each stage's vehicles need (vehicles times
 * headway, start-up included; any >= 0).
 *
 * Every green is within its bounds and the cycle, which is exactly greens and lost time, within its own; where needs do not
 * fit they are shared in proportion, where they leave slack it is too (equally where nobody needs anything). More need never
 * means less green; permuting stages permutes greens. Throws RangeError, saying why, where that cannot be.
 */
export function atcs(needSeconds: readonly number[], options: AtcsOptions): { greens: number[]; cycleSeconds: number } {
  const { minGreenSeconds, maxGreenSeconds, lostSeconds, minCycleSeconds, maxCycleSeconds } = options;
  const n = needSeconds.length;
  if (n === 0 || minGreenSeconds.length !== n || maxGreenSeconds.length !== n) {
    throw new RangeError(
      `${n} needs, ${minGreenSeconds.length} minima, ${maxGreenSeconds.length} maxima; one each a stage`,
    );
  }
  needSeconds.forEach((need, i) => {
    if (!(Number.isFinite(need) && need >= 0)) throw new RangeError(`need of stage ${i} is ${need}; a number >= 0`);
  });
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const most = Math.min(maxCycleSeconds - lostSeconds, sum(maxGreenSeconds));
  if (sum(minGreenSeconds) > most) {
    throw new RangeError(
      `least greens take ${sum(minGreenSeconds)} s; a cycle of ${maxCycleSeconds} s with ${lostSeconds} s between stages leaves ${most} s`,
    );
  }
  if (minCycleSeconds - lostSeconds > most) {
    throw new RangeError(
      `no greens within bounds make a cycle of ${minCycleSeconds} s; at most ${most + lostSeconds} s`,
    );
  }
  const needed = needSeconds.map((need, i) => Math.min(maxGreenSeconds[i]!, Math.max(minGreenSeconds[i]!, need)));
  // Whole seconds are dealt out above the minima.
  const least = sum(minGreenSeconds);
  const upTo = (seconds: number): number => least + Math.ceil(seconds - least - 1e-9);
  const target = Math.min(
    least + Math.floor(most - least + 1e-9),
    Math.max(upTo(sum(needed)), upTo(minCycleSeconds - lostSeconds)),
  );
  let greens = boundedSplit({
    demands: needSeconds,
    minSeconds: minGreenSeconds,
    maxSeconds: maxGreenSeconds,
    totalSeconds: target,
  });
  // Equals that cannot share evenly leave a little over; where that undercuts the shortest cycle they all get more.
  for (let more = target + 1; sum(greens) + lostSeconds < minCycleSeconds - 1e-9 && more <= most; more++) {
    greens = boundedSplit({
      demands: needSeconds,
      minSeconds: minGreenSeconds,
      maxSeconds: maxGreenSeconds,
      totalSeconds: more,
    });
  }
  for (let i = 0; sum(greens) + lostSeconds < minCycleSeconds - 1e-9 && i < n; i++) {
    // Nothing even fits between the bounds of the cycle: the first of the equals get it.
    greens[i] = Math.min(maxGreenSeconds[i]!, greens[i]! + minCycleSeconds - lostSeconds - sum(greens));
  }
  return { greens, cycleSeconds: sum(greens) + lostSeconds };
}

interface AtcsMemory {
  readonly decidedAtMs: number | null;
  readonly traffic: TrafficMemory;
}

/** Green asked for after one that left vehicles behind, where nobody sees how many: so many times the last. */
const LEFT_OVER_GROWTH = 1.3;

/**
 * Seconds of green that each stream needs in the coming cycle: those who stand before the line or will be there by the end
 * of their green. Without upstream detectors: as many as come in a cycle, and more than the last green if that left
 * somebody behind. `leadSeconds`: until the first stage starts; `greens`: as expected.
 */
function streamNeeds(
  cycle: Cycle,
  served: readonly (readonly number[])[],
  traffic: readonly StreamTraffic[],
  parameters: Parameters,
  greens: readonly number[],
  leadSeconds: number,
): number[] {
  const startUp = Number(parameters.startUpSeconds);
  const travel = Number(parameters.upstreamSeconds);
  const reserve = Number(parameters.reserve);
  const needs = traffic.map(() => 0);
  let startsIn = leadSeconds;
  const cycleSeconds = greens.reduce((sum, green) => sum + green, cycle.lostSeconds);
  cycle.stages.forEach((stage, k) => {
    for (const i of served[k]!) {
      const { present, perSecond, headwaySeconds, leftOver, greenSeconds } = traffic[i]!;
      let need = 0;
      if (present === null) {
        if (perSecond > 0) need = startUp + reserve * headwaySeconds * perSecond * cycleSeconds;
        if (leftOver) need = Math.max(need, LEFT_OVER_GROWTH * greenSeconds);
      } else {
        const vehicles = present + Math.max(0, startsIn - travel) * perSecond;
        if (vehicles > 0)
          need = startUp + (reserve * headwaySeconds * vehicles) / (1 - Math.min(0.9, headwaySeconds * perSecond));
      }
      needs[i] = Math.max(needs[i]!, need);
    }
    startsIn += greens[k]! + stage.transitionSeconds;
  });
  return needs;
}

export const atcsStrategy: Strategy = {
  name: 'atcs',
  description:
    'Greens in proportion to the vehicles counted before each stop line, as long as those need and no longer, every cycle anew.',
  needs: ['stopline'],
  parameters: {
    stages: STAGES_PARAMETER,
    ...BOUNDS_PARAMETERS,
    saturationFlowPerHourPerLane: {
      default: 1800,
      min: 300,
      max: 6000,
      description: 'Vehicles an hour that a lane discharges from a queue, until enough of them were measured',
    },
    startUpSeconds: { default: 2, min: 0, max: 10, description: 'Lost when a queue starts, seconds' },
    upstreamSeconds: {
      default: 8,
      min: 0,
      max: 120,
      description: 'From the upstream detector to the stop line, seconds',
    },
    smoothingSeconds: {
      default: 300,
      min: 10,
      max: 3600,
      description: 'Arrival rates are means over about so long, seconds',
    },
    reserve: { default: 1, min: 0.5, max: 2, description: 'Share of the seconds that the counted vehicles need' },
  },
  check(configuration, parameters) {
    try {
      cycleOf(configuration, parameters);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const ground = groundOf(configuration);
    const before = memory as unknown as AtcsMemory | null;
    const memorised = observeTraffic(ground, before?.traffic ?? null, observation, Number(parameters.smoothingSeconds));
    const keep = (decidedAtMs: number | null) =>
      ({ decidedAtMs, traffic: memorised }) as unknown as Record<string, unknown>;
    if (!isTimeToDecide(before?.decidedAtMs ?? null, observation)) {
      return { decision: null, memory: keep(before?.decidedAtMs ?? null) };
    }
    const cycle = cycleOf(configuration, parameters);
    const traffic = trafficOf(ground, memorised, {
      upstreamSeconds: Number(parameters.upstreamSeconds),
      saturationFlowPerHourPerLane: Number(parameters.saturationFlowPerHourPerLane),
    });
    const { greens, cycleSeconds, needs } = decideGreens(cycle, ground.streams, traffic, parameters, observation);
    const shown = needs.map(tenths);
    const parts = cycle.stages.map((stage, k) => `${stage.stageId} needs ${shown[k]} s, gets ${greens[k]} s`);
    return {
      decision: planOf(cycle, greens, `${parts.join('; ')}; cycle ${cycleSeconds} s`, {
        needSeconds: shown,
        streams: traffic.map(({ present, perSecond, headwaySeconds }, i) => ({
          detector: ground.streams[i]!.id,
          present: present === null ? null : tenths(present),
          perHour: Math.round(3600 * perSecond),
          headwaySeconds: tenths(headwaySeconds),
        })),
      }),
      memory: keep(observation.nowMs),
    };
  },
};

const tenths = (value: number): number => Math.round(value * 10) / 10;

function decideGreens(
  cycle: Cycle,
  streams: readonly Stream[],
  traffic: readonly StreamTraffic[],
  parameters: Parameters,
  observation: Observation,
): { greens: number[]; cycleSeconds: number; needs: number[] } {
  const served = streamsByStage(cycle, streams);
  const options = {
    minGreenSeconds: cycle.stages.map((stage) => stage.minGreenSeconds),
    maxGreenSeconds: cycle.stages.map((stage) => stage.maxGreenSeconds),
    lostSeconds: cycle.lostSeconds,
    minCycleSeconds: cycle.minCycleSeconds,
    maxCycleSeconds: cycle.maxCycleSeconds,
  };
  const silent = (i: number): boolean => observation.countsSincePlan[streams[i]!.approach] === null;
  const lead = Math.max(0, observation.lamps.cycleSecondsLeft ?? 0);
  let greens = options.minGreenSeconds;
  let needs: number[] = [];
  let cycleSeconds = 0;
  // Who comes during a cycle depends on how long it is: a few rounds settle it.
  for (let round = 0; round < 4; round++) {
    const heard = streamNeeds(cycle, served, traffic, parameters, greens, lead).map((need, i) =>
      silent(i) ? 0 : need,
    );
    needs = stageNeeds(served, heard).map((need, k) => {
      // A detector that says nothing gets its recall: the green of today's plan.
      const { localGreenSeconds, minGreenSeconds } = cycle.stages[k]!;
      return served[k]!.some(silent) ? Math.max(need, localGreenSeconds ?? minGreenSeconds) : need;
    });
    ({ greens, cycleSeconds } = atcs(needs, options));
  }
  return { greens: [...greens], cycleSeconds, needs };
}
