/**
 * Where people cross: each crossing as a line from kerb to kerb, and where the links of vehicles run over it. On the line
 * a link takes a *strip* (metres from the first kerb), on the link the crossing takes a *stretch* (metres from its start).
 */
import type { Scenario, ScenarioCrossing } from '../../scenarios/types.ts';
import type { LinkStretches, Network } from '../core.ts';
import { samplePolyline } from '../network/polyline.ts';

/** Half the width of the widest vehicle where lanes are not wider, and room between it and a person, m. */
const HALF_BODY = 1.25;
const SIDE_ROOM = 0.5;
/** Room between a vehicle's ends and a crossing that is in use, m. */
const END_ROOM = 0.5;
const SPACING = 0.25;

/** A crossing; coordinates in scenario metres. */
export interface Crossing {
  readonly junction: number;
  /** Name of the arm. */
  readonly approach: string;
  /** As results name it: the arm, with the junction's name before it where there are several junctions. */
  readonly name: string;
  /** Signal group, in the network's numbering and in the junction's configuration. */
  readonly group: number;
  readonly groupId: string;
  readonly button: boolean;
  readonly width: number;
  /** From kerb to kerb, m. */
  readonly length: number;
  /** First kerb, and unit vector to the other. Clockwise seen from the junction's centre. */
  readonly x: number;
  readonly y: number;
  readonly alongX: number;
  readonly alongY: number;
}

/** Strips of a crossing are `[first[c], first[c + 1])`; entry k is stretch k of `stretches`. */
export interface CrossingNetwork {
  readonly crossings: readonly Crossing[];
  readonly first: Int32Array;
  readonly stripFrom: Float64Array;
  readonly stripTo: Float64Array;
  readonly stretches: LinkStretches;
  /** Link of each stretch. */
  readonly link: Int32Array;
}

/** The crossings of a scenario; null where it has none. `network` is the one made from it. */
export function crossingsOf(scenario: Scenario, network: Network): CrossingNetwork | null {
  const crossings = scenario.junctions.flatMap((junction, j) =>
    junction.crossings.map((crossing): Crossing => {
      const group = junction.configuration.signalGroups.findIndex(({ id }) => id === crossing.group);
      return {
        junction: j,
        approach: crossing.approach,
        name: scenario.junctions.length > 1 ? `${junction.name}/${crossing.approach}` : crossing.approach,
        group: network.junctions[j]!.firstGroup + group,
        groupId: crossing.group,
        button: crossing.button === true,
        width: crossing.widthMetres,
        ...lineOf(crossing),
      };
    }),
  );
  if (crossings.length === 0) return null;
  const found = crossings.map((crossing) => stripsOn(crossing, network));
  const first = new Int32Array(crossings.length + 1);
  found.forEach((strips, c) => {
    first[c + 1] = first[c]! + strips.length;
  });
  const strips = found.flat();
  return {
    crossings,
    first,
    stripFrom: Float64Array.from(strips, (strip) => strip.from),
    stripTo: Float64Array.from(strips, (strip) => strip.to),
    stretches: stretchesOf(strips, network),
    link: Int32Array.from(strips, (strip) => strip.link),
  };
}

/** From the middle of one short side of the outline to that of the other. */
function lineOf({ outline, approach }: ScenarioCrossing) {
  const [a, b, c, d] = outline;
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new RangeError(`The crossing of ${approach} has an outline of ${outline.length} points; at least 4.`);
  const x = (a.x + d.x) / 2;
  const y = (a.y + d.y) / 2;
  const dx = (b.x + c.x) / 2 - x;
  const dy = (b.y + c.y) / 2 - y;
  const length = Math.sqrt(dx * dx + dy * dy);
  if (!(length > 0)) throw new RangeError(`The crossing of ${approach} has length 0.`);
  return { x, y, length, alongX: dx / length, alongY: dy / length };
}

interface Strip {
  readonly link: number;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** Every link that runs over the crossing. */
function stripsOn(crossing: Crossing, network: Network): Strip[] {
  const { laneCount, linkCount, linkJunction, linkStart, linkEnd, length } = network;
  const laneWidth = network.tables?.laneWidth;
  const strips: Strip[] = [];
  for (let link = laneCount; link < laneCount + linkCount; link++) {
    if (linkJunction[link] !== crossing.junction) continue;
    const path = samplePolyline(network.paths[link]!, SPACING);
    // Two-wheelers use the width of their lane.
    const width = Math.max(laneWidth?.[linkStart[link]!] ?? 0, laneWidth?.[linkEnd[link]!] ?? 0);
    const half = Math.max(HALF_BODY, width / 2) + SIDE_ROOM;
    const scale = length[link]! / path.at[path.at.length - 1]!;
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < path.at.length; i++) {
      const dx = path.x[i]! - crossing.x;
      const dy = path.y[i]! - crossing.y;
      const along = dx * crossing.alongX + dy * crossing.alongY;
      const across = dx * crossing.alongY - dy * crossing.alongX;
      if (Math.abs(across) > crossing.width / 2 + END_ROOM) continue;
      if (along < -half || along > crossing.length + half) continue;
      from = Math.min(from, along - half);
      to = Math.max(to, along + half);
      start = Math.min(start, path.at[i]! * scale);
      end = Math.max(end, path.at[i]! * scale);
    }
    if (end < start || to <= 0 || from >= crossing.length) continue;
    strips.push({
      link,
      from,
      to,
      start: Math.max(0, start - SPACING),
      end: Math.min(length[link]!, end + SPACING),
    });
  }
  return strips;
}

function stretchesOf(strips: readonly Strip[], network: Network): LinkStretches {
  const segments = network.laneCount + network.linkCount;
  const first = new Int32Array(segments + 1);
  for (const { link } of strips) first[link + 1]!++;
  for (let s = 0; s < segments; s++) first[s + 1]! += first[s]!;
  const list = new Int32Array(strips.length);
  const fill = first.slice();
  strips.forEach(({ link }, k) => {
    list[fill[link]!++] = k;
  });
  return {
    first,
    list,
    start: Float64Array.from(strips, (strip) => strip.start),
    end: Float64Array.from(strips, (strip) => strip.end),
    arrival: new Float64Array(strips.length).fill(Number.POSITIVE_INFINITY),
    heldBy: new Int32Array(strips.length).fill(-1),
  };
}
