/**
 * Safety in the decision, around any strategy that chooses stages: what the inner one asks for is asked for later, or
 * among fewer stages, by what vehicles and people broadcast. All of it is off by default, and then nothing is changed.
 *
 * - *Red extension*: on the way to the next stage, while a vehicle that has lost its green will not stop, or has not left
 *   the junction, the clearance lasts longer.
 * - *Walk extension*: while people are on a crossing whose walk would end, the stage stays; once it ends, what conflicts
 *   with them starts later.
 * - *Protection*: where vehicles that yield and the people to whom they yield meet too often, the stages to choose from are
 *   those of another list, without permitted turns.
 *
 * Only ever longer clearances and other stages that exist: the device's own bounds, and the interlock, hold as always.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { RadioPicture } from '../safety/radio.ts';
import type { Decision, Memory, Observation, Parameters, Strategy, StrategyAnswer } from '../types.ts';
import { stageChoiceOf } from './stage-choice.ts';
import { listOf } from './stage-sets.ts';

/** Deceleration that is expected of somebody who means to stop, m/s2. */
const STOPS_METRES_PER_SECOND2 = 3;
/** Seconds that a driver needs before braking; from when on a vehicle at the line is past stopping. */
const REACTION_SECONDS = 1;
/** From the stop line to where it is out of everybody's way, with its own length. */
const THROUGH_METRES = 25;
/** Who is slower than this in the junction waits there for somebody, and is no reason to hold the others. */
const MOVING_METRES_PER_SECOND = 2;
/** Added each time: a decision is taken once a second. */
const STEP_MS = 1500;
/** Metres to the stop line within which a vehicle that yields is taken to meet who walks. */
const MEETS_METRES = 5;
/** Meetings are counted by a mean that forgets over so long, seconds. */
const MEMORY_SECONDS = 180;

const OPTIONS: Strategy['parameters'] = {
  redExtension: {
    default: false,
    description:
      'Extends the clearance while a vehicle that broadcasts will not stop at red or has not left the junction',
  },
  walkExtension: {
    default: false,
    description:
      'Holds the stage, and the start of what conflicts, while people that broadcast are still on a crossing',
  },
  protectAt: {
    default: 0,
    min: 0,
    max: 600,
    description:
      'Seconds a minute in which vehicles that yield meet people, from which on it chooses among protectedStages; 0: never',
  },
  protectPairs: {
    default: '',
    description:
      "Who yields to whom, for protectAt, as group+group separated by /, e.g. N+W-walk/S+E-walk. Empty: the configuration's yields",
  },
  protectedStages: {
    default: '',
    description: 'Ids of the stages without permitted turns, separated by /, for protectAt',
  },
};

interface SafetyMemory {
  readonly inner: Memory;
  /** Seconds of meeting a minute, smoothed. */
  readonly meets: number;
  readonly isProtected: boolean;
  /** Stage that was asked for last. */
  readonly asked: string | null;
}

const isOn = (parameters: Parameters): boolean =>
  parameters.redExtension === true || parameters.walkExtension === true || Number(parameters.protectAt) > 0;

/** `inner` with further parameters; the same strategy where they are off. */
export function safetyAware(inner: Strategy): Strategy {
  return {
    ...inner,
    parameters: { ...inner.parameters, ...OPTIONS },
    listens: isOn,
    check(configuration, parameters) {
      if (Number(parameters.protectAt) > 0) {
        if (listOf(String(parameters.protectedStages)).length === 0)
          return 'protectAt needs protectedStages: the stages without permitted turns, e.g. ns-left/ns/ew-left/ew/walk';
        const pairs = pairsOf(configuration, parameters);
        if (typeof pairs === 'string') return pairs;
        try {
          stageChoiceOf(configuration, { stages: parameters.protectedStages! }, 'all');
        } catch (error) {
          return `protectedStages: ${(error as Error).message}`;
        }
      }
      return inner.check?.(configuration, parameters) ?? null;
    },
    decide(configuration, parameters, memory, observation) {
      if (!isOn(parameters)) return inner.decide(configuration, parameters, memory, observation);
      return decideSafely(inner, configuration, parameters, memory as unknown as SafetyMemory | null, observation);
    },
  };
}

function decideSafely(
  inner: Strategy,
  configuration: JunctionConfiguration,
  parameters: Parameters,
  before: SafetyMemory | null,
  observation: Observation,
): StrategyAnswer {
  const { radio } = observation;
  const met = radio === undefined ? 0 : meeting(configuration, parameters, radio);
  const gain = Math.min(1, observation.elapsedSeconds / MEMORY_SECONDS);
  const meets = (before?.meets ?? 0) + (60 * met - (before?.meets ?? 0)) * gain;
  const at = Number(parameters.protectAt);
  // It ends well below where it begins, so that it does not go to and fro.
  const isProtected = at > 0 && meets >= (before?.isProtected ? at / 3 : at);
  const chosen = isProtected ? { ...parameters, stages: parameters.protectedStages! } : parameters;
  const answer = inner.decide(configuration, chosen, before?.inner ?? null, observation);
  let { decision } = answer;
  if (decision?.kind === 'stage' && radio !== undefined)
    decision = longer(configuration, parameters, decision, radio, observation);
  if (decision !== null && isProtected)
    decision = { ...decision, reason: `${decision.reason}; protected: ${meets.toFixed(0)} s of meetings a minute` };
  const asked = decision?.kind === 'stage' ? decision.stageId : null;
  const memory: SafetyMemory = { inner: answer.memory, meets, isProtected, asked };
  return { decision, memory: memory as unknown as Record<string, unknown> };
}

/** J2735 numbers of who yields and to whom; in words what is wrong with them. */
function pairsOf(configuration: JunctionConfiguration, parameters: Parameters): (readonly [number, number])[] | string {
  const { signalGroups: groups, yields } = configuration;
  const given = listOf(String(parameters.protectPairs));
  if (given.length === 0) {
    const known = groups.flatMap((a, i) =>
      groups.flatMap((b, j) => (yields?.[i]?.[j] ? [[a.number, b.number] as const] : [])),
    );
    return known.length > 0
      ? known
      : 'protectAt needs protectPairs: the configuration does not say who yields to whom, e.g. N+W-walk/S+E-walk';
  }
  const pairs: (readonly [number, number])[] = [];
  for (const text of given) {
    const [a, b] = text.split('+').map((id) => groups.find((group) => group.id === id));
    if (a === undefined || b === undefined)
      return `protectPairs: ${text} is not two groups as GROUP+GROUP; there are ${groups.map(({ id }) => id).join(', ')}`;
    pairs.push([a.number, b.number]);
  }
  return pairs;
}

/** 1 where a vehicle that yields is at its line or turns while somebody to whom it yields is on the crossing; else 0. */
function meeting(configuration: JunctionConfiguration, parameters: Parameters, radio: RadioPicture): number {
  if (Number(parameters.protectAt) <= 0 || radio.people.length === 0) return 0;
  const pairs = pairsOf(configuration, parameters);
  if (typeof pairs === 'string') return 0;
  const walking = new Set(radio.people.map(({ group }) => group));
  return radio.vehicles.some(
    ({ group, metres }) => metres <= MEETS_METRES && pairs.some(([a, b]) => group === a && walking.has(b)),
  )
    ? 1
    : 0;
}

function longer(
  configuration: JunctionConfiguration,
  parameters: Parameters,
  decision: Decision & { kind: 'stage' },
  radio: RadioPicture,
  { lamps }: Observation,
): Decision {
  const { signalGroups: groups, stages, conflicts } = configuration;
  const next = stages.find(({ id }) => id === decision.stageId);
  if (next === undefined || lamps.stageId === null || lamps.stageId === decision.stageId) return decision;
  const starts = groups.map(({ id }) => next.groups.includes(id) && lamps.byGroup[id] !== 'green');
  const meetsStart = (number: number | null): number =>
    groups.findIndex((own, i) => own.number === number && starts.some((start, j) => start && conflicts[i]![j]));
  if (parameters.walkExtension === true) {
    const late = radio.people.filter(({ group }) => meetsStart(group) >= 0);
    const [first] = late;
    if (first !== undefined) {
      const name = groups[meetsStart(first.group)]!.id;
      const who = late.length === 1 ? 'somebody is' : `${late.length} people are`;
      return {
        ...decision,
        notBeforeMs: radio.atMs + STEP_MS,
        reason: `${decision.reason}; held: ${who} still on ${name}`,
      };
    }
  }
  if (parameters.redExtension === true) {
    const late = radio.vehicles.find((vehicle) => {
      const i = meetsStart(vehicle.group);
      return i >= 0 && lamps.byGroup[groups[i]!.id] !== 'green' && comesThrough(vehicle);
    });
    if (late !== undefined) {
      const name = groups[meetsStart(late.group)]!.id;
      const seconds = (THROUGH_METRES + late.metres) / late.metresPerSecond;
      const untilMs = radio.atMs + Math.ceil(1000 * seconds);
      const what = late.metres > 0 ? 'will not stop' : 'has not left the junction';
      return { ...decision, notBeforeMs: untilMs, reason: `${decision.reason}; held: a vehicle of ${name} ${what}` };
    }
  }
  return decision;
}

/** Whether a vehicle at yellow or red goes on: too near and too fast to stop, or in the junction and moving. */
function comesThrough({ metres, metresPerSecond: v }: RadioPicture['vehicles'][number]): boolean {
  if (v < MOVING_METRES_PER_SECOND || THROUGH_METRES + metres <= 0) return false;
  if (metres <= 0) return true;
  return metres < v * REACTION_SECONDS && (v * v) / (2 * metres) > STOPS_METRES_PER_SECOND2;
}
