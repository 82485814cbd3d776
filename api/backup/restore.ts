/** Puts a backup in the place of the database, verified before it is. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import knexFactory from 'knex';
import { startEmbedded } from '../database/embedded.ts';
import { StoreError } from '../database/errors.ts';
import { lockDirectory } from '../database/lock.ts';
import { unpackTemplate } from '../database/template.ts';
import { backupName, EMBEDDED_FILE, restoreAside, withDatabase } from './backup.ts';
import { differences, type Manifest, readManifest, sumTables } from './manifest.ts';

export interface Restored {
  manifest: Manifest;
  /** What stood there before: a database's name, or a folder; null where there was nothing. */
  before: string | null;
  /** Whether tags are hashed by another key than when the backup was made. */
  otherKey: boolean;
}

/**
 * Restores a server's dump beside the database of `databaseUrl`, compares it, and then swaps the two names; what was there stays
 * under another. No other connection may be open. Throws StoreError.
 */
export async function restoreServer(databaseUrl: string, folder: string, nowMs: number): Promise<Restored> {
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  const before = `${name}_before_${backupName(nowMs).replaceAll(/[^0-9]/g, '')}`;
  await withDatabase(databaseUrl, async (knex) => {
    const others = (
      await knex.raw(
        "SELECT DISTINCT COALESCE(NULLIF(application_name, ''), usename) AS name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
      )
    ).rows as { name: string }[];
    if (others.length > 0)
      throw new StoreError(
        'database_in_use',
        `The database is in use by ${others.map((one) => one.name).join(', ')}.`,
        {
          status: 409,
          hint: 'Stop the twin and whatever else is connected first.',
        },
      );
  });
  const restored = await restoreAside(databaseUrl, folder);
  // Who may connect is said of the database, and a dump does not say it.
  const logins = await withDatabase(databaseUrl, async (knex) =>
    (
      (
        await knex.raw(
          `SELECT DISTINCT r.rolname AS name FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee
           WHERE d.datname = current_database() AND a.privilege_type = 'CONNECT'`,
        )
      ).rows as { name: string }[]
    ).map((row) => row.name),
  );
  await withDatabase(restored.url, async (knex) => {
    await knex.raw('REVOKE ALL ON DATABASE ?? FROM PUBLIC', [restored.database]);
    await knex.raw('SELECT install_roles()');
    for (const login of logins) await knex.raw('GRANT CONNECT ON DATABASE ?? TO ??', [restored.database, login]);
    await knex.raw('ANALYZE');
  });
  const maintenance = new URL(databaseUrl);
  maintenance.pathname = '/postgres';
  await withDatabase(maintenance.href, (knex) =>
    knex.transaction(async (trx) => {
      await trx.raw('ALTER DATABASE ?? RENAME TO ??', [name, before]);
      await trx.raw('ALTER DATABASE ?? RENAME TO ??', [restored.database, name]);
    }),
  );
  return { manifest: restored.manifest, before, otherKey: false };
}

/** The same for the embedded database of a data folder, whose process must not run. */
export async function restoreEmbedded(dataDirectory: string, folder: string, nowMs: number): Promise<Restored> {
  const manifest = readManifest(folder);
  if (manifest.kind !== 'embedded')
    throw new StoreError('backup_unusable', `${folder} is a backup of a PostgreSQL server.`, {
      status: 400,
      hint: 'Restore it with DATABASE_URL set to a server.',
    });
  const unlock = lockDirectory(dataDirectory);
  const draft = join(dataDirectory, 'postgres.restored');
  try {
    rmSync(draft, { recursive: true, force: true });
    unpackTemplate(join(folder, EMBEDDED_FILE), draft);
    const told = differences(manifest, await sumEmbedded(draft));
    if (told.length > 0)
      throw new StoreError('backup_differs', `The backup ${folder} restored is not what it was: ${told.join('; ')}.`, {
        hint: 'Restore an earlier one.',
      });
    const place = join(dataDirectory, 'postgres');
    const before = existsSync(place) ? `${place}.before-${backupName(nowMs)}` : null;
    if (before !== null) renameSync(place, before);
    renameSync(draft, place);
    return { manifest, before, otherKey: restoreKey(dataDirectory, folder) };
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  } finally {
    unlock();
  }
}

/** Puts the key back where there is none. Answers whether there is another. */
export function restoreKey(dataDirectory: string, folder: string): boolean {
  const kept = join(folder, 'epc.key');
  const place = join(dataDirectory, 'epc.key');
  if (!existsSync(kept)) return false;
  if (existsSync(place)) return readFileSync(place, 'utf8') !== readFileSync(kept, 'utf8');
  copyFileSync(kept, place);
  return false;
}

async function sumEmbedded(directory: string): Promise<Awaited<ReturnType<typeof sumTables>>> {
  const embedded = await startEmbedded({ directory });
  const knex = knexFactory({ client: 'pg', connection: embedded.connection, pool: { min: 0, max: 1 } });
  try {
    return await knex.transaction((trx) => sumTables(trx));
  } finally {
    await knex.destroy();
    await embedded.close();
  }
}
