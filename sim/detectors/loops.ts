/**
 * Loops in the road, one a detector: they notice every body. A stop-line loop reaches `STOPLINE_LOOP_METRES` back from its
 * detector, so that who waits at the line covers it; an upstream loop is `UPSTREAM_LOOP_METRES` long from its detector
 * on. A vehicle is counted when its front crosses the detector.
 */
import type { Detections } from '../../feeds/messages.ts';
import type { Engine } from '../core.ts';
import type { StateDigest } from '../digest.ts';
import { type DetectorsBySegment, detectorsBySegment, type Station } from './stations.ts';

/** What is wrong with a loop: nothing, says it is covered and counts nothing, says nobody is there, says nothing. */
export const LOOP_WELL = 0;
export const LOOP_STUCK_ON = 1;
export const LOOP_STUCK_OFF = 2;
export const LOOP_SILENT = 3;

export const STOPLINE_LOOP_METRES = 6;
export const UPSTREAM_LOOP_METRES = 2;

export class Loops {
  readonly #engine: Engine;
  readonly #bySegment: DetectorsBySegment;
  readonly #begin: Float64Array;
  readonly #end: Float64Array;
  /** By detector: vehicles so far. */
  readonly counts: Int32Array;
  /** By detector: share of the last whole second in which it was covered, 0-1. */
  readonly occupancy: Float64Array;
  /** By detector: covered at the end of the last tick. */
  readonly presence: Uint8Array;
  /** By detector: what is wrong with it, LOOP_WELL and so on; set by `DetectorFaults`. */
  readonly state: Uint8Array;
  /** By detector: whole microseconds covered since the last `closeSecond`, so that the order of adding cannot matter. */
  readonly #covered: Float64Array;
  #elapsed = 0;

  constructor(engine: Engine) {
    const { network } = engine;
    this.#engine = engine;
    this.#bySegment = detectorsBySegment(network);
    this.#begin = Float64Array.from(network.detectors, (d) =>
      d.kind === 'stopline' ? d.position - STOPLINE_LOOP_METRES : d.position,
    );
    this.#end = Float64Array.from(network.detectors, (d) =>
      d.kind === 'stopline' ? d.position : d.position + UPSTREAM_LOOP_METRES,
    );
    this.#covered = new Float64Array(network.detectors.length);
    this.counts = new Int32Array(network.detectors.length);
    this.occupancy = new Float64Array(network.detectors.length);
    this.presence = new Uint8Array(network.detectors.length);
    this.state = new Uint8Array(network.detectors.length);
  }

  /** After each tick of the world. */
  tick(): void {
    if (this.counts.length === 0) return;
    const { crossings, state, demand, stepSeconds } = this.#engine;
    const counts = this.counts;
    for (let i = 0; i < crossings.count; i++) {
      const detector = crossings.detector[i]!;
      if (this.state[detector] === LOOP_WELL) counts[detector]!++;
    }
    const { list, first, last, offset } = this.#bySegment;
    const { active, segment, position, speed, acceleration } = state;
    const { vehicleClass, classes } = demand;
    const begin = this.#begin;
    const end = this.#end;
    const covered = this.#covered;
    const presence = this.presence.fill(0);
    const stepMicroseconds = Math.round(stepSeconds * 1e6);
    for (let i = 0; i < state.activeCount; i++) {
      const v = active[i]!;
      const where = segment[v]!;
      for (let d = first[where]!; d < last[where]!; d++) {
        const detector = list[d]!;
        const front = position[v]! + offset[where]!;
        const moved = (speed[v]! - (acceleration[v]! * stepSeconds) / 2) * stepSeconds;
        const before = front - (moved > 0 ? moved : 0);
        const from = begin[detector]!;
        const to = end[detector]! + classes[vehicleClass[v]!]!.length;
        if (front < from || before > to) continue;
        if (front <= to) presence[detector] = 1;
        if (before >= from && front <= to) covered[detector]! += stepMicroseconds;
        else {
          const inside = (front < to ? front : to) - (before > from ? before : from);
          covered[detector]! += Math.round((stepMicroseconds * inside) / (front - before));
        }
      }
    }
    this.#elapsed += stepSeconds;
    for (let d = 0; d < this.state.length; d++) {
      if (this.state[d] === LOOP_WELL) continue;
      const isOn = this.state[d] === LOOP_STUCK_ON;
      presence[d] = isOn ? 1 : 0;
      covered[d] = isOn ? Math.round(1e6 * this.#elapsed) : 0;
    }
  }

  /** Works out the occupancy of the second that ends now, and begins the next. */
  closeSecond(): void {
    const covered = this.#covered;
    for (let d = 0; d < covered.length; d++) {
      this.occupancy[d] = Math.min(1, covered[d]! / (1e6 * this.#elapsed));
      covered[d] = 0;
    }
    this.#elapsed = 0;
  }

  /**
   * What the loops of these stations say: for the whole approach (`N:stopline`: counts summed, occupancy the mean over
   * the lanes, presence in any), and at stop lines for each lane (`N:stopline:0`).
   */
  readings(stations: readonly Station[]): Detections['detectors'] {
    const readings: Detections['detectors'] = {};
    for (const { id, kind, detectors, laneIds } of stations) {
      if (this.#isAnySilent(detectors)) continue;
      let count = 0;
      let occupancy = 0;
      let presence = false;
      for (let i = 0; i < detectors.length; i++) {
        const d = detectors[i]!;
        count += this.counts[d]!;
        occupancy += this.occupancy[d]! / detectors.length;
        presence ||= this.presence[d] === 1;
      }
      readings[id] = { count, occupancy: thousandths(occupancy), presence };
      if (kind === 'upstream') continue;
      for (let i = 0; i < detectors.length; i++) {
        const d = detectors[i]!;
        readings[laneIds[i]!] = {
          count: this.counts[d]!,
          occupancy: thousandths(this.occupancy[d]!),
          presence: this.presence[d] === 1,
        };
      }
    }
    return readings;
  }

  #isAnySilent(detectors: readonly number[]): boolean {
    for (let i = 0; i < detectors.length; i++) if (this.state[detectors[i]!] === LOOP_SILENT) return true;
    return false;
  }

  write(digest: StateDigest): void {
    for (let d = 0; d < this.counts.length; d++) {
      digest.int(this.counts[d]!);
      digest.int(this.presence[d]!);
      digest.float(this.occupancy[d]!);
    }
  }
}

/** As on the wire; sums of parts may exceed 1 by a rounding. */
const thousandths = (share: number): number => Math.min(1, Math.round(share * 1000) / 1000);
