/** The same greens every cycle: today's plan, or greens that are given. */

import { checkStages } from '../../junction/interlock.ts';
import { entryAt } from '../../junction/ladder.ts';
import { minuteOfWeekIn } from '../../junction/local-time.ts';
import { toMs } from '../../junction/timing.ts';
import type { JunctionConfiguration, LocalPlanEntry, PlanStage } from '../../junction/types.ts';
import type { Memory, Observation, Parameters, Strategy } from '../types.ts';
import { isTimeToDecide } from './cycle.ts';
import { towardsOffset } from './offset.ts';
import { listOf } from './stage-sets.ts';

/** The stages of `greens`, or today's plan. Throws RangeError for what is no such list. */
function stagesOf(configuration: JunctionConfiguration, parameters: Parameters): readonly PlanStage[] {
  const parts = listOf(String(parameters.greens ?? ''));
  if (parts.length === 0) return configuration.localPlan;
  return parts.map((part) => {
    const match = /^(.+):(\d+(?:\.\d+)?)$/.exec(part);
    if (match === null) throw new RangeError(`greens: ${part} is not STAGE:SECONDS, e.g. NS:30/EW:25`);
    const stageId = match[1]!;
    const local = configuration.localPlan.find((entry) => entry.stageId === stageId);
    return {
      stageId,
      greenSeconds: Number(match[2]),
      yellowSeconds: local?.yellowSeconds ?? configuration.yellowSeconds,
      allRedSeconds: local?.allRedSeconds ?? configuration.allRedSeconds,
    };
  });
}

interface Due {
  readonly stages: readonly PlanStage[];
  readonly offsetSeconds: number | undefined;
  readonly reason: string;
}

/** What is to run from `beginMs` on: the greens given, the plan of that time of day, or today's. */
function dueAt(configuration: JunctionConfiguration, parameters: Parameters, beginMs: number): Due {
  const given = Number(parameters.offsetSeconds ?? -1);
  const { localSchedule = [], timeZone = 'UTC' } = configuration;
  const isGiven = listOf(String(parameters.greens ?? '')).length > 0;
  const at =
    isGiven || localSchedule.length === 0 || parameters.timeOfDay === false
      ? -1
      : entryAt(localSchedule, minuteOfWeekIn(timeZone)(beginMs));
  const entry = localSchedule[at];
  const own = entry?.offsetSeconds ?? configuration.offsetSeconds;
  return {
    stages: entry?.stages ?? stagesOf(configuration, parameters),
    offsetSeconds: parameters.coordinated === false ? undefined : given >= 0 ? given : own,
    reason: isGiven ? 'The greens that were given' : entry === undefined ? "Today's plan" : timeOfDay(entry),
  };
}

function timeOfDay({ startsAtMinute }: LocalPlanEntry): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `The plan of ${two(Math.floor(startsAtMinute / 60))}:${two(startsAtMinute % 60)}`;
}

export const fixedTime: Strategy = {
  name: 'fixed-time',
  description:
    "The same greens every cycle: today's plan of the junction, the one of the time of day where it has such, or greens that are given.",
  needs: [],
  parameters: {
    greens: {
      default: '',
      description:
        "Stages and their greens in seconds, in order, e.g. NS:30/NS-left:12/EW:25/EW-left:10. Empty: today's plan",
    },
    offsetSeconds: {
      default: -1,
      min: -1,
      max: 900,
      description: "Cycles begin so long after multiples of the cycle since 1970, seconds; -1: the junction's own",
    },
    coordinated: { default: true, description: 'Whether cycles are brought to their offset, where there is one' },
    timeOfDay: { default: true, description: "Whether plans by time of day are used; false: today's plan always" },
  },
  check(configuration, parameters) {
    try {
      return checkStages(configuration, stagesOf(configuration, parameters))?.reason ?? null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration: JunctionConfiguration, parameters: Parameters, memory: Memory, observation: Observation) {
    const decidedAtMs = (memory?.decidedAtMs as number | undefined) ?? null;
    if (!isTimeToDecide(decidedAtMs, observation)) return { decision: null, memory };
    const beginMs = observation.nowMs + toMs(observation.lamps.cycleSecondsLeft ?? 0);
    const { stages, offsetSeconds, reason } = dueAt(configuration, parameters, beginMs);
    const next = { decidedAtMs: observation.nowMs };
    if (offsetSeconds === undefined) return { decision: { kind: 'plan', stages, reason, inputs: {} }, memory: next };
    const shifted = towardsOffset(configuration, stages, offsetSeconds, beginMs);
    const { lateSeconds, addedSeconds } = shifted;
    const words =
      lateSeconds === 0
        ? `, offset ${offsetSeconds} s kept`
        : `, ${Math.abs(lateSeconds)} s ${lateSeconds > 0 ? 'later' : 'earlier'} than offset ${offsetSeconds} s: cycle changed by ${addedSeconds} s`;
    const inputs = { offsetSeconds, lateSeconds, addedSeconds };
    return { decision: { kind: 'plan', stages: shifted.stages, reason: `${reason}${words}`, inputs }, memory: next };
  },
};
