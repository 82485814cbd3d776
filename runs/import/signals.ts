/** The signals of an imported junction: stages by movement, times within what scenarios allow, permitted turns. */
import { bodyWidthMetres, conflictDistance, type Track } from '../../scenarios/conflicts.ts';
import { resolveGround } from '../../scenarios/arms.ts';
import { readDocument } from '../../scenarios/document.ts';
import { Findings } from '../../scenarios/findings.ts';
import { layoutJunction } from '../../scenarios/layout.ts';
import type { JunctionFile } from '../../scenarios/schema.ts';
import type { Turn } from '../../scenarios/types.ts';
import type { ImportJunction, ImportMovement } from './ground.ts';
import type { ImportModel, ImportNotes } from './model.ts';

const LEAST_YELLOW_SECONDS = 3;
const MOST = { yellow: 10, allRed: 30, green: 600, cycle: 900 };

interface StageFile {
  id: string;
  groups: string[];
  greenSeconds: number;
  yellowSeconds: number;
  allRedSeconds: number;
  minGreenSeconds: number;
  maxGreenSeconds: number;
}

/** Green of a stage that is made for turns which the program only permits, s. */
const TURNS_GREEN_SECONDS = 8;

/**
 * `file`: the junction as it is written so far; `leadsOn`: its arms whose exits feed other junctions. `turns`: whether
 * turns that yield are listed as such, or taken out of the stages where they do, into stages of their own if need be.
 */
export function signalsOf(
  model: ImportModel,
  junction: ImportJunction,
  file: Readonly<Record<string, unknown>>,
  leadsOn: ReadonlySet<string>,
  turns: 'permitted' | 'protected',
  notes: ImportNotes,
) {
  const configuration = model.signals[junction.index]!.configuration!;
  const { name } = model.network.junctions[junction.index]!;
  const yellowSeconds = bounded(Math.max(LEAST_YELLOW_SECONDS, configuration.yellowSeconds), MOST.yellow);
  const allRedSeconds = bounded(configuration.allRedSeconds, MOST.allRed);
  if (yellowSeconds !== configuration.yellowSeconds) notes.add('yellow brought within 3 to 10 s', name);
  const groupsByMovement = junction.movements.map((movement) => groupsOf(model, junction, movement));
  const stages: StageFile[] = [];
  for (const entry of configuration.localPlan) {
    const own = configuration.stages.find(({ id }) => id === entry.stageId)!;
    const isGreen = configuration.signalGroups.map(({ id }) => own.groups.includes(id));
    const green = junction.movements.filter((_, m) => {
      const groups = groupsByMovement[m]!;
      const shown = groups.filter((g) => isGreen[g]).length;
      if (shown > 0 && shown < groups.length)
        notes.add('movements of which some lanes are green get green altogether', `${name}, ${own.id}`);
      return groups.length === 0 || shown > 0;
    });
    const groups = green.map((movement) => movement.name);
    const same = stages.find((stage) => stage.groups.join() === groups.join());
    const seconds = Math.min(MOST.green, Math.max(1, Math.round(entry.greenSeconds)));
    if (same !== undefined) {
      if (stages.at(-1) !== same)
        notes.add('a stage that comes twice in a cycle comes once, with both greens', `${name}, ${own.id}`);
      same.greenSeconds = Math.min(MOST.green, same.greenSeconds + seconds);
      same.maxGreenSeconds = Math.max(same.maxGreenSeconds, same.greenSeconds);
      continue;
    }
    if (seconds !== entry.greenSeconds) notes.add('greens rounded to whole seconds', `${name}, ${own.id}`);
    stages.push({
      id: own.id,
      groups,
      greenSeconds: seconds,
      yellowSeconds: bounded(Math.max(yellowSeconds, entry.yellowSeconds), MOST.yellow),
      allRedSeconds: bounded(Math.max(allRedSeconds, entry.allRedSeconds), MOST.allRed),
      minGreenSeconds: Math.max(1, Math.min(300, Math.floor(own.minGreenSeconds), seconds)),
      maxGreenSeconds: Math.min(MOST.green, Math.max(Math.ceil(own.maxGreenSeconds), seconds)),
    });
  }
  if (junction.movements.some((_, m) => groupsByMovement[m]!.length === 0))
    notes.add('movements without a signal are green in every stage', name);
  const yields = yieldingPairs(model, junction, file, leadsOn);
  const permitted = yields.filter(([a, b]) => stages.some(({ groups }) => groups.includes(a) && groups.includes(b)));
  const least = Math.max(...stages.map((stage) => stage.minGreenSeconds));
  if (turns === 'protected' && permitted.length > 0) {
    protect(junction, stages, yields, least);
    notes.add('turns that yield to others are taken out of their stages', name);
  }
  const between = stages.reduce(
    (sum, stage) => sum + stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds,
    0,
  );
  return {
    yellowSeconds,
    allRedSeconds,
    maxCycleSeconds: Math.min(MOST.cycle, Math.ceil(Math.max(configuration.maxCycleSeconds, between)) + 10),
    ...(turns === 'permitted' && permitted.length > 0 ? { permitted } : {}),
    stages,
  };
}

/** Takes what yields out of the stages where it would have to; those that lose all their green get stages of their own. */
function protect(junction: ImportJunction, stages: StageFile[], yields: readonly Pair[], least: number): void {
  const meet = (a: string, b: string) => yields.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
  for (const stage of stages) {
    const own = stage.groups;
    stage.groups = own.filter((a) => !yields.some(([x, y]) => x === a && own.includes(y)));
  }
  const unserved = junction.movements
    .map(({ name }) => name)
    .filter((name) => !stages.some(({ groups }) => groups.includes(name)));
  const made: StageFile[] = [];
  for (const name of unserved) {
    const fitting = made.find(({ groups }) => !groups.some((other) => meet(name, other)));
    if (fitting !== undefined) fitting.groups.push(name);
    else
      made.push({
        ...stages[0]!,
        id: `turns-${made.length + 1}`,
        groups: [name],
        greenSeconds: Math.max(TURNS_GREEN_SECONDS, least),
        minGreenSeconds: least,
        maxGreenSeconds: Math.max(90, least),
      });
  }
  stages.push(...made);
  for (let k = stages.length - 1; k >= 0; k--) if (stages[k]!.groups.length === 0) stages.splice(k, 1);
}

type Pair = [yielding: string, first: string];

const bounded = (seconds: number, most: number): number => Math.min(most, Math.round(seconds * 10) / 10);

/** Signal groups (indices into the configuration's) of a movement's links; none where no signal governs it. */
function groupsOf(
  { network, groupsOf: all }: ImportModel,
  junction: ImportJunction,
  movement: ImportMovement,
): number[] {
  const own = all[junction.index]!;
  const groups = new Set<number>();
  for (const link of movement.links) {
    const group = own.indexOf(network.linkGroup[link]!);
    if (group >= 0) groups.add(group);
  }
  return [...groups];
}

const RANK: Readonly<Record<Turn, (side: 'left' | 'right') => number>> = {
  straight: () => 3,
  left: (side) => (side === 'left' ? 2 : 1),
  right: (side) => (side === 'right' ? 2 : 1),
  'u-turn': () => 0,
};

/** All pairs of movements whose paths meet in the new ground plan, the one that yields first. */
function yieldingPairs(
  model: ImportModel,
  junction: ImportJunction,
  file: Readonly<Record<string, unknown>>,
  leadsOn: ReadonlySet<string>,
): Pair[] {
  const side = model.isLefthand ? 'left' : 'right';
  const findings = new Findings('import', readDocument('{}', 'import'));
  const ground = resolveGround(file as unknown as JunctionFile, [], side, leadsOn, findings);
  // what is wrong with the ground plan is told when the whole is read again
  if (ground === null || findings.count > 0) return [];
  const layout = layoutJunction({ x: 0, y: 0 }, ground.arms, ground.movements, side);
  const body = bodyWidthMetres(ground.arms.flatMap((arm) => [...arm.laneWidths, ...arm.exitWidths]));
  const movements = ground.movements.map(({ name, from, to, turn }) => ({
    name,
    rank: RANK[turn](side),
    tracks: layout.connections
      .get(name)!
      .map((connection): Track => ({ movement: name, approach: from, exit: to, ...connection })),
  }));
  const order = new Map(junction.movements.map(({ name }, m) => [name, m]));
  movements.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
  return movements.flatMap((a, i) =>
    movements.slice(i + 1).flatMap((b): Pair[] => {
      const meet = a.tracks.some((one) => b.tracks.some((other) => conflictDistance(one, other, body) !== null));
      if (!meet) return [];
      return [a.rank < b.rank ? [a.name, b.name] : [b.name, a.name]];
    }),
  );
}
