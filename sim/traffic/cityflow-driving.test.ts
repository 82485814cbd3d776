import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SOURCE_HASH } from './cityflow-core.ts';

it('is compiled from the source beside it; after a change of that, npm run core', () => {
  const source = readFileSync(new URL('./cityflow-core.as', import.meta.url));
  expect(createHash('sha256').update(source).digest('hex').slice(0, 16)).toBe(SOURCE_HASH);
});
