/**
 * Emergency pre-emption and bus priority around any strategy: where somebody who may asks for green, this asks for a stage in
 * the strategy's place; else the strategy has its way. Only stages are asked for, so that minimum greens, yellows, all-reds
 * and walkers' clearances stay the device's.
 *
 * Pre-emption in the order of signal controllers: the running green is finished, the vehicle is served, its stage dwells until
 * the junction is clear or the maximum presence is over, the groups that waited longest are served (exit stage), and the
 * strategy takes over again. A bus gets its running green held (extension), or the stages before its own cut to their least
 * (early green), and no second early green for a while.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Decision, Memory, Observation, Parameters, PriorityRequest, Strategy } from '../types.ts';

export const PRIORITY_PARAMETERS: Strategy['parameters'] = {
  emergencyPreemption: {
    default: true,
    description: 'Whether emergency vehicles get green, where the junction hears them',
  },
  preemptionMaximumSeconds: {
    default: 120,
    min: 10,
    max: 600,
    description: 'Longest presence of an emergency vehicle that is heeded, seconds',
  },
  busPriority: { default: true, description: 'Whether buses get priority, where the junction hears them' },
  busExtensionSeconds: { default: 10, min: 0, max: 60, description: 'Longest time a green is held for buses, seconds' },
  busRecoverySeconds: {
    default: 60,
    min: 0,
    max: 900,
    description: 'After one early green for a bus the next comes so much later at least, seconds',
  },
};

/** A vehicle in a queue is taken to come on at least so fast, m/s. */
const LEAST_SPEED = 2;
/** The exit stage is asked for so long at most, ms. */
export const EXIT_MS = 180_000;
/** A plan's green that ends sooner than this is about to end, seconds: two frames. */
const ABOUT_TO_END_SECONDS = 2.5;

interface Own {
  /** Who is pre-empting, since when, and to which stage. */
  readonly served: { readonly id: string; readonly stageId: string; readonly sinceMs: number } | null;
  /** Present for too long: not heeded any more. */
  readonly ignored: readonly string[];
  readonly exit: { readonly stageId: string; readonly sinceMs: number } | null;
  /** By signal group: since when it has not been green. */
  readonly redSinceMs: readonly number[];
  /** Since when the running green is held for a bus, and which; null: it is not. */
  readonly held: { readonly stageId: string; readonly sinceMs: number } | null;
  /** Stage asked for before its time. */
  readonly early: string | null;
  readonly lastEarlyMs: number | null;
}

interface Wrapped {
  readonly inner: Memory;
  readonly own: Own;
}

interface Scene {
  readonly configuration: JunctionConfiguration;
  readonly parameters: Parameters;
  readonly observation: Observation;
  readonly own: Own;
  /** The running stage; -1: none. */
  readonly stage: number;
  /** It has green, and is not on the way to the next. */
  readonly isGreen: boolean;
}

type Turn = { readonly decision: Decision | null; readonly own: Own };

/** The strategy with pre-emption and priority; without a radio at the junction, the strategy and nothing else. */
export function withPriority(strategy: Strategy): Strategy {
  return {
    ...strategy,
    parameters: { ...strategy.parameters, ...PRIORITY_PARAMETERS },
    decide(configuration, parameters, memory, observation) {
      if (configuration.priority === undefined) return strategy.decide(configuration, parameters, memory, observation);
      const before = memory as unknown as Wrapped | null;
      const inner = strategy.decide(configuration, parameters, before?.inner ?? null, observation);
      const turn = takeTurn(configuration, parameters, before?.own ?? null, observation, inner.decision);
      const { outlook } = inner;
      const memoryOfBoth = { inner: inner.memory, own: turn.own };
      return { decision: turn.decision, memory: memoryOfBoth, ...(outlook && { outlook }) };
    },
  };
}

function takeTurn(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  before: Own | null,
  observation: Observation,
  wish: Decision | null,
): Turn {
  const { lamps, nowMs } = observation;
  const redSinceMs = configuration.signalGroups.map(({ id }, g) =>
    lamps.byGroup[id] === 'green' ? nowMs : Math.min(before?.redSinceMs[g] ?? nowMs, nowMs),
  );
  const nothing: Own = {
    served: null,
    ignored: [],
    exit: null,
    redSinceMs,
    held: null,
    early: null,
    lastEarlyMs: null,
  };
  const own = { ...nothing, ...before, redSinceMs };
  const stage = configuration.stages.findIndex(({ id }) => id === lamps.stageId);
  if (lamps.source === 'flash' || stage < 0) return { decision: wish, own: { ...nothing, redSinceMs } };
  const isGreen = configuration.stages[stage]!.groups.every(
    (id) => isWalk(configuration, id) || lamps.byGroup[id] === 'green',
  );
  const scene = { configuration, parameters, observation, own, stage, isGreen };
  return preempt(scene) ?? bus(scene, wish);
}

const isWalk = (configuration: JunctionConfiguration, id: string): boolean =>
  configuration.signalGroups.some((group) => group.id === id && group.kind === 'pedestrian');

// Emergency

/** null: nobody pre-empts, and nothing is to be made up for. */
function preempt(scene: Scene): Turn | null {
  const { configuration, parameters, observation, own } = scene;
  const { nowMs } = observation;
  const all = parameters.emergencyPreemption === false ? [] : requestsOf(observation, 'emergency');
  const longestMs = 1000 * Number(parameters.preemptionMaximumSeconds);
  const isOver = own.served !== null && nowMs - own.served.sinceMs >= longestMs;
  const ignored = [...own.ignored, ...(isOver ? [own.served!.id] : [])].filter((id) =>
    all.some((one) => one.id === id),
  );
  const heeded = all.filter(({ id }) => !ignored.includes(id));
  const current = heeded.find(({ id }) => id === own.served?.id) ?? heeded[0];
  if (current !== undefined) {
    const was = own.served?.id === current.id ? own.served : null;
    const stageId = stageFor(configuration, current, was?.stageId ?? configuration.stages[scene.stage]!.id);
    const served = { id: current.id, stageId, sinceMs: was?.sinceMs ?? nowMs };
    const isThere = scene.isGreen && configuration.stages[scene.stage]!.id === stageId;
    const reason = `Emergency vehicle on ${current.approach}, ${Math.round(current.metres)} m: ${isThere ? 'dwells in' : 'on the way to'} ${stageId}`;
    return ask(
      stageId,
      reason,
      { priority: current },
      { ...own, ignored, served, exit: null, held: null, early: null },
    );
  }
  const exit = own.served === null ? own.exit : exitFrom(scene, own.served.stageId);
  const next = { ...own, ignored, served: null, exit };
  if (exit === null) return own.served === null && own.exit === null ? null : { decision: null, own: next };
  const isDone = scene.isGreen && configuration.stages[scene.stage]!.id === exit.stageId;
  if (isDone || nowMs - exit.sinceMs > EXIT_MS) return { decision: null, own: { ...next, exit: null } };
  return ask(exit.stageId, `After pre-emption: ${exit.stageId} waited longest`, {}, next);
}

function exitFrom({ configuration, own, observation }: Scene, servedId: string): Own['exit'] {
  const stageId = exitStage(configuration, own.redSinceMs, servedId);
  return stageId === null ? null : { stageId, sinceMs: observation.nowMs };
}

/**
 * The exit stage of a pre-emption: the one, of today's plan if there is one, of the vehicle group that waited longest. null:
 * all are green in the stage that was served. `redSinceMs`: by signal group, since when it is not green.
 */
export function exitStage(
  configuration: JunctionConfiguration,
  redSinceMs: readonly number[],
  servedId: string,
): string | null {
  const served = configuration.stages.find(({ id }) => id === servedId);
  let longest = -1;
  configuration.signalGroups.forEach(({ id, kind }, g) => {
    if (kind !== 'vehicle' || served?.groups.includes(id)) return;
    if (longest < 0 || redSinceMs[g]! < redSinceMs[longest]!) longest = g;
  });
  if (longest < 0) return null;
  const { id } = configuration.signalGroups[longest]!;
  const planned = configuration.localPlan.map(({ stageId }) => stageId);
  const serving = configuration.stages.filter(({ groups }) => groups.includes(id));
  return (serving.find((one) => planned.includes(one.id)) ?? serving[0])?.id ?? null;
}

// Buses

function bus(scene: Scene, wish: Decision | null): Turn {
  const { configuration, parameters, observation, own } = scene;
  const { nowMs } = observation;
  const lastEarlyMs = own.early === null ? own.lastEarlyMs : nowMs;
  const idle = { ...own, held: null, early: null, lastEarlyMs };
  const buses = parameters.busPriority === false ? [] : requestsOf(observation, 'bus');
  // A plan waits for its boundary: it goes out first.
  if (wish?.kind === 'plan') return { decision: wish, own };
  if (buses.length === 0) return { decision: wish, own: idle };
  const running = configuration.stages[scene.stage]!;
  const here = buses.filter((one) => serves(configuration, scene.stage, one) === 1);
  if (scene.isGreen && here.length > 0) {
    return hold(scene, here, wish, { ...own, early: null, lastEarlyMs });
  }
  const first = buses[0]!;
  if (own.early !== null && !(scene.isGreen && running.id === own.early))
    return ask(own.early, `Early green for a bus on ${first.approach}: on the way to ${own.early}`, {}, own);
  const restMs = 1000 * Number(parameters.busRecoverySeconds);
  const isResting = own.lastEarlyMs !== null && nowMs - own.lastEarlyMs < restMs;
  if (!scene.isGreen || isResting) return { decision: wish, own: { ...idle, held: null } };
  const next = nextTowards(configuration, running.id, first);
  if (next === null) return { decision: wish, own: idle };
  const reason = `Early green for a bus on ${first.approach}, ${Math.round(first.metres)} m: ${next} comes sooner`;
  return ask(next, reason, { priority: first }, { ...idle, early: next });
}

/** Keeps the running green for buses that come within what is left to hold it. */
function hold(
  { configuration, parameters, observation, stage }: Scene,
  here: readonly PriorityRequest[],
  wish: Decision | null,
  own: Own,
): Turn {
  const { nowMs, lamps } = observation;
  const { id } = configuration.stages[stage]!;
  const held = own.held?.stageId === id ? own.held : null;
  const { yellowSeconds, allRedSeconds } = configuration;
  const greenLeft = lamps.secondsLeft === null ? null : lamps.secondsLeft - yellowSeconds - allRedSeconds;
  const ends = wish?.kind === 'stage' ? wish.stageId !== id : greenLeft !== null && greenLeft <= ABOUT_TO_END_SECONDS;
  if (held === null && !ends) return { decision: wish, own: { ...own, held: null } };
  const sinceMs = held?.sinceMs ?? nowMs;
  const left = Number(parameters.busExtensionSeconds) - (nowMs - sinceMs) / 1000;
  const coming = here.find(({ metres, metresPerSecond }) => metres / Math.max(LEAST_SPEED, metresPerSecond) <= left);
  if (coming === undefined || left <= 0) {
    // It stays noted while the green lasts: what was held to the end is not held again.
    return { decision: wish, own: { ...own, held } };
  }
  const reason = `Holds ${id} for a bus on ${coming.approach}, ${Math.round(coming.metres)} m`;
  return ask(id, reason, { priority: coming }, { ...own, held: { stageId: id, sinceMs } });
}

/** The next stage in the order of today's plan, on the way to one that serves the vehicle. */
function nextTowards(configuration: JunctionConfiguration, runningId: string, request: PriorityRequest): string | null {
  const order = configuration.localPlan.map(({ stageId }) => stageId);
  const target = stageFor(configuration, request, runningId);
  const at = order.indexOf(runningId);
  if (at < 0 || !order.includes(target)) return target === runningId ? null : target;
  const next = order[(at + 1) % order.length]!;
  return next === runningId ? null : next;
}

// Both

/** Of a kind, the nearest first. */
function requestsOf({ priority = [] }: Observation, kind: PriorityRequest['kind']): PriorityRequest[] {
  const own = priority.filter((one) => one.kind === kind);
  return own.sort((a, b) => a.metres - b.metres || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Vehicle groups that the lane of a vehicle obeys; of its approach, where the lane is not known. */
function groupsOf(configuration: JunctionConfiguration, { approach, lane }: PriorityRequest): readonly string[] {
  const seen = configuration.detectors?.find(
    (one) => one.approach === approach && one.position === 'stopline' && one.lane === lane,
  );
  if (seen !== undefined) return seen.groups;
  return configuration.signalGroups
    .filter(({ kind, approaches }) => kind === 'vehicle' && approaches.includes(approach))
    .map(({ id }) => id);
}

/** Share of the vehicle's groups that a stage serves, 0-1. */
function serves(configuration: JunctionConfiguration, stage: number, request: PriorityRequest): number {
  const groups = groupsOf(configuration, request);
  const green = groups.filter((id) => configuration.stages[stage]!.groups.includes(id)).length;
  return green / Math.max(1, groups.length);
}

/**
 * The stage that serves most of the vehicle's groups; of equals the one that runs, then for an emergency vehicle the one
 * that serves most of its approach, so that who stands before it can go, for a bus one of today's plan; then the first.
 */
function stageFor(configuration: JunctionConfiguration, request: PriorityRequest, runningId: string): string {
  const planned = configuration.localPlan.map(({ stageId }) => stageId);
  const whole = groupsOf(configuration, { ...request, lane: null });
  let best = 0;
  let bestScore: readonly number[] = [];
  configuration.stages.forEach(({ id, groups }, stage) => {
    const ofApproach = whole.filter((group) => groups.includes(group)).length;
    const inPlan = planned.includes(id) ? 1 : 0;
    const rest = request.kind === 'emergency' ? [ofApproach, inPlan] : [inPlan, ofApproach];
    const score = [serves(configuration, stage, request), id === runningId ? 1 : 0, ...rest];
    const differs = score.findIndex((value, k) => value !== bestScore[k]);
    if (differs < 0 || (bestScore.length > 0 && score[differs]! < bestScore[differs]!)) return;
    best = stage;
    bestScore = score;
  });
  return configuration.stages[best]!.id;
}

function ask(stageId: string, reason: string, inputs: Decision['inputs'], own: Own): Turn {
  return { decision: { kind: 'stage', stageId, reason, inputs }, own };
}
