/** Local time of a junction, for its plans by day and time of day. */

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const known = new Map<string, (ms: number) => number>();

/** Minutes since Monday 00:00 in an IANA zone, of a time in ms since 1970. Throws RangeError for an unknown zone. */
export function minuteOfWeekIn(timeZone: string): (ms: number) => number {
  let found = known.get(timeZone);
  if (found === undefined) {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    found = (ms) => {
      const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
      return DAYS.indexOf(parts.weekday!) * 1440 + Number(parts.hour) * 60 + Number(parts.minute);
    };
    known.set(timeZone, found);
  }
  return found;
}
