/**
 * The wire: every message that a device and the controller say to each other, as zod schemas. JSON, snake_case, times
 * ISO 8601 UTC with milliseconds. The seed systems' messages are contained unchanged; what they lack is optional.
 * Both sides check: who sends parses before publishing in tests, who receives parses always.
 */
import { z } from 'zod';

export const uuid = z.uuid();
/** 2024-01-01T00:00:00.000Z */
export const timestamp = z.iso.datetime({ offset: true });
const seconds = z.number().min(0).max(86_400);
const seq = z.number().int().min(0);
const shortText = z.string().max(1000);
const name = z.string().min(1).max(100);

export const lampSchema = z.enum(['red', 'red-amber', 'amber', 'green', 'flash', 'dark']);
export const lampSourceSchema = z.enum(['plan', 'last-good', 'local', 'flash']);
export const modeSchema = z.enum(['automatic', 'manual_override', 'emergency']);

export const carCountsSchema = z.object({
  junction_id: uuid,
  lane_id: uuid,
  vehicle_count: z.number().int().min(0).max(100_000),
  epc_ids: z.array(z.string().min(1).max(64)).max(10_000),
  timestamp,
  device_id: name.optional(),
  seq: seq.optional(),
  window_seconds: seconds.optional(),
  position: z.enum(['stopline', 'upstream']).optional(),
});

export const detectionsSchema = z.object({
  seq,
  timestamp,
  detectors: z.record(
    name,
    z.object({ count: z.number().int().min(0), occupancy: z.number().min(0).max(1), presence: z.boolean() }),
  ),
  /** Emergency vehicles and buses within range that ask for green (as J2735's SRM); who has passed is no longer in it. */
  priority: z
    .array(
      z.object({
        id: name,
        kind: z.enum(['emergency', 'bus']),
        approach: name,
        lane: z.number().int().min(0).max(31).nullable(),
        /** From its front to the stop line. */
        metres: z.number().min(0).max(5000),
        speed: z.number().min(0).max(100),
      }),
    )
    .max(100)
    .optional(),
  /** Vehicles that tell by radio where they are; absent where the junction has none. Who is past the line is not in it. */
  vehicles: z
    .array(
      z.object({
        id: name,
        /** Id of the stop-line detector of its lane. */
        lane: name,
        /** From its front to the stop line. */
        metres: z.number().min(0).max(5000),
        speed: z.number().min(0).max(100),
        /** Signal group that it is going to obey; null: it does not say. */
        group: name.nullable(),
      }),
    )
    .max(2000)
    .optional(),
  /** Of all vehicles, the share that is expected to be in `vehicles`. */
  reporting_share: z.number().min(0).max(1).optional(),
});

export const planStageSchema = z.object({
  id: name,
  lanes: z.array(uuid).optional(),
  green_seconds: seconds,
  yellow_seconds: seconds,
  all_red_seconds: seconds,
  walk_seconds: seconds.optional(),
});

export const greenTimeSchema = z.object({
  junction_id: uuid,
  /** Greens of N, S, E, W; null for a missing approach. */
  lane_times: z.array(seconds.nullable()).min(1).max(32),
  timestamp,
  total_cycle_time: seconds.optional(),
  plan_id: name.optional(),
  seq: seq.optional(),
  valid_from: timestamp.optional(),
  valid_until: timestamp.optional(),
  cycle_start: timestamp.nullable().optional(),
  stages: z.array(planStageSchema).min(1).max(64).optional(),
  mode: modeSchema.optional(),
  reason: shortText.optional(),
  configuration_version: z.number().int().min(0).optional(),
});

export const stageRequestSchema = z.object({
  junction_id: uuid,
  seq,
  stage: name,
  not_before: timestamp,
  valid_until: timestamp,
  configuration_version: z.number().int().min(0),
  reason: shortText,
});

export const acknowledgementSchema = z.object({
  plan_id: name.optional(),
  seq,
  device_id: name,
  result: z.enum(['applied', 'refused']),
  reason: shortText,
  applied_at: timestamp,
});

export const lampsSchema = z.object({
  device_id: name,
  seq,
  timestamp,
  stage: name.nullable(),
  lamps: z.record(name, lampSchema),
  source: lampSourceSchema,
  seconds_left: seconds.nullable(),
  cycle_seconds_left: seconds.nullable().optional(),
  /** Highest `seq` of a plan or stage request that the device took: where a restarted controller goes on. */
  command_seq: seq.optional(),
  fault: shortText.optional(),
});

export const modeMessageSchema = z.object({
  mode: modeSchema,
  by: name,
  reason: shortText,
  until: timestamp.nullable(),
  /** Of the junction's sequence: a device takes none that is older than the one before. */
  seq: seq.optional(),
  /** Emergency: the stage that is served. */
  stage: name.optional(),
});

/**
 * Asks the controller for a mode. `manual_override` brings its plan in `stages`; `emergency` the approach (by name) or the
 * stage to be served. Both need an end.
 */
export const modeRequestSchema = z.object({
  request_id: name.optional(),
  mode: modeSchema,
  by: name,
  reason: z.string().min(1).max(1000),
  until: timestamp.nullable(),
  stages: z.array(planStageSchema).min(1).max(64).optional(),
  /** In place of `stages`: greens of N, S, E, W. */
  lane_times: z.array(seconds.nullable()).min(1).max(32).optional(),
  approach: name.optional(),
  stage: name.optional(),
});

/** What the controller answers to a `mode-request`. */
export const modeAnswerSchema = z.object({
  request_id: name.optional(),
  mode: modeSchema,
  result: z.enum(['accepted', 'refused']),
  reason: shortText,
  timestamp,
});

export const heartbeatSchema = z.object({
  device_id: name,
  device_type: z.enum(['rfid_counter', 'light_controller', 'roadside_unit', 'junction_controller']),
  junction_id: uuid,
  lane_id: uuid.nullable(),
  timestamp: timestamp.optional(),
  firmware: name,
  uptime_seconds: z.number().min(0),
  clock_offset_ms: z.number(),
  temperature: z.number().optional(),
  queue_depth: z.number().int().min(0),
});

export const deviceStatusSchema = z.object({ status: z.enum(['online', 'offline']), since: timestamp });

export const configurationSchema = z.object({
  junction_id: uuid,
  name,
  intersection_id: z.number().int().min(0),
  version: z.number().int().min(0),
  approaches: z
    .array(z.object({ id: uuid, name }))
    .min(1)
    .max(32),
  signal_groups: z
    .array(
      z.object({
        id: name,
        number: z.number().int().min(1).max(254),
        kind: z.enum(['vehicle', 'pedestrian']),
        approaches: z.array(name),
        clearance_seconds: seconds,
      }),
    )
    .min(1)
    .max(254),
  stages: z
    .array(z.object({ id: name, groups: z.array(name), min_green_seconds: seconds, max_green_seconds: seconds }))
    .min(1)
    .max(64),
  conflicts: z.array(z.array(z.boolean())),
  /** `yields[i][j]`: group i, green together with group j, gives way to it. Absent: none does. */
  yields: z.array(z.array(z.boolean())).optional(),
  intergreen_seconds: z.array(z.array(seconds)),
  yellow_seconds: seconds,
  all_red_seconds: seconds,
  min_cycle_seconds: seconds,
  max_cycle_seconds: seconds,
  max_wait_seconds: seconds,
  local_plan: z.array(planStageSchema).min(1).max(64),
  local_schedule: z
    .array(
      z.object({
        starts_at_minute: z.number().int().min(0).max(1439),
        days: z.array(z.number().int().min(0).max(6)).min(1).max(7).optional(),
        stages: z.array(planStageSchema).min(1).max(64),
        offset_seconds: seconds.optional(),
      }),
    )
    .max(100)
    .optional(),
  time_zone: name.optional(),
  offset_seconds: seconds.optional(),
  priority: z
    .object({
      emergency_metres: z.number().min(1).max(5000).optional(),
      bus_metres: z.number().min(1).max(5000).optional(),
    })
    .optional(),
  detectors: z
    .array(
      z.object({
        id: name,
        approach: name,
        position: z.enum(['stopline', 'upstream']),
        lane: z.number().int().min(0).max(31).nullable(),
        groups: z.array(name).max(254),
        /** Where it is, metres before the stop line. */
        metres_before_line: z.number().min(0).max(5000).optional(),
        /** Speed limit of its lane, m/s. */
        limit_metres_per_second: z.number().positive().max(100).optional(),
      }),
    )
    .max(1000)
    .optional(),
  /** Junctions whose traffic comes here, and by which approach. */
  feeders: z
    .array(
      z.object({
        approach: name,
        junction_id: uuid,
        /** Groups there, and the share of the ways they let go that lead here. */
        groups: z.array(z.object({ id: name, share: z.number().min(0).max(1) })).max(254),
        /** From its stop line to ours: metres of road, its lanes, seconds at the speed limit. */
        metres: z.number().min(0).max(100_000),
        lanes: z.number().int().min(1).max(32),
        seconds,
      }),
    )
    .max(64)
    .optional(),
});

export const logSchema = z.object({
  level: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']),
  message: shortText,
  device_id: name.optional(),
  timestamp: timestamp.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** Most messages of a frame of `bsm`, `psm`, `spat`, `map`. */
export const FRAME_MESSAGES_MAX = 10_000;

/**
 * A V2X message or a frame of them, in any of the shapes that `v2x/read.ts` reads. Whoever takes it reads each message by
 * itself: one that is malformed must not take the others with it.
 */
export const v2xSchema = z.union([
  z.array(z.unknown()).min(1).max(FRAME_MESSAGES_MAX),
  z.record(z.string(), z.unknown()),
]);

/** Simulated streets only: the world says that frame `frame` is out, the controller that it has answered all of it. */
export const clockSchema = z.object({
  frame: z.number().int().min(0),
  timestamp,
  /** Messages of this frame (world) or decisions published for it (controller), so that none is overtaken. */
  messages: z.number().int().min(0),
  /** Over a broker, which may double, lose or overtake: which messages they are, in order (`lockstep.ts`). */
  keys: z.array(z.string().min(1).max(64)).max(10_000).optional(),
});

/** Every kind of message with its schema. The key is also the last part of its topic, but for `device/*`. */
export const MESSAGE_SCHEMAS = {
  'car-counts': carCountsSchema,
  configuration: configurationSchema,
  detections: detectionsSchema,
  'green-time': greenTimeSchema,
  'stage-request': stageRequestSchema,
  ack: acknowledgementSchema,
  lamps: lampsSchema,
  mode: modeMessageSchema,
  'mode-request': modeRequestSchema,
  'mode-answer': modeAnswerSchema,
  heartbeat: heartbeatSchema,
  status: deviceStatusSchema,
  log: logSchema,
  bsm: v2xSchema,
  psm: v2xSchema,
  spat: v2xSchema,
  map: v2xSchema,
  clock: clockSchema,
  'clock-done': clockSchema,
} as const;

export type MessageKind = keyof typeof MESSAGE_SCHEMAS;
export type Message<K extends MessageKind> = z.infer<(typeof MESSAGE_SCHEMAS)[K]>;
export type CarCounts = Message<'car-counts'>;
export type Detections = Message<'detections'>;
export type GreenTime = Message<'green-time'>;
export type StageRequestMessage = Message<'stage-request'>;
export type AcknowledgementMessage = Message<'ack'>;
export type Lamps = Message<'lamps'>;
export type ConfigurationMessage = Message<'configuration'>;
export type Heartbeat = Message<'heartbeat'>;
export type DeviceStatus = Message<'status'>;
export type ModeMessage = Message<'mode'>;
export type ModeRequest = Message<'mode-request'>;
export type ModeAnswer = Message<'mode-answer'>;
export type V2xFrame = Message<'bsm'>;
export type ClockMessage = Message<'clock'>;
