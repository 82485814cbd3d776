/** What a run is made of: a scenario file, the name of a scenario that ships, SUMO's files, or a CityFlow folder. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { scenarioFor } from '../scenarios/all-stages.ts';
import { nearest } from '../scenarios/issues.ts';
import { scenarioFiles } from '../scenarios/list.ts';
import { loadScenario } from '../scenarios/load.ts';
import type { Scenario, V2xSettings, VariantSettings } from '../scenarios/types.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { RadioSettings } from '../sim/detectors/radios.ts';
import { signalsOfFiles, vehiclesOfFiles } from '../sim/file-signals.ts';
import { drawSumo, noticesOf } from '../sim/network/sumo/case.ts';
import { noticeText } from '../sim/network/sumo/notices.ts';
import { openStreet, type Street, type StreetOptions, type StreetSource } from '../sim/street.ts';
import { sumoStartsAtMs } from '../sim/sumo-street.ts';
import { openSumoConfig, openSumoFiles, type OpenedSumo, type SumoFileNames } from './sumo-files.ts';

export interface Source {
  readonly kind: 'scenario' | 'cityflow' | 'sumo';
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
  /** null for peers' files. */
  readonly scenario: Scenario | null;
  /** What broadcasts; null: nothing. */
  readonly v2x: V2xSettings | null;
  /** Peers' files as read; null for a scenario. */
  readonly files: Exclude<StreetSource, { kind: 'scenario' }> | null;
  /**
   * Signals that strategies may steer, and those of peers' files that keep the file's program, with the reason. Throws
   * SourceError for a file that cannot be used. `parameters`: as a variant with these has them.
   */
  signals(parameters?: VariantSettings['parameters']): readonly SourceSignal[];
  /** Vehicles that peers' files send within the run, with their first seed; null for a scenario, which says it itself. */
  vehicles(): number | null;
  /** What the files ask for and is not done, in words; a street may add to it. */
  readonly warnings: readonly string[];
  /** The same in other steps, s. */
  inSteps(stepSeconds: number): Source;
  /** Opens a street at time 0. Throws SourceError for a file that cannot be used. */
  open(options: StreetOptions): Street;
}

export type SourceSignal =
  | { readonly name: string; readonly configuration: JunctionConfiguration }
  | { readonly name: string; readonly configuration: null; readonly reason: string };

export interface SourceOptions {
  /** SUMO's files one by one; the path is then not looked at. */
  readonly sumo?: SumoFileNames;
  /** Folders with scenarios of the user's own; those that ship come after. */
  readonly directories?: readonly string[];
  /** Ends the run so many seconds after its begin, whatever the file says. */
  readonly untilSeconds?: number;
  /** Vehicles that tell junctions where they are; not on SUMO's streets. Absent: none does, strategies go by loops. */
  readonly radio?: RadioSettings;
  /** What broadcasts, whatever the file says. */
  readonly v2x?: V2xSettings;
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
  const source = await found(path, options);
  return options.radio === undefined ? source : withRadio(source, options.radio);
}

function withRadio(source: Source, radio: RadioSettings): Source {
  if (source.kind === 'sumo') {
    throw new SourceError(
      `${source.path}: on SUMO's files our own traffic has loops only; leave --detection out, or let SUMO be the street: flextraff sumo.`,
    );
  }
  return {
    ...source,
    inSteps: (stepSeconds) => withRadio(source.inSteps(stepSeconds), radio),
    open: (options) => source.open({ ...options, radio }),
  };
}

async function found(path: string, options: SourceOptions): Promise<Source> {
  if (options.sumo !== undefined) return openSumo(options.sumo.net, options);
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) return openFolder(path, options);
  if (there && /\.sumocfg$/.test(path)) return openSumo(path, options);
  if (/\.(net|rou)\.xml(\.gz)?$/.test(path)) {
    throw new SourceError(
      `${path}: is a part of a SUMO case. Name its .sumocfg, or give the parts: --net FILE --routes FILE.`,
    );
  }
  if (there) return openScenario(path, options);
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
  return ofScenario(path, {
    ...loaded,
    ...(untilSeconds !== undefined && { durationSeconds: untilSeconds }),
    ...(options.v2x && { v2x: options.v2x }),
  });
}

function ofScenario(path: string, scenario: Scenario): Source {
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
    v2x: scenario.v2x ?? null,
    files: null,
    signals: (parameters) =>
      scenarioFor(scenario, parameters).junctions.map(({ name, configuration, rightOfWay }) =>
        rightOfWay === undefined ? { name, configuration } : { name, configuration: null, reason: 'it has none' },
      ),
    vehicles: () => null,
    warnings: [],
    inSteps: (stepSeconds) => ofScenario(path, { ...scenario, stepSeconds }),
    open: (streetOptions) => open({ kind: 'scenario', scenario }, streetOptions),
  };
}

async function openFolder(path: string, options: SourceOptions): Promise<Source> {
  const names = new Set(await readdir(path));
  if (!names.has('roadnet.json') || !names.has('flow.json')) {
    const configurations = [...names].filter((name) => name.endsWith('.sumocfg')).sort();
    if (configurations.length === 1) return openSumo(join(path, configurations[0]!), options);
    throw new SourceError(
      `${path}: a CityFlow folder has roadnet.json and flow.json; ` +
        `${['roadnet.json', 'flow.json'].filter((name) => !names.has(name)).join(' and ')} missing. ` +
        (configurations.length > 1
          ? `Of SUMO's configurations there are several, name one: ${configurations.join(', ')}.`
          : 'Name such a folder, a .sumocfg, or a scenario file.'),
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
  return ofPeer({ path, name, source, startsAtMs: CITYFLOW_STARTS_AT_MS, v2x: options.v2x ?? null }, path);
}

interface PeerCase {
  readonly path: string;
  readonly name: string;
  readonly source: Exclude<StreetSource, { kind: 'scenario' }>;
  readonly startsAtMs: number;
  readonly v2x: V2xSettings | null;
}

/** `folder` holds the files that the simulator's own messages name. */
function ofPeer(peer: PeerCase, folder = ''): Source {
  const { path, name, source, startsAtMs, v2x } = peer;
  let signals: readonly SourceSignal[] | null = null;
  return {
    kind: source.kind,
    name,
    title: name,
    path,
    stepSeconds: source.kind === 'sumo' ? source.files.stepSeconds : (source.stepSeconds ?? 1),
    durationSeconds: source.durationSeconds,
    startsAtMs,
    timeZone: 'UTC',
    seeds: [0],
    variants: [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }],
    scenario: null,
    v2x,
    files: source,
    signals() {
      signals ??= told(
        () => signalsOfFiles(source).map(({ name: signal, configured }) => ({ name: signal, ...configured })),
        folder,
      );
      return signals;
    },
    warnings: source.kind === 'sumo' ? noticesOf(source.files).map(noticeText) : [],
    vehicles: () => told(() => vehiclesOfFiles(source), folder),
    inSteps: (stepSeconds) =>
      ofPeer(
        {
          ...peer,
          source:
            source.kind === 'sumo'
              ? { ...source, files: { ...source.files, stepSeconds } }
              : { ...source, stepSeconds },
        },
        folder,
      ),
    open: (streetOptions) => open(source, { ...streetOptions, ...(v2x && { v2x }) }, folder),
  };
}

/** SUMO runs on until all have arrived where nothing says when to end; so long after the last departure all should have. */
const AFTER_LAST_DEPARTURE_SECONDS = 3600;

async function openSumo(path: string, options: SourceOptions): Promise<Source> {
  let opened: OpenedSumo;
  try {
    opened = await (options.sumo === undefined ? openSumoConfig(path) : openSumoFiles(options.sumo));
  } catch (error) {
    throw refused(error as Error);
  }
  const { files } = opened;
  const { name, beginSeconds, stepSeconds } = files;
  const milliseconds = stepSeconds * 1000;
  if (!Number.isInteger(milliseconds) || 1000 % milliseconds !== 0) {
    throw new SourceError(
      `${path}: step-length is ${stepSeconds} s; a whole number of steps must make a second, e.g. 1, 0.5, 0.2 or 0.1. Change step-length.`,
    );
  }
  const { durationSeconds, note } = durationOf(opened, options.untilSeconds);
  if (!(durationSeconds >= 1)) {
    throw new SourceError(
      `${path}: ends at ${opened.endSeconds} s, not a second after its begin at ${beginSeconds} s. Correct begin or end.`,
    );
  }
  const source: StreetSource = {
    kind: 'sumo',
    files: note === null ? files : { ...files, notices: [...files.notices, note] },
    durationSeconds,
  };
  return ofPeer({ path, name, source, startsAtMs: sumoStartsAtMs(files), v2x: options.v2x ?? null });
}

function durationOf({ files, endSeconds }: OpenedSumo, untilSeconds: number | undefined) {
  const { beginSeconds } = files;
  if (untilSeconds !== undefined) return { durationSeconds: untilSeconds, note: null };
  if (endSeconds - beginSeconds <= UNTIL_SECONDS_MAX)
    return { durationSeconds: Math.floor(endSeconds - beginSeconds), note: null };
  const { departures } = told(
    () => drawSumo(files, 0, Number.isNaN(endSeconds) ? Number.POSITIVE_INFINITY : endSeconds).demand,
  );
  const last = departures.at(-1)?.departSeconds ?? beginSeconds;
  const durationSeconds = Math.ceil(last - beginSeconds) + AFTER_LAST_DEPARTURE_SECONDS;
  if (durationSeconds > UNTIL_SECONDS_MAX) {
    throw new SourceError(
      `${files.name}: the last vehicle departs ${Math.round(last - beginSeconds)} s after the begin; a run has at most ${UNTIL_SECONDS_MAX} s (7 days). Give begin and end, or --until.`,
    );
  }
  const note = {
    what: 'end',
    count: 1,
    where: files.net.file,
    effect: `none is given: the run ends ${AFTER_LAST_DEPARTURE_SECONDS} s after the last departure, ${durationSeconds} s after its begin; --until S ends it elsewhere`,
    falsifies: false,
  };
  return { durationSeconds, note };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SourceError(`${path}: cannot be read (${error.code ?? error.message}). Check its permissions.`, {
      cause: error,
    });
  });
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new SourceError(`${path}: is no JSON: ${(error as Error).message}. Get the file again, or correct it.`, {
      cause: error,
    });
  }
}

/** `folder` holds the files that the simulator's own messages name. */
function open(source: StreetSource, options: StreetOptions, folder = ''): Street {
  return told(() => openStreet(source, options), folder);
}

/** What `make` makes; its complaints about input become SourceErrors. */
function told<T>(make: () => T, folder = ''): T {
  try {
    return make();
  } catch (error) {
    throw refused(error as Error, folder);
  }
}

function refused(error: Error, folder = ''): Error {
  if (!['InputFileError', 'UnreadableFile'].includes(error.name)) return error;
  const at = error.message.indexOf(':');
  const message = folder === '' ? error.message : join(folder, error.message.slice(0, at)) + error.message.slice(at);
  return new SourceError(message, { cause: error });
}
