/**
 * Features -> a score, or the reason why there is none. A score cannot be read without first asking whether there is
 * one: what was not observed has no number.
 */
import {
  type Band,
  band,
  empiricalBayes,
  holdsAt,
  type Indices,
  type IntervalFeatures,
  type IntervalSeconds,
  indices,
  type NormalizationConstants,
  SHRINKAGE_VEHICLES,
  type Weather,
} from './index-formulas.ts';

/** How much was there to see in an interval. */
export interface Observed {
  /** Messages of road users used. */
  readonly messages: number;
  readonly messagesRejected: number;
  /** Distinct seconds of the interval with at least one message of any kind from the junction's radio. */
  readonly secondsHeard: number;
  /** Seconds of the interval with SPaT no older than a second; null: the junction has no SPaT. */
  readonly secondsWithSignals: number | null;
  /** Share of road users that broadcast, 0-1; null: not known. */
  readonly penetration: number | null;
}

export interface QualityRules {
  /** Least quality for a score; default 0.5. */
  readonly minQuality?: number;
  /** Least messages of road users for a score; default 1 a second of the interval. */
  readonly minMessages?: number;
}

export interface Quality {
  /** 0 (nothing to go by) to 1; the product of its parts. */
  readonly score: number;
  readonly heard: number;
  readonly signals: number;
  readonly accepted: number;
}

export type NotScoredReason =
  | 'silent'
  | 'too-few-messages'
  | 'low-quality'
  | 'speeds-unknown'
  /** Nothing to relate to: no constants, or none for this time. */
  | 'no-constants';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type SafetyScore =
  | { readonly scored: false; readonly reason: NotScoredReason; readonly quality: Quality }
  | {
      readonly scored: true;
      readonly quality: Quality;
      readonly raw: Indices;
      /** After shrinkage to the same hour's baselines; equal to `raw` where there are none. */
      readonly index: Indices;
      /** Weight that the observations had, 0-1. */
      readonly observationWeight: number;
      /** Two standard errors of the combined index by the Poisson scatter of its counts, cut to 0-100. */
      readonly combinedInterval: Interval;
      /** Vehicles seen. */
      readonly exposureVehicles: number;
      readonly penetration: number | null;
      readonly band: Band;
      readonly constantsVersion: number;
      /** Of the row that keeps them; null: none does. */
      readonly constantsId: number | null;
    };

const limit = (value: number): number => Math.min(1, Math.max(0, value));

/** Data quality of an interval. A silent radio, stale SPaT and refused messages each lower it. */
export function quality(observed: Observed, intervalSeconds: number): Quality {
  const heard = limit(observed.secondsHeard / intervalSeconds);
  const signals =
    observed.secondsWithSignals === null ? 1 : 0.5 + 0.5 * limit(observed.secondsWithSignals / intervalSeconds);
  const all = observed.messages + observed.messagesRejected;
  const accepted = all === 0 ? 0 : observed.messages / all;
  return { score: heard * signals * accepted, heard, signals, accepted };
}

/** Standard error of the combined index when its counts are Poisson. */
function combinedError(features: IntervalFeatures, constants: NormalizationConstants, withWeather: boolean): number {
  const traffic = withWeather ? 0.85 : 1;
  const term = (weight: number, count: number, max: number) => {
    const slope = (traffic * weight * 100) / max;
    return slope * slope * Math.max(1, count);
  };
  return Math.sqrt(
    term(0.6 * 0.4, features.vruConflictIntensity, constants.vruConflictMax) +
      term(0.4 * 0.3, features.vehicleConflictIntensity, constants.vehicleConflictMax) +
      term(0.6 * 0.2 + 0.4 * 0.3, features.volume, constants.volumeMax) +
      term(0.4 * 0.2, features.hardBraking, constants.hardBrakingMax),
  );
}

export interface ScoreInput {
  /** null: nothing was observed at all. */
  readonly features: IntervalFeatures | null;
  readonly observed: Observed;
  /** null: none are known. */
  readonly constants: NormalizationConstants | null;
  /** Length of the interval; needed where there are no constants. */
  readonly intervalSeconds?: IntervalSeconds;
  /** Begin of the interval, ms since 1970 UTC. */
  readonly atMs: number;
  readonly weather: Weather | null;
  /** The same hour's indices of the past, each its own; null: none known. */
  readonly baseline: Indices | null;
  readonly rules?: QualityRules;
  readonly shrinkageVehicles?: number;
}

/** The score of an interval. @throws where features and constants are of different intervals. */
export function score(input: ScoreInput): SafetyScore {
  const { features, observed, constants, baseline } = input;
  const seconds = constants?.intervalSeconds ?? input.intervalSeconds ?? 60;
  const how = quality(observed, seconds);
  const none = (reason: NotScoredReason): SafetyScore => ({ scored: false, reason, quality: how });
  if (features === null || observed.messages === 0) return none('silent');
  if (observed.messages < (input.rules?.minMessages ?? seconds)) return none('too-few-messages');
  if (how.score < (input.rules?.minQuality ?? 0.5)) return none('low-quality');
  if (constants === null || !holdsAt(constants, input.atMs)) return none('no-constants');
  const raw = indices(features, constants, input.atMs, input.weather);
  if (raw === null) return none('speeds-unknown');
  const k = input.shrinkageVehicles ?? SHRINKAGE_VEHICLES;
  const shrink = (value: number, base: number) => empiricalBayes(value, base, features.volume, k).index;
  const index: Indices =
    baseline === null
      ? raw
      : {
          vru: shrink(raw.vru, baseline.vru),
          vehicle: shrink(raw.vehicle, baseline.vehicle),
          traffic: shrink(raw.traffic, baseline.traffic),
          weather: raw.weather,
          combined: shrink(raw.combined, baseline.combined),
        };
  const observationWeight = baseline === null ? 1 : empiricalBayes(0, 0, features.volume, k).observationWeight;
  const error = 2 * observationWeight * combinedError(features, constants, input.weather !== null);
  return {
    scored: true,
    quality: how,
    raw,
    index,
    observationWeight,
    combinedInterval: { low: Math.max(0, index.combined - error), high: Math.min(100, index.combined + error) },
    exposureVehicles: features.volume,
    penetration: observed.penetration,
    band: band(index.combined),
    constantsVersion: constants.version,
    constantsId: constants.constantsId ?? null,
  };
}
