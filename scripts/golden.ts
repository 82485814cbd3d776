/**
 * Writes test/golden.json anew: the digests of the scenarios that ship, and of cases of the shared data where it is there
 * (else theirs stay as they are). Whoever runs it says in the commit why they changed. `npm run build` first.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../runs/types.ts';

const UNTIL_SECONDS = 300;
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const flextraff = (...args: string[]): string =>
  execFileSync(process.execPath, [path('../dist/cli.js'), ...args, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });
const shared = join(process.env.FLEXTRAFF_SHARED ?? path('../../shared'), 'data');

interface Golden {
  readonly scenarios: Record<string, Record<string, string>>;
  /** By the arguments of `run` that name a case of the shared data. */
  readonly shared: Record<string, Record<string, string>>;
}

function digestsOf(...args: string[]): Record<string, string> {
  const result = JSON.parse(flextraff('run', ...args, '--until', String(UNTIL_SECONDS))) as RunResult;
  return Object.fromEntries(Object.entries(result.variants).map(([variant, { digest }]) => [variant, digest]));
}

const file = path('../test/golden.json');
const before = readFileSync(file, 'utf8');
const known = JSON.parse(before) as Golden;
const { scenarios } = JSON.parse(flextraff('scenarios')) as { scenarios: { name: string }[] };
const golden: Golden = { scenarios: {}, shared: {} };
for (const { name } of scenarios) golden.scenarios[name] = digestsOf(name);
for (const [command, digests] of Object.entries(known.shared)) {
  const args = command.split(' ').map((arg) => (arg.includes('/') ? join(shared, arg) : arg));
  const absent = args.find((arg) => arg.includes('/') && !existsSync(arg));
  if (absent !== undefined) console.log(`${absent} is not there: the digests of "${command}" stay as they are.`);
  golden.shared[command] =
    absent === undefined
      ? digestsOf(...args, '--variant', 'baseline=fixed-time', '--variant', 'adaptive=max-pressure')
      : digests;
}
const text = `${JSON.stringify({ untilSeconds: UNTIL_SECONDS, ...golden }, null, 2)}\n`;
writeFileSync(file, text);
console.log(before === text ? 'The digests are those of before.' : 'The digests changed: say why in the commit.');
