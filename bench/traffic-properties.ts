/**
 * No two bodies in one place, nobody on foot touched, no vehicle lost and none stuck untold, at any tick of 1,000 random
 * scenarios with everything on: lanes, laws, classes, stops, sirens, linked junctions, turns that yield, people and
 * cyclists on crossings, conflicting lamps, steps of 0.1 to 1 s. Prints what went wrong; exit code 1 where anything did.
 *
 *   npm run bench:traffic-properties [-- --from 1 --to 1000]
 */
import { parseArgs } from 'node:util';
import { ARRIVED } from '../sim/core.ts';
import { playAnything } from '../sim/traffic/testing-anything.ts';

const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, to: { type: 'string', default: '1000' } },
});
const begun = process.cpuUsage().user;
let wrong = 0;
let vehicles = 0;
let arrived = 0;
let ticks = 0;
let gridlocks = 0;
for (let number = Number(values.from); number <= Number(values.to); number++) {
  const { engine, isConflicting, wrong: what } = playAnything(number);
  if (what !== null) {
    wrong++;
    console.log(what);
  }
  ticks += engine.tick;
  vehicles += engine.demand.count;
  for (let v = 0; v < engine.demand.count; v++) if (engine.state.segment[v] === ARRIVED) arrived++;
  const found = engine.gridlock?.episodes ?? 0;
  gridlocks += found;
  if (found > 0) {
    const lamps = isConflicting ? 'conflicting lamps' : 'the plan';
    console.log(`scenario ${number} under ${lamps}: ${found} gridlock(s), the first at ${engine.gridlock!.since} s`);
  }
}
console.log(
  `${Number(values.to) - Number(values.from) + 1} scenarios, ${ticks} ticks, ${vehicles} vehicles of which ${arrived} arrived; ` +
    `${gridlocks} gridlocks; ${wrong} scenarios where something is wrong; ` +
    `${((process.cpuUsage().user - begun) / 1e6).toFixed(0)} s of CPU time`,
);
process.exitCode = wrong === 0 ? 0 : 1;
