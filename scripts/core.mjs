/**
 * Compiles the cores of the traffic engines that are written in AssemblyScript into TypeScript files that hold the
 * WebAssembly: `npm run core` after a change of `sim/traffic/cityflow-core.as` or `sim/traffic-sumo/core/*.as`. The
 * compiler is fetched when it is needed, in one exact version; nothing else in the repository uses it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const OPTIONS = ['--runtime', 'stub', '--importMemory', '--noAssert', '-O3'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sumoCore = join(root, 'sim', 'traffic-sumo', 'core');

/** Each core: its sources, of which the first is compiled and imports the others, and the file it becomes. */
const CORES = [
  {
    sources: [join(root, 'sim', 'traffic', 'cityflow-core.as')],
    into: join(root, 'sim', 'traffic', 'cityflow-core.ts'),
  },
  {
    sources: ['core.as', ...readdirSync(sumoCore).filter((name) => name !== 'core.as' && name.endsWith('.as'))].map(
      (name) => join(sumoCore, name),
    ),
    into: join(root, 'sim', 'traffic-sumo', 'core.ts'),
  },
];

/** Of the files in the order of their names. */
function hashOf(sources) {
  const hash = createHash('sha256');
  for (const source of [...sources].sort()) hash.update(readFileSync(source));
  return hash.digest('hex').slice(0, 16);
}

function compile(sources) {
  const work = mkdtempSync(join(tmpdir(), 'flextraff-core-'));
  try {
    const names = sources.map((source) => `${basename(source, '.as')}.ts`);
    for (const [i, source] of sources.entries()) copyFileSync(source, join(work, names[i]));
    const args = ['exec', '--yes', `--package=${COMPILER}`, '--', 'asc', names[0], '-o', 'core.wasm', ...OPTIONS];
    execFileSync('npm', args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
    return readFileSync(join(work, 'core.wasm'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

for (const { sources, into } of CORES) {
  const wasm = compile(sources);
  const text = wasm.toString('base64').match(/.{1,110}/g);
  const [what, whose] =
    sources.length === 1
      ? [basename(sources[0]), 'that file']
      : ['core/*.as', 'those files, in the order of their names'];
  writeFileSync(
    into,
    [
      `/** Made by \`npm run core\` from ${what}; do not edit. */`,
      '',
      `/** First 16 hex digits of the SHA-256 of ${whose}. */`,
      `export const SOURCE_HASH = '${hashOf(sources)}';`,
      '',
      '/** WebAssembly in base64. */',
      'export const CORE =',
      `${text.map((line) => `  '${line}'`).join(' +\n')};`,
      '',
    ].join('\n'),
  );
  console.log(`${relative(root, into)}: ${wasm.length} bytes of WebAssembly.`);
}
