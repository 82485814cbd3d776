/**
 * Junctions made up at random (groups, conflicts, intergreens, stages, crossings), each with a lamp device that is told
 * plans, requests, modes and newer configurations, right and wrong, late and doubled, over faults, restarts and clocks that
 * step; a witness that looks at the lamps alone judges every change.
 *
 *   npm run bench:junctions [-- --commands 1000000 --seed bench --seconds 1200]
 *
 * Exits with 1 when anything did not hold.
 */
import { parseArgs } from 'node:util';
import seedrandom from 'seedrandom';
import { diceOf } from '../junction/fuzz/junctions.ts';
import { playGenerated } from '../junction/fuzz/trial.ts';

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: 'bench' },
    seconds: { type: 'string', default: '1200' },
  },
});

const sum = { said: 0, applied: 0, changes: 0, restarts: 0, faults: 0, configurations: 0 };
let longest = 0;
let wrong = 0;
let n = 0;
for (; sum.said < Number(values.commands); n++) {
  const trial = playGenerated(diceOf(seedrandom.alea(`${values.seed} ${n}`)), Number(values.seconds));
  for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += trial[key];
  longest = Math.max(longest, trial.longestWaitShare);
  if (trial.longestWaitShare > 1) trial.wrong.length === 0 && console.error(`junction ${n}: somebody waited too long`);
  for (const what of trial.wrong.slice(0, 5)) console.error(`junction ${n}: ${what}`);
  if (trial.wrong.length > 0 || trial.longestWaitShare > 1) wrong++;
}
console.log(
  `${n} junctions, ${((n * Number(values.seconds)) / 3600).toFixed(0)} h: ${sum.said} commands, ${sum.applied} of them applied; ` +
    `${sum.changes} changes of lamps, ${sum.configurations} newer configurations, ${sum.restarts} restarts, ${sum.faults} faults; ` +
    `the longest wait ${(100 * longest).toFixed(0)} % of what is allowed; ${wrong} junctions wrong`,
);
process.exit(wrong > 0 ? 1 : 0);
