import type { Knex } from 'knex';
import type { RecordKind, RecordKinds } from '../../runs/records.ts';
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

/**
 * Writes a batch in one transaction: all of it or nothing. What others refer to goes first (junctions, runs); within a
 * kind the order stays, and the last state of a row counts.
 */
export async function applyWrites(transact: Transact, writes: readonly Write[]): Promise<void> {
  const rows = new Map<keyof Rows, unknown[]>();
  for (const write of writes) {
    const all = rows.get(write.kind);
    if (all === undefined) rows.set(write.kind, [...write.rows]);
    else for (const row of write.rows) all.push(row);
  }
  const of = <K extends keyof Rows>(kind: K): Rows[K][] => (rows.get(kind) ?? []) as Rows[K][];
  await transact(async (trx) => {
    await upsertJunctions(trx, of('junctions'));
    await upsertRuns(trx, of('runs'));
    await upsertCycles(trx, of('cycles'));
    await upsertSeries(trx, of('series'));
    await upsertDecisions(trx, of('decisions'));
    for (const kind of RECORD_KINDS) await writeRecords(trx, kind as RecordKind, of(kind as RecordKind));
  });
}
