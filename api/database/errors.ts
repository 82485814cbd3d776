import { TwinError } from '../../runs/twin-types.ts';

/** What went wrong with the store, with a code for programs, the HTTP status it deserves, and what to do in `hint`. */
export class StoreError extends TwinError {
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown; status?: number } = {}) {
    super(code, options.status ?? 503, message, options.hint === undefined ? {} : { hint: options.hint });
    this.name = 'StoreError';
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

const CONNECTION_STATES = new Set(['57P01', '57P02', '57P03', '57P05', '53300', '53200', '53100', '25006']);
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * Whether an error means that the database cannot be used now (gone, starting, full, overloaded) rather than that it
 * refuses these rows: the first is worth another try later, the second is not.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true;
  const code = (error as { code?: unknown }).code;
  if (isConflict(error)) return true;
  if (typeof code === 'string') {
    if (CONNECTION_CODES.has(code) || CONNECTION_STATES.has(code)) return true;
    // 08: connection exceptions, 58: system errors, XX: internal errors, 28 and 3D: let in no longer.
    if (/^(08|58|XX|28|3D)/.test(code) && code.length === 5) return true;
  }
  if (error.name === 'KnexTimeoutError') return true;
  return /Connection terminated|Connection ended|timeout expired|Query read timeout|Unable to acquire a connection|not queryable|Client was closed|socket hang up|not currently accepting connections/i.test(
    error.message,
  );
}

/** Whether a statement failed for itself alone, as PostGIS refuses shapes (XX000): it says nothing of the database. */
export function isStatementFailure(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'XX000';
}

/** Whether another transaction was in the way: the same again is likely to succeed. */
export function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '40001' || code === '40P01';
}

/** The first line of what an error says, for messages to people. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0)
    return reasonOf(error.errors[0]);
  const whole = error instanceof Error ? error.message : String(error);
  // knex puts the statement before what the database says of it.
  const message =
    typeof (error as { severity?: unknown })?.severity === 'string'
      ? whole.slice(whole.lastIndexOf(' - ') + 1).replace(/^- /, '')
      : whole;
  return message.split('\n')[0] ?? message;
}
