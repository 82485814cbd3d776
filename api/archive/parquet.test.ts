import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ParquetColumn,
  type ParquetRow,
  parquetSource,
  queryParquet,
  readParquet,
  writeParquet,
} from './parquet.ts';

const COLUMNS: ParquetColumn[] = [
  { name: 'id', type: 'text' },
  { name: 'index', type: 'double' },
  { name: 'volume', type: 'integer' },
  { name: 'total', type: 'bigint' },
  { name: 'scored', type: 'boolean' },
  { name: 'at', type: 'instant' },
  { name: 'metadata', type: 'json' },
  { name: 'tags', type: 'text[]' },
];

async function readAll(paths: string[], columns = COLUMNS): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for await (const part of readParquet(paths, columns)) rows.push(...part);
  return rows;
}

describe('parquet', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flextraff-parquet-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reads back what was written, to the last bit, nulls and all, in order and over chunks', async () => {
    const rows: ParquetRow[] = Array.from({ length: 5000 }, (_, n) => ({
      id: `it's "${n}"`,
      index: n % 7 === 0 ? null : n / 3,
      volume: n % 5 === 0 ? null : -n,
      total: n * 1_000_000_007,
      scored: n % 2 === 0,
      at: Date.UTC(2025, 0, 1) + n,
      metadata: n % 3 === 0 ? null : { n, nested: [true, null, 'ü'] },
      tags: n % 4 === 0 ? [] : ['a', `t${n}`],
    }));
    const path = join(folder, 'deep', 'a.parquet');
    const bytes = await writeParquet(path, COLUMNS, rows);
    expect(bytes).toBe(readFileSync(path).length);
    expect(await readAll([path])).toEqual(rows);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['a.parquet']);
    const [codec] = await queryParquet(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`);
    expect(codec).toEqual({ compression: 'ZSTD' });
  });

  it('gives null for columns that an older file lacks', async () => {
    const old = join(folder, 'old.parquet');
    const young = join(folder, 'young.parquet');
    await writeParquet(old, COLUMNS.slice(0, 2), [{ id: 'a', index: 1 }]);
    await writeParquet(young, COLUMNS.slice(0, 3), [{ id: 'b', index: 2, volume: 3 }]);
    expect(await readAll([old, young], COLUMNS.slice(0, 3))).toEqual([
      { id: 'a', index: 1, volume: null },
      { id: 'b', index: 2, volume: 3 },
    ]);
    expect(await queryParquet(`SELECT count(*) AS n, sum(volume) AS v FROM ${parquetSource([old, young])}`)).toEqual([
      { n: 2, v: 3 },
    ]);
  });

  it('refuses a value of another type, and leaves nothing behind', async () => {
    const path = join(folder, 'bad.parquet');
    await expect(writeParquet(path, COLUMNS, [{ id: 'a', volume: 1.5 }])).rejects.toMatchObject({
      code: 'archive_value_invalid',
      message: expect.stringContaining('volume is 1.5'),
    });
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('says which file is damaged', async () => {
    const path = join(folder, 'damaged.parquet');
    writeFileSync(path, 'no parquet');
    await expect(readAll([path])).rejects.toMatchObject({
      code: 'archive_unreadable',
      message: expect.stringContaining(path),
    });
  });
});
