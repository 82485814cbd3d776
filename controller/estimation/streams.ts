/**
 * What the detectors of a junction see. A *stream* is the traffic that one stop-line detector sees: one lane where lanes
 * have detectors of their own, else a whole approach. A *section* is the road between an upstream detector and the streams
 * that it feeds.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';

export interface Stream {
  /** Stop-line detector. */
  readonly id: string;
  /** Index into the configuration's approaches. */
  readonly approach: number;
  /** Index into the sections. */
  readonly section: number;
  /** Indices and ids of the vehicle groups that its traffic obeys. */
  readonly groups: readonly number[];
  readonly groupIds: readonly string[];
  /** Lanes it stands for. */
  readonly lanes: number;
  /** Pairs of ids: a group of its own, and one that it gives way to where both are green. */
  readonly yields: readonly (readonly [own: string, other: string])[];
}

export interface Section {
  /** Upstream detector; used where it reports. */
  readonly id: string;
  /** Indices of the streams it feeds. */
  readonly streams: readonly number[];
}

export interface Ground {
  readonly streams: readonly Stream[];
  readonly sections: readonly Section[];
}

const known = new WeakMap<JunctionConfiguration, Ground>();

/**
 * Streams and sections in the order of the approaches, then of the lanes. Where the configuration lists no detectors, an
 * approach is one stream, of as many lanes as it has vehicle groups.
 */
export function groundOf(configuration: JunctionConfiguration): Ground {
  let ground = known.get(configuration);
  if (ground === undefined) {
    ground = makeGround(configuration);
    known.set(configuration, ground);
  }
  return ground;
}

function makeGround(configuration: JunctionConfiguration): Ground {
  const { approaches, signalGroups, detectors = [] } = configuration;
  const controlled = (ids: readonly string[]): Pick<Stream, 'groups' | 'groupIds' | 'yields'> => {
    const groups = signalGroups.flatMap((group, i) => (group.kind === 'vehicle' && ids.includes(group.id) ? [i] : []));
    const yields = groups.flatMap((g) =>
      (configuration.yields?.[g] ?? []).flatMap((gives, other) =>
        gives ? [[signalGroups[g]!.id, signalGroups[other]!.id] as const] : [],
      ),
    );
    return { groups, groupIds: groups.map((group) => signalGroups[group]!.id), yields };
  };
  const streams: Stream[] = [];
  const sections: { id: string; streams: number[] }[] = [];
  approaches.forEach(({ name }, approach) => {
    const own = detectors.filter(
      (detector) => detector.approach === name && controlled(detector.groups).groups.length > 0,
    );
    const lanes = own.filter(({ position, lane }) => position === 'stopline' && lane !== null);
    lanes.sort((a, b) => a.lane! - b.lane!);
    const upstreamOf = (lane: number | null): string | undefined =>
      own.find((detector) => detector.position === 'upstream' && detector.lane === lane)?.id;
    const eachLane = lanes.length > 0 && lanes.every(({ lane }) => upstreamOf(lane) !== undefined);
    const whole = { id: upstreamOf(null) ?? `${name}:upstream`, streams: [] as number[] };
    for (const { id, lane, groups } of lanes) {
      const section = eachLane ? { id: upstreamOf(lane)!, streams: [] as number[] } : whole;
      if (!sections.includes(section)) sections.push(section);
      section.streams.push(streams.length);
      streams.push({ id, approach, section: sections.length - 1, ...controlled(groups), lanes: 1 });
    }
    const groups = signalGroups.filter((group) => group.kind === 'vehicle' && group.approaches.includes(name));
    if (lanes.length > 0 || groups.length === 0) return;
    sections.push({ ...whole, streams: [streams.length] });
    const all = controlled(groups.map((group) => group.id));
    streams.push({ id: `${name}:stopline`, approach, section: sections.length - 1, ...all, lanes: groups.length });
  });
  return { streams, sections };
}
