/**
 * What nothing passes: pure checks between every strategy and every lamp. The controller asks before it publishes, the
 * lamp device asks again before it obeys. Not a certified conflict monitor.
 */
import { minuteOfWeekIn } from './local-time.ts';
import { greensOfStages, leastGreenMs, MIN_WALK_SECONDS, timePlan, toMs } from './timing.ts';
import type { JunctionConfiguration, Plan, PlanStage, StageRequest } from './types.ts';

export type RefusalCode =
  | 'junction'
  | 'configuration-version'
  | 'sequence'
  | 'validity'
  | 'mode'
  | 'fault'
  | 'unknown-stage'
  | 'conflict'
  | 'green'
  | 'yellow'
  | 'all-red'
  | 'pedestrian'
  | 'unserved'
  | 'cycle';

export interface Refusal {
  readonly code: RefusalCode;
  /** What, the value, and what is allowed, e.g. `stage NS green 3 s; at least 7 s (minGreenSeconds)`. */
  readonly reason: string;
}

export interface CheckContext {
  /** Highest sequence number accepted before for this junction; -1 where none was. */
  readonly lastSeq: number;
  readonly nowMs: number;
}

/** A request is for now: valid for at most so long, seconds. */
export const MAX_REQUEST_VALIDITY_SECONDS = 60;

const refuse = (code: RefusalCode, reason: string): Refusal => ({ code, reason });
/** Seconds for reading: no trailing zeros, at most ms. */
const text = (seconds: number): string => `${Math.round(seconds * 1000) / 1000} s`;
const isDuration = (seconds: number): boolean => Number.isFinite(seconds) && seconds >= 0 && seconds <= 86_400;

/** Everything that is wrong with a configuration; empty: it may be used. Includes its local plan. */
export function checkConfiguration(configuration: JunctionConfiguration): string[] {
  const problems: string[] = [];
  const { signalGroups: groups, stages, conflicts, intergreenSeconds, approaches } = configuration;
  const repeated = (what: string, names: readonly (string | number)[]): void => {
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index) problems.push(`${what} ${name} is there twice; each must be unique`);
    });
  };
  repeated(
    'approach',
    approaches.map((approach) => approach.name),
  );
  repeated(
    'signal group',
    groups.map((group) => group.id),
  );
  repeated(
    'signal group number',
    groups.map((group) => group.number),
  );
  repeated(
    'stage',
    stages.map((stage) => stage.id),
  );
  for (const field of [
    'yellowSeconds',
    'allRedSeconds',
    'minCycleSeconds',
    'maxCycleSeconds',
    'maxWaitSeconds',
  ] as const) {
    if (!isDuration(configuration[field])) problems.push(`${field} is ${configuration[field]}; 0 to 86400 s`);
  }
  if (!(configuration.minCycleSeconds <= configuration.maxCycleSeconds)) {
    problems.push(
      `minCycleSeconds ${configuration.minCycleSeconds} is above maxCycleSeconds ${configuration.maxCycleSeconds}`,
    );
  }
  if (!(configuration.maxWaitSeconds >= 2 * configuration.maxCycleSeconds)) {
    problems.push(
      `maxWaitSeconds is ${configuration.maxWaitSeconds}; at least ${2 * configuration.maxCycleSeconds} (twice maxCycleSeconds)`,
    );
  }
  for (const group of groups) {
    if (!isDuration(group.clearanceSeconds))
      problems.push(`signal group ${group.id}: clearanceSeconds is ${group.clearanceSeconds}; 0 to 86400 s`);
    for (const name of group.approaches) {
      if (!approaches.some((approach) => approach.name === name))
        problems.push(`signal group ${group.id}: approach ${name} does not exist`);
    }
    if (group.kind === 'vehicle' && !stages.some((stage) => stage.groups.includes(group.id))) {
      problems.push(`signal group ${group.id} is green in no stage; every vehicle group must be in one`);
    }
  }
  const square = (matrix: readonly (readonly unknown[])[]): boolean =>
    matrix.length === groups.length && matrix.every((row) => row.length === groups.length);
  if (!square(conflicts) || !square(intergreenSeconds) || !square(configuration.yields ?? conflicts)) {
    problems.push(
      `conflicts, intergreenSeconds and yields must be ${groups.length} x ${groups.length}, a row and a column a signal group`,
    );
    return problems;
  }
  for (let i = 0; i < groups.length; i++) {
    for (let j = 0; j < groups.length; j++) {
      const pair = `${groups[i]!.id} and ${groups[j]!.id}`;
      if (conflicts[i]![j] !== conflicts[j]![i]) problems.push(`conflicts of ${pair} are not symmetric`);
      if (i === j && conflicts[i]![j]) problems.push(`signal group ${groups[i]!.id} conflicts with itself`);
      if (!isDuration(intergreenSeconds[i]![j]!))
        problems.push(`intergreenSeconds of ${pair} is ${intergreenSeconds[i]![j]}; 0 to 86400 s`);
    }
    problems.push(...shortIntergreen(configuration, i));
  }
  for (const stage of stages) {
    const unknown = stage.groups.filter((id) => !groups.some((group) => group.id === id));
    for (const id of unknown) problems.push(`stage ${stage.id}: signal group ${id} does not exist`);
    if (
      !(
        isDuration(stage.maxGreenSeconds) &&
        stage.minGreenSeconds >= 1 &&
        stage.minGreenSeconds <= stage.maxGreenSeconds
      )
    ) {
      problems.push(
        `stage ${stage.id}: minGreenSeconds ${stage.minGreenSeconds} and maxGreenSeconds ${stage.maxGreenSeconds} must be at least 1 s, the first not above the second`,
      );
    }
  }
  if (problems.length > 0) return problems;
  greensOfStages(configuration).forEach((greens, index) => {
    const clash = conflictWithin(configuration, greens);
    if (clash !== null) problems.push(`stage ${stages[index]!.id}: ${clash}`);
    const stage = stages[index]!;
    const least =
      leastGreenMs(configuration, index, toMs(configuration.yellowSeconds), toMs(configuration.allRedSeconds)) / 1000;
    if (least > stage.maxGreenSeconds) {
      problems.push(
        `stage ${stage.id}: maxGreenSeconds is ${stage.maxGreenSeconds}; at least ${least} (walk and pedestrian clearance)`,
      );
    }
  });
  if (problems.length > 0) return problems;
  const local = checkStages(configuration, configuration.localPlan);
  if (local !== null) problems.push(`localPlan: ${local.reason}`);
  return [...problems, ...checkSchedule(configuration)];
}

/** The first of the intergreens of a group that is over before its amber or clearance is. */
function shortIntergreen(configuration: JunctionConfiguration, i: number): string[] {
  const { signalGroups: groups, conflicts, intergreenSeconds, yellowSeconds } = configuration;
  const { id, kind, clearanceSeconds } = groups[i]!;
  const least = kind === 'pedestrian' ? clearanceSeconds : yellowSeconds;
  const j = intergreenSeconds[i]!.findIndex((seconds, other) => conflicts[i]![other] && seconds < least);
  if (j < 0) return [];
  const why = kind === 'pedestrian' ? `its clearanceSeconds` : 'yellowSeconds';
  return [`intergreenSeconds of ${id} and ${groups[j]!.id} is ${intergreenSeconds[i]![j]}; at least ${least} (${why})`];
}

function checkSchedule(configuration: JunctionConfiguration): string[] {
  const whole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;
  const own: string[] = [];
  const offset = (seconds: number | undefined): string[] =>
    seconds === undefined || isDuration(seconds) ? [] : [`offsetSeconds is ${seconds}; 0 to 86400 s`];
  own.push(...offset(configuration.offsetSeconds));
  try {
    if (configuration.timeZone !== undefined) minuteOfWeekIn(configuration.timeZone);
  } catch {
    own.push(`timeZone is ${configuration.timeZone}; an IANA zone, e.g. Asia/Kolkata`);
  }
  const entries = (configuration.localSchedule ?? []).flatMap((entry, index) => {
    const { startsAtMinute, days, stages } = entry;
    const problems = offset(entry.offsetSeconds);
    if (!whole(startsAtMinute, 1439)) problems.push(`startsAtMinute is ${startsAtMinute}; 0 to 1439`);
    if (days !== undefined && (days.length === 0 || !days.every((day) => whole(day, 6))))
      problems.push(`days are ${days.join(', ') || 'none'}; 0 (Monday) to 6, at least one`);
    const refusal = checkStages(configuration, stages);
    if (refusal !== null) problems.push(refusal.reason);
    return problems.map((problem) => `localSchedule[${index}]: ${problem}`);
  });
  return [...own, ...entries];
}

/** Whether a plan may be carried out; null: yes. `mode` is the device's business and not judged here. */
export function checkPlan(configuration: JunctionConfiguration, plan: Plan, context: CheckContext): Refusal | null {
  if (plan.planId.length === 0) return refuse('sequence', 'planId is empty; each plan needs one');
  const head = checkHead(configuration, plan, context);
  if (head !== null) return head;
  if (!(Number.isSafeInteger(plan.validFromMs) && plan.validFromMs <= plan.validUntilMs)) {
    return refuse('validity', `validFrom ${plan.validFromMs} is after validUntil ${plan.validUntilMs}`);
  }
  return checkStages(configuration, plan.stages);
}

/** Whether a stage request may be carried out, as soon as it is legal; null: yes. */
export function checkRequest(
  configuration: JunctionConfiguration,
  request: StageRequest,
  context: CheckContext,
): Refusal | null {
  const head = checkHead(configuration, request, context);
  if (head !== null) return head;
  if (!(Number.isSafeInteger(request.notBeforeMs) && request.notBeforeMs <= request.validUntilMs)) {
    return refuse('validity', `notBefore ${request.notBeforeMs} is after validUntil ${request.validUntilMs}`);
  }
  if (request.validUntilMs - context.nowMs > MAX_REQUEST_VALIDITY_SECONDS * 1000) {
    return refuse(
      'validity',
      `valid for ${text((request.validUntilMs - context.nowMs) / 1000)}; at most ${MAX_REQUEST_VALIDITY_SECONDS} s for a stage request`,
    );
  }
  const stage = configuration.stages.findIndex((candidate) => candidate.id === request.stageId);
  if (stage < 0) return unknownStage(configuration, request.stageId);
  const clash = conflictWithin(configuration, greensOfStages(configuration)[stage]!);
  return clash === null ? null : refuse('conflict', `stage ${request.stageId}: ${clash}`);
}

/** Two conflicting groups that would both be green, in words; null where there are none. */
export function conflictWithin(configuration: JunctionConfiguration, greens: readonly boolean[]): string | null {
  for (let i = 0; i < greens.length; i++) {
    if (!greens[i]) continue;
    for (let j = i + 1; j < greens.length; j++) {
      if (greens[j] && (configuration.conflicts[i]![j] || configuration.conflicts[j]![i])) {
        return `${configuration.signalGroups[i]!.id} and ${configuration.signalGroups[j]!.id} conflict and would be green together`;
      }
    }
  }
  return null;
}

function checkHead(
  configuration: JunctionConfiguration,
  command: Pick<Plan, 'junctionId' | 'configurationVersion' | 'seq' | 'validUntilMs'>,
  context: CheckContext,
): Refusal | null {
  if (command.junctionId !== configuration.junctionId) {
    return refuse('junction', `for junction ${command.junctionId}; this is ${configuration.junctionId}`);
  }
  if (command.configurationVersion !== configuration.version) {
    return refuse(
      'configuration-version',
      `configuration version ${command.configurationVersion}; version ${configuration.version} is in force`,
    );
  }
  if (!(Number.isSafeInteger(command.seq) && command.seq > context.lastSeq)) {
    return refuse('sequence', `seq ${command.seq}; above ${context.lastSeq} (seq only grows)`);
  }
  if (!(Number.isSafeInteger(command.validUntilMs) && command.validUntilMs >= context.nowMs)) {
    return refuse(
      'validity',
      `valid until ${command.validUntilMs}, ${text((context.nowMs - command.validUntilMs) / 1000)} ago`,
    );
  }
  return null;
}

function unknownStage(configuration: JunctionConfiguration, id: string): Refusal {
  return refuse(
    'unknown-stage',
    `stage ${id} does not exist; there are ${configuration.stages.map((stage) => stage.id).join(', ')}`,
  );
}

/** The stages of a plan: known, free of conflicts, every time within bounds, every vehicle group served. */
export function checkStages(configuration: JunctionConfiguration, stages: readonly PlanStage[]): Refusal | null {
  if (stages.length === 0) return refuse('unserved', 'the plan has no stages; at least one');
  const greens = greensOfStages(configuration);
  const served = configuration.signalGroups.map(() => false);
  for (let k = 0; k < stages.length; k++) {
    const entry = stages[k]!;
    const index = configuration.stages.findIndex((candidate) => candidate.id === entry.stageId);
    if (index < 0) return unknownStage(configuration, entry.stageId);
    const stage = configuration.stages[index]!;
    const what = `stage ${stage.id}`;
    const clash = conflictWithin(configuration, greens[index]!);
    if (clash !== null) return refuse('conflict', `${what}: ${clash}`);
    if (!isDuration(entry.greenSeconds) || entry.greenSeconds < stage.minGreenSeconds) {
      return refuse(
        'green',
        `${what} green ${text(entry.greenSeconds)}; at least ${text(stage.minGreenSeconds)} (minGreenSeconds)`,
      );
    }
    if (entry.greenSeconds > stage.maxGreenSeconds) {
      return refuse(
        'green',
        `${what} green ${text(entry.greenSeconds)}; at most ${text(stage.maxGreenSeconds)} (maxGreenSeconds)`,
      );
    }
    if (stages.length > 1 && stages[(k + 1) % stages.length]!.stageId === entry.stageId) {
      return refuse('green', `${what} follows itself; give its green in one piece`);
    }
    if (!isDuration(entry.yellowSeconds) || entry.yellowSeconds < configuration.yellowSeconds) {
      return refuse(
        'yellow',
        `${what} yellow ${text(entry.yellowSeconds)}; at least ${text(configuration.yellowSeconds)} (yellowSeconds)`,
      );
    }
    if (!isDuration(entry.allRedSeconds) || entry.allRedSeconds < configuration.allRedSeconds) {
      return refuse(
        'all-red',
        `${what} all-red ${text(entry.allRedSeconds)}; at least ${text(configuration.allRedSeconds)} (allRedSeconds)`,
      );
    }
    const walk = entry.walkSeconds ?? MIN_WALK_SECONDS;
    if (!isDuration(walk) || walk < MIN_WALK_SECONDS) {
      return refuse('pedestrian', `${what} walk ${text(walk)}; at least ${MIN_WALK_SECONDS} s`);
    }
    const least =
      leastGreenMs(configuration, index, toMs(entry.yellowSeconds), toMs(entry.allRedSeconds), toMs(walk)) / 1000;
    if (entry.greenSeconds < least) {
      return refuse(
        'pedestrian',
        `${what} green ${text(entry.greenSeconds)}; at least ${text(least)} (walk ${text(walk)} and pedestrian clearance)`,
      );
    }
    greens[index]!.forEach((green, group) => {
      if (green) served[group] = true;
    });
  }
  const missed = configuration.signalGroups.find((group, index) => group.kind === 'vehicle' && !served[index]);
  if (missed !== undefined)
    return refuse('unserved', `${missed.id} is never green; every vehicle group at least once a cycle`);
  const cycle = timePlan(configuration, stages).cycleMs / 1000;
  if (cycle < configuration.minCycleSeconds) {
    return refuse('cycle', `cycle ${text(cycle)}; at least ${text(configuration.minCycleSeconds)} (minCycleSeconds)`);
  }
  if (cycle > configuration.maxCycleSeconds) {
    return refuse('cycle', `cycle ${text(cycle)}; at most ${text(configuration.maxCycleSeconds)} (maxCycleSeconds)`);
  }
  return null;
}
