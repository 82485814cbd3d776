/**
 * What it is worth that strategies are shown only what can be believed (`believing.ts`): delay in our own simulator, a
 * detector at fault all along, each strategy with and without, the same vehicles.
 *
 *   npm run bench:estimation-benefit [-- --scenarios hangzhou-kn-hz --strategies horizon,actuated,webster --until 1800 --seeds 1..3 --only silent]
 */
import { parseArgs } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import { actuated } from '../controller/strategies/actuated.ts';
import { horizon } from '../controller/strategies/horizon.ts';
import { strategyNamed } from '../controller/strategies/index.ts';
import { webster1958 } from '../controller/strategies/webster.ts';
import type { ServiceDecider } from '../runs/controllers.ts';
import { controllersOn } from '../runs/controllers.ts';
import { inProcessDecider } from '../controller/service/decider.ts';
import { type Fault, faulty } from '../controller/testing/faulty-detectors.ts';
import type { Strategy } from '../controller/types.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { pairedDifference } from '../runs/statistics.ts';

const { values } = parseArgs({
  options: {
    scenarios: { type: 'string', default: 'hangzhou-kn-hz' },
    strategies: { type: 'string', default: 'horizon,actuated,webster' },
    until: { type: 'string', default: '1800' },
    line: { type: 'string' },
    seeds: { type: 'string', default: '1..3' },
    only: { type: 'string', default: '' },
  },
});

const PLAIN: readonly Strategy[] = [horizon, actuated, webster1958];

/** In this thread, with a fault before what strategies see. */
function decider(fault: Fault | null, believes: boolean): ServiceDecider {
  const here = inProcessDecider();
  const spoil = fault === null ? null : faulty(fault);
  return {
    ...here,
    decide: (jobs) =>
      jobs.map((job) => {
        const observation = spoil === null ? job.observation : spoil(job.observation);
        const strategy = believes ? strategyNamed(job.strategy) : PLAIN.find(({ name }) => name === job.strategy)!;
        const { decision, memory } = strategy.decide(job.configuration, job.parameters, job.memory, observation);
        return { decision, memory, threadId: 0, milliseconds: 0 };
      }),
  };
}

async function delayOf(scenario: string, strategy: string, seed: number, fault: Fault | null, believes: boolean) {
  const source = await openSource(scenario, { untilSeconds: Number(values.until) });
  const { variants } = await runVariants({
    source,
    seed,
    variants: [{ name: 'one', strategy, parameters: strategyNamedDefaults(strategy) }],
    decider: controllersOn(decider(fault, believes)),
  });
  return variants.one!.delaySeconds.mean!;
}

function strategyNamedDefaults(name: string): Record<string, number | string | boolean> {
  return Object.fromEntries(Object.entries(strategyNamed(name).parameters).map(([key, one]) => [key, one.default]));
}

const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;

/** Delay with and without, and what it is less by: mean and interval over the seeds. */
async function cell(
  scenario: string,
  strategy: string,
  seeds: readonly number[],
  fault: Fault | null,
): Promise<string> {
  const on: number[] = [];
  const off: number[] = [];
  for (const seed of seeds) {
    on.push(await delayOf(scenario, strategy, seed, fault, true));
    off.push(await delayOf(scenario, strategy, seed, fault, false));
  }
  const less = on.map((delay, i) => delay - off[i]!);
  const { mean: middle, low, high } = pairedDifference(on.map((delay, i) => [off[i]!, delay]));
  const plain = `${mean(on).toFixed(1)} / ${mean(off).toFixed(1)}`;
  if (less.every((one) => one === 0)) return `${plain}: the same`;
  const by = `${plain}: ${middle.toFixed(1)}`;
  return low === undefined ? by : `${by} (${low.toFixed(1)} to ${high!.toFixed(1)})`;
}

const seeds = parseSeeds(values.seeds);
for (const scenario of values.scenarios.split(',')) {
  const line = values.line ?? 'S:stopline:1';
  const upstream = `${line.split(':')[0]}:upstream`;
  const faults: readonly [string, Fault | null][] = [
    ['none', null],
    ['line silent', { kind: 'silent', id: line, fromSecond: 100 }],
    ['line stuck on', { kind: 'stuck on', id: line, fromSecond: 100 }],
    ['line lies once in 100 s', { kind: 'lies', id: line, everySeconds: 100 }],
    ['line counts double', { kind: 'counts', id: line, times: 2 }],
    ['line misses 30 %', { kind: 'counts', id: line, times: 0.7 }],
    ['upstream silent', { kind: 'silent', id: upstream, fromSecond: 100 }],
    ['upstream stuck on', { kind: 'stuck on', id: upstream, fromSecond: 100 }],
    ['upstream counts double', { kind: 'counts', id: upstream, times: 2 }],
    ['upstream misses 30 %', { kind: 'counts', id: upstream, times: 0.7 }],
  ];
  const strategies = values.strategies.split(',');
  console.log(
    `\n${scenario}, ${values.until} s, seeds ${values.seeds}, the line is ${line}; mean delay, s: believing / not: difference\n`,
  );
  console.log(`| fault | ${strategies.join(' | ')} |\n|---|${'---|'.repeat(strategies.length)}`);
  for (const [name, fault] of faults) {
    if (!name.includes(values.only)) continue;
    const cells: string[] = [];
    for (const strategy of strategies) cells.push(await cell(scenario, strategy, seeds, fault));
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}
