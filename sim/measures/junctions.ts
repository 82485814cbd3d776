/**
 * What each junction costs those who come through it, by the approach that they come by: the time lost on the approach,
 * within the junction and on the lanes that lead away from it to no other, and the time waited to enter by it. Looked at
 * once a second: what a vehicle loses in the last part of a second before it leaves the network is left out.
 */
import { type Engine, NOT_ENTERED } from '../core.ts';

/** The approach that a vehicle came by last; of segments: it stays the vehicle's. */
const SAME = -2;

export interface Passages {
  readonly vehicles: number;
  readonly lostSeconds: number;
}

export class JunctionLosses {
  readonly #engine: Engine;
  /** By segment: approach that its losses are counted for, SAME, or -1 for none. */
  readonly #approachOf: Int32Array;
  readonly #entryApproach: (vehicle: number) => number;
  readonly #seenLoss: Float64Array;
  readonly #lastApproach: Int32Array;
  readonly #vehicles: Int32Array;
  readonly #lostSeconds: Float64Array;

  constructor(engine: Engine, entryApproach: (vehicle: number) => number) {
    const { network, demand } = engine;
    this.#engine = engine;
    this.#entryApproach = entryApproach;
    const { laneCount, linkCount } = network;
    this.#approachOf = Int32Array.from(network.approachOf);
    for (let link = laneCount; link < laneCount + linkCount; link++) {
      const end = network.linkEnd[link]!;
      if (network.approachOf[end] === -1) this.#approachOf[end] = SAME;
      this.#approachOf[link] = network.approachOf[network.linkStart[link]!]!;
    }
    this.#seenLoss = new Float64Array(demand.count);
    this.#lastApproach = new Int32Array(demand.count).fill(-1);
    this.#vehicles = new Int32Array(network.approaches.length);
    this.#lostSeconds = new Float64Array(network.approaches.length);
  }

  /** Once a second. Vehicles before `from` drive, but are not measured. */
  look(from: number): void {
    const { state, demand } = this.#engine;
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      if (v < from) continue;
      const last = this.#lastApproach[v]!;
      const here = this.#approachOf[state.segment[v]!]!;
      const approach = here === SAME ? last : here;
      if (approach < 0) continue;
      const loss = state.timeLoss[v]!;
      if (approach !== last) {
        this.#vehicles[approach]!++;
        if (last === -1) this.#lostSeconds[approach]! += Math.max(0, state.enteredAt[v]! - demand.departSeconds[v]!);
        this.#lastApproach[v] = approach;
      }
      this.#lostSeconds[approach]! += loss - this.#seenLoss[v]!;
      this.#seenLoss[v] = loss;
    }
  }

  /** By approach of the network: vehicles that came by it and what they lost; those not yet in wait for their first. */
  result(open: Int32Array, openCount: number, from: number, nowSeconds: number): Passages[] {
    const { state, demand } = this.#engine;
    const vehicles = Array.from(this.#vehicles);
    const lost = Array.from(this.#lostSeconds);
    for (let i = 0; i < openCount; i++) {
      const v = open[i]!;
      if (v < from || state.segment[v] !== NOT_ENTERED) continue;
      const approach = this.#entryApproach(v);
      if (approach < 0) continue;
      vehicles[approach]!++;
      lost[approach]! += nowSeconds - demand.departSeconds[v]!;
    }
    return vehicles.map((count, a) => ({ vehicles: count, lostSeconds: lost[a]! }));
  }
}
