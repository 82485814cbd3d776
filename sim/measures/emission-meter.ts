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

export class EmissionMeter {
  readonly #engine: Engine;
  readonly #classes: readonly EmissionClass[];

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#classes = engine.demand.classes.map(({ emissionClass }) => emissionClassOf(emissionClass).emission);
  }

  /** After each tick of the world. */
  tick(): void {
    const { state, demand, stepSeconds } = this.#engine;
    const { active, activeCount, speed, acceleration, fuelMillilitres, co2Grams } = state;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      const { co2, fuel, fuelDensity } = this.#classes[demand.vehicleClass[v]!]!;
      fuelMillilitres[v]! += (emissionRate(fuel, speed[v]!, acceleration[v]!) * stepSeconds) / fuelDensity;
      co2Grams[v]! += (emissionRate(co2, speed[v]!, acceleration[v]!) * stepSeconds) / 1000;
    }
  }
}
