/** The commands that work on what is kept: `archive` and `backfill`. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** `2025-11-20`, a day there is. */
export function day(text: string): string {
  const at = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('Write a day (UTC) as 2025-11-20.');
  return text;
}

export function addStoreCommands(flextraff: Command): void {
  const archive = flextraff
    .command('archive')
    .description('the Parquet archive: what is in it, and whether all is well');
  archive
    .command('list')
    .description('files and bytes by dataset and month')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { archiveList } = await import('./archive.ts');
      await archiveList(options);
    });
  archive
    .command('check')
    .description('compare the indices in database and archive, row by row; exit code 1 where they differ')
    .addOption(new Option('--from <day>', 'first day, UTC; by default the day before yesterday').argParser(day))
    .addOption(new Option('--to <day>', 'last day; by default today').argParser(day))
    .option('--repair', 'write what one side lacks to it; where both differ the database is right')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { archiveCheck } = await import('./archive.ts');
      await archiveCheck(options);
    });
  archive
    .command('lifecycle')
    .description(
      'merge the files of past days, move raw ones to slower storage after 30 and 365 days, delete processed ones after 730',
    )
    .option('--rules', 'print the rules with which a bucket does it by itself, and do nothing')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { archiveLifecycle } = await import('./archive.ts');
      await archiveLifecycle(options);
    });
  flextraff
    .command('backfill')
    .description('bring indices of past days from the archive into the database, in place, with their hours and days')
    .addOption(new Option('--from <day>', 'first day, UTC').argParser(day).makeOptionMandatory())
    .addOption(new Option('--to <day>', 'last day').argParser(day).makeOptionMandatory())
    .option(
      '--reprocess',
      'first score the archived features of these days anew, by the constants in force at the time',
    )
    .option('--replace', 'delete rows of these days that the archive does not have')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { backfillCommand } = await import('./backfill.ts');
      await backfillCommand(options);
    });
}
