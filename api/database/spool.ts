import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, StoreError } from './errors.ts';

const SEGMENT_BYTES = 8 * 1024 * 1024;
const SEGMENT = /^(\d{10})\.ndjson$/;
const ALERT_SHARE = 0.8;

export interface SpoolOptions {
  directory: string;
  maxBytes: number;
  /** Called when the spool becomes fuller than 80 % (once, until it has been below again), and for what cannot be read. */
  onAlert: (level: 'warning' | 'error', message: string) => void;
}

/**
 * What waits on disk while the database is away: one JSON value a line, in numbered segments, in order. `append` resolves
 * when it is on the disk (fsync). Segments are read and removed oldest first. A line cut off by a crash was never
 * acknowledged and is passed over; nothing is ever appended behind it.
 */
export class Spool {
  #options: SpoolOptions;
  #segments: { name: string; bytes: number }[] = [];
  #file: FileHandle | null = null;
  #next = 1;
  #alerted = false;

  constructor(options: SpoolOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(options.directory).sort()) {
      const match = SEGMENT.exec(name);
      if (match === null) continue;
      this.#segments.push({ name, bytes: statSync(join(options.directory, name)).size });
      this.#next = Number(match[1]) + 1;
    }
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /**
   * Appends values and syncs them: once it resolves they survive a crash. Rejects with StoreError `spool_full` when they do not
   * fit, `spool_failed` when the disk refuses them; then none of them is in the spool.
   */
  async append(values: readonly unknown[]): Promise<void> {
    if (values.length === 0) return;
    const data = Buffer.from(`${values.map((value) => JSON.stringify(value)).join('\n')}\n`, 'utf8');
    const full = this.bytes + data.length;
    if (full > this.#options.maxBytes) {
      throw new StoreError(
        'spool_full',
        `The spool ${this.#options.directory} holds ${mebibytes(this.bytes)} of ${mebibytes(this.#options.maxBytes)}; nothing more is accepted.`,
        {
          status: 507,
          hint: 'Bring the database back, or raise FLEXTRAFF_SPOOL_MAX_MIB if the disk has room.',
        },
      );
    }
    const { file, segment } = await this.#open();
    try {
      for (let written = 0; written < data.length; ) {
        written += (await file.write(data, written, data.length - written, segment.bytes + written)).bytesWritten;
      }
      await file.sync();
    } catch (error) {
      await this.#takeBack(file, segment);
      throw new StoreError(
        'spool_failed',
        `The spool ${this.#options.directory} could not be written: ${reasonOf(error)}`,
        {
          cause: error,
          status: 507,
          hint: 'Make room on the disk or give write access; writing goes on by itself then.',
        },
      );
    }
    segment.bytes += data.length;
    if (segment.bytes >= SEGMENT_BYTES) await this.#closeFile();
    this.#watchFill();
  }

  /** Values of the oldest segment, or null when the spool is empty. Nothing is appended to that segment any more. */
  async oldest(): Promise<{ name: string; values: unknown[] } | null> {
    const segment = this.#segments[0];
    if (segment === undefined) return null;
    if (this.#segments.length === 1) await this.#closeFile();
    const lines = (await readFile(join(this.#options.directory, segment.name), 'utf8')).split('\n');
    const values: unknown[] = [];
    // What follows the last line end was cut off by a crash, or is empty.
    lines.pop();
    for (const [index, line] of lines.entries()) {
      try {
        values.push(JSON.parse(line));
      } catch {
        this.#options.onAlert(
          'error',
          `${join(this.#options.directory, segment.name)}:${index + 1} cannot be read and was passed over.`,
        );
      }
    }
    return { name: segment.name, values };
  }

  /** Removes a segment whose values are in the database, durably: it does not come back after a crash. */
  async remove(name: string): Promise<void> {
    await rm(join(this.#options.directory, name), { force: true });
    this.#segments = this.#segments.filter((segment) => segment.name !== name);
    await syncDirectory(this.#options.directory);
    this.#watchFill();
  }

  async close(): Promise<void> {
    await this.#closeFile();
  }

  async #open(): Promise<{ file: FileHandle; segment: { name: string; bytes: number } }> {
    const last = this.#segments.at(-1);
    if (this.#file !== null && last !== undefined) return { file: this.#file, segment: last };
    const segment = { name: `${String(this.#next++).padStart(10, '0')}.ndjson`, bytes: 0 };
    try {
      const file = await open(join(this.#options.directory, segment.name), 'wx', 0o600);
      await syncDirectory(this.#options.directory);
      this.#file = file;
      this.#segments.push(segment);
      return { file, segment };
    } catch (error) {
      throw new StoreError(
        'spool_failed',
        `The spool ${this.#options.directory} could not be written: ${reasonOf(error)}`,
        {
          cause: error,
          status: 507,
          hint: 'Make room on the disk or give write access; writing goes on by itself then.',
        },
      );
    }
  }

  /** What was written of a refused batch is cut off again; where even that fails, the next batch begins a new segment. */
  async #takeBack(file: FileHandle, segment: { bytes: number }): Promise<void> {
    try {
      await file.truncate(segment.bytes);
    } catch {
      await this.#closeFile();
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #watchFill(): void {
    const share = this.bytes / this.#options.maxBytes;
    if (share <= ALERT_SHARE) {
      this.#alerted = false;
    } else if (!this.#alerted) {
      this.#alerted = true;
      this.#options.onAlert(
        'warning',
        `The spool is ${Math.floor(share * 100)} % full (${mebibytes(this.bytes)} of ${mebibytes(this.#options.maxBytes)}): the database has been away for long.`,
      );
    }
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** Makes names in a directory durable; systems that cannot sync a directory (Windows) do it by themselves. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const file = await open(directory, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
