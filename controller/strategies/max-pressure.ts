/**
 * Max pressure (Varaiya 2013): at fixed intervals the stage whose queues press most. Exits have no detectors, so what
 * waits downstream counts as 0: that is exact for a junction whose exits are free.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import { groundOf } from '../estimation/streams.ts';
import { type LaneTraffic, laneTraffic, observeVehicles, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { Observation, Parameters, ReportedVehicle, Strategy } from '../types.ts';
import {
  askFor,
  CHOICE_STAGES_PARAMETER,
  followed,
  followStage,
  HYPOTHESES_PARAMETER,
  type Running,
  type StageChoice,
  type StageFollowed,
  stageChoiceOf,
  tenths,
  whyNotHypotheses,
} from './stage-choice.ts';
import { STAGE_SET_PARAMETER, whyNotStageSet } from './stage-sets.ts';

interface PressureMemory {
  readonly stage: StageFollowed;
  /** null: all that are there tell by radio. */
  readonly vehicles: VehiclesMemory | null;
  readonly target: string | null;
  readonly decidedAtMs: number;
}

const FORMS = ['acyclic', 'cyclic', 'efficient', 'advanced'];
const RATES_SECONDS = 200;
const STANDS_METRES_PER_SECOND = 0.1;

export const maxPressure: Strategy = {
  name: 'max-pressure',
  description: 'At fixed intervals the stage whose waiting vehicles press most on the junction.',
  needs: ['stopline'],
  parameters: {
    stages: CHOICE_STAGES_PARAMETER,
    stageSet: STAGE_SET_PARAMETER,
    form: {
      default: 'acyclic',
      description:
        'acyclic: any stage, vehicles weighed by what their lanes discharge; cyclic: on to the next stage in order when another presses more; efficient: vehicles a lane; advanced: stays while those who drive towards the green outweigh the highest pressure',
    },
    intervalSeconds: {
      default: 20,
      min: 1,
      max: 120,
      description: 'Decides again after so long of a green, seconds',
    },
    countsChange: {
      default: false,
      description:
        'The interval begins with the decision, so that the change of stage is part of it; else with the green',
    },
    upstreamSeconds: {
      default: 9,
      min: 1,
      max: 120,
      description:
        'From the upstream detector, where there is one, to the stop line at free speed, seconds, until it was measured',
    },
    hypotheses: HYPOTHESES_PARAMETER,
    pedestrianRecallSeconds: {
      default: 90,
      min: 0,
      max: 900,
      description:
        'With stageSet=all, where a stage without walks may always press more: walkers who have waited so long, seconds, get a stage with their walk',
    },
  },
  check(configuration, parameters) {
    try {
      stageChoiceOf(configuration, parameters, 'all');
      if (!FORMS.includes(String(parameters.form))) return `form is ${parameters.form}; one of ${FORMS.join(', ')}`;
      return whyNotHypotheses(parameters) ?? whyNotStageSet(configuration, parameters);
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const choice = stageChoiceOf(configuration, parameters, 'all');
    const ground = groundOf(configuration);
    const before = memory as unknown as PressureMemory | null;
    const upstreamSeconds = Number(parameters.upstreamSeconds);
    const byRadio = observation.reportingShare === 1 ? (observation.vehicles ?? null) : null;
    const vehicles =
      byRadio === null
        ? observeVehicles(ground, before?.vehicles ?? null, observation, {
            upstreamSeconds,
            smoothingSeconds: RATES_SECONDS,
            hypotheses: Number(parameters.hypotheses),
          })
        : null;
    const running = followStage(choice, before?.stage ?? null, observation);
    const { nowMs } = observation;
    const keep = (target: string | null, decidedAtMs: number): PressureMemory => ({
      stage: followed(running),
      vehicles,
      target,
      decidedAtMs,
    });
    if (running.stageId === null)
      return { decision: null, memory: keep(null, nowMs) as unknown as Record<string, unknown> };
    const asked = before?.target == null ? -1 : (choice.indexOf.get(before.target) ?? -1);
    const decidedAtMs = before?.decidedAtMs ?? nowMs;
    if (running.index < 0 || !running.isGreen) {
      const to = asked >= 0 ? asked : Math.max(0, running.index);
      const sinceMs = parameters.countsChange === true ? decidedAtMs : nowMs;
      return askFor(choice, to, `On the way to ${choice.stages[to]!.id}`, {}, keep(choice.stages[to]!.id, sinceMs));
    }
    const own = choice.stages[running.index]!;
    const sinceSeconds = (nowMs - decidedAtMs) / 1000;
    const inGreen = parameters.countsChange === true ? sinceSeconds : Math.min(running.greenSeconds, sinceSeconds);
    const due = inGreen >= Number(parameters.intervalSeconds);
    const over = running.greenSeconds >= own.maxGreenSeconds;
    if (running.greenSeconds < own.minGreenSeconds || !(due || over)) {
      return askFor(choice, running.index, `${own.id} until the interval is over`, {}, keep(own.id, decidedAtMs));
    }
    const lanes = vehicles === null ? lanesByRadio(choice, byRadio ?? []) : laneTraffic(ground, vehicles);
    const pressures = choice.stages.map((_, k) =>
      byRadio === null
        ? pressureOf(choice, k, lanes, String(parameters.form))
        : pressureByRadio(choice, k, byRadio, String(parameters.form)),
    );
    const { index, reason } =
      overdueWalk(configuration, choice, running, pressures, parameters, observation) ??
      chooseByPressure(choice, running, pressures, lanes, String(parameters.form), over);
    const inputs = {
      pressure: Object.fromEntries(choice.stages.map(({ id }, k) => [id, tenths(pressures[k]!)])),
      queued: Object.fromEntries(choice.streams.map(({ id }, i) => [id, tenths(lanes[i]!.queued)])),
    };
    return askFor(choice, index, reason, inputs, keep(choice.stages[index]!.id, nowMs));
  },
};

/** Vehicles before a line. */
type Waiting = Pick<LaneTraffic, 'queued' | 'coming'>;

/** `sum c x` over what the stage serves, c in lanes, which all discharge alike; `efficient`: mean queues of lanes. */
function pressureOf(choice: StageChoice, stage: number, lanes: readonly Waiting[], form: string): number {
  return choice.streams.reduce((sum, stream, i) => {
    const { queued, coming } = lanes[i]!;
    const vehicles = form === 'advanced' ? queued : queued + coming;
    const serves = choice.stages[stage]!.serves[i]!;
    return sum + (form === 'efficient' ? serves * (vehicles / stream.lanes) : serves * vehicles * stream.lanes);
  }, 0);
}

/** The same where every vehicle tells where it is and what it wants: those whose group the stage has green. */
function pressureByRadio(
  choice: StageChoice,
  stage: number,
  vehicles: readonly ReportedVehicle[],
  form: string,
): number {
  const { serves, isGreen } = choice.stages[stage]!;
  let pressure = 0;
  choice.streams.forEach(({ id, groups, groupIds, lanes }, i) => {
    const own = vehicles.filter((vehicle) => vehicle.lane === id && (form !== 'advanced' || stands(vehicle)));
    const served = own.reduce((sum, { group }) => {
      const k = group === null ? -1 : groupIds.indexOf(group);
      return sum + (k < 0 ? serves[i]! : isGreen[groups[k]!] ? 1 : 0);
    }, 0);
    pressure += form === 'efficient' ? served / lanes : served * lanes;
  });
  return pressure;
}

const stands = ({ metresPerSecond }: ReportedVehicle): boolean => metresPerSecond <= STANDS_METRES_PER_SECOND;

function lanesByRadio(choice: StageChoice, vehicles: readonly ReportedVehicle[]): Waiting[] {
  return choice.streams.map(({ id }) => {
    const own = vehicles.filter(({ lane }) => lane === id);
    const queued = own.filter(stands).length;
    return { queued, coming: own.length - queued };
  });
}

/** With `stageSet=all`: of the stages with the walk that was red for longest, and too long, the one that presses most. */
function overdueWalk(
  { signalGroups }: JunctionConfiguration,
  choice: StageChoice,
  running: Running,
  pressures: readonly number[],
  { stageSet, pedestrianRecallSeconds }: Parameters,
  { nowMs, detectors }: Observation,
): { index: number; reason: string } | null {
  if (stageSet !== 'all') return null;
  let longest = Number(pedestrianRecallSeconds);
  let walk = -1;
  choice.pedestrianGroups.forEach((group, i) => {
    const seconds = (nowMs - running.walkersSinceMs[i]!) / 1000;
    if (seconds < longest || detectors[`${signalGroups[group]!.id}:button`]?.presence === false) return;
    longest = seconds;
    walk = group;
  });
  const served = choice.stages.flatMap(({ isGreen }, k) => (isGreen[walk] === true ? [k] : []));
  if (served.length === 0) return null;
  const index = served.reduce((most, k) => (pressures[k]! > pressures[most]! ? k : most));
  const reason = `${signalGroups[walk]!.id} is red for ${Math.round(longest)} s; ${choice.stages[index]!.id} presses most of those with it`;
  return { index, reason };
}

function chooseByPressure(
  choice: StageChoice,
  running: Running,
  pressures: readonly number[],
  lanes: readonly Waiting[],
  form: string,
  over: boolean,
): { index: number; reason: string } {
  const own = running.index;
  const name = (k: number): string => choice.stages[k]!.id;
  let most = over ? -1 : own;
  pressures.forEach((pressure, k) => {
    if (k !== own && (most < 0 || pressure > pressures[most]!)) most = k;
  });
  if (most < 0 || most === own) return { index: own, reason: `${name(own)} presses most` };
  if (form === 'cyclic') {
    const next = (own + 1) % choice.stages.length;
    return { index: next, reason: `${name(most)} presses more than ${name(own)}; ${name(next)} is next in order` };
  }
  if (form === 'advanced' && !over) {
    const driving = lanes.reduce((sum, { coming }, i) => sum + coming * choice.stages[own]!.serves[i]!, 0);
    if (driving > pressures[most]!)
      return {
        index: own,
        reason: `${tenths(driving)} vehicles drive towards ${name(own)}, more than ${name(most)} presses`,
      };
  }
  return { index: most, reason: `${name(most)} presses most` };
}
