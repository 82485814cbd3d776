import { join } from 'node:path';
import type { BackupSettings } from '../api/backup/settings.ts';
import { Refusal } from './failure.ts';
import { loadSettings } from './settings.ts';
import { withStore } from './store-tool.ts';
import { align } from './table.ts';

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const count = (n: number): string => n.toLocaleString('en-GB');

function settingsOf(folder: string | undefined): BackupSettings {
  const settings = loadSettings();
  return {
    // A command backs up where the schedule does not.
    directory: folder ?? settings.backupFolder ?? join(settings.dataFolder, 'backups'),
    databaseUrl: settings.databaseUrl ?? null,
    walDirectory: settings.walFolder,
  };
}

export async function backupCommand(options: {
  to?: string;
  base?: boolean;
  list?: boolean;
  test?: boolean;
  json?: boolean;
}): Promise<void> {
  const settings = settingsOf(options.to);
  const { backupDatabase, listBackups, testRestore } = await import('../api/backup/backup.ts');
  const { baseBackup, baseFolder } = await import('../api/backup/base.ts');
  if (options.list === true) {
    const backups = [
      ...listBackups(settings.directory).map((one) => ({ ...one, kind: 'dump' })),
      ...listBackups(baseFolder(settings)).map((one) => ({ ...one, kind: 'base' })),
    ].map(({ name, folder, bytes, kind }) => ({ name, kind, folder, bytes }));
    if (options.json === true) print({ directory: settings.directory, backups });
    else if (backups.length === 0) process.stdout.write(`There is no backup in ${settings.directory} yet.\n`);
    else
      process.stdout.write(
        `${align([['backup', 'kind', 'MiB'], ...backups.map((one) => [one.name, one.kind, mebibytes(one.bytes)])]).join('\n')}\n`,
      );
    return;
  }
  if (options.test === true) {
    if (settings.databaseUrl === null)
      throw new Refusal(
        'Restoring beside the database needs a server (DATABASE_URL). `flextraff restore` of the embedded database compares before it replaces.',
      );
    const tested = await testRestore(settings);
    if (options.json === true) print(tested);
    else
      process.stdout.write(
        `${tested.name} was restored and compared: ${tested.tables} tables, ${count(tested.rows)} rows, nothing differs.\n`,
      );
    return;
  }
  const made =
    options.base === true
      ? await baseBackup(settings, Date.now())
      : await withStore((store) => backupDatabase(store, settings, Date.now()), { needsArchive: false });
  if (options.json === true) print({ ...made, createdAtMs: undefined });
  else process.stdout.write(`${made.folder}: ${mebibytes(made.bytes)} MiB\n`);
}

export async function restoreCommand(
  name: string | undefined,
  options: { from?: string; yes?: boolean; json?: boolean },
): Promise<void> {
  const settings = settingsOf(options.from);
  const { findBackup } = await import('../api/backup/backup.ts');
  const { readManifest } = await import('../api/backup/manifest.ts');
  const { restoreEmbedded, restoreKey, restoreServer } = await import('../api/backup/restore.ts');
  const folder = findBackup(settings.directory, name);
  const { createdAt, tables } = readManifest(folder);
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  if (options.yes !== true)
    throw new Refusal(
      `${folder} is of ${createdAt}, with ${count(rows)} rows. Restoring puts it in the place of the database; add --yes to do it.`,
    );
  const dataFolder = loadSettings().dataFolder;
  const restored =
    settings.databaseUrl === null
      ? await restoreEmbedded(dataFolder, folder, Date.now())
      : {
          ...(await restoreServer(settings.databaseUrl, folder, Date.now())),
          otherKey: restoreKey(dataFolder, folder),
        };
  if (options.json === true)
    print({ backup: folder, createdAt, rows, before: restored.before, otherKey: restored.otherKey });
  else
    process.stdout.write(
      `The database is that of ${createdAt}: ${Object.keys(tables).length} tables, ${count(rows)} rows, all as they were.\n` +
        (restored.before === null
          ? ''
          : `What was there is kept as ${restored.before}; remove it when it is not needed.\n`),
    );
  if (restored.otherKey)
    process.stderr.write(
      `warning: tags are hashed here by another key than then; ${join(folder, 'epc.key')} is the one of the backup.\n`,
    );
}
