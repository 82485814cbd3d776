/**
 * `npm run bench:archive-reads [-- --junctions 100 --parts 700]`: what the API asks of safety indices while the database is away, from
 * Parquet alone: a day so far in parts of a minute each, and seven days before it in one file each. Median and worst of ten; CPU time
 * of this process and wall time.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Archive } from '../api/archive/archive.ts';
import { archivedCurrent, archivedHistory } from '../api/archive/history.ts';
import { DATASETS, DAY_MS, dayKey, dayOf, indexRow, partKey } from '../api/archive/layout.ts';
import { writeParquet } from '../api/archive/parquet.ts';
import { openStorage } from '../api/archive/storage.ts';
import { align } from '../cli/table.ts';

const MINUTE_MS = 60_000;
const DAYS = 7;
const REPEAT = 10;
const { values } = parseArgs({
  options: { junctions: { type: 'string', default: '100' }, parts: { type: 'string', default: '700' } },
});
const junctions = Array.from({ length: Number(values.junctions) }, () => randomUUID());
const parts = Number(values.parts);
const root = mkdtempSync(join(tmpdir(), 'flextraff-bench-archive-'));
const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const nowMs = today + parts * MINUTE_MS;
const minuteRows = (junctionId: string, fromMs: number, minutes: number) =>
  Array.from({ length: minutes }, (_, n) =>
    indexRow(
      {
        junctionId,
        atMs: fromMs + n * MINUTE_MS,
        combinedIndex: n % 90,
        combinedIndexEb: n % 91,
        trafficVolume: n % 40,
      },
      nowMs,
    ),
  );

const archive = new Archive({
  storage: openStorage({ location: join(root, 'archive') }),
  directory: join(root, 'journal'),
  maxBytes: 1e9,
  onAlert: (_, message) => process.stderr.write(`${message}\n`),
});
try {
  const put = (key: string, rows: ReturnType<typeof minuteRows>): Promise<number> =>
    writeParquet(join(root, 'archive', key), DATASETS.indices.columns, rows);
  for (let day = 1; day <= DAYS; day++) {
    const atMs = today - day * DAY_MS;
    await put(
      dayKey('indices', dayOf(atMs)),
      junctions.flatMap((id) => minuteRows(id, atMs, 1440)),
    );
  }
  for (let part = 0; part < parts; part++)
    await put(
      partKey('indices', today, String(part).padStart(12, '0')),
      junctions.flatMap((id) => minuteRows(id, today + part * MINUTE_MS, 1)),
    );

  const table: string[][] = [['question', 'rows', 'CPU ms: median', 'worst', 'wall ms: median', 'worst']];
  const measure = async (question: string, ask: () => Promise<number>): Promise<void> => {
    const [cpu, wall]: [number[], number[]] = [[], []];
    let rows = await ask();
    for (let n = 0; n < REPEAT; n++) {
      const before = process.cpuUsage();
      const began = performance.now();
      rows = await ask();
      wall.push(performance.now() - began);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000);
    }
    const told = (all: number[]): string[] => {
      const sorted = all.sort((a, b) => a - b);
      return [sorted[Math.floor(REPEAT / 2)], sorted.at(-1)].map((ms) => (ms as number).toFixed(0));
    };
    table.push([question, String(rows), ...told(cpu), ...told(wall)]);
  };
  const history = (aggregation: 'minute' | 'hour', days: number) => async (): Promise<number> => {
    const span = { fromMs: nowMs - days * DAY_MS, toMs: nowMs, nowMs };
    return (await archivedHistory(archive, aggregation, junctions[0] as string, span)).length;
  };
  await measure('current index of all junctions', async () => (await archivedCurrent(archive, nowMs, 2 * DAY_MS)).size);
  await measure('two days of a junction, by minute', history('minute', 2));
  await measure('seven days of a junction, by hour', history('hour', DAYS));
  process.stdout.write(`${junctions.length} junctions, ${parts} parts of today\n${align(table).join('\n')}\n`);
} finally {
  await archive.close();
  rmSync(root, { recursive: true, force: true });
}
