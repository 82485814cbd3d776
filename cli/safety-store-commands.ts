/** The commands that work on what the street's safety rests on: below `safety`, and `weather`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { day } from './store-commands.ts';

function wholeDays(text: string): number {
  const days = Number(text);
  if (!(Number.isInteger(days) && days >= 1 && days <= 3660))
    throw new InvalidArgumentError('A whole number of days from 1 to 3660 is expected.');
  return days;
}

function minutes(text: string): number {
  const count = Number(text);
  if (!(Number.isInteger(count) && count >= 1 && count <= 1_000_000))
    throw new InvalidArgumentError('A whole number from 1 to 1000000 is expected.');
  return count;
}

const validFrom = () =>
  new Option('--valid-from <day>', 'hold from 00:00 UTC of this day on; by default from now').argParser(day);
const validDays = () =>
  new Option('--valid-days <days>', 'hold for so many days; by default until further notice').argParser(wholeDays);

export function addSafetyStoreCommands(flextraff: Command, safety: Command): void {
  const constants = safety
    .command('constants')
    .description('what the index of streets relates to: computed once, frozen, version by version');
  constants
    .command('compute')
    .description(
      "a new version of the archived minutes of the street's junctions; exit code 1 where too little was heard",
    )
    .addOption(new Option('--from <day>', 'first day of the history, UTC; by default 30 days ago').argParser(day))
    .addOption(new Option('--to <day>', 'last day; by default today').argParser(day))
    .addOption(validFrom())
    .addOption(validDays())
    .addOption(new Option('--least-minutes <number>', 'usable minutes asked for; by default 240').argParser(minutes))
    .option('--dry-run', 'tell them and keep nothing')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { computeConstantsCommand } = await import('./safety-store.ts');
      await computeConstantsCommand(options);
    });
  constants
    .command('list')
    .description('all versions, what they are of, and when they hold')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { listConstantsCommand } = await import('./safety-store.ts');
      await listConstantsCommand(options);
    });
  constants
    .command('import')
    .description('what `flextraff safety SOURCE --save-constants` wrote, as a new version')
    .argument('<file>')
    .addOption(validFrom())
    .addOption(validDays())
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (file: string, options) => {
      const { importConstantsCommand } = await import('./safety-store.ts');
      await importConstantsCommand(file, options);
    });
  safety
    .command('crashes')
    .description('keep crash histories of junctions (CSV or JSON), for their real-time index RT-SI')
    .argument('<file>')
    .option('--twin <url>', 'hand them to the twin there, e.g. http://127.0.0.1:8080, in place of the store')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (file: string, options) => {
      const { crashesCommand } = await import('./safety-store.ts');
      await crashesCommand(file, options);
    });
  flextraff
    .command('weather')
    .description('keep weather observations (CSV or JSON); they count in the index of the hour that follows each')
    .argument(
      '<file>',
      'timestamp, precipitation_mm, visibility_m, wind_speed_ms, temperature_c, and junction_id where it is of one',
    )
    .option('--twin <url>', 'hand them to the twin there, e.g. http://127.0.0.1:8080, in place of the store')
    .option('--source <name>', 'who says so; by default the name of the file')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (file: string, options) => {
      const { weatherCommand } = await import('./safety-store.ts');
      await weatherCommand(file, options);
    });
}
