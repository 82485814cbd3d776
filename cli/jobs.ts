import { backupSettings } from './backup-settings.ts';
import { loadSettings } from './settings.ts';
import { withStore } from './store-tool.ts';
import { align } from './table.ts';

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}`;
const RUNS_SHOWN = 5;

async function opened() {
  const [{ JOBS }, { JobRunner }, schedule, repository] = await Promise.all([
    import('../api/jobs/list.ts'),
    import('../api/jobs/runner.ts'),
    import('../api/jobs/schedule.ts'),
    import('../api/database/repositories/job-runs.ts'),
  ]);
  return { JOBS, JobRunner, ...schedule, ...repository };
}

const telling = (outcome: Record<string, unknown> | null): string =>
  Object.entries(outcome ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

export async function jobsList(options: { json?: boolean }): Promise<void> {
  const { JOBS, JobRunner, listRuns, nextSlot, cronOf } = await opened();
  const backup = backupSettings(loadSettings());
  const { jobs, description } = await withStore(
    async (store) => {
      const runner = new JobRunner({ store, jobs: JOBS, backup });
      const runs = await store.asRole('reporting_user', (trx) => listRuns(trx, RUNS_SHOWN));
      return {
        description: (await store.health()).detail,
        jobs: JOBS.map((job) => {
          const unavailable = runner.unavailable(job);
          return {
            name: job.name,
            description: job.description,
            cron: cronOf(job.schedule),
            next: unavailable === null ? new Date(nextSlot(job.schedule, Date.now())).toISOString() : null,
            unavailable,
            runs: runs
              .filter((run) => run.job === job.name)
              .map((run) => ({
                slot: new Date(run.slotMs).toISOString(),
                state: run.state,
                attempts: run.attempts,
                startedAt: new Date(run.startedAtMs).toISOString(),
                seconds: run.finishedAtMs === null ? null : (run.finishedAtMs - run.startedAtMs) / 1000,
                runner: run.runner,
                outcome: run.outcome,
                error: run.error,
              })),
          };
        }),
      };
    },
    { needsArchive: false },
  );
  if (options.json === true) print({ database: description, jobs });
  else {
    process.stdout.write(
      `${align([
        ['job', 'cron (UTC)', 'next', 'last', 'state', 'seconds', 'what it did'],
        ...jobs.map((job) => {
          const run = job.runs[0];
          return [
            job.name,
            job.cron,
            job.next === null ? 'not here' : minute(Date.parse(job.next)),
            run === undefined ? '-' : minute(Date.parse(run.slot)),
            run === undefined ? (job.unavailable === null ? 'not run yet' : '-') : run.state,
            run?.seconds == null ? '-' : run.seconds.toFixed(1),
            job.unavailable ?? run?.error ?? telling(run?.outcome ?? null),
          ];
        }),
      ]).join('\n')}\n`,
    );
  }
  if (jobs.some((job) => job.runs[0]?.state === 'failed')) process.exitCode = 1;
}

export async function jobsRun(name: string, options: { for?: number; again?: boolean; json?: boolean }): Promise<void> {
  const { JOBS, JobRunner } = await opened();
  const backup = backupSettings(loadSettings());
  const answer = await withStore(
    async (store) => {
      const runner = new JobRunner({ store, jobs: JOBS, backup });
      const reason = runner.unavailable(runner.find(name));
      if (reason !== null) {
        const { Refusal } = await import('./failure.ts');
        throw new Refusal(`The job ${name} cannot run here: ${reason}.`);
      }
      return runner.run(name, {
        ...(options.for === undefined ? {} : { atMs: options.for }),
        again: options.again === true,
      });
    },
    { needsArchive: false },
  );
  if (options.json === true) print({ job: name, ...answer });
  else if (answer.state === 'done')
    process.stdout.write(
      `${name} is done in ${(answer.milliseconds / 1000).toFixed(1)} s${telling(answer.outcome) === '' ? '' : `: ${telling(answer.outcome)}`}.\n`,
    );
  else if (answer.state === 'already')
    process.stdout.write(`${name} was done for that time already; --again does it once more.\n`);
  else process.stdout.write(`${name} is being run by another process.\n`);
}

export async function jobsReport(month: string, options: { json?: boolean }): Promise<void> {
  const { listReport } = await import('../api/jobs/monthly-report.ts');
  const report = await withStore((store) => store.asRole('reporting_user', (trx) => listReport(trx, month)), {
    needsArchive: false,
  });
  if (options.json === true) {
    print({ month: month.slice(0, 7), report });
    return;
  }
  if (report.length === 0) {
    process.stdout.write(
      `There is no report of ${month.slice(0, 7)}. \`flextraff jobs run monthly-report --for DAY-OF-THE-NEXT-MONTH\` makes it.\n`,
    );
    return;
  }
  const [all, ...junctions] = report;
  process.stdout.write(`${month.slice(0, 7)}\n\n`);
  for (const [name, value] of Object.entries(all?.figures ?? {})) process.stdout.write(`  ${name} ${value ?? '-'}\n`);
  const columns = [
    'cycles',
    'vehicles',
    'vehicles_per_cycle',
    'usual_peak_hour',
    'manual_overrides',
    'emergencies',
    'errors',
    'mean_safety_index',
    'high_risk_hours',
  ];
  const cell = (value: unknown): string =>
    value == null ? '-' : typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value);
  process.stdout.write(
    `\n${align([
      ['junction', ...columns.map((name) => name.replaceAll('_', ' '))],
      ...junctions.map(({ figures }) => [cell(figures.junction), ...columns.map((name) => cell(figures[name]))]),
    ]).join('\n')}\n`,
  );
}
