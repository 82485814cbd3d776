/**
 * What is asked of safety indices, answered from Parquet alone: for when the database is away. Minutes count as in the
 * database (of each the latest state), and hours and days are made of them by the same rules (repositories/aggregates.ts).
 */
import { type Aggregation, type HistoryPoint, POINTS_MAX } from '../database/repositories/safety-history.ts';
import { StoreError } from '../database/errors.ts';
import type { Archive } from './archive.ts';
import { DAY_MS, dayOf } from './layout.ts';
import { literal, parquetSource, queryParquet } from './parquet.ts';

const SPAN_MS: Readonly<Record<Aggregation, number>> = { minute: 60_000, hour: 3_600_000, day: DAY_MS };
/** More is not read for one question: it would take minutes, and memory that others need. */
const BYTES_MAX = 512 * 1_048_576;

export interface ArchivedIndex {
  atMs: number;
  safetyIndex: number | null;
  low: number | null;
  high: number | null;
  scoreStatus: string;
  trafficVolume: number;
}

/** Minutes of these days and of this span, each once, its latest state; `si` is what counts of a scored one. */
const minutesOf = (paths: readonly string[], fromMs: number, toMs: number, where = ''): string => `
  SELECT *, COALESCE(combined_index_eb, combined_index) AS shown, CASE WHEN COALESCE(score_status, 'scored') = 'scored' THEN shown END AS si
  FROM ${parquetSource(paths)}
  WHERE timestamp >= make_timestamptz(${micros(fromMs)}) AND timestamp < make_timestamptz(${micros(toMs)})${where}
  QUALIFY row_number() OVER (PARTITION BY junction_id, timestamp ORDER BY written_at DESC NULLS LAST, filename DESC, file_row_number DESC) = 1`;

const micros = (ms: number): string => String(Math.round(ms * 1000));

/**
 * Points of [fromMs, toMs) of a junction in order of time, at most one more than are answered. Hours and days that are not over at `nowMs` are
 * left out, as the database does not have them either. Throws StoreError `archive_span_too_long`, `archive_unreachable`.
 */
export async function archivedHistory(
  archive: Archive,
  aggregation: Aggregation,
  junctionId: string,
  { fromMs, toMs, nowMs }: { fromMs: number; toMs: number; nowMs: number },
): Promise<HistoryPoint[]> {
  const span = SPAN_MS[aggregation];
  // The database's days are those that begin before the day of the end.
  const begin = (aggregation === 'day' ? Math.floor : Math.ceil)(fromMs / span) * span;
  const last = (aggregation === 'day' ? Math.floor : Math.ceil)(toMs / span) * span;
  const end = aggregation === 'minute' ? toMs : Math.min(last, Math.floor(nowMs / span) * span);
  if (begin >= end) return [];
  return withDays(archive, begin, end, async (paths) => {
    const minutes = minutesOf(paths, begin, end, ` AND junction_id = ${literal(junctionId)}`);
    const rows = await queryParquet(
      aggregation === 'minute'
        ? `SELECT epoch_us(timestamp) AS at, shown AS si, shown AS min_si, shown AS max_si, NULL AS std_si, traffic_volume AS volume,
             (COALESCE(score_status, 'scored') = 'scored')::INTEGER AS n
           FROM (${minutes}) ORDER BY timestamp LIMIT ${POINTS_MAX + 1}`
        : `SELECT (epoch_us(timestamp) // ${span * 1000}) * ${span * 1000} AS at, sum(si ORDER BY timestamp) / NULLIF(count(si), 0) AS si,
             min(si) AS min_si, max(si) AS max_si, stddev_samp(si ORDER BY timestamp) AS std_si, sum(traffic_volume)::BIGINT AS volume, count(si) AS n
           FROM (${minutes}) GROUP BY 1 ORDER BY 1 LIMIT ${POINTS_MAX + 1}`,
    );
    return rows.map((row) => ({
      atMs: (row.at as number) / 1000,
      safetyIndex: row.si as number | null,
      min: row.min_si as number | null,
      max: row.max_si as number | null,
      deviation: row.std_si as number | null,
      trafficVolume: row.volume as number,
      samples: row.n as number,
    }));
  });
}

/** The latest minute in (nowMs - keptMs, nowMs] of every junction, by its UUID. */
export async function archivedCurrent(
  archive: Archive,
  nowMs: number,
  keptMs: number,
): Promise<Map<string, ArchivedIndex>> {
  // Both ends are whole microseconds: (a, b] is [a + 1, b + 1).
  const begin = nowMs - keptMs + 0.001;
  const end = nowMs + 0.001;
  const rows = await withDays(archive, begin, end, (paths) =>
    queryParquet(
      `SELECT junction_id, epoch_us(timestamp) AS at, shown, combined_index_low, combined_index_high, score_status, traffic_volume
       FROM (${minutesOf(paths, begin, end)}) QUALIFY row_number() OVER (PARTITION BY junction_id ORDER BY timestamp DESC) = 1`,
    ),
  );
  return new Map(
    rows.map((row) => [
      row.junction_id as string,
      {
        atMs: (row.at as number) / 1000,
        safetyIndex: row.shown as number | null,
        low: row.combined_index_low as number | null,
        high: row.combined_index_high as number | null,
        scoreStatus: row.score_status as string,
        trafficVolume: row.traffic_volume as number,
      },
    ]),
  );
}

async function withDays<T>(
  archive: Archive,
  fromMs: number,
  toMs: number,
  work: (paths: string[]) => Promise<T[]>,
): Promise<T[]> {
  const files = await archive.files('indices', dayOf(fromMs), dayOf(toMs - 1));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > BYTES_MAX)
    throw new StoreError(
      'archive_span_too_long',
      `The database is away, and the archive would have to read ${Math.round(bytes / 1_048_576)} MiB for this span; at most ${BYTES_MAX / 1_048_576} are.`,
      { hint: 'Ask for a shorter span, or wait until the database is back.' },
    );
  if (files.length === 0) return [];
  const { paths, release } = await archive.openFiles(files);
  try {
    return await work(paths);
  } finally {
    await release();
  }
}
