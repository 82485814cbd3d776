/**
 * Detectors that are well, and whether any is not believed: the shipped scenarios under every strategy, and SUMO's cases by
 * their loops.
 *
 *   npm run bench:detector-alarms [-- --scenarios hangzhou-kn-hz --strategies actuated,horizon --seeds 1..5 --until 3600]
 *   npm run bench:detector-alarms -- --sumo CONFIG.sumocfg --strategies actuated [--end 3600]
 *   npm run bench:detector-alarms -- --sumo NET.net.xml,ROUTES.rou.xml --end 3600
 *
 * Exits with 1 on any alarm.
 */
import { parseArgs } from 'node:util';
import { parseSeeds } from '../cli/seeds.ts';
import { parseVariant } from '../cli/variants.ts';
import { ailments, type HealthMemory, miscounts, observeHealth } from '../controller/estimation/health.ts';
import { groundOf } from '../controller/estimation/streams.ts';
import { inProcessDecider } from '../controller/service/decider.ts';
import { STRATEGIES } from '../controller/strategies/index.ts';
import type { Observation } from '../controller/types.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { controllersOn } from '../runs/controllers.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';
import { openSumoCase } from '../runs/sumo/case.ts';
import { runSumo } from '../runs/sumo/run.ts';

const { values } = parseArgs({
  options: {
    scenarios: {
      type: 'string',
      default:
        'hangzhou-kn-hz,mumbai-four-way,t-junction,four-way-crossings,turns-over-crossings,corridor-green-wave,bus-priority,emergency',
    },
    sumo: { type: 'string' },
    end: { type: 'string' },
    strategies: { type: 'string', default: STRATEGIES.map(({ name }) => name).join(',') },
    seeds: { type: 'string', default: '1..5' },
    until: { type: 'string', default: '3600' },
  },
});

/** Looks at each junction's frames; what was ever found, by junction and detector. */
class Watcher {
  readonly found = new Map<string, string>();
  frames = 0;
  private readonly memories = new Map<string, HealthMemory>();

  see(configuration: JunctionConfiguration, observation: Observation): void {
    const { junctionId, name } = configuration;
    const ground = groundOf(configuration);
    const memory = observeHealth(ground, this.memories.get(junctionId) ?? null, observation);
    this.memories.set(junctionId, memory);
    this.frames++;
    for (const [id, why] of ailments(ground, memory)) this.found.set(`${name} ${id}`, why);
    for (const [id, { kind, times }] of miscounts(ground, memory)) this.found.set(`${name} ${id}`, `${kind}, ${times}`);
  }
}

async function ours(scenario: string, strategy: string, seed: number): Promise<Watcher> {
  const watcher = new Watcher();
  const here = inProcessDecider();
  const decider = controllersOn({
    ...here,
    decide(jobs) {
      for (const { configuration, observation } of jobs) watcher.see(configuration, observation);
      return here.decide(jobs);
    },
  });
  const source = await openSource(scenario, { untilSeconds: Number(values.until) });
  await runVariants({ source, seed, variants: [{ name: 'one', strategy, parameters: {} }], decider });
  return watcher;
}

async function sumos(files: string, strategy: string, seed: number): Promise<Watcher> {
  const watcher = new Watcher();
  const [first, routes] = files.split(',');
  const end = values.end === undefined ? undefined : Number(values.end);
  const sumoCase = await openSumoCase({
    config: routes === undefined ? first : undefined,
    net: routes === undefined ? undefined : first,
    routes,
    beginSeconds: undefined,
    endSeconds: end,
    untilSeconds: undefined,
  });
  await runSumo({
    sumoCase,
    variants: [parseVariant(`loops=${strategy}`)],
    seed,
    detection: 'loops',
    stages: 'all',
    onFrame: ({ configuration, observation }) => watcher.see(configuration, observation),
  });
  return watcher;
}

let alarms = 0;
let runs = 0;
let frames = 0;
for (const what of values.sumo === undefined ? values.scenarios.split(',') : [values.sumo]) {
  for (const strategy of values.strategies.split(',')) {
    for (const seed of parseSeeds(values.seeds)) {
      let watcher: Watcher;
      try {
        watcher = await (values.sumo === undefined ? ours : sumos)(what, strategy, seed);
      } catch (error) {
        console.log(`${what}, ${strategy}: ${(error as Error).message}`);
        break;
      }
      runs++;
      frames += watcher.frames;
      alarms += watcher.found.size;
      for (const [where, why] of watcher.found) console.log(`${what}, ${strategy}, seed ${seed}: ${where}: ${why}`);
    }
  }
  console.log(`${what}: ${runs} runs and ${frames} frames so far, ${alarms} alarms`);
}
process.exit(alarms > 0 ? 1 : 0);
