/** A junction small enough to check by hand, for tests: nothing moves in it but what the test moves. */
import {
  type ClassParameters,
  type Demand,
  type DetectorPlace,
  type Engine,
  type Network,
  NOT_ENTERED,
} from '../core.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';

export const NORTH = '5a1f1c6e-0000-5000-8000-000000000001';
export const EAST = '5a1f1c6e-0000-5000-8000-000000000002';
export const JUNCTION = '5a1f1c6e-0000-5000-8000-000000000000';

/** Two approaches, one stage each: 20 s green, 3 s yellow, 2 s all-red. */
export const configuration: JunctionConfiguration = {
  junctionId: JUNCTION,
  name: 'Corner',
  intersectionId: 70_001,
  version: 1,
  approaches: [
    { id: NORTH, name: 'N' },
    { id: EAST, name: 'E' },
  ],
  signalGroups: [
    { id: 'N', number: 1, kind: 'vehicle', approaches: ['N'], clearanceSeconds: 0 },
    { id: 'E', number: 2, kind: 'vehicle', approaches: ['E'], clearanceSeconds: 0 },
  ],
  stages: [
    { id: 'north', groups: ['N'], minGreenSeconds: 5, maxGreenSeconds: 60 },
    { id: 'east', groups: ['E'], minGreenSeconds: 5, maxGreenSeconds: 60 },
  ],
  conflicts: [
    [false, true],
    [true, false],
  ],
  intergreenSeconds: [
    [0, 5],
    [5, 0],
  ],
  yellowSeconds: 3,
  allRedSeconds: 2,
  minCycleSeconds: 20,
  maxCycleSeconds: 130,
  maxWaitSeconds: 300,
  localPlan: [
    { stageId: 'north', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 },
    { stageId: 'east', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 },
  ],
};

const detectors: DetectorPlace[] = [
  { approach: 0, segment: 0, position: 200, kind: 'stopline' },
  { approach: 0, segment: 0, position: 100, kind: 'upstream' },
  { approach: 1, segment: 1, position: 200, kind: 'stopline' },
];

/** Lanes 0 (from the north) and 1 (from the east) of 200 m, 2 (to the south) of 100 m; links 3 (0 to 2) and 4 (1 to 2) of 20 m. */
export const network: Network = {
  laneCount: 3,
  linkCount: 2,
  length: Float64Array.of(200, 200, 100, 20, 20),
  speedLimit: Float64Array.of(14, 14, 14, 14, 8),
  firstLink: Int32Array.of(3, 4, 0, 0, 0),
  lastLink: Int32Array.of(4, 5, 0, 0, 0),
  linkStart: Int32Array.of(-1, -1, -1, 0, 1),
  linkEnd: Int32Array.of(-1, -1, -1, 2, 2),
  linkGroup: Int32Array.of(-1, -1, -1, 0, 1),
  linkJunction: Int32Array.of(-1, -1, -1, 0, 0),
  approachOf: Int32Array.of(0, 1, -1, -1, -1),
  paths: [
    Float64Array.of(0, 210, 0, 10),
    Float64Array.of(210, 0, 10, 0),
    Float64Array.of(0, -10, 0, -110),
    Float64Array.of(0, 10, 0, -10),
    Float64Array.of(10, 0, 0, 0, 0, -10),
  ],
  names: ['N-0', 'E-0', 'S-exit-0', 'N-straight', 'E-left'],
  approaches: [
    { junction: 0, id: NORTH, name: 'N', lanes: [0] },
    { junction: 0, id: EAST, name: 'E', lanes: [1] },
  ],
  junctions: [{ id: JUNCTION, name: 'Corner', configuration, firstGroup: 0, groupCount: 2 }],
  detectors,
  routes: [
    { name: 'N-straight', lanes: [[0], [2]], entryApproach: 0 },
    { name: 'E-left', lanes: [[1], [2]], entryApproach: 1 },
  ],
};

const car: ClassParameters = {
  name: 'car',
  model: 'idm',
  length: 5,
  width: 2,
  minGap: 2,
  maxSpeed: 40,
  acceleration: 2,
  deceleration: 3,
  maxAcceleration: 2,
  maxDeceleration: 6,
  timeHeadway: 1,
  pcu: 1,
  massKilograms: 1500,
  emissionClass: 'PC_G_EU4',
};

/** An engine whose `step` counts ticks and does nothing else; its state is the test's to write. */
export function handmadeEngine(options: {
  departSeconds: number[];
  entryLane?: number[];
  stepSeconds?: number;
  emissionClass?: string;
  onStep?: (engine: Engine) => void;
}): Engine {
  const count = options.departSeconds.length;
  const entryLane = Int32Array.from(options.entryLane ?? options.departSeconds.map(() => 0));
  const demand: Demand = {
    count,
    departSeconds: Float64Array.from(options.departSeconds),
    route: entryLane.slice(),
    vehicleClass: new Uint8Array(count),
    entryLane,
    speedFactor: new Float64Array(count).fill(1),
    classes: [{ ...car, emissionClass: options.emissionClass ?? car.emissionClass }],
  };
  const engine: Engine = {
    network,
    demand,
    stepSeconds: options.stepSeconds ?? 1,
    state: {
      segment: new Int32Array(count).fill(NOT_ENTERED),
      position: new Float64Array(count),
      speed: new Float64Array(count),
      acceleration: new Float64Array(count),
      enteredAt: new Float64Array(count).fill(Number.NaN),
      arrivedAt: new Float64Array(count).fill(Number.NaN),
      timeLoss: new Float64Array(count),
      waiting: new Float64Array(count),
      stops: new Int32Array(count),
      fuelMillilitres: new Float64Array(count),
      co2Grams: new Float64Array(count),
      active: new Int32Array(count),
      activeCount: 0,
      arrivals: new Int32Array(count),
      arrivalCount: 0,
    },
    crossings: { count: 0, vehicle: new Int32Array(64), detector: new Int32Array(64), at: new Float64Array(64) },
    groupLamp: new Uint8Array(2),
    tick: 0,
    vehicleUpdates: 0,
    waitingToEnter: () => 0,
    step() {
      engine.crossings.count = 0;
      engine.tick++;
      options.onStep?.(engine);
    },
  };
  return engine;
}
