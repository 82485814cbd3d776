import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type {
  FeatureRecord,
  IndexRecord,
  MessageRecord,
  RawKind,
  RawRecord,
  RecordKind,
  RecordKinds,
} from '../../runs/records.ts';
import {
  type CycleRecord,
  type DecisionRow,
  type RunRow,
  type SeriesRecord,
  type Store,
  TwinError,
} from '../../runs/twin-types.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { Archive } from '../archive/archive.ts';
import { openStorage, type StorageOptions } from '../archive/storage.ts';
import { type Database, type DatabaseOptions, openDatabase, POOL_MAX } from './connect.ts';
import { hashEpc, loadEpcKey, loadInstallationId } from './epc.ts';
import { isConflict, isOutage, isStatementFailure, reasonOf, StoreError } from './errors.ts';
import { lockDirectory } from './lock.ts';
import { type CycleQuery, listCycles, type StoredCycle } from './repositories/cycles.ts';
import { listDecisions } from './repositories/decisions.ts';
import {
  findJunction,
  junctionInputs,
  listJunctions,
  type StoredJunction,
  type StoredJunctionDetail,
} from './repositories/junctions.ts';
import { findRun, interruptRuns, listRuns, type RunOwner } from './repositories/runs.ts';
import { listSeries } from './repositories/series.ts';
import type { DatabaseRole } from './roles.ts';
import { Spool } from './spool.ts';
import { Writer } from './writer.ts';
import type { Write } from './writes.ts';

const SPOOL_MAX_MIB = 512;
/** A read waits this long for a database that is starting, and then as long again for what was written before. */
const READ_TIMEOUT_MS = 30_000;
const CATCH_UP_TIMEOUT_MS = 5000;
/** More bring nothing: `npm run bench:ingest -- --pools 2,3,4,6`. */
const WRITE_LANES_MAX = 3;
const INTERRUPT_POLL_MS = 10_000;
const SPOOL_DRAIN_TIMEOUT_MS = 600_000;
/** How often a job's transaction is tried that another one was in the way of. */
const CONFLICT_TRIES = 5;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

/** The part of a logger (pino's) that is used. */
export interface StoreLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface StoreOptions {
  /** `postgres://...`; absent or empty: PGlite in the data directory. */
  databaseUrl?: string | undefined;
  /** Logins of their own for the roles (connect.ts). */
  roleUrls?: DatabaseOptions['roleUrls'];
  poolMax?: number | undefined;
  dataDirectory: string;
  /** At least 32 characters; absent: the key kept in the data directory. */
  epcKey?: string | undefined;
  /** Whether tags' EPCs are stored under the key (default) or as they are. */
  epcs?: 'hashed' | 'plain' | undefined;
  /** Bound of the spool, MiB; default 512. */
  spoolMaxMebibytes?: number | undefined;
  /** Prepared archive for a new embedded database; default: the package's own. */
  templateFile?: string | undefined;
  /**
   * Where indices, features and raw messages are archived as Parquet besides: a folder, or `s3://bucket/prefix`. Absent or
   * `off`: nowhere.
   */
  archive?: StorageOptions | 'off' | undefined;
  /** Milliseconds between files of the archive; default 60,000. */
  archiveEveryMs?: number | undefined;
  logger?: StoreLogger | undefined;
  /** Opens the database; default `openDatabase`. */
  open?: ((options: DatabaseOptions) => Promise<Database>) | undefined;
  onAlert?: ((level: 'info' | 'warning' | 'error', message: string) => void) | undefined;
}

/** The store with what only the API asks of it. */
export interface DatabaseStore extends Store {
  /** PGlite in this process, or a server. */
  readonly kind: Database['kind'];
  /** The Parquet archive; null where there is none. */
  readonly archive: Archive | null;
  /**
   * As `Store` has it. Indices go to the archive as well unless told otherwise; neither side waits for the other, and what the archive
   * cannot take is an alert, not an error.
   */
  writeRecords<K extends RecordKind>(kind: K, rows: readonly RecordKinds[K][], options?: { archive?: boolean }): void;
  /** What indices are made of; kept in the archive only. */
  writeFeatures(rows: readonly FeatureRecord[]): void;
  /** V2X messages as they came; kept in the archive only. */
  writeRaw(kind: RawKind, rows: readonly RawRecord[]): void;
  /**
   * Resolves when the database is there and up to date; rejects with the first reason why it is not (StoreError). Writes
   * are accepted before and after; the store keeps trying.
   */
  readonly ready: Promise<void>;
  readonly dataDirectory: string;
  /** Bytes that wait on disk for the database. */
  readonly spooledBytes: number;
  junctions(): Promise<StoredJunction[]>;
  junction(id: string): Promise<StoredJunctionDetail | null>;
  cycles(junctionId: string, query: CycleQuery): Promise<StoredCycle[]>;
  /**
   * Runs `work` in a transaction that sees and changes only what this user may (row-level security). What was written
   * before is in the database first.
   */
  asUser<T>(userId: string, work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of a role: `job_role` for jobs, `reporting_user` for reading everything. */
  asRole<T>(role: DatabaseRole, work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /**
   * As `job_role` in a transaction that may take its time; does not wait for what was written before. Where another
   * transaction was in its way it is tried again: `work` may be called more than once.
   */
  asJob<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /** With the rights of the tables' owner and in no transaction, for as long as it takes: VACUUM. */
  asOwner<T>(work: (knex: Knex) => Promise<T>): Promise<T>;
  /** A consistent copy of the embedded database, as a gzipped tar of its folder; null for a server. */
  dumpEmbedded(): Promise<Uint8Array | null>;
}

/**
 * Takes the data directory and opens the store, at once: the database starts meanwhile, and what is written until then
 * waits in the spool. Throws StoreError where the directory is in use (`data_directory_in_use`) or cannot be used, or a
 * setting is wrong (`epc_key_invalid`, `database_url_invalid`).
 */
export function openStore(options: StoreOptions): DatabaseStore {
  const unlock = lockDirectory(options.dataDirectory);
  try {
    return new OpenStore(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class OpenStore implements DatabaseStore {
  readonly ready: Promise<void>;
  readonly dataDirectory: string;
  readonly archive: Archive | null;
  #options: StoreOptions;
  #unlock: () => void;
  #owner: RunOwner;
  #epcKey: Buffer | null;
  #spool: Spool;
  #writer: Writer;
  #database: Database | null = null;
  #state: 'starting' | 'up' | 'down' | 'closed' = 'starting';
  #reason = '';
  #stateChanged: (() => void)[] = [];
  #opening: Promise<void>;
  #closing = new AbortController();

  constructor(options: StoreOptions, unlock: () => void) {
    this.#options = options;
    this.#unlock = unlock;
    this.dataDirectory = options.dataDirectory;
    this.#epcKey = options.epcs === 'plain' ? null : loadEpcKey(options.dataDirectory, options.epcKey);
    this.#owner = { installationId: loadInstallationId(options.dataDirectory), instanceId: randomUUID() };
    this.#spool = new Spool({
      directory: join(options.dataDirectory, 'spool'),
      maxBytes: (options.spoolMaxMebibytes ?? SPOOL_MAX_MIB) * 1_048_576,
      onAlert: (level, message) => this.#alert(level, message),
    });
    this.#writer = new Writer({
      spool: this.#spool,
      onOutage: (error) => this.#lost(error),
      onRefused: (write, error) => this.#refused(write, error),
      onAlert: (level, message) => this.#alert(level, message),
    });
    this.archive = this.#openArchive(options);
    let settle: { resolve: () => void; reject: (error: unknown) => void } = { resolve() {}, reject() {} };
    this.ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever does not wait for it is told by health() and by an alert.
    this.ready.catch(() => {});
    this.#opening = this.#open(settle);
  }

  get spooledBytes(): number {
    return this.#spool.bytes;
  }

  get kind(): Database['kind'] {
    return this.#options.databaseUrl === undefined || this.#options.databaseUrl === '' ? 'embedded' : 'server';
  }

  writeRun(run: RunRow): void {
    this.#writer.add({ kind: 'runs', rows: [{ ...run, ...this.#owner }] });
  }

  writeJunctions(scenario: Scenario | null, configurations: readonly JunctionConfiguration[]): void {
    this.#writer.add({ kind: 'junctions', rows: junctionInputs(scenario, configurations) });
  }

  writeCycles(cycles: readonly CycleRecord[]): void {
    const key = this.#epcKey;
    const rows =
      key === null
        ? [...cycles]
        : cycles.map((cycle) => ({
            ...cycle,
            approaches: cycle.approaches.map((approach) => ({
              ...approach,
              epcIds: approach.epcIds.map((epc) => hashEpc(key, epc)),
            })),
          }));
    this.#writer.add({ kind: 'cycles', rows });
  }

  writeSeries(points: readonly SeriesRecord[]): void {
    this.#writer.add({ kind: 'series', rows: [...points] });
  }

  writeDecisions(decisions: readonly DecisionRow[]): void {
    this.#writer.add({ kind: 'decisions', rows: [...decisions] });
  }

  writeRecords<K extends RecordKind>(
    kind: K,
    rows: readonly RecordKinds[K][],
    options: { archive?: boolean } = {},
  ): void {
    const kept = kind === 'messages' ? (rows as readonly MessageRecord[]).map((row) => this.#withoutTags(row)) : rows;
    this.#writer.add({ kind, rows: [...kept] } as Write);
    if (kind === 'indices' && options.archive !== false) this.archive?.addIndices(rows as readonly IndexRecord[]);
  }

  /** Counts carry tags in their messages too. */
  #withoutTags(row: MessageRecord): MessageRecord {
    const key = this.#epcKey;
    const tags = (row.payload as { epc_ids?: unknown } | null)?.epc_ids;
    if (key === null || !Array.isArray(tags)) return row;
    return { ...row, payload: { ...(row.payload as object), epc_ids: tags.map((tag) => hashEpc(key, String(tag))) } };
  }

  writeFeatures(rows: readonly FeatureRecord[]): void {
    this.archive?.addFeatures(rows);
  }

  writeRaw(kind: RawKind, rows: readonly RawRecord[]): void {
    this.archive?.addRaw(kind, rows);
  }

  /** Rare, and said again with the next MAP: not worth the spool. */
  writeMap(junctionId: string, lanes: number, revision: number): void {
    this.#ask((database) =>
      database.roles.transaction('job_role', (trx) =>
        trx('junctions').where({ junction_id: junctionId }).update({ lane_count: lanes, revision }),
      ),
    ).catch((error: Error) =>
      this.#options.logger?.warn({ junctionId, error: error.message }, 'lanes of a MAP could not be noted'),
    );
  }

  /** What the archive's disk refuses was told by an alert; the consistency check finds and mends it. */
  async flush(): Promise<void> {
    await Promise.all([this.#writer.flush(), this.archive?.flush().catch(() => {})]);
  }

  asUser<T>(userId: string, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#ask((database) => database.roles.asUser(userId, work));
  }

  asRole<T>(role: DatabaseRole, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#ask((database) => database.roles.transaction(role, work));
  }

  asJob<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#ask(async (database) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await database.unhurried.job(work);
        } catch (error) {
          if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
        }
      }
    }, 0);
  }

  asOwner<T>(work: (knex: Knex) => Promise<T>): Promise<T> {
    return this.#ask((database) => work(database.unhurried.owner), 0);
  }

  dumpEmbedded(): Promise<Uint8Array | null> {
    return this.#ask(async (database) => (database.embedded === null ? null : database.embedded.dump()));
  }

  runs(limit: number): Promise<RunRow[]> {
    return this.#read((knex) => listRuns(knex, limit));
  }

  run(id: string): Promise<RunRow | null> {
    return this.#read((knex) => findRun(knex, id));
  }

  series(runId: string): Promise<SeriesRecord[]> {
    return this.#read((knex) => listSeries(knex, runId));
  }

  decisions(runId: string): Promise<DecisionRow[]> {
    return this.#read((knex) => listDecisions(knex, runId));
  }

  junctions(): Promise<StoredJunction[]> {
    return this.#read(listJunctions);
  }

  junction(id: string): Promise<StoredJunctionDetail | null> {
    return this.#read((knex) => findJunction(knex, id));
  }

  cycles(junctionId: string, query: CycleQuery): Promise<StoredCycle[]> {
    return this.#read((knex) => listCycles(knex, junctionId, query));
  }

  /** Waits for the database as long as it takes, and for the spool: the last word on the earlier runs may be in there. */
  async markInterrupted(detail: string): Promise<RunRow[]> {
    while (this.#state === 'starting' || this.#state === 'down') await this.#nextState(INTERRUPT_POLL_MS);
    return this.#ask(
      (database) => database.roles.transaction('job_role', (trx) => interruptRuns(trx, this.#owner, detail)),
      SPOOL_DRAIN_TIMEOUT_MS,
    );
  }

  async health(): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }> {
    const waiting = this.#spool.isEmpty
      ? ''
      : `; ${(this.#spool.bytes / 1_048_576).toFixed(1)} of ${(this.#spool.maxBytes / 1_048_576).toFixed(0)} MiB wait in the spool`;
    if (this.#writer.blocked !== null)
      return { status: 'failed', detail: `nothing can be written: ${this.#writer.blocked}${waiting}` };
    const database = this.#database;
    if (this.#state === 'closed') return { status: 'failed', detail: 'closed' };
    if (database === null && this.#state === 'starting')
      return { status: 'starting', detail: `the database is starting${waiting}` };
    if (database === null || this.#state !== 'up') return { status: 'failed', detail: `${this.#reason}${waiting}` };
    try {
      await database.roles.transaction('reporting_user', (trx) =>
        trx.raw('SELECT postgis_version(), (SELECT count(*) FROM knex_migrations)'),
      );
      return { status: 'ok', detail: `${database.description}${waiting}` };
    } catch (error) {
      if (isOutage(error)) this.#lost(error);
      return { status: 'failed', detail: `${database.description}: ${reasonOf(error)}${waiting}` };
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    try {
      await this.archive
        ?.close()
        .catch((error: unknown) => this.#alert('error', `The archive was not closed well: ${reasonOf(error)}`));
      await this.#writer.close();
    } finally {
      this.#setState('closed', 'the store is closed');
      this.#closing.abort();
      await this.#opening;
      await this.#database?.close();
      await this.#spool.close();
      this.#unlock();
    }
  }

  /** A server writes in as many transactions at once as there are connections but one, which readers always find free. */
  #lanes(): number {
    if (this.kind === 'embedded') return 1;
    return Math.max(1, Math.min(WRITE_LANES_MAX, (this.#options.poolMax ?? POOL_MAX) - 1));
  }

  #openArchive(options: StoreOptions): Archive | null {
    if (options.archive === undefined || options.archive === 'off') return null;
    return new Archive({
      storage: openStorage(options.archive),
      directory: join(options.dataDirectory, 'archive-spool'),
      maxBytes: (options.spoolMaxMebibytes ?? SPOOL_MAX_MIB) * 1_048_576,
      storeEveryMs: options.archiveEveryMs,
      onAlert: (level, message) => this.#alert(level, message),
    });
  }

  async #open(ready: { resolve: () => void; reject: (error: unknown) => void }): Promise<void> {
    for (let wait = RETRY_FIRST_MS; !this.#closing.signal.aborted; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        this.#database = await (this.#options.open ?? openDatabase)({
          ...this.#options,
          signal: this.#closing.signal,
        });
        if (this.#closing.signal.aborted) return;
        this.#reached(this.#database);
        ready.resolve();
        return;
      } catch (error) {
        ready.reject(error);
        if (this.#state === 'starting') this.#alert('error', `${reasonOf(error)} What is written waits in the spool.`);
        this.#setState('down', reasonOf(error));
        await this.#sleep(wait);
      }
    }
    ready.reject(new StoreError('store_closed', 'The store was closed before the database was there.'));
  }

  #reached(database: Database): void {
    const was = this.#state;
    this.#setState('up', '');
    this.#writer.connect((work) => database.roles.transaction('job_role', work), this.#lanes());
    this.#options.logger?.info({ database: database.description }, 'database ready');
    if (was === 'down')
      this.#alert('info', `The database is back (${database.description}); what waited in the spool is being written.`);
  }

  /** Called by the writer when a batch met an outage; tries until the database answers again. */
  #lost(error: unknown): void {
    const database = this.#database;
    if (this.#state !== 'up' || database === null) return;
    this.#setState('down', `${database.description}: ${reasonOf(error)}`);
    this.#writer.disconnect();
    this.#alert(
      'error',
      `The database is away (${database.description}: ${reasonOf(error)}). What is written waits in the spool.`,
    );
    this.#opening = this.#revive(database);
  }

  async #revive(database: Database): Promise<void> {
    for (let wait = RETRY_FIRST_MS; !this.#closing.signal.aborted; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      await this.#sleep(wait);
      if (this.#closing.signal.aborted) return;
      try {
        await database.revive();
        this.#reached(database);
        return;
      } catch (error) {
        this.#reason = `${database.description}: ${reasonOf(error)}`;
      }
    }
  }

  /** Without a user: what is open to all who may use this installation. */
  #read<T>(query: (knex: Knex) => Promise<T>): Promise<T> {
    return this.#ask((database) => database.roles.transaction('reporting_user', query));
  }

  async #ask<T>(work: (database: Database) => Promise<T>, catchUpMs = CATCH_UP_TIMEOUT_MS): Promise<T> {
    await this.#whenUp();
    await this.#writer.caughtUp(catchUpMs);
    const database = this.#database;
    if (database === null || this.#state !== 'up') throw this.#unavailable();
    try {
      return await work(database);
    } catch (error) {
      if (error instanceof TwinError) throw error;
      // Two transactions in each other's way are no outage.
      if (isOutage(error) && !isConflict(error) && !isStatementFailure(error)) this.#lost(error);
      throw new StoreError('database_query_failed', `The database did not answer: ${reasonOf(error)}`, {
        cause: error,
        hint: 'Try again; /health says how the database is.',
      });
    }
  }

  async #whenUp(): Promise<void> {
    const deadline = Date.now() + READ_TIMEOUT_MS;
    while (this.#state === 'starting' && Date.now() < deadline) await this.#nextState(deadline - Date.now());
    if (this.#state !== 'up') throw this.#unavailable();
  }

  #nextState(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#stateChanged.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #unavailable(): StoreError {
    return this.#state === 'starting'
      ? new StoreError('database_starting', 'The database is still starting.', { hint: 'Try again in a few seconds.' })
      : new StoreError('database_unavailable', `The database is away: ${this.#reason}`, {
          hint: 'Runs go on and are kept in the spool; history can be read again when the database is back.',
        });
  }

  #setState(state: 'starting' | 'up' | 'down' | 'closed', reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#reason = reason;
    for (const wake of this.#stateChanged.splice(0)) wake();
  }

  /** Rows that the database refuses for what they are must not hold up the rest; they are kept for people to look at. */
  #refused(write: unknown, error: unknown): void {
    const path = join(this.dataDirectory, 'spool', 'refused.log');
    appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), reason: reasonOf(error), write })}\n`, {
      mode: 0o600,
    });
    this.#alert('error', `The database refused rows: ${reasonOf(error)} They are kept in ${path}.`);
  }

  #alert(level: 'info' | 'warning' | 'error', message: string): void {
    this.#options.logger?.[level === 'warning' ? 'warn' : level]({ component: 'store' }, message);
    this.#options.onAlert?.(level, message);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closing.signal.aborted) return resolve();
      const timer = setTimeout(resolve, milliseconds);
      timer.unref();
      this.#closing.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
