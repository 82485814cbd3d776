/** `flextraff run --seeds`: a scenario with many seeds, on all cores. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Summary, summariseReplications } from '../runs/compare.ts';
import { openReplicator, type Replication, ReplicationsStopped } from '../runs/replications.ts';
import { replicationsCsv } from '../runs/report/csv.ts';
import { openSource } from '../runs/source.ts';
import { radioOf } from './detection.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { startProgress } from './progress.ts';
import type { RunCommandOptions } from './run.ts';
import { parseSeeds } from './seeds.ts';
import { loadSettings } from './settings.ts';
import { scenarioOf } from './sumo-options.ts';
import { summaryTable } from './summary-table.ts';
import { parseV2x } from './v2x-option.ts';
import { parseVariants } from './variants.ts';

/** What `flextraff run --seeds --json` prints. */
export interface ReplicationsResult {
  scenario: string;
  seeds: number[];
  stepSeconds: number;
  durationSeconds: number;
  replications: Replication[];
  summary: Summary;
  performance: {
    threads: number;
    vehicleUpdates: number;
    cpuSeconds: number;
    wallSeconds: number;
    peakRssMebibytes: number;
  };
}

/** Throws Refusal, SettingsError, ScenarioError, SourceError or StrategyError for input that is refused. */
export async function runReplications(
  scenario: string,
  options: RunCommandOptions & { readonly seeds: string },
): Promise<void> {
  const seeds = parseSeeds(options.seeds);
  if (options.seed !== undefined) throw new Refusal('--seed and --seeds: give one of them.');
  if (options.link === 'mqtt' || options.broker !== undefined)
    throw new Refusal('--seeds runs in-process on all cores: leave out --link and --broker, or give a single --seed.');
  if (options.messages !== undefined || options.archive !== undefined)
    throw new Refusal('--messages and --archive keep what a single run broadcasts: give a single --seed.');
  const settings = loadSettings();
  const variants = options.variant.length > 0 ? parseVariants(options.variant) : undefined;
  const { sumo } = scenarioOf(options.net === undefined ? scenario : undefined, options);
  const radio = radioOf(options.detection);
  const v2x = parseV2x(options.v2x);
  const sourceOptions = {
    ...(sumo && { sumo }),
    ...(radio && { radio }),
    ...(v2x && { v2x }),
    untilSeconds: options.until,
    directories: settings.scenariosFolder === undefined ? [] : [settings.scenariosFolder],
  };
  const source = await openSource(scenario, sourceOptions);
  for (const warning of source.warnings) process.stderr.write(`${source.path}: ${warning}\n`);
  if (options.out !== undefined) await mkdir(options.out, { recursive: true });

  const began = performance.now();
  const interrupt = onInterrupt();
  const replicator = openReplicator({ threads: options.threads });
  const progress = startProgress(seeds.length, options.json === true, '{value} of {total} seeds');
  try {
    const replications = await replicator.replicate({
      source,
      sourceOptions,
      seeds,
      variants,
      onDone: (done) => progress.at(done),
      signal: interrupt.signal,
    });
    progress.end();
    const cpu = process.cpuUsage();
    const result: ReplicationsResult = {
      scenario: source.name,
      seeds,
      stepSeconds: source.stepSeconds,
      durationSeconds: source.durationSeconds,
      replications,
      summary: summariseReplications(replications),
      performance: {
        threads: Math.min(replicator.threads, seeds.length),
        vehicleUpdates: replications.reduce((sum, { performance: { vehicleUpdates } }) => sum + vehicleUpdates, 0),
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        wallSeconds: (performance.now() - began) / 1000,
        peakRssMebibytes: process.resourceUsage().maxRSS / 1024,
      },
    };
    if (options.out !== undefined) {
      const files = {
        'result.json': `${JSON.stringify(result, null, 2)}\n`,
        'replications.csv': replicationsCsv([replications]),
      };
      for (const [name, text] of Object.entries(files)) {
        await writeFile(join(options.out, name), text);
        process.stderr.write(`wrote ${join(options.out, name)}\n`);
      }
    }
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${summaryTable(result)}\n`);
  } catch (error) {
    progress.end();
    if (!(error instanceof ReplicationsStopped)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await replicator.close();
    interrupt.release();
  }
}
