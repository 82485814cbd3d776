/** Hours of minutes and days of hours (002, 003): from scratch each time, so that late rows count and nothing counts twice. */
import { aggregateDays, aggregateHours } from '../database/repositories/aggregates.ts';
import type { Job, JobContext } from './types.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Hours before the one that is due which are computed again: rows may be late by so much, and still show within the hour. */
const LATE_HOURS = 2;
/** Days (UTC) which the daily job computes again, the one that is due included; their minutes are still there. */
const DAYS_AGAIN = 2;
/** How far back a first run goes. */
const FIRST_RUN_MS = 2 * DAY_MS;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const startOfDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

/** Hour by hour, a transaction each, so that nothing waits long for one. */
export async function hoursBetween(context: JobContext, fromMs: number, toMs: number): Promise<number> {
  let rows = 0;
  for (let at = Math.floor(fromMs / HOUR_MS) * HOUR_MS; at < toMs; at += HOUR_MS)
    rows += await context.store.asJob((trx) => aggregateHours(trx, at, at + HOUR_MS, { keepFuller: true }));
  return rows;
}

/** Minutes after midnight, five past each hour: the hour before. */
export const hourlyAggregation: Job = {
  name: 'hourly-aggregation',
  description: 'hours of safety indices from their minutes, the last three and all that were missed',
  schedule: { every: 'hour', minute: 5 },
  vital: true,
  async run(context, { fromMs, toMs }) {
    const end = Math.floor(toMs / HOUR_MS) * HOUR_MS;
    const missed = Math.floor((fromMs ?? toMs - FIRST_RUN_MS) / HOUR_MS) * HOUR_MS;
    const begin = Math.min(missed, end - HOUR_MS) - LATE_HOURS * HOUR_MS;
    return { hours: (end - begin) / HOUR_MS, rows: await hoursBetween(context, begin, end) };
  },
};

export const dailyAggregation: Job = {
  name: 'daily-aggregation',
  description:
    'days of safety indices from their hours, after the hour 23; hours of two days anew, with what came late',
  schedule: { every: 'day', hour: 0, minute: 5 },
  after: ['hourly-aggregation'],
  vital: true,
  async run(context, { fromMs, toMs }) {
    const today = startOfDay(toMs);
    const missed = startOfDay(fromMs ?? toMs - FIRST_RUN_MS);
    const begin = Math.min(missed, today - DAYS_AGAIN * DAY_MS);
    const hours = await hoursBetween(context, begin, today);
    let days = 0;
    for (let day = begin; day < today; day += DAY_MS)
      days += await context.store.asJob((trx) => aggregateDays(trx, dayOf(day), dayOf(day)));
    return { from: dayOf(begin), to: dayOf(today - DAY_MS), hours, days };
  },
};
