/** The scenarios that the twin can run, as their files are now. */
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { ScenarioIssue, V2xSettings } from '../scenarios/types.ts';
import { scenarioFiles } from '../scenarios/list.ts';
import { openSource, type Source } from './source.ts';
import { type RunRequest, type ScenarioSummary, TwinError } from './twin-types.ts';
import { checkVariants } from './variants.ts';

export interface CatalogueOptions {
  /** Folders with scenarios beside those that ship. */
  readonly directories: readonly string[];
  /** Scenario files outside those folders, offered under their file names. */
  readonly files: readonly string[];
  /** What broadcasts in one of the files, whatever it says. */
  readonly v2x?: { readonly file: string; readonly settings: V2xSettings };
  /** A file is left out of the list because of mistakes in it. */
  onLeftOut(file: string, error: Error): void;
}

export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #sources = new Map<string, { changedMs: number; source: Source }>();

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  async #files(): Promise<Map<string, string>> {
    const files = await scenarioFiles(this.#options.directories);
    for (const file of this.#options.files) files.set(basename(file, extname(file)), resolve(file));
    return files;
  }

  /** Read again only when the file changed. */
  async #source(file: string): Promise<Source> {
    const changedMs = (await stat(file)).mtimeMs;
    const known = this.#sources.get(file);
    if (known?.changedMs === changedMs) return known.source;
    const { v2x } = this.#options;
    const options = v2x !== undefined && resolve(v2x.file) === resolve(file) ? { v2x: v2x.settings } : {};
    const source = besideHorizon(await openSource(file, options));
    this.#sources.set(file, { changedMs, source });
    return source;
  }

  async summaries(): Promise<ScenarioSummary[]> {
    const summaries: ScenarioSummary[] = [];
    for (const file of (await this.#files()).values()) {
      try {
        summaries.push(scenarioSummary(await this.#source(file)));
      } catch (error) {
        this.#options.onLeftOut(file, error as Error);
      }
    }
    return summaries;
  }

  /** The scenario of that name; null where there is none, or none that can be read. */
  async find(name: string): Promise<Source | null> {
    const file = (await this.#files()).get(name);
    return file === undefined ? null : this.#source(file).catch(() => null);
  }

  /** What a request asks for. Throws TwinError for a seed, pace or scenario that is not allowed. */
  async requested({ scenario, seed, pace = 'max' }: RunRequest): Promise<Source> {
    if (!Number.isInteger(seed) || seed < 0 || seed > 4_294_967_295) {
      const message = `seed is ${JSON.stringify(seed)}; a whole number from 0 to 4294967295.`;
      throw new TwinError('seed_invalid', 400, message, { field: 'seed' });
    }
    if (pace !== 'max' && !(typeof pace === 'number' && pace >= 0.1 && pace <= 1000)) {
      const message = `pace is ${JSON.stringify(pace)}; "max", or simulated seconds per second from 0.1 to 1000.`;
      throw new TwinError('pace_invalid', 400, message, { field: 'pace' });
    }
    const files = await this.#files();
    const file = files.get(scenario);
    if (file === undefined) {
      throw new TwinError('scenario_unknown', 404, `There is no scenario ${JSON.stringify(scenario)}.`, {
        field: 'scenario',
        hint: `There are: ${[...files.keys()].join(', ')}.`,
      });
    }
    try {
      const source = await this.#source(file);
      checkVariants(source, source.variants);
      return source;
    } catch (error) {
      throw refused(error as Error & { issues?: readonly ScenarioIssue[] });
    }
  }
}

/** The twin plays two worlds: a peer's file, which has its own programs only, beside `horizon` where that can steer it. */
function besideHorizon(source: Source): Source {
  if (source.kind === 'scenario') return source;
  const variants = [...source.variants, { name: 'adaptive', strategy: 'horizon', parameters: {} }];
  try {
    checkVariants(source, variants);
  } catch (error) {
    if ((error as Error).name === 'StrategyError') return source;
    throw error;
  }
  return { ...source, variants };
}

function refused(error: Error & { issues?: readonly ScenarioIssue[] }): Error {
  if (!['ScenarioError', 'SourceError', 'StrategyError'].includes(error.name)) return error;
  const hint = 'Correct the scenario file.';
  const twinError = new TwinError('scenario_invalid', 422, error.message, { field: 'scenario', hint });
  return error.issues ? Object.assign(twinError, { issues: error.issues }) : twinError;
}

function scenarioSummary(source: Source): ScenarioSummary {
  const { scenario } = source;
  return {
    name: source.name,
    title: source.title,
    description: scenario?.description ?? '',
    seeds: [...source.seeds],
    durationSeconds: source.durationSeconds,
    stepSeconds: source.stepSeconds,
    startsAt: new Date(source.startsAtMs).toISOString(),
    timeZone: source.timeZone,
    variants: source.variants.map(({ name, strategy }) => ({ name, strategy })),
    junctions: source.signals().length,
    vehiclesDemanded: Math.round(demandedVehicles(source)),
  };
}

/** Vehicles that the file asks for within the run; with random arrivals a seed may give a few more or less. */
function demandedVehicles(source: Source): number {
  const { scenario, durationSeconds } = source;
  const given = source.vehicles();
  if (given !== null) return given;
  let sum = 0;
  for (const { periodSeconds, vehicles } of scenario?.demand ?? []) {
    vehicles.forEach((count, period) => {
      sum += count * Math.min(1, Math.max(0, durationSeconds / periodSeconds - period));
    });
  }
  return sum;
}
