/** Where archived files lie: a local folder, or an S3-compatible bucket. */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { StoreError } from '../database/errors.ts';

/** How readily a file is at hand; on a disk all are alike. */
export type StorageClass = 'standard' | 'nearline' | 'coldline';

export interface StoredFile {
  /** Below the archive's root, with `/`. */
  readonly key: string;
  readonly bytes: number;
  readonly storageClass: StorageClass;
}

export interface ArchiveStorage {
  /** For people, without secrets. */
  readonly description: string;
  /** Puts a finished local file there, whole or not at all; one that is there is replaced. The local file stays. */
  put(key: string, path: string): Promise<void>;
  /** Everything whose key begins so, by key. */
  list(prefix: string): Promise<StoredFile[]>;
  /** A local path to read the file from, until `release`. */
  open(key: string): Promise<{ path: string; release: () => Promise<void> }>;
  remove(key: string): Promise<void>;
  /** False where there is no such class: the file stays as it is. */
  setClass(key: string, storageClass: StorageClass): Promise<boolean>;
  close(): Promise<void>;
}

/** A folder on this machine, e.g. a mounted network disk. */
export class FolderStorage implements ArchiveStorage {
  readonly description: string;
  #root: string;

  constructor(root: string) {
    this.#root = root;
    this.description = root;
  }

  async put(key: string, path: string): Promise<void> {
    const target = this.#path(key);
    const draft = `${target}.${randomUUID()}.part`;
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await copyFile(path, draft);
      await syncPath(draft, 'r+');
      await rename(draft, target);
      if (process.platform !== 'win32') await syncPath(dirname(target), 'r');
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  async list(prefix: string): Promise<StoredFile[]> {
    // Only what can hold such keys is walked.
    const folder = join(this.#root, ...prefix.split('/').slice(0, -1));
    const files: StoredFile[] = [];
    let entries: string[];
    try {
      entries = await readdir(folder, { recursive: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    for (const entry of entries) {
      if (!entry.endsWith('.parquet')) continue;
      const path = join(folder, entry);
      const key = relative(this.#root, path).split(sep).join('/');
      if (!key.startsWith(prefix)) continue;
      files.push({ key, bytes: (await stat(path)).size, storageClass: 'standard' });
    }
    return files.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async open(key: string): Promise<{ path: string; release: () => Promise<void> }> {
    return { path: this.#path(key), async release() {} };
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async setClass(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {}

  #path(key: string): string {
    if (key.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new StoreError('archive_failed', `"${key}" is no name of an archived file.`);
    return join(this.#root, ...key.split('/'));
  }
}

async function syncPath(path: string, flags: string): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export interface StorageOptions {
  /** A folder's path, or `s3://bucket/prefix`. */
  location: string;
  /** Of an S3-compatible server other than AWS, e.g. `http://minio:9000`. */
  endpoint?: string | undefined;
  region?: string | undefined;
}

/**
 * The storage of a location; nothing is asked of it before it is used. Throws StoreError `archive_location_invalid`.
 */
export function openStorage(options: StorageOptions): ArchiveStorage {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(options.location)) return new FolderStorage(options.location);
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(options.location);
  if (match === null) {
    throw new StoreError(
      'archive_location_invalid',
      `FLEXTRAFF_ARCHIVE is ${options.location}; allowed is the path of a folder, s3://bucket/prefix, or off.`,
      { status: 400, hint: 'Correct it in the environment or in .env.' },
    );
  }
  const bucket = match[1] as string;
  const prefix = (match[2] ?? '').replace(/\/+$/, '');
  return new DeferredStorage(`s3://${bucket}/${prefix}`, async () => {
    const { S3Storage } = await import('./s3.ts');
    return new S3Storage({ bucket, prefix, endpoint: options.endpoint, region: options.region });
  });
}

/** Loads what it takes when it is first used. */
class DeferredStorage implements ArchiveStorage {
  readonly description: string;
  #load: () => Promise<ArchiveStorage>;
  #loaded: Promise<ArchiveStorage> | null = null;

  constructor(description: string, load: () => Promise<ArchiveStorage>) {
    this.description = description;
    this.#load = load;
  }

  async put(key: string, path: string): Promise<void> {
    await (await this.#storage()).put(key, path);
  }

  async list(prefix: string): Promise<StoredFile[]> {
    return (await this.#storage()).list(prefix);
  }

  async open(key: string): Promise<{ path: string; release: () => Promise<void> }> {
    return (await this.#storage()).open(key);
  }

  async remove(key: string): Promise<void> {
    await (await this.#storage()).remove(key);
  }

  async setClass(key: string, storageClass: StorageClass): Promise<boolean> {
    return (await this.#storage()).setClass(key, storageClass);
  }

  async close(): Promise<void> {
    if (this.#loaded !== null) await (await this.#loaded).close();
  }

  #storage(): Promise<ArchiveStorage> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }
}
