/**
 * What must hold whatever a street says, tried on streets that lose, delay, double, reorder and lie, both ways, with clocks
 * that step: no conflicting greens, every intergreen, yellow and clearance, minimum and maximum greens, nobody waits for
 * ever, and nothing that a strategy decides is refused but for lateness (`atcs-v2` excepted, whose refusals are counted).
 *
 *   npm run bench:fuzzed-streets [-- --decisions 1000000 --strategies atcs,horizon --horizon-work 2000 --budget 300]
 *
 * `--decisions` is how often each strategy is asked. Each street that was played is kept in `bench-results/`: after
 * `--budget` seconds it stops, and the next time goes on. `--anew` begins anew, as is due when the code has changed. Exits
 * with 1 when anything did not hold, with 3 when streets are left to be played.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { STRATEGIES } from '../controller/strategies/index.ts';
import { type FuzzReport, playFuzzedStreet } from '../controller/testing/fuzzed-street.ts';

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '1000000' },
    strategies: { type: 'string', default: STRATEGIES.map(({ name }) => name).join(',') },
    'horizon-work': { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20000' },
    seed: { type: 'string', default: 'bench' },
    budget: { type: 'string', default: '0' },
    anew: { type: 'boolean', default: false },
  },
});

const FOLDER = 'bench-results';
const FILE = `${FOLDER}/fuzzed-streets.ndjson`;

/** A street that was played. */
interface Played {
  readonly key: string;
  readonly report: FuzzReport;
  readonly cpuSeconds: number;
}

mkdirSync(FOLDER, { recursive: true });
if (values.anew) rmSync(FILE, { force: true });
const kept = new Map<string, Played>();
if (existsSync(FILE)) {
  for (const line of readFileSync(FILE, 'utf8').split('\n').filter(Boolean)) {
    const played = JSON.parse(line) as Played;
    kept.set(played.key, played);
  }
}

async function play(strategy: string, n: number): Promise<Played> {
  const key = `${values.seed} ${strategy} ${n}, ${values.seconds} s${strategy === 'horizon' ? `, work ${values['horizon-work']}` : ''}`;
  const before = kept.get(key);
  if (before !== undefined) return before;
  const began = process.cpuUsage();
  const report = await playFuzzedStreet({
    strategy,
    parameters: strategy === 'horizon' ? { work: Number(values['horizon-work']) } : {},
    seed: `${values.seed} ${strategy} ${n}`,
    seconds: Number(values.seconds),
    crossings: n % 2 === 1,
  });
  const { user, system } = process.cpuUsage(began);
  const played = { key, report, cpuSeconds: (user + system) / 1e6 };
  appendFileSync(FILE, `${JSON.stringify(played)}\n`);
  return played;
}

const endMs = Number(values.budget) > 0 ? performance.now() + 1000 * Number(values.budget) : Number.POSITIVE_INFINITY;
console.log(
  'strategy         asked  published  simulated h   vetoed  late  longest wait   late/doubled/history/skewed messages    wrong  CPU s',
);
let wrong = 0;
let isLeft = false;
for (const strategy of values.strategies.split(',')) {
  const all: Played[] = [];
  let asked = 0;
  for (let n = 0; asked < Number(values.decisions); n++) {
    if (performance.now() > endMs) {
      isLeft = true;
      break;
    }
    const played = await play(strategy, n);
    asked += played.report.asked;
    all.push(played);
    const { wrong: bad, unexpected } = played.report;
    for (const what of [...bad.slice(0, 5), ...unexpected.slice(0, 5)])
      console.error(`${strategy}, street ${n}: ${what}`);
  }
  if (all.length === 0) continue;
  const sum = (of: (report: FuzzReport) => number): number => all.reduce((total, { report }) => total + of(report), 0);
  const bad = sum((report) => report.wrong.length + report.unexpected.length);
  wrong += bad;
  const survived = (['late', 'doubled', 'history', 'skewed'] as const).map((what) =>
    sum((report) => report.survived[what]),
  );
  const longest = Math.max(...all.map(({ report }) => report.longestWaitSeconds));
  console.log(
    `${strategy.padEnd(12)} ${String(asked).padStart(9)} ${String(sum((report) => report.published)).padStart(10)} ` +
      `${(sum((report) => report.seconds) / 3600).toFixed(0).padStart(12)} ${String(sum((report) => report.vetoed)).padStart(8)} ` +
      `${String(sum((report) => report.lateRefusals)).padStart(5)} ${longest.toFixed(1).padStart(11)} s ` +
      `${survived.join('/').padStart(42)} ${String(bad).padStart(8)} ` +
      `${all
        .reduce((total, { cpuSeconds }) => total + cpuSeconds, 0)
        .toFixed(0)
        .padStart(6)}`,
  );
}
process.exit(wrong > 0 ? 1 : isLeft ? 3 : 0);
