/** Sets of signal groups that may be green together. */
import type { JunctionConfiguration } from './types.ts';

/** Most sets that are looked for. */
const MOST_CLIQUES = 20_000;
/** Of the sets of a junction, so many are chosen by what they open. */
export const MOST_CHOSEN_SETS = 16;

/**
 * All maximal sets of mutually compatible items (Bron and Kerbosch 1973, with a pivot), each ascending, in the order found.
 * Items that are compatible with the same others, and with each other, are taken as one, so that many alike cost nothing.
 * Stops at 20,000 sets.
 */
export function maximalSets(count: number, compatible: (a: number, b: number) => boolean): number[][] {
  const twins = groupTwins(count, compatible);
  const heads = twins.map((twin) => twin[0]!);
  const neighbours = heads.map((a, i) => new Set(heads.flatMap((b, j) => (i !== j && compatible(a, b) ? [j] : []))));
  const found: number[][] = [];
  const extend = (chosen: readonly number[], candidates: Set<number>, excluded: Set<number>): void => {
    if (found.length >= MOST_CLIQUES) return;
    if (candidates.size === 0 && excluded.size === 0) {
      found.push(chosen.flatMap((twin) => twins[twin]!).sort((a, b) => a - b));
      return;
    }
    let pivot = -1;
    let most = -1;
    for (const item of [...candidates, ...excluded]) {
      let shared = 0;
      for (const candidate of candidates) if (neighbours[item]!.has(candidate)) shared++;
      if (shared > most) {
        most = shared;
        pivot = item;
      }
    }
    for (const item of [...candidates]) {
      if (neighbours[pivot]!.has(item)) continue;
      const near = neighbours[item]!;
      extend(
        [...chosen, item],
        new Set([...candidates].filter((other) => near.has(other))),
        new Set([...excluded].filter((other) => near.has(other))),
      );
      candidates.delete(item);
      excluded.add(item);
    }
  };
  if (count > 0) extend([], new Set(heads.keys()), new Set());
  return found;
}

function groupTwins(count: number, compatible: (a: number, b: number) => boolean): number[][] {
  const twins: number[][] = [];
  for (let item = 0; item < count; item++) {
    const alike = twins.find(([head]) => {
      if (!compatible(head!, item)) return false;
      for (let other = 0; other < count; other++) {
        if (other !== head && other !== item && compatible(head!, other) !== compatible(item, other)) return false;
      }
      return true;
    });
    if (alike === undefined) twins.push([item]);
    else alike.push(item);
  }
  return twins;
}

/** What a set of greens is worth: lanes that it opens wholly, and a bit for those it opens in part. */
export function scoreOfSet(set: readonly number[], lanes: readonly (readonly number[])[]): number {
  const green = new Set(set);
  return lanes.reduce((sum, groups) => {
    const open = groups.filter((group) => green.has(group)).length;
    return sum + (open === groups.length ? 1 : open > 0 ? 0.3 : 0);
  }, 0);
}

/**
 * The best `most` of the sets by their score, those further down that are needed so that every item is in one, and the
 * given sets that none of them covers: all items in it, and none of them gives way to more.
 */
export function chooseSets(
  sets: readonly (readonly number[])[],
  given: readonly (readonly number[])[],
  lanes: readonly (readonly number[])[],
  items: number,
  most: number,
  yields: (a: number, b: number) => boolean,
): number[][] {
  const gives = (set: readonly number[], item: number): boolean => set.some((other) => yields(item, other));
  const covers = (set: readonly number[], wanted: readonly number[]): boolean =>
    isWithin(wanted, set) && wanted.every((item) => gives(wanted, item) || !gives(set, item));
  const ranked = sets
    .map((set, order) => ({ set: [...set], order, score: scoreOfSet(set, lanes) }))
    .sort((a, b) => b.score - a.score || a.order - b.order);
  const chosen = ranked.slice(0, most).map(({ set }) => set);
  for (const wanted of given) if (!chosen.some((set) => covers(set, wanted))) chosen.push([...wanted]);
  for (let item = 0; item < items; item++) {
    if (chosen.some((set) => set.includes(item))) continue;
    const best = ranked.find(({ set }) => set.includes(item));
    if (best !== undefined) chosen.push(best.set);
  }
  return chosen;
}

/** Whether all items of `part` are in `whole`. */
export function isWithin(part: readonly number[], whole: readonly number[]): boolean {
  return part.every((item) => whole.includes(item));
}

/** Sets with walks once more without: a walk makes the least green long, which not every green needs to be. */
export function withoutWalks(sets: readonly (readonly number[])[], isWalk: (group: number) => boolean): number[][] {
  const found: number[][] = [];
  for (const set of sets) {
    const rest = set.filter((group) => !isWalk(group));
    if (rest.length === set.length || rest.length === 0) continue;
    if (![...sets, ...found].some((other) => isSameSet(other, rest))) found.push(rest);
  }
  return found;
}

export function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && isWithin(a, b);
}

/**
 * Sets of a junction's signal groups (indices, ascending) that its conflict matrix lets be green together and that no
 * further group could join: the 16 that open most lanes, those needed so that each group is in one, and of the sets with
 * walks the largest once more without them. Does not depend on the stages that the configuration lists.
 */
export function conflictFreeSets(configuration: JunctionConfiguration): number[][] {
  const { signalGroups, conflicts, detectors = [] } = configuration;
  const indexOf = new Map(signalGroups.map(({ id }, index) => [id, index]));
  const isWalk = (group: number): boolean => signalGroups[group]!.kind === 'pedestrian';
  const lanes = detectors
    .filter(({ position, lane }) => position === 'stopline' && lane !== null)
    .map(({ groups }) => groups.flatMap((id) => indexOf.get(id) ?? []));
  const opened = lanes.length > 0 ? lanes : signalGroups.flatMap((_, group) => (isWalk(group) ? [] : [[group]]));
  const sets = maximalSets(signalGroups.length, (a, b) => !conflicts[a]![b]);
  const chosen = chooseSets(sets, [], opened, signalGroups.length, MOST_CHOSEN_SETS, () => false);
  const rests = withoutWalks(chosen, isWalk);
  const driving = [...chosen.filter((set) => !set.some(isWalk)), ...rests];
  return [
    ...chosen,
    ...rests.filter((set) => !driving.some((more) => more.length > set.length && isWithin(set, more))),
  ];
}

/** Of `conflictFreeSets` those that the configuration has no stage for. */
export function unlistedSets(configuration: JunctionConfiguration): number[][] {
  const { signalGroups, stages } = configuration;
  const listed = stages.map(({ groups }) => groups.map((id) => signalGroups.findIndex((group) => group.id === id)));
  return conflictFreeSets(configuration).filter((set) => !listed.some((own) => isSameSet(own, set)));
}
