/**
 * Shapes of what the API answers, for its documentation and its tests. Each is held to the type of the same name by the
 * compiler; the registry gives the names under which they appear in the document.
 */
import { z } from 'zod';
import type {
  Alert,
  Comparison,
  DecisionRecord,
  Drawing,
  ErrorBody,
  Frame,
  Health,
  JunctionAnswer,
  JunctionCycle,
  JunctionDetailAnswer,
  PairedDifference,
  RunDetail,
  RunRequest,
  RunResult,
  RunSummary,
  ScenarioSummary,
  SeriesPoint,
  SystemInfo,
  VariantResult,
} from '../types.ts';

export const components = z.registry<{ id: string }>();

function component<T>(id: string, schema: z.ZodType<T>): z.ZodType<T> {
  components.add(schema, { id });
  return schema;
}

const instant = z.iso.datetime();
const number = z.number();
const nullableText = z.string().nullable();
const variants = z.array(z.object({ name: z.string(), strategy: z.string() }));
const pace = z.union([z.literal('max'), z.number().positive().max(1000)]);
const point = z.object({ x: number, y: number });
const line = z.array(point).readonly();

export const runRequest = component<RunRequest>(
  'RunRequest',
  z.strictObject({
    scenario: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Name of a scenario, as GET /api/v1/scenarios lists it.', examples: ['hangzhou-kn-hz'] }),
    seed: z
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .meta({ description: 'Same scenario and seed, same run, to the last digit.', examples: [1] }),
    pace: pace
      .optional()
      .describe('Simulated seconds per second, 1 = as on the street; "max" = as fast as it goes (default).'),
  }),
);

export const errorSchema = component<ErrorBody>(
  'Error',
  z.object({
    detail: z.string().describe('The same as message.'),
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    hint: z.string().optional(),
    issues: z
      .array(
        z.object({
          file: z.string(),
          line: z.number(),
          column: z.number(),
          path: z.string(),
          message: z.string(),
          hint: z.string(),
        }),
      )
      .optional(),
  }),
);

const checkSchema = z.object({
  status: z.enum(['ok', 'starting', 'failed']),
  detail: z.string(),
  checkedAt: instant,
  milliseconds: z.number(),
});

export const healthSchema = component<Health>(
  'Health',
  z.object({
    status: z.enum(['ok', 'starting', 'degraded']),
    version: z.string(),
    uptimeSeconds: number,
    checks: z.record(z.string(), checkSchema),
  }),
);

export const systemInfoSchema = component<SystemInfo>(
  'SystemInfo',
  z.object({
    name: z.string(),
    version: z.string(),
    startedAt: instant,
    uptimeSeconds: number,
    nodeVersion: z.string(),
    platform: z.string(),
    architecture: z.string(),
    cpuCount: z.number().int(),
    memoryMebibytes: z.object({ resident: number, heapUsed: number, systemTotal: number }),
    database: z.object({ status: z.string(), detail: z.string() }),
    broker: z.object({ status: z.string(), detail: z.string() }),
  }),
);

export const scenarioSchema = component<ScenarioSummary>(
  'Scenario',
  z.object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    seeds: z.array(number),
    durationSeconds: number,
    stepSeconds: number,
    startsAt: instant,
    timeZone: z.string(),
    variants,
    junctions: number,
    vehiclesDemanded: number,
  }),
);

const runFields = {
  id: z.uuid(),
  scenario: z.string(),
  scenarioTitle: z.string(),
  seed: number,
  status: z.enum(['running', 'finished', 'stopped', 'interrupted', 'failed']),
  statusDetail: nullableText,
  pace,
  startedAt: instant,
  endedAt: instant.nullable(),
  durationSeconds: number,
  simulatedSeconds: number,
  stepSeconds: number,
  startsAt: instant,
  timeZone: z.string(),
  variants,
  replayable: z.boolean(),
};

export const runSchema = component<RunSummary>('Run', z.object(runFields));

const level = z.enum(['A', 'B', 'C', 'D', 'E', 'F']).describe('Level of service by mean delay (HCM 6).');

const groupMeasures = z.object({
  demanded: number,
  arrived: number,
  delaySeconds: z.object({ mean: number, p95: number, max: number }),
  waitingSeconds: z.object({ mean: number, max: number }),
  stopsPerVehicle: number,
});

const movementMeasures = groupMeasures.extend({ levelOfService: level.optional() });

const passageMeasures = z.object({ vehicles: number, delaySeconds: z.object({ mean: number }), levelOfService: level });

const approachMeasures = movementMeasures.extend({
  queueMax: number,
  saturationFlowPerHourPerLane: number.optional(),
  startUpLostSeconds: number.optional(),
});

const pedestrianDelays = {
  demanded: number,
  crossed: number,
  crossing: number,
  waiting: number,
  delaySeconds: z.object({ mean: number.optional(), p95: number.optional(), max: number.optional() }),
};

export const variantResultSchema = component<VariantResult>(
  'VariantResult',
  z.looseObject({
    strategy: z.string(),
    digest: z.string(),
    vehicles: z.object({ demanded: number, inserted: number, arrived: number, running: number, waiting: number }),
    travelTimeSeconds: z.object({
      arrivedMean: number.optional(),
      arrivedMedian: number.optional(),
      arrivedP95: number.optional(),
      allMean: number.optional(),
    }),
    delaySeconds: z.object({
      mean: number.optional(),
      median: number.optional(),
      p95: number.optional(),
      p99: number.optional(),
      max: number.optional(),
    }),
    waitingSeconds: z.object({ mean: number.optional(), p95: number.optional(), max: number.optional() }),
    stopsPerVehicle: number.optional(),
    throughputPerHour: number,
    fuelLitres: number.optional(),
    co2Kilograms: number.optional(),
    noxGrams: number.optional(),
    sensitivity: z
      .object({ emissionClass: z.string(), fuelLitres: number, co2Kilograms: number, noxGrams: number })
      .optional(),
    approaches: z.record(z.string(), approachMeasures),
    movements: z.record(z.string(), movementMeasures).optional(),
    classes: z.record(z.string(), groupMeasures).optional(),
    junctions: z
      .record(z.string(), passageMeasures.extend({ approaches: z.record(z.string(), passageMeasures) }))
      .optional(),
    network: z
      .object({
        speedShare: number,
        levelOfService: z
          .enum(['A', 'B', 'C', 'D', 'E', 'F'])
          .describe('Level of service by mean speed as a share of the unhindered one (HCM 6, chapter 16).'),
      })
      .optional(),
    pedestrians: z
      .object({ ...pedestrianDelays, crossings: z.record(z.string(), z.object(pedestrianDelays)) })
      .optional(),
  }),
);

export const runResultSchema = component<RunResult>(
  'RunResult',
  z.looseObject({
    scenario: z.string(),
    seed: number,
    stepSeconds: number,
    durationSeconds: number,
    variants: z.record(z.string(), variantResultSchema),
    performance: z.looseObject({
      vehicleUpdates: number,
      cpuSeconds: number,
      wallSeconds: number,
      peakRssMebibytes: number,
    }),
  }),
);

export const drawingSchema = component<Drawing>(
  'Drawing',
  z.looseObject({
    bounds: z.object({ minX: number, minY: number, maxX: number, maxY: number }),
    lanes: z.array(z.object({ path: line, widthMetres: number, kind: z.enum(['approach', 'exit', 'road']) })),
    junctions: z.array(
      z.looseObject({
        id: z.string(),
        name: z.string(),
        outline: line,
        signalGroups: z.array(
          z.looseObject({
            id: z.string(),
            number,
            approach: z.string(),
            turns: z.array(z.enum(['left', 'straight', 'right', 'u-turn'])),
            stopLine: z.tuple([point, point]),
            kind: z.enum(['vehicle', 'pedestrian']),
          }),
        ),
        stages: z.array(z.object({ id: z.string(), groups: z.array(z.string()) })),
        crossings: z.array(line),
      }),
    ),
    approaches: z.array(z.object({ junction: z.string(), name: z.string(), id: z.string(), label: point })),
    vehicleClasses: z.array(
      z.object({
        name: z.enum(['car', 'bus', 'truck', 'bike', 'rickshaw', 'emergency', 'lcv', 'bicycle']),
        lengthMetres: number,
        widthMetres: number,
      }),
    ),
  }),
);

export const runDetailSchema = component<RunDetail>(
  'RunDetail',
  z.object({ ...runFields, drawing: drawingSchema, result: runResultSchema.nullable() }),
);

export const frameSchema = component<Frame>(
  'Frame',
  z.object({
    second: number,
    vehicles: z
      .array(number)
      .describe(
        'Six integers a vehicle: id, class, x and y in decimetres, heading in degrees, speed in decimetres per second.',
      ),
    people: z
      .array(number)
      .optional()
      .describe(
        'Six integers a person on or near a crossing: id, 0 on foot or 1 on a bicycle, x and y in decimetres, heading in degrees, speed in decimetres per second.',
      ),
    lamps: z.array(z.string()).describe('Per junction one letter a signal group: r a g u f d.'),
    stages: z
      .array(z.tuple([number, number]))
      .describe('Per junction: index of the running stage, seconds left of it; -1 unknown.'),
    counters: z.object({
      demanded: number,
      arrived: number,
      running: number,
      queued: number,
      delaySeconds: number,
      stopsPerVehicle: number,
      fuelLitres: number,
      co2Kilograms: number,
      approachQueues: z.array(number),
      pedestrians: z.object({ waiting: number, crossing: number, delaySeconds: number }).optional(),
    }),
  }),
);

export const seriesPointSchema = component<SeriesPoint>(
  'SeriesPoint',
  z.object({
    second: number,
    variant: z.string(),
    delaySeconds: number,
    queued: number,
    stopsPerVehicle: number,
    running: number,
    arrived: number,
  }),
);

export const decisionSchema = component<DecisionRecord>(
  'Decision',
  z.object({
    variant: z.string(),
    junctionId: z.uuid(),
    second: number,
    seq: number,
    strategy: z.string(),
    kind: z.enum(['plan', 'stage']),
    stages: z.array(z.object({ id: z.string(), greenSeconds: number, yellowSeconds: number, allRedSeconds: number })),
    reason: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    acknowledged: z.object({ result: z.enum(['applied', 'refused']), reason: z.string() }).nullable(),
    vetoed: nullableText,
  }),
);

const pairedDifferenceSchema = component<PairedDifference>(
  'PairedDifference',
  z.object({ n: number, mean: number, low: number.optional(), high: number.optional() }),
);

export const comparisonSchema = component<Comparison>(
  'Comparison',
  z.object({
    scenario: z.string(),
    baseline: z.string(),
    adaptive: z.string(),
    seeds: z.array(number),
    delaySeconds: pairedDifferenceSchema,
    stopsPerVehicle: pairedDifferenceSchema,
    co2Kilograms: pairedDifferenceSchema,
    throughputPerHour: pairedDifferenceSchema,
    safetyIndex: pairedDifferenceSchema.optional(),
    seriousConflicts: pairedDifferenceSchema.optional(),
    conflictsWithPeople: pairedDifferenceSchema.optional(),
  }),
);

export const alertSchema = component<Alert>(
  'Alert',
  z.object({
    id: z.string(),
    at: instant,
    level: z.enum(['info', 'warning', 'error']),
    message: z.string(),
    runId: z.string().optional(),
  }),
);

const junctionFields = {
  junction_id: z.uuid(),
  intersection_id: z.number().int(),
  region: z.number().int(),
  junction_name: z.string(),
  city: z.string(),
  latitude: number.nullable(),
  longitude: number.nullable(),
  status: z.string(),
  current_mode: z.string(),
  min_cycle_time: number,
  max_cycle_time: number,
  base_cycle_time: number,
  external_id: nullableText,
  scenario: nullableText,
  created_at: instant,
};

export const junctionSchema = component<JunctionAnswer>('Junction', z.object(junctionFields));

export const junctionDetailSchema = component<JunctionDetailAnswer>(
  'JunctionDetail',
  z.object({
    ...junctionFields,
    lanes: z.array(
      z.object({
        lane_id: z.uuid(),
        lane_index: z.number().int(),
        lane_name: z.string(),
        direction_enum: z.enum(['N', 'S', 'E', 'W']).nullable(),
        is_active: z.boolean(),
      }),
    ),
    devices: z.array(
      z.object({
        device_id: z.uuid(),
        lane_id: z.uuid().nullable(),
        device_type: z.string(),
        position: nullableText,
        device_name: nullableText,
        status: z.string(),
        last_heartbeat: instant.nullable(),
      }),
    ),
    configuration: z
      .unknown()
      .describe('Signal groups, stages, conflicts, intergreens and bounds in force; null where none is known.'),
  }),
);

export const cycleSchema = component<JunctionCycle>(
  'Cycle',
  z.object({
    cycle_id: z.uuid(),
    run_id: z.uuid().nullable(),
    variant: nullableText,
    cycle_number: z.number().int(),
    cycle_start_time: instant,
    cycle_end_time: instant,
    total_cycle_time: number.describe('Seconds.'),
    plan_id: nullableText,
    mode: z.string(),
    lanes: z.array(
      z.object({
        lane_id: z.uuid(),
        vehicle_count: z.number().int(),
        epc_ids: z.array(z.string()).describe('Tags, hashed under the key of the installation.'),
        green_time: number.describe('Seconds.'),
        emergency_vehicle_detected: z.boolean().describe('One asked for green on it.'),
      }),
    ),
  }),
);
