import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from './connect.ts';
import { diskFullTrial, embeddedSwitch, killTrial, outageTrial, type Switch } from './testing/endurance.ts';
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

/** A small volume, where this process may mount one. */
function mountSmall(mebibytes: number): { path: string; unmount: () => void } | null {
  const path = join(makeDirectory(), 'small');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return { path, unmount: () => void execFileSync('umount', [path], { stdio: 'ignore' }) };
}
const trial = process.platform === 'linux' ? mountSmall(1) : null;
trial?.unmount();
const canMount = trial !== null;

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

    it.skipIf(!canMount)("when the spool's disk is full (needs the right to mount a small volume)", async () => {
      const small = mountSmall(3);
      try {
        await withServer(async (databaseUrl, database) => {
          const result = await diskFullTrial({ directory: small!.path, databaseUrl, database });
          expect(result).toMatchObject({ missing: 0, examples: [] });
          expect(result.said).toMatch(/could not be written: ENOSPC/);
          expect(result.health).toContain('nothing can be written');
          expect(result.batches).toBeGreaterThan(60);
        });
      } finally {
        small?.unmount();
      }
    });
  },
);
