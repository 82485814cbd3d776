/** What a vehicle is: drawn from its own stream, always the same number of draws in the same order. */
import type { VehicleClass } from '../../scenarios/types.ts';
import type { ClassParameters } from '../core.ts';
import { hexDigits, nearlyNormal, type RandomStream } from '../random.ts';

/** Drivers differ in the speed they want: share of the limit, as SUMO's default passenger cars (deviation 0.1), within bounds. */
export const SPEED_FACTOR_DEVIATION = 0.1;
export const SPEED_FACTOR_BOUNDS = [0.75, 1.25] as const;

/** Hardest braking that any driver brings himself to, m/s2 (SUMO's default for cars); not less than the comfortable one. */
const EMERGENCY_DECELERATION = 9;

export interface VehicleDraw {
  /** Index into the scenario's vehicle classes. */
  readonly vehicleClass: number;
  readonly speedFactor: number;
  readonly tagged: boolean;
  /** Share of a bus stop's mean dwell time that it takes, 0.5 to 1.5. */
  readonly dwellFactor: number;
  /** 24 hexadecimal digits that begin with 30 or E2, whether or not it carries a tag. */
  readonly epc: string;
}

export function drawVehicle(stream: RandomStream, classes: readonly VehicleClass[], tagShare: number): VehicleDraw {
  const vehicleClass = drawClass(stream(), classes);
  const [least, most] = SPEED_FACTOR_BOUNDS;
  const factor = 1 + SPEED_FACTOR_DEVIATION * nearlyNormal(stream);
  const tagged = stream() < tagShare;
  const epc = (stream() < 0.5 ? '30' : 'E2') + hexDigits(stream, 22);
  const dwellFactor = 0.5 + stream();
  return { vehicleClass, speedFactor: Math.min(most, Math.max(least, factor)), tagged, dwellFactor, epc };
}

/** The class in whose stretch of [0, 1) the draw falls; a rounding in the shares' sum goes to the last class that has any. */
function drawClass(draw: number, classes: readonly VehicleClass[]): number {
  let upTo = 0;
  let last = 0;
  for (let c = 0; c < classes.length; c++) {
    const { share } = classes[c]!;
    if (share <= 0) continue;
    upTo += share;
    last = c;
    if (draw < upTo) return c;
  }
  return last;
}

/** The numbers that the engine drives a class of a scenario by. */
export function classParameters(vehicleClass: VehicleClass): ClassParameters {
  return {
    name: vehicleClass.name,
    model: 'idm',
    length: vehicleClass.lengthMetres,
    width: vehicleClass.widthMetres,
    minGap: vehicleClass.minGapMetres,
    maxSpeed: vehicleClass.maxSpeedMetresPerSecond,
    acceleration: vehicleClass.accelerationMetresPerSecond2,
    deceleration: vehicleClass.decelerationMetresPerSecond2,
    maxAcceleration: vehicleClass.accelerationMetresPerSecond2,
    maxDeceleration: Math.max(EMERGENCY_DECELERATION, vehicleClass.decelerationMetresPerSecond2),
    timeHeadway: vehicleClass.timeHeadwaySeconds,
    pcu: vehicleClass.pcu,
    massKilograms: vehicleClass.massKilograms,
    emissionClass: vehicleClass.emissionClass,
    law: vehicleClass.carFollowing ?? 'idm',
    integration: vehicleClass.integration ?? 'ballistic',
    fixedHeadway: vehicleClass.fixedHeadway === true || (vehicleClass.carFollowing ?? 'idm') !== 'idm',
    filters: vehicleClass.filtersToFront === true,
    emergency: vehicleClass.name === 'emergency',
    servesStops: vehicleClass.name === 'bus',
  };
}
