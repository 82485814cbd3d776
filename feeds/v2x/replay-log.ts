/**
 * A recorded log, one message a line: `TYPE,milliseconds,JSON`, where the JSON may hold the place-holders of
 * jpo-conflictmonitor's recordings (`"@ISO_DATE_TIME@"`, `"@MINUTE_OF_YEAR@"`, `"@MILLI_OF_MINUTE@"`, `"@TEMP_ID@"`), or an
 * ODE message a line.
 */
import { type ReadOptions, type ReadResult, readV2x } from './read.ts';

export interface ReplayOptions extends ReadOptions {
  /** Moment of the log's millisecond 0, ms since 1970 UTC. */
  readonly startsAtMs: number;
  /** What `@TEMP_ID@` becomes: eight hexadecimal digits; default 00000001. */
  readonly temporaryId?: string;
}

const LINE = /^([A-Za-z]{3,4}),(\d{1,15}),/;

/** Messages of one line, in its own time; blank lines hold none. */
export function readLogLine(line: string, options: ReplayOptions): ReadResult {
  const text = line.trim();
  if (text === '') return { read: 0, messages: [], rejections: [] };
  const head = LINE.exec(text);
  if (!head) return readV2x(text, options);
  const atMs = options.startsAtMs + Number(head[2]);
  if (!(atMs < 8.64e15)) return readV2x('', options);
  const date = new Date(atMs);
  const yearStartMs = Date.UTC(date.getUTCFullYear(), 0, 1);
  const filled = text
    .slice(head[0].length)
    .replaceAll('@ISO_DATE_TIME@', date.toISOString())
    .replaceAll('"@MINUTE_OF_YEAR@"', String(Math.floor((atMs - yearStartMs) / 60_000)))
    .replaceAll('"@MILLI_OF_MINUTE@"', String(((atMs % 60_000) + 60_000) % 60_000))
    .replaceAll('@TEMP_ID@', options.temporaryId ?? '00000001');
  return readV2x(filled, { ...options, receivedAtMs: atMs });
}
