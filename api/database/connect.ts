import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { type EmbeddedDatabase, startEmbedded } from './embedded.ts';
import { isOutage, reasonOf, StoreError } from './errors.ts';
import { migrateUp } from './migrate.ts';
import { checkRoles, type DatabaseRole, Roles } from './roles.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** Longest a statement may take before the connection counts as lost. */
const QUERY_TIMEOUT_MS = 30_000;
/** At most this many connections to a server for each login; `npm run bench:ingest` measures what more would bring. */
export const POOL_MAX = 4;
/** Connections of jobs; others wait for one as long as a job may take. */
const JOBS_POOL_MAX = 3;
const JOBS_ACQUIRE_TIMEOUT_MS = 3_600_000;
const SERVER_VERSION_MIN = 150_000;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; absent: PGlite in the data directory. */
  databaseUrl?: string | undefined;
  /**
   * Logins of their own for the roles, each a member of its role and of nothing else; absent: `databaseUrl`'s takes them on.
   * Only with them can nobody who gets to run SQL of his own become another role.
   */
  roleUrls?: Partial<Record<DatabaseRole, string | undefined>> | undefined;
  /** Connections for each login; default 4. Of a server only. */
  poolMax?: number | undefined;
  /** The caller holds its lock. */
  dataDirectory: string;
  /** Prepared archive for a new embedded database; default: the package's own. */
  templateFile?: string | undefined;
  /** Gives up opening: the promise is rejected soon after, and nothing is left running. */
  signal?: AbortSignal | undefined;
}

/** A database that answers, with its schema up to date. */
export interface Database {
  /** With the rights of the tables' owner: for migrations and tests. Everything else goes through `roles`. */
  readonly knex: Knex;
  readonly roles: Roles;
  /**
   * For jobs, over connections of their own on a server, on which nothing times out: `job` in transactions of `job_role`,
   * `owner` for what takes the owner of the tables and no transaction (VACUUM).
   */
  readonly unhurried: { readonly owner: Knex; job<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> };
  readonly kind: 'embedded' | 'server';
  /** The worker behind it; null for a server. */
  readonly embedded: EmbeddedDatabase | null;
  /** For people: which database this is, without its password. */
  readonly description: string;
  /** Makes it answer again after an outage; throws while it does not. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects and migrates. Fails fast: an unreachable server is an error now, with host, port, database and what to do
 * (StoreError `database_unreachable`, `database_unusable`, `postgis_missing`, `migration_failed`, `database_newer`).
 */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.databaseUrl === undefined || options.databaseUrl === ''
    ? openEmbedded(options)
    : openServer(options.databaseUrl, options);
}

async function openEmbedded(options: DatabaseOptions): Promise<Database> {
  mkdirSync(options.dataDirectory, { recursive: true });
  const directory = join(options.dataDirectory, 'postgres');
  const embedded = await startEmbedded({
    directory,
    ...(options.templateFile === undefined ? {} : { templateFile: options.templateFile }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // One session is shared by all connections, so there is one connection; inside a transaction only `trx` answers.
  const knex = makeKnex(embedded.connection, 1);
  try {
    await migrate(embedded.connection);
  } catch (error) {
    await knex.destroy();
    await embedded.close();
    throw error;
  }
  const roles = new Roles(knex, { api_user: knex, job_role: knex, reporting_user: knex });
  return {
    knex,
    roles,
    unhurried: { owner: knex, job: (work) => roles.transaction('job_role', work) },
    kind: 'embedded',
    embedded,
    description: `PGlite in ${directory}`,
    async revive() {
      if (!embedded.running) await embedded.restart();
      try {
        await knex.raw('SELECT 1');
      } catch (error) {
        if (!/Query read timeout/.test(reasonOf(error))) throw error;
        // A thread that runs and does not answer has to be replaced.
        await embedded.restart();
        await knex.raw('SELECT 1');
      }
    },
    async close() {
      await knex.destroy();
      await embedded.close();
    },
  };
}

async function openServer(databaseUrl: string, options: DatabaseOptions): Promise<Database> {
  const target = parseDatabaseUrl(databaseUrl);
  const knex = makeKnex({ connectionString: databaseUrl }, options.poolMax ?? POOL_MAX);
  const own = new Map<string, Knex>();
  const poolOf = (role: DatabaseRole): Knex => {
    const url = options.roleUrls?.[role];
    if (url === undefined || url === '' || url === databaseUrl) return knex;
    parseDatabaseUrl(url);
    const pool = own.get(url) ?? makeKnex({ connectionString: url }, options.poolMax ?? POOL_MAX);
    own.set(url, pool);
    return pool;
  };
  // Pools connect when they are first asked.
  const patientOwner = makeKnex({ connectionString: databaseUrl }, JOBS_POOL_MAX, 0);
  const jobUrl = options.roleUrls?.job_role || databaseUrl;
  const patientJob = jobUrl === databaseUrl ? patientOwner : makeKnex({ connectionString: jobUrl }, JOBS_POOL_MAX, 0);
  const close = async (): Promise<void> => {
    for (const pool of new Set([knex, ...own.values(), patientOwner, patientJob])) await pool.destroy();
  };
  try {
    const pools = {
      api_user: poolOf('api_user'),
      job_role: poolOf('job_role'),
      reporting_user: poolOf('reporting_user'),
    };

    const answer = await knex.raw(
      "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version",
    );
    const server = answer.rows[0] as { number: number; version: string };
    if (server.number < SERVER_VERSION_MIN) {
      throw new StoreError(
        'database_unusable',
        `PostgreSQL at ${target} has version ${server.version}; 15 or later is needed.`,
        {
          hint: 'Upgrade the server, or leave DATABASE_URL unset to use the embedded database.',
        },
      );
    }
    await migrate({ connectionString: databaseUrl });
    for (const [url, pool] of own) {
      await pool.raw('SELECT 1').catch((error: unknown) => {
        throw unreachable(
          `${parseDatabaseUrl(url)} as ${new URL(url).username}`,
          error,
          'DATABASE_API_URL and its like',
        );
      });
    }
    await checkRoles(knex, pools);
    return {
      knex,
      roles: new Roles(knex, pools),
      unhurried: {
        owner: patientOwner,
        job: (work) =>
          patientJob.transaction(async (trx) => {
            await trx.raw('SET LOCAL ROLE job_role');
            return work(trx);
          }),
      },
      kind: 'server',
      embedded: null,
      description: `PostgreSQL at ${target}`,
      async revive() {
        for (const pool of new Set([knex, ...Object.values(pools)])) await pool.raw('SELECT 1');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error instanceof StoreError ? error : unreachable(target, error);
  }
}

/** Over a connection of its own, on which nothing times out: an upgrade takes as long as it has rows to move. */
async function migrate(connection: Knex.PgConnectionConfig): Promise<void> {
  const knex = makeKnex(connection, 1, 0);
  try {
    await migrateUp(knex);
  } finally {
    await knex.destroy();
  }
}

/** `host:port/database` of a URL, for messages: never the password. Throws StoreError `database_url_invalid`. */
export function parseDatabaseUrl(databaseUrl: string): string {
  const hint =
    'Write DATABASE_URL as postgres://user:password@host:5432/database, or leave it unset to use the embedded database.';
  let url: URL;
  try {
    url = new URL(databaseUrl);
  } catch {
    throw new StoreError('database_url_invalid', 'DATABASE_URL is not a URL.', { hint, status: 400 });
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new StoreError(
      'database_url_invalid',
      `DATABASE_URL begins with ${url.protocol}//; only postgres:// is understood.`,
      { hint, status: 400 },
    );
  }
  const host = url.hostname === '' ? (url.searchParams.get('host') ?? 'localhost') : url.hostname;
  return `${host}:${url.port === '' ? '5432' : url.port}/${decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username)}`;
}

function unreachable(target: string, error: unknown, setting = 'DATABASE_URL'): StoreError {
  const code = (error as { code?: unknown }).code;
  const refusedLogin = typeof code === 'string' && /^28/.test(code);
  const noDatabase = code === '3D000';
  const what = refusedLogin
    ? 'refused the login'
    : noDatabase
      ? 'has no such database'
      : isOutage(error)
        ? 'cannot be reached'
        : 'cannot be used';
  const hint = refusedLogin
    ? `Correct user and password in ${setting}.`
    : noDatabase
      ? 'Create the database (createdb), or correct its name in DATABASE_URL.'
      : 'Start the server or correct DATABASE_URL; leave it unset to use the embedded database.';
  return new StoreError('database_unreachable', `PostgreSQL at ${target} (${setting}) ${what}: ${reasonOf(error)}.`, {
    hint,
    cause: error,
  });
}

function makeKnex(connection: Knex.PgConnectionConfig, max: number, queryTimeoutMs = QUERY_TIMEOUT_MS): Knex {
  return knexFactory({
    client: 'pg',
    // What goes wrong is thrown and reported by who asked; knex would print it to standard output as well.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
    connection: {
      ...connection,
      application_name: 'flextraff-twin',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
    },
    pool: {
      min: 0,
      max,
      acquireTimeoutMillis: queryTimeoutMs === 0 ? JOBS_ACQUIRE_TIMEOUT_MS : QUERY_TIMEOUT_MS,
      createTimeoutMillis: CONNECT_TIMEOUT_MS + 1000,
      propagateCreateError: true,
    },
  });
}
