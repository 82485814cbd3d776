/**
 * Safety indices for those who ask: from the database, and from the Parquet archive while that is away (003). The archive knows
 * junctions by their UUIDs alone: who they are is remembered on disk whenever the database said it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { writeFileAtomically } from '../../runs/files.ts';
import { archivedCurrent, archivedHistory } from '../archive/history.ts';
import type { Archive } from '../archive/archive.ts';
import { isOutage, isStatementFailure, StoreError } from '../database/errors.ts';
import {
  type Aggregation,
  type CurrentIndex,
  currentIndices,
  type HistoryPoint,
  findIntersection,
  KEPT_MS,
  type KnownJunction,
  knownJunctions,
  safetyHistory,
} from '../database/repositories/safety-history.ts';
import type { DatabaseStore } from '../database/store.ts';

/** Who they are changes rarely. */
const REMEMBER_MS = 60_000;
/** Parts of a minute each are read for it. */
const CURRENT_KEPT_MS = 15_000;
/** Names of the store's errors that say that the database cannot be asked now. */
const AWAY = new Set(['database_unavailable', 'database_starting']);

export type Source = 'database' | 'archive';
type Identity = Pick<KnownJunction, 'junctionId' | 'intersectionId' | 'name'>;
type Ask = <A>(work: (trx: Knex.Transaction) => Promise<A>) => Promise<A>;

export interface History {
  junction: Identity;
  points: HistoryPoint[];
  source: Source;
}

export class SafetyReader {
  readonly #store: DatabaseStore;
  readonly #file: string;
  #known: KnownJunction[] | null = null;
  #rememberedAtMs = 0;
  #current: { atMs: number; answer: Promise<CurrentIndex[]> } | null = null;

  constructor(store: DatabaseStore) {
    this.#store = store;
    this.#file = join(store.dataDirectory, 'junctions.json');
    store.ready.then(() => this.#remember()).catch(() => {});
  }

  /** Every junction in service with its latest minute of the last 48 hours. */
  current(nowMs: number): Promise<{ indices: CurrentIndex[]; source: Source }> {
    return this.#either(
      (ask) => ask((trx) => currentIndices(trx, nowMs)),
      (archive) => this.#archivedCurrent(archive, nowMs),
    ).then(({ answer, source }) => ({ indices: answer, source }));
  }

  /** Null where there is no such junction. `id`: its number or its UUID. */
  async history(
    id: string,
    aggregation: Aggregation,
    span: { fromMs: number; toMs: number; nowMs: number },
  ): Promise<History | null> {
    const { answer, source } = await this.#either<Omit<History, 'source'> | null>(
      (ask) =>
        ask(async (trx) => {
          const found = await findIntersection(trx, id);
          if (found === null) return null;
          const points = await safetyHistory(trx, aggregation, found.intersectionId, span.fromMs, span.toMs);
          return { junction: found, points };
        }),
      async (archive) => {
        const junction = this.#junctions().find(
          (one) => one.junctionId === id.toLowerCase() || (/^\d/.test(id) && one.intersectionId === Number(id)),
        );
        if (junction === undefined) return null;
        return { junction, points: await archivedHistory(archive, aggregation, junction.junctionId, span) };
      },
    );
    return answer === null ? null : { ...answer, source };
  }

  /** The database's answer; where that is away, the archive's. Where there is nothing to fall back on, the database's error. */
  async #either<T>(
    fromDatabase: (ask: Ask) => Promise<T>,
    fromArchive: (archive: Archive) => Promise<T>,
  ): Promise<{ answer: T; source: Source }> {
    try {
      const answer = await fromDatabase((work) => this.#store.asRole('reporting_user', work));
      await this.#remember();
      return { answer, source: 'database' };
    } catch (error) {
      const { archive } = this.#store;
      if (archive === null || !isAway(error) || this.#junctions().length === 0) throw error;
      const answer = await fromArchive(archive);
      // It may be one that came since: the archive cannot say that there is none.
      if (answer === null) throw error;
      return { answer, source: 'archive' };
    }
  }

  async #archivedCurrent(archive: Archive, nowMs: number): Promise<CurrentIndex[]> {
    if (this.#current === null || nowMs - this.#current.atMs > CURRENT_KEPT_MS) {
      const answer = archivedCurrent(archive, nowMs, KEPT_MS.minute).then((latest) =>
        this.#junctions()
          .filter(({ isRetired }) => !isRetired)
          .map(({ isRetired: _, ...junction }) => ({
            ...junction,
            ...(latest.get(junction.junctionId) ?? NOTHING_KNOWN),
          })),
      );
      this.#current = { atMs: nowMs, answer };
      answer.catch(() => {
        this.#current = null;
      });
    }
    return this.#current.answer;
  }

  #junctions(): KnownJunction[] {
    this.#known ??= this.#read();
    return this.#known;
  }

  #read(): KnownJunction[] {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as KnownJunction[];
    } catch {
      return [];
    }
  }

  async #remember(): Promise<void> {
    if (Date.now() - this.#rememberedAtMs < REMEMBER_MS) return;
    this.#rememberedAtMs = Date.now();
    try {
      const known = await this.#store.asRole('reporting_user', knownJunctions);
      if (JSON.stringify(known) !== JSON.stringify(this.#junctions()))
        await writeFileAtomically(this.#file, JSON.stringify(known));
      this.#known = known;
    } catch {
      // Tried again with a later question; a full disk and a database that is away are told elsewhere.
      this.#rememberedAtMs = 0;
    }
  }
}

const NOTHING_KNOWN = {
  atMs: null,
  safetyIndex: null,
  low: null,
  high: null,
  scoreStatus: null,
  trafficVolume: null,
} as const;

function isAway(error: unknown): boolean {
  return (
    error instanceof StoreError && (AWAY.has(error.code) || (isOutage(error.cause) && !isStatementFailure(error.cause)))
  );
}
