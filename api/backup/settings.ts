/** Where backups go, and for how long. */
export interface BackupSettings {
  /** Folder of the backups, a folder each. */
  readonly directory: string;
  /** The server's; null: the embedded database, which is backed up by command only. */
  readonly databaseUrl: string | null;
  /** Where the server's archive_command puts its log, as this process sees it; null: there is no log archive. */
  readonly walDirectory: string | null;
}

export const BACKUPS_KEPT_DAYS = 30;
/** Any moment of so many days can be restored where the log is archived. */
export const WAL_KEPT_DAYS = 7;
