/** Whether database and archive hold the same indices, row by row; and bringing over what one of them lacks. */
import type { DatabaseStore } from '../database/store.ts';
import type { Archive } from './archive.ts';
import { daysBetween } from './archive.ts';
import { DAY_MS, INDEX_VALUES, indexRecord } from './layout.ts';
import type { ParquetRow } from './parquet.ts';

const HOUR_MS = 3_600_000;
/** The database keeps minutes so long; what is older is in the archive alone, and that is in order. */
export const MINUTES_KEPT_MS = 48 * HOUR_MS;
const EXAMPLES = 5;

export interface DayCheck {
  day: string;
  /** Rows in both, alike. */
  equal: number;
  different: number;
  onlyDatabase: number;
  onlyArchive: number;
  /** Only in the archive, and older than the database keeps minutes. */
  expired: number;
  repaired: number;
  /** `JUNCTION TIME: COLUMN DATABASE | ARCHIVE` of the first few. */
  examples: string[];
}

export interface CheckOptions {
  from: string;
  to: string;
  nowMs: number;
  /** Rows that only one side has are written to the other, too; of those that differ, the database's go to the archive. */
  repair?: boolean;
}

/** Compares the indices of every day, an hour at a time. Throws StoreError where a side cannot be read. */
export async function checkArchive(store: DatabaseStore, archive: Archive, options: CheckOptions): Promise<DayCheck[]> {
  // What waits in the journal is in the archive as well.
  await archive.store();
  const checks: DayCheck[] = [];
  for (const day of daysBetween(options.from, options.to)) {
    const check: DayCheck = {
      day,
      equal: 0,
      different: 0,
      onlyDatabase: 0,
      onlyArchive: 0,
      expired: 0,
      repaired: 0,
      examples: [],
    };
    const startMs = Date.parse(`${day}T00:00:00Z`);
    const inArchive = (await archive.days('indices', day, day)).length > 0;
    for (let fromMs = startMs; fromMs < startMs + DAY_MS; fromMs += HOUR_MS)
      await checkHour(store, archive, { ...options, day, fromMs, inArchive }, check);
    checks.push(check);
  }
  if (options.repair === true) {
    await store.flush();
    await archive.store();
  }
  return checks;
}

async function checkHour(
  store: DatabaseStore,
  archive: Archive,
  options: CheckOptions & { day: string; fromMs: number; inArchive: boolean },
  check: DayCheck,
): Promise<void> {
  const toMs = options.fromMs + HOUR_MS;
  const database = await readDatabase(store, options.fromMs, toMs);
  const toArchive: ParquetRow[] = [];
  const toDatabase: ParquetRow[] = [];
  const example = (row: ParquetRow, what: string): void => {
    if (check.examples.length < EXAMPLES)
      check.examples.push(`${row.junction_id} ${new Date(row.timestamp as number).toISOString()}: ${what}`);
  };
  const compare = (archived: ParquetRow): void => {
    const key = keyOf(archived);
    const stored = database.get(key);
    database.delete(key);
    if (stored === undefined) {
      if ((archived.timestamp as number) < options.nowMs - MINUTES_KEPT_MS) {
        check.expired++;
        return;
      }
      check.onlyArchive++;
      toDatabase.push(archived);
      example(archived, 'only in the archive');
      return;
    }
    const differs = INDEX_VALUES.find(({ name }) => (stored[name] ?? null) !== (archived[name] ?? null));
    if (differs === undefined) {
      check.equal++;
      return;
    }
    check.different++;
    toArchive.push(stored);
    example(archived, `${differs.name} ${stored[differs.name]} | ${archived[differs.name]}`);
  };
  if (options.inArchive) {
    for await (const rows of archive.read('indices', options.day, { fromMs: options.fromMs, toMs }))
      rows.forEach(compare);
  }
  for (const row of database.values()) {
    check.onlyDatabase++;
    toArchive.push(row);
    example(row, 'only in the database');
  }
  if (options.repair !== true) return;
  archive.addIndices(toArchive.map(indexRecord));
  store.writeRecords('indices', toDatabase.map(indexRecord), { archive: false });
  check.repaired += toArchive.length + toDatabase.length;
}

const keyOf = (row: ParquetRow): string => `${row.junction_id} ${row.timestamp}`;

/** The database's rows of a span, by key, as the archive has them. */
export async function readDatabase(
  store: Pick<DatabaseStore, 'asRole'>,
  fromMs: number,
  toMs: number,
): Promise<Map<string, ParquetRow>> {
  const answer = await store.asRole('reporting_user', (trx) =>
    trx.raw(
      `SELECT junction_id, timestamp, ${INDEX_VALUES.map((column) => column.name).join(', ')}
       FROM safety_indices_realtime WHERE timestamp >= ? AND timestamp < ?`,
      [new Date(fromMs).toISOString(), new Date(toMs).toISOString()],
    ),
  );
  const rows = new Map<string, ParquetRow>();
  for (const row of answer.rows as (ParquetRow & { timestamp: Date })[]) {
    const plain: ParquetRow = { ...row, timestamp: row.timestamp.getTime() };
    rows.set(keyOf(plain), plain);
  }
  return rows;
}
