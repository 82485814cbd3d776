/** What a decision becomes before it is published: a plan or a stage request with its sequence number and validity. */
import { timePlan } from '../../junction/timing.ts';
import type { JunctionConfiguration, JunctionMode, Plan, PlanStage, StageRequest } from '../../junction/types.ts';
import type { Decision, Observation } from '../types.ts';

/** A stage request is valid for so long, seconds: the next one comes a second later. */
const REQUEST_VALID_SECONDS = 5;
/** For messages that take their time. */
const PLAN_RESERVE_MS = 10_000;

export type CommandHead = Pick<StageRequest, 'seq' | 'junctionId' | 'configurationVersion' | 'reason'>;

export function requestFor(head: CommandHead, decision: Decision & { kind: 'stage' }, nowMs: number): StageRequest {
  const notBeforeMs = Math.max(nowMs, decision.notBeforeMs ?? nowMs);
  const validUntilMs = Math.max(nowMs, notBeforeMs) + REQUEST_VALID_SECONDS * 1000;
  return { ...head, stageId: decision.stageId, notBeforeMs, validUntilMs };
}

/** Valid to its boundary, then for its cycle, and for one more if the next plan is lost. */
export function planFor(
  configuration: JunctionConfiguration,
  head: CommandHead,
  decision: Decision & { kind: 'plan' },
  { nowMs, lamps }: Pick<Observation, 'nowMs' | 'lamps'>,
): Plan {
  const { stages } = decision;
  const known = stages.every(({ stageId }) => configuration.stages.some(({ id }) => id === stageId));
  const cycleMs = known ? timePlan(configuration, stages).cycleMs : 0;
  const boundaryMs = (lamps.cycleSecondsLeft ?? configuration.maxCycleSeconds) * 1000;
  const validUntilMs = nowMs + Math.round(boundaryMs + 2 * cycleMs) + PLAN_RESERVE_MS;
  return planOf(configuration, head, stages, 'automatic', nowMs, validUntilMs);
}

export function planOf(
  configuration: JunctionConfiguration,
  head: CommandHead,
  stages: readonly PlanStage[],
  mode: JunctionMode,
  validFromMs: number,
  validUntilMs: number,
): Plan {
  const planId = `${configuration.junctionId.slice(0, 8)}-${head.seq}`;
  return { ...head, planId, validFromMs, validUntilMs, stages, mode };
}
