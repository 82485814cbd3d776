import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeConfiguration, makeCycle, makeDecision, makeRun } from '../testing.ts';
import { type Database, openDatabase, parseDatabaseUrl } from './connect.ts';
import { type DatabaseStore, openStore, type StoreOptions } from './store.ts';
import { makeServerDatabase, serverUrl, Wire } from './testing/server-database.ts';

const directories: string[] = [];
const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-store-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const point = (runId: string, second: number, variant = 'baseline') => ({
  runId,
  second,
  variant,
  delaySeconds: 1,
  queued: 2,
  stopsPerVehicle: 0.5,
  running: 3,
  arrived: 4,
});
const waitFor = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
};

describe('the store on PGlite', () => {
  const directory = makeDirectory();
  const alerts: string[] = [];
  let store: DatabaseStore;
  let database: Database;

  const open = (changes: Partial<StoreOptions> = {}): DatabaseStore =>
    openStore({
      dataDirectory: directory,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
      async open(options) {
        database = await openDatabase(options);
        return database;
      },
      ...changes,
    });

  beforeAll(() => {
    store = open();
  });
  afterEach(() => {
    alerts.length = 0;
  });
  afterAll(() => store.close());

  it('takes and acknowledges writes while the database is still starting, and has them when it is there', async () => {
    const run = makeRun();
    store.writeRun(run);
    await store.flush();
    expect(await store.health()).toMatchObject({ status: 'starting' });
    expect(readdirSync(join(directory, 'spool'))).toHaveLength(1);
    await store.ready;
    expect(await store.run(run.id)).toEqual(run);
    expect(await store.health()).toMatchObject({ status: 'ok' });
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
  });

  it('shows at once what was just written', async () => {
    const run = makeRun({ startedAtMs: Date.UTC(2031, 0, 1) });
    const configuration = makeConfiguration();
    store.writeJunctions(null, [configuration]);
    store.writeRun(run);
    store.writeRun({ ...run, simulatedSeconds: 30 });
    store.writeSeries([point(run.id, 1), point(run.id, 2)]);
    store.writeDecisions([makeDecision(run, configuration.junctionId)]);
    store.writeDecisions([
      makeDecision(run, configuration.junctionId, { acknowledged: { result: 'applied', reason: '' } }),
    ]);
    store.writeCycles([makeCycle(configuration, { runId: run.id, variant: 'adaptive' })]);
    expect(await store.runs(1)).toEqual([{ ...run, simulatedSeconds: 30 }]);
    expect(await store.series(run.id)).toEqual([point(run.id, 1), point(run.id, 2)]);
    expect((await store.decisions(run.id)).map((decision) => decision.acknowledged)).toEqual([
      { result: 'applied', reason: '' },
    ]);
    expect((await store.junctions()).map((junction) => junction.junctionId)).toContain(configuration.junctionId);
    expect(await store.cycles(configuration.junctionId, { limit: 5 })).toHaveLength(1);
  });

  it('keeps tags hashed under its key: the same tag the same hash, and no plain tag on disk', async () => {
    const configuration = makeConfiguration();
    store.writeJunctions(null, [configuration]);
    const approaches = configuration.approaches.map((approach) => ({
      laneId: approach.id,
      vehicleCount: 1,
      epcIds: ['EPC-SAME'],
      greenSeconds: 1,
    }));
    store.writeCycles([makeCycle(configuration, { approaches })]);
    const [cycle] = await store.cycles(configuration.junctionId, { limit: 1 });
    const hashes = new Set(cycle?.approaches.flatMap((approach) => approach.epcIds));
    expect(hashes.size).toBe(1);
    expect([...hashes][0]).toMatch(/^[0-9a-f]{32}$/);
    // Nor in the messages that brought them.
    store.writeRecords('messages', [
      {
        messageId: randomUUID(),
        receivedAtMs: Date.now(),
        topic: 'flextraff/x/y/car-counts',
        payload: { vehicle_count: 1, epc_ids: ['EPC-SAME'] },
        direction: 'incoming',
      },
    ]);
    const messages = await store.asRole('job_role', (trx) => trx.raw('SELECT payload FROM mqtt_messages'));
    expect(messages.rows).toEqual([{ payload: { vehicle_count: 1, epc_ids: [...hashes] } }]);
  });

  it('lets nothing overtake: the later state counts, through an outage too', async () => {
    const run = makeRun();
    store.writeRun(run);
    await store.flush();
    await database.embedded?.terminate();
    for (let second = 1; second <= 50; second++) {
      store.writeRun({ ...run, simulatedSeconds: second });
      store.writeSeries([point(run.id, second)]);
    }
    await store.flush();
    store.writeRun({ ...run, status: 'finished', simulatedSeconds: 51 });
    await store.flush();
    expect(alerts.some((alert) => alert.startsWith('error: The database is away'))).toBe(true);
    await waitFor(async () => (await store.health()).status === 'ok');
    expect(await store.run(run.id)).toMatchObject({ status: 'finished', simulatedSeconds: 51 });
    expect(await store.series(run.id)).toHaveLength(50);
    expect(alerts.some((alert) => alert.startsWith('info: The database is back'))).toBe(true);
  });

  it('says while the database is away that it is, and reads again after', async () => {
    await database.embedded?.terminate();
    await expect(store.runs(1)).rejects.toMatchObject({ status: 503 });
    expect((await store.health()).status).toBe('failed');
    await expect(store.runs(1)).rejects.toMatchObject({
      code: 'database_unavailable',
      hint: expect.stringContaining('spool'),
    });
    await waitFor(async () => (await store.health()).status === 'ok');
    expect((await store.runs(1)).length).toBe(1);
  });

  it('keeps rows that the database refuses for people to look at, and writes the others', async () => {
    const run = makeRun();
    store.writeRun(run);
    store.writeSeries([point(makeRun().id, 1)]);
    store.writeSeries([point(run.id, 1)]);
    await store.flush();
    expect(await store.series(run.id)).toHaveLength(1);
    expect(alerts.some((alert) => alert.includes('refused rows'))).toBe(true);
    expect(readFileSync(join(directory, 'spool', 'refused.log'), 'utf8')).toContain('violates foreign key');
  });

  it('goes on after refusals as if nothing had been', async () => {
    for (let round = 0; round < 3; round++) {
      store.writeSeries([point(makeRun().id, round)]);
      const run = makeRun();
      store.writeRun(run);
      expect((await store.run(run.id))?.id).toBe(run.id);
    }
  });

  it('refuses a second start on the same directory, and names the process', () => {
    expect(() => open()).toThrowError(new RegExp(`process ${process.pid}`));
  });

  it('interrupts the runs of the start before, not its own', async () => {
    const [earlier, current] = [makeRun(), makeRun()];
    store.writeRun(earlier);
    await store.close();
    store = open();
    store.writeRun(current);
    const interrupted = await store.markInterrupted('the program ended while it ran');
    expect(interrupted.map((run) => run.id)).toContain(earlier.id);
    expect(interrupted.map((run) => run.id)).not.toContain(current.id);
    expect(await store.run(earlier.id)).toMatchObject({
      status: 'interrupted',
      statusDetail: 'the program ended while it ran',
    });
    expect((await store.run(current.id))?.status).toBe('running');
  });

  it('refuses what comes after it was closed', async () => {
    await store.close();
    expect(() => store.writeRun(makeRun())).toThrowError('closed');
    await expect(store.runs(1)).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(existsSync(join(directory, 'lock'))).toBe(false);
    store = open();
  });
});

it('can be closed while the database is still starting, and keeps what was written', async () => {
  const directory = makeDirectory();
  const alerts: string[] = [];
  const options = { dataDirectory: directory, onAlert: (_: string, message: string) => alerts.push(message) };
  const store = openStore(options);
  const run = makeRun();
  store.writeRun(run);
  await store.close();
  await expect(store.ready).rejects.toThrow();
  expect(alerts).toEqual([]);
  const again = openStore(options);
  await again.ready;
  expect((await again.run(run.id))?.id).toBe(run.id);
  await again.close();
});

describe.skipIf(serverUrl === '')(
  'the store on PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () => {
    it('keeps everything while the server is away, and writes it in order when it returns', async () => {
      const { url, drop } = await makeServerDatabase();
      const wire = new Wire(url);
      await wire.up();
      const alerts: string[] = [];
      const store = openStore({
        databaseUrl: wire.url,
        dataDirectory: makeDirectory(),
        onAlert: (level, message) => alerts.push(`${level}: ${message}`),
      });
      await store.ready;
      const run = makeRun();
      store.writeRun(run);
      await store.flush();
      for (let outage = 0; outage < 3; outage++) {
        await wire.down();
        for (let batch = 0; batch < 20; batch++) {
          const second = outage * 20 + batch;
          store.writeRun({ ...run, simulatedSeconds: second });
          store.writeSeries([point(run.id, second)]);
          await store.flush();
        }
        await wire.up();
        // Written while what waited is still on its way.
        store.writeRun({ ...run, simulatedSeconds: outage * 20 + 20 });
        await waitFor(async () => (await store.health()).status === 'ok');
        expect((await store.run(run.id))?.simulatedSeconds).toBe(outage * 20 + 20);
      }
      expect((await store.series(run.id)).map((entry) => entry.second)).toEqual(
        Array.from({ length: 60 }, (_, second) => second),
      );
      expect(alerts.filter((alert) => alert.startsWith('error: The database is away'))).toHaveLength(3);
      expect(alerts.join()).not.toContain(new URL(url).password || 'no password');
      await store.close();
      await drop();
    });
  },
);

describe('kill -9', () => {
  interface Killed {
    runId: string;
    junctionId: string;
    /** Batches that it said were acknowledged. */
    batches: number;
  }

  /** Kills the writing process once it has acknowledged so many batches. */
  function writeAndKill(directory: string, batches: number, ...args: string[]): Promise<Killed> {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const child = spawn(
      process.execPath,
      ['--import', tsx, fileURLToPath(new URL('./testing/kill-child.ts', import.meta.url)), directory, ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('\n').length > batches + 1) child.kill('SIGKILL');
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        const [, runId = '', junctionId = ''] = /^run (\S+) (\S+)$/m.exec(said) ?? [];
        resolve({ runId, junctionId, batches: [...said.matchAll(/^ack \d+$/gm)].length });
      });
    });
  }

  it('loses nothing that was acknowledged, in the database or on the way to it, and the next start takes over', async () => {
    const directory = makeDirectory();
    // The first never gets beyond the spool: a new database takes seconds. The second writes into the database.
    const all = [await writeAndKill(directory, 5), await writeAndKill(directory, 40, 'ready')];
    expect(existsSync(join(directory, 'lock'))).toBe(true);
    const store = openStore({ dataDirectory: directory });
    const interrupted = await store.markInterrupted('killed');
    expect(interrupted.map((run) => run.id).sort()).toEqual(all.map((killed) => killed.runId).sort());
    for (const { runId, junctionId, batches } of all) {
      const seconds = (await store.series(runId)).map((entry) => entry.second);
      expect(seconds.length).toBeGreaterThanOrEqual(batches * 20);
      expect(seconds).toEqual(seconds.map((_, index) => index));
      const cycles = await store.cycles(junctionId, { limit: 5000, runId });
      expect(cycles.length).toBeGreaterThanOrEqual(batches);
      expect(cycles.every((cycle) => cycle.approaches.length === 4)).toBe(true);
    }
    expect(all[1]?.batches).toBeGreaterThanOrEqual(40);
    await store.close();
  });
});

describe('DATABASE_URL', () => {
  it('fails fast where nobody answers, with host, port, database and what to do, but no password; writes are kept', async () => {
    const nobody = createServer();
    const port = await new Promise<number>((resolve) =>
      nobody.listen(0, '127.0.0.1', () => resolve((nobody.address() as { port: number }).port)),
    );
    await new Promise((resolve) => nobody.close(resolve));
    const directory = makeDirectory();
    const alerts: string[] = [];
    const store = openStore({
      databaseUrl: `postgres://twin:s3cret@127.0.0.1:${port}/traffic`,
      dataDirectory: directory,
      onAlert: (level, message) => alerts.push(`${level}: ${message}`),
    });
    await expect(store.ready).rejects.toMatchObject({
      code: 'database_unreachable',
      message: expect.stringContaining(`127.0.0.1:${port}/traffic`),
      hint: expect.stringContaining('DATABASE_URL'),
    });
    expect(alerts.join()).not.toContain('s3cret');
    store.writeRun(makeRun());
    await store.flush();
    expect((await store.health()).detail).toContain('spool');
    await expect(store.runs(1)).rejects.toMatchObject({ code: 'database_unavailable' });
    await store.close();
    expect(readdirSync(join(directory, 'spool'))).toHaveLength(1);
  });

  it('is refused when it is no such thing', () => {
    expect(() => parseDatabaseUrl('mysql://localhost/x')).toThrowError('only postgres://');
    expect(() => parseDatabaseUrl('localhost')).toThrowError('not a URL');
    expect(parseDatabaseUrl('postgresql://a:b@db.example/traffic')).toBe('db.example:5432/traffic');
    expect(parseDatabaseUrl('postgres://a@[::1]:6000')).toBe('[::1]:6000/a');
  });

  it('needs no database for a wrong key to be noticed', () => {
    const directory = makeDirectory();
    expect(() => openStore({ dataDirectory: directory, epcKey: 'short' })).toThrowError('at least 32');
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });
});
