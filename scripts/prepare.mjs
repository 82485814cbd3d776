/**
 * Builds everything that `npm start` needs into dist/: the compiled program, the files it reads, the page, and the
 * archive that the embedded database starts from. Runs at `npm ci` (as `prepare`) and as `npm run build`.
 *
 * Plain Node without imports of packages: it must be able to say what is missing when they are not there.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const sourceFolders = ['cli', 'junction', 'scenarios', 'feeds', 'sim', 'controller', 'runs', 'api'];

const fromRoot = (...parts) => join(root, ...parts);

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Runs a program of node_modules, quietly; rejects with its output when it fails. */
function run(what, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${what} failed:\n${output.trim()}`))));
  });
}

/** Files the program reads at run time lie beside the code that reads them, in dist as in the source. */
function copyAssets() {
  for (const folder of sourceFolders) {
    if (!existsSync(fromRoot(folder))) continue;
    for (const path of filesBelow(fromRoot(folder))) {
      if (['.ts', '.md', '.map'].includes(extname(path))) continue;
      const target = join(dist, relative(root, path));
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(path, target);
    }
  }
}

/** What an earlier build left behind and no source makes any more must not be found by a directory listing. */
function removeStale() {
  for (const folder of sourceFolders) {
    if (!existsSync(join(dist, folder))) continue;
    for (const path of filesBelow(join(dist, folder))) {
      const source = fromRoot(relative(dist, path));
      const made = source.replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(source) && !existsSync(made)) rmSync(path);
    }
  }
}

/** The archive takes seconds to make: it is kept while what goes into it stays the same. */
function templateKey() {
  const hash = createHash('sha256');
  for (const name of ['pglite', 'pglite-postgis', 'pglite-socket']) {
    const path = fromRoot('node_modules/@electric-sql', name, 'package.json');
    if (existsSync(path)) hash.update(JSON.parse(readFileSync(path, 'utf8')).version);
  }
  for (const path of [...filesBelow(fromRoot('api/database'))].sort()) {
    if (!/\.test\.ts$|[\\/](repositories|testing)[\\/]/.test(path))
      hash.update(relative(root, path)).update(readFileSync(path));
  }
  return hash.digest('hex');
}

async function buildTemplate() {
  const archive = join(dist, 'pglite-template.tar.gz');
  const keyFile = join(dist, 'pglite-template.key');
  const key = templateKey();
  if (existsSync(archive) && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
  await run("Making the embedded database's archive", [join(dist, 'api/database/build-template.js'), archive]);
  writeFileSync(keyFile, key);
}

async function build() {
  mkdirSync(dist, { recursive: true });
  copyAssets();
  const page = run('Building the page', [
    fromRoot('node_modules/vite/bin/vite.js'),
    'build',
    '--config',
    fromRoot('twin-ui/vite.config.ts'),
    '--outDir',
    join(dist, 'twin-ui'),
    '--emptyOutDir',
    '--logLevel',
    'warn',
    fromRoot('twin-ui'),
  ]);
  const program = run('Compiling', [
    fromRoot('node_modules/typescript/bin/tsc'),
    '-p',
    fromRoot('tsconfig.build.json'),
  ]).then(async () => {
    removeStale();
    chmodSync(join(dist, 'cli.js'), 0o755);
    await buildTemplate();
  });
  const failures = (await Promise.allSettled([program, page])).filter((outcome) => outcome.status === 'rejected');
  if (failures.length > 0) throw new Error(failures.map((failure) => failure.reason.message).join('\n\n'));
}

const tools = ['typescript', 'vite', '@types/node'].filter((name) => !existsSync(fromRoot('node_modules', name)));
if (tools.length > 0) {
  if (!existsSync(join(dist, 'cli.js'))) {
    console.error(
      `Nothing is built, and the build needs ${tools.join(', ')}: run \`npm ci\` without --omit=dev once, or bring a dist/ from elsewhere.`,
    );
    process.exitCode = 1;
  }
} else {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
