/** For every stage of every route and every lane of that stage's edge: where it leads, and how far one gets on it. */
import type { SumoNet } from '../network/sumo/net-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';

/**
 * Entries of (route, stage) begin at `first[firstStage[route] + stage]`, one a lane of the edge, rightmost first.
 */
export interface RouteLanes {
  readonly firstStage: Int32Array;
  readonly stages: Int32Array;
  readonly first: Int32Array;
  /** Per stage: first lane segment of its edge, and the number of its lanes. */
  readonly firstLane: Int32Array;
  readonly laneCount: Int32Array;
  /** Link to take from the lane, -1 where it does not lead on (also on the last edge). */
  readonly nextLink: Int32Array;
  /** Entry of that link's end, -1 for none. */
  readonly nextEntry: Int32Array;
  /** Lanes to change to reach the nearest best lane; negative is to the right. */
  readonly offset: Int8Array;
  /** Metres from the begin of the lane that one gets without changing lanes. */
  readonly reach: Float64Array;
  /** 1 where the class may use the lane. */
  readonly allowed: Uint8Array;
}

/** How far ahead lanes are compared, m. */
const HORIZON_METRES = 3000;

export function buildRouteLanes(world: SumoWorld, net: SumoNet): RouteLanes {
  const { network, rules, edgesOfRoute, classOfRoute, firstLaneOfEdge } = world;
  const firstStage = new Int32Array(edgesOfRoute.length + 1);
  edgesOfRoute.forEach((edges, r) => {
    firstStage[r + 1] = firstStage[r]! + edges.length;
  });
  const stageCount = firstStage[edgesOfRoute.length]!;
  const first = new Int32Array(stageCount + 1);
  const firstLane = new Int32Array(stageCount);
  const laneCount = new Int32Array(stageCount);
  let at = 0;
  edgesOfRoute.forEach((edges, r) => {
    edges.forEach((edge, stage) => {
      const k = firstStage[r]! + stage;
      firstLane[k] = firstLaneOfEdge[edge]!;
      laneCount[k] = net.edges[edge]!.lanes.length;
      first[k] = at;
      at += laneCount[k]!;
    });
  });
  first[stageCount] = at;
  const nextLink = new Int32Array(at).fill(-1);
  const nextEntry = new Int32Array(at).fill(-1);
  const offset = new Int8Array(at);
  const reach = new Float64Array(at);
  const allowed = new Uint8Array(at);
  edgesOfRoute.forEach((edges, r) => {
    const bit = classOfRoute[r]!;
    for (let stage = edges.length - 1; stage >= 0; stage--) {
      const k = firstStage[r]! + stage;
      const last = stage + 1 === edges.length;
      for (let i = 0; i < laneCount[k]!; i++) {
        if ((rules.permissions[firstLane[k]! + i]! & bit) !== 0) allowed[first[k]! + i] = 1;
      }
      const [connected, most] = last
        ? [-1, 0]
        : lengthsAhead(world, k, bit, { first, firstLane, laneCount, allowed, reach });
      for (let i = 0; i < laneCount[k]!; i++) {
        const lane = firstLane[k]! + i;
        const entry = first[k]! + i;
        if (allowed[entry] === 0) continue;
        reach[entry] = network.length[lane]!;
        if (last) continue;
        let onward = -1;
        for (let link = network.firstLink[lane]!; link < network.lastLink[lane]!; link++) {
          const to = network.linkEnd[link]! - firstLane[k + 1]!;
          if (to < 0 || to >= laneCount[k + 1]! || (rules.permissions[link]! & bit) === 0) continue;
          const next = first[k + 1]! + to;
          if (allowed[next] === 0) continue;
          const better =
            onward < 0 ||
            reach[next]! > reach[onward]! ||
            (reach[next] === reach[onward] && Math.abs(offset[next]!) < Math.abs(offset[onward]!));
          if (!better) continue;
          onward = next;
          nextLink[entry] = link;
          nextEntry[entry] = next;
        }
        if (onward < 0) continue;
        // one change away from the best lane is as good as on it
        const far = reach[onward] === connected && Math.abs(offset[onward]!) < 2 ? most : reach[onward]!;
        reach[entry]! += Math.min(HORIZON_METRES, far);
        offset[entry] = offset[onward]!;
      }
      chooseBest(laneCount[k]!, first[k]!, last, { nextLink, offset, reach, allowed });
    }
  });
  return {
    firstStage,
    stages: Int32Array.from(edgesOfRoute, (e) => e.length),
    first,
    firstLane,
    laneCount,
    nextLink,
    nextEntry,
    offset,
    reach,
    allowed,
  };
}

/** The most metres of the next edge's lanes that one gets to from edge `k`, and of all its lanes. */
function lengthsAhead(
  world: SumoWorld,
  k: number,
  bit: number,
  table: Pick<RouteLanes, 'first' | 'firstLane' | 'laneCount' | 'allowed' | 'reach'>,
): [number, number] {
  const { network, rules } = world;
  const { first, firstLane, laneCount, allowed, reach } = table;
  let connected = -1;
  let most = -1;
  for (let i = 0; i < laneCount[k + 1]!; i++) most = Math.max(most, reach[first[k + 1]! + i]!);
  for (let i = 0; i < laneCount[k]!; i++) {
    const lane = firstLane[k]! + i;
    for (let link = network.firstLink[lane]!; link < network.lastLink[lane]!; link++) {
      const to = network.linkEnd[link]! - firstLane[k + 1]!;
      if (to < 0 || to >= laneCount[k + 1]! || (rules.permissions[link]! & bit) === 0) continue;
      const next = first[k + 1]! + to;
      if (allowed[next] === 1) connected = Math.max(connected, reach[next]!);
    }
  }
  return [connected, most];
}

/** Offsets to the nearest of the best lanes: those that lead furthest, with the fewest changes to come. */
function chooseBest(
  count: number,
  base: number,
  last: boolean,
  table: Pick<RouteLanes, 'nextLink' | 'reach' | 'allowed'> & { readonly offset: Int8Array },
): void {
  const { nextLink, reach, allowed, offset } = table;
  const leads = (i: number) => allowed[base + i] === 1 && (last || nextLink[base + i]! >= 0);
  let best = -1;
  for (let i = 0; i < count; i++) {
    if (!leads(i)) continue;
    const [here, there] = [base + i, base + best];
    if (
      best < 0 ||
      reach[here]! > reach[there]! ||
      (reach[here] === reach[there] && Math.abs(offset[here]!) < Math.abs(offset[there]!))
    ) {
      best = i;
    }
  }
  if (best < 0) return;
  const [most, changes] = [reach[base + best]!, Math.abs(offset[base + best]!)];
  const good = Array.from({ length: count }, (_, i) => {
    return leads(i) && reach[base + i] === most && Math.abs(offset[base + i]!) === changes;
  });
  for (let i = 0; i < count; i++) {
    let nearest = 127;
    for (let k = 0; k < count; k++) if (good[k] && Math.abs(k - i) < Math.abs(nearest)) nearest = k - i;
    offset[base + i] = nearest;
  }
}
