/** The usual vehicle of each class, and what a scenario changes of it. */
import type { Findings } from './findings.ts';
import type { VehicleClassesFile } from './schema.ts';
import { TWO_WHEELER } from './schema-parts.ts';
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
  lcv: {
    lengthMetres: 5.5,
    widthMetres: 2,
    pcu: 1.1,
    massKilograms: 2500,
    maxSpeedMetresPerSecond: 40,
    accelerationMetresPerSecond2: 1.6,
    decelerationMetresPerSecond2: 2.3,
    minGapMetres: 2,
    timeHeadwaySeconds: 1.3,
    emissionClass: 'LDV_G_EU4',
  },
  bicycle: {
    lengthMetres: 1.8,
    widthMetres: 0.6,
    pcu: 0.3,
    massKilograms: 90,
    maxSpeedMetresPerSecond: 5,
    accelerationMetresPerSecond2: 0.8,
    decelerationMetresPerSecond2: 2,
    minGapMetres: 1,
    timeHeadwaySeconds: 1,
    emissionClass: 'Zero',
  },
};

/** Two-wheelers that ride abreast need lanes at least so wide, in widths of theirs and m on top: 0.1 m on every side. */
const ABREAST_GAPS_METRES = 0.3;

export type PcuSet = 'indo-hcm' | 'irc-few' | 'irc-many';

/** Indo-HCM is in `USUAL_CLASSES`; IRC 106-1990 for a share of 5 % and less, and of 10 % and more. */
const PCU_SETS: Readonly<Record<PcuSet, Partial<Record<VehicleClassName, number>>>> = {
  'indo-hcm': {},
  'irc-few': { bike: 0.5, rickshaw: 1.2, bus: 2.2, truck: 2.2, emergency: 1.4, lcv: 1.4, bicycle: 0.4 },
  'irc-many': { bike: 0.75, rickshaw: 2, bus: 3.7, truck: 3.7, emergency: 2, lcv: 2, bicycle: 0.5 },
};

type ClassFile = NonNullable<VehicleClassesFile['car']>;

/** The file's classes under the names that the program knows. */
function known(file: VehicleClassesFile, findings: Findings): Partial<Record<VehicleClassName, ClassFile>> {
  const { [TWO_WHEELER]: twoWheeler, ...others } = file;
  if (twoWheeler === undefined) return others;
  if (others.bike !== undefined) {
    findings.add(
      ['vehicleClasses', TWO_WHEELER],
      'is another name for bike, which is there already',
      'Keep one of the two and add their shares together.',
    );
  }
  return { ...others, bike: twoWheeler };
}

/**
 * Classes with a share above 0, in the order of VEHICLE_CLASSES; cars only where the file names none. `saturationFlow`:
 * what the file says of it.
 */
export function buildClasses(
  file: VehicleClassesFile | undefined,
  findings: Findings,
  pcuSet: PcuSet = 'indo-hcm',
  saturationFlow?: number,
): VehicleClass[] {
  const given = known(file ?? { car: { share: 1 } }, findings);
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
  const headway = given.car?.timeHeadwaySeconds;
  if (headway !== undefined && saturationFlow !== undefined && (given.car?.carFollowing ?? 'idm') === 'idm') {
    findings.add(
      ['vehicleClasses', 'car', 'timeHeadwaySeconds'],
      `is ${headway}, but saturationFlowPerHourPerLane (${saturationFlow}) says what the headway of cars must be`,
      'Remove one of the two.',
    );
  }
  return VEHICLE_CLASSES.filter((name) => (given[name]?.share ?? 0) > 0).map((name) => {
    const { share, maxSpeedKilometresPerHour, ...changes } = given[name]!;
    const speed = maxSpeedKilometresPerHour;
    const changed = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const pcu = PCU_SETS[pcuSet][name];
    return {
      name,
      share,
      ...USUAL_CLASSES[name],
      ...(name === 'bike' || name === 'bicycle' ? { filtersToFront: true } : {}),
      ...(pcu === undefined ? {} : { pcu }),
      ...(speed === undefined ? {} : { maxSpeedMetresPerSecond: speed / 3.6 }),
      ...(changes.timeHeadwaySeconds === undefined ? {} : { fixedHeadway: true }),
      ...changed,
    };
  });
}

/** Refuses classes that do not fit in the narrowest lane (m), or cannot do in it what they are to do. */
export function checkWidths(
  classes: readonly VehicleClass[],
  file: VehicleClassesFile | undefined,
  narrowest: number,
  findings: Findings,
): void {
  for (const { name, widthMetres, filtersToFront } of classes) {
    const key = name === 'bike' && file?.bike === undefined ? TWO_WHEELER : name;
    const path = ['vehicleClasses', key];
    if (widthMetres > narrowest) {
      findings.addConsequence(
        path,
        [[...path, 'widthMetres'], ['junctions']],
        `is ${widthMetres} m wide, but there are lanes of ${narrowest} m`,
        'Widen the lanes, or correct the width.',
      );
    } else if (filtersToFront === true && 2 * widthMetres + ABREAST_GAPS_METRES > narrowest) {
      if (file?.[key as 'bike']?.filtersToFront !== true) continue;
      findings.add(
        [...path, 'filtersToFront'],
        `is true, but two of ${widthMetres} m do not fit abreast in lanes of ${narrowest} m`,
        'Widen the lanes, or set it to false.',
      );
    }
  }
}
