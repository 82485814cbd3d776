/** What a backup says of itself: which tables it has, with how many rows, and a checksum over them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { StoreError } from '../database/errors.ts';

export interface TableSum {
  rows: number;
  /** Over all rows, whatever their order. */
  checksum: string;
}

export interface Manifest {
  kind: 'server' | 'embedded';
  createdAt: string;
  server: string;
  migration: string;
  tables: Record<string, TableSum>;
}

/** Sums of every table of ours, partitioned ones as a whole, in the transaction's snapshot. */
export async function sumTables(trx: Knex): Promise<Record<string, TableSum>> {
  // Values as text have to come out alike wherever they are read.
  await trx.raw("SET LOCAL timezone = 'UTC'");
  await trx.raw("SET LOCAL datestyle = 'ISO, YMD'");
  await trx.raw("SET LOCAL intervalstyle = 'postgres'");
  await trx.raw('SET LOCAL extra_float_digits = 1');
  const tables = (
    await trx.raw(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
       ORDER BY 1`,
    )
  ).rows as { name: string }[];
  const sums: Record<string, TableSum> = {};
  for (const { name } of tables) {
    const [row] = (
      await trx.raw(
        'SELECT count(*) AS rows, COALESCE(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS checksum FROM ?? t',
        [name],
      )
    ).rows as { rows: string; checksum: string }[];
    sums[name] = { rows: Number(row?.rows), checksum: row?.checksum ?? '' };
  }
  return sums;
}

export async function describe(trx: Knex, kind: Manifest['kind'], nowMs: number): Promise<Manifest> {
  const [about] = (
    await trx.raw(
      "SELECT current_setting('server_version') AS server, (SELECT name FROM knex_migrations ORDER BY id DESC LIMIT 1) AS migration",
    )
  ).rows as { server: string; migration: string }[];
  return {
    kind,
    createdAt: new Date(nowMs).toISOString(),
    server: about?.server ?? '',
    migration: about?.migration ?? '',
    tables: await sumTables(trx),
  };
}

/** In what a restored database differs from the manifest; nothing where all is there. */
export function differences(manifest: Manifest, found: Record<string, TableSum>): string[] {
  const told: string[] = [];
  for (const [name, sum] of Object.entries(manifest.tables)) {
    const there = found[name];
    if (there === undefined) told.push(`${name} is missing`);
    // Restoring changes the schema, and that is written down there.
    else if (name === 'schema_audit_log' && there.rows >= sum.rows) continue;
    else if (there.rows !== sum.rows) told.push(`${name} has ${there.rows} rows, not ${sum.rows}`);
    else if (there.checksum !== sum.checksum) told.push(`${name} has other rows`);
  }
  return told;
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`, { mode: 0o600 });
}

/** Throws StoreError `backup_unusable`. */
export function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  } catch (error) {
    throw new StoreError('backup_unusable', `${folder} is no finished backup: its manifest.json cannot be read.`, {
      status: 400,
      cause: error,
      hint: '`flextraff backup --list` shows those there are.',
    });
  }
}
