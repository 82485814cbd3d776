import type { BackupSettings } from '../api/backup/settings.ts';
import type { Settings } from '../config.ts';

/** Null where backups are off. */
export function backupSettings(settings: Settings): BackupSettings | null {
  if (settings.backupFolder === null) return null;
  return {
    directory: settings.backupFolder,
    databaseUrl: settings.databaseUrl ?? null,
    walDirectory: settings.walFolder,
  };
}
