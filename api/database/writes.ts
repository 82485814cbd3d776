import type { Knex } from 'knex';
import type { CycleRecord, DecisionRow, SeriesRecord } from '../../runs/twin-types.ts';
import { upsertCycles } from './repositories/cycles.ts';
import { upsertDecisions } from './repositories/decisions.ts';
import { type JunctionInput, upsertJunctions } from './repositories/junctions.ts';
import { type OwnedRun, upsertRuns } from './repositories/runs.ts';
import { upsertSeries } from './repositories/series.ts';

/** One thing to write, as it waits in memory and in the spool. All are idempotent: written twice is written once. */
export type Write =
  | { kind: 'junctions'; rows: JunctionInput[] }
  | { kind: 'runs'; rows: OwnedRun[] }
  | { kind: 'cycles'; rows: CycleRecord[] }
  | { kind: 'series'; rows: SeriesRecord[] }
  | { kind: 'decisions'; rows: DecisionRow[] };

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
export async function applyWrites(knex: Knex, writes: readonly Write[]): Promise<void> {
  const rows: { [K in Write['kind']]: Extract<Write, { kind: K }>['rows'] } = {
    junctions: [],
    runs: [],
    cycles: [],
    series: [],
    decisions: [],
  };
  for (const write of writes) for (const row of write.rows) (rows[write.kind] as unknown[]).push(row);
  await knex.transaction(async (trx) => {
    await upsertJunctions(trx, rows.junctions);
    await upsertRuns(trx, rows.runs);
    await upsertCycles(trx, rows.cycles);
    await upsertSeries(trx, rows.series);
    await upsertDecisions(trx, rows.decisions);
  });
}
