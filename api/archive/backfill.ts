/**
 * Indices of whole days from Parquet into the database, in place: a day is staged in a temporary table and put in place with its
 * hours and its day in one transaction, so that readers see it as it was or as it is. What is run again gives the same.
 */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { StoreError } from '../database/errors.ts';
import { aggregateDays, aggregateHours } from '../database/repositories/aggregates.ts';
import { INDEX_COMPUTED } from '../database/repositories/records.ts';
import type { DatabaseStore } from '../database/store.ts';
import { type Column, instant } from '../database/unnest.ts';
import { type Archive, daysBetween } from './archive.ts';
import { DAY_MS, dayOf, INDEX_VALUES } from './layout.ts';
import type { ParquetRow } from './parquet.ts';

const SAMPLES = 100;
const UNNEST_ROWS = 5000;
/** Sums of a thousand doubles in another order differ so little. */
const TOLERANCE = 1e-9;

export interface BackfillOptions {
  /** `2025-11-20`, both included, UTC. */
  from: string;
  to: string;
  nowMs: number;
  /** Rows of these days that the archive does not have are deleted. Not for today, of which the archive may lag behind. */
  replace?: boolean;
  /** Where rows come from; default: the archive's indices. */
  rows?: (day: string) => AsyncIterable<ParquetRow[]>;
  onDay?: (day: string, rows: number) => void;
}

export interface JunctionReport {
  junctionId: string;
  archive: Statistics;
  database: Statistics;
  agrees: boolean;
}
interface Statistics {
  rows: number;
  mean: number | null;
  min: number | null;
  max: number | null;
}

export interface BackfillReport {
  from: string;
  to: string;
  method: 'COPY' | 'unnest';
  days: { day: string; rows: number; deleted: number; hours: number }[];
  junctions: JunctionReport[];
  samples: { compared: number; different: string[] };
  /** Everything agrees. */
  valid: boolean;
}

/**
 * Brings the days over and says how database and archive compare then. Throws StoreError `backfill_refused` for a range that
 * cannot be, and the database's or the archive's errors; days before the one that failed are in place.
 */
export async function backfill(
  store: DatabaseStore,
  archive: Archive,
  options: BackfillOptions,
): Promise<BackfillReport> {
  const today = dayOf(options.nowMs);
  if (options.from > options.to)
    throw new StoreError('backfill_refused', `The range ends (${options.to}) before it begins (${options.from}).`, {
      status: 400,
    });
  if (options.replace === true && options.to >= today)
    throw new StoreError(
      'backfill_refused',
      `Rows are deleted only of days that are over, and ${options.to} is not before ${today} (UTC).`,
      { status: 400, hint: 'End the range earlier, or leave --replace away: rows are then added and renewed only.' },
    );
  await archive.store();
  const rowsOf = options.rows ?? ((day: string) => archive.read('indices', day));
  const report: BackfillReport = {
    from: options.from,
    to: options.to,
    method: store.kind === 'server' ? 'COPY' : 'unnest',
    days: [],
    junctions: [],
    samples: { compared: 0, different: [] },
    valid: true,
  };
  const seen = new Map<string, Sums>();
  const sample = new Sample();
  for (const day of daysBetween(options.from, options.to)) {
    const done = await oneDay(store, day, rowsOf(day), options.replace === true, seen, sample);
    if (done.rows === 0 && done.deleted === 0) continue;
    report.days.push({ day, ...done });
    options.onDay?.(day, done.rows);
  }
  report.junctions = await compareStatistics(store, options, seen);
  report.samples = await compareSample(store, sample.rows);
  report.valid = report.junctions.every((junction) => junction.agrees) && report.samples.different.length === 0;
  return report;
}

async function oneDay(
  store: DatabaseStore,
  day: string,
  parts: AsyncIterable<ParquetRow[]>,
  replace: boolean,
  seen: Map<string, Sums>,
  sample: Sample,
): Promise<{ rows: number; deleted: number; hours: number }> {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  return store.asRole('job_role', async (trx) => {
    await trx.raw(
      `CREATE TEMP TABLE staged_indices ON COMMIT DROP AS
       SELECT junction_id, timestamp, ${INDEX_VALUES.map((column) => column.name).join(', ')} FROM safety_indices_realtime LIMIT 0`,
    );
    let rows = 0;
    const counted = (async function* () {
      for await (const part of parts) {
        for (const row of part) {
          add(seen, row);
          sample.add(row);
        }
        rows += part.length;
        yield part;
      }
    })();
    if (store.kind === 'server') await copy(trx, counted);
    else for await (const part of counted) await stage(trx, part);
    if (rows === 0 && !replace) return { rows: 0, deleted: 0, hours: 0 };
    await trx.raw('SELECT create_realtime_partition(?::date)', [day]);
    await trx.raw("SELECT create_month_partition('safety_indices_hourly', ?::timestamptz)", [`${day}T00:00:00Z`]);
    const deleted = replace ? await deleteOthers(trx, startMs) : 0;
    await putInPlace(trx);
    const hours = await aggregateHours(trx, startMs, startMs + DAY_MS);
    await aggregateDays(trx, day, day);
    return { rows, deleted, hours };
  });
}

/** With its hours and its day: what they were made of is gone. */
async function deleteOthers(trx: Knex, startMs: number): Promise<number> {
  const span = [instant(startMs), instant(startMs + DAY_MS)];
  const answer = await trx.raw(
    `DELETE FROM safety_indices_realtime r WHERE timestamp >= ? AND timestamp < ?
     AND NOT EXISTS (SELECT 1 FROM staged_indices s WHERE s.junction_id = r.junction_id AND s.timestamp = r.timestamp)`,
    span,
  );
  await trx.raw('DELETE FROM safety_indices_hourly WHERE hour_timestamp >= ? AND hour_timestamp < ?', span);
  await trx.raw('DELETE FROM safety_indices_daily WHERE date = ?::date', [dayOf(startMs)]);
  return answer.rowCount as number;
}

async function putInPlace(trx: Knex): Promise<void> {
  const values = INDEX_VALUES.map((column) => column.name);
  const computed = Object.entries(INDEX_COMPUTED);
  const updated = [...values, 'hour_of_day', 'day_of_week'];
  await trx.raw(
    `INSERT INTO safety_indices_realtime (junction_id, timestamp, ${values.join(', ')}, ${computed.map(([name]) => name).join(', ')})
     SELECT r.junction_id, r.timestamp, ${values.map((name) => `r.${name}`).join(', ')}, ${computed.map(([, sql]) => sql).join(', ')}
     FROM staged_indices r LEFT JOIN junctions j ON j.junction_id = r.junction_id
     ON CONFLICT (intersection_id, timestamp) DO UPDATE SET ${updated.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`,
  );
}

const STAGED: readonly Column[] = [
  { name: 'junction_id', type: 'uuid' },
  { name: 'timestamp', type: 'timestamptz' },
  ...INDEX_VALUES.map((column) => ({
    name: column.name,
    type: column.type === 'double' ? 'double precision' : column.type,
  })),
];
const columnValue = (row: ParquetRow, name: string): unknown =>
  name === 'timestamp' ? instant(row.timestamp as number) : (row[name] ?? null);

/** PGlite's socket takes no COPY FROM STDIN. */
async function stage(trx: Knex, rows: readonly ParquetRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += UNNEST_ROWS) {
    const part = rows.slice(from, from + UNNEST_ROWS);
    await trx.raw(
      `INSERT INTO staged_indices SELECT * FROM unnest(${STAGED.map((column) => `?::${column.type}[]`).join(', ')})`,
      STAGED.map((column) => part.map((row) => columnValue(row, column.name))) as unknown as Knex.RawBinding[],
    );
  }
}

async function copy(trx: Knex.Transaction, parts: AsyncIterable<ParquetRow[]>): Promise<void> {
  // The one connection of the transaction.
  const connection = (await trx.client.acquireConnection()) as ClientBase;
  const into = connection.query(
    copyFrom(`COPY staged_indices (${STAGED.map((column) => column.name).join(', ')}) FROM STDIN`),
  );
  await pipeline(
    Readable.from(
      (async function* () {
        for await (const part of parts)
          yield part
            .map((row) => `${STAGED.map((column) => copyText(columnValue(row, column.name))).join('\t')}\n`)
            .join('');
      })(),
    ),
    into,
  );
}

/** A value in COPY's text format. */
function copyText(value: unknown): string {
  if (value === null) return '\\N';
  return String(value).replace(
    /[\\\t\n\r]/g,
    (letter) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[letter] as string,
  );
}

interface Sums {
  rows: number;
  scored: number;
  sum: number;
  min: number;
  max: number;
}

function add(seen: Map<string, Sums>, row: ParquetRow): void {
  const id = row.junction_id as string;
  let sums = seen.get(id);
  if (sums === undefined) {
    sums = { rows: 0, scored: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    seen.set(id, sums);
  }
  sums.rows++;
  const index = (row.combined_index_eb ?? row.combined_index) as number | null;
  if (index === null) return;
  sums.scored++;
  sums.sum += index;
  sums.min = Math.min(sums.min, index);
  sums.max = Math.max(sums.max, index);
}

/** A hundred of the rows, each as likely as any other (Vitter's algorithm R). */
class Sample {
  readonly rows: ParquetRow[] = [];
  #seen = 0;
  add(row: ParquetRow): void {
    this.#seen++;
    if (this.rows.length < SAMPLES) this.rows.push(row);
    else {
      const at = Math.floor(Math.random() * this.#seen);
      if (at < SAMPLES) this.rows[at] = row;
    }
  }
}

async function compareStatistics(
  store: DatabaseStore,
  options: BackfillOptions,
  seen: ReadonlyMap<string, Sums>,
): Promise<JunctionReport[]> {
  const answer = await store.asRole('reporting_user', (trx) =>
    trx.raw(
      `SELECT junction_id, count(*)::int AS rows, avg(COALESCE(combined_index_eb, combined_index)) AS mean,
              min(COALESCE(combined_index_eb, combined_index)) AS min, max(COALESCE(combined_index_eb, combined_index)) AS max
       FROM safety_indices_realtime WHERE timestamp >= ? AND timestamp < ? GROUP BY 1`,
      [`${options.from}T00:00:00Z`, instant(Date.parse(`${options.to}T00:00:00Z`) + DAY_MS)],
    ),
  );
  const stored = new Map(
    (answer.rows as ({ junction_id: string } & Statistics)[]).map(({ junction_id, ...rest }) => [junction_id, rest]),
  );
  const none: Statistics = { rows: 0, mean: null, min: null, max: null };
  return [...new Set([...seen.keys(), ...stored.keys()])].sort().map((junctionId) => {
    const sums = seen.get(junctionId);
    const archive: Statistics =
      sums === undefined
        ? none
        : {
            rows: sums.rows,
            mean: sums.scored === 0 ? null : sums.sum / sums.scored,
            min: sums.scored === 0 ? null : sums.min,
            max: sums.scored === 0 ? null : sums.max,
          };
    const database = stored.get(junctionId) ?? none;
    return { junctionId, archive, database, agrees: agree(archive, database) };
  });
}

function agree(a: Statistics, b: Statistics): boolean {
  const near =
    a.mean === null || b.mean === null
      ? a.mean === b.mean
      : Math.abs(a.mean - b.mean) <= TOLERANCE * Math.max(1, Math.abs(a.mean));
  return a.rows === b.rows && a.min === b.min && a.max === b.max && near;
}

/** Every column of the sampled rows, to the last bit. */
async function compareSample(
  store: DatabaseStore,
  rows: readonly ParquetRow[],
): Promise<{ compared: number; different: string[] }> {
  const different: string[] = [];
  if (rows.length === 0) return { compared: 0, different };
  const answer = await store.asRole('reporting_user', (trx) =>
    trx.raw(
      `SELECT i.* FROM unnest(?::uuid[], ?::timestamptz[]) k (junction_id, timestamp)
       JOIN safety_indices_realtime i ON i.junction_id = k.junction_id AND i.timestamp = k.timestamp`,
      [
        rows.map((row) => row.junction_id),
        rows.map((row) => instant(row.timestamp as number)),
      ] as unknown as Knex.RawBinding[],
    ),
  );
  const stored = new Map(
    (answer.rows as (ParquetRow & { timestamp: Date })[]).map((row) => [
      `${row.junction_id} ${row.timestamp.getTime()}`,
      row,
    ]),
  );
  for (const row of rows) {
    const there = stored.get(`${row.junction_id} ${row.timestamp}`);
    const at = `${row.junction_id} ${instant(row.timestamp as number)}`;
    if (there === undefined) different.push(`${at} is not in the database`);
    else
      for (const { name } of INDEX_VALUES)
        if ((there[name] ?? null) !== (row[name] ?? null))
          different.push(`${at}: ${name} is ${there[name]} in the database and ${row[name]} in the archive`);
  }
  return { compared: rows.length, different };
}
