/**
 * The arrays that the parts of the simulator share. Metres, seconds, radians. Written for typed arrays: indices, no
 * objects in the step. A *segment* is a lane (index < laneCount) or a link through a junction (lanes first, then links
 * sorted by start lane, so that a lane's links are a range).
 */
import type { JunctionConfiguration } from '../junction/types.ts';

export interface DetectorPlace {
  /** Approach index. */
  readonly approach: number;
  /** Lane (segment) it lies in and distance of the detector from the lane's start, metres. */
  readonly segment: number;
  readonly position: number;
  readonly kind: 'stopline' | 'upstream';
}

export interface NetworkApproach {
  readonly junction: number;
  readonly id: string;
  readonly name: string;
  /** Lane segments that end at its stop line, in the scenario's lane order. */
  readonly lanes: readonly number[];
}

export interface Network {
  readonly laneCount: number;
  readonly linkCount: number;
  /** Per segment. */
  readonly length: Float64Array;
  readonly speedLimit: Float64Array;
  /** First link and one past the last link that start at this lane; links have 0, 0. */
  readonly firstLink: Int32Array;
  readonly lastLink: Int32Array;
  /** Per segment, links only (else -1): start lane, end lane, signal group (global index), junction. */
  readonly linkStart: Int32Array;
  readonly linkEnd: Int32Array;
  readonly linkGroup: Int32Array;
  readonly linkJunction: Int32Array;
  /** Per segment: approach index for lanes that end at a stop line, else -1. */
  readonly approachOf: Int32Array;
  /** Per segment, x y x y ...; for drawing and positions. */
  readonly paths: readonly Float64Array[];
  /** Names as the file has them, for messages. */
  readonly names: readonly string[];
  readonly approaches: readonly NetworkApproach[];
  /** Per junction, in order; a CityFlow intersection gets a configuration only where one can be made. */
  readonly junctions: readonly {
    readonly id: string;
    readonly name: string;
    readonly configuration: JunctionConfiguration | null;
    readonly firstGroup: number;
    readonly groupCount: number;
  }[];
  readonly detectors: readonly DetectorPlace[];
  /** Routes, de-duplicated: each a sequence of steps; the engine turns (route position, lane) into the next link. */
  readonly routes: readonly RoutePlan[];
  /** Time headways of IDM classes are found so that a queue of cars discharges at this, vehicles an hour and lane. */
  readonly saturationFlowPerHour?: number;
  /** Start-up lost time of a queue of cars, s; 2 where there is a saturation flow and nothing is said. */
  readonly startUpLostSeconds?: number;
  /** What the engine alone needs; made by the builders in `sim/network`, and `createEngine` refuses a network without it. */
  readonly tables?: EngineTables;
}

/** At the line of a link: drives on as right of way lets it; begins only where its whole way is free; that after a full halt. */
export const GOES_ON = 0;
export const YIELDS_AT_LINE = 1;
export const HALTS_AT_LINE = 2;

/**
 * Geometry that only the engine reads, as flat arrays. Lists of a segment are ranges: entry i of segment s lies in
 * [first[s], first[s + 1]).
 */
export interface EngineTables {
  /** Lanes: index of their road and of the lane within it; links -1 and 0. */
  readonly road: Int32Array;
  readonly laneIndex: Int32Array;
  /** Lanes: width, m; absent where it is not known: then nobody shares a lane. */
  readonly laneWidth?: Float64Array;
  /** Side of the kerb, seen in driving direction: 1 left, -1 right (default). */
  readonly kerbSide?: 1 | -1;
  /** Where buses stop, by segment and position. */
  readonly busStops?: readonly BusStop[];
  /** Links: right of way among greens, higher goes first; 3 is straight on, less is a turn. Lanes 0. */
  readonly precedence: Uint8Array;
  /** Links without a signal: what is asked at their line, `GOES_ON`, `YIELDS_AT_LINE` or `HALTS_AT_LINE`. Absent: all go on. */
  readonly atLine?: Uint8Array;
  /** CityFlow's crosses, by own distance: metres along this link, the other link, metres along that one. */
  readonly crossFirst: Int32Array;
  readonly crossDistance: Float64Array;
  readonly crossFoe: Int32Array;
  readonly crossFoeDistance: Float64Array;
  /** Stretches where two links come closer than two bodies are wide, by own start. */
  readonly zoneFirst: Int32Array;
  readonly zoneStart: Float64Array;
  readonly zoneEnd: Float64Array;
  readonly zoneFoe: Int32Array;
  readonly zoneFoeStart: Float64Array;
  readonly zoneFoeEnd: Float64Array;
  /** 0 crossing, 1 merging into the same lane, 2 leaving the same lane. */
  readonly zoneKind: Uint8Array;
}

/** A place where vehicles of classes that serve stops halt. */
export interface BusStop {
  readonly segment: number;
  /** Front of the standing vehicle, metres from the lane's start. */
  readonly position: number;
  /** `kerb`: in the lane; `bay`: beside it. */
  readonly kind: 'kerb' | 'bay';
  /** Mean time of standing, s; each vehicle has its own share of it (`Demand.dwellFactor`). */
  readonly dwellSeconds: number;
}

export interface RoutePlan {
  readonly name: string;
  /** For each road stage of the route: lanes (segments) of that road that lead on to the next road; the last: all its lanes. */
  readonly lanes: readonly (readonly number[])[];
  /** Approach at which it enters the network (index into `approaches`), -1 if that road has no stop line. */
  readonly entryApproach: number;
}

/** Vehicles to come, in the order of departure (ties: as listed). All arrays are `count` long. */
export interface Demand {
  readonly count: number;
  /** Ids that the file gives the vehicles; absent where it gives none. */
  readonly names?: readonly string[];
  readonly departSeconds: Float64Array;
  readonly route: Int32Array;
  /** Index into `classes`. */
  readonly vehicleClass: Uint8Array;
  /** Entry lane (segment) or -1: the engine picks the usable entry lane with the fewest vehicles waiting and present. */
  readonly entryLane: Int32Array;
  /** Desired speed = speedFactor x limit, bounded by the class. */
  readonly speedFactor: Float64Array;
  /** CityFlow's random rank of a vehicle, the last resort when two meet; absent: the earlier listed goes first. */
  readonly priority?: Int32Array;
  /** Share of a stop's mean dwell time that the vehicle takes; absent: 1. */
  readonly dwellFactor?: Float64Array;
  readonly classes: readonly ClassParameters[];
}

export interface ClassParameters {
  readonly name: string;
  /** `krauss`: as SUMO has it, driven by `sim/traffic-sumo`. */
  readonly model: 'cityflow' | 'idm' | 'krauss';
  readonly length: number;
  readonly width: number;
  readonly minGap: number;
  readonly maxSpeed: number;
  /** Acceleration and comfortable deceleration (positive); `maxAcceleration` / `maxDeceleration` are CityFlow's maxPosAcc and maxNegAcc. */
  readonly acceleration: number;
  readonly deceleration: number;
  readonly maxAcceleration: number;
  readonly maxDeceleration: number;
  readonly timeHeadway: number;
  /** Keep `timeHeadway` as it is; else the engine finds it from the network's saturation flow and `pcu`. */
  readonly fixedHeadway?: boolean;
  readonly pcu: number;
  readonly massKilograms: number;
  /** HBEFA3 class. */
  readonly emissionClass: string;
  /** Model `idm` is this program's own engine; by which law its vehicles follow there. Default `idm`. */
  readonly law?: FollowingLaw;
  /** How positions follow from speeds there. Default `ballistic`. */
  readonly integration?: 'ballistic' | 'euler';
  /** `krauss`: how much a driver falls short of what he could, 0-1 (SUMO's sigma). Default 0.5. */
  readonly imperfection?: number;
  /** Uses the width of a lane: abreast of others, and past a standing queue to its front. */
  readonly filters?: boolean;
  /** Others give way to it. */
  readonly emergency?: boolean;
  /** Halts at the network's bus stops. */
  readonly servesStops?: boolean;
}

export type FollowingLaw = 'idm' | 'krauss' | 'cityflow';

export const NOT_ENTERED = -1;
export const ARRIVED = -2;

/**
 * State of the traffic after a tick, per vehicle (index = index in Demand), owned by the engine (`sim/traffic`), read
 * by measures, detectors, digest and frames. Accumulators cover the whole time since departure.
 */
export interface TrafficState {
  /** Segment index, NOT_ENTERED or ARRIVED. */
  readonly segment: Int32Array;
  /** Front, metres from the segment's start. */
  readonly position: Float64Array;
  readonly speed: Float64Array;
  /** m/s2 over the last tick. */
  readonly acceleration: Float64Array;
  /** Simulated seconds; NaN until it happened. */
  readonly enteredAt: Float64Array;
  readonly arrivedAt: Float64Array;
  /** Time lost against the desired speed (desired = min(class, limit x factor)) while driving, s. */
  readonly timeLoss: Float64Array;
  /** Time with v <= 0.1 m/s in the network, s. */
  readonly waiting: Float64Array;
  /** Number of times v fell to <= 0.1 m/s. */
  readonly stops: Int32Array;
  readonly fuelMillilitres: Float64Array;
  readonly co2Grams: Float64Array;
  /** Distance of the body's middle from the middle of the lane, positive to the left, m; absent where all keep to it. */
  readonly lateral?: Float64Array;
  /** Vehicles in the network, as a dense list: `active[0..activeCount)`; order is the engine's and must not matter. */
  readonly active: Int32Array;
  activeCount: number;
  /** Vehicles that arrived, in the engine's order: `arrivals[0..arrivalCount)`. */
  readonly arrivals: Int32Array;
  arrivalCount: number;
}

/**
 * What passed detectors in the last tick: `count` entries; the front of `vehicle` crossed detector `detector` (index
 * into Network.detectors) `at` seconds after simulation start.
 */
export interface Crossings {
  count: number;
  vehicle: Int32Array;
  detector: Int32Array;
  at: Float64Array;
}

/**
 * Where links run over crossings of people. Entry i of segment s is stretch `list[i]`, i in [first[s], first[s + 1]).
 * Whoever moves the people writes `arrival` before each step; vehicles yield by it.
 */
export interface LinkStretches {
  readonly first: Int32Array;
  readonly list: Int32Array;
  /** Per stretch: metres from the link's start, with room before and behind the people. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Per stretch: seconds until somebody is in the way of a vehicle in it; 0 somebody is, infinite nobody will be. */
  readonly arrival: Float64Array;
  /** Per stretch: the vehicle for which the first who would be in the way stands and waits, -1 for none. */
  readonly heldBy: Int32Array;
}

/** Looked for every 10 simulated seconds. Nobody is removed: what is locked stays and counts as delay. */
export interface Gridlock {
  /** Circles and blocked junctions found so far; one that dissolves and forms again counts again. */
  episodes: number;
  /** Vehicles in them now. */
  vehicles: number;
  /** Simulated seconds of the first; NaN until there was one. */
  since: number;
}

/** Vehicles that stand, `on[segment]`; other than 0 only on `segments[0..segmentCount())`. */
export interface Standing {
  readonly on: Int32Array;
  readonly segments: Int32Array;
  segmentCount(): number;
}

/** The moving part. `groupGreen[g]` of each global signal group is set by the lamp devices before `step`. */
export interface Engine {
  readonly network: Network;
  readonly demand: Demand;
  readonly stepSeconds: number;
  readonly state: TrafficState;
  readonly crossings: Crossings;
  /** 0 red, 1 green, 2 amber (a vehicle that cannot stop comfortably passes), by global signal group. */
  readonly groupLamp: Uint8Array;
  /** Per vehicle, where the engine tells: segment after the present one on its way, and the one before; -1 for none. */
  readonly ways?: { readonly next: Int32Array; readonly previous: Int32Array };
  /** Ticks done. */
  tick: number;
  vehicleUpdates: number;
  /** Vehicles due but not yet in, all entry lanes. */
  waitingToEnter(): number;
  /** Where the engine counts them: vehicles with v <= 0.1 m/s, of which all departed before now. */
  readonly standing?: Standing;
  /** Circles of vehicles that wait for each other, none of which can ever move again. */
  readonly gridlock?: Gridlock;
  /** What drivers cannot do that the scenario asks for, in words. */
  readonly notes?: readonly string[];
  step(): void;
}
