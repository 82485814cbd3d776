import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centreLineMetres, decode, encode } from './convert.ts';
import { EVENT_STATES, INTERSECTION_STATUS, MANEUVERS, namesOfBits, PERSON_TYPES, TRANSMISSIONS } from './enums.ts';
import type { MapMessage, VehicleMessage } from './messages.ts';
import { upperSnake } from './ode-v4.ts';
import { RAW_MESSAGES, type RawBsm, type V2xKind } from './raw.ts';
import { envelope, readV2x, readV2xValue } from './read.ts';
import { readLogLine } from './replay-log.ts';
import * as units from './units.ts';
import { fromRaw, fromScaled, type Quantity, resolveSecondMark, resolveTimeMark, toRaw } from './units.ts';

const RECEIPT = { receivedAtMs: Date.UTC(2024, 0, 1, 12, 0, 30), via: null };
const within = (of: Quantity) => fc.integer({ min: of.min, max: of.max });
const hex = (digits: number) =>
  fc.integer({ min: 0, max: 16 ** digits - 1 }).map((n) => n.toString(16).toUpperCase().padStart(digits, '0'));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** Drops undefined fields, as JSON does. */
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const accuracy = fc.record({
  semiMajor: within(units.SEMI_AXIS_METRES),
  semiMinor: within(units.SEMI_AXIS_METRES),
  orientation: within(units.ORIENTATION_DEGREES),
});
const accelSet = fc.record({
  long: within(units.ACCELERATION_METRES_PER_SECOND2),
  lat: within(units.ACCELERATION_METRES_PER_SECOND2),
  vert: within(units.VERTICAL_ACCELERATION_G),
  yaw: within(units.YAW_RATE_DEGREES_PER_SECOND),
});
const arbitraries: Record<V2xKind, fc.Arbitrary<unknown>> = {
  bsm: fc.record({
    coreData: fc.record({
      msgCnt: fc.integer({ min: 0, max: 127 }),
      id: hex(8),
      secMark: within(units.SECOND_MARK_MS),
      lat: within(units.LATITUDE_DEGREES),
      long: within(units.LONGITUDE_DEGREES),
      elev: within(units.ELEVATION_METRES),
      accuracy,
      transmission: fc.constantFrom(...TRANSMISSIONS),
      speed: within(units.SPEED_METRES_PER_SECOND),
      heading: within(units.HEADING_DEGREES),
      angle: within(units.STEERING_ANGLE_DEGREES),
      accelSet,
      brakes: fc.record({
        wheelBrakes: hex(2),
        traction: fc.constantFrom('unavailable', 'off', 'on', 'engaged'),
        abs: fc.constantFrom('unavailable', 'off', 'on', 'engaged'),
        scs: fc.constantFrom('unavailable', 'off', 'on', 'engaged'),
        brakeBoost: fc.constantFrom('unavailable', 'off', 'on'),
        auxBrakes: fc.constantFrom('unavailable', 'off', 'on', 'reserved'),
      }),
      size: fc.record({ width: within(units.VEHICLE_WIDTH_METRES), length: within(units.VEHICLE_LENGTH_METRES) }),
    }),
    partII: maybe(
      fc.array(fc.record({ 'partII-Id': fc.integer({ min: 0, max: 63 }), 'partII-Value': fc.constant({ any: 1 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    regional: maybe(fc.constant([{ regionId: 3 }])),
  }),
  psm: fc.record({
    basicType: fc.constantFrom(...PERSON_TYPES),
    secMark: within(units.SECOND_MARK_MS),
    msgCnt: fc.integer({ min: 0, max: 127 }),
    id: hex(8),
    position: fc.record({
      lat: within(units.LATITUDE_DEGREES),
      long: within(units.LONGITUDE_DEGREES),
      elevation: maybe(within(units.ELEVATION_METRES)),
    }),
    accuracy,
    speed: within(units.SPEED_METRES_PER_SECOND),
    heading: within(units.HEADING_DEGREES),
    accelSet: maybe(accelSet),
    crossState: maybe(fc.boolean()),
    clusterSize: maybe(fc.constantFrom('small', 'large')),
  }),
  spat: fc.record({
    timeStamp: maybe(fc.integer({ min: 0, max: 527_040 })),
    intersections: fc.array(
      fc.record({
        id: fc.record({ region: maybe(fc.integer({ min: 0, max: 65_535 })), id: fc.integer({ min: 0, max: 65_535 }) }),
        revision: fc.integer({ min: 0, max: 127 }),
        status: hex(4),
        moy: maybe(fc.integer({ min: 0, max: 527_040 })),
        timeStamp: maybe(within(units.SECOND_MARK_MS)),
        enabledLanes: maybe(fc.constant([1, 2])),
        states: fc.array(
          fc.record({
            signalGroup: fc.integer({ min: 0, max: 255 }),
            'state-time-speed': fc.array(
              fc.record({
                eventState: fc.constantFrom(...EVENT_STATES),
                timing: maybe(
                  fc.record({
                    startTime: maybe(within(units.TIME_MARK_SECONDS)),
                    minEndTime: within(units.TIME_MARK_SECONDS),
                    maxEndTime: maybe(within(units.TIME_MARK_SECONDS)),
                    likelyTime: maybe(within(units.TIME_MARK_SECONDS)),
                    confidence: maybe(fc.integer({ min: 0, max: 15 })),
                    nextTime: maybe(within(units.TIME_MARK_SECONDS)),
                  }),
                ),
                speeds: maybe(fc.constant([{ type: 'greenwave' }])),
              }),
              { minLength: 1, maxLength: 2 },
            ),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  map: fc.record({
    msgIssueRevision: fc.integer({ min: 0, max: 127 }),
    layerType: maybe(fc.constant('intersectionData')),
    layerID: maybe(fc.integer({ min: 0, max: 100 })),
    intersections: fc.array(
      fc.record({
        id: fc.record({ id: fc.integer({ min: 0, max: 65_535 }) }),
        revision: fc.integer({ min: 0, max: 127 }),
        refPoint: fc.record({
          lat: fc.integer({ min: -900_000_000, max: 900_000_000 }),
          long: fc.integer({ min: -1_799_999_999, max: 1_800_000_000 }),
          elevation: maybe(within(units.ELEVATION_METRES)),
        }),
        laneWidth: maybe(within(units.LANE_WIDTH_METRES)),
        laneSet: fc.array(
          fc.record({
            laneID: fc.integer({ min: 0, max: 255 }),
            ingressApproach: maybe(fc.integer({ min: 0, max: 15 })),
            laneAttributes: fc.record({
              directionalUse: hex(2),
              sharedWith: hex(4),
              laneType: fc.constantFrom(
                { vehicle: { value: '00', length: 8 } },
                { crosswalk: { value: '8000', length: 16 } },
              ),
            }),
            maneuvers: maybe(hex(4)),
            nodeList: fc.record({
              nodes: fc.array(
                fc.record({
                  delta: fc.oneof(
                    fc.record({
                      'node-XY1': fc.record({
                        x: fc.integer({ min: -512, max: 511 }),
                        y: fc.integer({ min: -512, max: 511 }),
                      }),
                    }),
                    fc.record({
                      'node-XY6': fc.record({
                        x: fc.integer({ min: -32_768, max: 32_767 }),
                        y: fc.integer({ min: -32_768, max: 32_767 }),
                      }),
                    }),
                    fc.record({
                      'node-LatLon': fc.record({
                        lon: fc.integer({ min: -1_799_999_999, max: 1_800_000_000 }),
                        lat: fc.integer({ min: -900_000_000, max: 900_000_000 }),
                      }),
                    }),
                  ),
                  attributes: maybe(
                    fc.record({
                      dElevation: maybe(within(units.NODE_DELTA_METRES)),
                      dWidth: maybe(within(units.NODE_DELTA_METRES)),
                      localNode: maybe(fc.constant(['stopLine'])),
                    }),
                  ),
                }),
                { minLength: 2, maxLength: 4 },
              ),
            }),
            connectsTo: maybe(
              fc.array(
                fc.record({
                  connectingLane: fc.record({ lane: fc.integer({ min: 0, max: 255 }), maneuver: maybe(hex(4)) }),
                  signalGroup: maybe(fc.integer({ min: 0, max: 255 })),
                  connectionID: maybe(fc.integer({ min: 0, max: 255 })),
                }),
                { minLength: 1, maxLength: 2 },
              ),
            ),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
};

const A_BSM: RawBsm = {
  coreData: {
    msgCnt: 37,
    id: '31325433',
    secMark: 25_399,
    lat: 405_659_938,
    long: -1_050_317_754,
    elev: 14_409,
    accuracy: { semiMajor: 186, semiMinor: 241, orientation: 65_535 },
    transmission: 'forwardGears',
    speed: 714,
    heading: 25_060,
    angle: 127,
    accelSet: { long: -310, lat: 2001, vert: -127, yaw: 120 },
    brakes: {
      wheelBrakes: '80',
      traction: 'unavailable',
      abs: 'engaged',
      scs: 'unavailable',
      brakeBoost: 'unavailable',
      auxBrakes: 'unavailable',
    },
    size: { width: 190, length: 0 },
  },
};
const wrapped = (value: unknown = A_BSM, changes: object = {}) => ({
  metadata: { recordType: 'bsmTx', odeReceivedAt: '2025-08-29T16:09:34.416Z', schemaVersion: 9, ...changes },
  payload: { data: { messageId: 20, value: { BasicSafetyMessage: value } }, dataType: 'x' },
});

describe('quantities', () => {
  it('gives every raw value back', () => {
    for (const [name, of] of Object.entries(units).filter(([, value]) => typeof value === 'object') as [
      string,
      Quantity,
    ][])
      fc.assert(
        fc.property(within(of), (value) => {
          const back = toRaw(of, fromRaw(of, value));
          if (back !== value) throw new Error(`${name}: ${value} came back as ${back}`);
        }),
      );
  });

  it('says null, never a number, for each unavailable value of the standard', () => {
    const unavailable: [Quantity, number][] = [
      [units.LATITUDE_DEGREES, 900_000_001],
      [units.LONGITUDE_DEGREES, 1_800_000_001],
      [units.ELEVATION_METRES, -4096],
      [units.SPEED_METRES_PER_SECOND, 8191],
      [units.HEADING_DEGREES, 28_800],
      [units.ACCELERATION_METRES_PER_SECOND2, 2001],
      [units.VERTICAL_ACCELERATION_G, -127],
      [units.SECOND_MARK_MS, 65_535],
      [units.SEMI_AXIS_METRES, 255],
      [units.VEHICLE_LENGTH_METRES, 0],
      [units.VEHICLE_WIDTH_METRES, 0],
      [units.TIME_MARK_SECONDS, 36_111],
    ];
    for (const [of, value] of unavailable) {
      expect(fromRaw(of, value)).toBeNull();
      expect(toRaw(of, null)).toBe(value);
    }
  });

  it('never turns a measurement into "unavailable", nor the other way round', () => {
    expect(toRaw(units.SPEED_METRES_PER_SECOND, 500)).toBe(8190);
    expect(toRaw(units.VEHICLE_LENGTH_METRES, 0.001)).toBe(1);
    expect(toRaw(units.ELEVATION_METRES, -1000)).toBe(-4095);
    expect(() => toRaw(units.SPEED_METRES_PER_SECOND, Number.NaN)).toThrow('finite');
    expect(() => toRaw(units.YAW_RATE_DEGREES_PER_SECOND, null)).toThrow('unavailable');
  });

  it('knows sentinels that leak through scaling', () => {
    expect(fromScaled(units.ACCELERATION_METRES_PER_SECOND2, 2001)).toBeNull();
    expect(fromScaled(units.ACCELERATION_METRES_PER_SECOND2, 20.01)).toBeNull();
    expect(fromScaled(units.VERTICAL_ACCELERATION_G, -127)).toBeNull();
    expect(fromScaled(units.LATITUDE_DEGREES, 90.0000001)).toBeNull();
    expect(fromScaled(units.SPEED_METRES_PER_SECOND, 163.82)).toBeNull();
    expect(fromScaled(units.HEADING_DEGREES, 360)).toBeNull();
    expect(fromScaled(units.ELEVATION_METRES, -409.6)).toBeNull();
    expect(fromScaled(units.SPEED_METRES_PER_SECOND, 13.76)).toBe(13.76);
    expect(fromScaled(units.SPEED_METRES_PER_SECOND, 400)).toBeUndefined();
  });

  it('finds the minute and the hour across their ends', () => {
    const noon = Date.UTC(2024, 0, 1, 12);
    expect(resolveSecondMark(59_900, noon + 50)).toBe(noon - 100);
    expect(resolveSecondMark(100, noon - 50)).toBe(noon + 100);
    expect(resolveTimeMark(3599.9, noon + 1000)).toBe(noon - 100);
  });
});

describe('J2735 and back', () => {
  for (const kind of Object.keys(arbitraries) as V2xKind[])
    it(`${kind}: SI and back gives the same message`, () => {
      fc.assert(
        fc.property(arbitraries[kind], (value) => {
          const raw = json(value);
          const parsed = RAW_MESSAGES[kind].schema.parse(raw);
          const message = decode(kind, parsed, RECEIPT);
          expect(json(encode(message))).toEqual(raw);
          const again = readV2xValue(json(envelope(message, 'RSU')));
          expect(again.rejections).toEqual([]);
          expect(json(again.messages[0])).toEqual(json(message));
        }),
        { numRuns: 200 },
      );
    });

  it('has units right to the last field', () => {
    const message = decode('bsm', A_BSM, {
      receivedAtMs: Date.UTC(2025, 7, 29, 16, 9, 34),
      via: 'rsu-1',
    }) as VehicleMessage;
    expect(message).toMatchObject({
      id: '31325433',
      measuredAtMs: Date.UTC(2025, 7, 29, 16, 9, 25, 399),
      latitudeDegrees: 40.5659938,
      longitudeDegrees: -105.0317754,
      elevationMetres: 1440.9,
      accuracy: { semiMajorMetres: 9.3, semiMinorMetres: 12.05, orientationDegrees: null },
      speedMetresPerSecond: 14.28,
      headingDegrees: 313.25,
      steeringAngleDegrees: null,
      acceleration: {
        longitudinalMetresPerSecond2: -3.1,
        lateralMetresPerSecond2: null,
        verticalG: null,
        yawDegreesPerSecond: 1.2,
      },
      widthMetres: 1.9,
      lengthMetres: null,
    });
  });

  it('spells states exactly, and reads the older spelling', () => {
    expect(EVENT_STATES.map(upperSnake)).toContain('CAUTION_CONFLICTING_TRAFFIC');
    expect(EVENT_STATES.map(upperSnake)).toContain('STOP_THEN_PROCEED');
    expect(namesOfBits(MANEUVERS, 0x8000, 16)).toEqual(['maneuverStraightAllowed']);
    expect(namesOfBits(INTERSECTION_STATUS, 0x2000, 16)).toEqual(['failureFlash']);
  });
});

describe('every message is used or named', () => {
  const cases: [string, unknown, string, string][] = [
    [
      'a speed in m/s instead of steps',
      wrapped({ coreData: { ...A_BSM.coreData, speed: 13.7 } }),
      'malformed-message',
      'coreData.speed',
    ],
    [
      'a latitude in degrees',
      wrapped({ coreData: { ...A_BSM.coreData, lat: 40.5659938 } }),
      'malformed-message',
      'coreData.lat',
    ],
    [
      'an id of the wrong length',
      wrapped({ coreData: { ...A_BSM.coreData, id: 'XYZ' } }),
      'malformed-message',
      'coreData.id',
    ],
    ['no core data', wrapped({}), 'malformed-message', 'coreData'],
    ['another record type', wrapped(A_BSM, { recordType: 'timTx' }), 'unknown-type', 'metadata.recordType'],
    ['a type that the payload is not', wrapped(A_BSM, { recordType: 'psmTx' }), 'type-mismatch', 'payload.data'],
    ['a version from elsewhere', wrapped(A_BSM, { schemaVersion: 3 }), 'unknown-version', 'metadata.schemaVersion'],
    [
      'no time of receipt',
      wrapped(A_BSM, { odeReceivedAt: 'yesterday' }),
      'malformed-envelope',
      'metadata.odeReceivedAt',
    ],
    ['no payload', { metadata: { recordType: 'bsmTx', schemaVersion: 9 } }, 'malformed-envelope', 'payload.data'],
    ['another shape', { hello: 1 }, 'unknown-shape', ''],
    ['a number', 7, 'unknown-shape', ''],
  ];
  for (const [what, value, reason, path] of cases)
    it(`names ${what}: ${reason}`, () => {
      const { messages, rejections } = readV2xValue(value);
      expect(messages).toEqual([]);
      expect(rejections).toHaveLength(1);
      expect(rejections[0]).toMatchObject({ reason, path: path && expect.stringContaining(path) });
    });

  it('reads a frame, and one bad message in it spoils no other', () => {
    const frame = JSON.stringify([wrapped(), { hello: 1 }, wrapped()]);
    const { read, messages, rejections } = readV2x(frame);
    expect(read).toBe(3);
    expect(messages).toHaveLength(2);
    expect(rejections).toEqual([expect.objectContaining({ reason: 'unknown-shape', index: 1 })]);
    expect(readV2x(frame.slice(0, -5)).rejections[0]).toMatchObject({ reason: 'not-json' });
    expect(readV2x(frame, { maxCharacters: 10 }).rejections[0]).toMatchObject({ reason: 'too-large' });
    expect(readV2x(frame, { maxMessages: 2 })).toMatchObject({
      read: 3,
      rejections: [{ index: 1 }, { reason: 'too-large', index: 2 }],
    });
  });

  it('accounts for everything, and never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant('[]')), (text) => {
        const { read, messages, rejections } = readV2x(text);
        expect(messages.length + rejections.length).toBe(read);
      }),
    );
    const text = JSON.stringify(wrapped());
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: text.length }),
        fc.string({ maxLength: 3 }),
        fc.integer({ min: 0, max: 20 }),
        (at, insert, drop) => {
          const { read, messages, rejections } = readV2x(text.slice(0, at) + insert + text.slice(at + drop));
          expect(messages.length + rejections.length).toBe(read);
        },
      ),
    );
    const paths: (string | number)[][] = [
      ['metadata'],
      ['payload'],
      ['payload', 'data'],
      ['payload', 'data', 'value'],
      ['payload', 'data', 'value', 'BasicSafetyMessage', 'coreData'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.anything(), (path, junk) => {
        const message = structuredClone(wrapped()) as Record<string | number, unknown>;
        let at = message;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
        at[path.at(-1)!] = junk;
        const { read, messages, rejections } = readV2xValue(message);
        expect(messages.length + rejections.length).toBe(read);
      }),
    );
  });
});

describe('connected-corridor polling shape', () => {
  const timestamp = Date.UTC(2024, 5, 1, 8, 0, 5, 250);
  it('reads vehicles, people and lanes', () => {
    const { messages, rejections } = readV2xValue([
      {
        timestamp,
        rsuName: 'rsu-7',
        locationName: 'Main St',
        bsmJson: {
          coreData: {
            id: 'a1',
            msgCnt: 3,
            lat: 38.9,
            lon: -77.2,
            elev: 120.5,
            speed: 12.5,
            heading: 90,
            brakeAppliedStatus: 'none',
            accelSet: { long: -3.2, lat: 0 },
          },
        },
      },
      {
        timestamp,
        rsuName: 'rsu-7',
        locationName: 'Main St',
        psmJson: { id: 9, basicType: 2, position: { lat: 38.9, lon: -77.2, elev: 1 }, speed: 4, heading: 12 },
      },
      {
        intersections: [
          {
            id: { id: 5 },
            revision: 1,
            refPoint: { lat: 38.9, lon: -77.2 },
            laneWidth: 300,
            laneSet: [
              {
                laneID: 1,
                nodesList: {
                  nodes: [{ delta: { lat: 38.9001, lon: -77.2 } }, { delta: { lat: 0.0001, lon: 0.0002 } }],
                },
              },
            ],
          },
        ],
      },
    ]);
    expect(rejections).toEqual([]);
    expect(messages[0]).toMatchObject({
      kind: 'bsm',
      via: 'rsu-7',
      measuredAtMs: timestamp,
      secondMarkMs: 5250,
      speedMetresPerSecond: 12.5,
      lengthMetres: null,
    });
    expect(messages[1]).toMatchObject({ kind: 'psm', id: '9', personType: 'aPEDALCYCLIST' });
    const nodes = (messages[2] as MapMessage).intersections[0]!.lanes[0]!.nodes as readonly {
      latitudeDegrees: number;
    }[];
    expect(nodes.map((node) => node.latitudeDegrees)).toEqual([38.9001, expect.closeTo(38.9002, 9)]);
  });
  it('names a stamp in seconds and an impossible speed', () => {
    const core = { id: 'a', lat: 1, lon: 1, elev: 0, speed: 1, heading: 1 };
    expect(readV2xValue({ timestamp: timestamp / 1000, bsmJson: { coreData: core } }).rejections[0]).toMatchObject({
      path: 'timestamp',
    });
    expect(readV2xValue({ timestamp, bsmJson: { coreData: { ...core, speed: 900 } } }).rejections[0]).toMatchObject({
      path: 'bsmJson.coreData.speed',
    });
    expect(readV2xValue({ timestamp, bsmJson: 3 }).rejections[0]).toMatchObject({ reason: 'malformed-message' });
  });
});

describe('a log', () => {
  it('takes the time of each line', () => {
    const line = `BSM,61500,${JSON.stringify({
      ...wrapped(undefined, { odeReceivedAt: '@ISO_DATE_TIME@' }),
      payload: {
        data: {
          messageId: 20,
          value: {
            BasicSafetyMessage: { coreData: { ...A_BSM.coreData, id: '@TEMP_ID@', secMark: '@MILLI_OF_MINUTE@' } },
          },
        },
      },
    })}`;
    const { messages } = readLogLine(line, { startsAtMs: Date.UTC(2024, 0, 1) });
    expect(messages[0]).toMatchObject({ id: '00000001', measuredAtMs: Date.UTC(2024, 0, 1, 0, 1, 1, 500) });
    expect(readLogLine('  ', { startsAtMs: 0 }).read).toBe(0);
    expect(readLogLine('BSM,12,{', { startsAtMs: 0 }).rejections[0]).toMatchObject({ reason: 'not-json' });
    expect(readLogLine('BSM,999999999999999,{}', { startsAtMs: 8.6e15 }).rejections).toHaveLength(1);
  });
});

describe('lanes', () => {
  it('adds offsets up', () => {
    const map = readV2xValue({
      metadata: { recordType: 'mapTx', odeReceivedAt: '2025-08-29T16:09:34.416Z', schemaVersion: 9 },
      payload: {
        data: {
          messageId: 18,
          value: {
            MapData: {
              msgIssueRevision: 0,
              intersections: [
                {
                  id: { id: 1 },
                  revision: 0,
                  refPoint: { lat: 0, long: 0 },
                  laneSet: [
                    {
                      laneID: 1,
                      laneAttributes: {
                        directionalUse: '80',
                        sharedWith: '0000',
                        laneType: { vehicle: { value: '00', length: 8 } },
                      },
                      nodeList: {
                        nodes: [
                          { delta: { 'node-XY1': { x: 100, y: -200 } } },
                          { delta: { 'node-XY2': { x: 50, y: 1000 } } },
                        ],
                      },
                    },
                  ],
                },
              ],
            },
          },
        },
      },
    }).messages[0] as MapMessage;
    expect(centreLineMetres(map.intersections[0]!.lanes[0]!)).toEqual([
      [1, -2],
      [1.5, 8],
    ]);
  });
});
