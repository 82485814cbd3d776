/** Looks ahead: each second the best plan of the next minute, on queues and arrivals as the detectors tell of them. */
import { groundOf } from '../estimation/streams.ts';
import { observeTraffic, type TrafficMemory, trafficOf } from '../estimation/traffic.ts';
import { laneTraffic, type LaneTraffic, observeVehicles, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Observation, Parameters, Strategy } from '../types.ts';
import { type SearchLane, type SearchResult, searchPlans } from './horizon-search.ts';
import {
  askFor,
  CHOICE_STAGES_PARAMETER,
  followed,
  followStage,
  type Running,
  type StageChoice,
  type StageFollowed,
  stageChoiceOf,
  tenths,
} from './stage-choice.ts';

/** A prediction that waits for its moment, and how those before it came out. */
interface Foreseen {
  readonly dueMs: number;
  /** Vehicles at the lines, as foreseen; -1: none is waiting. */
  readonly queued: number;
  readonly judged: number;
  /** Of those judged, fading: what came less what was foreseen, and the same without sign. */
  readonly meanError: number;
  readonly meanAbsoluteError: number;
}

interface HorizonMemory {
  readonly foreseen: Foreseen;
  readonly stage: StageFollowed;
  readonly traffic: TrafficMemory;
  readonly vehicles: VehiclesMemory;
  /** Stage asked for last, and when it was decided. */
  readonly target: string | null;
  readonly decidedAtMs: number;
}

/** A prediction is of the moment so far ahead, seconds, and is dropped when nothing was heard then. */
const FORESEEN_SECONDS = 10;
const FORESEEN_LATE_MS = 2000;
const FORESEEN_GAIN = 0.02;
const NOTHING_FORESEEN: Foreseen = { dueMs: 0, queued: -1, judged: 0, meanError: 0, meanAbsoluteError: 0 };
/** A head that has not moved for two headways and the start of a queue wants a link that is red, seconds of green. */
const STUCK_SECONDS = 6;
/** Walkers start together. */
const WALKERS_PER_SECOND = 10;
const number = (parameters: Parameters, name: string): number => Number(parameters[name]);

export const horizon: Strategy = {
  name: 'horizon',
  description:
    'Each second the plan with the least delay over the next minute and what it leaves behind, found by a search on queues and arrivals estimated from the detectors.',
  needs: ['stopline', 'upstream'],
  parameters: {
    stages: CHOICE_STAGES_PARAMETER,
    horizonSeconds: { default: 60, min: 10, max: 120, description: 'Looks so far ahead, seconds' },
    rolloutSeconds: {
      default: 60,
      min: 0,
      max: 300,
      description: 'Judges what a plan leaves behind over so long after that, seconds',
    },
    replanSeconds: { default: 1, min: 1, max: 10, description: 'Thinks again after so long, seconds' },
    upstreamSeconds: {
      default: 9,
      min: 1,
      max: 120,
      description: 'From the upstream detector to the stop line at free speed, seconds, until it was measured',
    },
    saturationFlowPerHourPerLane: {
      default: 1800,
      min: 300,
      max: 6000,
      description: 'Vehicles an hour that a lane discharges from a queue, until enough of them were measured',
    },
    startUpSeconds: { default: 1, min: 0, max: 10, description: 'Lost when a queue starts, seconds' },
    amberSeconds: { default: 2, min: 0, max: 5, description: 'Of the yellow, used like green, seconds' },
    smoothingSeconds: {
      default: 200,
      min: 10,
      max: 3600,
      description: 'Arrival rates are means over about so long, seconds',
    },
    unseenWeight: {
      default: 0.7,
      min: 0,
      max: 1,
      description: 'What a vehicle that nobody has seen yet weighs beside one that was seen',
    },
    stopCost: { default: 2.5, min: 0, max: 60, description: 'A stop costs as much as so many seconds of delay' },
    changeCost: { default: 4, min: 0, max: 100, description: 'A change of stage costs as many vehicle-seconds' },
    fairness: {
      default: 2,
      min: 0,
      max: 20,
      description: 'So many times the weight of a new vehicle is added for each 100 s that one has waited',
    },
    pedestriansPerHour: {
      default: 60,
      min: 0,
      max: 10_000,
      description: 'Walkers an hour at each crossing whom nobody counts',
    },
    beamWidth: { default: 4, min: 1, max: 64, description: 'Plans kept for each moment ahead' },
    work: {
      default: 150_000,
      min: 1000,
      max: 10_000_000,
      description: 'Lane-seconds of model that a decision may take; when they are used up it looks less far',
    },
  },
  check(configuration, parameters) {
    try {
      stageChoiceOf(configuration, parameters, 'all');
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const choice = stageChoiceOf(configuration, parameters, 'all');
    const ground = groundOf(configuration);
    const before = memory as unknown as HorizonMemory | null;
    const upstreamSeconds = number(parameters, 'upstreamSeconds');
    const smoothingSeconds = number(parameters, 'smoothingSeconds');
    const traffic = observeTraffic(ground, before?.traffic ?? null, observation, smoothingSeconds);
    const vehicles = observeVehicles(ground, before?.vehicles ?? null, observation, {
      upstreamSeconds,
      smoothingSeconds,
    });
    const running = followStage(choice, before?.stage ?? null, observation);
    const lanes = laneTraffic(ground, vehicles);
    const { nowMs } = observation;
    const judged = judge(before?.foreseen ?? NOTHING_FORESEEN, lanes, nowMs);
    const keep = (target: string | null, decidedAtMs: number, foreseen: Foreseen = judged): HorizonMemory => ({
      foreseen,
      stage: followed(running),
      traffic,
      vehicles,
      target,
      decidedAtMs,
    });
    if (running.stageId === null) {
      return { decision: null, memory: keep(null, nowMs) as unknown as Record<string, unknown> };
    }
    const asked = before?.target == null ? -1 : (choice.indexOf.get(before.target) ?? -1);
    const again = (index: number, reason: string) =>
      askFor(choice, index, reason, {}, keep(choice.stages[index]!.id, before?.decidedAtMs ?? nowMs));
    if (running.index < 0) return again(Math.max(0, asked), 'The running stage is none of those it may choose');
    const own = choice.stages[running.index]!;
    if (!running.isGreen) {
      const to = asked >= 0 ? asked : running.index;
      return again(to, `On the way to ${choice.stages[to]!.id}`);
    }
    if (running.greenSeconds < own.minGreenSeconds) return again(running.index, `Shortest green of ${own.id}`);
    const sinceSeconds = before === null ? Number.POSITIVE_INFINITY : (nowMs - before.decidedAtMs) / 1000;
    if (asked === running.index && sinceSeconds < number(parameters, 'replanSeconds')) {
      return again(running.index, `${own.id} as planned`);
    }
    const found = searchPlans({
      lanes: [
        ...searchLanes(configuration, lanes, traffic, vehicles, parameters),
        ...walkers(choice, running, parameters, observation),
      ],
      stages: choice.stages.map(({ minGreenSeconds, maxGreenSeconds, isGreen }, stage) => ({
        minGreenSeconds,
        maxGreenSeconds,
        serves: [
          ...servesNow(choice, stage, vehicles),
          ...choice.pedestrianGroups.map((group) => (isGreen[group] ? 1 : 0)),
        ],
      })),
      betweenSeconds: choice.betweenSeconds,
      stage: running.index,
      greenSeconds: running.greenSeconds,
      horizonSeconds: number(parameters, 'horizonSeconds'),
      rolloutSeconds: number(parameters, 'rolloutSeconds'),
      startUpSeconds: number(parameters, 'startUpSeconds'),
      amberSeconds: number(parameters, 'amberSeconds'),
      beamWidth: number(parameters, 'beamWidth'),
      stopCost: number(parameters, 'stopCost'),
      changeCost: number(parameters, 'changeCost'),
      fairness: number(parameters, 'fairness'),
      foreseenSeconds: FORESEEN_SECONDS,
      work: number(parameters, 'work'),
    });
    const { id } = choice.stages[found.stage]!;
    const reason = reasonOf(choice, found, running.index);
    const next = foresee(judged, found, lanes.length, nowMs);
    return askFor(choice, found.stage, reason, inputsOf(choice, found, lanes, next), keep(id, nowMs, next));
  },
};

/**
 * The share of each lane's discharge that a stage lets go. Where a lane's groups are not green together its head may want
 * one that is red, and blocks it: where that was seen, stages with no other of its groups let nobody go, and if some stage
 * opens the whole lane only that one does.
 */
function servesNow(choice: StageChoice, stage: number, { lines }: VehiclesMemory): number[] {
  const own = choice.stages[stage]!;
  return choice.streams.map(({ groups }, i) => {
    const { stuckSeconds, stuckGroups } = lines[i]!;
    const share = own.serves[i]!;
    if (share === 1 || share === 0 || stuckSeconds < STUCK_SECONDS) return share;
    const wholly = choice.stages.some(({ serves }) => serves[i] === 1);
    const others = groups.some((group) => own.isGreen[group] && !stuckGroups.includes(group));
    return wholly || !others ? 0 : share;
  });
}

function searchLanes(
  configuration: JunctionConfiguration,
  lanes: readonly LaneTraffic[],
  traffic: TrafficMemory,
  vehicles: VehiclesMemory,
  parameters: Parameters,
): SearchLane[] {
  const horizonSeconds = number(parameters, 'horizonSeconds');
  const upstreamSeconds = number(parameters, 'upstreamSeconds');
  const startUpSeconds = number(parameters, 'startUpSeconds');
  const unseen = number(parameters, 'unseenWeight');
  const measured = trafficOf(groundOf(configuration), traffic, {
    upstreamSeconds,
    saturationFlowPerHourPerLane: number(parameters, 'saturationFlowPerHourPerLane'),
  });
  return lanes.map((lane, i): SearchLane => {
    const arrivals = new Float64Array(horizonSeconds);
    let waitedSeconds = 0;
    let last = vehicles.sections[groundOf(configuration).streams[i]!.section]!.travelSeconds;
    for (const { inSeconds, mass } of lane.arrivals) {
      if (inSeconds <= 0) waitedSeconds -= inSeconds * mass;
      else if (inSeconds < horizonSeconds) {
        arrivals[Math.floor(inSeconds)]! += mass;
        last = Math.max(last, inSeconds);
      }
    }
    for (let k = Math.ceil(last); k < horizonSeconds; k++) arrivals[k]! += unseen * lane.perSecond;
    const { greenSeconds } = vehicles.lines[i]!;
    return {
      queued: lane.queued,
      waitedSeconds,
      arrivals,
      rate: unseen * lane.perSecond,
      perSecond: 1 / measured[i]!.headwaySeconds,
      startsInSeconds: greenSeconds > 0 && lane.queued > 0 ? Math.max(0, startUpSeconds - greenSeconds) : 0,
      weight: 1,
    };
  });
}

/** Compares a prediction whose moment has come with what the detectors tell then. */
function judge(before: Foreseen, lanes: readonly LaneTraffic[], nowMs: number): Foreseen {
  if (before.queued < 0 || nowMs < before.dueMs) return before;
  if (nowMs > before.dueMs + FORESEEN_LATE_MS) return { ...before, queued: -1 };
  const error = lanes.reduce((sum, { queued }) => sum + queued, 0) - before.queued;
  const judged = before.judged + 1;
  const gain = Math.max(1 / judged, FORESEEN_GAIN);
  return {
    dueMs: nowMs,
    queued: -1,
    judged,
    meanError: before.meanError + (error - before.meanError) * gain,
    meanAbsoluteError: before.meanAbsoluteError + (Math.abs(error) - before.meanAbsoluteError) * gain,
  };
}

/** Keeps what the plan foresees, where no prediction is waiting. */
function foresee(judged: Foreseen, { foreseen }: SearchResult, lanes: number, nowMs: number): Foreseen {
  if (judged.queued >= 0 || foreseen === null) return judged;
  const queued = foreseen.queued.slice(0, lanes).reduce((sum, waiting) => sum + waiting, 0);
  return { ...judged, dueMs: nowMs + 1000 * foreseen.inSeconds, queued };
}

/** Those who want to walk: nobody counts them, they come as assumed, and go when their light is green. */
function walkers(choice: StageChoice, running: Running, parameters: Parameters, { nowMs }: Observation): SearchLane[] {
  const horizonSeconds = number(parameters, 'horizonSeconds');
  const perSecond = number(parameters, 'pedestriansPerHour') / 3600;
  return choice.pedestrianGroups.map((_, i): SearchLane => {
    const waits = (nowMs - running.walkersSinceMs[i]!) / 1000;
    return {
      queued: waits * perSecond,
      waitedSeconds: (waits * waits * perSecond) / 2,
      arrivals: new Float64Array(horizonSeconds).fill(perSecond),
      rate: perSecond,
      perSecond: WALKERS_PER_SECOND,
      startsInSeconds: 0,
      weight: 1,
    };
  });
}

function reasonOf(choice: StageChoice, { stage, options, plan }: SearchResult, running: number): string {
  const name = (index: number): string => choice.stages[index]!.id;
  const chosen = options[stage];
  let other = -1;
  options.forEach((option, index) => {
    if (index !== stage && option !== null && (other < 0 || option.cost < options[other]!.cost)) other = index;
  });
  const verb = stage === running ? 'stay in' : 'go to';
  const against =
    other < 0 || chosen == null
      ? 'nothing else is worth it'
      : `${Math.round(options[other]!.delaySeconds)} s if ${other === running ? 'staying in' : 'going to'} ${name(other)}`;
  const next = plan.find((step) => step.stage !== running);
  const then = stage === running && next !== undefined ? `, ${name(next.stage)} in ${next.inSeconds} s` : '';
  const delay = chosen == null ? '' : `: ${Math.round(chosen.delaySeconds)} vehicle-seconds of delay ahead, ${against}`;
  return `${verb} ${name(stage)}${then}${delay}`;
}

function inputsOf(
  choice: StageChoice,
  found: SearchResult,
  lanes: readonly LaneTraffic[],
  { judged, meanError, meanAbsoluteError }: Foreseen,
): Record<string, unknown> {
  return {
    queued: Object.fromEntries(choice.streams.map(({ id }, i) => [id, tenths(lanes[i]!.queued)])),
    coming: Object.fromEntries(choice.streams.map(({ id }, i) => [id, tenths(lanes[i]!.coming)])),
    predictedDelaySeconds: Object.fromEntries(
      choice.stages.flatMap(({ id }, i) => {
        const option = found.options[i];
        return option == null ? [] : [[id, tenths(option.delaySeconds)]];
      }),
    ),
    plan: found.plan.map(({ stage, inSeconds }) => `${choice.stages[stage]!.id}@${inSeconds}`).join(' '),
    lookedSeconds: found.lookedSeconds,
    work: found.work,
    foreseenQueueError: judged === 0 ? null : { judged, mean: tenths(meanError), absolute: tenths(meanAbsoluteError) },
  };
}
