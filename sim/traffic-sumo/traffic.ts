/** The state of SUMO traffic in flat arrays. Lanes and links hold linked lists of vehicles, front to back. */

import pow from '@stdlib/math-base-special-pow';
import { ARRIVED, type ClassParameters, type Demand, NOT_ENTERED, type TrafficState } from '../core.ts';
import type { SumoDemand } from '../network/sumo/demand.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import type { SumoVehicleType } from '../network/sumo/vehicle-types.ts';
import type { Conflicts } from './conflicts.ts';
import { createLaneChanging, type LaneChanging } from './lane-change-state.ts';
import type { RouteLanes } from './routes.ts';

export { ARRIVED, NOT_ENTERED };

/** A step that never comes. */
export const NEVER = 0x7fffffff;

/** v <= this counts as standing, m/s. */
export const STANDING_SPEED = 0.1;

/** Per vehicle type. */
export interface TypeColumns {
  readonly length: Float64Array;
  readonly minGap: Float64Array;
  readonly accel: Float64Array;
  readonly decel: Float64Array;
  readonly apparentDecel: Float64Array;
  readonly emergencyDecel: Float64Array;
  readonly tau: Float64Array;
  readonly sigma: Float64Array;
  readonly maxSpeed: Float64Array;
  readonly desiredMaxSpeed: Float64Array;
  /** Share of the impatience of drivers who never stood, 0 to 1. */
  readonly impatience: Float64Array;
  /** Seconds between two that pass one after the other (jmTimegapMinor), and metres before a line (jmStoplineGap). */
  readonly timeGap: Float64Array;
  readonly lineGap: Float64Array;
}

export interface Traffic {
  readonly world: SumoWorld;
  readonly demand: Demand;
  readonly lanes: RouteLanes;
  readonly types: TypeColumns;
  readonly dt: number;
  /** Whether a step is driven at the mean of its two speeds, or at that of its end. */
  readonly ballistic: boolean;
  readonly state: TrafficState;
  /** Character code of what each signal group shows. */
  readonly groupState: Uint8Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly onSegment: Int32Array;
  /** The vehicle that left the segment last by its end, -1 for none, and its odometer when its front did. */
  readonly leaver: Int32Array;
  readonly leaverOdometer: Float64Array;
  readonly ahead: Int32Array;
  readonly behind: Int32Array;
  readonly odometer: Float64Array;
  /** Stage of its route: of the lane it is on, or of the lane it came from where it is on a link. */
  readonly stage: Int32Array;
  readonly nextSpeed: Float64Array;
  /** Where it leaves its last lane, metres from the begin; infinity for its end. */
  readonly arrivalAt: Float64Array;
  /** Highest speed on the segment it is on. */
  readonly limit: Float64Array;
  /** Step at which it entered its junction (until it gave way to another), the first time, and the conflict there; else NEVER. */
  readonly entered: Int32Array;
  readonly enteredFirst: Int32Array;
  readonly conflictEntered: Int32Array;
  /** Whether it meant to leave its waiting place inside, and its junction, in the last step: 0 unknown, 1 yes, 2 no. */
  readonly claimInside: Uint8Array;
  readonly claimExit: Uint8Array;
  /** 1 where it will probably stop before the next link. */
  readonly hasToWait: Uint8Array;
  /** 1 where the next link has no priority, far ahead. */
  readonly waitsFar: Uint8Array;
  /** Step in which somebody looks out for those who come along the link. */
  readonly watched: Int32Array;
  /** The last step in which anybody does. */
  watchedStep: number;
  readonly conflicts: Conflicts;
  /** Items of those who wait for each other where all have the same right of way. */
  readonly deadlocked: Int32Array;
  deadlockedCount: number;
  /** Seconds of standing after which one passes as if all foes braked for it. */
  readonly secondsToImpatience: number;
  /** Consecutive seconds of standing. */
  readonly standing: Float64Array;
  /** Key of its random numbers. */
  readonly key: Int32Array;
  /** Metres of each segment that its vehicles and their gaps take. */
  readonly taken: Float64Array;
  lc: LaneChanging;
  /** 0.5 and 0.8 to the power of the step. */
  readonly halved: number;
  readonly faded: number;
  /** Steps done. */
  step: number;
}

/** Empty traffic. */
export function createTraffic(
  world: SumoWorld,
  demand: SumoDemand,
  lanes: RouteLanes,
  conflicts: Conflicts,
  beginSeconds: number,
  dt: number,
  ballistic: boolean,
  seed: number,
): Traffic {
  const count = demand.departures.length;
  const segments = world.network.laneCount + world.network.linkCount;
  const ints = (value: number) => new Int32Array(count).fill(value);
  const floats = (value: number) => new Float64Array(count).fill(value);
  const groups = world.signals.reduce((most, signal) => Math.max(most, signal.firstGroup + signal.groupCount), 0);
  const traffic: Traffic = {
    world,
    demand: coreDemand(world, demand, beginSeconds),
    lanes,
    types: typeColumns(demand.types),
    dt,
    ballistic,
    state: {
      segment: ints(NOT_ENTERED),
      position: floats(0),
      speed: floats(0),
      acceleration: floats(0),
      enteredAt: floats(Number.NaN),
      arrivedAt: floats(Number.NaN),
      timeLoss: floats(0),
      waiting: floats(0),
      stops: ints(0),
      fuelMillilitres: floats(0),
      co2Grams: floats(0),
      active: ints(0),
      activeCount: 0,
      arrivals: new Int32Array(count),
      arrivalCount: 0,
    },
    groupState: new Uint8Array(groups),
    first: new Int32Array(segments).fill(-1),
    last: new Int32Array(segments).fill(-1),
    onSegment: new Int32Array(segments),
    leaver: new Int32Array(segments).fill(-1),
    leaverOdometer: new Float64Array(segments),
    ahead: ints(-1),
    behind: ints(-1),
    odometer: floats(0),
    stage: ints(0),
    nextSpeed: floats(0),
    arrivalAt: arrivalPlaces(world, demand, lanes),
    limit: floats(0),
    entered: ints(NEVER),
    enteredFirst: ints(NEVER),
    conflictEntered: ints(NEVER),
    claimInside: new Uint8Array(count),
    claimExit: new Uint8Array(count),
    hasToWait: new Uint8Array(count),
    waitsFar: new Uint8Array(count),
    watched: new Int32Array(segments).fill(-1),
    watchedStep: -1,
    conflicts,
    deadlocked: new Int32Array(4 * count + 1),
    deadlockedCount: 0,
    secondsToImpatience: 180,
    standing: floats(0),
    key: Int32Array.from(demand.departures, (departure) => hashText(`${seed}/${departure.id}`)),
    taken: new Float64Array(segments),
    lc: undefined as unknown as LaneChanging,
    halved: pow(0.5, dt),
    faded: pow(0.8, dt),
    step: 0,
  };
  traffic.lc = createLaneChanging(traffic, demand.types);
  return traffic;
}

function arrivalPlaces(world: SumoWorld, demand: SumoDemand, lanes: RouteLanes): Float64Array {
  return Float64Array.from(demand.departures, ({ source }, vehicle) => {
    const wanted = source.arrivalPosition;
    if (Number.isNaN(wanted)) return Number.POSITIVE_INFINITY;
    const route = world.routeOfDeparture[vehicle]!;
    const k = lanes.firstStage[route]! + lanes.stages[route]! - 1;
    const length = world.network.length[lanes.firstLane[k]!]!;
    return Math.max(0, Math.min(length, wanted < 0 ? length + wanted : wanted));
  });
}

function typeColumns(types: readonly SumoVehicleType[]): TypeColumns {
  const column = (value: (type: SumoVehicleType) => number) => Float64Array.from(types, value);
  return {
    length: column((type) => type.length),
    minGap: column((type) => type.minGap),
    accel: column((type) => type.accel),
    decel: column((type) => type.decel),
    apparentDecel: column((type) => type.apparentDecel),
    emergencyDecel: column((type) => type.emergencyDecel),
    tau: column((type) => type.tau),
    sigma: column((type) => type.sigma),
    maxSpeed: column((type) => type.maxSpeed),
    desiredMaxSpeed: column((type) => type.desiredMaxSpeed),
    impatience: column((type) => type.modelParameters.impatience ?? 0),
    timeGap: column((type) => type.modelParameters.jmTimegapMinor ?? 1),
    lineGap: column((type) => type.modelParameters.jmStoplineGap ?? 1),
  };
}

/** The demand as measures and pages read it; times count from the begin of the run. */
export function coreDemand(world: SumoWorld, demand: SumoDemand, beginSeconds: number): Demand {
  if (demand.types.length > 255) {
    throw new RangeError(`The run uses ${demand.types.length} vehicle types; at most 255. Merge some of them.`);
  }
  return {
    count: demand.departures.length,
    names: demand.departures.map(({ id }) => id),
    departSeconds: Float64Array.from(demand.departures, (departure) => departure.departSeconds - beginSeconds),
    route: world.routeOfDeparture,
    vehicleClass: Uint8Array.from(demand.departures, (departure) => departure.type),
    entryLane: new Int32Array(demand.departures.length).fill(-1),
    speedFactor: Float64Array.from(demand.departures, (departure) => departure.speedFactor),
    classes: demand.types.map(
      (type): ClassParameters => ({
        name: type.id,
        model: 'krauss',
        length: type.length,
        width: type.width,
        minGap: type.minGap,
        maxSpeed: type.maxSpeed,
        acceleration: type.accel,
        deceleration: type.decel,
        maxAcceleration: type.accel,
        maxDeceleration: type.emergencyDecel,
        timeHeadway: type.tau,
        pcu: 1,
        massKilograms: 1500,
        emissionClass: type.emissionClass,
      }),
    ),
  };
}

/** FNV-1a over the characters, as a 32-bit integer. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** A permutation of 32-bit integers whose output bits depend on all input bits (MurmurHash3's finaliser). */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The random number of a vehicle (by its key) in a step, from [0, 1): it depends on nothing else. */
export function uniform(key: number, step: number): number {
  return (mixed(mixed(Math.imul(step + 1, 0x9e3779b1) ^ key) + key) >>> 0) / 4294967296;
}

/** Puts a vehicle into a segment's list by its position; among equals behind those already there. */
export function enlist(t: Traffic, vehicle: number, segment: number): void {
  const { position } = t.state;
  const at = position[vehicle]!;
  let front = t.last[segment]!;
  while (front >= 0 && position[front]! < at) front = t.ahead[front]!;
  const rear = front < 0 ? t.first[segment]! : t.behind[front]!;
  t.ahead[vehicle] = front;
  t.behind[vehicle] = rear;
  if (front < 0) t.first[segment] = vehicle;
  else t.behind[front] = vehicle;
  if (rear < 0) t.last[segment] = vehicle;
  else t.ahead[rear] = vehicle;
  t.onSegment[segment]!++;
  const type = t.demand.vehicleClass[vehicle]!;
  t.taken[segment]! += t.types.length[type]! + t.types.minGap[type]!;
  t.state.segment[vehicle] = segment;
}

export function delist(t: Traffic, vehicle: number): void {
  const segment = t.state.segment[vehicle]!;
  const front = t.ahead[vehicle]!;
  const rear = t.behind[vehicle]!;
  if (front < 0) t.first[segment] = rear;
  else t.behind[front] = rear;
  if (rear < 0) t.last[segment] = front;
  else t.ahead[rear] = front;
  t.ahead[vehicle] = -1;
  t.behind[vehicle] = -1;
  const type = t.demand.vehicleClass[vehicle]!;
  t.taken[segment] =
    --t.onSegment[segment]! === 0 ? 0 : t.taken[segment]! - t.types.length[type]! - t.types.minGap[type]!;
}

/** Highest speed of a vehicle on a segment, its own limits included. */
export function speedOn(t: Traffic, vehicle: number, segment: number): number {
  const factor = t.demand.speedFactor[vehicle]!;
  const type = t.demand.vehicleClass[vehicle]!;
  let speed = t.world.network.speedLimit[segment]! * factor;
  if (t.types.maxSpeed[type]! < speed) speed = t.types.maxSpeed[type]!;
  if (t.types.desiredMaxSpeed[type]! * factor < speed) speed = t.types.desiredMaxSpeed[type]! * factor;
  return speed;
}

/** Where the rear of the segment's last leaver is, metres from the segment's start; infinity once it has left. */
export function leaverRear(t: Traffic, segment: number): number {
  const vehicle = t.leaver[segment]!;
  if (vehicle < 0) return Number.POSITIVE_INFINITY;
  const length = t.world.network.length[segment]!;
  const rear =
    length + t.odometer[vehicle]! - t.leaverOdometer[segment]! - t.types.length[t.demand.vehicleClass[vehicle]!]!;
  if (rear >= length || t.state.segment[vehicle]! < 0) {
    t.leaver[segment] = -1;
    return Number.POSITIVE_INFINITY;
  }
  return rear;
}
