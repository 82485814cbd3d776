/** What a run's vehicles, people and junctions broadcast, kept: as logs to replay, and as Parquet in the archive. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Archive } from '../api/archive/archive.ts';
import { topicOf } from '../feeds/topics.ts';
import type { V2xMessage } from '../feeds/v2x/messages.ts';
import { readOwnV2x } from '../feeds/v2x/read.ts';
import type { RawKind, RawRecord } from '../runs/records.ts';
import { V2X_KINDS } from '../runs/safety/of-run.ts';
import type { Outgoing } from '../sim/types.ts';

/** Takes everything that devices of a run say, and keeps what is V2X. */
export interface MessageKeeper {
  take(variant: string, outgoing: Outgoing): void;
  /** At the end of a simulated second; the run waits for a promise. */
  second(second: number): Promise<void> | void;
  /** Resolves when all of it is in its place. @returns where, for people. */
  close(): Promise<string[]>;
}

const isV2x = (kind: string): kind is RawKind => (V2X_KINDS as readonly string[]).includes(kind);
const LINES_WAITING = 2000;

/**
 * A log a variant, `FOLDER/VARIANT.jsonl`: a frame or message a line with its topic, as `flextraff safety` and
 * `flextraff replay` read it.
 */
export async function openMessageLogs(folder: string): Promise<MessageKeeper> {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, { stream: WriteStream; lines: string[]; path: string }>();
  let failure: Error | null = null;
  const fileOf = (variant: string) => {
    let file = files.get(variant);
    if (file === undefined) {
      const path = join(folder, `${variant}.jsonl`);
      file = { stream: createWriteStream(path), lines: [], path };
      file.stream.on('error', (error) => {
        failure ??= error;
      });
      files.set(variant, file);
    }
    return file;
  };
  const write = async ({ stream, lines }: { stream: WriteStream; lines: string[] }) => {
    if (failure !== null) throw failure;
    const text = lines.join('');
    lines.length = 0;
    await new Promise<void>((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())));
  };
  return {
    take(variant, { address, message }) {
      if (!isV2x(address.kind)) return;
      fileOf(variant).lines.push(`${JSON.stringify({ topic: topicOf(address), payload: message })}\n`);
    },
    async second() {
      for (const file of files.values()) if (file.lines.length > LINES_WAITING) await write(file);
    },
    async close() {
      for (const file of files.values()) {
        await write(file);
        await new Promise<void>((resolve) => file.stream.end(resolve));
      }
      return [...files.values()].map(({ path }) => path);
    },
  };
}

/** Rows that wait in memory before they go to the archive's journal. */
const JOURNAL_EVERY_SECONDS = 5;
const JOURNAL_MAX_BYTES = 4 * 1024 ** 3;

export interface MessageArchiveOptions {
  /** A folder, or `s3://bucket/prefix`; files come below `simulated/RUN/VARIANT/` in it. */
  readonly location: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly runId: string;
  onProblem(message: string): void;
}

/**
 * Parquet in 002's folders, below `simulated/RUN/VARIANT/raw/`: jobs, checks and backfills of the archive look for
 * `raw/` and `processed/` at its root, and never take a simulation for a street.
 */
export async function openMessageArchive(options: MessageArchiveOptions): Promise<MessageKeeper> {
  const [{ Archive }, { openStorage }] = await Promise.all([
    import('../api/archive/archive.ts'),
    import('../api/archive/storage.ts'),
  ]);
  const journals = await mkdtemp(join(tmpdir(), 'flextraff-messages-'));
  const archives = new Map<string, Archive>();
  const rows = new Map<string, RawRecord[]>();
  const placeOf = (variant: string) => `${options.location.replace(/\/+$/, '')}/simulated/${options.runId}/${variant}`;
  const archiveOf = (variant: string) => {
    let archive = archives.get(variant);
    if (archive === undefined) {
      archive = new Archive({
        storage: openStorage({ ...options, location: placeOf(variant) }),
        directory: join(journals, variant),
        maxBytes: JOURNAL_MAX_BYTES,
        onAlert: (level, message) => level !== 'info' && options.onProblem(message),
      });
      archives.set(variant, archive);
    }
    return archive;
  };
  const hand = () => {
    for (const [key, waiting] of rows) {
      const [kind, variant] = key.split(' ', 2) as [RawKind, string];
      if (waiting.length > 0) archiveOf(variant).addRaw(kind, waiting.splice(0));
    }
  };
  return {
    take(variant, { address, message }) {
      if (!isV2x(address.kind)) return;
      const key = `${address.kind} ${variant}`;
      let waiting = rows.get(key);
      if (waiting === undefined) {
        waiting = [];
        rows.set(key, waiting);
      }
      for (const each of Array.isArray(message) ? message : [message])
        for (const one of readOwnV2x(each)) waiting.push(rowOf(one, each, address.junctionId!));
    },
    async second(second) {
      if (second % JOURNAL_EVERY_SECONDS !== 0) return;
      hand();
      await Promise.all([...archives.values()].map((archive) => archive.flush()));
    },
    async close() {
      hand();
      for (const archive of archives.values()) {
        await archive.store();
        await archive.close();
      }
      await rm(journals, { recursive: true, force: true });
      return [...archives.keys()].map((variant) => `${placeOf(variant)}/raw`);
    },
  };
}

/** Received when it was sent, in simulated time. */
function rowOf(one: V2xMessage, message: unknown, junctionId: string): RawRecord {
  const common = { receivedAtMs: one.receivedAtMs, junctionId, via: 'simulation', message };
  if (one.kind === 'map' || one.kind === 'spat')
    return { ...common, sender: String(one.intersections[0]?.key.id ?? 'unknown') };
  return { ...common, sender: one.id, latitude: one.latitudeDegrees, longitude: one.longitudeDegrees };
}
