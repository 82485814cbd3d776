/** BSM and PSM -> what the encounter engine takes, in metres about a reference point; SPaT -> its signal states. */
import { type LocalFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { PersonMessage, V2xMessage, VehicleMessage } from '../../feeds/v2x/messages.ts';
import type { RoadUserUpdate, UpdateRejection, UserType } from './encounter-types.ts';
import type { EncounterEngine } from './encounters.ts';

/** Why a message that is valid could not be measured with. */
export type UnusableReason =
  | 'no-position'
  | 'no-time'
  | 'no-speed'
  | 'far-away'
  | 'not-a-road-user'
  | 'no-intersection';

export interface IntakeOptions {
  /** Messages from farther off are left to other junctions; default 2,000 m. */
  readonly radiusMetres?: number;
  /** Of SPaT: only this intersection's; undefined: any. */
  readonly intersectionId?: number;
}

const RADIANS = Math.PI / 180;

function typeOf(message: VehicleMessage | PersonMessage): UserType {
  if (message.kind === 'psm') return message.personType === 'aPEDALCYCLIST' ? 'bicycle' : 'pedestrian';
  return typeBySize(message.lengthMetres, message.widthMetres);
}

/** What a vehicle is by its size, where nobody says; null: unknown. */
export function typeBySize(lengthMetres: number | null, widthMetres: number | null): UserType {
  if (lengthMetres === null) return 'car';
  if (lengthMetres > 6.5) return 'truck';
  return lengthMetres < 3 && widthMetres !== null && widthMetres < 1.2 ? 'motorcycle' : 'car';
}

/** The update that a message carries, or why it carries none. */
export function roadUserUpdate(
  message: VehicleMessage | PersonMessage,
  frame: LocalFrame,
  radiusMetres = 2000,
): RoadUserUpdate | UnusableReason {
  const { latitudeDegrees, longitudeDegrees, measuredAtMs, speedMetresPerSecond, headingDegrees } = message;
  if (message.kind === 'psm' && message.personType === 'anANIMAL') return 'not-a-road-user';
  if (latitudeDegrees === null || longitudeDegrees === null) return 'no-position';
  if (measuredAtMs === null) return 'no-time';
  if (speedMetresPerSecond === null) return 'no-speed';
  const [x, y] = toLocal(frame, latitudeDegrees, longitudeDegrees);
  if (x * x + y * y > radiusMetres * radiusMetres) return 'far-away';
  return {
    id: message.id,
    timeMs: measuredAtMs,
    x,
    y,
    heading: headingDegrees === null ? undefined : (90 - headingDegrees) * RADIANS,
    speedMetresPerSecond,
    accelerationMetresPerSecond2: message.acceleration?.longitudinalMetresPerSecond2 ?? undefined,
    type: typeOf(message),
    lengthMetres: message.kind === 'bsm' ? (message.lengthMetres ?? undefined) : undefined,
    widthMetres: message.kind === 'bsm' ? (message.widthMetres ?? undefined) : undefined,
    accuracyMetres: message.accuracy.semiMajorMetres ?? undefined,
  };
}

/**
 * Gives a message to the engine. @returns why it was not used, or null. MAP is accepted and changes nothing yet: users are
 * not matched to lanes.
 */
export function feed(
  engine: EncounterEngine,
  message: V2xMessage,
  frame: LocalFrame,
  options: IntakeOptions = {},
): UnusableReason | UpdateRejection | null {
  if (message.kind === 'map') return null;
  if (message.kind === 'spat') {
    let found = false;
    engine.advance(message.receivedAtMs);
    for (const intersection of message.intersections) {
      if (options.intersectionId !== undefined && intersection.key.id !== options.intersectionId) continue;
      found = true;
      for (const movement of intersection.movements) engine.setSignal(movement.signalGroup, movement.events[0]!.state);
    }
    return found ? null : 'no-intersection';
  }
  const update = roadUserUpdate(message, frame, options.radiusMetres);
  return typeof update === 'string' ? update : engine.push(update, message.receivedAtMs);
}
