/**
 * Control delay of the minor approaches of a two-way stop, beside HCM 6 (chapter 20: potential capacities, impedance, shared
 * lanes, equation 20-64), over ten seeds.
 *
 *   npm run bench:two-way-stop
 */
import { parseScenario } from '../scenarios/load.ts';
import { demandFromScenario } from '../sim/demand/demand.ts';
import { networkFromScenario } from '../sim/network/scenario.ts';
import { createEngine } from '../sim/traffic/engine.ts';

const SEEDS = 10;
const SECONDS = 3600;
const WARM_UP_SECONDS = 600;
/** Vehicles an hour: of each major approach, and of each minor one. */
const MAJOR = { left: 50, straight: 300, right: 30 };
const MINOR = { left: 40, straight: 60, right: 60 };

const flowsOf = (approach: string, flows: Record<string, number>, factor: number) =>
  Object.entries(flows).map(
    ([movement, count]) =>
      `    - { approach: ${approach}, movement: ${movement}, vehiclesPerHour: ${(count * factor).toFixed(0)} }`,
  );

function scenarioOf(factor: number) {
  const arms = ['N', 'S', 'E', 'W'].map(
    (name) => `      - { name: ${name}, lanes: [{ movements: [left, straight, right] }] }`,
  );
  const flows = [
    ...['N', 'S'].flatMap((name) => flowsOf(name, MINOR, factor)),
    ...['E', 'W'].flatMap((name) => flowsOf(name, MAJOR, 1)),
  ];
  const text = `version: 1
drivingSide: right
durationSeconds: ${SECONDS}
warmUpSeconds: ${WARM_UP_SECONDS}
junctions:
  - name: stop
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 200, exitLanes: 1 }
    approaches:
${arms.join('\n')}
    rightOfWay: { rule: stop, major: [E, W] }
demand:
  flows:
${flows.join('\n')}
variants: [{ name: baseline, strategy: fixed-time }]
`;
  const { scenario, issues } = parseScenario(text, 'two-way-stop.yaml');
  if (scenario === undefined) throw new Error(JSON.stringify(issues));
  return scenario;
}

/** Equation 20-32. */
const potential = (conflicting: number, criticalSeconds: number, followUpSeconds: number): number =>
  (conflicting * Math.exp((-conflicting * criticalSeconds) / 3600)) /
  (1 - Math.exp((-conflicting * followUpSeconds) / 3600));

/** Control delay of a minor approach with one lane, s. */
function byManual(factor: number, hours: number): number {
  const { left, straight, right } = MAJOR;
  const own = { left: MINOR.left * factor, straight: MINOR.straight * factor, right: MINOR.right * factor };
  const majorLeftFree = 1 - left / potential(straight + right, 4.1, 2.2);
  const ofRight = potential(straight + right / 2, 6.2, 3.3);
  const crossing = 4 * left + 2 * straight + 1.5 * right;
  const ofStraight = potential(crossing, 6.5, 4) * majorLeftFree ** 2;
  const blocked = majorLeftFree ** 2 * (1 - own.straight / ofStraight);
  const impeded = 0.65 * blocked - blocked / (blocked + 3) + 0.6 * Math.sqrt(blocked);
  const turning = 4 * left + 2 * straight + right + (own.straight + own.right) / 2;
  const ofLeft = potential(turning, 7.1, 3.5) * impeded * (1 - own.right / ofRight);
  const demand = own.left + own.straight + own.right;
  const capacity = demand / (own.left / ofLeft + own.straight / ofStraight + own.right / ofRight);
  const x = demand / capacity;
  const root = Math.sqrt((x - 1) ** 2 + ((3600 / capacity) * x) / (450 * hours));
  return 3600 / capacity + 900 * hours * (x - 1 + root) + 5;
}

function simulated(factor: number, seed: number): { delay: number; vehicles: number } {
  const scenario = scenarioOf(factor);
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, seed);
  const engine = createEngine(network, demand, { stepSeconds: scenario.stepSeconds, seed });
  while (engine.tick * scenario.stepSeconds < SECONDS) engine.step();
  let delay = 0;
  let vehicles = 0;
  for (let v = 0; v < demand.count; v++) {
    const isMinor = /^stop\/[NS]-/.test(network.routes[demand.route[v]!]!.name);
    const entered = engine.state.enteredAt[v]!;
    if (!isMinor || demand.departSeconds[v]! < WARM_UP_SECONDS || Number.isNaN(entered)) continue;
    delay += engine.state.timeLoss[v]! + Math.max(0, entered - demand.departSeconds[v]!);
    vehicles++;
  }
  return { delay: delay / vehicles, vehicles };
}

console.log('minor demand (veh/h)  HCM 6 (s)  simulated (s)  range over seeds');
for (const factor of [0.5, 0.75, 1]) {
  const delays = Array.from({ length: SEEDS }, (_, i) => simulated(factor, i + 1).delay);
  const mean = delays.reduce((sum, one) => sum + one, 0) / SEEDS;
  const demand = (MINOR.left + MINOR.straight + MINOR.right) * factor;
  const manual = byManual(factor, (SECONDS - WARM_UP_SECONDS) / 3600);
  console.log(
    `${String(demand).padStart(20)}  ${manual.toFixed(1).padStart(9)}  ${mean.toFixed(1).padStart(13)}  ${Math.min(...delays).toFixed(1)} to ${Math.max(...delays).toFixed(1)}`,
  );
}
