/** Comparisons in words and figures, for the terminal and the page alike. */
import type { ComparedScenario, MeasureComparison, Verdict } from '../compare.ts';
import { type DescribedMeasure, MEASURES } from './measures.ts';

/** One of `measures`, by default of those that any result may have. */
export const measureOf = (key: string, measures: readonly DescribedMeasure[] = MEASURES): DescribedMeasure =>
  measures.find((measure) => measure.key === key)!;

/** With its sign; zero has none. */
export function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

export function interval(low: number | undefined, high: number | undefined, digits: number): string {
  return low === undefined || high === undefined ? '' : `[${signed(low, digits)}, ${signed(high, digits)}]`;
}

/** `0.013`; `< 0.001` below that. */
export function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  better: 'better',
  worse: 'worse',
  'not distinguishable': 'not distinguishable',
  identical: 'identical',
};

/** `mean delay` of `delay, mean`. */
const phrase = (label: string): string => label.split(', ').reverse().join(' ');

/** A sentence on the measure that decides, e.g. "adaptive (atcs) is better than baseline (fixed-time): mean delay lower by 2.3 s ...". */
export function sentence(scenario: ComparedScenario, comparison: MeasureComparison): string {
  const { variant, against, mean, percent, verdict, wins, ties, losses, n, wilcoxon } = comparison;
  const measure = measureOf(comparison.measure);
  const who = `${variant} (${scenario.variants[variant]!.strategy})`;
  const whom = `${against} (${scenario.variants[against]!.strategy})`;
  const amount = `${Math.abs(mean).toFixed(measure.digits + 1)} ${measure.unit}`.trim();
  const share = percent === undefined ? '' : `, ${Math.abs(percent).toFixed(1)} %`;
  const seeds = `better in ${wins} of ${n} seeds, equal in ${ties}, worse in ${losses}`;
  if (verdict === 'identical') return `${who} and ${whom} have the same ${phrase(measure.label)} in every seed.`;
  if (verdict === 'not distinguishable') {
    return `${who} and ${whom} are not distinguishable by ${phrase(measure.label)}: ${signed(mean, measure.digits + 1)} ${measure.unit} on average, ${seeds} (p = ${probability(wilcoxon.pHolm)}).`.replace(
      '= <',
      '<',
    );
  }
  return `${who} is ${verdict} than ${whom}: ${phrase(measure.label)} ${mean < 0 ? 'lower' : 'higher'} by ${amount}${share}, ${seeds} (p = ${probability(wilcoxon.pHolm)}).`.replace(
    '= <',
    '<',
  );
}
