import { measuresOf, titleOf } from '../runs/report/measures.ts';
import { statusText } from '../runs/report/safety.ts';
import { signed } from '../runs/report/words.ts';
import type { MeasureSummary } from '../runs/statistics.ts';
import type { ReplicationsResult } from './replications.ts';
import { align, safetyLines } from './table.ts';

/** Half the width of an interval around its mean. */
const margin = ({ mean, high }: MeasureSummary, digits: number) =>
  high === undefined ? '' : ` ± ${(high - mean).toFixed(digits)}`;

/** What `flextraff run --seeds` prints for people. */
export function summaryTable({
  scenario,
  seeds,
  stepSeconds,
  durationSeconds,
  replications,
  summary,
  performance,
}: ReplicationsResult): string {
  const variants = Object.entries(summary.variants);
  const differences = Object.entries(summary.differences);
  const rows: string[][] = [
    ['', ...variants.map(([name]) => name), ...differences.map(([name, { against }]) => `${name} - ${against}`)],
    ['', ...variants.map(([, { strategy }]) => strategy), ...differences.map(() => '[95 %]')],
    [''],
  ];
  for (const measure of measuresOf(replications.flatMap((run) => Object.values(run.variants)))) {
    const { key, digits } = measure;
    if (variants.every(([, { measures }]) => measures[key] === undefined)) continue;
    const more = digits + 1;
    rows.push([
      titleOf(measure),
      ...variants.map(([, { measures }]) => {
        const found = measures[key];
        return found === undefined ? '-' : `${found.mean.toFixed(digits)}${margin(found, more)}`;
      }),
      ...differences.map(([, { measures }]) => {
        const found = measures[key];
        if (found === undefined) return '-';
        const interval = found.low === undefined ? '' : ` [${signed(found.low, more)}, ${signed(found.high!, more)}]`;
        return `${signed(found.mean, more)}${interval}`;
      }),
    ]);
  }
  const { vehicleUpdates, wallSeconds, cpuSeconds, peakRssMebibytes, threads } = performance;
  const what =
    seeds.length === 1
      ? 'one seed: no intervals; give more to see what chance does'
      : `means over ${seeds.length} seeds with their 95 % t intervals; differences are paired by seed`;
  return [
    `${scenario}, ${durationSeconds} s in steps of ${stepSeconds} s; ${what}`,
    '',
    ...align(rows),
    '',
    ...safetyLines(variants.map(([name, { safety }]) => [name, statusText(safety)])),
    `${(vehicleUpdates / 1e6).toFixed(2)} million vehicle updates in ${wallSeconds.toFixed(1)} s on ${threads} ${threads === 1 ? 'thread' : 'threads'} (${cpuSeconds.toFixed(1)} s of CPU time, at most ${Math.round(peakRssMebibytes)} MiB)`,
  ].join('\n');
}
