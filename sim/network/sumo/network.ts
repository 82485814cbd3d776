/** Turns a SUMO network and the demand on it into the engine's arrays and into the rules of its junctions. */
import type { Network, RoutePlan } from '../../core.ts';
import { assembleNetwork, type LaneDraft, type LinkDraft } from '../assemble.ts';
import type { SumoDemand } from './demand.ts';
import type { SumoConnection, SumoJunction, SumoNet, SumoProgram } from './net-types.ts';
import { classBit } from './permissions.ts';
import { internalLanes } from './routing.ts';
import { buildRules, type LinkSource, type SumoRules } from './rules.ts';

/** A signal of the file: its groups are the link indices. */
export interface SumoSignal {
  readonly id: string;
  readonly firstGroup: number;
  readonly groupCount: number;
  /** The active program: the last of the file. */
  readonly program: SumoProgram;
}

export interface SumoWorld {
  /** One junction a signal; lanes are those of normal edges, links the connections between them. */
  readonly network: Network;
  readonly rules: SumoRules;
  readonly signals: readonly SumoSignal[];
  /** Route (index into `network.routes`) of each departure: its edges for its vehicle class. */
  readonly routeOfDeparture: Int32Array;
  /** Edges of the network's routes, as indices into `net.edges`. */
  readonly edgesOfRoute: readonly (readonly number[])[];
  /** Vehicle class bit of each of the network's routes. */
  readonly classOfRoute: Int32Array;
  /** First lane segment of each edge, -1 for edges that are none of the network's. */
  readonly firstLaneOfEdge: Int32Array;
}

/**
 * Builds network and rules. Names of lanes are the file's; a link is named after its first internal lane, or, where
 * there is none, `FROM_TO_TO` after its lanes.
 */
export function sumoNetwork(net: SumoNet, demand: SumoDemand): SumoWorld {
  const segmentOfLane = new Int32Array(net.lanes.length).fill(-1);
  const firstLaneOfEdge = new Int32Array(net.edges.length).fill(-1);
  const signals = signalsOf(net);
  const signalIndex = new Map(signals.map((signal, index) => [signal.id, index]));
  const { approaches, approachOfEdge } = approachesOf(net, signalIndex);
  const lanes: LaneDraft[] = [];
  net.edges.forEach((edge, e) => {
    if (edge.function !== 'normal') return;
    firstLaneOfEdge[e] = lanes.length;
    for (const lane of edge.lanes) {
      const { id, length, speed, shape, index } = net.lanes[lane]!;
      segmentOfLane[lane] = lanes.length;
      const approach = approachOfEdge[e]!;
      if (approach >= 0) approaches[approach]!.lanes.push(lanes.length);
      lanes.push({
        name: id,
        lengthMetres: length,
        speedLimit: speed,
        path: shape,
        road: e,
        laneIndex: index,
        approach,
      });
    }
  });
  const junctionOfLink = requestsOfLinks(net);
  const sources: LinkSource[] = [];
  const links: LinkDraft[] = [];
  net.connections.forEach((connection, c) => {
    const startLane = segmentOfLane[connection.fromLane]!;
    const endLane = segmentOfLane[connection.toLane]!;
    if (startLane < 0 || endLane < 0) return;
    const inside = internalLanes(net, connection);
    const signal = connection.tl === null ? -1 : signalIndex.get(connection.tl)!;
    links.push(linkDraft(net, connection, inside, startLane, endLane, signal, signals));
    sources.push({ connection, inside, ...junctionOfLink[c]! });
  });
  const routes = routesOf(net, demand, segmentOfLane, approachOfEdge);
  const network = assembleNetwork({
    lanes,
    links,
    crosses: [],
    zones: [],
    approaches,
    junctions: signals.map(({ id, firstGroup, groupCount }) => ({
      id,
      name: id,
      configuration: null,
      firstGroup,
      groupCount,
    })),
    detectors: [],
    routes: routes.plans,
  });
  return { network, rules: buildRules(net, network, links, sources), signals, firstLaneOfEdge, ...routes };
}

function signalsOf(net: SumoNet): SumoSignal[] {
  let firstGroup = 0;
  return [...net.programs].map(([id, programs]) => {
    const program = programs.at(-1)!;
    const signal = { id, firstGroup, groupCount: program.phases[0]!.state.length, program };
    firstGroup += signal.groupCount;
    return signal;
  });
}

interface ApproachDraft {
  readonly junction: number;
  readonly id: string;
  readonly name: string;
  readonly lanes: number[];
}

/** Edges whose connections a signal governs. */
function approachesOf(net: SumoNet, signalIndex: ReadonlyMap<string, number>) {
  const approaches: ApproachDraft[] = [];
  const approachOfEdge = new Int32Array(net.edges.length).fill(-1);
  for (const connection of net.connections) {
    const { edge } = net.lanes[connection.fromLane]!;
    if (connection.tl === null || approachOfEdge[edge]! >= 0 || net.edges[edge]!.function !== 'normal') continue;
    approachOfEdge[edge] = approaches.length;
    const { id } = net.edges[edge]!;
    approaches.push({ junction: signalIndex.get(connection.tl)!, id, name: id, lanes: [] });
  }
  return { approaches, approachOfEdge };
}

/** SUMO has no rank among greens; 3 for straight on, 2 for left and 1 for right serve drawings and reports. */
const PRECEDENCE: Readonly<Record<string, number>> = { s: 3, l: 2, L: 2, t: 2, T: 2, r: 1, R: 1, i: 1 };

function linkDraft(
  net: SumoNet,
  connection: SumoConnection,
  inside: readonly number[],
  startLane: number,
  endLane: number,
  signal: number,
  signals: readonly SumoSignal[],
): LinkDraft {
  const from = net.lanes[connection.fromLane]!;
  const to = net.lanes[connection.toLane]!;
  const parts = inside.map((lane) => net.lanes[lane]!);
  const points = parts.flatMap((part, i) => [...(i === 0 ? part.shape : part.shape.subarray(2))]);
  const [x, y] = [from.shape.at(-2)!, from.shape.at(-1)!];
  return {
    name: parts[0]?.id ?? `${from.id}_TO_${to.id}`,
    lengthMetres: parts.reduce((sum, part) => sum + part.length, 0),
    speedLimit: parts.length > 0 ? Math.min(...parts.map((part) => part.speed)) : to.speed,
    path: parts.length > 0 ? Float64Array.from(points) : Float64Array.of(x, y, to.shape[0]!, to.shape[1]!),
    startLane,
    endLane,
    group: signal < 0 ? -1 : signals[signal]!.firstGroup + connection.linkIndex,
    junction: signal,
    precedence: PRECEDENCE[connection.dir] ?? 1,
  };
}

interface LinkRequest {
  junction: number;
  request: number;
}
const requestsKnown = new WeakMap<SumoNet, readonly LinkRequest[]>();

/** Junction and request index of each connection, -1 where it has none. */
export function requestsOfLinks(net: SumoNet): readonly LinkRequest[] {
  let known = requestsKnown.get(net);
  if (known === undefined) {
    known = findRequests(net);
    requestsKnown.set(net, known);
  }
  return known;
}

function findRequests(net: SumoNet): LinkRequest[] {
  const found = net.connections.map(() => ({ junction: -1, request: -1 }));
  net.junctions.forEach((junction: SumoJunction, j) => {
    if (junction.type === 'internal') return;
    const byInternalLane = new Map(junction.internalLanes.map((lane, index) => [lane, index]));
    let next = 0;
    for (const lane of junction.incomingLanes) {
      if (net.edges[net.lanes[lane]!.edge]!.function !== 'normal') continue;
      for (const c of net.connectionsOf[lane]!) {
        const last = internalLanes(net, net.connections[c]!).at(-1) ?? -1;
        found[c] = { junction: j, request: byInternalLane.get(last) ?? next };
        next++;
      }
    }
  });
  return found;
}

function routesOf(net: SumoNet, demand: SumoDemand, segmentOfLane: Int32Array, approachOfEdge: Int32Array) {
  const plans: RoutePlan[] = [];
  const edgesOfRoute: (readonly number[])[] = [];
  const classes: number[] = [];
  const index = new Map<string, number>();
  const routeOfDeparture = Int32Array.from(demand.departures, (departure) => {
    const type = demand.types[departure.type]!;
    const key = `${departure.route}/${type.vClass}`;
    let route = index.get(key);
    if (route === undefined) {
      route = plans.length;
      index.set(key, route);
      const edges = demand.routes[departure.route]!;
      const bit = classBit(type.vClass);
      plans.push(planOf(net, edges, bit, segmentOfLane, approachOfEdge));
      edgesOfRoute.push(edges);
      classes.push(bit);
    }
    return route;
  });
  return { plans, routeOfDeparture, edgesOfRoute, classOfRoute: Int32Array.from(classes) };
}

function planOf(
  net: SumoNet,
  edges: readonly number[],
  bit: number,
  segmentOfLane: Int32Array,
  approachOfEdge: Int32Array,
): RoutePlan {
  const lanes = edges.map((edge, i) => {
    const usable = net.edges[edge]!.lanes.filter((lane) => (net.lanes[lane]!.permissions & bit) !== 0);
    const leading = usable.filter(
      (lane) =>
        i + 1 === edges.length ||
        net.connectionsOf[lane]!.some((c) => {
          const { toLane, permissions } = net.connections[c]!;
          const to = net.lanes[toLane]!;
          return to.edge === edges[i + 1] && (to.permissions & permissions & bit) !== 0;
        }),
    );
    return leading.map((lane) => segmentOfLane[lane]!);
  });
  const [first, last] = [net.edges[edges[0]!]!.id, net.edges[edges[edges.length - 1]!]!.id];
  return { name: `${first}->${last}`, lanes, entryApproach: approachOfEdge[edges[0]!]! };
}
