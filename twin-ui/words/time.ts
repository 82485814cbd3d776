/** Simulated and wall time in words. */

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string, withSeconds: boolean): Intl.DateTimeFormat {
  const key = `${timeZone} ${withSeconds}`;
  let found = formatters.get(key);
  if (!found) {
    const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
    if (withSeconds) options.second = '2-digit';
    found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone });
    formatters.set(key, found);
  }
  return found;
}

/** Clock time at the junction, `second` seconds after `startsAt` (ISO 8601): 08:24:37. */
export function clockAt(startsAt: string, timeZone: string, second: number, withSeconds = true): string {
  return formatter(timeZone, withSeconds).format(Date.parse(startsAt) + Math.floor(second) * 1000);
}

/** 45 s, 12 min 5 s, 1 h 2 min */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return total % 60 === 0 ? `${minutes} min` : `${minutes} min ${total % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How old: "0.4 s" up to ten seconds, then as `duration`. */
export function age(milliseconds: number): string {
  return milliseconds < 10_000 ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s` : duration(milliseconds / 1000);
}

/** Date and time of the viewer's own clock. */
export function wallTime(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(iso));
}
