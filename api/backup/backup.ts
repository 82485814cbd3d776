/**
 * Backups: a folder each, `2025-11-26T02-00-00Z/`, with the database (`database.dump`, pg_dump's custom format, or
 * `postgres.tar.gz`, the embedded one's folder), the key under which tags are hashed, and a manifest. It has its name once it is
 * whole.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { StoreError } from '../database/errors.ts';
import type { DatabaseStore } from '../database/store.ts';
import { describe, differences, type Manifest, readManifest, sumTables, writeManifest } from './manifest.ts';
import { BACKUPS_KEPT_DAYS, type BackupSettings } from './settings.ts';
import { runTool } from './tools.ts';

const DAY_MS = 86_400_000;
const NAME = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z$/;
export const DUMP_FILE = 'database.dump';
export const EMBEDDED_FILE = 'postgres.tar.gz';

export interface Backup {
  name: string;
  folder: string;
  createdAtMs: number;
  bytes: number;
}

export const backupName = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;

/** Finished backups in `directory`, newest first. */
export function listBackups(directory: string): Backup[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .reverse()
    .map((name) => {
      const folder = join(directory, name);
      return {
        name,
        folder,
        createdAtMs: Date.parse(name.replace(/T(\d\d)-(\d\d)-(\d\d)Z/, 'T$1:$2:$3Z')),
        bytes: (readdirSync(folder, { recursive: true }) as string[]).reduce(
          (sum, file) => sum + statSync(join(folder, file)).size,
          0,
        ),
      };
    });
}

/** Backs the database up, with sums of its tables as of the same moment. Throws StoreError `tool_missing`, `tool_failed`. */
export async function backupDatabase(store: DatabaseStore, settings: BackupSettings, nowMs: number): Promise<Backup> {
  const name = backupName(nowMs);
  const folder = join(settings.directory, name);
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    const manifest =
      settings.databaseUrl === null
        ? await dumpEmbedded(store, draft, nowMs)
        : await dumpServer(settings.databaseUrl, join(draft, DUMP_FILE), nowMs);
    const key = join(store.dataDirectory, 'epc.key');
    if (existsSync(key)) copyFileSync(key, join(draft, 'epc.key'));
    writeManifest(draft, manifest);
    for (const file of readdirSync(draft)) await sync(join(draft, file));
    renameSync(draft, folder);
    await sync(settings.directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  return listBackups(settings.directory).find((one) => one.name === name) as Backup;
}

async function dumpEmbedded(store: DatabaseStore, draft: string, nowMs: number): Promise<Manifest> {
  // One session: nothing is written between the two, as the twin does not run.
  const manifest = await store.asOwner((knex) => knex.transaction((trx) => describe(trx, 'embedded', nowMs)));
  writeFileSync(join(draft, EMBEDDED_FILE), (await store.dumpEmbedded()) as Uint8Array, { mode: 0o600 });
  return manifest;
}

async function dumpServer(databaseUrl: string, file: string, nowMs: number): Promise<Manifest> {
  const knex = connect(databaseUrl);
  try {
    return await knex.transaction(
      async (trx) => {
        // pg_dump and the sums see the same rows.
        const [shared] = (await trx.raw('SELECT pg_export_snapshot() AS snapshot')).rows as { snapshot: string }[];
        const dump = runTool('pg_dump', databaseUrl, [
          '--format=custom',
          '--no-comments',
          // Queues are made anew; what jobs did is in job_runs.
          '--exclude-schema=pgboss',
          `--snapshot=${shared?.snapshot}`,
          `--file=${file}`,
        ]);
        const [manifest] = await Promise.all([describe(trx, 'server', nowMs), dump]);
        return manifest;
      },
      { isolationLevel: 'repeatable read', readOnly: true },
    );
  } finally {
    await knex.destroy();
  }
}

/** Backups older than 30 days go; the newest stays whatever its age. Answers their names. */
export function pruneBackups({ directory }: BackupSettings, nowMs: number): string[] {
  const old = listBackups(directory)
    .slice(1)
    .filter(({ createdAtMs }) => createdAtMs < nowMs - BACKUPS_KEPT_DAYS * DAY_MS);
  for (const { folder } of old) rmSync(folder, { recursive: true });
  return old.map(({ name }) => name);
}

/** The backup of this name or path; without one, the newest. Throws StoreError `backup_missing`. */
export function findBackup(directory: string, name?: string): string {
  if (name !== undefined) {
    const path = NAME.test(name) ? join(directory, name) : name;
    if (existsSync(path)) return path;
    throw new StoreError('backup_missing', `There is no backup ${path}.`, {
      status: 404,
      hint: '`flextraff backup --list` shows those there are.',
    });
  }
  const newest = listBackups(directory)[0];
  if (newest !== undefined) return newest.folder;
  throw new StoreError('backup_missing', `There is no backup in ${directory}.`, {
    status: 404,
    hint: 'Make one with `flextraff backup`.',
  });
}

/**
 * Restores a server's dump into a new database on the same server and compares every table with the manifest. Answers the
 * database's name; drops it where it differs (StoreError `backup_differs`) or cannot be restored.
 */
export async function restoreAside(
  databaseUrl: string,
  folder: string,
): Promise<{ database: string; url: string; manifest: Manifest; rows: number }> {
  const manifest = readManifest(folder);
  if (manifest.kind !== 'server')
    throw new StoreError('backup_unusable', `${folder} is a backup of an embedded database.`, {
      status: 400,
      hint: 'Restore it with DATABASE_URL unset.',
    });
  const database = `flextraff_restore_${randomBytes(4).toString('hex')}`;
  const target = new URL(databaseUrl);
  target.pathname = `/${database}`;
  const admin = connect(databaseUrl);
  try {
    await admin.raw('CREATE DATABASE ?? TEMPLATE template0', [database]).catch((error: Error) => {
      throw new StoreError('restore_refused', `No database could be made to restore into: ${error.message}`, {
        cause: error,
        hint: 'Give the login of DATABASE_URL the right CREATEDB (ALTER ROLE name CREATEDB).',
      });
    });
    try {
      await makeRoles(admin);
      await runTool('pg_restore', target.href, ['--exit-on-error', '--no-owner', '--jobs=2', join(folder, DUMP_FILE)]);
      const found = await withDatabase(target.href, (knex) =>
        knex.transaction(async (trx) => {
          const sums = await sumTables(trx);
          return sums;
        }),
      );
      const told = differences(manifest, found);
      if (told.length > 0)
        throw new StoreError(
          'backup_differs',
          `The backup ${folder} restored is not what it was: ${told.join('; ')}.`,
          {
            hint: 'Restore an earlier one.',
          },
        );
      const rows = Object.values(found).reduce((sum, table) => sum + table.rows, 0);
      return { database, url: target.href, manifest, rows };
    } catch (error) {
      await admin.raw('DROP DATABASE IF EXISTS ?? WITH (FORCE)', [database]);
      throw error;
    }
  } finally {
    await admin.destroy();
  }
}

/** The dump grants rights to the roles, which belong to the server, not to the database. */
async function makeRoles(admin: Knex): Promise<void> {
  for (const role of ['api_user', 'job_role', 'reporting_user']) {
    const there = (await admin.raw('SELECT 1 FROM pg_roles WHERE rolname = ?', [role])).rows.length > 0;
    if (!there) await admin.raw('CREATE ROLE ?? NOLOGIN', [role]);
  }
}

/** Restores the newest dump (or this one) aside, compares it, and drops it again. */
export async function testRestore(
  settings: BackupSettings,
  name?: string,
): Promise<{ name: string; tables: number; rows: number }> {
  if (settings.databaseUrl === null)
    throw new StoreError('restore_refused', 'Restoring aside needs a server (DATABASE_URL).', { status: 400 });
  const folder = findBackup(settings.directory, name);
  const { database, manifest, rows } = await restoreAside(settings.databaseUrl, folder);
  await withDatabase(settings.databaseUrl, (knex) => knex.raw('DROP DATABASE ?? WITH (FORCE)', [database]));
  return { name: folder, tables: Object.keys(manifest.tables).length, rows };
}

export async function withDatabase<T>(url: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  const knex = connect(url);
  try {
    return await work(knex);
  } finally {
    await knex.destroy();
  }
}

function connect(url: string): Knex {
  return knexFactory({
    client: 'pg',
    connection: { connectionString: url, application_name: 'flextraff-backup' },
    pool: { min: 0, max: 1 },
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
