/**
 * Crossroads of single lanes, straight on and right only, written out for tests: one alone, and a pair with a road between
 * them. Traffic keeps right.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type {
  Point,
  Scenario,
  ScenarioApproach,
  ScenarioJunction,
  ScenarioMovement,
  VehicleClass,
} from '../../scenarios/types.ts';

/** Outward directions. */
const ARMS = { N: [0, 1], S: [0, -1], E: [1, 0], W: [-1, 0] } as const;
type Arm = keyof typeof ARMS;
const NAMES: readonly Arm[] = ['N', 'S', 'E', 'W'];
const OPPOSITE = { N: 'S', S: 'N', E: 'W', W: 'E' } as const;
const RIGHT = { N: 'W', W: 'S', S: 'E', E: 'N' } as const;
const SETBACK = 12;
const LENGTH = 200;
const WIDTH = 3.5;

interface Place {
  readonly name: string;
  /** Distinguishes the UUIDs of junctions. */
  readonly number: number;
  readonly centre: Point;
  readonly from?: { readonly arm: Arm; readonly junction: string; readonly exit: string };
}

const uuid = (place: Place, last: number) =>
  `7c0d4f10-0000-5000-8000-${String(100 * place.number + last).padStart(12, '0')}`;
const approachId = (place: Place, arm: Arm) => uuid(place, 1 + NAMES.indexOf(arm));

function onArm({ centre }: Place, arm: Arm, distance: number, aside: number): Point {
  const [ux, uy] = ARMS[arm];
  return { x: centre.x + ux * distance + aside * uy, y: centre.y + uy * distance - aside * ux };
}
/** Inbound lanes lie to the left of the outward direction, outbound lanes to its right. */
const stopLine = (place: Place, arm: Arm) => onArm(place, arm, SETBACK, -WIDTH / 2);
const exitStart = (place: Place, arm: Arm) => onArm(place, arm, SETBACK, WIDTH / 2);

function approachOf(place: Place, arm: Arm): ScenarioApproach {
  const far = SETBACK + LENGTH;
  const inbound = [onArm(place, arm, far, -WIDTH / 2), stopLine(place, arm)];
  const outbound = [exitStart(place, arm), onArm(place, arm, far, WIDTH / 2)];
  const { from } = place;
  return {
    id: approachId(place, arm),
    name: arm,
    bearingDegrees: { N: 0, E: 90, S: 180, W: 270 }[arm],
    lengthMetres: LENGTH,
    speedLimitMetresPerSecond: 13.89,
    ...(from?.arm === arm
      ? {
          from: { junction: from.junction, exit: from.exit },
          turnShares: [
            { movement: `${arm}-straight`, share: 0.7 },
            { movement: `${arm}-right`, share: 0.3 },
          ],
        }
      : {}),
    lanes: [{ index: 0, widthMetres: WIDTH, movements: [`${arm}-straight`, `${arm}-right`], path: inbound }],
    exitLanes: [{ index: 0, widthMetres: WIDTH, movements: [], path: outbound }],
    exitLengthMetres: LENGTH,
    rfid: [
      { position: 'stopline', distanceMetres: 0 },
      { position: 'upstream', distanceMetres: 50 },
    ],
  };
}

function movementsOf(place: Place, arm: Arm): ScenarioMovement[] {
  return (['straight', 'right'] as const).map((turn) => {
    const to = turn === 'straight' ? OPPOSITE[arm] : RIGHT[arm];
    const path = [stopLine(place, arm), exitStart(place, to)];
    return { name: `${arm}-${turn}`, from: arm, to, turn, group: arm, connections: [{ lane: 0, exitLane: 0, path }] };
  });
}

const across = (a: Arm, b: Arm) => a !== b && OPPOSITE[a] !== b;

function configurationOf(place: Place): JunctionConfiguration {
  return {
    junctionId: uuid(place, 0),
    name: place.name,
    intersectionId: 70_000 + place.number,
    version: 1,
    approaches: NAMES.map((name) => ({ id: approachId(place, name), name })),
    signalGroups: NAMES.map((name, i) => ({
      id: name,
      number: i + 1,
      kind: 'vehicle',
      approaches: [name],
      clearanceSeconds: 0,
    })),
    stages: [
      { id: 'north-south', groups: ['N', 'S'], minGreenSeconds: 7, maxGreenSeconds: 60 },
      { id: 'east-west', groups: ['E', 'W'], minGreenSeconds: 7, maxGreenSeconds: 60 },
    ],
    conflicts: NAMES.map((a) => NAMES.map((b) => across(a, b))),
    intergreenSeconds: NAMES.map((a) => NAMES.map((b) => (across(a, b) ? 5 : 0))),
    yellowSeconds: 3,
    allRedSeconds: 2,
    minCycleSeconds: 24,
    maxCycleSeconds: 130,
    maxWaitSeconds: 300,
    localPlan: [
      { stageId: 'north-south', greenSeconds: 25, yellowSeconds: 3, allRedSeconds: 2 },
      { stageId: 'east-west', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 },
    ],
  };
}

function junctionAt(place: Place): ScenarioJunction {
  return {
    id: uuid(place, 0),
    name: place.name,
    latitude: 30,
    longitude: 120,
    centre: place.centre,
    approaches: NAMES.map((arm) => approachOf(place, arm)),
    movements: NAMES.flatMap((arm) => movementsOf(place, arm)),
    crossings: [],
    outline: (['N', 'W', 'S', 'E'] as const).flatMap((arm) => [
      onArm(place, arm, SETBACK, WIDTH),
      onArm(place, arm, SETBACK, -WIDTH),
    ]),
    configuration: configurationOf(place),
  };
}

const car: VehicleClass = {
  name: 'car',
  share: 0.9,
  lengthMetres: 4.5,
  widthMetres: 1.8,
  pcu: 1,
  massKilograms: 1400,
  maxSpeedMetresPerSecond: 50,
  accelerationMetresPerSecond2: 2,
  decelerationMetresPerSecond2: 3,
  minGapMetres: 2,
  timeHeadwaySeconds: 1.2,
  emissionClass: 'PC_G_EU4',
};
const bus: VehicleClass = {
  ...car,
  name: 'bus',
  share: 0.1,
  lengthMetres: 12,
  widthMetres: 2.5,
  pcu: 2,
  massKilograms: 12_000,
  maxSpeedMetresPerSecond: 22,
  accelerationMetresPerSecond2: 1.2,
  emissionClass: 'Bus',
};

function scenarioOf(name: string, places: readonly Place[]): Scenario {
  return {
    version: 1,
    name,
    title: name,
    description: 'For tests.',
    drivingSide: 'right',
    startsAtMs: 1_704_067_200_000,
    timeZone: 'UTC',
    stepSeconds: 0.5,
    durationSeconds: 600,
    warmUpSeconds: 0,
    seeds: [1, 2],
    junctions: places.map(junctionAt),
    vehicleClasses: [car, bus],
    demand: places.flatMap((place) =>
      NAMES.filter((arm) => place.from?.arm !== arm).flatMap((arm) =>
        (['straight', 'right'] as const).map((turn) => ({
          junction: place.name,
          approach: arm,
          movement: `${arm}-${turn}`,
          periodSeconds: 300,
          vehicles: turn === 'straight' ? [30, 30] : [8, 8],
          arrivals: 'poisson' as const,
        })),
      ),
    ),
    detection: { tagShare: 0.8, missProbability: 0.1, rereadSeconds: 1, windowSeconds: 30 },
    variants: [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }],
    saturationFlowPerHourPerLane: 1800,
  };
}

/** Ten minutes, about 300 vehicles. */
export const crossroads = scenarioOf('crossroads', [{ name: 'Crossroads', number: 0, centre: { x: 0, y: 0 } }]);

/** Two crossroads: what leaves the first to the east comes to the second from the west, and the other way round. */
export const pair = scenarioOf('pair', [
  { name: 'First', number: 1, centre: { x: 0, y: 0 }, from: { arm: 'E', junction: 'Second', exit: 'W' } },
  {
    name: 'Second',
    number: 2,
    centre: { x: 2 * SETBACK + LENGTH, y: 0 },
    from: { arm: 'W', junction: 'First', exit: 'E' },
  },
]);
