import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  band,
  empiricalBayes,
  hauer,
  type IntervalFeatures,
  indices,
  isHighRisk,
  type NormalizationConstants,
  normalizationConstants,
  percentile85,
  realTimeIndex,
  weatherIndex,
} from './index-formulas.ts';
import { type Observed, quality, type ScoreInput, score } from './score.ts';

const CONSTANTS: NormalizationConstants = {
  version: 1,
  intervalSeconds: 60,
  validFromMs: 0,
  validUntilMs: 1e9,
  vruConflictMax: 8,
  vehicleConflictMax: 8,
  volumeMax: 200,
  speedSpreadMaxMetresPerSecond: 20,
  hardBrakingMax: 15,
  referenceSpeedMetresPerSecond: 40,
};
const FEATURES: IntervalFeatures = {
  intervalSeconds: 60,
  vruConflictIntensity: 5,
  vehicleConflictIntensity: 3,
  volume: 150,
  averageSpeedMetresPerSecond: 35,
  speedSpreadMetresPerSecond: 12,
  hardBraking: 8,
};
const WEATHER = { rainMillimetres: 15.5, visibilityMetres: 5000, windMetresPerSecond: 8, temperatureCelsius: 15 };
const OBSERVED: Observed = {
  messages: 5000,
  messagesRejected: 0,
  secondsHeard: 60,
  secondsWithSignals: 60,
  penetration: 0.3,
};
const INPUT: ScoreInput = {
  features: FEATURES,
  observed: OBSERVED,
  constants: CONSTANTS,
  atMs: 0,
  weather: null,
  baseline: null,
};

describe('the index', () => {
  it('gives the reference values', () => {
    const result = indices(FEATURES, CONSTANTS, 0, WEATHER)!;
    expect(result.vru).toBeCloseTo(69.5, 9);
    expect(result.vehicle).toBeCloseTo(56.4167, 4);
    expect(result.weather).toBeCloseTo(52.275, 9);
    expect(result.traffic).toBeCloseTo(64.2667, 4);
    expect(result.combined).toBeCloseTo(62.4679, 4);
    expect(indices(FEATURES, CONSTANTS, 0, null)).toMatchObject({ weather: null, combined: result.traffic });
  });

  it('gives the reference values of the Empirical-Bayes form', () => {
    const many = empiricalBayes(64.3, 20, 150);
    expect(many.observationWeight).toBeCloseTo(0.751244, 6);
    expect(many.index).toBeCloseTo(53.2801, 4);
    const none = empiricalBayes(64.3, 20, 0);
    expect(none.observationWeight).toBeCloseTo(0.019608, 6);
    expect(none.index).toBeCloseTo(20.8686, 4);
    expect(empiricalBayes(69.5, 40, 49).index).toBeCloseTo(54.75, 9);
  });

  it('has its bands at 40, 60 and 80, and high-risk minutes above 75', () => {
    expect([39.9, 40, 60, 80].map(band)).toEqual(['low', 'medium', 'high', 'critical']);
    expect([75, 75.1].map(isHighRisk)).toEqual([false, true]);
  });

  it('keeps maxima of people and of vehicles apart', () => {
    const apart = { ...CONSTANTS, vruConflictMax: 100 };
    expect(indices(FEATURES, apart, 0, null)!.vehicle).toBe(indices(FEATURES, CONSTANTS, 0, null)!.vehicle);
    expect(indices(FEATURES, apart, 0, null)!.vru).toBeLessThan(indices(FEATURES, CONSTANTS, 0, null)!.vru);
  });

  it('refuses constants of another interval or of another time', () => {
    expect(() => indices(FEATURES, { ...CONSTANTS, intervalSeconds: 900 }, 0, null)).toThrow(
      '60 s against constants of 900 s',
    );
    expect(() => indices(FEATURES, CONSTANTS, 2e9, null)).toThrow('lies outside');
  });

  it('is worst weather at 100 and best at 0', () => {
    expect(
      weatherIndex({ rainMillimetres: 99, visibilityMetres: 0, windMetresPerSecond: 50, temperatureCelsius: -30 }),
    ).toBeCloseTo(100, 9);
    expect(
      weatherIndex({ rainMillimetres: 0, visibilityMetres: 20_000, windMetresPerSecond: 0, temperatureCelsius: 20 }),
    ).toBe(0);
  });

  it('stays within 0 and 100 whatever it is given', () => {
    const count = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(
        count,
        count,
        count,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (a, b, volume, speed, spread) => {
          const result = indices(
            {
              ...FEATURES,
              vruConflictIntensity: a,
              vehicleConflictIntensity: b,
              volume,
              averageSpeedMetresPerSecond: speed,
              speedSpreadMetresPerSecond: spread,
            },
            CONSTANTS,
            0,
            WEATHER,
          )!;
          for (const value of [result.vru, result.vehicle, result.traffic, result.combined]) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });
});

describe('normalization constants', () => {
  it('are the maxima of the data, a zero maximum counting as 1, and frozen', () => {
    const constants = normalizationConstants(
      [FEATURES, { ...FEATURES, volume: 20, vruConflictIntensity: 0, averageSpeedMetresPerSecond: null }],
      { version: 3, validFromMs: 5, validUntilMs: null },
    );
    expect(constants).toMatchObject({
      version: 3,
      volumeMax: 150,
      vruConflictMax: 5,
      referenceSpeedMetresPerSecond: 35,
    });
    expect(Object.isFrozen(constants)).toBe(true);
    expect(
      normalizationConstants([{ ...FEATURES, hardBraking: 0 }], { version: 1, validFromMs: 0, validUntilMs: null })
        .hardBrakingMax,
    ).toBe(1);
    expect(() => normalizationConstants([], { version: 1, validFromMs: 0, validUntilMs: null })).toThrow(
      'at least one',
    );
    expect(() =>
      normalizationConstants([FEATURES, { ...FEATURES, intervalSeconds: 900 }], {
        version: 1,
        validFromMs: 0,
        validUntilMs: null,
      }),
    ).toThrow('one length');
  });
  it('take the 85th percentile', () => {
    expect(percentile85([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21])).toBe(18);
  });
});

describe('observations move every index, and silence does not make a junction safe', () => {
  const baseline = { vru: 20, vehicle: 20, traffic: 20, weather: null, combined: 20 };
  const of = (changes: Partial<IntervalFeatures>) => {
    const result = score({ ...INPUT, baseline, features: { ...FEATURES, volume: 40, ...changes } });
    if (!result.scored) throw new Error(result.reason);
    return result;
  };
  it('moves with each conflict even at a moderate volume, and says by what weight', () => {
    const before = of({});
    const people = of({ vruConflictIntensity: 6 });
    const vehicles = of({ vehicleConflictIntensity: 4 });
    const braking = of({ hardBraking: 9 });
    expect(people.index.vru - before.index.vru).toBeGreaterThan(2);
    expect(people.index.combined - before.index.combined).toBeGreaterThan(1);
    expect(vehicles.index.vehicle - before.index.vehicle).toBeGreaterThan(1);
    expect(braking.index.vehicle).toBeGreaterThan(before.index.vehicle);
    expect(before.observationWeight).toBeCloseTo(41 / 91, 12);
  });
  it('moves with volume, speed, spread and weather', () => {
    expect(of({ volume: 60 }).raw.vehicle).toBeGreaterThan(of({}).raw.vehicle);
    expect(of({ averageSpeedMetresPerSecond: 38 }).index.vru).toBeGreaterThan(of({}).index.vru);
    expect(of({ speedSpreadMetresPerSecond: 15 }).index.vehicle).toBeGreaterThan(of({}).index.vehicle);
    const wet = score({ ...INPUT, weather: WEATHER });
    const wetter = score({ ...INPUT, weather: { ...WEATHER, rainMillimetres: 19 } });
    if (!wet.scored || !wetter.scored) throw new Error('not scored');
    expect(wetter.index.combined).toBeGreaterThan(wet.index.combined);
  });
  it('gives no number for silence, few messages, a silent radio, stale signals or unknown speeds', () => {
    const reason = (changes: Partial<ScoreInput>) => {
      const result = score({ ...INPUT, ...changes });
      expect(result).not.toHaveProperty('index');
      return result.scored ? 'scored' : result.reason;
    };
    expect(reason({ features: null })).toBe('silent');
    expect(reason({ observed: { ...OBSERVED, messages: 0 } })).toBe('silent');
    expect(reason({ observed: { ...OBSERVED, messages: 59 } })).toBe('too-few-messages');
    expect(reason({ observed: { ...OBSERVED, secondsHeard: 20 } })).toBe('low-quality');
    expect(reason({ observed: { ...OBSERVED, secondsWithSignals: 0, secondsHeard: 50 } })).toBe('low-quality');
    expect(reason({ features: { ...FEATURES, averageSpeedMetresPerSecond: null } })).toBe('speeds-unknown');
  });
  it('lowers quality for each fault, and shows exposure and an interval around the index', () => {
    const best = quality(OBSERVED, 60).score;
    expect(best).toBe(1);
    expect(quality({ ...OBSERVED, secondsWithSignals: 30 }, 60).score).toBeLessThan(best);
    expect(quality({ ...OBSERVED, messagesRejected: 100 }, 60).score).toBeLessThan(best);
    expect(quality({ ...OBSERVED, secondsHeard: 59 }, 60).score).toBeLessThan(best);
    const result = of({});
    expect(result).toMatchObject({ exposureVehicles: 40, penetration: 0.3, constantsVersion: 1 });
    expect(result.combinedInterval.low).toBeLessThan(result.index.combined);
    expect(result.combinedInterval.high).toBeGreaterThan(result.index.combined);
  });
});

describe('crash history', () => {
  const history = { fatal: 1, injury: 4, damage: 8, exposure: 20, priorRate: 0.5, priorExposure: 20 };
  const now = {
    freeFlowMetresPerSecond: 14,
    speedMetresPerSecond: 7,
    speedVariance: 4.9,
    turningVehicles: 40,
    vruCount: 10,
    vehicleCount: 40,
    capacityVehicles: 80,
  };
  it('follows the formula', () => {
    const result = realTimeIndex(history, now)!;
    expect(result.rate).toBeCloseTo(0.5 * (30 / 20) + 0.5 * 0.5, 12);
    expect(result.uplift).toBeCloseTo(1 + 0.3 * 0.75 + 0.3 * (Math.sqrt(4.9) / 7) + 0.4 * 0.2, 12);
    expect(result.vru).toBeCloseTo(result.rate * result.uplift * 0.25, 12);
    expect(result.vehicle).toBeCloseTo(result.rate * result.uplift * 0.5, 12);
    expect(result.combined).toBeCloseTo(0.6 * result.vru + 0.4 * result.vehicle, 12);
  });
  it('gives none where there is nothing to relate to', () => {
    expect(realTimeIndex(history, { ...now, vehicleCount: 0 })).toBeNull();
    expect(realTimeIndex({ ...history, exposure: 0 }, now)).toBeNull();
  });
  it("follows Hauer's form", () => {
    const { modelWeight, expected, variance } = hauer(4, 10, 0.25);
    expect(modelWeight).toBe(0.5);
    expect(expected).toBe(7);
    expect(variance).toBe(3.5);
  });
});
