/** The plan that runs, as one cycle to scale, and why it was chosen. */
import type { DecisionRecord } from '../../api/types.ts';
import { clockAt } from '../words/time.ts';

interface Props {
  readonly decision: DecisionRecord | undefined;
  readonly strategy: string;
  readonly startsAt: string;
  readonly timeZone: string;
  readonly variantIndex: number;
}

/** The newest decision up to `second` that the device did not refuse. */
export function decisionAt(
  decisions: readonly DecisionRecord[],
  variant: string,
  junctionId: string,
  second: number,
): DecisionRecord | undefined {
  return decisions.findLast(
    (decision) =>
      decision.variant === variant &&
      decision.junctionId === junctionId &&
      decision.second <= second &&
      decision.vetoed === null &&
      decision.acknowledged?.result !== 'refused',
  );
}

export const cycleSeconds = (decision: Pick<DecisionRecord, 'stages'>): number =>
  // tenths of seconds do not add up in binary
  Math.round(
    10 *
      decision.stages.reduce((sum, stage) => sum + stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds, 0),
  ) / 10;

export function PlanBar({ decision, strategy, startsAt, timeZone, variantIndex }: Props) {
  if (!decision) {
    return (
      <div className="plan">
        <p className="plan-why">
          <strong>{strategy}</strong> has sent no plan yet: the lamp controller runs its own local plan.
        </p>
      </div>
    );
  }
  const since = clockAt(startsAt, timeZone, decision.second);
  const isPlan = decision.kind === 'plan';
  return (
    <div className="plan">
      {isPlan && (
        <div className="plan-cycle" data-variant-index={variantIndex} role="img" aria-label={planWords(decision)}>
          {withStarts(decision.stages).map(({ stage, startSeconds, index }) => (
            <div
              key={startSeconds}
              className="plan-stage"
              data-shade={index % 4}
              style={{ flexGrow: stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds }}
              title={`${stage.id}: ${stage.greenSeconds} s green, ${stage.yellowSeconds} s yellow, ${stage.allRedSeconds} s all red`}
            >
              <div className="plan-green" style={{ flexGrow: stage.greenSeconds }}>
                {stage.id} {stage.greenSeconds}
              </div>
              <div className="plan-intergreen" style={{ flexGrow: stage.yellowSeconds + stage.allRedSeconds }} />
            </div>
          ))}
        </div>
      )}
      <p className="plan-why">
        <strong>
          {isPlan ? `Plan, cycle ${cycleSeconds(decision)} s` : `Asked for ${decision.stages[0]?.id ?? 'a stage'}`}
        </strong>{' '}
        since {since}
        {decision.acknowledged === null ? ', not answered yet' : ''}.{' '}
        <span className="why">Why: {decision.reason}</span>
      </p>
    </div>
  );
}

/** Each stage with where it begins in the cycle: a stage may come twice. */
function withStarts(stages: DecisionRecord['stages']) {
  let startSeconds = 0;
  return stages.map((stage, index) => {
    const placed = { stage, startSeconds, index };
    startSeconds += stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds;
    return placed;
  });
}

export function planWords(decision: Pick<DecisionRecord, 'kind' | 'stages'>): string {
  if (decision.kind === 'stage') return `Stage request: ${decision.stages.map(({ id }) => id).join(', ')}`;
  const stages = decision.stages.map((stage) => `${stage.id} ${stage.greenSeconds} s`).join(', ');
  return `Plan of ${cycleSeconds(decision)} s: ${stages}`;
}
