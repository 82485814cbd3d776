import { type Logger, pino } from 'pino';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};

/** A line of the log as a person at a terminal reads it. */
export function readable(line: string): string {
  const { time, level, msg } = JSON.parse(line) as { time: number; level: number; msg?: string };
  return `${new Date(time).toISOString().slice(11, 19)} ${LEVELS[level] ?? level}: ${msg ?? ''}\n`;
}

/** The log on standard error: one JSON object a line, or plain words where a person reads along. */
export function openLog(level: string): Logger {
  const stream = process.stderr.isTTY
    ? {
        write: (line: string) => {
          process.stderr.write(readable(line));
        },
      }
    : process.stderr;
  return pino({ level, base: null }, stream);
}
