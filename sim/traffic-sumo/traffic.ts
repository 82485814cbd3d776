/** The state of SUMO traffic in flat arrays, as far as others than the core see it. */

import pow from '@stdlib/math-base-special-pow';
import type { ClassParameters, Demand, TrafficState } from '../core.ts';
import type { SumoDemand } from '../network/sumo/demand.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import type { SumoVehicleType } from '../network/sumo/vehicle-types.ts';
import type { Conflicts } from './conflicts.ts';
import { type Core, sumoDriving } from './driving.ts';
import type { RouteLanes } from './routes.ts';

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
  /** Moves all this; what only it needs to know lies in its memory too. */
  readonly core: Core;
  /** Vehicles at a time that it has room for. */
  readonly mostAtATime: number;
  /** Character code of what each signal group shows. */
  readonly groupState: Uint8Array;
  /** Numbers in the core's table of edges with several lanes. */
  readonly roadEnds: number;
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
  const types = typeColumns(demand.types);
  const { views, core, mostAtATime, itemCapacity } = sumoDriving(world, demand, lanes, conflicts, types, {
    arrivalAt: arrivalPlaces(world, demand, lanes),
    key: Int32Array.from(demand.departures, (departure) => hashText(`${seed}/${departure.id}`)),
  });
  core.configure(dt, ballistic ? 1 : 0, world.network.laneCount, itemCapacity, pow(0.5, dt), pow(0.8, dt));
  return {
    world,
    demand: coreDemand(world, demand, beginSeconds),
    lanes,
    types,
    dt,
    ballistic,
    state: {
      segment: views.SEGMENT,
      position: views.POSITION,
      speed: views.SPEED,
      acceleration: views.ACCELERATION,
      enteredAt: new Float64Array(count).fill(Number.NaN),
      arrivedAt: views.ARRIVED_AT,
      timeLoss: views.TIME_LOSS,
      waiting: views.WAITING,
      stops: views.STOPS,
      fuelMillilitres: new Float64Array(count),
      co2Grams: new Float64Array(count),
      active: views.ACTIVE,
      activeCount: 0,
      arrivals: views.ARRIVALS,
      arrivalCount: 0,
    },
    core,
    mostAtATime,
    groupState: views.GROUP_STATE,
    roadEnds: views.ROADS.length,
    step: 0,
  };
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
