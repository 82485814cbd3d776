/** V2X messages as they came, for the archive. */
import type { RawRecord } from '../records.ts';

interface AnyMessage {
  readonly payload?: { readonly data?: { readonly value?: Readonly<Record<string, AnyValue>> } };
  readonly bsmJson?: AnyValue;
  readonly psmJson?: AnyValue;
  readonly intersections?: AnyValue['intersections'];
}
interface AnyValue {
  readonly id?: unknown;
  readonly coreData?: { readonly id?: unknown };
  readonly intersections?: readonly { readonly id?: { readonly id?: unknown } }[];
}

/**
 * Sender's temporary id, or the intersection's number, as the message has it; `unknown` where it is not in its place. The
 * message has not been checked yet, and is not here: that is the analysis' work.
 */
export function senderOf(message: unknown): string {
  const { payload, bsmJson, psmJson, intersections } = (message ?? {}) as AnyMessage;
  const [value = bsmJson ?? psmJson ?? { intersections }] = Object.values(payload?.data?.value ?? {});
  const sender = value?.coreData?.id ?? value?.id ?? value?.intersections?.[0]?.id?.id;
  return typeof sender === 'string' || typeof sender === 'number' ? String(sender).slice(0, 64) : 'unknown';
}

/** The messages of a frame, or a single one, as text; what is no JSON is one message as it came. */
export function rawRecordsOf(
  text: string,
  of: { readonly receivedAtMs: number; readonly junctionId: string; readonly via: string | null },
): RawRecord[] {
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // archived as it came; the analysis says what is wrong with it
  }
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  return messages.map((message) => ({ ...of, sender: senderOf(message), message }));
}
