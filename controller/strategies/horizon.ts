/**
 * Looks ahead: each second the best plan of the next minute for the vehicles that radios and detectors tell of, those that
 * can be inferred, and those that are to be expected.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import { observeReported, type ReportedMemory } from '../estimation/reported.ts';
import { type Ground, groundOf } from '../estimation/streams.ts';
import { observeTraffic, saturationFlows, type TrafficMemory, trafficOf } from '../estimation/traffic.ts';
import { laneTraffic, observeVehicles, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { JudgedPrediction, Observation, Parameters, Strategy, StrategyAnswer } from '../types.ts';
import { type BeamResult, type Departure, searchBeam } from './horizon-beam.ts';
import { modelLanes, takenInside } from './horizon-lanes.ts';
import { comingTo, type Fed, holdBack, observeFed, outlookOf, outOfSight, type Sight } from './horizon-neighbours.ts';
import { laneWeights, lateSeconds, observeWaits, type Waits } from './horizon-waits.ts';
import { Model, type ModelLane, type ModelStage, type View } from './horizon-model.ts';
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
import { STAGE_SET_PARAMETER, whyNotStageSet } from './stage-sets.ts';

/** A prediction that waits for its moment, and how those before it came out. */
interface Foreseen {
  readonly madeMs: number;
  readonly dueMs: number;
  /** Vehicles that will have left by then, since it was made; -1: none is waiting. */
  readonly gone: number;
  /** Vehicles counted over the lines since it was made. */
  readonly counted: number;
  readonly judged: number;
  /** Of those judged, fading: counted less foreseen, and the same without sign. */
  readonly meanError: number;
  readonly meanAbsoluteError: number;
}

interface HorizonMemory {
  readonly foreseen: Foreseen;
  readonly stage: StageFollowed;
  /** null where it is not needed: no headways are measured, every vehicle reports. */
  readonly byDetectors: { readonly traffic: TrafficMemory | null; readonly vehicles: VehiclesMemory | null };
  /** null: no radio has been heard. */
  readonly reported: ReportedMemory | null;
  /** By group: since when it is green, ms; 0: it is not. */
  readonly greenSinceMs: readonly number[];
  /** By stream: cumulative count last read at its line; -1: none yet. */
  readonly counts: readonly number[];
  /** By stream: when somebody last left, ms; 0: not yet. */
  readonly lastLeftMs: readonly number[];
  readonly waits: Waits;
  readonly fed: Fed;
  /** Stage asked for last, and when it was decided. */
  readonly target: string | null;
  readonly decidedAtMs: number;
}

/** A prediction is of the moment so far ahead, seconds, and is dropped when nothing was heard then. */
const FORESEEN_SECONDS = 10;
const FORESEEN_LATE_MS = 2000;
const FORESEEN_GAIN = 0.02;
/** Raised whenever departures are foreseen in another way. */
const FORESEEN_VERSION = '2';
const NOTHING_FORESEEN: Foreseen = {
  madeMs: 0,
  dueMs: 0,
  gone: -1,
  counted: 0,
  judged: 0,
  meanError: 0,
  meanAbsoluteError: 0,
};
/** Walkers start together, and come so often in the model, seconds. */
const WALKER_HEADWAY_SECONDS = 0.1;
const WALKERS_EVERY_SECONDS = 10;
/** Nobody has left for long. */
const LONG_AGO_SECONDS = 1000;
const number = (parameters: Parameters, name: string): number => Number(parameters[name]);

export const horizon: Strategy = {
  name: 'horizon',
  description:
    'Each second the plan with the least delay over the next minute and what it leaves behind, found by a search on single vehicles as radios and detectors tell of them.',
  needs: ['stopline', 'upstream'],
  parameters: {
    stages: CHOICE_STAGES_PARAMETER,
    stageSet: STAGE_SET_PARAMETER,
    horizonSeconds: { default: 50, min: 10, max: 120, description: 'Looks so far ahead, seconds' },
    stepSeconds: { default: 2, min: 1, max: 10, description: 'A plan may change stage so often, seconds' },
    replanSeconds: { default: 1, min: 1, max: 10, description: 'Thinks again after so long, seconds' },
    actionSeconds: {
      default: 0,
      min: 0,
      max: 60,
      description:
        'Where others decide only so often, so does it: a stage, with the change to it, lasts so many seconds or a multiple; 0: it thinks again each replanSeconds',
    },
    radioMetres: { default: 200, min: 20, max: 1000, description: 'Range in which vehicles report by radio, metres' },
    upstreamSeconds: {
      default: 9,
      min: 1,
      max: 120,
      description: 'From the upstream detector to the stop line at free speed, seconds, until it was measured',
    },
    saturationFlowPerHourPerLane: {
      default: 1900,
      min: 300,
      max: 6000,
      description: 'Vehicles an hour that a lane discharges from a queue',
    },
    startUpSeconds: { default: 2, min: 0, max: 10, description: 'A queue starts so long after its green, seconds' },
    gapSeconds: {
      default: 3.5,
      min: 0,
      max: 20,
      description: 'A permitted turn goes where nobody comes for so long, seconds',
    },
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
    laneFairness: {
      default: 4,
      min: 0,
      max: 20,
      description:
        'So many times the weight of a new vehicle is added from the start where vehicles of its lane wait 100 s longer than the mean and 10 s; half its weight at most',
    },
    lateFactor: {
      default: 2.6,
      min: 0,
      max: 20,
      description: 'Who has waited so many times as long as vehicles do here in the mean, and 40 s, is late',
    },
    lateWeight: {
      default: 3,
      min: 0,
      max: 100,
      description:
        'So many times the weight of a new vehicle is added for each second that one is late, those of the plan included: the longest waits become shorter, and beyond 3 the mean delay longer',
    },
    coordinates: {
      default: true,
      description: 'Goes by what the neighbours foresee: who comes from them, and where the road behind is full',
    },
    learnsHeadways: {
      default: false,
      description: 'Measures what each lane discharges in place of saturationFlowPerHourPerLane',
    },
    pedestriansPerHour: {
      default: 60,
      min: 0,
      max: 10_000,
      description: 'Walkers an hour at each crossing whom nobody counts',
    },
    beamWidth: { default: 8, min: 1, max: 64, description: 'Plans kept for each moment ahead' },
    work: {
      default: 150_000,
      min: 100,
      max: 10_000_000,
      description: 'Lane-steps of model that a decision may take; when they are used up it looks less far',
    },
  },
  check(configuration, parameters) {
    try {
      stageChoiceOf(configuration, parameters, 'all');
      return whyNotStageSet(configuration, parameters);
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, heard) {
    const { neighbours, ...alone } = heard;
    const observation: Observation = parameters.coordinates === true ? heard : alone;
    const choice = stageChoiceOf(configuration, parameters, 'all');
    const before = memory as unknown as HorizonMemory | null;
    const { nowMs } = observation;
    const known = observe(configuration, parameters, before, observation);
    const running = followStage(choice, before?.stage ?? null, observation);
    const judged = judge(before?.foreseen ?? NOTHING_FORESEEN, known.left, nowMs);
    const keep = (target: string | null, decidedAtMs: number, foreseen: Foreseen = judged): HorizonMemory => ({
      foreseen,
      stage: followed(running),
      ...known.memory,
      target,
      decidedAtMs,
    });
    if (running.stageId === null) {
      return { decision: null, memory: keep(null, nowMs) as unknown as Record<string, unknown> };
    }
    const asked = before?.target == null ? -1 : (choice.indexOf.get(before.target) ?? -1);
    const predictions = outcomeOf(before?.foreseen ?? NOTHING_FORESEEN, known.left, judged);
    const tell = (answer: StrategyAnswer, departures: readonly Departure[] | null): StrategyAnswer =>
      withOutlook(answer, departures, configuration, parameters, known, observation);
    const again = (index: number, reason: string) => {
      const memory = keep(choice.stages[index]!.id, before?.decidedAtMs ?? nowMs);
      return tell(askFor(choice, index, reason, predictions, memory), null);
    };
    if (running.index < 0) return again(Math.max(0, asked), 'The running stage is none of those it may choose');
    const own = choice.stages[running.index]!;
    if (!running.isGreen) {
      const to = asked >= 0 ? asked : running.index;
      return again(to, `On the way to ${choice.stages[to]!.id}`);
    }
    if (running.greenSeconds < own.minGreenSeconds) return again(running.index, `Shortest green of ${own.id}`);
    const sinceSeconds = before === null ? Number.POSITIVE_INFINITY : (nowMs - before.decidedAtMs) / 1000;
    const everySeconds = number(parameters, 'actionSeconds') || number(parameters, 'replanSeconds');
    if (asked === running.index && sinceSeconds < everySeconds) {
      return again(running.index, `${own.id} as planned`);
    }
    const { found, lanes } = search(configuration, parameters, choice, running, known.memory, observation);
    const { id } = choice.stages[found.stage]!;
    const reason = reasonOf(choice, found, running.index);
    const next = foresee(judged, found, choice.streams.length, nowMs);
    const inputs = {
      ...inputsOf(choice, found, lanes, next),
      ...saturationOf(configuration, parameters, known.memory.byDetectors.traffic),
      ...predictions,
    };
    return tell(askFor(choice, found.stage, reason, inputs, keep(id, nowMs, next)), found.departures);
  },
};

type Known = Pick<
  HorizonMemory,
  'byDetectors' | 'reported' | 'waits' | 'fed' | 'greenSinceMs' | 'counts' | 'lastLeftMs'
>;

interface Seen {
  readonly memory: Known;
  /** Vehicles that were counted over the lines, and by stream. */
  readonly left: number;
  readonly passed: readonly number[];
}

/** Takes in a frame. */
function observe(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  before: HorizonMemory | null,
  observation: Observation,
): Seen {
  const ground = groundOf(configuration);
  const { nowMs, lamps } = observation;
  const hears = observation.vehicles !== undefined;
  const reported = hears ? observeReported(ground, before?.reported ?? null, observation) : null;
  const byDetectors = observeDetectors(ground, parameters, before, observation);
  const greenSinceMs = configuration.signalGroups.map(({ id }, g) => {
    if (lamps.byGroup[id] !== 'green') return 0;
    const since = before?.greenSinceMs[g] ?? 0;
    return since > 0 ? Math.min(since, nowMs) : nowMs;
  });
  const counts = ground.streams.map(({ id }, i) => observation.detectors[id]?.count ?? before?.counts[i] ?? -1);
  const passed = counts.map((count, i) => {
    const was = before?.counts[i] ?? -1;
    return was >= 0 && count > was ? count - was : 0;
  });
  const lastLeftMs = passed.map((count, i) => (count > 0 ? nowMs : (before?.lastLeftMs[i] ?? 0)));
  const left = passed.reduce((sum, count) => sum + count, 0);
  const waits = observeWaits(ground, before?.waits ?? null, byDetectors.vehicles, reported, passed, observation);
  const fed = observeFed(configuration, before?.fed ?? null, observation);
  return { memory: { byDetectors, reported, waits, fed, greenSinceMs, counts, lastLeftMs }, left, passed };
}

function sightOf({ reported }: Known, parameters: Parameters, { reportingShare }: Observation): Sight {
  return { reported: reportingShare === 1 ? reported : null, radioMetres: number(parameters, 'radioMetres') };
}

function withOutlook(
  answer: StrategyAnswer,
  departures: readonly Departure[] | null,
  configuration: JunctionConfiguration,
  parameters: Parameters,
  { memory, passed }: Seen,
  observation: Observation,
): StrategyAnswer {
  if (observation.neighbours === undefined) return answer;
  const ground = groundOf(configuration);
  const { vehicles } = memory.byDetectors;
  const traffic = vehicles === null ? null : laneTraffic(ground, vehicles);
  const sight = sightOf(memory, parameters, observation);
  const outlook = outlookOf(configuration, ground, { passed, departures, traffic }, observation, sight);
  return { ...answer, outlook };
}

function observeDetectors(
  ground: Ground,
  parameters: Parameters,
  before: HorizonMemory | null,
  observation: Observation,
): HorizonMemory['byDetectors'] {
  const upstreamSeconds = number(parameters, 'upstreamSeconds');
  const smoothingSeconds = number(parameters, 'smoothingSeconds');
  const { traffic = null, vehicles = null } = before?.byDetectors ?? {};
  // Where everybody reports, detectors add nothing but who has left, and how fast.
  const allReport = observation.vehicles !== undefined && observation.reportingShare === 1;
  return {
    traffic:
      allReport && !parameters.learnsHeadways ? null : observeTraffic(ground, traffic, observation, smoothingSeconds),
    vehicles: allReport ? null : observeVehicles(ground, vehicles, observation, { upstreamSeconds, smoothingSeconds }),
  };
}

interface Prepared {
  readonly stages: readonly ModelStage[];
  readonly yields: readonly (readonly number[])[];
  readonly views: (View | undefined)[];
}

const prepared = new WeakMap<StageChoice, Prepared>();

/** What does not change from second to second. */
function prepare(choice: StageChoice, configuration: JunctionConfiguration): Prepared {
  let own = prepared.get(choice);
  if (own === undefined) {
    own = {
      stages: choice.stages.map(({ minGreenSeconds, maxGreenSeconds, isGreen }) => ({
        minGreenSeconds,
        maxGreenSeconds,
        green: Uint8Array.from(isGreen, (lit) => (lit ? 1 : 0)),
      })),
      yields: configuration.signalGroups.map((_, g) =>
        (configuration.yields?.[g] ?? []).flatMap((gives, other) => (gives ? [other] : [])),
      ),
      views: [],
    };
    prepared.set(choice, own);
  }
  return own;
}

/** Stages that last, with the change to them, for a whole action. */
function inActions(stages: readonly ModelStage[], { betweenSeconds }: StageChoice, seconds: number): ModelStage[] {
  return stages.map((stage, to) => {
    const shortest = betweenSeconds.reduce(
      (least, row, from) => (from === to ? least : Math.min(least, row[to]!)),
      seconds,
    );
    return { ...stage, minGreenSeconds: Math.max(stage.minGreenSeconds, seconds - shortest) };
  });
}

function search(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  choice: StageChoice,
  running: Running,
  known: Known,
  observation: Observation,
): { found: BeamResult; lanes: readonly ModelLane[] } {
  const { byDetectors, reported, waits, fed, greenSinceMs, lastLeftMs } = known;
  const ground = groundOf(configuration);
  const { nowMs, neighbours } = observation;
  const horizonSeconds = number(parameters, 'horizonSeconds');
  const startUpSeconds = number(parameters, 'startUpSeconds');
  const saturationFlowPerHourPerLane = number(parameters, 'saturationFlowPerHourPerLane');
  const given = ground.streams.map((stream) => 3600 / (saturationFlowPerHourPerLane * stream.lanes));
  const upstreamSeconds = number(parameters, 'upstreamSeconds');
  const measured =
    byDetectors.traffic === null
      ? null
      : trafficOf(ground, byDetectors.traffic, { upstreamSeconds, saturationFlowPerHourPerLane });
  const traffic = byDetectors.vehicles === null ? null : laneTraffic(ground, byDetectors.vehicles);
  const perSecond = ground.streams.map((_, i) => (traffic ?? [])[i]?.perSecond ?? reported?.perSecond[i] ?? 0);
  const unseen = outOfSight(configuration, ground, observation, sightOf(known, parameters, observation));
  const lanes = modelLanes(
    {
      configuration,
      choice,
      observation,
      vehicles: byDetectors.vehicles,
      traffic,
      reported,
      headways: parameters.learnsHeadways && measured !== null ? measured.map((one) => one.followSeconds) : given,
      yieldHeadways: measured === null ? given : measured.map(({ yieldSeconds }) => yieldSeconds),
      lastSeconds: lastLeftMs.map((ms) => (ms === 0 ? -LONG_AGO_SECONDS : (ms - nowMs) / 1000)),
      ...comingTo(configuration, ground, fed, perSecond, unseen, observation),
    },
    {
      horizonSeconds,
      radioMetres: number(parameters, 'radioMetres'),
      unseenWeight: number(parameters, 'unseenWeight'),
      stopCost: number(parameters, 'stopCost'),
      fairness: number(parameters, 'fairness'),
      laneWeights: laneWeights(waits, number(parameters, 'laneFairness')),
      lateSeconds: lateSeconds(waits, number(parameters, 'lateFactor')),
      lateWeight: number(parameters, 'lateWeight'),
    },
  );
  holdBack(lanes, configuration, observation, horizonSeconds);
  const { stages: usual, yields, views } = prepare(choice, configuration);
  const actionSeconds = number(parameters, 'actionSeconds');
  const stages = actionSeconds > 0 ? inActions(usual, choice, actionSeconds) : usual;
  const times = { startUpSeconds, gapSeconds: number(parameters, 'gapSeconds') };
  const all = [...lanes, ...walkers(choice, running, parameters, observation)];
  const model = new Model(all, stages, configuration.signalGroups.length, yields, times, views);
  const open = Float64Array.from(greenSinceMs, (ms) => (ms === 0 ? Number.POSITIVE_INFINITY : (ms - nowMs) / 1000));
  const found = searchBeam({
    model,
    betweenSeconds: choice.betweenSeconds,
    stage: running.index,
    // when an action is over it may change, whatever a late lamp made of its green
    greenSeconds:
      actionSeconds > 0 ? Math.max(running.greenSeconds, stages[running.index]!.minGreenSeconds) : running.greenSeconds,
    open,
    takenInside: takenInside(
      lanes,
      ground,
      model.view(running.index, running.index).permitted,
      open,
      startUpSeconds,
      observation,
    ),
    horizonSeconds,
    stepSeconds: actionSeconds || number(parameters, 'stepSeconds'),
    beamWidth: number(parameters, 'beamWidth'),
    startUpSeconds,
    changeCost: number(parameters, 'changeCost'),
    foreseenSeconds: FORESEEN_SECONDS,
    tellsDepartures: neighbours !== undefined,
    work: number(parameters, 'work'),
  });
  return { found, lanes };
}

/** Compares a prediction whose moment has come with what the detectors counted. */
function judge(before: Foreseen, left: number, nowMs: number): Foreseen {
  if (before.gone < 0) return before;
  const counted = before.counted + left;
  if (nowMs < before.dueMs) return { ...before, counted };
  if (nowMs > before.dueMs + FORESEEN_LATE_MS) return { ...before, gone: -1 };
  const error = counted - before.gone;
  const judged = before.judged + 1;
  const gain = Math.max(1 / judged, FORESEEN_GAIN);
  return {
    madeMs: before.madeMs,
    dueMs: nowMs,
    gone: -1,
    counted: 0,
    judged,
    meanError: before.meanError + (error - before.meanError) * gain,
    meanAbsoluteError: before.meanAbsoluteError + (Math.abs(error) - before.meanAbsoluteError) * gain,
  };
}

/** The prediction that was judged just now, as decisions carry it; nothing where none was. */
function outcomeOf(before: Foreseen, left: number, judged: Foreseen): { predictions?: readonly JudgedPrediction[] } {
  if (judged.judged === before.judged) return {};
  return {
    predictions: [
      {
        quantity: 'departures',
        version: FORESEEN_VERSION,
        predictedAtMs: before.madeMs,
        targetAtMs: judged.dueMs,
        predicted: before.gone,
        actual: before.counted + left,
      },
    ],
  };
}

/** Keeps what the plan foresees, where no prediction is waiting. */
function foresee(judged: Foreseen, { foreseen }: BeamResult, lanes: number, nowMs: number): Foreseen {
  if (judged.gone >= 0 || foreseen === null) return judged;
  const gone = tenths(foreseen.gone.slice(0, lanes).reduce((sum, vehicles) => sum + vehicles, 0));
  return { ...judged, madeMs: nowMs, dueMs: nowMs + 1000 * foreseen.inSeconds, gone, counted: 0 };
}

/** Those who want to walk: nobody counts them, they come as assumed, and go when their light is green. */
function walkers(choice: StageChoice, running: Running, parameters: Parameters, { nowMs }: Observation): ModelLane[] {
  const horizonSeconds = number(parameters, 'horizonSeconds');
  const fairness = number(parameters, 'fairness');
  const perSecond = number(parameters, 'pedestriansPerHour') / 3600;
  return choice.pedestrianGroups.map((group, i): ModelLane => {
    const waits = Math.max(0, nowMs - running.walkersSinceMs[i]!) / 1000;
    const free: number[] = [0];
    const weight: number[] = [waits * perSecond * (1 + (fairness * waits) / 200)];
    for (let at = WALKERS_EVERY_SECONDS / 2; at < horizonSeconds; at += WALKERS_EVERY_SECONDS) {
      free.push(at);
      weight.push(WALKERS_EVERY_SECONDS * perSecond);
    }
    return {
      groups: [group],
      count: free.length,
      free: Float64Array.from(free),
      weight: Float64Array.from(weight),
      growth: new Float64Array(free.length),
      stop: new Float64Array(free.length),
      late: new Float64Array(free.length).fill(Number.POSITIVE_INFINITY),
      lateWeight: new Float64Array(free.length),
      mass: Float64Array.from(weight),
      group: new Int32Array(free.length).fill(group),
      lastSeconds: -LONG_AGO_SECONDS,
      headwaySeconds: WALKER_HEADWAY_SECONDS,
      yieldSeconds: WALKER_HEADWAY_SECONDS,
    };
  });
}

function reasonOf(choice: StageChoice, { stage, options, plan }: BeamResult, running: number): string {
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

/** Vehicles an hour that each lane was seen to discharge, and the standard deviation; nothing where it is not measured. */
function saturationOf(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  traffic: TrafficMemory | null,
): { saturationFlowPerHour?: Record<string, readonly [mean: number, deviation: number]> } {
  if (traffic === null) return {};
  const ground = groundOf(configuration);
  const flows = saturationFlows(ground, traffic, number(parameters, 'saturationFlowPerHourPerLane'));
  return {
    saturationFlowPerHour: Object.fromEntries(
      ground.streams.map(({ id }, i) => [
        id,
        [Math.round(flows[i]!.vehiclesPerHour), Math.round(flows[i]!.deviationPerHour)] as const,
      ]),
    ),
  };
}

function inputsOf(
  choice: StageChoice,
  found: BeamResult,
  lanes: readonly ModelLane[],
  { judged, meanError, meanAbsoluteError }: Foreseen,
): Record<string, unknown> {
  return {
    ahead: Object.fromEntries(choice.streams.map(({ id }, i) => [id, lanes[i]!.count])),
    predictedDelaySeconds: Object.fromEntries(
      choice.stages.flatMap(({ id }, i) => {
        const option = found.options[i];
        return option == null ? [] : [[id, tenths(option.delaySeconds)]];
      }),
    ),
    plan: found.plan.map(({ stage, inSeconds }) => `${choice.stages[stage]!.id}@${inSeconds}`).join(' '),
    lookedSeconds: found.lookedSeconds,
    work: found.work,
    foreseenDepartures: judged === 0 ? null : { judged, mean: tenths(meanError), absolute: tenths(meanAbsoluteError) },
  };
}
