/**
 * Runs SUMO as the street: one variant after the other, each a SUMO of its own with the same seed. SUMO moves the vehicles
 * and measures them; our strategies see what its detectors and radios would say, and set its signals through the interlock
 * and the lamp device.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Neighbours } from '../../controller/coordination.ts';
import { checkJunction, checkParameters, StrategyError, strategyNamed } from '../../controller/strategies/index.ts';
import type { Observation, Parameters, ReportedVehicle, Strategy } from '../../controller/types.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { VariantSettings } from '../../scenarios/types.ts';
import type { RunResult, VariantResult } from '../types.ts';
import type { SumoCase } from './case.ts';
import { type Detection, DetectionOfStreet } from './detection.ts';
import { type JunctionDecision, SumoJunction } from './junction.ts';
import { checkExit, SumoError, type SumoProcess, startSumo, startTraci } from './process.ts';
import { escaped, programmesFor, SUMO_STRATEGIES, type SumoStrategy } from './programmes.ts';
import { type StageSet, signalsOf } from './signals.ts';
import { type TraciClient, TraciError } from './traci.ts';
import { measureTrips, readTrips } from './tripinfo.ts';

/** Midnight of SUMO's clock. */
const STARTS_AT_MS = Date.UTC(2024, 0, 1);
/** A run without an end gives up here, seconds. */
const LONGEST_SECONDS = 86_400;

export interface SumoRunOptions {
  readonly sumoCase: SumoCase;
  readonly variants: readonly VariantSettings[];
  readonly seed: number;
  readonly detection: Detection;
  readonly stages: StageSet;
  /** Keeps `tripinfo.xml` and `tls-states.xml` there; with several variants in a folder each. */
  readonly out?: string;
  readonly signal?: AbortSignal;
  /** Each second of each junction: what the strategy saw, and what there was to be seen. */
  readonly onFrame?: (frame: SumoFrame) => void;
  readonly onDecision?: (variant: string, decision: JunctionDecision) => void;
  readonly onProgress?: (variant: string, simulatedSeconds: number) => void;
  readonly onNotice?: (variant: string, notice: string) => void;
  /** Where SUMO broke under one of several variants; the others are run all the same. Without it the first ends the run. */
  readonly onBroken?: (variant: string, error: SumoError) => void;
}

export interface SumoFrame {
  readonly variant: string;
  readonly configuration: JunctionConfiguration;
  readonly observation: Observation;
  /** Every vehicle on the lanes of the signal, in the lane where it is. */
  readonly truth: readonly ReportedVehicle[];
  readonly decision: JunctionDecision | null;
}

export interface DecisionTimes {
  readonly count: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface SumoRunResult extends RunResult {
  /** Wall time that decisions took, by variant; absent where SUMO decides. */
  readonly decisions: Readonly<Record<string, DecisionTimes>>;
}

interface Outcome {
  readonly result: VariantResult;
  readonly vehicleUpdates: number;
  readonly durationSeconds: number;
  readonly times: DecisionTimes | null;
}

/** Why a variant cannot be run; throws StrategyError with all of it, before anything starts. */
export function checkSumoVariants(options: Pick<SumoRunOptions, 'sumoCase' | 'variants' | 'stages'>): void {
  const { sumoCase, variants, stages } = options;
  const problems = variants.flatMap(({ name, strategy, parameters }) => {
    const [switching] = sumoCase.switchedBy;
    if (switching !== undefined && strategy !== 'fixed-time') {
      return [
        `variant ${name}: ${switching} has a <WAUT>, by which SUMO changes the signals' programmes by itself. Remove it, or run fixed-time alone`,
      ];
    }
    try {
      if (isSumoStrategy(strategy)) {
        const given = Object.keys(parameters);
        return given.length === 0 ? [] : [`variant ${name}: ${strategy} is run by SUMO and takes no parameters`];
      }
      const found = namedStrategy(strategy);
      const { own, set } = ownParameters(parameters, stages);
      const complete = checkParameters(found, own);
      const { signals } = signalsOf(sumoCase.net, sumoCase.name, set);
      return signals.flatMap(({ id, configuration }) => {
        const reason = checkJunction(found, configuration, complete);
        return reason === null ? [] : [`variant ${name}: junction ${id}: ${reason}`];
      });
    } catch (error) {
      if (error instanceof StrategyError) return [`variant ${name}: ${error.message}`];
      throw error;
    }
  });
  if (problems.length > 0) throw new StrategyError([...new Set(problems)].slice(0, 20).join('\n'));
}

function isSumoStrategy(strategy: string): strategy is SumoStrategy {
  return (SUMO_STRATEGIES as readonly string[]).includes(strategy);
}

function namedStrategy(name: string): Strategy {
  try {
    return strategyNamed(name);
  } catch (error) {
    throw new StrategyError(`${(error as Error).message} In SUMO also: ${SUMO_STRATEGIES.join(', ')}.`);
  }
}

/** `stageSet=net|all` of a variant goes before the run's. */
function ownParameters(parameters: Parameters, usual: StageSet): { own: Parameters; set: StageSet } {
  const { stageSet, ...own } = parameters;
  if (stageSet === undefined) return { own, set: usual };
  if (stageSet !== 'net' && stageSet !== 'all') throw new StrategyError(`stageSet is ${stageSet}; net or all`);
  return { own, set: stageSet };
}

/**
 * Runs all variants. Rejects with SumoError where SUMO is missing or breaks (with `onBroken`: under all of them), with
 * StrategyError for what cannot be run.
 */
export async function runSumo(options: SumoRunOptions): Promise<SumoRunResult> {
  checkSumoVariants(options);
  const { sumoCase, seed, variants, out } = options;
  const begin = { wall: performance.now(), cpu: process.cpuUsage() };
  const results: Record<string, VariantResult> = {};
  const decisions: Record<string, DecisionTimes> = {};
  let vehicleUpdates = 0;
  let durationSeconds = 0;
  let broken: SumoError | null = null;
  for (const variant of variants) {
    // SUMO takes names in an additional file as relative to that file.
    const kept = out === undefined ? null : resolve(out, variants.length > 1 ? variant.name : '.');
    const folder = kept ?? (await mkdtemp(join(tmpdir(), 'flextraff-sumo-')));
    await mkdir(folder, { recursive: true });
    try {
      const outcome = await runVariant(options, variant, folder, kept !== null);
      results[variant.name] = outcome.result;
      if (outcome.times !== null) decisions[variant.name] = outcome.times;
      vehicleUpdates += outcome.vehicleUpdates;
      durationSeconds = Math.max(durationSeconds, outcome.durationSeconds);
    } catch (error) {
      if (!(error instanceof SumoError) || options.onBroken === undefined || options.signal?.aborted) throw error;
      options.onBroken(variant.name, error);
      broken ??= error;
    } finally {
      if (kept === null) await rm(folder, { recursive: true, force: true });
    }
  }
  if (broken !== null && Object.keys(results).length === 0) throw broken;
  const cpu = process.cpuUsage(begin.cpu);
  return {
    scenario: sumoCase.name,
    seed,
    stepSeconds: sumoCase.stepSeconds,
    durationSeconds,
    variants: results,
    performance: {
      vehicleUpdates,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      wallSeconds: (performance.now() - begin.wall) / 1000,
      peakRssMebibytes: process.resourceUsage().maxRSS / 1024,
    },
    decisions,
  };
}

async function runVariant(
  options: SumoRunOptions,
  variant: VariantSettings,
  folder: string,
  keep: boolean,
): Promise<Outcome> {
  const { sumoCase, seed, signal } = options;
  const tripFile = join(folder, 'tripinfo.xml');
  const ours = !isSumoStrategy(variant.strategy);
  const additional = [...sumoCase.additionalFiles];
  const programmes = ours ? null : await programmesFor(sumoCase, variant.strategy as SumoStrategy);
  if (programmes !== null) additional.push(await written(folder, 'programmes.add.xml', programmes));
  if (keep) {
    const events = [...sumoCase.net.programs.keys()].map(
      (id) =>
        `  <timedEvent type="SaveTLSStates" source="${escaped(id)}" dest="${escaped(join(folder, 'tls-states.xml'))}"/>`,
    );
    additional.push(await written(folder, 'states.add.xml', `<additional>\n${events.join('\n')}\n</additional>\n`));
  }
  const until = Number.isNaN(sumoCase.endSeconds) ? [] : ['--end', String(sumoCase.endSeconds)];
  const source =
    sumoCase.configFile === null
      ? ['--net-file', sumoCase.netFile, '--route-files', sumoCase.routeFiles.join(',')]
      : ['--configuration-file', sumoCase.configFile];
  const sumoOptions = [
    ...source,
    ...(additional.length > 0 ? ['--additional-files', additional.join(',')] : []),
    ...['--begin', String(sumoCase.beginSeconds), ...until, '--step-length', String(sumoCase.stepSeconds)],
    ...['--seed', String(seed), '--random', 'false', '--time-to-teleport', '-1', '--time-to-teleport.highways', '0'],
    ...['--max-depart-delay', '-1', '--num-clients', '1', '--output-prefix', '', '--human-readable-time', 'false'],
    ...['--tripinfo-output', tripFile, '--tripinfo-output.write-unfinished', 'true'],
    ...['--tripinfo-output.write-undeparted', 'true', '--device.tripinfo.probability', '1'],
    ...['--no-step-log', 'true', '--xml-validation', 'never', '--xml-validation.net', 'never'],
    ...['--xml-validation.routes', 'never', '--duration-log.disable', 'true'],
  ];
  const run = ours
    ? await steer(options, variant, sumoOptions)
    : await watch([...sumoOptions, '--remote-port', '0'], signal);
  if (run.teleported > 0) {
    const many = run.teleported === 1 ? 'a vehicle' : `${run.teleported} vehicles`;
    options.onNotice?.(
      variant.name,
      `SUMO teleported ${many}: where standing vehicles stay, a collision is what does that`,
    );
  }
  const trips = await readTrips(tripFile, sumoCase.endSeconds).catch((error: unknown) => {
    throw new SumoError(`SUMO's tripinfo cannot be read: ${(error as Error).message}`, { cause: error });
  });
  const end = Number.isNaN(sumoCase.endSeconds)
    ? (run.endedSeconds ?? Math.max(sumoCase.beginSeconds + 1, ...trips.map(({ arrivalSeconds }) => arrivalSeconds)))
    : sumoCase.endSeconds;
  const durationSeconds = end - sumoCase.beginSeconds;
  const driven = trips.reduce((sum, { durationSeconds: seconds }) => sum + Math.max(0, seconds), 0);
  return {
    result: measureTrips(trips, variant.strategy, durationSeconds),
    vehicleUpdates: Math.round(driven / sumoCase.stepSeconds),
    durationSeconds,
    times: run.times,
  };
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

interface Driven {
  /** On SUMO's clock; null: to the end that was given. */
  readonly endedSeconds: number | null;
  readonly times: DecisionTimes | null;
  readonly teleported: number;
}

/** SUMO alone. */
async function watch(sumoOptions: readonly string[], signal: AbortSignal | undefined): Promise<Driven> {
  const sumo = await startSumo(sumoOptions);
  const stop = () => sumo.kill();
  signal?.addEventListener('abort', stop);
  const code = await sumo.ended;
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw new SumoError('The run was stopped.');
  checkExit(code, sumo);
  return { endedSeconds: null, times: null, teleported: sumo.teleported() };
}

/** SUMO, step by step, with our lamps. */
async function steer(
  options: SumoRunOptions,
  variant: VariantSettings,
  sumoOptions: readonly string[],
): Promise<Driven> {
  const { sumo, traci } = await startTraci(sumoOptions);
  try {
    const driven = await drive(options, variant, traci);
    await traci.close();
    const code = await Promise.race([sumo.ended, patience()]);
    checkExit(code, sumo);
    return driven;
  } catch (error) {
    throw error instanceof TraciError ? await explained(error, sumo) : error;
  } finally {
    traci.destroy();
    sumo.kill();
  }
}

function patience(): Promise<number> {
  return new Promise((resolve) => setTimeout(() => resolve(0), 30_000).unref());
}

/** The connection broke: what SUMO itself has to say of it. */
async function explained(error: TraciError, sumo: SumoProcess): Promise<Error> {
  const code = await Promise.race([
    sumo.ended,
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 2000).unref()),
  ]);
  const said = sumo.said();
  const ended = code === undefined ? '' : ` SUMO ended with code ${code}.`;
  return new SumoError(`${error.message}.${ended}${said === '' ? '' : ` It said:\n${said}`}`, { cause: error });
}

async function drive(options: SumoRunOptions, variant: VariantSettings, traci: TraciClient): Promise<Driven> {
  const { sumoCase, detection, signal, onDecision, onFrame, onProgress, onNotice } = options;
  const { beginSeconds, stepSeconds } = sumoCase;
  const { own, set } = ownParameters(variant.parameters, options.stages);
  const { signals, leftAlone } = signalsOf(sumoCase.net, sumoCase.name, set);
  for (const { id, why } of leftAlone) onNotice?.(variant.name, `signal ${id} keeps SUMO's own programme: ${why}`);
  const strategy = namedStrategy(variant.strategy);
  const parameters = checkParameters(strategy, own);
  const share = detection === 'full' ? 1 : detection === 'loops' ? 0 : detection.share;
  const ms = (steps: number): number => STARTS_AT_MS + Math.round((beginSeconds + steps * stepSeconds) * 1000);
  const junctions = signals.map((one) => new SumoJunction(one, strategy, parameters, ms(0), share));
  const neighbours = new Neighbours(signals.map(({ configuration }) => configuration));
  const street = new DetectionOfStreet(sumoCase.net, signals, detection);
  const end = Number.isNaN(sumoCase.endSeconds) ? beginSeconds + LONGEST_SECONDS : sumoCase.endSeconds;
  const steps = Math.ceil((end - beginSeconds) / stepSeconds - 1e-9);
  const perDecision = Math.max(1, Math.round(1 / stepSeconds));
  traci.watchSimulation();
  let endedSeconds: number | null = null;
  let teleported = 0;
  for (let k = 0; k < steps; k++) {
    if (k % perDecision === 0) {
      const readings = street.readings();
      const reports = street.reports();
      const truth = onFrame === undefined ? undefined : street.truth();
      const pictures = signals.map(({ configuration }) => neighbours.picture(configuration.junctionId, ms(k)));
      junctions.forEach((junction, j) => {
        const decision = junction.decide(ms(k), readings[j]!, reports?.[j], pictures[j]);
        if (junction.outlook !== undefined) neighbours.tell(signals[j]!.configuration.junctionId, junction.outlook);
        if (decision !== null) onDecision?.(variant.name, decision);
        if (truth === undefined || junction.observed === null) return;
        const { configuration } = junction.signal;
        onFrame?.({ variant: variant.name, configuration, observation: junction.observed, truth: truth[j]!, decision });
      });
      onProgress?.(variant.name, k * stepSeconds);
    }
    for (const junction of junctions) {
      const state = junction.lampsAt(ms(k));
      if (state !== null) traci.setSignal(junction.signal.id, state);
    }
    const { arrived, timeSeconds, expected, teleported: soFar } = await traci.step();
    teleported = soFar;
    street.step(traci.vehicles, arrived);
    for (const id of street.takeTurned()) traci.askRoute(id);
    if (signal?.aborted) throw new SumoError('The run was stopped.');
    if (Number.isNaN(sumoCase.endSeconds) && expected === 0) {
      endedSeconds = timeSeconds;
      break;
    }
  }
  if (Number.isNaN(sumoCase.endSeconds) && endedSeconds === null) {
    onNotice?.(variant.name, `not all vehicles had arrived after ${LONGEST_SECONDS} s; the run ends there`);
    endedSeconds = end;
  }
  const refusals = new Map<string, number>();
  for (const junction of junctions) {
    for (const [why, count] of junction.refusals) refusals.set(why, (refusals.get(why) ?? 0) + count);
  }
  for (const [why, count] of [...refusals].slice(0, 5)) {
    onNotice?.(variant.name, `the interlock refused ${count} decisions: ${why}`);
  }
  return { endedSeconds, times: timesOf(junctions), teleported };
}

function timesOf(junctions: readonly SumoJunction[]): DecisionTimes {
  const all = Float64Array.from(junctions.flatMap(({ tookMs }) => tookMs)).sort();
  const sum = all.reduce((total, value) => total + value, 0);
  return {
    count: all.length,
    meanMs: sum / Math.max(1, all.length),
    p99Ms: all[Math.floor(0.99 * (all.length - 1))] ?? 0,
    maxMs: all.at(-1) ?? 0,
  };
}
