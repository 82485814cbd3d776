/**
 * Compiles the cores of the traffic engine that are written in AssemblyScript into TypeScript files that hold the
 * WebAssembly: `npm run core` after a change of `sim/traffic/cityflow-core.as`. The compiler is fetched when it is
 * needed, in one exact version; nothing else in the repository uses it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS = ['--runtime', 'stub', '--importMemory', '--noAssert', '-O3'];
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'sim', 'traffic');

const hashOf = (source) => createHash('sha256').update(source).digest('hex').slice(0, 16);

function compile(source) {
  const work = mkdtempSync(join(tmpdir(), 'flextraff-core-'));
  try {
    copyFileSync(source, join(work, 'core.ts'));
    const args = ['exec', '--yes', `--package=${COMPILER}`, '--', 'asc', 'core.ts', '-o', 'core.wasm', ...OPTIONS];
    execFileSync('npm', args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
    return readFileSync(join(work, 'core.wasm'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const source = join(folder, 'cityflow-core.as');
const wasm = compile(source);
const text = wasm.toString('base64').match(/.{1,110}/g);
writeFileSync(
  join(folder, 'cityflow-core.ts'),
  [
    '/** Made by `npm run core` from cityflow-core.as; do not edit. */',
    '',
    '/** First 16 hex digits of the SHA-256 of that file. */',
    `export const SOURCE_HASH = '${hashOf(readFileSync(source))}';`,
    '',
    '/** WebAssembly in base64. */',
    'export const CORE =',
    `${text.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n'),
);
console.log(`sim/traffic/cityflow-core.ts: ${wasm.length} bytes of WebAssembly.`);
