/** What lane changing knows beforehand: LC2013's parameters by vehicle type, edges with several lanes, links into lanes. */
import type { SumoVehicleType } from '../network/sumo/vehicle-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';

/** LC2013's parameters by vehicle type, by the core's names. SAFETY: gaps are accepted from this share of the secure one on. */
export function laneChangeColumns(types: readonly SumoVehicleType[]): Readonly<Record<string, Float64Array>> {
  const column = (name: string, otherwise: number) =>
    Float64Array.from(types, ({ modelParameters }) => modelParameters[name] ?? otherwise);
  const cooperative = column('lcCooperative', 1);
  const gain = column('lcSpeedGain', 1);
  const gainRight = column('lcSpeedGainRight', 0.1);
  const threshold = (share: (i: number) => number) =>
    gain.map((value, i) => (value <= 0 ? Number.POSITIVE_INFINITY : share(i) / value));
  return {
    STRATEGIC_FACTOR: column('lcStrategic', 1),
    COOPERATIVE_FACTOR: cooperative,
    COOPERATIVE_SPEED: Float64Array.from(types, ({ modelParameters }, i) =>
      Math.max(0, Math.min(1, modelParameters.lcCooperativeSpeed ?? cooperative[i]!)),
    ),
    KEEP_RIGHT_FACTOR: column('lcKeepRight', 1),
    LOOK_AHEAD_LEFT: column('lcLookaheadLeft', 2),
    SAFETY: column('lcAssertive', 1).map((value) => 1 / value),
    THRESHOLD_LEFT: threshold(() => 0.2),
    THRESHOLD_RIGHT: threshold((i) => 0.2 / gainRight[i]!),
    OVERTAKE_RIGHT: column('lcOvertakeRight', 0),
    OVERTAKE_DELTA_SPEED: column('lcOvertakeDeltaSpeedFactor', 0),
  };
}

/** Edges with several lanes, by pairs: first lane, one past the last. */
export function roadsWithLanes({ network }: SumoWorld): Int32Array {
  const road = network.tables!.road;
  const roads: number[] = [];
  for (let lane = 0; lane < network.laneCount; ) {
    let end = lane + 1;
    while (end < network.laneCount && road[end] === road[lane]) end++;
    if (end - lane > 1) roads.push(lane, end);
    lane = end;
  }
  return Int32Array.from(roads);
}

/** Links into lane l: LINKS_INTO[FIRST_INTO[l] .. FIRST_INTO[l + 1]). */
export function linksIntoLanes({ network }: SumoWorld): { FIRST_INTO: Int32Array; LINKS_INTO: Int32Array } {
  const { laneCount, linkCount, linkEnd } = network;
  const firstInto = new Int32Array(laneCount + 1);
  for (let link = laneCount; link < laneCount + linkCount; link++) firstInto[linkEnd[link]! + 1]!++;
  for (let lane = 0; lane < laneCount; lane++) firstInto[lane + 1]! += firstInto[lane]!;
  const linksInto = new Int32Array(linkCount);
  const next = firstInto.slice();
  for (let link = laneCount; link < laneCount + linkCount; link++) linksInto[next[linkEnd[link]!]!++] = link;
  return { FIRST_INTO: firstInto, LINKS_INTO: linksInto };
}

/**
 * 1 for segments without another one beside them: what vehicles had in mind is forgotten there. Links lie beside each
 * other where they lead from one edge to one other.
 */
export function segmentsAlone({ network }: SumoWorld): Uint8Array {
  const { laneCount, linkCount, linkStart, linkEnd, tables } = network;
  const { road } = tables!;
  const way = (s: number) => (s < laneCount ? `${road[s]}` : `${road[linkStart[s]!]}/${road[linkEnd[s]!]}`);
  const lanesOf = new Map<string, number>();
  for (let s = 0; s < laneCount + linkCount; s++) lanesOf.set(way(s), (lanesOf.get(way(s)) ?? 0) + 1);
  return Uint8Array.from({ length: laneCount + linkCount }, (_, s) => (lanesOf.get(way(s)) === 1 ? 1 : 0));
}
