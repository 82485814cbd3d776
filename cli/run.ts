/** `flextraff run`: a scenario once per variant, as fast as it goes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { type RunObserver, RunStopped, runVariants } from '../runs/runner.ts';
import { openSource, type Source } from '../runs/source.ts';
import type { RunResult } from '../runs/types.ts';
import type { Street } from '../sim/street.ts';
import { radioOf } from './detection.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import type { MessageKeeper } from './message-files.ts';
import { startProgress } from './progress.ts';
import { SeriesFile } from './series.ts';
import { loadSettings } from './settings.ts';
import { scenarioOf, type ScenarioOptions } from './sumo-options.ts';
import { resultTable } from './table.ts';
import { detectorsCsv, tripsCsv } from './trips.ts';
import { parseV2x } from './v2x-option.ts';
import { parseVariants } from './variants.ts';

export interface RunCommandOptions extends ScenarioOptions {
  readonly seed?: number;
  readonly seeds?: string;
  readonly until?: number;
  readonly variant: readonly string[];
  readonly link?: 'inprocess' | 'mqtt';
  readonly broker?: string;
  readonly threads?: number;
  /** What strategies see; `loops` by default. */
  readonly detection?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly v2x?: string | true;
  readonly messages?: string;
  readonly archive?: string | true;
}

const tell = (text: string) => process.stderr.write(`${text}\n`);

/** Throws Refusal, SettingsError, ScenarioError, SourceError or StrategyError for input that is refused. */
export async function run(scenario: string | undefined, options: RunCommandOptions): Promise<void> {
  const { path, sumo } = scenarioOf(scenario, options);
  if (options.seeds !== undefined) {
    const { runReplications } = await import('./replications.ts');
    await runReplications(path, { ...options, seeds: options.seeds });
    return;
  }
  if (options.link === 'inprocess' && options.broker !== undefined) {
    throw new Refusal('--link inprocess uses no broker: leave out --broker, or say --link mqtt.');
  }
  const settings = loadSettings();
  const variants = options.variant.length > 0 ? parseVariants(options.variant) : undefined;
  const directories = settings.scenariosFolder === undefined ? [] : [settings.scenariosFolder];
  const radio = radioOf(options.detection);
  const v2x = parseV2x(options.v2x);
  const source = await openSource(path, {
    untilSeconds: options.until,
    directories,
    ...(sumo && { sumo }),
    ...(radio && { radio }),
    ...(v2x && { v2x }),
  });
  // before the run, so that an hour is not spent on a result with no place to go
  if (options.out !== undefined) await mkdir(options.out, { recursive: true });

  const runId = uuidv7();
  const keepers = await messageKeepers(options, settings, source, runId);

  const interrupt = onInterrupt();
  const broker = await brokerFor(options, settings.brokerUrl);
  const progress = startProgress(source.durationSeconds, options.json === true);
  const series = options.out === undefined ? null : new SeriesFile();
  let worlds: ReadonlyMap<string, Street> = new Map();
  let warnings: readonly string[] = [];
  const observer: RunObserver = {
    onStart(streets) {
      worlds = streets;
      warnings = [...new Set([...streets.values()].flatMap((street) => street.warnings))];
      for (const warning of warnings) progress.note(`${source.path}: ${warning}`);
    },
    onProgress: (second) => progress.at(second),
    onProblem: (variant, message) => progress.note(`${variant}: ${message}`),
    onRejected({ topic, reason }) {
      // what is under way when a run is stopped finds nobody any more
      if (!interrupt.signal.aborted) progress.note(`A message on ${topic} was not used: ${reason}`);
    },
    onConnection(state, detail) {
      if (state === 'reconnecting') progress.note(`The broker is away, waiting for it: ${detail}`);
    },
    ...(keepers.length > 0 && {
      onMessage: (variant, _second, outgoing) => {
        for (const keeper of keepers) keeper.take(variant, outgoing);
      },
    }),
    ...((series !== null || keepers.length > 0) && {
      onSecond: async (second, frames) => {
        series?.take(second, frames);
        for (const keeper of keepers) await keeper.second(second);
      },
    }),
  };
  try {
    const result = await runVariants({
      source,
      runId,
      seed: options.seed,
      variants,
      link: broker === null ? 'inprocess' : { broker: broker.url },
      decider: { threads: options.threads ?? settings.threads },
      observer,
      signal: interrupt.signal,
    });
    progress.end();
    for (const keeper of keepers) for (const place of await keeper.close()) tell(`wrote ${place}`);
    if (options.out !== undefined) {
      const tables = {
        'series.csv': series!.text(),
        'trips.csv': tripsCsv(worlds),
        'detectors.csv': detectorsCsv(worlds),
      };
      await writeResults(options.out, result, tables);
    }
    // what was left out belongs to the result
    const told = warnings.length > 0 ? { ...result, warnings } : result;
    process.stdout.write(options.json ? `${JSON.stringify(told)}\n` : `${resultTable(result)}\n`);
  } catch (error) {
    progress.end();
    if (!(error instanceof RunStopped)) throw error;
    tell(error.message);
    process.exitCode = 1;
  } finally {
    await broker?.close();
    interrupt.release();
  }
}

/** Those who keep what is broadcast. Throws Refusal where nothing is, or there is no place for it. */
async function messageKeepers(
  options: RunCommandOptions,
  settings: ReturnType<typeof loadSettings>,
  source: Source,
  runId: string,
): Promise<MessageKeeper[]> {
  const { messages, archive } = options;
  if (messages === undefined && archive === undefined) return [];
  const asked = messages === undefined ? '--archive' : '--messages';
  if (source.v2x === null)
    throw new Refusal(`${asked}: nobody broadcasts in ${source.path}. Add --v2x, or v2x to the scenario.`);
  const { openMessageArchive, openMessageLogs } = await import('./message-files.ts');
  const keepers: MessageKeeper[] = [];
  if (messages !== undefined) keepers.push(await openMessageLogs(messages));
  if (archive !== undefined) {
    const usual = settings.archive === 'off' ? null : settings.archive;
    const where = archive === true ? usual?.location : archive;
    if (where === undefined) throw new Refusal('--archive: FLEXTRAFF_ARCHIVE is off; say where: --archive FOLDER.');
    const location = /^[a-z][a-z0-9+.-]+:\/\//i.test(where) ? where : resolve(where);
    keepers.push(await openMessageArchive({ ...usual, location, runId, onProblem: tell }));
  }
  return keepers;
}

interface UsedBroker {
  readonly url: string;
  close(): Promise<void>;
}

/** The broker of the MQTT link: the one asked for, else an embedded one; null for the in-process link. */
async function brokerFor(options: RunCommandOptions, fromEnvironment: string | undefined): Promise<UsedBroker | null> {
  if (options.broker === undefined && options.link !== 'mqtt') return null;
  const url = options.broker ?? fromEnvironment;
  if (url !== undefined) return { url, close: async () => {} };
  const { startBroker } = await import('../feeds/broker.ts');
  return startBroker({ port: 0 });
}

async function writeResults(folder: string, result: RunResult, tables: Record<string, string>): Promise<void> {
  const files = { 'result.json': `${JSON.stringify(result, null, 2)}\n`, ...tables };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
    tell(`wrote ${join(folder, name)}`);
  }
}
