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

/**
 * Reads these columns of files, in the files' order and each file's, in parts of at most a few thousand rows. A column that a
 * file lacks is null. Throws StoreError `archive_unreadable`.
 */
export async function* readParquet(
  paths: readonly string[],
  columns: readonly ParquetColumn[],
): AsyncGenerator<ParquetRow[]> {
  const { instance } = await load();
  for (const path of paths) {
    const connection = await instance.connect();
    try {
      const there = await columnsOf(connection, path);
      const present = columns.filter((column) => there.has(column.name));
      // Without any of them the rows are still counted.
      const select = present.length === 0 ? 'NULL' : present.map((column) => quote(column.name)).join(', ');
      const result = await connection.stream(`SELECT ${select} FROM read_parquet(${literal(path)})`);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        const values = present.map((_, index) => chunk.getColumnValues(index));
        yield Array.from({ length: chunk.rowCount }, (_, at) => {
          const row: ParquetRow = {};
          for (const column of columns) row[column.name] = null;
          for (const [index, column] of present.entries()) {
            const value = values[index]?.[at] ?? null;
            if (value !== null) row[column.name] = fromDuckdb(column.type, value);
          }
          return row;
        });
      }
    } catch (error) {
      throw new StoreError('archive_unreadable', `The archive file ${path} cannot be read: ${reasonOf(error)}`, {
        cause: error,
        hint: 'It may be damaged: bring it back from a backup, or move it away.',
      });
    } finally {
      connection.closeSync();
    }
  }
}

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

/** `read_parquet(...)` over these files, whatever columns each has. */
export function parquetSource(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true)`;
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
