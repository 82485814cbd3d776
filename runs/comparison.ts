/** What several seeds of a scenario say together. */
import { onCommonScale } from './safety/common-scale.ts';
import { pairedDifference } from './statistics.ts';
import type { Comparison, PairedDifference, RunRow } from './twin-types.ts';
import type { VariantResult } from './types.ts';

/**
 * Paired differences (second variant minus first) over the finished runs of a scenario, one a seed, the newest where a
 * seed ran several times. Runs with other variants or another length than the newest are left out: they are another experiment.
 * null where no finished run has two variants.
 */
export function compareRuns(scenario: string, rows: readonly RunRow[]): Comparison | null {
  const finished = rows
    .filter(
      (row) =>
        row.scenario === scenario && row.status === 'finished' && row.result !== null && row.variants.length >= 2,
    )
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
  const [newest] = finished;
  if (!newest) return null;
  const experiment = (row: RunRow) => JSON.stringify([row.variants, row.durationSeconds, row.stepSeconds]);
  const bySeed = new Map<number, RunRow>();
  for (const row of finished)
    if (experiment(row) === experiment(newest) && !bySeed.has(row.seed)) bySeed.set(row.seed, row);

  const [baseline, adaptive] = newest.variants.map((variant) => variant.name) as [string, string];
  const chosen = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
  const results = onCommonScale(chosen.map(({ result }) => result!));
  const difference = (measure: (result: VariantResult) => number | undefined): PairedDifference => {
    const pairs: [number, number][] = [];
    for (const { variants } of results) {
      const { [baseline]: b, [adaptive]: a } = variants;
      const values = [b && measure(b), a && measure(a)];
      if (values[0] !== undefined && values[1] !== undefined) pairs.push([values[0], values[1]]);
    }
    return pairedDifference(pairs);
  };
  return {
    scenario,
    baseline,
    adaptive,
    seeds: chosen.map((row) => row.seed),
    delaySeconds: difference((result) => result.delaySeconds.mean),
    stopsPerVehicle: difference((result) => result.stopsPerVehicle),
    co2Kilograms: difference((result) => result.co2Kilograms),
    throughputPerHour: difference((result) => result.throughputPerHour),
    safetyIndex: difference((result) => result.safety?.index?.combined),
    seriousConflicts: difference((result) => result.safety?.conflicts.serious),
    conflictsWithPeople: difference((result) => result.safety?.conflicts.withVru),
  };
}
