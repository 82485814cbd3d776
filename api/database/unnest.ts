import type { Knex } from 'knex';

export interface Column {
  name: string;
  /** Type of one value as it travels, e.g. `uuid`. */
  type: string;
  /** What the value is turned into, where it cannot travel as what it is (arrays of arrays, JSON): e.g. `text[]`. */
  cast?: string;
}

/** More than the columns that travel. */
export interface InsertOptions {
  /** Follows `FROM unnest(...) AS r (...)`, e.g. a LEFT JOIN on `r`. */
  join?: string;
  /** Columns worked out in the database: SQL over `r` and what is joined, by name. */
  computed?: Readonly<Record<string, string>>;
  /** Columns that travel only for `join` and `computed`. */
  notStored?: readonly string[];
}

const ROWS_MAX = 5000;

/**
 * Inserts rows (values in the order of `columns`) with one array a column, `INSERT ... SELECT FROM unnest(...)`: one
 * statement a batch, the same on PGlite and PostgreSQL. `onConflict` is what follows `ON CONFLICT`; rows that meet the
 * same conflict must not be in one call twice.
 */
export async function insertRows(
  knex: Knex,
  table: string,
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  onConflict: string,
  options: InsertOptions = {},
): Promise<void> {
  const computed = Object.entries(options.computed ?? {});
  const stored = columns.filter((column) => options.notStored?.includes(column.name) !== true);
  const travelling = columns.map((column) => column.name).join(', ');
  const arrays = columns.map((column) => `?::${column.type}[]`).join(', ');
  const names = [...stored.map((column) => column.name), ...computed.map(([name]) => name)].join(', ');
  const values = [
    ...stored.map((column) => (column.cast === undefined ? `r.${column.name}` : `r.${column.name}::${column.cast}`)),
    ...computed.map(([, expression]) => expression),
  ].join(', ');
  const sql = `INSERT INTO ${table} (${names}) SELECT ${values} FROM unnest(${arrays}) AS r (${travelling}) ${options.join ?? ''} ON CONFLICT ${onConflict}`;
  for (let from = 0; from < rows.length; from += ROWS_MAX) {
    const part = rows.slice(from, from + ROWS_MAX);
    await knex.raw(
      sql,
      columns.map((_, index) => part.map((row) => row[index] ?? null)) as unknown as Knex.RawBinding[],
    );
  }
}

/** `DO UPDATE SET a = EXCLUDED.a, ...` for these columns. */
export function replace(key: string, columns: readonly string[]): string {
  return `(${key}) DO UPDATE SET ${columns.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`;
}

/** The last row of each key, in the order in which the keys first came. */
export function lastByKey<T>(rows: readonly T[], key: (row: T) => string): T[] {
  const last = new Map<string, T>();
  for (const row of rows) last.set(key(row), row);
  return [...last.values()];
}

export const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** A PostgreSQL array of texts, written out. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}
