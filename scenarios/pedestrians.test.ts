import { describe, expect, it } from 'vitest';
import { parseScenario } from './load.ts';
import { walkedText } from './testing-walked.ts';

const load = (...changes: readonly (readonly [string, string])[]) => {
  let text = walkedText({ durationSeconds: 600, peoplePerHour: 120 });
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`The text has no ${from}`);
    text = text.replace(from, to);
  }
  return parseScenario(text, 'x.yaml');
};
const NORTH = '{ approach: N, pedestriansPerHour: 120, cyclistShare: 0.1, arrivals: poisson }';

describe('people in a scenario', () => {
  it('come from both kerbs of a crossing, half of them from each unless the file says otherwise', () => {
    const { scenario } = load([NORTH, '{ approach: N, pedestriansPerHour: 120, clockwiseShare: 0.75 }']);
    expect(scenario!.pedestrians!.slice(0, 3)).toMatchObject([
      { junction: 'walked', approach: 'N', direction: 'clockwise', people: [15], arrivals: 'poisson', cyclistShare: 0 },
      { approach: 'N', direction: 'counterclockwise', people: [5] },
      { approach: 'S', direction: 'clockwise', people: [10], cyclistShare: 0.1 },
    ]);
  });

  it('may be recorded counts', () => {
    const { scenario } = load([NORTH, '{ approach: N, pedestrians: [5, 2], arrivals: recorded }']);
    expect(scenario!.pedestrians!.slice(0, 2).map(({ people }) => people)).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it('walk as Weidmann found unless the file says otherwise', () => {
    const { scenario } = load(['enterInClearanceShare: 0', 'meanMetresPerSecond: 1.2']);
    expect(scenario!.walking).toEqual({
      meanMetresPerSecond: 1.2,
      deviationMetresPerSecond: 0.26,
      cyclistMeanMetresPerSecond: 3.5,
      cyclistDeviationMetresPerSecond: 0.6,
      startUpSeconds: 1,
      enterInClearanceShare: 0,
    });
  });

  it.each([
    ['{ approach: X, pedestriansPerHour: 1 }', 'demand.pedestrians[0].approach', /names the approach "X"/],
    ['{ approach: N }', 'demand.pedestrians[0]', /says neither pedestrians nor pedestriansPerHour/],
    ['{ approach: N, pedestriansPerHour: 1, pedestrians: [1, 1] }', 'demand.pedestrians[0]', /says both/],
    ['{ approach: N, pedestrians: [1] }', 'demand.pedestrians[0].pedestrians', /has 1 periods of 300 s; 600 s/],
    [
      '{ approach: N, pedestrians: [1.5, 1], arrivals: recorded }',
      'demand.pedestrians[0].pedestrians[0]',
      /whole people/,
    ],
    ['{ approach: S, pedestriansPerHour: 1 }', 'demand.pedestrians[1].approach', /entry 0 says already/],
    ['{ approach: N, pedestriansPerHour: 1, junction: y }', 'demand.pedestrians[0].junction', /names the junction "y"/],
  ])('are refused where they make no sense: %s', (entry, path, says) => {
    const { scenario, issues } = load([NORTH, entry]);
    expect(scenario).toBeUndefined();
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(issues[0]!.message).toMatch(says);
  });

  it('need a crossing', () => {
    const { issues } = load(
      ['      - { approach: N, button: false }\n', ''],
      ['N-walk, S-walk', 'S-walk'],
      ['[E-turn, N-walk], ', ''],
    );
    expect(issues.map(({ path, message }) => `${path} ${message}`)).toContain(
      'demand.pedestrians[0].approach is N, which has no crossing at walked',
    );
  });
});

describe('turns that yield to people', () => {
  it('are no conflict, while straight movements over the crossing stay one', () => {
    const { configuration } = load().scenario!.junctions[0]!;
    const at = (id: string) => configuration.signalGroups.findIndex((group) => group.id === id);
    expect(configuration.conflicts[at('N-turn')]![at('W-walk')]).toBe(false);
    expect(configuration.conflicts[at('W-walk')]![at('N-turn')]).toBe(false);
    expect(configuration.intergreenSeconds[at('N-turn')]![at('W-walk')]).toBe(0);
    expect(configuration.conflicts[at('E')]![at('W-walk')]).toBe(true);
  });

  it.each([
    ['[E, W-walk]', /lets E-straight drive over the crossing of W while people walk/],
    ['[W-turn, W-walk]', /lets W-right drive over the crossing of W while people walk/],
    ['[N-turn, E-walk]', /do not conflict/],
    ['[N-turn, nobody]', /names the signal group "nobody"/],
    ['[W-walk, N-turn]', /lets people yield to vehicles \(W-walk to N-turn\); only turning vehicles may yield/],
  ])('are turns into the arm only: %s', (pair, says) => {
    const { issues } = load(['permitted: [', `permitted: [${pair}, `]);
    expect(issues.length).toBeGreaterThan(0);
    expect(issues[0]!.path).toMatch(/^junctions\[0\]\.signals\.permitted\[0\]/);
    expect(issues[0]!.message).toMatch(says);
  });
});
