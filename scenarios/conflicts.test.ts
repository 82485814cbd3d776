import { describe, expect, it } from 'vitest';
import { iteAllRedSeconds, iteYellowSeconds, pedestrianClearanceSeconds } from './conflicts.ts';
import { changed, sound } from './testing.ts';

/** Crossroads with one lane per turn and three exit lanes, every movement with lamps of its own. */
function crossroads(side: 'left' | 'right', exitLanes = 3): (a: string, b: string) => boolean {
  const lanes = side === 'right' ? '[left], [straight], [right]' : '[right], [straight], [left]';
  const list = lanes
    .split(', ')
    .map((movements) => `{ movements: ${movements} }`)
    .join(', ');
  const approaches = ['N', 'S', 'E', 'W']
    .map((name) => `      - { name: ${name}, exitLanes: ${exitLanes}, lanes: [${list}] }`)
    .join('\n');
  const stages = ['N', 'S', 'E', 'W']
    .map(
      (name) => `        - { id: ${name}, groups: [${name}-left, ${name}-straight, ${name}-right], greenSeconds: 10 }`,
    )
    .join('\n');
  const scenario = sound(`version: 1
drivingSide: ${side}
junctions:
  - name: a
    latitude: 10
    longitude: 10
    approaches:
${approaches}
    signals:
      stages:
${stages}
demand:
  flows: [{ approach: N, movement: left, vehiclesPerHour: 100 }]
`);
  const { signalGroups, conflicts } = scenario.junctions[0]!.configuration;
  const index = (id: string) => signalGroups.findIndex((group) => group.id === id);
  return (a, b) => conflicts[index(a)]![index(b)]!;
}

describe('conflicts', () => {
  it.each([
    ['right', 'left', 'right'],
    ['left', 'right', 'left'],
  ] as const)('are those of the ground in %s-hand traffic', (side, far, near) => {
    const conflict = crossroads(side);
    expect(conflict('N-straight', 'S-straight')).toBe(false);
    expect(conflict('E-straight', 'W-straight')).toBe(false);
    const turning = side === 'right' ? 'W-left' : 'E-right';
    for (const across of ['E-straight', 'W-straight', turning]) expect(conflict('N-straight', across)).toBe(true);
    expect(conflict(`N-${far}`, 'S-straight')).toBe(true);
    expect(conflict(`S-${far}`, 'N-straight')).toBe(true);
    expect(conflict(`N-${far}`, `S-${far}`)).toBe(false);
    expect(conflict(`N-${near}`, 'S-straight')).toBe(false);
    expect(conflict(`N-${near}`, `S-${far}`)).toBe(false);
    expect(conflict(`N-${near}`, `S-${near}`)).toBe(false);
    expect(conflict('N-straight', `N-${far}`)).toBe(false);
    expect(conflict('N-straight', 'N-straight')).toBe(false);
  });

  it('are mirrored with the side of the road', () => {
    const right = crossroads('right');
    const left = crossroads('left');
    const mirrored: Record<string, string> = {
      N: 'N',
      S: 'S',
      E: 'W',
      W: 'E',
      left: 'right',
      right: 'left',
      straight: 'straight',
    };
    const mirror = (name: string) =>
      name
        .split('-')
        .map((part) => mirrored[part])
        .join('-');
    const all = ['N', 'S', 'E', 'W'].flatMap((arm) => ['left', 'straight', 'right'].map((turn) => `${arm}-${turn}`));
    for (const a of all) for (const b of all) expect(left(mirror(a), mirror(b))).toBe(right(a, b));
  });

  it('include those who share an exit lane', () => {
    const conflict = crossroads('right', 1);
    expect(conflict('N-right', 'S-left')).toBe(true);
    expect(conflict('N-right', 'E-straight')).toBe(true);
    expect(conflict('N-right', 'S-straight')).toBe(false);
  });

  it('hold between a crossing and all who drive over it', () => {
    const scenario = sound(
      changed(
        ['    signals:', '    crossings: [{ approach: N, widthMetres: 3 }]\n    signals:'],
        [
          '{ id: e, groups: [E], greenSeconds: 12',
          '{ id: walk, groups: [N-walk], greenSeconds: 20 }\n        - { id: e, groups: [E], greenSeconds: 12',
        ],
      ),
    );
    const junction = scenario.junctions[0]!;
    const { signalGroups, conflicts, intergreenSeconds } = junction.configuration;
    const walk = signalGroups.findIndex((group) => group.id === 'N-walk');
    expect(signalGroups[walk]).toEqual({
      id: 'N-walk',
      number: 9,
      kind: 'pedestrian',
      approaches: ['N'],
      clearanceSeconds: 15.1,
    });
    const met = signalGroups.filter((_, index) => conflicts[walk]![index]).map((group) => group.id);
    expect(met).toEqual(['N-left', 'N-straight', 'N-right', 'S-straight', 'E', 'W']);
    const straight = signalGroups.findIndex((group) => group.id === 'S-straight');
    expect(intergreenSeconds[walk]![straight]).toBe(15.1);
    expect(intergreenSeconds[straight]![walk]).toBeGreaterThan(
      intergreenSeconds[signalGroups.findIndex((group) => group.id === 'N-left')]![walk]!,
    );
    expect(junction.crossings[0]).toMatchObject({ approach: 'N', group: 'N-walk', widthMetres: 3, lengthMetres: 13 });
  });
});

describe('intergreens', () => {
  it('are those of the ITE formulas', () => {
    expect(iteYellowSeconds(40 / 3.6)).toBe(3);
    expect(iteYellowSeconds(50 / 3.6)).toBe(3.3);
    expect(iteAllRedSeconds(40 / 3.6, 20)).toBe(2.3);
    expect(iteAllRedSeconds(50 / 3.6, 20)).toBe(1.9);
    expect(pedestrianClearanceSeconds(10.7)).toBe(13);
  });

  it('are symmetric only in whether there is one, and never shorter than yellow', () => {
    const { conflicts, intergreenSeconds, yellowSeconds, allRedSeconds } = sound(changed()).junctions[0]!.configuration;
    for (const [i, row] of intergreenSeconds.entries()) {
      for (const [j, seconds] of row.entries()) {
        expect(conflicts[i]![j]).toBe(conflicts[j]![i]);
        if (!conflicts[i]![j]) expect(seconds).toBe(0);
        else {
          expect(seconds).toBeGreaterThan(yellowSeconds);
          expect(seconds).toBeLessThanOrEqual(yellowSeconds + allRedSeconds + 1e-9);
        }
      }
    }
  });

  it('are the file’s where it gives them', () => {
    const text = changed([
      '      stages:',
      '      yellowSeconds: 4\n      allRedSeconds: 1.5\n      intergreens: [{ from: E, to: W, seconds: 7 }]\n      stages:',
    ]);
    const { signalGroups, intergreenSeconds, localPlan } = sound(text).junctions[0]!.configuration;
    const [e, w] = ['E', 'W'].map((id) => signalGroups.findIndex((group) => group.id === id));
    expect(intergreenSeconds[e!]![w!]).toBe(7);
    expect(intergreenSeconds[w!]![e!]).toBe(5.5);
    expect(localPlan[0]).toMatchObject({ yellowSeconds: 4, allRedSeconds: 1.5 });
  });
});
