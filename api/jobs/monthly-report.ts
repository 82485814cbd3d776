/** The monthly report of 000: its key metrics, junction by junction and all together, in monthly_reports. */
import type { Knex } from 'knex';
import type { Job } from './types.ts';

/** The first day of months, `2025-11-01`, from the one in which `fromMs` lies up to that before `toMs`. */
export function monthsOver(fromMs: number | null, toMs: number): string[] {
  const end = new Date(toMs);
  const last = Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - 1, 1);
  const begin = fromMs === null ? new Date(last) : new Date(fromMs);
  const months: string[] = [];
  for (let n = 0; ; n++) {
    const month = Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + n, 1);
    if (month > last) return months;
    months.push(new Date(month).toISOString().slice(0, 10));
  }
}

/** Writes the report of a month (its first day), from scratch. What is not known is null. Answers how many junctions it has. */
export async function reportMonth(trx: Knex, month: string): Promise<number> {
  const bindings = { month };
  const junctions = await trx.raw(
    `WITH span AS (SELECT :month::date AS begins, (:month::date + INTERVAL '1 month')::date AS ends),
     days AS (
       SELECT s.junction_id, count(*) FILTER (WHERE s.total_cycles > 0) AS days, sum(s.total_cycles) AS cycles, sum(s.total_vehicles) AS vehicles,
              sum(s.avg_cycle_time * s.total_cycles) / NULLIF(sum(s.total_cycles) FILTER (WHERE s.avg_cycle_time IS NOT NULL), 0) AS mean_cycle,
              max(s.total_vehicles) AS busiest_day_vehicles, sum(s.manual_override_count) AS overrides, sum(s.manual_override_minutes) AS override_minutes,
              sum(s.emergency_count) AS emergencies, sum(s.error_count) AS errors, avg(s.device_uptime_percent) AS uptime,
              mode() WITHIN GROUP (ORDER BY s.peak_hour) AS peak_hour
       FROM junction_daily_stats s, span WHERE s.stat_date >= span.begins AND s.stat_date < span.ends GROUP BY 1),
     approaches AS (
       SELECT junction_id, jsonb_object_agg(lane_name, jsonb_build_object('vehicles', vehicles, 'green_seconds', green)) AS approaches, sum(green) AS green, sum(seconds) / count(*) AS seconds
       FROM (SELECT c.junction_id, l.lane_name, sum(d.vehicle_count) AS vehicles, sum(d.green_time) AS green, sum(c.total_cycle_time) AS seconds
             FROM span, traffic_cycles c
             JOIN lane_cycle_data d ON d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time
             JOIN lanes l ON l.lane_id = d.lane_id
             WHERE c.run_id IS NULL AND c.cycle_start_time >= span.begins::timestamp AT TIME ZONE 'UTC' AND c.cycle_start_time < span.ends::timestamp AT TIME ZONE 'UTC'
             GROUP BY 1, 2) lane_sums GROUP BY 1),
     safety AS (
       SELECT s.junction_id, sum(s.avg_si * s.sample_count) / NULLIF(sum(s.sample_count), 0) AS mean, max(s.max_si) AS greatest,
              sum(s.high_risk_hours) AS high_risk_hours, sum(s.total_volume) AS volume, count(*) AS days
       FROM safety_indices_daily s, span WHERE s.date >= span.begins AND s.date < span.ends GROUP BY 1)
     INSERT INTO monthly_reports (month, junction_id, figures, computed_at)
     SELECT :month::date, j.junction_id, jsonb_build_object(
         'junction', j.junction_name, 'days_with_cycles', COALESCE(d.days, 0), 'cycles', COALESCE(d.cycles, 0), 'vehicles', COALESCE(d.vehicles, 0),
         'vehicles_per_cycle', d.vehicles / NULLIF(d.cycles, 0)::double precision, 'mean_cycle_seconds', d.mean_cycle,
         'green_share', a.green / NULLIF(a.seconds, 0), 'approaches', a.approaches, 'usual_peak_hour', d.peak_hour,
         'busiest_day_vehicles', d.busiest_day_vehicles, 'manual_overrides', COALESCE(d.overrides, 0),
         'manual_override_minutes', COALESCE(d.override_minutes, 0), 'emergencies', COALESCE(d.emergencies, 0), 'errors', COALESCE(d.errors, 0),
         'device_uptime_percent', d.uptime, 'safety_days', COALESCE(s.days, 0), 'mean_safety_index', s.mean, 'greatest_safety_index', s.greatest,
         'high_risk_hours', COALESCE(s.high_risk_hours, 0), 'safety_volume', s.volume), now()
     FROM junctions j LEFT JOIN days d USING (junction_id) LEFT JOIN approaches a USING (junction_id) LEFT JOIN safety s USING (junction_id)
     WHERE d.junction_id IS NOT NULL OR a.junction_id IS NOT NULL OR s.junction_id IS NOT NULL
     ON CONFLICT (month, junction_id) DO UPDATE SET figures = EXCLUDED.figures, computed_at = EXCLUDED.computed_at`,
    bindings,
  );
  await trx.raw(
    `INSERT INTO monthly_reports (month, junction_id, figures, computed_at)
     SELECT :month::date, NULL, jsonb_build_object(
       'junctions', count(*), 'cycles', sum((figures->>'cycles')::bigint), 'vehicles', sum((figures->>'vehicles')::bigint),
       'manual_overrides', sum((figures->>'manual_overrides')::bigint), 'manual_override_minutes', sum((figures->>'manual_override_minutes')::double precision),
       'emergencies', sum((figures->>'emergencies')::bigint), 'errors', sum((figures->>'errors')::bigint),
       'high_risk_hours', sum((figures->>'high_risk_hours')::bigint), 'greatest_safety_index', max((figures->>'greatest_safety_index')::double precision),
       'log_errors', (SELECT count(*) FROM system_logs WHERE log_level IN ('ERROR', 'CRITICAL')
          AND logged_at >= :month::date::timestamp AT TIME ZONE 'UTC' AND logged_at < (:month::date + INTERVAL '1 month') AT TIME ZONE 'UTC'),
       'database_bytes', pg_database_size(current_database())), now()
     FROM monthly_reports WHERE month = :month::date AND junction_id IS NOT NULL
     ON CONFLICT (month, junction_id) DO UPDATE SET figures = EXCLUDED.figures, computed_at = EXCLUDED.computed_at`,
    bindings,
  );
  return junctions.rowCount as number;
}

export interface MonthlyReport {
  month: string;
  junctionId: string | null;
  figures: Record<string, unknown>;
}

/** All together first, then by junction. */
export async function listReport(trx: Knex, month: string): Promise<MonthlyReport[]> {
  const { rows } = await trx.raw(
    `SELECT junction_id, figures FROM monthly_reports WHERE month = ?::date ORDER BY junction_id IS NOT NULL, figures->>'junction'`,
    [month],
  );
  return (rows as { junction_id: string | null; figures: Record<string, unknown> }[]).map((row) => ({
    month,
    junctionId: row.junction_id,
    figures: row.figures,
  }));
}

export const monthlyReport: Job = {
  name: 'monthly-report',
  description: 'the report of the month before, and of all that were missed',
  schedule: { every: 'month', hour: 3, minute: 30 },
  after: ['daily-aggregation', 'junction-stats'],
  async run({ store }, { fromMs, toMs }) {
    const months = monthsOver(fromMs, toMs);
    let junctions = 0;
    for (const month of months) junctions += await store.asJob((trx) => reportMonth(trx, month));
    return { months: months.join(' '), junctions };
  },
};
