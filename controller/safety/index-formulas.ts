/**
 * The safety index: 0 (safest) to 100 (riskiest), from features of a minute or of 15 minutes, against constants of the
 * same length of interval. What is not known is null and gives null, never a number: silence is not safety.
 */

/** Seconds that features and constants are of. Both must be of the same. */
export type IntervalSeconds = 60 | 900;

/** Largest values seen in a data set; frozen, with the time for which they hold. A zero maximum counts as 1. */
export interface NormalizationConstants {
  readonly version: number;
  /** Of the row in `normalization_constants`; absent: they are not kept there. */
  readonly constantsId?: number;
  readonly intervalSeconds: IntervalSeconds;
  /** From when, and until when, these may be used, ms since 1970 UTC; null: no end. */
  readonly validFromMs: number;
  readonly validUntilMs: number | null;
  /** Highest vehicle-VRU conflict intensity of an interval. */
  readonly vruConflictMax: number;
  /** Highest vehicle-vehicle conflict intensity of an interval. */
  readonly vehicleConflictMax: number;
  readonly volumeMax: number;
  readonly speedSpreadMaxMetresPerSecond: number;
  readonly hardBrakingMax: number;
  /** 85th percentile of the positive average speeds. */
  readonly referenceSpeedMetresPerSecond: number;
}

/** What an interval of observation showed. null: not observed. */
export interface IntervalFeatures {
  readonly intervalSeconds: IntervalSeconds;
  readonly vruConflictIntensity: number;
  readonly vehicleConflictIntensity: number;
  /** Road users seen, vehicles. */
  readonly volume: number;
  /** null: nobody's speed was known. */
  readonly averageSpeedMetresPerSecond: number | null;
  /** Standard deviation; null: fewer than two speeds. */
  readonly speedSpreadMetresPerSecond: number | null;
  readonly hardBraking: number;
}

export interface Weather {
  /** Millimetres an hour. */
  readonly rainMillimetres: number;
  readonly visibilityMetres: number;
  readonly windMetresPerSecond: number;
  readonly temperatureCelsius: number;
}

export interface Indices {
  readonly vru: number;
  readonly vehicle: number;
  readonly traffic: number;
  /** null: weather is not known; then `combined` is `traffic`. */
  readonly weather: number | null;
  readonly combined: number;
}

const clip = (value: number): number => Math.min(100, Math.max(0, value));
const share = (value: number, max: number): number => value / (max > 0 ? max : 1);

/** Weather's own index, 0-100. */
export function weatherIndex(weather: Weather): number {
  const rain = Math.min(weather.rainMillimetres / 20, 1);
  const visibility = 1 - Math.min(weather.visibilityMetres / 10_000, 1);
  const wind = Math.min(weather.windMetresPerSecond / 25, 1);
  const temperature = Math.min(Math.abs(weather.temperatureCelsius - 20) / 20, 1);
  return clip(100 * (0.35 * rain + 0.3 * visibility + 0.2 * wind + 0.15 * temperature));
}

/** Whether constants may be used for an interval that begins at `atMs`. */
export const holdsAt = (constants: NormalizationConstants, atMs: number): boolean =>
  atMs >= constants.validFromMs && (constants.validUntilMs === null || atMs < constants.validUntilMs);

/**
 * The indices of an interval. Callers see to it first that there was enough to see (`quality.ts`): this takes numbers for
 * what they are. A speed that nobody reported while vehicles were seen cannot be scored.
 * @returns null where a speed or its spread is not known though vehicles were seen.
 * @throws where features and constants are of different intervals, or `atMs` lies outside the constants' validity.
 */
export function indices(
  features: IntervalFeatures,
  constants: NormalizationConstants,
  atMs: number,
  weather: Weather | null,
): Indices | null {
  if (features.intervalSeconds !== constants.intervalSeconds)
    throw new Error(
      `Features of ${features.intervalSeconds} s against constants of ${constants.intervalSeconds} s; compute both over the same interval.`,
    );
  if (!holdsAt(constants, atMs))
    throw new Error(
      `Normalization constants version ${constants.version} hold from ${constants.validFromMs} until ${constants.validUntilMs ?? 'further notice'}; ${atMs} lies outside. Compute new ones.`,
    );
  const { averageSpeedMetresPerSecond: speed, speedSpreadMetresPerSecond: spread } = features;
  if (features.volume > 0 && (speed === null || (spread === null && features.volume > 1))) return null;
  const volumePart = share(features.volume, constants.volumeMax);
  const spreadPart = share(spread ?? 0, constants.speedSpreadMaxMetresPerSecond);
  const vru = clip(
    100 *
      (0.4 * share(features.vruConflictIntensity, constants.vruConflictMax) +
        0.2 * volumePart +
        0.2 * share(speed ?? 0, constants.referenceSpeedMetresPerSecond) +
        0.2 * spreadPart),
  );
  const vehicle = clip(
    100 *
      (0.3 * share(features.vehicleConflictIntensity, constants.vehicleConflictMax) +
        0.3 * volumePart +
        0.2 * spreadPart +
        0.2 * share(features.hardBraking, constants.hardBrakingMax)),
  );
  const traffic = clip(0.6 * vru + 0.4 * vehicle);
  if (weather === null) return { vru, vehicle, traffic, weather: null, combined: traffic };
  const ofWeather = weatherIndex(weather);
  return { vru, vehicle, traffic, weather: ofWeather, combined: clip(0.85 * traffic + 0.15 * ofWeather) };
}

/** 85th percentile, by linear interpolation between order statistics; 1 where there is none. */
export function percentile85(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return 1;
  const at = 0.85 * (sorted.length - 1);
  const low = Math.floor(at);
  const next = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return sorted[low]! + (next - sorted[low]!) * (at - low);
}

/** Constants of a data set, frozen: all intervals must be of one length. */
export function normalizationConstants(
  data: readonly IntervalFeatures[],
  validity: { readonly version: number; readonly validFromMs: number; readonly validUntilMs: number | null },
): NormalizationConstants {
  const intervalSeconds = data[0]?.intervalSeconds;
  if (intervalSeconds === undefined)
    throw new Error('Normalization constants need at least one interval of features; there is none.');
  if (data.some((one) => one.intervalSeconds !== intervalSeconds))
    throw new Error('Normalization constants need intervals of one length; 60 s and 900 s are mixed.');
  const most = (of: (one: IntervalFeatures) => number | null) => {
    let max = 0;
    for (const one of data) max = Math.max(max, of(one) ?? 0);
    return max > 0 ? max : 1;
  };
  const speeds: number[] = [];
  for (const one of data) {
    const speed = one.averageSpeedMetresPerSecond;
    if (speed !== null && speed > 0) speeds.push(speed);
  }
  return Object.freeze({
    ...validity,
    intervalSeconds,
    vruConflictMax: most((one) => one.vruConflictIntensity),
    vehicleConflictMax: most((one) => one.vehicleConflictIntensity),
    volumeMax: most((one) => one.volume),
    speedSpreadMaxMetresPerSecond: most((one) => one.speedSpreadMetresPerSecond),
    hardBrakingMax: most((one) => one.hardBraking),
    referenceSpeedMetresPerSecond: percentile85(speeds),
  });
}

export interface Shrunk {
  readonly index: number;
  /** Weight that the observations had, 0-1; the baseline had the rest. */
  readonly observationWeight: number;
}

/** Vehicles at which observations and baseline weigh the same, less one. */
export const SHRINKAGE_VEHICLES = 50;

/**
 * Empirical-Bayes form: few vehicles lean on the baseline (the same hour's, of the same index), many speak for themselves.
 * @param vehicles that the raw index was seen with.
 */
export function empiricalBayes(raw: number, baseline: number, vehicles: number, k = SHRINKAGE_VEHICLES): Shrunk {
  const n = vehicles + 1;
  const observationWeight = n / (n + k);
  return { index: clip(observationWeight * raw + (1 - observationWeight) * baseline), observationWeight };
}

export interface HauerEstimate {
  readonly expected: number;
  readonly variance: number;
  /** Weight of the model, 0-1. */
  readonly modelWeight: number;
}

/**
 * Hauer's (HSM) form for sites with a safety performance function.
 * @param predicted crashes the function predicts. @param observed crashes counted in the same time.
 * @param overdispersion k of the function's negative binomial.
 */
export function hauer(predicted: number, observed: number, overdispersion: number): HauerEstimate {
  const modelWeight = 1 / (1 + overdispersion * predicted);
  const expected = modelWeight * predicted + (1 - modelWeight) * observed;
  return { expected, variance: (1 - modelWeight) * expected, modelWeight };
}

export const SEVERITY_WEIGHTS = { fatal: 10, injury: 3, damage: 1 } as const;

export interface CrashHistory {
  readonly fatal: number;
  readonly injury: number;
  readonly damage: number;
  /** Exposure E in the unit of `priorRate`'s denominator; greater than 0. */
  readonly exposure: number;
  /** R0, the rate of comparable sites. */
  readonly priorRate: number;
  /** Exposure at which history and prior weigh the same. */
  readonly priorExposure: number;
}

export interface RealTimeState {
  readonly freeFlowMetresPerSecond: number;
  readonly speedMetresPerSecond: number;
  readonly speedVariance: number;
  readonly turningVehicles: number;
  readonly vruCount: number;
  readonly vehicleCount: number;
  readonly capacityVehicles: number;
}

export interface RealTimeIndex {
  readonly rate: number;
  readonly uplift: number;
  readonly vru: number;
  readonly vehicle: number;
  readonly combined: number;
}

/** Real-time index on crash history (RT-SI); an index relative to `priorRate`, not clipped. null: no vehicles or no capacity to relate to. */
export function realTimeIndex(history: CrashHistory, now: RealTimeState): RealTimeIndex | null {
  if (!(history.exposure > 0) || !(now.vehicleCount > 0) || !(now.capacityVehicles > 0)) return null;
  if (!(now.freeFlowMetresPerSecond > 0)) return null;
  const { fatal, injury, damage } = SEVERITY_WEIGHTS;
  const raw = (fatal * history.fatal + injury * history.injury + damage * history.damage) / history.exposure;
  const alpha = history.exposure / (history.exposure + history.priorExposure);
  const rate = alpha * raw + (1 - alpha) * history.priorRate;
  const slow = Math.max(0, now.freeFlowMetresPerSecond - now.speedMetresPerSecond) / now.freeFlowMetresPerSecond;
  const ofSpeed = Math.min(1, 1.5 * slow);
  const ofVariance =
    now.speedMetresPerSecond > 0 ? Math.min(1, Math.sqrt(now.speedVariance) / now.speedMetresPerSecond) : 1;
  const ofConflict = Math.min(1, (0.5 * now.turningVehicles * now.vruCount) / 1000);
  const uplift = 1 + 0.3 * ofSpeed + 0.3 * ofVariance + 0.4 * ofConflict;
  const vru = rate * uplift * Math.min(1, now.vruCount / now.vehicleCount);
  const vehicle = rate * uplift * Math.min(1, now.vehicleCount / now.capacityVehicles);
  return { rate, uplift, vru, vehicle, combined: 0.6 * vru + 0.4 * vehicle };
}

export type Band = 'low' | 'medium' | 'high' | 'critical';

export const band = (index: number): Band =>
  index < 40 ? 'low' : index < 60 ? 'medium' : index < 80 ? 'high' : 'critical';

/** What the aggregates call a high-risk minute. */
export const isHighRisk = (index: number): boolean => index > 75;
