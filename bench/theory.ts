/**
 * The simulator's own traffic (IDM, ballistic) against theory, on small scenarios made here. Prints a table of every
 * comparison with its bound and the worst case; exit code 1 where one is missed. docs/VALIDATION.md explains the set-up.
 *
 *   npm run bench:theory [-- --seeds 100] [--only PART]
 */
import { parseArgs } from 'node:util';
import { loadScenario, parseScenario } from '../scenarios/load.ts';
import type { Scenario } from '../scenarios/types.ts';
import type { Demand, Engine, Network } from '../sim/core.ts';
import { demandFromScenario } from '../sim/demand/demand.ts';
import { networkFromScenario } from '../sim/network/scenario.ts';
import { openStreet } from '../sim/street.ts';
import { createEngine } from '../sim/traffic/engine.ts';
import { acceptedIn, FOLLOW_UP, HCM_CRITICAL_GAP, hcmPermittedTurns, permittedTurns } from './permitted-turns.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    only: { type: 'string' },
    steps: { type: 'string', default: '0.1,0.5,1' },
  },
});
/** `--only discharge|free|delay|queue|mixed|turns|insertion`: that part alone. */
const wants = (part: string): boolean => values.only === undefined || values.only === part;
const SEEDS = Number(values.seeds);
const STEPS = [0.1, 0.2, 0.25, 0.5, 1];
const CYCLE = 90;
const GREEN = 40;
const YELLOW = 3;
const ALL_RED = 2;
const HALF = GREEN + YELLOW + ALL_RED;
const RED_LAMP = 0;
const GREEN_LAMP = 1;
const AMBER_LAMP = 2;
const APPROACHES = ['N', 'S', 'E', 'W'];

interface Crossroads {
  readonly perHourAndApproach: number;
  readonly saturation?: number;
  readonly speedKilometresPerHour?: number;
  readonly step?: number;
  readonly durationSeconds: number;
  /** Approaches with demand; by default all. */
  readonly from?: readonly string[];
  /** Through lanes an approach; by default 2. */
  readonly lanes?: number;
  /** By default cars only. */
  readonly classes?: string;
}

/** Four approaches with two through lanes each, arms as long and lanes as wide as in the shared case sumo/thru-4leg; north and south go together, then east and west. */
function crossroads(options: Crossroads): Scenario {
  const {
    perHourAndApproach,
    saturation = 1800,
    speedKilometresPerHour = 50,
    step = 0.5,
    durationSeconds,
    from = APPROACHES,
    lanes = 2,
    classes = 'car: { share: 1 }',
  } = options;
  const text = `
version: 1
drivingSide: right
stepSeconds: ${step}
durationSeconds: ${durationSeconds}
saturationFlowPerHourPerLane: ${saturation}
junctions:
  - name: crossroads
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 789.6, laneWidthMetres: 3.2, speedLimitKilometresPerHour: ${speedKilometresPerHour} }
    approaches:
${APPROACHES.map((name) => `      - { name: ${name}, lanes: [${Array.from({ length: lanes }, () => '{ movements: [straight] }').join(', ')}] }`).join('\n')}
    signals:
      yellowSeconds: ${YELLOW}
      allRedSeconds: ${ALL_RED}
      maxCycleSeconds: 120
      stages:
        - { id: north-south, groups: [N-straight, S-straight], greenSeconds: ${GREEN} }
        - { id: east-west, groups: [E-straight, W-straight], greenSeconds: ${GREEN} }
vehicleClasses:
  ${classes}
demand:
  arrivals: poisson
  flows:
${from.map((name) => `    - { approach: ${name}, movement: straight, vehiclesPerHour: ${perHourAndApproach} }`).join('\n')}
variants:
  - { name: baseline, strategy: fixed-time }
`;
  const { scenario, issues } = parseScenario(text, 'theory.yaml');
  if (scenario === undefined) throw new Error(issues.map((issue) => JSON.stringify(issue)).join('\n'));
  return scenario;
}

interface World {
  readonly engine: Engine;
  readonly scenario: Scenario;
  /** Of each global signal group: second of the cycle at which its green begins. */
  readonly greenFrom: readonly number[];
}

function open(
  scenario: Scenario,
  seed: number,
  change: (demand: Demand, network: Network) => Demand = (demand) => demand,
): World {
  const network = networkFromScenario(scenario);
  const demand = change(demandFromScenario(scenario, network, seed), network);
  const engine = createEngine(network, demand, { stepSeconds: scenario.stepSeconds, seed });
  const groups = network.junctions[0]!.configuration!.signalGroups;
  return { engine, scenario, greenFrom: groups.map(({ id }) => (/^[NS]/.test(id) ? 0 : HALF)) };
}

function twoStages({ engine, greenFrom }: World): void {
  const now = engine.tick * engine.stepSeconds + 1e-9;
  for (let g = 0; g < greenFrom.length; g++) {
    const into = (((now - greenFrom[g]!) % CYCLE) + CYCLE) % CYCLE;
    engine.groupLamp[g] = into < GREEN ? GREEN_LAMP : into < GREEN + YELLOW ? AMBER_LAMP : RED_LAMP;
  }
}

function alwaysGreen({ engine }: World): void {
  engine.groupLamp.fill(GREEN_LAMP);
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

interface Check {
  readonly what: string;
  readonly found: number;
  readonly expected: string;
  readonly unit: string;
  readonly off: string;
  readonly within: boolean;
}
const checks: Check[] = [];

function relative(what: string, found: number, expected: number, most: number, unit: string): void {
  const off = (100 * (found - expected)) / expected;
  checks.push({
    what,
    found,
    expected: `${expected.toFixed(2)} within ${most} %`,
    unit,
    off: `${off > 0 ? '+' : ''}${off.toFixed(2)} %`,
    within: Math.abs(off) <= most,
  });
}

function between(what: string, found: number, least: number, most: number, unit: string): void {
  const off = found < least ? found - least : found > most ? found - most : 0;
  checks.push({
    what,
    found,
    expected: `${least} to ${most}`,
    unit,
    off: off === 0 ? '' : off.toFixed(3),
    within: off === 0,
  });
}

interface Discharge {
  readonly saturationFlow: number;
  readonly startUpLostSeconds: number;
  /** Vehicles a lane and cycle. */
  readonly perCycle: number;
}

/**
 * Queues that never end: 25 cycles, the first two left out. Headways from the fourth vehicle to the last that crossed the
 * stop line in green; start-up lost time as the first four took longer than four such headways (HCM).
 */
function discharge(saturation: number, speedKilometresPerHour: number, step: number, seed: number): Discharge {
  const cycles = 25;
  const scenario = crossroads({
    perHourAndApproach: 2200,
    saturation,
    speedKilometresPerHour,
    step,
    durationSeconds: cycles * CYCLE,
  });
  const world = open(scenario, seed);
  const { engine } = world;
  const { network } = engine;
  const lanes = network.approaches.flatMap((approach) => approach.lanes.map((lane) => lane));
  const laneOf = network.detectors.map((detector) =>
    detector.kind === 'stopline' ? lanes.indexOf(detector.segment) : -1,
  );
  const crossed = lanes.map(() => [] as number[]);
  while (engine.tick * step < cycles * CYCLE) {
    twoStages(world);
    engine.step();
    const { crossings } = engine;
    for (let i = 0; i < crossings.count; i++) {
      const lane = laneOf[crossings.detector[i]!]!;
      if (lane >= 0) crossed[lane]!.push(crossings.at[i]!);
    }
  }
  const headways: number[] = [];
  const fourth: number[] = [];
  const counts: number[] = [];
  lanes.forEach((lane, index) => {
    const approach = network.approaches[network.approachOf[lane]!]!;
    const from = /^[NS]/.test(approach.name) ? 0 : HALF;
    crossed[index]!.sort((a, b) => a - b);
    for (let cycle = 2; cycle < cycles - 1; cycle++) {
      const begin = cycle * CYCLE + from;
      const own = crossed[index]!.filter((at) => at >= begin && at < begin + CYCLE);
      counts.push(own.length);
      const inGreen = own.filter((at) => at < begin + GREEN);
      if (inGreen.length < 10) continue;
      headways.push((inGreen.at(-1)! - inGreen[3]!) / (inGreen.length - 4));
      fourth.push(inGreen[3]! - begin);
    }
  });
  const headway = mean(headways);
  return { saturationFlow: 3600 / headway, startUpLostSeconds: mean(fourth) - 4 * headway, perCycle: mean(counts) };
}

function checkDischarge(): void {
  for (const saturation of [1600, 1800, 1900]) {
    for (const speed of [40, 50, 60]) {
      const flows: number[] = [];
      for (const step of STEPS) {
        const found = discharge(saturation, speed, step, 1);
        const where = `${saturation}/h, ${speed} km/h, step ${step} s`;
        relative(`saturation flow, ${where}`, found.saturationFlow, saturation, 2, 'veh/h/lane');
        between(`start-up lost time, ${where}`, found.startUpLostSeconds, 1.5, 2.5, 's');
        flows.push(found.saturationFlow);
      }
      const spread = (100 * (Math.max(...flows) - Math.min(...flows))) / Math.min(...flows);
      between(`saturation flow, ${saturation}/h, ${speed} km/h, spread over steps 0.1-1 s`, spread, 0, 3, '%');
    }
  }
}

/** HCM uniform and incremental delay, s: pretimed (k = 0.5), isolated (I = 1), demand for so many hours. */
function hcmDelay(x: number, capacityPerHour: number, effectiveGreen: number, hours: number): number {
  const share = effectiveGreen / CYCLE;
  const uniform = (0.5 * CYCLE * (1 - share) * (1 - share)) / (1 - Math.min(1, x) * share);
  const over = x - 1;
  const incremental = 900 * hours * (over + Math.sqrt(over * over + (8 * 0.5 * x) / (capacityPerHour * hours)));
  return uniform + incremental;
}

/** Webster's delay, s, of a lane with `perSecond` arrivals. */
function websterDelay(x: number, perSecond: number, effectiveGreen: number): number {
  const share = effectiveGreen / CYCLE;
  const uniform = (CYCLE * (1 - share) * (1 - share)) / (2 * (1 - share * x));
  const random = (x * x) / (2 * perSecond * (1 - x));
  return uniform + random - 0.65 * Math.cbrt(CYCLE / (perSecond * perSecond)) * x ** (2 + 5 * share);
}

/** Mean delay of all who set out within the scenario's time, followed until they are gone. */
function meanDelay(world: World, setLamps: (world: World) => void): number {
  const { engine } = world;
  const { demand, state } = engine;
  const most = world.scenario.durationSeconds + 4 * 3600;
  while (engine.tick * engine.stepSeconds < most) {
    setLamps(world);
    engine.step();
    if (
      engine.tick * engine.stepSeconds > world.scenario.durationSeconds &&
      state.activeCount === 0 &&
      engine.waitingToEnter() === 0
    )
      break;
  }
  let sum = 0;
  for (let v = 0; v < demand.count; v++)
    sum += state.timeLoss[v]! + Math.max(0, state.enteredAt[v]! - demand.departSeconds[v]!);
  return sum / demand.count;
}

function checkControlDelay({ saturationFlow, perCycle }: Discharge): void {
  const laneCapacity = (perCycle * 3600) / CYCLE;
  const effectiveGreen = (perCycle * 3600) / saturationFlow;
  console.log(
    `Capacity observed: ${perCycle.toFixed(2)} vehicles a lane and cycle, ${laneCapacity.toFixed(0)}/h; effective green ${effectiveGreen.toFixed(1)} s of ${GREEN} + ${YELLOW} s`,
  );
  const set: Signal = { laneCapacity, effectiveGreen };
  for (const step of values.steps.split(',').map(Number))
    for (const x of [0.5, 0.8, 0.95]) compareControlDelay(set, x, step, 0.25);
  for (const x of [0.5, 0.8, 0.95]) compareControlDelay(set, x, 0.5, 1);
}

interface Signal {
  readonly laneCapacity: number;
  readonly effectiveGreen: number;
}

/** Random arrivals for so many hours, from an empty street, followed until all are gone; with the signal less without it. */
function compareControlDelay({ laneCapacity, effectiveGreen }: Signal, x: number, step: number, hours: number): void {
  const perHourAndApproach = Math.round(x * 2 * laneCapacity);
  const durationSeconds = hours * 3600;
  const control: number[] = [];
  const total: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario = crossroads({ perHourAndApproach, step, durationSeconds, from: ['N', 'S'] });
    const delay = meanDelay(open(scenario, seed), twoStages);
    total.push(delay);
    control.push(delay - meanDelay(open(scenario, seed), alwaysGreen));
  }
  const error = Math.sqrt(mean(control.map((d) => (d - mean(control)) ** 2)) / (SEEDS - 1));
  const expected = hcmDelay(x, 2 * laneCapacity, effectiveGreen, hours);
  const [low, high] = [-1.96, 1.96].map((z) => (100 * (mean(control) + z * error - expected)) / expected);
  const where = `X = ${x}, ${hours} h, step ${step} s`;
  console.log(
    `${where}: delay ${mean(total).toFixed(2)} s, of which control ${mean(control).toFixed(2)} s (standard error ${error.toFixed(2)} s, ` +
      `95 % interval against HCM ${low!.toFixed(1)} to ${high!.toFixed(1)} %)`,
  );
  relative(`control delay, HCM d1 + d2, ${where}`, mean(control), expected, 10, 's');
  if (x < 0.9) {
    const webster = websterDelay(x, perHourAndApproach / 2 / 3600, effectiveGreen);
    relative(`control delay, Webster, ${where}`, mean(control), webster, 15, 's');
  }
}

/**
 * A light that lets one vehicle go each 15 s, and arrivals at random on one lane: an M/D/1 queue whose service begins at
 * fixed moments, so that the wait is C / (2 (1 - load)). What stopping and starting costs on top is taken from a load of 0.02.
 */
function checkQueue(): void {
  const cycle = 15;
  const hours = 6;
  const firstLane = (demand: Demand, network: Network): Demand => ({
    ...demand,
    speedFactor: new Float64Array(demand.count).fill(1),
    entryLane: Int32Array.from(demand.route, (route) => network.routes[route]!.lanes[0]![0]!),
  });
  const plan = (into: number): number => (into < 4 ? GREEN_LAMP : into < 4.5 ? AMBER_LAMP : RED_LAMP);
  const delayAt = (load: number): number => {
    const found: number[] = [];
    for (let seed = 1; seed <= Math.ceil(SEEDS / 10); seed++) {
      const scenario = crossroads({
        perHourAndApproach: Math.round((load * 3600) / cycle),
        step: 0.5,
        durationSeconds: hours * 3600,
        from: ['N', 'S'],
        lanes: 1,
      });
      found.push(
        meanDelay(open(scenario, seed, firstLane), ({ engine, greenFrom }) => {
          const into = (engine.tick * engine.stepSeconds) % cycle;
          for (let g = 0; g < greenFrom.length; g++) engine.groupLamp[g] = greenFrom[g] === 0 ? plan(into) : RED_LAMP;
        }),
      );
    }
    return mean(found);
  };
  const wait = (load: number): number => cycle / (2 * (1 - load));
  const stopping = delayAt(0.02) - wait(0.02);
  console.log(`One vehicle a green: stopping and starting cost ${stopping.toFixed(2)} s`);
  for (const load of [0.3, 0.5, 0.7, 0.85]) {
    relative(`wait, M/D/1 with slots, load ${load}`, delayAt(load) - stopping, wait(load), 10, 's');
  }
}

/**
 * A mixed approach that is never empty: PCU that leave in the saturated part of green (from 10 s on), against the
 * saturation flow; and vehicles against those of cars alone.
 */
function checkMixed(): void {
  const mixes: readonly (readonly [string, string])[] = [
    ['cars, a fifth two-wheelers', 'car: { share: 0.8 }\n  two-wheeler: { share: 0.2 }'],
    ['cars, half two-wheelers', 'car: { share: 0.5 }\n  two-wheeler: { share: 0.5 }'],
    ['three quarters two-wheelers', 'car: { share: 0.25 }\n  two-wheeler: { share: 0.75 }'],
    ['cars, three tenths rickshaws', 'car: { share: 0.7 }\n  rickshaw: { share: 0.3 }'],
    ['cars, a fifth buses and trucks', 'car: { share: 0.8 }\n  bus: { share: 0.1 }\n  truck: { share: 0.1 }'],
    [
      'as in mumbai-four-way',
      'car: { share: 0.35 }\n  two-wheeler: { share: 0.35 }\n  rickshaw: { share: 0.18 }\n  bus: { share: 0.05 }\n  truck: { share: 0.07 }',
    ],
  ];
  for (const speed of [40, 50]) {
    for (const [what, classes] of mixes) {
      const cycles = 15;
      const scenario = crossroads({
        perHourAndApproach: 6000,
        speedKilometresPerHour: speed,
        durationSeconds: cycles * CYCLE,
        classes,
        from: ['N', 'S'],
      });
      const world = open(scenario, 1);
      const { engine } = world;
      let pcu = 0;
      let vehicles = 0;
      while (engine.tick * engine.stepSeconds < cycles * CYCLE) {
        twoStages(world);
        engine.step();
        const { crossings, demand, network } = engine;
        for (let i = 0; i < crossings.count; i++) {
          const into = crossings.at[i]! % CYCLE;
          if (crossings.at[i]! < 3 * CYCLE || into < 10 || into > GREEN) continue;
          if (network.detectors[crossings.detector[i]!]!.kind !== 'stopline') continue;
          pcu += demand.classes[demand.vehicleClass[crossings.vehicle[i]!]!]!.pcu;
          vehicles++;
        }
      }
      const lanesAndHours = (4 * (cycles - 3) * (GREEN - 10)) / 3600;
      relative(`mixed discharge, ${what}, ${speed} km/h`, pcu / lanesAndHours, 1800, 10, 'PCU/h/lane');
      console.log(`${what}, ${speed} km/h: ${(vehicles / lanesAndHours).toFixed(0)} vehicles an hour and lane`);
    }
  }
}

/**
 * Permitted left turns an hour: against gap acceptance in the headways that were there, with the critical gap that our
 * drivers have. HCM's own figure, printed beside it, takes opposing vehicles to follow each other as if they had no length.
 */
function checkTurns(): void {
  const ownCriticalGap = 5;
  const seeds = Math.ceil(SEEDS / 10);
  for (const opposing of [300, 600, 900, 1200]) {
    const runs = Array.from({ length: seeds }, (_, i) => permittedTurns(opposing, i + 1));
    const expected = (gap: number) => mean(runs.map(({ headways }) => acceptedIn(headways, gap, FOLLOW_UP)));
    const found = mean(runs.map(({ turnedPerHour }) => turnedPerHour));
    console.log(
      `permitted left turns against ${opposing} veh/h: ${found.toFixed(0)}; with HCM's critical gap of ${HCM_CRITICAL_GAP} s in the headways ` +
        `that were there ${expected(HCM_CRITICAL_GAP).toFixed(0)}, in random ones ${hcmPermittedTurns(opposing).toFixed(0)}`,
    );
    relative(`permitted turns against ${opposing} veh/h`, found, expected(ownCriticalGap), 10, 'veh/h');
  }
}

/** One vehicle at a time on each approach, lights green: nothing is lost, whatever the step. */
function checkFreeFlow(): void {
  for (const step of STEPS) {
    const scenario = crossroads({ perHourAndApproach: 12, step, durationSeconds: 3600 });
    const world = open(scenario, 3, (demand) => ({
      ...demand,
      departSeconds: demand.departSeconds.map((_, v) => 60.037 * v),
    }));
    const delay = meanDelay(world, alwaysGreen);
    between(`delay in free flow, step ${step} s`, delay, 0, 0.001, 's');
  }
}

/** GEH of inserted against demanded vehicles by approach, of the scenarios that ship, over their hour. */
async function checkInsertion(): Promise<void> {
  for (const name of ['hangzhou-kn-hz', 'mumbai-four-way', 't-junction']) {
    const scenario = await loadScenario(new URL(`../scenarios/${name}.yaml`, import.meta.url).pathname);
    const street = openStreet(
      { kind: 'scenario', scenario },
      {
        seed: scenario.seeds[0]!,
        variant: { name: 'baseline', strategy: 'fixed-time' },
        prefix: 'flextraff-sim/theory/baseline',
      },
    );
    while (street.tick * street.stepSeconds < scenario.durationSeconds) street.step();
    const { vehicles } = street.result();
    let expected = 0;
    for (const flow of scenario.demand) {
      flow.vehicles.forEach((count, period) => {
        const begin = period * flow.periodSeconds;
        const share = Math.min(1, Math.max(0, (scenario.durationSeconds - begin) / flow.periodSeconds));
        const counted = Math.min(
          1,
          Math.max(0, (begin + flow.periodSeconds - scenario.warmUpSeconds) / flow.periodSeconds),
        );
        expected += count * Math.min(share, counted);
      });
    }
    const hours = (scenario.durationSeconds - scenario.warmUpSeconds) / 3600;
    const [a, b] = [vehicles.inserted / hours, expected / hours];
    between(`GEH of inserted against demanded flow, ${name}`, Math.sqrt((2 * (a - b) * (a - b)) / (a + b)), 0, 5, '');
  }
}

console.log(`Node ${process.versions.node}; ${SEEDS} seeds for delays`);
if (wants('discharge')) checkDischarge();
if (wants('free')) checkFreeFlow();
if (wants('delay')) checkControlDelay(discharge(1800, 50, 0.5, 2));
if (wants('queue')) checkQueue();
if (wants('mixed')) checkMixed();
if (wants('turns')) checkTurns();
if (wants('insertion')) await checkInsertion();
for (const { what, found, expected, unit, off, within } of checks) {
  console.log(
    `${within ? 'ok    ' : 'MISSED'} ${what.padEnd(66)} ${found.toFixed(3).padStart(9)} ${unit.padEnd(10)} ${expected.padEnd(24)} ${off}`,
  );
}
const missed = checks.filter((check) => !check.within).length;
console.log(`${checks.length - missed} of ${checks.length} within their bounds`);
process.exitCode = missed === 0 ? 0 : 1;
