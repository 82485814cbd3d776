/** Where the next signal of a vehicle's route is, and how far. */
import type { SumoNet } from '../../sim/network/sumo/net-types.ts';
import type { SignalLane, SumoSignal } from './signals.ts';

/** The next signal from the end of an edge of a route on. */
export interface NextSignal {
  /** Index into the signals. */
  readonly signal: number;
  /** The edge that ends there, and the one that follows it on the route; indices into the net's edges. */
  readonly edge: number;
  readonly toEdge: number;
  /** Lanes from which the route goes on, as indices into the signal's lanes; the group that each obeys. */
  readonly lanes: readonly number[];
  readonly groups: readonly number[];
  /** From the end of the route's edge to the stop line; 0 where it is that edge. */
  readonly metres: number;
}

export interface RouteAhead {
  /** Indices into the net's edges; -1 for one that it does not know. */
  readonly edges: readonly number[];
  /** By position in the route; null: no signal within reach. */
  readonly next: readonly (NextSignal | null)[];
  /** By position: metres inside the junction from this edge to the following. */
  readonly insideMetres: readonly number[];
}

/** Works out routes once, and keeps them. */
export class Routes {
  private readonly net: SumoNet;
  private readonly reachMetres: number;
  private readonly known = new Map<string, RouteAhead>();
  private readonly lanesOfEdge = new Map<number, { signal: number; lanes: { index: number; lane: SignalLane }[] }>();

  constructor(net: SumoNet, signals: readonly SumoSignal[], reachMetres: number) {
    this.net = net;
    this.reachMetres = reachMetres;
    signals.forEach(({ lanes }, signal) => {
      lanes.forEach((lane, index) => {
        const own = this.lanesOfEdge.get(lane.edge);
        if (own === undefined) this.lanesOfEdge.set(lane.edge, { signal, lanes: [{ index, lane }] });
        else if (own.signal === signal) own.lanes.push({ index, lane });
      });
    });
  }

  of(edgeIds: readonly string[]): RouteAhead {
    const key = edgeIds.join(' ');
    let route = this.known.get(key);
    if (route === undefined) {
      route = this.make(edgeIds.map((id) => this.net.edgeIndex.get(id) ?? -1));
      this.known.set(key, route);
    }
    return route;
  }

  private make(edges: readonly number[]): RouteAhead {
    const insideMetres = edges.map((edge, i) => this.inside(edge, edges[i + 1] ?? -1));
    const next: (NextSignal | null)[] = edges.map(() => null);
    for (let i = edges.length - 2; i >= 0; i--) {
      const here = this.at(edges[i]!, edges[i + 1]!);
      if (here !== null) {
        next[i] = here;
        continue;
      }
      const after = next[i + 1];
      const following = edges[i + 1]!;
      if (after == null || following < 0) continue;
      const metres = insideMetres[i]! + this.lengthOf(following) + after.metres;
      next[i] = metres <= this.reachMetres ? { ...after, metres } : null;
    }
    return { edges, next, insideMetres };
  }

  private at(edge: number, toEdge: number): NextSignal | null {
    const own = this.lanesOfEdge.get(edge);
    if (own === undefined) return null;
    const leading = own.lanes.filter(({ lane }) => lane.groupsTo.has(toEdge));
    if (leading.length === 0) return null;
    return {
      signal: own.signal,
      edge,
      toEdge,
      lanes: leading.map(({ index }) => index),
      groups: leading.map(({ lane }) => lane.groupsTo.get(toEdge)![0]!),
      metres: 0,
    };
  }

  private lengthOf(edge: number): number {
    return this.net.lanes[this.net.edges[edge]!.lanes[0]!]!.length;
  }

  private inside(edge: number, toEdge: number): number {
    if (edge < 0 || toEdge < 0) return 0;
    for (const lane of this.net.edges[edge]!.lanes) {
      for (const c of this.net.connectionsOf[lane]!) {
        const { toLane, via } = this.net.connections[c]!;
        if (this.net.lanes[toLane]!.edge !== toEdge) continue;
        let metres = 0;
        for (let at = via, hops = 0; at >= 0 && hops < 8; hops++) {
          metres += this.net.lanes[at]!.length;
          at = this.net.connectionsOf[at]!.map((k) => this.net.connections[k]!.via).find((k) => k >= 0) ?? -1;
        }
        return metres;
      }
    }
    return 0;
  }
}
