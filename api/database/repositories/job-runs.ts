/** What jobs did: claimed by one process at a time, once a slot. */
import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';

/** A claim whose process said nothing for so long may be taken over. */
export const SILENT_SECONDS = 120;

export interface JobRun {
  job: string;
  slotMs: number;
  coversFromMs: number | null;
  state: 'running' | 'done' | 'failed';
  attempts: number;
  runner: string;
  startedAtMs: number;
  finishedAtMs: number | null;
  outcome: Record<string, unknown> | null;
  error: string | null;
}

export interface Claim {
  readonly job: string;
  readonly slotMs: number;
  readonly claim: string;
  /** The last slot before this one that was done. */
  readonly coversFromMs: number | null;
}

export type ClaimAnswer = { claimed: Claim } | { claimed: null; because: 'done' | 'running' };

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * Claims a slot of a job for `runner`: one that nobody ran, that failed, or whose process fell silent. `alone`: no other process
 * can be at it, as with the embedded database. `again`: also one that is done. While another slot of the same job is being
 * run, none is claimed.
 */
export async function claimRun(
  trx: Knex.Transaction,
  options: { job: string; slotMs: number; runner: string; alone: boolean; again: boolean; silentSeconds: number },
): Promise<ClaimAnswer> {
  const { job, runner, alone, again, silentSeconds } = options;
  const slot = iso(options.slotMs);
  await trx.raw('SELECT pg_advisory_xact_lock(4721030, hashtext(?))', [job]);
  await trx.raw(
    `UPDATE job_runs SET state = 'failed', finished_at = clock_timestamp(), error = 'its process (' || runner || ') ended in the middle'
     WHERE job = ? AND state = 'running' AND (? OR alive_at < clock_timestamp() - make_interval(secs => ?))`,
    [job, alone, silentSeconds],
  );
  const held = (
    await trx.raw("SELECT state FROM job_runs WHERE job = ? AND (state = 'running' OR (state = 'done' AND slot = ?))", [
      job,
      slot,
    ])
  ).rows as { state: 'running' | 'done' }[];
  if (held.some(({ state }) => state === 'running')) return { claimed: null, because: 'running' };
  if (held.length > 0 && !again) return { claimed: null, because: 'done' };
  const claim = randomUUID();
  const [row] = (
    await trx.raw(
      `INSERT INTO job_runs AS r (job, slot, covers_from, state, runner, claim)
       VALUES (?, ?, (SELECT max(slot) FROM job_runs WHERE job = ? AND state = 'done' AND slot < ?), 'running', ?, ?)
       ON CONFLICT (job, slot) DO UPDATE SET covers_from = EXCLUDED.covers_from, state = 'running', attempts = r.attempts + 1,
         runner = EXCLUDED.runner, claim = EXCLUDED.claim, alive_at = clock_timestamp(), started_at = clock_timestamp(),
         finished_at = NULL, outcome = NULL, error = NULL
       RETURNING covers_from`,
      [job, slot, job, slot, runner, claim],
    )
  ).rows as { covers_from: Date | null }[];
  return {
    claimed: { job, slotMs: options.slotMs, claim, coversFromMs: row?.covers_from?.getTime() ?? null },
  };
}

/** What processes run that have said nothing for so long. */
export async function silentRuns(
  trx: Knex.Transaction,
  silentSeconds: number,
): Promise<{ job: string; slotMs: number }[]> {
  const { rows } = await trx.raw(
    "SELECT job, slot FROM job_runs WHERE state = 'running' AND alive_at < clock_timestamp() - make_interval(secs => ?)",
    [silentSeconds],
  );
  return (rows as { job: string; slot: Date }[]).map(({ job, slot }) => ({ job, slotMs: slot.getTime() }));
}

/** False where the claim was taken over. */
export async function keepClaim(trx: Knex.Transaction, { claim, job, slotMs }: Claim): Promise<boolean> {
  const answer = await trx.raw(
    "UPDATE job_runs SET alive_at = clock_timestamp() WHERE job = ? AND slot = ? AND claim = ? AND state = 'running'",
    [job, iso(slotMs), claim],
  );
  return answer.rowCount === 1;
}

/** Writes down how it ended: what it did, or why it failed. False where the claim was taken over. */
export async function finishRun(
  trx: Knex.Transaction,
  { claim, job, slotMs }: Claim,
  end: { outcome: object } | { error: string },
): Promise<boolean> {
  const failed = 'error' in end;
  const answer = await trx.raw(
    `UPDATE job_runs SET state = ?, finished_at = clock_timestamp(), outcome = ?::jsonb, error = ?
     WHERE job = ? AND slot = ? AND claim = ? AND state = 'running'`,
    [
      failed ? 'failed' : 'done',
      failed ? null : JSON.stringify(end.outcome),
      failed ? end.error : null,
      job,
      iso(slotMs),
      claim,
    ] as Knex.RawBinding[],
  );
  return answer.rowCount === 1;
}

/** Whether a slot of a job, or a later one, is done. */
export async function isDone(trx: Knex.Transaction, job: string, slotMs: number): Promise<boolean> {
  const answer = await trx.raw("SELECT 1 FROM job_runs WHERE job = ? AND slot >= ? AND state = 'done' LIMIT 1", [
    job,
    iso(slotMs),
  ]);
  return answer.rows.length > 0;
}

/** The last `each` runs of every job, newest first. */
export async function listRuns(trx: Knex, each: number): Promise<JobRun[]> {
  const { rows } = await trx.raw(
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY job ORDER BY slot DESC) AS nth FROM job_runs) r
     WHERE nth <= ? ORDER BY slot DESC, job`,
    [each],
  );
  return (rows as Record<string, unknown>[]).map((row) => ({
    job: row.job as string,
    slotMs: (row.slot as Date).getTime(),
    coversFromMs: (row.covers_from as Date | null)?.getTime() ?? null,
    state: row.state as JobRun['state'],
    attempts: row.attempts as number,
    runner: row.runner as string,
    startedAtMs: (row.started_at as Date).getTime(),
    finishedAtMs: (row.finished_at as Date | null)?.getTime() ?? null,
    outcome: row.outcome as Record<string, unknown> | null,
    error: row.error as string | null,
  }));
}

/** Runs of these jobs that began before go; the last of each job stays. Answers how many went. */
export async function forgetRuns(trx: Knex, beforeMs: number, jobs: readonly string[] | null): Promise<number> {
  const answer = await trx.raw(
    `DELETE FROM job_runs r WHERE started_at < ? AND (?::text[] IS NULL OR job = ANY (?::text[]))
       AND EXISTS (SELECT 1 FROM job_runs later WHERE later.job = r.job AND later.slot > r.slot AND later.state = 'done')`,
    [iso(beforeMs), jobs, jobs] as unknown as Knex.RawBinding[],
  );
  return answer.rowCount as number;
}
