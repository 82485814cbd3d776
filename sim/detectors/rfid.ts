/**
 * RFID readers: they notice tags, not bodies. A tag is interrogated as its vehicle's front crosses a detector of the
 * station, and again every `rereadSeconds` while the vehicle stands within reach of it. Each interrogation misses with
 * `missProbability`, drawn from the vehicle's own stream. A reader counts a tag once a visit: reads less than
 * `DWELL_SECONDS` after the last one belong to the same visit. So `vehicle_count` is the number of tags first read in the
 * window; vehicles without a tag are not in it (the loops count them), and the tag share is for the receiver to correct.
 */
import type { DetectionSettings } from '../../scenarios/types.ts';
import type { Engine } from '../core.ts';
import type { StateDigest } from '../digest.ts';
import { STANDING_METRES_PER_SECOND } from '../measures/measures.ts';
import { randomStream } from '../random.ts';
import { type DetectorsBySegment, detectorsBySegment, type Station, stationOfDetector } from './stations.ts';

/** What is wrong with a reader. */
export interface ReaderFault {
  /** Sends nothing, not even heartbeats. */
  silent: boolean;
  /** Sends every count twice. */
  doubled: boolean;
  /** Counts a tag at each reading of it. */
  rereads: boolean;
  /** Takes the place of the scenario's `missProbability`; -1: does not. */
  missProbability: number;
  /** Its clock is ahead of the street's, ms; behind where negative. */
  clockOffsetMs: number;
}

export const READER_WELL: ReaderFault = {
  silent: false,
  doubled: false,
  rereads: false,
  missProbability: -1,
  clockOffsetMs: 0,
};

/** A standing vehicle whose front is no further than this from the detector is read again and again. */
export const READER_REACH_METRES = 5;
/** A tag that was silent this long and comes again is counted again. */
export const DWELL_SECONDS = 60;

export class RfidReaders {
  readonly #engine: Engine;
  readonly #settings: DetectionSettings;
  readonly #seed: number;
  readonly #tagged: Uint8Array;
  readonly #stationOf: Int32Array;
  readonly #bySegment: DetectorsBySegment;
  /** By vehicle: the station that asked last, when, and how often any has asked so far. */
  readonly #askedBy: Int32Array;
  readonly #askedAt: Float64Array;
  readonly #asked: Int32Array;
  readonly #readBy: Int32Array;
  readonly #readAt: Float64Array;
  /** By station: what is wrong with it; set by `DetectorFaults`. */
  readonly faults: ReaderFault[];
  /** By station: vehicles first read since the last `takeWindow`. */
  readonly #window: number[][];
  /** By station, cumulative. */
  readonly #visits: Int32Array;
  readonly #misses: Int32Array;
  /** Told of each visit that is counted: the detector of the station, and the vehicle. */
  onVisit: ((detector: number, vehicle: number) => void) | null = null;

  constructor(
    engine: Engine,
    stations: readonly Station[],
    tagged: Uint8Array,
    settings: DetectionSettings,
    seed: number,
  ) {
    const { network, demand } = engine;
    this.#engine = engine;
    this.#settings = settings;
    this.#seed = seed;
    this.#tagged = tagged;
    this.#stationOf = stationOfDetector(network, stations);
    this.#bySegment = detectorsBySegment(network);
    this.#askedBy = new Int32Array(demand.count).fill(-1);
    this.#askedAt = new Float64Array(demand.count);
    this.#asked = new Int32Array(demand.count);
    this.#readBy = new Int32Array(demand.count).fill(-1);
    this.#readAt = new Float64Array(demand.count);
    this.faults = stations.map(() => READER_WELL);
    this.#window = stations.map(() => []);
    this.#visits = new Int32Array(stations.length);
    this.#misses = new Int32Array(stations.length);
  }

  /** After each tick of the world, which ends `nowSeconds` after the start. */
  tick(nowSeconds: number): void {
    const { crossings, state, network } = this.#engine;
    const tagged = this.#tagged;
    for (let i = 0; i < crossings.count; i++) {
      const v = crossings.vehicle[i]!;
      if (tagged[v] === 1) this.#ask(crossings.detector[i]!, v, crossings.at[i]!);
    }
    const { list, first, last, offset } = this.#bySegment;
    const { active, segment, position, speed } = state;
    for (let i = 0; i < state.activeCount; i++) {
      const v = active[i]!;
      if (speed[v]! > STANDING_METRES_PER_SECOND || tagged[v] === 0) continue;
      const where = segment[v]!;
      for (let d = first[where]!; d < last[where]!; d++) {
        const detector = list[d]!;
        const distance = position[v]! + offset[where]! - network.detectors[detector]!.position;
        if (distance > READER_REACH_METRES || distance < -READER_REACH_METRES) continue;
        const station = this.#stationOf[detector]!;
        if (this.#askedBy[v] === station && nowSeconds < this.#askedAt[v]! + this.#settings.rereadSeconds) continue;
        this.#ask(detector, v, nowSeconds);
      }
    }
  }

  #ask(detector: number, vehicle: number, atSeconds: number): void {
    const station = this.#stationOf[detector]!;
    this.#askedBy[vehicle] = station;
    this.#askedAt[vehicle] = atSeconds;
    const draw = randomStream(this.#seed, `read/${vehicle}/${this.#asked[vehicle]!++}`)();
    const { missProbability, rereads } = this.faults[station]!;
    if (draw < (missProbability < 0 ? this.#settings.missProbability : missProbability)) {
      this.#misses[station]!++;
      return;
    }
    if (rereads || this.#readBy[vehicle] !== station || atSeconds - this.#readAt[vehicle]! >= DWELL_SECONDS) {
      this.#window[station]!.push(vehicle);
      this.#visits[station]!++;
      this.onVisit?.(detector, vehicle);
    }
    this.#readBy[vehicle] = station;
    this.#readAt[vehicle] = atSeconds;
  }

  /** Vehicles whose tag was first read at the station since the last call, in the order of departure. */
  takeWindow(station: number): readonly number[] {
    const vehicles = this.#window[station]!;
    this.#window[station] = [];
    return vehicles.sort((a, b) => a - b);
  }

  write(digest: StateDigest): void {
    for (let s = 0; s < this.#visits.length; s++) {
      digest.int(this.#visits[s]!);
      digest.int(this.#misses[s]!);
      digest.int(this.#window[s]!.length);
    }
  }
}
