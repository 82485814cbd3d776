/** J2735's raw messages to SI and back, without loss: `encode(decode(raw))` is `raw`. */
import { bitsFromHex, hexFromBits, type LaneKind } from './enums.ts';
import type {
  Acceleration,
  Accuracy,
  Connection,
  IntersectionGeometry,
  IntersectionState,
  Lane,
  LaneNode,
  MapMessage,
  PersonMessage,
  Rest,
  SignalMessage,
  Timing,
  V2xMessage,
  VehicleMessage,
} from './messages.ts';
import type { RawBsm, RawMap, RawPsm, RawSpat, V2xKind } from './raw.ts';
import * as units from './units.ts';
import { fromRaw, resolveSecondMark, toRaw } from './units.ts';

type RawAccuracy = RawBsm['coreData']['accuracy'];
type RawAcceleration = RawBsm['coreData']['accelSet'];
type RawIntersectionState = RawSpat['intersections'][number];
type RawTiming = NonNullable<RawIntersectionState['states'][number]['state-time-speed'][number]['timing']>;
type RawGeometry = RawMap['intersections'][number];
type RawLane = RawGeometry['laneSet'][number];
type RawNode = Extract<RawLane['nodeList'], { nodes: unknown }>['nodes'][number];

export interface Receipt {
  readonly receivedAtMs: number;
  readonly via: string | null;
}

/** `value` without the named fields. */
function without(value: Readonly<Record<string, unknown>>, ...names: string[]): Rest {
  const rest: Record<string, unknown> = {};
  for (const key of Object.keys(value)) if (!names.includes(key)) rest[key] = value[key];
  return rest;
}

/** Removes fields that are undefined, so that what is absent stays absent. */
function present<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] === undefined) delete value[key];
  return value;
}

const optional = <A, B>(value: A | undefined, convert: (value: A) => B): B | undefined =>
  value === undefined ? undefined : convert(value);

const accuracyFrom = (from: RawAccuracy): Accuracy => ({
  semiMajorMetres: fromRaw(units.SEMI_AXIS_METRES, from.semiMajor),
  semiMinorMetres: fromRaw(units.SEMI_AXIS_METRES, from.semiMinor),
  orientationDegrees: fromRaw(units.ORIENTATION_DEGREES, from.orientation),
});
const accuracyTo = (from: Accuracy): RawAccuracy => ({
  semiMajor: toRaw(units.SEMI_AXIS_METRES, from.semiMajorMetres),
  semiMinor: toRaw(units.SEMI_AXIS_METRES, from.semiMinorMetres),
  orientation: toRaw(units.ORIENTATION_DEGREES, from.orientationDegrees),
});
const accelerationFrom = (from: RawAcceleration): Acceleration => ({
  longitudinalMetresPerSecond2: fromRaw(units.ACCELERATION_METRES_PER_SECOND2, from.long),
  lateralMetresPerSecond2: fromRaw(units.ACCELERATION_METRES_PER_SECOND2, from.lat),
  verticalG: fromRaw(units.VERTICAL_ACCELERATION_G, from.vert),
  yawDegreesPerSecond: fromRaw(units.YAW_RATE_DEGREES_PER_SECOND, from.yaw),
});
/** J2735 has no "unavailable" yaw rate: an unknown one is sent as 0. */
const accelerationTo = (from: Acceleration): RawAcceleration => ({
  long: toRaw(units.ACCELERATION_METRES_PER_SECOND2, from.longitudinalMetresPerSecond2),
  lat: toRaw(units.ACCELERATION_METRES_PER_SECOND2, from.lateralMetresPerSecond2),
  vert: toRaw(units.VERTICAL_ACCELERATION_G, from.verticalG),
  yaw: toRaw(units.YAW_RATE_DEGREES_PER_SECOND, from.yawDegreesPerSecond ?? 0),
});

/** When it was measured: the moment nearest to its receipt that fits the second mark; null where that is unknown or reserved. */
export const resolveMeasuredAt = (secondMarkMs: number | null, receipt: Receipt): number | null =>
  secondMarkMs === null || secondMarkMs > 60_999 ? null : resolveSecondMark(secondMarkMs, receipt.receivedAtMs);

export function decodeBsm(from: RawBsm, receipt: Receipt): VehicleMessage {
  const core = from.coreData;
  const secondMarkMs = fromRaw(units.SECOND_MARK_MS, core.secMark);
  return {
    kind: 'bsm',
    receivedAtMs: receipt.receivedAtMs,
    via: receipt.via,
    id: core.id,
    messageCount: core.msgCnt,
    secondMarkMs,
    measuredAtMs: resolveMeasuredAt(secondMarkMs, receipt),
    latitudeDegrees: fromRaw(units.LATITUDE_DEGREES, core.lat),
    longitudeDegrees: fromRaw(units.LONGITUDE_DEGREES, core.long),
    elevationMetres: fromRaw(units.ELEVATION_METRES, core.elev),
    accuracy: accuracyFrom(core.accuracy),
    speedMetresPerSecond: fromRaw(units.SPEED_METRES_PER_SECOND, core.speed),
    headingDegrees: fromRaw(units.HEADING_DEGREES, core.heading),
    acceleration: accelerationFrom(core.accelSet),
    transmission: core.transmission,
    steeringAngleDegrees: fromRaw(units.STEERING_ANGLE_DEGREES, core.angle),
    brakes: {
      wheelBits: bitsFromHex(core.brakes.wheelBrakes),
      traction: core.brakes.traction,
      antiLock: core.brakes.abs,
      stability: core.brakes.scs,
      boost: core.brakes.brakeBoost,
      auxiliary: core.brakes.auxBrakes,
    },
    widthMetres: fromRaw(units.VEHICLE_WIDTH_METRES, core.size.width),
    lengthMetres: fromRaw(units.VEHICLE_LENGTH_METRES, core.size.length),
    ...(from.partII !== undefined && { partTwo: from.partII }),
    rest: without(from, 'coreData', 'partII'),
  };
}

export function encodeBsm(from: VehicleMessage): RawBsm {
  return present({
    ...from.rest,
    coreData: {
      msgCnt: from.messageCount ?? 0,
      id: from.id,
      secMark: toRaw(units.SECOND_MARK_MS, from.secondMarkMs),
      lat: toRaw(units.LATITUDE_DEGREES, from.latitudeDegrees),
      long: toRaw(units.LONGITUDE_DEGREES, from.longitudeDegrees),
      elev: toRaw(units.ELEVATION_METRES, from.elevationMetres ?? null),
      accuracy: accuracyTo(from.accuracy),
      transmission: from.transmission,
      speed: toRaw(units.SPEED_METRES_PER_SECOND, from.speedMetresPerSecond),
      heading: toRaw(units.HEADING_DEGREES, from.headingDegrees),
      angle: toRaw(units.STEERING_ANGLE_DEGREES, from.steeringAngleDegrees),
      accelSet: accelerationTo(from.acceleration),
      brakes: {
        wheelBrakes: hexFromBits(from.brakes.wheelBits, 2),
        traction: from.brakes.traction,
        abs: from.brakes.antiLock,
        scs: from.brakes.stability,
        brakeBoost: from.brakes.boost,
        auxBrakes: from.brakes.auxiliary,
      },
      size: {
        width: toRaw(units.VEHICLE_WIDTH_METRES, from.widthMetres),
        length: toRaw(units.VEHICLE_LENGTH_METRES, from.lengthMetres),
      },
    },
    partII: from.partTwo as RawBsm['partII'],
  });
}

export function decodePsm(from: RawPsm, receipt: Receipt): PersonMessage {
  const secondMarkMs = fromRaw(units.SECOND_MARK_MS, from.secMark);
  return present({
    kind: 'psm',
    receivedAtMs: receipt.receivedAtMs,
    via: receipt.via,
    id: from.id,
    messageCount: from.msgCnt,
    secondMarkMs,
    measuredAtMs: resolveMeasuredAt(secondMarkMs, receipt),
    latitudeDegrees: fromRaw(units.LATITUDE_DEGREES, from.position.lat),
    longitudeDegrees: fromRaw(units.LONGITUDE_DEGREES, from.position.long),
    elevationMetres: optional(from.position.elevation, (value) => fromRaw(units.ELEVATION_METRES, value)),
    accuracy: accuracyFrom(from.accuracy),
    speedMetresPerSecond: fromRaw(units.SPEED_METRES_PER_SECOND, from.speed),
    headingDegrees: fromRaw(units.HEADING_DEGREES, from.heading),
    personType: from.basicType,
    acceleration: optional(from.accelSet, accelerationFrom),
    rest: without(from, 'basicType', 'secMark', 'msgCnt', 'id', 'position', 'accuracy', 'speed', 'heading', 'accelSet'),
  });
}

export function encodePsm(from: PersonMessage): RawPsm {
  return present({
    ...from.rest,
    basicType: from.personType,
    secMark: toRaw(units.SECOND_MARK_MS, from.secondMarkMs),
    msgCnt: from.messageCount ?? 0,
    id: from.id,
    position: present({
      lat: toRaw(units.LATITUDE_DEGREES, from.latitudeDegrees),
      long: toRaw(units.LONGITUDE_DEGREES, from.longitudeDegrees),
      elevation: optional(from.elevationMetres, (value) => toRaw(units.ELEVATION_METRES, value)),
    }),
    accuracy: accuracyTo(from.accuracy),
    speed: toRaw(units.SPEED_METRES_PER_SECOND, from.speedMetresPerSecond),
    heading: toRaw(units.HEADING_DEGREES, from.headingDegrees),
    accelSet: optional(from.acceleration, accelerationTo),
  });
}

const timeMarkFrom = (value: number): number | null => fromRaw(units.TIME_MARK_SECONDS, value);
const timeMarkTo = (value: number | null): number => toRaw(units.TIME_MARK_SECONDS, value);

const timingFrom = (from: RawTiming): Timing =>
  present({
    startSeconds: optional(from.startTime, timeMarkFrom),
    minEndSeconds: timeMarkFrom(from.minEndTime),
    maxEndSeconds: optional(from.maxEndTime, timeMarkFrom),
    likelyEndSeconds: optional(from.likelyTime, timeMarkFrom),
    confidence: from.confidence,
    nextSeconds: optional(from.nextTime, timeMarkFrom),
  });
const timingTo = (from: Timing): RawTiming =>
  present({
    startTime: optional(from.startSeconds, timeMarkTo),
    minEndTime: timeMarkTo(from.minEndSeconds),
    maxEndTime: optional(from.maxEndSeconds, timeMarkTo),
    likelyTime: optional(from.likelyEndSeconds, timeMarkTo),
    confidence: from.confidence,
    nextTime: optional(from.nextSeconds, timeMarkTo),
  });

function stateFrom(from: RawIntersectionState, receipt: Receipt): IntersectionState {
  const secondMarkMs = optional(from.timeStamp, (value) => fromRaw(units.SECOND_MARK_MS, value));
  return present({
    name: from.name,
    key: from.id,
    revision: from.revision,
    statusBits: bitsFromHex(from.status),
    minuteOfYear: from.moy,
    secondMarkMs,
    measuredAtMs: resolveMeasuredAt(secondMarkMs ?? null, receipt),
    movements: from.states.map((state) =>
      present({
        name: state.movementName,
        signalGroup: state.signalGroup,
        events: state['state-time-speed'].map((event) =>
          present({
            state: event.eventState,
            timing: optional(event.timing, timingFrom),
            rest: without(event, 'eventState', 'timing'),
          }),
        ),
        rest: without(state, 'movementName', 'signalGroup', 'state-time-speed'),
      }),
    ),
    rest: without(from, 'name', 'id', 'revision', 'status', 'moy', 'timeStamp', 'states'),
  });
}

export const decodeSpat = (from: RawSpat, receipt: Receipt): SignalMessage =>
  present({
    kind: 'spat',
    receivedAtMs: receipt.receivedAtMs,
    via: receipt.via,
    minuteOfYear: from.timeStamp,
    name: from.name,
    intersections: from.intersections.map((one) => stateFrom(one, receipt)),
    rest: without(from, 'timeStamp', 'name', 'intersections'),
  });

export const encodeSpat = (from: SignalMessage): RawSpat =>
  present({
    ...from.rest,
    timeStamp: from.minuteOfYear,
    name: from.name,
    intersections: from.intersections.map((one) =>
      present({
        ...one.rest,
        name: one.name,
        id: one.key,
        revision: one.revision,
        status: hexFromBits(one.statusBits, 4),
        moy: one.minuteOfYear,
        timeStamp: optional(one.secondMarkMs, (value) => toRaw(units.SECOND_MARK_MS, value)),
        states: one.movements.map((movement) =>
          present({
            ...movement.rest,
            movementName: movement.name,
            signalGroup: movement.signalGroup,
            'state-time-speed': movement.events.map((event) =>
              present({ ...event.rest, eventState: event.state, timing: optional(event.timing, timingTo) }),
            ),
          }),
        ),
      }),
    ),
  });

function nodeFrom(from: RawNode): LaneNode {
  const attributes = from.attributes;
  const shared = {
    widthChangeMetres: optional(attributes?.dWidth, (value) => value / 100),
    elevationChangeMetres: optional(attributes?.dElevation, (value) => value / 100),
    attributes: optional(attributes, (value) => without(value, 'dWidth', 'dElevation')),
  };
  const delta = from.delta as Record<string, { x: number; y: number } | { lat: number; lon: number }>;
  const name = Object.keys(delta)[0]!;
  const value = delta[name]!;
  return present(
    'x' in value
      ? {
          ...shared,
          kind: 'offset' as const,
          xMetres: value.x / 100,
          yMetres: value.y / 100,
          size: Number(name.slice(-1)) as 1 | 2 | 3 | 4 | 5 | 6,
        }
      : {
          ...shared,
          kind: 'position' as const,
          latitudeDegrees: value.lat / 1e7,
          longitudeDegrees: value.lon / 1e7,
        },
  );
}

function nodeTo(from: LaneNode): RawNode {
  const delta =
    from.kind === 'offset'
      ? {
          [`node-XY${from.size}`]: {
            x: toRaw(units.NODE_OFFSET_METRES, from.xMetres),
            y: toRaw(units.NODE_OFFSET_METRES, from.yMetres),
          },
        }
      : {
          'node-LatLon': {
            lon: toRaw(units.LONGITUDE_DEGREES, from.longitudeDegrees),
            lat: toRaw(units.LATITUDE_DEGREES, from.latitudeDegrees),
          },
        };
  const hasAttributes =
    from.attributes !== undefined || from.widthChangeMetres !== undefined || from.elevationChangeMetres !== undefined;
  return present({
    delta: delta as RawNode['delta'],
    attributes: hasAttributes
      ? present({
          ...from.attributes,
          dWidth: optional(from.widthChangeMetres, (value) => toRaw(units.NODE_DELTA_METRES, value)),
          dElevation: optional(from.elevationChangeMetres, (value) => toRaw(units.NODE_DELTA_METRES, value)),
        })
      : undefined,
  });
}

const connectionFrom = (from: NonNullable<RawLane['connectsTo']>[number]): Connection =>
  present({
    lane: from.connectingLane.lane,
    maneuverBits: optional(from.connectingLane.maneuver, bitsFromHex),
    remoteIntersection: from.remoteIntersection,
    signalGroup: from.signalGroup,
    connectionId: from.connectionID,
    rest: without(from, 'connectingLane', 'remoteIntersection', 'signalGroup', 'connectionID'),
  });

function laneFrom(from: RawLane): Lane {
  const [kind, bits] = Object.entries(from.laneAttributes.laneType)[0] as [LaneKind, { value: string; length: number }];
  return present({
    id: from.laneID,
    name: from.name,
    ingressApproach: from.ingressApproach,
    egressApproach: from.egressApproach,
    directionalUseBits: bitsFromHex(from.laneAttributes.directionalUse),
    sharedWithBits: bitsFromHex(from.laneAttributes.sharedWith),
    type: { kind, hex: bits.value, length: bits.length },
    attributesRest: without(from.laneAttributes, 'directionalUse', 'sharedWith', 'laneType'),
    maneuverBits: optional(from.maneuvers, bitsFromHex),
    nodes: 'nodes' in from.nodeList ? from.nodeList.nodes.map(nodeFrom) : [],
    computed: 'computed' in from.nodeList ? from.nodeList.computed : undefined,
    connections: from.connectsTo?.map(connectionFrom),
    rest: without(
      from,
      'laneID',
      'name',
      'ingressApproach',
      'egressApproach',
      'laneAttributes',
      'maneuvers',
      'nodeList',
      'connectsTo',
    ),
  });
}

const laneTo = (from: Lane): RawLane =>
  present({
    ...from.rest,
    laneID: from.id,
    name: from.name,
    ingressApproach: from.ingressApproach,
    egressApproach: from.egressApproach,
    laneAttributes: {
      ...from.attributesRest,
      directionalUse: hexFromBits(from.directionalUseBits, 2),
      sharedWith: hexFromBits(from.sharedWithBits, 4),
      laneType: from.type
        ? { [from.type.kind]: { value: from.type.hex, length: from.type.length } }
        : { vehicle: { value: '00', length: 8 } },
    },
    maneuvers: optional(from.maneuverBits, (bits) => hexFromBits(bits, 4)),
    nodeList: from.computed
      ? { computed: from.computed as Record<string, unknown> }
      : { nodes: from.nodes.map(nodeTo) },
    connectsTo: from.connections?.map((connection) =>
      present({
        ...connection.rest,
        connectingLane: present({
          lane: connection.lane,
          maneuver: optional(connection.maneuverBits, (bits) => hexFromBits(bits, 4)),
        }),
        remoteIntersection: connection.remoteIntersection,
        signalGroup: connection.signalGroup,
        connectionID: connection.connectionId,
      }),
    ),
  });

const geometryFrom = (from: RawGeometry): IntersectionGeometry =>
  present({
    name: from.name,
    key: from.id,
    revision: from.revision,
    latitudeDegrees: from.refPoint.lat / 1e7,
    longitudeDegrees: from.refPoint.long / 1e7,
    elevationMetres: optional(from.refPoint.elevation, (value) => fromRaw(units.ELEVATION_METRES, value)),
    laneWidthMetres: optional(from.laneWidth, (value) => value / 100),
    lanes: from.laneSet.map(laneFrom),
    rest: without(from, 'name', 'id', 'revision', 'refPoint', 'laneWidth', 'laneSet'),
  });

export const decodeMap = (from: RawMap, receipt: Receipt): MapMessage =>
  present({
    kind: 'map',
    receivedAtMs: receipt.receivedAtMs,
    via: receipt.via,
    minuteOfYear: from.timeStamp,
    revision: from.msgIssueRevision,
    layerType: from.layerType,
    layerId: from.layerID,
    intersections: from.intersections.map(geometryFrom),
    rest: without(from, 'timeStamp', 'msgIssueRevision', 'layerType', 'layerID', 'intersections'),
  });

export const encodeMap = (from: MapMessage): RawMap =>
  present({
    ...from.rest,
    timeStamp: from.minuteOfYear,
    msgIssueRevision: from.revision,
    layerType: from.layerType,
    layerID: from.layerId,
    intersections: from.intersections.map((one) =>
      present({
        ...one.rest,
        name: one.name,
        id: one.key,
        revision: one.revision,
        refPoint: present({
          lat: toRaw(units.LATITUDE_DEGREES, one.latitudeDegrees),
          long: toRaw(units.LONGITUDE_DEGREES, one.longitudeDegrees),
          elevation: optional(one.elevationMetres, (value) => toRaw(units.ELEVATION_METRES, value)),
        }),
        laneWidth: optional(one.laneWidthMetres, (value) => toRaw(units.LANE_WIDTH_METRES, value)),
        laneSet: one.lanes.map(laneTo),
      }),
    ),
  });

/** A raw value of its kind, already checked, in SI. */
export function decode(kind: V2xKind, value: unknown, receipt: Receipt): V2xMessage {
  switch (kind) {
    case 'bsm':
      return decodeBsm(value as RawBsm, receipt);
    case 'psm':
      return decodePsm(value as RawPsm, receipt);
    case 'spat':
      return decodeSpat(value as RawSpat, receipt);
    case 'map':
      return decodeMap(value as RawMap, receipt);
  }
}

/** The J2735 value of a message. */
export function encode(message: V2xMessage): RawBsm | RawPsm | RawSpat | RawMap {
  switch (message.kind) {
    case 'bsm':
      return encodeBsm(message);
    case 'psm':
      return encodePsm(message);
    case 'spat':
      return encodeSpat(message);
    case 'map':
      return encodeMap(message);
  }
}

/** Centre line of a lane in metres east and north of the reference point; empty where it is computed from another lane. */
export function centreLineMetres(lane: Lane): readonly (readonly [number, number])[] {
  let x = 0;
  let y = 0;
  const line: [number, number][] = [];
  for (const node of lane.nodes) {
    if (node.kind !== 'offset') continue;
    x += node.xMetres;
    y += node.yMetres;
    line.push([x, y]);
  }
  return line;
}
