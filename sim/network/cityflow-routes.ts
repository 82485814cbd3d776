/** Routes of a CityFlow flow file: anchors joined by the shortest way, ties broken as CityFlow's heap breaks them. */
import type { CityFlowRoadNet } from './cityflow-roads.ts';

export interface RoadGraph {
  /** Per road: roads it leads to, in the order of the intersection's `roads`. */
  readonly next: readonly (readonly number[])[];
  /** Per road: mean length of its lanes, metres. */
  readonly meanLength: Float64Array;
}

/** Which road leads to which. */
export function roadGraph(net: CityFlowRoadNet): RoadGraph {
  const reached = net.roads.map(() => new Set<number>());
  for (const intersection of net.intersections) {
    for (const link of intersection.roadLinks) {
      if (link.laneLinks.length > 0) reached[link.startRoad]!.add(link.endRoad);
    }
  }
  const next = net.roads.map((road, i) =>
    net.intersections[road.endIntersection]!.roads.filter((other) => reached[i]!.has(other)),
  );
  const meanLength = Float64Array.from(net.roads, (road) => {
    let sum = 0;
    for (const lane of road.lanes) sum += lane.length;
    return sum / road.lanes.length;
  });
  return { next, meanLength };
}

/** A binary min-heap whose order among equals is that of C++'s `push_heap` and `pop_heap`. */
class TieKeepingHeap {
  private readonly roads: number[] = [];
  private readonly keys: number[] = [];
  get size(): number {
    return this.roads.length;
  }
  push(road: number, key: number): void {
    this.roads.push(road);
    this.keys.push(key);
    this.rise(this.roads.length - 1, road, key);
  }
  pop(): number {
    const top = this.roads[0]!;
    const road = this.roads.pop()!;
    const key = this.keys.pop()!;
    const count = this.roads.length;
    if (count === 0) return top;
    let hole = 0;
    let child = 0;
    while (child < (count - 1) >> 1) {
      child = 2 * (child + 1);
      if (this.keys[child]! > this.keys[child - 1]!) child--;
      this.set(hole, this.roads[child]!, this.keys[child]!);
      hole = child;
    }
    if ((count & 1) === 0 && child === (count - 2) >> 1) {
      child = 2 * (child + 1);
      this.set(hole, this.roads[child - 1]!, this.keys[child - 1]!);
      hole = child - 1;
    }
    this.rise(hole, road, key);
    return top;
  }
  private rise(from: number, road: number, key: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!(this.keys[parent]! > key)) break;
      this.set(hole, this.roads[parent]!, this.keys[parent]!);
      hole = parent;
    }
    this.set(hole, road, key);
  }
  private set(place: number, road: number, key: number): void {
    this.roads[place] = road;
    this.keys[place] = key;
  }
}

/** Shortest way from `start` to `end` by mean lane length, without `start`; null where there is none. */
export function shortestWay(graph: RoadGraph, start: number, end: number): readonly number[] | null {
  const distance = new Map<number, number>([[start, 0]]);
  const from = new Map<number, number>();
  const done = new Set<number>();
  const heap = new TieKeepingHeap();
  heap.push(start, 0);
  while (heap.size > 0) {
    const road = heap.pop();
    if (road === end) {
      const way = [end];
      for (let at = from.get(end); at !== undefined && at !== start; at = from.get(at)) way.push(at);
      return way.reverse();
    }
    if (done.has(road)) continue;
    done.add(road);
    for (const other of graph.next[road]!) {
      const along = distance.get(road)! + graph.meanLength[other]!;
      const known = distance.get(other);
      if (known !== undefined && along >= known) continue;
      from.set(other, road);
      distance.set(other, along);
      heap.push(other, along);
    }
  }
  return null;
}

/**
 * The roads that a vehicle with these anchors drives; null where CityFlow drops the vehicle (a single road, or an
 * anchor that cannot be reached). `ways` remembers what was found.
 */
export function expandRoute(
  graph: RoadGraph,
  anchors: readonly number[],
  ways: Map<string, readonly number[] | null>,
): readonly number[] | null {
  const route = [anchors[0]!];
  for (let i = 1; i < anchors.length; i++) {
    const start = anchors[i - 1]!;
    const end = anchors[i]!;
    if (start === end) continue;
    const key = `${start} ${end}`;
    let way = ways.get(key);
    if (way === undefined) {
      way = shortestWay(graph, start, end);
      ways.set(key, way);
    }
    if (way === null) return null;
    route.push(...way);
  }
  return route.length > 1 ? route : null;
}
