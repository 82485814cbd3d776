import type { Knex } from 'knex';
import type { RecordKinds } from '../../runs/records.ts';
import type { CycleRecord, DecisionRow, SeriesRecord } from '../../runs/twin-types.ts';
import { upsertCycles } from './repositories/cycles.ts';
import { upsertDecisions } from './repositories/decisions.ts';
import { type JunctionInput, upsertJunctions } from './repositories/junctions.ts';
import { RECORD_KINDS, writeRecords } from './repositories/records.ts';
import { type OwnedRun, upsertRuns } from './repositories/runs.ts';
import { upsertSeries } from './repositories/series.ts';

interface Rows extends RecordKinds {
  junctions: JunctionInput;
  runs: OwnedRun;
  cycles: CycleRecord;
  series: SeriesRecord;
  decisions: DecisionRow;
}

/** One thing to write, as it waits in memory and in the spool. All are idempotent: written twice is written once. */
export type Write = { [K in keyof Rows]: { kind: K; rows: Rows[K][] } }[keyof Rows];

/** Runs work in one transaction, with the rights of the role that writes. */
export type Transact = <T>(work: (trx: Knex.Transaction) => Promise<T>) => Promise<T>;

/** Rows, for deciding when a batch is large enough: a cycle counts for its approaches too. */
export function rowsOf(write: Write): number {
  return write.kind === 'cycles'
    ? write.rows.reduce((sum, cycle) => sum + 1 + cycle.approaches.length, 0)
    : write.rows.length;
}

/** How rows are spread over transactions at the same time: the same row always to the same one. */
const SPREAD: { [K in keyof Rows]?: (row: Rows[K], at: number) => number } = {
  cycles: (row) => row.startedAtMs / 1000 + numberOf(row.junctionId),
  series: (row) => row.second,
  decisions: (row) => row.second,
  indices: (row) => row.atMs / 60_000 + numberOf(row.junctionId),
  signalStates: (row) => row.atMs / 1000,
  performance: (row) => row.atMs / 1000,
  streetDecisions: (row) => row.seq,
  logs: (row) => numberOf(row.logId),
  messages: (row) => numberOf(row.messageId),
  conflicts: (row) => numberOf(row.conflictId),
};
/** What others refer to. */
const FIRST: readonly (keyof Rows)[] = ['junctions', 'runs', 'simulations', 'devices'];
/** Fewer rows than this are not worth another transaction. */
const SPREAD_ROWS_MIN = 1000;
const ID_DIGITS = 6;

function numberOf(id: string): number {
  return Number.parseInt(id.slice(-ID_DIGITS), 16) || 0;
}

type Sorted = { [K in keyof Rows]?: Rows[K][] };

function sorted(writes: readonly Write[]): Sorted {
  const rows: { [kind: string]: unknown[] } = {};
  for (const write of writes) {
    const all = rows[write.kind];
    if (all === undefined) rows[write.kind] = [...write.rows];
    else for (const row of write.rows) all.push(row);
  }
  return rows as Sorted;
}

/** In their order; each kind's rows stay in theirs, and the last state of a row counts. */
async function write(trx: Knex, rows: Sorted): Promise<void> {
  await upsertJunctions(trx, rows.junctions ?? []);
  await upsertRuns(trx, rows.runs ?? []);
  await upsertCycles(trx, rows.cycles ?? []);
  await upsertSeries(trx, rows.series ?? []);
  await upsertDecisions(trx, rows.decisions ?? []);
  for (const kind of RECORD_KINDS) await writeRecords(trx, kind, (rows[kind] ?? []) as RecordKinds[typeof kind][]);
}

/** Writes a batch in one transaction: all of it or nothing. What others refer to goes first (junctions, runs). */
export async function applyWrites(transact: Transact, writes: readonly Write[]): Promise<void> {
  await transact((trx) => write(trx, sorted(writes)));
}

/**
 * The same over several connections, `lanes` at most, for a large batch: what others refer to in one transaction first, the
 * rest in several at the same time. All of it is written when it resolves; where it rejects some may be, which does no harm as
 * writes are idempotent.
 */
export async function applyWritesInParallel(
  transact: Transact,
  writes: readonly Write[],
  lanes: number,
): Promise<void> {
  const total = writes.reduce((sum, each) => sum + rowsOf(each), 0);
  if (lanes < 2 || total < SPREAD_ROWS_MIN) return applyWrites(transact, writes);
  const rows = sorted(writes);
  const first: Sorted = {};
  const parts: Sorted[] = Array.from({ length: lanes }, () => ({}));
  for (const kind of Object.keys(rows) as (keyof Rows)[]) {
    const all = rows[kind] as never[];
    if (FIRST.includes(kind)) {
      first[kind] = all;
      continue;
    }
    const spread = SPREAD[kind] as ((row: unknown, at: number) => number) | undefined;
    if (spread === undefined) {
      (parts[0] as Sorted)[kind] = all;
      continue;
    }
    const shares = parts.map((): never[] => []);
    for (const [at, row] of all.entries()) shares[Math.floor(Math.abs(spread(row, at))) % lanes]?.push(row);
    for (const [lane, share] of shares.entries()) if (share.length > 0) (parts[lane] as Sorted)[kind] = share;
  }
  if (Object.keys(first).length > 0) await transact((trx) => write(trx, first));
  // Every one of them has ended before anybody goes on, or tries again.
  const outcomes = await Promise.allSettled(
    parts.filter((part) => Object.keys(part).length > 0).map((part) => transact((trx) => write(trx, part))),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
