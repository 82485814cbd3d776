/** SUMO's vehicle types: defaults per vehicle class (SUMO 1.15), `<vType>` and `<vTypeDistribution>`. */
import type { Notices } from './notices.ts';
import { VEHICLE_CLASSES, type VehicleClass, vehicleClass } from './permissions.ts';
import { plainNumber, shortened, type XmlElement } from './xml.ts';

/** Normal distribution cut off at `least` and `most`; deviation 0: always the mean. */
export interface SpeedFactor {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

export interface SumoVehicleType {
  readonly id: string;
  readonly vClass: VehicleClass;
  readonly length: number;
  readonly width: number;
  readonly minGap: number;
  readonly accel: number;
  readonly decel: number;
  readonly emergencyDecel: number;
  readonly apparentDecel: number;
  /** Desired headway, s. */
  readonly tau: number;
  /** Imperfection, 0 to 1. */
  readonly sigma: number;
  readonly maxSpeed: number;
  /** What its driver would drive at most, times the speed factor. */
  readonly desiredMaxSpeed: number;
  readonly speedFactor: SpeedFactor;
  readonly carFollowModel: string;
  readonly laneChangeModel: string;
  /** `lcStrategic`, `lcCooperative` and so on, and `jm...`, where given. */
  readonly modelParameters: Readonly<Record<string, number>>;
  readonly emissionClass: string;
}

/** Types to draw from, with their weights. */
export interface SumoTypeDistribution {
  readonly id: string;
  readonly types: readonly SumoVehicleType[];
  readonly weights: readonly number[];
}

type Defaults = Pick<
  SumoVehicleType,
  'length' | 'width' | 'minGap' | 'accel' | 'decel' | 'emergencyDecel' | 'maxSpeed' | 'sigma'
> & { readonly deviation: number; readonly emissionClass: string };

/** length, width, minGap, accel, decel, emergencyDecel, maxSpeed km/h, speedDev, sigma, emission class: as SUMO 1.15 reports them. */
const TABLE: Readonly<
  Record<VehicleClass, readonly [number, number, number, number, number, number, number, number, number, string]>
> = {
  private: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
  emergency: [6.5, 2.16, 2.5, 2.6, 4.5, 9, 200, 0, 0.5, 'LDV'],
  authority: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0, 0.5, 'PC_G_EU4'],
  army: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0, 0.5, 'PC_G_EU4'],
  vip: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
  pedestrian: [0.215, 0.478, 0.25, 1.5, 2, 5, 37.58, 0.1, 0.5, 'zero'],
  passenger: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
  hov: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
  taxi: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.05, 0.5, 'PC_G_EU4'],
  bus: [12, 2.5, 2.5, 1.2, 4, 7, 100, 0, 0.5, 'Bus'],
  coach: [14, 2.6, 2.5, 2, 4, 7, 100, 0.05, 0.5, 'Coach'],
  delivery: [6.5, 2.16, 2.5, 2.6, 4.5, 9, 200, 0.05, 0.5, 'LDV'],
  truck: [7.1, 2.4, 2.5, 1.3, 4, 7, 130, 0.05, 0.5, 'HDV'],
  trailer: [16.5, 2.55, 2.5, 1.1, 4, 7, 130, 0.05, 0.5, 'HDV'],
  motorcycle: [2.2, 0.9, 2.5, 6, 10, 10, 200, 0.1, 0.5, 'LDV_G_EU6'],
  moped: [2.1, 0.78, 2.5, 1.1, 7, 10, 60, 0.1, 0.5, 'LDV_G_EU6'],
  bicycle: [1.6, 0.65, 0.5, 1.2, 3, 7, 50, 0.1, 0.5, 'zero'],
  evehicle: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'zero'],
  tram: [22, 2.4, 2.5, 1, 3, 7, 80, 0, 0, 'zero'],
  rail_urban: [109.5, 3, 5, 1, 3, 7, 100, 0, 0, 'zero'],
  rail: [135, 2.84, 5, 0.25, 1.3, 5, 160, 0, 0, 'HDV_D_EU0'],
  rail_electric: [200, 2.95, 5, 0.5, 1.3, 5, 220, 0, 0, 'zero'],
  rail_fast: [200, 2.95, 5, 0.5, 1.3, 5, 330, 0, 0, 'zero'],
  ship: [17, 4, 2.5, 0.1, 0.15, 1, 14.8453608, 0.1, 0, 'HDV_D_EU0'],
  custom1: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
  custom2: [5, 1.8, 2.5, 2.6, 4.5, 9, 200, 0.1, 0.5, 'PC_G_EU4'],
};

function defaultsOf(vClass: VehicleClass): Defaults {
  const [length, width, minGap, accel, decel, emergencyDecel, maxKmh, deviation, sigma, emissionClass] = TABLE[vClass];
  const maxSpeed = maxKmh / 3.6;
  return { length, width, minGap, accel, decel, emergencyDecel, maxSpeed, sigma, deviation, emissionClass };
}

/** What drivers of a class would drive at most, m/s; 20 km/h on bicycles, 5 km/h on foot. */
function desiredMaxSpeed(vClass: VehicleClass): number {
  return vClass === 'bicycle' ? 20 / 3.6 : vClass === 'pedestrian' ? 5 / 3.6 : 10_000 / 3.6;
}

/** The type without an attribute, of a class; `DEFAULT_VEHTYPE` is that of passenger. */
export function defaultType(id: string, vClass: VehicleClass = 'passenger'): SumoVehicleType {
  const { deviation, ...rest } = defaultsOf(vClass);
  return {
    id,
    vClass,
    ...rest,
    apparentDecel: rest.decel,
    tau: 1,
    desiredMaxSpeed: desiredMaxSpeed(vClass),
    speedFactor: { mean: 1, deviation, least: 0.2, most: 2 },
    carFollowModel: 'Krauss',
    laneChangeModel: 'LC2013',
    modelParameters: {},
  };
}

/** Attributes that change nothing about the movement. */
const HARMLESS = [
  'id',
  'color',
  'guiShape',
  'imgFile',
  'osgFile',
  'height',
  'probability',
  'personCapacity',
  'containerCapacity',
  'boardingDuration',
  'loadingDuration',
  'personNumber',
  'containerNumber',
  'carriageLength',
  'locomotiveLength',
  'carriageGap',
  'parkingBadges',
  'manoeuverAngleTimes',
  'seatingWidth',
  'scale',
];
const READ = [
  'vClass',
  'length',
  'width',
  'minGap',
  'accel',
  'decel',
  'emergencyDecel',
  'apparentDecel',
  'tau',
  'sigma',
  'maxSpeed',
  'desiredMaxSpeed',
  'speedFactor',
  'speedDev',
  'carFollowModel',
  'laneChangeModel',
  'emissionClass',
  'impatience',
];
const CAR_FOLLOWING = [
  'Krauss',
  'KraussOrig1',
  'KraussPS',
  'Rail',
  'SmartSK',
  'PWagner2009',
  'BKerner',
  'Wiedemann',
  'W99',
  'IDM',
  'IDMM',
  'EIDM',
  'ACC',
  'CACC',
  'Daniel1',
];
const LANE_CHANGING = ['default', 'LC2013', 'DK2008', 'SL2015'];

/** The type of a `<vType>`. Throws InputFileError for values out of range; what is not simulated goes to `notices`. */
export function readVehicleType(element: XmlElement, notices: Notices): SumoVehicleType {
  const where = `${element.file}:${element.line}`;
  const className = element.optional('vClass') ?? 'passenger';
  const vClass = vehicleClass(className);
  if (vClass === null) {
    element.refuse(
      `has vClass="${shortened(className)}"; ${VEHICLE_CLASSES.join(', ')} are known`,
      'Choose one of them.',
    );
  }
  const base = defaultType(element.text('id'), vClass);
  const carFollowModel = element.optional('carFollowModel') ?? base.carFollowModel;
  const laneChangeModel = element.optional('laneChangeModel') ?? base.laneChangeModel;
  oneOf(element, 'carFollowModel', carFollowModel, CAR_FOLLOWING);
  oneOf(element, 'laneChangeModel', laneChangeModel, LANE_CHANGING);
  if (carFollowModel !== 'Krauss') {
    notices.falsify(`carFollowModel "${carFollowModel}"`, where, 'vehicles of SUMO files follow Krauss here');
  }
  if (laneChangeModel !== 'LC2013' && laneChangeModel !== 'default') {
    notices.falsify(`laneChangeModel "${laneChangeModel}"`, where, 'lanes are changed as LC2013 does');
  }
  const decel = element.number('decel', 0.01, 100, base.decel);
  return {
    ...base,
    length: element.number('length', 0.1, 1000, base.length),
    width: element.number('width', 0.01, 20, base.width),
    minGap: element.number('minGap', 0, 1000, base.minGap),
    accel: element.number('accel', 0.01, 100, base.accel),
    decel,
    emergencyDecel: element.number('emergencyDecel', 0.01, 1000, Math.max(decel, base.emergencyDecel)),
    apparentDecel: element.number('apparentDecel', 0.01, 1000, decel),
    tau: element.number('tau', 0, 100, base.tau),
    sigma: element.number('sigma', 0, 1, base.sigma),
    maxSpeed: element.number('maxSpeed', 0.01, 1000, base.maxSpeed),
    desiredMaxSpeed: element.number('desiredMaxSpeed', 0.01, 1e5, base.desiredMaxSpeed),
    speedFactor: readSpeedFactor(element, base.speedFactor),
    carFollowModel,
    laneChangeModel: 'LC2013',
    modelParameters: modelParameters(element, notices, where),
    emissionClass: element.optional('emissionClass') ?? base.emissionClass,
  };
}

function oneOf(element: XmlElement, name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value))
    element.refuse(`has ${name}="${shortened(value)}"; ${known.join(', ')} are known`, 'Choose one.');
}

/** Parameters that the traffic heeds. */
const APPLIED = [
  ...['lcStrategic', 'lcCooperative', 'lcSpeedGain', 'lcKeepRight', 'lcAssertive', 'lcLookaheadLeft'],
  ...['lcSpeedGainRight', 'jmTimegapMinor', 'jmStoplineGap'],
];
/** Parameters of drivers that ignore signals or foes, with the value at which they do not. */
const LAWLESS: Readonly<Record<string, number>> = {
  jmIgnoreKeepClearTime: -1,
  jmDriveAfterRedTime: -1,
  jmDriveAfterYellowTime: -1,
  jmDriveRedSpeed: -1,
  jmIgnoreFoeProb: 0,
  jmIgnoreFoeSpeed: 0,
  jmIgnoreJunctionFoeProb: 0,
  jmSigmaMinor: 0,
  jmCrossingGap: 10,
  jmAdvance: 1,
  jmExtraGap: 0,
};

function modelParameters(element: XmlElement, notices: Notices, where: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of element.names()) {
    // `off`: drivers never lose patience
    if (name === 'impatience') {
      found[name] = element.text(name) === 'off' ? -1e9 : element.number(name, -1e9, 1);
      continue;
    }
    if (READ.includes(name) || HARMLESS.includes(name)) continue;
    if (/^(lc|jm)[A-Z]\w*$/.test(name)) {
      found[name] = element.number(name, -1e9, 1e9);
      const neutral = LAWLESS[name];
      if (neutral !== undefined) {
        if (found[name] !== neutral) notices.falsify(name, where, 'drivers heed signals and right of way here');
      } else if (!APPLIED.includes(name)) notices.ignore(name, where, "SUMO's default is taken");
    } else if (name === 'actionStepLength') notices.falsify(name, where, 'drivers decide every step here');
    else if (name === 'latAlignment' || name === 'minGapLat' || name === 'maxSpeedLat') {
      notices.ignore(name, where, 'vehicles of SUMO files keep to the middle of their lane');
    } else notices.ignore(`vType ${name}`, where, 'not read');
  }
  return found;
}

/**
 * `1.1`, `norm(mean, dev)`, `normc(mean, dev[, least, most])`, and `speedDev`, which overrides the deviation. A plain
 * number keeps the deviation of the class.
 */
export function readSpeedFactor(element: XmlElement, base: SpeedFactor): SpeedFactor {
  let factor = base;
  const text = element.optional('speedFactor');
  if (text !== null) {
    const call = /^\s*(normc?)\s*\(([^)]*)\)\s*$/.exec(text);
    const numbers =
      call === null
        ? [plainNumber(text)]
        : call[2]!
            .split(/[\s,;]+/)
            .filter(Boolean)
            .map(plainNumber);
    const shape =
      call === null
        ? numbers.length === 1
        : call[1] === 'norm'
          ? numbers.length === 2
          : [2, 4].includes(numbers.length);
    const [mean = Number.NaN, deviation = base.deviation, least = 0.2, most = 2] = numbers;
    if (!(shape && mean > 0 && mean < 100 && deviation >= 0 && least < most && most < 1000 && least >= 0)) {
      element.refuse(
        `has speedFactor="${shortened(text)}"; a number above 0, norm(mean,dev) or normc(mean,dev,least,most) is needed`,
        'Correct it.',
      );
    }
    if (mean < least || mean > most) {
      element.refuse(
        `has speedFactor="${shortened(text)}", whose mean lies outside ${least} to ${most}`,
        'Widen the limits.',
      );
    }
    factor = { mean, deviation, least, most };
  }
  return element.has('speedDev') ? { ...factor, deviation: element.number('speedDev', 0, 100) } : factor;
}
