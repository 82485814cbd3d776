import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputFileError } from '../json.ts';
import { readSumoConfig } from './config.ts';
import { sumoDemand } from './demand.ts';
import { NET } from './fixtures/cross.ts';
import { readSumoNet } from './net.ts';
import { readSumoRoutes } from './routes.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const data = (name: string) => join(SHARED, 'data', name);
const net = readSumoNet(NET, 'n.net.xml');
const read = (body: string) => readSumoRoutes(`<routes>\n${body}\n</routes>`, 'r.rou.xml', net);
const run = { beginSeconds: 0, endSeconds: 100, stepSeconds: 1, seed: 1 };
const departures = (body: string, options = run) => sumoDemand(net, [read(body)], options).departures;
const times = (body: string, options = run) => departures(body, options).map((departure) => departure.departSeconds);
const edges = (body: string) => {
  const demand = sumoDemand(net, [read(body)], run);
  return demand.departures.map((departure) =>
    demand.routes[departure.route]!.map((edge) => net.edges[edge]!.id).join(' '),
  );
};
const ROUTE = '<route id="r" edges="in out end"/>';

describe('vehicle types', () => {
  const type = (attributes: string) => {
    const found = read(`<vType id="t" ${attributes}/>`).types.get('t')!;
    if ('types' in found) throw new Error('a distribution');
    return found;
  };

  it('have the defaults of their class', () => {
    expect(type('')).toMatchObject({
      vClass: 'passenger',
      length: 5,
      minGap: 2.5,
      accel: 2.6,
      decel: 4.5,
      emergencyDecel: 9,
      tau: 1,
      sigma: 0.5,
    });
    expect(type('').maxSpeed).toBeCloseTo(200 / 3.6, 12);
    expect(type('vClass="bus"')).toMatchObject({
      length: 12,
      accel: 1.2,
      decel: 4,
      emergencyDecel: 7,
      speedFactor: { mean: 1, deviation: 0 },
    });
    expect(type('decel="12"')).toMatchObject({ decel: 12, emergencyDecel: 12, apparentDecel: 12 });
  });

  it.each([
    ['', { mean: 1, deviation: 0.1, least: 0.2, most: 2 }],
    ['speedFactor="1.2"', { mean: 1.2, deviation: 0.1, least: 0.2, most: 2 }],
    ['speedFactor="norm(1.1,0.3)"', { mean: 1.1, deviation: 0.3, least: 0.2, most: 2 }],
    ['speedFactor="normc(1.0, 0.2, 0.5, 1.5)"', { mean: 1, deviation: 0.2, least: 0.5, most: 1.5 }],
    ['speedFactor="normc(1,0.1,0.2,2)" speedDev="0"', { mean: 1, deviation: 0, least: 0.2, most: 2 }],
  ])('draw their speed factor as %s says', (attributes, expected) => {
    expect(type(attributes).speedFactor).toEqual(expected);
  });

  it('draw factors close to what is asked for', () => {
    const found = departures(
      `${ROUTE}<vType id="t"/><flow id="f" type="t" route="r" begin="0" end="100" period="0.05"/>`,
    );
    const factors = found.map((departure) => departure.speedFactor);
    const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
    const deviation = Math.sqrt(
      factors.reduce((sum, factor) => sum + (factor - mean) * (factor - mean), 0) / factors.length,
    );
    expect(factors.length).toBe(2000);
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
    expect(Math.abs(deviation - 0.1)).toBeLessThan(0.01);
  });

  it('are drawn from distributions by their weights', () => {
    const types =
      '<vTypeDistribution id="d"><vType id="a" probability="0.2"/><vType id="b" probability="0.8" vClass="taxi"/></vTypeDistribution>';
    const demand = sumoDemand(
      net,
      [read(`${types}${ROUTE}<flow id="f" type="d" route="r" begin="0" end="100" period="0.1"/>`)],
      run,
    );
    const share = demand.departures.filter((departure) => demand.types[departure.type]!.id === 'a').length / 1000;
    expect(Math.abs(share - 0.2)).toBeLessThan(0.04);
  });
});

describe('departures', () => {
  it('of flows are those of SUMO', () => {
    const flow = (attributes: string) => times(`${ROUTE}<flow id="f" route="r" ${attributes}/>`);
    expect(flow('begin="0" end="10" period="3"')).toEqual([0, 3, 6, 9]);
    expect(flow('begin="0" end="9" period="3"')).toEqual([0, 3, 6]);
    expect(flow('begin="0" end="10" vehsPerHour="1000"')).toEqual([0, 3.6, 7.2]);
    expect(flow('begin="0" end="10" number="4"')).toEqual([0, 2.5, 5, 7.5]);
    expect(flow('begin="2.5" number="3" vehsPerHour="3600"')).toEqual([2.5, 3.5, 4.5]);
    expect(flow('number="2"')).toEqual([0, 50]);
    expect(flow('begin="0" end="10" vehsPerHour="0"')).toEqual([]);
    expect(flow('begin="0" end="50" probability="1"').length).toBe(50);
  });

  it('of random flows come at the rate asked for, and the same ones with the same seed', () => {
    const flow = `${ROUTE}<flow id="f" route="r" begin="0" end="4000" period="exp(0.5)"/><flow id="g" route="r" begin="0" end="4000" probability="0.25"/>`;
    const options = { ...run, endSeconds: 4000 };
    const found = departures(flow, options);
    expect(Math.abs(found.filter((departure) => departure.id.startsWith('f.')).length - 2000)).toBeLessThan(150);
    expect(Math.abs(found.filter((departure) => departure.id.startsWith('g.')).length - 1000)).toBeLessThan(100);
    expect(times(flow, options)).toEqual(found.map((departure) => departure.departSeconds));
    expect(times(flow, { ...options, seed: 2 })).not.toEqual(found.map((departure) => departure.departSeconds));
  });

  it('before the begin or from the end on are left out', () => {
    const body = `${ROUTE}${[1, 20, 30, 99].map((t) => `<vehicle id="v${t}" route="r" depart="${t}"/>`).join('')}`;
    expect(times(body, { ...run, beginSeconds: 20, endSeconds: 99 })).toEqual([20, 30]);
  });

  it('out of order are left out with a notice, flows by their begin', () => {
    const body = `${ROUTE}<vehicle id="a" route="r" depart="5"/><vehicle id="late" route="r" depart="4"/>
      <flow id="f" route="r" begin="20" number="1" period="1"/><flow id="g" route="r" begin="6" number="1" period="1"/>
      <trip id="b" from="in" to="end" depart="0:00:21"/>`;
    const routes = read(body);
    expect(routes.vehicles.map((vehicle) => vehicle.id)).toEqual(['a', 'f', 'b']);
    expect(routes.notices.map(({ what, count }) => [what, count])).toEqual([
      ['<vehicle> out of order', 1],
      ['<flow> out of order', 1],
    ]);
    expect(times(body)).toEqual([5, 20, 21]);
  });

  it('keep lane, place and speed', () => {
    const { vehicles } =
      read(`${ROUTE}<vehicle id="a" route="r" depart="1" departLane="best" departSpeed="max" departPos="12.5"/>
      <vehicle id="b" route="r" depart="1" departLane="1" departSpeed="3"/><vehicle id="c" route="r" depart="1"/>`);
    expect(vehicles.map((vehicle) => [vehicle.departLane, vehicle.departSpeed, vehicle.departPosition])).toEqual([
      ['best', 'max', 12.5],
      [1, 3, 'base'],
      ['first', 0, 'base'],
    ]);
  });
});

describe('routes', () => {
  it('may be shared, owned and repeated', () => {
    const body = `${ROUTE}<vehicle id="a" route="r" depart="0"/><vehicle id="b" depart="0"><route edges="in side"/></vehicle>
      <routeDistribution id="d"><route id="x" edges="in side end" probability="1"/></routeDistribution><vehicle id="c" route="d" depart="0"/>`;
    expect(edges(body)).toEqual(['in out end', 'in side', 'in side end']);
    expect(
      read('<route id="r" edges="in out" repeat="3"/><vehicle id="a" route="r" depart="0"/>').vehicles[0]!.way,
    ).toMatchObject({
      route: { edges: [0, 1, 0, 1, 0, 1].map((i) => net.edgeIndex.get(i === 0 ? 'in' : 'out')) },
    });
  });

  it('of trips take the least time, respect the class and go by way of via', () => {
    expect(edges('<trip id="a" from="in" to="end" depart="0"/>')).toEqual(['in out end']);
    expect(edges('<trip id="a" from="in" via="side" to="end" depart="0"/>')).toEqual(['in side end']);
    expect(edges('<vType id="bus" vClass="bus"/><trip id="a" type="bus" from="in" to="end" depart="0"/>')).toEqual([
      'in side end',
    ]);
    expect(() => edges('<trip id="a" from="end" to="in" depart="0"/>')).toThrow(
      /finds no way for vClass passenger from edge "end" to edge "in"/,
    );
  });
});

describe('demand that cannot be used', () => {
  it.each([
    [
      'a missing edge',
      '<route id="r" edges="in gone"/>',
      /r\.rou\.xml:2: <route id="r"> goes over edge "gone", which n\.net\.xml does not have/,
    ],
    ['an internal edge', '<route id="r" edges="in :c_0"/>', /inside a junction only/],
    [
      'edges without connection',
      '<vehicle id="a" depart="0"><route edges="in end"/></vehicle>',
      /<vehicle id="a"> goes from edge "in" to edge "end", between which/,
    ],
    [
      'a closed edge',
      `<vType id="b" vClass="bus"/>${ROUTE}<vehicle id="a" type="b" route="r" depart="0"/>`,
      /vClass bus has no connection/,
    ],
    ['a missing route', '<vehicle id="a" route="r" depart="0"/>', /refers to route "r"/],
    ['a missing type', `${ROUTE}<vehicle id="a" type="t" route="r" depart="0"/>`, /refers to vType "t"/],
    ['no time', `${ROUTE}<vehicle id="a" route="r"/>`, /has no depart/],
    ['a time that is none', `${ROUTE}<vehicle id="a" route="r" depart="soon"/>`, /has depart="soon"/],
    [
      'two of one name',
      `${ROUTE}<vehicle id="a" route="r" depart="0"/><vehicle id="a" route="r" depart="1"/>`,
      /<vehicle id="a"> is there twice/,
    ],
    [
      'a lane nobody knows',
      `${ROUTE}<vehicle id="a" route="r" depart="0" departLane="left"/>`,
      /departLane="left"; first, best/,
    ],
    ['a length of 0', '<vType id="t" length="0"/>', /<vType id="t"> has length="0"; a number from 0.1 to 1000/],
    ['a class nobody knows', '<vType id="t" vClass="rocket"/>', /has vClass="rocket"/],
    ['a flow without a rate', `${ROUTE}<flow id="f" route="r" begin="0" end="9"/>`, /has no rate/],
    [
      'a flow of 10^9 vehicles',
      `${ROUTE}<flow id="f" route="r" begin="0" end="100" number="1000000000"/>`,
      /<flow id="f"> sends 1000000000 vehicles within the run; at most 2000000/,
    ],
    [
      'a period of 0',
      `${ROUTE}<flow id="f" route="r" begin="0" end="100" period="0"/>`,
      /has period="0"; a number from 0.001/,
    ],
    ['zones', '<trip id="a" depart="0" fromTaz="1" toTaz="2"/>', /departs or arrives by fromTaz, which is not read/],
    ['a cut file', `${ROUTE}<vehicle id="a" route="r" depart=`, /not well-formed XML/],
  ])('%s: says where and what to do', (_, body, message) => {
    expect(() => departures(body)).toThrow(InputFileError);
    expect(() => departures(body)).toThrow(message);
  });

  it('marks what would falsify the result', () => {
    const body = `<vType id="t" carFollowModel="IDM"/>${ROUTE}<vehicle id="a" route="r" depart="0"><stop lane="in_0" duration="20"/></vehicle>`;
    expect(read(body).notices.map(({ what, falsifies }) => [what, falsifies])).toEqual([
      ['carFollowModel "IDM"', true],
      ['<stop>', true],
    ]);
  });

  it('fuzzed: reads it or says what is wrong with the file, and nothing else', () => {
    const text = `<routes><vType id="t" speedFactor="normc(1,0.1,0.2,2)"/>${ROUTE}<vehicle id="a" type="t" route="r" depart="1" departLane="best"/>
      <flow id="f" route="r" begin="2" end="40" number="4"/><trip id="b" from="in" to="end" depart="50"/></routes>`;
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.nat(20),
        fc.constantFrom('', '0', '"', '<', '-1', '1e9', 'in', 'period="1" '),
        (at, cut, put) => {
          try {
            sumoDemand(net, [readSumoRoutes(text.slice(0, at) + put + text.slice(at + cut), 'r.rou.xml', net)], {
              ...run,
              mostVehicles: 1000,
            });
          } catch (error) {
            expect(error).toBeInstanceOf(InputFileError);
          }
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('a configuration', () => {
  it('names its files and times', () => {
    const config = readSumoConfig(
      `<configuration><input><net-file value="n.net.xml"/><route-files value="a.rou.xml, b.rou.xml"/></input>
       <time><begin value="25200"/><end value="8:00:00"/><step-length value="0.5"/></time>
       <random_number><seed value="7"/></random_number><processing><time-to-teleport value="-1"/><lateral-resolution value="0.8"/></processing>
       <output><tripinfo-output value="t.xml"/></output></configuration>`,
      'c.sumocfg',
    );
    expect(config).toMatchObject({
      netFile: 'n.net.xml',
      routeFiles: ['a.rou.xml', 'b.rou.xml'],
      beginSeconds: 25200,
      endSeconds: 28800,
      stepSeconds: 0.5,
      seed: 7,
    });
    expect(config.notices.map(({ what, falsifies }) => [what, falsifies])).toEqual([['lateral-resolution', true]]);
  });

  it.each([
    ['', "by SUMO's default after 300 s"],
    ['<time-to-teleport value="120"/>', 'never taken out of the way'],
  ])('tells that nobody is teleported, whether it is asked for or not: %s', (option, effect) => {
    const text = `<configuration><net-file value="n.net.xml"/>${option}</configuration>`;
    const { notices } = readSumoConfig(text, 'c.sumocfg');
    expect(notices).toMatchObject([{ what: 'time-to-teleport', count: 1, falsifies: false }]);
    expect(notices[0]!.effect).toContain(effect);
  });

  it('without a network, or with a step of 0, is refused', () => {
    expect(() => readSumoConfig('<configuration/>', 'c.sumocfg')).toThrow(
      /c\.sumocfg:1: <configuration> names no network/,
    );
    const text = '<configuration><net-file value="n"/><step-length value="0"/></configuration>';
    expect(() => readSumoConfig(text, 'c.sumocfg')).toThrow(
      /<step-length> has the value "0"; a number from 0.001 to 10/,
    );
  });
});

describe.skipIf(!existsSync(data('sumo')))('demand of the shared data (absent: skipped)', () => {
  it.each([
    ['cologne1/cologne1', 'cologne1/cologne1.rou.xml', 25200, 2015, 4.3],
    ['hangzhou-1x1-bc-tyc_18041610/hangzhou', 'hangzhou-1x1-bc-tyc_18041610/hangzhou.rou.xml', 0, 2021, 5],
    ['single-4leg/single', 'single-4leg/single80.rou.xml', 0, 3988, 5],
  ])('%s has the vehicles that sumo loads', (name, routes, begin, count, length) => {
    const network = readSumoNet(readFileSync(data(`sumo/${name}.net.xml`), 'utf8'), name);
    const file = readSumoRoutes(readFileSync(data(`sumo/${routes}`), 'utf8'), routes, network);
    const demand = sumoDemand(network, [file], { ...run, beginSeconds: begin, endSeconds: begin + 3600 });
    expect(demand.departures.length).toBe(count);
    expect(demand.types.map((type) => type.length)).toEqual([length]);
    expect(file.notices).toEqual([]);
  });
});
