/**
 * Which detectors were crossed in a tick, worked out from where vehicles were and are: for engines that do not note it
 * themselves. A vehicle that enters the network beyond a detector of its lane has come past it.
 */
import { type Engine, NOT_ENTERED } from '../core.ts';
import { detectorsBySegment } from './stations.ts';

/** Segments that a vehicle passes in one tick at most; beyond, only where it began and ended are looked at. */
const MOST_SEGMENTS = 8;

export class CrossingWatcher {
  readonly #engine: Engine;
  readonly #list: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #at: Float64Array;
  readonly #segment: Int32Array;
  readonly #position: Float64Array;

  constructor(engine: Engine) {
    const { network, demand, state } = engine;
    const { list, first, last } = detectorsBySegment(network);
    this.#engine = engine;
    this.#list = list;
    this.#first = first;
    this.#last = last;
    this.#at = Float64Array.from(network.detectors, ({ position }) => position);
    this.#segment = new Int32Array(demand.count).fill(NOT_ENTERED);
    this.#position = new Float64Array(demand.count);
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      this.#segment[v] = state.segment[v]!;
      this.#position[v] = state.position[v]!;
    }
    const { crossings } = engine;
    crossings.count = 0;
  }

  /** After each tick of the world: fills `engine.crossings` with what was crossed in it, by vehicle. */
  tick(): void {
    const engine = this.#engine;
    const { state, crossings } = engine;
    const { laneCount } = engine.network;
    crossings.count = 0;
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const from = this.#segment[v]!;
      const to = state.segment[v]!;
      const before = this.#position[v]!;
      const now = state.position[v]!;
      if (from === to) {
        if (to < laneCount && now > before) this.#note(v, to, before, now, now);
      } else this.#moved(v, from, to, before, now);
      this.#segment[v] = to;
      this.#position[v] = now;
    }
    this.#order();
  }

  #moved(v: number, from: number, to: number, before: number, now: number): void {
    const { network } = this.#engine;
    const { laneCount, length } = network;
    const roads = network.tables!.road;
    if (from === NOT_ENTERED) {
      if (to < laneCount) this.#note(v, to, -1, now, now);
      return;
    }
    // A change of lane on the same road: what lies between is crossed on the new lane.
    if (from < laneCount && to < laneCount && roads[from] === roads[to]) {
      if (now > before) this.#note(v, to, before, now, now);
      return;
    }
    const path = this.#between(from, to);
    let behind = now;
    for (let k = path.length - 1; k >= 0; k--) behind += length[path[k]!]!;
    if (from < laneCount) this.#note(v, from, before, length[from]!, behind + length[from]!);
    for (const passed of path) {
      if (passed < laneCount) this.#note(v, passed, -1, length[passed]!, behind);
      behind -= length[passed]!;
    }
    if (to < laneCount) this.#note(v, to, -1, now, now);
  }

  /** Segments between the two, both excluded; empty where none are found. */
  #between(from: number, to: number): number[] {
    const { network } = this.#engine;
    const roads = network.tables!.road;
    const isThere = (segment: number) =>
      segment === to || (to < network.laneCount && segment < network.laneCount && roads[segment] === roads[to]);
    let paths: number[][] = [[from]];
    for (let depth = 0; depth < MOST_SEGMENTS && paths.length > 0; depth++) {
      const longer: number[][] = [];
      for (const path of paths) {
        const at = path[path.length - 1]!;
        const next: number[] = [];
        if (at >= network.laneCount) next.push(network.linkEnd[at]!);
        else for (let link = network.firstLink[at]!; link < network.lastLink[at]!; link++) next.push(link);
        for (const segment of next) {
          if (isThere(segment)) return path.slice(1);
          if (longer.length < 64) longer.push([...path, segment]);
        }
      }
      paths = longer;
    }
    return [];
  }

  /** Detectors of a lane in (after, upTo]; the front is now `front` metres from the lane's start. */
  #note(v: number, lane: number, after: number, upTo: number, front: number): void {
    const { crossings, state, stepSeconds, tick } = this.#engine;
    for (let d = this.#first[lane]!; d < this.#last[lane]!; d++) {
      const detector = this.#list[d]!;
      const place = this.#at[detector]!;
      if (!(place > after && place <= upTo)) continue;
      const ago = state.speed[v]! > 0 ? Math.min(stepSeconds, (front - place) / state.speed[v]!) : 0;
      if (crossings.count === crossings.vehicle.length) this.#grow();
      crossings.vehicle[crossings.count] = v;
      crossings.detector[crossings.count] = detector;
      crossings.at[crossings.count] = tick * stepSeconds - ago;
      crossings.count++;
    }
  }

  /** By vehicle, so that the order in which the engine lists them does not matter. */
  #order(): void {
    const { crossings } = this.#engine;
    const entries = Array.from({ length: crossings.count }, (_, i) => ({
      vehicle: crossings.vehicle[i]!,
      detector: crossings.detector[i]!,
      at: crossings.at[i]!,
    }));
    entries.sort((a, b) => a.vehicle - b.vehicle || a.at - b.at || a.detector - b.detector);
    entries.forEach(({ vehicle, detector, at }, i) => {
      crossings.vehicle[i] = vehicle;
      crossings.detector[i] = detector;
      crossings.at[i] = at;
    });
  }

  #grow(): void {
    const { crossings } = this.#engine;
    const size = Math.max(64, 2 * crossings.vehicle.length);
    const ints = (old: Int32Array): Int32Array => {
      const larger = new Int32Array(size);
      larger.set(old);
      return larger;
    };
    const at = new Float64Array(size);
    at.set(crossings.at);
    crossings.vehicle = ints(crossings.vehicle);
    crossings.detector = ints(crossings.detector);
    crossings.at = at;
  }
}
