/**
 * Trials of what is promised: nothing acknowledged is lost. Processes are killed, the database stopped and the spool's disk
 * filled while rows are written, and afterwards every row of every acknowledged batch is looked for. Tests run them short,
 * `npm run bench:kill` long.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { v5 } from 'uuid';
import type { JunctionConfiguration } from '../../../junction/types.ts';
import { makeConfiguration, makeCycle, makeRun } from '../../testing.ts';
import type { Database } from '../connect.ts';
import { openDatabase } from '../connect.ts';
import { type DatabaseStore, openStore } from '../store.ts';

const SERIES = 20;
const MINUTES = 10;
const LOGS = 3;
/** Rows of a batch: series, a cycle with four approaches, minutes of an index, logs. */
export const BATCH_ROWS = SERIES + 1 + 4 + MINUTES + LOGS;
const MINUTE_MS = 60_000;
/** Load while the database is away: 3,800 rows a second. */
const BATCHES_PER_SECOND = 100;
const START_MS = Date.UTC(2025, 0, 1);

export interface Writer {
  runId: string;
  junctionId: string;
  /** Batches 0 to this less one were acknowledged. */
  batches: number;
}

export interface Tally {
  batches: number;
  rows: number;
  missing: number;
  /** Of the first few that are missing. */
  examples: string[];
}

const logId = (runId: string, batch: number, n: number): string => v5(`${batch}/${n}`, runId);

export function writeBatch(
  store: DatabaseStore,
  runId: string,
  configuration: JunctionConfiguration,
  batch: number,
): void {
  store.writeRecords(
    'indices',
    Array.from({ length: MINUTES }, (_, n) => ({
      junctionId: configuration.junctionId,
      atMs: START_MS + (batch * MINUTES + n) * MINUTE_MS,
      combinedIndex: 40,
      combinedIndexEb: 40 + n / 3,
      trafficVolume: n,
    })),
  );
  store.writeSeries(
    Array.from({ length: SERIES }, (_, n) => ({
      runId,
      second: batch * SERIES + n,
      variant: 'baseline',
      delaySeconds: batch,
      queued: 0,
      stopsPerVehicle: 0,
      running: 0,
      arrived: 0,
    })),
  );
  store.writeCycles([
    makeCycle(configuration, {
      runId,
      variant: 'baseline',
      cycleNumber: batch,
      startedAtMs: START_MS + batch * MINUTE_MS,
      endedAtMs: START_MS + (batch + 1) * MINUTE_MS,
    }),
  ]);
  store.writeRecords(
    'logs',
    Array.from({ length: LOGS }, (_, n) => ({
      logId: logId(runId, batch, n),
      atMs: START_MS,
      level: 'INFO' as const,
      component: 'endurance',
      message: `${batch}/${n}`,
    })),
  );
}

/** Looks for every row of every acknowledged batch in the database, and for the indices in the archive. */
export async function tally(store: DatabaseStore, writers: readonly Writer[]): Promise<Tally> {
  const result: Tally = { batches: 0, rows: 0, missing: 0, examples: [] };
  const miss = (what: string): void => {
    result.missing++;
    if (result.examples.length < 5) result.examples.push(what);
  };
  const column = (sql: string, bindings: (string | number)[]): Promise<Set<string>> =>
    store.asRole('reporting_user', async (trx) => {
      const answer = await trx.raw(sql, bindings);
      return new Set((answer.rows as { key: string }[]).map((row) => row.key));
    });
  await store.archive?.store();
  const archived = new Set<string>();
  if (store.archive !== null) {
    for (const day of await store.archive.days('indices', '2025-01-01', '2026-12-31'))
      for await (const rows of store.archive.read('indices', day))
        for (const row of rows) archived.add(`${row.junction_id} ${row.timestamp}`);
  }
  for (const { runId, junctionId, batches } of writers) {
    result.batches += batches;
    result.rows += batches * BATCH_ROWS;
    const series = await column('SELECT second::int::text AS key FROM run_series WHERE run_id = ?', [runId]);
    const minutes = await column(
      'SELECT (extract(epoch FROM timestamp) * 1000)::bigint::text AS key FROM safety_indices_realtime WHERE junction_id = ?',
      [junctionId],
    );
    const approaches = await column(
      `SELECT c.cycle_number || '/' || count(d.lane_id) AS key FROM traffic_cycles c JOIN lane_cycle_data d USING (cycle_id, cycle_start_time)
       WHERE c.run_id = ? GROUP BY c.cycle_id, c.cycle_number`,
      [runId],
    );
    const logs = await column("SELECT log_id::text AS key FROM system_logs WHERE component = 'endurance'", []);
    for (let batch = 0; batch < batches; batch++) {
      for (let n = 0; n < SERIES; n++)
        if (!series.has(String(batch * SERIES + n))) miss(`series ${runId} ${batch * SERIES + n}`);
      for (let n = 0; n < MINUTES; n++) {
        const at = START_MS + (batch * MINUTES + n) * MINUTE_MS;
        if (!minutes.has(String(at))) miss(`index ${junctionId} ${at}`);
        if (store.archive !== null && !archived.has(`${junctionId} ${at}`)) miss(`archived index ${junctionId} ${at}`);
      }
      if (!approaches.has(`${batch}/4`)) miss(`cycle ${runId} ${batch}`);
      for (let n = 0; n < LOGS; n++) if (!logs.has(logId(runId, batch, n))) miss(`log ${runId} ${batch}/${n}`);
    }
  }
  return result;
}

/** Starts the writing process and kills it (SIGKILL) after so many milliseconds. */
export function writeAndKill(directory: string, databaseUrl: string | undefined, afterMs: number): Promise<Writer> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = spawn(
    process.execPath,
    [
      '--import',
      tsx,
      fileURLToPath(new URL('./endurance-child.ts', import.meta.url)),
      directory,
      ...(databaseUrl === undefined ? [] : [databaseUrl]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    // The clock runs from the first word, however long the process takes to start.
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      const [, runId = '', junctionId = ''] = /^run (\S+) (\S+)$/m.exec(said) ?? [];
      resolve({ runId, junctionId, batches: [...said.matchAll(/^ack \d+$/gm)].length });
    });
  });
}

/** Kills as many writers of one directory, one after the other, at random moments, and counts. */
export async function killTrial(options: {
  directory: string;
  databaseUrl?: string | undefined;
  kills: number;
  afterMsMax: number;
  onKill?: (n: number, writer: Writer) => void;
}): Promise<Tally> {
  const writers: Writer[] = [];
  for (let n = 0; n < options.kills; n++) {
    const writer = await writeAndKill(options.directory, options.databaseUrl, Math.random() * options.afterMsMax);
    if (writer.runId === '') throw new Error('the writing process did not start');
    writers.push(writer);
    options.onKill?.(n + 1, writer);
  }
  const store = openStore({
    dataDirectory: options.directory,
    databaseUrl: options.databaseUrl,
    archive: { location: `${options.directory}/archive` },
  });
  try {
    await store.ready;
    await drained(store);
    return await tally(store, writers);
  } finally {
    await store.close();
  }
}

/** How a database is taken away and given back: its connection fails meanwhile. */
export interface Switch {
  open: NonNullable<Parameters<typeof openStore>[0]['open']>;
  down(): Promise<void>;
  up(): Promise<void>;
}

/** For the embedded database: its thread is ended, and does not come back before it may. */
export function embeddedSwitch(): Switch {
  let database: Database | null = null;
  let isDown = false;
  return {
    async open(options) {
      const opened = await openDatabase(options);
      database = {
        ...opened,
        async revive() {
          if (isDown) throw new Error('the database is held down');
          await opened.revive();
        },
      };
      return database;
    },
    async down() {
      isDown = true;
      await database?.embedded?.terminate();
    },
    async up() {
      isDown = false;
    },
  };
}

/**
 * Writes all the time, and takes the database away for so long in between. `flush` has to resolve throughout. Answers the
 * count, and how long the slowest acknowledgement took.
 */
export async function outageTrial(options: {
  directory: string;
  databaseUrl?: string | undefined;
  database: Switch;
  outageMs: number;
}): Promise<Tally & { slowestMs: number; spooledBytes: number }> {
  const alerts: string[] = [];
  const store = openStore({
    dataDirectory: options.directory,
    databaseUrl: options.databaseUrl,
    archive: { location: `${options.directory}/archive` },
    open: options.database.open,
    onAlert: (level, message) => alerts.push(`${level}: ${message}`),
  });
  try {
    await store.ready;
    const configuration = makeConfiguration();
    const run = makeRun();
    store.writeJunctions(null, [configuration]);
    store.writeRun(run);
    let batches = 0;
    let slowestMs = 0;
    let spooledBytes = 0;
    const write = async (milliseconds: number): Promise<void> => {
      for (const end = performance.now() + milliseconds; performance.now() < end; batches++) {
        const begin = performance.now();
        writeBatch(store, run.id, configuration, batches);
        await store.flush();
        slowestMs = Math.max(slowestMs, performance.now() - begin);
        spooledBytes = Math.max(spooledBytes, store.spooledBytes);
        const early = 1000 / BATCHES_PER_SECOND - (performance.now() - begin);
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      }
    };
    await write(500);
    await options.database.down();
    await write(options.outageMs);
    if ((await store.health()).status !== 'failed') throw new Error('the outage was not noticed');
    await options.database.up();
    await write(500);
    await drained(store);
    if (!alerts.some((alert) => alert.startsWith('error: The database is away'))) throw new Error('nobody was told');
    return {
      ...(await tally(store, [{ runId: run.id, junctionId: configuration.junctionId, batches }])),
      slowestMs,
      spooledBytes,
    };
  } finally {
    await store.close();
  }
}

/**
 * Mounts a small volume where the spool of this data folder will be; the database's own files would not fit on one. Answers how to unmount it;
 * null where this process may not mount.
 */
export function mountSpool(directory: string, mebibytes: number): (() => void) | null {
  const path = join(directory, 'spool');
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return () => void execFileSync('umount', [path], { stdio: 'ignore' });
}

/**
 * With the database away, fills the volume on which the spool is: the store has to refuse and say so, and to take rows again
 * when the database is back. The spool of `directory` lies on a small volume (`mountSpool`).
 */
export async function diskFullTrial(options: {
  directory: string;
  databaseUrl?: string | undefined;
  database: Switch;
}): Promise<Tally & { refusedBatches: number; said: string; health: string }> {
  const store = openStore({
    dataDirectory: options.directory,
    databaseUrl: options.databaseUrl,
    // Larger than the volume: it is the disk that refuses.
    spoolMaxMebibytes: 4096,
    open: options.database.open,
  });
  try {
    await store.ready;
    const configuration = makeConfiguration();
    const run = makeRun();
    store.writeJunctions(null, [configuration]);
    store.writeRun(run);
    await store.flush();
    await options.database.down();
    let batches = 0;
    let refused: Error | null = null;
    while (refused === null) {
      for (let n = 0; n < 20; n++) writeBatch(store, run.id, configuration, batches + n);
      try {
        await store.flush();
        batches += 20;
      } catch (error) {
        refused = error as Error;
      }
    }
    const health = await store.health();
    await options.database.up();
    await drained(store);
    // What was refused is written again, as its sender would.
    for (let n = 0; n < 40; n++) writeBatch(store, run.id, configuration, batches + n);
    await store.flush();
    batches += 40;
    const counted = await tally(store, [{ runId: run.id, junctionId: configuration.junctionId, batches }]);
    return { ...counted, refusedBatches: 20, said: refused.message, health: health.detail };
  } finally {
    await store.close();
  }
}

/** Waits until the database is there and has everything. */
async function drained(store: DatabaseStore): Promise<void> {
  for (;;) {
    if ((await store.health()).status === 'ok' && store.spooledBytes === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
