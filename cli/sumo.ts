/** `flextraff sumo`: SUMO as the street. */

import { openSumoCase } from '../runs/sumo/case.ts';
import { SumoError } from '../runs/sumo/process.ts';
import { runSumo, type SumoRunResult } from '../runs/sumo/run.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import { parseDetection } from './detection.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { startProgress } from './progress.ts';
import { align } from './table.ts';
import { parseVariant, parseVariants } from './variants.ts';

export interface SumoOptions {
  readonly net?: string;
  readonly routes?: string;
  readonly begin?: number;
  readonly end?: number;
  readonly until?: number;
  readonly strategy?: string;
  readonly variant: readonly string[];
  readonly seed?: number;
  readonly detection: string;
  readonly netStages?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly why?: boolean;
}

export async function sumo(config: string | undefined, options: SumoOptions): Promise<void> {
  const detection = parseDetection(options.detection);
  const variants = variantsOf(options);
  const sumoCase = await openSumoCase({
    config,
    net: options.net,
    routes: options.routes,
    beginSeconds: options.begin,
    endSeconds: options.end,
    untilSeconds: options.until,
  });
  const interrupt = onInterrupt();
  const length = sumoCase.endSeconds - sumoCase.beginSeconds;
  const progress = startProgress(
    Number.isNaN(length) ? 0 : Math.round(length * variants.length),
    options.json === true,
  );
  const broken: string[] = [];
  try {
    const result = await runSumo({
      sumoCase,
      variants,
      seed: options.seed ?? sumoCase.seed,
      detection,
      stages: options.netStages ? 'net' : 'all',
      out: options.out,
      signal: interrupt.signal,
      onProgress: (name, seconds) =>
        progress.at(Math.round(variants.findIndex((variant) => variant.name === name) * length + seconds)),
      onNotice: (name, notice) => progress.note(`${name}: ${notice}`),
      onBroken: variants.length > 1 ? (name, { message }) => broken.push(`Variant ${name}: ${message}`) : undefined,
      onDecision: options.why
        ? (name, decision) => process.stderr.write(`${JSON.stringify({ variant: name, ...decision })}\n`)
        : undefined,
    });
    progress.end();
    if (options.json) {
      const { decisions, ...rest } = result;
      for (const [name, { count, meanMs, p99Ms }] of Object.entries(decisions)) {
        process.stderr.write(
          `${name}: ${count} decisions: mean ${meanMs.toFixed(3)} ms, p99 ${p99Ms.toFixed(2)} ms of wall time\n`,
        );
      }
      process.stdout.write(`${JSON.stringify(rest)}\n`);
    } else process.stdout.write(`${table(result)}\n`);
    if (options.out !== undefined) process.stderr.write(`\nSUMO's own files are in ${options.out}.\n`);
    if (broken.length > 0) throw new SumoError(broken.join('\n'));
  } finally {
    progress.end();
    interrupt.release();
  }
}

function variantsOf({ strategy, variant }: SumoOptions): VariantSettings[] {
  if (strategy !== undefined && variant.length > 0) throw new Refusal('Give --strategy, or --variant, not both.');
  if (strategy === undefined) {
    return variant.length > 0 ? parseVariants(variant) : [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }];
  }
  const [name] = strategy.split(',');
  return [parseVariant(`${/^[a-z][a-z0-9-]*$/.test(name!) ? name : 'adaptive'}=${strategy}`)];
}

function table({ scenario, seed, durationSeconds, variants, decisions, performance }: SumoRunResult): string {
  const number = (value: number | undefined, digits = 1): string => (value === undefined ? '-' : value.toFixed(digits));
  const rows = [
    ['', 'demanded', 'arrived', 'running', 'waiting', 'delay s', 'median', 'p95', 'p99', 'longest wait', 'decision ms'],
    ...Object.entries(variants).map(([name, { vehicles, delaySeconds, waitingSeconds }]) => [
      name,
      ...[vehicles.demanded, vehicles.arrived, vehicles.running, vehicles.waiting].map(String),
      number(delaySeconds.mean),
      number(delaySeconds.median),
      number(delaySeconds.p95),
      number(delaySeconds.p99),
      number(waitingSeconds.max, 0),
      decisions[name] === undefined
        ? '-'
        : `${decisions[name].meanMs.toFixed(2)}, p99 ${decisions[name].p99Ms.toFixed(1)}`,
    ]),
  ];
  return [
    `${scenario} in SUMO, seed ${seed}, ${durationSeconds} s`,
    '',
    ...align(rows),
    '',
    `${performance.wallSeconds.toFixed(1)} s (${performance.cpuSeconds.toFixed(1)} s of CPU time here, SUMO's not counted)`,
  ].join('\n');
}
