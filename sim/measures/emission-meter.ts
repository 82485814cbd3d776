/** Fuel and CO2 of vehicles whose engine does not reckon them: by speed and acceleration of each tick, as SUMO does. */
import type { Engine } from '../core.ts';
import { EMISSION_CLASSES, type EmissionClass, emissionRate } from '../traffic/emissions.ts';

/** Our class for a name of SUMO's (`HBEFA3/PC_G_EU4`, `zero`, `HDV_D_EU0`), and whether it is the very one. */
export function emissionClassOf(name: string): { emission: EmissionClass; used: string; exact: boolean } {
  const short = name.slice(name.lastIndexOf('/') + 1);
  const exactly = Object.keys(EMISSION_CLASSES).find((known) => known.toLowerCase() === short.toLowerCase());
  const used = exactly ?? nearest(short);
  return { emission: EMISSION_CLASSES[used]!, used, exact: exactly !== undefined };
}

function nearest(short: string): string {
  if (/^(zero|energy|mmpevem|electric)/i.test(short)) return 'Zero';
  if (/^(bus|coach|ub|rb)/i.test(short)) return 'Bus';
  if (/^(hdv|hgv|rt|sz)/i.test(short)) return 'HDV';
  if (/^(ldv|lcv|lnf)/i.test(short)) return 'LDV_G_EU4';
  return /_d(_|$)/i.test(short) ? 'PC_D_EU6' : 'PC_G_EU4';
}

/** Numbers a class has: five coefficients of CO2, five of fuel, density of the fuel, grams and millilitres of a tick at v = 0. */
const NUMBERS = 13;
const DENSITY = 10;
const STANDING_CO2 = 11;
const STANDING_FUEL = 12;

export class EmissionMeter {
  readonly #engine: Engine;
  readonly #numbers: Float64Array;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { classes } = engine.demand;
    this.#numbers = new Float64Array(NUMBERS * classes.length);
    for (const [c, { emissionClass }] of classes.entries()) {
      const { co2, fuel, fuelDensity } = emissionClassOf(emissionClass).emission;
      const standingCo2 = (emissionRate(co2, 0, 0) * engine.stepSeconds) / 1000;
      const standingFuel = (emissionRate(fuel, 0, 0) * engine.stepSeconds) / fuelDensity;
      this.#numbers.set([...co2, ...fuel, fuelDensity, standingCo2, standingFuel], NUMBERS * c);
    }
  }

  /** After each tick of the world. */
  tick(): void {
    const { state, demand, stepSeconds } = this.#engine;
    const { active, activeCount, speed, acceleration, fuelMillilitres, co2Grams } = state;
    const { vehicleClass } = demand;
    const numbers = this.#numbers;
    for (let i = 0; i < activeCount; i++) {
      const vehicle = active[i]!;
      const k = NUMBERS * vehicleClass[vehicle]!;
      const v = speed[vehicle]!;
      if (v === 0) {
        co2Grams[vehicle]! += numbers[k + STANDING_CO2]!;
        fuelMillilitres[vehicle]! += numbers[k + STANDING_FUEL]!;
        continue;
      }
      const a = acceleration[vehicle]!;
      co2Grams[vehicle]! += (rate(numbers, k, v, a) * stepSeconds) / 1000;
      fuelMillilitres[vehicle]! += (rate(numbers, k + 5, v, a) * stepSeconds) / numbers[k + DENSITY]!;
    }
  }
}

/** `emissionRate` of the five coefficients from `k` on, in its order of operations. */
function rate(c: Float64Array, k: number, v: number, a: number): number {
  const sum = c[k]! + c[k + 1]! * a * v + c[k + 2]! * v + c[k + 3]! * v * v + c[k + 4]! * v * v * v;
  return sum > 0 ? sum / 3.6 : 0;
}
