/** Two abreast on one lane at a junction: whether their ways part or cross. */
import { INNER, OUTER } from './tracks.ts';
import type { World } from './world.ts';

/** Per link: how far it ends towards the kerb side of its start's direction, as a number that only orders links. */
function kerbwardTurns(network: World['network']): Float64Array {
  const kerb = network.tables!.kerbSide ?? -1;
  return Float64Array.from(network.paths, (path, segment) => {
    if (segment < network.laneCount || path.length < 4) return 0;
    const n = path.length;
    const dx = path[2]! - path[0]!;
    const dy = path[3]! - path[1]!;
    const ex = path[n - 2]! - path[0]!;
    const ey = path[n - 1]! - path[1]!;
    const size = Math.sqrt((dx * dx + dy * dy) * (ex * ex + ey * ey));
    return size > 0 ? (kerb * (dx * ey - dy * ex)) / size : 0;
  });
}

export interface Abreast {
  turnApart(v: number, own: number, foe: number, other: number): boolean;
  crossesAhead(v: number, own: number): boolean;
}

export function abreast(w: World): Abreast {
  const { ahead, nextSegment } = w;
  const { occupied } = w.tracks;
  const kerbward = kerbwardTurns(w.network);

  /** Whether two abreast on one lane, taking different links, draw apart rather than cross each other's way. */
  function turnApart(v: number, own: number, foe: number, other: number): boolean {
    const mine = occupied[v]!;
    const theirs = occupied[foe]!;
    if (mine === OUTER && theirs === INNER) return kerbward[own]! >= kerbward[other]!;
    if (mine === INNER && theirs === OUTER) return kerbward[own]! <= kerbward[other]!;
    return false;
  }

  /**
   * Whether one ahead of v on its lane, on another track, is about to cross its way: v stays able to stop at the line until
   * that one is past it, so that the two are never abreast where their ways cross.
   */
  function crossesAhead(v: number, own: number): boolean {
    for (let u = ahead[v]!; u >= 0; u = ahead[u]!) {
      const other = nextSegment[u]!;
      if (other === own || other < 0 || (occupied[u]! & occupied[v]!) !== 0) continue;
      if (!turnApart(v, own, u, other)) return true;
    }
    return false;
  }

  return { turnApart, crossesAhead };
}
