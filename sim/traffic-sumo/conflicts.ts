/**
 * Where the lanes inside junctions conflict. A link is one lane inside its junction, or two where vehicles may wait
 * inside: its parts, 0 and 1. Part p of link l has the number 2 (l - laneCount) + p.
 */

import type { SumoNet } from '../network/sumo/net-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import { internalLanes } from '../network/sumo/routing.ts';
import {
  endDistance,
  headingDifference,
  lastCrossing,
  lengthOf,
  metresTogether,
  reversed,
  startDistance,
} from './polylines.ts';

/** Entries of part p are [first[p], first[p + 1]). */
export interface Conflicts {
  readonly first: Int32Array;
  readonly foeLink: Int32Array;
  readonly foePart: Uint8Array;
  /** Metres from the begin of the conflict to the end of the part, own and the foe's. */
  readonly behind: Float64Array;
  readonly foeBehind: Float64Array;
  /** How long the conflict is along the part, own and the foe's, m; 0 where lanes merge or part. */
  readonly size: Float64Array;
  readonly foeSize: Float64Array;
  /** 1 where both end in the same lane; where both begin at the same lane; where the foe's part is one to wait in. */
  readonly merges: Uint8Array;
  readonly parts: Uint8Array;
  readonly foeWaits: Uint8Array;
  /** 1 where the link yields to the foe's; where the foe's link yields to it. */
  readonly yields: Uint8Array;
  readonly foeYields: Uint8Array;
  /** Metres of each part. */
  readonly length: Float64Array;
  /** Radius of links that turn, but to the right, m; 0 for all others. By link - laneCount. */
  readonly radius: Float64Array;
  /**
   * Links whose vehicles one heeds who waits inside link l: [insideFirst[l], insideFirst[l + 1]), and whether they lead
   * into the same lane.
   */
  readonly insideFirst: Int32Array;
  readonly insideFoe: Int32Array;
  readonly insideMerges: Uint8Array;
}

/** Least distance of parting and merging lanes from each other, m, and half of their widths. */
const APART = 2.5;

interface Part {
  readonly link: number;
  readonly part: number;
  readonly lane: number;
}

export function buildConflicts(world: SumoWorld, net: SumoNet): Conflicts {
  return new ConflictDraft(world, net).build();
}

class ConflictDraft {
  private readonly world: SumoWorld;
  private readonly net: SumoNet;
  /** Lanes inside, by link. */
  private readonly inside: number[][];
  private readonly partOfLane = new Map<number, Part>();
  private readonly byRequest = new Map<string, number>();
  private readonly columns = {
    foeLink: [] as number[],
    foePart: [] as number[],
    behind: [] as number[],
    foeBehind: [] as number[],
    size: [] as number[],
    foeSize: [] as number[],
    merges: [] as number[],
    parts: [] as number[],
    foeWaits: [] as number[],
    yields: [] as number[],
    foeYields: [] as number[],
  };

  constructor(world: SumoWorld, net: SumoNet) {
    this.world = world;
    this.net = net;
    const { laneCount, linkCount, names } = world.network;
    const byVia = new Map(net.connections.map((connection) => [connection.via, connection]));
    this.inside = Array.from({ length: linkCount }, (_, i) => {
      const lane = net.laneIndex.get(names[laneCount + i]!);
      const connection = lane === undefined ? undefined : byVia.get(lane);
      return connection === undefined ? [] : internalLanes(net, connection).slice(0, 2);
    });
    this.inside.forEach((lanes, i) => {
      const link = laneCount + i;
      lanes.forEach((lane, part) => {
        this.partOfLane.set(lane, { link, part, lane });
      });
      if (world.rules.request[link]! >= 0) {
        this.byRequest.set(`${world.rules.junction[link]}/${world.rules.request[link]}`, link);
      }
    });
  }

  build(): Conflicts {
    const { laneCount, linkCount } = this.world.network;
    const first = new Int32Array(2 * linkCount + 1);
    const length = new Float64Array(2 * linkCount);
    for (let i = 0; i < linkCount; i++) {
      const lanes = this.inside[i]!;
      const link = laneCount + i;
      for (let part = 0; part < 2; part++) {
        const lane = lanes[part];
        if (lane !== undefined) {
          length[2 * i + part] = this.net.lanes[lane]!.length;
          this.addPart({ link, part, lane }, lanes.length > 1);
        } else if (part === 0) length[2 * i] = this.world.network.length[link]!;
        first[2 * i + part + 1] = this.columns.foeLink.length;
      }
    }
    const { columns } = this;
    return {
      first,
      foeLink: Int32Array.from(columns.foeLink),
      foePart: Uint8Array.from(columns.foePart),
      behind: Float64Array.from(columns.behind),
      foeBehind: Float64Array.from(columns.foeBehind),
      size: Float64Array.from(columns.size),
      foeSize: Float64Array.from(columns.foeSize),
      merges: Uint8Array.from(columns.merges),
      parts: Uint8Array.from(columns.parts),
      foeWaits: Uint8Array.from(columns.foeWaits),
      yields: Uint8Array.from(columns.yields),
      foeYields: Uint8Array.from(columns.foeYields),
      length,
      radius: Float64Array.from(this.inside, (lanes, i) => this.radiusOf(laneCount + i, lanes)),
      ...this.insideFoes(),
    };
  }

  /** Where the file has a place to wait inside, its own lists hold, whatever the junction's say. */
  private insideFoes(): Pick<Conflicts, 'insideFirst' | 'insideFoe' | 'insideMerges'> {
    const { rules, network } = this.world;
    const segments = network.laneCount + network.linkCount;
    const insideFirst = new Int32Array(segments + 1);
    const foes: number[] = [];
    const { lanes, junctions, junctionIndex } = this.net;
    for (let link = 0; link < segments; link++) {
      const second = this.inside[link - network.laneCount]?.[1];
      if (second !== undefined) {
        const index = junctionIndex.get(lanes[second]!.id);
        if (index === undefined) {
          for (let e = rules.foeFirst[link]!; e < rules.foeFirst[link + 1]!; e++) {
            if (rules.foeYields[e] === 1) foes.push(rules.foe[e]!);
          }
        } else {
          const place = junctions[index]!;
          const listed = new Set(place.internalLanes);
          for (const [i, from] of place.incomingLanes.entries()) {
            for (const c of i === 0 ? [] : this.net.connectionsOf[from]!) {
              const foe = this.partOfLane.get(this.net.connections[c]!.via);
              if (foe !== undefined && foe.part === 0 && listed.has(foe.lane)) foes.push(foe.link);
            }
          }
        }
      }
      insideFirst[link + 1] = foes.length;
    }
    let link = 0;
    const insideMerges = Uint8Array.from(foes, (foe, i) => {
      while (insideFirst[link + 1]! <= i) link++;
      return network.linkEnd[foe] === network.linkEnd[link] ? 1 : 0;
    });
    return { insideFirst, insideFoe: Int32Array.from(foes), insideMerges };
  }

  private radiusOf(link: number, lanes: readonly number[]): number {
    const first = this.net.connections.find(({ via }) => via === lanes[0]);
    const direction = first?.dir ?? 's';
    if (lanes.length === 0 || direction === 's' || direction === (this.net.lefthand ? 'l' : 'r')) return 0;
    const { linkStart, linkEnd, paths } = this.world.network;
    const [from, to] = [paths[linkStart[link]!]!, paths[linkEnd[link]!]!];
    const turn = headingDifference(from, from.length - 4, to, 0);
    const metres = lanes.reduce((sum, lane) => sum + lengthOf(this.net.lanes[lane]!.shape), 0);
    return turn > 0 ? metres / turn : 0;
  }

  private addPart(own: Part, waits: boolean): void {
    const foes = new Map<number, Part>();
    for (const foe of waits ? this.foesOfWaiting(own) : this.foesOf(own)) foes.set(foe.lane, foe);
    const siblings = new Map<number, Part>();
    const { firstLink, lastLink, linkStart, laneCount } = this.world.network;
    const start = linkStart[own.link]!;
    for (let link = firstLink[start]!; own.part === 0 && link < lastLink[start]!; link++) {
      const lane = this.inside[link - laneCount]![0];
      if (link !== own.link && lane !== undefined) siblings.set(lane, { link, part: 0, lane });
    }
    for (const foe of foes.values()) if (!siblings.has(foe.lane)) this.addFoe(own, foe, waits);
    for (const sibling of siblings.values()) this.addSibling(own, sibling);
  }

  private request(link: number) {
    const { rules } = this.world;
    const junction = rules.junction[link]!;
    return junction < 0 ? undefined : this.net.junctions[junction]!.requests[rules.request[link]!];
  }

  private yieldsTo(link: number, foe: number): boolean {
    return this.request(link)?.yieldsTo.includes(this.world.rules.request[foe]!) ?? false;
  }

  private partsOf(link: number, all: boolean): Part[] {
    const lanes = this.inside[link - this.world.network.laneCount]!;
    const parts = lanes.map((lane, part) => ({ link, part, lane }));
    return all ? parts : parts.slice(-1);
  }

  private foesOf(own: Part): Part[] {
    const { rules } = this.world;
    return (this.request(own.link)?.foes ?? []).flatMap((index) => {
      const foe = this.byRequest.get(`${rules.junction[own.link]}/${index}`);
      return foe === undefined || foe === own.link ? [] : this.partsOf(foe, this.yieldsTo(own.link, foe));
    });
  }

  /** Of a link that waits inside, the foes are those of the place where it does. */
  private foesOfWaiting(own: Part): Part[] {
    const second = this.inside[own.link - this.world.network.laneCount]![1]!;
    const place = this.net.junctionIndex.get(this.net.lanes[second]!.id);
    if (place === undefined) return this.foesOf(own);
    return this.net.junctions[place]!.internalLanes.flatMap((lane) => {
      const foe = this.partOfLane.get(lane);
      if (foe === undefined || foe.link === own.link) return [];
      const last = this.partsOf(foe.link, false);
      return foe.part === 0 && last[0]!.part === 1 && this.yieldsTo(own.link, foe.link) ? [foe, ...last] : last;
    });
  }

  private push(
    own: Part,
    foe: Part,
    place: readonly [number, number, number, number],
    merges: boolean,
    parts: boolean,
  ) {
    const { columns, world } = this;
    const waits = this.inside[foe.link - world.network.laneCount]!.length > 1 && foe.part === 0;
    const ownWaits = this.inside[own.link - world.network.laneCount]!.length > 1;
    columns.foeLink.push(foe.link);
    columns.foePart.push(foe.part);
    columns.behind.push(place[0]);
    columns.foeBehind.push(place[1]);
    columns.size.push(merges || parts ? 0 : place[2]);
    columns.foeSize.push(merges || parts ? 0 : place[3]);
    columns.merges.push(merges ? 1 : 0);
    columns.parts.push(parts ? 1 : 0);
    columns.foeWaits.push(waits && !ownWaits ? 1 : 0);
    columns.yields.push(this.yieldsTo(own.link, foe.link) ? 1 : 0);
    columns.foeYields.push(this.yieldsTo(foe.link, own.link) ? 1 : 0);
  }

  private addFoe(own: Part, foe: Part, waits: boolean): void {
    const { lanes } = this.net;
    const { linkEnd } = this.world.network;
    const [a, b] = [lanes[own.lane]!, lanes[foe.lane]!];
    const last = (part: Part) => this.inside[part.link - this.world.network.laneCount]!.at(-1) === part.lane;
    const merges = linkEnd[own.link] === linkEnd[foe.link] && !(waits && own.part === 0) && last(foe);
    const apart = Math.min(APART, (a.width + b.width) / 2);
    if (merges) {
      if (endDistance(a.shape, b.shape) >= apart) this.push(own, foe, [0, 0, 0, 0], true, false);
      else {
        const metres = metresTogether(reversed(a.shape), reversed(b.shape), [a.length, b.length], apart);
        this.push(own, foe, [alongLane(a, metres), alongLane(b, metres), 0, 0], true, false);
      }
      return;
    }
    const crossing = lastCrossing(a.shape, b.shape);
    if (crossing === null) {
      // one who waits inside, to go where this one goes, is heeded all the same
      const same = linkEnd[own.link] === linkEnd[foe.link] && !(waits && own.part === 0);
      if (same && !last(foe)) this.push(own, foe, [0, 0, b.width, a.width], false, false);
      return;
    }
    const size = Math.min(b.width, a.length);
    const foeSize = Math.min(a.width, b.length);
    const behind = own.part === 1 ? a.length : a.length - alongLane(a, Math.max(0, crossing.at - size / 2));
    const foeBehind = b.length - alongLane(b, Math.max(0, crossing.other - foeSize / 2));
    this.push(own, foe, [behind, foeBehind, size, foeSize], false, false);
  }

  private addSibling(own: Part, sibling: Part): void {
    const { lanes } = this.net;
    const [a, b] = [lanes[own.lane]!, lanes[sibling.lane]!];
    const apart = Math.min(APART, (a.width + b.width) / 2);
    if (startDistance(a.shape, b.shape) >= apart) return;
    const metres = metresTogether(a.shape, b.shape, [a.length, b.length], apart);
    const behind = Math.max(0, a.length - alongLane(a, metres));
    const foeBehind = Math.max(0, b.length - alongLane(b, metres));
    this.push(own, sibling, [behind, foeBehind, 0, 0], false, true);
  }
}

/** Metres along a lane for metres along its shape. */
function alongLane(lane: { readonly length: number; readonly shape: Float64Array }, metres: number): number {
  const length = lengthOf(lane.shape);
  return length > 0 ? (metres * lane.length) / length : metres;
}
