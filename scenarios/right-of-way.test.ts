import { describe, expect, it } from 'vitest';
import { parseScenario } from './load.ts';

const text = (control: string, more = '') => `
version: 1
drivingSide: right
junctions:
  - name: J
    latitude: 50
    longitude: 10
    approaches:
      - { name: N, lanes: [{ movements: [left, straight, right] }] }
      - { name: E, lanes: [{ movements: [left, straight, right] }] }
      - { name: S, lanes: [{ movements: [left, straight, right] }] }
      - { name: W, lanes: [{ movements: [left, straight, right] }] }
${more}${control}
demand:
  flows: [{ approach: N, movement: straight, vehiclesPerHour: 100 }]
variants: [{ name: baseline, strategy: fixed-time }]
`;
const rule = (inside: string) => `    rightOfWay: { ${inside} }`;
const issuesOf = (control: string, more?: string) =>
  parseScenario(text(control, more), 'j.yaml').issues.map(({ path, message }) => `${path} ${message}`);

describe('a junction without signals', () => {
  it('loads with its rule, without groups or stages', () => {
    const { scenario, issues } = parseScenario(text(rule('rule: yield, major: [E, W]')), 'j.yaml');
    expect(issues).toEqual([]);
    const [junction] = scenario!.junctions;
    expect(junction!.rightOfWay).toEqual({ rule: 'yield', major: ['E', 'W'] });
    expect(junction!.configuration).toMatchObject({ signalGroups: [], stages: [], localPlan: [] });
  });

  it.each([
    [rule('rule: yield'), '', /rightOfWay\.major is missing.*|major is missing/],
    [rule('rule: stop, major: [E, X]'), '', /major\[1\].*X/],
    [rule('rule: stop, major: [E, E]'), '', /is E again/],
    [rule('rule: yield, major: [N, E, S, W]'), '', /names every approach, so that nobody would yield/],
    [rule('rule: all-way-stop, major: [E]'), '', /is given with all-way-stop/],
    [rule('rule: give-way, major: [E]'), '', /rule/],
    [
      rule('rule: all-way-stop'),
      '    crossings: [{ approach: N }]\n',
      /crossings is given at a junction with rightOfWay/,
    ],
    ['', '', /signals is missing/],
    [
      rule('rule: all-way-stop'),
      '    signals: { stages: [{ id: a, groups: [N-straight], greenSeconds: 20 }] }\n',
      /is given beside signals/,
    ],
  ])('refuses %s %s', (control, more, why) => {
    expect(issuesOf(control, more).join('\n')).toMatch(why);
  });
});
