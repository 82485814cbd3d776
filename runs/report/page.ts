/** A comparison as a page of one file: no script, nothing from elsewhere, light or dark as the reader has it. */
import type { ComparedScenario, ComparisonReport, MeasureComparison } from '../compare.ts';
import { type DescribedMeasure, MEASURES, titleOf } from './measures.ts';
import { safetySentence, statusText } from './safety.ts';
import { escaped, type ForestRow, forestPlot, pairedPlot } from './plots.ts';
import { interval, measureOf, probability, sentence, signed, VERDICTS } from './words.ts';

const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1a1d21;--quiet:#5b6470;--rule:#d5dae0;--better:#00695c;--worse:#b3261e;--none:#5b6470;--accent:#1f5fbf}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8eaed;--quiet:#a3acb8;--rule:#343b43;--better:#5fd3bc;--worse:#ff8a80;--none:#a3acb8;--accent:#8ab4f8}}
body{margin:0 auto;max-width:82rem;padding:1.5rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;border-top:1px solid var(--rule);padding-top:1.5rem}h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{max-width:46rem}.quiet,figcaption,caption{color:var(--quiet)}.note{border-left:4px solid var(--worse);padding-left:.75rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}caption{text-align:left;padding:.25rem 0}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}th:first-child,.verdict{text-align:left}thead th{vertical-align:bottom;color:var(--quiet);font-weight:600}
tbody th{font-weight:400}td.better{color:var(--better);font-weight:600}td.worse{color:var(--worse);font-weight:600}
figure{margin:1rem 0}svg{width:100%;max-width:760px;height:auto;font:13px system-ui,sans-serif}svg text{fill:var(--ink)}svg .tick{fill:var(--quiet);font-size:12px}
.grid{stroke:var(--rule)}.zero{stroke:var(--ink);stroke-dasharray:4 3}.range{stroke-width:2.5}.mark.none .range{stroke:var(--none)}.mark.none circle{fill:var(--none)}
.better .range{stroke:var(--better)}.better rect{fill:var(--better)}.worse .range{stroke:var(--worse)}.worse path{fill:var(--worse)}
.pair{fill:none;stroke:var(--accent);stroke-opacity:.35}.dot{fill:var(--accent)}.mean{stroke:var(--ink);stroke-width:3}.seed:hover .pair{stroke-opacity:1;stroke-width:2.5}
@media print{body{max-width:none}h2{break-before:auto}figure,table{break-inside:avoid}}
`;

const cell = (text: string, style = '') => `<td${style === '' ? '' : ` class="${style}"`}>${escaped(text)}</td>`;
const heads = (texts: readonly string[]) => texts.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');

function measureTable(
  scenario: ComparedScenario,
  comparisons: readonly MeasureComparison[],
  measures: readonly DescribedMeasure[],
): string {
  const { variant, against } = comparisons[0]!;
  const rows = comparisons.map((comparison) => {
    const { measure: key, mean, low, high, shift, bca, wins, ties, losses, wilcoxon, percent, verdict } = comparison;
    const measure = measureOf(key, measures);
    const more = measure.digits + 1;
    const shown = (name: string) => scenario.variants[name]!.measures[key]!.mean.toFixed(measure.digits);
    const style = verdict === 'better' || verdict === 'worse' ? `verdict ${verdict}` : 'verdict';
    return `<tr><th scope="row">${escaped(titleOf(measure))}</th>${[
      shown(against),
      shown(variant),
      signed(mean, more),
      percent === undefined ? '' : `${signed(percent, 1)} %`,
      interval(low, high, more),
      signed(shift, more),
      interval(bca?.low, bca?.high, more),
      `${wins}-${ties}-${losses}`,
      probability(wilcoxon.p),
      probability(wilcoxon.pHolm),
    ]
      .map((text) => cell(text))
      .join('')}${cell(VERDICTS[verdict], style)}</tr>`;
  });
  const columns = ['measure', against, variant, 'mean difference', 'in %', '95 % t', 'shift', '95 % BCa'];
  const tests = ['better-equal-worse', 'p', 'p (Holm)', 'verdict'];
  return `<div class="wide" role="region" tabindex="0" aria-label="${escaped(`Measures of ${variant} against ${against}`)}"><table><caption>Means over the seeds; differences are ${escaped(variant)} minus ${escaped(against)}</caption><thead><tr>${heads([...columns, ...tests])}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function approachTable(scenario: ComparedScenario): string {
  const variants = Object.entries(scenario.variants);
  const approaches = [...new Set(variants.flatMap(([, { approaches }]) => Object.keys(approaches)))];
  if (approaches.length === 0) return '';
  const columns = variants.flatMap(([name]) => [`${name}: delay, mean (s)`, 'longest wait (s)', 'longest queue (veh)']);
  const rows = approaches.map((approach) => {
    const cells = variants.flatMap(([, { approaches: all }]) => {
      const found = all[approach];
      if (!found) return ['-', '-', '-'];
      return [found.delaySeconds.toFixed(1), found.longestWaitSeconds.toFixed(0), String(found.queueMax)];
    });
    return `<tr><th scope="row">${escaped(approach)}</th>${cells.map((text) => cell(text)).join('')}</tr>`;
  });
  return `<h3>By approach</h3><div class="wide" role="region" tabindex="0" aria-label="By approach"><table><caption>Mean delay over the seeds; the longest wait and queue of any seed</caption><thead><tr>${heads(['approach', ...columns])}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function forestRow(label: string, comparison: MeasureComparison, scenario: ComparedScenario): ForestRow[] {
  const { percent, mean, low, high, verdict, against, measure } = comparison;
  if (percent === undefined || mean === 0 || low === undefined || high === undefined) return [];
  const base = scenario.variants[against]!.measures[measure]!.mean;
  const [a, b] = [(100 * low) / base, (100 * high) / base];
  return [
    {
      label,
      mean: percent,
      low: a,
      high: b,
      verdict: verdict === 'better' || verdict === 'worse' ? verdict : 'none',
      words: `${label}: ${signed(percent, 1)} % ${interval(a, b, 1)}, ${VERDICTS[verdict]}.`,
    },
  ];
}

function safetyParagraph(scenario: ComparedScenario, rival: string): string {
  const { tone, text } = safetySentence(scenario, rival);
  return `<p${tone === 'risk' || tone === 'worse' ? ' class="note"' : ''}>${escaped(text)}</p>`;
}

/** How well each variant was seen, or why it was not scored. */
function safetyTable(scenario: ComparedScenario): string {
  const rows = Object.entries(scenario.variants).map(
    ([name, { safety }]) => `<tr><th scope="row">${escaped(name)}</th>${cell(statusText(safety), 'verdict')}</tr>`,
  );
  return `<h3>Safety</h3><div class="wide" role="region" tabindex="0" aria-label="Safety"><table><caption>Index: 0 safest, 100 riskiest, related to the riskiest minute of all these runs. What was not observed has no number</caption><thead><tr>${heads(['variant', 'how it was seen'])}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function scenarioSection(scenario: ComparedScenario, { seeds, measures }: ComparisonReport, index: number): string {
  const rivals = [...new Set(scenario.comparisons.map(({ variant }) => variant))];
  const [deciding] = MEASURES;
  const parts = rivals.map((rival, i) => {
    const comparisons = scenario.comparisons.filter(({ variant }) => variant === rival);
    const { against } = comparisons[0]!;
    // what stands by name is in the table: a plot of dozens of lines shows nothing
    const rows = comparisons.flatMap((comparison) => {
      const measure = MEASURES.find(({ key }) => key === comparison.measure);
      return measure === undefined ? [] : forestRow(titleOf(measure), comparison, scenario);
    });
    return [
      `<h3>${escaped(rival)} against ${escaped(against)}</h3><p>${escaped(sentence(scenario, comparisons[0]!))}</p>${safetyParagraph(scenario, rival)}`,
      forestPlot(
        `s${index}f${i}`,
        `${rival} against ${against}: differences with their 95 % t intervals`,
        `difference in % of ${against}; squares: better, diamonds: worse, circles: not distinguishable`,
        rows,
      ),
      measureTable(scenario, comparisons, measures),
    ].join('');
  });
  const strips = Object.entries(scenario.variants).map(([name, { values }]) => ({
    name,
    values: values[deciding!.key]!,
  }));
  const plot = pairedPlot(`s${index}p`, `${titleOf(deciding!)}, seed by seed`, titleOf(deciding!), seeds, strips);
  return `<section aria-labelledby="s${index}"><h2 id="s${index}">${escaped(scenario.scenario)}</h2><p class="quiet">${escaped(scenario.title)}; ${scenario.durationSeconds} s in steps of ${scenario.stepSeconds} s</p>${plot}${parts.join('')}${safetyTable(scenario)}${approachTable(scenario)}</section>`;
}

function overallSection({ overall, scenarios }: ComparisonReport): string {
  if (scenarios.length < 2) return '';
  const [deciding] = MEASURES;
  const rows = overall
    .filter(({ measure }) => measure === deciding!.key)
    .map(
      (o) =>
        `<tr><th scope="row">${escaped(`${o.variant} against ${o.against}`)}</th>${[
          o.scenarios.better,
          o.scenarios.undecided,
          o.scenarios.worse,
          o.wins,
          o.ties,
          o.losses,
        ]
          .map((count) => cell(String(count)))
          .join('')}</tr>`,
    );
  const forest = scenarios.flatMap((scenario) =>
    scenario.comparisons
      .filter(({ measure }) => measure === deciding!.key)
      .flatMap((comparison) => forestRow(`${scenario.scenario}: ${comparison.variant}`, comparison, scenario)),
  );
  const columns = ['by mean delay', 'scenarios better', 'undecided', 'worse', 'seeds better', 'equal', 'worse'];
  return `<section aria-labelledby="all"><h2 id="all">All scenarios</h2>${forestPlot('all-f', `${titleOf(deciding!)} in all scenarios, with 95 % t intervals`, 'difference in %; squares: better, diamonds: worse, circles: not distinguishable', forest)}<div class="wide" role="region" tabindex="0" aria-label="All scenarios"><table><thead><tr>${heads(columns)}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

const READING = `<section aria-labelledby="how"><h2 id="how">How to read this</h2>
<p>A seed is one replication: both variants get the same vehicles, so a difference within a seed is due to the strategies. Mean difference and its 95 % t interval: what to expect on average. Shift: the Hodges-Lehmann estimate, which a few bad seeds do not move. BCa: a bootstrap interval of the mean difference, right for skewed differences too. Where it and the t interval disagree, look at the seeds.</p>
<p>p: Wilcoxon's signed-rank test, two-sided. p (Holm): the same, adjusted for all comparisons made in that measure. A variant is called better or worse where that is at most 0.05; everything else is not distinguishable, which does not mean equal.</p></section>`;

/** The whole report. */
export function comparisonPage(report: ComparisonReport): string {
  const { seeds, scenarios, notes } = report;
  const title = `Comparison: ${scenarios.map(({ scenario }) => scenario).join(', ')}`;
  const seedText =
    seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds (${seeds[0]} to ${seeds[seeds.length - 1]})`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1><p class="quiet">FlexTraff Twin; ${seedText}, the same for all; differences are paired by seed.</p>${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('')}
${overallSection(report)}
${scenarios.map((scenario, index) => scenarioSection(scenario, report, index)).join('\n')}
${READING}</main></body></html>
`;
}
