/** The store and its archive, opened for a command that works on them and ends. */
import { join } from 'node:path';
import type { Archive } from '../api/archive/archive.ts';
import type { DatabaseStore } from '../api/database/store.ts';
import type { Settings } from '../config.ts';
import { Refusal } from './failure.ts';
import { loadSettings } from './settings.ts';

/**
 * Runs `work` with the store of the settings. With a server it works beside a running twin, from a folder of its own; the
 * embedded database belongs to one process, so that the twin has to be stopped. The archive may be off only where it is not needed.
 */
export async function withStore<T>(
  work: (store: DatabaseStore, archive: Archive, settings: Settings) => Promise<T>,
  options: { needsArchive?: boolean } = {},
): Promise<T> {
  const settings = loadSettings();
  if (settings.archive === 'off' && options.needsArchive !== false)
    throw new Refusal('FLEXTRAFF_ARCHIVE is off: there is no archive. Set it to a folder or to s3://bucket/prefix.');
  const { openStore } = await import('../api/database/store.ts');
  const store = openStore({
    databaseUrl: settings.databaseUrl,
    roleUrls: settings.databaseRoleUrls,
    poolMax: settings.databasePool,
    archive: settings.archive,
    dataDirectory: settings.databaseUrl === undefined ? settings.dataFolder : join(settings.dataFolder, 'tools'),
    epcKey: settings.epcKey,
    spoolMaxMebibytes: settings.spoolMaxMebibytes,
    onAlert: (level, message) => process.stderr.write(`${level}: ${message}\n`),
  });
  try {
    await store.ready;
    return await work(store, store.archive as Archive, settings);
  } finally {
    await store.close();
  }
}
