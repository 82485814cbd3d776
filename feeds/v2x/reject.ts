/** How a reader says why it does not use a message. */
import type { z } from 'zod';
import type { RejectionReason } from './messages.ts';

export class Rejected extends Error {
  readonly reason: RejectionReason;
  readonly path: string;
  constructor(reason: RejectionReason, path: string, detail: string) {
    super(detail);
    this.reason = reason;
    this.path = path;
  }
}

export type Json = Readonly<Record<string, unknown>>;
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** At most 200 characters of a text that a stranger sent. */
export const clip = (text: string): string => (text.length > 200 ? `${text.slice(0, 197)}...` : text);

/** Parses, or throws `Rejected` with the first thing that was wrong. */
export function parseOrReject<S extends z.ZodType>(
  schema: S,
  value: unknown,
  reason: RejectionReason,
  prefix = '',
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.map(String).join('.');
  throw new Rejected(reason, prefix && path ? `${prefix}.${path}` : prefix || path, issue.message);
}
