/** Sets of movements that may be green together. */

/** Most sets that are looked for. */
const MOST_CLIQUES = 20_000;

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
