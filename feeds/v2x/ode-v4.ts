/**
 * ODE v4 (schemas 4 to 8): BSM scaled to degrees and m/s, PSM speed and heading still raw, enumerations in UPPER_SNAKE,
 * bit strings as objects of booleans, null for what is absent, and J2735's "unavailable" values that leak through as
 * literals, such as accelLat 2001.
 */
import { z } from 'zod';
import { resolveMeasuredAt } from './convert.ts';
import {
  AUXILIARY_BRAKES,
  BRAKE_BOOSTS,
  bitsFromFlags,
  CONTROL_STATUSES,
  DIRECTIONAL_USE,
  EVENT_STATES,
  type EventState,
  INTERSECTION_STATUS,
  LANE_KINDS,
  MANEUVERS,
  PERSON_TYPES,
  SHARED_WITH,
  TRANSMISSIONS,
  type Transmission,
  WHEEL_BRAKES,
} from './enums.ts';
import type { IntersectionKey, Lane, LaneNode, Timing, V2xMessage } from './messages.ts';
import { type Metadata, metadataSchema, NODE_LIMITS } from './raw.ts';
import { type Json, parseOrReject, Rejected } from './reject.ts';
import * as units from './units.ts';
import { fromRaw, fromScaled, type Quantity, raw } from './units.ts';

/** `STOP_AND_REMAIN` for `stop-And-Remain`. */
export const upperSnake = (name: string): string =>
  name
    .replace(/-/g, '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase();
const EVENT_STATE_BY_NAME = new Map<string, EventState>(EVENT_STATES.map((state) => [upperSnake(state), state]));
const TRANSMISSION_BY_NAME = new Map<string, Transmission>(
  TRANSMISSIONS.flatMap((name) => [
    [upperSnake(name), name] as const,
    [name.toUpperCase(), name] as const,
    [name, name] as const,
  ]),
);

/** A scaled number, or "unavailable" in any of the ways it leaks; absent and null are unavailable too. */
const scaled = (of: Quantity) =>
  z
    .union([z.number(), z.literal('unavailable')])
    .nullish()
    .transform((value, context) => {
      if (value === null || value === undefined || value === 'unavailable') return null;
      const si = fromScaled(of, value);
      if (si !== undefined) return si;
      context.addIssue({ code: 'custom', message: `${value} is out of the range of the field` });
      return z.NEVER;
    });
const rawValue = (of: Quantity) =>
  raw(of)
    .nullish()
    .transform((value) => (value === null || value === undefined ? null : fromRaw(of, value)));
const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);
const integer = (min: number, max: number) => z.number().int().min(min).max(max);
const named = <T extends string>(values: ReadonlyMap<string, T>) =>
  z.string().transform((value, context) => {
    const found = values.get(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `must be one of ${[...values.keys()].join(', ')}` });
    return z.NEVER;
  });
const flags = (names: readonly string[], width: number) =>
  z.record(z.string(), z.boolean().nullable()).transform((value) => bitsFromFlags(names, value, width));
const status = <const T extends readonly ['unavailable', ...string[]]>(values: T) =>
  z
    .enum(values)
    .nullish()
    .transform((value) => value ?? 'unavailable');

const accuracy = z.object({
  semiMajor: scaled(units.SEMI_AXIS_METRES),
  semiMinor: scaled(units.SEMI_AXIS_METRES),
  orientation: scaled(units.ORIENTATION_DEGREES),
});
const unknownAccuracy = { semiMajor: null, semiMinor: null, orientation: null };
const position = z.object({
  latitude: scaled(units.LATITUDE_DEGREES),
  longitude: scaled(units.LONGITUDE_DEGREES),
  elevation: scaled(units.ELEVATION_METRES),
});
const id = z.string().min(1).max(64);

const bsm = z.object({
  coreData: z.object({
    msgCnt: integer(0, 127),
    id,
    secMark: rawValue(units.SECOND_MARK_MS),
    position,
    accelSet: z.object({
      accelLong: scaled(units.ACCELERATION_METRES_PER_SECOND2),
      accelLat: scaled(units.ACCELERATION_METRES_PER_SECOND2),
      accelVert: scaled(units.VERTICAL_ACCELERATION_G),
      accelYaw: scaled(units.YAW_RATE_DEGREES_PER_SECOND),
    }),
    accuracy: accuracy.nullish(),
    transmission: named(TRANSMISSION_BY_NAME).nullish(),
    speed: scaled(units.SPEED_METRES_PER_SECOND),
    heading: scaled(units.HEADING_DEGREES),
    angle: scaled(units.STEERING_ANGLE_DEGREES),
    brakes: z.object({
      wheelBrakes: flags(WHEEL_BRAKES, 8).nullish(),
      traction: status(CONTROL_STATUSES),
      abs: status(CONTROL_STATUSES),
      scs: status(CONTROL_STATUSES),
      brakeBoost: status(BRAKE_BOOSTS),
      auxBrakes: status(AUXILIARY_BRAKES),
    }),
    size: z.object({ width: rawValue(units.VEHICLE_WIDTH_METRES), length: rawValue(units.VEHICLE_LENGTH_METRES) }),
  }),
  partII: z.array(z.looseObject({ id: z.string() })).nullish(),
});

const psm = z.looseObject({
  basicType: z.enum(PERSON_TYPES),
  secMark: rawValue(units.SECOND_MARK_MS),
  msgCnt: integer(0, 127),
  id,
  position,
  accuracy: accuracy.nullish(),
  speed: rawValue(units.SPEED_METRES_PER_SECOND),
  heading: rawValue(units.HEADING_DEGREES),
});

const intersectionKey = z
  .object({ region: integer(0, 65_535).nullish(), id: integer(0, 65_535) })
  .transform(
    ({ region, id: value }): IntersectionKey =>
      region === null || region === undefined ? { id: value } : { region, id: value },
  );
const minuteOfYear = optional(integer(0, 527_040));
const timeMark = z
  .union([raw(units.TIME_MARK_SECONDS), z.null()])
  .optional()
  .transform((value) => (value === null || value === undefined ? undefined : fromRaw(units.TIME_MARK_SECONDS, value)));
const spat = z.object({
  timeStamp: minuteOfYear,
  name: optional(z.string()),
  intersectionStateList: z.object({
    intersectionStatelist: z
      .array(
        z.object({
          name: optional(z.string()),
          id: intersectionKey,
          revision: integer(0, 127),
          status: flags(INTERSECTION_STATUS, 16),
          moy: minuteOfYear,
          timeStamp: rawValue(units.SECOND_MARK_MS),
          states: z.object({
            movementList: z
              .array(
                z.object({
                  movementName: optional(z.string()),
                  signalGroup: integer(0, 255),
                  state_time_speed: z.object({
                    movementEventList: z
                      .array(
                        z.looseObject({
                          eventState: named(EVENT_STATE_BY_NAME),
                          timing: z
                            .object({
                              startTime: timeMark,
                              minEndTime: raw(units.TIME_MARK_SECONDS),
                              maxEndTime: timeMark,
                              likelyTime: timeMark,
                              confidence: optional(integer(0, 15)),
                              nextTime: timeMark,
                            })
                            .nullish(),
                        }),
                      )
                      .min(1)
                      .max(16),
                  }),
                }),
              )
              .min(1)
              .max(255),
          }),
        }),
      )
      .min(1)
      .max(32),
  }),
});

const bitObject = (width: number) =>
  z
    .record(z.string(), z.boolean().nullable())
    .or(z.null())
    .transform((value) => ({ value, width }));
const xy = z.object({ x: integer(-32_768, 32_767), y: integer(-32_768, 32_767) }).nullish();
const node = z.object({
  delta: z.object({
    nodeXY1: xy,
    nodeXY2: xy,
    nodeXY3: xy,
    nodeXY4: xy,
    nodeXY5: xy,
    nodeXY6: xy,
    nodeLatLon: z.object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }).nullish(),
  }),
  attributes: z
    .looseObject({ dWidth: raw(units.NODE_DELTA_METRES).nullish(), dElevation: raw(units.NODE_DELTA_METRES).nullish() })
    .nullish(),
});
const map = z.object({
  timeStamp: minuteOfYear,
  msgIssueRevision: integer(0, 127),
  layerType: optional(z.string()),
  layerID: optional(integer(0, 100)),
  intersections: z.object({
    intersectionGeometry: z
      .array(
        z.object({
          name: optional(z.string()),
          id: intersectionKey,
          revision: integer(0, 127),
          refPoint: z.object({
            latitude: z.number().min(-90).max(90),
            longitude: z.number().min(-180).max(180),
            elevation: scaled(units.ELEVATION_METRES),
          }),
          laneWidth: optional(raw(units.LANE_WIDTH_METRES)),
          laneSet: z.object({
            GenericLane: z
              .array(
                z.object({
                  laneID: integer(0, 255),
                  name: optional(z.string()),
                  ingressApproach: optional(integer(0, 15)),
                  egressApproach: optional(integer(0, 15)),
                  laneAttributes: z.object({
                    directionalUse: flags(DIRECTIONAL_USE, 8),
                    shareWith: flags(SHARED_WITH, 16),
                    laneType: z.partialRecord(z.enum(LANE_KINDS), bitObject(16)),
                  }),
                  maneuvers: optional(flags(MANEUVERS, 16)),
                  nodeList: z.object({ computed: z.unknown(), nodes: z.array(node).max(63).nullish() }),
                  connectsTo: z
                    .object({
                      connectsTo: z
                        .array(
                          z.object({
                            connectingLane: z.object({
                              lane: integer(0, 255),
                              maneuver: optional(flags(MANEUVERS, 16)),
                            }),
                            remoteIntersection: optional(intersectionKey),
                            signalGroup: optional(integer(0, 255)),
                            connectionID: optional(integer(0, 255)),
                          }),
                        )
                        .max(16),
                    })
                    .nullish(),
                }),
              )
              .min(1)
              .max(255),
          }),
        }),
      )
      .min(1)
      .max(32),
  }),
});
type V4Lane = z.output<typeof map>['intersections']['intersectionGeometry'][number]['laneSet']['GenericLane'][number];

interface Receipt {
  readonly receivedAtMs: number;
  readonly via: string | null;
}
const axes = (from: z.output<typeof accuracy> | null | undefined) => {
  const { semiMajor, semiMinor, orientation } = from ?? unknownAccuracy;
  return { semiMajorMetres: semiMajor, semiMinorMetres: semiMinor, orientationDegrees: orientation };
};

function vehicle(data: unknown, receipt: Receipt): V2xMessage {
  const { coreData: core, partII } = parseOrReject(bsm, data, 'malformed-message');
  return {
    kind: 'bsm',
    ...receipt,
    id: core.id,
    messageCount: core.msgCnt,
    secondMarkMs: core.secMark,
    measuredAtMs: resolveMeasuredAt(core.secMark, receipt),
    latitudeDegrees: core.position.latitude,
    longitudeDegrees: core.position.longitude,
    elevationMetres: core.position.elevation,
    accuracy: axes(core.accuracy),
    speedMetresPerSecond: core.speed,
    headingDegrees: core.heading,
    acceleration: {
      longitudinalMetresPerSecond2: core.accelSet.accelLong,
      lateralMetresPerSecond2: core.accelSet.accelLat,
      verticalG: core.accelSet.accelVert,
      yawDegreesPerSecond: core.accelSet.accelYaw,
    },
    transmission: core.transmission ?? 'unavailable',
    steeringAngleDegrees: core.angle,
    brakes: {
      wheelBits: core.brakes.wheelBrakes ?? 0x80,
      traction: core.brakes.traction,
      antiLock: core.brakes.abs,
      stability: core.brakes.scs,
      boost: core.brakes.brakeBoost,
      auxiliary: core.brakes.auxBrakes,
    },
    widthMetres: core.size.width,
    lengthMetres: core.size.length,
    rest: partII ? { partII } : {},
  };
}

function person(data: unknown, receipt: Receipt): V2xMessage {
  const from = parseOrReject(psm, data, 'malformed-message');
  return {
    kind: 'psm',
    ...receipt,
    id: from.id,
    messageCount: from.msgCnt,
    secondMarkMs: from.secMark,
    measuredAtMs: resolveMeasuredAt(from.secMark, receipt),
    latitudeDegrees: from.position.latitude,
    longitudeDegrees: from.position.longitude,
    elevationMetres: from.position.elevation,
    accuracy: axes(from.accuracy),
    speedMetresPerSecond: from.speed,
    headingDegrees: from.heading,
    personType: from.basicType,
    rest: {},
  };
}

function signals(data: unknown, receipt: Receipt): V2xMessage {
  const from = parseOrReject(spat, data, 'malformed-message');
  return {
    kind: 'spat',
    ...receipt,
    minuteOfYear: from.timeStamp,
    name: from.name,
    intersections: from.intersectionStateList.intersectionStatelist.map((one) => ({
      name: one.name,
      key: one.id,
      revision: one.revision,
      statusBits: one.status,
      minuteOfYear: one.moy,
      secondMarkMs: one.timeStamp,
      measuredAtMs: resolveMeasuredAt(one.timeStamp, receipt),
      movements: one.states.movementList.map((movement) => ({
        name: movement.movementName,
        signalGroup: movement.signalGroup,
        events: movement.state_time_speed.movementEventList.map(({ eventState, timing }) => ({
          state: eventState,
          timing: timing
            ? ({
                startSeconds: timing.startTime,
                minEndSeconds: fromRaw(units.TIME_MARK_SECONDS, timing.minEndTime),
                maxEndSeconds: timing.maxEndTime,
                likelyEndSeconds: timing.likelyTime,
                confidence: timing.confidence,
                nextSeconds: timing.nextTime,
              } satisfies Timing)
            : undefined,
          rest: {},
        })),
        rest: {},
      })),
      rest: {},
    })),
    rest: {},
  };
}

function nodeOf(from: z.output<typeof node>, path: string): LaneNode {
  const shared = {
    widthChangeMetres: typeof from.attributes?.dWidth === 'number' ? from.attributes.dWidth / 100 : undefined,
    elevationChangeMetres:
      typeof from.attributes?.dElevation === 'number' ? from.attributes.dElevation / 100 : undefined,
  };
  const { delta } = from;
  if (delta.nodeLatLon)
    return {
      ...shared,
      kind: 'position',
      latitudeDegrees: delta.nodeLatLon.lat,
      longitudeDegrees: delta.nodeLatLon.lon,
    };
  for (const size of [1, 2, 3, 4, 5, 6] as const) {
    const value = delta[`nodeXY${size}`];
    if (!value) continue;
    const limit = NODE_LIMITS[size - 1]!;
    if (Math.max(Math.abs(value.x), Math.abs(value.y)) > limit)
      throw new Rejected(
        'malformed-message',
        path,
        `nodeXY${size} holds at most ${limit} cm; it is ${value.x}, ${value.y}.`,
      );
    return { ...shared, kind: 'offset', xMetres: value.x / 100, yMetres: value.y / 100, size };
  }
  throw new Rejected('malformed-message', path, 'needs one of nodeXY1 to nodeXY6 and nodeLatLon.');
}

function laneOf(from: V4Lane, path: string): Lane {
  const kinds = LANE_KINDS.filter((kind) => from.laneAttributes.laneType[kind]?.value);
  if (kinds.length > 1)
    throw new Rejected('malformed-message', `${path}.laneAttributes.laneType`, `is ${kinds.join(' and ')} at once.`);
  const kind = kinds[0];
  const nodes = from.nodeList.nodes ?? [];
  if (nodes.length < 2 && !from.nodeList.computed)
    throw new Rejected('malformed-message', `${path}.nodeList.nodes`, 'must hold at least 2 nodes.');
  return {
    id: from.laneID,
    name: from.name,
    ingressApproach: from.ingressApproach,
    egressApproach: from.egressApproach,
    directionalUseBits: from.laneAttributes.directionalUse,
    sharedWithBits: from.laneAttributes.shareWith,
    type:
      kind === undefined
        ? null
        : kind === 'vehicle'
          ? { kind, hex: '00', length: 8 }
          : { kind, hex: '0000', length: 16 },
    attributesRest: {},
    maneuverBits: from.maneuvers,
    nodes: nodes.map((one, i) => nodeOf(one, `${path}.nodeList.nodes.${i}`)),
    computed: from.nodeList.computed ? (from.nodeList.computed as Json) : undefined,
    connections: from.connectsTo?.connectsTo.map((connection) => ({
      lane: connection.connectingLane.lane,
      maneuverBits: connection.connectingLane.maneuver,
      remoteIntersection: connection.remoteIntersection,
      signalGroup: connection.signalGroup,
      connectionId: connection.connectionID,
      rest: {},
    })),
    rest: {},
  };
}

function geometry(data: unknown, receipt: Receipt): V2xMessage {
  const from = parseOrReject(map, data, 'malformed-message');
  return {
    kind: 'map',
    ...receipt,
    minuteOfYear: from.timeStamp,
    revision: from.msgIssueRevision,
    layerType: from.layerType,
    layerId: from.layerID,
    intersections: from.intersections.intersectionGeometry.map((one, i) => ({
      name: one.name,
      key: one.id,
      revision: one.revision,
      latitudeDegrees: one.refPoint.latitude,
      longitudeDegrees: one.refPoint.longitude,
      elevationMetres: one.refPoint.elevation,
      laneWidthMetres: one.laneWidth === undefined ? undefined : one.laneWidth / 100,
      lanes: one.laneSet.GenericLane.map((lane, j) =>
        laneOf(lane, `intersections.intersectionGeometry.${i}.laneSet.GenericLane.${j}`),
      ),
      rest: {},
    })),
    rest: {},
  };
}

const READERS: Readonly<Record<Metadata['recordType'], (data: unknown, receipt: Receipt) => V2xMessage>> = {
  bsmTx: vehicle,
  psmTx: person,
  spatTx: signals,
  mapTx: geometry,
};
/** A field that only a payload of that type has. */
const MARKS: Readonly<Record<Metadata['recordType'], string>> = {
  bsmTx: 'coreData',
  psmTx: 'basicType',
  spatTx: 'intersectionStateList',
  mapTx: 'intersections',
};

/** @throws `Rejected` */
export function readOdeV4(message: Json, data: Json): V2xMessage {
  const metadata = parseOrReject(metadataSchema, message.metadata, 'malformed-envelope', 'metadata');
  const type = metadata.recordType;
  const other = Object.entries(MARKS).find(([key, mark]) => key !== type && mark in data);
  if (!(MARKS[type] in data) && other)
    throw new Rejected('type-mismatch', 'payload.data', `recordType ${type}, but the payload has ${other[1]}.`);
  return READERS[type](data, { receivedAtMs: Date.parse(metadata.odeReceivedAt), via: metadata.originIp ?? null });
}
