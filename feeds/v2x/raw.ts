/**
 * BSM, PSM, SPaT and MAP as the USDOT ODE writes them (schema 9): raw J2735 values in an envelope. Optional parts that
 * nothing here reads are carried through unchanged, so that a message read and written again is the same message.
 */
import { z } from 'zod';
import {
  AUXILIARY_BRAKES,
  BRAKE_BOOSTS,
  CONTROL_STATUSES,
  EVENT_STATES,
  LANE_KINDS,
  PERSON_TYPES,
  TRANSMISSIONS,
} from './enums.ts';
import {
  ACCELERATION_METRES_PER_SECOND2,
  ELEVATION_METRES,
  HEADING_DEGREES,
  LANE_WIDTH_METRES,
  LATITUDE_DEGREES,
  LONGITUDE_DEGREES,
  NODE_DELTA_METRES,
  ORIENTATION_DEGREES,
  raw,
  SECOND_MARK_MS,
  SEMI_AXIS_METRES,
  SPEED_METRES_PER_SECOND,
  STEERING_ANGLE_DEGREES,
  TIME_MARK_SECONDS,
  VEHICLE_LENGTH_METRES,
  VEHICLE_WIDTH_METRES,
  VERTICAL_ACCELERATION_G,
  YAW_RATE_DEGREES_PER_SECOND,
} from './units.ts';

const integer = (min: number, max: number) => z.number().int().min(min).max(max);
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9A-Fa-f]{${digits}}$`));
const messageCount = integer(0, 127);
const temporaryId = hex(8);
const minuteOfYear = integer(0, 527_040);
const accuracy = z.object({
  semiMajor: raw(SEMI_AXIS_METRES),
  semiMinor: raw(SEMI_AXIS_METRES),
  orientation: raw(ORIENTATION_DEGREES),
});
const accelerationSet = z.object({
  long: raw(ACCELERATION_METRES_PER_SECOND2),
  lat: raw(ACCELERATION_METRES_PER_SECOND2),
  vert: raw(VERTICAL_ACCELERATION_G),
  yaw: raw(YAW_RATE_DEGREES_PER_SECOND),
});

export const bsmSchema = z.looseObject({
  coreData: z.object({
    msgCnt: messageCount,
    id: temporaryId,
    secMark: raw(SECOND_MARK_MS),
    lat: raw(LATITUDE_DEGREES),
    long: raw(LONGITUDE_DEGREES),
    elev: raw(ELEVATION_METRES),
    accuracy,
    transmission: z.enum(TRANSMISSIONS),
    speed: raw(SPEED_METRES_PER_SECOND),
    heading: raw(HEADING_DEGREES),
    angle: raw(STEERING_ANGLE_DEGREES),
    accelSet: accelerationSet,
    brakes: z.object({
      wheelBrakes: hex(2),
      traction: z.enum(CONTROL_STATUSES),
      abs: z.enum(CONTROL_STATUSES),
      scs: z.enum(CONTROL_STATUSES),
      brakeBoost: z.enum(BRAKE_BOOSTS),
      auxBrakes: z.enum(AUXILIARY_BRAKES),
    }),
    size: z.object({ width: raw(VEHICLE_WIDTH_METRES), length: raw(VEHICLE_LENGTH_METRES) }),
  }),
  partII: z
    .array(z.looseObject({ 'partII-Id': integer(0, 63), 'partII-Value': z.unknown() }))
    .min(1)
    .max(8)
    .optional(),
});

export const psmSchema = z.looseObject({
  basicType: z.enum(PERSON_TYPES),
  secMark: raw(SECOND_MARK_MS),
  msgCnt: messageCount,
  id: temporaryId,
  position: z.object({
    lat: raw(LATITUDE_DEGREES),
    long: raw(LONGITUDE_DEGREES),
    elevation: raw(ELEVATION_METRES).optional(),
  }),
  accuracy,
  speed: raw(SPEED_METRES_PER_SECOND),
  heading: raw(HEADING_DEGREES),
  accelSet: accelerationSet.optional(),
});

const intersectionId = z.object({ region: integer(0, 65_535).optional(), id: integer(0, 65_535) });

export const spatSchema = z.looseObject({
  timeStamp: minuteOfYear.optional(),
  name: z.string().max(63).optional(),
  intersections: z
    .array(
      z.looseObject({
        name: z.string().max(63).optional(),
        id: intersectionId,
        revision: messageCount,
        status: hex(4),
        moy: minuteOfYear.optional(),
        timeStamp: raw(SECOND_MARK_MS).optional(),
        states: z
          .array(
            z.looseObject({
              movementName: z.string().max(63).optional(),
              signalGroup: integer(0, 255),
              'state-time-speed': z
                .array(
                  z.looseObject({
                    eventState: z.enum(EVENT_STATES),
                    timing: z
                      .object({
                        startTime: raw(TIME_MARK_SECONDS).optional(),
                        minEndTime: raw(TIME_MARK_SECONDS),
                        maxEndTime: raw(TIME_MARK_SECONDS).optional(),
                        likelyTime: raw(TIME_MARK_SECONDS).optional(),
                        confidence: integer(0, 15).optional(),
                        nextTime: raw(TIME_MARK_SECONDS).optional(),
                      })
                      .optional(),
                  }),
                )
                .min(1)
                .max(16),
            }),
          )
          .min(1)
          .max(255),
      }),
    )
    .min(1)
    .max(32),
});

const nodeXY = (limit: number) => z.object({ x: integer(-limit, limit - 1), y: integer(-limit, limit - 1) });
/** Largest offset of `node-XY1` to `node-XY6`, centimetres. */
export const NODE_LIMITS = [512, 1024, 2048, 4096, 8192, 32_768] as const;
const nodeDelta = z.union([
  z.strictObject({ 'node-XY1': nodeXY(512) }),
  z.strictObject({ 'node-XY2': nodeXY(1024) }),
  z.strictObject({ 'node-XY3': nodeXY(2048) }),
  z.strictObject({ 'node-XY4': nodeXY(4096) }),
  z.strictObject({ 'node-XY5': nodeXY(8192) }),
  z.strictObject({ 'node-XY6': nodeXY(32_768) }),
  z.strictObject({ 'node-LatLon': z.object({ lon: raw(LONGITUDE_DEGREES), lat: raw(LATITUDE_DEGREES) }) }),
]);
const bitString = z.object({ value: z.string().regex(/^([0-9A-Fa-f]{2}){1,4}$/), length: integer(1, 32) });
const laneType = z.partialRecord(z.enum(LANE_KINDS), bitString).refine((type) => Object.keys(type).length === 1, {
  message: `must have exactly one of ${LANE_KINDS.join(', ')}`,
});

export const mapSchema = z.looseObject({
  timeStamp: minuteOfYear.optional(),
  msgIssueRevision: messageCount,
  layerType: z.string().optional(),
  layerID: integer(0, 100).optional(),
  intersections: z
    .array(
      z.looseObject({
        name: z.string().max(63).optional(),
        id: intersectionId,
        revision: messageCount,
        refPoint: z.object({
          lat: raw(LATITUDE_DEGREES),
          long: raw(LONGITUDE_DEGREES),
          elevation: raw(ELEVATION_METRES).optional(),
        }),
        laneWidth: raw(LANE_WIDTH_METRES).optional(),
        laneSet: z
          .array(
            z.looseObject({
              laneID: integer(0, 255),
              name: z.string().max(63).optional(),
              ingressApproach: integer(0, 15).optional(),
              egressApproach: integer(0, 15).optional(),
              laneAttributes: z.looseObject({ directionalUse: hex(2), sharedWith: hex(4), laneType }),
              maneuvers: hex(4).optional(),
              nodeList: z.union([
                z.strictObject({
                  nodes: z
                    .array(
                      z.object({
                        delta: nodeDelta,
                        attributes: z
                          .looseObject({
                            dWidth: raw(NODE_DELTA_METRES).optional(),
                            dElevation: raw(NODE_DELTA_METRES).optional(),
                          })
                          .optional(),
                      }),
                    )
                    .min(2)
                    .max(63),
                }),
                z.strictObject({ computed: z.record(z.string(), z.unknown()) }),
              ]),
              connectsTo: z
                .array(
                  z.looseObject({
                    connectingLane: z.object({ lane: integer(0, 255), maneuver: hex(4).optional() }),
                    remoteIntersection: intersectionId.optional(),
                    signalGroup: integer(0, 255).optional(),
                    connectionID: integer(0, 255).optional(),
                  }),
                )
                .min(1)
                .max(16)
                .optional(),
            }),
          )
          .min(1)
          .max(255),
      }),
    )
    .min(1)
    .max(32),
});

export type RawBsm = z.infer<typeof bsmSchema>;
export type RawPsm = z.infer<typeof psmSchema>;
export type RawSpat = z.infer<typeof spatSchema>;
export type RawMap = z.infer<typeof mapSchema>;

export const GENERATORS = ['TMC', 'OBU', 'RSU', 'TMC_VIA_SAT', 'TMC_VIA_SNMP', 'UNKNOWN'] as const;

/** What every ODE message says about itself, whatever its schema version. */
export const metadataSchema = z.looseObject({
  recordType: z.enum(['bsmTx', 'psmTx', 'spatTx', 'mapTx']),
  odeReceivedAt: z.iso.datetime({ offset: true }),
  schemaVersion: z.number().int(),
  recordGeneratedBy: z.enum(GENERATORS).nullish(),
  originIp: z.string().max(64).nullish(),
});
export type Metadata = z.infer<typeof metadataSchema>;

export const SCHEMA_VERSION = 9;

/** Kind of message -> ODE's record type, J2735's message id, name of the value, schema of the value. */
export const RAW_MESSAGES = {
  bsm: { recordType: 'bsmTx', messageId: 20, name: 'BasicSafetyMessage', schema: bsmSchema },
  psm: { recordType: 'psmTx', messageId: 32, name: 'PersonalSafetyMessage', schema: psmSchema },
  spat: { recordType: 'spatTx', messageId: 19, name: 'SPAT', schema: spatSchema },
  map: { recordType: 'mapTx', messageId: 18, name: 'MapData', schema: mapSchema },
} as const;
export type V2xKind = keyof typeof RAW_MESSAGES;
export const V2X_KINDS = Object.keys(RAW_MESSAGES) as readonly V2xKind[];
