/**
 * NOx, and what fuel and CO2 would be if all passenger cars were of another class: worked out once a tick from speed and
 * acceleration, beside the engine, which sums up fuel and CO2 of the classes as they are.
 */
import type { Engine } from '../core.ts';
import { type EmissionClass, emissionClass } from '../traffic/emissions.ts';

/** Class that the sensitivity takes for passenger cars. PC_G_EU4 idles at four times a usual idle, which flatters signals. */
export const SENSITIVITY_CLASS = 'PC_D_EU6';

export interface Exhaust {
  noxGrams: number;
  sensitivity: { emissionClass: string; fuelLitres: number; co2Kilograms: number; noxGrams: number };
}

/** Coefficients of one class as grams or millilitres a second: c0, cav1, c1, c2, c3. */
function scaled({ co2, fuel, nox, fuelDensity }: EmissionClass) {
  const by = (polynomial: readonly number[], unit: number) => Float64Array.from(polynomial, (c) => c / 3.6 / unit);
  return { co2: by(co2, 1000), fuel: by(fuel, fuelDensity), nox: by(nox, 1000) };
}

export class ExhaustMeter {
  readonly #engine: Engine;
  readonly #own: readonly ReturnType<typeof scaled>[];
  readonly #other: readonly ReturnType<typeof scaled>[];
  /** By vehicle. */
  readonly noxGrams: Float64Array;
  readonly #otherNoxGrams: Float64Array;
  readonly #otherCo2Grams: Float64Array;
  readonly #otherFuelMillilitres: Float64Array;

  /** Throws RangeError for an emission class that is not known. */
  constructor(engine: Engine) {
    const { demand } = engine;
    this.#engine = engine;
    this.#own = demand.classes.map((parameters) => scaled(emissionClass(parameters.emissionClass)));
    this.#other = demand.classes.map(({ emissionClass: name }, c) =>
      name.startsWith('PC_') ? scaled(emissionClass(SENSITIVITY_CLASS)) : this.#own[c]!,
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
    const ownOf = this.#own;
    const otherOf = this.#other;
    const noxGrams = this.noxGrams;
    const otherNoxGrams = this.#otherNoxGrams;
    const otherCo2Grams = this.#otherCo2Grams;
    const otherFuelMillilitres = this.#otherFuelMillilitres;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      const kind = vehicleClass[v]!;
      const a = acceleration[v]!;
      const middle = speed[v]! - (a * h) / 2;
      const mean = middle > 0 ? middle : 0;
      const other = otherOf[kind]!;
      noxGrams[v]! += rate(ownOf[kind]!.nox, mean, a) * h;
      otherNoxGrams[v]! += rate(other.nox, mean, a) * h;
      otherCo2Grams[v]! += rate(other.co2, mean, a) * h;
      otherFuelMillilitres[v]! += rate(other.fuel, mean, a) * h;
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

function rate(c: Float64Array, v: number, a: number): number {
  const found = c[0]! + v * (c[1]! * a + c[2]! + v * (c[3]! + v * c[4]!));
  return found > 0 ? found : 0;
}

function sum(values: Float64Array, from: number): number {
  let total = 0;
  for (let v = from; v < values.length; v++) total += values[v]!;
  return Math.round(total * 1e6) / 1e6;
}
