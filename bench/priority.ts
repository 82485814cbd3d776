/**
 * What coordination and priority bring, and what they cost the others: the same seeds with and without, paired. Delay,
 * seconds a vehicle, of those it is for and of the others; mean difference with its 95 % t interval. docs/CONTROL.md has
 * the set-up.
 *
 *   npm run bench:priority [-- --seeds 10 --only emergency]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { pairedDifference } from '../runs/statistics.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import type { Trip } from '../sim/measures/trips.ts';
import type { Street } from '../sim/street.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10' }, only: { type: 'string' } } });
const SEEDS = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);

interface Case {
  readonly name: string;
  readonly scenario: string;
  /** First without, then with. */
  readonly variants: readonly [VariantSettings, VariantSettings];
  readonly whom: string;
  /** Whether it is for this vehicle. */
  isFor(trip: Trip): boolean;
}

const pair = (
  strategy: string,
  without: VariantSettings['parameters'],
  common: VariantSettings['parameters'] = {},
): Case['variants'] => [
  { name: 'without', strategy, parameters: { ...common, ...without } },
  { name: 'with', strategy, parameters: common },
];
const ofClass = (name: string) => (trip: Trip) => trip.vehicleClass === name;

const WITH_AND_WITHOUT_WALKS = 'ns-left/ns-walk/ns/ew-left/ew-walk/ew';
const BUTTONS: Readonly<Record<string, (text: string) => string>> = {
  'buttons that work': (text) => text,
  'no buttons': (text) => text.replaceAll('button: true', 'button: false'),
  'buttons that are dead': (text) =>
    `${text}\ndetection:\n  faults:\n${['N', 'S', 'E', 'W'].map((approach) => `    - { approach: ${approach}, device: button, kind: stuck-off }\n`).join('')}`,
};

const folder = mkdtempSync(join(tmpdir(), 'flextraff-priority-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A shipped scenario with its text changed, as a file. */
function changed(scenario: string, change: (text: string) => string): string {
  const text = readFileSync(new URL(`../scenarios/${scenario}.yaml`, import.meta.url), 'utf8');
  const file = join(folder, `${scenario}-${Object.values(BUTTONS).indexOf(change)}.yaml`);
  writeFileSync(file, change(text));
  return file;
}

const CASES: Case[] = [
  ...['fixed-time', 'actuated', 'horizon'].map(
    (strategy): Case => ({
      name: `emergency, ${strategy}`,
      scenario: 'emergency',
      variants: pair(strategy, { emergencyPreemption: false }),
      whom: 'emergency vehicles',
      isFor: ofClass('emergency'),
    }),
  ),
  ...['fixed-time', 'actuated', 'horizon'].map(
    (strategy): Case => ({
      name: `bus, ${strategy}`,
      scenario: 'bus-priority',
      variants: pair(strategy, { busPriority: false }),
      whom: 'buses',
      isFor: ofClass('bus'),
    }),
  ),
  {
    name: 'green wave, fixed-time',
    scenario: 'corridor-green-wave',
    variants: pair('fixed-time', { coordinated: false }),
    whom: 'eastbound from the first',
    isFor: ({ route }) => route.startsWith('first/W'),
  },
  // With stages that have no walk as well: else a walk comes with each green, called or not.
  ...Object.entries(BUTTONS).map(
    ([name, change]): Case => ({
      name: `pedestrian recall, actuated, ${name}`,
      scenario: changed('four-way-crossings', change),
      variants: [
        { name: 'without', strategy: 'actuated', parameters: { stages: WITH_AND_WITHOUT_WALKS } },
        { name: 'with', strategy: 'actuated', parameters: { stages: WITH_AND_WITHOUT_WALKS, pedestrianRecall: true } },
      ],
      whom: 'people who walk',
      isFor: () => false,
    }),
  ),
];

interface Played {
  readonly own: number;
  readonly others: number;
  readonly longest: number;
}

async function play({ scenario, variants, isFor }: Case, seed: number): Promise<Played[]> {
  const source = await openSource(scenario);
  let streets: ReadonlyMap<string, Street> = new Map();
  const result = await runVariants({
    source,
    seed,
    variants,
    observer: {
      onStart: (all) => {
        streets = all;
      },
    },
  });
  return variants.map(({ name }) => {
    const trips = [...streets.get(name)!.trips()].filter(({ departSeconds }) => departSeconds >= 300);
    const mean = (some: readonly Trip[]): number =>
      some.reduce((sum, { delaySeconds }) => sum + delaySeconds, 0) / some.length;
    const { pedestrians } = result.variants[name]! as { pedestrians?: { delaySeconds: { mean: number } } };
    const own = trips.filter(isFor);
    return {
      own: own.length > 0 ? mean(own) : (pedestrians?.delaySeconds.mean ?? Number.NaN),
      others: mean(trips.filter((trip) => !isFor(trip))),
      longest: Math.max(...trips.map(({ waitingSeconds = 0 }) => waitingSeconds)),
    };
  });
}

const show = (pairs: readonly (readonly [number, number])[]): string => {
  const mean = (k: 0 | 1): string => (pairs.reduce((sum, each) => sum + each[k], 0) / pairs.length).toFixed(1);
  const { mean: difference, low, high } = pairedDifference(pairs);
  const interval = low === undefined ? '' : ` (${low.toFixed(1)} to ${high!.toFixed(1)})`;
  return `${mean(0)} -> ${mean(1)}: ${difference.toFixed(1)}${interval}`;
};

console.log(
  `Delay, s a vehicle, without -> with: difference (95 % interval). Seeds 1 to ${SEEDS.length}, after 300 s.\n`,
);
for (const each of CASES) {
  if (values.only !== undefined && !each.name.includes(values.only)) continue;
  const results: Played[][] = [];
  for (const seed of SEEDS) results.push(await play(each, seed));
  const pairs = (what: keyof Played) => results.map(([a, b]) => [a![what], b![what]] as const);
  console.log(each.name);
  console.log(`  ${each.whom}: ${show(pairs('own'))}`);
  console.log(`  the others: ${show(pairs('others'))}`);
  console.log(`  longest wait: ${show(pairs('longest'))}\n`);
}
