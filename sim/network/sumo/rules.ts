/** The right of way of a SUMO network's links, as flat arrays by segment. */
import type { Network } from '../../core.ts';
import type { LinkDraft } from '../assemble.ts';
import type { SumoConnection, SumoNet } from './net-types.ts';
import { ALL_CLASSES } from './permissions.ts';

/**
 * Lists of a segment are ranges: entry i of segment s lies in [first[s], first[s + 1]). Lanes have no entries. A link
 * with two internal lanes is one segment; `waitAt` is where the first of them ends.
 */
export interface SumoRules {
  /** Bits of the vehicle classes let in, lanes and links. */
  readonly permissions: Int32Array;
  /** Conflicting links, in the order of the file's foes. */
  readonly foeFirst: Int32Array;
  readonly foe: Int32Array;
  /** 1 where this link yields to that one. */
  readonly foeYields: Uint8Array;
  /** 1 where a vehicle that waits inside this link yields to those who come along that one. */
  readonly foeYieldsInside: Uint8Array;
  /** Metres along this link, and along the foe, to where their centre lines meet; NaN where they do not. */
  readonly foeCrossing: Float64Array;
  readonly foeCrossingOther: Float64Array;
  /** 1 where both lead into the same lane. */
  readonly foeMerges: Uint8Array;
  /** Links: 1 where vehicles may wait inside; metres along the link at which they do (its whole length without). */
  readonly cont: Uint8Array;
  readonly waitAt: Float64Array;
  /** The link's own state without a signal, as a character code: M m = s w Z and so on; 0 for lanes. */
  readonly state: Uint8Array;
  readonly keepClear: Uint8Array;
  /** 1 where it never yields (`pass`, `uncontrolled`). */
  readonly pass: Uint8Array;
  /** Index of the junction in the file and of the link in its requests, -1 for none. */
  readonly junction: Int32Array;
  readonly request: Int32Array;
}

export interface LinkSource {
  readonly connection: SumoConnection;
  readonly inside: readonly number[];
  readonly junction: number;
  readonly request: number;
}

/** Rules of `links` (drafts, in the order of `sources`) as they lie in `network`. */
export function buildRules(
  net: SumoNet,
  network: Network,
  links: readonly LinkDraft[],
  sources: readonly LinkSource[],
): SumoRules {
  const count = network.laneCount + network.linkCount;
  const segmentOf = segmentsOf(network, links);
  const draftOf = new Int32Array(count).fill(-1);
  segmentOf.forEach((segment, draft) => {
    draftOf[segment] = draft;
  });
  const byRequest = new Map<string, number>();
  sources.forEach(({ junction, request }, draft) => {
    if (request >= 0) byRequest.set(`${junction}/${request}`, draft);
  });
  const permissions = new Int32Array(count).fill(ALL_CLASSES);
  let laneSegment = 0;
  for (const edge of net.edges) {
    if (edge.function !== 'normal') continue;
    for (const lane of edge.lanes) permissions[laneSegment++] = net.lanes[lane]!.permissions;
  }
  const rules = {
    permissions,
    cont: new Uint8Array(count),
    waitAt: Float64Array.from(network.length),
    state: new Uint8Array(count),
    keepClear: new Uint8Array(count),
    pass: new Uint8Array(count),
    junction: new Int32Array(count).fill(-1),
    request: new Int32Array(count).fill(-1),
  };
  const foeFirst = new Int32Array(count + 1);
  const foe: number[] = [];
  const foeYields: number[] = [];
  const foeYieldsInside: number[] = [];
  const foeMerges: number[] = [];
  const foeCrossing: number[] = [];
  const foeCrossingOther: number[] = [];
  for (let segment = 0; segment < count; segment++) {
    const draft = draftOf[segment]!;
    if (draft >= 0) {
      const { connection, inside, junction, request } = sources[draft]!;
      const given = junction >= 0 ? net.junctions[junction]!.requests[request] : undefined;
      permissions[segment] = connection.permissions;
      rules.state[segment] = connection.state.charCodeAt(0);
      rules.keepClear[segment] = connection.keepClear ? 1 : 0;
      rules.pass[segment] = connection.pass || connection.uncontrolled ? 1 : 0;
      rules.junction[segment] = junction;
      rules.request[segment] = request;
      rules.cont[segment] = inside.length > 1 ? 1 : 0;
      if (inside.length > 1) rules.waitAt[segment] = net.lanes[inside[0]!]!.length;
      const waiting = waitingPlace(net, inside);
      for (const index of given?.foes ?? []) {
        const other = byRequest.get(`${junction}/${index}`);
        if (other === undefined || other === draft) continue;
        const otherSegment = segmentOf[other]!;
        const meeting = meetingOf(network, segment, otherSegment);
        foe.push(otherSegment);
        foeYields.push(given!.yieldsTo.includes(index) ? 1 : 0);
        const from = sources[other]!.connection.fromLane;
        const yieldsInside = given!.yieldsTo.includes(index) && (waiting === null || waiting.includes(from));
        foeYieldsInside.push(yieldsInside ? 1 : 0);
        foeMerges.push(network.linkEnd[segment] === network.linkEnd[otherSegment] ? 1 : 0);
        foeCrossing.push(meeting[0]);
        foeCrossingOther.push(meeting[1]);
      }
    }
    foeFirst[segment + 1] = foe.length;
  }
  return {
    ...rules,
    foeFirst,
    foe: Int32Array.from(foe),
    foeYields: Uint8Array.from(foeYields),
    foeYieldsInside: Uint8Array.from(foeYieldsInside),
    foeMerges: Uint8Array.from(foeMerges),
    foeCrossing: Float64Array.from(foeCrossing),
    foeCrossingOther: Float64Array.from(foeCrossingOther),
  };
}

/** Lanes that a vehicle waiting inside heeds, by the file's junction of type internal; null where there is none. */
function waitingPlace(net: SumoNet, inside: readonly number[]): readonly number[] | null {
  if (inside.length < 2) return null;
  const place = net.junctionIndex.get(net.lanes[inside[1]!]!.id);
  return place === undefined ? null : net.junctions[place]!.incomingLanes;
}

/** Segment of each draft: links are sorted by start lane and else keep their order. */
function segmentsOf(network: Network, links: readonly LinkDraft[]): Int32Array {
  const next = Int32Array.from(network.firstLink);
  return Int32Array.from(links, (link) => next[link.startLane]!++);
}

/**
 * Where two links meet: for links into the same lane their ends, else the first point where the centre lines cross, in
 * metres along each (scaled where the file's length is not that of the shape); NaN, NaN where they do not cross.
 */
function meetingOf(network: Network, a: number, b: number): [number, number] {
  if (network.linkEnd[a] === network.linkEnd[b]) return [network.length[a]!, network.length[b]!];
  const p = network.paths[a]!;
  const q = network.paths[b]!;
  let before = 0;
  for (let i = 0; i + 3 < p.length; i += 2) {
    let beforeOther = 0;
    const [ax, ay, dx, dy] = [p[i]!, p[i + 1]!, p[i + 2]! - p[i]!, p[i + 3]! - p[i + 1]!];
    const own = Math.sqrt(dx * dx + dy * dy);
    for (let k = 0; k + 3 < q.length; k += 2) {
      const [bx, by, ex, ey] = [q[k]!, q[k + 1]!, q[k + 2]! - q[k]!, q[k + 3]! - q[k + 1]!];
      const other = Math.sqrt(ex * ex + ey * ey);
      const cross = dx * ey - dy * ex;
      if (cross !== 0) {
        const u = ((bx - ax) * ey - (by - ay) * ex) / cross;
        const w = ((bx - ax) * dy - (by - ay) * dx) / cross;
        if (u >= 0 && u <= 1 && w >= 0 && w <= 1) {
          return [scaled(network, a, before + u * own), scaled(network, b, beforeOther + w * other)];
        }
      }
      beforeOther += other;
    }
    before += own;
  }
  return [Number.NaN, Number.NaN];
}

function scaled(network: Network, segment: number, distance: number): number {
  const path = network.paths[segment]!;
  let length = 0;
  for (let i = 0; i + 3 < path.length; i += 2) {
    const [dx, dy] = [path[i + 2]! - path[i]!, path[i + 3]! - path[i + 1]!];
    length += Math.sqrt(dx * dx + dy * dy);
  }
  return length > 0 ? (distance * network.length[segment]!) / length : 0;
}
