/** Draws flows, types and routes, routes trips, and checks routes: every vehicle of a run, in order of departure. */
import { exponential, nearlyNormal, randomStream } from '../../random.ts';
import { InputFileError } from '../json.ts';
import type { SumoNet } from './net-types.ts';
import { classBit } from './permissions.ts';
import type { SumoRoutes, SumoVehicle, SumoWay } from './route-types.ts';
import { SumoRouter, type Traveller } from './routing.ts';
import type { SumoVehicleType } from './vehicle-types.ts';

export interface SumoDemandOptions {
  /** On the files' clock; vehicles that depart before are left out, those at `endSeconds` or later too. */
  readonly beginSeconds: number;
  readonly endSeconds: number;
  /** Flows with a probability are asked once a step. */
  readonly stepSeconds: number;
  readonly seed: number;
  /** Default 2,000,000. */
  readonly mostVehicles?: number;
}

/** Steps in which a flow with a probability may draw: more would take minutes. */
const MOST_DRAWS = 10_000_000;

/** One vehicle that will depart. */
export interface SumoDeparture {
  /** `flow.3` for the fourth of a flow. */
  readonly id: string;
  readonly departSeconds: number;
  /** Index into `types`. */
  readonly type: number;
  /** Index into `routes`. */
  readonly route: number;
  readonly speedFactor: number;
  readonly source: SumoVehicle;
}

export interface SumoDemand {
  readonly departures: readonly SumoDeparture[];
  readonly types: readonly SumoVehicleType[];
  /** Edges of each route, de-duplicated. */
  readonly routes: readonly (readonly number[])[];
}

/**
 * All vehicles of `files` (in the order in which SUMO is given them) that depart within the run. Throws InputFileError
 * for more than `mostVehicles`, for routes that are not connected or closed to the vehicle's class, and for trips with
 * no way. Each vehicle's draws come from a stream of its own id.
 */
export function sumoDemand(net: SumoNet, files: readonly SumoRoutes[], options: SumoDemandOptions): SumoDemand {
  return new DemandDraft(net, options).of(files);
}

class DemandDraft {
  private readonly net: SumoNet;
  private readonly options: SumoDemandOptions;
  private readonly most: number;
  private readonly departures: SumoDeparture[] = [];
  private readonly types: SumoVehicleType[] = [];
  private readonly typeIndex = new Map<SumoVehicleType, number>();
  private readonly routes: (readonly number[])[] = [];
  private readonly routeIndex = new Map<string, number>();
  private readonly ways = new Map<string, number>();
  private readonly checked = new Map<readonly number[], Map<number, number>>();
  private router: SumoRouter | null = null;

  constructor(net: SumoNet, options: SumoDemandOptions) {
    this.net = net;
    this.options = options;
    this.most = options.mostVehicles ?? 2_000_000;
  }

  of(files: readonly SumoRoutes[]): SumoDemand {
    const ids = new Map<string, string>();
    for (const file of files) {
      for (const vehicle of file.vehicles) {
        const other = ids.get(vehicle.id);
        if (other !== undefined) {
          refuse(vehicle, `has the id of the one at ${other}`, 'Give each vehicle its own id.');
        }
        ids.set(vehicle.id, vehicle.where);
        if (vehicle.flow === null) this.add(vehicle, vehicle.id, vehicle.departSeconds);
        else this.flow(vehicle);
      }
    }
    const place = new Map<SumoDeparture, number>();
    this.departures.forEach((departure, index) => {
      place.set(departure, index);
    });
    this.departures.sort((a, b) => a.departSeconds - b.departSeconds || place.get(a)! - place.get(b)!);
    return { departures: this.departures, types: this.types, routes: this.routes };
  }

  private flow(vehicle: SumoVehicle): void {
    const { timing, number, endSeconds } = vehicle.flow!;
    const { beginSeconds, seed, stepSeconds } = this.options;
    const end = Math.min(endSeconds, this.options.endSeconds);
    const seconds = Math.max(0, end - vehicle.departSeconds);
    this.checkSize(vehicle, seconds);
    const draw = randomStream(seed, `flow/${vehicle.id}`);
    let index = 0;
    if (timing.kind === 'probability') {
      const first = Math.ceil((Math.max(vehicle.departSeconds, beginSeconds) - beginSeconds) / stepSeconds - 1e-9);
      for (let k = first; index < number; k++) {
        if (k - first > MOST_DRAWS) {
          refuse(
            vehicle,
            `asks ${MOST_DRAWS} times and more whether a vehicle departs`,
            'Raise its probability, end it earlier, or give it a period.',
          );
        }
        const at = beginSeconds + k * stepSeconds;
        if (at >= end) break;
        if (draw() < timing.perSecond * stepSeconds) this.add(vehicle, `${vehicle.id}.${index++}`, at);
      }
      return;
    }
    const period = this.periodSeconds(vehicle);
    if (period === Number.POSITIVE_INFINITY && timing.kind !== 'exponential') return;
    const headway = () => (timing.kind === 'exponential' ? exponential(draw) / timing.perSecond : period);
    let at = timing.kind === 'exponential' ? headway() : 0;
    for (; index < number && vehicle.departSeconds + at < end; index++) {
      this.add(vehicle, `${vehicle.id}.${index}`, Math.round((vehicle.departSeconds + at) * 1000) / 1000);
      at = timing.kind === 'exponential' ? at + headway() : (index + 1) * period;
    }
  }

  /** Headway of a flow with equal headways, s. */
  private periodSeconds(vehicle: SumoVehicle): number {
    const { timing, number, endSeconds } = vehicle.flow!;
    if (timing.kind === 'period') return timing.periodSeconds;
    const end = Number.isFinite(endSeconds) ? endSeconds : this.options.endSeconds;
    return number > 0 && Number.isFinite(end)
      ? Math.max(0, end - vehicle.departSeconds) / number
      : Number.POSITIVE_INFINITY;
  }

  /** Refuses a flow that would fill the memory before drawing any of it. */
  private checkSize(vehicle: SumoVehicle, seconds: number): void {
    const { timing, number } = vehicle.flow!;
    const rated = timing.kind === 'exponential' || timing.kind === 'probability';
    const period = this.periodSeconds(vehicle);
    const expected = rated ? seconds * timing.perSecond : period > 0 ? seconds / period : number;
    const count = Math.min(number, expected);
    if (count > this.most) {
      const many = Number.isFinite(count) ? `${Math.round(count)} vehicles` : 'vehicles without end';
      refuse(
        vehicle,
        `sends ${many} within the run; at most ${this.most}`,
        'Lower its number or rate, or end it earlier.',
      );
    }
  }

  private add(vehicle: SumoVehicle, id: string, departSeconds: number): void {
    if (departSeconds < this.options.beginSeconds || departSeconds >= this.options.endSeconds) return;
    if (this.departures.length >= this.most) {
      refuse(
        vehicle,
        `is one of more than ${this.most} vehicles of the run`,
        'Run a part of the time, or fewer vehicles.',
      );
    }
    const draw = randomStream(this.options.seed, `vehicle/${id}`);
    const type = 'types' in vehicle.type ? pick(vehicle.type.types, vehicle.type.weights, draw()) : vehicle.type;
    const route = this.route(vehicle, type, draw);
    const speedFactor = Number.isNaN(vehicle.speedFactor) ? drawSpeedFactor(type, draw) : vehicle.speedFactor;
    let typeIndex = this.typeIndex.get(type);
    if (typeIndex === undefined) {
      typeIndex = this.types.length;
      this.typeIndex.set(type, typeIndex);
      this.types.push(type);
    }
    this.departures.push({ id, departSeconds, type: typeIndex, route, speedFactor, source: vehicle });
  }

  private route(vehicle: SumoVehicle, type: SumoVehicleType, draw: () => number): number {
    const way: SumoWay = vehicle.way;
    const traveller: Traveller = {
      classBit: classBit(type.vClass),
      maxSpeed: Math.min(type.maxSpeed, type.desiredMaxSpeed),
      speedFactor: type.speedFactor.mean,
    };
    if (way.kind === 'trip') return this.trip(vehicle, way.trip.edges, traveller, type);
    const { edges } =
      way.kind === 'route' ? way.route : pick(way.distribution.routes, way.distribution.weights, draw());
    let byClass = this.checked.get(edges);
    if (byClass === undefined) {
      byClass = new Map();
      this.checked.set(edges, byClass);
    }
    let index = byClass.get(traveller.classBit);
    if (index === undefined) {
      this.check(vehicle, edges, traveller, type);
      index = this.indexOf(edges);
      byClass.set(traveller.classBit, index);
    }
    return index;
  }

  private trip(vehicle: SumoVehicle, anchors: readonly number[], traveller: Traveller, type: SumoVehicleType): number {
    const key = `${anchors.join(' ')}/${traveller.classBit}/${traveller.maxSpeed}/${traveller.speedFactor}`;
    const known = this.ways.get(key);
    if (known !== undefined) return known;
    this.router ??= new SumoRouter(this.net);
    const edges: number[] = [anchors[0]!];
    for (let i = 1; i < anchors.length; i++) {
      const leg = this.router.route(anchors[i - 1]!, anchors[i]!, traveller);
      if (leg === null) {
        const [from, to] = [this.net.edges[anchors[i - 1]!]!.id, this.net.edges[anchors[i]!]!.id];
        refuse(
          vehicle,
          `finds no way for vClass ${type.vClass} from edge "${from}" to edge "${to}"`,
          'Choose other edges, or let that class use the lanes between.',
        );
      }
      for (let k = 1; k < leg.length; k++) edges.push(leg[k]!);
    }
    const index = this.indexOf(edges);
    this.ways.set(key, index);
    return index;
  }

  private check(vehicle: SumoVehicle, edges: readonly number[], traveller: Traveller, type: SumoVehicleType): void {
    this.router ??= new SumoRouter(this.net);
    edges.forEach((edge, i) => {
      const { id } = this.net.edges[edge]!;
      if (!this.router!.mayUse(edge, traveller)) {
        refuse(
          vehicle,
          `goes over edge "${id}", which lets no vClass ${type.vClass} in`,
          'Choose another route or class, or allow it on a lane of that edge.',
        );
      }
      if (i > 0 && !this.router!.connected(edges[i - 1]!, edge, traveller)) {
        refuse(
          vehicle,
          `goes from edge "${this.net.edges[edges[i - 1]!]!.id}" to edge "${id}", between which vClass ${type.vClass} has no connection`,
          'Choose another route, or add the connection to the network.',
        );
      }
    });
  }

  private indexOf(edges: readonly number[]): number {
    const key = edges.join(' ');
    let index = this.routeIndex.get(key);
    if (index === undefined) {
      index = this.routes.length;
      this.routeIndex.set(key, index);
      this.routes.push(edges);
    }
    return index;
  }
}

function refuse(vehicle: SumoVehicle, problem: string, remedy: string): never {
  throw new InputFileError(
    vehicle.where,
    `<${vehicle.flow === null ? 'vehicle' : 'flow'} id="${vehicle.id}">`,
    problem,
    remedy,
  );
}

/** The member whose share of the weights `u` (from [0, 1)) falls into. */
function pick<T>(members: readonly T[], weights: readonly number[], u: number): T {
  let rest = u * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < members.length; i++) {
    rest -= weights[i]!;
    if (rest < 0) return members[i]!;
  }
  return members[members.length - 1]!;
}

/** Draws from the normal distribution of the type until the number lies within its limits. */
function drawSpeedFactor(type: SumoVehicleType, draw: () => number): number {
  const { mean, deviation, least, most } = type.speedFactor;
  if (deviation === 0) return mean;
  for (let tries = 0; tries < 1000; tries++) {
    const factor = mean + deviation * nearlyNormal(draw);
    if (factor >= least && factor <= most) return factor;
  }
  return mean;
}
