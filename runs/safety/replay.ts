/** A log's messages over MQTT again, at any speed, below a simulation's topics and nowhere else. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from '../../feeds/link.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import { readFziMessages } from './fzi.ts';
import { logEntries, STARTS_AT_MS } from './log.ts';
import { kindOfSource } from './source.ts';
import { SafetySourceError } from './types.ts';

/** A message, and the junction it was heard at where the log says so; or why there is none. */
export type Recorded =
  | { readonly message: V2xMessage; readonly junctionId: string | null }
  | { readonly message: null; readonly reason: string };

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The junction's UUID in a topic: the one before the kind of message; null: there is none. */
export const junctionOfTopic = (topic: string | null): string | null =>
  topic?.match(UUID)?.at(-1)?.toLowerCase() ?? null;

/**
 * The messages of whatever `flextraff safety` reads that are messages, in their order. @throws SafetySourceError where
 * there is nothing, or tracks of a simulation, which nobody has sent.
 */
export async function* recordedMessages(path: string): AsyncGenerator<Recorded> {
  const kind = await kindOfSource(path);
  if (kind === 'fcd' || kind === 'trj')
    throw new SafetySourceError(
      `${path} holds positions, no messages: nobody has sent them. \`flextraff run CONFIG.sumocfg --v2x --messages FOLDER\` has a simulation send some.`,
    );
  if (kind === 'fzi') {
    const { messages, rejections } = await readFziMessages(path);
    for (const { reason } of rejections) yield { message: null, reason };
    for (const message of messages) yield { message, junctionId: null };
    return;
  }
  let lastMs = STARTS_AT_MS;
  for await (const { result } of logEntries(path, STARTS_AT_MS, () => lastMs)) {
    if (result === null) {
      yield { message: null, reason: 'too-large' };
      continue;
    }
    for (const { reason } of result.rejections) yield { message: null, reason };
    const junctionId = junctionOfTopic(result.topic);
    for (const message of result.messages) {
      lastMs = message.receivedAtMs;
      yield { message, junctionId };
    }
  }
}

export interface ReplayOptions {
  readonly link: Link;
  /** Begins `flextraff-sim/`. */
  readonly prefix: string;
  /** For messages of which the log does not say at which junction they were heard; null: such are left out. */
  readonly junctionId: string | null;
  /** Seconds of the log a second; `max`: as fast as the broker takes them. */
  readonly speed: number | 'max';
  readonly signal?: AbortSignal;
}

export interface ReplayResult {
  /** Messages by kind. */
  sent: Record<string, number>;
  rejected: Record<string, number>;
  /** Junctions, in the order in which they were first heard. */
  junctions: string[];
}

/** Messages of one kind and junction that lie this close together go as one frame. */
const FRAME_MS = 1;
const FRAME_MESSAGES = 150;
/** Longer silence is skipped: a log may be of several days. */
const LONGEST_WAIT_MS = 60_000;
/** Frames that the broker has not acknowledged. */
const MOST_UNDER_WAY = 64;

/** Publishes all of `recorded`. Resolves when the broker has it, or the signal aborts. */
export async function replay(recorded: AsyncIterable<Recorded>, options: ReplayOptions): Promise<ReplayResult> {
  const { link, prefix, speed, signal } = options;
  const result: ReplayResult = { sent: {}, rejected: {}, junctions: [] };
  const count = (of: Record<string, number>, name: string, times = 1) => {
    of[name] = (of[name] ?? 0) + times;
  };
  const began = performance.now();
  /** Moment of the log that is due when it begins; moves on with silences that are skipped. */
  let zeroMs = Number.NaN;
  let lastMs = Number.NaN;
  let frame: V2xMessage[] = [];
  let of = { kind: '', junctionId: '', atMs: Number.NaN };
  let underWay: Promise<void>[] = [];

  const flush = async () => {
    if (frame.length === 0) return;
    if (Number.isNaN(zeroMs)) zeroMs = of.atMs;
    else if (of.atMs - lastMs > LONGEST_WAIT_MS) zeroMs += of.atMs - lastMs - LONGEST_WAIT_MS;
    lastMs = Math.max(lastMs, of.atMs) || of.atMs;
    const due = speed === 'max' ? 0 : (of.atMs - zeroMs) / speed - (performance.now() - began);
    if (due > 1) await sleep(due, undefined, signal && { signal }).catch(() => {});
    if (signal?.aborted) return;
    const by = of.kind === 'bsm' || of.kind === 'psm' ? 'OBU' : 'RSU';
    const messages = frame.map((message) => envelope(message, by));
    const address = { prefix, kind: of.kind as V2xMessage['kind'], junctionId: of.junctionId };
    underWay.push(Promise.resolve(link.publish(address, messages.length === 1 ? messages[0]! : messages)));
    count(result.sent, of.kind, messages.length);
    frame = [];
    if (underWay.length < MOST_UNDER_WAY) return;
    await Promise.all(underWay);
    underWay = [];
  };

  for await (const one of recorded) {
    if (signal?.aborted) break;
    if (one.message === null) {
      count(result.rejected, one.reason);
      continue;
    }
    const { message } = one;
    const junctionId = one.junctionId ?? options.junctionId;
    if (junctionId === null) {
      count(result.rejected, 'no-junction');
      continue;
    }
    if (!result.junctions.includes(junctionId)) result.junctions.push(junctionId);
    const joins =
      of.kind === message.kind &&
      of.junctionId === junctionId &&
      Math.abs(message.receivedAtMs - of.atMs) < FRAME_MS &&
      frame.length < FRAME_MESSAGES;
    if (!joins) {
      await flush();
      of = { kind: message.kind, junctionId, atMs: message.receivedAtMs };
    }
    frame.push(message);
  }
  if (!signal?.aborted) await flush();
  await Promise.all(underWay);
  return result;
}
