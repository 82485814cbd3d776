/** `node dist/api/database/build-template.js OUT`: makes the prepared database that a first start unpacks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import knexFactory from 'knex';
import { startEmbedded } from './embedded.ts';
import { migrateUp } from './migrate.ts';
import { TEMPLATE_FILE, writeTemplate } from './template.ts';

/** Makes a new embedded database with PostGIS and all migrations and writes it to `file` (gzipped tar) and `file`.json (its version). */
export async function buildTemplate(file: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-template-'));
  try {
    const embedded = await startEmbedded({
      directory: join(directory, 'postgres'),
      templateFile: join(directory, 'none'),
    });
    const knex = knexFactory({ client: 'pg', connection: embedded.connection, pool: { min: 0, max: 1 } });
    try {
      await migrateUp(knex);
      await knex.destroy();
      writeTemplate(file, await embedded.dump());
    } finally {
      await knex.destroy();
      await embedded.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? TEMPLATE_FILE;
  await buildTemplate(file);
  console.error(`Prepared database written to ${file}.`);
}
