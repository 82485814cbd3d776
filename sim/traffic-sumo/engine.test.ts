import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARRIVED } from '../core.ts';
import { sumoDemand } from '../network/sumo/demand.ts';
import { readSumoNet } from '../network/sumo/net.ts';
import { sumoNetwork } from '../network/sumo/network.ts';
import { readSumoRoutes } from '../network/sumo/routes.ts';
import { createSumoEngine, type SumoEngine } from './engine.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const data = (name: string) => join(SHARED, 'data', name);
const here = existsSync(data('micro'));

interface Case {
  readonly net: string;
  readonly routes: string;
  readonly dt?: number;
  readonly seed?: number;
  readonly begin?: number;
  readonly end?: number;
}

function open({ net: netText, routes, dt = 1, seed = 1, begin = 0, end = 3600 }: Case): SumoEngine {
  const net = readSumoNet(netText, 'net');
  const demand = sumoDemand(net, [readSumoRoutes(routes, 'routes', net)], {
    beginSeconds: begin,
    endSeconds: end,
    stepSeconds: dt,
    seed,
  });
  return createSumoEngine(net, sumoNetwork(net, demand), demand, { beginSeconds: begin, stepSeconds: dt, seed });
}

/** The shared crossroads with other phases; link order N, E, S, W, each right, straight, left. */
function crossroads(...phases: (readonly [seconds: number, state: string])[]): string {
  const text = phases.map(([seconds, state]) => `<phase duration="${seconds}" state="${state}"/>`).join('');
  return readFileSync(data('micro/x.net.xml'), 'utf8').replace(
    /<tlLogic[\s\S]*<\/tlLogic>/,
    `<tlLogic id="c" type="static" programID="0" offset="0">${text}</tlLogic>`,
  );
}

const west = (state: string) => `rrrrrrrrr${state}`;
const T = '<vType id="t" sigma="0" speedFactor="1" speedDev="0"/>';
const car = (id: number, depart: number, way: string, more = 'type="t"') =>
  `<vehicle id="v${id}" depart="${depart}" ${more}><route edges="${way}"/></vehicle>`;
const cars = (...all: string[]) => `<routes>${T}${all.join('')}</routes>`;
const many = (count: number, each: (i: number) => string) => Array.from({ length: count }, (_, i) => each(i));

function run(engine: SumoEngine, seconds: number): SumoEngine {
  while (engine.tick * engine.stepSeconds < seconds - 1e-9) engine.step();
  return engine;
}

function duration(engine: SumoEngine): number {
  run(engine, 200);
  return engine.state.arrivedAt[0]! - engine.state.enteredAt[0]!;
}

/** Position of a vehicle's front along its approach, links and exits beyond its end. */
function along(engine: SumoEngine, vehicle: number, approach: string, length: number): number {
  const segment = engine.state.segment[vehicle]!;
  if (segment < 0) return segment === ARRIVED ? Number.POSITIVE_INFINITY : 0;
  return engine.state.position[vehicle]! + (engine.network.names[segment] === approach ? 0 : length);
}

describe.skipIf(!here)("SUMO's traffic on the shared micro nets (absent: skipped)", () => {
  it.each([
    [1, 'G', 46, 47, 47],
    [0.5, 'G', 45.5, 47, 47],
    [0.1, 'G', 45.5, 47, 47],
    [1, 'g', 46, 48, 48],
    [0.1, 'g', 46.7, 47.3, 47.3],
  ])('drives freely as in vector 1: step %s s, %s', (dt, state, straight, left, right) => {
    const net = crossroads([1000, west(state.repeat(3))]);
    const took = ['wi eo', 'wi no', 'wi so'].map((way) => duration(open({ net, routes: cars(car(0, 0, way)), dt })));
    expect(took[0]).toBeCloseTo(straight, 6);
    expect(took[1]).toBeCloseTo(left, 6);
    expect(Math.abs(took[2]! - right)).toBeLessThan(0.11);
  });

  it('stops at red as in vector 3', () => {
    const engine = open({
      net: crossroads([1000, 'r'.repeat(12)]),
      routes: cars(...many(4, (i) => car(i, 3 * i, 'wi eo'))),
    });
    run(engine, 25);
    expect(engine.state.position[0]).toBeCloseTo(291.799, 3);
    expect(engine.state.speed[0]).toBeCloseTo(0, 6);
    run(engine, 79);
    [291.799, 284.298, 276.797, 269.296].forEach((front, i) => {
      expect(engine.state.position[i]).toBeCloseTo(front, 3);
    });
  });

  const leaving = (dt: number, seed: number, type: string): number[] => {
    const net = crossroads([80, 'r'.repeat(12)], [1000, west('GGG')]);
    const engine = open({ net, routes: cars(...many(10, (i) => car(i, 3 * i, 'wi eo', type))), dt, seed });
    const [passed, before] = [many(10, () => 'x').map(() => Number.NaN), new Float64Array(10)];
    while (engine.tick * dt < 130) {
      engine.step();
      for (let i = 0; i < 10; i++) {
        const front = along(engine, i, 'wi_0', 292.8);
        if (before[i]! < 292.79 && front >= 292.79) {
          passed[i] = engine.tick * dt - dt + (292.79 - before[i]!) / engine.state.speed[i]! - 80;
        }
        before[i] = front;
      }
    }
    return passed;
  };

  it.each([
    [1, [-0.62, 2.09, 4.04, 5.76, 7.38, 8.96, 10.5, 12.04, 13.58, 15.12]],
    [0.1, [0.72, 2.99, 4.57, 5.97, 7.42, 8.91, 10.43, 11.96, 13.51, 15.06]],
  ])('leaves a queue as in vector 4, at a step of %s s', (dt, expected) => {
    leaving(dt, 1, 'type="t"').forEach((seconds, i) => {
      expect(Math.abs(seconds - expected[i]!)).toBeLessThan(0.011);
    });
  });

  it('leaves a queue of imperfect drivers as in vector 4, on average over 20 seeds', () => {
    const mean = new Float64Array(10);
    for (let seed = 1; seed <= 20; seed++) {
      leaving(1, seed, '').forEach((seconds, i) => {
        mean[i]! += seconds / 20;
      });
    }
    [-0.49, 2.7, 5.08, 7.3, 9.35, 11.28, 13.24, 15.12, 17.05, 18.94].forEach((seconds, i) => {
      expect(Math.abs(mean[i]! - seconds)).toBeLessThan(0.25);
    });
  });

  it.each([
    [1, 14.5, true],
    [1, 15, false],
    [0.1, 20, true],
    [0.1, 21, false],
  ])('meets yellow as in vector 6: step %s s, %s m before the line', (dt, distance, passes) => {
    const net = crossroads([5 + dt, west('GGG')], [3, west('yyy')], [1000, west('rrr')]);
    const depart = `type="t" departPos="${292.8 - distance - 13.89 * 5}" departSpeed="13.89"`;
    const engine = run(open({ net, routes: cars(car(0, 0, 'wi eo', depart)), dt }), 40);
    expect(engine.state.segment[0] === ARRIVED).toBe(passes);
  });

  it.each([
    [1, '', [0, 2, 5, 7, 10, 12, 15, 17, 20, 22], null],
    [0.1, '', many(10, (i) => `${2.4 * i}`).map(Number), null],
    [
      1,
      'departSpeed="max"',
      [0, 1, 2, 3, 5, 7, 8, 10, 12, 13],
      [13.89, 11.52, 9.02, 5.28, 6.77, 9.12, 5.43, 7, 9.43, 5.9],
    ],
  ])('enters as in vector 7: step %s s, %s', (dt, depart, times, speeds) => {
    const routes = cars(...many(10, (i) => car(i, 0, 'wi eo', `type="t" ${depart}`)));
    const engine = open({ net: crossroads([1000, 'G'.repeat(12)]), routes, dt });
    const entered = [...engine.state.enteredAt].map((at) => (Number.isNaN(at) ? Number.NaN : 0));
    const speed = [...engine.state.speed];
    while (engine.tick * dt < 60) {
      engine.step();
      for (let i = 0; i < 10; i++) {
        if (!Number.isNaN(entered[i]!) || Number.isNaN(engine.state.enteredAt[i]!)) continue;
        entered[i] = engine.state.enteredAt[i]!;
        speed[i] = engine.state.speed[i]!;
      }
    }
    times.forEach((at, i) => {
      expect(entered[i]).toBeCloseTo(at, 6);
    });
    speeds?.forEach((v, i) => {
      expect(speed[i]).toBeCloseTo(v, 2);
    });
  });

  it.each([
    [1, 17, 210.78],
    [0.1, 16.9, 203.43],
  ])('changes to the lane of its route as in vector 9, at a step of %s s', (dt, at, position) => {
    const net = readFileSync(data('micro/h.net.xml'), 'utf8');
    const engine = open({ net, routes: cars(car(0, 0, 'wi no', 'type="t" departLane="0"')), dt });
    while (engine.network.names[engine.state.segment[0]!] !== 'wi_1') engine.step();
    expect(engine.tick * dt).toBeCloseTo(at, 6);
    expect(engine.state.position[0]).toBeCloseTo(position, 2);
    expect(Math.abs(duration(engine) - 62)).toBeLessThan(0.11);
  });

  it('turns right on red after a halt as in vector 10', () => {
    const net = crossroads([10000, 'rGrrrrrrrsrr']);
    const engine = open({ net, routes: cars(car(0, 0, 'wi so')) });
    expect(duration(engine)).toBe(50);
    expect(engine.state.waiting[0]).toBe(1);
    const routes = `<routes>${T}<flow id="f" type="t" begin="0" end="3600" vehsPerHour="1800"><route edges="wi so"/></flow></routes>`;
    const arrived = [...run(open({ net, routes }), 3600).state.arrivedAt].filter((at) => at > 600).length;
    expect(Math.abs(arrived * 1.2 - 720)).toBeLessThan(10);
  });
});

describe.skipIf(!here)('a whole case of the shared data (absent: skipped)', () => {
  const cologne = (seed: number) =>
    open({
      net: readFileSync(data('sumo/cologne1/cologne1.net.xml'), 'utf8'),
      routes: readFileSync(data('sumo/cologne1/cologne1.rou.xml'), 'utf8'),
      begin: 25200,
      end: 28800,
      seed,
    });

  it("loses nobody, overtakes nobody on a lane, and takes about SUMO's time (68 s)", () => {
    const engine = cologne(1);
    const { state, demand, network } = engine;
    while (engine.tick < 3599) {
      engine.step();
      if (engine.tick % 50 !== 0) continue;
      const count = { in: 0, gone: 0, coming: 0 };
      for (const segment of state.segment) {
        if (segment >= 0) count.in++;
        else if (segment === ARRIVED) count.gone++;
        else count.coming++;
      }
      expect(count.in).toBe(state.activeCount);
      expect(count.in + count.gone + count.coming).toBe(demand.count);
      const { core } = engine.traffic;
      for (let lane = 0; lane < network.laneCount; lane++) {
        for (let v = core.firstOf(lane); v >= 0; v = core.behindOf(v)) {
          const front = core.aheadOf(v);
          if (front < 0) continue;
          const rear = state.position[front]! - demand.classes[demand.vehicleClass[front]!]!.length;
          expect(rear - state.position[v]!, `vehicles ${v} and ${front} on ${network.names[lane]}`).toBeGreaterThan(0);
        }
      }
    }
    const took = [...state.arrivedAt].map((at, i) => at - state.enteredAt[i]!).filter((value) => value >= 0);
    expect(took.length).toBeGreaterThan(1950);
    expect(Math.abs(took.reduce((sum, value) => sum + value, 0) / took.length / 68 - 1)).toBeLessThan(0.04);
  });

  it('is the same again with the same seed, and another with another', () => {
    const states = [1, 1, 2].map((seed) => run(cologne(seed), 300).state);
    expect([...states[0]!.position]).toEqual([...states[1]!.position]);
    expect([...states[0]!.position]).not.toEqual([...states[2]!.position]);
  });
});

describe('an engine for SUMO files', () => {
  const road = `<net><edge id="e" from="a" to="b"><lane id="e_0" index="0" speed="10" length="300" shape="0,0 300,0"/></edge>
    <junction id="a" type="dead_end" x="0" y="0" incLanes="" intLanes=""/><junction id="b" type="dead_end" x="300" y="0" incLanes="e_0" intLanes=""/></net>`;
  const on = (id: string, more: string) => `<vehicle id="${id}" type="t" ${more}><route edges="e"/></vehicle>`;

  it('lets a vehicle leave where its arrivalPos says', () => {
    const routes = cars(
      on('a', 'depart="0" departSpeed="max" arrivalPos="100"'),
      on('b', 'depart="30" arrivalPos="-50"'),
    );
    const { state } = run(open({ net: road, routes }), 120);
    // 5.1 m and then 10 m a second
    expect(state.arrivedAt[0]).toBe(10);
    expect(state.position[1]).toBeGreaterThanOrEqual(249.9);
    expect(state.position[1]).toBeLessThan(260);
  });

  it.each(['free', 'random', 'random_free', 'last', 'base', '120'])(
    'enters behind and between others where there is room: departPos %s',
    (place) => {
      const stopped = on('s', 'depart="0" departPos="200" departSpeed="0"');
      const others = many(12, (i) => on(`v${i}`, `depart="${1 + i}" departPos="${place}" departSpeed="avg"`));
      const engine = open({ net: road, routes: cars(stopped, ...others) });
      const { core } = engine.traffic;
      while (engine.tick < 40) {
        engine.step();
        for (let v = core.firstOf(0); v >= 0; v = core.behindOf(v)) {
          const front = core.aheadOf(v);
          if (front >= 0) expect(engine.state.position[front]! - 5 - engine.state.position[v]!).toBeGreaterThan(0);
        }
      }
      expect([...engine.state.enteredAt].filter((at) => at >= 0).length).toBeGreaterThan(8);
    },
  );

  it('refuses a step out of range', () => {
    const net = `<net><edge id="e" from="a" to="b"><lane id="e_0" index="0" speed="10" length="100" shape="0,0 100,0"/></edge>
      <junction id="a" type="dead_end" x="0" y="0" incLanes="" intLanes=""/><junction id="b" type="dead_end" x="100" y="0" incLanes="e_0" intLanes=""/></net>`;
    expect(() => open({ net, routes: '<routes/>', dt: 3 })).toThrow(/stepSeconds is 3; more than 0 and at most 2/);
    const engine = run(
      open({ net, routes: '<routes><vehicle id="a" depart="0"><route edges="e"/></vehicle></routes>' }),
      60,
    );
    expect(engine.state.segment[0]).toBe(ARRIVED);
    expect(engine.waitingToEnter()).toBe(0);
  });
});
