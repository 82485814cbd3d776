import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';
import { reasonOf, StoreError } from './errors.ts';
import type { WorkerNews, WorkerOrder, WorkerRequest } from './pglite-worker.ts';
import { TEMPLATE_FILE } from './template.ts';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
/** A Unix socket's path may have 107 bytes (Linux), 103 (macOS). */
const SOCKET_PATH_MAX_BYTES = 100;

export interface EmbeddedOptions {
  /** Where the database's files are; the caller holds the lock on it. */
  directory: string;
  /** Prepared archive; default: the package's own. */
  templateFile?: string;
  /** Ends the worker at once while it starts, as a crash would, which does no harm. */
  signal?: AbortSignal;
}

/** PGlite on its worker thread. One session, always superuser: one connection at a time. */
export interface EmbeddedDatabase {
  /** What `pg` needs to connect. */
  readonly connection: { host: string; port: number; user: string; database: string };
  /** Whether the worker runs. */
  readonly running: boolean;
  /** Starts the worker again after it ended or hung; the connection stays the same. */
  restart(): Promise<void>;
  /** Ends the worker at once, in the middle of whatever it does, as a crash would. */
  terminate(): Promise<void>;
  /** A gzipped tar of the data directory. */
  dump(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens or makes the database in `directory` and answers when it can be connected to. Throws StoreError
 * `database_unusable`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const embedded = new PgliteProcess(options.directory, options.templateFile ?? TEMPLATE_FILE);
  const stop = (): void => void embedded.terminate();
  options.signal?.addEventListener('abort', stop);
  try {
    return await embedded.start();
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

class PgliteProcess implements EmbeddedDatabase {
  #directory: string;
  #templateFile: string;
  #socketDirectory: string | null = null;
  /** 0: of the system's choice, and kept from then on. */
  #port = process.platform === 'win32' ? 0 : 5432;
  #worker: Worker | null = null;
  #closed = false;

  constructor(directory: string, templateFile: string) {
    this.#directory = directory;
    this.#templateFile = templateFile;
    if (process.platform !== 'win32') this.#socketDirectory = makeSocketDirectory(directory);
  }

  get connection(): { host: string; port: number; user: string; database: string } {
    return { host: this.#socketDirectory ?? '127.0.0.1', port: this.#port, user: 'postgres', database: 'postgres' };
  }

  get running(): boolean {
    return this.#worker !== null;
  }

  async start(): Promise<this> {
    const socketPath = this.#socketDirectory === null ? null : join(this.#socketDirectory, `.s.PGSQL.${this.#port}`);
    if (this.#socketDirectory !== null && socketPath !== null) {
      mkdirSync(this.#socketDirectory, { recursive: true, mode: 0o700 });
      rmSync(socketPath, { force: true });
    }
    const order: WorkerOrder = {
      dataDirectory: this.#directory,
      templateFile: this.#templateFile,
      socketPath,
      port: this.#port,
    };
    const worker = startThread(import.meta.url, 'pglite-worker', order);
    this.#worker = worker;
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    try {
      const news = await newsOf(worker, 'ready', START_TIMEOUT_MS);
      if (news.port !== null) this.#port = news.port;
    } catch (error) {
      await worker.terminate();
      this.#removeSocket();
      throw new StoreError(
        'database_unusable',
        `The embedded database in ${this.#directory} did not start: ${reasonOf(error)}`,
        {
          cause: error,
          hint:
            error instanceof WorkerFailure && error.hint !== null
              ? error.hint
              : 'See that the disk has room and the directory can be written; a damaged database can be moved away, and a new one is made.',
        },
      );
    }
    // The database alone keeps nobody alive.
    worker.unref();
    return this;
  }

  async restart(): Promise<void> {
    if (this.#closed) return;
    await this.terminate();
    await this.start();
  }

  async terminate(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async dump(): Promise<Uint8Array> {
    if (this.#worker === null) throw new StoreError('database_unusable', 'The embedded database is not running.');
    const answer = newsOf(this.#worker, 'dumped', START_TIMEOUT_MS);
    this.#worker.postMessage({ kind: 'dump' } satisfies WorkerRequest);
    return (await answer).archive;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker !== null) {
      worker.ref();
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage({ kind: 'stop' } satisfies WorkerRequest);
      const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    this.#removeSocket();
  }

  #removeSocket(): void {
    if (this.#socketDirectory !== null) rmSync(this.#socketDirectory, { recursive: true, force: true });
  }
}

/** Only this user may reach the socket: whoever does is superuser of the database. */
function makeSocketDirectory(directory: string): string {
  const beside = `${directory}.socket`;
  if (Buffer.byteLength(join(beside, '.s.PGSQL.5432')) > SOCKET_PATH_MAX_BYTES)
    return mkdtempSync(join(tmpdir(), 'flextraff-'));
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  chmodSync(beside, 0o700);
  return beside;
}

class WorkerFailure extends Error {
  readonly hint: string | null;
  constructor(message: string, hint: string | null) {
    super(message);
    this.hint = hint;
  }
}

function newsOf<K extends WorkerNews['kind']>(
  worker: Worker,
  kind: K,
  timeoutMs: number,
): Promise<Extract<WorkerNews, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      act();
    };
    const onMessage = (news: WorkerNews): void => {
      if (news.kind === kind) settle(() => resolve(news as Extract<WorkerNews, { kind: K }>));
      else if (news.kind === 'failed') settle(() => reject(new WorkerFailure(news.message, news.hint)));
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void => settle(() => reject(new Error(`its thread ended with code ${code}`)));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`))),
      timeoutMs,
    );
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
