/** Where links of one junction come closer than two bodies are wide. */
import { type LinkDraft, ZONE_CROSSING, ZONE_LEAVING, ZONE_MERGING, type ZoneDraft } from './assemble.ts';
import { samplePolyline } from './polyline.ts';

/** Centre lines nearer than this cannot both be driven on, unless the builder says otherwise: about the width of a car and a bus halved, m. */
const BODY_WIDTH_METRES = 2.2;
const SPACING_METRES = 0.25;

type Sampled = ReturnType<typeof samplePolyline>;

/**
 * Zones of all pairs of links in the same junction; indices are those of `links`. `widthMetres`: what may be driven on of
 * a link's width.
 */
export function findZones(links: readonly LinkDraft[], widthMetres = BODY_WIDTH_METRES): ZoneDraft[] {
  const byJunction = new Map<number, number[]>();
  links.forEach((link, index) => {
    if (link.junction < 0) return;
    const others = byJunction.get(link.junction);
    if (others === undefined) byJunction.set(link.junction, [index]);
    else others.push(index);
  });
  const zones: ZoneDraft[] = [];
  for (const members of byJunction.values()) {
    const samples = members.map((index) => samplePolyline(links[index]!.path, SPACING_METRES));
    for (let i = 0; i < members.length; i++) {
      for (let j = i + 1; j < members.length; j++) {
        const zone = zoneOf(links, members[i]!, members[j]!, samples[i]!, samples[j]!, widthMetres);
        if (zone !== null) zones.push(zone);
      }
    }
  }
  return zones;
}

function zoneOf(
  links: readonly LinkDraft[],
  a: number,
  b: number,
  onA: Sampled,
  onB: Sampled,
  width: number,
): ZoneDraft | null {
  const near = width * width;
  let startOnA = Number.POSITIVE_INFINITY;
  let endOnA = -1;
  let startOnB = Number.POSITIVE_INFINITY;
  let endOnB = -1;
  for (let i = 0; i < onA.at.length; i++) {
    for (let j = 0; j < onB.at.length; j++) {
      const dx = onA.x[i]! - onB.x[j]!;
      const dy = onA.y[i]! - onB.y[j]!;
      if (dx * dx + dy * dy >= near) continue;
      if (onA.at[i]! < startOnA) startOnA = onA.at[i]!;
      if (onA.at[i]! > endOnA) endOnA = onA.at[i]!;
      if (onB.at[j]! < startOnB) startOnB = onB.at[j]!;
      if (onB.at[j]! > endOnB) endOnB = onB.at[j]!;
    }
  }
  if (endOnA < 0) return null;
  const kind =
    links[a]!.startLane === links[b]!.startLane
      ? ZONE_LEAVING
      : links[a]!.endLane === links[b]!.endLane
        ? ZONE_MERGING
        : ZONE_CROSSING;
  return {
    a,
    b,
    kind,
    startOnA: Math.max(0, startOnA - SPACING_METRES),
    endOnA: Math.min(links[a]!.lengthMetres, endOnA + SPACING_METRES),
    startOnB: Math.max(0, startOnB - SPACING_METRES),
    endOnB: Math.min(links[b]!.lengthMetres, endOnB + SPACING_METRES),
  };
}
