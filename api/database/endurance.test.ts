import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from './connect.ts';
import { diskFullTrial, embeddedSwitch, killTrial, mountSpool, outageTrial, type Switch } from './testing/endurance.ts';
import { makeServerDatabase, serverUrl, Wire } from './testing/server-database.ts';

const directories: string[] = [];
const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-endurance-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const unmountTrial = process.platform === 'linux' ? mountSpool(makeDirectory(), 1) : null;
unmountTrial?.();
const canMount = unmountTrial !== null;

async function expectDiskFull(databaseUrl: string | undefined, database: Switch): Promise<void> {
  const directory = makeDirectory();
  const unmount = mountSpool(directory, 3);
  try {
    const result = await diskFullTrial({ directory, databaseUrl, database });
    expect(result).toMatchObject({ missing: 0, examples: [] });
    expect(result.said).toMatch(/could not be written: ENOSPC/);
    expect(result.health).toContain('nothing can be written');
    expect(result.batches).toBeGreaterThan(60);
  } finally {
    unmount?.();
  }
}

async function withServer<T>(work: (url: string, database: Switch) => Promise<T>): Promise<T> {
  const { url, drop } = await makeServerDatabase();
  const wire = new Wire(url);
  await wire.up();
  try {
    return await work(wire.url, { open: openDatabase, down: () => wire.down(), up: () => wire.up() });
  } finally {
    await wire.down();
    await drop();
  }
}

describe('nothing acknowledged is lost, counted row by row, with PGlite', () => {
  it('when the process is killed at five random moments', async () => {
    const result = await killTrial({ directory: makeDirectory(), kills: 5, afterMsMax: 2500 });
    expect(result).toMatchObject({ missing: 0, examples: [] });
    expect(result.rows).toBeGreaterThan(0);
  }, 180_000);

  it('when the database is away under load', async () => {
    const result = await outageTrial({ directory: makeDirectory(), database: embeddedSwitch(), outageMs: 1500 });
    expect(result).toMatchObject({ missing: 0, examples: [] });
    expect(result.spooledBytes).toBeGreaterThan(0);
  });

  it.skipIf(!canMount)("when the spool's disk is full (needs the right to mount a small volume)", () =>
    expectDiskFull(undefined, embeddedSwitch()),
  );
});

describe.skipIf(serverUrl === '')(
  'nothing acknowledged is lost, counted row by row, with PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () => {
    it('when the process is killed at five random moments', async () => {
      const { url, drop } = await makeServerDatabase();
      const result = await killTrial({ directory: makeDirectory(), databaseUrl: url, kills: 5, afterMsMax: 1500 });
      expect(result).toMatchObject({ missing: 0, examples: [] });
      expect(result.rows).toBeGreaterThan(0);
      await drop();
    }, 180_000);

    it('when the database is away under load', async () => {
      await withServer(async (databaseUrl, database) => {
        const result = await outageTrial({ directory: makeDirectory(), databaseUrl, database, outageMs: 1500 });
        expect(result).toMatchObject({ missing: 0, examples: [] });
        expect(result.spooledBytes).toBeGreaterThan(0);
      });
    });

    it.skipIf(!canMount)("when the spool's disk is full (needs the right to mount a small volume)", () =>
      withServer(expectDiskFull),
    );
  },
);
