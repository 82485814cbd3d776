/** What SUMO is to run: a `.sumocfg`, or a network and routes. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { readSumoConfig } from '../../sim/network/sumo/config.ts';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import type { SumoNet } from '../../sim/network/sumo/net-types.ts';
import { withPrograms } from '../../sim/network/sumo/programs.ts';
import { readInputText } from '../input-text.ts';
import { SourceError } from '../source.ts';

export interface SumoCase {
  readonly name: string;
  readonly net: SumoNet;
  /** Absolute paths. */
  readonly netFile: string;
  readonly routeFiles: readonly string[];
  readonly additionalFiles: readonly string[];
  /** null where network and routes were named. */
  readonly configFile: string | null;
  readonly beginSeconds: number;
  /** On SUMO's clock; NaN: when all have arrived. */
  readonly endSeconds: number;
  readonly stepSeconds: number;
  readonly seed: number;
  /** Additional files by which SUMO changes programmes by the clock (WAUT). */
  readonly switchedBy: readonly string[];
}

export interface SumoCaseOptions {
  readonly config?: string;
  readonly net?: string;
  readonly routes?: string;
  readonly beginSeconds?: number;
  readonly endSeconds?: number;
  /** After the begin. */
  readonly untilSeconds?: number;
}

/** Seed of SUMO's files, whatever they say. */
const DEFAULT_SEED = 0;

/** Reads what is needed. Throws SourceError for what is missing or contradicts itself. */
export async function openSumoCase(options: SumoCaseOptions): Promise<SumoCase> {
  const { config, net, routes } = options;
  if (config !== undefined && (net !== undefined || routes !== undefined)) {
    throw new SourceError(`Both ${config} and --net or --routes are given. Give a .sumocfg, or a network and routes.`);
  }
  if (config === undefined && (net === undefined || routes === undefined)) {
    throw new SourceError('Give a .sumocfg, or --net FILE and --routes FILE.');
  }
  const read = await (config === undefined ? fromFiles(net!, routes!) : fromConfig(config));
  const beginSeconds = options.beginSeconds ?? read.beginSeconds;
  const endSeconds =
    options.untilSeconds !== undefined ? beginSeconds + options.untilSeconds : (options.endSeconds ?? read.endSeconds);
  if (endSeconds <= beginSeconds) {
    throw new SourceError(`The end, ${endSeconds} s, is not after the begin, ${beginSeconds} s. Give a later --end.`);
  }
  return { ...read, beginSeconds, endSeconds };
}

async function fromFiles(net: string, routes: string): Promise<SumoCase> {
  const routeFiles = routes.split(',').map((file) => resolve(file.trim()));
  for (const file of routeFiles) await mustExist(file);
  return {
    name: basename(routeFiles[0]!).replace(/(\.rou|\.trips)?\.xml(\.gz)?$/, ''),
    net: await readNet(resolve(net)),
    netFile: resolve(net),
    routeFiles,
    additionalFiles: [],
    configFile: null,
    beginSeconds: 0,
    endSeconds: Number.NaN,
    stepSeconds: 1,
    seed: DEFAULT_SEED,
    switchedBy: [],
  };
}

async function fromConfig(path: string): Promise<SumoCase> {
  const configFile = resolve(path);
  const text = await readText(configFile);
  const config = said(() => readSumoConfig(text, path));
  const folder = dirname(configFile);
  const absolute = (file: string): string => resolve(folder, file);
  const files = [...config.routeFiles, ...config.additionalFiles];
  for (const file of files) await mustExist(absolute(file));
  const additionalFiles = config.additionalFiles.map(absolute);
  let net = await readNet(absolute(config.netFile));
  const switchedBy: string[] = [];
  for (const file of additionalFiles) {
    const text = await readText(file);
    // What else is in it is SUMO's to judge.
    if (/<tlLogic[\s>]/.test(text)) net = said(() => withPrograms(net, text, file));
    if (/<WAUT[\s>]/.test(text)) switchedBy.push(file);
  }
  return {
    name: basename(configFile).replace(/\.sumocfg$/, ''),
    net,
    netFile: absolute(config.netFile),
    routeFiles: config.routeFiles.map(absolute),
    additionalFiles,
    configFile,
    beginSeconds: config.beginSeconds,
    endSeconds: config.endSeconds,
    stepSeconds: config.stepSeconds,
    seed: DEFAULT_SEED,
    switchedBy,
  };
}

async function readNet(path: string): Promise<SumoNet> {
  const text = await readText(path);
  return said(() => readSumoNet(text, path));
}

async function readText(path: string): Promise<string> {
  await mustExist(path);
  return readInputText(path).catch((error: Error) => {
    throw error.name === 'UnreadableFile' ? new SourceError(error.message, { cause: error }) : error;
  });
}

async function mustExist(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new SourceError(`${path}: there is no such file. Check the path.`);
  if (found.isDirectory()) throw new SourceError(`${path}: is a folder. Name a file in it.`);
}

function said<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as Error).name === 'InputFileError') throw new SourceError((error as Error).message, { cause: error });
    throw error;
  }
}
