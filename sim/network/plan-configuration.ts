/**
 * From what a peer's file says of a signal (what closes and opens when) to the junction configuration that interlock,
 * lamp device and strategies share.
 */
import { v5 } from 'uuid';
import { checkConfiguration } from '../../junction/interlock.ts';
import { timePlan } from '../../junction/timing.ts';
import type { JunctionConfiguration, JunctionDetector, PlanStage } from '../../junction/types.ts';

/** Ids of junctions and approaches of peers' files: v5 of (name of the case, name in the file). */
const NAMESPACE = 'c7f3b0b4-6d6c-5c1e-9a55-0f0d3f6f9f11';
const LEAST_MAX_CYCLE_SECONDS = 180;
const LEAST_MAX_WAIT_SECONDS = 300;
/** What the wire carries. */
const MOST = { approaches: 32, lanes: 32, groups: 254, stages: 64, detectors: 1000, name: 100 };

export interface SignalDraft {
  /** Name of the case: part of the ids. */
  readonly scenario: string;
  readonly name: string;
  readonly approaches: readonly {
    readonly name: string;
    /** Per lane, in the order of the network's approach: groups (indices) that its vehicles obey. */
    readonly lanes: readonly (readonly number[])[];
    /** Its upstream detectors, metres before the stop lines, and the speed limit there, m/s. */
    readonly upstreamMetres: number;
    readonly limitMetresPerSecond: number;
  }[];
  readonly groups: readonly { readonly id: string; readonly approaches: readonly string[] }[];
  readonly stages: readonly {
    readonly id: string;
    /** Indices of groups. */
    readonly groups: readonly number[];
    readonly minGreenSeconds: number;
    readonly maxGreenSeconds: number;
  }[];
  /** Today's plan: indices of stages. */
  readonly plan: readonly {
    readonly stage: number;
    readonly greenSeconds: number;
    readonly yellowSeconds: number;
    readonly allRedSeconds: number;
  }[];
  readonly conflicts: readonly (readonly boolean[])[];
  readonly intergreenSeconds: readonly (readonly number[])[];
  /** By group: groups that it gives way to where both are green; absent: nobody said. */
  readonly yieldsTo?: readonly (readonly number[])[];
  readonly yellowSeconds: number;
  readonly allRedSeconds: number;
}

/** J2735 id of a junction that no file gives one: above 65535, from its UUID. */
export const peerIntersectionId = (junctionId: string): number =>
  65_536 + (Number.parseInt(junctionId.slice(0, 8), 16) % (2_147_483_647 - 65_536));

/** A configuration, or why there can be none. */
export type Configured =
  | { readonly configuration: JunctionConfiguration }
  | { readonly configuration: null; readonly reason: string };

/** UUID of a junction of a peer's file, or with `approach` of one of its approaches. */
export function peerId(scenario: string, junction: string, approach?: string): string {
  return v5(JSON.stringify([scenario, junction, ...(approach === undefined ? [] : [approach])]), NAMESPACE);
}

/** Builds and checks the configuration. A signal that cannot be told to a lamp device gives a reason instead. */
export function configured(draft: SignalDraft): Configured {
  const tooMuch = excess(draft);
  if (tooMuch !== null) return { configuration: null, reason: tooMuch };
  const junctionId = peerId(draft.scenario, draft.name);
  const groupIds = draft.groups.map(({ id }) => id);
  const localPlan = draft.plan.map(
    (entry): PlanStage => ({
      stageId: draft.stages[entry.stage]!.id,
      greenSeconds: entry.greenSeconds,
      yellowSeconds: entry.yellowSeconds,
      allRedSeconds: entry.allRedSeconds,
    }),
  );
  const base: JunctionConfiguration = {
    junctionId,
    name: draft.name,
    intersectionId: peerIntersectionId(junctionId),
    version: 1,
    approaches: draft.approaches.map(({ name }) => ({ id: peerId(draft.scenario, draft.name, name), name })),
    signalGroups: draft.groups.map(({ id, approaches }, g) => ({
      id,
      number: g + 1,
      kind: 'vehicle',
      approaches,
      clearanceSeconds: 0,
    })),
    stages: draft.stages.map(({ id, groups, minGreenSeconds, maxGreenSeconds }) => ({
      id,
      groups: groups.map((g) => groupIds[g]!),
      minGreenSeconds,
      maxGreenSeconds,
    })),
    conflicts: draft.conflicts,
    intergreenSeconds: draft.intergreenSeconds,
    yellowSeconds: draft.yellowSeconds,
    allRedSeconds: draft.allRedSeconds,
    minCycleSeconds: 0,
    maxCycleSeconds: 86_400,
    maxWaitSeconds: 86_400,
    localPlan,
    ...(draft.yieldsTo?.some((others) => others.length > 0)
      ? { yields: draft.yieldsTo.map((others) => groupIds.map((_, other) => others.includes(other))) }
      : {}),
    detectors: detectorsOf(draft, groupIds),
  };
  const shortest = localPlan.map((entry, k) => ({
    ...entry,
    greenSeconds: draft.stages[draft.plan[k]!.stage]!.minGreenSeconds,
  }));
  const cycleSeconds = Math.ceil(timePlan(base, localPlan).cycleMs / 1000);
  const maxCycleSeconds = Math.max(LEAST_MAX_CYCLE_SECONDS, cycleSeconds);
  const configuration: JunctionConfiguration = {
    ...base,
    minCycleSeconds: Math.floor(timePlan(base, shortest).cycleMs / 1000),
    maxCycleSeconds,
    maxWaitSeconds: Math.max(LEAST_MAX_WAIT_SECONDS, 2 * maxCycleSeconds),
  };
  const problems = checkConfiguration(configuration);
  return problems.length === 0 ? { configuration } : { configuration: null, reason: problems.slice(0, 3).join('; ') };
}

function excess(draft: SignalDraft): string | null {
  const lanes = Math.max(0, ...draft.approaches.map((approach) => approach.lanes.length));
  const detectors = draft.approaches.reduce((sum, approach) => sum + approach.lanes.length + 2, 0);
  const longest = draft.approaches.find(({ name }) => `${name}:stopline:00`.length > MOST.name);
  if (draft.approaches.length === 0) return 'it governs no lane that vehicles use';
  if (draft.plan.length === 0) return 'its program shows green to nobody';
  if (draft.approaches.length > MOST.approaches) return `it has ${draft.approaches.length} approaches; at most 32`;
  if (lanes > MOST.lanes) return `it has an approach of ${lanes} lanes; at most 32`;
  if (draft.groups.length > MOST.groups) return `it governs ${draft.groups.length} links; at most 254`;
  if (draft.stages.length > MOST.stages || draft.plan.length > MOST.stages) {
    return `its program has ${draft.plan.length} greens in turn; at most 64`;
  }
  if (detectors > MOST.detectors) return `it would have ${detectors} detectors; at most 1000`;
  if (draft.name.length > MOST.name) return 'its name has more than 100 characters';
  if (longest !== undefined)
    return `the name of its approach ${longest.name.slice(0, 40)}... has more than 88 characters`;
  return null;
}

/** As those of a scenario: each approach at its stop line as a whole and by lane, and upstream where it is long enough. */
function detectorsOf(draft: SignalDraft, groupIds: readonly string[]): JunctionDetector[] {
  return draft.approaches.flatMap(({ name, lanes, upstreamMetres, limitMetresPerSecond }) => {
    const all = [...new Set(lanes.flat())].sort((a, b) => a - b).map((g) => groupIds[g]!);
    const whole = (position: 'stopline' | 'upstream'): JunctionDetector => ({
      id: `${name}:${position}`,
      approach: name,
      position,
      lane: null,
      groups: all,
      metresBeforeLine: position === 'upstream' ? upstreamMetres : 0,
      limitMetresPerSecond,
    });
    return [
      whole('stopline'),
      ...lanes.map(
        (groups, lane): JunctionDetector => ({
          id: `${name}:stopline:${lane}`,
          approach: name,
          position: 'stopline',
          lane,
          groups: groups.map((g) => groupIds[g]!),
        }),
      ),
      whole('upstream'),
    ];
  });
}
