/**
 * Where an approach is watched: a *station* is all of an approach's detectors of one position (one a lane). It carries
 * a loop in each lane, which notices every body, and one RFID reader over all of them, which notices tags.
 */
import type { Network } from '../core.ts';

export interface Station {
  readonly junction: number;
  /** Index into `Network.approaches`. */
  readonly approach: number;
  readonly kind: 'stopline' | 'upstream';
  /** `{approach name}:{position}`: its key in `detections`, unique within the junction. */
  readonly id: string;
  /** Indices into `Network.detectors`, by lane. */
  readonly detectors: readonly number[];
  /** Of each of `detectors`: `{approach name}:{position}:{lane}`, lane 0 nearest the centre line of the road. */
  readonly laneIds: readonly string[];
}

/**
 * All stations: by approach, the stop line first. A second reader at the same position of an approach (further detectors of
 * its lanes) is a station of its own, `{approach name}:{position}-2`.
 */
export function stationsOf(network: Network): Station[] {
  return network.approaches.flatMap((approach, a) =>
    (['stopline', 'upstream'] as const).flatMap((kind) => {
      const byReader: { detector: number; lane: number }[][] = [];
      const seen = approach.lanes.map(() => 0);
      network.detectors.forEach((place, detector) => {
        if (place.approach !== a || place.kind !== kind) return;
        const lane = approach.lanes.indexOf(place.segment);
        const reader = seen[lane]!++;
        byReader[reader] ??= [];
        byReader[reader].push({ detector, lane });
      });
      return byReader.map((own, reader): Station => {
        const id = `${approach.name}:${kind}${reader === 0 ? '' : `-${reader + 1}`}`;
        own.sort((p, q) => p.lane - q.lane);
        return {
          junction: approach.junction,
          approach: a,
          kind,
          id,
          detectors: own.map(({ detector }) => detector),
          laneIds: own.map(({ lane }) => `${id}:${lane}`),
        };
      });
    }),
  );
}

/** Station of each detector. */
export function stationOfDetector(network: Network, stations: readonly Station[]): Int32Array {
  const result = new Int32Array(network.detectors.length).fill(-1);
  stations.forEach((station, s) => {
    for (const detector of station.detectors) result[detector] = s;
  });
  return result;
}

/**
 * The detectors of a lane, for whoever is on the lane or on a link that begins at its end: `list[first[segment]..
 * last[segment])`. A vehicle on such a link is `offset[segment]` metres further than the lane's end from where the lane begins.
 */
export interface DetectorsBySegment {
  readonly list: Int32Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly offset: Float64Array;
}

export function detectorsBySegment(network: Network): DetectorsBySegment {
  const segments = network.laneCount + network.linkCount;
  const order = network.detectors
    .map((_, i) => i)
    .sort((a, b) => network.detectors[a]!.segment - network.detectors[b]!.segment || a - b);
  const first = new Int32Array(segments);
  const last = new Int32Array(segments);
  const offset = new Float64Array(segments);
  order.forEach((detector, i) => {
    const { segment } = network.detectors[detector]!;
    if (last[segment] === 0) first[segment] = i;
    last[segment] = i + 1;
  });
  for (let link = network.laneCount; link < segments; link++) {
    const lane = network.linkStart[link]!;
    first[link] = first[lane]!;
    last[link] = last[lane]!;
    offset[link] = network.length[lane]!;
  }
  return { list: Int32Array.from(order), first, last, offset };
}
