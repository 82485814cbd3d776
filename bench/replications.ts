/**
 * Many replications of one scenario on all cores, from start to end of the process: the built program as a user runs it.
 * The digests of the first seeds are compared with those of single runs.
 *
 *   npm run build && npm run bench:replications [-- --seeds 1..1000 --scenario hangzhou-kn-hz --threads 2]
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { ReplicationsResult } from '../cli/replications.ts';
import type { RunResult } from '../runs/types.ts';
import { flextraff } from '../test/support/command.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'hangzhou-kn-hz' },
    seeds: { type: 'string', default: '1..1000' },
    threads: { type: 'string', default: String(availableParallelism()) },
    times: { type: 'string', default: '1' },
    variant: { type: 'string', multiple: true, default: [] },
  },
});
const variants = values.variant.flatMap((variant) => ['--variant', variant]);
const SINGLE_RUNS = 2;

async function json<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await flextraff(['run', values.scenario, '--json', ...variants, ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}
const digests = ({ variants }: Pick<RunResult, 'variants'>) =>
  Object.values(variants)
    .map(({ digest }) => digest)
    .join(' ');

console.log(
  `${values.scenario}, seeds ${values.seeds}, ${values.threads} threads; ${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)} before`,
);
const seconds: number[] = [];
let result: ReplicationsResult | null = null;
for (let i = 0; i < Number(values.times); i++) {
  const began = performance.now();
  result = await json<ReplicationsResult>(['--seeds', values.seeds, '--threads', values.threads]);
  seconds.push((performance.now() - began) / 1000);
  const { cpuSeconds, peakRssMebibytes } = result.performance;
  console.log(
    `  ${seconds.at(-1)!.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU time: ${((1000 * cpuSeconds) / result.seeds.length).toFixed(0)} ms a replication of ${Object.keys(result.summary.variants).length} variants; at most ${Math.round(peakRssMebibytes)} MiB`,
  );
}
const sorted = seconds.toSorted((a, b) => a - b);
console.log(`  median ${sorted[Math.floor(sorted.length / 2)]!.toFixed(1)} s, worst ${sorted.at(-1)!.toFixed(1)} s`);

for (const replication of result!.replications.slice(0, SINGLE_RUNS)) {
  const single = await json<RunResult>(['--seed', String(replication.seed)]);
  if (digests(single) === digests(replication)) continue;
  console.log(`DIGESTS DIFFER for seed ${replication.seed}: ${digests(single)} | ${digests(replication)}`);
  process.exitCode = 1;
}
if (process.exitCode === undefined) console.log(`  digests of ${SINGLE_RUNS} single runs agree`);
