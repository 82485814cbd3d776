/**
 * Compiles the cores of the traffic engines that are written in AssemblyScript into TypeScript files that hold the
 * WebAssembly: `npm run core` after a change of `sim/traffic/cityflow-*.as` or `sim/traffic-sumo/core/*.as`. The
 * compiler is fetched when it is needed, in one exact version; nothing else in the repository uses it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS = ['--runtime', 'stub', '--importMemory', '--noAssert', '-O3', '--enable', 'simd'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each core: the file of its folder that is compiled and imports the others, and the file it becomes. */
const CORES = [
  { folder: join(root, 'sim', 'traffic'), first: 'cityflow-core.as', into: 'sim/traffic/cityflow-core.ts' },
  { folder: join(root, 'sim', 'traffic-sumo', 'core'), first: 'core.as', into: 'sim/traffic-sumo/core.ts' },
];

function hashOf(folder, names) {
  const hash = createHash('sha256');
  for (const name of names) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

function compile(folder, names, first) {
  const work = mkdtempSync(join(tmpdir(), 'flextraff-core-'));
  const typeScript = (name) => `${basename(name, '.as')}.ts`;
  try {
    for (const name of names) copyFileSync(join(folder, name), join(work, typeScript(name)));
    const args = [
      'exec',
      '--yes',
      `--package=${COMPILER}`,
      '--',
      'asc',
      typeScript(first),
      '-o',
      'core.wasm',
      ...OPTIONS,
    ];
    execFileSync('npm', args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
    return readFileSync(join(work, 'core.wasm'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

for (const { folder, first, into } of CORES) {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.as'))
    .sort();
  const wasm = compile(folder, names, first);
  const text = wasm.toString('base64').match(/.{1,110}/g);
  writeFileSync(
    join(root, into),
    [
      `/** Made by \`npm run core\` from ${relative(dirname(join(root, into)), folder) || '.'}/*.as; do not edit. */`,
      '',
      '/** First 16 hex digits of the SHA-256 of those files, in the order of their names. */',
      `export const SOURCE_HASH = '${hashOf(folder, names)}';`,
      '',
      '/** WebAssembly in base64. */',
      'export const CORE =',
      `${text.map((line) => `  '${line}'`).join(' +\n')};`,
      '',
    ].join('\n'),
  );
  console.log(`${into}: ${wasm.length} bytes of WebAssembly.`);
}
