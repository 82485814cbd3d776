/**
 * Between the junction's own terms (`junction/types.ts`) and the wire (`messages.ts`). Pure, and exact: what a
 * `...ToMessage` answers equals what JSON encoding, checking and decoding make of it (no undefined, no -0), so that the
 * in-process link may hand over the very object.
 */
import type {
  Acknowledgement,
  Approach,
  Feeder,
  JunctionConfiguration,
  JunctionDetector,
  Lamp,
  LampSource,
  Plan,
  PlanStage,
  StageRequest,
} from '../junction/types.ts';
import type {
  AcknowledgementMessage,
  ConfigurationMessage,
  GreenTime,
  Lamps,
  ModeMessage,
  StageRequestMessage,
} from './messages.ts';

/** Longest text the schemas take, characters. */
const TEXT_MAX = 1000;

/** The time that was last turned into text or back: all that is said within a second names the same few. */
let lastMs = Number.NaN;
let lastIso = '';

/** ISO 8601 UTC with milliseconds of a time in ms since 1970. Throws RangeError for what is no time. */
export function isoOf(ms: number): string {
  if (ms !== lastMs) {
    lastIso = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIso;
}

/** Milliseconds since 1970 of an ISO 8601 time; NaN if it is none (checked messages never give that). */
export function msOf(iso: string): number {
  return iso === lastIso ? Math.trunc(lastMs) + 0 : Date.parse(iso);
}

const withoutMinusZero = (value: number): number => (value === 0 ? 0 : value);
const shortened = (text: string): string => (text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`);

/** The four names that `lane_times` begins with; the junction's other approaches follow as configured. */
export const LANE_TIME_ORDER = ['N', 'S', 'E', 'W'] as const;

/** The approaches in the order of `lane_times`: N, S, E, W (null where the junction has none), then the others. */
export function laneTimeApproaches(configuration: JunctionConfiguration): (Approach | null)[] {
  const first = LANE_TIME_ORDER.map((name) => configuration.approaches.find((a) => a.name === name) ?? null);
  const others = configuration.approaches.filter((a) => !(LANE_TIME_ORDER as readonly string[]).includes(a.name));
  return [...first, ...others];
}

/** Names of the approaches whose vehicles may go in a stage, in the configuration's order. */
function approachesOfStage(configuration: JunctionConfiguration, stageId: string): Approach[] {
  const stage = configuration.stages.find((s) => s.id === stageId);
  if (!stage) return [];
  const served = new Set<string>();
  for (const group of configuration.signalGroups) {
    if (group.kind === 'vehicle' && stage.groups.includes(group.id))
      for (const name of group.approaches) served.add(name);
  }
  return configuration.approaches.filter((a) => served.has(a.name));
}

function planStageToMessage(configuration: JunctionConfiguration, stage: PlanStage) {
  return {
    id: stage.stageId,
    lanes: approachesOfStage(configuration, stage.stageId).map((a) => a.id),
    green_seconds: withoutMinusZero(stage.greenSeconds),
    yellow_seconds: withoutMinusZero(stage.yellowSeconds),
    all_red_seconds: withoutMinusZero(stage.allRedSeconds),
    ...(stage.walkSeconds === undefined ? {} : { walk_seconds: withoutMinusZero(stage.walkSeconds) }),
  };
}

function planStageFromMessage(stage: NonNullable<GreenTime['stages']>[number]): PlanStage {
  return {
    stageId: stage.id,
    greenSeconds: stage.green_seconds,
    yellowSeconds: stage.yellow_seconds,
    allRedSeconds: stage.all_red_seconds,
    ...(stage.walk_seconds === undefined ? {} : { walkSeconds: stage.walk_seconds }),
  };
}

/**
 * A plan as `green-time`. `lane_times` has, per approach, the seconds of a cycle in which any of its vehicle groups is
 * green; `total_cycle_time` is greens, yellows and all-reds together.
 * @param atMs when it was decided, ms since 1970; `validFromMs` by default.
 * @param cycleStartMs when the cycle begins if that is settled beforehand; null: at the device's next cycle boundary.
 */
export function planToMessage(
  plan: Plan,
  configuration: JunctionConfiguration,
  atMs: number = plan.validFromMs,
  cycleStartMs: number | null = null,
): GreenTime {
  const greenByApproach = new Map<string, number>();
  let cycleSeconds = 0;
  for (const stage of plan.stages) {
    cycleSeconds += stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds;
    for (const approach of approachesOfStage(configuration, stage.stageId)) {
      greenByApproach.set(approach.id, (greenByApproach.get(approach.id) ?? 0) + stage.greenSeconds);
    }
  }
  return {
    junction_id: plan.junctionId,
    lane_times: laneTimeApproaches(configuration).map((a) =>
      a ? withoutMinusZero(greenByApproach.get(a.id) ?? 0) : null,
    ),
    timestamp: isoOf(atMs),
    total_cycle_time: withoutMinusZero(cycleSeconds),
    plan_id: plan.planId,
    seq: plan.seq,
    valid_from: isoOf(plan.validFromMs),
    valid_until: isoOf(plan.validUntilMs),
    cycle_start: cycleStartMs === null ? null : isoOf(cycleStartMs),
    stages: plan.stages.map((stage) => planStageToMessage(configuration, stage)),
    mode: plan.mode,
    reason: shortened(plan.reason),
    configuration_version: plan.configurationVersion,
  };
}

/** What a `green-time` of the seed systems, which has nothing but `lane_times`, is completed with. */
export interface PlanDefaults {
  readonly configuration: JunctionConfiguration;
  /** The junction's last `seq`; a message without one counts as the next. */
  readonly lastSeq: number;
}

/**
 * A `green-time` as a plan. Fields that the seed systems do not send are filled in: `seq` the next, validity from
 * `timestamp` for three of the longest cycles, the stages from `lane_times` where each approach has a stage of its own.
 * Where that cannot be told, `stages` is empty and the interlock refuses the plan.
 */
export function planFromMessage(message: GreenTime, defaults: PlanDefaults): Plan {
  const seq = message.seq ?? defaults.lastSeq + 1;
  const validFromMs = msOf(message.valid_from ?? message.timestamp);
  const { configuration } = defaults;
  return {
    planId: message.plan_id ?? `plan-${seq}`,
    seq,
    junctionId: message.junction_id,
    configurationVersion: message.configuration_version ?? configuration.version,
    validFromMs,
    validUntilMs:
      message.valid_until === undefined
        ? validFromMs + Math.round(3000 * configuration.maxCycleSeconds)
        : msOf(message.valid_until),
    stages: message.stages?.map(planStageFromMessage) ?? stagesFromLaneTimes(message.lane_times, configuration),
    mode: message.mode ?? 'automatic',
    reason: message.reason ?? '',
  };
}

function stagesFromLaneTimes(laneTimes: readonly (number | null)[], configuration: JunctionConfiguration): PlanStage[] {
  const stages: PlanStage[] = [];
  const approaches = laneTimeApproaches(configuration);
  for (let i = 0; i < laneTimes.length; i++) {
    const greenSeconds = laneTimes[i];
    const approach = approaches[i];
    if (greenSeconds === null || greenSeconds === undefined) continue;
    if (!approach) return [];
    const stage = configuration.stages.find((s) => {
      const served = approachesOfStage(configuration, s.id);
      return served.length === 1 && served[0]!.id === approach.id;
    });
    if (!stage) return [];
    stages.push({
      stageId: stage.id,
      greenSeconds,
      yellowSeconds: configuration.yellowSeconds,
      allRedSeconds: configuration.allRedSeconds,
    });
  }
  return stages;
}

export function requestToMessage(request: StageRequest): StageRequestMessage {
  return {
    junction_id: request.junctionId,
    seq: request.seq,
    stage: request.stageId,
    not_before: isoOf(request.notBeforeMs),
    valid_until: isoOf(request.validUntilMs),
    configuration_version: request.configurationVersion,
    reason: shortened(request.reason),
  };
}

export function requestFromMessage(message: StageRequestMessage): StageRequest {
  return {
    seq: message.seq,
    junctionId: message.junction_id,
    configurationVersion: message.configuration_version,
    stageId: message.stage,
    notBeforeMs: msOf(message.not_before),
    validUntilMs: msOf(message.valid_until),
    reason: message.reason,
  };
}

type DetectorMessage = NonNullable<ConfigurationMessage['detectors']>[number];

function detectorToMessage(detector: JunctionDetector): DetectorMessage {
  const { id, approach, position, lane, groups, metresBeforeLine, limitMetresPerSecond } = detector;
  return {
    id,
    approach,
    position,
    lane,
    groups: [...groups],
    ...(metresBeforeLine === undefined ? {} : { metres_before_line: withoutMinusZero(metresBeforeLine) }),
    ...(limitMetresPerSecond === undefined ? {} : { limit_metres_per_second: limitMetresPerSecond }),
  };
}

type FeederMessage = NonNullable<ConfigurationMessage['feeders']>[number];

function feederToMessage({ junctionId, groups, ...feeder }: Feeder): FeederMessage {
  return { ...feeder, junction_id: junctionId, groups: groups.map(({ id, share }) => ({ id, share })) };
}

function feederFromMessage({ junction_id, groups, ...feeder }: FeederMessage): Feeder {
  return { ...feeder, junctionId: junction_id, groups: groups.map(({ id, share }) => ({ id, share })) };
}

function detectorFromMessage(detector: DetectorMessage): JunctionDetector {
  const { id, approach, position, lane, groups, metres_before_line, limit_metres_per_second } = detector;
  return {
    id,
    approach,
    position,
    lane,
    groups: [...groups],
    ...(metres_before_line === undefined ? {} : { metresBeforeLine: metres_before_line }),
    ...(limit_metres_per_second === undefined ? {} : { limitMetresPerSecond: limit_metres_per_second }),
  };
}

type Priority = NonNullable<JunctionConfiguration['priority']>;

function priorityToMessage({ emergencyMetres, busMetres }: Priority): ConfigurationMessage['priority'] {
  return {
    ...(emergencyMetres === undefined ? {} : { emergency_metres: emergencyMetres }),
    ...(busMetres === undefined ? {} : { bus_metres: busMetres }),
  };
}

function priorityFromMessage(priority: NonNullable<ConfigurationMessage['priority']>): Priority {
  const { emergency_metres, bus_metres } = priority;
  return {
    ...(emergency_metres === undefined ? {} : { emergencyMetres: emergency_metres }),
    ...(bus_metres === undefined ? {} : { busMetres: bus_metres }),
  };
}

export function configurationToMessage(configuration: JunctionConfiguration): ConfigurationMessage {
  return {
    junction_id: configuration.junctionId,
    name: configuration.name,
    intersection_id: configuration.intersectionId,
    version: configuration.version,
    approaches: configuration.approaches.map(({ id, name }) => ({ id, name })),
    signal_groups: configuration.signalGroups.map((group) => ({
      id: group.id,
      number: group.number,
      kind: group.kind,
      approaches: [...group.approaches],
      clearance_seconds: withoutMinusZero(group.clearanceSeconds),
    })),
    stages: configuration.stages.map((stage) => ({
      id: stage.id,
      groups: [...stage.groups],
      min_green_seconds: withoutMinusZero(stage.minGreenSeconds),
      max_green_seconds: withoutMinusZero(stage.maxGreenSeconds),
    })),
    conflicts: configuration.conflicts.map((row) => [...row]),
    intergreen_seconds: configuration.intergreenSeconds.map((row) => row.map(withoutMinusZero)),
    yellow_seconds: withoutMinusZero(configuration.yellowSeconds),
    all_red_seconds: withoutMinusZero(configuration.allRedSeconds),
    min_cycle_seconds: withoutMinusZero(configuration.minCycleSeconds),
    max_cycle_seconds: withoutMinusZero(configuration.maxCycleSeconds),
    max_wait_seconds: withoutMinusZero(configuration.maxWaitSeconds),
    local_plan: configuration.localPlan.map((stage) => planStageToMessage(configuration, stage)),
    ...(configuration.localSchedule === undefined
      ? {}
      : {
          local_schedule: configuration.localSchedule.map(({ startsAtMinute, days, stages, offsetSeconds }) => ({
            starts_at_minute: startsAtMinute,
            ...(days === undefined ? {} : { days: [...days] }),
            stages: stages.map((stage) => planStageToMessage(configuration, stage)),
            ...(offsetSeconds === undefined ? {} : { offset_seconds: withoutMinusZero(offsetSeconds) }),
          })),
        }),
    ...(configuration.timeZone === undefined ? {} : { time_zone: configuration.timeZone }),
    ...(configuration.offsetSeconds === undefined
      ? {}
      : { offset_seconds: withoutMinusZero(configuration.offsetSeconds) }),
    ...(configuration.yields === undefined ? {} : { yields: configuration.yields.map((row) => [...row]) }),
    ...(configuration.priority === undefined ? {} : { priority: priorityToMessage(configuration.priority) }),
    ...(configuration.detectors === undefined ? {} : { detectors: configuration.detectors.map(detectorToMessage) }),
    ...(configuration.feeders === undefined ? {} : { feeders: configuration.feeders.map(feederToMessage) }),
  };
}

export function configurationFromMessage(message: ConfigurationMessage): JunctionConfiguration {
  return {
    junctionId: message.junction_id,
    name: message.name,
    intersectionId: message.intersection_id,
    version: message.version,
    approaches: message.approaches.map(({ id, name }) => ({ id, name })),
    signalGroups: message.signal_groups.map((group) => ({
      id: group.id,
      number: group.number,
      kind: group.kind,
      approaches: [...group.approaches],
      clearanceSeconds: group.clearance_seconds,
    })),
    stages: message.stages.map((stage) => ({
      id: stage.id,
      groups: [...stage.groups],
      minGreenSeconds: stage.min_green_seconds,
      maxGreenSeconds: stage.max_green_seconds,
    })),
    conflicts: message.conflicts.map((row) => [...row]),
    intergreenSeconds: message.intergreen_seconds.map((row) => [...row]),
    yellowSeconds: message.yellow_seconds,
    allRedSeconds: message.all_red_seconds,
    minCycleSeconds: message.min_cycle_seconds,
    maxCycleSeconds: message.max_cycle_seconds,
    maxWaitSeconds: message.max_wait_seconds,
    localPlan: message.local_plan.map(planStageFromMessage),
    ...(message.local_schedule === undefined
      ? {}
      : {
          localSchedule: message.local_schedule.map(({ starts_at_minute, days, stages, offset_seconds }) => ({
            startsAtMinute: starts_at_minute,
            ...(days === undefined ? {} : { days: [...days] }),
            stages: stages.map(planStageFromMessage),
            ...(offset_seconds === undefined ? {} : { offsetSeconds: offset_seconds }),
          })),
        }),
    ...(message.time_zone === undefined ? {} : { timeZone: message.time_zone }),
    ...(message.offset_seconds === undefined ? {} : { offsetSeconds: message.offset_seconds }),
    ...(message.yields === undefined ? {} : { yields: message.yields.map((row) => [...row]) }),
    ...(message.priority === undefined ? {} : { priority: priorityFromMessage(message.priority) }),
    ...(message.detectors === undefined ? {} : { detectors: message.detectors.map(detectorFromMessage) }),
    ...(message.feeders === undefined ? {} : { feeders: message.feeders.map(feederFromMessage) }),
  };
}

export function acknowledgementToMessage(acknowledgement: Acknowledgement, deviceId: string): AcknowledgementMessage {
  return {
    ...(acknowledgement.planId === undefined ? {} : { plan_id: acknowledgement.planId }),
    seq: acknowledgement.seq,
    device_id: deviceId,
    result: acknowledgement.result,
    reason: shortened(acknowledgement.reason),
    applied_at: isoOf(acknowledgement.atMs),
  };
}

export function acknowledgementFromMessage(message: AcknowledgementMessage): Acknowledgement {
  return {
    seq: message.seq,
    ...(message.plan_id === undefined ? {} : { planId: message.plan_id }),
    result: message.result,
    reason: message.reason,
    atMs: msOf(message.applied_at),
  };
}

/** What a lamp controller shows. */
export interface LampReport {
  readonly deviceId: string;
  readonly seq: number;
  readonly atMs: number;
  readonly stageId: string | null;
  /** By signal group id. */
  readonly lamps: Readonly<Record<string, Lamp>>;
  readonly source: LampSource;
  /** Seconds left of the stage (green and intergreen); null when it waits for a request. */
  readonly secondsLeft: number | null;
  /** Seconds to the next cycle boundary; null or absent when unknown. */
  readonly cycleSecondsLeft?: number | null;
  /** Highest sequence number taken; absent: none yet, or unknown. */
  readonly commandSeq?: number;
  readonly fault?: string;
}

/** Whole milliseconds, so that 0.1-s steps do not write 12.299999999999997. Never below 0. */
const roundedSeconds = (value: number): number => Math.max(0, withoutMinusZero(Math.round(value * 1000) / 1000));

export function lampsToMessage(report: LampReport): Lamps {
  const cycleLeft = report.cycleSecondsLeft;
  return {
    device_id: report.deviceId,
    seq: report.seq,
    timestamp: isoOf(report.atMs),
    stage: report.stageId,
    lamps: { ...report.lamps },
    source: report.source,
    seconds_left: report.secondsLeft === null ? null : roundedSeconds(report.secondsLeft),
    ...(cycleLeft === undefined ? {} : { cycle_seconds_left: cycleLeft === null ? null : roundedSeconds(cycleLeft) }),
    ...(report.commandSeq === undefined || report.commandSeq < 0 ? {} : { command_seq: report.commandSeq }),
    ...(report.fault === undefined ? {} : { fault: shortened(report.fault) }),
  };
}

export function lampsFromMessage(message: Lamps): LampReport {
  return {
    deviceId: message.device_id,
    seq: message.seq,
    atMs: msOf(message.timestamp),
    stageId: message.stage,
    lamps: { ...message.lamps },
    source: message.source,
    secondsLeft: message.seconds_left,
    ...(message.cycle_seconds_left === undefined ? {} : { cycleSecondsLeft: message.cycle_seconds_left }),
    ...(message.command_seq === undefined ? {} : { commandSeq: message.command_seq }),
    ...(message.fault === undefined ? {} : { fault: message.fault }),
  };
}

/** The mode a junction is in, who set it, why, and until when (null: until changed). */
export function modeToMessage(
  mode: ModeMessage['mode'],
  by: string,
  reason: string,
  untilMs: number | null,
  seq?: number,
): ModeMessage {
  return {
    mode,
    by,
    reason: shortened(reason),
    until: untilMs === null ? null : isoOf(untilMs),
    ...(seq === undefined ? {} : { seq }),
  };
}
