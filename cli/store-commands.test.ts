import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-store-commands-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function flextraff(args: string[], environment: Record<string, string> = {}) {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const run = spawnSync(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../cli.ts', import.meta.url)), ...args],
    { encoding: 'utf8', env: { ...inherited, FLEXTRAFF_DATA: directory, ...environment } },
  );
  return { code: run.status, out: run.stdout, err: run.stderr };
}

describe('archive and backfill', () => {
  it('refuse what is no day, no range and no archive, with exit code 2', () => {
    expect(flextraff(['backfill', '--from', '2025-02-30', '--to', '2025-03-01'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Write a day (UTC) as 2025-11-20.'),
    });
    expect(flextraff(['archive', 'check', '--from', '2025-03-02', '--to', '2025-03-01'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--from 2025-03-02 is after --to 2025-03-01'),
    });
    expect(flextraff(['archive', 'list'], { FLEXTRAFF_ARCHIVE: 'off' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('FLEXTRAFF_ARCHIVE is off'),
    });
  });

  it('print what there is, and the rules for a bucket below its prefix', () => {
    expect(flextraff(['archive', 'list', '--json'])).toEqual({
      code: 0,
      err: '',
      out: `${JSON.stringify({ archive: join(directory, 'archive'), months: [] })}\n`,
    });
    const rules = flextraff(['archive', 'lifecycle', '--rules'], { FLEXTRAFF_ARCHIVE: 's3://bucket/twin' });
    expect(JSON.parse(rules.out).Rules).toMatchObject([
      {
        Filter: { Prefix: 'twin/raw/' },
        Transitions: [
          { Days: 30, StorageClass: 'STANDARD_IA' },
          { Days: 365, StorageClass: 'GLACIER_IR' },
        ],
      },
      { Filter: { Prefix: 'twin/processed/' }, Expiration: { Days: 730 } },
    ]);
  });
});
