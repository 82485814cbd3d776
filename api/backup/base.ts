/** Base backups of a server and its archived log: together they restore any moment of the last seven days (docs/RECOVERY.md). */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../database/errors.ts';
import { type Backup, backupName, listBackups } from './backup.ts';
import { type BackupSettings, WAL_KEPT_DAYS } from './settings.ts';
import { runTool } from './tools.ts';

const DAY_MS = 86_400_000;

export const baseFolder = (settings: BackupSettings): string => join(settings.directory, 'base');

/**
 * Copies the whole server by pg_basebackup, ready to be started, with its own manifest, which is verified. The login of the URL needs
 * REPLICATION and a line in pg_hba.conf.
 */
export async function baseBackup(settings: BackupSettings, nowMs: number): Promise<Backup> {
  if (settings.databaseUrl === null)
    throw new StoreError('base_refused', 'A base backup needs a server (DATABASE_URL).', {
      status: 400,
      hint: 'The embedded database is backed up whole: `flextraff backup`.',
    });
  const name = backupName(nowMs);
  const folder = join(baseFolder(settings), name);
  const draft = `${folder}.part`;
  mkdirSync(baseFolder(settings), { recursive: true, mode: 0o700 });
  rmSync(draft, { recursive: true, force: true });
  const url = new URL(settings.databaseUrl);
  // A connection for replication names no database.
  url.pathname = '';
  try {
    await runTool('pg_basebackup', url.href, [
      `--pgdata=${draft}`,
      '--format=plain',
      '--wal-method=stream',
      '--checkpoint=fast',
      '--no-password',
      `--label=flextraff ${name}`,
    ]);
    await runTool('pg_verifybackup', null, ['--quiet', draft]);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  return listBackups(baseFolder(settings)).find((one) => one.name === name) as Backup;
}

/**
 * Base backups go once a later one is older than seven days, and the log before the oldest that stays. Answers how many
 * base backups and files of the log went.
 */
export async function pruneBase(
  settings: BackupSettings,
  nowMs: number,
): Promise<{ basesRemoved: number; logFilesRemoved: number }> {
  const bases = listBackups(baseFolder(settings));
  const enough = bases.findIndex(({ createdAtMs }) => createdAtMs < nowMs - WAL_KEPT_DAYS * DAY_MS);
  const old = enough === -1 ? [] : bases.slice(enough + 1);
  for (const { folder } of old) rmSync(folder, { recursive: true });
  const oldest = (enough === -1 ? bases : bases.slice(0, enough + 1)).at(-1);
  const wal = settings.walDirectory;
  if (oldest === undefined || wal === null || !existsSync(wal)) return { basesRemoved: old.length, logFilesRemoved: 0 };
  const label = readFileSync(join(oldest.folder, 'backup_label'), 'utf8');
  const first = /file ([0-9A-F]{24})/.exec(label)?.[1];
  if (first === undefined) throw new Error(`${oldest.folder}/backup_label names no log file.`);
  const before = readdirSync(wal).length;
  await runTool('pg_archivecleanup', null, [wal, first]);
  return { basesRemoved: old.length, logFilesRemoved: before - readdirSync(wal).length };
}
