/** Road-user updates and encounters -> the features of a minute or of 15 minutes. Memory is that of one interval. */
import type { Encounter, HardBraking, RoadUserUpdate } from './encounter-types.ts';
import type { IntervalFeatures, IntervalSeconds } from './index-formulas.ts';

/** A conflict's weight in the intensities: serious ones count twice. */
const SERIOUS_WEIGHT = 2;

export interface FeatureInterval {
  readonly startMs: number;
  readonly features: IntervalFeatures;
  /** Distinct vehicles, and distinct people walking or cycling. */
  readonly vehicles: number;
  readonly vrus: number;
  readonly messages: number;
  /** Seconds of the interval in which somebody was heard. */
  readonly secondsHeard: number;
}

interface Sum {
  speed: number;
  updates: number;
}

interface Bin {
  readonly vehicles: Map<string, Sum>;
  readonly vrus: Set<string>;
  readonly seconds: Set<number>;
  messages: number;
  vruConflicts: number;
  vehicleConflicts: number;
  hardBraking: number;
}

/**
 * Counts by interval. Volume is of distinct ids (vehicles), average speed the mean of each vehicle's own mean, spread its
 * standard deviation: a vehicle that waits long counts no more than one that passes.
 */
export class FeatureCollector {
  readonly #interval: IntervalSeconds;
  readonly #bins = new Map<number, Bin>();

  constructor(interval: IntervalSeconds) {
    this.#interval = interval;
  }

  #bin(timeMs: number): Bin {
    const at = Math.floor(timeMs / (this.#interval * 1000));
    let bin = this.#bins.get(at);
    if (bin === undefined) {
      bin = {
        vehicles: new Map(),
        vrus: new Set(),
        seconds: new Set(),
        messages: 0,
        vruConflicts: 0,
        vehicleConflicts: 0,
        hardBraking: 0,
      };
      this.#bins.set(at, bin);
    }
    return bin;
  }

  /** An update that the engine took. */
  update(u: RoadUserUpdate): void {
    const bin = this.#bin(u.timeMs);
    bin.messages++;
    bin.seconds.add(Math.floor(u.timeMs / 1000));
    if (u.type === 'pedestrian' || u.type === 'bicycle') {
      bin.vrus.add(u.id);
      return;
    }
    const sum = bin.vehicles.get(u.id);
    if (sum === undefined) bin.vehicles.set(u.id, { speed: u.speedMetresPerSecond, updates: 1 });
    else {
      sum.speed += u.speedMetresPerSecond;
      sum.updates++;
    }
  }

  /** Counts in the interval of its critical moment. */
  encounter(one: Encounter): void {
    const bin = this.#bin(one.criticalMs);
    const weight = one.severity === 'serious' ? SERIOUS_WEIGHT : 1;
    if (one.withVru) bin.vruConflicts += weight;
    else bin.vehicleConflicts += weight;
  }

  hardBraking(one: HardBraking): void {
    this.#bin(one.timeMs).hardBraking++;
  }

  /** Intervals that ended before `nowMs`, in order, which are then forgotten; those of which nothing was heard are not among them. */
  takeBefore(nowMs: number): FeatureInterval[] {
    const length = this.#interval * 1000;
    const done = [...this.#bins.keys()].filter((at) => (at + 1) * length <= nowMs).sort((a, b) => a - b);
    return done.map((at) => {
      const bin = this.#bins.get(at)!;
      this.#bins.delete(at);
      let sum = 0;
      let squares = 0;
      for (const { speed, updates } of bin.vehicles.values()) {
        sum += speed / updates;
        squares += (speed / updates) * (speed / updates);
      }
      const n = bin.vehicles.size;
      return {
        startMs: at * length,
        features: {
          intervalSeconds: this.#interval,
          vruConflictIntensity: bin.vruConflicts,
          vehicleConflictIntensity: bin.vehicleConflicts,
          volume: n,
          averageSpeedMetresPerSecond: n > 0 ? sum / n : null,
          speedSpreadMetresPerSecond: n > 1 ? Math.sqrt(Math.max(0, (squares - (sum * sum) / n) / (n - 1))) : null,
          hardBraking: bin.hardBraking,
        },
        vehicles: n,
        vrus: bin.vrus.size,
        messages: bin.messages,
        secondsHeard: bin.seconds.size,
      };
    });
  }
}
