/** Which junctions of a network send traffic to which. */
import type { Feeder } from '../../junction/types.ts';
import type { Network } from '../core.ts';

/** From a stop line through the junction and up to speed, beyond the drive at the limit, seconds. */
const CROSSING_SECONDS = 2;

/**
 * By junction: those whose links lead onto the roads to its stop lines. `groupId` names a group of a junction by its index
 * there; undefined: strategies do not know it. A group is one way, as in CityFlow's files.
 */
export function feedersOf(
  network: Network,
  groupId: (junction: number, group: number) => string | undefined,
): Feeder[][] {
  const { approaches, junctions, approachOf, linkStart, linkEnd, linkGroup, linkJunction, length, speedLimit } =
    network;
  const groupsFrom = approaches.map(() => new Map<number, Set<string>>());
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    const approach = approachOf[linkEnd[link]!]!;
    const junction = linkJunction[link]!;
    if (approach < 0 || junction < 0 || approachOf[linkStart[link]!]! < 0) continue;
    const id = groupId(junction, linkGroup[link]! - junctions[junction]!.firstGroup);
    if (id === undefined) continue;
    const own = groupsFrom[approach]!;
    if (!own.has(junction)) own.set(junction, new Set());
    own.get(junction)!.add(id);
  }
  const feeders: Feeder[][] = junctions.map(() => []);
  approaches.forEach(({ junction, name, lanes }, a) => {
    const metres = length[lanes[0]!]!;
    for (const [other, groups] of groupsFrom[a]!) {
      feeders[junction]!.push({
        approach: name,
        junctionId: junctions[other]!.id,
        groups: [...groups].map((id) => ({ id, share: 1 })),
        metres,
        lanes: lanes.length,
        seconds: metres / speedLimit[lanes[0]!]! + CROSSING_SECONDS,
      });
    }
  });
  return feeders;
}
