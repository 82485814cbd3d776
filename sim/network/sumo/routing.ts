/** Shortest routes through a SUMO network by free-flow travel time, for trips. */
import type { SumoConnection, SumoNet } from './net-types.ts';

/** SUMO's `weights.minor-penalty`: seconds that a link without priority and without a signal costs. */
const MINOR_PENALTY_SECONDS = 1.5;

interface Arc {
  /** Edge it leads to. */
  readonly to: number;
  readonly permissions: number;
  /** Length (m) and limit (m/s) of each internal lane on the way. */
  readonly inside: readonly (readonly [number, number])[];
  readonly penaltySeconds: number;
}

/** Who is routed. */
export interface Traveller {
  /** Bit of the vehicle class. */
  readonly classBit: number;
  readonly maxSpeed: number;
  readonly speedFactor: number;
}

/** Finds routes; made once for a network. */
export class SumoRouter {
  private readonly net: SumoNet;
  private readonly arcs: readonly (readonly Arc[])[];
  private readonly permissionsOf: Int32Array;
  private readonly cost: Float64Array;
  private readonly from: Int32Array;
  private readonly round: Int32Array;
  private readonly done: Int32Array;
  private rounds = 0;

  constructor(net: SumoNet) {
    this.net = net;
    this.permissionsOf = Int32Array.from(net.edges, (edge) =>
      edge.lanes.reduce((bits, lane) => bits | net.lanes[lane]!.permissions, 0),
    );
    const arcs: Arc[][] = net.edges.map(() => []);
    for (const connection of net.connections) {
      const from = net.lanes[connection.fromLane]!;
      const to = net.lanes[connection.toLane]!;
      if (net.edges[from.edge]!.function !== 'normal' || net.edges[to.edge]!.function !== 'normal') continue;
      arcs[from.edge]!.push({
        to: to.edge,
        permissions: from.permissions & to.permissions & connection.permissions,
        inside: insideOf(net, connection),
        penaltySeconds: connection.tl === null && 'm=swaZ'.includes(connection.state) ? MINOR_PENALTY_SECONDS : 0,
      });
    }
    this.arcs = arcs;
    this.cost = new Float64Array(net.edges.length);
    this.from = new Int32Array(net.edges.length);
    this.round = new Int32Array(net.edges.length).fill(-1);
    this.done = new Int32Array(net.edges.length).fill(-1);
  }

  /** Whether a traveller may use any lane of the edge. */
  mayUse(edge: number, traveller: Traveller): boolean {
    return (this.permissionsOf[edge]! & traveller.classBit) !== 0;
  }

  /** Whether a connection for the traveller leads from one edge to the other. */
  connected(from: number, to: number, traveller: Traveller): boolean {
    return this.arcs[from]!.some((arc) => arc.to === to && (arc.permissions & traveller.classBit) !== 0);
  }

  /**
   * Edges from `from` to `to`, both included, with the least travel time at free flow; among equals the one whose last
   * differing edge comes first in the file. Null where there is no way.
   */
  route(from: number, to: number, traveller: Traveller): number[] | null {
    if (!this.mayUse(from, traveller) || !this.mayUse(to, traveller)) return null;
    const round = ++this.rounds;
    const heap = new EdgeHeap(this.cost);
    this.cost[from] = this.edgeSeconds(from, traveller);
    this.from[from] = -1;
    this.round[from] = round;
    heap.push(from);
    for (let edge = heap.pop(); edge >= 0; edge = heap.pop()) {
      if (this.done[edge] === round) continue;
      this.done[edge] = round;
      if (edge === to) break;
      for (const arc of this.arcs[edge]!) {
        if ((arc.permissions & traveller.classBit) === 0 || this.done[arc.to] === round) continue;
        const seconds = this.cost[edge]! + this.arcSeconds(arc, traveller) + this.edgeSeconds(arc.to, traveller);
        const seen = this.round[arc.to] === round;
        if (seen && (seconds > this.cost[arc.to]! || (seconds === this.cost[arc.to]! && edge >= this.from[arc.to]!)))
          continue;
        this.round[arc.to] = round;
        this.cost[arc.to] = seconds;
        this.from[arc.to] = edge;
        heap.push(arc.to);
      }
    }
    if (this.done[to] !== round) return null;
    const edges: number[] = [];
    for (let edge = to; edge >= 0; edge = this.from[edge]!) edges.push(edge);
    return edges.reverse();
  }

  private edgeSeconds(edge: number, traveller: Traveller): number {
    const lane = this.net.lanes[this.net.edges[edge]!.lanes[0]!]!;
    return lane.length / Math.min(traveller.maxSpeed, lane.speed * traveller.speedFactor);
  }

  private arcSeconds(arc: Arc, traveller: Traveller): number {
    let seconds = arc.penaltySeconds;
    for (const [length, speed] of arc.inside)
      seconds += length / Math.min(traveller.maxSpeed, speed * traveller.speedFactor);
    return seconds;
  }
}

function insideOf(net: SumoNet, connection: SumoConnection): (readonly [number, number])[] {
  return internalLanes(net, connection).map((lane) => [net.lanes[lane]!.length, net.lanes[lane]!.speed] as const);
}

/** Internal lanes that a connection leads through, in order; a loop of `via` ends it. */
export function internalLanes(net: SumoNet, connection: SumoConnection): number[] {
  const lanes: number[] = [];
  let via = connection.via;
  while (via >= 0 && !lanes.includes(via)) {
    lanes.push(via);
    via = net.connections[net.connectionsOf[via]![0] ?? -1]?.via ?? -1;
  }
  return lanes;
}

/** Edges by cost, then by index: a binary heap. Entries may be outdated; whoever pops must check. */
class EdgeHeap {
  private readonly cost: Float64Array;
  private readonly keys: number[] = [];
  private readonly edges: number[] = [];

  constructor(cost: Float64Array) {
    this.cost = cost;
  }

  private before(i: number, j: number): boolean {
    return this.keys[i]! < this.keys[j]! || (this.keys[i] === this.keys[j] && this.edges[i]! < this.edges[j]!);
  }

  private swap(i: number, j: number): void {
    [this.keys[i], this.keys[j]] = [this.keys[j]!, this.keys[i]!];
    [this.edges[i], this.edges[j]] = [this.edges[j]!, this.edges[i]!];
  }

  push(edge: number): void {
    let i = this.edges.length;
    this.keys.push(this.cost[edge]!);
    this.edges.push(edge);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(i, parent)) return;
      this.swap(i, parent);
      i = parent;
    }
  }

  /** The cheapest edge, or -1. */
  pop(): number {
    if (this.edges.length === 0) return -1;
    const top = this.edges[0]!;
    const key = this.keys.pop()!;
    const edge = this.edges.pop()!;
    if (this.edges.length > 0) {
      this.keys[0] = key;
      this.edges[0] = edge;
      for (let i = 0; ; ) {
        let least = i;
        if (2 * i + 1 < this.edges.length && this.before(2 * i + 1, least)) least = 2 * i + 1;
        if (2 * i + 2 < this.edges.length && this.before(2 * i + 2, least)) least = 2 * i + 2;
        if (least === i) break;
        this.swap(i, least);
        i = least;
      }
    }
    return top;
  }
}
