/**
 * What must hold whatever a street says, tried on streets that lose, delay, double, reorder and lie, both ways, with clocks
 * that step: no conflicting greens, every intergreen, yellow and clearance, minimum and maximum greens, nobody waits for
 * ever, and nothing that a strategy decides is refused but for lateness (`atcs-v2` excepted, whose refusals are counted).
 *
 *   npm run bench:fuzzed-streets [-- --decisions 1000000 --strategies atcs,horizon --horizon-work 2000]
 *
 * `--decisions` is how often each strategy is asked. Exits with 1 when anything did not hold.
 */
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
  },
});

console.log(
  'strategy         asked  published  simulated h   vetoed  late  longest wait   late/doubled/history/skewed messages    wrong  CPU s',
);
let wrong = 0;
for (const strategy of values.strategies.split(',')) {
  const began = process.cpuUsage();
  const reports: FuzzReport[] = [];
  let asked = 0;
  for (let n = 0; asked < Number(values.decisions); n++) {
    const report = await playFuzzedStreet({
      strategy,
      parameters: strategy === 'horizon' ? { work: Number(values['horizon-work']) } : {},
      seed: `${values.seed} ${strategy} ${n}`,
      seconds: Number(values.seconds),
      crossings: n % 2 === 1,
    });
    asked += report.asked;
    reports.push(report);
    for (const what of [...report.wrong.slice(0, 5), ...report.unexpected.slice(0, 5)])
      console.error(`${strategy}, street ${n}: ${what}`);
  }
  const sum = (of: (report: FuzzReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const bad = sum((report) => report.wrong.length + report.unexpected.length);
  wrong += bad;
  const { user, system } = process.cpuUsage(began);
  const survived = (['late', 'doubled', 'history', 'skewed'] as const).map((what) =>
    sum((report) => report.survived[what]),
  );
  console.log(
    `${strategy.padEnd(12)} ${String(asked).padStart(9)} ${String(sum((report) => report.published)).padStart(10)} ` +
      `${(sum((report) => report.seconds) / 3600).toFixed(0).padStart(12)} ${String(sum((report) => report.vetoed)).padStart(8)} ` +
      `${String(sum((report) => report.lateRefusals)).padStart(5)} ${Math.max(
        ...reports.map((report) => report.longestWaitSeconds),
      )
        .toFixed(1)
        .padStart(11)} s ` +
      `${survived.join('/').padStart(42)} ${String(bad).padStart(8)} ${((user + system) / 1e6).toFixed(0).padStart(6)}`,
  );
}
process.exit(wrong > 0 ? 1 : 0);
