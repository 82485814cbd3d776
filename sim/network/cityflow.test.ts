import { describe, expect, it } from 'vitest';
import { createEngine } from '../traffic/engine.ts';
import { programLamps } from '../traffic/program.ts';
import { readCityFlow } from './cityflow.ts';
import { InputFileError } from './json.ts';

const vehicle = {
  length: 5,
  width: 2,
  maxPosAcc: 2,
  maxNegAcc: 4.5,
  usualPosAcc: 2,
  usualNegAcc: 4.5,
  minGap: 2.5,
  maxSpeed: 11.11,
  headwayTime: 2,
};
const at = (x: number, y: number) => ({ x, y });
const road = (id: string, start: string, end: string, from: object, to: object, lanes = 1) => ({
  id,
  startIntersection: start,
  endIntersection: end,
  points: [from, to],
  lanes: Array.from({ length: lanes }, () => ({ width: 3, maxSpeed: 11.11 })),
});
const edge = (id: string, point: object, roads: string[]) => ({ id, point, width: 0, roads, virtual: true });

/** West to east through I, with a way round through K that is longer. */
function roadnet() {
  return {
    intersections: [
      edge('W', at(-300, 0), ['in']),
      edge('E', at(300, 0), ['out']),
      {
        id: 'I',
        point: at(0, 0),
        width: 10,
        virtual: false,
        roads: ['in', 'out'],
        roadLinks: [
          {
            type: 'go_straight',
            startRoad: 'in',
            endRoad: 'out',
            laneLinks: [
              { startLaneIndex: 0, endLaneIndex: 1 },
              { startLaneIndex: 1, endLaneIndex: 0, points: [at(-10, -4.5), at(10, -1.5)] },
            ],
          },
        ],
        trafficLight: {
          lightphases: [
            { time: 20, availableRoadLinks: [] },
            { time: 40, availableRoadLinks: [0] },
          ],
        },
      },
    ],
    roads: [road('in', 'W', 'I', at(-300, 0), at(0, 0), 2), road('out', 'I', 'E', at(0, 0), at(300, 0), 2)],
  };
}
const flow = (changes: object = {}) => ({
  vehicle,
  route: ['in', 'out'],
  interval: 5,
  startTime: 0,
  endTime: 20,
  ...changes,
});
const options = { name: 'test', seed: 0 };

/** A copy of `value` with the member at `path` changed. */
function changed<T>(value: T, path: readonly (string | number)[], to: unknown): T {
  const copy = structuredClone(value) as Record<string | number, unknown>;
  let at: Record<string | number, unknown> = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  if (to === undefined) delete at[path[path.length - 1]!];
  else at[path[path.length - 1]!] = to;
  return copy as T;
}

describe('a CityFlow case', () => {
  const { network, demand, programs } = readCityFlow(roadnet(), [flow()], options);

  it('has lanes that its intersections shorten, offset to the right', () => {
    expect(network.laneCount).toBe(4);
    expect([...network.length.slice(0, 4)]).toEqual([290, 290, 290, 290]);
    expect([...network.paths[1]!]).toEqual([-300, -4.5, -10, -4.5]);
    expect(network.names).toEqual(['in_0', 'in_1', 'out_0', 'out_1', 'in_0_TO_out_1', 'in_1_TO_out_0']);
  });

  it('has links with the points of the file, or else a curve between the lanes', () => {
    expect([...network.paths[5]!]).toEqual([-10, -4.5, 10, -1.5]);
    expect(network.paths[4]).toHaveLength(22);
    expect([...network.paths[4]!.slice(0, 2), ...network.paths[4]!.slice(-2)]).toEqual([-10, -1.5, 10, -4.5]);
    expect(network.tables!.crossFirst[6]).toBe(2);
    expect(network.tables!.crossFoe[0]).toBe(5);
  });

  it('creates the first vehicle of a flow at its start and then one an interval, the end included', () => {
    expect([...demand.departSeconds]).toEqual([0, 5, 10, 15, 20]);
    expect([...demand.entryLane].every((lane) => lane === 0 || lane === 1)).toBe(true);
    expect(new Set(demand.entryLane).size).toBe(2);
  });

  it('draws other lanes from another seed', () => {
    const many = [flow({ endTime: 1000 })];
    const lanes = (seed: number) => [...readCityFlow(roadnet(), many, { ...options, seed }).demand.entryLane];
    expect(lanes(1)).toEqual(lanes(1));
    expect(lanes(1)).not.toEqual(lanes(2));
  });

  it("plays the file's lights", () => {
    const lamps = new Uint8Array(1);
    const green = [0, 19, 20, 59, 60].map((seconds) => {
      programLamps(programs[0]!, seconds, lamps);
      return lamps[0];
    });
    expect(green).toEqual([0, 0, 1, 1, 0]);
  });

  it('runs', () => {
    const engine = createEngine(network, demand, { stepSeconds: 1, seed: 0 });
    for (let k = 0; k < 200; k++) {
      programLamps(programs[0]!, k, engine.groupLamp);
      engine.step();
    }
    expect([...engine.state.arrivedAt].every((at) => at > 50 && at < 200)).toBe(true);
  });

  it('leaves out vehicles that cannot get anywhere, and says so', () => {
    const { demand: some, warnings } = readCityFlow(
      roadnet(),
      [flow(), flow({ route: ['out', 'in'] }), flow({ route: ['in'] })],
      options,
    );
    expect(some.count).toBe(5);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/\[1\]\.route leads nowhere/);
  });
});

describe('a file that cannot be right is refused with the place and the remedy', () => {
  it.each<[string, (string | number)[], unknown, RegExp]>([
    ['no roads', ['roads'], [], /roadnet\.json: roads is empty/],
    ['no intersections', ['intersections'], undefined, /intersections is missing; an array/],
    [
      'an unknown intersection',
      ['roads', 0, 'endIntersection'],
      'X',
      /roads\[0\]\.endIntersection is "X".*intersections/,
    ],
    [
      'a lane without speed',
      ['roads', 0, 'lanes', 1, 'maxSpeed'],
      0,
      /roads\[0\]\.lanes\[1\]\.maxSpeed is 0; a number more than 0/,
    ],
    ['a road without lanes', ['roads', 0, 'lanes'], [], /roads\[0\]\.lanes is empty/],
    [
      'a road of a hundred thousand lanes',
      ['roads', 0, 'lanes'],
      new Array(1e5).fill({}),
      /has 100000 lanes; at most 64/,
    ],
    ['a road of no length', ['roads', 0, 'points'], [at(0, 0), at(0, 0)], /roads\[0\]\.points\[1\] is the same point/],
    [
      'a road shorter than its intersection',
      ['roads', 0, 'points'],
      [at(-8, 0), at(0, 0)],
      /roads\[0\] is 8 m long.*take 10 m/,
    ],
    ['a road twice', ['roads', 1, 'id'], 'in', /roads\[1\]\.id is "in", as roads\[0\]\.id is/],
    [
      'a link from no lane',
      ['intersections', 2, 'roadLinks', 0, 'laneLinks', 0, 'startLaneIndex'],
      2,
      /startLaneIndex is 2.*at most 1/,
    ],
    [
      'an unknown turn',
      ['intersections', 2, 'roadLinks', 0, 'type'],
      'turn_back',
      /type is "turn_back"; one of go_straight/,
    ],
    [
      'a phase of an unknown link',
      ['intersections', 2, 'trafficLight', 'lightphases', 1, 'availableRoadLinks'],
      [1],
      /availableRoadLinks\[0\] is 1.*at most 0/,
    ],
    [
      'lights without phases',
      ['intersections', 2, 'trafficLight', 'lightphases'],
      [],
      /lightphases has no phase that lasts/,
    ],
  ])('roadnet with %s', (_, path, to, message) => {
    const broken = changed(roadnet(), path, to);
    expect(() => readCityFlow(broken, [flow()], options)).toThrow(InputFileError);
    expect(() => readCityFlow(broken, [flow()], options)).toThrow(message);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown road', { route: ['in', 'nowhere'] }, /flow\.json: \[0\]\.route\[1\] is "nowhere"/],
    ['no interval', { interval: 0 }, /\[0\]\.interval is 0; a number more than 0/],
    ['part of a second between vehicles', { interval: 0.5 }, /\[0\]\.interval is 0\.5; at least 1/],
    ['no vehicle', { vehicle: undefined }, /\[0\]\.vehicle is missing; an object/],
    ['a vehicle without length', { vehicle: { ...vehicle, length: 0 } }, /\[0\]\.vehicle\.length is 0/],
    ['a negative start', { startTime: -5 }, /\[0\]\.startTime is -5/],
  ])('flow with %s', (_, changes, message) => {
    expect(() => readCityFlow(roadnet(), [flow(changes)], options)).toThrow(message);
  });

  it('millions of vehicles', () => {
    const crowd = Array.from({ length: 3000 }, () => flow({ interval: 1, endTime: -1 }));
    expect(() => readCityFlow(roadnet(), crowd, options)).toThrow(/at most 2000000/);
  });

  it('a route that needs a change of lanes', () => {
    const net = roadnet();
    net.intersections[2]!.roads!.push('side');
    net.roads.push(road('side', 'E', 'S', at(300, 0), at(300, -300)));
    net.intersections.push(edge('S', at(300, -300), ['side']));
    net.intersections[1] = {
      id: 'E',
      point: at(300, 0),
      width: 10,
      virtual: false,
      roads: ['out', 'side'],
      roadLinks: [
        { type: 'turn_right', startRoad: 'out', endRoad: 'side', laneLinks: [{ startLaneIndex: 1, endLaneIndex: 0 }] },
      ],
      trafficLight: { lightphases: [{ time: 5, availableRoadLinks: [0] }] },
    } as never;
    expect(() => readCityFlow(net, [flow({ route: ['in', 'out', 'side'] })], options)).toThrow(
      /\[0\]\.route cannot be driven without changing lanes: lane 1 of road "in"/,
    );
  });

  it('a file that is not JSON of the kind at all', () => {
    expect(() => readCityFlow([], [flow()], options)).toThrow(/an object is needed/);
    expect(() => readCityFlow(roadnet(), {}, options)).toThrow(/flow\.json: is \{\}; an array is needed/);
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(() => readCityFlow(roadnet(), deep, options)).toThrow(/\[0\] is \[\.\.\.; an object is needed/);
  });
});
