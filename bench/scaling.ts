/**
 * How the speed of the engine depends on the number of vehicles: jinan-3x4 from the shared data side by side with itself,
 * so many times that about 1,000 and 50,000 vehicles are in the network, half an hour each, detectors, measures and
 * digest as in `flextraff run`. Million vehicle updates a CPU second, the median of the runs after the first.
 *
 *   npm run bench:scaling [-- --copies 1,8,68 --times 3]
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openStreet, type StreetSource } from '../sim/street.ts';

const { values } = parseArgs({
  options: { copies: { type: 'string', default: '1,8,68' }, times: { type: 'string', default: '3' } },
});
const folder = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'cityflow', 'jinan-3x4');
/** Until then the network fills, s; from then on updates are counted. */
const FILLED_SECONDS = 900;
const END_SECONDS = 2700;
const ASKED_SHARE = 0.5;

interface RoadNet {
  readonly intersections: readonly {
    readonly id: string;
    readonly roads: readonly string[];
    readonly roadLinks: readonly { readonly startRoad: string; readonly endRoad: string }[];
  }[];
  readonly roads: readonly {
    readonly id: string;
    readonly startIntersection: string;
    readonly endIntersection: string;
  }[];
}
type Flow = { readonly route: readonly string[] };

if (!existsSync(folder)) {
  console.error(`No ${folder}; set FLEXTRAFF_SHARED to the folder that holds data/. Nothing measured.`);
  process.exit(2);
}
const readJson = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
const roadnet = readJson<RoadNet>('roadnet.json');
const flow = readJson<readonly Flow[]>('flow.json');

/** The case `count` times, each copy with names of its own. */
function copies(count: number): StreetSource {
  const named = Array.from({ length: count }, (_, i) => (name: string) => `${i}/${name}`);
  return {
    kind: 'cityflow',
    name: `jinan-3x4 x ${count}`,
    durationSeconds: END_SECONDS,
    roadnet: {
      intersections: named.flatMap((of) =>
        roadnet.intersections.map((intersection) => ({
          ...intersection,
          id: of(intersection.id),
          roads: intersection.roads.map(of),
          roadLinks: intersection.roadLinks.map((link) => ({
            ...link,
            startRoad: of(link.startRoad),
            endRoad: of(link.endRoad),
          })),
        })),
      ),
      roads: named.flatMap((of) =>
        roadnet.roads.map((road) => ({
          ...road,
          id: of(road.id),
          startIntersection: of(road.startIntersection),
          endIntersection: of(road.endIntersection),
        })),
      ),
    },
    flow: named.flatMap((of) => flow.map((one) => ({ ...one, route: one.route.map(of) }))),
  };
}

/** Updates a microsecond of CPU time, and vehicles in the network on average. */
function measured(source: StreetSource): { readonly rate: number; readonly vehicles: number } {
  const variant = { name: 'baseline', strategy: 'fixed-time', parameters: {} };
  const street = openStreet(source, { seed: 0, variant, prefix: 'bench' });
  while (street.tick * street.stepSeconds < FILLED_SECONDS) street.step();
  const updates = street.vehicleUpdates;
  const begin = process.cpuUsage();
  while (street.tick * street.stepSeconds < END_SECONDS) street.step();
  const { user, system } = process.cpuUsage(begin);
  const counted = street.vehicleUpdates - updates;
  const ticks = (END_SECONDS - FILLED_SECONDS) / street.stepSeconds;
  return { rate: counted / (user + system), vehicles: counted / ticks };
}

console.log(
  `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)}`,
);
const rates: number[] = [];
for (const count of values.copies.split(',').map(Number)) {
  const source = copies(count);
  const all = Array.from({ length: Number(values.times) + 1 }, () => measured(source));
  const [, ...warm] = all.map(({ rate }) => rate);
  warm.sort((a, b) => a - b);
  rates.push(warm[warm.length >> 1]!);
  console.log(
    `${count} times: ${Math.round(all[0]!.vehicles)} vehicles, ${rates.at(-1)!.toFixed(1)} (worst ${warm[0]!.toFixed(1)}) million updates a CPU second, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most so far`,
  );
}
const share = rates.at(-1)! / rates[0]!;
console.log(`The last makes ${(100 * share).toFixed(0)} % of the first; asked for are ${100 * ASKED_SHARE} %.`);
process.exitCode = share >= ASKED_SHARE ? 0 : 1;
