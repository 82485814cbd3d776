/** `stages=`, the parameter: ids of stages in their order, or the name of a set. */
import { MOST_CHOSEN_SETS, unlistedSets } from '../../junction/conflict-free.ts';
import type { JunctionConfiguration, Stage } from '../../junction/types.ts';
import type { Parameters } from '../types.ts';

/** Sets that have a name; a stage of the same id goes before. */
export const STAGE_SETS = ['plan', 'all', 'approaches', 'paired'] as const;
type StageSet = (typeof STAGE_SETS)[number];

export const STAGE_SETS_TEXT =
  'plan: those of the local plan; all: every stage there is; approaches: one approach at a time; paired: those that serve several approaches';

/** Parts of a list given as one parameter. */
export function listOf(text: string): string[] {
  return text.split(/[/;,\s]+/).filter((part) => part !== '');
}

/**
 * Ids of the stages that the parameter asks for; empty: it says nothing. Ids that do not exist stay, for whoever uses them to
 * refuse. Throws RangeError for a set that the junction has no stages for.
 */
export function stagesAskedFor(configuration: JunctionConfiguration, text: string): string[] {
  const named = listOf(text);
  const set = STAGE_SETS.find((one) => named.length === 1 && named[0] === one);
  if (set === undefined || configuration.stages.some(({ id }) => id === set)) return named;
  const ids = setOf(configuration, set);
  if (ids.length > 0) return ids;
  throw new RangeError(
    `stages: the junction has no stages for "${set}"; it has ${configuration.stages.map(({ id }) => id).join(', ')}. List them in the scenario`,
  );
}

function setOf(configuration: JunctionConfiguration, set: StageSet): string[] {
  const { stages, localPlan } = configuration;
  if (set === 'plan') return [...new Set(localPlan.map(({ stageId }) => stageId))];
  if (set === 'all') return stages.map(({ id }) => id);
  if (set === 'paired')
    return stages.filter((stage) => approachesOf(configuration, stage).length > 1).map(({ id }) => id);
  // In the order of the approaches; of several the one that serves most of its groups.
  return configuration.approaches.flatMap(({ name }) => {
    const own = stages.filter((stage) => {
      const served = approachesOf(configuration, stage);
      return served.length === 1 && served[0] === name;
    });
    const most = Math.max(0, ...own.map(({ groups }) => groups.length));
    return own.find(({ groups }) => groups.length === most)?.id ?? [];
  });
}

/** Approaches whose vehicles a stage lets go. */
function approachesOf({ approaches, signalGroups }: JunctionConfiguration, stage: Stage): string[] {
  const served = signalGroups.filter(({ id, kind }) => kind === 'vehicle' && stage.groups.includes(id));
  return approaches.map(({ name }) => name).filter((name) => served.some((group) => group.approaches.includes(name)));
}

/** `stageSet`, the parameter. Whoever opens a scenario adds the stages to the configuration; the strategy finds them there. */
export const STAGE_SET_PARAMETER = {
  default: 'listed',
  description: `listed: the stages that the junction lists; all: also each set of signal groups that do not conflict and that no further group could join (the best ${MOST_CHOSEN_SETS}), with its walks and without. In scenarios of our own; in flextraff sumo it is net or all`,
};

/** Why the junction has not the stages that `stageSet` asks for, in words; null: it has. */
export function whyNotStageSet(configuration: JunctionConfiguration, { stageSet }: Parameters): string | null {
  if (stageSet === undefined || stageSet === 'listed') return null;
  if (stageSet !== 'all') return `stageSet is ${stageSet}; listed or all`;
  const missing = unlistedSets(configuration).length;
  if (missing === 0) return null;
  return `stageSet is all, but ${missing} of the conflict-free sets are not among the junction's ${configuration.stages.length} stages. They are added to scenarios of our own, up to 64 stages; elsewhere list them in the configuration, or leave stageSet out`;
}

/** Why strategies that do not know `stageSet` do not take it. */
export const STAGE_SET_REFUSED =
  'keeps to the stages that are listed: what no conflict forbids has neither an order nor a share of the cycle. Use horizon or max-pressure, or leave stageSet out';
