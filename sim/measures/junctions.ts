/**
 * What each junction costs those who come through it: the time lost on its approaches, within it and on the lanes that
 * lead away from it to no other, and the time waited to enter by it. Looked at once a second: what a vehicle loses in the
 * last part of a second before it leaves the network is left out.
 */
import { type Engine, NOT_ENTERED } from '../core.ts';

export class JunctionLosses {
  readonly #engine: Engine;
  /** By segment: junction that its losses are counted for, -1 for none. */
  readonly #junctionOf: Int32Array;
  readonly #entryJunction: (vehicle: number) => number;
  readonly #seenLoss: Float64Array;
  readonly #lastJunction: Int32Array;
  readonly vehicles: Int32Array;
  readonly lostSeconds: Float64Array;

  constructor(engine: Engine, entryJunction: (vehicle: number) => number) {
    const { network, demand } = engine;
    this.#engine = engine;
    this.#entryJunction = entryJunction;
    const { laneCount, linkCount } = network;
    this.#junctionOf = new Int32Array(laneCount + linkCount).fill(-1);
    for (let link = laneCount; link < laneCount + linkCount; link++) {
      this.#junctionOf[link] = network.linkJunction[link]!;
      this.#junctionOf[network.linkEnd[link]!] = network.linkJunction[link]!;
    }
    for (let lane = 0; lane < laneCount; lane++) {
      const approach = network.approachOf[lane]!;
      if (approach >= 0) this.#junctionOf[lane] = network.approaches[approach]!.junction;
    }
    this.#seenLoss = new Float64Array(demand.count);
    this.#lastJunction = new Int32Array(demand.count).fill(-1);
    this.vehicles = new Int32Array(network.junctions.length);
    this.lostSeconds = new Float64Array(network.junctions.length);
  }

  /** Once a second. Vehicles before `from` drive, but are not measured. */
  look(from: number): void {
    const { state, demand } = this.#engine;
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      if (v < from) continue;
      const junction = this.#junctionOf[state.segment[v]!]!;
      if (junction < 0) continue;
      const loss = state.timeLoss[v]!;
      if (junction !== this.#lastJunction[v]) {
        this.vehicles[junction]!++;
        if (this.#lastJunction[v] === -1)
          this.lostSeconds[junction]! += Math.max(0, state.enteredAt[v]! - demand.departSeconds[v]!);
        this.#lastJunction[v] = junction;
      }
      this.lostSeconds[junction]! += loss - this.#seenLoss[v]!;
      this.#seenLoss[v] = loss;
    }
  }

  /** Vehicles that came to each junction and the mean of what they lost there; those not yet in wait for their first. */
  result(open: Int32Array, openCount: number, from: number, nowSeconds: number): { vehicles: number; mean: number }[] {
    const { state, demand } = this.#engine;
    const vehicles = Array.from(this.vehicles);
    const lost = Array.from(this.lostSeconds);
    for (let i = 0; i < openCount; i++) {
      const v = open[i]!;
      if (v < from || state.segment[v] !== NOT_ENTERED) continue;
      const junction = this.#entryJunction(v);
      if (junction < 0) continue;
      vehicles[junction]!++;
      lost[junction]! += nowSeconds - demand.departSeconds[v]!;
    }
    return vehicles.map((count, j) => ({ vehicles: count, mean: count === 0 ? 0 : lost[j]! / count }));
  }
}
