/** What a scenario file says of vehicles and their demand: what comes of it, and which mistakes are told how. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from './load.ts';
import { changed, EXAMPLE, sound } from './testing.ts';

function told(text: string): string {
  const { issues } = parseScenario(text, 'x.yaml');
  return issues.map(({ path, message, hint }) => `${path} ${message}. ${hint}`).join('\n');
}

describe('classes of vehicles', () => {
  it('are followed by other models and moved by Euler where the file says so', () => {
    const { vehicleClasses } = sound(
      changed(['car: { share: 0.8 }', 'car: { share: 0.8, carFollowing: krauss, integration: euler }']),
    );
    expect(vehicleClasses[0]).toMatchObject({ carFollowing: 'krauss', integration: 'euler' });
    expect(vehicleClasses[1]!.carFollowing).toBeUndefined();
  });

  it('call a two-wheeler bike as well, not both', () => {
    const one = sound(changed(['bus: { share: 0.2 }', 'two-wheeler: { share: 0.2 }']));
    expect(one.vehicleClasses[1]).toMatchObject({ name: 'bike', share: 0.2, pcu: 0.4, filtersToFront: true });
    expect(told(changed(['bus: { share: 0.2 }', 'two-wheeler: { share: 0.1 }\n  bike: { share: 0.1 }']))).toMatch(
      /another name for bike/,
    );
  });

  it('have the PCU of the set, unless they say their own', () => {
    const text = changed(['vehicleClasses:', 'pcuSet: irc-many\nvehicleClasses:']);
    expect(sound(text).vehicleClasses.map(({ pcu }) => pcu)).toEqual([1, 3.7]);
    const own = text.replace('bus: { share: 0.2 }', 'bus: { share: 0.2, pcu: 3 }');
    expect(sound(own).vehicleClasses[1]!.pcu).toBe(3);
  });

  it('must fit in the lanes, abreast where they are to filter', () => {
    expect(told(changed(['bus: { share: 0.2 }', 'bus: { share: 0.2, widthMetres: 3.5 }']))).toMatch(
      /vehicleClasses\.bus is 3\.5 m wide, but there are lanes of 3\.25 m/,
    );
    expect(
      told(changed(['bus: { share: 0.2 }', 'rickshaw: { share: 0.2, widthMetres: 1.6, filtersToFront: true }'])),
    ).toMatch(/two of 1\.6 m do not fit abreast/);
  });

  it('have one headway, not two', () => {
    const text = changed(['car: { share: 0.8 }', 'car: { share: 0.8, timeHeadwaySeconds: 1.5 }']);
    expect(sound(text).vehicleClasses[0]).toMatchObject({ timeHeadwaySeconds: 1.5, fixedHeadway: true });
    expect(told(`${text}saturationFlowPerHourPerLane: 1800\n`)).toMatch(/says what the headway of cars must be/);
  });
});

describe('bus stops', () => {
  const stop = (words: string) => changed(['{ name: N, lanes:', `{ name: N, busStops: [{ ${words} }], lanes:`]);

  it('are on either side of the junction, at the kerb or in a bay', () => {
    const north = sound(stop('distanceMetres: 50, side: exit, kind: bay, dwellSeconds: 30')).junctions[0]!
      .approaches[0]!;
    expect(north.busStops).toEqual([{ distanceMetres: 50, side: 'exit', kind: 'bay', dwellSeconds: 30 }]);
    expect(sound(stop('distanceMetres: 50')).junctions[0]!.approaches[0]!.busStops).toEqual([
      { distanceMetres: 50, side: 'approach', kind: 'kerb', dwellSeconds: 20 },
    ]);
  });

  it('lie on the lanes', () => {
    expect(told(stop('distanceMetres: 250'))).toMatch(/at least 20 m from either end of the lane, which is 200 m long/);
  });
});

describe('demand', () => {
  const demand = (words: string) => changed(['  periodSeconds: 900\n', `  periodSeconds: 900\n${words}`]);

  it('comes in platoons, if it is said how often', () => {
    const { demand: flows } = sound(demand('  arrivals: platoon\n  platoon: { everySeconds: 90, lastsSeconds: 20 }\n'));
    expect(flows[0]).toMatchObject({
      arrivals: 'platoon',
      platoon: { everySeconds: 90, lastsSeconds: 20, offsetSeconds: 0 },
    });
    expect(told(demand('  arrivals: platoon\n'))).toMatch(/nothing says how often they come/);
    expect(told(demand('  arrivals: platoon\n  platoon: { everySeconds: 20, lastsSeconds: 90 }\n'))).toMatch(
      /at most everySeconds \(20\)/,
    );
  });

  it('goes to the exit that a flow names, by the way there', () => {
    const text = changed([
      '{ approach: E, movement: left, vehiclesPerHour: 60 }',
      '{ approach: E, exit: { arm: W }, vehiclesPerHour: 60 }',
    ]);
    expect(sound(text).demand[1]).toMatchObject({
      movement: 'E-straight',
      route: [{ junction: 'cross', movement: 'E-straight' }],
    });
    expect(told(text.replace('arm: W', 'arm: X'))).toMatch(/names an arm of cross, "X", which does not exist/);
    expect(told(text.replace('arm: W', 'arm: E'))).toMatch(/to which no movements lead from E of cross/);
  });

  it('has vehicles given one by one', () => {
    const given = (words: string) => demand(`  vehicles: [{ atSeconds: 5, approach: N, movement: left, ${words} }]\n`);
    expect(sound(given('class: bus, lane: 1')).vehicles).toEqual([
      {
        atSeconds: 5,
        junction: 'cross',
        approach: 'N',
        route: [{ junction: 'cross', movement: 'N-left' }],
        vehicleClass: 'bus',
        lane: 1,
      },
    ]);
    expect(told(given('class: truck'))).toMatch(/has no share in vehicleClasses; there are car or bus/);
    expect(told(given('lane: 2'))).toMatch(/N has 2 lanes, from 0/);
    expect(told(given('via: [left]'))).toMatch(/has left the network by then/);
    expect(told(given('class: car').replace('atSeconds: 5', 'atSeconds: 1800'))).toMatch(/less than 1800/);
  });

  it('may be of such vehicles alone, but not nothing', () => {
    const flows = EXAMPLE.slice(EXAMPLE.indexOf('  flows:'), EXAMPLE.indexOf('variants:'));
    const alone = EXAMPLE.replace(flows, '  vehicles: [{ atSeconds: 1, approach: N, movement: left }]\n');
    expect(sound(alone).demand).toEqual([]);
    expect(told(EXAMPLE.replace(flows, '  vehicles: []\n'))).toMatch(/ask for no vehicle at all/);
  });
});

describe('permitted turns', () => {
  const permitted = (pairs: string) =>
    changed(
      ['      stages:', `      permitted: [${pairs}]\n      stages:`],
      [
        'groups: [N-straight, N-right, S-straight, S-right], greenSeconds: 30',
        'groups: [N-straight, N-right, N-left, S-straight, S-right, S-left], greenSeconds: 30',
      ],
    );
  const all = '[N-left, S-straight], [N-left, S-right], [S-left, N-straight], [S-left, N-right]';

  it('let groups whose ways meet be green together, and say who yields', () => {
    const { configuration } = sound(permitted(all)).junctions[0]!;
    const at = (id: string) => configuration.signalGroups.findIndex((group) => group.id === id);
    expect(configuration.yields![at('N-left')]![at('S-straight')]).toBe(true);
    expect(configuration.yields![at('S-straight')]![at('N-left')]).toBe(false);
    expect(configuration.conflicts[at('N-left')]![at('S-straight')]).toBe(false);
    expect(configuration.conflicts[at('N-left')]![at('E')]).toBe(true);
  });

  it('must be said, the right way round', () => {
    expect(told(permitted('[S-left, N-straight], [S-left, N-right]'))).toMatch(
      /conflicts with "S-straight"|conflicts with "N-left"/,
    );
    expect(told(permitted('[S-straight, N-left]'))).toMatch(
      /lets S-straight yield to N-left, which has no precedence over it.*Write \[N-left, S-straight\]/,
    );
    expect(told(permitted('[N-left, S-leff]'))).toMatch(/Did you mean S-left/);
  });
});
