/**
 * The RFID system's deployed count-proportional algorithm, version 2, to the digit, faults included: what it gives
 * nobody else goes to the last lane, beyond its maximum or below its minimum. A reference for users who migrate; on a
 * street the interlock refuses what is out of bounds.
 */
import type { JunctionConfiguration, Stage } from '../../junction/types.ts';
import type { Strategy } from '../types.ts';
import { isTimeToDecide } from './cycle.ts';

export interface AtcsV2Options {
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
  readonly baseGreenSeconds: number;
  readonly capGreenSeconds: number;
  readonly yellowSeconds: number;
}

export const ATCS_V2_DEFAULTS: AtcsV2Options = {
  minGreenSeconds: 15,
  maxGreenSeconds: 90,
  baseGreenSeconds: 120,
  capGreenSeconds: 180,
  yellowSeconds: 5,
};

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Greens of the lanes N, S, E, W and the cycle, seconds, from the vehicles counted since the last cycle. Throws RangeError
 * unless there are exactly four counts, all >= 0.
 */
export function atcsV2(
  counts: readonly number[],
  options: Partial<AtcsV2Options> = {},
): { greens: number[]; cycleSeconds: number } {
  const {
    minGreenSeconds: min,
    maxGreenSeconds: max,
    baseGreenSeconds,
    capGreenSeconds,
    yellowSeconds,
  } = {
    ...ATCS_V2_DEFAULTS,
    ...options,
  };
  if (counts.length !== 4 || !counts.every((count) => count >= 0)) {
    throw new RangeError(`counts [${counts.join(', ')}]; exactly four, each >= 0`);
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const green =
    total <= 100 ? baseGreenSeconds : Math.min(baseGreenSeconds + 10 * Math.floor((total - 100) / 10), capGreenSeconds);
  const toShare = green - 4 * min;
  const adjustable = counts.map((count) => count > min);
  const raw = counts.map((count, i) => (adjustable[i] ? min + ((count - min) / total) * toShare : min));
  const fixedSum = 4 * min - min * adjustable.filter(Boolean).length;
  const adjustableSum = raw.reduce((sum, seconds, i) => (adjustable[i] ? sum + seconds : sum), 0);
  if (adjustableSum > 0) {
    for (let i = 0; i < 4; i++) if (adjustable[i]) raw[i] = (raw[i]! / adjustableSum) * (green - fixedSum);
  }
  for (;;) {
    let excess = 0;
    for (let i = 0; i < 4; i++) {
      if (!adjustable[i] || raw[i]! <= max) continue;
      excess += raw[i]! - max;
      raw[i] = max;
    }
    const takers = [0, 1, 2, 3].filter((i) => adjustable[i] && raw[i]! < max);
    if (excess <= 0 || takers.length === 0) break;
    for (const i of takers) raw[i]! += excess / takers.length;
  }
  const greens = raw.map(roundHalfEven);
  greens[3]! += green - greens.reduce((sum, seconds) => sum + seconds, 0);
  return { greens, cycleSeconds: green + 4 * yellowSeconds };
}

/** The stage that serves each of the four approaches, and it alone; null where there is none. */
function ownStages(configuration: JunctionConfiguration): (Stage | null)[] {
  const vehicles = configuration.signalGroups.filter((group) => group.kind === 'vehicle');
  return configuration.approaches.map(({ name }) => {
    const wanted = vehicles.filter((group) => group.approaches.includes(name));
    const alone = (stage: Stage): boolean =>
      vehicles.every((group) => !stage.groups.includes(group.id) || group.approaches.every((other) => other === name));
    return (
      configuration.stages.find((stage) => alone(stage) && wanted.every((group) => stage.groups.includes(group.id))) ??
      null
    );
  });
}

export const atcsV2Strategy: Strategy = {
  name: 'atcs-v2',
  description: "The RFID system's deployed algorithm, faults included: a reference for users who migrate.",
  needs: ['stopline'],
  referenceOnly: true,
  parameters: {
    minGreenSeconds: {
      default: ATCS_V2_DEFAULTS.minGreenSeconds,
      min: 1,
      max: 120,
      description: 'Least green, seconds',
    },
    maxGreenSeconds: {
      default: ATCS_V2_DEFAULTS.maxGreenSeconds,
      min: 1,
      max: 300,
      description: 'Cap of an adjustable green, seconds',
    },
    baseGreenSeconds: {
      default: ATCS_V2_DEFAULTS.baseGreenSeconds,
      min: 4,
      max: 600,
      description: 'Green of a cycle up to 100 vehicles, seconds',
    },
    capGreenSeconds: {
      default: ATCS_V2_DEFAULTS.capGreenSeconds,
      min: 4,
      max: 900,
      description: 'Most green of a cycle, seconds',
    },
    yellowSeconds: {
      default: ATCS_V2_DEFAULTS.yellowSeconds,
      min: 0,
      max: 10,
      description: "Yellow a lane; the junction's own intergreens apply where they are longer",
    },
    bounded: {
      default: true,
      description: 'Bring greens within the bounds of the stages, and say so; else the interlock refuses them',
    },
  },
  check(configuration) {
    if (configuration.approaches.length !== 4) return `${configuration.approaches.length} approaches; exactly four`;
    const missing = configuration.approaches.find((_, i) => ownStages(configuration)[i] === null);
    return missing === undefined ? null : `no stage serves approach ${missing.name} alone; one each is needed`;
  },
  decide(configuration, parameters, memory, observation) {
    const decidedAtMs = (memory?.decidedAtMs as number | undefined) ?? null;
    if (!isTimeToDecide(decidedAtMs, observation)) return { decision: null, memory };
    const counts = observation.countsSincePlan.map((count) => count ?? 0);
    const { greens, cycleSeconds } = atcsV2(counts, parameters as unknown as AtcsV2Options);
    const stages = ownStages(configuration).map((stage) => stage!);
    const bounded = greens.map((green, i) => {
      return parameters.bounded
        ? Math.min(stages[i]!.maxGreenSeconds, Math.max(stages[i]!.minGreenSeconds, green))
        : green;
    });
    const changed = bounded.flatMap((green, i) =>
      green === greens[i] ? [] : [`${stages[i]!.id} ${greens[i]} s bounded to ${green} s`],
    );
    const yellowSeconds = Math.max(Number(parameters.yellowSeconds), configuration.yellowSeconds);
    return {
      decision: {
        kind: 'plan',
        stages: stages.map(({ id }, i) => ({
          stageId: id,
          greenSeconds: bounded[i]!,
          yellowSeconds,
          allRedSeconds: configuration.allRedSeconds,
        })),
        reason: [`Counts ${counts.join(', ')}; its own cycle ${cycleSeconds} s`, ...changed].join('; '),
        inputs: { counts, greens, cycleSeconds },
      },
      memory: { decidedAtMs: observation.nowMs },
    };
  },
};
