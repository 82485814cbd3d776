/** Which link a vehicle takes from each lane, worked out once per route and stage. */
import type { Network } from '../core.ts';

/** In place of a link: the route goes on, but not from this lane. */
export const DEAD_END = -2;

export interface RouteTable {
  /** Per route: cursor of its first stage. */
  readonly firstCursor: Int32Array;
  /** Per cursor (route and stage): where its row of links begins. */
  readonly row: Int32Array;
  /** row[cursor] + laneIndex[lane] gives the next link, -1 at the end of the route, DEAD_END where the lane does not lead on. */
  readonly link: Int32Array;
}

const known = new WeakMap<Network, RouteTable>();

/**
 * From a lane, among the links to a lane that leads on, the one whose end lane's index is nearest; the first listed
 * where several are. This is CityFlow's rule, and ours where lanes are not changed between junctions. Worlds of one network
 * share its table. Throws RangeError where a route uses a lane from which it cannot go on.
 */
export function routeTable(network: Network): RouteTable {
  let table = known.get(network);
  if (table === undefined) {
    table = build(network);
    known.set(network, table);
  }
  return table;
}

function build(network: Network): RouteTable {
  const { tables, routes } = network;
  if (tables === undefined) {
    throw new RangeError(
      'This network has no engine tables. Build it with sim/network (readCityFlow, networkFromScenario).',
    );
  }
  const { road, laneIndex } = tables;
  const lanesOfRoad = new Map<number, number>();
  for (let lane = 0; lane < network.laneCount; lane++) {
    lanesOfRoad.set(road[lane]!, Math.max(lanesOfRoad.get(road[lane]!) ?? 0, laneIndex[lane]! + 1));
  }
  const firstCursor = new Int32Array(routes.length);
  const row: number[] = [];
  const link: number[] = [];
  routes.forEach((route, r) => {
    firstCursor[r] = row.length;
    route.lanes.forEach((lanes, stage) => {
      if (lanes.length === 0) throw new RangeError(`Route "${route.name}" has no lane on its stage ${stage}.`);
      const base = link.length;
      row.push(base);
      for (let i = 0; i < lanesOfRoad.get(road[lanes[0]!]!)!; i++)
        link.push(route.lanes[stage + 1] === undefined ? -1 : DEAD_END);
      const onward = route.lanes[stage + 1];
      if (onward === undefined) return;
      const leading = new Set(onward);
      for (const lane of lanes) {
        let best = -1;
        for (let k = network.firstLink[lane]!; k < network.lastLink[lane]!; k++) {
          const end = network.linkEnd[k]!;
          if (!leading.has(end)) continue;
          const aside = (other: number) => Math.abs(laneIndex[network.linkEnd[other]!]! - laneIndex[lane]!);
          if (best < 0 || aside(k) < aside(best)) best = k;
        }
        if (best < 0) {
          throw new RangeError(
            `Route "${route.name}" cannot go on from lane "${network.names[lane]}" of its stage ${stage}.`,
          );
        }
        link[base + laneIndex[lane]!] = best;
      }
    });
  });
  return { firstCursor, row: Int32Array.from(row), link: Int32Array.from(link) };
}
