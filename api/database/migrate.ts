import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import { reasonOf, StoreError } from './errors.ts';

const DIRECTORY = new URL('./migrations/', import.meta.url);

/** Held while migrating, so that two processes on one server do it one after the other. */
const ADVISORY_LOCK = 4_721_011;

/** Numbered pairs `0001_name.up.sql` and `0001_name.down.sql`, in order. */
export function migrationNames(): string[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length))
    .sort();
}

/** 16 hex digits over all migrations upwards: what a prepared archive was made with. */
export function migrationsDigest(): string {
  const hash = createHash('sha256');
  for (const name of migrationNames()) hash.update(name).update(readFileSync(new URL(`${name}.up.sql`, DIRECTORY)));
  return hash.digest('hex').slice(0, 16);
}

const source = {
  getMigrations: async () => migrationNames(),
  getMigrationName: (name: string) => name,
  getMigration: async (name: string) => ({
    up: (knex: Knex) => runFile(knex, `${name}.up.sql`),
    down: (knex: Knex) => runFile(knex, `${name}.down.sql`),
  }),
};

async function runFile(knex: Knex, file: string): Promise<void> {
  // knex takes a question mark for a binding.
  await knex.raw(readFileSync(new URL(file, DIRECTORY), 'utf8').replaceAll('?', '\\?'));
}

/**
 * Installs PostGIS where it is missing and brings the schema up to date, all in one transaction: a process killed in
 * the middle leaves nothing behind, no lock either. Throws StoreError `migration_failed`, `postgis_missing` or
 * `database_newer`.
 */
export async function migrateUp(knex: Knex): Promise<string[]> {
  await installPostgis(knex);
  return knex.transaction(async (trx) => {
    await trx.raw('SELECT pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
    await refuseNewer(trx);
    try {
      await recordSchemaChanges(trx, false);
      const [, done] = (await trx.migrate.latest({ migrationSource: source })) as [number, string[]];
      if (done.length > 0) await recordSchemaChanges(trx, true);
      return done;
    } catch (error) {
      throw new StoreError(
        'migration_failed',
        `The database schema could not be brought up to date: ${reasonOf(error)}`,
        {
          cause: error,
          hint: 'Nothing was changed. The role needs CREATE on the database and its schema "public".',
        },
      );
    }
  });
}

/**
 * Takes back every migration, or those after `keep`, newest first. Data in what goes is lost; for tests and for undoing
 * an installation.
 */
export async function migrateDown(knex: Knex, keep?: string): Promise<string[]> {
  return knex.transaction(async (trx) => {
    await trx.raw('SELECT pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
    const undone: string[] = [];
    for (;;) {
      const [last] = (await trx.select('name').from('knex_migrations').orderBy('id', 'desc').limit(1)) as {
        name: string;
      }[];
      if (last === undefined || last.name === keep) return undone;
      await trx.migrate.down({ migrationSource: source });
      undone.push(last.name);
    }
  });
}

/** What changed in the schema since the last start goes to its audit log, where no event trigger does that at once. */
async function recordSchemaChanges(trx: Knex.Transaction, quietly: boolean): Promise<void> {
  const answer = await trx.raw(
    `SELECT to_regprocedure('record_schema_changes(boolean)') IS NOT NULL AS able,
            EXISTS (SELECT 1 FROM pg_event_trigger WHERE evtname = 'flextraff_audit_schema_change') AS watched`,
  );
  const { able, watched } = answer.rows[0] as { able: boolean; watched: boolean };
  if (able && !watched) await trx.raw('SELECT record_schema_changes(?)', [quietly]);
}

async function refuseNewer(trx: Knex.Transaction): Promise<void> {
  if (!(await trx.schema.hasTable('knex_migrations'))) return;
  const known = new Set(migrationNames());
  const rows: { name: string }[] = await trx.select('name').from('knex_migrations').orderBy('id');
  const unknown = rows.filter((row) => !known.has(row.name)).map((row) => row.name);
  if (unknown.length > 0) {
    throw new StoreError(
      'database_newer',
      `The database was written by a newer version: it has the migrations ${unknown.join(', ')}.`,
      {
        hint: 'Start that version, or use another database or data directory.',
      },
    );
  }
}

async function installPostgis(knex: Knex): Promise<void> {
  const installed = await knex.raw("SELECT 1 FROM pg_extension WHERE extname = 'postgis'");
  if (installed.rows.length > 0) return;
  try {
    await knex.raw('CREATE EXTENSION IF NOT EXISTS postgis');
  } catch (error) {
    // Another process that started at the same time was first: IF NOT EXISTS does not wait for it.
    if ((error as { code?: unknown }).code === '23505') return installPostgis(knex);
    const who = (await knex.raw('SELECT current_user AS role, current_database() AS database')).rows[0] as {
      role: string;
      database: string;
    };
    const forbidden = (error as { code?: unknown }).code === '42501';
    throw new StoreError(
      'postgis_missing',
      `PostGIS is not installed in database "${who.database}": ${reasonOf(error)}`,
      {
        cause: error,
        hint: forbidden
          ? `The role "${who.role}" may not install it. Run once as a superuser: psql -d ${who.database} -c 'CREATE EXTENSION postgis'`
          : `Install PostGIS on the database server (Debian: apt install postgresql-postgis), then start again.`,
      },
    );
  }
}
