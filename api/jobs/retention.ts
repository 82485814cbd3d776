/** What grows old goes (002, 003, 000): minutes after 48 hours, hours after 90 days, messages after 30, decisions of streets after 14; logs move to the archive. */
import { aggregateDays, aggregateHours } from '../database/repositories/aggregates.ts';
import { forgetRuns } from '../database/repositories/job-runs.ts';
import { DAY_MS, dayOf, HOUR_MS, startOfDay } from './aggregation.ts';
import { archiveLogs } from './log-archive.ts';
import type { Job, JobContext } from './types.ts';

export const MINUTES_KEPT_HOURS = 48;
export const HOURS_KEPT_DAYS = 90;
export const LOGS_KEPT_DAYS = 90;
export const MESSAGES_KEPT_DAYS = 30;
export const DECISIONS_KEPT_DAYS = 14;
const RUNS_KEPT_DAYS = 400;
const FREQUENT_RUNS_KEPT_DAYS = 2;
/** Dropping a partition waits so long for readers of the table, and makes others wait no longer. */
const LOCK_TIMEOUT = '15s';

/**
 * Hours before `beforeMs` with more minutes than their hour was made of: rows that came late are aggregated before they go.
 * Answers how many hours were computed.
 */
async function aggregateLate({ store }: JobContext, beforeMs: number): Promise<number> {
  const late = await store.asJob(
    async (trx) =>
      (
        await trx.raw(
          `SELECT DISTINCT m.hour FROM (
             SELECT intersection_id, date_trunc('hour', timestamp, 'UTC') AS hour, count(*) AS minutes
             FROM safety_indices_realtime WHERE timestamp < ? GROUP BY 1, 2) m
           LEFT JOIN safety_indices_hourly h ON h.intersection_id = m.intersection_id AND h.hour_timestamp = m.hour
           WHERE h.minute_count IS NULL OR h.minute_count < m.minutes ORDER BY 1`,
          [new Date(beforeMs).toISOString()],
        )
      ).rows as { hour: Date }[],
  );
  const days = new Set<string>();
  for (const { hour } of late) {
    const at = hour.getTime();
    await store.asJob((trx) => aggregateHours(trx, at, at + HOUR_MS, { keepFuller: true }));
    days.add(dayOf(at));
  }
  for (const day of days) await store.asJob((trx) => aggregateDays(trx, day, day));
  return late.length;
}

export const retention: Job = {
  name: 'retention',
  description: `minutes older than ${MINUTES_KEPT_HOURS} hours, hours older than ${HOURS_KEPT_DAYS} days and messages older than ${MESSAGES_KEPT_DAYS} days and decisions of streets older than ${DECISIONS_KEPT_DAYS} days go; logs older than ${LOGS_KEPT_DAYS} days to the archive`,
  schedule: { every: 'day', hour: 2, minute: 0 },
  // Nothing goes before it is in its hour and its day.
  after: ['hourly-aggregation', 'daily-aggregation'],
  vital: true,
  async run(context, { toMs }) {
    const { store, archive } = context;
    const minutesBefore = Math.floor((toMs - MINUTES_KEPT_HOURS * HOUR_MS) / HOUR_MS) * HOUR_MS;
    const hoursBefore = startOfDay(toMs - HOURS_KEPT_DAYS * DAY_MS);
    const lateHours = await aggregateLate(context, minutesBefore);
    const drop = (table: string, beforeMs: number) =>
      store.asJob(async (trx) => {
        await trx.raw(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        const [row] = (
          await trx.raw('SELECT drop_old_partitions(?::regclass, ?) AS dropped', [
            table,
            new Date(beforeMs).toISOString(),
          ])
        ).rows as { dropped: string[] }[];
        return row?.dropped.length ?? 0;
      });
    const minutePartitions = await drop('safety_indices_realtime', minutesBefore);
    const hourPartitions = await drop('safety_indices_hourly', hoursBefore);
    const remove = (by: string, days: number): Promise<number> =>
      store.asJob(async (trx) => {
        const { rows } = await trx.raw(`SELECT ${by}(?) AS n`, [new Date(toMs - days * DAY_MS).toISOString()]);
        return Number(rows[0].n);
      });
    const messages = await remove('delete_old_messages', MESSAGES_KEPT_DAYS);
    const decisions = await remove('delete_old_street_decisions', DECISIONS_KEPT_DAYS);
    const logs =
      archive === null ? null : await archiveLogs(store, archive.storage, startOfDay(toMs - LOGS_KEPT_DAYS * DAY_MS));
    await store.asJob(async (trx) => {
      await forgetRuns(trx, toMs - FREQUENT_RUNS_KEPT_DAYS * DAY_MS, ['current-status']);
      await forgetRuns(trx, toMs - RUNS_KEPT_DAYS * DAY_MS, null);
    });
    return {
      minutePartitions,
      hourPartitions,
      lateHours,
      messages,
      decisions,
      ...(logs === null ? { logs: 'not archived: there is no archive' } : { logs }),
    };
  },
};
