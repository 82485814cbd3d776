/**
 * The state of the traffic in flat arrays: per vehicle (index as in Demand), per segment, per class. Lanes and links
 * are linked lists of vehicle indices, front to back. What a step computes goes to `next...` and is committed at its
 * end, so that the order in which vehicles are looked at cannot matter.
 */
import {
  ARRIVED,
  type ClassParameters,
  type Crossings,
  type Demand,
  type Network,
  NOT_ENTERED,
  type TrafficState,
} from '../core.ts';
import { emissionClass } from './emissions.ts';
import { routeTable, type RouteTable } from './route-table.ts';
import { createTracks, type Tracks } from './tracks.ts';

/** `linkTick` of a vehicle that is on a lane: later than any. */
export const ON_LANE = 0x7fffffff;
/** v <= this counts as standing, m/s. */
export const STANDING_SPEED = 0.1;

export const IDM = 0;
export const KRAUSS = 1;
export const CITYFLOW = 2;

export const RED = 0;
export const GREEN = 1;

export interface Growing extends Crossings {
  capacity: number;
}

/** Per class, indexed by class. */
export interface ClassTables {
  /** IDM 0, Krauss 1, CityFlow 2. */
  readonly law: Uint8Array;
  readonly isEuler: Uint8Array;
  readonly imperfection: Float64Array;
  readonly filters: Uint8Array;
  readonly emergency: Uint8Array;
  readonly servesStops: Uint8Array;
  readonly length: Float64Array;
  readonly width: Float64Array;
  readonly minGap: Float64Array;
  readonly maxSpeed: Float64Array;
  readonly acceleration: Float64Array;
  readonly deceleration: Float64Array;
  readonly maxAcceleration: Float64Array;
  readonly maxDeceleration: Float64Array;
  readonly timeHeadway: Float64Array;
  /** Five coefficients a class, scaled to grams and millilitres a second. */
  readonly co2: Float64Array;
  readonly fuel: Float64Array;
}

/** Time headways that drivers keep and how long they take to move off, by where they are. */
export interface Headways {
  /** Per segment: row of the tables. */
  readonly rowOf: Int32Array;
  /** seconds[row * classes + class] */
  readonly seconds: Float64Array;
  /** Per row: from the start of green until the first driver moves off, s. */
  readonly reactionSeconds: Float64Array;
  /** Per row: headway that a driver adds for each two-wheeler beside the way to the vehicle ahead, s. */
  readonly frictionSeconds: Float64Array;
  /** What drivers cannot do that the scenario asks for, in words. */
  readonly notes: readonly string[];
}

/** Reaction at green where no start-up lost time is asked for, s. */
const USUAL_REACTION_SECONDS = 0.8;

/** The classes' own headways everywhere. */
export function fixedHeadways(network: Network, classes: readonly ClassParameters[]): Headways {
  return {
    rowOf: new Int32Array(network.laneCount + network.linkCount),
    seconds: Float64Array.from(classes, ({ timeHeadway }) => timeHeadway),
    reactionSeconds: Float64Array.of(USUAL_REACTION_SECONDS),
    frictionSeconds: new Float64Array(1),
    notes: [],
  };
}

export interface World {
  readonly network: Network;
  readonly demand: Demand;
  readonly stepSeconds: number;
  readonly state: TrafficState;
  readonly classes: ClassTables;
  readonly headways: Headways;
  readonly tracks: Tracks;
  readonly routes: RouteTable;
  readonly groupLamp: Uint8Array;
  /** Per segment: front-most and rear-most vehicle, -1 where there is none. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Per segment: vehicles with v <= STANDING_SPEED after the step, where CityFlow's core counts them. */
  readonly standing: Int32Array;
  /** Segments with vehicles, a dense list; order does not matter. */
  readonly activeSegments: Int32Array;
  activeSegmentCount: number;
  readonly isActive: Uint8Array;
  /** Per vehicle. */
  readonly vehicleLength: Float64Array;
  readonly nextPosition: Float64Array;
  readonly nextSpeed: Float64Array;
  /** Segment after the present one on its route, -1 at the end of the route. */
  readonly nextSegment: Int32Array;
  readonly previousSegment: Int32Array;
  /** Position in the route table. */
  readonly cursor: Int32Array;
  readonly ahead: Int32Array;
  readonly behind: Int32Array;
  /** Tick at which it entered its link, or halted at its line where one must; ON_LANE on a lane before that. */
  readonly linkTick: Int32Array;
  readonly movedStep: Int32Array;
  readonly activeIndex: Int32Array;
  readonly blocker: Int32Array;
  readonly nextBlocker: Int32Array;
  readonly priority: Int32Array;
  /** Vehicles that leave their segment in this step; where to and at which point of the route. */
  readonly movers: Int32Array;
  moverCount: number;
  readonly target: Int32Array;
  readonly targetFrom: Int32Array;
  readonly targetCursor: Int32Array;
  readonly arrivalTime: Float64Array;
  /** Entry queues: a linked list per lane. */
  readonly queueFirst: Int32Array;
  readonly queueLast: Int32Array;
  readonly queueNext: Int32Array;
  readonly queueLength: Int32Array;
  /** Vehicles on the lane. */
  readonly onSegment: Int32Array;
  /** Lanes that vehicles may enter the network by, ascending. */
  readonly entryLanes: Int32Array;
  /** Next vehicle of the demand that is not yet due. */
  due: number;
  waiting: number;
  /** Detectors of segment s: [detectorFirst[s], detectorFirst[s + 1]), by position. */
  readonly detectorFirst: Int32Array;
  readonly detectorPosition: Float64Array;
  readonly detectorIndex: Int32Array;
  readonly crossings: Growing;
  /** Per vehicle: whom it makes room for that wants to come to its lane, -1 for nobody, and until when, s. */
  readonly makesRoomFor: Int32Array;
  readonly makesRoomUntil: Float64Array;
  /** Per vehicle: whom it waits for at a junction, -1 for nobody: what `gridlock.ts` reads. */
  readonly waitsFor: Int32Array;
  /** Per vehicle: time of its last lane change, s. */
  readonly changedAt: Float64Array;
  /** Per vehicle: place in `stopPosition` of the next bus stop on its lane, and until when it stands there (0: not yet). */
  readonly nextStop: Int32Array;
  readonly standsUntil: Float64Array;
  /** Bus stops of segment s: [stopFirst[s], stopFirst[s + 1]), by position. */
  readonly stopFirst: Int32Array;
  readonly stopPosition: Float64Array;
  readonly stopDwell: Float64Array;
  readonly stopIsBay: Uint8Array;
  readonly seed: number;
  /** Substeps done: the number that `movedStep` refers to. */
  stepNumber: number;
  tick: number;
  vehicleUpdates: number;
}

/** An empty network with everything still to come. Throws RangeError where network and demand do not fit. */
export function createWorld(
  network: Network,
  demand: Demand,
  stepSeconds: number,
  headways: Headways = fixedHeadways(network, demand.classes),
  seed = 0,
): World {
  const count = demand.count;
  const segments = network.laneCount + network.linkCount;
  const routes = routeTable(network);
  const classes = classTables(demand.classes);
  const tracks = createTracks(network, demand.classes, count);
  const groups = network.junctions.reduce(
    (most, junction) => Math.max(most, junction.firstGroup + junction.groupCount),
    0,
  );
  const detectors = detectorTables(network, segments);
  const ints = (value: number) => new Int32Array(count).fill(value);
  const vehicleLength = new Float64Array(count);
  for (let v = 0; v < count; v++) vehicleLength[v] = classes.length[demand.vehicleClass[v]!]!;
  return {
    network,
    demand,
    stepSeconds,
    state: {
      segment: ints(NOT_ENTERED),
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
      ...(tracks.shared ? { lateral: tracks.lateral } : {}),
    },
    classes,
    headways,
    tracks,
    routes,
    groupLamp: new Uint8Array(groups),
    first: new Int32Array(segments).fill(-1),
    last: new Int32Array(segments).fill(-1),
    standing: new Int32Array(segments),
    activeSegments: new Int32Array(segments),
    activeSegmentCount: 0,
    isActive: new Uint8Array(segments),
    vehicleLength,
    nextPosition: new Float64Array(count),
    nextSpeed: new Float64Array(count),
    nextSegment: ints(-1),
    previousSegment: ints(-1),
    cursor: ints(0),
    ahead: ints(-1),
    behind: ints(-1),
    linkTick: ints(ON_LANE),
    movedStep: ints(-1),
    activeIndex: ints(-1),
    blocker: ints(-1),
    nextBlocker: ints(-1),
    priority: demand.priority ?? Int32Array.from({ length: count }, (_, v) => count - v),
    movers: new Int32Array(count),
    moverCount: 0,
    target: ints(-1),
    targetFrom: ints(-1),
    targetCursor: ints(0),
    arrivalTime: new Float64Array(count),
    queueFirst: new Int32Array(segments).fill(-1),
    queueLast: new Int32Array(segments).fill(-1),
    queueNext: ints(-1),
    queueLength: new Int32Array(segments),
    onSegment: new Int32Array(segments),
    entryLanes: entryLanes(network, demand),
    due: 0,
    waiting: 0,
    ...detectors,
    crossings: {
      count: 0,
      capacity: 256,
      vehicle: new Int32Array(256),
      detector: new Int32Array(256),
      at: new Float64Array(256),
    },
    makesRoomFor: ints(-1),
    makesRoomUntil: new Float64Array(count),
    waitsFor: ints(-1),
    changedAt: new Float64Array(count).fill(-1e9),
    nextStop: ints(-1),
    standsUntil: new Float64Array(count),
    ...stopTables(network, segments),
    seed,
    stepNumber: 0,
    tick: 0,
    vehicleUpdates: 0,
  };
}

function classTables(classes: readonly ClassParameters[]): ClassTables {
  const column = (value: (parameters: ClassParameters) => number) => Float64Array.from(classes, value);
  const co2 = new Float64Array(5 * classes.length);
  const fuel = new Float64Array(5 * classes.length);
  classes.forEach((parameters, c) => {
    const found = emissionClass(parameters.emissionClass);
    for (let i = 0; i < 5; i++) {
      co2[5 * c + i] = found.co2[i]! / 3.6 / 1000;
      fuel[5 * c + i] = found.fuel[i]! / 3.6 / found.fuelDensity;
    }
  });
  return {
    law: Uint8Array.from(classes, ({ law }) => (law === 'krauss' ? KRAUSS : law === 'cityflow' ? CITYFLOW : IDM)),
    isEuler: Uint8Array.from(classes, ({ integration }) => (integration === 'euler' ? 1 : 0)),
    imperfection: column(({ imperfection }) => imperfection ?? 0.5),
    filters: Uint8Array.from(classes, ({ filters }) => (filters === true ? 1 : 0)),
    emergency: Uint8Array.from(classes, ({ emergency }) => (emergency === true ? 1 : 0)),
    servesStops: Uint8Array.from(classes, ({ servesStops }) => (servesStops === true ? 1 : 0)),
    length: column((parameters) => parameters.length),
    width: column((parameters) => parameters.width),
    minGap: column((parameters) => parameters.minGap),
    maxSpeed: column((parameters) => parameters.maxSpeed),
    acceleration: column((parameters) => parameters.acceleration),
    deceleration: column((parameters) => parameters.deceleration),
    maxAcceleration: column((parameters) => parameters.maxAcceleration),
    maxDeceleration: column((parameters) => parameters.maxDeceleration),
    timeHeadway: column((parameters) => parameters.timeHeadway),
    co2,
    fuel,
  };
}

function detectorTables(network: Network, segments: number) {
  const order = network.detectors
    .map((_, index) => index)
    .sort((a, b) => {
      const p = network.detectors[a]!;
      const q = network.detectors[b]!;
      return p.segment - q.segment || p.position - q.position || a - b;
    });
  const detectorFirst = new Int32Array(segments + 1);
  for (const detector of network.detectors) detectorFirst[detector.segment + 1]!++;
  for (let s = 0; s < segments; s++) detectorFirst[s + 1]! += detectorFirst[s]!;
  return {
    detectorFirst,
    detectorPosition: Float64Array.from(order, (index) => network.detectors[index]!.position),
    detectorIndex: Int32Array.from(order),
  };
}

function stopTables(network: Network, segments: number) {
  const stops = [...(network.tables?.busStops ?? [])].sort((a, b) => a.segment - b.segment || a.position - b.position);
  const stopFirst = new Int32Array(segments + 1);
  for (const { segment } of stops) stopFirst[segment + 1]!++;
  for (let s = 0; s < segments; s++) stopFirst[s + 1]! += stopFirst[s]!;
  return {
    stopFirst,
    stopPosition: Float64Array.from(stops, ({ position }) => position),
    stopDwell: Float64Array.from(stops, ({ dwellSeconds }) => dwellSeconds),
    stopIsBay: Uint8Array.from(stops, ({ kind }) => (kind === 'bay' ? 1 : 0)),
  };
}

function entryLanes(network: Network, demand: Demand): Int32Array {
  const lanes = new Set<number>();
  const routes = new Set<number>();
  for (let v = 0; v < demand.count; v++) {
    if (demand.entryLane[v]! >= 0) lanes.add(demand.entryLane[v]!);
    else routes.add(demand.route[v]!);
  }
  for (const route of routes) for (const lane of network.routes[route]!.lanes[0]!) lanes.add(lane);
  return Int32Array.from([...lanes].sort((a, b) => a - b));
}

/** Notes that the front of `vehicle` crossed a detector. */
export function noteCrossing(crossings: Growing, vehicle: number, detector: number, at: number): void {
  if (crossings.count === crossings.capacity) {
    crossings.capacity *= 2;
    const { vehicle: vehicles, detector: detectors, at: times } = crossings;
    crossings.vehicle = new Int32Array(crossings.capacity);
    crossings.detector = new Int32Array(crossings.capacity);
    crossings.at = new Float64Array(crossings.capacity);
    crossings.vehicle.set(vehicles);
    crossings.detector.set(detectors);
    crossings.at.set(times);
  }
  crossings.vehicle[crossings.count] = vehicle;
  crossings.detector[crossings.count] = detector;
  crossings.at[crossings.count] = at;
  crossings.count++;
}

export { ARRIVED, NOT_ENTERED };
