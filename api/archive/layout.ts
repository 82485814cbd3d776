/**
 * What the archive keeps and where: 002's folders, `raw/{bsm,psm,mapdata,spat}/YYYY/MM/DD/` and
 * `processed/{features,indices}/YYYY/MM/DD/`, days in UTC. Columns have the names of the database's where it has the same.
 */
import type { FeatureInterval } from '../../controller/safety/features.ts';
import type { FeatureRecord, IndexRecord, RawKind, RawRecord } from '../../runs/records.ts';
import type { ParquetColumn, ParquetRow } from './parquet.ts';

export type Dataset = RawKind | 'features' | 'indices';

interface Layout {
  readonly folder: string;
  /** How its files' names begin. */
  readonly prefix: string;
  readonly columns: readonly ParquetColumn[];
  /** The column by which a row belongs to a day. */
  readonly time: string;
  /** What makes two rows the same, the later of which counts. */
  readonly key: readonly string[];
  /** Span of a file, milliseconds: a minute's messages, a day's indices. */
  readonly spanMs: number;
}

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

const RAW_COLUMNS: readonly ParquetColumn[] = [
  { name: 'received_at', type: 'instant' },
  { name: 'junction_id', type: 'text' },
  { name: 'via', type: 'text' },
  { name: 'sender', type: 'text' },
  { name: 'latitude', type: 'double' },
  { name: 'longitude', type: 'double' },
  { name: 'message', type: 'json' },
  // Which row of which part it came as: merging parts twice keeps each message once.
  { name: 'part', type: 'text' },
  { name: 'part_row', type: 'integer' },
];
const FEATURE_COLUMNS: readonly ParquetColumn[] = [
  { name: 'junction_id', type: 'text' },
  { name: 'timestamp', type: 'instant' },
  { name: 'interval_seconds', type: 'integer' },
  { name: 'vehicles', type: 'integer' },
  { name: 'vrus', type: 'integer' },
  { name: 'messages', type: 'integer' },
  { name: 'messages_rejected', type: 'integer' },
  { name: 'seconds_heard', type: 'integer' },
  { name: 'seconds_with_signals', type: 'integer' },
  { name: 'penetration', type: 'double' },
  { name: 'vru_conflict_intensity', type: 'double' },
  { name: 'vehicle_conflict_intensity', type: 'double' },
  { name: 'average_speed', type: 'double' },
  { name: 'speed_spread', type: 'double' },
  { name: 'hard_braking', type: 'integer' },
  { name: 'written_at', type: 'instant' },
];
/** Values of an index besides its key, in the order of the table. */
export const INDEX_VALUES: readonly ParquetColumn[] = [
  { name: 'combined_index', type: 'double' },
  { name: 'combined_index_eb', type: 'double' },
  { name: 'vru_index', type: 'double' },
  { name: 'vru_index_eb', type: 'double' },
  { name: 'vehicle_index', type: 'double' },
  { name: 'vehicle_index_eb', type: 'double' },
  { name: 'weather_index', type: 'double' },
  { name: 'traffic_volume', type: 'integer' },
  { name: 'vru_count', type: 'integer' },
  { name: 'vehicle_event_count', type: 'integer' },
  { name: 'vru_event_count', type: 'integer' },
  { name: 'score_status', type: 'text' },
  { name: 'combined_index_low', type: 'double' },
  { name: 'combined_index_high', type: 'double' },
  { name: 'exposure', type: 'double' },
  { name: 'observation_weight', type: 'double' },
  { name: 'data_quality_score', type: 'double' },
  { name: 'constants_id', type: 'integer' },
];
const INDEX_COLUMNS: readonly ParquetColumn[] = [
  { name: 'junction_id', type: 'text' },
  { name: 'timestamp', type: 'instant' },
  ...INDEX_VALUES,
  { name: 'written_at', type: 'instant' },
];

const raw = (name: string): Layout => ({
  folder: `raw/${name}`,
  prefix: name,
  columns: RAW_COLUMNS,
  time: 'received_at',
  key: ['part', 'part_row'],
  spanMs: MINUTE_MS,
});

export const DATASETS: Readonly<Record<Dataset, Layout>> = {
  bsm: raw('bsm'),
  psm: raw('psm'),
  map: raw('mapdata'),
  spat: raw('spat'),
  features: {
    folder: 'processed/features',
    prefix: 'features',
    columns: FEATURE_COLUMNS,
    time: 'timestamp',
    key: ['junction_id', 'timestamp', 'interval_seconds'],
    spanMs: DAY_MS,
  },
  indices: {
    folder: 'processed/indices',
    prefix: 'indices',
    columns: INDEX_COLUMNS,
    time: 'timestamp',
    key: ['junction_id', 'timestamp'],
    spanMs: DAY_MS,
  },
};
export const DATASET_NAMES = Object.keys(DATASETS) as Dataset[];

/** `2025-11-20` of an instant, UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The folder of a day: `processed/indices/2025/11/20/`. */
export function dayFolder(dataset: Dataset, day: string): string {
  return `${DATASETS[dataset].folder}/${day.replaceAll('-', '/')}/`;
}

/** A part of a span: `raw/bsm/2025/11/20/bsm_2025-11-20_000100-1a2b3c4d5e6f.parquet`. The last digits tell parts apart. */
export function partKey(dataset: Dataset, spanStartMs: number, mark: string): string {
  const { prefix, spanMs } = DATASETS[dataset];
  const iso = new Date(spanStartMs).toISOString();
  const day = iso.slice(0, 10);
  const clock = spanMs < DAY_MS ? `_${iso.slice(11, 19).replaceAll(':', '')}` : '';
  return `${dayFolder(dataset, day)}${prefix}_${day}${clock}-${mark}.parquet`;
}

/** A whole day in one file, as its parts are merged into it: `processed/indices/2025/11/20/indices_2025-11-20.parquet`. */
export function dayKey(dataset: Dataset, day: string): string {
  return `${dayFolder(dataset, day)}${DATASETS[dataset].prefix}_${day}.parquet`;
}

/** The day that a key belongs to; null for what is none of the archive's. */
export function dayOfKey(key: string): string | null {
  const match = /\/(\d{4})\/(\d{2})\/(\d{2})\/[^/]+\.parquet$/.exec(key);
  return match === null ? null : `${match[1]}-${match[2]}-${match[3]}`;
}

/** `part` and `part_row` are filled in when it is stored. */
export function rawRow(record: RawRecord): ParquetRow {
  return {
    received_at: record.receivedAtMs,
    junction_id: record.junctionId,
    via: record.via,
    sender: record.sender,
    latitude: record.latitude,
    longitude: record.longitude,
    message: record.message,
  };
}

export function featureRow(record: FeatureRecord, writtenAtMs: number): ParquetRow {
  return {
    junction_id: record.junctionId,
    timestamp: record.atMs,
    interval_seconds: record.intervalSeconds,
    vehicles: record.vehicles,
    vrus: record.vrus,
    messages: record.messages,
    messages_rejected: record.messagesRejected,
    seconds_heard: record.secondsHeard,
    seconds_with_signals: record.secondsWithSignals,
    penetration: record.penetration,
    vru_conflict_intensity: record.vruConflictIntensity,
    vehicle_conflict_intensity: record.vehicleConflictIntensity,
    average_speed: record.averageSpeedMetresPerSecond,
    speed_spread: record.speedSpreadMetresPerSecond,
    hard_braking: record.hardBraking,
    written_at: writtenAtMs,
  };
}

export function indexRow(record: IndexRecord, writtenAtMs: number): ParquetRow {
  return {
    junction_id: record.junctionId,
    timestamp: record.atMs,
    combined_index: record.combinedIndex,
    combined_index_eb: record.combinedIndexEb,
    vru_index: record.vruIndex,
    vru_index_eb: record.vruIndexEb,
    vehicle_index: record.vehicleIndex,
    vehicle_index_eb: record.vehicleIndexEb,
    weather_index: record.weatherIndex,
    traffic_volume: record.trafficVolume,
    vru_count: record.vruCount ?? 0,
    vehicle_event_count: record.vehicleEventCount ?? 0,
    vru_event_count: record.vruEventCount ?? 0,
    score_status: record.scoreStatus ?? 'scored',
    combined_index_low: record.combinedIndexLow,
    combined_index_high: record.combinedIndexHigh,
    exposure: record.exposure,
    observation_weight: record.observationWeight,
    data_quality_score: record.dataQualityScore,
    constants_id: record.constantsId,
    written_at: writtenAtMs,
  };
}

/** The record of an archived index. */
export function indexRecord(row: ParquetRow): IndexRecord {
  const value = (name: string) => row[name] as number | null;
  return {
    junctionId: row.junction_id as string,
    atMs: row.timestamp as number,
    combinedIndex: value('combined_index'),
    combinedIndexEb: value('combined_index_eb'),
    vruIndex: value('vru_index'),
    vruIndexEb: value('vru_index_eb'),
    vehicleIndex: value('vehicle_index'),
    vehicleIndexEb: value('vehicle_index_eb'),
    weatherIndex: value('weather_index'),
    trafficVolume: value('traffic_volume') ?? 0,
    vruCount: value('vru_count') ?? 0,
    vehicleEventCount: value('vehicle_event_count') ?? 0,
    vruEventCount: value('vru_event_count') ?? 0,
    scoreStatus: (row.score_status ?? 'scored') as NonNullable<IndexRecord['scoreStatus']>,
    combinedIndexLow: value('combined_index_low'),
    combinedIndexHigh: value('combined_index_high'),
    exposure: value('exposure'),
    observationWeight: value('observation_weight'),
    dataQualityScore: value('data_quality_score'),
    constantsId: value('constants_id'),
  };
}

/** The interval of archived features. */
export function featureInterval(row: ParquetRow): FeatureInterval {
  const value = (name: string) => row[name] as number | null;
  const intervalSeconds = row.interval_seconds === 900 ? 900 : 60;
  return {
    startMs: row.timestamp as number,
    intervalSeconds,
    vehicles: value('vehicles') ?? 0,
    vrus: value('vrus') ?? 0,
    features: {
      intervalSeconds,
      vruConflictIntensity: value('vru_conflict_intensity') ?? 0,
      vehicleConflictIntensity: value('vehicle_conflict_intensity') ?? 0,
      volume: value('vehicles') ?? 0,
      averageSpeedMetresPerSecond: value('average_speed'),
      speedSpreadMetresPerSecond: value('speed_spread'),
      hardBraking: value('hard_braking') ?? 0,
    },
    observed: {
      messages: value('messages') ?? 0,
      messagesRejected: value('messages_rejected') ?? 0,
      secondsHeard: value('seconds_heard') ?? intervalSeconds,
      secondsWithSignals: value('seconds_with_signals'),
      penetration: value('penetration'),
    },
  };
}
