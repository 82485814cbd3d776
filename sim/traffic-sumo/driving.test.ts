import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SOURCE_HASH } from './core.ts';

it('is compiled from the sources beside it; after a change of those, npm run core', () => {
  const folder = new URL('./core/', import.meta.url);
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(new URL(name, folder)));
  expect(hash.digest('hex').slice(0, 16)).toBe(SOURCE_HASH);
});
