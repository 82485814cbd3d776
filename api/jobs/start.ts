/** Starts the jobs of a running twin: by pg-boss on a server, by a clock of this process on the embedded database. */
import PgBoss from 'pg-boss';
import { reasonOf } from '../database/errors.ts';
import { type JobRun, listRuns, silentRuns } from '../database/repositories/job-runs.ts';
import type { DatabaseStore } from '../database/store.ts';
import { JOBS } from './list.ts';
import { JobRunner, type RunnerOptions } from './runner.ts';
import { cronOf, latestSlot, nextSlot } from './schedule.ts';
import type { Job } from './types.ts';

/** How often an embedded installation looks at the clock. */
const TICK_MS = 15_000;
const RETRY_FIRST_MS = 60_000;
const RETRY_MAX_MS = 3_600_000;
const RETRIES = 6;
/** Longest a job may take before pg-boss gives it to another process, which then finds it claimed or silent. */
const EXPIRES_HOURS = 12;
const STOP_TIMEOUT_MS = 5000;
/** Of an advisory lock, as any number of ours. */
const OPENING_LOCK = 4_721_031;
/** A vital job that is so late fails /health. */
const LATE_MS = 3_600_000;
/** So long /health waits for the list of jobs. */
const ASK_MS = 3000;

export interface JobsOptions extends Omit<RunnerOptions, 'jobs'> {
  jobs?: readonly Job[];
  /** With the rights to make pg-boss's schema: the owner's; null on the embedded database. */
  databaseUrl: string | null;
  /** Milliseconds between looks at the clock or the queue; for tests. */
  pollMs?: number;
}

export interface RunningJobs {
  readonly runner: JobRunner;
  health(): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }>;
  /** Starts none any more, and waits a few seconds for what runs; what does not end is taken over at the next start. */
  close(): Promise<void>;
}

/** Returns at once; jobs start when the database is there, with what was missed while nothing ran. */
export function startJobs(options: JobsOptions): RunningJobs {
  const runner = new JobRunner({ ...options, jobs: options.jobs ?? JOBS });
  const jobs = runner.jobs.filter((job) => runner.unavailable(job) === null);
  const drive = options.databaseUrl === null ? byClock(runner, jobs, options) : byQueue(runner, jobs, options);
  return {
    runner,
    health: () => jobsHealth(options.store, runner, jobs),
    async close() {
      const late = new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
      const ended = Promise.all([drive.close(), runner.idle()]);
      // What fails after nobody waits any more is of the next start.
      ended.catch(() => {});
      await Promise.race([ended, late]);
    },
  };
}

interface Drive {
  close(): Promise<void>;
}

/** One process, one operator: what is due is run one after the other. */
function byClock(runner: JobRunner, jobs: readonly Job[], { store, pollMs }: JobsOptions): Drive {
  const notBefore = new Map<string, { atMs: number; waitMs: number }>();
  const doneSlot = new Map<string, number>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const tick = async (): Promise<void> => {
    for (const job of jobs) {
      const slot = latestSlot(job.schedule, runner.now);
      const held = notBefore.get(job.name);
      if (closed || doneSlot.get(job.name) === slot || (held !== undefined && held.atMs > runner.now)) continue;
      try {
        const { state } = await runner.run(job.name);
        if (state !== 'elsewhere') doneSlot.set(job.name, slot);
        notBefore.delete(job.name);
      } catch {
        const waitMs = Math.min((held?.waitMs ?? RETRY_FIRST_MS / 2) * 2, RETRY_MAX_MS);
        notBefore.set(job.name, { atMs: runner.now + waitMs, waitMs });
      }
    }
  };
  const loop = async (): Promise<void> => {
    if ((await store.health()).status === 'ok') await tick();
    if (!closed) timer = setTimeout(() => void loop().catch(() => {}), pollMs ?? TICK_MS).unref();
  };
  void loop().catch(() => {});
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/**
 * pg-boss gives each slot to one of the processes, and again where one fails. It would find out after hours that one was killed: what fell silent is
 * looked for here.
 */
function byQueue(runner: JobRunner, jobs: readonly Job[], options: JobsOptions): Drive {
  const { store, databaseUrl, onAlert, pollMs } = options;
  let boss: PgBoss | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const open = async (): Promise<void> => {
    // Where it was not there at first, asOwner waits or throws, and this is tried again.
    await store.ready.catch(() => {});
    const made = new PgBoss({
      connectionString: databaseUrl as string,
      application_name: 'flextraff-jobs',
      schema: 'pgboss',
      max: 2,
      cronMonitorIntervalSeconds: 15,
      cronWorkerIntervalSeconds: 5,
    });
    // It goes on by itself when the database is back; that it is away is told by the store.
    made.on('error', () => {});
    try {
      // Processes that start together must not make the same queues at the same time.
      await store.asOwner((owner) =>
        owner.transaction(async (trx) => {
          await trx.raw('SELECT pg_advisory_xact_lock(?)', [OPENING_LOCK]);
          await made.start();
          await makeQueues(made, jobs);
        }),
      );
      for (const job of jobs) {
        // What was missed while no process ran.
        await made.send(job.name, {});
        await made.work(
          job.name,
          {
            batchSize: 1,
            pollingIntervalSeconds: (pollMs ?? (job.schedule.every === 'minute' ? 5000 : 15_000)) / 1000,
          },
          async () => void (await runner.run(job.name)),
        );
      }
    } catch (error) {
      await made.stop({ graceful: false }).catch(() => {});
      throw error;
    }
    if (closed) await made.stop({ graceful: false });
    else boss = made;
  };
  const silentMs = runner.silentSeconds * 1000;
  const lookout = setInterval(() => void takeOver(store, runner, jobs).catch(() => {}), silentMs / 4).unref();
  const attempt = (waitMs: number): void => {
    open().catch((error: unknown) => {
      if (closed) return;
      if (waitMs === 1000) onAlert?.('error', `Jobs do not run yet: ${reasonOf(error)} It is tried again.`);
      timer = setTimeout(() => attempt(Math.min(waitMs * 2, 60_000)), waitMs).unref();
    });
  };
  attempt(1000);
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(lookout);
      await boss?.stop({ graceful: true, wait: true, timeout: STOP_TIMEOUT_MS });
    },
  };
}

async function makeQueues(boss: PgBoss, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    const queue = {
      name: job.name,
      // One waiting. That one is at work is seen to by job_runs: one that was killed would count as at work for hours.
      policy: 'short' as const,
      retryLimit: RETRIES,
      retryDelay: RETRY_FIRST_MS / 1000,
      retryBackoff: true,
      expireInHours: EXPIRES_HOURS,
    };
    await boss.createQueue(job.name, queue);
    // An earlier version made it otherwise.
    await boss.updateQueue(job.name, queue);
    await boss.schedule(job.name, cronOf(job.schedule), {}, { tz: 'UTC' });
  }
  for (const { name } of await boss.getSchedules())
    if (!jobs.some((job) => job.name === name)) await boss.unschedule(name);
}

/** Runs what was being run by processes that are gone. */
async function takeOver(store: DatabaseStore, runner: JobRunner, jobs: readonly Job[]): Promise<void> {
  const silent = await store.asJob((trx) => silentRuns(trx, runner.silentSeconds));
  for (const { job, slotMs } of silent)
    if (jobs.some(({ name }) => name === job)) await runner.run(job, { atMs: Math.max(slotMs, runner.now) });
}

async function jobsHealth(
  store: DatabaseStore,
  runner: JobRunner,
  jobs: readonly Job[],
): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }> {
  if ((await store.health()).status !== 'ok') return { status: 'starting', detail: 'they wait for the database' };
  const busy = new Promise<null>((resolve) => setTimeout(resolve, ASK_MS, null).unref());
  const runs = await Promise.race([store.asRole('reporting_user', (trx) => listRuns(trx, 1)), busy]);
  // the embedded database has one session: while it takes in a run's rows, questions wait
  if (runs === null) return { status: 'starting', detail: `the database is busy: no answer within ${ASK_MS / 1000} s` };
  const now = runner.now;
  const failed: string[] = [];
  const late: string[] = [];
  let vital = false;
  for (const job of jobs) {
    const run = runs.find((one) => one.job === job.name);
    const slot = latestSlot(job.schedule, now);
    const isLate = run !== undefined && run.slotMs < slot && run.state !== 'running' && now - slot > LATE_MS;
    if (run?.state === 'failed') failed.push(`${job.name} failed: ${run.error}`);
    else if (isLate) late.push(job.name);
    vital ||= job.vital === true && (isLate || (run?.state === 'failed' && now - run.slotMs > LATE_MS));
  }
  const last = runs.filter((run) => run.state === 'done').sort(byEnd)[0];
  const soonest = Math.min(...jobs.map((job) => nextSlot(job.schedule, now)));
  const parts = [
    `${jobs.length} jobs`,
    ...failed,
    ...(late.length > 0 ? [`late: ${late.join(', ')}`] : []),
    ...(last === undefined ? [] : [`${last.job} was done at ${new Date(last.finishedAtMs as number).toISOString()}`]),
    `next at ${new Date(soonest).toISOString()}`,
  ];
  return { status: vital ? 'failed' : 'ok', detail: parts.join('; ') };
}

function byEnd(a: JobRun, b: JobRun): number {
  return (b.finishedAtMs ?? 0) - (a.finishedAtMs ?? 0);
}
