/** Demand as SUMO's route files have it, before flows are drawn and trips routed. */
import type { SumoNotice } from './notices.ts';
import type { SumoTypeDistribution, SumoVehicleType } from './vehicle-types.ts';

export interface SumoRoute {
  /** Empty for a vehicle's own route. */
  readonly id: string;
  /** Indices into the network's edges, repeats written out. */
  readonly edges: readonly number[];
}

export interface SumoRouteDistribution {
  readonly id: string;
  readonly routes: readonly SumoRoute[];
  readonly weights: readonly number[];
}

/** Edges that a trip goes through, in order; the ways between are found by travel time. */
export interface SumoTrip {
  readonly edges: readonly number[];
}

export type SumoWay =
  | { readonly kind: 'route'; readonly route: SumoRoute }
  | { readonly kind: 'distribution'; readonly distribution: SumoRouteDistribution }
  | { readonly kind: 'trip'; readonly trip: SumoTrip };

/** `first`: the rightmost lane its class may use (SUMO's default). A number is a lane index. */
export type DepartLane = 'first' | 'best' | 'free' | 'random' | 'allowed' | number;
/** A number is in metres from the begin of the lane (negative: from its end). */
export type DepartPosition = 'base' | 'free' | 'random' | 'random_free' | 'last' | number;
/** A number is in m/s. */
export type DepartSpeed = 'max' | 'desired' | 'speedLimit' | 'random' | 'last' | 'avg' | number;

/** When a flow's vehicles depart, from its begin (included) to its end (not included). */
export type FlowTiming =
  /** Its number spread evenly from its begin to its end, or to that of the run. */
  | { readonly kind: 'even' }
  | { readonly kind: 'period'; readonly periodSeconds: number }
  /** Exponentially distributed headways, the first already before the first vehicle. */
  | { readonly kind: 'exponential'; readonly perSecond: number }
  /** A chance a second. */
  | { readonly kind: 'probability'; readonly perSecond: number };

export interface SumoFlow {
  /** Infinity where the file gives none. */
  readonly endSeconds: number;
  readonly timing: FlowTiming;
  /** Most vehicles it sends; infinity for no limit. */
  readonly number: number;
}

export interface SumoVehicle {
  readonly id: string;
  readonly type: SumoVehicleType | SumoTypeDistribution;
  readonly way: SumoWay;
  /** Begin of a flow. */
  readonly departSeconds: number;
  readonly departLane: DepartLane;
  readonly departPosition: DepartPosition;
  readonly departSpeed: DepartSpeed;
  /** Metres along the last edge where it leaves, NaN for its end. */
  readonly arrivalPosition: number;
  /** Given for this vehicle; NaN where it is drawn from its type. */
  readonly speedFactor: number;
  readonly flow: SumoFlow | null;
  /** `file:line`. */
  readonly where: string;
}

export interface SumoRoutes {
  readonly file: string;
  readonly types: ReadonlyMap<string, SumoVehicleType | SumoTypeDistribution>;
  readonly routes: ReadonlyMap<string, SumoRoute>;
  readonly routeDistributions: ReadonlyMap<string, SumoRouteDistribution>;
  /** Vehicles, trips and flows in the order of the file, without those that SUMO ignores for coming out of order. */
  readonly vehicles: readonly SumoVehicle[];
  readonly notices: readonly SumoNotice[];
}
