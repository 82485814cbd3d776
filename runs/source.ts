/** What a run is made of: a scenario file, the name of a scenario that ships, or a CityFlow folder. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { nearest } from '../scenarios/issues.ts';
import { scenarioFiles } from '../scenarios/list.ts';
import { loadScenario } from '../scenarios/load.ts';
import type { Scenario, VariantSettings } from '../scenarios/types.ts';
import { openStreet, type Street, type StreetOptions, type StreetSource } from '../sim/street.ts';

export interface Source {
  readonly kind: 'scenario' | 'cityflow';
  /** File or folder name without ending. */
  readonly name: string;
  readonly title: string;
  /** The file or folder read. */
  readonly path: string;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
  readonly startsAtMs: number;
  readonly timeZone: string;
  readonly seeds: readonly number[];
  readonly variants: readonly VariantSettings[];
  /** null for a CityFlow folder. */
  readonly scenario: Scenario | null;
  /** Opens a street at time 0. Throws SourceError for a file that cannot be used. */
  open(options: StreetOptions): Street;
}

export interface SourceOptions {
  /** Folders with scenarios of the user's own; those that ship come after. */
  readonly directories?: readonly string[];
  /** Ends the run so many seconds after its begin, whatever the file says. */
  readonly untilSeconds?: number;
}

/** Input that names no run. The message is for the user: what, what is allowed, what to do. */
export class SourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SourceError';
  }
}

const CITYFLOW_SECONDS = 3600;
const UNTIL_SECONDS_MAX = 7 * 86_400;
/** CityFlow's files carry no date: the default start of a scenario. */
const CITYFLOW_STARTS_AT_MS = Date.UTC(2024, 0, 1);

/**
 * Finds and reads what `path` names. Throws ScenarioError with every mistake of a scenario file, SourceError for the
 * rest.
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<Source> {
  checkUntil(options.untilSeconds);
  if (/\.(sumocfg|net\.xml|rou\.xml)$/.test(path)) {
    throw new SourceError(
      `${path}: SUMO's files cannot be run yet; a later version brings them. Use a scenario file or a CityFlow folder.`,
    );
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return openFolder(path, options);
  if (found) return openScenario(path, options);
  const named = /[\\/]/.test(path)
    ? undefined
    : (await scenarioFiles(options.directories)).get(basename(path).replace(/\.ya?ml$/, ''));
  if (named !== undefined) return openScenario(named, options);
  throw await missing(path, options);
}

function checkUntil(untilSeconds: number | undefined): void {
  if (untilSeconds === undefined) return;
  if (Number.isInteger(untilSeconds) && untilSeconds >= 1 && untilSeconds <= UNTIL_SECONDS_MAX) return;
  throw new SourceError(`--until is ${untilSeconds}; whole seconds from 1 to ${UNTIL_SECONDS_MAX} (7 days).`);
}

async function missing(path: string, options: SourceOptions): Promise<SourceError> {
  const names = [...(await scenarioFiles(options.directories)).keys()];
  const alike = nearest(basename(path).replace(/\.ya?ml$/, ''), names);
  return new SourceError(
    `${path}: there is no such file or folder, nor a scenario of that name. ` +
      `${alike === undefined ? '' : `Did you mean ${alike}? `}Scenarios: ${names.join(', ') || 'none'}.`,
  );
}

async function openScenario(path: string, options: SourceOptions): Promise<Source> {
  const loaded = await loadScenario(path);
  const { untilSeconds } = options;
  if (untilSeconds !== undefined && untilSeconds <= loaded.warmUpSeconds) {
    throw new SourceError(
      `--until is ${untilSeconds}, within the warm-up of ${loaded.warmUpSeconds} s in which nothing is measured. Choose a later end.`,
    );
  }
  const scenario = untilSeconds === undefined ? loaded : { ...loaded, durationSeconds: untilSeconds };
  return {
    kind: 'scenario',
    name: scenario.name,
    title: scenario.title,
    path,
    stepSeconds: scenario.stepSeconds,
    durationSeconds: scenario.durationSeconds,
    startsAtMs: scenario.startsAtMs,
    timeZone: scenario.timeZone,
    seeds: scenario.seeds,
    variants: scenario.variants,
    scenario,
    open: (streetOptions) => open({ kind: 'scenario', scenario }, streetOptions),
  };
}

async function openFolder(path: string, options: SourceOptions): Promise<Source> {
  const names = new Set(await readdir(path));
  if (!names.has('roadnet.json') || !names.has('flow.json')) {
    const sumo = [...names].some((name) => name.endsWith('.sumocfg'));
    throw new SourceError(
      `${path}: a CityFlow folder has roadnet.json and flow.json; ` +
        `${['roadnet.json', 'flow.json'].filter((name) => !names.has(name)).join(' and ')} missing. ` +
        (sumo
          ? "SUMO's files cannot be run yet; a later version brings them."
          : 'Name such a folder, or a scenario file.'),
    );
  }
  const name = basename(resolve(path));
  const source: StreetSource = {
    kind: 'cityflow',
    name,
    roadnet: await readJson(join(path, 'roadnet.json')),
    flow: await readJson(join(path, 'flow.json')),
    durationSeconds: options.untilSeconds ?? CITYFLOW_SECONDS,
  };
  return {
    kind: 'cityflow',
    name,
    title: name,
    path,
    stepSeconds: 1,
    durationSeconds: source.durationSeconds,
    startsAtMs: CITYFLOW_STARTS_AT_MS,
    timeZone: 'UTC',
    seeds: [0],
    variants: [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }],
    scenario: null,
    open: (streetOptions) => open(source, streetOptions, path),
  };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SourceError(`${path}: cannot be read (${error.code ?? error.message}). Check its permissions.`, {
      cause: error,
    });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SourceError(`${path}: is no JSON: ${(error as Error).message}. Get the file again, or correct it.`, {
      cause: error,
    });
  }
}

/** `folder` holds the files that the simulator's own messages name. */
function open(source: StreetSource, options: StreetOptions, folder = ''): Street {
  try {
    return openStreet(source, options);
  } catch (error) {
    if ((error as Error).name === 'InputFileError')
      throw new SourceError(join(folder, (error as Error).message), { cause: error });
    throw error;
  }
}
