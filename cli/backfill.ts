import { Refusal } from './failure.ts';
import { withStore } from './store-tool.ts';
import { align } from './table.ts';

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const JUNCTIONS_SHOWN = 20;

export async function backfillCommand(options: {
  from: string;
  to: string;
  replace?: boolean;
  reprocess?: boolean;
  json?: boolean;
}): Promise<void> {
  const { backfill } = await import('../api/archive/backfill.ts');
  const report = await withStore(async (store, archive) => {
    if (options.reprocess === true) {
      const { reprocess } = await import('../api/archive/reprocess.ts');
      const { rows, scored } = await reprocess(store, archive, options);
      process.stderr.write(
        `${rows.toLocaleString('en-GB')} minutes scored anew, ${scored.toLocaleString('en-GB')} of them with an index\n`,
      );
    }
    return backfill(store, archive, {
      from: options.from,
      to: options.to,
      nowMs: Date.now(),
      replace: options.replace === true,
      onDay: (day, rows) => process.stderr.write(`${day}: ${rows.toLocaleString('en-GB')} rows\n`),
    });
  }).catch((error: Error & { code?: string; hint?: string }) => {
    throw error.code === 'backfill_refused' ? new Refusal(`${error.message} ${error.hint ?? ''}`.trim()) : error;
  });
  if (options.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const rows = report.days.reduce((sum, day) => sum + day.rows, 0);
    process.stdout.write(
      `${rows.toLocaleString('en-GB')} rows of ${report.days.length} day${report.days.length === 1 ? '' : 's'}, ${report.from} to ${report.to}, by ${report.method}.\n\n`,
    );
    const shown = [...report.junctions].sort((a, b) => Number(a.agrees) - Number(b.agrees)).slice(0, JUNCTIONS_SHOWN);
    process.stdout.write(
      `${align([
        ['junction', 'rows', 'in database', 'mean', 'in database', 'min', 'max', ''],
        ...shown.map((junction) => [
          junction.junctionId,
          String(junction.archive.rows),
          String(junction.database.rows),
          number(junction.archive.mean),
          number(junction.database.mean),
          number(junction.database.min),
          number(junction.database.max),
          junction.agrees ? 'agrees' : 'DIFFERS',
        ]),
      ]).join('\n')}\n`,
    );
    if (report.junctions.length > shown.length)
      process.stdout.write(
        `and ${report.junctions.length - shown.length} more, of which all agree or are told by --json\n`,
      );
    process.stdout.write(
      `\n${report.samples.compared} rows taken at random were compared column by column; ${report.samples.different.length} differ.\n`,
    );
    for (const difference of report.samples.different.slice(0, 10)) process.stdout.write(`  ${difference}\n`);
    process.stdout.write(report.valid ? 'The database has what the archive has.\n' : 'Database and archive differ.\n');
  }
  if (!report.valid) process.exitCode = 1;
}
