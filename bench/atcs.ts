/**
 * The strategy `atcs` against `atcs-v2`, equal splits, actuated and horizon over patterns of demand at one junction with one
 * approach at a time, as the RFID system has it. Mean delay, s a vehicle, the same seeds paired; a negative difference says
 * that atcs is better. docs/CONTROL.md has the set-up.
 *
 *   npm run bench:atcs [-- --seeds 5 --until 1800]
 */
import { parseArgs } from 'node:util';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { pairedDifference } from '../runs/statistics.ts';
import type { Scenario, VariantSettings } from '../scenarios/types.ts';
import { openStreet } from '../sim/street.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '5' }, until: { type: 'string', default: '1800' } },
});
const SEEDS = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const PERIOD_SECONDS = 300;
const DURATION_SECONDS = Number(values.until);

/** Vehicles an hour from N, S, E, W; the second half of the time where given. */
const PATTERNS: Readonly<Record<string, readonly (readonly [number, number, number, number])[]>> = {
  'equal, light': [[200, 200, 200, 200]],
  'equal, heavy': [[420, 420, 420, 420]],
  'one heavy': [[700, 250, 250, 250]],
  'two heavy': [[600, 150, 600, 150]],
  'one idle': [[450, 450, 450, 20]],
  'peak that moves': [
    [650, 250, 250, 250],
    [250, 250, 650, 250],
  ],
};

const VARIANTS: readonly VariantSettings[] = [
  { name: 'atcs', strategy: 'atcs', parameters: {} },
  { name: 'atcs-v2', strategy: 'atcs-v2', parameters: {} },
  {
    name: 'equal-splits',
    strategy: 'fixed-time',
    parameters: { greens: 'north:20/south:20/east:20/west:20' },
  },
  { name: 'actuated', strategy: 'actuated', parameters: {} },
  { name: 'horizon', strategy: 'horizon', parameters: {} },
];

/** Mumbai's junction with other demand: turns in the shares that it has. */
function withDemand(scenario: Scenario, pattern: (typeof PATTERNS)[string]): Scenario {
  const names = ['N', 'S', 'E', 'W'];
  const shares: Readonly<Record<string, number>> = { left: 0.18, straight: 0.68, right: 0.14 };
  const periods = Math.ceil(DURATION_SECONDS / PERIOD_SECONDS);
  const demand = scenario.demand.map((flow) => {
    const share = shares[flow.movement.split('-')[1]!]!;
    const count = (k: number): number => {
      const part = pattern[Math.min(pattern.length - 1, Math.floor((k * pattern.length) / periods))]!;
      return (part[names.indexOf(flow.approach)]! * share * PERIOD_SECONDS) / 3600;
    };
    const vehicles = Array.from({ length: periods }, (_, k) => count(k));
    return { ...flow, periodSeconds: PERIOD_SECONDS, vehicles };
  });
  return { ...scenario, durationSeconds: DURATION_SECONDS, demand };
}

const base = await openSource('mumbai-four-way', { untilSeconds: DURATION_SECONDS });
const { scenario: ground } = base;
if (ground === null) throw new Error('mumbai-four-way is no scenario');
console.log(
  `Mean delay, s a vehicle, seeds 1 to ${SEEDS.length}, ${DURATION_SECONDS} s; in brackets: atcs less the other, with its 95 % t interval.\n`,
);
let worse = 0;
for (const [name, pattern] of Object.entries(PATTERNS)) {
  const scenario = withDemand(ground, pattern);
  const source: typeof base = {
    ...base,
    scenario,
    open: (options) => openStreet({ kind: 'scenario', scenario }, options),
  };
  const delays = new Map<string, number[]>(VARIANTS.map((variant) => [variant.name, []]));
  for (const seed of SEEDS) {
    const { variants } = await runVariants({ source, seed, variants: VARIANTS });
    for (const [variant, { delaySeconds }] of Object.entries(variants)) delays.get(variant)!.push(delaySeconds.mean!);
  }
  console.log(name);
  const own = delays.get('atcs')!;
  for (const [variant, seen] of delays) {
    const mean = (seen.reduce((sum, value) => sum + value, 0) / seen.length).toFixed(1);
    const { mean: less, low, high } = pairedDifference(own.map((value, i) => [seen[i]!, value] as const));
    const interval = low === undefined ? '' : `, ${low.toFixed(1)} to ${high!.toFixed(1)}`;
    const isWorse = low !== undefined && low > 0;
    const mark = isWorse ? '  atcs is worse' : '';
    if (isWorse && (variant === 'atcs-v2' || variant === 'equal-splits')) worse++;
    console.log(
      `  ${variant.padEnd(13)}${mean.padStart(7)}${variant === 'atcs' ? '' : `  (${less.toFixed(1)}${interval})${mark}`}`,
    );
  }
}
console.log(
  worse === 0 ? '\natcs is nowhere worse than atcs-v2 or equal splits.' : `\natcs is worse in ${worse} places.`,
);
process.exitCode = worse === 0 ? 0 : 1;
