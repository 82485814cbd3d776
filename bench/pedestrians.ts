/**
 * Delay of people at signalised crossings against HCM's (C - g)^2 / 2C, g being the walk less the start-up; what turning
 * vehicles lose to people; and what people cost in CPU time. Prints a table of every comparison; exit code 1 where one is
 * missed. docs/VALIDATION.md explains the set-up.
 *
 *   npm run bench:pedestrians [-- --seeds 10]
 */
import { parseArgs } from 'node:util';
import { toMs, walkLengthMs } from '../junction/timing.ts';
import { parseScenario } from '../scenarios/load.ts';
import type { Scenario } from '../scenarios/types.ts';
import { openStreet } from '../sim/street.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10' } } });
const SEEDS = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const HOUR = 3600;
const MOST_PERCENT = 10;

interface Setting {
  readonly cycle: number;
  readonly walkStage: number;
  readonly step: number;
  readonly people: number;
  readonly vehicles: number;
  readonly turning: number;
  readonly cyclists?: number;
}

/**
 * A main street from west to east and a side street to the south with a crossing beside the main street's green. Right
 * turns from the main street into the side street yield to the people on it.
 */
function scenarioOf({ cycle, walkStage, step, people, vehicles, turning, cyclists = 0 }: Setting): Scenario {
  const between = 5;
  const text = `
version: 1
drivingSide: right
stepSeconds: ${step}
durationSeconds: ${HOUR}
junctions:
  - name: crossing
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 250 }
    approaches:
      - { name: E, lanes: [{ movements: [straight] }] }
      - { name: W, lanes: [{ movements: [straight] }, { movements: [right] }] }
      - { name: S, exitLanes: 1, lanes: [{ movements: [left] }] }
    crossings: [{ approach: S }]
    signals:
      yellowSeconds: 3
      allRedSeconds: 2
      minGreenSeconds: 5
      maxGreenSeconds: 120
      permitted: [[W-right, S-walk]]
      stages:
        - { id: main, groups: [E-straight, W-straight, W-right, S-walk], greenSeconds: ${walkStage} }
        - { id: side, groups: [S-left], greenSeconds: ${cycle - walkStage - 2 * between} }
vehicleClasses: { car: { share: 1 } }
demand:
  flows:
    - { approach: W, movement: straight, vehiclesPerHour: ${vehicles} }
    - { approach: W, movement: right, vehiclesPerHour: ${turning} }
    - { approach: S, movement: left, vehiclesPerHour: 60 }
  pedestrians:
    - { approach: S, pedestriansPerHour: ${people}, cyclistShare: ${cyclists} }
variants:
  - { name: baseline, strategy: fixed-time }
`;
  const { scenario, issues } = parseScenario(text, 'crossing.yaml');
  if (scenario === undefined) throw new Error(issues.map((issue) => JSON.stringify(issue)).join('\n'));
  return scenario;
}

interface Played {
  readonly delay: number;
  readonly people: number;
  readonly walkSeconds: number;
  readonly turningDelay: number;
  readonly cpuSeconds: number;
}

function play(setting: Setting, seed: number): Played {
  const scenario = scenarioOf(setting);
  const variant = { name: 'baseline', strategy: 'fixed-time' };
  const options = { seed, variant, prefix: 'flextraff-sim/bench/baseline' };
  const street = openStreet({ kind: 'scenario', scenario }, options);
  const begin = process.cpuUsage();
  while (street.tick * street.stepSeconds < HOUR) street.step();
  const { user, system } = process.cpuUsage(begin);
  const { pedestrians, movements } = street.result();
  return {
    delay: pedestrians?.delaySeconds.mean ?? Number.NaN,
    people: pedestrians?.demanded ?? 0,
    walkSeconds: walkOf(scenario),
    turningDelay: movements?.['W-right']?.delaySeconds.mean ?? Number.NaN,
    cpuSeconds: (user + system) / 1e6,
  };
}

/** Walk in each cycle of the plan, s. */
function walkOf({ junctions }: Scenario): number {
  const { localPlan, signalGroups } = junctions[0]!.configuration;
  const { greenSeconds, yellowSeconds, allRedSeconds } = localPlan[0]!;
  const { clearanceSeconds } = signalGroups.find(({ kind }) => kind === 'pedestrian')!;
  const stage = {
    greenMs: toMs(greenSeconds),
    yellowMs: toMs(yellowSeconds),
    allRedMs: toMs(allRedSeconds),
    walkMs: -1,
  };
  return walkLengthMs(stage, toMs(clearanceSeconds)) / 1000;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const rows: string[][] = [['set-up', 'found', 'HCM', 'off', 'within']];
let missed = 0;

for (const [cycle, walkStage] of [
  [60, 25],
  [90, 30],
  [90, 50],
  [120, 40],
] as const) {
  for (const [step, vehicles, turning, cyclists] of [
    [0.1, 0.01, 0.01, 0],
    [0.5, 0.01, 0.01, 0],
    [1, 0.01, 0.01, 0],
    [0.5, 400, 250, 0.2],
  ] as const) {
    const setting = { cycle, walkStage, step, people: 300, vehicles, turning, cyclists };
    const played = SEEDS.slice(0, step === 0.1 ? 5 : SEEDS.length).map((seed) => play(setting, seed));
    const found = mean(played.map(({ delay }) => delay));
    const effective = mean(played.map(({ walkSeconds }) => walkSeconds)) - 1;
    const expected = ((cycle - effective) * (cycle - effective)) / (2 * cycle);
    const off = (100 * (found - expected)) / expected;
    const within = Math.abs(off) <= MOST_PERCENT;
    if (!within) missed++;
    rows.push([
      `C ${cycle} s, walk ${(effective + 1).toFixed(1)} s, step ${step} s${turning > 1 ? ', with turning vehicles and cyclists' : ''}`,
      `${found.toFixed(2)} s`,
      `${expected.toFixed(2)} s`,
      `${off > 0 ? '+' : ''}${off.toFixed(1)} %`,
      within ? 'yes' : 'NO',
    ]);
  }
}

function print(table: readonly (readonly string[])[]): void {
  const widths = table[0]!.map((_, c) => Math.max(...table.map((row) => row[c]!.length)));
  for (const row of table)
    console.log(
      row
        .map((cell, c) => cell.padEnd(widths[c]!))
        .join('  ')
        .trimEnd(),
    );
}

print(rows);
console.log('\nWhat turning vehicles lose to people (C 90 s, green 50 s, 250 vehicles an hour that turn):');
const turns: string[][] = [['people an hour', 'delay of turning vehicles', 'CPU a simulated hour']];
for (const people of [0, 100, 300, 600, 1200]) {
  const setting = { cycle: 90, walkStage: 50, step: 0.5, people, vehicles: 400, turning: 250 };
  const played = SEEDS.slice(0, 5).map((seed) => play(setting, seed));
  turns.push([
    String(people),
    `${mean(played.map(({ turningDelay }) => turningDelay)).toFixed(1)} s`,
    `${(1000 * mean(played.map(({ cpuSeconds }) => cpuSeconds))).toFixed(0)} ms`,
  ]);
}
print(turns);
if (missed > 0) process.exitCode = 1;
