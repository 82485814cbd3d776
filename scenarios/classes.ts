/** The usual vehicle of each class, and what a scenario changes of it. */
import type { Findings } from './findings.ts';
import type { VehicleClassesFile } from './schema.ts';
import { VEHICLE_CLASSES, type VehicleClass, type VehicleClassName } from './types.ts';

type Usual = Omit<VehicleClass, 'name' | 'share'>;

/**
 * Lengths, widths and masses are those of common vehicles of the class; PCU is Indo-HCM's set for signals; speeds and
 * accelerations are what such vehicles do in town. Car following: IDM with its authors' town values (1.5 m/s2, 2 m/s2
 * comfortable), the headway shorter, as observed at the start of green.
 */
export const USUAL_CLASSES: Readonly<Record<VehicleClassName, Usual>> = {
  car: {
    lengthMetres: 4.5,
    widthMetres: 1.8,
    pcu: 1,
    massKilograms: 1400,
    maxSpeedMetresPerSecond: 50,
    accelerationMetresPerSecond2: 2,
    decelerationMetresPerSecond2: 2.5,
    minGapMetres: 2,
    timeHeadwaySeconds: 1.2,
    emissionClass: 'PC_G_EU4',
  },
  bus: {
    lengthMetres: 12,
    widthMetres: 2.55,
    pcu: 1.6,
    massKilograms: 15_000,
    maxSpeedMetresPerSecond: 22,
    accelerationMetresPerSecond2: 1.2,
    decelerationMetresPerSecond2: 2,
    minGapMetres: 2.5,
    timeHeadwaySeconds: 1.5,
    emissionClass: 'Bus',
  },
  truck: {
    lengthMetres: 9,
    widthMetres: 2.5,
    pcu: 1.6,
    massKilograms: 14_000,
    maxSpeedMetresPerSecond: 22,
    accelerationMetresPerSecond2: 1,
    decelerationMetresPerSecond2: 2,
    minGapMetres: 2.5,
    timeHeadwaySeconds: 1.7,
    emissionClass: 'HDV',
  },
  bike: {
    lengthMetres: 1.9,
    widthMetres: 0.7,
    pcu: 0.4,
    massKilograms: 190,
    maxSpeedMetresPerSecond: 22,
    accelerationMetresPerSecond2: 2.2,
    decelerationMetresPerSecond2: 2.5,
    minGapMetres: 1,
    timeHeadwaySeconds: 0.9,
    emissionClass: 'PC_G_EU4',
  },
  rickshaw: {
    lengthMetres: 2.7,
    widthMetres: 1.3,
    pcu: 0.5,
    massKilograms: 600,
    maxSpeedMetresPerSecond: 14,
    accelerationMetresPerSecond2: 1.4,
    decelerationMetresPerSecond2: 2.2,
    minGapMetres: 1.2,
    timeHeadwaySeconds: 1.1,
    emissionClass: 'PC_G_EU4',
  },
  emergency: {
    lengthMetres: 6,
    widthMetres: 2.1,
    pcu: 1.1,
    massKilograms: 4500,
    maxSpeedMetresPerSecond: 40,
    accelerationMetresPerSecond2: 2,
    decelerationMetresPerSecond2: 2.5,
    minGapMetres: 2,
    timeHeadwaySeconds: 1.2,
    emissionClass: 'LDV_G_EU4',
  },
};

/** Classes with a share above 0, in the order of VEHICLE_CLASSES; cars only where the file names none. */
export function buildClasses(file: VehicleClassesFile | undefined, findings: Findings): VehicleClass[] {
  const given = file ?? { car: { share: 1 } };
  const sum = VEHICLE_CLASSES.reduce((total, name) => total + (given[name]?.share ?? 0), 0);
  if (Math.abs(sum - 1) > 1e-6) {
    const path = ['vehicleClasses'];
    findings.addConsequence(
      path,
      [path],
      `have shares that sum to ${Math.round(sum * 1e6) / 1e6}; they must sum to 1`,
      'Correct the shares.',
    );
  }
  return VEHICLE_CLASSES.filter((name) => (given[name]?.share ?? 0) > 0).map((name) => {
    const {
      share,
      maxSpeedKilometresPerHour,
      carFollowing: _model,
      filtersToFront: _filters,
      ...changes
    } = given[name]!;
    const speed = maxSpeedKilometresPerHour;
    const changed = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const usual = { ...USUAL_CLASSES[name], ...(speed === undefined ? {} : { maxSpeedMetresPerSecond: speed / 3.6 }) };
    return { name, share, ...usual, ...changed };
  });
}
