/** What a comparison says of safety in words: for the terminal, the report and the page alike. */
import type { ComparedScenario, MeasureComparison } from '../compare.ts';
import type { VariantResult } from '../types.ts';
import { MEASURES, SAFETY_INDEX, SERIOUS_CONFLICTS } from './measures.ts';
import { interval, measureOf, probability, signed } from './words.ts';

/** Reasons for which a minute, or a run, has no index. */
const REASONS: Readonly<Record<string, string>> = {
  silent: 'nobody was heard',
  'too-few-messages': 'too few messages came',
  'low-quality': 'the messages were too poor',
  'speeds-unknown': 'speeds were not known',
  'no-constants': 'there was nothing to relate to',
};

/** How much the safety of a variant can be believed, or why there is none. */
export interface SafetyStatus {
  scored: boolean;
  /** Why it was not scored, in words; absent where it was. */
  reason?: string;
  /** Minutes that were scored, and all there were; over all seeds. */
  scoredMinutes: number;
  minutes: number;
  /** Mean data quality of the minutes, 0-1; null: there were none. */
  quality: number | null;
  /** Share of vehicles that broadcast, 0-1; null: none does. */
  penetration: number | null;
}

/** The status over runs of the same variant. */
export function safetyStatus(results: readonly VariantResult[]): SafetyStatus {
  const found = results.flatMap(({ safety }) => (safety ? [safety] : []));
  if (found.length === 0)
    return {
      scored: false,
      reason: 'nobody broadcasts in this scenario (v2x.share)',
      scoredMinutes: 0,
      minutes: 0,
      quality: null,
      penetration: null,
    };
  const minutes = found.flatMap(({ junctions }) => Object.values(junctions).flatMap((junction) => junction.minutes));
  const scoredMinutes = found.reduce(
    (sum, { junctions }) => sum + Object.values(junctions).reduce((all, one) => all + one.scoredMinutes, 0),
    0,
  );
  const common = {
    scoredMinutes,
    minutes: minutes.length,
    quality: minutes.length === 0 ? null : minutes.reduce((sum, one) => sum + one.quality, 0) / minutes.length,
    penetration: found[0]!.penetration,
  };
  if (found.some(({ index }) => index !== null)) return { scored: true, ...common };
  const reasons = new Map<string, number>();
  for (const { notScored } of minutes)
    if (notScored !== null) reasons.set(notScored, (reasons.get(notScored) ?? 0) + 1);
  const [most] = [...reasons].sort((a, b) => b[1] - a[1]);
  const reason = most === undefined ? 'no minute was observed to its end' : (REASONS[most[0]] ?? most[0]);
  return { scored: false, reason, ...common };
}

/** `scored in 57 of 60 minutes, data quality 0.98, 100 % of vehicles seen`, or `not scored: nobody was heard`. */
export function statusText(status: SafetyStatus): string {
  if (!status.scored) return `not scored: ${status.reason}`;
  const seen = status.penetration === null ? '' : `, ${Math.round(100 * status.penetration)} % of vehicles seen`;
  return `scored in ${status.scoredMinutes} of ${status.minutes} minutes, data quality ${(status.quality ?? 0).toFixed(2)}${seen}`;
}

/** What tells whether a variant is safer. The counts by type say how, and are in the tables. */
const TELLING: readonly string[] = [
  SAFETY_INDEX,
  SERIOUS_CONFLICTS,
  'safety.conflicts.seriousWithVru',
  'safety.conflicts.total',
  'safety.conflicts.withVru',
];

/** `conflicts, serious` -> `serious conflicts`. */
const phrase = (label: string): string => label.split(', ').reverse().join(' ');

function clause(scenario: ComparedScenario, comparison: MeasureComparison): string {
  const { measure: key, variant, against, mean, low, high, wilcoxon } = comparison;
  const { label, digits } = measureOf(key);
  const shown = (name: string) => scenario.variants[name]!.measures[key]!.mean.toFixed(digits);
  const p = wilcoxon.pHolm < 0.001 ? 'p < 0.001' : `p = ${probability(wilcoxon.pHolm)}`;
  return `${phrase(label)} ${shown(variant)} instead of ${shown(against)} (${signed(mean, digits + 1)} ${interval(low, high, digits + 1)}, ${p})`.replace(
    ' ,',
    ',',
  );
}

const listed = (clauses: readonly string[]): string =>
  clauses.length < 2 ? clauses.join('') : `${clauses.slice(0, -1).join(', ')} and ${clauses.at(-1)}`;

export interface SafetyWords {
  /** `risk`: delay is bought with it; `worse`, `better`, `mixed`, `open`: not distinguishable; `none`: not scored. */
  readonly tone: 'risk' | 'worse' | 'better' | 'mixed' | 'open' | 'none';
  readonly text: string;
}

/** A sentence on the safety of `variant` against the one it is compared with. */
export function safetySentence(scenario: ComparedScenario, variant: string): SafetyWords {
  const comparisons = scenario.comparisons.filter((one) => one.variant === variant);
  const [deciding] = comparisons;
  const against = deciding!.against;
  const missing = [against, variant].filter((name) => !scenario.variants[name]!.safety.scored);
  if (missing.length > 0) {
    const reasons = [...new Set(missing.map((name) => scenario.variants[name]!.safety.reason))];
    const whose = missing.length === 2 && reasons.length === 1 ? 'Safety is' : `The safety of ${listed(missing)} is`;
    return { tone: 'none', text: `${whose} not scored: ${listed(reasons.map(String))}. That is no sign of safety.` };
  }
  const telling = comparisons.filter(({ measure }) => TELLING.includes(measure));
  const worse = telling.filter(({ verdict }) => verdict === 'worse').map((one) => clause(scenario, one));
  const better = telling.filter(({ verdict }) => verdict === 'better').map((one) => clause(scenario, one));
  const saves = deciding!.measure === MEASURES[0]!.key && deciding!.verdict === 'better';
  if (worse.length > 0 && saves)
    return {
      tone: 'risk',
      text: `${variant} buys its delay with risk: ${listed(worse)}.${better.length > 0 ? ` Lower: ${listed(better)}.` : ''}`,
    };
  if (worse.length > 0 && better.length > 0)
    return { tone: 'mixed', text: `Safety is mixed. Worse: ${listed(worse)}. Better: ${listed(better)}.` };
  if (worse.length > 0) return { tone: 'worse', text: `${variant} is less safe: ${listed(worse)}.` };
  if (better.length > 0)
    return { tone: 'better', text: `${variant} is safer${saves ? ' as well' : ''}: ${listed(better)}.` };
  const index = telling.find(({ measure }) => measure === SAFETY_INDEX);
  const serious = telling.find(({ measure }) => measure === SERIOUS_CONFLICTS);
  const both = [index, serious].flatMap((one) => (one ? [clause(scenario, one)] : []));
  return { tone: 'open', text: `Safety is not distinguishable: ${listed(both)}.` };
}
