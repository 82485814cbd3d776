import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { IndexRecord } from '../../runs/records.ts';
import { Archive } from './archive.ts';
import { type Dataset, dayKey, dayOf } from './layout.ts';
import { runLifecycle } from './lifecycle.ts';
import type { ParquetRow } from './parquet.ts';
import { type ArchiveStorage, FolderStorage, openStorage } from './storage.ts';

const directories: string[] = [];
const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-archive-test-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const NOW = Date.UTC(2025, 10, 20, 12);
const DAY = 86_400_000;
const junctionId = randomUUID();
const index = (atMs: number, combinedIndexEb: number | null = 1.5): IndexRecord => ({
  junctionId,
  atMs,
  combinedIndex: combinedIndexEb,
  combinedIndexEb,
  trafficVolume: 3,
});
const bsm = (atMs: number, sender = 'AB12CD34') => ({
  receivedAtMs: atMs,
  sender,
  latitude: 19.1,
  longitude: 72.9,
  message: { coreData: { id: sender, speed: 100 } },
});

async function rowsOf(archive: Archive, dataset: Dataset, day: string): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for await (const part of archive.read(dataset, day)) rows.push(...part);
  return rows;
}

function behaviour(storage: () => ArchiveStorage | Promise<ArchiveStorage>, hasClasses: boolean): void {
  let directory: string;
  let archive: Archive;
  const alerts: string[] = [];
  const open = async (changes: { storage?: ArchiveStorage } = {}): Promise<Archive> =>
    new Archive({
      storage: changes.storage ?? (await storage()),
      directory,
      maxBytes: 1e8,
      // Stored when asked for.
      storeEveryMs: 1e9,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
    });
  const keys = async (): Promise<string[]> => {
    const names: string[] = [];
    for (const dataset of ['bsm', 'psm', 'map', 'spat', 'features', 'indices'] as const)
      for (const file of await archive.files(dataset, '1970-01-01', '2999-12-31')) names.push(file.key);
    return names.map((name) => name.replace(/-[0-9a-f]{12}\.parquet$/, '-PART.parquet')).sort();
  };

  beforeAll(async () => {
    directory = makeDirectory();
    archive = await open();
  });
  afterEach(() => {
    alerts.length = 0;
  });
  afterAll(() => archive.close());

  it("keeps everything in the documents' folders: messages by the minute, features and indices by the day", async () => {
    const at = Date.UTC(2025, 10, 20, 0, 1, 30);
    archive.addRaw('bsm', [bsm(at), bsm(at + 1000), bsm(at + 60_000)]);
    archive.addRaw('psm', [bsm(at)]);
    archive.addRaw('map', [bsm(at)]);
    archive.addRaw('spat', [bsm(at)]);
    archive.addFeatures([
      {
        junctionId,
        atMs: at,
        intervalSeconds: 60,
        vehicles: 3,
        vrus: 1,
        messages: 700,
        vruConflictIntensity: 0.25,
        vehicleConflictIntensity: 0,
        averageSpeedMetresPerSecond: 8.5,
        speedSpreadMetresPerSecond: null,
        hardBraking: 1,
      },
    ]);
    archive.addIndices([index(at), index(at + DAY)]);
    await archive.store();
    expect(await keys()).toEqual([
      'processed/features/2025/11/20/features_2025-11-20-PART.parquet',
      'processed/indices/2025/11/20/indices_2025-11-20-PART.parquet',
      'processed/indices/2025/11/21/indices_2025-11-21-PART.parquet',
      'raw/bsm/2025/11/20/bsm_2025-11-20_000100-PART.parquet',
      'raw/bsm/2025/11/20/bsm_2025-11-20_000200-PART.parquet',
      'raw/mapdata/2025/11/20/mapdata_2025-11-20_000100-PART.parquet',
      'raw/psm/2025/11/20/psm_2025-11-20_000100-PART.parquet',
      'raw/spat/2025/11/20/spat_2025-11-20_000100-PART.parquet',
    ]);
    expect((await rowsOf(archive, 'bsm', '2025-11-20')).map((row) => [row.received_at, row.message])).toEqual([
      [at, bsm(at).message],
      [at + 1000, bsm(at).message],
      [at + 60_000, bsm(at).message],
    ]);
    expect(await rowsOf(archive, 'features', '2025-11-20')).toMatchObject([
      { junction_id: junctionId, average_speed: 8.5, speed_spread: null, hard_braking: 1 },
    ]);
  });

  it('gives the later state of a row, over files, and keeps it when the day becomes one file', async () => {
    const at = Date.UTC(2025, 10, 18, 7);
    archive.addIndices([index(at, 1), index(at + 60_000, 5), index(at, 2)]);
    await archive.store();
    archive.addIndices([index(at, 3)]);
    archive.addRaw('bsm', [bsm(at), bsm(at)]);
    await archive.store();
    const before = await rowsOf(archive, 'indices', '2025-11-18');
    expect(before.map((row) => row.combined_index_eb)).toEqual([3, 5]);
    expect(await archive.merge('indices', '2025-11-18')).toBe(true);
    expect(await archive.merge('indices', '2025-11-18')).toBe(false);
    expect(await rowsOf(archive, 'indices', '2025-11-18')).toEqual(before);
    expect(await keys()).toContain('processed/indices/2025/11/18/indices_2025-11-18.parquet');
    // A late row, after the merge.
    archive.addIndices([index(at + 60_000, 6)]);
    await archive.store();
    expect((await rowsOf(archive, 'indices', '2025-11-18')).map((row) => row.combined_index_eb)).toEqual([3, 6]);
    // A message sent twice was sent twice.
    expect(await rowsOf(archive, 'bsm', '2025-11-18')).toHaveLength(2);
    await archive.merge('bsm', '2025-11-18');
    expect(await rowsOf(archive, 'bsm', '2025-11-18')).toHaveLength(2);
  });

  it('has every row once after a crash between storing and forgetting, and between merging and removing', async () => {
    const at = Date.UTC(2025, 10, 17, 7);
    const real = archive.storage;
    let broken: 'put' | 'remove' | null = null;
    const failing: ArchiveStorage = {
      description: 'failing',
      put: async (key, path) => {
        await real.put(key, path);
        if (broken === 'put') throw new Error('went away after all');
      },
      remove: async (key) => {
        if (broken === 'remove') throw new Error('went away');
        await real.remove(key);
      },
      list: (prefix) => real.list(prefix),
      open: (key) => real.open(key),
      setClass: (key, storageClass) => real.setClass(key, storageClass),
      async close() {},
    };
    const own = makeDirectory();
    const second = new Archive({
      storage: failing,
      directory: own,
      maxBytes: 1e8,
      storeEveryMs: 1e9,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
    });
    second.addRaw('bsm', [bsm(at), bsm(at + 1)]);
    second.addIndices([index(at)]);
    broken = 'put';
    await expect(second.store()).rejects.toThrow('went away after all');
    expect(second.health()).toMatchObject({ status: 'failed', detail: expect.stringContaining('wait to be stored') });
    expect(alerts).toEqual([
      expect.stringMatching(/^error: The archive failing cannot be written: went away after all/),
    ]);
    broken = null;
    await second.store();
    expect(alerts[1]).toBe('info: The archive failing is written again.');
    expect(second.health()).toEqual({ status: 'ok', detail: 'failing' });
    expect(await rowsOf(archive, 'bsm', '2025-11-17')).toHaveLength(2);
    second.addRaw('bsm', [bsm(at + 70_000)]);
    await second.store();
    broken = 'remove';
    await expect(second.merge('bsm', '2025-11-17')).rejects.toThrow('went away');
    expect(await rowsOf(archive, 'bsm', '2025-11-17')).toHaveLength(3);
    broken = null;
    await second.merge('bsm', '2025-11-17');
    expect(await rowsOf(archive, 'bsm', '2025-11-17')).toHaveLength(3);
    expect(await archive.files('bsm', '2025-11-17', '2025-11-17')).toHaveLength(1);
    await second.close();
  });

  it('grows old: raw to slower storage after 30 and 365 days, processed gone after 730, days in one file', async () => {
    const days = [1, 31, 366, 731].map((age) => NOW - age * DAY);
    for (const at of days) archive.addRaw('bsm', [bsm(at), bsm(at + 60_000)]);
    for (const at of days) archive.addIndices([index(at)]);
    await archive.store();
    const asked: [string, string][] = [];
    const setClass = archive.storage.setClass.bind(archive.storage);
    archive.storage.setClass = async (key, storageClass) => {
      asked.push([key, storageClass]);
      return setClass(key, storageClass);
    };
    const outcome = await runLifecycle(archive, NOW);
    expect(outcome).toMatchObject({ nearline: hasClasses ? 1 : 0, coldline: hasClasses ? 2 : 0, deleted: 1 });
    expect(asked).toEqual([
      [`raw/bsm/2023/11/20/bsm_2023-11-20.parquet`, 'coldline'],
      [`raw/bsm/2024/11/19/bsm_2024-11-19.parquet`, 'coldline'],
      [`raw/bsm/2025/10/20/bsm_2025-10-20.parquet`, 'nearline'],
    ]);
    for (const at of days) expect((await rowsOf(archive, 'bsm', dayOf(at))).length).toBeGreaterThanOrEqual(2);
    expect(await rowsOf(archive, 'indices', dayOf(days[3]!))).toEqual([]);
    expect(await rowsOf(archive, 'indices', dayOf(days[2]!))).toHaveLength(1);
    // Yesterday may still grow.
    expect(await archive.files('bsm', dayOf(days[0]!), dayOf(days[0]!))).toHaveLength(2);
    expect(await runLifecycle(archive, NOW)).toMatchObject({ merged: 0, deleted: 0 });
  });
}

describe('the archive in a folder', () => {
  behaviour(() => new FolderStorage(makeDirectory()), false);

  it('keeps what is acknowledged through the end of the process, and stores it at the next start', async () => {
    const directory = makeDirectory();
    const root = makeDirectory();
    const options = { directory, maxBytes: 1e8, storeEveryMs: 1e9, onAlert() {} };
    const first = new Archive({ ...options, storage: new FolderStorage(root) });
    first.addIndices([index(NOW)]);
    await first.flush();
    expect(readdirSync(root)).toEqual([]);
    // Never closed, as after kill -9.
    const second = new Archive({ ...options, storage: new FolderStorage(root) });
    await second.store();
    expect(await rowsOf(second, 'indices', dayOf(NOW))).toHaveLength(1);
    await second.close();
  });

  it('waits on disk while the folder cannot be written, bounded, and is stored when it can', async () => {
    const root = join(makeDirectory(), 'archive');
    writeFileSync(root, 'a file where the folder should be');
    const alerts: string[] = [];
    const archive = new Archive({
      storage: new FolderStorage(root),
      directory: makeDirectory(),
      maxBytes: 5000,
      storeEveryMs: 1e9,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
    });
    archive.addIndices([index(NOW)]);
    await expect(archive.store()).rejects.toThrow();
    archive.addIndices(Array.from({ length: 50 }, (_, n) => index(NOW + n * 60_000)));
    await expect(archive.flush()).rejects.toMatchObject({ code: 'spool_full' });
    expect(alerts.some((alert) => alert.startsWith("error: The archive's journal takes nothing"))).toBe(true);
    await rm(root);
    // What did not fit is still in memory; with the journal empty again it fits... unless it never does.
    await expect(archive.store()).rejects.toMatchObject({ code: 'spool_full' });
    expect(archive.health().status).toBe('failed');
  });
});

describe('the archive in an S3-compatible bucket', () => {
  let server: S3rver;
  let endpoint: string;
  let buckets = 0;
  const environment = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
  const before = { ...process.env };

  beforeAll(async () => {
    // It keeps files of any class it is given, but fails to read those of a class that came after it.
    const { STORAGE_CLASSES } = createRequire(import.meta.url)('s3rver/lib/models/object') as {
      STORAGE_CLASSES: string[];
    };
    if (!STORAGE_CLASSES.includes('GLACIER_IR')) STORAGE_CLASSES.push('GLACIER_IR');
    Object.assign(process.env, environment);
    server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: makeDirectory() });
    const address = (await server.run()) as AddressInfo;
    endpoint = `http://127.0.0.1:${address.port}`;
  });
  afterAll(async () => {
    await server.close();
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  behaviour(async () => {
    const bucket = `archive-${buckets++}`;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    return openStorage({ location: `s3://${bucket}/flextraff`, endpoint });
  }, true);

  it('moves raw files to slower classes that can be read at once, and deletes processed ones on the day they are due', async () => {
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    const Bucket = `archive-${buckets++}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    const storage = openStorage({ location: `s3://${Bucket}/flextraff`, endpoint });
    const archive = new Archive({
      storage,
      directory: makeDirectory(),
      maxBytes: 1e8,
      storeEveryMs: 1e9,
      onAlert() {},
    });
    const classOf = async (dataset: 'bsm' | 'indices', at: number): Promise<string> => {
      const Key = `flextraff/${dayKey(dataset, dayOf(at))}`;
      return client.send(new HeadObjectCommand({ Bucket, Key })).then(
        ({ StorageClass }) => StorageClass ?? 'STANDARD',
        (error: Error) => error.name,
      );
    };
    const ages = [29, 30, 31, 365, 366, 730, 731];
    for (const age of ages) {
      archive.addRaw('bsm', [bsm(NOW - age * DAY)]);
      archive.addIndices([index(NOW - age * DAY)]);
    }
    await archive.store();
    await runLifecycle(archive, NOW);
    const classes = (dataset: 'bsm' | 'indices') => Promise.all(ages.map((age) => classOf(dataset, NOW - age * DAY)));
    const [near, cold] = ['STANDARD_IA', 'GLACIER_IR'];
    expect(await classes('bsm')).toEqual(['STANDARD', 'STANDARD', near, near, cold, cold, cold]);
    expect(await classes('indices')).toEqual([...Array<string>(6).fill('STANDARD'), 'NotFound']);
    // Nothing of it has to be brought back before it is read.
    expect(await rowsOf(archive, 'bsm', dayOf(NOW - 731 * DAY))).toHaveLength(1);
    // A year later.
    await runLifecycle(archive, NOW + 365 * DAY);
    expect(await classes('bsm')).toEqual(ages.map(() => cold));
    expect(await classes('indices')).toEqual([
      'STANDARD',
      'STANDARD',
      'STANDARD',
      'STANDARD',
      'NotFound',
      'NotFound',
      'NotFound',
    ]);
    await archive.close();
    client.destroy();
  });

  it('says which bucket there is not', async () => {
    const storage = openStorage({ location: 's3://no-such-bucket', endpoint });
    await expect(storage.list('raw/')).rejects.toThrow(/bucket/i);
    await storage.close();
    expect(() => openStorage({ location: 'gs://x/y' })).toThrowError('FLEXTRAFF_ARCHIVE is gs://x/y');
  });
});
