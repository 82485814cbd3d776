/** What both ends do to a payload: encode and check before sending, decode and check on receipt. */
import type { z } from 'zod';
import type { Address } from './link.ts';
import { MESSAGE_SCHEMAS, type Message, type MessageKind } from './messages.ts';
import { PAYLOAD_BYTES_MAX, topicOf } from './topics.ts';

/** A message that must not be sent: says the topic, the field, what is allowed. */
export class MessageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MessageError';
  }
}

/** The first three problems of a failed check, as `field: what is wrong`. */
function explain(error: z.ZodError): string {
  const problems = error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join('.') || 'message'}: ${issue.message}`);
  const more = error.issues.length - problems.length;
  return problems.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** A message as UTF-8 JSON. Throws MessageError where its kind's schema or the size limit refuses it. */
export function encode<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): Buffer {
  const checked = MESSAGE_SCHEMAS[address.kind].safeParse(message);
  if (!checked.success) throw new MessageError(`Not sent to ${topicOf(address)}: ${explain(checked.error)}.`);
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.length > PAYLOAD_BYTES_MAX) {
    throw new MessageError(`Not sent to ${topicOf(address)}: ${payload.length} bytes; at most ${PAYLOAD_BYTES_MAX}.`);
  }
  return payload;
}

export type Decoded<K extends MessageKind> = { readonly message: Message<K> } | { readonly problem: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A payload as a message of this kind, or what is wrong with it. Never throws. */
export function decode<K extends MessageKind>(kind: K, payload: Uint8Array): Decoded<K> {
  if (payload.length > PAYLOAD_BYTES_MAX) return { problem: `${payload.length} bytes; at most ${PAYLOAD_BYTES_MAX}` };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch (error) {
    return { problem: error instanceof SyntaxError ? `not JSON: ${error.message}` : 'not UTF-8' };
  }
  const checked = MESSAGE_SCHEMAS[kind].safeParse(value);
  return checked.success ? { message: checked.data as Message<K> } : { problem: explain(checked.error) };
}
