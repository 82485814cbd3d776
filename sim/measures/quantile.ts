/**
 * The `share` quantile (0-1) of values sorted in ascending order: linear between the two nearest ranks, so that 0 is the
 * least, 0.5 the median and 1 the greatest (Hyndman and Fan's type 7, what NumPy and spreadsheets give by default).
 * NaN for no values.
 */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (rank - below) * (sorted[above]! - sorted[below]!);
}

/** Mean in the order given. NaN for no values. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
