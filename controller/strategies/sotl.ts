/**
 * Self-organising lights (Gershenson 2005, Cools et al. 2013) in the form of the facts that ours is compared by: after the
 * minimum green, on to the next stage if few are left on green and enough wait on red, or nobody on green and somebody on
 * red.
 */
import { groundOf } from '../estimation/streams.ts';
import { laneTraffic, observeVehicles, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { Strategy } from '../types.ts';
import {
  askFor,
  CHOICE_STAGES_PARAMETER,
  followed,
  followStage,
  HYPOTHESES_PARAMETER,
  isStageFor,
  type StageFollowed,
  stageChoiceOf,
  tenths,
  whyNotHypotheses,
} from './stage-choice.ts';

interface SotlMemory {
  readonly stage: StageFollowed;
  readonly vehicles: VehiclesMemory;
  readonly target: string | null;
}

const RATES_SECONDS = 200;
/** Less of a vehicle than this is nobody. */
const NOBODY = 0.5;

export const sotl: Strategy = {
  name: 'sotl',
  description: 'Self-organising: the next stage as soon as few are left on green and enough wait on red.',
  needs: ['stopline'],
  parameters: {
    stages: {
      ...CHOICE_STAGES_PARAMETER,
      description: `${CHOICE_STAGES_PARAMETER.description.replace('all there are', 'those of the local plan')}`,
    },
    onGreenMax: { default: 3, min: 0, max: 100, description: 'A green may end when no more vehicles approach it' },
    onRedMin: { default: 6, min: 0, max: 1000, description: 'and more than so many wait at red' },
    hypotheses: HYPOTHESES_PARAMETER,
    upstreamSeconds: {
      default: 9,
      min: 1,
      max: 120,
      description:
        'From the upstream detector, where there is one, to the stop line at free speed, seconds, until it was measured',
    },
  },
  check(configuration, parameters) {
    try {
      stageChoiceOf(configuration, parameters, 'plan');
      return whyNotHypotheses(parameters);
    } catch (error) {
      return (error as Error).message;
    }
  },
  decide(configuration, parameters, memory, observation) {
    const choice = stageChoiceOf(configuration, parameters, 'plan');
    const ground = groundOf(configuration);
    const before = memory as unknown as SotlMemory | null;
    const upstreamSeconds = Number(parameters.upstreamSeconds);
    const vehicles = observeVehicles(ground, before?.vehicles ?? null, observation, {
      upstreamSeconds,
      smoothingSeconds: RATES_SECONDS,
      hypotheses: Number(parameters.hypotheses),
    });
    const running = followStage(choice, before?.stage ?? null, observation);
    const keep = (target: string | null): SotlMemory => ({ stage: followed(running), vehicles, target });
    if (running.stageId === null) return { decision: null, memory: keep(null) as unknown as Record<string, unknown> };
    const asked = before?.target == null ? -1 : (choice.indexOf.get(before.target) ?? -1);
    if (running.index < 0 || !running.isGreen) {
      const to = asked >= 0 ? asked : Math.max(0, running.index);
      return askFor(choice, to, `On the way to ${choice.stages[to]!.id}`, {}, keep(choice.stages[to]!.id));
    }
    const at = running.index;
    const own = choice.stages[at]!;
    const lanes = laneTraffic(ground, vehicles);
    let onGreen = 0;
    let onRed = 0;
    lanes.forEach(({ queued, coming }, i) => {
      const share = isStageFor(choice, at, i) ? own.serves[i]! : 0;
      onGreen += (queued + coming) * share;
      onRed += queued * (1 - share);
    });
    const inputs = { onGreen: tenths(onGreen), onRed: tenths(onRed) };
    const few = onGreen <= Number(parameters.onGreenMax) && onRed > Number(parameters.onRedMin);
    const none = onGreen < NOBODY && onRed >= NOBODY;
    const over = running.greenSeconds >= own.maxGreenSeconds;
    if (running.greenSeconds < own.minGreenSeconds || !(few || none || over))
      return askFor(
        choice,
        at,
        `${own.id} stays: ${tenths(onGreen)} on green, ${tenths(onRed)} on red`,
        inputs,
        keep(own.id),
      );
    const to = nextWanted(
      choice.stages.map(({ serves }) => serves),
      lanes.map(({ queued }) => queued),
      at,
    );
    const { id } = choice.stages[to]!;
    return askFor(choice, to, `${id} is next: ${tenths(onGreen)} on green, ${tenths(onRed)} on red`, inputs, keep(id));
  },
};

/** The next stage in order that somebody waits for; else the next. */
function nextWanted(serves: readonly (readonly number[])[], queued: readonly number[], at: number): number {
  for (let k = 1; k < serves.length; k++) {
    const to = (at + k) % serves.length;
    if (queued.some((waiting, i) => waiting >= NOBODY && serves[to]![i]! > serves[at]![i]!)) return to;
  }
  return (at + 1) % serves.length;
}
