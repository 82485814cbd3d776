/** The commands by which the store is operated: `jobs`, `backup` and `restore`. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** `2025-11-20` or `2025-11-20T13:05:00Z`; a day means its last moment. */
function moment(text: string): number {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const at = Date.parse(isDay ? `${text}T23:59:59Z` : text);
  if (Number.isNaN(at) || !(isDay || /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/.test(text)))
    throw new InvalidArgumentError('Write a day or a moment in UTC: 2025-11-20 or 2025-11-20T13:05Z.');
  return at;
}

function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('Write a month as 2025-11.');
  return `${text}-01`;
}

const JSON_HELP = 'print exactly one JSON object on standard output';

export function addOperationCommands(flextraff: Command): void {
  const jobs = flextraff
    .command('jobs')
    .description('the scheduled jobs: aggregates, retention, upkeep, reports, backups');
  jobs
    .command('list')
    .description('every job, when it is due and how it last went; exit code 1 where the last run of one failed')
    .option('--json', JSON_HELP)
    .action(async (options) => {
      const { jobsList } = await import('./jobs.ts');
      await jobsList(options);
    });
  jobs
    .command('run')
    .description('run a job now, with what it missed, after those that have to come first')
    .argument('<name>', 'a job of `flextraff jobs list`')
    .addOption(
      new Option('--for <moment>', 'as of a day or a moment (UTC): its last time that the job was due').argParser(
        moment,
      ),
    )
    .option('--again', 'also where that was done already')
    .option('--json', JSON_HELP)
    .action(async (name: string, options) => {
      const { jobsRun } = await import('./jobs.ts');
      await jobsRun(name, options);
    });
  jobs
    .command('report')
    .description('the monthly report, as it was last made')
    .argument('<month>', 'such as 2025-11', month)
    .option('--json', JSON_HELP)
    .action(async (text: string, options) => {
      const { jobsReport } = await import('./jobs.ts');
      await jobsReport(text, options);
    });

  flextraff
    .command('backup')
    .description('back the database up')
    .option('--to <folder>', 'folder of the backups; by default FLEXTRAFF_BACKUP, or backups in the data folder')
    .option('--base', 'copy the whole server instead (pg_basebackup), to recover any moment from with its archived log')
    .option('--list', 'list the backups, and make none')
    .option('--test', 'restore the newest backup beside the database, compare every table, and drop it again')
    .option('--json', JSON_HELP)
    .action(async (options) => {
      const { backupCommand } = await import('./backup.ts');
      await backupCommand(options);
    });
  flextraff
    .command('restore')
    .description('put a backup in the place of the database, once it is restored beside it and compared')
    .argument('[backup]', 'name or folder of a backup; by default the newest')
    .option('--from <folder>', 'folder of the backups')
    .option('--yes', 'do it: what is in the database now is kept under another name, and used no more')
    .option('--json', JSON_HELP)
    .action(async (backup: string | undefined, options) => {
      const { restoreCommand } = await import('./backup.ts');
      await restoreCommand(backup, options);
    });
}
