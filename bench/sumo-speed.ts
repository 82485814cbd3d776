/**
 * Vehicle updates a CPU second of the SUMO engine alone (no measures, no digest: `flextraff bench speed` has those):
 * grid-10x10 in steps of 1 s, single-4leg 80 in steps of 0.1 s, from the shared data. The first run of a case is cold,
 * the median of the others warm.
 *
 *   npm run bench:sumo-speed [-- --times 5]
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSumoNet } from '../sim/network/sumo/net.ts';
import { sumoDemand } from '../sim/network/sumo/demand.ts';
import { sumoNetwork } from '../sim/network/sumo/network.ts';
import { readSumoRoutes } from '../sim/network/sumo/routes.ts';
import { createSumoEngine } from '../sim/traffic-sumo/engine.ts';

const { values } = parseArgs({ options: { times: { type: 'string', default: '5' } } });
const shared = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'sumo');
const cases = [
  ['grid-10x10', 'grid-10x10/grid10.net.xml', 'grid-10x10/grid10_3.rou.xml', 1, 1800],
  ['single-4leg 80', 'single-4leg/single.net.xml', 'single-4leg/single80.rou.xml', 0.1, 3600],
] as const;

if (!existsSync(shared)) {
  console.error(`No ${shared}; set FLEXTRAFF_SHARED to the folder that holds data/. Nothing measured.`);
  process.exit(2);
}
console.log(
  `${cpus().length} cores, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)}; asked for: 6 million warm`,
);
for (const [name, netFile, routeFile, stepSeconds, seconds] of cases) {
  const net = readSumoNet(readFileSync(join(shared, netFile), 'utf8'), netFile);
  const demand = sumoDemand(net, [readSumoRoutes(readFileSync(join(shared, routeFile), 'utf8'), routeFile, net)], {
    beginSeconds: 0,
    endSeconds: seconds,
    stepSeconds,
    seed: 1,
  });
  const world = sumoNetwork(net, demand);
  const rates: number[] = [];
  let updates = 0;
  for (let k = 0; k <= Number(values.times); k++) {
    const engine = createSumoEngine(net, world, demand, { beginSeconds: 0, stepSeconds, seed: 1 });
    const begin = process.cpuUsage();
    while (engine.tick * stepSeconds < seconds - 1e-9) engine.step();
    const { user, system } = process.cpuUsage(begin);
    updates = engine.vehicleUpdates;
    rates.push(updates / (user + system));
  }
  const [cold, ...others] = rates;
  const warm = others.sort((x, y) => x - y);
  console.log(
    `${name}, step ${stepSeconds} s, ${updates} updates: cold ${cold!.toFixed(1)}, warm ${warm[warm.length >> 1]!.toFixed(1)} (${warm[0]!.toFixed(1)}) million a CPU second, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most so far`,
  );
}
