import type { ComparedScenario, ComparisonReport, MeasureComparison } from '../runs/compare.ts';
import { MEASURES, titleOf } from '../runs/report/measures.ts';
import { interval, measureOf, probability, sentence, signed, VERDICTS } from '../runs/report/words.ts';
import { safetySentence, statusText } from '../runs/report/safety.ts';
import { align, safetyLines } from './table.ts';

const HEAD = ['mean diff.', '95 % t', 'shift', '95 % BCa', 'better-equal-worse', 'p', 'p (Holm)', ''];

function row(
  scenario: ComparedScenario,
  comparison: MeasureComparison,
  measures: ComparisonReport['measures'],
): string[] {
  const { measure: key, variant, against, mean, low, high, shift, bca, wins, ties, losses, wilcoxon } = comparison;
  const measure = measureOf(key, measures);
  const { digits } = measure;
  const shown = (name: string) => scenario.variants[name]!.measures[key]!.mean.toFixed(digits);
  return [
    `  ${titleOf(measure)}`,
    shown(against),
    shown(variant),
    signed(mean, digits + 1),
    interval(low, high, digits + 1),
    signed(shift, digits + 1),
    interval(bca?.low, bca?.high, digits + 1),
    `${wins}-${ties}-${losses}`,
    probability(wilcoxon.p),
    probability(wilcoxon.pHolm),
    VERDICTS[comparison.verdict],
  ];
}

function scenarioLines(scenario: ComparedScenario, measures: ComparisonReport['measures']): string[] {
  const rivals = [...new Set(scenario.comparisons.map(({ variant }) => variant))];
  const lines = [`${scenario.scenario}: ${scenario.title}, ${scenario.durationSeconds} s`, ''];
  for (const rival of rivals) {
    const comparisons = scenario.comparisons.filter(({ variant }) => variant === rival);
    const { against } = comparisons[0]!;
    const table = align([
      ['', against, rival, ...HEAD],
      ...comparisons.map((comparison) => row(scenario, comparison, measures)),
    ]);
    lines.push(sentence(scenario, comparisons[0]!), safetySentence(scenario, rival).text, '', ...table, '');
  }
  lines.push(
    ...safetyLines(Object.entries(scenario.variants).map(([name, { safety }]) => [name, statusText(safety)])),
    '',
  );
  const names = Object.keys(scenario.variants);
  const approaches = [...new Set(names.flatMap((name) => Object.keys(scenario.variants[name]!.approaches)))];
  if (approaches.length > 0) {
    const cells = approaches.flatMap((approach) => [
      [
        `  ${approach}: delay, mean (s)`,
        ...names.map((name) => scenario.variants[name]!.approaches[approach]?.delaySeconds.toFixed(1) ?? '-'),
      ],
      [
        `  ${approach}: longest wait in any seed (s)`,
        ...names.map((name) => scenario.variants[name]!.approaches[approach]?.longestWaitSeconds.toFixed(0) ?? '-'),
      ],
    ]);
    lines.push(...align([['By approach', ...names], ...cells]), '');
  }
  return lines;
}

function overallLines({ overall, scenarios }: ComparisonReport): string[] {
  if (scenarios.length < 2) return [];
  const chosen = overall.filter(({ measure }) => measure === MEASURES[0]!.key);
  return [
    `All ${scenarios.length} scenarios, by ${MEASURES[0]!.label}`,
    '',
    ...align([
      ['', 'scenarios better', 'undecided', 'worse', 'seeds better', 'equal', 'worse'],
      ...chosen.map((o) => [
        `  ${o.variant} against ${o.against}`,
        ...[o.scenarios.better, o.scenarios.undecided, o.scenarios.worse, o.wins, o.ties, o.losses].map(String),
      ]),
    ]),
    '',
  ];
}

/** What `flextraff compare` prints for people. */
export function comparisonText(report: ComparisonReport): string {
  const { seeds } = report;
  return [
    `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, the same for all; differences are paired by seed.`,
    ...report.notes,
    '',
    ...report.scenarios.flatMap((scenario) => scenarioLines(scenario, report.measures)),
    ...overallLines(report),
    'p: Wilcoxon signed-rank, two-sided; p (Holm): adjusted for all comparisons in a measure; better or worse where at most 0.05.',
  ].join('\n');
}
