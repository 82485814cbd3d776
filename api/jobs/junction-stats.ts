/** Days of the RFID system's junctions: junction_daily_stats and mv_junction_stats (000), and how well strategies foresee. */
import type { Knex } from 'knex';
import { computeModelPerformance } from '../database/repositories/predictions.ts';
import { DAY_MS, dayOf, startOfDay } from './aggregation.ts';
import type { Job } from './types.ts';

/** Days computed again, the one that is due included: cycles may be late. */
const DAYS_AGAIN = 2;
const FIRST_RUN_DAYS = 31;

/**
 * A day (UTC, `2025-11-20`) of every junction on the street that has something to tell of it, from scratch. Cycles of runs are
 * simulated and do not count. The peak hour is the one with the most vehicles, the first of several, by the clock of the
 * junction. Answers how many rows were written.
 */
export async function computeDailyStats(trx: Knex, day: string): Promise<number> {
  const answer = await trx.raw(
    `WITH day AS (SELECT ?::date AS date, ?::date::timestamp AT TIME ZONE 'UTC' AS begins, (?::date + 1)::timestamp AT TIME ZONE 'UTC' AS ends),
     cycles AS MATERIALIZED (
       SELECT c.junction_id, c.cycle_id, c.cycle_start_time, c.total_cycle_time FROM traffic_cycles c, day
       WHERE c.run_id IS NULL AND c.cycle_start_time >= day.begins AND c.cycle_start_time < day.ends),
     approaches AS MATERIALIZED (
       SELECT c.junction_id, c.cycle_start_time, d.vehicle_count, d.epc_ids FROM cycles c
       JOIN lane_cycle_data d ON d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time),
     totals AS (SELECT junction_id, count(*)::integer AS cycles, avg(total_cycle_time ORDER BY cycle_start_time) AS mean_cycle FROM cycles GROUP BY 1),
     vehicles AS (SELECT junction_id, sum(vehicle_count)::bigint AS vehicles FROM approaches GROUP BY 1),
     distinct_tags AS (SELECT junction_id, count(DISTINCT epc) AS tags FROM approaches CROSS JOIN LATERAL unnest(epc_ids) epc GROUP BY 1),
     peaks AS (
       SELECT DISTINCT ON (junction_id) junction_id, hour, vehicles FROM (
         SELECT a.junction_id, EXTRACT(hour FROM a.cycle_start_time AT TIME ZONE j.time_zone)::integer AS hour, sum(a.vehicle_count)::bigint AS vehicles,
                min(a.cycle_start_time) AS first_at
         FROM approaches a JOIN junctions j ON j.junction_id = a.junction_id GROUP BY 1, 2) hours
       WHERE vehicles > 0 ORDER BY junction_id, vehicles DESC, first_at),
     overrides AS (
       SELECT o.junction_id, (count(*) FILTER (WHERE o.override_start >= day.begins))::integer AS number,
              sum(EXTRACT(epoch FROM LEAST(COALESCE(o.override_end, LEAST(o.expires_at, now())), day.ends) - GREATEST(o.override_start, day.begins)) / 60)::double precision AS minutes
       FROM manual_override_history o, day
       WHERE o.override_start < day.ends AND COALESCE(o.override_end, LEAST(o.expires_at, now())) > day.begins GROUP BY 1),
     emergencies AS (
       SELECT e.junction_id, count(*)::integer AS number FROM emergency_events e, day
       WHERE e.simulation_id IS NULL AND e.junction_id IS NOT NULL AND e.detected_at >= day.begins AND e.detected_at < day.ends GROUP BY 1),
     errors AS (
       SELECT l.junction_id, count(*)::integer AS number FROM system_logs l, day
       WHERE l.junction_id IS NOT NULL AND l.log_level IN ('ERROR', 'CRITICAL') AND l.logged_at >= day.begins AND l.logged_at < day.ends GROUP BY 1)
     INSERT INTO junction_daily_stats (junction_id, stat_date, total_cycles, total_vehicles, unique_vehicles, avg_cycle_time,
       avg_vehicles_per_cycle, peak_hour, peak_hour_vehicles, manual_override_count, manual_override_minutes, emergency_count, error_count, computed_at)
     SELECT j.junction_id, day.date, COALESCE(t.cycles, 0), COALESCE(v.vehicles, 0), u.tags, t.mean_cycle,
            v.vehicles / NULLIF(t.cycles, 0)::double precision, p.hour, p.vehicles, COALESCE(o.number, 0), COALESCE(o.minutes, 0),
            COALESCE(e.number, 0), COALESCE(r.number, 0), now()
     FROM junctions j CROSS JOIN day
     LEFT JOIN totals t USING (junction_id) LEFT JOIN vehicles v USING (junction_id) LEFT JOIN distinct_tags u USING (junction_id)
     LEFT JOIN peaks p USING (junction_id) LEFT JOIN overrides o USING (junction_id) LEFT JOIN emergencies e USING (junction_id)
     LEFT JOIN errors r USING (junction_id)
     WHERE t.cycles IS NOT NULL OR o.minutes IS NOT NULL OR e.number IS NOT NULL OR r.number IS NOT NULL
     ON CONFLICT (junction_id, stat_date) DO UPDATE SET total_cycles = EXCLUDED.total_cycles, total_vehicles = EXCLUDED.total_vehicles,
       unique_vehicles = EXCLUDED.unique_vehicles, avg_cycle_time = EXCLUDED.avg_cycle_time,
       avg_vehicles_per_cycle = EXCLUDED.avg_vehicles_per_cycle, peak_hour = EXCLUDED.peak_hour,
       peak_hour_vehicles = EXCLUDED.peak_hour_vehicles, manual_override_count = EXCLUDED.manual_override_count,
       manual_override_minutes = EXCLUDED.manual_override_minutes, emergency_count = EXCLUDED.emergency_count,
       error_count = EXCLUDED.error_count, computed_at = EXCLUDED.computed_at`,
    [day, day, day],
  );
  return answer.rowCount as number;
}

export const junctionStats: Job = {
  name: 'junction-stats',
  description: 'junction_daily_stats of the day before and all that were missed; mv_junction_stats refreshed',
  schedule: { every: 'day', hour: 0, minute: 10 },
  async run({ store }, { fromMs, toMs }) {
    const today = startOfDay(toMs);
    const begin = Math.min(startOfDay(fromMs ?? today - FIRST_RUN_DAYS * DAY_MS), today - DAYS_AGAIN * DAY_MS);
    let rows = 0;
    for (let day = begin; day < today; day += DAY_MS)
      rows += await store.asJob((trx) => computeDailyStats(trx, dayOf(day)));
    await store.asJob((trx) => trx.raw('SELECT refresh_junction_stats()'));
    return { from: dayOf(begin), to: dayOf(today - DAY_MS), rows };
  },
};

export const modelPerformance: Job = {
  name: 'model-performance',
  description: 'model_performance: how predictions came out, by junction and day',
  schedule: { every: 'day', hour: 0, minute: 15 },
  async run({ store }) {
    return { rows: await store.asJob(computeModelPerformance) };
  },
};

export const currentStatus: Job = {
  name: 'current-status',
  description: 'mv_current_safety_status refreshed',
  schedule: { every: 'minute' },
  async run({ store }) {
    await store.asJob((trx) => trx.raw('SELECT refresh_current_safety_status()'));
    return {};
  },
};
