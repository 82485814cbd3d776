/**
 * Road-user updates and encounters -> the features of a minute or of 15 minutes, and how much there was to see. Memory is
 * a number or two per road user now near, and the intervals not yet handed over.
 */
import type { Encounter, HardBraking } from './encounter-types.ts';
import type { IntervalFeatures, IntervalSeconds } from './index-formulas.ts';
import type { Observed } from './score.ts';

/** A conflict's weight in the intensities: serious ones count twice. */
const SERIOUS_WEIGHT = 2;
/** Longest silence that is filled with empty intervals; after a longer one counting begins anew. */
const MAX_SILENT_INTERVALS = 1440;
/** Most intervals open at once; a time far from the others (a clock that is hours off) opens none. */
const MAX_OPEN = 16;

export interface FeatureInterval {
  readonly startMs: number;
  readonly intervalSeconds: IntervalSeconds;
  /** null: nothing was heard. */
  readonly features: IntervalFeatures | null;
  readonly observed: Observed;
  /** Distinct vehicles, and distinct people walking or cycling. */
  readonly vehicles: number;
  readonly vrus: number;
}

interface Bin {
  /** One bit of the interval's seconds each. */
  readonly heard: Uint8Array;
  readonly signals: Uint8Array;
  messages: number;
  rejected: number;
  vehicles: number;
  vrus: number;
  speedSum: number;
  speedSquares: number;
  vruConflicts: number;
  vehicleConflicts: number;
  hardBraking: number;
}

const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);

/**
 * Counts by interval. Volume is of distinct users, whatever ids they broadcast; average speed the mean of each vehicle's
 * own mean, spread its standard deviation: a vehicle that waits long counts no more than one that passes.
 */
export class FeatureCollector {
  readonly #interval: IntervalSeconds;
  readonly #bins = new Map<number, Bin>();
  readonly #penetration: number | null;
  /** Intervals before this one have been handed over. */
  #next = Number.NaN;
  #hasSignals = false;
  // by place of the user in the engine
  #serial = new Float64Array(256);
  #at = new Float64Array(256);
  #vru = new Uint8Array(256);
  #speed = new Float64Array(256);
  #updates = new Float64Array(256);
  #top = 0;
  #lastAt = Number.NaN;
  #lastBin: Bin | null = null;

  /** @param penetration share of road users that are seen, 0-1; null: not known. */
  constructor(interval: IntervalSeconds, penetration: number | null = null) {
    this.#interval = interval;
    this.#penetration = penetration;
  }

  #indexOf(timeMs: number): number {
    return Math.floor(timeMs / (this.#interval * 1000));
  }

  /** The interval `at`, or the earliest still open where it has been handed over. null: too far from the others. */
  #bin(wanted: number): Bin | null {
    if (wanted === this.#lastAt) return this.#lastBin;
    if (Number.isNaN(this.#next)) this.#next = wanted;
    const at = Math.max(wanted, this.#next);
    let bin = this.#bins.get(at);
    if (bin === undefined) {
      if (this.#bins.size >= MAX_OPEN) return null;
      bin = {
        heard: new Uint8Array(this.#interval),
        signals: new Uint8Array(this.#interval),
        messages: 0,
        rejected: 0,
        vehicles: 0,
        vrus: 0,
        speedSum: 0,
        speedSquares: 0,
        vruConflicts: 0,
        vehicleConflicts: 0,
        hardBraking: 0,
      };
      this.#bins.set(at, bin);
    }
    if (at === wanted) {
      this.#lastAt = at;
      this.#lastBin = bin;
    }
    return bin;
  }

  #second(timeMs: number): number {
    return Math.floor(timeMs / 1000) - this.#indexOf(timeMs) * this.#interval;
  }

  /** Something was heard of the junction at `timeMs`: a message of any kind. */
  heard(timeMs: number): void {
    const at = this.#indexOf(timeMs);
    if (at < this.#next) return;
    const bin = this.#bin(at);
    if (bin !== null) bin.heard[this.#second(timeMs)] = 1;
  }

  /** Signal states of `timeMs` are known. */
  signals(timeMs: number): void {
    this.#hasSignals = true;
    const at = this.#indexOf(timeMs);
    if (at < this.#next) return;
    const bin = this.#bin(at);
    if (bin !== null) bin.signals[this.#second(timeMs)] = 1;
  }

  /** A message about a road user could not be used. */
  rejected(timeMs: number): void {
    const bin = this.#bin(this.#indexOf(timeMs));
    if (bin !== null) bin.rejected++;
  }

  /** An update that the engine took, of the user in `slot` that is its `serial`-th. */
  update(slot: number, serial: number, vru: boolean, timeMs: number, speedMetresPerSecond: number): void {
    const at = this.#indexOf(timeMs);
    const bin = this.#bin(at);
    if (bin === null) return;
    bin.messages++;
    if (at >= this.#next) bin.heard[this.#second(timeMs)] = 1;
    if (slot >= this.#serial.length) this.#grow(slot);
    if (this.#serial[slot] !== serial || this.#at[slot] !== at) {
      this.#count(slot);
      if (slot >= this.#top) this.#top = slot + 1;
      this.#serial[slot] = serial;
      this.#at[slot] = at;
      this.#vru[slot] = vru ? 1 : 0;
    }
    this.#speed[slot]! += speedMetresPerSecond;
    this.#updates[slot]!++;
  }

  #grow(slot: number): void {
    let size = this.#serial.length;
    while (size <= slot) size *= 2;
    const wider = (old: Float64Array) => {
      const bigger = new Float64Array(size);
      bigger.set(old);
      return bigger;
    };
    this.#serial = wider(this.#serial);
    this.#at = wider(this.#at);
    this.#speed = wider(this.#speed);
    this.#updates = wider(this.#updates);
    const vru = new Uint8Array(size);
    vru.set(this.#vru);
    this.#vru = vru;
  }

  /** Adds what the user in `slot` did in its interval to that. */
  #count(slot: number): void {
    const updates = this.#updates[slot]!;
    if (updates === 0) return;
    const bin = this.#bin(this.#at[slot]!);
    if (bin !== null) {
      if (this.#vru[slot] === 1) bin.vrus++;
      else {
        const mean = this.#speed[slot]! / updates;
        bin.vehicles++;
        bin.speedSum += mean;
        bin.speedSquares += mean * mean;
      }
    }
    this.#updates[slot] = 0;
    this.#speed[slot] = 0;
  }

  /**
   * Counts in the interval of its critical moment, or the earliest still open. Outlines that touch while nobody brakes
   * hard say that positions are poor, not that two met: such a one does not count.
   */
  encounter(one: Encounter): void {
    if (one.outlinesTouched && !one.hardBraking) return;
    const bin = this.#bin(this.#indexOf(one.criticalMs));
    if (bin === null) return;
    const weight = one.severity === 'serious' ? SERIOUS_WEIGHT : 1;
    if (one.withVru) bin.vruConflicts += weight;
    else bin.vehicleConflicts += weight;
  }

  hardBraking(one: HardBraking): void {
    const bin = this.#bin(this.#indexOf(one.timeMs));
    if (bin !== null) bin.hardBraking++;
  }

  /** Intervals that ended by `nowMs`, in order and without gaps, which are then forgotten. Those of silence have no features. */
  takeBefore(nowMs: number): FeatureInterval[] {
    if (Number.isNaN(this.#next)) return [];
    // what has just begun is no interval yet, and infinity no number to count to
    const until = Math.min(this.#indexOf(nowMs), Math.max(this.#next, ...this.#bins.keys()) + MAX_SILENT_INTERVALS);
    if (until <= this.#next) return [];
    for (let slot = 0; slot < this.#top; slot++) if (this.#at[slot]! < until) this.#count(slot);
    const out: FeatureInterval[] = [];
    while (this.#next < until) {
      const at = this.#next;
      const bin = this.#bins.get(at);
      if (bin === undefined) {
        let first = Number.POSITIVE_INFINITY;
        for (const one of this.#bins.keys()) first = Math.min(first, one);
        if (first - at > MAX_SILENT_INTERVALS && first < Number.POSITIVE_INFINITY) {
          this.#next = Math.min(first, until);
          continue;
        }
      }
      out.push(this.#close(at, bin));
      this.#bins.delete(at);
      this.#next = at + 1;
    }
    this.#lastAt = Number.NaN;
    return out;
  }

  /** Ends every interval that has begun. */
  finish(): FeatureInterval[] {
    let last = Number.NEGATIVE_INFINITY;
    for (const at of this.#bins.keys()) last = Math.max(last, at);
    return last === Number.NEGATIVE_INFINITY ? [] : this.takeBefore((last + 1) * this.#interval * 1000);
  }

  #close(at: number, bin: Bin | undefined): FeatureInterval {
    const startMs = at * this.#interval * 1000;
    if (bin === undefined) {
      const observed = {
        messages: 0,
        messagesRejected: 0,
        secondsHeard: 0,
        secondsWithSignals: this.#hasSignals ? 0 : null,
        penetration: this.#penetration,
      };
      return { startMs, intervalSeconds: this.#interval, features: null, observed, vehicles: 0, vrus: 0 };
    }
    const n = bin.vehicles;
    return {
      startMs,
      intervalSeconds: this.#interval,
      features:
        bin.messages === 0
          ? null
          : {
              intervalSeconds: this.#interval,
              vruConflictIntensity: bin.vruConflicts,
              vehicleConflictIntensity: bin.vehicleConflicts,
              volume: n,
              averageSpeedMetresPerSecond: n > 0 ? bin.speedSum / n : null,
              speedSpreadMetresPerSecond:
                n > 1 ? Math.sqrt(Math.max(0, (bin.speedSquares - (bin.speedSum * bin.speedSum) / n) / (n - 1))) : null,
              hardBraking: bin.hardBraking,
            },
      observed: {
        messages: bin.messages,
        messagesRejected: bin.rejected,
        secondsHeard: count(bin.heard),
        secondsWithSignals: this.#hasSignals ? count(bin.signals) : null,
        penetration: this.#penetration,
      },
      vehicles: n,
      vrus: bin.vrus,
    };
  }
}
