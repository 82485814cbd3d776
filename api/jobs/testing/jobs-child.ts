/**
 * A process of an installation with several: opens the store in its own directory and runs the given jobs by pg-boss until it is
 * told to end (SIGTERM) or killed. `quick` is done at once; `slow` waits until somebody deletes its row from `job_trial_gate`. Both note in
 * `job_trial` what they did.
 */
import { openStore } from '../../database/store.ts';
import { startJobs } from '../start.ts';
import type { Job, JobSpan } from '../types.ts';

const [directory, databaseUrl, silentSeconds] = process.argv.slice(2);
if (directory === undefined || databaseUrl === undefined)
  throw new Error('usage: jobs-child DIRECTORY DATABASE_URL [SILENT_SECONDS]');
const store = openStore({ dataDirectory: directory, databaseUrl });

const note = (job: string, phase: 'begin' | 'end', { fromMs, toMs }: JobSpan): Promise<unknown> =>
  store.asOwner((knex) =>
    knex('job_trial').insert({
      job,
      phase,
      pid: process.pid,
      covers_from: fromMs === null ? null : new Date(fromMs),
      slot: new Date(toMs),
    }),
  );

const quick: Job = {
  name: 'quick',
  description: '',
  schedule: { every: 'hour', minute: 5 },
  async run(_, span) {
    await note('quick', 'begin', span);
    await note('quick', 'end', span);
    return {};
  },
};
const slow: Job = {
  name: 'slow',
  description: '',
  schedule: { every: 'day', hour: 0, minute: 5 },
  async run(_, span) {
    await note('slow', 'begin', span);
    while ((await store.asOwner((knex) => knex('job_trial_gate').where({ job: 'slow' }))).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await note('slow', 'end', span);
    return {};
  },
};

const jobs = startJobs({
  store,
  jobs: [quick, slow],
  backup: null,
  databaseUrl,
  pollMs: 500,
  silentSeconds: Number(silentSeconds ?? 120),
  onAlert: (level, message) => process.stderr.write(`${level}: ${message}\n`),
});
process.once('SIGTERM', () => {
  void jobs
    .close()
    .then(() => store.close())
    .then(() => process.exit(0));
});
