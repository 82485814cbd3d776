/** What strategies foresaw and what came of it (`model_predictions`), and how well that goes day by day (`model_performance`). */
import type { Knex } from 'knex';

export interface StoredPrediction {
  variant: string;
  junctionId: string;
  model: string;
  modelVersion: string;
  quantity: string;
  predictedAtMs: number;
  targetAtMs: number;
  predictedValue: number;
  /** null: not known, or not yet. */
  actualValue: number | null;
}

/** Of a run, in order of the time that was foreseen, then as the run lists its variants; at most `limit`. */
export async function listPredictions(knex: Knex, runId: string, limit: number): Promise<StoredPrediction[]> {
  const { rows } = await knex.raw(
    `SELECT p.variant, p.junction_id, p.model, p.model_version, p.quantity, p.predicted_at, p.target_time, p.predicted_value, p.actual_value
     FROM model_predictions p LEFT JOIN run_variants v ON v.run_id = p.run_id AND v.variant = p.variant
     WHERE p.run_id = ? ORDER BY p.target_time, v.position, p.variant, p.junction_id, p.model, p.quantity, p.predicted_at LIMIT ?`,
    [runId, limit],
  );
  return (rows as Record<string, unknown>[]).map((row) => ({
    variant: row.variant as string,
    junctionId: row.junction_id as string,
    model: row.model as string,
    modelVersion: row.model_version as string,
    quantity: row.quantity as string,
    predictedAtMs: (row.predicted_at as Date).getTime(),
    targetAtMs: (row.target_time as Date).getTime(),
    predictedValue: row.predicted_value as number,
    actualValue: row.actual_value as number | null,
  }));
}

/**
 * `model_performance` from scratch: a day (UTC, of the time in which it was foreseen, simulated or not) of a model at a junction.
 * An error is what came less what was foreseen. Answers how many rows there are.
 */
export async function computeModelPerformance(trx: Knex): Promise<number> {
  await trx.raw('DELETE FROM model_performance');
  const { rowCount } = await trx.raw(
    `INSERT INTO model_performance (model, model_version, junction_id, quantity, period_start, period_end, sample_count,
       mean_error, mean_absolute_error, root_mean_squared_error)
     SELECT model, model_version, junction_id, quantity, day AT TIME ZONE 'UTC', (day + INTERVAL '1 day') AT TIME ZONE 'UTC', count(*),
            avg(error), avg(abs(error)), sqrt(avg(error * error))
     FROM (SELECT *, date_trunc('day', predicted_at AT TIME ZONE 'UTC') AS day, actual_value - predicted_value AS error
           FROM model_predictions WHERE actual_value IS NOT NULL) judged
     GROUP BY 1, 2, 3, 4, day`,
  );
  return rowCount as number;
}

export interface ModelPerformance {
  model: string;
  modelVersion: string;
  junctionId: string;
  quantity: string;
  /** `2025-11-20`. */
  day: string;
  samples: number;
  meanError: number;
  meanAbsoluteError: number;
  rootMeanSquaredError: number;
}

/** Newest days first; of one junction where it is given. */
export async function listModelPerformance(
  knex: Knex,
  { junctionId, limit }: { junctionId?: string | undefined; limit: number },
): Promise<ModelPerformance[]> {
  const { rows } = await knex.raw(
    `SELECT *, to_char(period_start AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day FROM model_performance
     ${junctionId === undefined ? '' : 'WHERE junction_id = :junctionId'}
     ORDER BY period_start DESC, model, model_version, junction_id, quantity LIMIT :limit`,
    { limit, ...(junctionId === undefined ? {} : { junctionId }) },
  );
  return (rows as Record<string, unknown>[]).map((row) => ({
    model: row.model as string,
    modelVersion: row.model_version as string,
    junctionId: row.junction_id as string,
    quantity: row.quantity as string,
    day: row.day as string,
    samples: row.sample_count as number,
    meanError: row.mean_error as number,
    meanAbsoluteError: row.mean_absolute_error as number,
    rootMeanSquaredError: row.root_mean_squared_error as number,
  }));
}
