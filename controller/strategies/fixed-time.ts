/** The same greens every cycle: today's plan, or greens that are given. */

import { checkStages } from '../../junction/interlock.ts';
import type { JunctionConfiguration, PlanStage } from '../../junction/types.ts';
import type { Memory, Observation, Parameters, Strategy } from '../types.ts';
import { isTimeToDecide, listOf } from './cycle.ts';

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

export const fixedTime: Strategy = {
  name: 'fixed-time',
  description: "The same greens every cycle: today's plan of the junction, or greens that are given.",
  needs: [],
  parameters: {
    greens: {
      default: '',
      description:
        "Stages and their greens in seconds, in order, e.g. NS:30/NS-left:12/EW:25/EW-left:10. Empty: today's plan",
    },
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
    const given = listOf(String(parameters.greens ?? '')).length > 0;
    return {
      decision: {
        kind: 'plan',
        stages: stagesOf(configuration, parameters),
        reason: given ? 'The greens that were given' : "Today's plan",
        inputs: {},
      },
      memory: { decidedAtMs: observation.nowMs },
    };
  },
};
