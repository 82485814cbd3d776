/** Old system logs as Parquet: `logs/2025/08/20/logs_2025-08-20-1a2b3c4d5e6f.parquet`, days in UTC. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ParquetColumn, writeParquet } from '../archive/parquet.ts';
import type { ArchiveStorage } from '../archive/storage.ts';
import { reasonOf, StoreError } from '../database/errors.ts';
import type { DatabaseStore } from '../database/store.ts';
import { DAY_MS, startOfDay } from './aggregation.ts';

const COLUMNS: readonly ParquetColumn[] = [
  { name: 'log_id', type: 'text' },
  { name: 'logged_at', type: 'instant' },
  { name: 'log_level', type: 'text' },
  { name: 'component', type: 'text' },
  { name: 'message', type: 'text' },
  { name: 'junction_id', type: 'text' },
  { name: 'device_id', type: 'text' },
  { name: 'user_id', type: 'text' },
  { name: 'metadata', type: 'json' },
];

/**
 * Day by day, the logs before `beforeMs` that are not archived yet: stored first, marked then (`is_archived`), in one
 * transaction that sees no others meanwhile. A crash in between stores them again under the same name. Answers how many.
 */
export async function archiveLogs(store: DatabaseStore, storage: ArchiveStorage, beforeMs: number): Promise<number> {
  let archived = 0;
  for (;;) {
    const rows = await store.asJob(async (trx) => {
      await trx.raw('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      const before = new Date(beforeMs).toISOString();
      const [oldest] = (
        await trx.raw('SELECT min(logged_at) AS at FROM system_logs WHERE is_archived = FALSE AND logged_at < ?', [
          before,
        ])
      ).rows as { at: Date | null }[];
      if (oldest?.at == null) return 0;
      const day = startOfDay(oldest.at.getTime());
      const end = new Date(Math.min(day + DAY_MS, beforeMs)).toISOString();
      const logs = (
        await trx.raw(
          'SELECT * FROM system_logs WHERE is_archived = FALSE AND logged_at < ? ORDER BY logged_at, log_id',
          [end],
        )
      ).rows as Record<string, unknown>[];
      const name = new Date(day).toISOString().slice(0, 10);
      const mark = createHash('sha256')
        .update(JSON.stringify(logs.map((row) => row.log_id)))
        .digest('hex')
        .slice(0, 12);
      const draft = join(store.dataDirectory, 'job-drafts', `logs_${mark}.parquet`);
      try {
        await writeParquet(
          draft,
          COLUMNS,
          logs.map((row) => ({ ...row, logged_at: (row.logged_at as Date).getTime() })),
        );
        await storage.put(`logs/${name.replaceAll('-', '/')}/logs_${name}-${mark}.parquet`, draft);
      } catch (error) {
        // Not to be taken for an outage of the database.
        throw new StoreError('archive_unreachable', `${storage.description}: ${reasonOf(error)}`, { cause: error });
      } finally {
        await rm(draft, { force: true });
      }
      await trx.raw('SELECT archive_old_logs(?)', [end]);
      return logs.length;
    });
    if (rows === 0) return archived;
    archived += rows;
  }
}
