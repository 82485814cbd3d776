/** `flextraff compare`: strategies on one or many scenarios with the same seeds. */
import { open, writeFile } from 'node:fs/promises';
import { compareReplications, type ComparisonReport, type ScenarioReplications } from '../runs/compare.ts';
import { openReplicator, ReplicationsStopped } from '../runs/replications.ts';
import { replicationsCsv } from '../runs/report/csv.ts';
import { comparisonPage } from '../runs/report/page.ts';
import { openSource } from '../runs/source.ts';
import { checkVariants } from '../runs/variants.ts';
import { comparisonText } from './compare-table.ts';
import { radioOf } from './detection.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { startProgress } from './progress.ts';
import { parseSeeds } from './seeds.ts';
import { loadSettings } from './settings.ts';
import { type ScenarioOptions, scenarioOf } from './sumo-options.ts';
import { parseV2x } from './v2x-option.ts';
import { parseVariants } from './variants.ts';

export interface CompareCommandOptions extends ScenarioOptions {
  readonly seeds: string;
  readonly variant: readonly string[];
  readonly against?: string;
  readonly until?: number;
  /** What strategies see; `loops` by default. */
  readonly detection?: string;
  readonly threads?: number;
  readonly csv?: string;
  readonly html?: string;
  readonly json?: boolean;
  readonly v2x?: string | true;
}

/** What `flextraff compare --json` prints. */
export interface ComparisonResult extends ComparisonReport {
  performance: { threads: number; vehicleUpdates: number; cpuSeconds: number; wallSeconds: number };
}

/** Throws Refusal, SettingsError, ScenarioError, SourceError or StrategyError for input that is refused. */
export async function compare(paths: readonly string[], options: CompareCommandOptions): Promise<void> {
  const seeds = parseSeeds(options.seeds);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new Refusal(`${twice} is given twice; give each scenario once.`);
  const settings = loadSettings();
  const asked = options.variant.length > 0 ? parseVariants(options.variant) : undefined;
  const radio = radioOf(options.detection);
  const v2x = parseV2x(options.v2x);
  // SUMO's files one by one are a single case; both at once are refused
  const { sumo } = paths.length > 0 && !isGivenInParts(options) ? {} : scenarioOf(paths[0], options);
  const sourceOptions = {
    ...(sumo && { sumo }),
    ...(radio && { radio }),
    ...(v2x && { v2x }),
    untilSeconds: options.until,
    directories: settings.scenariosFolder === undefined ? [] : [settings.scenariosFolder],
  };
  const sources = [];
  for (const path of sumo === undefined ? paths : [sumo.net]) {
    const source = await openSource(path, sourceOptions);
    for (const warning of source.warnings) process.stderr.write(`${source.path}: ${warning}\n`);
    sources.push(source);
  }
  // everything is checked before the first of many runs
  for (const source of sources) {
    const variants = asked ?? source.variants;
    checkVariants(source, variants);
    const names = variants.map(({ name }) => name);
    if (names.length < 2)
      throw new Refusal(
        `${source.path} has one variant, ${names[0]}: comparing takes two or more. Name them: --variant baseline=fixed-time --variant adaptive=atcs.`,
      );
    if (options.against !== undefined && !names.includes(options.against))
      throw new Refusal(
        `--against ${options.against}: ${source.path} has no such variant; it has ${names.join(', ')}.`,
      );
  }
  // nor is there any use in them without a place for what they say
  for (const file of [options.csv, options.html]) if (file !== undefined) await (await open(file, 'a')).close();

  const began = performance.now();
  const interrupt = onInterrupt();
  const replicator = openReplicator({ threads: options.threads });
  const progress = startProgress(seeds.length * sources.length, options.json === true, '{value} of {total} runs');
  try {
    const all: ScenarioReplications[] = [];
    for (const [index, source] of sources.entries()) {
      const replications = await replicator.replicate({
        source,
        sourceOptions,
        seeds,
        variants: asked,
        onDone: (done) => progress.at(index * seeds.length + done),
        signal: interrupt.signal,
      });
      all.push({ title: source.title, replications });
    }
    progress.end();
    const report = compareReplications(all, options.against);
    const runs = all.map(({ replications }) => replications);
    const cpu = process.cpuUsage();
    const result: ComparisonResult = {
      ...report,
      performance: {
        threads: Math.min(replicator.threads, seeds.length),
        vehicleUpdates: runs.flat().reduce((sum, run) => sum + run.performance.vehicleUpdates, 0),
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        wallSeconds: (performance.now() - began) / 1000,
      },
    };
    const files = {
      [options.csv ?? '']: () => replicationsCsv(runs),
      [options.html ?? '']: () => comparisonPage(report),
    };
    for (const [file, text] of Object.entries(files)) {
      if (file === '') continue;
      await writeFile(file, text());
      process.stderr.write(`wrote ${file}\n`);
    }
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${comparisonText(report)}\n`);
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

function isGivenInParts({ net, routes, additional, begin, end }: ScenarioOptions): boolean {
  return [net, routes, additional, begin, end].some((part) => part !== undefined);
}
