/** What a strategy sees does not depend on what carries the messages: every scenario that ships, in-process and by MQTT. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DecideJob, inProcessDecider } from '../controller/service/decider.ts';
import { startBroker } from '../feeds/broker.ts';
import { decode, encode } from '../feeds/check.ts';
import { configurationFromMessage, configurationToMessage } from '../feeds/codec.ts';
import { controllersOn } from '../runs/controllers.ts';
import { runVariants } from '../runs/runner.ts';
import { openSource } from '../runs/source.ts';

const SECONDS = 90;
const scenarios = readdirSync(fileURLToPath(new URL('../scenarios', import.meta.url)))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));

let broker: Awaited<ReturnType<typeof startBroker>>;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());

/** All that strategies were asked, in order. */
async function askedIn(scenario: string, link: 'inprocess' | { broker: string }): Promise<DecideJob[]> {
  const whole = await openSource(scenario);
  const source = await openSource(scenario, { untilSeconds: whole.scenario!.warmUpSeconds + SECONDS });
  const asked: DecideJob[] = [];
  const here = inProcessDecider();
  const decider = controllersOn({
    ...here,
    decide(jobs) {
      asked.push(...jobs);
      return here.decide(jobs);
    },
  });
  await runVariants({ source, link, decider });
  return asked.sort((a, b) => (a.strategy < b.strategy ? -1 : a.strategy > b.strategy ? 1 : 0));
}

describe.each(scenarios)('in %s', (scenario) => {
  it('a strategy sees the same in-process and over a broker, and nothing that JSON does not carry', async () => {
    const here = await askedIn(scenario, 'inprocess');
    expect(here.length).toBeGreaterThan(SECONDS);
    const there = await askedIn(scenario, { broker: broker.url });
    expect(there.map(({ observation }) => observation)).toStrictEqual(here.map(({ observation }) => observation));
    for (const { observation } of here) expect(JSON.parse(JSON.stringify(observation))).toStrictEqual(observation);
  }, 120_000);

  it('the configuration that a device or a controller reads from the broker is the one in the scenario', async () => {
    const source = await openSource(scenario);
    const prefix = 'flextraff-sim/observations/adaptive';
    const { configurations } = source.open({ seed: 0, variant: source.variants[0]!, prefix });
    for (const configuration of configurations) {
      const { junctionId } = configuration;
      const payload = encode({ prefix, kind: 'configuration', junctionId }, configurationToMessage(configuration));
      const decoded = decode('configuration', payload);
      expect(decoded).not.toHaveProperty('problem');
      expect(configurationFromMessage((decoded as { message: never }).message)).toStrictEqual(configuration);
      const detectors = configuration.detectors ?? [];
      expect(detectors.filter(({ metresBeforeLine }) => metresBeforeLine === undefined)).toEqual([]);
    }
  });
});

it('some of these scenarios have groups that give way, and upstream detectors', async () => {
  const all = await Promise.all(
    scenarios.map(async (scenario) => {
      const source = await openSource(scenario);
      return source.open({ seed: 0, variant: source.variants[0]!, prefix: 'flextraff-sim/observations/a' })
        .configurations;
    }),
  );
  expect(all.flat().some(({ yields }) => yields !== undefined)).toBe(true);
  expect(all.flat().some(({ detectors }) => detectors?.some(({ position }) => position === 'upstream'))).toBe(true);
});
