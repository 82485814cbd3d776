import { describe, expect, it } from 'vitest';
import { formatIssue, parseScenario } from './load.ts';
import { changed, EXAMPLE, sound } from './testing.ts';

/** Mistakes of a text as `line:column path`, and all as shown. */
function mistakes(text: string): { places: string[]; shown: string } {
  const { scenario, issues } = parseScenario(text, 'x.yaml');
  expect(scenario === undefined).toBe(issues.length > 0);
  return {
    places: issues.map((issue) => `${issue.line}:${issue.column} ${issue.path}`),
    shown: issues.map(formatIssue).join('\n'),
  };
}

/** Line and column, from 1, of a piece of a text. */
function placeOf(text: string, piece: string, from = 0): string {
  const index = text.indexOf(piece, from);
  expect(index).toBeGreaterThanOrEqual(0);
  const before = text.slice(0, index).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

/** One mistake each: what is changed, where it is shown, what is said. */
const MISTAKES: readonly {
  name: string;
  change: readonly (readonly [string, string])[];
  /** The text that the place points at. */
  at: string;
  path: string;
  says: RegExp;
}[] = [
  {
    name: 'an unknown key at the top',
    change: [['drivingSide: right', 'drivingSide: right\ndurationSecs: 5']],
    at: 'durationSecs',
    path: 'durationSecs',
    says: /is not known here.*Did you mean durationSeconds\?/,
  },
  {
    name: 'an unknown key deep down',
    change: [['greenSeconds: 30', 'greenSeconds: 30, gren: 3']],
    at: 'gren: 3',
    path: 'junctions[0].signals.stages[0].gren',
    says: /is not known here; allowed are allRedSeconds, greenSeconds/,
  },
  {
    name: 'a misspelt key that was needed',
    change: [['latitude: 50', 'latitud: 50']],
    at: 'latitud:',
    path: 'junctions[0].latitud',
    says: /Did you mean latitude\?/,
  },
  {
    name: 'a missing key',
    change: [['    latitude: 50\n', '']],
    at: 'name: cross',
    path: 'junctions[0].latitude',
    says: /is missing: Of the centre.*Add it, as latitude/,
  },
  {
    name: 'a wrong version',
    change: [['version: 1', 'version: 2']],
    at: '2\ndriving',
    path: 'version',
    says: /is 2; allowed is 1/,
  },
  {
    name: 'a wrong word',
    change: [['drivingSide: right', 'drivingSide: rigth']],
    at: 'rigth',
    path: 'drivingSide',
    says: /is "rigth"; allowed is left or right\. Did you mean right\?/,
  },
  {
    name: 'a number with its unit',
    change: [['greenSeconds: 30', 'greenSeconds: 30 s']],
    at: '30 s',
    path: 'junctions[0].signals.stages[0].greenSeconds',
    says: /is "30 s"; it must be a number|is "30 s"; it must be a whole number/,
  },
  {
    name: 'a green that is not whole',
    change: [['greenSeconds: 30', 'greenSeconds: 30.5']],
    at: '30.5',
    path: 'junctions[0].signals.stages[0].greenSeconds',
    says: /is 30\.5; it must be a whole number/,
  },
  {
    name: 'a billion vehicles',
    change: [['[100, 120]', '[1000000000, 120]']],
    at: '1000000000',
    path: 'demand.flows[0].vehicles[0]',
    says: /is 1000000000; at most 100000\. Lower it/,
  },
  {
    name: 'a number that is none',
    change: [['vehiclesPerHour: 60', 'vehiclesPerHour: .nan']],
    at: '.nan',
    path: 'demand.flows[1].vehiclesPerHour',
    says: /is NaN; it must be a number/,
  },
  {
    name: 'a name with a blank',
    change: [['name: cross', 'name: cross road']],
    at: 'cross road',
    path: 'junctions[0].name',
    says: /is "cross road"; allowed are letters, digits/,
  },
  {
    name: 'a variant with a capital',
    change: [['name: adaptive', 'name: Adaptive']],
    at: 'Adaptive',
    path: 'variants[1].name',
    says: /is "Adaptive"; allowed are small letters/,
  },
  {
    name: 'two variants of one name',
    change: [['name: adaptive', 'name: baseline']],
    at: 'baseline, strategy: atcs',
    path: 'variants[1].name',
    says: /is "baseline", as is another variant/,
  },
  {
    name: 'a green below its minimum',
    change: [['greenSeconds: 10', 'greenSeconds: 3']],
    at: '3 }',
    path: 'junctions[0].signals.stages[1].greenSeconds',
    says: /^x\.yaml:\d+:\d+ junctions\[0\]\.signals\.stages\[1\]\.greenSeconds is 3; at least 6 \(minGreenSeconds\)\. Raise it, or lower minGreenSeconds\.$/,
  },
  {
    name: 'a green above its maximum',
    change: [['greenSeconds: 30', 'greenSeconds: 30, maxGreenSeconds: 20']],
    at: '30, max',
    path: 'junctions[0].signals.stages[0].greenSeconds',
    says: /is 30; at most 20 \(maxGreenSeconds\)/,
  },
  {
    name: 'a maximum green below the minimum',
    change: [['greenSeconds: 30', 'greenSeconds: 30, minGreenSeconds: 25, maxGreenSeconds: 20']],
    at: '20 }',
    path: 'junctions[0].signals.stages[0].maxGreenSeconds',
    says: /is 20 for stage ns; at least 25/,
  },
  {
    name: 'a cycle shorter than its stages need',
    change: [['maxCycleSeconds: 120', 'maxCycleSeconds: 40']],
    at: '40\n      stages',
    path: 'junctions[0].signals.maxCycleSeconds',
    says: /is 40; at least 45\.2 \(4 stages need 24 s of least green and 21\.2 s between them\)/,
  },
  {
    name: 'a plan longer than the longest cycle',
    change: [['maxCycleSeconds: 120', 'maxCycleSeconds: 80']],
    at: '- { id: ns,',
    path: 'junctions[0].signals.stages',
    says: /make a plan with a cycle of 85\.2 s; at most 80 \(maxCycleSeconds\)/,
  },
  {
    name: 'a plan shorter than the shortest cycle',
    change: [['maxCycleSeconds: 120', 'maxCycleSeconds: 120\n      minCycleSeconds: 100']],
    at: '- { id: ns,',
    path: 'junctions[0].signals.stages',
    says: /cycle of 85\.2 s; at least 100 \(minCycleSeconds\)/,
  },
  {
    name: 'cycle bounds the wrong way round',
    change: [['maxCycleSeconds: 120', 'maxCycleSeconds: 120\n      minCycleSeconds: 130']],
    at: '130',
    path: 'junctions[0].signals.minCycleSeconds',
    says: /is 130; at most 120 \(maxCycleSeconds\)/,
  },
  {
    name: 'a wait shorter than two cycles',
    change: [['maxCycleSeconds: 120', 'maxCycleSeconds: 120\n      maxWaitSeconds: 200']],
    at: '200',
    path: 'junctions[0].signals.maxWaitSeconds',
    says: /is 200; at least 240 \(twice maxCycleSeconds\)/,
  },
  {
    name: 'a stage with conflicting groups',
    change: [['groups: [N-left, S-left]', 'groups: [N-left, S-left, S-straight]']],
    at: 'S-straight], greenSeconds: 10',
    path: 'junctions[0].signals.stages[1].groups[2]',
    says: /is "S-straight", which conflicts with "N-left" of the same stage/,
  },
  {
    name: 'a stage with a group that does not exist',
    change: [['groups: [N-left, S-left]', 'groups: [N-left, S-lfet]']],
    at: 'S-lfet',
    path: 'junctions[0].signals.stages[1].groups[1]',
    says: /names the signal group "S-lfet", which does not exist.*Did you mean S-left\?/,
  },
  {
    name: 'a group that is never green',
    change: [['groups: [N-left, S-left]', 'groups: [N-left]']],
    at: '- { id: ns,',
    path: 'junctions[0].signals.stages',
    says: /never give green to S-left/,
  },
  {
    name: 'a group that today’s plan leaves out',
    change: [[', groups: [W], greenSeconds: 12', ', groups: [W]']],
    at: '- { id: ns,',
    path: 'junctions[0].signals.stages',
    says: /give green to W only outside today's plan/,
  },
  {
    name: 'two stages of one name',
    change: [['id: ns-left', 'id: ns']],
    at: 'ns, groups: [N-left',
    path: 'junctions[0].signals.stages[1].id',
    says: /is "ns", as is another stage/,
  },
  {
    name: 'a movement that no lane serves',
    change: [['    signalGroups:', '    movements: [{ name: N-back, from: N, to: N }]\n    signalGroups:']],
    at: 'N-back',
    path: 'junctions[0].movements[0].name',
    says: /is "N-back", which no lane of N serves/,
  },
  {
    name: 'a lane with a movement that is not there',
    change: [
      [
        '[{ movements: [left] }, { movements: [straight, right] }] }\n      - { name: S',
        '[{ movements: [left] }, { movements: [strait, right] }] }\n      - { name: S',
      ],
    ],
    at: 'strait',
    path: 'junctions[0].approaches[0].lanes[1].movements[0]',
    says: /is "strait"; from N there are.*Did you mean straight\?/,
  },
  {
    name: 'more lanes than the exit has',
    change: [
      ['{ name: S, lanes', '{ name: S, exitLanes: 1, lanes'],
      [
        '[{ movements: [left] }, { movements: [straight, right] }] }\n      - { name: S',
        '[{ movements: [left, straight] }, { movements: [straight, right] }] }\n      - { name: S',
      ],
    ],
    at: '[{ movements: [left, straight] }',
    path: 'junctions[0].approaches[0].lanes',
    says: /let 2 lanes go straight to S, which has 1 exit lane/,
  },
  {
    name: 'arms that lie on each other',
    change: [['{ name: S, lanes', '{ name: S, bearingDegrees: 85, lanes']],
    at: '{ name: E, lanes',
    path: 'junctions[0].approaches[2].bearingDegrees',
    says: /is 90, 5 degrees from S; arms are at least 15 degrees apart/,
  },
  {
    name: 'an arm without a bearing',
    change: [['{ name: N, lanes', '{ name: Nord, lanes']],
    at: '{ name: Nord',
    path: 'junctions[0].approaches[0].bearingDegrees',
    says: /is missing; only N, NE, E/,
  },
  {
    name: 'two approaches of one name',
    change: [['{ name: S, lanes', '{ name: N, bearingDegrees: 180, lanes']],
    at: 'N, bearing',
    path: 'junctions[0].approaches[1].name',
    says: /is "N", as is another approach/,
  },
  {
    name: 'demand for an unknown movement',
    change: [['approach: N, movement: straight', 'approach: N, movement: u-turn']],
    at: 'u-turn',
    path: 'demand.flows[0].movement',
    says: /names a movement of N, "u-turn", which does not exist; there are left, N-left/,
  },
  {
    name: 'demand for an unknown approach',
    change: [['approach: N, movement', 'approach: X, movement']],
    at: 'X, movement',
    path: 'demand.flows[0].approach',
    says: /names the approach "X", which does not exist; there are N, S, E or W/,
  },
  {
    name: 'demand twice for one movement',
    change: [['approach: E, movement: left', 'approach: N, movement: N-straight']],
    at: 'N-straight, vehicles',
    path: 'demand.flows[1].movement',
    says: /is N-straight, whose vehicles flow 0 says already/,
  },
  {
    name: 'too few periods',
    change: [['[100, 120]', '[100]']],
    at: '[100]',
    path: 'demand.flows[0].vehicles',
    says: /has 1 periods of 900 s; 1800 s \(durationSeconds\) take 2/,
  },
  {
    name: 'counts and a rate at once',
    change: [['vehicles: [100, 120]', 'vehicles: [100, 120], vehiclesPerHour: 3']],
    at: '{ approach: N',
    path: 'demand.flows[0]',
    says: /says both vehicles and vehiclesPerHour/,
  },
  {
    name: 'recorded arrivals from a rate',
    change: [['vehiclesPerHour: 60', 'vehiclesPerHour: 60, arrivals: recorded']],
    at: '60, arrivals',
    path: 'demand.flows[1].vehiclesPerHour',
    says: /is a rate, but recorded arrivals are counts/,
  },
  {
    name: 'shares that do not sum to 1',
    change: [['share: 0.2', 'share: 0.3']],
    at: 'car: { share',
    path: 'vehicleClasses',
    says: /have shares that sum to 1\.1; they must sum to 1/,
  },
  {
    name: 'a time zone that is none',
    change: [['drivingSide', 'timeZone: Asia/Bombai\ndrivingSide']],
    at: 'Asia/Bombai',
    path: 'timeZone',
    says: /it must be an IANA time zone/,
  },
  {
    name: 'a time that the clocks skip',
    change: [['drivingSide', 'timeZone: Europe/Berlin\nstartsAt: 2024-03-31T02:30:00\ndrivingSide']],
    at: '2024-03-31',
    path: 'startsAt',
    says: /the clocks of Europe\/Berlin skip this time/,
  },
  {
    name: 'a time that the clocks show twice',
    change: [['drivingSide', 'timeZone: Europe/Berlin\nstartsAt: 2024-10-27T02:30:00\ndrivingSide']],
    at: '2024-10-27',
    path: 'startsAt',
    says: /show this time twice/,
  },
  {
    name: 'a date that does not exist',
    change: [['drivingSide', 'startsAt: 2023-02-29T02:30:00\ndrivingSide']],
    at: '2023-02-29',
    path: 'startsAt',
    says: /there is no such date/,
  },
  {
    name: 'a step that no second is made of',
    change: [['drivingSide', 'stepSeconds: 0.3\ndrivingSide']],
    at: '0.3',
    path: 'stepSeconds',
    says: /a whole number of steps must make a second/,
  },
  {
    name: 'the same seed twice',
    change: [['drivingSide', 'seeds: [4, 5, 4]\ndrivingSide']],
    at: '4]',
    path: 'seeds[2]',
    says: /is 4, which is there already/,
  },
  {
    name: 'a reader beyond the lanes',
    change: [['{ name: N, lanes', '{ name: N, rfid: [{ position: upstream, distanceMetres: 250 }], lanes']],
    at: '250',
    path: 'junctions[0].approaches[0].rfid[0].distanceMetres',
    says: /is 250; less than the 200 m of lanes/,
  },
  {
    name: 'an intergreen for groups that do not meet',
    change: [['      stages:', '      intergreens: [{ from: N-straight, to: S-straight, seconds: 6 }]\n      stages:']],
    at: '{ from: N-straight',
    path: 'junctions[0].signals.intergreens[0]',
    says: /which do not conflict/,
  },
  {
    name: 'a walk shorter than people need',
    change: [
      ['    signals:', '    crossings: [{ approach: N }]\n    signals:'],
      [
        '{ id: e, groups: [E], greenSeconds: 12',
        '{ id: walk, groups: [N-walk], greenSeconds: 9, minGreenSeconds: 8 }\n        - { id: e, groups: [E], greenSeconds: 12',
      ],
    ],
    at: '8 }',
    path: 'junctions[0].signals.stages[2].minGreenSeconds',
    says: /is 8; at least 1\d \(7 s of walk/,
  },
];

describe('a mistake', () => {
  it.each(MISTAKES)('is shown where it stands: $name', ({ change, at, path, says }) => {
    const text = changed(...change);
    const { places, shown } = mistakes(text);
    expect(shown).toMatch(says);
    expect(places).toEqual([`${placeOf(text, at)} ${path}`]);
  });

  it.each([['incidents', 'incidents: [{ approach: N, fromSeconds: 5, untilSeconds: 60 }]', 'incidents']])(
    'is what this release does not do yet: %s',
    (_, line, path) => {
      const { places, shown } = mistakes(`${EXAMPLE}${line}\n`);
      expect(places.map((place) => place.split(' ')[1])).toEqual([path]);
      expect(shown).toMatch(/is not supported yet\. Remove it\./);
    },
  );

  it('takes what is broadcast and the weather, with defaults for what is not said', () => {
    const { v2x, weather } = sound(
      `${EXAMPLE}v2x: { share: 0.3, idRotationSeconds: 60 }\nweather: { visibilityMetres: 200 }\n`,
    );
    expect(v2x).toEqual({
      share: 0.3,
      pedestrianShare: 0,
      dropoutShare: 0,
      positionNoiseMetres: 0,
      idRotationSeconds: 60,
      rangeMetres: 300,
      singly: false,
    });
    expect(weather).toEqual({
      rainMillimetres: 0,
      visibilityMetres: 200,
      windMetresPerSecond: 0,
      temperatureCelsius: 20,
    });
    expect(sound(EXAMPLE).v2x).toBeUndefined();
    expect(sound(`${EXAMPLE}v2x: { share: 0 }\n`).v2x).toBeUndefined();
    expect(sound(EXAMPLE).weather).toBeUndefined();
  });

  it.each([
    ['offsetSeconds: 10\n      greenWave: { approach: N }', 'greenWave', /beside offsetSeconds\. Keep one of the two/],
    ['greenWave: { approach: N }', 'greenWave.approach', /no other junction feeds/],
    ['emergencyRangeMetres: 200', 'emergencyRangeMetres', /without emergencyPreemption: true/],
    ['busRangeMetres: 200', 'busRangeMetres', /without busPriority: true/],
    ['plans: [{ startsAt: "7:00" }]', 'plans[0].startsAt', /a time of day such as 07:30/],
    [
      'plans: [{ startsAt: "07:00", stages: [{ id: n, greenSeconds: 9 }] }]',
      'plans[0].stages[0].id',
      /the stage .n., which does not exist/,
    ],
    ['plans: [{ startsAt: "07:00", stages: [{ id: ns, greenSeconds: 40 }] }]', 'plans[0].stages', /never green/],
    ['plans: [{ startsAt: "07:00" }, { startsAt: "07:00", days: [friday] }]', 'plans[1].startsAt', /on friday too/],
  ])('is in what signals do by the clock: %s', (lines, path, says) => {
    const { places, shown } = mistakes(changed(['      stages:', `      ${lines}\n      stages:`]));
    expect(places.map((place) => place.split(' ')[1])).toEqual([`junctions[0].signals.${path}`]);
    expect(shown).toMatch(says);
  });

  it('does not hide the others: all are listed, in the order of the file', () => {
    const text = changed(
      ['drivingSide: right', 'drivingSide: rigth'],
      ['latitude: 50', 'latitude: 95'],
      ['maxCycleSeconds: 120', 'maxCycleSeconds: 40'],
      ['S-left], greenSeconds: 10', 'S-lfet], greenSeconds: 3'],
      ['share: 0.2', 'share: 0.3'],
      ['approach: N, movement: straight', 'approach: N, movment: straight'],
      ['movement: left, vehiclesPerHour', 'movement: up, vehiclesPerHour'],
      ['name: adaptive', 'name: baseline'],
    );
    const { places } = mistakes(`${text}weather: { visibilityMetres: -1 }\n`);
    expect(places.map((place) => place.split(' ')[1])).toEqual([
      'drivingSide',
      'junctions[0].latitude',
      'junctions[0].signals.maxCycleSeconds',
      'junctions[0].signals.stages[1].groups[1]',
      'junctions[0].signals.stages[1].greenSeconds',
      'vehicleClasses',
      'demand.flows[0].movment',
      'demand.flows[1].movement',
      'variants[1].name',
      'weather.visibilityMetres',
    ]);
  });

  it('in one junction does not hide those in another', () => {
    const second = EXAMPLE.slice(EXAMPLE.indexOf('  - name: cross'), EXAMPLE.indexOf('vehicleClasses:'))
      .replace('name: cross', 'name: other')
      .replace('latitude: 50', 'latitude: 50.01')
      .replace('groups: [W]', 'groups: [V]');
    const text = changed(['name: cross\n', 'nam: cross\n'], ['vehicleClasses:', `${second}vehicleClasses:`]);
    const { shown } = mistakes(text.replaceAll('{ approach: ', '{ junction: other, approach: '));
    expect(shown).toContain('Did you mean name?');
    expect(shown).toContain('names the signal group "V"');
  });
});

describe('a file that is none', () => {
  it.each([
    ['nothing', '', '1:1 ', /is not a scenario/],
    ['a list', '- 1\n', '1:1 ', /is not a scenario/],
    ['bad syntax', 'version: 1\njunctions: [1, 2\ndemand: 3', '', /not valid YAML/],
    ['a tab', 'version: 1\njunctions:\n\t- a', '3:1 ', /not valid YAML.*Indent with spaces/],
    ['a key twice', 'version: 1\ntitle: a\nversion: 1\n', '3:1 ', /The key "version" stands twice/],
    ['two documents', 'version: 1\n---\nversion: 1\n', '2:1 ', /more than one YAML document/],
    ['a strange tag', 'version: !!js/function 1\n', '', /Remove the tag/],
  ])('is refused: %s', (_, text, place, says) => {
    const { places, shown } = mistakes(text);
    expect(places.some((each) => each.startsWith(place))).toBe(true);
    expect(shown).toMatch(says);
  });

  it('is refused where it repeats values without end', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
    });
    expect(mistakes(levels.join('\n')).shown).toMatch(/repeats values by alias without end/);
  });

  it('is refused where it is too large or too deep', () => {
    expect(mistakes(`# ${'x'.repeat(2_000_001)}`).shown).toMatch(/more than 2 MB/);
    expect(mistakes('['.repeat(100_000)).shown).toMatch(/nested more than 64 levels/);
    expect(mistakes('- '.repeat(100_000)).shown).toMatch(/nested more than 64 levels/);
    const steps = Array.from({ length: 70 }, (_, level) => `${' '.repeat(level)}b:`).join('\n');
    expect(mistakes(steps).shown).toMatch(/^x\.yaml:65:65 The file is nested more than 64 levels/);
  });

  it('is refused quickly where it has very many keys, with a bound on what is listed', () => {
    const keys = Array.from({ length: 8_000 }, (_, index) => `key${index}: 1`).join('\n');
    const { places, shown } = mistakes(keys);
    expect(places).toHaveLength(201);
    expect(shown).toMatch(/There are \d+ more mistakes/);
  });

  it('cannot reach prototypes', () => {
    const { shown } = mistakes(`${EXAMPLE}__proto__: { polluted: 1 }\nconstructor: 1\n`);
    expect(shown).toContain('constructor is not known here');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
