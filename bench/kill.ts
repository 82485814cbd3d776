/**
 * `npm run bench:kill [-- --kills 50 --outage 60]`: nothing acknowledged is lost, counted row by row, on the embedded database
 * and, where DATABASE_URL names a server, on that one: writers are killed at random moments, the database is stopped under
 * load, and the disk of the spool is filled (Linux, where a small volume may be mounted).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../api/database/connect.ts';
import {
  diskFullTrial,
  embeddedSwitch,
  killTrial,
  outageTrial,
  type Switch,
  type Tally,
} from '../api/database/testing/endurance.ts';
import { makeServerDatabase, serverUrl, Wire } from '../api/database/testing/server-database.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    outage: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
  },
});
const kills = Number(values.kills);
const outageMs = Number(values.outage) * 1000;
const root = mkdtempSync(join(tmpdir(), 'flextraff-bench-kill-'));
let folders = 0;
const makeFolder = (): string => {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
};
const results: object[] = [];
function report(database: string, trial: string, tally: Tally, remark: string): void {
  results.push({
    database,
    trial,
    acknowledged: tally.rows,
    lost: tally.missing,
    remark,
  });
  for (const example of tally.examples) process.stderr.write(`lost: ${example}\n`);
  if (tally.missing > 0 || tally.rows === 0) process.exitCode = 1;
}

async function trials(name: string, databaseUrl: string | undefined, makeSwitch: () => Switch): Promise<void> {
  const killed = await killTrial({
    directory: makeFolder(),
    databaseUrl,
    kills,
    afterMsMax: databaseUrl === undefined ? 4000 : 2000,
    onKill: (n, writer) => process.stderr.write(`${name}: kill ${n} of ${kills}, ${writer.batches} batches\r`),
  });
  process.stderr.write('\n');
  report(name, `kill -9, ${kills} times`, killed, '');
  const outage = await outageTrial({ directory: makeFolder(), databaseUrl, database: makeSwitch(), outageMs });
  report(
    name,
    `database stopped for ${outageMs / 1000} s`,
    outage,
    `slowest acknowledgement ${outage.slowestMs.toFixed(0)} ms, ${(outage.spooledBytes / 1_048_576).toFixed(1)} MiB spooled`,
  );
  // PGlite's own files do not fit on a small volume; the spool is the same.
  if (databaseUrl === undefined) return;
  const small = makeFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small], { stdio: 'ignore' });
  } catch {
    process.stderr.write('A small volume cannot be mounted here: the full disk is not tried.\n');
    return;
  }
  try {
    const full = await diskFullTrial({ directory: small, databaseUrl, database: makeSwitch() });
    report(name, "spool's disk full", full, full.said.replace(/^.*?could/, 'could'));
  } finally {
    execFileSync('umount', [small]);
  }
}

try {
  if (values.only !== 'server') await trials('embedded (PGlite)', undefined, embeddedSwitch);
  if (serverUrl === '') process.stderr.write('DATABASE_URL is not set: the server is not tried.\n');
  else if (values.only !== 'embedded') {
    const { url, drop } = await makeServerDatabase();
    const wire = new Wire(url);
    await wire.up();
    await trials('server', wire.url, () => ({ open: openDatabase, down: () => wire.down(), up: () => wire.up() }));
    await wire.down();
    await drop();
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.table(results);
