import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseStore, openStore } from '../database/store.ts';
import { makeServerDatabase, serverUrl } from '../database/testing/server-database.ts';
import { baseBackups } from '../jobs/backup.ts';
import { JOBS } from '../jobs/list.ts';
import { JobRunner } from '../jobs/runner.ts';
import type { JobContext } from '../jobs/types.ts';
import { makeConfiguration, makeCycle } from '../testing.ts';
import {
  type Backup,
  backupDatabase,
  backupName,
  findBackup,
  listBackups,
  pruneBackups,
  testRestore,
  withDatabase,
} from './backup.ts';
import { baseFolder } from './base.ts';
import { differences, readManifest, writeManifest } from './manifest.ts';
import { restoreEmbedded, restoreServer } from './restore.ts';
import { findTool } from './tools.ts';

const DAY = 86_400_000;
const SPAN = { fromMs: null, toMs: 0 };
const scripts = fileURLToPath(new URL('../../deploy/', import.meta.url));

async function filled(dataDirectory: string, databaseUrl: string | undefined): Promise<DatabaseStore> {
  const store = openStore({ dataDirectory, databaseUrl });
  await store.ready;
  const junction = makeConfiguration({ intersectionId: 81 });
  store.writeJunctions(null, [junction]);
  store.writeCycles(
    Array.from({ length: 50 }, (_, n) =>
      makeCycle(junction, { cycleNumber: n, startedAtMs: Date.UTC(2024, 0, 1, 8, n) }),
    ),
  );
  await store.flush();
  await store.junctions();
  return store;
}

describe('backups of the embedded database', () => {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-backup-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('bring back what was there, compared table by table, and keep what stood there since', async () => {
    const data = join(directory, 'data');
    const settings = { directory: join(directory, 'backups'), databaseUrl: null, walDirectory: null };
    let store = await filled(data, undefined);
    const made = await backupDatabase(store, settings, Date.now());
    const key = readFileSync(join(data, 'epc.key'), 'utf8');
    expect(readManifest(made.folder).tables).toMatchObject({
      traffic_cycles: { rows: 50 },
      lane_cycle_data: { rows: 200 },
    });
    store.writeJunctions(null, [makeConfiguration({ intersectionId: 82 })]);
    await store.flush();
    await store.close();
    rmSync(join(data, 'epc.key'));
    const restored = await restoreEmbedded(data, findBackup(settings.directory), Date.now());
    expect(restored).toMatchObject({ otherKey: false, before: expect.stringContaining('postgres.before-') });
    expect(existsSync(restored.before as string)).toBe(true);
    expect(readFileSync(join(data, 'epc.key'), 'utf8')).toBe(key);
    store = openStore({ dataDirectory: data });
    try {
      expect((await store.junctions()).map((junction) => junction.intersectionId)).toEqual([81]);
    } finally {
      await store.close();
    }
  }, 180_000);

  it('are told apart from others by rows and checksums', () => {
    const manifest = { kind: 'embedded' as const, createdAt: '', server: '', migration: '' };
    const tables = { a: { rows: 1, checksum: '1' }, b: { rows: 2, checksum: '2' }, c: { rows: 3, checksum: '3' } };
    expect(differences({ ...manifest, tables }, tables)).toEqual([]);
    expect(
      differences({ ...manifest, tables }, { a: { rows: 1, checksum: '9' }, b: { rows: 1, checksum: '2' } }),
    ).toEqual(['a has other rows', 'b has 1 rows, not 2', 'c is missing']);
  });

  it('are kept thirty days, and the newest for ever', () => {
    const settings = { directory: join(directory, 'old'), databaseUrl: null, walDirectory: null };
    const now = Date.UTC(2025, 10, 26, 2);
    for (const days of [200, 31, 29, 1])
      mkdirSync(join(settings.directory, backupName(now - days * DAY)), { recursive: true });
    expect(pruneBackups(settings, now)).toEqual(['2025-10-26T02-00-00Z', '2025-05-10T02-00-00Z']);
    expect(pruneBackups(settings, now + 400 * DAY)).toEqual(['2025-10-28T02-00-00Z']);
    expect(listBackups(settings.directory).map(({ name }) => name)).toEqual(['2025-11-25T02-00-00Z']);
  });
});

const hasTools = (): boolean => {
  try {
    return findTool('pg_dump') !== '' && findTool('pg_basebackup') !== '';
  } catch {
    return false;
  }
};

describe.skipIf(serverUrl === '' || !hasTools())(
  "backups of a server (need DATABASE_URL of a role that may create databases, and PostgreSQL's tools)",
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-backup-'));
    let made: Awaited<ReturnType<typeof makeServerDatabase>>;
    const left: string[] = [];
    beforeAll(async () => {
      made = await makeServerDatabase();
    });
    afterAll(async () => {
      await made.drop();
      for (const name of left)
        await withDatabase(serverUrl, (knex) => knex.raw('DROP DATABASE IF EXISTS ?? WITH (FORCE)', [name]));
      rmSync(directory, { recursive: true, force: true });
    });

    it('restore to what they were, aside first, and then in place', async () => {
      const data = join(directory, 'data');
      const settings = { directory: join(directory, 'backups'), databaseUrl: made.url, walDirectory: null };
      let store = await filled(data, made.url);
      const runner = new JobRunner({ store, jobs: JOBS, backup: settings });
      const stale = backupName(Date.now() - 31 * DAY);
      mkdirSync(join(settings.directory, stale), { recursive: true });
      expect(await runner.run('backup')).toMatchObject({ state: 'done', outcome: { removed: 1 } });
      const [backup, ...others] = listBackups(settings.directory) as [Backup];
      expect([others, existsSync(join(settings.directory, stale))]).toEqual([[], false]);
      expect(readdirSync(backup.folder).sort()).toEqual(['database.dump', 'epc.key', 'manifest.json']);
      expect(readManifest(backup.folder).tables.junctions?.rows).toBe(1);
      const tested = await runner.run('restore-test');
      expect(tested).toMatchObject({ state: 'done', outcome: { backup: backup.folder } });
      expect(tested.state === 'done' && tested.outcome.rows).toBeGreaterThan(1);
      // Nothing of the trial stays.
      const databases = await withDatabase(serverUrl, (knex) =>
        knex('pg_database').where('datname', 'like', `${new URL(made.url).pathname.slice(1)}_%`),
      );
      expect(databases).toEqual([]);
      await expect(restoreServer(made.url, backup.folder, Date.now())).rejects.toThrow('in use by flextraff-twin');
      store.writeJunctions(null, [makeConfiguration({ intersectionId: 82 })]);
      await store.flush();
      await store.close();
      const { before } = await restoreServer(made.url, backup.folder, Date.now());
      left.push(before as string);
      store = openStore({ dataDirectory: data, databaseUrl: made.url });
      try {
        await store.ready;
        expect((await store.junctions()).map((junction) => junction.intersectionId)).toEqual([81]);
        // The roles have their rights again.
        await store.asJob((trx) => trx.raw('SELECT create_safety_partitions()'));
      } finally {
        await store.close();
      }
      const manifest = readManifest(backup.folder);
      writeManifest(backup.folder, {
        ...manifest,
        tables: { ...manifest.tables, junctions: { rows: 7, checksum: '' } },
      });
      await expect(testRestore(settings)).rejects.toThrow('junctions has 1 rows, not 7');
    });
  },
);

const binaries = (() => {
  try {
    return dirname(findTool('pg_basebackup'));
  } catch {
    return '';
  }
})();
const isRoot = process.getuid?.() === 0;

describe.skipIf(!existsSync(join(binaries, 'initdb')) || process.platform === 'win32')(
  "recovery to a moment (needs PostgreSQL's server on this machine)",
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-pitr-'));
    const user = isRoot ? 'postgres' : userInfo().username;
    let server: ReturnType<typeof spawn> | null = null;
    /** PostgreSQL refuses to run as root. */
    const as = (file: string, ...args: string[]): [string, string[]] =>
      isRoot ? ['runuser', ['-u', user, '--', file, ...args]] : [file, args];
    const run = (file: string, ...args: string[]): string =>
      execFileSync(...as(file, ...args), { encoding: 'utf8', stdio: 'pipe' });
    const own = (path: string): void => {
      if (isRoot) execFileSync('chown', ['-R', user, path]);
    };
    let port = 0;
    const url = () => `postgres://${user}@127.0.0.1:${port}/postgres`;

    async function start(data: string): Promise<void> {
      const log = openSync(join(directory, 'log'), 'w');
      const child = spawn(...as(join(binaries, 'postgres'), '-D', data, '-p', String(port), '-k', directory), {
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      server = child;
      await expect
        .poll(
          () =>
            withDatabase(url(), (knex) => knex.raw('SELECT pg_is_in_recovery() AS recovering')).then(
              ({ rows }) => rows[0].recovering,
              () => `away; it said:\n${readFileSync(join(directory, 'log'), 'utf8')}`,
            ),
          { timeout: 30_000, interval: 100 },
        )
        .toBe(false);
    }
    async function stop(data: string): Promise<void> {
      run(join(binaries, 'pg_ctl'), 'stop', '-D', data, '-m', 'immediate');
      server = null;
    }
    afterAll(async () => {
      if (server !== null) server.kill('SIGINT');
      rmSync(directory, { recursive: true, force: true });
    });

    it('brings back what was there then, and nothing later', async () => {
      port = await new Promise<number>((resolve) => {
        const probe = createServer().listen(0, '127.0.0.1', () => {
          const { port: free } = probe.address() as { port: number };
          probe.close(() => resolve(free));
        });
      });
      const [data, wal, recovered] = [join(directory, 'data'), join(directory, 'wal'), join(directory, 'recovered')];
      mkdirSync(wal);
      chmodSync(directory, 0o755);
      own(directory);
      // The scripts as the server's user reads them.
      for (const name of ['archive-wal.sh', 'recover.sh'])
        writeFileSync(join(directory, name), readFileSync(join(scripts, name)), { mode: 0o755 });
      run(join(binaries, 'initdb'), '-D', data, '-A', 'trust', '-U', user, '--no-sync');
      writeFileSync(
        join(data, 'postgresql.auto.conf'),
        [
          "listen_addresses = '127.0.0.1'",
          'fsync = off',
          'archive_mode = on',
          `archive_command = 'sh ${join(directory, 'archive-wal.sh')} "%p" "%f" ${wal}'`,
          'shared_buffers = 16MB',
          '',
        ].join('\n'),
      );
      await start(data);
      const settings = { directory: join(directory, 'backups'), databaseUrl: url(), walDirectory: wal };
      const ask = (sql: string) => withDatabase(url(), async (knex) => (await knex.raw(sql)).rows);
      await ask("CREATE TABLE moments (said TEXT); INSERT INTO moments VALUES ('before the base')");
      const backUp = (nowMs: number) => baseBackups.run({ backup: settings, nowMs } as JobContext, SPAN);
      expect(await backUp(Date.now())).toMatchObject({ basesRemoved: 0 });
      const [base] = listBackups(baseFolder(settings)) as [Backup];
      expect(existsSync(join(base.folder, 'backup_manifest'))).toBe(true);
      await ask("INSERT INTO moments VALUES ('after the base')");
      const [{ moment }] = (await ask('SELECT clock_timestamp()::text AS moment, pg_sleep(0.05)')) as [
        { moment: string },
      ];
      await ask("INSERT INTO moments VALUES ('the mistake')");
      await ask("DELETE FROM moments WHERE said LIKE '%base'");
      // The segment that holds the mistake must be in the archive: recovery to a moment ends at a later record.
      const [{ segment }] = (await ask('SELECT pg_walfile_name(pg_switch_wal()) AS segment')) as [{ segment: string }];
      await expect.poll(() => existsSync(join(wal, segment)), { timeout: 30_000, interval: 50 }).toBe(true);
      // A base goes once a later one is older than seven days, and the log that only it needs.
      const kept = join(directory, 'kept');
      cpSync(wal, kept, { recursive: true });
      cpSync(base.folder, join(directory, 'base'), { recursive: true });
      expect(await backUp(Date.now() + 8 * DAY)).toMatchObject({ basesRemoved: 0, logFilesRemoved: 0 });
      const last = await backUp(Date.now() + 16 * DAY);
      expect(last).toMatchObject({ basesRemoved: 1 });
      expect(last.logFilesRemoved).toBeGreaterThan(0);
      expect(readdirSync(baseFolder(settings))).toHaveLength(2);
      await stop(data);

      own(join(directory, 'base'));
      own(kept);
      run('sh', join(directory, 'recover.sh'), join(directory, 'base'), kept, recovered, moment);
      await start(recovered);
      expect(await ask('SELECT said FROM moments ORDER BY said')).toEqual([
        { said: 'after the base' },
        { said: 'before the base' },
      ]);
      await ask("INSERT INTO moments VALUES ('and on')");
      await stop(recovered);
      expect(() => run('sh', join(directory, 'recover.sh'), join(directory, 'base'), kept, recovered)).toThrow(
        'is there already',
      );
    });
  },
);
