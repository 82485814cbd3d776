import { describe, expect, it } from 'vitest';
import { createEngine } from './engine.ts';
import { emissionClass, emissionRate } from './emissions.ts';
import { car, oneRoute, straightRoad } from './testing.ts';

describe('emissions', () => {
  it('of an idling petrol car are 2.6 g of CO2 a second', () => {
    expect(emissionRate(emissionClass('PC_G_EU4').co2, 0, 0)).toBeCloseTo(2624.7, 1);
  });

  it('follow the polynomial in speed and acceleration', () => {
    const { fuel } = emissionClass('PC_D_EU6');
    expect(emissionRate(fuel, 10, 1)).toBeCloseTo((1241 + 2082 + 471 + 0.06419 * 1000) / 3.6, 9);
  });

  it('of NOx are what SUMO 1.15 gives for the class', () => {
    // emissionsDrivingCycle: idle, and 5 m/s at 1 m/s2, mg/s.
    expect(emissionRate(emissionClass('PC_G_EU4').nox, 0, 0)).toBeCloseTo(1.20444, 4);
    const rates = {
      PC_G_EU4: 1.46965,
      PC_G_EU6: 1.27125,
      PC_D_EU6: 4.91194,
      LDV_G_EU4: 0.690681,
      Bus: 140.528,
      HDV: 174.868,
    };
    for (const [name, rate] of Object.entries(rates)) {
      expect(emissionRate(emissionClass(name).nox, 5, 1) / rate).toBeCloseTo(1, 4);
    }
  });

  it('are nothing while the engine brakes', () => {
    expect(emissionRate(emissionClass('PC_G_EU4').co2, 12, -2.5)).toBe(0);
  });

  it('of an unknown class are refused, naming those there are', () => {
    expect(() => emissionClass('PC_H')).toThrow(/"PC_H"; one of PC_G_EU4, PC_G_EU6, PC_D_EU6/);
    expect(() => emissionClass('constructor')).toThrow(/one of/);
  });

  it('add up over a drive: steady speed burns the polynomial, whatever the step', () => {
    for (const stepSeconds of [0.1, 1]) {
      const engine = createEngine(straightRoad([400, 400]), oneRoute([0], { ...car, emissionClass: 'PC_D_EU6' }), {
        stepSeconds,
        seed: 1,
      });
      engine.groupLamp[0] = 1;
      for (let k = 0; k < 20 / stepSeconds; k++) engine.step();
      const { co2, fuel } = emissionClass('PC_D_EU6');
      const seconds = 20 - engine.state.enteredAt[0]!;
      expect(engine.state.co2Grams[0]! / seconds).toBeCloseTo(emissionRate(co2, 13.89, 0) / 1000, 1);
      expect(engine.state.fuelMillilitres[0]! / seconds).toBeCloseTo(emissionRate(fuel, 13.89, 0) / 836, 1);
    }
  });
});
