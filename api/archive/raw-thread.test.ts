import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Archive } from './archive.ts';
import { dayOf } from './layout.ts';
import type { ParquetRow } from './parquet.ts';
import { openRawThread } from './raw-thread.ts';
import { FolderStorage } from './storage.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-raw-thread-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = Date.UTC(2026, 0, 5, 8);
const from = { receivedAtMs: at, junctionId: '5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a11', via: 'flextraff/x/bsm' };
const bsm = (id: string) => ({ payload: { data: { value: { BasicSafetyMessage: { coreData: { id } } } } } });

describe('messages archived on another thread', () => {
  it('are all there after it closed, each once, with who sent them; nonsense as it came', async () => {
    const alerts: string[] = [];
    const settings = { directory: join(directory, 'spool'), maxBytes: 1e8, storeEveryMs: 1e9 };
    const location = join(directory, 'archive');
    const open = () =>
      openRawThread({ ...settings, storage: { location }, onAlert: (_, message) => alerts.push(message) });
    const first = open();
    first.add('bsm', JSON.stringify([bsm('0000000A'), bsm('0000000B')]), from);
    first.add('bsm', '[{"cut', from);
    await first.close();
    // what was journalled by one is stored by the next, or here
    const archive = new Archive({ ...settings, storage: new FolderStorage(location), onAlert: () => {} });
    await archive.store();
    const rows: ParquetRow[] = [];
    for await (const part of archive.read('bsm', dayOf(at))) rows.push(...part);
    await archive.close();
    expect(rows.map(({ sender }) => sender).sort()).toEqual(['0000000A', '0000000B', 'unknown']);
    expect(rows.map(({ message }) => message)).toContainEqual('[{"cut');
    expect(alerts).toEqual([]);
  });

  it('are lost, and said to be, where too much waits', async () => {
    const alerts: string[] = [];
    const thread = openRawThread({
      directory: join(directory, 'spool-2'),
      maxBytes: 1e8,
      storage: { location: join(directory, 'archive-2') },
      onAlert: (_, message) => alerts.push(message),
    });
    const long = JSON.stringify('x'.repeat(20_000_000));
    for (let i = 0; i < 5; i++) thread.add('bsm', long, from);
    expect(thread.lost).toBe(2);
    expect(alerts.join()).toMatch(/faster than they can be archived/);
    await thread.close();
  });
});
