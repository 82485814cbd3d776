/** What `sumo-control.ts` measured, as Markdown. */
import { pairedDifference } from '../runs/statistics.ts';
import type { VariantResult } from '../runs/types.ts';

export interface Row {
  case: string;
  seed: number;
  variant: string;
  /** Wall seconds of the whole process. */
  seconds: number;
  result?: VariantResult;
  failed?: string;
  decisionMs?: { mean: number; p99: number };
}

/** A run in which more than this share of the vehicles due never got in or never got out is called a gridlock. */
const GRIDLOCK_SHARE = 0.25;

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
const median = (list: readonly number[]): number => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export function tables(
  rows: readonly Row[],
  cases: readonly string[],
  variants: readonly string[],
  seeds: readonly number[],
  setUp: string,
): string {
  const of = (name: string, variant: string): Row[] =>
    rows.filter((row) => row.case === name && row.variant === variant && seeds.includes(row.seed));
  const figures = (title: string, pick: (result: VariantResult) => number | undefined, digits: number): string[] => [
    `### ${title}`,
    '',
    `| | ${cases.join(' | ')} |`,
    `|---|${cases.map(() => '---|').join('')}`,
    ...variants.map((variant) => {
      const cells = cases.map((name) => {
        const own = of(name, variant);
        const list = own.flatMap(({ result }) => {
          const value = result === undefined ? undefined : pick(result);
          return value === undefined ? [] : [value];
        });
        const failed = own.filter((row) => row.failed !== undefined).length;
        if (list.length === 0) return failed > 0 ? 'failed' : '-';
        return `${mean(list).toFixed(digits)}${failed > 0 ? ` (${failed} failed)` : ''}`;
      });
      return `| ${variant} | ${cells.join(' | ')} |`;
    }),
    '',
  ];
  return [
    `Seeds ${seeds.join(', ')}; ${setUp}. Delay: time lost while driving + waited to enter, over every vehicle due.`,
    '',
    ...figures('Mean delay, s (mean over seeds)', (result) => result.delaySeconds.mean, 1),
    ...medians(of, cases, variants),
    ...figures('99th percentile of delay, s', (result) => result.delaySeconds.p99, 0),
    ...figures('Longest accumulated wait, s (mean over seeds)', (result) => result.waitingSeconds.max, 0),
    ...gridlocks(of, cases, variants),
    ...against(of, cases, variants, seeds),
    ...times(rows, cases, variants),
  ].join('\n');
}

function medians(
  of: (name: string, variant: string) => Row[],
  cases: readonly string[],
  variants: readonly string[],
): string[] {
  return [
    '### Mean delay, s: median over seeds (least to most)',
    '',
    `| | ${cases.join(' | ')} |`,
    `|---|${cases.map(() => '---|').join('')}`,
    ...variants.map((variant) => {
      const cells = cases.map((name) => {
        const list = of(name, variant).flatMap(({ result }) => result?.delaySeconds.mean ?? []);
        if (list.length === 0) return '-';
        return `${median(list).toFixed(1)} (${Math.min(...list).toFixed(1)}-${Math.max(...list).toFixed(1)})`;
      });
      return `| ${variant} | ${cells.join(' | ')} |`;
    }),
    '',
  ];
}

function gridlocks(
  of: (name: string, variant: string) => Row[],
  cases: readonly string[],
  variants: readonly string[],
): string[] {
  const found = variants.flatMap((variant) =>
    cases.flatMap((name) => {
      const runs = of(name, variant).flatMap(({ result }) => result ?? []);
      const stuck = runs.filter(({ vehicles: { demanded, arrived } }) => arrived < (1 - GRIDLOCK_SHARE) * demanded);
      return stuck.length === 0 ? [] : [`${variant} on ${name} in ${stuck.length} of ${runs.length}`];
    }),
  );
  const share = `${100 * GRIDLOCK_SHARE} %`;
  return [
    `Runs at whose end more than ${share} of the vehicles due had not arrived: ${found.length === 0 ? 'none' : found.join('; ')}.`,
    '',
  ];
}

/** Each `horizon` against the best peer, picked per case in hindsight by its mean over the seeds. */
function against(
  of: (name: string, variant: string) => Row[],
  cases: readonly string[],
  variants: readonly string[],
  seeds: readonly number[],
): string[] {
  const isOurs = (variant: string): boolean => variant.startsWith('h');
  const peers = variants.filter((variant) => !isOurs(variant));
  const delay = (name: string, variant: string, seed: number): number | undefined =>
    of(name, variant).find((row) => row.seed === seed)?.result?.delaySeconds.mean;
  const best = new Map<string, string>();
  for (const name of cases) {
    let least = Number.POSITIVE_INFINITY;
    for (const peer of peers) {
      const list = seeds.map((seed) => delay(name, peer, seed));
      if (list.some((value) => value === undefined)) continue;
      const value = mean(list as number[]);
      if (value < least) {
        least = value;
        best.set(name, peer);
      }
    }
  }
  if (best.size === 0) return [];
  const lines = [
    '### Against the best peer of each case, picked in hindsight: change of mean delay, % (95 % t interval, paired by seed)',
    '',
    `| | ${cases.map((name) => `${name} (${best.get(name) ?? '-'})`).join(' | ')} | all |`,
    `|---|${cases.map(() => '---|').join('')}---|`,
  ];
  for (const variant of variants.filter(isOurs)) {
    const bySeed = new Map<number, number[]>();
    const cells = cases.map((name) => {
      const peer = best.get(name);
      const changes = seeds.flatMap((seed) => {
        const [ours, theirs] = [delay(name, variant, seed), peer === undefined ? undefined : delay(name, peer, seed)];
        if (ours === undefined || theirs === undefined) return [];
        const change = 100 * (ours / theirs - 1);
        bySeed.set(seed, [...(bySeed.get(seed) ?? []), change]);
        return [change];
      });
      return interval(changes);
    });
    const complete = [...bySeed.values()].filter((list) => list.length === cases.length).map(mean);
    lines.push(`| ${variant} | ${cells.join(' | ')} | ${interval(complete)} |`);
  }
  return [...lines, ''];
}

function interval(changes: readonly number[]): string {
  if (changes.length === 0) return '-';
  const { mean: middle, low, high } = pairedDifference(changes.map((change) => [0, change]));
  const sign = (value: number): string => (value > 0 ? `+${value.toFixed(1)}` : value.toFixed(1));
  return low === undefined ? sign(middle) : `${sign(middle)} (${sign(low)} to ${sign(high!)})`;
}

function times(rows: readonly Row[], cases: readonly string[], variants: readonly string[]): string[] {
  const lines = variants.flatMap((variant) => {
    const own = rows.filter((row) => row.variant === variant && cases.includes(row.case));
    const decided = own.flatMap(({ decisionMs }) => decisionMs ?? []);
    if (decided.length === 0) return [];
    const means = decided.map((one) => one.mean);
    return [`${variant} ${mean(means).toFixed(2)} (worst case ${Math.max(...means).toFixed(2)})`];
  });
  return lines.length === 0 ? [] : [`Wall milliseconds a decision, mean over cases: ${lines.join('; ')}.`];
}
