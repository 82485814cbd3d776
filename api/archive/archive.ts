import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureRecord, IndexRecord, RawKind, RawRecord } from '../../runs/records.ts';
import { reasonOf, StoreError } from '../database/errors.ts';
import { Spool } from '../database/spool.ts';
import {
  DATASETS,
  type Dataset,
  dayFolder,
  dayKey,
  dayOf,
  dayOfKey,
  featureRow,
  indexRow,
  partKey,
  rawRow,
} from './layout.ts';
import { mergeParquet, type ParquetRow, readParquet, writeParquet } from './parquet.ts';
import type { ArchiveStorage, StoredFile } from './storage.ts';

const BATCH_DELAY_MS = 200;
/** Rows that wait in memory at most while the disk takes none. */
const PENDING_ROWS_MAX = 200_000;
const STORE_EVERY_MS = 60_000;
/** So much waits before it is stored whatever the time. */
const STORE_BYTES = 8 * 1_048_576;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;
const YEARS_LISTED_MAX = 3;
/** Of a bucket, where each costs a round trip. */
const OPENED_AT_ONCE = 16;

export interface ArchiveOptions {
  storage: ArchiveStorage;
  /** What is acknowledged and not stored yet, and drafts; of this process alone. */
  directory: string;
  maxBytes: number;
  /** Milliseconds between files; default 60,000, as the documents have it. */
  storeEveryMs?: number | undefined;
  onAlert: (level: 'info' | 'warning' | 'error', message: string) => void;
}

interface Entry {
  dataset: Dataset;
  rows: ParquetRow[];
}

/**
 * The Parquet archive. What is added is on disk once `flush` resolves (a journal, as the database's spool is one), and is
 * stored as Parquet every minute. With the storage away it waits in the journal, bounded, with alerts; nothing of it waits
 * for the database, nor the database for it.
 */
export class Archive {
  readonly storage: ArchiveStorage;
  #options: ArchiveOptions;
  #journal: Spool;
  #pending: Entry[] = [];
  #pendingRows = 0;
  #refusedRows = 0;
  #writtenAtMs = 0;
  #journaling: Promise<void> | null = null;
  #storing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #batchTimer: NodeJS.Timeout | null = null;
  #failure: string | null = null;
  #retryMs = RETRY_FIRST_MS;
  #closed = false;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.storage = options.storage;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    rmSync(join(options.directory, 'drafts'), { recursive: true, force: true });
    this.#journal = new Spool({
      directory: join(options.directory, 'journal'),
      maxBytes: options.maxBytes,
      onAlert: (level, message) => options.onAlert(level, message),
    });
    if (!this.#journal.isEmpty) this.#schedule(0);
  }

  addRaw(kind: RawKind, records: readonly RawRecord[]): void {
    this.#add(kind, records.map(rawRow));
  }

  addFeatures(records: readonly FeatureRecord[]): void {
    const at = this.#now();
    this.#add(
      'features',
      records.map((record) => featureRow(record, at)),
    );
  }

  addIndices(records: readonly IndexRecord[]): void {
    const at = this.#now();
    this.#add(
      'indices',
      records.map((record) => indexRow(record, at)),
    );
  }

  /** Resolves when everything added before is on this machine's disk; rejects where the disk takes nothing, or rows were refused. */
  async flush(): Promise<void> {
    if (this.#batchTimer !== null) clearTimeout(this.#batchTimer);
    this.#batchTimer = null;
    await this.#journalPending();
    const refused = this.#refusedRows;
    this.#refusedRows = 0;
    if (refused > 0)
      throw new StoreError('archive_full', `${refused} rows for the archive were refused: nothing took them.`, {
        status: 507,
        hint: 'Make room on the disk; `flextraff archive check --repair` brings over what the database has.',
      });
  }

  /** Resolves when everything added before is in the storage; rejects when it cannot be reached now. */
  async store(): Promise<void> {
    await this.flush();
    while (this.#storing !== null) await this.#storing.catch(() => {});
    this.#storing = this.#storeJournal().finally(() => {
      this.#storing = null;
    });
    await this.#storing;
  }

  health(): { status: 'ok' | 'failed'; detail: string } {
    const waiting = this.#journal.isEmpty
      ? ''
      : `; ${(this.#journal.bytes / 1_048_576).toFixed(1)} MiB wait to be stored`;
    return this.#failure === null
      ? { status: 'ok', detail: `${this.storage.description}${waiting}` }
      : { status: 'failed', detail: `${this.storage.description}: ${this.#failure}${waiting}` };
  }

  /** The files of a dataset with days from `from` to `to`, both included (`2025-11-20`), by key. */
  async files(dataset: Dataset, from: string, to: string): Promise<(StoredFile & { day: string })[]> {
    const files: (StoredFile & { day: string })[] = [];
    for (const prefix of prefixes(from, to)) {
      for (const file of await this.storage.list(`${DATASETS[dataset].folder}/${prefix}`)) {
        const day = dayOfKey(file.key);
        if (day !== null && day >= from && day <= to) files.push({ ...file, day });
      }
    }
    return files;
  }

  /** Days that there are files of, in order. */
  async days(dataset: Dataset, from: string, to: string): Promise<string[]> {
    return [...new Set((await this.files(dataset, from, to)).map((file) => file.day))].sort();
  }

  /** The rows of a day, each once, its latest state, by its key (raw messages: by time). */
  async *read(dataset: Dataset, day: string, within?: { fromMs: number; toMs: number }): AsyncGenerator<ParquetRow[]> {
    const layout = DATASETS[dataset];
    const opened = await this.open(dataset, day);
    try {
      yield* readParquet(opened.paths, layout.columns, {
        key: layout.key,
        latest: 'written_at',
        orderBy: orderOf(dataset),
        ...(within === undefined ? {} : { within: { column: layout.time, ...within } }),
      });
    } finally {
      await opened.release();
    }
  }

  /** Local paths of a day's files. */
  async open(dataset: Dataset, day: string): Promise<{ paths: string[]; release: () => Promise<void> }> {
    return this.openFiles(await this.storage.list(dayFolder(dataset, day)).catch((error) => this.#unreachable(error)));
  }

  /** Local paths of these files, in their order; those of a bucket are fetched. Throws StoreError `archive_unreachable`. */
  async openFiles(
    files: readonly { readonly key: string }[],
  ): Promise<{ paths: string[]; release: () => Promise<void> }> {
    const opened: { path: string; release: () => Promise<void> }[] = [];
    const release = async (): Promise<void> => {
      for (const file of opened) await file?.release();
    };
    let next = 0;
    const fetchNext = async (): Promise<void> => {
      while (next < files.length) {
        const at = next++;
        opened[at] = await this.storage.open((files[at] as { key: string }).key);
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: OPENED_AT_ONCE }, fetchNext));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return { paths: opened.map((file) => file.path), release };
    await release();
    return this.#unreachable(failed.reason);
  }

  #unreachable(error: unknown): never {
    throw new StoreError('archive_unreachable', `${this.storage.description}: ${reasonOf(error)}`, { cause: error });
  }

  /**
   * Merges the parts of a day into one file under the documents' name. Whoever reads meanwhile, or after a crash in
   * between, finds rows twice at worst, and takes each once. Answers whether there was something to do.
   */
  async merge(dataset: Dataset, day: string, compressionLevel?: number): Promise<boolean> {
    const layout = DATASETS[dataset];
    const whole = dayKey(dataset, day);
    const parts = await this.storage.list(dayFolder(dataset, day));
    if (parts.length === 0 || (parts.length === 1 && parts[0]?.key === whole)) return false;
    const opened = await this.open(dataset, day);
    const draft = this.#draft();
    try {
      await mergeParquet(
        opened.paths,
        layout.columns,
        {
          key: layout.key,
          latest: 'written_at',
          orderBy: orderOf(dataset),
          ...(compressionLevel === undefined ? {} : { compressionLevel }),
        },
        draft,
      );
      await this.storage.put(whole, draft);
      for (const part of parts) if (part.key !== whole) await this.storage.remove(part.key);
      return true;
    } finally {
      await opened.release();
      await rm(draft, { force: true });
    }
  }

  /** Journals what there is; what is not stored yet is stored by the next start. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      await this.flush();
    } finally {
      await this.#storing?.catch(() => {});
      await this.#journal.close();
      await this.storage.close();
    }
  }

  /** Strictly rising, so that of two states of a row the later is known. */
  #now(): number {
    this.#writtenAtMs = Math.max(Date.now(), this.#writtenAtMs + 0.001);
    return this.#writtenAtMs;
  }

  #add(dataset: Dataset, rows: ParquetRow[]): void {
    if (rows.length === 0) return;
    if (this.#closed) throw new StoreError('store_closed', 'The archive is closed; nothing can be added any more.');
    if (this.#pendingRows + rows.length > PENDING_ROWS_MAX) {
      if (this.#refusedRows === 0)
        this.#options.onAlert(
          'error',
          'The disk takes nothing for the archive, and memory for it is full: rows are refused.',
        );
      this.#refusedRows += rows.length;
      return;
    }
    this.#pending.push({ dataset, rows });
    this.#pendingRows += rows.length;
    this.#batchTimer ??= setTimeout(() => {
      this.#batchTimer = null;
      this.#journalPending().catch(() => {
        // Told by an alert; what waits is tried again with what comes next.
      });
    }, BATCH_DELAY_MS);
    this.#batchTimer.unref();
  }

  async #journalPending(): Promise<void> {
    while (this.#journaling !== null) await this.#journaling.catch(() => {});
    if (this.#pending.length === 0) return;
    const batch = this.#pending;
    this.#journaling = this.#journal.append(batch).finally(() => {
      this.#journaling = null;
    });
    this.#pending = [];
    try {
      await this.#journaling;
      for (const entry of batch) this.#pendingRows -= entry.rows.length;
    } catch (error) {
      this.#pending = [...batch, ...this.#pending];
      this.#options.onAlert('error', `The archive's journal takes nothing: ${reasonOf(error)}`);
      throw error;
    }
    this.#schedule(this.#journal.bytes >= STORE_BYTES ? 0 : (this.#options.storeEveryMs ?? STORE_EVERY_MS));
  }

  #schedule(delayMs: number): void {
    if (this.#closed || (this.#timer !== null && delayMs > 0)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#storing !== null) return;
      this.#storing = this.#storeJournal()
        .catch(() => {
          // Told by an alert, and tried again.
          this.#schedule(this.#retryMs);
          this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
        })
        .finally(() => {
          this.#storing = null;
        });
    }, delayMs);
    this.#timer.unref();
  }

  /** Segment by segment: its rows as Parquet, then it goes. A crash in between stores them again under the same names. */
  async #storeJournal(): Promise<void> {
    try {
      for (;;) {
        const segment = await this.#journal.oldest();
        if (segment === null) break;
        await this.#storeSegment(segment.values as Entry[]);
        await this.#journal.remove(segment.name);
      }
    } catch (error) {
      if (this.#failure === null)
        this.#options.onAlert(
          'error',
          `The archive ${this.storage.description} cannot be written: ${reasonOf(error)} What is archived waits on disk.`,
        );
      this.#failure = reasonOf(error);
      throw error;
    }
    if (this.#failure !== null)
      this.#options.onAlert('info', `The archive ${this.storage.description} is written again.`);
    this.#failure = null;
    this.#retryMs = RETRY_FIRST_MS;
  }

  async #storeSegment(entries: readonly Entry[]): Promise<void> {
    const spans = new Map<string, { dataset: Dataset; startMs: number; rows: ParquetRow[] }>();
    for (const { dataset, rows } of entries) {
      const { time, spanMs } = DATASETS[dataset];
      for (const row of rows) {
        const startMs = Math.floor((row[time] as number) / spanMs) * spanMs;
        const name = `${dataset} ${startMs}`;
        let span = spans.get(name);
        if (span === undefined) {
          span = { dataset, startMs, rows: [] };
          spans.set(name, span);
        }
        span.rows.push(row);
      }
    }
    for (const { dataset, startMs, rows } of spans.values()) {
      const draft = this.#draft();
      try {
        // The same rows get the same name, others another.
        const mark = createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 12);
        if (DATASETS[dataset].key.includes('part'))
          for (const [at, row] of rows.entries()) {
            row.part = mark;
            row.part_row = at;
          }
        await writeParquet(draft, DATASETS[dataset].columns, rows);
        await this.storage.put(partKey(dataset, startMs, mark), draft);
      } finally {
        await rm(draft, { force: true });
      }
    }
  }

  #draft(): string {
    const folder = join(this.#options.directory, 'drafts');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${randomUUID()}.parquet`);
  }
}

/** Messages by time, the rest by junction and time: neighbours are alike then, and compress. */
function orderOf(dataset: Dataset): readonly string[] {
  const { key, time } = DATASETS[dataset];
  return key.includes(time) ? key : [time, ...key];
}

/** Of the folders that hold these days: a day, a few years, or everything. */
function prefixes(from: string, to: string): string[] {
  if (from === to) return [`${from.replaceAll('-', '/')}/`];
  const first = Number(from.slice(0, 4));
  const last = Number(to.slice(0, 4));
  if (last - first > YEARS_LISTED_MAX) return [''];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => `${String(first + n).padStart(4, '0')}/`);
}

/** Every day from one to the other, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000)
    days.push(dayOf(at));
  return days;
}
