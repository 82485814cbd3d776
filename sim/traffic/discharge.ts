/** How a queue of one class discharges at the start of green, and the time headway that gives a wanted saturation flow. */
import type { ClassParameters, Demand, Network } from '../core.ts';
import { assembleNetwork } from '../network/assemble.ts';
import { idmStep } from './idm-step.ts';
import { carryOutMoves, commit, enterNetwork } from './moves.ts';
import { createWorld, GREEN } from './world.ts';

const QUEUE = 24;
/** The first four headways are start-up, as the Highway Capacity Manual counts. */
const STARTING = 4;
const SUBSTEP_SECONDS = 0.25;
const LONGEST_SECONDS = 300;

export interface Discharge {
  /** Vehicles an hour and lane once the first four have crossed. */
  readonly saturationFlowPerHour: number;
  /** What the first four took longer than four saturation headways, s. */
  readonly startUpLostSeconds: number;
}

/** A lane, a link and a lane beyond, all straight. */
function straightRoad(speedLimit: number, laneLength: number): Network {
  const lane = (road: number, from: number, approach: number) => ({
    name: `lane-${road}`,
    lengthMetres: laneLength,
    speedLimit,
    path: Float64Array.of(from, 0, from + laneLength, 0),
    road,
    laneIndex: 0,
    approach,
  });
  return assembleNetwork({
    lanes: [lane(0, 0, 0), lane(1, laneLength + 20, -1)],
    links: [
      {
        name: 'link',
        lengthMetres: 20,
        speedLimit,
        path: Float64Array.of(laneLength, 0, laneLength + 20, 0),
        startLane: 0,
        endLane: 1,
        group: 0,
        junction: 0,
        precedence: 3,
      },
    ],
    crosses: [],
    zones: [],
    approaches: [{ junction: 0, id: 'a', name: 'a', lanes: [0] }],
    junctions: [{ id: 'j', name: 'j', configuration: null, firstGroup: 0, groupCount: 1 }],
    detectors: [{ approach: 0, segment: 0, position: laneLength, kind: 'stopline' }],
    routes: [{ name: 'through', lanes: [[0], [1]], entryApproach: 0 }],
  });
}

/** Discharge of a standing queue of 24 vehicles of the class under a speed limit (m/s). Takes about 2 ms. */
export function measureDischarge(parameters: ClassParameters, speedLimit: number): Discharge {
  const spacing = parameters.length + parameters.minGap;
  const laneLength = Math.ceil(QUEUE * spacing + 50);
  const network = straightRoad(speedLimit, laneLength);
  const demand: Demand = {
    count: QUEUE,
    departSeconds: new Float64Array(QUEUE),
    route: new Int32Array(QUEUE),
    vehicleClass: new Uint8Array(QUEUE),
    entryLane: new Int32Array(QUEUE).fill(-1),
    speedFactor: new Float64Array(QUEUE).fill(1),
    classes: [parameters],
  };
  const w = createWorld(network, demand, SUBSTEP_SECONDS);
  for (let v = 0; v < QUEUE; v++) enterNetwork(w, v, 0, laneLength - 1 - v * spacing, 0, 0);
  w.groupLamp[0] = GREEN;
  const step = idmStep(w);
  const crossed = new Float64Array(QUEUE);
  for (let k = 0; w.state.segment[QUEUE - 1] === 0 && k * SUBSTEP_SECONDS < LONGEST_SECONDS; k++) {
    w.stepNumber++;
    w.crossings.count = 0;
    step(k * SUBSTEP_SECONDS, SUBSTEP_SECONDS);
    carryOutMoves(w);
    commit(w, SUBSTEP_SECONDS, true);
    for (let i = 0; i < w.crossings.count; i++) crossed[w.crossings.vehicle[i]!] = w.crossings.at[i]!;
  }
  const headway = (crossed[QUEUE - 1]! - crossed[STARTING - 1]!) / (QUEUE - STARTING);
  return { saturationFlowPerHour: 3600 / headway, startUpLostSeconds: crossed[STARTING - 1]! - STARTING * headway };
}

/** Bounds of a driver's time headway, s. */
const LEAST_HEADWAY = 0.3;
const LONGEST_HEADWAY = 4;
const TOLERANCE = 1e-4;

/**
 * The time headway (s) with which a queue of the class discharges at `saturationFlowPerHour`, found by bisection with
 * the engine's own dynamics. Throws RangeError where no headway from 0.3 to 4 s gives it.
 */
export function headwayForSaturationFlow(
  parameters: ClassParameters,
  speedLimit: number,
  saturationFlowPerHour: number,
): number {
  const flow = (timeHeadway: number) =>
    measureDischarge({ ...parameters, timeHeadway }, speedLimit).saturationFlowPerHour;
  let short = LEAST_HEADWAY;
  let long = LONGEST_HEADWAY;
  const most = flow(short);
  const least = flow(long);
  if (!(saturationFlowPerHour <= most && saturationFlowPerHour >= least)) {
    throw new RangeError(
      `A saturation flow of ${saturationFlowPerHour} vehicles an hour and lane cannot be had with class ${parameters.name} at ${speedLimit} m/s; ` +
        `from ${Math.ceil(least)} to ${Math.floor(most)} can. Change the saturation flow, the speed limit, or the class's length, minGap or acceleration.`,
    );
  }
  while (long - short > TOLERANCE) {
    const middle = (short + long) / 2;
    if (flow(middle) > saturationFlowPerHour) short = middle;
    else long = middle;
  }
  return (short + long) / 2;
}

const calibrated = new Map<string, readonly ClassParameters[]>();
const MOST_REMEMBERED = 64;

/**
 * The demand's classes with the time headways of IDM classes scaled by one factor, such that a queue of cars discharges
 * at the network's saturation flow, under the mean speed limit of its approaches. The classes as they are where the
 * network names no saturation flow or no class is called `car`. Throws RangeError where no headway gives it.
 */
export function calibratedClasses(network: Network, classes: readonly ClassParameters[]): readonly ClassParameters[] {
  const { saturationFlowPerHour, approaches, speedLimit } = network;
  const car = classes.find(({ name, model }) => name === 'car' && model === 'idm');
  if (saturationFlowPerHour === undefined || car === undefined || approaches.length === 0) return classes;
  let sum = 0;
  for (const approach of approaches) sum += speedLimit[approach.lanes[0]!]!;
  const limit = sum / approaches.length;
  const key = JSON.stringify([classes, limit, saturationFlowPerHour]);
  const known = calibrated.get(key);
  if (known !== undefined) return known;
  const factor = headwayForSaturationFlow(car, limit, saturationFlowPerHour) / car.timeHeadway;
  const result = classes.map((parameters) =>
    parameters.model === 'idm' ? { ...parameters, timeHeadway: parameters.timeHeadway * factor } : parameters,
  );
  if (calibrated.size >= MOST_REMEMBERED) calibrated.clear();
  calibrated.set(key, result);
  return result;
}
