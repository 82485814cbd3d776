/**
 * The checks of BSM and PSM by hand, for those that come twenty thousand a second. They accept some of what the schemas of
 * `raw.ts` accept, and nothing else: whatever is unusual, or wrong, is left to the schemas, whose verdict and words count.
 */
import { AUXILIARY_BRAKES, BRAKE_BOOSTS, CONTROL_STATUSES, PERSON_TYPES, TRANSMISSIONS } from './enums.ts';
import type { RawBsm, RawPsm } from './raw.ts';
import {
  ACCELERATION_METRES_PER_SECOND2,
  ELEVATION_METRES,
  HEADING_DEGREES,
  LATITUDE_DEGREES,
  LONGITUDE_DEGREES,
  ORIENTATION_DEGREES,
  type Quantity,
  SECOND_MARK_MS,
  SEMI_AXIS_METRES,
  SPEED_METRES_PER_SECOND,
  STEERING_ANGLE_DEGREES,
  VEHICLE_LENGTH_METRES,
  VEHICLE_WIDTH_METRES,
  VERTICAL_ACCELERATION_G,
  YAW_RATE_DEGREES_PER_SECOND,
} from './units.ts';

type Given = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWithin = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;

const fits = (value: unknown, of: Quantity): boolean => isWithin(value, of.min, of.max);

function isHex(value: unknown, digits: number): boolean {
  if (typeof value !== 'string' || value.length !== digits) return false;
  for (let i = 0; i < digits; i++) {
    const code = value.charCodeAt(i);
    const isDigit = (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
    if (!isDigit) return false;
  }
  return true;
}

const transmissions: ReadonlySet<unknown> = new Set(TRANSMISSIONS);
const controls: ReadonlySet<unknown> = new Set(CONTROL_STATUSES);
const boosts: ReadonlySet<unknown> = new Set(BRAKE_BOOSTS);
const auxiliaries: ReadonlySet<unknown> = new Set(AUXILIARY_BRAKES);
const personTypes: ReadonlySet<unknown> = new Set(PERSON_TYPES);

const isAccuracy = (value: unknown): boolean =>
  isPlain(value) &&
  fits(value.semiMajor, SEMI_AXIS_METRES) &&
  fits(value.semiMinor, SEMI_AXIS_METRES) &&
  fits(value.orientation, ORIENTATION_DEGREES);

const isAcceleration = (value: unknown): boolean =>
  isPlain(value) &&
  fits(value.long, ACCELERATION_METRES_PER_SECOND2) &&
  fits(value.lat, ACCELERATION_METRES_PER_SECOND2) &&
  fits(value.vert, VERTICAL_ACCELERATION_G) &&
  fits(value.yaw, YAW_RATE_DEGREES_PER_SECOND);

const isBrakes = (value: unknown): boolean =>
  isPlain(value) &&
  isHex(value.wheelBrakes, 2) &&
  controls.has(value.traction) &&
  controls.has(value.abs) &&
  controls.has(value.scs) &&
  boosts.has(value.brakeBoost) &&
  auxiliaries.has(value.auxBrakes);

const isSize = (value: unknown): boolean =>
  isPlain(value) && fits(value.width, VEHICLE_WIDTH_METRES) && fits(value.length, VEHICLE_LENGTH_METRES);

/** Whether it is a BSM of core data and nothing else, each value in its range. Fields that J2735 does not have do no harm within the core data: nobody reads them. */
export function isPlainBsm(value: Given): value is RawBsm {
  for (const key in value) if (key !== 'coreData') return false;
  const core = value.coreData;
  return (
    isPlain(core) &&
    isWithin(core.msgCnt, 0, 127) &&
    isHex(core.id, 8) &&
    fits(core.secMark, SECOND_MARK_MS) &&
    fits(core.lat, LATITUDE_DEGREES) &&
    fits(core.long, LONGITUDE_DEGREES) &&
    fits(core.elev, ELEVATION_METRES) &&
    isAccuracy(core.accuracy) &&
    transmissions.has(core.transmission) &&
    fits(core.speed, SPEED_METRES_PER_SECOND) &&
    fits(core.heading, HEADING_DEGREES) &&
    fits(core.angle, STEERING_ANGLE_DEGREES) &&
    isAcceleration(core.accelSet) &&
    isBrakes(core.brakes) &&
    isSize(core.size)
  );
}

const PSM_FIELDS: ReadonlySet<string> = new Set([
  'basicType',
  'secMark',
  'msgCnt',
  'id',
  'position',
  'accuracy',
  'speed',
  'heading',
  'accelSet',
]);

/** The same of a PSM. */
export function isPlainPsm(value: Given): value is RawPsm {
  for (const key in value) if (!PSM_FIELDS.has(key)) return false;
  const { position } = value;
  return (
    personTypes.has(value.basicType) &&
    fits(value.secMark, SECOND_MARK_MS) &&
    isWithin(value.msgCnt, 0, 127) &&
    isHex(value.id, 8) &&
    isPlain(position) &&
    fits(position.lat, LATITUDE_DEGREES) &&
    fits(position.long, LONGITUDE_DEGREES) &&
    (position.elevation === undefined || fits(position.elevation, ELEVATION_METRES)) &&
    isAccuracy(value.accuracy) &&
    fits(value.speed, SPEED_METRES_PER_SECOND) &&
    fits(value.heading, HEADING_DEGREES) &&
    (value.accelSet === undefined || isAcceleration(value.accelSet))
  );
}
