/**
 * What passed each detector, by vehicle class and period: what an observer at the roadside would count. A loop notices
 * bodies and cannot tell their class; a reader notices tags, whose register can. Nothing here is known to strategies.
 */
import type { Engine } from '../core.ts';
import type { Station } from './stations.ts';

export const COUNT_PERIOD_SECONDS = 300;

/** Vehicles of a class that passed a detector within a period. */
export interface DetectorCount {
  readonly junction: string;
  /** `{approach}:{position}:{lane}`, lane 0 nearest the centre line of the road. */
  readonly detector: string;
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  readonly vehicleClass: string;
  readonly passed: number;
  /** Tags first read there; absent where vehicles carry none. */
  readonly tagsRead?: number;
}

export class DetectorCounts {
  readonly #engine: Engine;
  readonly #stations: readonly Station[];
  readonly #hasTags: boolean;
  /** By detector and class, since the period began. */
  readonly #passed: Int32Array;
  readonly #read: Int32Array;
  readonly #closed: DetectorCount[] = [];
  #since = 0;

  constructor(engine: Engine, stations: readonly Station[], hasTags: boolean) {
    this.#engine = engine;
    this.#stations = stations;
    this.#hasTags = hasTags;
    const cells = engine.network.detectors.length * engine.demand.classes.length;
    this.#passed = new Int32Array(cells);
    this.#read = new Int32Array(hasTags ? cells : 0);
  }

  #cell(detector: number, vehicle: number): number {
    const { classes, vehicleClass } = this.#engine.demand;
    return detector * classes.length + vehicleClass[vehicle]!;
  }

  /** A reader read a tag for the first time as its vehicle came by this detector. */
  tagRead(detector: number, vehicle: number): void {
    this.#read[this.#cell(detector, vehicle)]!++;
  }

  /** After each tick of the world, which ends `nowSeconds` after the start. */
  tick(nowSeconds: number): void {
    const { count, vehicle, detector } = this.#engine.crossings;
    for (let i = 0; i < count; i++) this.#passed[this.#cell(detector[i]!, vehicle[i]!)]!++;
    if (nowSeconds < this.#since + COUNT_PERIOD_SECONDS) return;
    this.#closed.push(...this.#open(nowSeconds));
    this.#passed.fill(0);
    this.#read.fill(0);
    this.#since = nowSeconds;
  }

  /** All periods up to `nowSeconds`, the one under way included; without those of which nobody passed. */
  list(nowSeconds: number): DetectorCount[] {
    return [...this.#closed, ...this.#open(nowSeconds)];
  }

  #open(nowSeconds: number): DetectorCount[] {
    const { network, demand } = this.#engine;
    return this.#stations.flatMap((station) =>
      station.detectors.flatMap((detector, lane) =>
        demand.classes.flatMap(({ name }, c): DetectorCount[] => {
          const cell = detector * demand.classes.length + c;
          const passed = this.#passed[cell]!;
          const tagsRead = this.#hasTags ? this.#read[cell]! : 0;
          if (passed === 0 && tagsRead === 0) return [];
          return [
            {
              junction: network.junctions[station.junction]!.name,
              detector: station.laneIds[lane]!,
              fromSeconds: this.#since,
              untilSeconds: nowSeconds,
              vehicleClass: name,
              passed,
              ...(this.#hasTags && { tagsRead }),
            },
          ];
        }),
      ),
    );
  }
}
