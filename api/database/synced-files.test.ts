import fs, { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, expect, it, vi } from 'vitest';
import { SYNCED_START_PARAMS, SyncedNodeFS } from './synced-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-synced-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('syncs the log at every commit, and a new table and its folder at a checkpoint', async () => {
  const database = await PGlite.create({ fs: new SyncedNodeFS(directory), startParams: [...SYNCED_START_PARAMS] });
  try {
    expect((await database.query('SHOW fsync')).rows).toEqual([{ fsync: 'on' }]);
    await database.exec('CREATE TABLE t (x int)');
    const synced = vi.spyOn(fs, 'fsyncSync');
    const directories = vi.spyOn(fs, 'openSync');
    for (let n = 0; n < 5; n++) {
      const before = synced.mock.calls.length;
      await database.query('INSERT INTO t VALUES ($1)', [n]);
      expect(synced.mock.calls.length).toBeGreaterThan(before);
    }
    const before = synced.mock.calls.length;
    await database.query('SELECT count(*) FROM t');
    expect(synced.mock.calls.length).toBe(before);
    await database.exec('CHECKPOINT');
    expect(synced.mock.calls.length).toBeGreaterThan(before + 1);
    expect(directories.mock.calls.length).toBeGreaterThan(0);
  } finally {
    vi.restoreAllMocks();
    await database.close();
  }
});
