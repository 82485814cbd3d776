/**
 * `npm run bench:kill [-- --kills 50 --outage 60 --only embedded --trials kill,outage,disk]`: nothing acknowledged is lost,
 * counted row by row, on the embedded database and, where DATABASE_URL names a server, on that one: writers are killed at
 * random moments, the database is stopped under load, and the volume of the spool is filled (Linux, where one may be mounted).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../api/database/connect.ts';
import {
  diskFullTrial,
  embeddedSwitch,
  killTrial,
  mountSpool,
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
    trials: { type: 'string', default: 'kill,outage,disk' },
  },
});
const kills = Number(values.kills);
const outageMs = Number(values.outage) * 1000;
const wanted = new Set(values.trials.split(','));
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

async function kill(name: string, databaseUrl: string | undefined): Promise<void> {
  const killed = await killTrial({
    directory: makeFolder(),
    databaseUrl,
    kills,
    afterMsMax: databaseUrl === undefined ? 4000 : 2000,
    onKill: (n, writer) => process.stderr.write(`${name}: kill ${n} of ${kills}, ${writer.batches} batches\r`),
  });
  process.stderr.write('\n');
  report(name, `kill -9, ${kills} times`, killed, '');
}

async function outage(name: string, databaseUrl: string | undefined, database: Switch): Promise<void> {
  const counted = await outageTrial({ directory: makeFolder(), databaseUrl, database, outageMs });
  report(
    name,
    `database stopped for ${outageMs / 1000} s`,
    counted,
    `slowest acknowledgement ${counted.slowestMs.toFixed(0)} ms, ${(counted.spooledBytes / 1_048_576).toFixed(1)} MiB spooled`,
  );
}

async function diskFull(name: string, databaseUrl: string | undefined, database: Switch): Promise<void> {
  const directory = makeFolder();
  const unmount = mountSpool(directory, 8);
  if (unmount === null) {
    process.stderr.write('A small volume cannot be mounted here: the full disk is not tried.\n');
    return;
  }
  try {
    const full = await diskFullTrial({ directory, databaseUrl, database });
    report(name, "spool's disk full", full, full.said.replace(/^.*?could/, 'could'));
  } finally {
    unmount();
  }
}

async function trials(name: string, databaseUrl: string | undefined, makeSwitch: () => Switch): Promise<void> {
  if (wanted.has('kill')) await kill(name, databaseUrl);
  if (wanted.has('outage')) await outage(name, databaseUrl, makeSwitch());
  if (wanted.has('disk')) await diskFull(name, databaseUrl, makeSwitch());
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
