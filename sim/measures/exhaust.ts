/**
 * NOx, and what fuel and CO2 would be if all passenger cars were of another class: worked out once a tick from speed and
 * acceleration, beside the engine, which sums up fuel and CO2 of the classes as they are.
 */
import type { Engine } from '../core.ts';
import { emissionClass } from '../traffic/emissions.ts';

/** Class that the sensitivity takes for passenger cars. PC_G_EU4 idles at four times a usual idle, which flatters signals. */
export const SENSITIVITY_CLASS = 'PC_D_EU6';

export interface Exhaust {
  noxGrams: number;
  sensitivity: { emissionClass: string; fuelLitres: number; co2Kilograms: number; noxGrams: number };
}

/** Five coefficients as grams or millilitres a second: c0, cav1, c1, c2, c3. */
const scaled = (polynomial: readonly number[], unit: number) => polynomial.map((c) => c / 3.6 / unit);

/** Where the coefficients of a class begin: NOx of its own; NOx, CO2 and fuel of the class that the sensitivity takes. */
const NUMBERS = 20;
const OTHER_NOX = 5;
const OTHER_CO2 = 10;
const OTHER_FUEL = 15;

export class ExhaustMeter {
  readonly #engine: Engine;
  readonly #numbers: Float64Array;
  /** By vehicle. */
  readonly noxGrams: Float64Array;
  readonly #otherNoxGrams: Float64Array;
  readonly #otherCo2Grams: Float64Array;
  readonly #otherFuelMillilitres: Float64Array;

  /** Throws RangeError for an emission class that is not known. */
  constructor(engine: Engine) {
    const { demand } = engine;
    this.#engine = engine;
    this.#numbers = Float64Array.from(
      demand.classes.flatMap(({ emissionClass: name }) => {
        const own = emissionClass(name);
        const other = name.startsWith('PC_') ? emissionClass(SENSITIVITY_CLASS) : own;
        return [
          ...scaled(own.nox, 1000),
          ...scaled(other.nox, 1000),
          ...scaled(other.co2, 1000),
          ...scaled(other.fuel, other.fuelDensity),
        ];
      }),
    );
    this.noxGrams = new Float64Array(demand.count);
    this.#otherNoxGrams = new Float64Array(demand.count);
    this.#otherCo2Grams = new Float64Array(demand.count);
    this.#otherFuelMillilitres = new Float64Array(demand.count);
  }

  /** After each tick of the world. */
  tick(): void {
    const { state, demand, stepSeconds: h } = this.#engine;
    const { active, activeCount, speed, acceleration } = state;
    const { vehicleClass } = demand;
    const numbers = this.#numbers;
    const nox = this.noxGrams;
    const otherNox = this.#otherNoxGrams;
    const otherCo2 = this.#otherCo2Grams;
    const otherFuel = this.#otherFuelMillilitres;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      const k = NUMBERS * vehicleClass[v]!;
      const a = acceleration[v]!;
      const middle = speed[v]! - (a * h) / 2;
      const mean = middle > 0 ? middle : 0;
      nox[v]! += rate(numbers, k, mean, a) * h;
      otherNox[v]! += rate(numbers, k + OTHER_NOX, mean, a) * h;
      otherCo2[v]! += rate(numbers, k + OTHER_CO2, mean, a) * h;
      otherFuel[v]! += rate(numbers, k + OTHER_FUEL, mean, a) * h;
    }
  }

  /** Over vehicles `from` and on. */
  result(from: number): Exhaust {
    return {
      noxGrams: sum(this.noxGrams, from),
      sensitivity: {
        emissionClass: SENSITIVITY_CLASS,
        fuelLitres: sum(this.#otherFuelMillilitres, from) / 1000,
        co2Kilograms: sum(this.#otherCo2Grams, from) / 1000,
        noxGrams: sum(this.#otherNoxGrams, from),
      },
    };
  }
}

/** Rate by the five coefficients from `k` on. */
function rate(c: Float64Array, k: number, v: number, a: number): number {
  if (v === 0) return c[k]! > 0 ? c[k]! : 0;
  const found = c[k]! + v * (c[k + 1]! * a + c[k + 2]! + v * (c[k + 3]! + v * c[k + 4]!));
  return found > 0 ? found : 0;
}

function sum(values: Float64Array, from: number): number {
  let total = 0;
  for (let v = from; v < values.length; v++) total += values[v]!;
  return Math.round(total * 1e6) / 1e6;
}
