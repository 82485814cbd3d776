import type { Knex } from 'knex';
import type { DecisionRow } from '../../../runs/twin-types.ts';
import { insertRows, lastByKey, replace } from '../unnest.ts';

interface DecisionTableRow {
  run_id: string;
  variant: string;
  junction_id: string;
  second: number;
  seq: string | number;
  strategy: string;
  kind: DecisionRow['kind'];
  stages: DecisionRow['stages'];
  reason: string;
  inputs: DecisionRow['inputs'];
  ack_result: 'applied' | 'refused' | null;
  ack_reason: string | null;
  vetoed: string | null;
}

/** Writes decisions; one written again (when the device answered) replaces the earlier state. */
export async function upsertDecisions(knex: Knex, decisions: readonly DecisionRow[]): Promise<void> {
  await insertRows(
    knex,
    'run_decisions',
    [
      { name: 'run_id', type: 'uuid' },
      { name: 'variant', type: 'text' },
      { name: 'junction_id', type: 'uuid' },
      { name: 'second', type: 'double precision' },
      { name: 'seq', type: 'bigint' },
      { name: 'strategy', type: 'text' },
      { name: 'kind', type: 'text' },
      { name: 'stages', type: 'text', cast: 'json' },
      { name: 'reason', type: 'text' },
      { name: 'inputs', type: 'text', cast: 'json' },
      { name: 'ack_result', type: 'text' },
      { name: 'ack_reason', type: 'text' },
      { name: 'vetoed', type: 'text' },
    ],
    lastByKey(decisions, (row) => `${row.runId} ${row.variant} ${row.junctionId} ${row.second} ${row.seq}`).map(
      (row) => [
        row.runId,
        row.variant,
        row.junctionId,
        row.second,
        row.seq,
        row.strategy,
        row.kind,
        JSON.stringify(row.stages),
        row.reason,
        JSON.stringify(row.inputs),
        row.acknowledged?.result,
        row.acknowledged?.reason,
        row.vetoed,
      ],
    ),
    replace('run_id, second, variant, junction_id, seq', [
      'strategy',
      'kind',
      'stages',
      'reason',
      'inputs',
      'ack_result',
      'ack_reason',
      'vetoed',
    ]),
  );
}

/** In order of time. */
export async function listDecisions(knex: Knex, runId: string): Promise<DecisionRow[]> {
  const answer = await knex.raw(
    `SELECT d.* FROM run_decisions d LEFT JOIN run_variants v ON v.run_id = d.run_id AND v.variant = d.variant
     WHERE d.run_id = ? ORDER BY d.second, v.position, d.variant, d.junction_id, d.seq`,
    [runId],
  );
  return (answer.rows as DecisionTableRow[]).map((row) => ({
    runId: row.run_id,
    variant: row.variant,
    junctionId: row.junction_id,
    second: row.second,
    seq: Number(row.seq),
    strategy: row.strategy,
    kind: row.kind,
    stages: row.stages,
    reason: row.reason,
    inputs: row.inputs,
    acknowledged: row.ack_result === null ? null : { result: row.ack_result, reason: row.ack_reason ?? '' },
    vetoed: row.vetoed,
  }));
}
