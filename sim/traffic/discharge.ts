/** How a queue discharges at the start of green: the experiment that headways and reaction times are found by. */
import type { ClassParameters, Demand, Network } from '../core.ts';
import { assembleNetwork } from '../network/assemble.ts';
import { nearlyNormal, randomStream } from '../random.ts';
import { idmStep } from './idm-step.ts';
import { manoeuvres } from './manoeuvres.ts';
import { carryOutMoves, commit, enterNetwork } from './moves.ts';
import { INNER, OUTER, restoreAllOrder, restoreOrder, slideAside } from './tracks.ts';
import { createWorld, GREEN, type Headways } from './world.ts';

/** Queues side by side, vehicles in each: as many as cross in a usual green of 40 s. */
const LANES = 8;
const QUEUE = 20;
/** The first four headways are start-up, as the Highway Capacity Manual counts. */
const STARTING = 4;
const SUBSTEP_SECONDS = 0.25;
const LONGEST_SECONDS = 300;
/** Drivers' desired speeds as the demand of a scenario draws them: deviation and bounds, shares of the limit. */
const SPEED_DEVIATION = 0.1;
const SPEED_BOUNDS = [0.75, 1.25] as const;

export interface Discharge {
  /** Vehicles an hour and lane once the first four have crossed. */
  readonly saturationFlowPerHour: number;
  /** What the first four took longer than four saturation headways, s. */
  readonly startUpLostSeconds: number;
}

/** Lanes side by side, each with a link straight on to a lane beyond. */
function straightRoads(speedLimit: number, laneLength: number, lanes: number, laneWidth = 0): Network {
  const lane = (road: number, index: number, from: number) => ({
    name: `lane-${road}-${index}`,
    lengthMetres: laneLength,
    speedLimit,
    path: Float64Array.of(from, 4 * index, from + laneLength, 4 * index),
    road,
    laneIndex: 0,
    approach: road % 2 === 0 ? 0 : -1,
    widthMetres: laneWidth,
  });
  const numbers = Array.from({ length: lanes }, (_, i) => i);
  return assembleNetwork({
    lanes: [...numbers.map((i) => lane(2 * i, i, 0)), ...numbers.map((i) => lane(2 * i + 1, i, laneLength + 20))],
    links: numbers.map((i) => ({
      name: `link-${i}`,
      lengthMetres: 20,
      speedLimit,
      path: Float64Array.of(laneLength, 4 * i, laneLength + 20, 4 * i),
      startLane: i,
      endLane: lanes + i,
      group: 0,
      junction: 0,
      precedence: 3,
    })),
    crosses: [],
    zones: [],
    approaches: [{ junction: 0, id: 'a', name: 'a', lanes: numbers }],
    junctions: [{ id: 'j', name: 'j', configuration: null, firstGroup: 0, groupCount: 1 }],
    detectors: numbers.map((i) => ({ approach: 0, segment: i, position: laneLength, kind: 'stopline' as const })),
    routes: numbers.map((i) => ({ name: `through-${i}`, lanes: [[i], [lanes + i]], entryApproach: 0 })),
  });
}

/** Desired speeds of `count` drivers, shares of the limit: as drawn for a scenario, their mean exactly 1, or all 1. */
function speedFactors(count: number, drivers: 'alike' | 'mixed'): Float64Array {
  const factors = new Float64Array(count).fill(1);
  if (drivers === 'alike') return factors;
  const stream = randomStream(0, 'discharge');
  const [least, most] = SPEED_BOUNDS;
  for (let v = 0; v + 1 < count; v += 2) {
    const off = SPEED_DEVIATION * nearlyNormal(stream);
    factors[v] = Math.min(most, Math.max(least, 1 + off));
    factors[v + 1] = Math.min(most, Math.max(least, 1 - off));
  }
  return factors;
}

/**
 * Discharge of standing queues of the class under a speed limit (m/s), drivers alike or with the usual spread of desired
 * speeds, who need `reactionSeconds` to move off. Takes a few milliseconds.
 */
export function measureDischarge(
  parameters: ClassParameters,
  speedLimit: number,
  drivers: 'alike' | 'mixed' = 'alike',
  reactionSeconds = 0,
): Discharge {
  const lanes = drivers === 'alike' ? 1 : LANES;
  const spacing = parameters.length + parameters.minGap;
  const laneLength = Math.ceil(QUEUE * spacing + 50);
  const network = straightRoads(speedLimit, laneLength, lanes);
  const count = lanes * QUEUE;
  const demand: Demand = {
    count,
    departSeconds: new Float64Array(count),
    route: Int32Array.from({ length: count }, (_, v) => v % lanes),
    vehicleClass: new Uint8Array(count),
    entryLane: new Int32Array(count).fill(-1),
    speedFactor: speedFactors(count, drivers),
    classes: [parameters],
  };
  const headways: Headways = {
    rowOf: new Int32Array(network.laneCount + network.linkCount),
    seconds: Float64Array.of(parameters.timeHeadway),
    reactionSeconds: Float64Array.of(reactionSeconds),
    frictionSeconds: new Float64Array(1),
    notes: [],
  };
  const w = createWorld(network, demand, SUBSTEP_SECONDS, headways);
  for (let v = 0; v < count; v++) enterNetwork(w, v, v % lanes, laneLength - 1 - Math.floor(v / lanes) * spacing, 0, 0);
  w.groupLamp[0] = GREEN;
  const step = idmStep(w);
  const crossed = new Float64Array(count);
  let left = 0;
  for (let k = 0; left < count && k * SUBSTEP_SECONDS < LONGEST_SECONDS; k++) {
    w.stepNumber++;
    w.crossings.count = 0;
    step(k * SUBSTEP_SECONDS, SUBSTEP_SECONDS);
    carryOutMoves(w);
    commit(w, SUBSTEP_SECONDS, true);
    left += w.crossings.count;
    for (let i = 0; i < w.crossings.count; i++) crossed[w.crossings.vehicle[i]!] = w.crossings.at[i]!;
  }
  let fourth = 0;
  let last = 0;
  for (let lane = 0; lane < lanes; lane++) {
    fourth += crossed[(STARTING - 1) * lanes + lane]! / lanes;
    last += crossed[(QUEUE - 1) * lanes + lane]! / lanes;
  }
  const headway = (last - fourth) / (QUEUE - STARTING);
  return { saturationFlowPerHour: 3600 / headway, startUpLostSeconds: fourth - STARTING * headway };
}

/** Queues side by side and vehicles in each; the flow is counted between these moments of green, s. */
const MIXED_LANES = 6;
const MIXED_QUEUE = 60;
const COUNTED_FROM = 10;
const COUNTED_UNTIL = 35;

/** A mix of classes that share lanes in width. */
export interface Mix {
  readonly classes: readonly ClassParameters[];
  /** Share of each class. */
  readonly shares: readonly number[];
  /** Time headway of each class, s. */
  readonly headways: Float64Array;
  readonly laneWidth: number;
}

/**
 * PCU an hour and lane that a standing queue of the mix discharges, two-wheelers beside the others, with drivers who add
 * `frictionSeconds` of headway for each two-wheeler beside their way.
 */
export function measureMixedDischarge(mix: Mix, speedLimit: number, frictionSeconds: number): number {
  const { classes, shares, laneWidth } = mix;
  const stream = randomStream(0, 'mixed discharge');
  const count = MIXED_LANES * MIXED_QUEUE;
  const vehicleClass = Uint8Array.from({ length: count }, () => {
    let draw = stream();
    let c = 0;
    while (c < shares.length - 1 && draw >= shares[c]!) draw -= shares[c++]!;
    return c;
  });
  const longest = Math.max(...classes.map(({ length, minGap }) => length + minGap));
  const laneLength = Math.ceil(MIXED_QUEUE * longest + 50);
  const network = straightRoads(speedLimit, laneLength, MIXED_LANES, laneWidth);
  const demand: Demand = {
    count,
    departSeconds: new Float64Array(count),
    route: Int32Array.from({ length: count }, (_, v) => v % MIXED_LANES),
    vehicleClass,
    entryLane: new Int32Array(count).fill(-1),
    speedFactor: speedFactors(count, 'mixed'),
    classes,
  };
  const w = createWorld(network, demand, SUBSTEP_SECONDS, {
    rowOf: new Int32Array(network.laneCount + network.linkCount),
    seconds: mix.headways,
    reactionSeconds: Float64Array.of(1),
    frictionSeconds: Float64Array.of(frictionSeconds),
    notes: [],
  });
  const { occupied, ofClass } = w.tracks;
  for (let lane = 0; lane < MIXED_LANES; lane++) {
    // Rears of those placed so far on the two tracks.
    const rear = [laneLength - 1, laneLength - 1] as [number, number];
    for (let i = 0; i < MIXED_QUEUE; i++) {
      const v = i * MIXED_LANES + lane;
      const { length, minGap } = classes[vehicleClass[v]!]!;
      const own = ofClass[vehicleClass[v]!]!;
      occupied[v] = own !== 0 ? own : rear[0] > rear[1] ? INNER : OUTER;
      const isOn = [(occupied[v]! & INNER) !== 0, (occupied[v]! & OUTER) !== 0];
      const gap = i === 0 ? 0 : minGap;
      const front = Math.min(isOn[0] ? rear[0] - gap : laneLength, isOn[1] ? rear[1] - gap : laneLength);
      enterNetwork(w, v, lane, front, 0, 0);
      restoreOrder(w, lane);
      if (isOn[0]) rear[0] = front - length;
      if (isOn[1]) rear[1] = front - length;
    }
  }
  w.groupLamp[0] = GREEN;
  const step = idmStep(w);
  const decide = manoeuvres(w);
  let pcu = 0;
  for (let k = 0; k * SUBSTEP_SECONDS < COUNTED_UNTIL; k++) {
    w.stepNumber++;
    w.crossings.count = 0;
    step(k * SUBSTEP_SECONDS, SUBSTEP_SECONDS);
    carryOutMoves(w);
    commit(w, SUBSTEP_SECONDS, true);
    restoreAllOrder(w);
    if (w.stepNumber % 4 === 0) decide((k + 1) * SUBSTEP_SECONDS);
    slideAside(w, SUBSTEP_SECONDS);
    for (let i = 0; i < w.crossings.count; i++)
      if (w.crossings.at[i]! >= COUNTED_FROM) pcu += classes[vehicleClass[w.crossings.vehicle[i]!]!]!.pcu;
  }
  return (3600 * pcu) / MIXED_LANES / (COUNTED_UNTIL - COUNTED_FROM);
}
