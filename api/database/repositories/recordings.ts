import type { Knex } from 'knex';

export interface StoredRecording {
  variant: string;
  /** Below the data folder. */
  location: string;
  formatVersion: number;
  fromSecond: number;
  toSecond: number;
  frameCount: number;
  bytes: number;
  sha256: string | null;
  createdAtMs: number;
  /** null: the frames are still there. */
  deletedAtMs: number | null;
}

/** Where the frames of a run are or were, as the run lists its variants. */
export async function listRecordings(knex: Knex, runId: string): Promise<StoredRecording[]> {
  const { rows } = await knex.raw(
    `SELECT r.* FROM recordings r LEFT JOIN run_variants v ON v.run_id = r.run_id AND v.variant = r.variant
     WHERE r.run_id = ? ORDER BY v.position, r.variant, r.from_second`,
    [runId],
  );
  return (rows as Record<string, unknown>[]).map((row) => ({
    variant: row.variant as string,
    location: row.location as string,
    formatVersion: row.format_version as number,
    fromSecond: row.from_second as number,
    toSecond: row.to_second as number,
    frameCount: row.frame_count as number,
    bytes: Number(row.bytes),
    sha256: row.sha256 as string | null,
    createdAtMs: (row.created_at as Date).getTime(),
    deletedAtMs: (row.deleted_at as Date | null)?.getTime() ?? null,
  }));
}
