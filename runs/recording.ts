/**
 * The frames of runs on disk, one folder a run below `{data}/recordings`. Each variant has an append-only file of
 * gzipped chunks of 60 frames (gzip carries the checksum), each behind a header with its length, and a short file of
 * single frames since the last chunk. Both can be read while they are written, and after a kill -9: what is torn at the end is left
 * out.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { writeFileAtomically } from './files.ts';
import type { Frame } from './types.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Frames (simulated seconds) in a chunk. */
const CHUNK_FRAMES = 60;
/** `FTR1`, first second, number of frames, bytes of payload; each 4 bytes, little-endian. */
const HEADER_BYTES = 16;
const MAGIC = 0x31525446;
/** The 1 of `FTR1`. */
const FORMAT_VERSION = 1;
/** Largest chunk believed when reading, bytes; a longer one is damage. */
const CHUNK_BYTES_MAX = 256 * 1024 * 1024;
/** Chunks that may wait to be written before `append` asks the run to wait. */
const WAITING_CHUNKS_MAX = 4;
/** Decoded chunks kept for readers. */
const CACHE_CHUNKS = 12;

interface Chunk {
  readonly firstSecond: number;
  readonly frames: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface RecordingLimits {
  /** Runs kept. */
  readonly runsMax: number;
  /** Bytes kept, all runs together. */
  readonly bytesMax: number;
}

export const DEFAULT_LIMITS: RecordingLimits = { runsMax: 20, bytesMax: 2 * 1024 ** 3 };

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const VARIANT = /^[a-z][a-z0-9-]*$/;

/** Writes one run. `append` takes the frames of a second; `close` writes what is left. */
export class RecordingWriter {
  readonly folder: string;
  readonly #variants: Map<string, VariantWriter>;

  private constructor(folder: string, variants: Map<string, VariantWriter>) {
    this.folder = folder;
    this.#variants = variants;
  }

  /** Makes the folder and the files of a run that has none yet. */
  static async create(folder: string, variants: readonly string[]): Promise<RecordingWriter> {
    await mkdir(folder, { recursive: true });
    const writers = new Map<string, VariantWriter>();
    for (const name of variants) writers.set(name, await VariantWriter.create(folder, name));
    return new RecordingWriter(folder, writers);
  }

  /** Takes the frames of one second. A promise is answered when the disk is behind: wait for it before going on. */
  append(frames: Readonly<Record<string, Frame>>): void | Promise<void> {
    const waits: Promise<void>[] = [];
    for (const [name, frame] of Object.entries(frames)) {
      const wait = this.#variants.get(name)?.append(frame);
      if (wait) waits.push(wait);
    }
    if (waits.length > 0) return Promise.all(waits).then(() => {});
  }

  /** Puts the frames since the last chunk into the short file, so that the end of the process does not lose them. */
  async flush(): Promise<void> {
    await Promise.all([...this.#variants.values()].map((variant) => variant.flush()));
  }

  /** Frames of a second that readers can have already, by variant. */
  read(fromSecond: number, toSecond: number): Promise<Record<string, Frame[]>> {
    return readAll(this.#variants, fromSecond, toSecond);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#variants.values()].map((variant) => variant.close()));
  }
}

async function readAll(
  variants: ReadonlyMap<string, { read(fromSecond: number, toSecond: number): Promise<Frame[]> }>,
  fromSecond: number,
  toSecond: number,
): Promise<Record<string, Frame[]>> {
  const answer: Record<string, Frame[]> = {};
  for (const [name, variant] of variants) answer[name] = await variant.read(fromSecond, toSecond);
  return answer;
}

class VariantWriter {
  readonly #path: string;
  readonly #chunksFile: FileHandle;
  readonly #tailFile: FileHandle;
  readonly #chunks: Chunk[] = [];
  #offset = 0;
  /** Frames not in a chunk yet; readers see them. */
  #open: Frame[] = [];
  /** Last second in the short file (-1: none) and its length; touched by queued work only. */
  #tailSecond = -1;
  #tailBytes = 0;
  /** Frames handed over for writing, not readable from disk yet. */
  #closing: Frame[][] = [];
  #work: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  private constructor(path: string, chunksFile: FileHandle, tailFile: FileHandle) {
    this.#path = path;
    this.#chunksFile = chunksFile;
    this.#tailFile = tailFile;
  }

  static async create(folder: string, name: string): Promise<VariantWriter> {
    if (!VARIANT.test(name)) throw new Error(`Variant name ${JSON.stringify(name)} is not allowed: [a-z][a-z0-9-]*.`);
    const path = join(folder, `${name}.frames`);
    return new VariantWriter(path, await open(path, 'wx'), await open(join(folder, `${name}.tail`), 'wx'));
  }

  append(frame: Frame): void | Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#open.push(frame);
    if (this.#open.length < CHUNK_FRAMES) return;
    this.#writeChunk();
    if (this.#closing.length > WAITING_CHUNKS_MAX) return this.#work;
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: Error) => {
      this.#failure ??= new Error(
        `The recording cannot be written: ${error.message}. Free disk space or give the right to write.`,
        { cause: error },
      );
    });
    return this.#work;
  }

  #writeChunk(): void {
    const frames = this.#open;
    this.#open = [];
    this.#closing.push(frames);
    void this.#then(async () => {
      const payload = await compress(frames.map((frame) => JSON.stringify(frame)).join('\n'), { level: 4 });
      const chunk: Chunk = {
        firstSecond: frames[0]!.second,
        frames: frames.length,
        offset: this.#offset + HEADER_BYTES,
        bytes: payload.length,
      };
      await this.#chunksFile.write(Buffer.concat([headerOf(chunk), payload]), 0, undefined, this.#offset);
      this.#offset += HEADER_BYTES + payload.length;
      this.#chunks.push(chunk);
      this.#closing.shift();
      await this.#tailFile.truncate(0);
      this.#tailSecond = -1;
      this.#tailBytes = 0;
    });
  }

  flush(): Promise<void> {
    return this.#then(async () => {
      const fresh = [...this.#closing.flat(), ...this.#open].filter((frame) => frame.second > this.#tailSecond);
      if (fresh.length === 0) return;
      const lines = Buffer.from(fresh.map((frame) => `${JSON.stringify(frame)}\n`).join(''));
      await this.#tailFile.write(lines, 0, undefined, this.#tailBytes);
      this.#tailBytes += lines.length;
      this.#tailSecond = fresh.at(-1)!.second;
    });
  }

  async read(fromSecond: number, toSecond: number): Promise<Frame[]> {
    const inMemory = [...this.#closing.flat(), ...this.#open];
    const onDisk = await readChunks(this.#path, this.#chunks, fromSecond, toSecond);
    const wanted = inMemory.filter((frame) => frame.second >= fromSecond && frame.second < toSecond);
    const known = new Set(onDisk.map((frame) => frame.second));
    return [...onDisk, ...wanted.filter((frame) => !known.has(frame.second))];
  }

  async close(): Promise<void> {
    if (this.#open.length > 0) this.#writeChunk();
    await this.#work;
    await this.#chunksFile.close();
    await this.#tailFile.close();
    if (this.#failure) throw this.#failure;
  }
}

function headerOf(chunk: Chunk): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(chunk.firstSecond, 4);
  header.writeUInt32LE(chunk.frames, 8);
  header.writeUInt32LE(chunk.bytes, 12);
  return header;
}

/** The chunks of a file up to its end or the first thing that is no whole chunk. */
async function scan(file: FileHandle): Promise<Chunk[]> {
  const { size } = await file.stat();
  const chunks: Chunk[] = [];
  const header = Buffer.alloc(HEADER_BYTES);
  let offset = 0;
  while (offset + HEADER_BYTES <= size) {
    await file.read(header, 0, HEADER_BYTES, offset);
    const bytes = header.readUInt32LE(12);
    if (header.readUInt32LE(0) !== MAGIC || bytes > CHUNK_BYTES_MAX || offset + HEADER_BYTES + bytes > size) break;
    chunks.push({
      firstSecond: header.readUInt32LE(4),
      frames: header.readUInt32LE(8),
      offset: offset + HEADER_BYTES,
      bytes,
    });
    offset += HEADER_BYTES + bytes;
  }
  return chunks;
}

/** Frames of a chunk; none if it is damaged. */
async function readChunk(file: FileHandle, chunk: Chunk): Promise<Frame[]> {
  const payload = Buffer.alloc(chunk.bytes);
  const { bytesRead } = await file.read(payload, 0, chunk.bytes, chunk.offset);
  if (bytesRead !== chunk.bytes) return [];
  try {
    return framesOf((await decompress(payload)).toString('utf8'));
  } catch {
    return [];
  }
}

function framesOf(lines: string): Frame[] {
  const frames: Frame[] = [];
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    try {
      frames.push(JSON.parse(line) as Frame);
    } catch {
      break;
    }
  }
  return frames;
}

const cache = new WeakMap<Chunk, Frame[]>();
const cached: Chunk[] = [];

async function readChunks(
  path: string,
  chunks: readonly Chunk[],
  fromSecond: number,
  toSecond: number,
): Promise<Frame[]> {
  const wanted = chunks.filter(
    (chunk) => chunk.firstSecond < toSecond && chunk.firstSecond + chunk.frames > fromSecond,
  );
  if (wanted.length === 0) return [];
  const frames: Frame[] = [];
  const file = await open(path, 'r');
  try {
    for (const chunk of wanted) {
      for (const frame of await decoded(file, chunk)) {
        if (frame.second >= fromSecond && frame.second < toSecond) frames.push(frame);
      }
    }
  } finally {
    await file.close();
  }
  return frames;
}

async function decoded(file: FileHandle, chunk: Chunk): Promise<Frame[]> {
  const known = cache.get(chunk);
  if (known) return known;
  const frames = await readChunk(file, chunk);
  cache.set(chunk, frames);
  cached.push(chunk);
  if (cached.length > CACHE_CHUNKS) cache.delete(cached.shift()!);
  return frames;
}

/** What there is of a variant on disk. */
export interface RecordingContents {
  readonly variant: string;
  /** Name of the file in the run's folder. */
  readonly file: string;
  readonly formatVersion: number;
  /** Simulated seconds [from, to) of which there are frames. */
  readonly fromSecond: number;
  readonly toSecond: number;
  readonly frames: number;
  /** Of both files of the variant. */
  readonly bytes: number;
  /** Of `file`, hexadecimal. */
  readonly sha256: string;
}

/** What the folder of a run holds, by variant; nothing where there is no recording. Nobody may be writing it. */
export async function recordingContents(folder: string): Promise<RecordingContents[]> {
  const reader = await RecordingReader.open(folder);
  if (reader === null) return [];
  const contents: RecordingContents[] = [];
  for (const variant of await variantsIn(folder)) {
    const file = `${variant}.frames`;
    const span = reader.span(variant);
    const bytes = await Promise.all(
      [file, `${variant}.tail`].map((name) => stat(join(folder, name)).catch(() => null)),
    );
    contents.push({
      variant,
      file,
      formatVersion: FORMAT_VERSION,
      ...span,
      frames: span.toSecond - span.fromSecond,
      bytes: bytes.reduce((sum, one) => sum + (one?.size ?? 0), 0),
      sha256: await sha256Of(join(folder, file)),
    });
  }
  return contents;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** Reads a run that nobody writes any more. */
export class RecordingReader {
  readonly #variants: Map<string, VariantReader>;
  /** Simulated seconds of which every variant has a frame. */
  readonly seconds: number;

  private constructor(variants: Map<string, VariantReader>) {
    this.#variants = variants;
    let seconds = Number.POSITIVE_INFINITY;
    for (const variant of variants.values()) seconds = Math.min(seconds, variant.seconds);
    this.seconds = Number.isFinite(seconds) ? seconds : 0;
  }

  /** Null where the folder has no frames, e.g. because it was removed to make room. */
  static async open(folder: string): Promise<RecordingReader | null> {
    const names = await variantsIn(folder);
    if (names.length === 0) return null;
    const readers = new Map<string, VariantReader>();
    for (const name of names) readers.set(name, await VariantReader.open(folder, name));
    return new RecordingReader(readers);
  }

  read(fromSecond: number, toSecond: number): Promise<Record<string, Frame[]>> {
    return readAll(this.#variants, fromSecond, toSecond);
  }

  /** Simulated seconds [from, to) of a variant. */
  span(variant: string): { fromSecond: number; toSecond: number } {
    const reader = this.#variants.get(variant);
    return { fromSecond: reader?.firstSecond ?? 0, toSecond: reader?.seconds ?? 0 };
  }
}

async function variantsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => name.endsWith('.frames')).map((name) => name.slice(0, -'.frames'.length));
}

class VariantReader {
  readonly #path: string;
  readonly #chunks: readonly Chunk[];
  readonly #tail: readonly Frame[];
  readonly firstSecond: number;
  readonly seconds: number;

  private constructor(path: string, chunks: readonly Chunk[], tail: readonly Frame[]) {
    this.#path = path;
    this.#chunks = chunks;
    const last = chunks.at(-1);
    const inChunks = last ? last.firstSecond + last.frames : 0;
    this.#tail = tail.filter((frame) => frame.second >= inChunks);
    this.seconds = (this.#tail.at(-1)?.second ?? inChunks - 1) + 1;
    this.firstSecond = chunks[0]?.firstSecond ?? this.#tail[0]?.second ?? 0;
  }

  static async open(folder: string, name: string): Promise<VariantReader> {
    const path = join(folder, `${name}.frames`);
    const tail = await readFile(join(folder, `${name}.tail`), 'utf8').catch(() => '');
    const file = await open(path, 'r');
    try {
      const chunks = await scan(file);
      const last = chunks.at(-1);
      const whole = last && (await readChunk(file, last)).length === 0 ? chunks.slice(0, -1) : chunks;
      return new VariantReader(path, whole, framesOf(tail));
    } finally {
      await file.close();
    }
  }

  async read(fromSecond: number, toSecond: number): Promise<Frame[]> {
    const frames = await readChunks(this.#path, this.#chunks, fromSecond, toSecond);
    for (const frame of this.#tail) if (frame.second >= fromSecond && frame.second < toSecond) frames.push(frame);
    return frames;
  }
}

/** Ids of the runs that have a folder, oldest first (UUIDv7 ids sort by time). */
export async function recordedRuns(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => []))
    bytes += (await stat(join(folder, name)).catch(() => null))?.size ?? 0;
  return bytes;
}

/**
 * Removes the oldest recordings until the limits hold, but never those in `keep`. Answers the ids removed. `onRemove` is told what there was,
 * before it goes.
 */
export async function pruneRecordings(
  root: string,
  limits: RecordingLimits,
  keep: ReadonlySet<string>,
  onRemove?: (run: string, contents: readonly RecordingContents[]) => void,
): Promise<string[]> {
  const runs = await recordedRuns(root);
  const sizes = new Map<string, number>();
  let total = 0;
  for (const run of runs) {
    const bytes = await bytesIn(join(root, run));
    sizes.set(run, bytes);
    total += bytes;
  }
  let count = runs.length;
  const removed: string[] = [];
  for (const run of runs) {
    if (count <= limits.runsMax && total <= limits.bytesMax) break;
    if (keep.has(run)) continue;
    onRemove?.(run, await recordingContents(join(root, run)).catch(() => []));
    await rm(join(root, run), { recursive: true, force: true });
    removed.push(run);
    count--;
    total -= sizes.get(run)!;
  }
  return removed;
}

/** Writes a small JSON file of a run so that it is whole or not there, even after a power cut. */
export function writeRunFile(folder: string, name: 'run' | 'drawing', value: unknown): Promise<void> {
  return writeFileAtomically(join(folder, `${name}.json`), JSON.stringify(value));
}

/** A small JSON file of a run; null where it is missing or damaged. */
export async function readRunFile<T>(folder: string, name: 'run' | 'drawing'): Promise<T | null> {
  try {
    return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as T;
  } catch {
    return null;
  }
}
