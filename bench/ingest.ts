/**
 * `npm run bench:ingest [-- --seconds 10]`: rows a second through the store's one way in (`Store.writeRecords`,
 * `writeCycles`), acknowledged, on the embedded database and, where DATABASE_URL names a server, on that one, in a database
 * made for it. Rows are counted in the database afterwards. A cycle counts for its row and its approaches' rows.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../api/database/connect.ts';
import { openStore } from '../api/database/store.ts';
import { makeServerDatabase, serverUrl } from '../api/database/testing/server-database.ts';
import { makeConfiguration, makeCycle } from '../api/testing.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    junctions: { type: 'string', default: '200' },
    pools: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
  },
});
const SECONDS = Number(values.seconds);
const JUNCTIONS = Number(values.junctions);
/** Rows handed over before the first of them has to be acknowledged. */
const WINDOW = 40_000;
const MINUTE = 60_000;

interface Measured {
  database: string;
  rows: string;
  perSecond: number;
  worstSecond: number;
  cpuMicrosecondsPerRow: number;
  counted: string;
}
const results: Measured[] = [];

async function measure(name: string, databaseUrl: string | undefined, poolMax?: number): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'flextraff-bench-ingest-'));
  const store = openStore({
    dataDirectory,
    databaseUrl,
    epcs: 'hashed',
    spoolMaxMebibytes: 64,
    onAlert: (level, message) => process.stderr.write(`${level}: ${message}\n`),
    poolMax,
    open: (options) => openDatabase(options),
  });
  try {
    await store.ready;
    const configurations = Array.from({ length: JUNCTIONS }, (_, n) => makeConfiguration({ intersectionId: 1000 + n }));
    store.writeJunctions(null, configurations);
    await store.flush();
    const day = Math.floor(Date.now() / 86_400_000) * 86_400_000;

    let minute = 0;
    await drive(name, 'index rows', 'safety_indices_realtime', () => {
      const rows = configurations.map((configuration) => ({
        junctionId: configuration.junctionId,
        atMs: day - minute * MINUTE,
        combinedIndex: 40 + (minute % 13),
        combinedIndexEb: 41.5 + (minute % 13),
        vruIndex: 12.25,
        vehicleIndex: 51.75,
        trafficVolume: minute % 50,
      }));
      minute++;
      store.writeRecords('indices', rows);
      return rows.length;
    });
    let number = 0;
    await drive(name, 'cycles + approaches', 'lane_cycle_data', () => {
      const cycles = configurations.map((configuration) =>
        makeCycle(configuration, {
          cycleNumber: number,
          startedAtMs: day - number * MINUTE,
          endedAtMs: day - number * MINUTE + 59_000,
          approaches: configuration.approaches.map((approach) => ({
            laneId: approach.id,
            vehicleCount: 3,
            epcIds: [`E280${number}A`, `E280${number}B`, `E280${number}C`],
            greenSeconds: 12.5,
          })),
        }),
      );
      number++;
      store.writeCycles(cycles);
      return cycles.length * 5;
    });
    await drive(name, 'logs', 'system_logs', () => {
      const rows = Array.from({ length: 500 }, () => ({
        logId: randomUUID(),
        atMs: Date.now(),
        level: 'INFO' as const,
        component: 'bench',
        message: 'A line such as devices send them',
        junctionId: configurations[0]!.junctionId,
        metadata: { n: 1 },
      }));
      store.writeRecords('logs', rows);
      return rows.length;
    });
  } finally {
    await store.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }

  async function drive(database: string, rows: string, table: string, write: () => number): Promise<void> {
    const cpu = process.cpuUsage();
    const begin = performance.now();
    let written = 0;
    let acknowledged = 0;
    const bySecond = new Map<number, number>();
    const waiting = new Set<Promise<void>>();
    while (performance.now() - begin < SECONDS * 1000) {
      const before = written;
      while (written - acknowledged < WINDOW && written - before < WINDOW / 4) written += write();
      const handedOver = written;
      const flush = store.flush().then(() => {
        const second = Math.floor((performance.now() - begin) / 1000);
        bySecond.set(second, (bySecond.get(second) ?? 0) + handedOver - acknowledged);
        acknowledged = handedOver;
        waiting.delete(flush);
      });
      waiting.add(flush);
      if (waiting.size >= 4) await Promise.race(waiting);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(waiting);
    const wall = (performance.now() - begin) / 1000;
    const used = process.cpuUsage(cpu);
    const answer = await store.asRole('reporting_user', (trx) => trx.raw(`SELECT count(*)::int AS n FROM ${table}`));
    const counted = (answer.rows[0] as { n: number }).n;
    const expected = table === 'lane_cycle_data' ? (written / 5) * 4 : written;
    // The first second opens connections and plans, the last is not whole.
    const whole = [...bySecond.entries()].filter(([second]) => second > 0 && second < SECONDS - 1).map(([, n]) => n);
    results.push({
      database,
      rows,
      perSecond: Math.round(written / wall),
      worstSecond: whole.length === 0 ? 0 : Math.min(...whole),
      cpuMicrosecondsPerRow: Math.round(((used.user + used.system) / written) * 10) / 10,
      counted: counted === expected ? `all ${counted}` : `${counted} of ${expected}!`,
    });
    if (counted !== expected) process.exitCode = 1;
  }
}

if (values.only !== 'server') await measure('embedded (PGlite)', undefined);
if (serverUrl === '') {
  process.stderr.write('DATABASE_URL is not set: the server is not measured.\n');
} else if (values.only !== 'embedded') {
  const pools = values.pools === '' ? [undefined] : values.pools.split(',').map(Number);
  for (const pool of pools) {
    const { url, drop } = await makeServerDatabase();
    try {
      await measure(pool === undefined ? 'server' : `server, pool of ${pool}`, url, pool);
    } finally {
      await drop();
    }
  }
}
console.table(results);
