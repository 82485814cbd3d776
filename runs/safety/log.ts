/**
 * Message logs into the analysis, line by line: an ODE message or frame a line; `TYPE,milliseconds,JSON` as
 * jpo-conflictmonitor records; and what `mosquitto_sub` prints (`-v`: topic and message; `-F %j`: an object with `tst`,
 * `topic`, `payload`; a time before either). A file that is one JSON document is read as such.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SafetyAnalysis } from '../../controller/safety/analysis.ts';
import { type ReadResult, readV2x, readV2xValue } from '../../feeds/v2x/read.ts';
import { readLogLine } from '../../feeds/v2x/replay-log.ts';
import { firstBytes, lines, MAX_LINE_CHARACTERS } from './text.ts';
import { SafetySourceError, type SourceReport, Tally } from './types.ts';

const TYPED = /^[A-Za-z]{3,4},\d{1,15},/;
/** An optional time (seconds since 1970, or ISO 8601), a topic, a message. */
const PRINTED = /^(?:(\d{9,11}(?:\.\d+)?|\d{4}-\d\d-\d\dT\S+)\s+)?([^\s{[]\S{0,1000})\s+([[{].*)$/s;
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

function momentOf(text: unknown): number {
  if (typeof text === 'number') return text * 1000;
  if (typeof text !== 'string') return Number.NaN;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

/** What a line holds, and below which topic it was heard; null: it does not say. */
export interface LineResult extends ReadResult {
  readonly topic: string | null;
}

/** Messages of a line, however it was written. `nowMs`: for messages that do not say when they came. */
export function readAnyLine(line: string, startsAtMs: number, nowMs: number): LineResult {
  const topic: { is: string | null } = { is: null };
  return { ...readLine(line, startsAtMs, nowMs, topic), topic: topic.is };
}

function readLine(line: string, startsAtMs: number, nowMs: number, topic: { is: string | null }): ReadResult {
  const text = line.trim();
  if (TYPED.test(text)) return readLogLine(text, { startsAtMs });
  if (text.startsWith('{') || text.startsWith('[')) {
    if (!text.startsWith('{') || !text.includes('"topic"') || !text.includes('"payload"'))
      return readV2x(text, { receivedAtMs: nowMs });
    let outer: { topic?: unknown; payload?: unknown; tst?: unknown; metadata?: unknown };
    try {
      outer = JSON.parse(text);
    } catch {
      return readV2x(text, { receivedAtMs: nowMs });
    }
    if (outer.metadata !== undefined) return readV2xValue(outer, { receivedAtMs: nowMs });
    if (typeof outer.topic === 'string') topic.is = outer.topic;
    const at = momentOf(outer.tst);
    const receivedAtMs = Number.isFinite(at) ? at : nowMs;
    return typeof outer.payload === 'string'
      ? readV2x(outer.payload, { receivedAtMs })
      : readV2xValue(outer.payload, { receivedAtMs });
  }
  const printed = PRINTED.exec(text);
  if (printed === null)
    return text === '' ? { read: 0, messages: [], rejections: [] } : readV2x(text, { receivedAtMs: nowMs });
  topic.is = printed[2]!;
  const at = momentOf(printed[1]);
  return readV2x(printed[3]!, { receivedAtMs: Number.isFinite(at) ? at : nowMs });
}

/** A file that is a single JSON document on several lines. */
async function asDocument(path: string): Promise<string | null> {
  if (path.endsWith('.gz')) return null;
  const head = (await firstBytes(path, 4096)).toString('utf8');
  const start = head.trimStart();
  if (!/^[[{]/.test(start)) return null;
  const firstLine = start.split('\n', 1)[0]!;
  if (firstLine.length > 4000) return null;
  try {
    JSON.parse(firstLine);
    return null;
  } catch {
    // the first line alone is no JSON: the document goes on, if it is one
  }
  if ((await stat(path)).size > MAX_DOCUMENT_BYTES) return null;
  const text = await readFile(path, 'utf8');
  try {
    JSON.parse(text);
  } catch {
    // cut off in the middle, or lines of which the first is broken: those that begin with a brace tell
    const several = text.split('\n').filter((line) => /^[[{]/.test(line)).length > 1;
    return several ? null : text;
  }
  return text;
}

export interface LogOptions {
  /** Millisecond 0 of logs that leave the time to whoever replays them; default 2024-01-01T00:00:00Z. */
  readonly startsAtMs?: number;
}

/** Millisecond 0 of logs that leave the time to whoever replays them. */
export const STARTS_AT_MS = Date.UTC(2024, 0, 1);

/** Files of a log: itself, or those of a folder in the order of their names. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.(json|jsonl|ndjson|csv|log|txt)(\.gz)?$/.test(name)).sort();
  if (names.length === 0)
    throw new SafetySourceError(
      `${path} holds no log (.json, .jsonl, .ndjson, .csv, .log, .txt, or .gz of these) and no recording (vehicle_tracks_*.csv).`,
    );
  return names.map((name) => join(path, name));
}

/** What a line, or a document, of a log holds. */
export interface LogEntry {
  /** Such as `approach.csv:12`. */
  readonly where: string;
  /** null: the line is too long to be looked at. */
  readonly result: LineResult | null;
  /** It leaves its time to whoever replays it. */
  readonly isPlaced: boolean;
}

/** A log, or the logs of a folder one after the other. `nowMs`: the time up to now, for messages that say none. */
export async function* logEntries(path: string, startsAtMs: number, nowMs: () => number): AsyncGenerator<LogEntry> {
  for (const file of await filesOf(path)) {
    const document = await asDocument(file);
    if (document !== null) {
      const result = readV2x(document, { receivedAtMs: nowMs(), maxCharacters: MAX_DOCUMENT_BYTES });
      yield { where: file, result: { ...result, topic: null }, isPlaced: false };
      continue;
    }
    let number = 0;
    for await (const line of lines(file)) {
      number++;
      yield {
        where: `${file}:${number}`,
        result: line === null ? null : readAnyLine(line, startsAtMs, nowMs()),
        isPlaced: line?.includes('"@ISO_DATE_TIME@"') ?? false,
      };
    }
  }
}

/** Reads a log, or the logs of a folder one after the other, into `analysis`. */
export async function readLog(path: string, analysis: SafetyAnalysis, options: LogOptions = {}): Promise<SourceReport> {
  const startsAtMs = options.startsAtMs ?? STARTS_AT_MS;
  const tally = new Tally();
  let zeroMs = Number.NaN;
  let placed = false;
  const now = () => (Number.isFinite(analysis.nowMs) ? analysis.nowMs : startsAtMs);
  for await (const { where, result, isPlaced } of logEntries(path, startsAtMs, now)) {
    placed ||= isPlaced;
    if (result === null) {
      tally.count(
        'too-large',
        () => where,
        () => `A line has at most ${MAX_LINE_CHARACTERS} characters.`,
      );
      continue;
    }
    for (const { reason, path: field, detail } of result.rejections) {
      tally.count(
        reason,
        () => where,
        () => (field === '' ? detail : `${field}: ${detail}`),
      );
      analysis.rejected(now());
    }
    for (const message of result.messages) {
      if (!(message.receivedAtMs >= zeroMs)) zeroMs = message.receivedAtMs;
      tally.count(
        analysis.message(message),
        () => where,
        () => message.kind,
      );
    }
  }
  return {
    kind: 'log',
    tally,
    zeroMs: Number.isNaN(zeroMs) ? startsAtMs : placed ? startsAtMs : zeroMs,
    dated: !placed,
    frame: analysis.frame,
    penetration: null,
    notes: placed
      ? [`The log leaves its time to whoever replays it: ${new Date(startsAtMs).toISOString()} was taken for its 0.`]
      : [],
  };
}
