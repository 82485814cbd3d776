import { dayOf, DATASET_NAMES, DAY_MS } from '../api/archive/layout.ts';
import { Refusal } from './failure.ts';
import { loadSettings } from './settings.ts';
import { withStore } from './store-tool.ts';
import { align } from './table.ts';

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const count = (n: number): string => n.toLocaleString('en-GB');
const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

/** What lies in the archive; needs neither the database nor the lock. */
export async function archiveList(options: { json?: boolean }): Promise<void> {
  const { archive } = loadSettings();
  if (archive === 'off') throw new Refusal('FLEXTRAFF_ARCHIVE is off: there is no archive.');
  const { openStorage } = await import('../api/archive/storage.ts');
  const { DATASETS, dayOfKey } = await import('../api/archive/layout.ts');
  const storage = openStorage(archive);
  try {
    const months: { dataset: string; month: string; days: number; files: number; bytes: number }[] = [];
    for (const dataset of DATASET_NAMES) {
      const byMonth = new Map<string, { days: Set<string>; files: number; bytes: number }>();
      for (const file of await storage.list(`${DATASETS[dataset].folder}/`)) {
        const day = dayOfKey(file.key);
        if (day === null) continue;
        const month = byMonth.get(day.slice(0, 7)) ?? { days: new Set(), files: 0, bytes: 0 };
        month.days.add(day);
        month.files++;
        month.bytes += file.bytes;
        byMonth.set(day.slice(0, 7), month);
      }
      for (const [month, { days, files, bytes }] of [...byMonth].sort())
        months.push({ dataset, month, days: days.size, files, bytes });
    }
    if (options.json === true) print({ archive: storage.description, months });
    else if (months.length === 0) process.stdout.write(`Nothing is archived in ${storage.description} yet.\n`);
    else
      process.stdout.write(
        `${storage.description}\n\n${align([
          ['', 'month', 'days', 'files', 'MiB'],
          ...months.map((row) => [row.dataset, row.month, count(row.days), count(row.files), mebibytes(row.bytes)]),
        ]).join('\n')}\n`,
      );
  } finally {
    await storage.close();
  }
}

export async function archiveCheck(options: {
  from?: string;
  to?: string;
  repair?: boolean;
  json?: boolean;
}): Promise<void> {
  const nowMs = Date.now();
  const from = options.from ?? dayOf(nowMs - 2 * DAY_MS);
  const to = options.to ?? dayOf(nowMs);
  if (from > to) throw new Refusal(`--from ${from} is after --to ${to}.`);
  const { checkArchive } = await import('../api/archive/check.ts');
  const { days, description } = await withStore(async (store, archive) => ({
    days: await checkArchive(store, archive, { from, to, nowMs, repair: options.repair === true }),
    description: archive.storage.description,
  }));
  const bad = days.reduce((sum, day) => sum + day.different + day.onlyDatabase + day.onlyArchive, 0);
  const repaired = days.reduce((sum, day) => sum + day.repaired, 0);
  if (options.json === true) print({ archive: description, from, to, consistent: bad === 0, days });
  else {
    process.stdout.write(
      `${align([
        ['day', 'equal', 'different', 'database only', 'archive only', 'expired', 'repaired'],
        ...days.map((day) => [
          day.day,
          count(day.equal),
          count(day.different),
          count(day.onlyDatabase),
          count(day.onlyArchive),
          count(day.expired),
          count(day.repaired),
        ]),
      ]).join('\n')}\n\n`,
    );
    for (const example of days.flatMap((day) => day.examples)) process.stdout.write(`  ${example}\n`);
    process.stdout.write(
      bad === 0
        ? 'Database and archive agree.\n'
        : repaired === bad
          ? `${count(bad)} rows did not agree and were brought over.\n`
          : `${count(bad)} rows do not agree. \`flextraff archive check --repair\` brings them over.\n`,
    );
  }
  if (bad > 0 && repaired !== bad) process.exitCode = 1;
}

export async function archiveLifecycle(options: { rules?: boolean; json?: boolean }): Promise<void> {
  const { bucketRules, runLifecycle } = await import('../api/archive/lifecycle.ts');
  if (options.rules === true) {
    const { archive } = loadSettings();
    const location = archive === 'off' ? '' : archive.location;
    const prefix = location.startsWith('s3://') ? location.split('/').slice(3).join('/') : '';
    process.stdout.write(`${JSON.stringify(bucketRules(prefix), null, 2)}\n`);
    return;
  }
  const outcome = await withStore((_, archive) => runLifecycle(archive, Date.now()));
  if (options.json === true) print(outcome);
  else
    process.stdout.write(
      `${count(outcome.merged)} days merged into one file, ${count(outcome.nearline)} files moved to nearline and ${count(outcome.coldline)} to coldline storage, ` +
        `${count(outcome.deleted)} deleted (${mebibytes(outcome.deletedBytes)} MiB).\n`,
    );
}
