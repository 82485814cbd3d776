/**
 * Indices of several runs on one scale. A run's own index relates to the riskiest minute of that run, so that numbers of
 * two runs cannot be compared; here all minutes of all runs and variants share one set of constants.
 */
import {
  type IntervalFeatures,
  indices,
  type NormalizationConstants,
  normalizationConstants,
} from '../../controller/safety/index-formulas.ts';
import type { VariantResult } from '../types.ts';
import type { SafetyIndices, SafetyInterval, SafetyResult } from './results.ts';

interface OfRun {
  readonly variants: Readonly<Record<string, VariantResult>>;
}

/** Whether there was enough to see in the minute; a score that lacked nothing but constants has enough. */
const scorable = (minute: SafetyInterval): boolean =>
  minute.features !== null && (minute.index !== null || minute.notScored === 'no-constants');

function minutesOf(safety: SafetyResult): (SafetyInterval & { features: IntervalFeatures })[] {
  return Object.values(safety.junctions).flatMap(({ minutes }) =>
    minutes.filter((minute): minute is SafetyInterval & { features: IntervalFeatures } => scorable(minute)),
  );
}

function constantsOf(runs: readonly OfRun[]): NormalizationConstants | null {
  const features = runs.flatMap(({ variants }) =>
    Object.values(variants).flatMap(({ safety }) => (safety ? minutesOf(safety).map((minute) => minute.features) : [])),
  );
  if (features.length === 0) return null;
  return normalizationConstants(features, { version: 1, validFromMs: 0, validUntilMs: null });
}

function meanIndex(safety: SafetyResult, constants: NormalizationConstants): SafetyIndices | null {
  const sum = { vru: 0, vehicle: 0, traffic: 0, weather: 0, combined: 0 };
  let scored = 0;
  let weathers = 0;
  for (const minute of minutesOf(safety)) {
    const one = indices(minute.features, constants, 0, null);
    if (one === null) continue;
    const weather = minute.index?.weather ?? null;
    scored++;
    sum.vru += one.vru;
    sum.vehicle += one.vehicle;
    sum.traffic += one.traffic;
    sum.combined += weather === null ? one.traffic : 0.85 * one.traffic + 0.15 * weather;
    if (weather === null) continue;
    weathers++;
    sum.weather += weather;
  }
  if (scored === 0) return null;
  return {
    vru: sum.vru / scored,
    vehicle: sum.vehicle / scored,
    traffic: sum.traffic / scored,
    weather: weathers === 0 ? null : sum.weather / weathers,
    combined: sum.combined / scored,
  };
}

/**
 * The same runs with `safety.index` of each variant related to the riskiest minute of all of them. Counts stay; a
 * variant that was not scored stays so. The interval of a single run's index is left out: over several runs it is theirs.
 */
export function onCommonScale<Run extends OfRun>(runs: readonly Run[]): Run[] {
  const constants = constantsOf(runs);
  if (constants === null) return [...runs];
  return runs.map((run) => ({
    ...run,
    variants: Object.fromEntries(
      Object.entries(run.variants).map(([name, result]) => [
        name,
        result.safety === undefined
          ? result
          : { ...result, safety: { ...result.safety, index: meanIndex(result.safety, constants), interval: null } },
      ]),
    ),
  }));
}
