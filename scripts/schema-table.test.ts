import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hereOf, SEED_ITEMS, testOf } from '../api/database/schema-map.ts';
import { readSeeds, SCHEMA_FILE, schemaPage } from './schema-table.ts';

const seeds = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'seeds');

describe('docs/SCHEMA.md', () => {
  it('is what its generator makes', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(schemaPage());
  });

  it('names tests that exist, and a reason for what is nowhere', () => {
    const folder = new URL('../api/database/testing/schema/', import.meta.url);
    const tests = readdirSync(folder)
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    for (const item of Object.keys(SEED_ITEMS)) {
      expect(tests).toContain(testOf(item));
      const { here, note } = hereOf(item);
      if (here === null) expect(note).toMatch(/\w/);
    }
  });

  it('finds what a document names that the map lacks', () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-seeds-'));
    try {
      writeFileSync(
        join(directory, '002_x.txt'),
        'CREATE TABLE new_things (\n    id INTEGER PRIMARY KEY,\n    UNIQUE (id)\n);\nCREATE INDEX idx_new ON new_things (id DESC);\n',
      );
      const found = [...readSeeds(directory).keys()];
      expect(found).toEqual(['table new_things', 'column new_things.id', 'index idx_new']);
      expect(found.filter((item) => !(item in SEED_ITEMS))).toEqual(found);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it.skipIf(!existsSync(seeds))('covers everything the seed documents name (needs ../shared/seeds)', () => {
    const named = readSeeds(seeds);
    expect(named.size).toBeGreaterThan(200);
    for (const [item, numbers] of named) expect([item, SEED_ITEMS[item]]).toEqual([item, [...numbers].join(' ')]);
  });
});
