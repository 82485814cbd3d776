/** Arms and movements of a peer's signalised junctions: roads that come in and go out, paired by their bearings. */
import type { Network } from '../../sim/core.ts';
import { type ImportModel, type ImportNotes, scenarioName } from './model.ts';

/** Roads in and out whose bearings differ by no more belong to one arm, degrees. */
const ONE_ARM_DEGREES = 30;

export interface ImportArm {
  readonly name: string;
  /** From the centre outwards, whole degrees clockwise from north. */
  readonly bearingDegrees: number;
  /** Road by which vehicles come (index as in the network's tables) and its lanes from the centre line outwards. */
  readonly road: number;
  readonly lanes: readonly number[];
  /** Road by which they leave, -1 for none. */
  readonly exitRoad: number;
  readonly exitLanes: readonly number[];
}

export interface ImportMovement {
  readonly name: string;
  readonly from: ImportArm;
  readonly to: ImportArm;
  /** Links (segments). */
  readonly links: readonly number[];
}

export interface ImportJunction {
  /** Index into the network's junctions. */
  readonly index: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly arms: readonly ImportArm[];
  readonly movements: readonly ImportMovement[];
}

export interface Roads {
  /** Lanes of each road, from the centre line outwards. */
  readonly lanes: ReadonlyMap<number, readonly number[]>;
  readonly nameOf: (road: number) => string;
}

/** A junction that no scenario can have. The message says why. */
export class NotRepresentable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotRepresentable';
  }
}

/** `isInnerFirst`: whether lane index 0 is nearest the centre line (CityFlow) or the outermost (SUMO). */
export function roadsOf(network: Network, isInnerFirst: boolean): Roads {
  const { road, laneIndex } = network.tables!;
  const lanes = new Map<number, number[]>();
  for (let lane = 0; lane < network.laneCount; lane++)
    lanes.set(road[lane]!, [...(lanes.get(road[lane]!) ?? []), lane]);
  for (const own of lanes.values()) {
    own.sort((a, b) => (isInnerFirst ? laneIndex[a]! - laneIndex[b]! : laneIndex[b]! - laneIndex[a]!));
  }
  return { lanes, nameOf: (own) => network.names[lanes.get(own)![0]!]!.replace(/_\d+$/, '') };
}

/** Junctions with a configuration and at least two arms; others are told of and treated as if they had no signal. */
export function junctionsOf(model: ImportModel, roads: Roads, notes: ImportNotes): ImportJunction[] {
  const { network, signals } = model;
  const taken = new Set<string>();
  return network.junctions.flatMap(({ name }, index) => {
    const links: number[] = [];
    for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
      if (network.linkJunction[link] !== index) continue;
      const group = network.linkGroup[link]!;
      if (group < 0 || model.groupsOf[index]!.includes(group)) links.push(link);
      else notes.add('links that are never green left out', network.names[link]!);
    }
    const signal = signals[index]!;
    if (signal.configuration === null) {
      notes.add(`signal left out: ${signal.reason}`, name);
      return [];
    }
    const inbound = new Set(links.map((link) => network.tables!.road[network.linkStart[link]!]!));
    if (inbound.size < 2) {
      notes.add('signal of a single approach left out: a junction has at least two', name);
      return [];
    }
    return [junctionOf(model, roads, index, links, taken, notes)];
  });
}

function junctionOf(
  model: ImportModel,
  roads: Roads,
  index: number,
  links: readonly number[],
  taken: Set<string>,
  notes: ImportNotes,
): ImportJunction {
  const { network } = model;
  const { road } = network.tables!;
  const { name } = network.junctions[index]!;
  const inbound = [...new Set(links.map((link) => road[network.linkStart[link]!]!))];
  const outbound = [...new Set(links.map((link) => road[network.linkEnd[link]!]!))];
  const comes = inbound.map((own) => bearing(network.paths[roads.lanes.get(own)![0]!]!, false));
  const goes = outbound.map((own) => bearing(network.paths[roads.lanes.get(own)![0]!]!, true));
  const pairs = inbound
    .flatMap((_, i) => outbound.map((__, o) => ({ i, o, apart: Math.abs(difference(comes[i]!, goes[o]!)) })))
    .filter(({ apart }) => apart <= ONE_ARM_DEGREES)
    .sort((a, b) => a.apart - b.apart || a.i - b.i || a.o - b.o);
  const exitOf = new Map<number, number>();
  for (const { i, o } of pairs) if (!exitOf.has(i) && ![...exitOf.values()].includes(o)) exitOf.set(i, o);
  const alone = outbound.filter((_, o) => ![...exitOf.values()].includes(o));
  if (alone.length > 0) {
    throw new NotRepresentable(
      `signal ${name}: nobody comes from where ${alone.map(roads.nameOf).join(' and ')} ${alone.length === 1 ? 'leads' : 'lead'}; in a scenario every arm has inbound lanes`,
    );
  }
  const armNames = new Set<string>();
  const arms = inbound.map((own, i): ImportArm => {
    const exit = exitOf.get(i);
    return {
      name: scenarioName(roads.nameOf(own), armNames),
      bearingDegrees: Math.round(comes[i]! * 10) / 10,
      road: own,
      lanes: roads.lanes.get(own)!.filter((lane) => links.some((link) => network.linkStart[link] === lane)),
      exitRoad: exit === undefined ? -1 : outbound[exit]!,
      exitLanes: exit === undefined ? [] : roads.lanes.get(outbound[exit]!)!,
    };
  });
  for (const arm of arms) {
    if (arm.lanes.length < roads.lanes.get(arm.road)!.length)
      notes.add('lanes from which nothing leads on left out', roads.nameOf(arm.road));
  }
  const byWay = new Map<string, { from: ImportArm; to: ImportArm; links: number[] }>();
  for (const link of links) {
    const from = arms.find((arm) => arm.road === road[network.linkStart[link]!])!;
    const to = arms.find((arm) => arm.exitRoad === road[network.linkEnd[link]!])!;
    const key = `${from.name}>${to.name}`;
    const way = byWay.get(key) ?? { from, to, links: [] };
    way.links.push(link);
    byWay.set(key, way);
  }
  const movementNames = new Set<string>();
  const movements = [...byWay.values()].map(({ from, to, links: own }): ImportMovement => {
    const long = `${from.name}-to-${to.name}`;
    return {
      name: scenarioName(
        long.length <= 44 ? long : `${from.name.slice(0, 20)}-to-${to.name.slice(0, 18)}`,
        movementNames,
      ),
      from,
      to,
      links: own,
    };
  });
  const [x, y] = middle(network, links);
  return { index, name: scenarioName(name, taken), x, y, arms, movements };
}

function middle(network: Network, links: readonly number[]): [number, number] {
  let [x, y, count] = [0, 0, 0];
  for (const lane of new Set(links.map((link) => network.linkStart[link]!))) {
    const path = network.paths[lane]!;
    x += path[path.length - 2]!;
    y += path[path.length - 1]!;
    count++;
  }
  for (const lane of new Set(links.map((link) => network.linkEnd[link]!))) {
    x += network.paths[lane]![0]!;
    y += network.paths[lane]![1]!;
    count++;
  }
  return [x / count, y / count];
}

/** From the junction outwards, degrees clockwise from north. */
function bearing(path: Float64Array, isOut: boolean): number {
  const i = isOut ? 0 : path.length - 4;
  const [dx, dy] = [path[i + 2]! - path[i]!, path[i + 3]! - path[i + 1]!];
  const sign = isOut ? 1 : -1;
  return ((Math.atan2(sign * dx, sign * dy) * 180) / Math.PI + 360) % 360;
}

function difference(a: number, b: number): number {
  return ((a - b + 540) % 360) - 180;
}
