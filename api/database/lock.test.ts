import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from './lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flextraff-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('is taken once, and names who has it', () => {
  const unlock = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrowError(new RegExp(`${directory}.*process ${process.pid}`));
  try {
    lockDirectory(directory);
  } catch (error) {
    expect(error).toMatchObject({ code: 'data_directory_in_use', hint: expect.stringContaining('FLEXTRAFF_DATA') });
  }
  unlock();
  lockDirectory(directory)();
  expect(readdirSync(directory)).toEqual([]);
});

it('is taken over from a process that is gone', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(
    join(directory, 'lock'),
    JSON.stringify({ pid, startTime: 'boot:1', since: '2026-01-01T00:00:00.000Z' }),
  );
  const unlock = lockDirectory(directory);
  expect(JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')).pid).toBe(process.pid);
  unlock();
});

it.skipIf(process.platform !== 'linux')(
  'is taken over where another process has the number now (start times are Linux only)',
  () => {
    writeFileSync(
      join(directory, 'lock'),
      JSON.stringify({ pid: process.pid, startTime: 'an-earlier-boot:1', since: '2026-01-01T00:00:00.000Z' }),
    );
    lockDirectory(directory)();
  },
);

it('is taken over when it holds nothing readable', () => {
  writeFileSync(join(directory, 'lock'), '');
  lockDirectory(directory)();
  expect(readdirSync(directory)).toEqual([]);
});

it('leaves a lock alone that somebody else took meanwhile', () => {
  const unlock = lockDirectory(directory);
  const other = JSON.stringify({ pid: 1, startTime: null, since: '2026-01-01T00:00:00.000Z' });
  writeFileSync(join(directory, 'lock'), other);
  unlock();
  expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe(other);
});
