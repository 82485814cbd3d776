/** Puts lanes, links and conflicts into the flat arrays of a `Network`. */
import {
  type BusStop,
  type DetectorPlace,
  type EngineTables,
  GOES_ON,
  type Network,
  type NetworkApproach,
  type RoutePlan,
} from '../core.ts';

export interface LaneDraft {
  readonly name: string;
  readonly lengthMetres: number;
  readonly speedLimit: number;
  readonly path: Float64Array;
  readonly road: number;
  readonly laneIndex: number;
  /** Approach index, -1 where it ends at no stop line. */
  readonly approach: number;
  /** Metres; absent where it is not known. */
  readonly widthMetres?: number;
}

export interface LinkDraft {
  readonly name: string;
  readonly lengthMetres: number;
  readonly speedLimit: number;
  readonly path: Float64Array;
  readonly startLane: number;
  readonly endLane: number;
  /** Global signal group, -1 where no signal governs it. */
  readonly group: number;
  /** Junction, -1 for a link that only joins two roads. */
  readonly junction: number;
  readonly precedence: number;
  /** `GOES_ON` by default. */
  readonly atLine?: number;
}

/** Where the centre lines of links a and b (draft indices) meet first. */
export interface CrossDraft {
  readonly a: number;
  readonly b: number;
  readonly distanceOnA: number;
  readonly distanceOnB: number;
}

/** A stretch that vehicles on a and b cannot occupy together. */
export interface ZoneDraft {
  readonly a: number;
  readonly b: number;
  readonly kind: number;
  readonly startOnA: number;
  readonly endOnA: number;
  readonly startOnB: number;
  readonly endOnB: number;
}

export const ZONE_CROSSING = 0;
export const ZONE_MERGING = 1;
export const ZONE_LEAVING = 2;

export interface NetworkDraft {
  readonly lanes: readonly LaneDraft[];
  readonly links: readonly LinkDraft[];
  readonly crosses: readonly CrossDraft[];
  readonly zones: readonly ZoneDraft[];
  readonly approaches: readonly NetworkApproach[];
  readonly junctions: Network['junctions'];
  readonly detectors: readonly DetectorPlace[];
  readonly routes: readonly RoutePlan[];
  readonly kerbSide?: 1 | -1;
  readonly busStops?: readonly BusStop[];
}

/** Builds the arrays. Links keep the draft's order within each start lane. */
export function assembleNetwork(draft: NetworkDraft): Network {
  const { lanes, links } = draft;
  const laneCount = lanes.length;
  const linkCount = links.length;
  const count = laneCount + linkCount;
  const order = links.map((_, index) => index).sort((a, b) => links[a]!.startLane - links[b]!.startLane || a - b);
  const segmentOf = new Int32Array(linkCount);
  order.forEach((index, place) => {
    segmentOf[index] = laneCount + place;
  });

  const length = new Float64Array(count);
  const speedLimit = new Float64Array(count);
  const firstLink = new Int32Array(count);
  const lastLink = new Int32Array(count);
  const linkStart = new Int32Array(count).fill(-1);
  const linkEnd = new Int32Array(count).fill(-1);
  const linkGroup = new Int32Array(count).fill(-1);
  const linkJunction = new Int32Array(count).fill(-1);
  const approachOf = new Int32Array(count).fill(-1);
  const road = new Int32Array(count).fill(-1);
  const laneIndex = new Int32Array(count);
  const precedence = new Uint8Array(count);
  const atLine = new Uint8Array(count);
  const paths: Float64Array[] = [];
  const names: string[] = [];

  lanes.forEach((lane, segment) => {
    length[segment] = lane.lengthMetres;
    speedLimit[segment] = lane.speedLimit;
    approachOf[segment] = lane.approach;
    road[segment] = lane.road;
    laneIndex[segment] = lane.laneIndex;
    paths.push(lane.path);
    names.push(lane.name);
  });
  order.forEach((index, place) => {
    const link = links[index]!;
    const segment = laneCount + place;
    length[segment] = link.lengthMetres;
    speedLimit[segment] = link.speedLimit;
    linkStart[segment] = link.startLane;
    linkEnd[segment] = link.endLane;
    linkGroup[segment] = link.group;
    linkJunction[segment] = link.junction;
    precedence[segment] = link.precedence;
    atLine[segment] = link.atLine ?? GOES_ON;
    paths.push(link.path);
    names.push(link.name);
  });
  for (let place = 0, lane = 0; lane < laneCount; lane++) {
    firstLink[lane] = laneCount + place;
    while (place < linkCount && links[order[place]!]!.startLane === lane) place++;
    lastLink[lane] = laneCount + place;
  }

  const tables: EngineTables = {
    road,
    laneIndex,
    precedence,
    ...(atLine.some((asked) => asked !== GOES_ON) && { atLine }),
    laneWidth: Float64Array.from(lanes, ({ widthMetres }) => widthMetres ?? 0),
    kerbSide: draft.kerbSide ?? -1,
    busStops: draft.busStops ?? [],
    ...crossTables(draft.crosses, segmentOf, count),
    ...zoneTables(draft.zones, segmentOf, count),
  };
  return {
    laneCount,
    linkCount,
    length,
    speedLimit,
    firstLink,
    lastLink,
    linkStart,
    linkEnd,
    linkGroup,
    linkJunction,
    approachOf,
    paths,
    names,
    approaches: draft.approaches,
    junctions: draft.junctions,
    detectors: draft.detectors,
    routes: draft.routes,
    tables,
  };
}

interface Sided {
  readonly own: number;
  readonly foe: number;
  readonly key: number;
}

/** Groups entries by own segment, each group by key and else in the given order; returns them with the range table. */
function bySegment<T extends Sided>(entries: readonly T[], count: number): { first: Int32Array; sorted: readonly T[] } {
  const place = new Map<T, number>();
  entries.forEach((entry, index) => {
    place.set(entry, index);
  });
  const sorted = [...entries].sort((p, q) => p.own - q.own || p.key - q.key || place.get(p)! - place.get(q)!);
  const first = new Int32Array(count + 1);
  for (const entry of sorted) first[entry.own + 1]!++;
  for (let i = 0; i < count; i++) first[i + 1]! += first[i]!;
  return { first, sorted };
}

function crossTables(crosses: readonly CrossDraft[], segmentOf: Int32Array, count: number) {
  const { first, sorted } = bySegment(
    crosses.flatMap(({ a, b, distanceOnA, distanceOnB }) => [
      { own: segmentOf[a]!, foe: segmentOf[b]!, key: distanceOnA, foeKey: distanceOnB },
      { own: segmentOf[b]!, foe: segmentOf[a]!, key: distanceOnB, foeKey: distanceOnA },
    ]),
    count,
  );
  return {
    crossFirst: first,
    crossDistance: Float64Array.from(sorted, (entry) => entry.key),
    crossFoe: Int32Array.from(sorted, (entry) => entry.foe),
    crossFoeDistance: Float64Array.from(sorted, (entry) => entry.foeKey),
  };
}

function zoneTables(zones: readonly ZoneDraft[], segmentOf: Int32Array, count: number) {
  const { first, sorted } = bySegment(
    zones.flatMap((zone) => [
      {
        own: segmentOf[zone.a]!,
        foe: segmentOf[zone.b]!,
        key: zone.startOnA,
        end: zone.endOnA,
        foeStart: zone.startOnB,
        foeEnd: zone.endOnB,
        kind: zone.kind,
      },
      {
        own: segmentOf[zone.b]!,
        foe: segmentOf[zone.a]!,
        key: zone.startOnB,
        end: zone.endOnB,
        foeStart: zone.startOnA,
        foeEnd: zone.endOnA,
        kind: zone.kind,
      },
    ]),
    count,
  );
  return {
    zoneFirst: first,
    zoneStart: Float64Array.from(sorted, (entry) => entry.key),
    zoneEnd: Float64Array.from(sorted, (entry) => entry.end),
    zoneFoe: Int32Array.from(sorted, (entry) => entry.foe),
    zoneFoeStart: Float64Array.from(sorted, (entry) => entry.foeStart),
    zoneFoeEnd: Float64Array.from(sorted, (entry) => entry.foeEnd),
    zoneKind: Uint8Array.from(sorted, (entry) => entry.kind),
  };
}
