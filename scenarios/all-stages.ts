/** `stageSet=all` of a variant: a scenario whose junctions also have the stages that nobody listed but that no conflict forbids. */
import { unlistedSets } from '../junction/conflict-free.ts';
import type { JunctionConfiguration, Stage } from '../junction/types.ts';
import { LIMITS } from './schema-parts.ts';
import { leastGreenSeconds } from './signal-times.ts';
import type { GreenBounds, Scenario, ScenarioJunction } from './types.ts';

/** Longest name on the wire. */
const MOST_ID_CHARACTERS = 100;

const known = new WeakMap<Scenario, Scenario>();

/** The scenario as a variant with these parameters has it: with `stageSet` `all` its junctions list all conflict-free stages. */
export function scenarioFor(scenario: Scenario, parameters: Readonly<Record<string, unknown>> = {}): Scenario {
  if (parameters.stageSet !== 'all') return scenario;
  let extended = known.get(scenario);
  if (extended === undefined) {
    extended = { ...scenario, junctions: scenario.junctions.map(withAllStages) };
    known.set(scenario, extended);
  }
  return extended;
}

/** Where stages are added the configuration has the version after, so that nobody takes one for the other. */
function withAllStages(junction: ScenarioJunction): ScenarioJunction {
  const { configuration, greenBounds } = junction;
  if (greenBounds === undefined) return junction;
  const stages = allStages(configuration, greenBounds);
  if (stages.length === configuration.stages.length) return junction;
  return { ...junction, configuration: { ...configuration, version: configuration.version + 1, stages } };
}

/**
 * The listed stages, then a stage for each conflict-free set that none of them is (see `conflictFreeSets`), named by its
 * groups, e.g. `E-left+W-left`; 64 at most. A green lasts at least as the signals say, as long as every listed stage whose
 * groups it shows, and as long as its walks need.
 */
export function allStages(configuration: JunctionConfiguration, bounds: GreenBounds): readonly Stage[] {
  const stages: Stage[] = [...configuration.stages];
  for (const set of unlistedSets(configuration).slice(0, LIMITS.stages - stages.length)) {
    const groups = set.map((group) => configuration.signalGroups[group]!.id);
    const within = configuration.stages.filter((listed) => listed.groups.every((id) => groups.includes(id)));
    const minGreenSeconds = within.reduce((most, stage) => Math.max(most, stage.minGreenSeconds), bounds.minSeconds);
    const stage = { id: idOf(groups, stages), groups, minGreenSeconds, maxGreenSeconds: bounds.maxSeconds };
    const walking = leastGreenSeconds({ ...configuration, stages: [stage] }, 0);
    const least = Math.max(minGreenSeconds, walking);
    stages.push({ ...stage, minGreenSeconds: least, maxGreenSeconds: Math.max(bounds.maxSeconds, least) });
  }
  return stages;
}

function idOf(groups: readonly string[], taken: readonly Stage[]): string {
  const isFree = (id: string) => taken.every((stage) => stage.id !== id);
  const named = groups.join('+');
  if (named.length <= MOST_ID_CHARACTERS && isFree(named)) return named;
  let number = taken.length + 1;
  while (!isFree(`set-${number}`)) number++;
  return `set-${number}`;
}
