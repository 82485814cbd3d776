/**
 * Compiles the core of CityFlow's model, which is written in AssemblyScript, into a TypeScript file that holds the
 * WebAssembly: `npm run core` after a change of `sim/traffic/cityflow-*.as`. The compiler is fetched when it is
 * needed, in one exact version; nothing else in the repository uses it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS = ['--runtime', 'stub', '--importMemory', '--noAssert', '-O3', '--enable', 'simd'];
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'sim', 'traffic');

/** All files of the core, in the order in which they are hashed. */
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.as'))
  .sort();

function hashOfSources() {
  const hash = createHash('sha256');
  for (const name of sources) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

function compile() {
  const work = mkdtempSync(join(tmpdir(), 'flextraff-core-'));
  try {
    for (const name of sources) copyFileSync(join(folder, name), join(work, name.replace(/\.as$/, '.ts')));
    const asc = ['asc', 'cityflow-core.ts', '-o', 'core.wasm', ...OPTIONS];
    execFileSync('npm', ['exec', '--yes', `--package=${COMPILER}`, '--', ...asc], {
      cwd: work,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return readFileSync(join(work, 'core.wasm'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const wasm = compile();
const text = wasm.toString('base64').match(/.{1,110}/g);
writeFileSync(
  join(folder, 'cityflow-core.ts'),
  [
    '/** Made by `npm run core` from the files cityflow-*.as; do not edit. */',
    '',
    '/** First 16 hex digits of the SHA-256 of those files, in the order of their names. */',
    `export const SOURCE_HASH = '${hashOfSources()}';`,
    '',
    '/** WebAssembly in base64. */',
    'export const CORE =',
    `${text.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n'),
);
console.log(`sim/traffic/cityflow-core.ts: ${wasm.length} bytes of WebAssembly.`);
