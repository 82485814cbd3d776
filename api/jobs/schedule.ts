/** When jobs are due: always in UTC, and told as cron does for pg-boss. */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 1970-01-04 was a Sunday. */
const FIRST_SUNDAY_MS = 3 * DAY_MS;

export type Schedule =
  | { readonly every: 'minute' }
  | { readonly every: 'hour'; readonly minute: number }
  | { readonly every: 'day'; readonly hour: number; readonly minute: number }
  /** Sundays. */
  | { readonly every: 'week'; readonly hour: number; readonly minute: number }
  /** The first of the month. */
  | { readonly every: 'month'; readonly hour: number; readonly minute: number };

/** Five fields, UTC. */
export function cronOf(schedule: Schedule): string {
  switch (schedule.every) {
    case 'minute':
      return '* * * * *';
    case 'hour':
      return `${schedule.minute} * * * *`;
    case 'day':
      return `${schedule.minute} ${schedule.hour} * * *`;
    case 'week':
      return `${schedule.minute} ${schedule.hour} * * 0`;
    case 'month':
      return `${schedule.minute} ${schedule.hour} 1 * *`;
  }
}

/** The last time at or before `atMs` at which it was due, milliseconds. */
export function latestSlot(schedule: Schedule, atMs: number): number {
  if (schedule.every === 'month') {
    const at = new Date(atMs);
    const slot = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1, schedule.hour, schedule.minute);
    return slot <= atMs ? slot : Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1, schedule.hour, schedule.minute);
  }
  const [period, offset] = periodOf(schedule);
  return Math.floor((atMs - offset) / period) * period + offset;
}

/** The first time after `atMs` at which it is due, milliseconds. */
export function nextSlot(schedule: Schedule, atMs: number): number {
  if (schedule.every === 'month') {
    const last = new Date(latestSlot(schedule, atMs));
    return Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1, 1, schedule.hour, schedule.minute);
  }
  return latestSlot(schedule, atMs) + periodOf(schedule)[0];
}

function periodOf(schedule: Exclude<Schedule, { every: 'month' }>): [periodMs: number, offsetMs: number] {
  switch (schedule.every) {
    case 'minute':
      return [MINUTE_MS, 0];
    case 'hour':
      return [HOUR_MS, schedule.minute * MINUTE_MS];
    case 'day':
      return [DAY_MS, schedule.hour * HOUR_MS + schedule.minute * MINUTE_MS];
    case 'week':
      return [7 * DAY_MS, FIRST_SUNDAY_MS + schedule.hour * HOUR_MS + schedule.minute * MINUTE_MS];
  }
}
