/**
 * Fuel, CO2 and NOx by the HBEFA 3 polynomial as SUMO publishes it:
 * E [mg/s] = max(0, (c0 + cav1 a v + c1 v + c2 v^2 + c3 v^3) / 3.6), v in m/s, a in m/s2; fuel in ml/s divides by the
 * density (742 mg/ml petrol, 836 mg/ml diesel) as well.
 * NOx coefficients were checked against what SUMO 1.15's emissionsDrivingCycle gives.
 */

/** c0, cav1, c1, c2, c3 of one substance. */
export type Polynomial = readonly [number, number, number, number, number];

export interface EmissionClass {
  readonly co2: Polynomial;
  readonly fuel: Polynomial;
  readonly nox: Polynomial;
  /** Milligrams per millilitre. */
  readonly fuelDensity: number;
}

const PETROL = 742;
const DIESEL = 836;

/** Coefficients by HBEFA 3 class. */
export const EMISSION_CLASSES: Readonly<Record<string, EmissionClass>> = {
  PC_G_EU4: {
    co2: [9449, 938.4, -467.1, 28.26, 0],
    fuel: [3014, 299.3, -149, 9.014, 0],
    nox: [4.336, 0.4428, -0.3204, 0.01371, 0],
    fuelDensity: PETROL,
  },
  PC_G_EU6: {
    co2: [8273, 845.1, -401.1, 25.08, 0],
    fuel: [2639, 269.6, -127.9, 8.001, 0],
    nox: [3.444, 0.4035, -0.2313, 0.01086, 0],
    fuelDensity: PETROL,
  },
  PC_D_EU6: {
    co2: [3946, 661.8, 149.8, 0, 0.2041],
    fuel: [1241, 208.2, 47.1, 0, 0.06419],
    nox: [16.31, 1.39, -1.391, 0.05512, 0],
    fuelDensity: DIESEL,
  },
  LDV_G_EU4: {
    co2: [5056, 1015, 286.5, 0, 0.3172],
    fuel: [1613, 323.8, 91.39, 0, 0.1012],
    nox: [1.1, 0.1892, 0.08809, 0, 0],
    fuelDensity: PETROL,
  },
  Bus: {
    co2: [19030, 6475, 2073, 0, 0],
    fuel: [6016, 2049, 656.6, 0, 0],
    nox: [218.7, 46.17, 11.27, 0, 0],
    fuelDensity: DIESEL,
  },
  HDV: {
    co2: [26570, 7076, 1753, 0, 0],
    fuel: [8358, 2226, 551.4, 0, 0],
    nox: [305.6, 55.28, 9.505, 0, 0],
    fuelDensity: DIESEL,
  },
  /** No engine: a bicycle, an electric vehicle. */
  Zero: { co2: [0, 0, 0, 0, 0], fuel: [0, 0, 0, 0, 0], nox: [0, 0, 0, 0, 0], fuelDensity: PETROL },
};

/** Coefficients of a class; an unknown name throws and says which there are. */
export function emissionClass(name: string): EmissionClass {
  const found = Object.hasOwn(EMISSION_CLASSES, name) ? EMISSION_CLASSES[name] : undefined;
  if (found === undefined) {
    throw new RangeError(
      `emissionClass is "${name}"; one of ${Object.keys(EMISSION_CLASSES).join(', ')}. Name one of these.`,
    );
  }
  return found;
}

/** Rate at speed v (m/s) and acceleration a (m/s2), mg/s. */
export function emissionRate(polynomial: Polynomial, v: number, a: number): number {
  const [c0, cav1, c1, c2, c3] = polynomial;
  return Math.max(0, (c0 + cav1 * a * v + c1 * v + c2 * v * v + c3 * v * v * v) / 3.6);
}
