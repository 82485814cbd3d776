/**
 * An hour of one junction in lockstep: in-process, through the embedded broker, and through a Mosquitto where
 * FLEXTRAFF_TEST_BROKER names one; side by side, in turns. The digests must agree.
 *
 *   npm run build && npm run bench:lockstep [-- --times 3 --scenario hangzhou-kn-hz]
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { RunResult } from '../runs/types.ts';
import { flextraff } from '../test/support/command.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '3' },
    scenario: { type: 'string', default: 'hangzhou-kn-hz' },
    until: { type: 'string', default: '3600' },
  },
});

const ways: Record<string, string[]> = { 'in-process': [], 'embedded broker': ['--link', 'mqtt'] };
if (process.env.FLEXTRAFF_TEST_BROKER) ways.Mosquitto = ['--broker', process.env.FLEXTRAFF_TEST_BROKER];
const seconds: Record<string, number[]> = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
const cpu: Record<string, number[]> = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
const digests = new Set<string>();

for (let i = 0; i < Number(values.times); i++) {
  for (const [way, args] of Object.entries(ways)) {
    const began = performance.now();
    const { code, stdout, stderr } = await flextraff([
      'run',
      values.scenario,
      '--until',
      values.until,
      '--json',
      ...args,
    ]);
    if (code !== 0) throw new Error(`${way}: ${stderr}`);
    const result = JSON.parse(stdout) as RunResult;
    seconds[way]!.push((performance.now() - began) / 1000);
    cpu[way]!.push(result.performance.cpuSeconds);
    digests.add(
      Object.values(result.variants)
        .map((variant) => variant.digest)
        .join(' '),
    );
  }
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
console.log(
  `${values.scenario}, ${values.until} s, all variants; ${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}; ${values.times} times`,
);
for (const way of Object.keys(ways)) {
  const all = seconds[way]!;
  console.log(
    `  ${way.padEnd(18)} median ${median(all).toFixed(1)} s, worst ${Math.max(...all).toFixed(1)} s from start to end of the process; ${median(cpu[way]!).toFixed(1)} s of CPU`,
  );
}
console.log(digests.size === 1 ? `digests agree: ${[...digests][0]}` : `DIGESTS DIFFER: ${[...digests].join(' | ')}`);
process.exitCode = digests.size === 1 ? 0 : 1;
