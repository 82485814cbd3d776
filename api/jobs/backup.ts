/** Backups of a server: a dump a day, tried by restoring it, and base backups for recovery to any moment. */
import { backupDatabase, pruneBackups, testRestore } from '../backup/backup.ts';
import { baseBackup, pruneBase } from '../backup/base.ts';
import { BACKUPS_KEPT_DAYS } from '../backup/settings.ts';
import type { Job, JobOutcome } from './types.ts';

const NEEDS_SERVER =
  'the embedded database is backed up by `flextraff backup`; a schedule needs a server (DATABASE_URL)';

const withoutBackups: NonNullable<Job['unavailable']> = ({ store, backup }) => {
  if (store.kind === 'embedded') return NEEDS_SERVER;
  return backup === null ? 'FLEXTRAFF_BACKUP is off' : null;
};

export const backup: Job = {
  name: 'backup',
  description: `a dump of the database; dumps older than ${BACKUPS_KEPT_DAYS} days go`,
  schedule: { every: 'day', hour: 2, minute: 0 },
  unavailable: withoutBackups,
  async run({ store, backup: settings, nowMs }): Promise<JobOutcome> {
    if (settings === null) return {};
    const made = await backupDatabase(store, settings, nowMs);
    return {
      backup: made.name,
      mebibytes: Math.round(made.bytes / 1_048_576),
      removed: pruneBackups(settings, nowMs).length,
    };
  },
};

export const restoreTest: Job = {
  name: 'restore-test',
  description: 'the newest dump restored into a database of its own and compared, rows and checksums of every table',
  schedule: { every: 'week', hour: 4, minute: 0 },
  after: ['backup'],
  unavailable: withoutBackups,
  async run({ backup: settings }): Promise<JobOutcome> {
    if (settings === null) return {};
    const { name, tables, rows } = await testRestore(settings);
    return { backup: name, tables, rows };
  },
};

export const baseBackups: Job = {
  name: 'base-backup',
  description: 'a copy of the server from which, with its log, any moment of the last seven days can be restored',
  schedule: { every: 'week', hour: 1, minute: 0 },
  unavailable: (context) =>
    withoutBackups(context) ??
    (context.backup?.walDirectory == null ? 'FLEXTRAFF_WAL is not set: the server archives no log here' : null),
  async run({ backup: settings, nowMs }): Promise<JobOutcome> {
    if (settings === null) return {};
    const made = await baseBackup(settings, nowMs);
    return { backup: made.name, mebibytes: Math.round(made.bytes / 1_048_576), ...(await pruneBase(settings, nowMs)) };
  },
};
