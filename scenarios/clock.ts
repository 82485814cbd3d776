/** Local date and time of a junction to the moment it names. */

/** Milliseconds that the zone is ahead of UTC at a moment. */
function aheadMs(zone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((each) => each.type === type)!.value);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(atMs / 1000) * 1000;
}

/** Whether the name is an IANA time zone (or UTC) that this machine knows. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Milliseconds since 1970 of `2018-04-16T07:00:00`: local time of the zone, or with Z or an offset exactly that moment.
 * In words what is wrong where it names no moment: not a date, skipped by a change of clocks, or there twice.
 */
export function momentOf(text: string, zone: string): number | string {
  const match = DATE_TIME.exec(text);
  if (match === null) return 'it must be a date and time such as 2024-01-15T08:00:00';
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const utc = Date.UTC(year!, month! - 1, day, hour, minute, second);
  if (new Date(utc).toISOString().slice(0, 16) !== text.slice(0, 16) || second! > 59)
    return 'there is no such date or time';
  if (match[7] !== undefined) {
    const offset =
      match[7] === 'Z'
        ? 0
        : Number(`${match[7][0]}1`) * (Number(match[7].slice(1, 3)) * 60 + Number(match[7].slice(4)));
    return utc - offset * 60_000;
  }
  const day24 = 86_400_000;
  const offsets = [...new Set([aheadMs(zone, utc - day24), aheadMs(zone, utc + day24)])];
  const moments = offsets.map((ahead) => utc - ahead).filter((moment) => aheadMs(zone, moment) === utc - moment);
  if (moments.length === 0) return `the clocks of ${zone} skip this time`;
  if (moments.length > 1) return `the clocks of ${zone} show this time twice; add the offset, as in +02:00`;
  return moments[0]!;
}
