/**
 * V2X messages in SI units and degrees, whichever way they came in. null means that the sender said "unavailable";
 * absent, that the message has no such field. `rest` holds, unchanged, the optional parts that nothing here reads.
 */
import type {
  AuxiliaryBrakes,
  BrakeBoost,
  ControlStatus,
  EventState,
  LaneKind,
  PersonType,
  Transmission,
} from './enums.ts';

export type Rest = Readonly<Record<string, unknown>>;

export interface Accuracy {
  /** One standard deviation along the larger axis, metres; null: unknown. */
  readonly semiMajorMetres: number | null;
  readonly semiMinorMetres: number | null;
  /** Of the larger axis, degrees clockwise from north. */
  readonly orientationDegrees: number | null;
}

export interface Acceleration {
  readonly longitudinalMetresPerSecond2: number | null;
  readonly lateralMetresPerSecond2: number | null;
  readonly verticalG: number | null;
  readonly yawDegreesPerSecond: number | null;
}

interface Header {
  /** When the receiver had it, ms since 1970 UTC. */
  readonly receivedAtMs: number;
  /** Roadside unit or address it came through, where known. */
  readonly via: string | null;
}

interface RoadUserMessage extends Header {
  /** Temporary id: eight hexadecimal digits from J2735 senders, free text from others. */
  readonly id: string;
  /** 0-127, one up a message. */
  readonly messageCount: number | null;
  /** Milliseconds within the minute of the measurement; null: unknown. */
  readonly secondMarkMs: number | null;
  /** When it was measured, ms since 1970 UTC: the moment nearest to its receipt that fits `secondMarkMs`; null: unknown. */
  readonly measuredAtMs: number | null;
  readonly latitudeDegrees: number | null;
  readonly longitudeDegrees: number | null;
  /** undefined: a PSM without elevation. */
  readonly elevationMetres?: number | null;
  readonly accuracy: Accuracy;
  readonly speedMetresPerSecond: number | null;
  /** Clockwise from north. */
  readonly headingDegrees: number | null;
}

export interface VehicleMessage extends RoadUserMessage {
  readonly kind: 'bsm';
  readonly acceleration: Acceleration;
  readonly transmission: Transmission;
  readonly steeringAngleDegrees: number | null;
  readonly brakes: {
    /** Eight bits: unavailable, left front, left rear, right front, right rear, and three of padding. */
    readonly wheelBits: number;
    readonly traction: ControlStatus;
    readonly antiLock: ControlStatus;
    readonly stability: ControlStatus;
    readonly boost: BrakeBoost;
    readonly auxiliary: AuxiliaryBrakes;
  };
  readonly widthMetres: number | null;
  readonly lengthMetres: number | null;
  /** Part II as sent. */
  readonly partTwo?: readonly Rest[];
  readonly rest: Rest;
}

export interface PersonMessage extends RoadUserMessage {
  readonly kind: 'psm';
  readonly personType: PersonType;
  readonly acceleration?: Acceleration;
  readonly rest: Rest;
}

export interface IntersectionKey {
  readonly region?: number;
  readonly id: number;
}

export interface Timing {
  /** Seconds within the hour; null: unknown. */
  readonly startSeconds?: number | null;
  readonly minEndSeconds: number | null;
  readonly maxEndSeconds?: number | null;
  readonly likelyEndSeconds?: number | null;
  readonly confidence?: number;
  readonly nextSeconds?: number | null;
}

export interface Movement {
  readonly name?: string;
  readonly signalGroup: number;
  /** First the present state, then those foreseen. */
  readonly events: readonly { readonly state: EventState; readonly timing?: Timing; readonly rest: Rest }[];
  readonly rest: Rest;
}

export interface IntersectionState {
  readonly name?: string;
  readonly key: IntersectionKey;
  readonly revision: number;
  /** Sixteen bits, named by INTERSECTION_STATUS. */
  readonly statusBits: number;
  readonly minuteOfYear?: number;
  readonly secondMarkMs?: number | null;
  readonly measuredAtMs: number | null;
  readonly movements: readonly Movement[];
  readonly rest: Rest;
}

export interface SignalMessage extends Header {
  readonly kind: 'spat';
  readonly minuteOfYear?: number;
  readonly name?: string;
  readonly intersections: readonly IntersectionState[];
  readonly rest: Rest;
}

/** A point of a lane's centre line. */
export type LaneNode = { readonly widthChangeMetres?: number; readonly elevationChangeMetres?: number } & {
  readonly attributes?: Rest;
} & (
    | {
        readonly kind: 'offset';
        /** East and north of the node before; the first, of the reference point. */
        readonly xMetres: number;
        readonly yMetres: number;
        /** Which of node-XY1 to node-XY6 carried it. */
        readonly size: 1 | 2 | 3 | 4 | 5 | 6;
      }
    | { readonly kind: 'position'; readonly latitudeDegrees: number; readonly longitudeDegrees: number }
  );

export interface Connection {
  readonly lane: number;
  /** Sixteen bits, named by MANEUVERS. */
  readonly maneuverBits?: number;
  readonly remoteIntersection?: IntersectionKey;
  readonly signalGroup?: number;
  readonly connectionId?: number;
  readonly rest: Rest;
}

export interface Lane {
  readonly id: number;
  readonly name?: string;
  readonly ingressApproach?: number;
  readonly egressApproach?: number;
  /** Eight bits, named by DIRECTIONAL_USE. */
  readonly directionalUseBits: number;
  /** Sixteen bits, named by SHARED_WITH. */
  readonly sharedWithBits: number;
  /** null: the sender does not say. */
  readonly type: { readonly kind: LaneKind; readonly hex: string; readonly length: number } | null;
  readonly attributesRest: Rest;
  readonly maneuverBits?: number;
  /** Or `computed`, as sent, for a lane that is another one moved. */
  readonly nodes: readonly LaneNode[];
  readonly computed?: Rest;
  readonly connections?: readonly Connection[];
  readonly rest: Rest;
}

export interface IntersectionGeometry {
  readonly name?: string;
  readonly key: IntersectionKey;
  readonly revision: number;
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
  readonly elevationMetres?: number | null;
  readonly laneWidthMetres?: number;
  readonly lanes: readonly Lane[];
  readonly rest: Rest;
}

export interface MapMessage extends Header {
  readonly kind: 'map';
  readonly minuteOfYear?: number;
  readonly revision: number;
  readonly layerType?: string;
  readonly layerId?: number;
  readonly intersections: readonly IntersectionGeometry[];
  readonly rest: Rest;
}

export type V2xMessage = VehicleMessage | PersonMessage | SignalMessage | MapMessage;

/** Why a message was not used. */
export type RejectionReason =
  /** Text that is no JSON (truncated, for instance). */
  | 'not-json'
  /** Longer than a frame may be. */
  | 'too-large'
  /** JSON, but of none of the shapes known. */
  | 'unknown-shape'
  /** An ODE message of a type that is none of BSM, PSM, SPaT and MAP. */
  | 'unknown-type'
  /** A schema version that is neither 9 nor one of ODE v4's. */
  | 'unknown-version'
  /** The record type says one thing, the payload another. */
  | 'type-mismatch'
  /** A field of the envelope is missing or out of bounds. */
  | 'malformed-envelope'
  /** A field of the message is missing, of the wrong type or unit, or out of bounds. */
  | 'malformed-message';

export interface Rejection {
  readonly reason: RejectionReason;
  /** Where in the message, such as `coreData.accuracy.semiMajor`; empty: all of it. */
  readonly path: string;
  /** What was wrong there, in words. */
  readonly detail: string;
  /** Place in its frame, from 0. */
  readonly index: number;
}
