/**
 * How long from `npm start` (its command, without npm) to the first moving frame in a browser, and how much memory the
 * twin takes with everything in it. Cold: a fresh data folder, so that the database is made. Again: the same folder.
 *
 *   npm run build && npm run bench:start [-- --times 3]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Health } from '../api/types.ts';
import { launchChromium, numberOf, watchedPage } from '../test/support/browser.ts';
import { endAll, startTwin, until } from '../test/support/command.ts';

const { values } = parseArgs({
  options: { times: { type: 'string', default: '3' }, watch: { type: 'string', default: '20' } },
});
const times = Number(values.times);
const watchSeconds = Number(values.watch);

/** Resident memory of a process and its children in MiB, pages shared between them counted once (PSS). */
function memoryMebibytes(pid: number): number {
  let kibibytes = 0;
  const processes = [pid];
  for (const one of readdirSync('/proc')) {
    if (!/^\d+$/.test(one)) continue;
    try {
      const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
      if (processes.includes(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))) processes.push(Number(one));
    } catch {
      // ended in between
    }
  }
  for (const one of processes) {
    try {
      kibibytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // ended in between
    }
  }
  return kibibytes / 1024;
}

interface Figures {
  addressSeconds: number;
  movingSeconds: number;
  databaseSeconds: number;
  peakMebibytes: number;
}

async function measure(folder: string): Promise<Figures> {
  // the browser is the visitor's, and there before
  const browser = await launchChromium();
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  const twin = await startTwin([], { FLEXTRAFF_DATA: folder });
  const addressSeconds = since();
  let peakMebibytes = 0;
  const timer = setInterval(() => {
    peakMebibytes = Math.max(peakMebibytes, memoryMebibytes(twin.pid));
  }, 250);
  const database = until(async () => {
    const health = (await (await fetch(`${twin.url}/health`)).json()) as Health;
    return Object.entries(health.checks).some(([name, check]) => /database|store/.test(name) && check.status === 'ok')
      ? since()
      : null;
  }, 200);
  const { page } = await watchedPage(browser, twin.url);
  await page.goto(twin.url);
  const world = page.getByTestId('world-baseline');
  await until(async () => (await numberOf(world, 'data-vehicles')) > 0, 20);
  const first = await numberOf(world, 'data-second');
  await until(async () => (await numberOf(world, 'data-second')) > first, 20);
  const movingSeconds = since();
  const databaseSeconds = await database;
  await new Promise((resolve) => setTimeout(resolve, watchSeconds * 1000));
  clearInterval(timer);
  await browser.close();
  await twin.end('SIGTERM');
  return { addressSeconds, movingSeconds, databaseSeconds, peakMebibytes };
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function report(what: string, figures: Figures[]): void {
  const line = (label: string, key: keyof Figures, unit: string, digits: number) => {
    const all = figures.map((one) => one[key]);
    console.log(
      `  ${label.padEnd(28)} ${median(all).toFixed(digits).padStart(8)} ${unit}   worst ${Math.max(...all).toFixed(digits)}`,
    );
  };
  console.log(`${what}, ${figures.length} times, median`);
  line('address printed after', 'addressSeconds', 's  ', 2);
  line('first moving frame after', 'movingSeconds', 's  ', 2);
  line('database ready after', 'databaseSeconds', 's  ', 2);
  line('most memory', 'peakMebibytes', 'MiB', 0);
}

try {
  console.log(
    `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}; memory over ${watchSeconds} s after the first frame, browser not included`,
  );
  const cold: Figures[] = [];
  const again: Figures[] = [];
  for (let i = 0; i < times; i++) {
    const folder = mkdtempSync(join(tmpdir(), 'flextraff-bench-'));
    cold.push(await measure(folder));
    again.push(await measure(folder));
    rmSync(folder, { recursive: true, force: true });
  }
  report('Fresh data folder', cold);
  report('The same folder again', again);
} finally {
  await endAll();
}
