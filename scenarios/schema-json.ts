/**
 * Writes `scenario.schema.json` beside this file from the schema that the loader checks with:
 * `npx tsx scenarios/schema-json.ts`. A test fails where the two differ.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scenarioJsonSchema } from './schema.ts';

export const schemaFile = fileURLToPath(new URL('./scenario.schema.json', import.meta.url));

export function schemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(schemaFile, schemaText());
