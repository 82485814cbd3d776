/**
 * What the detectors of a junction see. A *stream* is the traffic that one stop-line detector sees: one lane where lanes
 * have detectors of their own, else a whole approach. A *section* is the road between an upstream detector and the streams
 * that it feeds.
 */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { DetectorReading, Observation } from '../types.ts';

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
  /** Some stage gives green to some of its groups and not to all: who wants another blocks those behind. */
  readonly isMixed: boolean;
  /** Pairs of ids: a group of its own, and one that it gives way to where both are green. */
  readonly yields: readonly (readonly [own: string, other: string])[];
}

export interface Section {
  /** Upstream detectors, used where they report, and the stream whose lane each stands in; -1: all lanes. */
  readonly upstream: readonly { readonly id: string; readonly stream: number }[];
  /** From there to the stop line at the speed limit, seconds, where both are known; null: not. */
  readonly travelSeconds: number | null;
  /** From there to the stop line, where it is known; null: not. */
  readonly metres: number | null;
  /** Indices of the streams it feeds. */
  readonly streams: readonly number[];
}

export interface Ground {
  readonly streams: readonly Stream[];
  readonly sections: readonly Section[];
}

/** What the upstream detectors of a section say together; undefined where none reports. */
export function upstreamReading(section: Section, detectors: Observation['detectors']): DetectorReading | undefined {
  const heard = section.upstream.flatMap(({ id }) => detectors[id] ?? []);
  if (heard.length <= 1) return heard[0];
  return {
    count: heard.reduce((sum, { count }) => sum + count, 0),
    occupancy: heard.reduce((sum, { occupancy }) => sum + occupancy, 0) / heard.length,
    presence: heard.some(({ presence }) => presence),
  };
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
  const { approaches, signalGroups, stages, detectors = [] } = configuration;
  const controlled = (ids: readonly string[]): Pick<Stream, 'groups' | 'groupIds' | 'yields' | 'isMixed'> => {
    const groups = signalGroups.flatMap((group, i) => (group.kind === 'vehicle' && ids.includes(group.id) ? [i] : []));
    const yields = groups.flatMap((g) =>
      (configuration.yields?.[g] ?? []).flatMap((gives, other) =>
        gives ? [[signalGroups[g]!.id, signalGroups[other]!.id] as const] : [],
      ),
    );
    const groupIds = groups.map((group) => signalGroups[group]!.id);
    const isMixed = stages.some((stage) => {
      const lit = groupIds.filter((id) => stage.groups.includes(id)).length;
      return lit > 0 && lit < groupIds.length;
    });
    return { groups, groupIds, yields, isMixed };
  };
  const streams: Stream[] = [];
  const sections: { -readonly [K in keyof Section]: Section[K] extends readonly (infer T)[] ? T[] : Section[K] }[] = [];
  approaches.forEach(({ name }, approach) => {
    const own = detectors.filter(
      (detector) => detector.approach === name && controlled(detector.groups).groups.length > 0,
    );
    const lanes = own.filter(({ position, lane }) => position === 'stopline' && lane !== null);
    lanes.sort((a, b) => a.lane! - b.lane!);
    const upstreamOf = (lane: number | null) =>
      own.find((detector) => detector.position === 'upstream' && detector.lane === lane);
    const first = streams.length;
    for (const { id, groups } of lanes)
      streams.push({ id, approach, section: sections.length, ...controlled(groups), lanes: 1 });
    const groups = signalGroups.filter((group) => group.kind === 'vehicle' && group.approaches.includes(name));
    if (lanes.length === 0) {
      if (groups.length === 0) return;
      const all = controlled(groups.map((group) => group.id));
      streams.push({ id: `${name}:stopline`, approach, section: sections.length, ...all, lanes: groups.length });
    }
    const eachLane = lanes.length > 0 && lanes.every(({ lane }) => upstreamOf(lane) !== undefined);
    const chosen = eachLane ? lanes.map(({ lane }) => upstreamOf(lane)!) : [upstreamOf(null)];
    const travels = chosen.flatMap((detector) =>
      detector?.metresBeforeLine === undefined || detector.limitMetresPerSecond === undefined
        ? []
        : detector.metresBeforeLine / detector.limitMetresPerSecond,
    );
    const places = chosen.flatMap((detector) => detector?.metresBeforeLine ?? []);
    sections.push({
      upstream: chosen.map((detector, k) => ({
        id: detector?.id ?? `${name}:upstream`,
        stream: eachLane ? first + k : -1,
      })),
      travelSeconds: travels.length === chosen.length ? travels.reduce((a, b) => a + b, 0) / travels.length : null,
      metres: places.length === chosen.length ? places.reduce((a, b) => a + b, 0) / places.length : null,
      streams: [...Array(streams.length - first).keys()].map((k) => first + k),
    });
  });
  return { streams, sections };
}
