/**
 * The connected-corridor service's polling shape: `bsmJson`, `psmJson` in degrees and m/s with a full time stamp, and
 * map data whose lane nodes are in degrees.
 */
import { z } from 'zod';
import { PERSON_TYPES } from './enums.ts';
import type { LaneNode, V2xMessage } from './messages.ts';
import { isObject, type Json, parseOrReject, Rejected } from './reject.ts';
import * as units from './units.ts';
import { fromScaled, type Quantity } from './units.ts';

/** 2000-01-01 to 2100-01-01: a stamp in seconds instead of milliseconds is refused, not believed. */
const timestamp = z.number().min(946_684_800_000).max(4_102_444_800_000);
const scaled = (of: Quantity) =>
  z
    .number()
    .nullish()
    .transform((value, context) => {
      if (value === null || value === undefined) return null;
      const si = fromScaled(of, value);
      if (si !== undefined) return si;
      context.addIssue({ code: 'custom', message: `${value} is out of the range of the field` });
      return z.NEVER;
    });
const id = z.union([z.string().min(1).max(64), z.number().int()]).transform(String);
const name = z.string().max(200).nullish();
const position = {
  lat: scaled(units.LATITUDE_DEGREES),
  lon: scaled(units.LONGITUDE_DEGREES),
  elev: scaled(units.ELEVATION_METRES),
};
const motion = { speed: scaled(units.SPEED_METRES_PER_SECOND), heading: scaled(units.HEADING_DEGREES) };
const messageCount = z
  .number()
  .int()
  .min(0)
  .max(127)
  .nullish()
  .transform((value) => value ?? null);

const bsm = z.object({
  timestamp,
  rsuName: name,
  locationName: name,
  bsmJson: z.object({
    coreData: z.object({
      id,
      msgCnt: messageCount,
      ...position,
      ...motion,
      brakeAppliedStatus: z.unknown(),
      accelSet: z
        .object({
          long: scaled(units.ACCELERATION_METRES_PER_SECOND2),
          lat: scaled(units.ACCELERATION_METRES_PER_SECOND2),
        })
        .nullish(),
    }),
  }),
});
const psm = z.object({
  timestamp,
  rsuName: name,
  locationName: name,
  psmJson: z.object({ id, basicType: z.number().int().min(0).max(4), position: z.object(position), ...motion }),
});
const degrees = { lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) };
const mapData = z.object({
  intersections: z
    .array(
      z.object({
        id: z.object({ id: z.number().int().min(0).max(65_535) }),
        revision: z.number().int().min(0),
        refPoint: z.object(degrees),
        laneWidth: z.number().min(0).max(32_767).nullish(),
        laneSet: z
          .array(
            z.object({
              laneID: z.number().int().min(0).max(255),
              nodesList: z.object({ nodes: z.array(z.object({ delta: z.object(degrees) })).min(1) }),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

const UNKNOWN_ACCURACY = { semiMajorMetres: null, semiMinorMetres: null, orientationDegrees: null };
/** J2735's extension numbers. */
const personType = (basicType: number) => PERSON_TYPES[basicType]!;

function header(from: { timestamp: number; rsuName?: string | null; locationName?: string | null }) {
  const at = Math.round(from.timestamp);
  return {
    receivedAtMs: at,
    measuredAtMs: at,
    secondMarkMs: at % 60_000,
    via: from.rsuName ?? from.locationName ?? null,
  };
}

/** A node's `delta` is a place where it lies within half a degree of the reference point, else an offset to the node before. */
function lanePositions(
  nodes: readonly { delta: { lat: number; lon: number } }[],
  reference: { lat: number; lon: number },
) {
  const out: LaneNode[] = [];
  let latitudeDegrees = reference.lat;
  let longitudeDegrees = reference.lon;
  for (const { delta } of nodes) {
    const isPlace = Math.abs(delta.lat - reference.lat) < 0.5 && Math.abs(delta.lon - reference.lon) < 0.5;
    latitudeDegrees = isPlace ? delta.lat : latitudeDegrees + delta.lat;
    longitudeDegrees = isPlace ? delta.lon : longitudeDegrees + delta.lon;
    out.push({ kind: 'position', latitudeDegrees, longitudeDegrees });
  }
  return out;
}

/** @throws `Rejected` */
export function readCorridor(message: Json, receivedAtMs: number): V2xMessage {
  if (isObject(message.bsmJson)) {
    const from = parseOrReject(bsm, message, 'malformed-message');
    const core = from.bsmJson.coreData;
    return {
      kind: 'bsm',
      ...header(from),
      id: core.id,
      messageCount: core.msgCnt,
      latitudeDegrees: core.lat,
      longitudeDegrees: core.lon,
      elevationMetres: core.elev,
      accuracy: UNKNOWN_ACCURACY,
      speedMetresPerSecond: core.speed,
      headingDegrees: core.heading,
      acceleration: {
        longitudinalMetresPerSecond2: core.accelSet?.long ?? null,
        lateralMetresPerSecond2: core.accelSet?.lat ?? null,
        verticalG: null,
        yawDegreesPerSecond: null,
      },
      transmission: 'unavailable',
      steeringAngleDegrees: null,
      brakes: {
        wheelBits: 0x80,
        traction: 'unavailable',
        antiLock: 'unavailable',
        stability: 'unavailable',
        boost: 'unavailable',
        auxiliary: 'unavailable',
      },
      widthMetres: null,
      lengthMetres: null,
      rest: core.brakeAppliedStatus === undefined ? {} : { brakeAppliedStatus: core.brakeAppliedStatus },
    };
  }
  if (isObject(message.psmJson)) {
    const from = parseOrReject(psm, message, 'malformed-message');
    const person = from.psmJson;
    return {
      kind: 'psm',
      ...header(from),
      id: person.id,
      messageCount: null,
      latitudeDegrees: person.position.lat,
      longitudeDegrees: person.position.lon,
      elevationMetres: person.position.elev,
      accuracy: UNKNOWN_ACCURACY,
      speedMetresPerSecond: person.speed,
      headingDegrees: person.heading,
      personType: personType(person.basicType),
      rest: {},
    };
  }
  if ('intersections' in message) {
    const from = parseOrReject(mapData, message, 'malformed-message');
    return {
      kind: 'map',
      receivedAtMs,
      via: null,
      revision: from.intersections[0]!.revision % 128,
      intersections: from.intersections.map((one) => ({
        key: { id: one.id.id },
        revision: one.revision,
        latitudeDegrees: one.refPoint.lat,
        longitudeDegrees: one.refPoint.lon,
        laneWidthMetres: typeof one.laneWidth === 'number' ? one.laneWidth / 100 : undefined,
        lanes: one.laneSet.map((lane) => ({
          id: lane.laneID,
          directionalUseBits: 0,
          sharedWithBits: 0,
          type: null,
          attributesRest: {},
          nodes: lanePositions(lane.nodesList.nodes, one.refPoint),
          rest: {},
        })),
        rest: {},
      })),
      rest: {},
    };
  }
  throw new Rejected('malformed-message', '', 'bsmJson or psmJson must be an object.');
}
