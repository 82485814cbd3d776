/** Largest sets of links none of which conflict (maximal cliques of the compatibility graph, Bron and Kerbosch 1973). */

/** Enough for any junction; a graph with more is cut off here, deterministically. */
const MOST_SETS = 4096;
/** Pairs looked at; a junction of dozens of links takes thousands. */
const MOST_WORK = 20_000_000;

/** All largest sets, members ascending; of a graph too large those found within bounds. */
export function largestSets(conflicts: readonly (readonly boolean[])[]): number[][] {
  const found: number[][] = [];
  let work = 0;
  const fits = (i: number, j: number) => i !== j && conflicts[i]![j] === false;
  const extend = (chosen: number[], open: number[], closed: number[]): void => {
    if (found.length >= MOST_SETS || work > MOST_WORK) return;
    work += open.length * (open.length + closed.length);
    if (open.length === 0) {
      if (closed.length === 0) found.push([...chosen].sort((a, b) => a - b));
      return;
    }
    let pivot = -1;
    let most = -1;
    for (const candidate of [...open, ...closed]) {
      const neighbours = open.filter((other) => fits(candidate, other)).length;
      if (neighbours > most) {
        most = neighbours;
        pivot = candidate;
      }
    }
    const done: number[] = [];
    for (const next of open.filter((other) => !fits(pivot, other))) {
      const left = open.filter((other) => !done.includes(other) && fits(next, other));
      const seen = [...closed, ...done].filter((other) => fits(next, other));
      extend([...chosen, next], left, seen);
      done.push(next);
    }
  };
  extend(
    [],
    conflicts.map((_, i) => i),
    [],
  );
  return found;
}
