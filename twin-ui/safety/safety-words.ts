/** What the page says of a run's safety, no stronger than the numbers are. */
import type { PairedDifference } from '../../runs/twin-types.ts';
import type { VariantResult } from '../../runs/types.ts';
import { count, fixed } from '../words/numbers.ts';

type Safety = NonNullable<VariantResult['safety']>;

const REASONS: Readonly<Record<string, string>> = {
  silent: 'nobody was heard',
  'too-few-messages': 'too few messages came',
  'low-quality': 'the messages were too poor',
  'speeds-unknown': 'speeds were not known',
  'no-constants': 'there was nothing to relate to',
};

/** Why a world has no index, in words; null: it has one. */
export function notScored(safety: Safety | undefined): string | null {
  if (safety === undefined) return 'nobody broadcasts in this scenario (v2x.share is 0)';
  if (safety.index !== null) return null;
  const times = new Map<string, number>();
  for (const { minutes } of Object.values(safety.junctions))
    for (const { notScored: why } of minutes) if (why !== null) times.set(why, (times.get(why) ?? 0) + 1);
  const [most] = [...times].sort((a, b) => b[1] - a[1]);
  return most === undefined ? 'no minute was observed to its end' : (REASONS[most[0]] ?? most[0]);
}

/** Minutes scored, minutes in all, their mean data quality, and the mean weight that observations have in the scores. */
export function coverage(safety: Safety): {
  scored: number;
  minutes: number;
  quality: number | null;
  weight: number | null;
} {
  const junctions = Object.values(safety.junctions);
  const minutes = junctions.reduce((sum, one) => sum + one.minutes.length, 0);
  const weighed = junctions.reduce((sum, one) => sum + one.quality * one.minutes.length, 0);
  const weights = junctions.flatMap((one) => one.minutes.flatMap(({ observationWeight: w }) => w ?? []));
  return {
    weight: weights.length === 0 ? null : weights.reduce((sum, one) => sum + one, 0) / weights.length,
    scored: junctions.reduce((sum, one) => sum + one.scoredMinutes, 0),
    minutes,
    quality: minutes === 0 ? null : weighed / minutes,
  };
}

/** A difference of two counts that Poisson scatter alone would seldom make: beyond two standard errors. */
export const countsDiffer = (a: number, b: number): boolean => (b - a) * (b - a) > 4 * Math.max(1, a + b);

export interface SafetyDifference {
  readonly tone: 'better' | 'worse' | 'same';
  readonly text: string;
}

/**
 * The safety of `other` against `reference`, for one run and, where there is one, over the seeds. null where either was
 * not scored. One run differs where the intervals of the indices are apart, or near misses (serious, with people) beyond chance.
 */
export function safetyDifference(
  reference: Safety | undefined,
  other: Safety | undefined,
  paired?: {
    readonly index?: PairedDifference;
    readonly serious?: PairedDifference;
    readonly withPeople?: PairedDifference;
  },
): SafetyDifference | null {
  if (!reference?.index || !other?.index) return null;
  const [before, after] = [reference.conflicts.serious, other.conflicts.serious];
  const withPeople = `${other.conflicts.withVru} near misses with people instead of ${reference.conflicts.withVru}`;
  const serious = `${count(after, 'serious near miss', 'serious near misses')} instead of ${before}`;
  const people = other.conflicts.withVru + reference.conflicts.withVru > 0 ? `, ${withPeople}` : '';
  const numbers = `${serious}${people}, safety index ${fixed(other.index.combined, 1)} instead of ${fixed(reference.index.combined, 1)} (0 is safest)`;
  const seeds = Math.max(paired?.index?.n ?? 0, paired?.serious?.n ?? 0);
  const signs =
    seeds >= 2 ? [paired?.index, paired?.serious, paired?.withPeople].map(signOf) : oneRun(reference, other);
  const over = seeds >= 2 ? `, and so over ${seeds} finished seeds` : '';
  if (signs.includes(1)) return { tone: 'worse', text: `${numbers}${over}` };
  if (signs.includes(-1)) return { tone: 'better', text: `${numbers}${over}` };
  return { tone: 'same', text: numbers };
}

/** The sign of a difference whose interval leaves out zero; else 0. */
function signOf(difference: PairedDifference | undefined): number {
  const { low, high } = difference ?? {};
  if (low === undefined || high === undefined) return 0;
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}

function oneRun(reference: Safety, other: Safety): number[] {
  const counted = (['serious', 'withVru'] as const).map((kind) => {
    const [before, after] = [reference.conflicts[kind], other.conflicts[kind]];
    return countsDiffer(before, after) ? Math.sign(after - before) : 0;
  });
  const { interval: a } = reference;
  const { interval: b } = other;
  const apart = a === null || b === null ? 0 : b.low > a.high ? 1 : b.high < a.low ? -1 : 0;
  return [...counted, apart];
}
