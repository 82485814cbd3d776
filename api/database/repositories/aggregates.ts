/**
 * Hours of minutes and days of hours, as 002's jobs have it, from scratch for whole hours and days: run again they give the
 * same. Sums are taken in order of time, so that they come out alike to the last bit whatever order rows came in.
 */
import type { Knex } from 'knex';

const HIGH_RISK = 75;

/**
 * Hours (UTC) that begin in [from, to): over scored minutes only; quality is their share of sixty. Hours without any minute
 * are left as they are. With `keepFuller` so are hours that were made of more minutes than there are now: their minutes were
 * dropped since, and a late one must not stand for all of them. Answers how many were written.
 */
export async function aggregateHours(
  trx: Knex,
  fromMs: number,
  toMs: number,
  options: { keepFuller?: boolean } = {},
): Promise<number> {
  const answer = await trx.raw(
    `INSERT INTO safety_indices_hourly (intersection_id, junction_id, hour_timestamp, avg_si, min_si, max_si, std_si, total_volume,
       avg_volume, high_risk_minutes, data_quality_score, sample_count, sum_si, sum_squares_si, minute_count)
     SELECT intersection_id, junction_id, hour, sum_si / NULLIF(n, 0), min_si, max_si, std_si, total_volume, avg_volume, high_risk,
            LEAST(n / 60.0, 1), n, COALESCE(sum_si, 0), COALESCE(sum_squares, 0), minutes
     FROM (
       SELECT intersection_id, junction_id, date_trunc('hour', timestamp, 'UTC') AS hour,
              count(si)::integer AS n, count(*)::integer AS minutes, sum(si ORDER BY timestamp) AS sum_si, sum(si * si ORDER BY timestamp) AS sum_squares,
              min(si) AS min_si, max(si) AS max_si, stddev_samp(si ORDER BY timestamp) AS std_si,
              sum(traffic_volume) AS total_volume, avg(traffic_volume)::double precision AS avg_volume,
              (count(*) FILTER (WHERE si > ${HIGH_RISK}))::integer AS high_risk
       FROM (SELECT *, CASE WHEN score_status = 'scored' THEN COALESCE(combined_index_eb, combined_index) END AS si
             FROM safety_indices_realtime WHERE timestamp >= ? AND timestamp < ?) minutes
       GROUP BY 1, 2, 3) hours
     ON CONFLICT (intersection_id, hour_timestamp) DO UPDATE SET avg_si = EXCLUDED.avg_si, min_si = EXCLUDED.min_si,
       max_si = EXCLUDED.max_si, std_si = EXCLUDED.std_si, total_volume = EXCLUDED.total_volume, avg_volume = EXCLUDED.avg_volume,
       high_risk_minutes = EXCLUDED.high_risk_minutes, data_quality_score = EXCLUDED.data_quality_score,
       sample_count = EXCLUDED.sample_count, sum_si = EXCLUDED.sum_si, sum_squares_si = EXCLUDED.sum_squares_si,
       minute_count = EXCLUDED.minute_count${options.keepFuller === true ? ' WHERE safety_indices_hourly.minute_count <= EXCLUDED.minute_count' : ''}`,
    [new Date(fromMs).toISOString(), new Date(toMs).toISOString()],
  );
  return answer.rowCount as number;
}

/**
 * Days (UTC, `2025-11-20`), both included, from their hours: means are over scored minutes, not means of means; the peak is
 * the hour with the greatest mean, the first of several, in the junction's time zone. Answers how many were written.
 */
export async function aggregateDays(trx: Knex, from: string, to: string): Promise<number> {
  const answer = await trx.raw(
    `INSERT INTO safety_indices_daily (intersection_id, junction_id, date, avg_si, min_si, max_si, std_si, total_volume, avg_volume,
       high_risk_hours, peak_hour, peak_si, sample_count)
     SELECT d.intersection_id, d.junction_id, d.date, d.sum_si / NULLIF(d.n, 0), d.min_si, d.max_si,
            CASE WHEN d.n > 1 THEN sqrt(d.squared_deviations / (d.n - 1)) END,
            d.total_volume, COALESCE(d.total_volume / NULLIF(d.minutes, 0)::double precision, 0), d.high_risk,
            EXTRACT(hour FROM d.peak_at AT TIME ZONE j.time_zone)::integer, d.peak_si, d.n
     FROM (
       SELECT intersection_id, junction_id, (hour_timestamp AT TIME ZONE 'UTC')::date AS date, sum(sample_count)::integer AS n,
              sum(sum_si ORDER BY hour_timestamp) AS sum_si, sum(minute_count) AS minutes,
              -- Within hours and between them: the difference of two large sums would lose digits.
              sum(COALESCE((sample_count - 1) * std_si * std_si, 0) + COALESCE(sample_count * (avg_si - day_mean) * (avg_si - day_mean), 0)
                  ORDER BY hour_timestamp) AS squared_deviations,
              min(min_si) AS min_si, max(max_si) AS max_si, sum(total_volume)::bigint AS total_volume,
              (count(*) FILTER (WHERE avg_si > ${HIGH_RISK}))::integer AS high_risk,
              (array_agg(hour_timestamp ORDER BY avg_si DESC NULLS LAST, hour_timestamp) FILTER (WHERE avg_si IS NOT NULL))[1] AS peak_at,
              max(avg_si) AS peak_si
       FROM (SELECT *, sum(sum_si) OVER day / NULLIF(sum(sample_count) OVER day, 0) AS day_mean
             FROM safety_indices_hourly
             WHERE hour_timestamp >= ?::date::timestamp AT TIME ZONE 'UTC' AND hour_timestamp < (?::date + 1)::timestamp AT TIME ZONE 'UTC'
             WINDOW day AS (PARTITION BY intersection_id, (hour_timestamp AT TIME ZONE 'UTC')::date ORDER BY hour_timestamp
                            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) hours
       GROUP BY 1, 2, 3) d
     JOIN junctions j ON j.junction_id = d.junction_id
     ON CONFLICT (intersection_id, date) DO UPDATE SET avg_si = EXCLUDED.avg_si, min_si = EXCLUDED.min_si, max_si = EXCLUDED.max_si,
       std_si = EXCLUDED.std_si, total_volume = EXCLUDED.total_volume, avg_volume = EXCLUDED.avg_volume,
       high_risk_hours = EXCLUDED.high_risk_hours, peak_hour = EXCLUDED.peak_hour, peak_si = EXCLUDED.peak_si,
       sample_count = EXCLUDED.sample_count`,
    [from, to],
  );
  return answer.rowCount as number;
}
