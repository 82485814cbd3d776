import type { Knex } from 'knex';
import type { RecordKind, RecordKinds, SignalStateRecord } from '../../../runs/records.ts';
import { type Column, type InsertOptions, insertRows, instant, lastByKey, replace } from '../unnest.ts';

/** How a kind of record is laid down in its table. */
interface Table<R> {
  table: string;
  /** What makes two rows the same; absent where the first one stays and the database sees to it. */
  key?: (row: R) => string;
  columns: readonly (Column & { of: (row: R) => unknown })[];
  onConflict: string;
  options?: InsertOptions;
  /** What has to be done before. */
  before?: (knex: Knex, rows: readonly R[]) => Promise<void>;
  /** What hangs on the rows; gets all of them, those too that a later one replaced. */
  after?: (knex: Knex, rows: readonly R[]) => Promise<void>;
}

const uuid = <R>(name: string, of: (row: R) => unknown) => ({ name, type: 'uuid', of });
const text = <R>(name: string, of: (row: R) => string | null | undefined) => ({
  name,
  type: 'text',
  of: (row: R) => clean(of(row)),
});
const double = <R>(name: string, of: (row: R) => number | null | undefined) => ({
  name,
  type: 'double precision',
  of,
});
const integer = <R>(name: string, of: (row: R) => number | null | undefined) => ({ name, type: 'integer', of });
const flag = <R>(name: string, of: (row: R) => boolean) => ({ name, type: 'boolean', of });
const time = <R>(name: string, of: (row: R) => number | null | undefined) => ({
  name,
  type: 'timestamptz',
  of: (row: R) => {
    const at = of(row);
    return at === null || at === undefined ? null : instant(at);
  },
});
const json = <R>(name: string, of: (row: R) => unknown) => ({
  name,
  type: 'text',
  cast: 'jsonb',
  of: (row: R) => toJson(of(row)),
});

/** PostgreSQL keeps no NUL in texts; what comes over a wire may have one. */
function clean(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
}

function toJson(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const written = JSON.stringify(value);
  if (!written.includes('\\u0000')) return written;
  return JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? clean(inner) : inner));
}

const updated = (columns: readonly { name: string }[], key: readonly string[], more: readonly string[] = []) => [
  ...columns.map((column) => column.name).filter((name) => !key.includes(name)),
  ...more,
];

type Row<K extends RecordKind> = RecordKinds[K];

const INDEX_COLUMNS = [
  uuid<Row<'indices'>>('junction_id', (row) => row.junctionId),
  time<Row<'indices'>>('timestamp', (row) => row.atMs),
  double<Row<'indices'>>('combined_index', (row) => row.combinedIndex),
  double<Row<'indices'>>('combined_index_eb', (row) => row.combinedIndexEb),
  double<Row<'indices'>>('vru_index', (row) => row.vruIndex),
  double<Row<'indices'>>('vru_index_eb', (row) => row.vruIndexEb),
  double<Row<'indices'>>('vehicle_index', (row) => row.vehicleIndex),
  double<Row<'indices'>>('vehicle_index_eb', (row) => row.vehicleIndexEb),
  double<Row<'indices'>>('weather_index', (row) => row.weatherIndex),
  integer<Row<'indices'>>('traffic_volume', (row) => row.trafficVolume),
  integer<Row<'indices'>>('vru_count', (row) => row.vruCount ?? 0),
  integer<Row<'indices'>>('vehicle_event_count', (row) => row.vehicleEventCount ?? 0),
  integer<Row<'indices'>>('vru_event_count', (row) => row.vruEventCount ?? 0),
  text<Row<'indices'>>('score_status', (row) => row.scoreStatus ?? 'scored'),
  double<Row<'indices'>>('combined_index_low', (row) => row.combinedIndexLow),
  double<Row<'indices'>>('combined_index_high', (row) => row.combinedIndexHigh),
  double<Row<'indices'>>('exposure', (row) => row.exposure),
  double<Row<'indices'>>('observation_weight', (row) => row.observationWeight),
  double<Row<'indices'>>('data_quality_score', (row) => row.dataQualityScore),
  integer<Row<'indices'>>('constants_id', (row) => row.constantsId),
];
/** The junction's integer, and hour and day where it stands; 0 is Monday. An unknown junction is refused by NOT NULL. */
export const INDEX_COMPUTED = {
  intersection_id: 'j.intersection_number',
  hour_of_day: "COALESCE(EXTRACT(hour FROM r.timestamp AT TIME ZONE COALESCE(j.time_zone, 'UTC')), 0)::integer",
  day_of_week: "(EXTRACT(isodow FROM r.timestamp AT TIME ZONE COALESCE(j.time_zone, 'UTC')) - 1)::integer",
};
const JUNCTION_JOIN = 'LEFT JOIN junctions j ON j.junction_id = r.junction_id';

const WEATHER_COLUMNS = [
  uuid<Row<'weather'>>('junction_id', (row) => row.junctionId),
  time<Row<'weather'>>('observed_at', (row) => row.atMs),
  double<Row<'weather'>>('precipitation_mm', (row) => row.precipitationMillimetres),
  double<Row<'weather'>>('visibility_metres', (row) => row.visibilityMetres),
  double<Row<'weather'>>('wind_metres_per_second', (row) => row.windMetresPerSecond),
  double<Row<'weather'>>('temperature_celsius', (row) => row.temperatureCelsius),
  text<Row<'weather'>>('source', (row) => row.source),
];
const CRASH_INDEX_COLUMNS = [
  uuid<Row<'crashIndices'>>('junction_id', (row) => row.junctionId),
  time<Row<'crashIndices'>>('timestamp', (row) => row.atMs),
  double<Row<'crashIndices'>>('rate', (row) => row.rate),
  double<Row<'crashIndices'>>('uplift', (row) => row.uplift),
  double<Row<'crashIndices'>>('vru_index', (row) => row.vruIndex),
  double<Row<'crashIndices'>>('vehicle_index', (row) => row.vehicleIndex),
  double<Row<'crashIndices'>>('combined_index', (row) => row.combinedIndex),
];
const DECISION_COLUMNS = [
  uuid<Row<'streetDecisions'>>('junction_id', (row) => row.junctionId),
  time<Row<'streetDecisions'>>('decided_at', (row) => row.atMs),
  { name: 'seq', type: 'bigint', of: (row: Row<'streetDecisions'>) => row.seq },
  text<Row<'streetDecisions'>>('controller', (row) => row.controller),
  flag<Row<'streetDecisions'>>('shadow', (row) => row.shadow),
  text<Row<'streetDecisions'>>('strategy', (row) => row.strategy),
  text<Row<'streetDecisions'>>('kind', (row) => row.kind),
  text<Row<'streetDecisions'>>('plan_id', (row) => row.planId),
  { ...json<Row<'streetDecisions'>>('stages', (row) => row.stages), cast: 'json' },
  text<Row<'streetDecisions'>>('reason', (row) => row.reason),
  { ...json<Row<'streetDecisions'>>('inputs', (row) => row.inputs), cast: 'json' },
  text<Row<'streetDecisions'>>('ack_result', (row) => row.acknowledged?.result),
  text<Row<'streetDecisions'>>('ack_reason', (row) => row.acknowledged?.reason),
  text<Row<'streetDecisions'>>('vetoed', (row) => row.vetoed),
];
const DECISION_KEY = ['junction_id', 'decided_at', 'seq', 'controller'];
const DEVICE_COLUMNS = [
  uuid<Row<'devices'>>('junction_id', (row) => row.junctionId),
  uuid<Row<'devices'>>('lane_id', (row) => row.laneId),
  text<Row<'devices'>>('device_type', (row) => row.deviceType),
  text<Row<'devices'>>('position', (row) => row.position),
  text<Row<'devices'>>('device_name', (row) => row.deviceName),
  text<Row<'devices'>>('status', (row) => row.status),
  time<Row<'devices'>>('last_heartbeat', (row) => row.heartbeatAtMs),
  text<Row<'devices'>>('firmware_version', (row) => row.firmwareVersion),
  double<Row<'devices'>>('uptime_seconds', (row) => row.uptimeSeconds),
  double<Row<'devices'>>('clock_offset_ms', (row) => row.clockOffsetMs),
  double<Row<'devices'>>('temperature_celsius', (row) => row.temperatureCelsius),
  integer<Row<'devices'>>('queue_depth', (row) => row.queueDepth),
];
const DEVICE_KEY = ['junction_id', 'lane_id', 'device_type', 'position'];
const STATE_COLUMNS = [
  text<SignalStateRecord>('simulation_id', (row) => row.simulationId),
  text<SignalStateRecord>('intersection_id', (row) => row.intersectionId),
  time<SignalStateRecord>('timestamp', (row) => row.atMs),
  text<SignalStateRecord>('direction', (row) => row.direction),
  uuid<SignalStateRecord>('junction_id', (row) => row.junctionId),
  text<SignalStateRecord>('signal_status', (row) => row.status),
  double<SignalStateRecord>('signal_timer', (row) => row.timerSeconds),
  double<SignalStateRecord>('green_time_allocated', (row) => row.greenSecondsAllocated),
  double<SignalStateRecord>('cycle_time', (row) => row.cycleSeconds),
];
const STATE_KEY = ['simulation_id', 'intersection_id', 'timestamp', 'direction'];
const PERFORMANCE_COLUMNS = [
  text<Row<'performance'>>('simulation_id', (row) => row.simulationId),
  text<Row<'performance'>>('intersection_id', (row) => row.intersectionId),
  time<Row<'performance'>>('timestamp', (row) => row.atMs),
  uuid<Row<'performance'>>('junction_id', (row) => row.junctionId),
  integer<Row<'performance'>>('total_vehicles_passed', (row) => row.totalVehiclesPassed),
  double<Row<'performance'>>('avg_wait_time_all_sides', (row) => row.averageWaitSeconds),
  double<Row<'performance'>>('throughput', (row) => row.throughputPerSecond),
  double<Row<'performance'>>('avg_speed', (row) => row.averageSpeedKilometresPerHour),
  double<Row<'performance'>>('fuel_saved', (row) => row.fuelSavedLitres),
  double<Row<'performance'>>('co2_saved', (row) => row.co2SavedKilograms),
  integer<Row<'performance'>>('emergency_overrides', (row) => row.emergencyOverrides),
];
const PERFORMANCE_KEY = ['simulation_id', 'intersection_id', 'timestamp'];
const EMERGENCY_COLUMNS = [
  text<Row<'emergencies'>>('simulation_id', (row) => row.simulationId),
  text<Row<'emergencies'>>('intersection_id', (row) => row.intersectionId),
  uuid<Row<'emergencies'>>('junction_id', (row) => row.junctionId),
  text<Row<'emergencies'>>('direction', (row) => row.direction),
  time<Row<'emergencies'>>('detected_at', (row) => row.detectedAtMs),
  time<Row<'emergencies'>>('cleared_at', (row) => row.clearedAtMs),
  double<Row<'emergencies'>>('response_time_seconds', (row) => row.responseSeconds),
  flag<Row<'emergencies'>>('was_overridden', (row) => row.wasOverridden ?? false),
  json<Row<'emergencies'>>('metadata', (row) => row.metadata),
];
const EMERGENCY_KEY = ['simulation_id', 'intersection_id', 'direction', 'detected_at'];
const RECORDING_COLUMNS = [
  uuid<Row<'recordings'>>('run_id', (row) => row.runId),
  text<Row<'recordings'>>('variant', (row) => row.variant),
  text<Row<'recordings'>>('location', (row) => row.location),
  integer<Row<'recordings'>>('format_version', (row) => row.formatVersion),
  double<Row<'recordings'>>('from_second', (row) => row.fromSecond),
  double<Row<'recordings'>>('to_second', (row) => row.toSecond),
  integer<Row<'recordings'>>('frame_count', (row) => row.frameCount),
  { name: 'bytes', type: 'bigint', of: (row: Row<'recordings'>) => row.bytes },
  text<Row<'recordings'>>('sha256', (row) => row.sha256),
  time<Row<'recordings'>>('deleted_at', (row) => row.deletedAtMs),
];
const RECORDING_KEY = ['run_id', 'variant', 'from_second'];

const TABLES: { [K in RecordKind]: Table<RecordKinds[K]> } = {
  indices: {
    table: 'safety_indices_realtime',
    key: (row) => `${row.junctionId} ${row.atMs}`,
    columns: INDEX_COLUMNS,
    options: { join: JUNCTION_JOIN, computed: INDEX_COMPUTED },
    onConflict: replace(
      'intersection_id, timestamp',
      updated(INDEX_COLUMNS, ['junction_id', 'timestamp'], ['hour_of_day', 'day_of_week']),
    ),
  },
  conflicts: {
    table: 'conflicts',
    columns: [
      uuid('conflict_id', (row) => row.conflictId),
      uuid('junction_id', (row) => row.junctionId),
      uuid('run_id', (row) => row.runId),
      text('variant', (row) => row.variant),
      double('second', (row) => row.second),
      time('started_at', (row) => row.startedAtMs),
      time('ended_at', (row) => row.endedAtMs),
      text('type', (row) => row.type),
      text('severity', (row) => row.severity),
      text('user_a', (row) => row.userA),
      text('user_b', (row) => row.userB),
      text('class_a', (row) => row.classA),
      text('class_b', (row) => row.classB),
      double('min_ttc', (row) => row.minTtcSeconds),
      double('pet', (row) => row.petSeconds),
      double('drac', (row) => row.dracMetresPerSecond2),
      double('mdrac', (row) => row.mdracMetresPerSecond2),
      double('delta_v', (row) => row.deltaVMetresPerSecond),
      double('angle_degrees', (row) => row.angleDegrees),
      double('ttc_uncertainty', (row) => row.ttcUncertaintySeconds),
      double('pet_uncertainty', (row) => row.petUncertaintySeconds),
      text('signal_state_a', (row) => row.signalStateA),
      text('signal_state_b', (row) => row.signalStateB),
      double('penetration', (row) => row.penetration),
      double('latitude', (row) => row.latitude),
      double('longitude', (row) => row.longitude),
      json('metadata', (row) => row.metadata),
    ],
    onConflict: '(conflict_id) DO NOTHING',
  },
  hardBrakes: {
    table: 'hard_brakes',
    columns: [
      uuid('hard_brake_id', (row) => row.hardBrakeId),
      uuid('junction_id', (row) => row.junctionId),
      uuid('run_id', (row) => row.runId),
      text('variant', (row) => row.variant),
      double('second', (row) => row.second),
      time('timestamp', (row) => row.atMs),
      text('road_user', (row) => row.user),
      text('class', (row) => row.class),
      double('peak_deceleration', (row) => row.peakMetresPerSecond2),
      double('latitude', (row) => row.latitude),
      double('longitude', (row) => row.longitude),
    ],
    onConflict: '(hard_brake_id) DO NOTHING',
  },
  weather: {
    table: 'weather_conditions',
    key: (row) => `${row.junctionId} ${row.atMs} ${row.source}`,
    columns: WEATHER_COLUMNS,
    onConflict: replace(
      'junction_id, observed_at, source',
      updated(WEATHER_COLUMNS, ['junction_id', 'observed_at', 'source']),
    ),
  },
  crashIndices: {
    table: 'crash_indices',
    key: (row) => `${row.junctionId} ${row.atMs}`,
    columns: CRASH_INDEX_COLUMNS,
    onConflict: replace('junction_id, timestamp', updated(CRASH_INDEX_COLUMNS, ['junction_id', 'timestamp'])),
  },
  streetDecisions: {
    table: 'street_decisions',
    key: (row) => `${row.junctionId} ${row.atMs} ${row.seq} ${row.controller}`,
    columns: DECISION_COLUMNS,
    onConflict: replace(DECISION_KEY.join(', '), updated(DECISION_COLUMNS, DECISION_KEY)),
  },
  logs: {
    table: 'system_logs',
    columns: [
      uuid('log_id', (row) => row.logId),
      time('logged_at', (row) => row.atMs),
      text('log_level', (row) => row.level),
      text('component', (row) => row.component),
      text('message', (row) => row.message),
      uuid('junction_id', (row) => row.junctionId),
      json('metadata', (row) => row.metadata),
    ],
    onConflict: '(log_id) DO NOTHING',
  },
  messages: {
    table: 'mqtt_messages',
    columns: [
      uuid('message_id', (row) => row.messageId),
      time('received_at', (row) => row.receivedAtMs),
      text('topic', (row) => row.topic),
      json('payload', (row) => row.payload),
      text('raw_excerpt', (row) => row.rawExcerpt),
      text('direction', (row) => row.direction),
      text('device_name', (row) => row.deviceName),
    ],
    options: {
      join: 'LEFT JOIN edge_devices d ON d.device_name = r.device_name',
      computed: { device_id: 'd.device_id' },
      notStored: ['device_name'],
    },
    onConflict: '(message_id) DO NOTHING',
  },
  qualityIssues: {
    table: 'data_quality_log',
    columns: [
      uuid('entry_key', (row) => row.entryKey),
      uuid('junction_id', (row) => row.junctionId),
      time('timestamp', (row) => row.atMs),
      text('issue_type', (row) => row.issueType),
      text('severity', (row) => row.severity),
      text('message', (row) => row.message),
      json('metadata', (row) => row.metadata),
    ],
    options: { join: JUNCTION_JOIN, computed: { intersection_id: 'j.intersection_number' } },
    onConflict: '(entry_key) DO NOTHING',
  },
  predictions: {
    table: 'model_predictions',
    key: (row) =>
      [
        row.junctionId,
        row.laneId,
        row.runId,
        row.variant,
        row.model,
        row.quantity,
        row.predictedAtMs,
        row.targetAtMs,
      ].join(' '),
    columns: [
      text('model', (row) => row.model),
      text('model_version', (row) => row.modelVersion),
      uuid('junction_id', (row) => row.junctionId),
      uuid('lane_id', (row) => row.laneId),
      uuid('run_id', (row) => row.runId),
      text('variant', (row) => row.variant),
      text('quantity', (row) => row.quantity),
      time('predicted_at', (row) => row.predictedAtMs),
      time('target_time', (row) => row.targetAtMs),
      double('predicted_value', (row) => row.predictedValue),
      double('actual_value', (row) => row.actualValue),
    ],
    onConflict: `(junction_id, lane_id, run_id, variant, model, quantity, predicted_at, target_time)
      DO UPDATE SET model_version = EXCLUDED.model_version, predicted_value = EXCLUDED.predicted_value,
        actual_value = COALESCE(EXCLUDED.actual_value, model_predictions.actual_value)`,
  },
  devices: {
    table: 'edge_devices',
    key: (row) => `${row.junctionId} ${row.laneId} ${row.deviceType} ${row.position ?? null}`,
    columns: DEVICE_COLUMNS,
    before: freeDeviceNames,
    onConflict: `${replace(DEVICE_KEY.join(', '), updated(DEVICE_COLUMNS, DEVICE_KEY))}, updated_at = CURRENT_TIMESTAMP
      WHERE edge_devices.last_heartbeat IS NULL OR EXCLUDED.last_heartbeat >= edge_devices.last_heartbeat`,
  },
  simulations: {
    table: 'simulations',
    key: (row) => row.simulationId,
    columns: [
      text('simulation_id', (row) => row.simulationId),
      text('name', (row) => row.name),
      text('variant', (row) => row.variant),
      uuid('run_id', (row) => row.runId),
      time('started_at', (row) => row.startedAtMs),
      time('ended_at', (row) => row.endedAtMs),
      json('metadata', (row) => row.metadata),
    ],
    onConflict: `(simulation_id) DO UPDATE SET name = EXCLUDED.name, variant = EXCLUDED.variant, run_id = EXCLUDED.run_id,
      started_at = EXCLUDED.started_at, ended_at = COALESCE(EXCLUDED.ended_at, simulations.ended_at),
      metadata = COALESCE(EXCLUDED.metadata, simulations.metadata), updated_at = CURRENT_TIMESTAMP`,
  },
  signalStates: {
    table: 'signal_states',
    key: (row) => stateKey(row),
    columns: STATE_COLUMNS,
    onConflict: replace(STATE_KEY.join(', '), updated(STATE_COLUMNS, [...STATE_KEY, 'junction_id'])),
    after: upsertTraffic,
  },
  performance: {
    table: 'performance_metrics',
    key: (row) => `${row.simulationId} ${row.intersectionId} ${row.atMs}`,
    columns: PERFORMANCE_COLUMNS,
    onConflict: replace(PERFORMANCE_KEY.join(', '), updated(PERFORMANCE_COLUMNS, [...PERFORMANCE_KEY, 'junction_id'])),
  },
  emergencies: {
    table: 'emergency_events',
    key: (row) => `${row.simulationId} ${row.intersectionId} ${row.direction ?? null} ${row.detectedAtMs}`,
    columns: EMERGENCY_COLUMNS,
    onConflict: replace(EMERGENCY_KEY.join(', '), updated(EMERGENCY_COLUMNS, [...EMERGENCY_KEY, 'junction_id'])),
  },
  recordings: {
    table: 'recordings',
    key: (row) => `${row.runId} ${row.variant} ${row.fromSecond}`,
    columns: RECORDING_COLUMNS,
    // The folder of recordings may know runs that this database never had.
    options: { join: 'JOIN runs ON runs.run_id = r.run_id' },
    onConflict: `${replace(RECORDING_KEY.join(', '), updated(RECORDING_COLUMNS, [...RECORDING_KEY, 'sha256', 'deleted_at']))},
      sha256 = COALESCE(EXCLUDED.sha256, recordings.sha256), deleted_at = COALESCE(EXCLUDED.deleted_at, recordings.deleted_at)`,
  },
};

/**
 * In this order what others refer to comes first. Kinds that are not here are written by repositories of their own, before
 * these.
 */
export const RECORD_KINDS: readonly RecordKind[] = [
  'simulations',
  'devices',
  'weather',
  'indices',
  'crashIndices',
  'streetDecisions',
  'conflicts',
  'hardBrakes',
  'predictions',
  'signalStates',
  'performance',
  'emergencies',
  'recordings',
  'qualityIssues',
  'logs',
  'messages',
];

/** Writes records, one statement a few thousand rows; what comes twice is written once, and the last state counts. */
export async function writeRecords<K extends RecordKind>(
  knex: Knex,
  kind: K,
  records: readonly RecordKinds[K][],
): Promise<void> {
  if (records.length === 0) return;
  const table: Table<RecordKinds[K]> = TABLES[kind];
  const rows = table.key === undefined ? records : lastByKey(records, table.key);
  await table.before?.(knex, rows);
  await insertRows(
    knex,
    table.table,
    table.columns,
    rows.map((row) => table.columns.map((column) => column.of(row))),
    table.onConflict,
    table.options,
  );
  await table.after?.(knex, records);
}

/** A name belongs to one device: who moved to another place, or stands in for another, takes it along. */
async function freeDeviceNames(knex: Knex, rows: readonly Row<'devices'>[]): Promise<void> {
  await knex.raw(
    `UPDATE edge_devices d SET device_name = NULL
     FROM unnest(?::text[], ?::uuid[], ?::uuid[], ?::text[], ?::text[]) AS r (device_name, junction_id, lane_id, device_type, position)
     WHERE d.device_name = r.device_name
       AND (d.junction_id, d.lane_id, d.device_type, d.position) IS DISTINCT FROM (r.junction_id, r.lane_id, r.device_type, r.position)`,
    [
      rows.map((row) => clean(row.deviceName)),
      rows.map((row) => row.junctionId),
      rows.map((row) => row.laneId),
      rows.map((row) => row.deviceType),
      rows.map((row) => row.position ?? null),
    ] as unknown as Knex.RawBinding[],
  );
}

const stateKey = (row: SignalStateRecord): string =>
  `${row.simulationId} ${row.intersectionId} ${row.atMs} ${row.direction}`;

/** Traffic hangs on the signal state of its direction and time; a state without any takes none away. */
async function upsertTraffic(knex: Knex, states: readonly SignalStateRecord[]): Promise<void> {
  const rows = lastByKey(
    states.filter((state) => state.traffic !== undefined),
    stateKey,
  );
  if (rows.length === 0) return;
  const columns: Column[] = [
    { name: 'simulation_id', type: 'text' },
    { name: 'intersection_id', type: 'text' },
    { name: 'direction', type: 'text' },
    { name: 'timestamp', type: 'timestamptz' },
    { name: 'vehicle_counts', type: 'text', cast: 'jsonb' },
    { name: 'vehicles_crossed', type: 'integer' },
    { name: 'avg_wait_time', type: 'double precision' },
    { name: 'queue_length', type: 'integer' },
    { name: 'emergency_vehicle_present', type: 'boolean' },
  ];
  await insertRows(
    knex,
    'traffic_data',
    columns,
    rows.map((row) => [
      clean(row.simulationId),
      clean(row.intersectionId),
      clean(row.direction),
      instant(row.atMs),
      toJson(row.traffic?.vehicleCounts),
      row.traffic?.vehiclesCrossed,
      row.traffic?.averageWaitSeconds,
      row.traffic?.queueLength,
      row.traffic?.emergencyVehiclePresent ?? false,
    ]),
    replace('signal_id', [
      'timestamp',
      'vehicle_counts',
      'vehicles_crossed',
      'avg_wait_time',
      'queue_length',
      'emergency_vehicle_present',
    ]),
    {
      join: `JOIN signal_states s ON s.simulation_id = r.simulation_id AND s.intersection_id = r.intersection_id
               AND s.timestamp = r.timestamp AND s.direction = r.direction`,
      computed: { signal_id: 's.signal_id' },
      notStored: ['simulation_id', 'intersection_id', 'direction'],
    },
  );
}
