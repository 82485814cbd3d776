/**
 * What replications say about strategies. The replication is the unit, not the vehicle: both variants of a seed have the
 * same vehicles, so that what differs between them is what the strategies did.
 */
import { type WilcoxonResult, bcaInterval, differencesOf, hodgesLehmann, holm, leastP, wilcoxon } from './paired.ts';
import type { Replication } from './replications.ts';
import { type DescribedMeasure, MEASURES, type Measure, measuresOf } from './report/measures.ts';
import { type SafetyStatus, safetyStatus } from './report/safety.ts';
import { onCommonScale } from './safety/common-scale.ts';
import { type MeasureSummary, pairedDifference, summarise } from './statistics.ts';
import type { PairedDifference } from './twin-types.ts';

const SIGNIFICANT = 0.05;

export interface VariantSummary {
  strategy: string;
  measures: Record<string, MeasureSummary>;
  /** Whether its safety was scored, and how well it was seen; else why not. */
  safety: SafetyStatus;
}

export interface Summary {
  variants: Record<string, VariantSummary>;
  /** By variant but the first: it minus the first, seed by seed. */
  differences: Record<string, { against: string; measures: Record<string, PairedDifference> }>;
}

export type Verdict = 'better' | 'worse' | 'not distinguishable' | 'identical';

/** One variant against another, in one measure, in one scenario. */
export interface MeasureComparison extends PairedDifference {
  scenario: string;
  variant: string;
  against: string;
  /** Key of the measure. */
  measure: string;
  /** The mean difference in percent of the other's mean; absent where that is 0. */
  percent?: number;
  wilcoxon: WilcoxonResult & {
    /** Adjusted for all comparisons in this measure, over variants and scenarios. */
    pHolm: number;
  };
  /** Hodges and Lehmann's estimate of the shift. */
  shift: number;
  /** 95 % bootstrap interval of the mean difference. */
  bca?: { low: number; high: number; resamples: number };
  /** Seeds in which the variant is better, equal and worse. */
  wins: number;
  ties: number;
  losses: number;
  verdict: Verdict;
}

export interface ApproachSummary {
  /** Mean over the seeds. */
  delaySeconds: number;
  /** The longest of any vehicle in any seed. */
  longestWaitSeconds: number;
  queueMax: number;
}

export interface ComparedScenario {
  scenario: string;
  title: string;
  stepSeconds: number;
  durationSeconds: number;
  variants: Record<
    string,
    VariantSummary & {
      approaches: Record<string, ApproachSummary>;
      /** By measure, in the order of the seeds; null where a seed has none. */
      values: Record<string, (number | null)[]>;
      digests: string[];
    }
  >;
  comparisons: MeasureComparison[];
}

/** One variant against another over all scenarios, in one measure. */
export interface OverallComparison {
  variant: string;
  against: string;
  measure: string;
  scenarios: { better: number; worse: number; undecided: number };
  wins: number;
  ties: number;
  losses: number;
}

export interface ComparisonReport {
  seeds: number[];
  /** The first is the one that decides. */
  measures: DescribedMeasure[];
  scenarios: ComparedScenario[];
  overall: OverallComparison[];
  /** What the numbers cannot say, in words. */
  notes: string[];
}

export interface ScenarioReplications {
  readonly title: string;
  /** One a seed, in the order of the seeds. */
  readonly replications: readonly Replication[];
}

const namesOf = (replications: readonly Replication[]): string[] => Object.keys(replications[0]?.variants ?? {});

function valuesOf(replications: readonly Replication[], variant: string, measure: Measure): (number | undefined)[] {
  return replications.map(({ variants }) => measure.of(variants[variant]!));
}

function pairsOf(replications: readonly Replication[], against: string, variant: string, measure: Measure) {
  const first = valuesOf(replications, against, measure);
  const second = valuesOf(replications, variant, measure);
  const pairs: [number, number][] = [];
  for (const [i, a] of first.entries()) {
    const b = second[i];
    if (a !== undefined && b !== undefined) pairs.push([a, b]);
  }
  return pairs;
}

const measuredIn = (replications: readonly Replication[]): Measure[] =>
  measuresOf(replications.flatMap(({ variants }) => Object.values(variants)));

function summaryOf(replications: readonly Replication[], variant: string, all: readonly Measure[]): VariantSummary {
  const measures: Record<string, MeasureSummary> = {};
  for (const measure of all) {
    const values = valuesOf(replications, variant, measure).filter((value) => value !== undefined);
    if (values.length > 0) measures[measure.key] = summarise(values);
  }
  return {
    strategy: replications[0]!.variants[variant]!.strategy,
    measures,
    safety: safetyStatus(replications.map(({ variants }) => variants[variant]!)),
  };
}

/** Per measure the mean and its 95 % t interval, of each variant and of each one's difference to the first. */
export function summariseReplications(measured: readonly Replication[]): Summary {
  const replications = onCommonScale(measured);
  const names = namesOf(replications);
  const [against] = names;
  const all = measuredIn(replications);
  const summary: Summary = { variants: {}, differences: {} };
  for (const name of names) {
    summary.variants[name] = summaryOf(replications, name, all);
    if (name === against) continue;
    const measures: Record<string, PairedDifference> = {};
    for (const measure of all) {
      const pairs = pairsOf(replications, against!, name, measure);
      if (pairs.length > 0) measures[measure.key] = pairedDifference(pairs);
    }
    summary.differences[name] = { against: against!, measures };
  }
  return summary;
}

function approachesOf(replications: readonly Replication[], variant: string): Record<string, ApproachSummary> {
  const approaches: Record<string, ApproachSummary> = {};
  for (const { variants } of replications) {
    for (const [name, { delaySeconds, waitingSeconds, queueMax }] of Object.entries(variants[variant]!.approaches)) {
      approaches[name] ??= { delaySeconds: 0, longestWaitSeconds: 0, queueMax: 0 };
      const sum = approaches[name];
      sum.delaySeconds += delaySeconds.mean / replications.length;
      sum.longestWaitSeconds = Math.max(sum.longestWaitSeconds, waitingSeconds.max);
      sum.queueMax = Math.max(sum.queueMax, queueMax);
    }
  }
  return approaches;
}

function compareMeasure(
  scenario: string,
  against: string,
  variant: string,
  measure: Measure,
  pairs: readonly (readonly [number, number])[],
): MeasureComparison {
  const differences = differencesOf(pairs);
  const difference = pairedDifference(pairs);
  const tested = wilcoxon(differences);
  const first = pairs.reduce((sum, [value]) => sum + value, 0) / pairs.length;
  const bca = bcaInterval(differences);
  const less = differences.filter((d) => d < 0).length;
  const more = differences.filter((d) => d > 0).length;
  return {
    scenario,
    variant,
    against,
    measure: measure.key,
    ...difference,
    ...(first !== 0 && { percent: (100 * difference.mean) / first }),
    wilcoxon: { ...tested, pHolm: tested.p },
    shift: hodgesLehmann(differences),
    ...(bca && { bca }),
    wins: measure.better === 'less' ? less : more,
    ties: differences.length - less - more,
    losses: measure.better === 'less' ? more : less,
    verdict: 'not distinguishable',
  };
}

function verdictOf({ wilcoxon: { n, rankSum, pHolm } }: MeasureComparison, better: Measure['better']): Verdict {
  if (n === 0) return 'identical';
  if (pHolm > SIGNIFICANT) return 'not distinguishable';
  const increased = rankSum > (n * (n + 1)) / 4;
  return increased === (better === 'more') ? 'better' : 'worse';
}

/** Adjusts p within each measure, over all scenarios and variants, and says what remains. */
function judge(comparisons: readonly MeasureComparison[], measures: readonly Measure[]): void {
  for (const { key, better } of measures) {
    const family = comparisons.filter((comparison) => comparison.measure === key);
    const adjusted = holm(family.map((comparison) => comparison.wilcoxon.p));
    for (const [i, comparison] of family.entries()) {
      comparison.wilcoxon.pHolm = adjusted[i]!;
      comparison.verdict = verdictOf(comparison, better);
    }
  }
}

function overallOf(comparisons: readonly MeasureComparison[]): OverallComparison[] {
  const found = new Map<string, OverallComparison>();
  for (const { variant, against, measure, verdict, wins, ties, losses } of comparisons) {
    const key = JSON.stringify([variant, against, measure]);
    let sum = found.get(key);
    if (!sum) {
      sum = {
        variant,
        against,
        measure,
        scenarios: { better: 0, worse: 0, undecided: 0 },
        wins: 0,
        ties: 0,
        losses: 0,
      };
      found.set(key, sum);
    }
    sum.scenarios[verdict === 'better' || verdict === 'worse' ? verdict : 'undecided']++;
    sum.wins += wins;
    sum.ties += ties;
    sum.losses += losses;
  }
  return [...found.values()];
}

function notesOf(seeds: readonly number[], comparisons: readonly MeasureComparison[]): string[] {
  const notes: string[] = [];
  const family = comparisons.filter((comparison) => comparison.measure === MEASURES[0]!.key).length;
  if (family === 0) return notes;
  let needed = 1;
  while (leastP(needed) * family > SIGNIFICANT) needed++;
  if (seeds.length < needed) {
    notes.push(
      `${seeds.length} ${seeds.length === 1 ? 'seed cannot' : 'seeds cannot'} tell ${family === 1 ? 'two variants' : `${family} comparisons`} apart whatever they show: at least ${needed} are needed, 20 to 30 are usual.`,
    );
  } else if (seeds.length < 10) {
    notes.push(`${seeds.length} seeds are few: small differences cannot be seen. 20 to 30 are usual.`);
  }
  return notes;
}

/**
 * Compares each variant with `against` (by default the first of each scenario), in every measure, scenario by scenario.
 * All replications have the same seeds in the same order. Throws RangeError where a scenario has fewer than two
 * variants, or none of the name.
 */
export function compareReplications(all: readonly ScenarioReplications[], against?: string): ComparisonReport {
  const seeds = all[0]?.replications.map(({ seed }) => seed) ?? [];
  const measures = measuredIn(all.flatMap(({ replications }) => replications));
  const scenarios = all.map(({ title, replications: measured }): ComparedScenario => {
    const replications = onCommonScale(measured);
    const own = measuredIn(replications);
    const { scenario, stepSeconds, durationSeconds } = replications[0]!;
    const names = namesOf(replications);
    const first = against ?? names[0]!;
    if (names.length < 2)
      throw new RangeError(`${scenario} has one variant, ${names[0]}; comparing takes two or more.`);
    if (!names.includes(first))
      throw new RangeError(`${scenario} has no variant ${first}; it has ${names.join(', ')}.`);
    const variants: ComparedScenario['variants'] = {};
    for (const name of names) {
      variants[name] = {
        ...summaryOf(replications, name, own),
        approaches: approachesOf(replications, name),
        values: Object.fromEntries(
          own.map((measure) => [measure.key, valuesOf(replications, name, measure).map((value) => value ?? null)]),
        ),
        digests: replications.map((replication) => replication.variants[name]!.digest),
      };
    }
    const comparisons = names
      .filter((name) => name !== first)
      .flatMap((name) =>
        own.flatMap((measure) => {
          const pairs = pairsOf(replications, first, name, measure);
          return pairs.length === 0 ? [] : [compareMeasure(scenario, first, name, measure, pairs)];
        }),
      );
    return { scenario, title, stepSeconds, durationSeconds, variants, comparisons };
  });
  const comparisons = scenarios.flatMap((scenario) => scenario.comparisons);
  judge(comparisons, measures);
  return {
    seeds,
    measures: measures.map(({ of, ...described }) => described),
    scenarios,
    overall: overallOf(comparisons),
    notes: notesOf(seeds, comparisons),
  };
}
