import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../database/connect.ts';
import { makeServerDatabase, serverUrl } from '../database/testing/server-database.ts';

const HOUR = 3_600_000;
/** Real processes on a busy machine. */
const TIMEOUT_MS = 60_000;
const SILENT_SECONDS = 4;

interface Trial {
  job: string;
  phase: 'begin' | 'end';
  pid: number;
  covers_from: Date | null;
  slot: Date;
}

describe.skipIf(serverUrl === '')(
  'jobs of several processes on one server (needs DATABASE_URL of a role that may create databases)',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-job-processes-'));
    const children = new Map<number, ChildProcess>();
    let made: Awaited<ReturnType<typeof makeServerDatabase>>;
    let database: Database;
    let number = 0;

    beforeAll(async () => {
      made = await makeServerDatabase();
      database = await openDatabase({ databaseUrl: made.url, dataDirectory: directory });
      await database.knex.raw(
        'CREATE TABLE job_trial (n SERIAL, job TEXT, phase TEXT, pid INTEGER, covers_from TIMESTAMPTZ, slot TIMESTAMPTZ)',
      );
      await database.knex.raw('CREATE TABLE job_trial_gate (job TEXT PRIMARY KEY)');
    }, TIMEOUT_MS);
    afterAll(async () => {
      for (const child of children.values()) child.kill('SIGKILL');
      await database.close();
      await made.drop();
      rmSync(directory, { recursive: true, force: true });
    });

    function start(): number {
      const own = join(directory, String(number++));
      mkdirSync(own);
      const child = spawn(
        process.execPath,
        [
          '--import',
          pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
          fileURLToPath(new URL('./testing/jobs-child.ts', import.meta.url)),
          own,
          made.url,
          String(SILENT_SECONDS),
        ],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      const pid = child.pid as number;
      children.set(pid, child);
      child.once('exit', () => children.delete(pid));
      return pid;
    }
    const trials = (job: string): Promise<Trial[]> => database.knex('job_trial').where({ job }).orderBy('n');
    const until = (job: string, check: (rows: Trial[]) => boolean): Promise<unknown> =>
      expect.poll(async () => check(await trials(job)), { timeout: TIMEOUT_MS, interval: 100 }).toBe(true);
    const done = (job: string): Promise<unknown> =>
      expect
        .poll(() => database.knex('job_runs').where({ job, state: 'done' }), { timeout: TIMEOUT_MS })
        .not.toHaveLength(0);
    const latest = (): Promise<{ job: string; state: string; attempts: number; runner: string }[]> =>
      database.knex('job_runs').select('job', 'state', 'attempts', 'runner').orderBy(['job', 'slot']);

    it('run once; one whose process is killed in the middle is completed by the other, and what was missed is caught up with', async () => {
      await database.knex('job_trial_gate').insert({ job: 'slow' });
      const pids = [start(), start()];
      await until('slow', (rows) => rows.length > 0);
      await done('quick');
      const [begun] = await trials('slow');
      const killed = begun?.pid as number;
      const other = pids.find((pid) => pid !== killed);
      children.get(killed)?.kill('SIGKILL');
      // It begins again where it was left, in the other process, which then may go on.
      await until('slow', (rows) => rows.length > 1);
      await database.knex('job_trial_gate').del();
      await done('slow');
      expect((await trials('slow')).map(({ phase, pid }) => [phase, pid])).toEqual([
        ['begin', killed],
        ['begin', other],
        ['end', other],
      ]);
      expect(await trials('quick')).toHaveLength(2);
      expect(await latest()).toMatchObject([
        { job: 'quick', state: 'done', attempts: 1 },
        { job: 'slow', state: 'done', attempts: 2, runner: expect.stringMatching(new RegExp(` ${other}$`)) },
      ]);

      // Nobody runs for five hours and a day, by the clock of what was done.
      const ended = new Promise((resolve) => children.get(other as number)?.once('exit', resolve));
      children.get(other as number)?.kill('SIGTERM');
      await ended;
      await database.knex.raw(
        "UPDATE job_runs SET slot = slot - CASE job WHEN 'quick' THEN INTERVAL '5 hours' ELSE INTERVAL '1 day' END",
      );
      const again = [start(), start()];
      await until('quick', (rows) => rows.length >= 4);
      await until('slow', (rows) => rows.filter(({ phase }) => phase === 'end').length === 2);
      const caughtUp = (await trials('quick')).at(-1) as Trial;
      expect(again).toContain(caughtUp.pid);
      expect(caughtUp.slot.getTime() - (caughtUp.covers_from as Date).getTime()).toBe(5 * HOUR);
      const slept = (await trials('slow')).at(-1) as Trial;
      expect(slept.slot.getTime() - (slept.covers_from as Date).getTime()).toBe(24 * HOUR);
      // Two more looks at the queue by each: still once.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(await trials('quick')).toHaveLength(4);
    }, 240_000);
  },
);
