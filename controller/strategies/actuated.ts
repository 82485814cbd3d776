/**
 * Vehicle-actuated control as NEMA TS-2 controllers have it, one ring of stages: minimum green, passage time, gap-out,
 * max-out, force-off, skips, recalls and calls of walkers.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { DetectorReading, Observation, Parameters, Strategy } from '../types.ts';
import {
  askFor,
  CHOICE_STAGES_PARAMETER,
  followed,
  followStage,
  isStageFor,
  type Running,
  type StageChoice,
  type StageFollowed,
  stageChoiceOf,
  tenths,
} from './stage-choice.ts';
import { groundOf } from '../estimation/streams.ts';
import { isSomebodyAt, observeUnseen, type UnseenMemory } from './unseen-lines.ts';

/** What is remembered of each stop-line detector. */
interface LineMemory {
  readonly count: number;
  /** Somebody came, or stood there, while it had no green: it waits for its turn. */
  readonly called: boolean;
  /** Last covered or crossed. */
  readonly seenMs: number;
  /** It has been covered before: presence is reported. */
  readonly hasPresence: boolean;
  readonly hasCounted: boolean;
}

interface ActuatedMemory {
  readonly stage: StageFollowed;
  readonly lines: readonly LineMemory[];
  /** Counts at the upstream detectors, by approach. */
  readonly upstream: readonly number[];
  readonly upstreamSeenMs: readonly number[];
  /** Lines of which nothing is told, by the detectors upstream; null: there are none. */
  readonly unseen: UnseenMemory | null;
  /** First call of another stage in this green; -1: none. The maximum green runs from here. */
  readonly conflictSinceMs: number;
  readonly target: string | null;
}

const RECALLS = ['none', 'minimum', 'maximum'];
const PLACES = ['stopline', 'upstream', 'either'];

export const actuated: Strategy = {
  name: 'actuated',
  description:
    'Vehicle-actuated (NEMA): each green lasts while vehicles follow each other, between its minimum and its maximum; stages that nobody calls are skipped.',
  needs: ['stopline'],
  parameters: {
    stages: {
      ...CHOICE_STAGES_PARAMETER,
      description: `${CHOICE_STAGES_PARAMETER.description.replace('all there are', 'those of the local plan')}`,
    },
    passageSeconds: {
      default: 2.5,
      min: 0.5,
      max: 20,
      description: 'A green ends when nobody came for so long, seconds',
    },
    gapAt: {
      default: 'stopline',
      description: 'Detectors that extend a green: stopline, upstream (where there are) or either',
    },
    maxGreenSeconds: {
      default: 0,
      min: 0,
      max: 900,
      description: 'Longest green once another stage is called, seconds; 0: its own',
    },
    recall: {
      default: 'none',
      description: 'Stages served although nobody calls: none, minimum (each at least so long), maximum',
    },
    pedestrianRecallSeconds: {
      default: 90,
      min: 0,
      max: 900,
      description: 'Where walkers have no button they are taken to want to walk after so long, seconds',
    },
    pedestrianRecall: {
      default: false,
      description: 'Whether walks are called in every cycle, whoever pressed a button or not',
    },
    cycleSeconds: {
      default: 0,
      min: 0,
      max: 900,
      description: 'Coordinated: each stage is forced off at its place in a cycle of so long, seconds; 0: free',
    },
    offsetSeconds: {
      default: 0,
      min: 0,
      max: 900,
      description:
        "When the coordinated cycle begins, after multiples of it since 1970 and the junction's own offset, seconds",
    },
  },
  check(configuration, parameters) {
    try {
      const choice = stageChoiceOf(configuration, parameters, 'plan');
      if (!RECALLS.includes(String(parameters.recall)))
        return `recall is ${parameters.recall}; one of ${RECALLS.join(', ')}`;
      if (!PLACES.includes(String(parameters.gapAt)))
        return `gapAt is ${parameters.gapAt}; one of ${PLACES.join(', ')}`;
      const blind = configuration.approaches.find(
        ({ name }) =>
          configuration.detectors?.some(({ approach, position }) => approach === name && position === 'upstream') ===
          false,
      );
      if (parameters.gapAt === 'upstream' && blind !== undefined)
        return `gapAt upstream: approach ${blind.name} has no upstream detector`;
      const least = choice.stages.reduce(
        (sum, stage, k) => sum + stage.minGreenSeconds + choice.betweenSeconds[k]![(k + 1) % choice.stages.length]!,
        0,
      );
      const cycle = Number(parameters.cycleSeconds);
      return cycle > 0 && cycle < least
        ? `cycleSeconds is ${cycle}; at least ${least} (least greens and transitions of all stages)`
        : null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const choice = stageChoiceOf(configuration, parameters, 'plan');
    const before = memory as unknown as ActuatedMemory | null;
    const running = followStage(choice, before?.stage ?? null, observation);
    const heard = hear(configuration, choice, before, running, observation);
    const keep = (target: string | null, conflictSinceMs: number): ActuatedMemory => ({
      ...heard,
      stage: followed(running),
      conflictSinceMs,
      target,
    });
    if (running.stageId === null)
      return { decision: null, memory: keep(null, -1) as unknown as Record<string, unknown> };
    const { nowMs } = observation;
    const called = callsOf(configuration, choice, parameters, heard, running, observation);
    const asked = before?.target == null ? -1 : (choice.indexOf.get(before.target) ?? -1);
    if (running.index < 0 || !running.isGreen) {
      const to = asked >= 0 ? asked : Math.max(0, running.index);
      return askFor(choice, to, `On the way to ${choice.stages[to]!.id}`, {}, keep(choice.stages[to]!.id, -1));
    }
    const at = running.index;
    const own = choice.stages[at]!;
    const next = nextCalled(choice, called, at);
    const since =
      next < 0
        ? -1
        : before !== null && before.conflictSinceMs >= 0 && running.greenSeconds > 0
          ? before.conflictSinceMs
          : nowMs;
    const gap = gapSeconds(configuration, choice, parameters, heard, at, next, nowMs);
    const longest = longestGreen(own.maxGreenSeconds, parameters);
    const force = forceOff(configuration, choice, parameters, at, nowMs);
    const end = whyEnd(parameters, {
      greenSeconds: running.greenSeconds,
      minimum: Math.max(own.minGreenSeconds, unseenGreen(configuration, choice, observation, at)),
      gap,
      longest,
      conflictSeconds: since < 0 ? -1 : (nowMs - since) / 1000,
      force,
      next,
      hardMaximum: own.maxGreenSeconds,
      first: at === 0,
    });
    const inputs = {
      greenSeconds: running.greenSeconds,
      gapSeconds: tenths(Math.min(gap, 999)),
      called: choice.stages.flatMap(({ id }, k) => (called[k] && k !== at ? [id] : [])),
    };
    if (end === null) {
      const why =
        next < 0
          ? 'nobody else calls'
          : running.greenSeconds < own.minGreenSeconds
            ? 'minimum green'
            : 'vehicles follow each other';
      return askFor(choice, at, `${own.id} stays: ${why}`, inputs, keep(own.id, since));
    }
    const to = next >= 0 ? next : (at + 1) % choice.stages.length;
    return askFor(
      choice,
      to,
      `${own.id} ends: ${end}; ${choice.stages[to]!.id} is next`,
      inputs,
      keep(choice.stages[to]!.id, -1),
    );
  },
};

type Heard = Pick<ActuatedMemory, 'lines' | 'upstream' | 'upstreamSeenMs' | 'unseen'>;

/** Takes in what the detectors say: calls are locked in while there is no green, and answered by green. */
function hear(
  configuration: JunctionConfiguration,
  choice: StageChoice,
  before: ActuatedMemory | null,
  running: Running,
  observation: Observation,
): Heard {
  const { detectors, nowMs } = observation;
  const unseen = observeUnseen(groundOf(configuration), before?.unseen ?? null, observation);
  const lines = choice.streams.map(({ id }, i): LineMemory => {
    const was = before?.lines[i] ?? { count: -1, called: true, seenMs: nowMs, hasPresence: false, hasCounted: false };
    const line = detectors[id];
    const green = running.isGreen && running.index >= 0 && choice.stages[running.index]!.serves[i] === 1;
    if (line === undefined) {
      const isThere = isSomebodyAt(unseen, i, nowMs);
      if (isThere === null) return was;
      return {
        ...was,
        called: !green && (was.called || isThere),
        seenMs: isThere ? nowMs : Math.min(was.seenMs, nowMs),
      };
    }
    const passed = was.count >= 0 && line.count !== was.count;
    return {
      count: line.count,
      called: green ? false : was.called || line.presence,
      seenMs: passed || line.presence ? nowMs : Math.min(was.seenMs, nowMs),
      hasPresence: was.hasPresence || line.presence,
      hasCounted: was.hasCounted || passed,
    };
  });
  const upstream = configuration.approaches.map(
    ({ name }, a) => detectors[`${name}:upstream`]?.count ?? before?.upstream[a] ?? -1,
  );
  const upstreamSeenMs = upstream.map((count, a) =>
    before !== null && count === before.upstream[a] ? Math.min(before.upstreamSeenMs[a]!, nowMs) : nowMs,
  );
  return { lines, upstream, upstreamSeenMs, unseen };
}

/**
 * Which stages are called: by a vehicle, by walkers, or by a recall. A detector that counts and is never covered calls always,
 * as does one that says nothing, unless the detector upstream tells who should be there.
 */
function callsOf(
  configuration: JunctionConfiguration,
  choice: StageChoice,
  parameters: Parameters,
  { lines, unseen }: Heard,
  running: Running,
  { detectors, countsSincePlan, nowMs }: Observation,
): boolean[] {
  const silent = choice.streams.map(({ id }) => detectors[id] === undefined);
  // Where no reader of an approach was heard of for long, what its detectors said last is old.
  const isOld = (a: number): boolean =>
    countsSincePlan[a] === null && !choice.streams.some(({ approach }, i) => approach === a && silent[i]);
  const recallMs = 1000 * Number(parameters.pedestrianRecallSeconds);
  const anyPresence = lines.some(({ hasPresence }) => hasPresence);
  const served = running.index >= 0 && running.isGreen ? choice.stages[running.index]! : null;
  return choice.stages.map((stage, k) => {
    if (parameters.recall !== 'none') return true;
    const isUnasked = nobodyPressed(configuration, stage, detectors);
    const byVehicle = choice.streams.some(({ approach }, i) => {
      if (!isStageFor(choice, k, i) || served?.serves[i] === 1) return false;
      // Nor one with a walk that nobody asked for, where another serves the lane without.
      if (
        isUnasked &&
        choice.stages.some(({ serves, pedestrianGroups: walks }) => serves[i] === 1 && walks.length === 0)
      )
        return false;
      const line = lines[i]!;
      if (silent[i]) return line.called || isSomebodyAt(unseen, i, nowMs) === null;
      const countsOnly = !line.hasPresence && (line.hasCounted || !anyPresence);
      return line.called || countsOnly || isOld(approach);
    });
    return (
      byVehicle ||
      stage.pedestrianGroups.some((group) => {
        if (served?.isGreen[group]) return false;
        if (parameters.pedestrianRecall === true) return true;
        const button: DetectorReading | undefined = detectors[`${configuration.signalGroups[group]!.id}:button`];
        const waitsMs = nowMs - running.walkersSinceMs[choice.pedestrianGroups.indexOf(group)]!;
        return button?.presence ?? waitsMs >= recallMs;
      })
    );
  });
}

/** Whether all walks of a stage have push buttons and none is pressed. */
function nobodyPressed(
  configuration: JunctionConfiguration,
  { pedestrianGroups }: StageChoice['stages'][number],
  detectors: Observation['detectors'],
): boolean {
  return (
    pedestrianGroups.length > 0 &&
    pedestrianGroups.every((group) => detectors[`${configuration.signalGroups[group]!.id}:button`]?.presence === false)
  );
}

/** The next called stage in the order of the ring; -1: none. */
function nextCalled(choice: StageChoice, called: readonly boolean[], at: number): number {
  for (let k = 1; k < choice.stages.length; k++) {
    const to = (at + k) % choice.stages.length;
    if (called[to]) return to;
  }
  return -1;
}

/** Today's green for the lanes of stage `at` of which no detector tells, seconds: upstream one knows who came, not who is left. */
function unseenGreen(
  { localPlan }: JunctionConfiguration,
  choice: StageChoice,
  { detectors }: Observation,
  at: number,
): number {
  const own = choice.stages[at]!;
  const silent = choice.streams.flatMap(({ id }, i) => (detectors[id] === undefined && own.serves[i] === 1 ? [i] : []));
  const greens = localPlan.flatMap(({ stageId, greenSeconds }) => {
    const stage = choice.stages[choice.indexOf.get(stageId) ?? -1];
    return silent.some((i) => stage?.serves[i] === 1) ? [greenSeconds] : [];
  });
  return Math.min(own.maxGreenSeconds, Math.max(0, ...greens));
}

/** Seconds since the last vehicle on a lane that the running stage is for and the next does not serve. */
function gapSeconds(
  configuration: JunctionConfiguration,
  choice: StageChoice,
  parameters: Parameters,
  heard: Heard,
  at: number,
  next: number,
  nowMs: number,
): number {
  let lastMs = Number.NEGATIVE_INFINITY;
  const upstreamIn = configuration.detectors === undefined || parameters.gapAt !== 'stopline';
  choice.streams.forEach(({ approach }, i) => {
    if (!isStageFor(choice, at, i)) return;
    if (next >= 0 && choice.stages[next]!.serves[i]! >= choice.stages[at]!.serves[i]!) return;
    if (parameters.gapAt !== 'upstream') lastMs = Math.max(lastMs, heard.lines[i]!.seenMs);
    if (upstreamIn && parameters.gapAt !== 'stopline' && heard.upstream[approach]! >= 0)
      lastMs = Math.max(lastMs, heard.upstreamSeenMs[approach]!);
  });
  return (nowMs - lastMs) / 1000;
}

function longestGreen(own: number, parameters: Parameters): number {
  const given = Number(parameters.maxGreenSeconds);
  return given > 0 ? Math.min(given, own) : own;
}

/** Seconds to the force-off of stage `at` in the coordinated cycle, whose splits are those of the local plan; null: free. */
function forceOff(
  configuration: JunctionConfiguration,
  choice: StageChoice,
  parameters: Parameters,
  at: number,
  nowMs: number,
): number | null {
  const cycle = Number(parameters.cycleSeconds);
  if (cycle <= 0) return null;
  const n = choice.stages.length;
  const usual = choice.stages.map(
    ({ id, minGreenSeconds }) =>
      configuration.localPlan.find(({ stageId }) => stageId === id)?.greenSeconds ?? minGreenSeconds,
  );
  const lost = choice.stages.reduce((sum, _, k) => sum + choice.betweenSeconds[k]![(k + 1) % n]!, 0);
  const least = choice.stages.reduce((sum, stage) => sum + stage.minGreenSeconds, lost);
  const above = usual.map((green, k) => Math.max(0, green - choice.stages[k]!.minGreenSeconds) + 1);
  const total = above.reduce((sum, seconds) => sum + seconds, 0);
  let end = 0;
  for (let k = 0; k <= at; k++) {
    end += choice.stages[k]!.minGreenSeconds + (above[k]! * (cycle - least)) / total;
    if (k < at) end += choice.betweenSeconds[k]![k + 1]!;
  }
  const offsetMs = 1000 * (Number(parameters.offsetSeconds) + (configuration.offsetSeconds ?? 0));
  const inCycle = (((nowMs - offsetMs) % (cycle * 1000)) + cycle * 1000) % (cycle * 1000);
  const left = end - inCycle / 1000;
  // Past its place it is due at once, unless it has begun early for the next cycle.
  return left > 0 ? left : left > -cycle / 2 ? 0 : left + cycle;
}

interface Green {
  readonly greenSeconds: number;
  readonly minimum: number;
  readonly gap: number;
  readonly longest: number;
  readonly hardMaximum: number;
  readonly conflictSeconds: number;
  readonly force: number | null;
  readonly next: number;
  /** Of the ring: in coordination it keeps green to its force-off. */
  readonly first: boolean;
}

/** Why a green ends now; null: it does not. */
function whyEnd(parameters: Parameters, green: Green): string | null {
  if (green.greenSeconds < green.minimum) return null;
  if (green.greenSeconds >= green.hardMaximum) return `longest green of the junction, ${green.hardMaximum} s`;
  if (green.next < 0) return null;
  if (green.force === 0) return 'forced off, its place in the cycle is over';
  if (green.conflictSeconds >= green.longest) return `max-out, ${green.longest} s since another was called`;
  if (parameters.recall === 'maximum' || (green.force !== null && green.first)) return null;
  const passage = Number(parameters.passageSeconds);
  return green.gap >= passage ? `gap-out, nobody for ${tenths(green.gap)} s` : null;
}
