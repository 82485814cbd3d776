/**
 * Writes test/golden.json anew: the digests of the scenarios that ship. Whoever runs it says in the commit why they
 * changed. `npm run build` first.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../runs/types.ts';

const UNTIL_SECONDS = 300;
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const flextraff = (...args: string[]): string =>
  execFileSync(process.execPath, [path('../dist/cli.js'), ...args, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });

const { scenarios } = JSON.parse(flextraff('scenarios')) as { scenarios: { name: string }[] };
const golden: Record<string, Record<string, string>> = {};
for (const { name } of scenarios) {
  const result = JSON.parse(flextraff('run', name, '--until', String(UNTIL_SECONDS))) as RunResult;
  golden[name] = Object.fromEntries(Object.entries(result.variants).map(([variant, { digest }]) => [variant, digest]));
}
const file = path('../test/golden.json');
const text = `${JSON.stringify({ untilSeconds: UNTIL_SECONDS, scenarios: golden }, null, 2)}\n`;
let before = '';
try {
  before = readFileSync(file, 'utf8');
} catch {
  // the first time there is none
}
writeFileSync(file, text);
console.log(before === text ? 'The digests are those of before.' : 'The digests changed: say why in the commit.');
