/** SAE J2735's enumerations and bit strings, spelled exactly as its JSON encoding spells them. */

export const EVENT_STATES = [
  'unavailable',
  'dark',
  'stop-Then-Proceed',
  'stop-And-Remain',
  'pre-Movement',
  'permissive-Movement-Allowed',
  'protected-Movement-Allowed',
  'permissive-clearance',
  'protected-clearance',
  'caution-Conflicting-Traffic',
] as const;
export type EventState = (typeof EVENT_STATES)[number];

export const PERSON_TYPES = ['unavailable', 'aPEDESTRIAN', 'aPEDALCYCLIST', 'aPUBLICSAFETYWORKER', 'anANIMAL'] as const;
export type PersonType = (typeof PERSON_TYPES)[number];

export const TRANSMISSIONS = [
  'neutral',
  'park',
  'forwardGears',
  'reverseGears',
  'reserved1',
  'reserved2',
  'reserved3',
  'unavailable',
] as const;
export type Transmission = (typeof TRANSMISSIONS)[number];

/** Traction control, anti-lock brakes, stability control. */
export const CONTROL_STATUSES = ['unavailable', 'off', 'on', 'engaged'] as const;
export type ControlStatus = (typeof CONTROL_STATUSES)[number];
export const BRAKE_BOOSTS = ['unavailable', 'off', 'on'] as const;
export type BrakeBoost = (typeof BRAKE_BOOSTS)[number];
export const AUXILIARY_BRAKES = ['unavailable', 'off', 'on', 'reserved'] as const;
export type AuxiliaryBrakes = (typeof AUXILIARY_BRAKES)[number];

export const LANE_KINDS = [
  'vehicle',
  'crosswalk',
  'bikeLane',
  'sidewalk',
  'median',
  'striping',
  'trackedVehicle',
  'parking',
] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

/** Bit strings: the first name is the most significant bit. */
export const WHEEL_BRAKES = ['unavailable', 'leftFront', 'leftRear', 'rightFront', 'rightRear'] as const;
export const INTERSECTION_STATUS = [
  'manualControlIsEnabled',
  'stopTimeIsActivated',
  'failureFlash',
  'preemptIsActive',
  'signalPriorityIsActive',
  'fixedTimeOperation',
  'trafficDependentOperation',
  'standbyOperation',
  'failureMode',
  'off',
  'recentMAPmessageUpdate',
  'recentChangeInMAPassignedLanesIDsUsed',
  'noValidMAPisAvailableAtThisTime',
  'noValidSPATisAvailableAtThisTime',
] as const;
export const DIRECTIONAL_USE = ['ingressPath', 'egressPath'] as const;
export const SHARED_WITH = [
  'overlappingLaneDescriptionProvided',
  'multipleLanesTreatedAsOneLane',
  'otherNonMotorizedTrafficTypes',
  'individualMotorizedVehicleTraffic',
  'busVehicleTraffic',
  'taxiVehicleTraffic',
  'pedestriansTraffic',
  'cyclistVehicleTraffic',
  'trackedVehicleTraffic',
  'pedestrianTraffic',
] as const;
export const MANEUVERS = [
  'maneuverStraightAllowed',
  'maneuverLeftAllowed',
  'maneuverRightAllowed',
  'maneuverUTurnAllowed',
  'maneuverLeftTurnOnRedAllowed',
  'maneuverRightTurnOnRedAllowed',
  'maneuverLaneChangeAllowed',
  'maneuverNoStoppingAllowed',
  'yieldAllwaysRequired',
  'goWithHalt',
  'caution',
  'reserved1',
] as const;

/** Bits of a hexadecimal bit string ("80" is the first of eight). */
export const bitsFromHex = (hex: string): number => Number.parseInt(hex, 16);

/** `bits` as a bit string of `digits` hexadecimal digits. */
export const hexFromBits = (bits: number, digits: number): string =>
  bits.toString(16).toUpperCase().padStart(digits, '0');

/** Bits whose names are true in `flags`, in a bit string of `width` bits; names that are not known are ignored. */
export function bitsFromFlags(
  names: readonly string[],
  flags: Readonly<Record<string, boolean | null>>,
  width: number,
): number {
  let bits = 0;
  for (let i = 0; i < names.length; i++) if (flags[names[i]!] === true) bits += 1 << (width - 1 - i);
  return bits;
}

/** Names of the bits that are set. */
export const namesOfBits = (names: readonly string[], bits: number, width: number): string[] =>
  names.filter((_, i) => (bits & (1 << (width - 1 - i))) !== 0);
