/** From what the file says of a junction's signals, and from its ground plan, to the configuration everybody shares. */
import { checkConfiguration } from '../junction/interlock.ts';
import type { JunctionConfiguration, PlanStage, Stage } from '../junction/types.ts';
import type { ResolvedGround } from './arms.ts';
import { bodyWidthMetres, clearingDistances } from './conflicts.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { show } from './issues.ts';
import type { JunctionLayout } from './layout.ts';
import { permitPairs } from './permitted.ts';
import { buildSchedule } from './plans.ts';
import type { SignalisedFile, SignalsFile } from './schema.ts';
import type { GreenBounds, RightOfWay } from './types.ts';
import { assignGroups, checkGroups, detectorsOf, type Group, makeGroups, numbered } from './signal-groups.ts';
import { type Clearances, checkTimes, clearanceTimes, leastCycleSeconds, leastGreenSeconds } from './signal-times.ts';

const USUAL_MIN_GREEN_SECONDS = 7;
const USUAL_MAX_GREEN_SECONDS = 90;
const USUAL_MAX_CYCLE_SECONDS = 180;
const LEAST_MAX_WAIT_SECONDS = 300;
const USUAL_EMERGENCY_METRES = 300;
const USUAL_BUS_METRES = 150;

/** What the configuration says of who it is. */
export interface ConfigurationIdentity {
  readonly junctionId: string;
  readonly intersectionId: number;
  readonly approaches: readonly { readonly id: string; readonly name: string }[];
}

export interface BuiltSignals {
  readonly configuration: JunctionConfiguration;
  /** Signal group id by movement. */
  readonly groupOf: ReadonlyMap<string, string>;
  readonly greenBounds?: GreenBounds;
  /** In place of signals. */
  readonly rightOfWay?: RightOfWay;
}

/** Null where a mistake (reported) leaves no configuration. */
export function buildSignals(
  junction: SignalisedFile,
  path: Path,
  ground: ResolvedGround,
  layout: JunctionLayout,
  identity: ConfigurationIdentity,
  side: 'left' | 'right',
  findings: Findings,
): BuiltSignals | null {
  const before = findings.count;
  const groupOf = assignGroups(junction, path, ground, findings);
  const groups = makeGroups(junction, path, ground, layout, groupOf, findings);
  const body = bodyWidthMetres(ground.arms.flatMap((arm) => [...arm.laneWidths, ...arm.exitWidths]));
  const meeting = clearingDistances(groups, body);
  if (groups.length === 0) return null;
  const { clearing, yields } = permitPairs(junction, path, ground, groups, groupOf, meeting, body, side, findings);
  checkGroups(groups, junction, path, body, findings);
  checkStages(junction, path, groups, clearing, findings);
  const times = clearanceTimes(junction.signals, [...path, 'signals'], groups, clearing, findings);
  const configuration = assemble(junction, groups, clearing, times, identity);
  checkTimes(configuration, junction.signals, [...path, 'signals'], findings);
  if (findings.count > before) return null;
  const localSchedule = buildSchedule(junction.signals, [...path, 'signals'], configuration, findings);
  const priority = priorityOf(junction.signals, [...path, 'signals'], findings);
  if (findings.count > before) return null;
  for (const problem of checkConfiguration(configuration)) {
    findings.add([...path, 'signals'], `cannot be carried out: ${problem}`, 'Correct the stages or their bounds.');
  }
  if (findings.count > before) return null;
  const detectors = detectorsOf(ground, groupOf);
  return {
    configuration: {
      ...configuration,
      detectors,
      ...(yields === undefined ? {} : { yields }),
      ...(localSchedule === undefined ? {} : { localSchedule }),
      ...(priority === undefined ? {} : { priority }),
    },
    groupOf,
    greenBounds: greenBoundsOf(junction.signals),
  };
}

function greenBoundsOf({ minGreenSeconds, maxGreenSeconds }: SignalsFile): GreenBounds {
  return {
    minSeconds: minGreenSeconds ?? USUAL_MIN_GREEN_SECONDS,
    maxSeconds: maxGreenSeconds ?? USUAL_MAX_GREEN_SECONDS,
  };
}

/** Who asks for green by radio, and from how far; undefined: nobody. */
function priorityOf(signals: SignalsFile, path: Path, findings: Findings): JunctionConfiguration['priority'] {
  const { emergencyPreemption, emergencyRangeMetres, busPriority, busRangeMetres } = signals;
  if (emergencyRangeMetres !== undefined && emergencyPreemption !== true)
    findings.add(
      [...path, 'emergencyRangeMetres'],
      'is given without emergencyPreemption: true',
      'Add it, or remove this.',
    );
  if (busRangeMetres !== undefined && busPriority !== true)
    findings.add([...path, 'busRangeMetres'], 'is given without busPriority: true', 'Add it, or remove this.');
  if (signals.greenWave !== undefined && signals.offsetSeconds !== undefined)
    findings.add([...path, 'greenWave'], 'is given beside offsetSeconds', 'Keep one of the two.');
  if (emergencyPreemption !== true && busPriority !== true) return undefined;
  return {
    ...(emergencyPreemption === true ? { emergencyMetres: emergencyRangeMetres ?? USUAL_EMERGENCY_METRES } : {}),
    ...(busPriority === true ? { busMetres: busRangeMetres ?? USUAL_BUS_METRES } : {}),
  };
}

function checkStages(
  junction: SignalisedFile,
  path: Path,
  groups: readonly Group[],
  clearing: readonly (readonly (number | null)[])[],
  findings: Findings,
): void {
  const { stages } = junction.signals;
  const at: Path = [...path, 'signals', 'stages'];
  const ids = groups.map((group) => group.id);
  findings.addRepeated(
    stages.map((stage, index) => ({ name: stage.id, path: [...at, index, 'id'] })),
    'stage',
  );
  const meant = new Set<string | undefined>();
  for (const [index, stage] of stages.entries()) {
    const seen = new Set<string>();
    for (const [place, id] of stage.groups.entries()) {
      const here: Path = [...at, index, 'groups', place];
      const known = ids.indexOf(id);
      if (known < 0) meant.add(findings.addUnknown(here, 'the signal group', id, ids));
      if (seen.has(id)) findings.add(here, `is ${show(id)}, which the stage has already`, 'Remove it.');
      const foe =
        known < 0
          ? undefined
          : [...seen].find((other) => ids.includes(other) && clearing[known]![ids.indexOf(other)] !== null);
      if (foe !== undefined && !seen.has(id)) {
        findings.add(
          here,
          `is ${show(id)}, which conflicts with ${show(foe)} of the same stage: their paths meet`,
          'Put them in different stages.',
        );
      }
      seen.add(id);
    }
  }
  const planned = stages.filter((stage) => stage.greenSeconds !== undefined);
  if (planned.length === 0) {
    findings.addConsequence(
      at,
      [at],
      "have no greenSeconds; today's plan needs one stage at least",
      'Add greenSeconds to the stages of the plan that runs today.',
    );
  }
  const causes: Path[] = [
    at,
    [...path, 'signalGroups'],
    [...path, 'approaches'],
    [...path, 'crossings'],
    [...path, 'movements'],
  ];
  for (const id of ids) {
    if (meant.has(id)) continue;
    if (!stages.some((stage) => stage.groups.includes(id))) {
      findings.addConsequence(
        at,
        causes,
        `never give green to ${id}`,
        `Add ${id} to the groups of a stage, or remove its movements from the lanes.`,
      );
    } else if (planned.length > 0 && !planned.some((stage) => stage.groups.includes(id))) {
      findings.addConsequence(
        at,
        causes,
        `give green to ${id} only outside today's plan`,
        'Add greenSeconds to one of its stages.',
      );
    }
  }
}

function assemble(
  junction: SignalisedFile,
  groups: readonly Group[],
  clearing: readonly (readonly (number | null)[])[],
  times: Clearances,
  identity: ConfigurationIdentity,
): JunctionConfiguration {
  const { signals } = junction;
  const signalGroups = numbered(groups);
  const bounds = greenBoundsOf(signals);
  const stages: Stage[] = signals.stages.map((stage) => ({
    id: stage.id,
    groups: groups.map((group) => group.id).filter((id) => stage.groups.includes(id)),
    minGreenSeconds: stage.minGreenSeconds ?? bounds.minSeconds,
    maxGreenSeconds: stage.maxGreenSeconds ?? bounds.maxSeconds,
  }));
  const localPlan: PlanStage[] = signals.stages
    .filter((stage) => stage.greenSeconds !== undefined)
    .map((stage) => ({
      stageId: stage.id,
      greenSeconds: stage.greenSeconds!,
      yellowSeconds: stage.yellowSeconds ?? times.yellowSeconds,
      allRedSeconds: stage.allRedSeconds ?? times.allRedSeconds,
    }));
  const maxCycleSeconds = signals.maxCycleSeconds ?? USUAL_MAX_CYCLE_SECONDS;
  const draft: JunctionConfiguration = {
    junctionId: identity.junctionId,
    name: junction.name,
    intersectionId: identity.intersectionId,
    version: 1,
    approaches: identity.approaches,
    signalGroups,
    stages,
    conflicts: clearing.map((row) => row.map((distance) => distance !== null)),
    intergreenSeconds: times.intergreenSeconds,
    yellowSeconds: times.yellowSeconds,
    allRedSeconds: times.allRedSeconds,
    minCycleSeconds: 0,
    maxCycleSeconds,
    maxWaitSeconds: signals.maxWaitSeconds ?? Math.max(LEAST_MAX_WAIT_SECONDS, 2 * maxCycleSeconds),
    localPlan,
  };
  const walking = stages.map((stage, index) => {
    if (signals.stages[index]!.minGreenSeconds !== undefined) return stage;
    return { ...stage, minGreenSeconds: Math.max(stage.minGreenSeconds, leastGreenSeconds(draft, index)) };
  });
  const least = { ...draft, stages: walking };
  return { ...least, minCycleSeconds: signals.minCycleSeconds ?? Math.floor(leastCycleSeconds(least)) };
}
