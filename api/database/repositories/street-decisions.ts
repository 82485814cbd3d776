import type { Knex } from 'knex';
import type { StreetDecisionRecord } from '../../../runs/records.ts';

export interface StreetDecisionQuery {
  readonly junctionId?: string | undefined;
  /** Taken before this time, ms since 1970. */
  readonly beforeMs?: number | undefined;
  readonly limit: number;
}

export interface StoredStreetDecision extends StreetDecisionRecord {
  readonly inputs: Record<string, unknown>;
  readonly junctionName: string;
}

interface StreetDecisionRow {
  junction_id: string;
  junction_name: string;
  decided_at: Date;
  seq: string | number;
  controller: string;
  shadow: boolean;
  strategy: string;
  kind: StreetDecisionRecord['kind'];
  plan_id: string | null;
  stages: StreetDecisionRecord['stages'];
  reason: string;
  inputs: Record<string, unknown>;
  ack_result: 'applied' | 'refused' | null;
  ack_reason: string | null;
  vetoed: string | null;
}

/**
 * What controllers of streets decided, newest first: `limit` rows, and those that were taken at the time of the last of
 * them, so that who goes on before that time misses none.
 */
export async function listStreetDecisions(knex: Knex, query: StreetDecisionQuery): Promise<StoredStreetDecision[]> {
  const { junctionId, beforeMs, limit } = query;
  const wanted = knex('street_decisions as d').modify((builder) => {
    if (junctionId !== undefined) builder.where('d.junction_id', junctionId);
    if (beforeMs !== undefined) builder.where('d.decided_at', '<', new Date(beforeMs).toISOString());
  });
  const newest = wanted.clone().select('d.decided_at').orderBy('d.decided_at', 'desc').limit(limit);
  const rows = await wanted
    .join('junctions as j', 'j.junction_id', 'd.junction_id')
    .select('d.*', 'j.junction_name')
    .where('d.decided_at', '>=', knex.min('decided_at').from(newest.as('newest')))
    .orderBy([
      { column: 'd.decided_at', order: 'desc' },
      { column: 'd.junction_id' },
      { column: 'd.seq', order: 'desc' },
    ]);
  return (rows as StreetDecisionRow[]).map((row) => ({
    junctionId: row.junction_id,
    junctionName: row.junction_name,
    atMs: row.decided_at.getTime(),
    seq: Number(row.seq),
    controller: row.controller,
    shadow: row.shadow,
    strategy: row.strategy,
    kind: row.kind,
    planId: row.plan_id,
    stages: row.stages,
    reason: row.reason,
    inputs: row.inputs,
    acknowledged: row.ack_result === null ? null : { result: row.ack_result, reason: row.ack_reason ?? '' },
    vetoed: row.vetoed,
  }));
}
