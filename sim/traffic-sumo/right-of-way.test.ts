import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sumoDemand } from '../network/sumo/demand.ts';
import { readSumoNet } from '../network/sumo/net.ts';
import { sumoNetwork } from '../network/sumo/network.ts';
import { readSumoRoutes } from '../network/sumo/routes.ts';
import { createSumoEngine, type SumoEngine } from './engine.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const data = (name: string) => join(SHARED, 'data', name);
const here = existsSync(data('micro'));

type Phase = readonly [seconds: number, state: string];

/** The shared crossroads with other phases; link order N, E, S, W, each right, straight, left. */
function crossroads(phases: readonly Phase[]): string {
  const text = phases.map(([seconds, state]) => `<phase duration="${seconds}" state="${state}"/>`).join('');
  return readFileSync(data('micro/x.net.xml'), 'utf8').replace(
    /<tlLogic[\s\S]*<\/tlLogic>/,
    `<tlLogic id="c" type="static" programID="0" offset="0">${text}</tlLogic>`,
  );
}

const TYPE = '<vType id="t" sigma="0" speedFactor="1" speedDev="0"/>';

function run(netText: string, routes: string, end: number, seed = 1, dt = 1, ballistic = false): SumoEngine {
  const net = readSumoNet(netText, 'net');
  const demand = sumoDemand(net, [readSumoRoutes(routes, 'routes', net)], {
    beginSeconds: 0,
    endSeconds: end,
    stepSeconds: dt,
    seed,
  });
  const options = { beginSeconds: 0, stepSeconds: dt, seed, ballistic };
  const engine = createSumoEngine(net, sumoNetwork(net, demand), demand, options);
  // as SUMO's, the last step is the one before the end
  while (engine.tick < Math.round(end / dt) - 1) engine.step();
  return engine;
}

const ALWAYS: readonly Phase[] = [[1000, 'rrrrGrrrrrrg']];
const CYCLE: readonly Phase[] = [
  [42, 'rrrrGrrrrrrg'],
  [3, 'rrrryrrrrrry'],
  [45, 'rrrrrrrrrrrr'],
];
const ON_RED: readonly Phase[] = [[10_000, 'rGrrrrrrrsrr']];

/** Arrivals of those who yield, s, among cars without randomness: what SUMO 1.15 did with the same files. */
const RECORDED: readonly (readonly [
  what: string,
  phases: readonly Phase[],
  yields: string,
  passes: string,
  end: number,
  dt: number,
  ballistic: boolean,
  arrivals: string,
])[] = [
  [
    'a permitted left turn',
    ALWAYS,
    'wi no',
    'ei wo',
    240,
    1,
    false,
    '48 51 54 61 63 65 67 69 72 78 80 82 84 90 92 94 96 99 107 109 111 113 119 121 123 125 127 129 136 138 140 142 148 150 152 154 156 159 165 167 169 171 177 179 181 183 186 194 196 198 200 206 208 210 212 214 216 223 225 227 229 235 237 239',
  ],
  [
    'one in a cycle, cleared after green',
    CYCLE,
    'wi no',
    'ei wo',
    300,
    1,
    false,
    '48 51 54 61 63 65 122 124 126 128 130 136 138 140 142 148 150 152 154 212 214 216 223 225 227 229 235 237 239 241 243 245',
  ],
  ['a right turn on red', ON_RED, 'wi so', 'ni so', 300, 1, false, '78 107 136 165 194 223 252 281'],
  [
    'steps of half a second',
    ALWAYS,
    'wi no',
    'ei wo',
    200,
    0.5,
    false,
    '48 50.5 53.5 61 62.5 64.5 66.5 69 71.5 78 79.5 82 90 91.5 93.5 95.5 97.5 99.5 107 108.5 110.5 112.5 119 120.5 122.5 124.5 126.5 129 136 137.5 139.5 141.5 148 149.5 151.5 153.5 156 158.5 165 166.5 169 177 178.5 180.5 182.5 184.5 186.5 194 195.5 197.5 199.5',
  ],
];

describe.skipIf(!here)('right of way as SUMO has it, on the shared micro nets (absent: skipped)', () => {
  it.each(RECORDED)('to the step: %s', (_, phases, yields, passes, end, dt, ballistic, arrivals) => {
    const cars: string[] = [];
    for (let t = 0; t < end; t++) {
      const car = (name: string, way: string) =>
        cars.push(`<vehicle id="${name}${t}" type="t" depart="${t}"><route edges="${way}"/></vehicle>`);
      if (t % 3 === 0) car('y', yields);
      if ((t * t * 7 + t * 3) % 29 < 2) car('p', passes);
    }
    const { state, demand } = run(
      crossroads(phases),
      `<routes>${TYPE}${cars.join('')}</routes>`,
      end,
      1,
      dt,
      ballistic,
    );
    const route = demand.route[0];
    const arrived = [...state.arrivedAt].filter((at, i) => demand.route[i] === route && !Number.isNaN(at));
    expect(arrived.sort((x, y) => x - y).join(' ')).toBe(arrivals);
  });

  it('lets one car pass, or goes before it, as in vector 8', () => {
    const took = [0, 1, 2, 3, 4, 5].map((later) => {
      const car = (id: string, depart: number, way: string) =>
        `<vehicle id="${id}" type="t" depart="${depart}"><route edges="${way}"/></vehicle>`;
      const cars = `${car('L', 10, 'wi no')}${car('O', 10 + later, 'ei wo')}`;
      const { state } = run(crossroads(ALWAYS), `<routes>${TYPE}${cars}</routes>`, 120);
      return state.arrivedAt[0]! - state.enteredAt[0]!;
    });
    expect(took).toEqual([48, 49, 51, 52, 53, 48]);
  });

  // one draw of the opposing cars differs from another by so much; the vector's own numbers are of one, too:
  // SUMO 1.15 over seeds 1 to 5: 732 and 389 where cars are perfect
  it.each([
    ['t', ALWAYS, [1439, 1200, 732, 389]],
    ['DEFAULT_VEHTYPE', ALWAYS, [1194, 941, 618, 381]],
    ['t', CYCLE, [832, 452, 232, 93]],
    ['DEFAULT_VEHTYPE', CYCLE, [659, 339, 145, 41]],
  ] as const)('discharges left turns of type %s against traffic as in vector 8', (type, phases, expected) => {
    expected.forEach((perHour, i) => {
      const flow = `<routes>${TYPE}<flow id="L" type="${type}" begin="0" end="3600" vehsPerHour="1800"><route edges="wi no"/></flow>
        <flow id="O" type="${type}" begin="0" end="3600" probability="${(300 * i) / 3600}"><route edges="ei wo"/></flow></routes>`;
      const { state, demand } = run(crossroads(phases), flow, 3600, 3);
      const left = demand.route[0];
      const found = [...state.arrivedAt].filter((at, k) => at > 600 && demand.route[k] === left).length * 1.2;
      expect(Math.abs(found - perHour), `${300 * i} against`).toBeLessThan(
        Math.max(20, (i < 3 ? 0.09 : 0.16) * perHour),
      );
    });
  });

  it('turns right on red between those with green as in vector 10', () => {
    const flows = `<routes>${TYPE}<flow id="f" type="t" begin="0" end="3600" vehsPerHour="1800"><route edges="wi so"/></flow>
      <flow id="g" type="t" begin="0" end="3600" probability="${600 / 3600}"><route edges="ni so"/></flow></routes>`;
    const { state, demand } = run(crossroads(ON_RED), flows, 3600);
    const right = demand.route[0];
    const found = [...state.arrivedAt].filter((at, i) => at > 600 && demand.route[i] === right).length * 1.2;
    expect(Math.abs(found - 99.6)).toBeLessThan(15);
  });

  it.each([
    ['t', 1200, 72, 1200],
    ['t', 3600, Number.NaN, 2058],
    ['DEFAULT_VEHTYPE', 1200, 86.5, 1200],
    ['DEFAULT_VEHTYPE', 3600, Number.NaN, 1746],
  ])('merges where a lane ends as in vector 9: type %s, %s vehicles an hour', (type, perHour, seconds, flow) => {
    const routes = `<routes>${TYPE}<flow id="f" type="${type}" begin="0" end="1800" departLane="free" departSpeed="max"
      vehsPerHour="${perHour}"><route edges="in out"/></flow></routes>`;
    const { state } = run(readFileSync(data('micro/g.net.xml'), 'utf8'), routes, 1800);
    const took = [...state.arrivedAt].map((at, i) => at - state.enteredAt[i]!).filter((value) => value >= 0);
    const mean = took.reduce((sum, value) => sum + value, 0) / took.length;
    if (!Number.isNaN(seconds)) expect(Math.abs(mean / seconds - 1)).toBeLessThan(0.03);
    const passed = [...state.arrivedAt].filter((at) => at > 600).length * 3;
    expect(Math.abs(passed / flow - 1)).toBeLessThan(0.03);
  });
});
