/** Files of rows with named columns: CSV with a head, or JSON. What is wrong is said with line and column, all of it at once. */
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';

/** More rows than this are not meant (a year, by the minute). */
const MOST_ROWS = 600_000;
/** Mistakes told of a file. */
const MOST_MISTAKES = 20;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Nothing of the file is taken; `mistakes` are `LINE:COLUMN WHAT`. */
export class TableFileError extends Error {
  readonly mistakes: readonly string[];

  constructor(name: string, mistakes: readonly string[], more: number) {
    const rest = more > 0 ? `\n... and ${more} more` : '';
    super(`${mistakes.map((one) => `${name}:${one}`).join('\n')}${rest}`);
    this.name = 'TableFileError';
    this.mistakes = mistakes;
  }
}

/** A value and where it stands, e.g. `3:14`. */
interface Cell {
  readonly value: unknown;
  readonly at: string;
}

class Mistakes {
  readonly told: string[] = [];
  more = 0;

  get count(): number {
    return this.told.length + this.more;
  }

  add(at: string, what: string): void {
    if (this.told.length < MOST_MISTAKES) this.told.push(`${at} ${what}`);
    else this.more++;
  }
}

/** A row; what is missing in it or wrong is noted, and `NaN` or null given in its place. */
export class TableRow {
  readonly #at: string;
  readonly #cells: ReadonlyMap<string, Cell>;
  readonly #mistakes: Mistakes;

  constructor(at: string, cells: ReadonlyMap<string, Cell>, mistakes: Mistakes) {
    this.#at = at;
    this.#cells = cells;
    this.#mistakes = mistakes;
  }

  /** A number from `low` to `high`. */
  number(name: string, low: number, high: number, { whole = false } = {}): number {
    const cell = this.#cells.get(name);
    const value = typeof cell?.value === 'string' && cell.value !== '' ? Number(cell.value) : cell?.value;
    if (typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    this.#refuse(name, `a ${whole ? 'whole ' : ''}number from ${low} to ${high}`);
    return Number.NaN;
  }

  /** A text that `test` accepts, else `expected` is what should be there. */
  text(name: string, test: RegExp, expected: string): string {
    const value = this.#cells.get(name)?.value;
    if (typeof value === 'string' && test.test(value)) return value;
    this.#refuse(name, expected);
    return '';
  }

  /** A UUID in small letters; null where nothing is there and `optional` says it may. */
  uuid(name: string, { optional = false } = {}): string | null {
    const value = this.#cells.get(name)?.value;
    if (optional && (value === undefined || value === '')) return null;
    if (typeof value === 'string' && UUID.test(value)) return value.toLowerCase();
    this.#refuse(name, optional ? 'a UUID, or nothing,' : 'a UUID');
    return null;
  }

  /** Says of a value of this row that it is not as `expected`. */
  #refuse(name: string, expected: string): void {
    const cell = this.#cells.get(name);
    const is = cell === undefined || cell.value === '' ? 'is missing' : `is ${shown(cell.value)}`;
    this.#mistakes.add(cell?.at ?? this.#at, `${name} ${is}; ${expected} is expected.`);
  }

  /** Of a value that is well formed and yet wrong. */
  mistake(name: string, what: string): void {
    this.#mistakes.add(this.#cells.get(name)?.at ?? this.#at, what);
  }
}

export interface TableColumns {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/**
 * What `read` makes of each row of a file named `name`.
 * @throws TableFileError with every mistake, also those that `read` found.
 */
export function readTable<T>(text: string, name: string, columns: TableColumns, read: (row: TableRow) => T): T[] {
  const mistakes = new Mistakes();
  const isJson = /^\s*[[{]/.test(text);
  const rows = isJson ? jsonRows(text, columns, mistakes) : csvRows(text, columns, mistakes);
  const out: T[] = [];
  for (const row of rows) {
    const before = mistakes.count;
    const one = read(row);
    if (mistakes.count === before) out.push(one);
  }
  if (rows.length === 0 && mistakes.count === 0)
    mistakes.add('1:1', `holds no row. A line of ${columns.required.join(',')} and one for each is expected, or JSON.`);
  if (mistakes.count > 0) throw new TableFileError(name, mistakes.told, mistakes.more);
  return out;
}

const namesOf = ({ required, optional }: TableColumns): string[] => [...required, ...optional];
const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);

function csvRows(text: string, columns: TableColumns, mistakes: Mistakes): TableRow[] {
  const names = namesOf(columns);
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const head = cellsOf(lines[0] ?? '');
  for (const { value, column } of head) {
    if (!names.includes(value))
      mistakes.add(`1:${column}`, `there is no column ${shown(value)}; there are ${names.join(', ')}.`);
    else if (head.some((other) => other.value === value && other.column < column))
      mistakes.add(`1:${column}`, `the column ${value} is there twice.`);
  }
  for (const name of columns.required)
    if (!head.some(({ value }) => value === name)) mistakes.add('1:1', `the column ${name} is missing.`);
  if (mistakes.count > 0) return [];
  const rows: TableRow[] = [];
  for (let i = 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    if (rows.length >= MOST_ROWS) {
      mistakes.add(`${i + 1}:1`, `is row ${rows.length + 1}; at most ${MOST_ROWS} are taken at once. Split the file.`);
      break;
    }
    const values = cellsOf(lines[i]!);
    if (values.length !== head.length) {
      const { column } = values.at(-1)!;
      mistakes.add(`${i + 1}:${column}`, `the line has ${values.length} values, its head ${head.length} columns.`);
      continue;
    }
    const cells = new Map(
      values.map(({ value, column }, n) => [head[n]!.value, { value, at: `${i + 1}:${column}` }] as const),
    );
    rows.push(new TableRow(`${i + 1}:1`, cells, mistakes));
  }
  return rows;
}

/** Values of a line with the columns (1, 2, ...) at which they begin. No value has a comma of its own; quotes may stand around it. */
function cellsOf(line: string): { value: string; column: number }[] {
  let column = 1;
  return line.split(',').map((cell) => {
    const trimmed = cell.trim();
    const own = { value: trimmed.replace(/^"(.*)"$/, '$1'), column: column + cell.length - cell.trimStart().length };
    column += cell.length + 1;
    return own;
  });
}

function jsonRows(text: string, columns: TableColumns, mistakes: Mistakes): TableRow[] {
  const names = namesOf(columns);
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const document = parseDocument(text, { lineCounter: lines, schema: 'json', uniqueKeys: true });
  for (const { pos, message } of document.errors) mistakes.add(at(pos[0]), `cannot be read: ${message.split('\n')[0]}`);
  if (document.errors.length > 0) return [];
  const { contents } = document;
  const items = isSeq(contents) ? contents.items : [contents];
  if (items.length > MOST_ROWS) {
    mistakes.add('1:1', `holds ${items.length} rows; at most ${MOST_ROWS} are taken at once. Split the file.`);
    return [];
  }
  return items.flatMap((item): TableRow[] => {
    const where = isNode(item) && item.range ? at(item.range[0]) : '1:1';
    if (!isMap(item)) {
      mistakes.add(where, `an object with ${names.join(', ')} is expected.`);
      return [];
    }
    const cells = new Map<string, Cell>();
    for (const { key, value } of item.items) {
      const keyAt = isNode(key) && key.range ? at(key.range[0]) : where;
      const name = String(key);
      if (!names.includes(name))
        mistakes.add(keyAt, `there is no field ${shown(name)}; there are ${names.join(', ')}.`);
      const own = isNode(value) ? value : null;
      const plain: unknown = own?.toJS(document) ?? null;
      if (plain === null && columns.optional.includes(name)) continue;
      cells.set(name, { value: plain, at: own?.range ? at(own.range[0]) : keyAt });
    }
    return [new TableRow(where, cells, mistakes)];
  });
}
