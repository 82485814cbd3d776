/** How vehicles of a peer's demand pass the junctions: as flows where they enter, and as turn shares further on. */
import type { Network } from '../../sim/core.ts';
import type { ImportArm, ImportJunction, ImportMovement } from './ground.ts';
import type { ImportModel, ImportNotes } from './model.ts';

/** Roads without a signal between two junctions that are followed, at most. */
const MOST_ROADS_BETWEEN = 50;

export interface Pass {
  readonly junction: ImportJunction;
  readonly movement: ImportMovement;
  /** Metres driven and seconds taken at the limit, from the begin of the route. */
  readonly seconds: number;
}

/** By `{junction}/{arm}` of the approach: the junction and arm whose exit feeds it, its lanes, and metres between. */
export type Feeds = ReadonlyMap<
  string,
  { readonly junction: ImportJunction; readonly arm: ImportArm; readonly lanes: number; readonly metres: number }
>;

/** Which exit leads, by roads that do not branch, to which approach. */
export function feedsOf(model: ImportModel, junctions: readonly ImportJunction[], notes: ImportNotes): Feeds {
  const { network } = model;
  const next = onward(network, junctions);
  const feeds = new Map<string, { junction: ImportJunction; arm: ImportArm; lanes: number; metres: number }>();
  for (const junction of junctions) {
    for (const arm of junction.arms) {
      let road = arm.exitRoad;
      let metres = 0;
      for (let k = 0; road >= 0 && k < MOST_ROADS_BETWEEN; k++) {
        metres += lengthOf(network, road);
        const here = road;
        const target = junctions.flatMap((other) =>
          other.arms.filter((own) => own.road === here).map((own) => ({ other, own })),
        )[0];
        if (target !== undefined) {
          if (target.other !== junction && target.own.lanes.length <= 8)
            feeds.set(`${target.other.name}/${target.own.name}`, {
              junction,
              arm,
              lanes: target.own.lanes.length,
              metres,
            });
          break;
        }
        const ways = next.get(road) ?? [];
        if (ways.length > 1)
          notes.add(
            'road that branches without a signal: what comes by it enters anew behind',
            network.names[arm.exitLanes[0]!]!,
          );
        road = ways.length === 1 ? ways[0]! : -1;
      }
    }
  }
  return feeds;
}

/** By road, where links without a signal of `junctions` lead. */
function onward(network: Network, junctions: readonly ImportJunction[]): Map<number, number[]> {
  const { road } = network.tables!;
  const known = new Set(junctions.map(({ index }) => index));
  const next = new Map<number, number[]>();
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    if (known.has(network.linkJunction[link]!)) continue;
    const [from, to] = [road[network.linkStart[link]!]!, road[network.linkEnd[link]!]!];
    const list = next.get(from) ?? [];
    if (!list.includes(to)) next.set(from, [...list, to]);
  }
  return next;
}

export function lengthOf(network: Network, road: number): number {
  for (let lane = 0; lane < network.laneCount; lane++)
    if (network.tables!.road[lane] === road) return network.length[lane]!;
  return 0;
}

/** Vehicles that begin between two junctions would be lost; beyond this share of an approach's its road is cut. */
const MOST_LOST_SHARE = 0.02;

export function isFed(before: Pass | undefined, pass: Pass, feeds: Feeds): boolean {
  const feed = feeds.get(`${pass.junction.name}/${pass.movement.from.name}`);
  return before !== undefined && feed?.junction === before.junction && feed.arm === before.movement.to;
}

/** Without the roads on which too many vehicles begin: what comes by them enters anew at the next junction. */
export function cutFeeds(
  model: ImportModel,
  passes: readonly (readonly Pass[])[],
  feeds: Feeds,
  notes: ImportNotes,
): Feeds {
  const counts = new Map<string, { all: number; begun: number }>();
  const { demand } = model;
  for (let v = 0; v < demand.count; v++) {
    const own = passes[demand.route[v]!]!;
    own.forEach((pass, k) => {
      const key = `${pass.junction.name}/${pass.movement.from.name}`;
      if (!feeds.has(key)) return;
      const count = counts.get(key) ?? { all: 0, begun: 0 };
      count.all++;
      if (!isFed(own[k - 1], pass, feeds)) count.begun++;
      counts.set(key, count);
    });
  }
  return new Map(
    [...feeds].filter(([key]) => {
      const { all, begun } = counts.get(key) ?? { all: 0, begun: 0 };
      if (begun <= all * MOST_LOST_SHARE) return true;
      notes.add(
        'roads between junctions on which vehicles begin are cut: all that come by them enter anew behind, at the time of free flow',
        key,
      );
      return false;
    }),
  );
}

/** The passes of each route of the network. */
export function passesOf(model: ImportModel, junctions: readonly ImportJunction[]): Pass[][] {
  const { network } = model;
  const { road } = network.tables!;
  const byWay = new Map<string, { junction: ImportJunction; movement: ImportMovement }>();
  for (const junction of junctions) {
    for (const movement of junction.movements)
      byWay.set(`${movement.from.road}>${movement.to.exitRoad}`, { junction, movement });
  }
  return network.routes.map((route) => {
    const passes: Pass[] = [];
    let seconds = 0;
    for (let k = 0; k + 1 < route.lanes.length; k++) {
      const lane = route.lanes[k]![0]!;
      seconds += network.length[lane]! / network.speedLimit[lane]!;
      const found = byWay.get(`${road[lane]}>${road[route.lanes[k + 1]![0]!]}`);
      if (found !== undefined) passes.push({ ...found, seconds });
    }
    return passes;
  });
}

/** An approach goes on over the road before it where at least this share of its vehicles comes from there. */
const MAIN_SHARE = 0.95;

/**
 * Metres of an approach: its road and the roads before it by which nearly all come, up to where that is no longer so or
 * to the exit of another of the junctions.
 */
export function approachMetres(
  model: ImportModel,
  junctions: readonly ImportJunction[],
  arm: ImportArm,
  notes: ImportNotes,
): number {
  const { network } = model;
  const ends = new Set(junctions.flatMap(({ arms }) => arms.flatMap((own) => [own.road, own.exitRoad])));
  let last = arm.road;
  let metres = lengthOf(network, last);
  for (let k = 0; k < MOST_ROADS_BETWEEN; k++) {
    const before = mainRoadBefore(model, last);
    if (before === null || ends.has(before.road)) break;
    metres += lengthOf(network, before.road) + before.linkMetres;
    last = before.road;
    if (before.share < 1)
      notes.add('vehicles that join an approach from the side begin further up', network.names[arm.lanes[0]!]!);
  }
  return metres;
}

/** The road by which nearly all vehicles come onto a road, and metres of the link between. */
function mainRoadBefore(
  { network, demand }: ImportModel,
  last: number,
): { readonly road: number; readonly linkMetres: number; readonly share: number } | null {
  const { road } = network.tables!;
  const counts = new Map<number, number>();
  let all = 0;
  for (let v = 0; v < demand.count; v++) {
    const { lanes } = network.routes[demand.route[v]!]!;
    const at = lanes.findIndex(([lane]) => road[lane!] === last);
    if (at < 0) continue;
    all++;
    if (at === 0) continue;
    const from = road[lanes[at - 1]![0]!]!;
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  for (const [from, count] of counts) {
    if (count < MAIN_SHARE * all) continue;
    for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
      if (road[network.linkStart[link]!] === from && road[network.linkEnd[link]!] === last)
        return { road: from, linkMetres: network.length[link]!, share: count / all };
    }
  }
  return null;
}
