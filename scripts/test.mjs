/**
 * `npm test`: builds, checks types, lint, imports and licences, then runs every test. The last line reads
 * `N passed, N failed, N skipped`; each check counts as one. The exit code is 1 when anything failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = (path) => join(root, 'node_modules', path);
const tsc = tool('typescript/bin/tsc');

const checks = [
  ['build', 'scripts/prepare.mjs'],
  ['types', tsc, '-p', 'tsconfig.json', '--noEmit'],
  ['types of the page', tsc, '-p', 'twin-ui/tsconfig.json', '--noEmit'],
  ['lint', tool('@biomejs/biome/bin/biome'), 'lint', '--error-on-warnings', '.'],
  ['who imports whom', 'scripts/check-imports.mjs'],
  ['licences of the dependencies', 'scripts/check-licences.mjs'],
];

let passed = 0;
let failed = 0;
let skipped = 0;

for (const [what, ...args] of checks) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (status === 0) {
    passed++;
    console.log(`ok      ${what} (${seconds} s)`);
  } else {
    failed++;
    console.log(`FAILED  ${what} (${seconds} s)\n${`${stdout}${stderr}`.trim()}`);
  }
}

/** Vitest's own report, read from a file so that nothing it prints can be mistaken for it. */
function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'flextraff-test-'));
  const file = join(folder, 'report.json');
  try {
    const { status } = spawnSync(
      process.execPath,
      [tool('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
      {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, NO_COLOR: process.env.NO_COLOR ?? '1' },
      },
    );
    return { status, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { status, report } = runVitest(process.argv.slice(2));
let failedTests = 0;
const waiting = [];
for (const file of report?.testResults ?? []) {
  const name = relative(root, file.name);
  for (const test of file.assertionResults) {
    if (test.status === 'passed') passed++;
    else if (test.status === 'failed') failedTests++;
    else waiting.push(`${name}: ${test.fullName}`);
  }
  // a file that broke before its tests were known has none to count
  if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
    failedTests++;
    console.log(`FAILED  ${name}: ${file.message}`);
  }
}
if (failedTests === 0 && (status !== 0 || report === null)) failedTests = 1;
failed += failedTests;
skipped += waiting.length;

for (const what of waiting) console.log(`skipped ${what}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
