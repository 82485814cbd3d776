/** `flextraff bench speed`: how many vehicle updates a second of CPU time brings. */
import { runVariants } from '../runs/runner.ts';
import { openSource, type Source } from '../runs/source.ts';
import type { SumoFileNames } from '../runs/sumo-files.ts';
import { Refusal } from './failure.ts';
import { loadSettings } from './settings.ts';
import { scenarioOf, type ScenarioOptions } from './sumo-options.ts';

export interface BenchSpeedOptions extends ScenarioOptions {
  readonly step?: number;
  readonly json?: boolean;
}

export interface SpeedResult {
  readonly case: string;
  readonly stepSeconds: number;
  /** Of one run: one vehicle in the network, one tick. */
  readonly updates: number;
  /** That of `flextraff run` for the first variant. */
  readonly digest: string;
  /** CPU time of the median warm run, s. */
  readonly cpuSeconds: number;
  readonly coldUpdatesPerCpuSecond: number;
  readonly warmUpdatesPerCpuSecond: number;
  readonly peakRssMebibytes: number;
  /** Reading the files and building the street for the first time, s of CPU time; in neither speed. */
  readonly readingCpuSeconds: number;
}

const WARM_RUNS = 5;

interface Hour {
  readonly updates: number;
  readonly digest: string;
  readonly cpuSeconds: number;
  readonly openedAt: NodeJS.CpuUsage;
}

const secondsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6;

/**
 * The first variant of a source, as `flextraff run` runs it, decisions in this thread. Its CPU time is that of the whole
 * process from the moment the street stands until the result is there: traffic, detectors, messages, decisions, measures,
 * digest, and the compiler's and the collector's threads.
 */
async function hourOf(source: Source): Promise<Hour> {
  let openedAt = process.cpuUsage();
  const result = await runVariants({
    source,
    variants: source.variants.slice(0, 1),
    observer: {
      onStart() {
        openedAt = process.cpuUsage();
      },
    },
  });
  const cpuSeconds = secondsOf(process.cpuUsage(openedAt));
  const [variant] = Object.values(result.variants);
  return { updates: result.performance.vehicleUpdates, digest: variant!.digest, cpuSeconds, openedAt };
}

/** The source in other steps. Throws Refusal for a step that does not divide a second. */
function inSteps(source: Source, stepSeconds: number): Source {
  const milliseconds = Math.round(stepSeconds * 1e6) / 1000;
  if (!Number.isInteger(milliseconds) || milliseconds < 10 || 1000 % milliseconds !== 0) {
    throw new Refusal(
      `--step is ${stepSeconds}; a whole number of steps must make a second, of whole milliseconds and at least 0.01 s, e.g. 1, 0.5, 0.2 or 0.1.`,
    );
  }
  return milliseconds === 1000 * source.stepSeconds ? source : source.inSteps(stepSeconds);
}

/** One cold run and five warm ones in this process. Call it once a process, before anything else was simulated. */
export async function measureSpeed(path: string, step?: number, sumo?: SumoFileNames): Promise<SpeedResult> {
  const { scenariosFolder } = loadSettings();
  const begin = process.cpuUsage();
  const opened = await openSource(path, {
    directories: scenariosFolder === undefined ? [] : [scenariosFolder],
    ...(sumo && { sumo }),
  });
  const source = step === undefined ? opened : inSteps(opened, step);
  const cold = await hourOf(source);
  const warm: Hour[] = [];
  for (let i = 0; i < WARM_RUNS; i++) {
    const hour = await hourOf(source);
    if (hour.digest !== cold.digest) {
      throw new Error(
        `${path}: two runs in one process have different digests, ${cold.digest} and ${hour.digest}. This is a fault of flextraff; please report it.`,
      );
    }
    warm.push(hour);
  }
  warm.sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  const { cpuSeconds } = warm[(WARM_RUNS - 1) / 2]!;
  return {
    case: source.name,
    stepSeconds: source.stepSeconds,
    updates: cold.updates,
    digest: cold.digest,
    cpuSeconds,
    coldUpdatesPerCpuSecond: Math.round(cold.updates / cold.cpuSeconds),
    warmUpdatesPerCpuSecond: Math.round(cold.updates / cpuSeconds),
    peakRssMebibytes: process.resourceUsage().maxRSS / 1024,
    readingCpuSeconds: secondsOf(cold.openedAt) - secondsOf(begin),
  };
}

const millions = (value: number): string => (value / 1e6).toFixed(1);

/** Throws Refusal, SettingsError, ScenarioError or SourceError for input that is refused. */
export async function benchSpeed(path: string | undefined, options: BenchSpeedOptions): Promise<void> {
  const named = scenarioOf(path, options);
  const result = await measureSpeed(named.path, options.step, named.sumo);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  process.stdout.write(
    [
      `${result.case} in steps of ${result.stepSeconds} s: ${result.updates} vehicle updates, digest ${result.digest}`,
      `  cold   ${millions(result.coldUpdatesPerCpuSecond).padStart(6)} million a CPU second (first run of the process)`,
      `  warm   ${millions(result.warmUpdatesPerCpuSecond).padStart(6)} million a CPU second (median of ${WARM_RUNS} more, ${result.cpuSeconds.toFixed(3)} s each)`,
      `  read   ${result.readingCpuSeconds.toFixed(3)} s of CPU time to read the files and build the street`,
      `  memory ${Math.round(result.peakRssMebibytes)} MiB at most`,
      '',
    ].join('\n'),
  );
}
