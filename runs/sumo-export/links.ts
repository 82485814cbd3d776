/** Links through junctions in SUMO's order, and their right of way. */
import type { Network } from '../../sim/core.ts';
import { ZONE_CROSSING, ZONE_MERGING } from '../../sim/network/assemble.ts';
import type { ExportModel, ExportNames } from './model.ts';

export interface ExportLink {
  /** Segment of the network. */
  readonly segment: number;
  /** Of its junction: position in the requests and in the signal's state. */
  readonly index: number;
  /** Group within the junction; -1: no signal governs it. */
  readonly group: number;
  readonly direction: 's' | 'l' | 'r' | 't';
  /** Indices of links and crossings of the junction that it meets, and of those that it yields to. */
  readonly foes: readonly number[];
  readonly yieldsTo: readonly number[];
}

/** A crossing of a junction: in its requests, and in the signal's state, after the links. */
export interface LinkedCrossing {
  /** Index into the model's crossings. */
  readonly crossing: number;
  readonly index: number;
  readonly group: number;
  readonly foes: readonly number[];
}

/** What passes a junction. */
export interface JunctionLinks {
  readonly links: readonly ExportLink[];
  readonly crossings: readonly LinkedCrossing[];
}

/** Per junction its links: by approach clockwise, by lane from the outside in, by turn from the outside in. */
export function linksOf(model: ExportModel, names: ExportNames): JunctionLinks[] {
  const { network } = model;
  return network.junctions.map((junction, j) => {
    const segments: number[] = [];
    for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
      if (network.linkJunction[link] === j) segments.push(link);
    }
    const side = model.isLefthand ? -1 : 1;
    const key = (link: number): readonly number[] => {
      const lane = network.linkStart[link]!;
      const { dx, dy } = direction(network.paths[lane]!, false);
      return [
        side * clockwise(-dx, -dy),
        names.edgeOfLane[lane]!,
        names.indexOfLane[lane]!,
        side * turned(network, link),
        names.indexOfLane[network.linkEnd[link]!]!,
      ];
    };
    const keyed = segments.map((segment) => ({ segment, key: key(segment) }));
    keyed.sort((a, b) => {
      for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!;
      return a.segment - b.segment;
    });
    const order = keyed.map(({ segment }) => segment);
    const crossings = model.crossings.flatMap((crossing, c) => (crossing.junction === j ? [{ ...crossing, c }] : []));
    const links = order.map((segment, index): ExportLink => {
      const foes = order.flatMap((other, k) => (k !== index && meets(network, segment, other) ? [k] : []));
      const over = crossings.flatMap((crossing, k) => (crossing.links.includes(segment) ? [order.length + k] : []));
      const rank = network.tables!.precedence;
      return {
        segment,
        index,
        group: network.linkGroup[segment]! < 0 ? -1 : network.linkGroup[segment]! - junction.firstGroup,
        direction: directionOf(network, segment),
        foes: [...foes, ...over],
        yieldsTo: [
          ...foes.filter((k) => {
            const other = order[k]!;
            // where everybody halts, everybody yields: who halted first goes
            if (model.controls[j] === 'allway_stop') return true;
            return rank[other]! > rank[segment]! || (rank[other] === rank[segment] && k < index);
          }),
          ...over,
        ],
      };
    });
    return {
      links,
      crossings: crossings.map(({ c, group, links: over }, k) => ({
        crossing: c,
        index: order.length + k,
        group,
        foes: order.flatMap((segment, index) => (over.includes(segment) ? [index] : [])),
      })),
    };
  });
}

/** Whether two links cross or lead into one lane; links from one lane only part. */
function meets(network: Network, a: number, b: number): boolean {
  if (network.linkStart[a] === network.linkStart[b]) return false;
  if (network.linkEnd[a] === network.linkEnd[b]) return true;
  const { zoneFirst, zoneFoe, zoneKind, crossFirst, crossFoe } = network.tables!;
  for (let z = zoneFirst[a]!; z < zoneFirst[a + 1]!; z++) {
    if (zoneFoe[z] === b && (zoneKind[z] === ZONE_CROSSING || zoneKind[z] === ZONE_MERGING)) return true;
  }
  for (let c = crossFirst[a]!; c < crossFirst[a + 1]!; c++) if (crossFoe[c] === b) return true;
  return false;
}

export function direction(path: Float64Array, atStart: boolean): { dx: number; dy: number } {
  const i = atStart ? 0 : path.length - 4;
  const [dx, dy] = [path[i + 2]! - path[i]!, path[i + 3]! - path[i + 1]!];
  const length = Math.hypot(dx, dy);
  return length === 0 ? { dx: 1, dy: 0 } : { dx: dx / length, dy: dy / length };
}

/** Degrees clockwise from north. */
function clockwise(x: number, y: number): number {
  return ((Math.atan2(x, y) * 180) / Math.PI + 360) % 360;
}

/** How far a link turns to the left, degrees; to the right negative. */
function turned(network: Network, link: number): number {
  const from = direction(network.paths[network.linkStart[link]!]!, false);
  const to = direction(network.paths[network.linkEnd[link]!]!, true);
  return (Math.atan2(from.dx * to.dy - from.dy * to.dx, from.dx * to.dx + from.dy * to.dy) * 180) / Math.PI;
}

function directionOf(network: Network, link: number): ExportLink['direction'] {
  const degrees = turned(network, link);
  if (Math.abs(degrees) < 45) return 's';
  if (Math.abs(degrees) > 150) return 't';
  return degrees > 0 ? 'l' : 'r';
}
