import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { reasonOf } from '../database/errors.ts';
import {
  type Claim,
  claimRun,
  finishRun,
  isDone,
  keepClaim,
  SILENT_SECONDS,
} from '../database/repositories/job-runs.ts';
import type { DatabaseStore } from '../database/store.ts';
import { TwinError } from '../../runs/twin-types.ts';
import { latestSlot } from './schedule.ts';
import type { Job, JobContext, JobOutcome } from './types.ts';

const DEPENDENCY_POLL_MS = 1000;
const DEPENDENCY_TIMEOUT_MS = 15 * 60_000;

export interface RunnerOptions {
  store: DatabaseStore;
  jobs: readonly Job[];
  backup: JobContext['backup'];
  now?: () => number;
  /** After so many seconds of silence a process's claim may be taken over; default 120. */
  silentSeconds?: number;
  onAlert?: ((level: 'info' | 'warning' | 'error', message: string) => void) | undefined;
}

/** How a call of `run` ended: done now, done before by whomever, or at work in another process. */
export type RunAnswer =
  | { state: 'done'; outcome: JobOutcome; milliseconds: number }
  | { state: 'already' | 'elsewhere' };

/**
 * Runs jobs once a slot, whatever the number of processes: a slot is claimed in the database, kept while the work goes on, and
 * taken over where its process ended. What was missed meanwhile is in the span of the next run.
 */
export class JobRunner {
  readonly jobs: readonly Job[];
  #options: RunnerOptions;
  #runner = `${hostname()} ${process.pid}`;
  #here = new Map<string, Promise<RunAnswer>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.jobs = options.jobs;
  }

  /** So long a process may say nothing of what it runs. */
  get silentSeconds(): number {
    return this.#options.silentSeconds ?? SILENT_SECONDS;
  }

  get now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  /** Why a job is not for this installation; null: it is. */
  unavailable(job: Job): string | null {
    const { store, backup } = this.#options;
    return job.unavailable?.({ store, archive: store.archive, backup }) ?? null;
  }

  find(name: string): Job {
    const job = this.jobs.find((one) => one.name === name);
    if (job !== undefined) return job;
    throw new TwinError('job_unknown', 404, `There is no job "${name}".`, {
      hint: `There are ${this.jobs.map((one) => one.name).join(', ')}.`,
    });
  }

  /**
   * Runs a job for its last slot at or before `atMs` (default now), after those that have to come first. `again`: also where that
   * was done. Throws what the job throws; that is written down as well.
   */
  run(name: string, options: { atMs?: number; again?: boolean } = {}): Promise<RunAnswer> {
    const going = this.#here.get(name);
    if (going !== undefined) return going.then(() => this.run(name, options));
    const run = this.#run(this.find(name), options.atMs ?? this.now, options.again === true).finally(() => {
      this.#here.delete(name);
    });
    this.#here.set(name, run);
    // Whoever waits for it next starts anew, whatever came of this one.
    run.catch(() => {});
    return run.catch((error: unknown) => {
      throw error;
    });
  }

  /** Resolves when nothing runs here any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#here.values());
  }

  async #run(job: Job, atMs: number, again: boolean): Promise<RunAnswer> {
    const { store, backup } = this.#options;
    const slotMs = latestSlot(job.schedule, atMs);
    if (!again && (await store.asJob((trx) => isDone(trx, job.name, slotMs)))) return { state: 'already' };
    for (const first of job.after ?? []) await this.#wait(this.find(first), atMs);
    const answer = await store.asJob((trx) =>
      claimRun(trx, {
        job: job.name,
        slotMs,
        runner: this.#runner,
        alone: store.kind === 'embedded',
        again,
        silentSeconds: this.silentSeconds,
      }),
    );
    if (answer.claimed === null) return { state: answer.because === 'done' ? 'already' : 'elsewhere' };
    const claim = answer.claimed;
    const timer = setInterval(
      () => {
        store
          .asJob((trx) => keepClaim(trx, claim))
          .catch(() => {
            // Told when it ends, if it was taken over meanwhile.
          });
      },
      (this.silentSeconds * 1000) / 4,
    );
    timer.unref();
    const began = performance.now();
    try {
      const context = { store, archive: store.archive, backup, nowMs: this.now };
      const outcome = await job.run(context, { fromMs: claim.coversFromMs, toMs: slotMs });
      await this.#finish(claim, { outcome });
      return { state: 'done', outcome, milliseconds: performance.now() - began };
    } catch (error) {
      await this.#failed(claim, error);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  /** Sees to it that a job that comes first has caught up, here or wherever it runs. */
  async #wait(job: Job, atMs: number): Promise<void> {
    const deadline = Date.now() + DEPENDENCY_TIMEOUT_MS;
    for (;;) {
      const { state } = await this.run(job.name, { atMs });
      if (state !== 'elsewhere') return;
      if (Date.now() > deadline)
        throw new Error(
          `it waited ${DEPENDENCY_TIMEOUT_MS / 60_000} minutes for ${job.name}, which another process runs`,
        );
      await new Promise((resolve) => setTimeout(resolve, DEPENDENCY_POLL_MS));
    }
  }

  async #finish(claim: Claim, end: { outcome: JobOutcome } | { error: string }): Promise<void> {
    if (await this.#options.store.asJob((trx) => finishRun(trx, claim, end))) return;
    this.#options.onAlert?.(
      'warning',
      `The job ${claim.job} ended here after another process had taken it over: this one was silent for more than ${this.silentSeconds} s.`,
    );
  }

  async #failed(claim: Claim, error: unknown): Promise<void> {
    const reason = reasonOf(error);
    this.#options.onAlert?.('error', `The job ${claim.job} failed: ${reason} It is tried again.`);
    this.#options.store.writeRecords('logs', [
      {
        logId: randomUUID(),
        atMs: this.now,
        level: 'ERROR',
        component: 'jobs',
        message: `${claim.job} failed: ${reason}`,
        metadata: { job: claim.job, slot: new Date(claim.slotMs).toISOString() },
      },
    ]);
    // With the database away the row stays `running`, and is taken over when it falls silent.
    await this.#finish(claim, { error: reason }).catch(() => {});
  }
}
