/**
 * Radios of junctions: vehicles that broadcast where they are, how fast they drive and where they will turn are heard on
 * the lanes to its stop lines.
 */
import type { Detections } from '../../feeds/messages.ts';
import type { Engine } from '../core.ts';
import { stationsOf } from './stations.ts';

type Heard = NonNullable<Detections['vehicles']>;

export interface RadioSettings {
  /** Range before the stop line, metres. */
  readonly metres: number;
  /** Share of the vehicles that broadcast, 0-1, chosen by their names. */
  readonly share: number;
}

/** What one message carries. */
const MOST_VEHICLES = 1000;

interface HeardLane {
  readonly junction: number;
  /** Id of its stop-line detector. */
  readonly lane: string;
}

export class VehicleRadios {
  readonly #engine: Engine;
  readonly #settings: RadioSettings;
  /** By segment. */
  readonly #lanes = new Map<number, HeardLane>();
  readonly #broadcasts: Uint8Array;
  /** By junction: ids of its signal groups by index within the junction. */
  readonly #groupIds: readonly (readonly (string | undefined)[])[];

  /** `groupIds`: by junction, the id of each of its groups; undefined: none that a strategy knows. */
  constructor(engine: Engine, groupIds: readonly (readonly (string | undefined)[])[], settings: RadioSettings) {
    const { network, demand } = engine;
    this.#engine = engine;
    this.#settings = settings;
    this.#groupIds = groupIds;
    for (const { junction, kind, detectors, laneIds } of stationsOf(network)) {
      if (kind !== 'stopline' || network.junctions[junction]!.configuration === null) continue;
      detectors.forEach((detector, k) => {
        this.#lanes.set(network.detectors[detector]!.segment, { junction, lane: laneIds[k]! });
      });
    }
    this.#broadcasts = Uint8Array.from({ length: demand.count }, (_, v) =>
      hashShare(demand.names?.[v] ?? `vehicle-${v}`) < settings.share ? 1 : 0,
    );
  }

  get share(): number {
    return this.#settings.share;
  }

  /** Who is heard at each junction now, in the order of vehicles. */
  heard(): Heard[] {
    const { state, network, ways } = this.#engine;
    const found: [number, Heard[number]][][] = network.junctions.map(() => []);
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      if (!this.#broadcasts[v]) continue;
      const at = this.#lanes.get(state.segment[v]!);
      if (at === undefined) continue;
      const metres = Math.max(0, network.length[state.segment[v]!]! - state.position[v]!);
      if (metres > this.#settings.metres) continue;
      const next = ways === undefined ? -1 : ways.next[v]!;
      const group = next < network.laneCount ? -1 : network.linkGroup[next]!;
      const own = group - network.junctions[at.junction]!.firstGroup;
      found[at.junction]!.push([
        v,
        {
          id: `vehicle-${v}`,
          lane: at.lane,
          metres: Math.round(metres * 100) / 100,
          speed: Math.round(Math.max(0, state.speed[v]!) * 50) / 50,
          group: (group < 0 ? undefined : this.#groupIds[at.junction]![own]) ?? null,
        },
      ]);
    }
    return found.map((list) =>
      list
        .sort(([a], [b]) => a - b)
        .slice(0, MOST_VEHICLES)
        .map(([, one]) => one),
    );
  }
}

/** A number in [0, 1) that depends on the text only (FNV-1a, with a final mix). */
export function hashShare(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
