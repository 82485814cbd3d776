/** What tests of the engine share: a straight road, plans played by the clock, and bodies that must not overlap. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { ClassParameters, Demand, Engine, Network } from '../core.ts';
import { assembleNetwork, type LaneDraft, type LinkDraft } from '../network/assemble.ts';
import { directionAlong, pointAlong, polylineLength } from '../network/polyline.ts';

export const car: ClassParameters = {
  name: 'car',
  model: 'idm',
  length: 4.5,
  width: 1.8,
  minGap: 2,
  maxSpeed: 50,
  acceleration: 2,
  deceleration: 2.5,
  maxAcceleration: 2,
  maxDeceleration: 9,
  timeHeadway: 1.2,
  pcu: 1,
  massKilograms: 1400,
  emissionClass: 'PC_G_EU4',
};

/** Lanes in a row, joined by links of 20 m; link i obeys signal group i of a junction of its own. */
export function straightRoad(laneLengths: readonly number[], speedLimit = 13.89, linkLimit = speedLimit): Network {
  const lanes: LaneDraft[] = [];
  const links: LinkDraft[] = [];
  let x = 0;
  laneLengths.forEach((lengthMetres, i) => {
    const isLast = i === laneLengths.length - 1;
    lanes.push({
      name: `lane-${i}`,
      lengthMetres,
      speedLimit,
      path: Float64Array.of(x, 0, x + lengthMetres, 0),
      road: i,
      laneIndex: 0,
      approach: isLast ? -1 : i,
    });
    x += lengthMetres;
    if (isLast) return;
    links.push({
      name: `link-${i}`,
      lengthMetres: 20,
      speedLimit: linkLimit,
      path: Float64Array.of(x, 0, x + 20, 0),
      startLane: i,
      endLane: i + 1,
      group: i,
      junction: i,
      precedence: 3,
    });
    x += 20;
  });
  return assembleNetwork({
    lanes,
    links,
    crosses: [],
    zones: [],
    approaches: links.map((_, i) => ({ junction: i, id: `approach-${i}`, name: `approach-${i}`, lanes: [i] })),
    junctions: links.map((_, i) => ({
      id: `junction-${i}`,
      name: `junction-${i}`,
      configuration: null,
      firstGroup: i,
      groupCount: 1,
    })),
    detectors: links.map((_, i) => ({ approach: i, segment: i, position: laneLengths[i]!, kind: 'stopline' as const })),
    routes: [{ name: 'through', lanes: laneLengths.map((_, i) => [i]), entryApproach: 0 }],
  });
}

/** Vehicles of one class on route 0. */
export function oneRoute(departSeconds: readonly number[], parameters: ClassParameters = car): Demand {
  const count = departSeconds.length;
  return {
    count,
    departSeconds: Float64Array.from(departSeconds),
    route: new Int32Array(count),
    vehicleClass: new Uint8Array(count),
    entryLane: new Int32Array(count).fill(-1),
    speedFactor: new Float64Array(count).fill(1),
    classes: [parameters],
  };
}

/** Sets the lamps of every junction as its local plan has them for the tick that begins at `seconds`. */
export function playLocalPlans(engine: Engine, seconds: number): void {
  for (const { configuration, firstGroup } of engine.network.junctions) {
    if (configuration !== null) playLocalPlan(configuration, firstGroup, engine.groupLamp, seconds);
  }
}

function playLocalPlan(
  configuration: JunctionConfiguration,
  firstGroup: number,
  lamps: Uint8Array,
  seconds: number,
): void {
  const { localPlan, signalGroups, stages } = configuration;
  const groupsOf = (i: number) => stages.find(({ id }) => id === localPlan[i % localPlan.length]!.stageId)!.groups;
  let cycle = 0;
  for (const stage of localPlan) cycle += stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds;
  let rest = (seconds + 1e-7) % cycle;
  let at = 0;
  for (; at < localPlan.length - 1; at++) {
    const { greenSeconds, yellowSeconds, allRedSeconds } = localPlan[at]!;
    if (rest < greenSeconds + yellowSeconds + allRedSeconds) break;
    rest -= greenSeconds + yellowSeconds + allRedSeconds;
  }
  const { greenSeconds, yellowSeconds } = localPlan[at]!;
  const ending = rest < greenSeconds ? 1 : rest < greenSeconds + yellowSeconds ? 2 : 0;
  signalGroups.forEach(({ id }, g) => {
    const lamp = groupsOf(at + 1).includes(id) ? 1 : ending;
    lamps[firstGroup + g] = groupsOf(at).includes(id) ? lamp : 0;
  });
}

interface Body {
  readonly v: number;
  readonly radius: number;
  /** Centres of circles that lie within the body, front to back: x, y, x, y, ... */
  readonly points: readonly number[];
}

/** Share of its width that a body is taken to be wide where circles stand for it: the rest is what they stick out in bends. */
const CIRCLE_SHARE = 0.45;
/** Bodies in lanes may come this near to each other and more, m: rounding. */
const TOUCHING = 1e-9;

/** Looks for two bodies in one place: along each segment, and in the plane in and around junctions. */
export class BodyChecker {
  readonly #engine: Engine;
  readonly #trails: number[][];
  readonly #pathLength: Float64Array;
  readonly #longest: number;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#trails = Array.from({ length: engine.demand.count }, () => []);
    this.#pathLength = Float64Array.from(engine.network.paths, (path) => polylineLength(path));
    this.#longest = Math.max(...engine.demand.classes.map(({ length }) => length));
  }

  /** Call after every tick. Says who and where, null where all is well. */
  check(): string | null {
    const { state, network } = this.#engine;
    const bodies: Body[] = [];
    const onSegment = new Map<number, number[]>();
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const segment = this.#follow(v);
      const others = onSegment.get(segment);
      if (others === undefined) onSegment.set(segment, [v]);
      else others.push(v);
      const isNear = segment >= network.laneCount || (state.position[v]! < 20 && this.#trails[v]!.length > 1);
      if (isNear || network.length[segment]! - state.position[v]! < 10) bodies.push(this.#body(v));
    }
    for (const vehicles of onSegment.values()) {
      vehicles.sort((a, b) => state.position[b]! - state.position[a]!);
      for (let i = 1; i < vehicles.length; i++) {
        for (let j = i - 1; j >= 0; j--) {
          const between = state.position[vehicles[j]!]! - state.position[vehicles[i]!]!;
          if (between > this.#longest) break;
          const leader = vehicles[j]!;
          if (between < this.#classOf(leader).length - TOUCHING && !this.#areAbreast(leader, vehicles[i]!))
            return `${this.#shown(leader)} and ${this.#shown(vehicles[i]!)}`;
        }
      }
    }
    for (let i = 0; i < bodies.length; i++) {
      for (let j = 0; j < i; j++) {
        if (touch(bodies[i]!, bodies[j]!)) return `${this.#shown(bodies[i]!.v)} and ${this.#shown(bodies[j]!.v)}`;
      }
    }
    return null;
  }

  /** Whether there is room between two beside each other on one segment. */
  #areAbreast(a: number, b: number): boolean {
    const { lateral } = this.#engine.state;
    if (lateral === undefined) return false;
    const apart = Math.abs(lateral[a]! - lateral[b]!);
    return apart >= (this.#classOf(a).width + this.#classOf(b).width) / 2;
  }

  /** Notes the segment that v is on. */
  #follow(v: number): number {
    const { state, network } = this.#engine;
    const trail = this.#trails[v]!;
    const segment = state.segment[v]!;
    const from = trail[trail.length - 1];
    if (from === segment) return segment;
    const { road } = network.tables!;
    if (from !== undefined && segment < network.laneCount && from < network.laneCount && road[from] !== road[segment]) {
      // A whole link within one tick.
      for (let k = network.laneCount; k < network.laneCount + network.linkCount; k++) {
        if (network.linkEnd[k] === segment && road[network.linkStart[k]!] === road[from]) {
          trail.push(k);
          break;
        }
      }
    }
    trail.push(segment);
    return segment;
  }

  #classOf(v: number): ClassParameters {
    const { demand } = this.#engine;
    return demand.classes[demand.vehicleClass[v]!]!;
  }

  #shown(v: number): string {
    const { state, network } = this.#engine;
    const at = `${network.names[state.segment[v]!]} ${state.position[v]!.toFixed(2)}`;
    const aside = state.lateral === undefined ? '' : `, ${state.lateral[v]!.toFixed(2)} m aside`;
    return `${this.#classOf(v).name} ${v} at ${at} m${aside}, ${state.speed[v]!.toFixed(2)} m/s, tick ${this.#engine.tick}`;
  }

  #body(v: number): Body {
    const { state, network } = this.#engine;
    const trail = this.#trails[v]!;
    const { length, width } = this.#classOf(v);
    const radius = CIRCLE_SHARE * width;
    const aside = state.lateral?.[v] ?? 0;
    const points: number[] = [];
    for (let back = radius; back <= length - radius; back += 0.5) {
      let i = trail.length - 1;
      let at = state.position[v]! - back;
      while (at < 0 && i > 0) at += network.length[trail[--i]!]!;
      if (at < 0) break;
      const segment = trail[i]!;
      const along = (at * this.#pathLength[segment]!) / network.length[segment]!;
      const [x, y] = pointAlong(network.paths[segment]!, along);
      const [dx, dy] = directionAlong(network.paths[segment]!, along);
      points.push(x - aside * dy, y + aside * dx);
    }
    return { v, radius, points };
  }
}

function touch(a: Body, b: Body): boolean {
  const near = (a.radius + b.radius) * (a.radius + b.radius);
  for (let i = 0; i < a.points.length; i += 2) {
    for (let j = 0; j < b.points.length; j += 2) {
      const dx = a.points[i]! - b.points[j]!;
      const dy = a.points[i + 1]! - b.points[j + 1]!;
      if (dx * dx + dy * dy > 900) return false;
      if (dx * dx + dy * dy < near) return true;
    }
  }
  return false;
}
