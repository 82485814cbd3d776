/** Series of all variants as columns for a chart and as a CSV table. */
import type { SeriesPoint } from '../../api/types.ts';
import { type Cell, toCsv } from '../words/csv.ts';
import { clockAt } from '../words/time.ts';

type Series = Readonly<Record<string, readonly SeriesPoint[]>>;
export type Quantity = 'delaySeconds' | 'queued' | 'stopsPerVehicle' | 'running' | 'arrived';

/** Seconds, then one column a variant; null where a variant has no point. */
export type Columns = [number[], ...(number | null)[][]];

export function columns(series: Series, variants: readonly string[], quantity: Quantity): Columns {
  const seconds = [...new Set(variants.flatMap((name) => (series[name] ?? []).map((point) => point.second)))].sort(
    (a, b) => a - b,
  );
  const byVariant = variants.map((name) => {
    const bySecond = new Map((series[name] ?? []).map((point) => [point.second, point[quantity]]));
    return seconds.map((second) => bySecond.get(second) ?? null);
  });
  return [seconds, ...byVariant];
}

export function seriesCsv(
  series: Series,
  variants: readonly string[],
  quantity: Quantity,
  run: { startsAt: string; timeZone: string },
): string {
  const [seconds, ...values] = columns(series, variants, quantity);
  const rows = seconds.map((second, index): Cell[] => [
    second,
    clockAt(run.startsAt, run.timeZone, second),
    ...values.map((column) => column[index]),
  ]);
  return toCsv(['second', 'local_time', ...variants.map((name) => `${quantity} ${name}`)], rows);
}
