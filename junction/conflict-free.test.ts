import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseSets, conflictFreeSets, isWithin, maximalSets, unlistedSets } from './conflict-free.ts';
import { crossroads } from './testing.ts';

/** A symmetric relation over up to nine items. */
const graph = fc.integer({ min: 1, max: 9 }).chain((count) =>
  fc.array(fc.boolean(), { minLength: count * count, maxLength: count * count }).map((cells) => ({
    count,
    compatible: (a: number, b: number): boolean => cells[Math.min(a, b) * count + Math.max(a, b)]!,
  })),
);

function bruteForce(count: number, compatible: (a: number, b: number) => boolean): number[][] {
  const sets: number[][] = [];
  for (let bits = 1; bits < 1 << count; bits++) {
    const set = [...Array(count).keys()].filter((item) => bits & (1 << item));
    if (set.every((a) => set.every((b) => a === b || compatible(a, b)))) sets.push(set);
  }
  return sets.filter((set) => !sets.some((other) => other.length > set.length && isWithin(set, other)));
}

describe('sets of compatible greens', () => {
  it('are all the maximal ones, each once', () => {
    fc.assert(
      fc.property(graph, ({ count, compatible }) => {
        const key = (sets: readonly (readonly number[])[]) => sets.map((set) => set.join()).sort();
        expect(key(maximalSets(count, compatible))).toEqual(key(bruteForce(count, compatible)));
      }),
      { numRuns: 300 },
    );
  });

  it('are few where many items are alike', () => {
    expect(maximalSets(60, (a, b) => a % 3 === b % 3)).toHaveLength(3);
  });

  it('end soon for a graph that has more of them than can be counted', () => {
    // 127 pairs, of which one each may be green: 2^127 sets
    const sets = maximalSets(254, (a, b) => a >> 1 !== b >> 1);
    expect(sets.length).toBeGreaterThan(0);
    for (const set of sets) expect(set).toHaveLength(127);
  });

  it('serve every item, and every given set at no weaker right, however few are kept', () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 4 }), ({ count, compatible }, most) => {
        const sets = maximalSets(count, compatible);
        const given = [[0]];
        const lanes = [...Array(count).keys()].map((item) => [item]);
        const chosen = chooseSets(sets, given, lanes, count, most, (a, b) => a === 0 && b === 1);
        for (let item = 0; item < count; item++) expect(chosen.some((set) => set.includes(item))).toBe(true);
        expect(chosen.some((set) => set.includes(0) && !set.includes(1))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('conflict-free sets of a junction', () => {
  const named = (configuration: ReturnType<typeof crossroads>) =>
    conflictFreeSets(configuration).map((set) => set.map((group) => configuration.signalGroups[group]!.id).join('+'));

  it('are the pairs and the single approaches of a crossroads, each of which it lists', () => {
    const names = ['N', 'S', 'E', 'W'].map((name) => `${name}-straight+${name}-left`);
    const pairs = ['N-straight+S-straight', 'N-left+S-left', 'E-straight+W-straight', 'E-left+W-left'];
    expect(named(crossroads()).sort()).toEqual([...names, ...pairs].sort());
    expect(unlistedSets(crossroads())).toEqual([]);
  });

  it('have walks, and come once more without where nothing larger is left', () => {
    const configuration = crossroads({ crossings: true });
    const names = named(configuration);
    expect(names).toContain('N-straight+S-straight+E-walk+W-walk');
    expect(names).toContain('N-straight+S-straight');
    expect(new Set(names).size).toBe(names.length);
  });

  it('do not depend on the stages that are listed, which only decide what is missing', () => {
    const configuration = crossroads();
    const fewer = { ...configuration, stages: configuration.stages.slice(0, 4) };
    expect(conflictFreeSets(fewer)).toEqual(conflictFreeSets(configuration));
    expect(unlistedSets(fewer)).toHaveLength(4);
  });
});
