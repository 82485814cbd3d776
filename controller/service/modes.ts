/**
 * Who may command a junction, as operators ask for it: automatic, a manual override with bounded greens and an end, or an
 * emergency that serves one approach. Judges requests; pure.
 */
import { msOf, planFromMessage } from '../../feeds/codec.ts';
import type { ModeRequest } from '../../feeds/messages.ts';
import { MODE_MAX_SECONDS } from '../../junction/device.ts';
import { checkPlan } from '../../junction/interlock.ts';
import type { JunctionConfiguration, JunctionMode, PlanStage } from '../../junction/types.ts';

/** An emergency holds a junction for at most so long, seconds: maximum presence. */
export const EMERGENCY_MAX_SECONDS = 300;

/** What a junction is in. */
export interface ModeState {
  readonly mode: JunctionMode;
  readonly by: string;
  readonly reason: string;
  /** null for automatic only. */
  readonly untilMs: number | null;
  /** Manual override: the plan that runs. */
  readonly stages?: readonly PlanStage[];
  /** Emergency: the stage to serve. */
  readonly stageId?: string;
}

export const AUTOMATIC: ModeState = { mode: 'automatic', by: 'controller', reason: 'Start', untilMs: null };

/** The state that a request asks for, or why it is refused. */
export function modeFromRequest(
  configuration: JunctionConfiguration,
  request: ModeRequest,
  nowMs: number,
): ModeState | { readonly refused: string } {
  const { mode, by, reason } = request;
  if (mode === 'automatic') return { mode, by, reason, untilMs: null };
  if (request.until === null) return { refused: `${mode} needs an end (until)` };
  const untilMs = msOf(request.until);
  const most = mode === 'emergency' ? EMERGENCY_MAX_SECONDS : MODE_MAX_SECONDS;
  if (!(untilMs > nowMs)) return { refused: `until is ${request.until}, which is over` };
  if (untilMs - nowMs > most * 1000) {
    return { refused: `until is ${Math.round((untilMs - nowMs) / 1000)} s ahead; at most ${most} s for ${mode}` };
  }
  if (mode === 'emergency') {
    const stageId = stageToServe(configuration, request);
    return typeof stageId === 'string' ? { mode, by, reason, untilMs, stageId } : stageId;
  }
  if (request.stages === undefined && request.lane_times === undefined) {
    return { refused: 'manual_override needs its greens: stages, or lane_times in the order N, S, E, W' };
  }
  const plan = planFromMessage(
    {
      junction_id: configuration.junctionId,
      lane_times: request.lane_times ?? [null],
      timestamp: request.until,
      ...(request.stages === undefined ? {} : { stages: request.stages }),
    },
    { configuration, lastSeq: 0 },
  );
  if (plan.stages.length === 0) return { refused: 'lane_times need a stage of its own for each approach; give stages' };
  const judged = { ...plan, seq: 1, validFromMs: nowMs, validUntilMs: untilMs, mode };
  const refusal = checkPlan(configuration, judged, { lastSeq: 0, nowMs });
  return refusal === null ? { mode, by, reason, untilMs, stages: plan.stages } : { refused: refusal.reason };
}

/** The stage asked for, or the one that lets most of an approach's vehicles go and fewest others. */
function stageToServe(
  configuration: JunctionConfiguration,
  { stage, approach }: ModeRequest,
): string | { readonly refused: string } {
  const { stages, signalGroups, approaches } = configuration;
  if (stage !== undefined) {
    if (stages.some(({ id }) => id === stage)) return stage;
    return { refused: `stage ${stage} does not exist; there are ${stages.map(({ id }) => id).join(', ')}` };
  }
  if (approach === undefined) return { refused: 'emergency needs the approach or the stage to serve' };
  if (!approaches.some(({ name }) => name === approach)) {
    return {
      refused: `approach ${approach} does not exist; there are ${approaches.map(({ name }) => name).join(', ')}`,
    };
  }
  const isOwn = (id: string): boolean => {
    const group = signalGroups.find((candidate) => candidate.id === id);
    return group?.kind === 'vehicle' && group.approaches.includes(approach);
  };
  let best: string | null = null;
  let most = 0;
  for (const { id, groups } of stages) {
    const own = groups.filter(isOwn).length;
    const score = own === 0 ? 0 : own * 1000 - groups.length;
    if (score > most) {
      most = score;
      best = id;
    }
  }
  return best ?? { refused: `no stage lets approach ${approach} go` };
}
