import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { strategiesMarkdown } from './strategies.ts';

test('docs/STRATEGIES.md says what the strategies say of themselves', () => {
  const file = readFileSync(join(import.meta.dirname, '../docs/STRATEGIES.md'), 'utf8');
  expect(file, 'flextraff strategies --markdown > docs/STRATEGIES.md').toBe(strategiesMarkdown());
});
