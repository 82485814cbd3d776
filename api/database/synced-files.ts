/**
 * PGlite's files on disk, synced when PostgreSQL asks for it. As PGlite comes it runs with `-F` (no fsync), and its file
 * system has no fsync either, so that a commit may be gone after a power cut, or the database damaged.
 */
import fs from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** Start parameters with fsync on. Emscripten's fdatasync, the default on Linux, does nothing; its fsync asks the file system. */
export const SYNCED_START_PARAMS: readonly string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'wal_sync_method=fsync',
];

interface Stream {
  /** The file's descriptor; absent for a directory. */
  nfd?: number;
  node: unknown;
}
/** What is used of Emscripten's NODEFS. */
interface NodeFileSystem {
  stream_ops: { fsync?: (stream: Stream) => number };
  realPath(node: unknown): string;
}

export class SyncedNodeFS extends NodeFS {
  override async init(...given: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...given);
    const install = (module: { FS: unknown }): void => {
      const files = (module.FS as { filesystems: { NODEFS: NodeFileSystem } }).filesystems.NODEFS;
      files.stream_ops.fsync = (stream) => {
        sync(files, stream);
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...toArray(emscriptenOpts.preRun), install] } };
  }
}

function toArray<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function sync(files: NodeFileSystem, stream: Stream): void {
  if (stream.nfd !== undefined) {
    fs.fsyncSync(stream.nfd);
    return;
  }
  // Windows cannot sync a directory, and need not.
  if (process.platform === 'win32') return;
  const directory = fs.openSync(files.realPath(stream.node), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

/** Makes everything below a directory durable, one file after the other. A file that goes meanwhile needs no syncing. */
export async function syncTree(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const paths = [directory, join(directory, '..')];
  for (const entry of await readdir(directory, { recursive: true })) paths.push(join(directory, entry));
  for (const path of paths) {
    try {
      const file = await open(path, 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
