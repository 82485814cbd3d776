import type { Request } from 'express';

/** What `?format=` says, else what the Accept header prefers. */
export function wantsCsv(request: Request, asked: 'json' | 'csv' | undefined): boolean {
  return asked === 'csv' || (asked === undefined && request.accepts(['application/json', 'text/csv']) === 'text/csv');
}

/** Rows as CSV (RFC 4180): a header line, CRLF, quotes where needed, numbers with a point. */
export function toCsv<T extends object>(columns: readonly (keyof T & string)[], rows: readonly T[]): string {
  const lines = [columns.join(','), ...rows.map((row) => columns.map((column) => field(row[column])).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}

function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A spreadsheet would run a text that begins like a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
