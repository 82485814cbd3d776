import type { Knex } from 'knex';
import type { RunRow, RunStatus } from '../../../runs/twin-types.ts';
import type { RunResult, VariantResult } from '../../../runs/types.ts';
import { insertRows, instant, lastByKey, replace } from '../unnest.ts';

/** Who wrote a run: the data directory, and the start of the program. */
export interface RunOwner {
  installationId: string;
  instanceId: string;
}

export type OwnedRun = RunRow & RunOwner;

interface RunRecord {
  run_id: string;
  scenario: string;
  scenario_title: string;
  seed: string | number;
  status: RunStatus;
  status_detail: string | null;
  pace: number | null;
  started_at: Date;
  ended_at: Date | null;
  duration_seconds: number;
  simulated_seconds: number;
  step_seconds: number;
  starts_at: Date;
  time_zone: string;
  performance: RunResult['performance'] | null;
  variants: { name: string; strategy: string; result: VariantResult | null }[] | null;
}

/**
 * Writes runs with their variants; the last of several states of a run counts. A run that ended does not become
 * running again, so that a state written twice does no harm.
 */
export async function upsertRuns(knex: Knex, runs: readonly OwnedRun[]): Promise<void> {
  const last = lastByKey(runs, (run) => run.id);
  await insertRows(
    knex,
    'runs',
    [
      { name: 'run_id', type: 'uuid' },
      { name: 'scenario', type: 'text' },
      { name: 'scenario_title', type: 'text' },
      { name: 'seed', type: 'bigint' },
      { name: 'status', type: 'text' },
      { name: 'status_detail', type: 'text' },
      { name: 'pace', type: 'double precision' },
      { name: 'started_at', type: 'timestamptz' },
      { name: 'ended_at', type: 'timestamptz' },
      { name: 'duration_seconds', type: 'double precision' },
      { name: 'simulated_seconds', type: 'double precision' },
      { name: 'step_seconds', type: 'double precision' },
      { name: 'starts_at', type: 'timestamptz' },
      { name: 'time_zone', type: 'text' },
      { name: 'performance', type: 'text', cast: 'json' },
      { name: 'installation_id', type: 'uuid' },
      { name: 'instance_id', type: 'uuid' },
    ],
    last.map((run) => [
      run.id,
      run.scenario,
      run.scenarioTitle,
      run.seed,
      run.status,
      run.statusDetail,
      run.pace === 'max' ? null : run.pace,
      instant(run.startedAtMs),
      run.endedAtMs === null ? null : instant(run.endedAtMs),
      run.durationSeconds,
      run.simulatedSeconds,
      run.stepSeconds,
      instant(run.startsAtMs),
      run.timeZone,
      run.result === null ? null : JSON.stringify(run.result.performance),
      run.installationId,
      run.instanceId,
    ]),
    `${replace('run_id', ['status', 'status_detail', 'ended_at', 'simulated_seconds', 'performance', 'installation_id', 'instance_id'])}
     WHERE NOT (runs.status <> 'running' AND EXCLUDED.status = 'running')`,
  );
  await insertRows(
    knex,
    'run_variants',
    [
      { name: 'run_id', type: 'uuid' },
      { name: 'variant', type: 'text' },
      { name: 'position', type: 'integer' },
      { name: 'strategy', type: 'text' },
      { name: 'digest', type: 'text' },
      { name: 'result', type: 'text', cast: 'json' },
    ],
    last.flatMap((run) =>
      run.variants.map((variant, position) => {
        const result = run.result?.variants[variant.name];
        return [
          run.id,
          variant.name,
          position,
          variant.strategy,
          result?.digest,
          result === undefined ? null : JSON.stringify(result),
        ];
      }),
    ),
    `(run_id, variant) DO UPDATE SET position = EXCLUDED.position, strategy = EXCLUDED.strategy,
       digest = COALESCE(EXCLUDED.digest, run_variants.digest),
       result = COALESCE(EXCLUDED.result, run_variants.result)`,
  );
}

/** Newest first. */
export async function listRuns(knex: Knex, limit: number): Promise<RunRow[]> {
  return (await select(knex, 'TRUE', 'ORDER BY r.started_at DESC, r.run_id DESC LIMIT ?', [limit])).map(toRow);
}

export async function findRun(knex: Knex, id: string): Promise<RunRow | null> {
  const [record] = await select(knex, 'r.run_id = ?', '', [id]);
  return record === undefined ? null : toRow(record);
}

/** Running runs of this data directory that an earlier start of the program left behind become interrupted; answers them. */
export async function interruptRuns(knex: Knex, owner: RunOwner, detail: string): Promise<RunRow[]> {
  const changed = await knex.raw(
    `UPDATE runs SET status = 'interrupted', status_detail = ?, ended_at = CURRENT_TIMESTAMP
     WHERE status = 'running' AND installation_id = ? AND instance_id <> ? RETURNING run_id`,
    [detail, owner.installationId, owner.instanceId],
  );
  const ids = (changed.rows as { run_id: string }[]).map((row) => row.run_id);
  if (ids.length === 0) return [];
  return (await select(knex, 'r.run_id = ANY(?::uuid[])', 'ORDER BY r.started_at DESC, r.run_id DESC', [ids])).map(
    toRow,
  );
}

async function select(knex: Knex, where: string, tail: string, bindings: Knex.RawBinding[]): Promise<RunRecord[]> {
  const answer = await knex.raw(
    `SELECT r.*, (SELECT json_agg(json_build_object('name', v.variant, 'strategy', v.strategy, 'result', v.result) ORDER BY v.position)
                  FROM run_variants v WHERE v.run_id = r.run_id) AS variants
     FROM runs r WHERE ${where} ${tail}`,
    bindings,
  );
  return answer.rows;
}

function toRow(record: RunRecord): RunRow {
  const variants = record.variants ?? [];
  return {
    id: record.run_id,
    scenario: record.scenario,
    scenarioTitle: record.scenario_title,
    seed: Number(record.seed),
    status: record.status,
    statusDetail: record.status_detail,
    pace: record.pace ?? 'max',
    startedAtMs: record.started_at.getTime(),
    endedAtMs: record.ended_at === null ? null : record.ended_at.getTime(),
    durationSeconds: record.duration_seconds,
    simulatedSeconds: record.simulated_seconds,
    stepSeconds: record.step_seconds,
    startsAtMs: record.starts_at.getTime(),
    timeZone: record.time_zone,
    variants: variants.map(({ name, strategy }) => ({ name, strategy })),
    result: resultOf(record, variants),
  };
}

function resultOf(record: RunRecord, variants: NonNullable<RunRecord['variants']>): RunResult | null {
  if (record.performance === null) return null;
  const results: Record<string, VariantResult> = {};
  for (const { name, result } of variants) if (result !== null) results[name] = result;
  return {
    scenario: record.scenario,
    seed: Number(record.seed),
    stepSeconds: record.step_seconds,
    durationSeconds: record.duration_seconds,
    variants: results,
    performance: record.performance,
  };
}
