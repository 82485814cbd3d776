/** What is asked of safety indices: of all junctions now, and of one over time (002, 003). */
import type { Knex } from 'knex';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export type Aggregation = 'minute' | 'hour' | 'day';

/** How far back each table goes (retention, docs/STORE.md); days are kept for ever. */
export const KEPT_MS: Readonly<Record<'minute' | 'hour', number>> = { minute: 48 * HOUR_MS, hour: 90 * DAY_MS };
/** More are thinned by nobody: whoever asks for more gets an error that says so. */
export const POINTS_MAX = 10_000;

export interface CurrentIndex {
  intersectionId: number;
  junctionId: string;
  name: string;
  latitude: number | null;
  longitude: number | null;
  /** The latest minute; null with the rest where there is none. */
  atMs: number | null;
  safetyIndex: number | null;
  low: number | null;
  high: number | null;
  scoreStatus: string | null;
  trafficVolume: number | null;
}

export interface HistoryPoint {
  atMs: number;
  /** Minutes: the index; hours and days: its mean over scored minutes. Null: nothing could be scored. */
  safetyIndex: number | null;
  min: number | null;
  max: number | null;
  deviation: number | null;
  trafficVolume: number;
  /** Scored minutes behind it. */
  samples: number;
}

/**
 * Each junction in service with its latest minute that is still kept. Looks it up by the index of each partition, newest first, a junction
 * at a time.
 */
export async function currentIndices(trx: Knex, nowMs: number): Promise<CurrentIndex[]> {
  const { rows } = await trx.raw(
    `SELECT j.intersection_number, j.junction_id, j.junction_name, j.latitude, j.longitude, s.*
     FROM junctions j
     LEFT JOIN LATERAL (
       SELECT timestamp, COALESCE(combined_index_eb, combined_index) AS si, combined_index_low, combined_index_high, score_status, traffic_volume
       FROM safety_indices_realtime WHERE intersection_id = j.intersection_number AND timestamp > ? AND timestamp <= ?
       ORDER BY timestamp DESC LIMIT 1) s ON TRUE
     WHERE j.retired_at IS NULL ORDER BY j.intersection_number`,
    [new Date(nowMs - KEPT_MS.minute).toISOString(), new Date(nowMs).toISOString()],
  );
  return (rows as Record<string, never>[]).map((row) => ({
    intersectionId: row.intersection_number,
    junctionId: row.junction_id,
    name: row.junction_name,
    latitude: row.latitude,
    longitude: row.longitude,
    atMs: (row.timestamp as Date | null)?.getTime() ?? null,
    safetyIndex: row.si,
    low: row.combined_index_low,
    high: row.combined_index_high,
    scoreStatus: row.score_status,
    trafficVolume: row.traffic_volume,
  }));
}

/** The finest aggregation whose table still covers the start. */
export function finestCovering(fromMs: number, nowMs: number): Aggregation {
  if (fromMs >= nowMs - KEPT_MS.minute) return 'minute';
  return fromMs >= nowMs - KEPT_MS.hour ? 'hour' : 'day';
}

const SELECTS: Readonly<Record<Aggregation, string>> = {
  minute: `SELECT timestamp AS at, COALESCE(combined_index_eb, combined_index) AS si, COALESCE(combined_index_eb, combined_index) AS min_si,
      COALESCE(combined_index_eb, combined_index) AS max_si, NULL::double precision AS std_si, traffic_volume::bigint AS volume, (score_status = 'scored')::integer AS n
    FROM safety_indices_realtime WHERE intersection_id = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp LIMIT ?`,
  hour: `SELECT hour_timestamp AS at, avg_si AS si, min_si, max_si, std_si, total_volume AS volume, sample_count AS n
    FROM safety_indices_hourly WHERE intersection_id = ? AND hour_timestamp >= ? AND hour_timestamp < ? ORDER BY hour_timestamp LIMIT ?`,
  day: `SELECT date::timestamp AT TIME ZONE 'UTC' AS at, avg_si AS si, min_si, max_si, std_si, total_volume AS volume, sample_count AS n
    FROM safety_indices_daily WHERE intersection_id = ? AND date >= (?::timestamptz AT TIME ZONE 'UTC')::date AND date < (?::timestamptz AT TIME ZONE 'UTC')::date ORDER BY date LIMIT ?`,
};

/** The statement behind a history, with its bindings, for EXPLAIN. */
export function historyQuery(
  aggregation: Aggregation,
  intersectionId: number,
  fromMs: number,
  toMs: number,
): { sql: string; bindings: Knex.RawBinding[] } {
  return {
    sql: SELECTS[aggregation],
    bindings: [intersectionId, new Date(fromMs).toISOString(), new Date(toMs).toISOString(), POINTS_MAX + 1],
  };
}

/** Points of [fromMs, toMs) in order of time, at most 10,001: one more than is answered says that there are more. */
export async function safetyHistory(
  trx: Knex,
  aggregation: Aggregation,
  intersectionId: number,
  fromMs: number,
  toMs: number,
): Promise<HistoryPoint[]> {
  const { sql, bindings } = historyQuery(aggregation, intersectionId, fromMs, toMs);
  const { rows } = await trx.raw(sql, bindings);
  return (rows as Record<string, never>[]).map((row) => ({
    atMs: (row.at as Date).getTime(),
    safetyIndex: row.si,
    min: row.min_si,
    max: row.max_si,
    deviation: row.std_si,
    trafficVolume: Number(row.volume),
    samples: row.n,
  }));
}

export interface HistoryStatistics {
  points: number;
  samples: number;
  mean: number | null;
  min: number | null;
  max: number | null;
  deviation: number | null;
  totalVolume: number;
  /** Of points with an index above 75. */
  highRiskPoints: number;
}

/** Of points as `safetyHistory` gives them: mean and deviation are over their scored minutes. */
export function statisticsOf(points: readonly HistoryPoint[]): HistoryStatistics {
  const scored = points.filter((point) => point.safetyIndex !== null && point.samples > 0);
  const samples = scored.reduce((sum, point) => sum + point.samples, 0);
  const mean = scored.reduce((sum, point) => sum + (point.safetyIndex as number) * point.samples, 0) / samples;
  // Within points and between them.
  const squares = scored.reduce(
    (sum, point) =>
      sum +
      (point.samples - 1) * (point.deviation ?? 0) ** 2 +
      point.samples * ((point.safetyIndex as number) - mean) ** 2,
    0,
  );
  return {
    points: points.length,
    samples,
    mean: samples === 0 ? null : mean,
    min: samples === 0 ? null : Math.min(...scored.map((point) => point.min ?? Number.POSITIVE_INFINITY)),
    max: samples === 0 ? null : Math.max(...scored.map((point) => point.max ?? Number.NEGATIVE_INFINITY)),
    deviation: samples < 2 ? null : Math.sqrt(squares / (samples - 1)),
    totalVolume: points.reduce((sum, point) => sum + point.trafficVolume, 0),
    highRiskPoints: scored.filter((point) => (point.safetyIndex as number) > 75).length,
  };
}

/** A junction by its number (intersections.id) or its UUID; null where there is none. */
export async function findIntersection(
  trx: Knex,
  id: string,
): Promise<{ intersectionId: number; junctionId: string; name: string } | null> {
  const byNumber = /^\d{1,9}(\.0)?$/.test(id);
  const { rows } = await trx.raw(
    `SELECT intersection_number AS "intersectionId", junction_id AS "junctionId", junction_name AS name
     FROM junctions WHERE ${byNumber ? 'intersection_number = ?' : 'junction_id::text = ?'}`,
    [byNumber ? Math.trunc(Number(id)) : id.toLowerCase()],
  );
  return (rows[0] as { intersectionId: number; junctionId: string; name: string } | undefined) ?? null;
}

/** What is told of a junction with its indices. */
export interface KnownJunction {
  intersectionId: number;
  junctionId: string;
  name: string;
  latitude: number | null;
  longitude: number | null;
  isRetired: boolean;
}

/** All of them, by number. */
export async function knownJunctions(trx: Knex): Promise<KnownJunction[]> {
  const { rows } = await trx.raw(
    `SELECT intersection_number AS "intersectionId", junction_id AS "junctionId", junction_name AS name, latitude, longitude,
            retired_at IS NOT NULL AS "isRetired" FROM junctions ORDER BY intersection_number`,
  );
  return rows as KnownJunction[];
}
