/** Estimates against the truth of the simulator, while one detector fails: flows, queues, and how sure they say they are. */
import { beforeAll, describe, expect, it } from 'vitest';
import { inProcessDecider } from '../controller/service/decider.ts';
import { type Trial, trial } from '../controller/testing/estimation-trial.ts';
import type { Fault } from '../controller/testing/faulty-detectors.ts';
import type { Observation } from '../controller/types.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { controllersOn } from '../runs/controllers.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';

const LINE = 'S:stopline:1';
const UPSTREAM = 'S:upstream';

let configuration: JunctionConfiguration;
const clean: Observation[] = [];

beforeAll(async () => {
  const here = inProcessDecider();
  const decider = controllersOn({
    ...here,
    decide(jobs) {
      clean.push(jobs[0]!.observation);
      configuration = jobs[0]!.configuration;
      return here.decide(jobs);
    },
  });
  const source = await openSource('hangzhou-kn-hz', { untilSeconds: 3600 });
  await runVariants({ source, variants: [{ name: 'baseline', strategy: 'fixed-time', parameters: {} }], decider });
}, 60_000);

interface Expected {
  /** What is found out; absent: nothing. */
  readonly notBelieved?: Trial['notBelieved'];
  readonly flow: number;
  readonly within: number;
  /** Vehicles of a mean of 2; absent: where presence is not told, or the count is wrong both ways, the queue is not known. */
  readonly queue?: number;
}

const cases: readonly [string, Fault | null, Expected][] = [
  ['all are well', null, { flow: 0.1, within: 0.98, queue: 0.5 }],
  [
    'a line is silent',
    { kind: 'silent', id: LINE, fromSecond: 1000 },
    { notBelieved: { [LINE]: 'silent' }, flow: 0.12, within: 0.98, queue: 1.2 },
  ],
  [
    'a line is stuck on',
    { kind: 'stuck on', id: LINE, fromSecond: 1000 },
    { notBelieved: { [LINE]: 'stuck on' }, flow: 0.12, within: 0.98, queue: 1.2 },
  ],
  [
    'a line lies once in a while',
    { kind: 'lies', id: LINE, everySeconds: 100 },
    { flow: 0.1, within: 0.98, queue: 0.5 },
  ],
  [
    'a line counts double',
    { kind: 'counts', id: LINE, times: 2 },
    { notBelieved: { [LINE]: 'counts double' }, flow: 0.1, within: 0.98, queue: 0.5 },
  ],
  [
    'a line misses three in ten',
    { kind: 'counts', id: LINE, times: 0.7 },
    { notBelieved: { [LINE]: 'misses some' }, flow: 0.1, within: 0.98, queue: 0.5 },
  ],
  [
    'an upstream detector is silent',
    { kind: 'silent', id: UPSTREAM, fromSecond: 1000 },
    { notBelieved: { [UPSTREAM]: 'silent' }, flow: 0.1, within: 0.98, queue: 1 },
  ],
  [
    'an upstream detector is stuck on',
    { kind: 'stuck on', id: UPSTREAM, fromSecond: 1000 },
    { notBelieved: { [UPSTREAM]: 'stuck on' }, flow: 0.1, within: 0.98 },
  ],
  [
    'an upstream detector counts double',
    { kind: 'counts', id: UPSTREAM, times: 2 },
    { notBelieved: { [UPSTREAM]: 'counts double' }, flow: 0.1, within: 0.98, queue: 0.5 },
  ],
  [
    'an upstream detector misses three in ten',
    { kind: 'counts', id: UPSTREAM, times: 0.7 },
    { notBelieved: { [UPSTREAM]: 'misses some' }, flow: 0.1, within: 0.98, queue: 0.6 },
  ],
  ['six in ten have a tag, and nothing else is seen', { kind: 'tags', share: 0.6 }, { flow: 0.12, within: 0.98 }],
];

describe('flows and queues are known, and how surely, where', () => {
  it.each(cases)('%s', (_, fault, expected) => {
    const found = trial(configuration, clean, fault);
    expect(found.notBelieved).toEqual(expected.notBelieved ?? {});
    expect(found.flowError).toBeLessThan(expected.flow);
    expect(found.faultyFlowError).toBeLessThan(Math.max(0.25, expected.flow));
    expect(found.within).toBeGreaterThanOrEqual(expected.within);
    if (expected.queue === undefined) return;
    expect(found.queueError).toBeLessThan(expected.queue);
    expect(found.queueWithin).toBeGreaterThan(0.75);
  });

  it('everything stays JSON, and a frame that comes again changes nothing', () => {
    const twice = clean.flatMap((observation, second) => (second === 700 ? [observation, observation] : [observation]));
    const once = trial(configuration, clean, null);
    expect(trial(configuration, twice.slice(0, clean.length), null).notBelieved).toEqual(once.notBelieved);
  });
});
