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
  const offset = new Int8Array(at);
  const reach = new Float64Array(at);
  const allowed = new Uint8Array(at);
  edgesOfRoute.forEach((edges, r) => {
    const bit = classOfRoute[r]!;
    for (let stage = edges.length - 1; stage >= 0; stage--) {
      const k = firstStage[r]! + stage;
      const count = laneCount[k]!;
      const base = first[k]!;
      for (let i = 0; i < count; i++) {
        const lane = firstLane[k]! + i;
        const entry = base + i;
        if ((rules.permissions[lane]! & bit) === 0) continue;
        allowed[entry] = 1;
        let onward = -1;
        if (stage + 1 < edges.length) {
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
          }
        }
        reach[entry] = network.length[lane]! + (onward < 0 ? 0 : Math.min(HORIZON_METRES, reach[onward]!));
      }
      chooseBest(count, base, stage + 1 === edges.length, { nextLink, offset, reach, allowed });
    }
  });
  return {
    firstStage,
    stages: Int32Array.from(edgesOfRoute, (e) => e.length),
    first,
    firstLane,
    laneCount,
    nextLink,
    offset,
    reach,
    allowed,
  };
}

/** Offsets to the nearest of the lanes that lead furthest. */
function chooseBest(
  count: number,
  base: number,
  last: boolean,
  table: Pick<RouteLanes, 'nextLink' | 'reach' | 'allowed'> & { readonly offset: Int8Array },
): void {
  const { nextLink, reach, allowed, offset } = table;
  let most = 0;
  for (let i = 0; i < count; i++) {
    if (allowed[base + i] === 1 && (last || nextLink[base + i]! >= 0) && reach[base + i]! > most)
      most = reach[base + i]!;
  }
  for (let i = 0; i < count; i++) {
    let best = 0;
    let distance = 127;
    for (let k = 0; k < count; k++) {
      const good = allowed[base + k] === 1 && (last || nextLink[base + k]! >= 0) && reach[base + k]! >= most - 0.001;
      if (good && Math.abs(k - i) < distance) {
        distance = Math.abs(k - i);
        best = k - i;
      }
    }
    offset[base + i] = best;
  }
}
