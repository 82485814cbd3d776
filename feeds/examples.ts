/** One valid message of every kind, and a small junction. For tests and for the documentation of the protocol. */
import type { JunctionConfiguration } from '../junction/types.ts';
import { configurationToMessage } from './codec.ts';
import type { Address } from './link.ts';
import type { Message, MessageKind } from './messages.ts';

export const EXAMPLE_JUNCTION_ID = '5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a11';
export const EXAMPLE_LANE_IDS = {
  N: '1a3c0a52-8a3e-5b4b-8f5c-6d1d6c1e0a01',
  S: '1a3c0a52-8a3e-5b4b-8f5c-6d1d6c1e0a02',
  E: '1a3c0a52-8a3e-5b4b-8f5c-6d1d6c1e0a03',
} as const;
export const EXAMPLE_DEVICE_ID = 'lamps-01';
const TIME = '2024-01-01T08:00:00.000Z';

/** A T-junction without a western approach: north and south go together, then east, then pedestrians across the east. */
export const EXAMPLE_CONFIGURATION: JunctionConfiguration = {
  junctionId: EXAMPLE_JUNCTION_ID,
  name: 'Example Street',
  intersectionId: 70_001,
  version: 3,
  approaches: [
    { id: EXAMPLE_LANE_IDS.N, name: 'N' },
    { id: EXAMPLE_LANE_IDS.S, name: 'S' },
    { id: EXAMPLE_LANE_IDS.E, name: 'E' },
  ],
  signalGroups: [
    { id: 'NS', number: 1, kind: 'vehicle', approaches: ['N', 'S'], clearanceSeconds: 0 },
    { id: 'E', number: 2, kind: 'vehicle', approaches: ['E'], clearanceSeconds: 0 },
    { id: 'E-walk', number: 3, kind: 'pedestrian', approaches: ['E'], clearanceSeconds: 9.5 },
  ],
  stages: [
    { id: 'main', groups: ['NS', 'E-walk'], minGreenSeconds: 10, maxGreenSeconds: 60 },
    { id: 'side', groups: ['E'], minGreenSeconds: 5, maxGreenSeconds: 30 },
  ],
  conflicts: [
    [false, true, false],
    [true, false, true],
    [false, true, false],
  ],
  intergreenSeconds: [
    [0, 5, 0],
    [5, 0, 5],
    [0, 9.5, 0],
  ],
  yellowSeconds: 3,
  allRedSeconds: 2,
  minCycleSeconds: 30,
  maxCycleSeconds: 120,
  maxWaitSeconds: 300,
  localPlan: [
    { stageId: 'main', greenSeconds: 30, yellowSeconds: 3, allRedSeconds: 6.5, walkSeconds: 20 },
    { stageId: 'side', greenSeconds: 12, yellowSeconds: 3, allRedSeconds: 2 },
  ],
};

const STAGES = [
  {
    id: 'main',
    lanes: [EXAMPLE_LANE_IDS.N, EXAMPLE_LANE_IDS.S],
    green_seconds: 30,
    yellow_seconds: 3,
    all_red_seconds: 6.5,
    walk_seconds: 20,
  },
  { id: 'side', lanes: [EXAMPLE_LANE_IDS.E], green_seconds: 12.5, yellow_seconds: 3, all_red_seconds: 2 },
];

const ACCURACY = { semiMajor: 20, semiMinor: 20, orientation: 0 };
const INTERSECTION = { id: { region: 1, id: 4465 }, revision: 1 };
const V2X_VALUES = {
  bsm: [
    'BasicSafetyMessage',
    20,
    {
      coreData: {
        msgCnt: 7,
        id: '0a1b2c3d',
        secMark: 0,
        lat: 490_069_000,
        long: 84_037_000,
        elev: -4096,
        accuracy: ACCURACY,
        transmission: 'forwardGears',
        speed: 500,
        heading: 14_400,
        angle: 127,
        accelSet: { long: -50, lat: 2001, vert: -127, yaw: 0 },
        brakes: {
          wheelBrakes: '78',
          traction: 'unavailable',
          abs: 'unavailable',
          scs: 'unavailable',
          brakeBoost: 'unavailable',
          auxBrakes: 'unavailable',
        },
        size: { width: 180, length: 450 },
      },
    },
  ],
  psm: [
    'PersonalSafetyMessage',
    32,
    {
      basicType: 'aPEDESTRIAN',
      secMark: 0,
      msgCnt: 7,
      id: '8a1b2c3d',
      position: { lat: 490_069_000, long: 84_037_000 },
      accuracy: ACCURACY,
      speed: 65,
      heading: 7200,
    },
  ],
  spat: [
    'SPAT',
    19,
    {
      intersections: [
        {
          ...INTERSECTION,
          status: '0000',
          moy: 480,
          timeStamp: 0,
          states: [{ signalGroup: 1, 'state-time-speed': [{ eventState: 'stop-And-Remain' }] }],
        },
      ],
    },
  ],
  map: [
    'MapData',
    18,
    {
      msgIssueRevision: 1,
      intersections: [
        {
          ...INTERSECTION,
          refPoint: { lat: 490_069_000, long: 84_037_000 },
          laneWidth: 330,
          laneSet: [
            {
              laneID: 1,
              ingressApproach: 1,
              laneAttributes: {
                directionalUse: '80',
                sharedWith: '0000',
                laneType: { vehicle: { value: '00', length: 8 } },
              },
              nodeList: {
                nodes: [{ delta: { 'node-XY2': { x: 165, y: 1000 } } }, { delta: { 'node-XY5': { x: 0, y: 6000 } } }],
              },
            },
          ],
        },
      ],
    },
  ],
} as const;

/** A message of the kind in the ODE's schema 9 envelope. */
function odeMessage(kind: keyof typeof V2X_VALUES): Record<string, unknown> {
  const [name, messageId, value] = V2X_VALUES[kind];
  return {
    metadata: { recordType: `${kind}Tx`, odeReceivedAt: TIME, schemaVersion: 9, recordGeneratedBy: 'RSU' },
    payload: { data: { messageId, value: { [name]: value } }, dataType: `us.dot.its.jpo.asn.j2735.r2024.${name}` },
  };
}

export const EXAMPLE_MESSAGES: { readonly [K in MessageKind]: Message<K> } = {
  'car-counts': {
    junction_id: EXAMPLE_JUNCTION_ID,
    lane_id: EXAMPLE_LANE_IDS.N,
    vehicle_count: 3,
    epc_ids: ['E280116060000204', 'E280116060000205'],
    timestamp: TIME,
    device_id: 'reader-n',
    seq: 12,
    window_seconds: 10,
    position: 'stopline',
  },
  configuration: configurationToMessage(EXAMPLE_CONFIGURATION),
  detections: {
    seq: 28_800,
    timestamp: TIME,
    detectors: {
      'N:stopline': { count: 41, occupancy: 0.35, presence: true },
      'N:upstream': { count: 44, occupancy: 0, presence: false },
    },
  },
  'green-time': {
    junction_id: EXAMPLE_JUNCTION_ID,
    lane_times: [30, 30, 12.5, null],
    timestamp: TIME,
    total_cycle_time: 57,
    plan_id: 'plan-7',
    seq: 7,
    valid_from: TIME,
    valid_until: '2024-01-01T08:06:00.000Z',
    cycle_start: null,
    stages: STAGES,
    mode: 'automatic',
    reason: 'Queue of 9 on N.',
    configuration_version: 3,
  },
  'stage-request': {
    junction_id: EXAMPLE_JUNCTION_ID,
    seq: 8,
    stage: 'side',
    not_before: TIME,
    valid_until: '2024-01-01T08:00:03.000Z',
    configuration_version: 3,
    reason: 'Nobody on N and S for 4 s.',
  },
  ack: {
    plan_id: 'plan-7',
    seq: 7,
    device_id: EXAMPLE_DEVICE_ID,
    result: 'refused',
    reason: 'side: green 2 s; at least 5 s.',
    applied_at: TIME,
  },
  lamps: {
    device_id: EXAMPLE_DEVICE_ID,
    seq: 99,
    timestamp: TIME,
    stage: 'main',
    lamps: { NS: 'green', E: 'red', 'E-walk': 'green' },
    source: 'plan',
    seconds_left: 12.4,
    cycle_seconds_left: 30.1,
    command_seq: 8,
  },
  mode: { mode: 'automatic', by: 'controller', reason: 'Start.', until: null },
  'mode-request': {
    request_id: 'r-1',
    mode: 'manual_override',
    by: 'operator',
    reason: 'Works on the east arm.',
    until: '2024-01-01T09:00:00.000Z',
    stages: STAGES,
  },
  'mode-answer': {
    request_id: 'r-1',
    mode: 'manual_override',
    result: 'refused',
    reason: 'side: green 2 s; at least 5 s.',
    timestamp: TIME,
  },
  heartbeat: {
    device_id: EXAMPLE_DEVICE_ID,
    device_type: 'light_controller',
    junction_id: EXAMPLE_JUNCTION_ID,
    lane_id: null,
    timestamp: TIME,
    firmware: '1.0.0',
    uptime_seconds: 86_400,
    clock_offset_ms: -3,
    temperature: 41.5,
    queue_depth: 0,
  },
  status: { status: 'online', since: TIME },
  log: {
    level: 'WARNING',
    message: 'Fan at full speed.',
    device_id: EXAMPLE_DEVICE_ID,
    timestamp: TIME,
    metadata: { rpm: 4200 },
  },
  clock: { frame: 10, timestamp: TIME, messages: 4 },
  'clock-done': { frame: 10, timestamp: TIME, messages: 1 },
  bsm: [odeMessage('bsm')],
  psm: [odeMessage('psm')],
  spat: odeMessage('spat'),
  map: odeMessage('map'),
};

/** Where the example of a kind belongs below a prefix. */
export function exampleAddress<K extends MessageKind>(prefix: string, kind: K): Address & { readonly kind: K } {
  switch (kind) {
    case 'clock':
    case 'clock-done':
      return { prefix, kind };
    case 'heartbeat':
    case 'status':
      return { prefix, kind, deviceId: EXAMPLE_DEVICE_ID };
    case 'car-counts':
      return { prefix, kind, junctionId: EXAMPLE_JUNCTION_ID, laneId: EXAMPLE_LANE_IDS.N };
    default:
      return { prefix, kind, junctionId: EXAMPLE_JUNCTION_ID };
  }
}
