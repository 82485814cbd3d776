/**
 * A junction of four arms with a crossing over each and turns that yield to people, for tests: two stages, in which the
 * crossings beside the moving traffic walk.
 */
import { parseScenario } from './load.ts';
import type { Scenario } from './types.ts';

export interface WalkedOptions {
  readonly stepSeconds?: number;
  readonly durationSeconds?: number;
  readonly vehiclesPerHour?: number;
  readonly peoplePerHour?: number;
  readonly cyclistShare?: number;
  readonly enterInClearanceShare?: number;
  readonly greens?: readonly [number, number];
  readonly button?: boolean;
  readonly arrivals?: 'poisson' | 'even';
  readonly walking?: string;
  readonly drivingSide?: 'left' | 'right';
  /** Two-wheelers that use the width of lanes. */
  readonly bikes?: boolean;
}

const ARMS = ['N', 'S', 'E', 'W'];

/** YAML of the scenario. */
export function walkedText(options: WalkedOptions = {}): string {
  const {
    stepSeconds = 0.5,
    durationSeconds = 600,
    vehiclesPerHour = 200,
    peoplePerHour = 200,
    cyclistShare = 0.1,
    enterInClearanceShare = 0,
    greens = [30, 30],
    button = false,
    arrivals = 'poisson',
    drivingSide = 'right',
    bikes = false,
  } = options;
  const turning = ['left', 'straight', 'right'];
  const groups = (arms: string, walks: string) =>
    [...[...arms].flatMap((arm) => [arm]), ...[...walks].map((arm) => `${arm}-walk`)].join(', ');
  // Turns that cross opposing traffic are left out: they would need a stage of their own.
  const far = drivingSide === 'right' ? 'left' : 'right';
  const turns = turning.filter((turn) => turn !== far);
  const to = (arm: string) => {
    const clockwise = 'NESW';
    return clockwise[(clockwise.indexOf(arm) + (drivingSide === 'right' ? 3 : 1)) % 4]!;
  };
  return `
version: 1
drivingSide: ${drivingSide}
stepSeconds: ${stepSeconds}
durationSeconds: ${durationSeconds}
junctions:
  - name: walked
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 150 }
    approaches:
${ARMS.map((arm) => `      - { name: ${arm}, lanes: [{ movements: [${turns.join(', ')}] }] }`).join('\n')}
    signalGroups:
${ARMS.map((arm) => `      - { id: ${arm}, movements: [${arm}-straight] }\n      - { id: ${arm}-turn, movements: [${arm}-${turns.find((turn) => turn !== 'straight')}] }`).join('\n')}
    crossings:
${ARMS.map((arm) => `      - { approach: ${arm}, button: ${button} }`).join('\n')}
    signals:
      permitted: [${ARMS.map((arm) => `[${arm}-turn, ${to(arm)}-walk]`).join(', ')}]
      stages:
        - { id: ns, groups: [${groups('NS', 'EW')}, N-turn, S-turn], greenSeconds: ${greens[0]} }
        - { id: ew, groups: [${groups('EW', 'NS')}, E-turn, W-turn], greenSeconds: ${greens[1]} }
vehicleClasses:
  car: { share: ${bikes ? 0.45 : 0.85} }
  bus: { share: 0.15 }
${bikes ? '  bike: { share: 0.4, filtersToFront: true }\n' : ''}demand:
  walking: { enterInClearanceShare: ${enterInClearanceShare} }
  flows:
${ARMS.flatMap((arm) => turns.map((turn) => `    - { approach: ${arm}, movement: ${turn}, vehiclesPerHour: ${vehiclesPerHour} }`)).join('\n')}
  pedestrians:
${ARMS.map((arm) => `    - { approach: ${arm}, pedestriansPerHour: ${peoplePerHour}, cyclistShare: ${cyclistShare}, arrivals: ${arrivals} }`).join('\n')}
variants:
  - { name: baseline, strategy: fixed-time }
`;
}

/** The scenario, loaded. Throws with the loader's findings. */
export function walked(options: WalkedOptions = {}): Scenario {
  const { scenario, issues } = parseScenario(walkedText(options), 'walked.yaml');
  if (scenario === undefined) throw new Error(issues.map((issue) => JSON.stringify(issue)).join('\n'));
  return scenario;
}
