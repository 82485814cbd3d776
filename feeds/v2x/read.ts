/**
 * Whatever arrives -> messages in SI units, or a named reason why not. Reads ODE schema 9, ODE v4 (schemas 4 to 8) and
 * the connected-corridor polling shape, singly or in frames (arrays). Never throws, whatever the input.
 */
import { decode, encode } from './convert.ts';
import { readCorridor } from './corridor.ts';
import type { Rejection, RejectionReason, V2xMessage } from './messages.ts';
import { readOdeV4 } from './ode-v4.ts';
import { isPlainBsm, isPlainPsm } from './quick-check.ts';
import { type Metadata, metadataSchema, RAW_MESSAGES, SCHEMA_VERSION, V2X_KINDS, type V2xKind } from './raw.ts';
import { clip, isObject, type Json, parseOrReject, Rejected } from './reject.ts';

export interface ReadResult {
  /** Messages found, used or not. `messages.length + rejections.length`. */
  readonly read: number;
  readonly messages: readonly V2xMessage[];
  readonly rejections: readonly Rejection[];
}

export interface ReadOptions {
  /** Most characters of a frame; default 16 Mi. */
  readonly maxCharacters?: number;
  /** Most messages of a frame; default 100,000. The rest is counted as one rejection. */
  readonly maxMessages?: number;
  /** When it was received, ms since 1970 UTC, for messages that do not say; default 0. */
  readonly receivedAtMs?: number;
}

/** What of the envelope's words about itself is used. */
type Said = Pick<Metadata, 'recordType' | 'odeReceivedAt' | 'originIp'>;

/** The last that was checked: messages of a frame say the same but for their own values. */
let checked: Json | null = null;

const SAID = ['recordType', 'odeReceivedAt', 'schemaVersion', 'recordGeneratedBy', 'originIp'] as const;

function saidBy(metadata: unknown): Said {
  if (checked !== null && isObject(metadata) && SAID.every((name) => metadata[name] === checked![name]))
    return metadata as Said;
  const said = parseOrReject(metadataSchema, metadata, 'malformed-envelope', 'metadata');
  const own = metadata as Json;
  checked = Object.fromEntries(SAID.map((name) => [name, own[name]]));
  return said;
}

function readSchema9(message: Json, data: Json): V2xMessage {
  const metadata = saidBy(message.metadata);
  const kind = V2X_KINDS.find((one) => RAW_MESSAGES[one].recordType === metadata.recordType)!;
  const { name, messageId, schema } = RAW_MESSAGES[kind];
  const value = data.value;
  if (data.messageId !== messageId || !isObject(value) || !(name in value))
    throw new Rejected(
      'type-mismatch',
      'payload.data',
      `recordType ${metadata.recordType} needs messageId ${messageId} and value.${name}.`,
    );
  const own = value[name];
  const isPlain = isObject(own) && ((kind === 'bsm' && isPlainBsm(own)) || (kind === 'psm' && isPlainPsm(own)));
  return decode(kind, isPlain ? own : parseOrReject(schema, own, 'malformed-message', name), {
    receivedAtMs: Date.parse(metadata.odeReceivedAt),
    via: metadata.originIp ?? null,
  });
}

function readOde(message: Json, metadata: Json): V2xMessage {
  const recordType = metadata.recordType;
  if (typeof recordType !== 'string' || !V2X_KINDS.some((kind) => RAW_MESSAGES[kind].recordType === recordType))
    throw new Rejected(
      'unknown-type',
      'metadata.recordType',
      `${clip(JSON.stringify(recordType) ?? 'absent')}; known are bsmTx, psmTx, spatTx, mapTx.`,
    );
  const data = isObject(message.payload) ? message.payload.data : undefined;
  if (!isObject(data)) throw new Rejected('malformed-envelope', 'payload.data', 'must be an object.');
  const version = metadata.schemaVersion;
  if (version === SCHEMA_VERSION) return readSchema9(message, data);
  if (typeof version === 'number' && version >= 4 && version <= 8) return readOdeV4(message, data);
  throw new Rejected(
    'unknown-version',
    'metadata.schemaVersion',
    `${clip(JSON.stringify(version) ?? 'absent')}; known are ${SCHEMA_VERSION} and, of ODE v4, 4 to 8.`,
  );
}

function readOne(message: unknown, options: ReadOptions): V2xMessage {
  if (!isObject(message)) throw new Rejected('unknown-shape', '', 'A message must be a JSON object.');
  if (isObject(message.metadata)) return readOde(message, message.metadata);
  if ('bsmJson' in message || 'psmJson' in message || 'intersections' in message)
    return readCorridor(message, options.receivedAtMs ?? 0);
  throw new Rejected(
    'unknown-shape',
    '',
    'Neither an ODE envelope (metadata, payload) nor bsmJson, psmJson, intersections.',
  );
}

/** Messages of a frame or of a single message that is JSON already. */
export function readV2xValue(value: unknown, options: ReadOptions = {}): ReadResult {
  const list = Array.isArray(value) ? value : [value];
  const most = options.maxMessages ?? 100_000;
  const messages: V2xMessage[] = [];
  const rejections: Rejection[] = [];
  for (let index = 0; index < list.length; index++) {
    if (index >= most) {
      for (let i = index; i < list.length; i++)
        rejections.push({ reason: 'too-large', path: '', detail: `A frame has at most ${most} messages.`, index: i });
      break;
    }
    try {
      messages.push(readOne(list[index], options));
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      rejections.push({ reason: error.reason, path: error.path, detail: error.message, index });
    }
  }
  return { read: list.length, messages, rejections };
}

/**
 * Messages of a frame or of a single message that `envelope` made in this process: schema 9, and not checked again, which
 * is most of the work of reading. The same messages as `readV2xValue` gives.
 */
export function readOwnV2x(value: unknown): V2xMessage[] {
  const list = (Array.isArray(value) ? value : [value]) as {
    metadata: { recordType: string; odeReceivedAt: string; originIp?: string };
    payload: { data: { value: Json } };
  }[];
  return list.map(({ metadata, payload }) => {
    const kind = metadata.recordType.slice(0, -2) as V2xKind;
    return decode(kind, payload.data.value[RAW_MESSAGES[kind].name], {
      receivedAtMs: Date.parse(metadata.odeReceivedAt),
      via: metadata.originIp ?? null,
    });
  });
}

/** Messages of a frame or of a single message as text. */
export function readV2x(text: string, options: ReadOptions = {}): ReadResult {
  const refuse = (reason: RejectionReason, detail: string): ReadResult => ({
    read: 1,
    messages: [],
    rejections: [{ reason, path: '', detail, index: 0 }],
  });
  const most = options.maxCharacters ?? 16 * 1024 * 1024;
  if (text.length > most) return refuse('too-large', `${text.length} characters; at most ${most}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('not-json', clip(String((error as Error).message)));
  }
  return readV2xValue(value, options);
}

/** A message in the ODE's schema 9 envelope. */
export function envelope(message: V2xMessage, generatedBy: 'OBU' | 'RSU'): Json {
  const kind: V2xKind = message.kind;
  const { recordType, messageId, name } = RAW_MESSAGES[kind];
  return {
    metadata: {
      recordType,
      securityResultCode: 'success',
      payloadType: 'us.dot.its.jpo.ode.model.OdeMessageFramePayload',
      odeReceivedAt: new Date(message.receivedAtMs).toISOString(),
      schemaVersion: SCHEMA_VERSION,
      maxDurationTime: 0,
      recordGeneratedBy: generatedBy,
      sanitized: false,
      source: kind === 'bsm' || kind === 'psm' ? 'EV' : 'RSU',
      ...(message.via === null ? {} : { originIp: message.via }),
      isCertPresent: false,
    },
    payload: {
      data: { messageId, value: { [name]: encode(message) } },
      dataType: `us.dot.its.jpo.asn.j2735.r2024.${name}.${name}MessageFrame`,
    },
  };
}
