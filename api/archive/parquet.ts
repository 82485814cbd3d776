/**
 * Rows to and from Parquet (zstd), by way of DuckDB. Loaded only where something is archived or read back: DuckDB costs
 * 60 MB of memory.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { reasonOf, StoreError } from '../database/errors.ts';

/**
 * What a column holds, in JavaScript and in the file: `instant` is milliseconds since 1970 (UTC timestamp of
 * microseconds), `json` any value that JSON can say (text), `bigint` a whole number up to 2^53 (64-bit integer).
 */
export type ParquetType = 'text' | 'double' | 'integer' | 'bigint' | 'boolean' | 'instant' | 'json' | 'text[]';

export interface ParquetColumn {
  readonly name: string;
  readonly type: ParquetType;
}

/** A row by the names of its columns; what is absent is null. */
export type ParquetRow = Record<string, unknown>;

const DUCKDB_TYPES: Record<ParquetType, string> = {
  text: 'VARCHAR',
  double: 'DOUBLE',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  boolean: 'BOOLEAN',
  instant: 'TIMESTAMPTZ',
  json: 'VARCHAR',
  'text[]': 'VARCHAR[]',
};
/** DuckDB's own: a chunk has at most so many rows. */
const CHUNK_ROWS = 2048;
const THREADS = 1;
const MEMORY = '512MB';

type Duckdb = typeof import('@duckdb/node-api');
let loaded: Promise<{ duckdb: Duckdb; instance: DuckDBInstance }> | null = null;

function load(): Promise<{ duckdb: Duckdb; instance: DuckDBInstance }> {
  loaded ??= (async () => {
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: String(THREADS),
      memory_limit: MEMORY,
      // Nothing is fetched from anywhere.
      autoinstall_known_extensions: 'false',
    });
    return { duckdb, instance };
  })();
  return loaded;
}

async function withConnection<T>(work: (connection: DuckDBConnection, duckdb: Duckdb) => Promise<T>): Promise<T> {
  const { duckdb, instance } = await load();
  const connection = await instance.connect();
  try {
    return await work(connection, duckdb);
  } finally {
    connection.closeSync();
  }
}

/**
 * Writes rows into `path`, whole or not at all: beside it first, synced, then put in place. An existing file is
 * replaced. Answers its size in bytes. Throws StoreError `archive_failed` (disk full, a value that does not fit).
 */
export async function writeParquet(
  path: string,
  columns: readonly ParquetColumn[],
  rows: readonly ParquetRow[],
): Promise<number> {
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await withConnection((connection, duckdb) => fill(connection, duckdb, draft, columns, rows));
    const file = await open(draft, 'r+');
    let bytes: number;
    try {
      await file.sync();
      bytes = (await file.stat()).size;
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
    return bytes;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    if (error instanceof StoreError) throw error;
    throw new StoreError('archive_failed', `The archive file ${path} could not be written: ${reasonOf(error)}`, {
      cause: error,
      status: 507,
      hint: 'See that the disk has room and the folder can be written.',
    });
  }
}

async function fill(
  connection: DuckDBConnection,
  duckdb: Duckdb,
  path: string,
  columns: readonly ParquetColumn[],
  rows: readonly ParquetRow[],
): Promise<void> {
  const definition = columns.map((column) => `${quote(column.name)} ${DUCKDB_TYPES[column.type]}`).join(', ');
  const table = `t_${randomUUID().replaceAll('-', '')}`;
  await connection.run(`CREATE TEMP TABLE ${table} (${definition})`);
  try {
    const appender = await connection.createAppender(table);
    const types = columns.map((_, index) => appender.columnType(index));
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const part = rows.slice(from, from + CHUNK_ROWS);
      const chunk = duckdb.DuckDBDataChunk.create(types, part.length);
      for (const [index, column] of columns.entries()) {
        const convert = toDuckdb(duckdb, column);
        chunk.setColumnValues(
          index,
          part.map((row) => {
            const value = row[column.name];
            return value === null || value === undefined ? null : convert(value);
          }),
        );
      }
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await connection.run(`COPY ${table} TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    await connection.run(`DROP TABLE ${table}`);
  }
}

function toDuckdb(duckdb: Duckdb, column: ParquetColumn): (value: unknown) => DuckDBValue {
  const refuse = (value: unknown): never => {
    throw new StoreError(
      'archive_value_invalid',
      `The column ${column.name} is ${JSON.stringify(value)}; it holds ${column.type}.`,
      { status: 400 },
    );
  };
  switch (column.type) {
    case 'text':
      return (value) => (typeof value === 'string' ? value : refuse(value));
    case 'double':
      return (value) => (typeof value === 'number' ? value : refuse(value));
    case 'integer':
      return (value) =>
        Number.isInteger(value) && Math.abs(value as number) < 2_147_483_648 ? (value as number) : refuse(value);
    case 'bigint':
      return (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : refuse(value));
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : refuse(value));
    case 'instant':
      return (value) =>
        Number.isFinite(value)
          ? new duckdb.DuckDBTimestampTZValue(BigInt(Math.round((value as number) * 1000)))
          : refuse(value);
    case 'json':
      return (value) => JSON.stringify(value);
    case 'text[]':
      return (value) =>
        Array.isArray(value) && value.every((text) => typeof text === 'string')
          ? duckdb.listValue(value)
          : refuse(value);
  }
}

export interface SelectOptions {
  /** Of rows that agree in these columns only the one with the greatest `latest`, and of those the last, is taken. */
  key?: readonly string[];
  latest?: string;
  /** Only rows with `column` in [from, to), milliseconds. */
  within?: { column: string; fromMs: number; toMs: number };
  orderBy?: readonly string[];
}

/**
 * Reads these columns of files, in parts of at most a few thousand rows, in the files' order unless `orderBy` says
 * otherwise. A column that a file lacks is null. Throws StoreError `archive_unreadable`.
 */
export async function* readParquet(
  paths: readonly string[],
  columns: readonly ParquetColumn[],
  options: SelectOptions = {},
): AsyncGenerator<ParquetRow[]> {
  if (paths.length === 0) return;
  const { instance } = await load();
  const connection = await instance.connect();
  try {
    const result = await connection.stream(await selection(connection, paths, columns, options));
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const values = columns.map((_, index) => chunk.getColumnValues(index));
      yield Array.from({ length: chunk.rowCount }, (_, at) => {
        const row: ParquetRow = {};
        for (const [index, column] of columns.entries()) {
          const value = values[index]?.[at] ?? null;
          row[column.name] = value === null ? null : fromDuckdb(column.type, value);
        }
        return row;
      });
    }
  } catch (error) {
    throw unreadable(paths, error);
  } finally {
    connection.closeSync();
  }
}

/** Writes what `readParquet` would give into one new file. Answers its rows. */
export async function mergeParquet(
  paths: readonly string[],
  columns: readonly ParquetColumn[],
  options: SelectOptions & { compressionLevel?: number },
  target: string,
): Promise<number> {
  return withConnection(async (connection) => {
    try {
      const sql = await selection(connection, paths, columns, options);
      const level = options.compressionLevel === undefined ? '' : `, COMPRESSION_LEVEL ${options.compressionLevel}`;
      const reader = await connection.runAndReadAll(
        `COPY (${sql}) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd${level})`,
      );
      return Number(reader.getRowObjects()[0]?.Count ?? 0);
    } catch (error) {
      throw unreadable(paths, error);
    }
  });
}

function unreadable(paths: readonly string[], error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(
    'archive_unreadable',
    `${paths.length === 1 ? `The archive file ${paths[0]}` : `One of ${paths.length} archive files from ${paths[0]} to ${paths.at(-1)}`} cannot be read: ${reasonOf(error)}`,
    { cause: error, hint: 'It may be damaged: bring it back from a backup, or move it away.' },
  );
}

/** The SELECT behind `readParquet`: every column of `columns`, null where no file has it. */
async function selection(
  connection: DuckDBConnection,
  paths: readonly string[],
  columns: readonly ParquetColumn[],
  options: SelectOptions,
): Promise<string> {
  const there = new Set<string>();
  for (const path of paths) for (const name of await columnsOf(connection, path)) there.add(name);
  const list = columns
    .map((column) =>
      there.has(column.name) ? quote(column.name) : `NULL::${DUCKDB_TYPES[column.type]} AS ${quote(column.name)}`,
    )
    .join(', ');
  const source = parquetSource(paths);
  const { within } = options;
  const where =
    within === undefined
      ? ''
      : ` WHERE ${quote(within.column)} >= make_timestamptz(${micros(within.fromMs)}) AND ${quote(within.column)} < make_timestamptz(${micros(within.toMs)})`;
  const position = paths.length === 1 ? '' : `list_position([${paths.map(literal).join(', ')}], filename), `;
  const latest =
    options.latest !== undefined && there.has(options.latest) ? `${quote(options.latest)} DESC NULLS LAST, ` : '';
  const last = position === '' ? '' : `${position.slice(0, -2)} DESC, `;
  const key = options.key?.filter((name) => there.has(name)) ?? [];
  const qualify =
    key.length === 0
      ? ''
      : ` QUALIFY row_number() OVER (PARTITION BY ${key.map(quote).join(', ')} ORDER BY ${latest}${last}file_row_number DESC) = 1`;
  const order = options.orderBy?.map(quote).join(', ') ?? `${position}file_row_number`;
  return `SELECT ${list} FROM ${source}${where}${qualify} ORDER BY ${order}`;
}

const micros = (ms: number): string => String(Math.round(ms * 1000));

async function columnsOf(connection: DuckDBConnection, path: string): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${literal(path)})`);
  return new Set(reader.getRowObjects().map((row) => String(row.column_name)));
}

function fromDuckdb(type: ParquetType, value: DuckDBValue): unknown {
  switch (type) {
    case 'bigint':
      return Number(value);
    case 'instant':
      return Number((value as { micros: bigint }).micros) / 1000;
    case 'json':
      return JSON.parse(value as string);
    case 'text[]':
      return [...(value as { items: readonly DuckDBValue[] }).items];
    default:
      return value;
  }
}

/** Answers a SELECT over Parquet files (`read_parquet(...)`), for statistics; numbers and texts come as JavaScript has them. */
export function queryParquet(sql: string): Promise<Record<string, unknown>[]> {
  return withConnection(async (connection) => {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJS().map((row) => {
      const plain: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(row)) plain[name] = typeof value === 'bigint' ? Number(value) : value;
      return plain;
    });
  });
}

/** `read_parquet(...)` over these files, whatever columns each has, with `filename` and `file_row_number`. */
export function parquetSource(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, filename = true, file_row_number = true)`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function syncFolder(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const file = await open(directory, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
