/**
 * How far off flows and queues are estimated where detectors fail: one hour of the simulator under the plan of today, so that
 * the vehicles are the same, and what its detectors say made wrong in one way after another.
 *
 *   npm run bench:estimation [-- --scenarios hangzhou-kn-hz,four-way-crossings]
 */
import { parseArgs } from 'node:util';
import { inProcessDecider } from '../controller/service/decider.ts';
import { trial } from '../controller/testing/estimation-trial.ts';
import type { Fault } from '../controller/testing/faulty-detectors.ts';
import type { Observation } from '../controller/types.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { controllersOn } from '../runs/controllers.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';

const { values } = parseArgs({ options: { scenarios: { type: 'string', default: 'hangzhou-kn-hz' } } });

const percent = (share: number): string => `${Math.round(100 * share)} %`;
for (const scenario of values.scenarios.split(',')) {
  const observations: Observation[] = [];
  let configuration: JunctionConfiguration | null = null;
  const here = inProcessDecider();
  const decider = controllersOn({
    ...here,
    decide(jobs) {
      observations.push(jobs[0]!.observation);
      configuration = jobs[0]!.configuration;
      return here.decide(jobs);
    },
  });
  const source = await openSource(scenario);
  await runVariants({ source, variants: [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }], decider });
  const busiest = busiestOf(configuration!, observations.at(-1)!);
  const upstream = `${busiest.split(':')[0]}:upstream`;
  const faults: readonly [string, Fault | null][] = [
    ['none', null],
    ['line silent', { kind: 'silent', id: busiest, fromSecond: 1000 }],
    ['line stuck on', { kind: 'stuck on', id: busiest, fromSecond: 1000 }],
    ['line counts double', { kind: 'counts', id: busiest, times: 2 }],
    ['line misses 30 %', { kind: 'counts', id: busiest, times: 0.7 }],
    ['line lies once in 100 s', { kind: 'lies', id: busiest, everySeconds: 100 }],
    ['upstream silent', { kind: 'silent', id: upstream, fromSecond: 1000 }],
    ['upstream stuck on', { kind: 'stuck on', id: upstream, fromSecond: 1000 }],
    ['upstream counts double', { kind: 'counts', id: upstream, times: 2 }],
    ['upstream misses 30 %', { kind: 'counts', id: upstream, times: 0.7 }],
    ['tags of 60 % only', { kind: 'tags', share: 0.6 }],
  ];
  console.log(`\n${scenario}, ${observations.length - 1} s; the line is ${busiest}\n`);
  console.log(
    '| fault | not believed | flow error, all | flow error, this line | within two deviations | queue error of | within two deviations |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const [name, fault] of faults) {
    const t = trial(configuration!, observations, fault);
    const not = Object.entries(t.notBelieved).map(([id, why]) => `${id}: ${why}`);
    console.log(
      `| ${name} | ${not.join(', ') || '-'} | ${percent(t.flowError)} | ${percent(t.faultyFlowError)} | ${percent(t.within)} | ` +
        `${t.queueError.toFixed(1)} of ${t.queue.toFixed(1)} | ${percent(t.queueWithin)} |`,
    );
  }
}

/** The lane that most pass, of an approach that has an upstream detector. */
function busiestOf({ detectors = [] }: JunctionConfiguration, { detectors: said }: Observation): string {
  const lanes = detectors.filter(({ position, lane }) => position === 'stopline' && lane !== null);
  const counts = lanes.map(({ id }) => said[id]?.count ?? 0);
  return lanes[counts.indexOf(Math.max(...counts))]!.id;
}
