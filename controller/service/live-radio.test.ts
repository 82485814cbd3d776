/** What vehicles and people broadcast, in the decisions of a street: over real brokers, and down to the lamps. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startBroker } from '../../feeds/broker.ts';
import { isoOf } from '../../feeds/codec.ts';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import { DeviceHost } from '../../feeds/kerb/device-host.ts';
import type { Link } from '../../feeds/link.ts';
import type { Lamps, Message, V2xFrame } from '../../feeds/messages.ts';
import { openMqttLink } from '../../feeds/mqtt-link.ts';
import { findMosquitto, startMosquitto } from '../../feeds/testing/mosquitto.ts';
import { CROSSROADS_ID, crossroads } from '../../junction/testing.ts';
import type { Parameters } from '../types.ts';
import { inProcessDecider } from './decider.ts';
import type { DecisionRecord } from './desk.ts';
import { LiveController } from './live.ts';
import { soleOwnership } from './ownership.ts';
import { carFromNorth, mapOf, walkerInTheEast } from './testing-broadcasts.ts';

const PREFIX = 'flextraff';
const configuration = crossroads({ crossings: true });
const HOUR_MS = 3_600_000;

let open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const part of open.reverse()) await part.close();
  open = [];
  vi.useRealTimers();
});

async function controllerAt(
  link: Link,
  parameters: Parameters,
  options: { readonly shadow?: boolean; readonly now?: () => number } = {},
) {
  const records: DecisionRecord[] = [];
  const live = new LiveController({
    link,
    prefix: PREFIX,
    junctions: [{ configuration, strategy: 'max-pressure', parameters }],
    decider: inProcessDecider(),
    threads: 1,
    ownership: soleOwnership([CROSSROADS_ID]),
    shadow: false,
    onDecision: (record) => records.push(record),
    ...options,
  });
  await live.start();
  open.push(live);
  return { live, records };
}

const at = <K extends string>(kind: K) => ({ prefix: PREFIX, kind, junctionId: CROSSROADS_ID }) as const;

/** The devices of a junction in words: what the lamps show, second by second, and that there are queues in the east and west. */
class Devices {
  private seq = 0;
  private readonly link: Link;

  constructor(link: Link) {
    this.link = link;
  }

  async lamps(atMs: number, greens: readonly string[], ambers: readonly string[] = []): Promise<void> {
    const lamps: Lamps['lamps'] = {};
    for (const { id } of configuration.signalGroups)
      lamps[id] = greens.includes(id) ? 'green' : ambers.includes(id) ? 'amber' : 'red';
    const timestamp = isoOf(atMs);
    await this.link.publish(at('lamps'), {
      device_id: 'lamps',
      seq: ++this.seq,
      timestamp,
      stage: 'NS',
      lamps,
      source: 'plan',
      seconds_left: null,
    });
  }

  async detections(atMs: number): Promise<void> {
    const seq = ++this.seq;
    const timestamp = isoOf(atMs);
    const detectors = queues(seq);
    await this.link.publish(at('detections'), { seq, timestamp, detectors });
  }
}

const mosquitto = findMosquitto();
const brokers = [
  ['the embedded broker', () => startBroker({ port: 0 })],
  ...(mosquitto === null ? [] : [['Mosquitto', () => startMosquitto(mosquitto)] as const]),
] as const;
if (mosquitto === null) console.log('Mosquitto is not installed: broadcasts are tried with the embedded broker alone.');

describe.each(brokers)('broadcasts on a street, over %s', (_, start) => {
  /** Decisions on the way from north-south to east-west while `heard` is broadcast. */
  async function onTheWay(parameters: Parameters, heard: readonly ['bsm' | 'psm', unknown][], shadow = false) {
    const broker = await start();
    open.push(broker);
    const said: string[] = [];
    const link = await openMqttLink({ url: broker.url, simulation: false });
    const street = await openMqttLink({ url: broker.url, simulation: false });
    open.push(link, street);
    await street.subscribe(PREFIX, ['stage-request'], ({ message }) => said.push(message.reason));
    let nowMs = Date.UTC(2024, 0, 1, 8);
    const { live, records } = await controllerAt(link, parameters, { shadow, now: () => nowMs });
    await vi.waitFor(() => expect(live.status().active).toBe(1), 5000);
    if (heard.length > 0) {
      await street.publish(at('map'), mapOf() as V2xFrame);
      await vi.waitFor(() => expect(live.status().radio).toMatchObject({ junctions: 1, withLanes: 1 }), 5000);
    }
    const devices = new Devices(street);
    const lagging = () => nowMs - 4000;
    await devices.lamps(lagging(), ['N-straight', 'S-straight', 'E-walk', 'W-walk']);
    await vi.waitFor(() => expect(records).toHaveLength(1), 5000);
    for (let i = 0; i < 30 && !records.at(-1)!.stages[0]!.stageId.startsWith('E'); i++) {
      const before = records.length;
      nowMs += 1000;
      await devices.detections(lagging());
      await vi.waitFor(() => expect(records.length).toBeGreaterThan(before), 5000);
    }
    nowMs += 1000;
    for (const [kind, message] of heard) await street.publish(at(kind), message as V2xFrame);
    if (heard.length > 0)
      await vi.waitFor(() => expect(live.status().radio!.heard).toBeGreaterThanOrEqual(heard.length), 5000);
    const before = records.length;
    await devices.lamps(lagging(), [], ['N-straight', 'S-straight']);
    await devices.detections(lagging());
    await vi.waitFor(() => expect(records.length).toBeGreaterThan(before), 5000);
    return { record: records[before]!, said, live };
  }

  it('a car that will not stop is waited for, whatever its clock and the devices say', async () => {
    const { record, said } = await onTheWay({ redExtension: true }, [
      ['bsm', carFromNorth(5, 12, Date.now() - 7 * HOUR_MS)],
    ]);
    expect(record.reason).toMatch(/held: a vehicle of N-straight will not stop/);
    expect(record.vetoed).toBeNull();
    await vi.waitFor(() => expect(said).toContain(record.reason), 5000);
  });

  it('somebody on a crossing is waited for', async () => {
    const { record } = await onTheWay({ walkExtension: true }, [['psm', walkerInTheEast(Date.now())]]);
    expect(record.reason).toMatch(/held: somebody is still on E-walk/);
  });

  it('in shadow it decides the same, and nothing leaves', async () => {
    const { record, said } = await onTheWay({ redExtension: true }, [['bsm', carFromNorth(5, 12, Date.now())]], true);
    expect(record.reason).toMatch(/will not stop/);
    expect(said).toEqual([]);
  });

  it('nothing malformed, of other places or about somebody who can stop holds anybody', async () => {
    const { record } = await onTheWay({ redExtension: true, walkExtension: true }, [
      ['bsm', carFromNorth(60, 10, Date.now())],
      ['bsm', { metadata: { recordType: 'bsmTx', schemaVersion: 9 }, payload: 7 }],
      ['psm', [1, null, 'x', {}]],
    ]);
    expect(record.reason).toMatch(/^On the way to E/);
    expect(record.reason).not.toMatch(/held/);
  });

  it('a strategy that does not go by them hears none', async () => {
    const { record, live } = await onTheWay({}, []);
    expect(record.reason).not.toMatch(/held/);
    expect(live.status().radio).toBeNull();
  });
});

/** In the east and west, and longer all the time. */
function queues(step: number): Message<'detections'>['detectors'] {
  return Object.fromEntries(
    configuration.detectors!.map(({ id, approach, position }) => {
      const isQueued = approach === 'E' || approach === 'W';
      const presence = isQueued && position === 'stopline';
      return [id, { count: isQueued && !presence ? step : 0, occupancy: presence ? 1 : 0, presence }];
    }),
  );
}

describe('broadcasts and the lamps', () => {
  /** Time from the last green of the north to the first that conflicts with it, ms, where queues wait in the east and west. */
  async function clearance(parameters: Parameters, isHeard: boolean): Promise<number> {
    vi.useFakeTimers({ now: Date.UTC(2024, 0, 1, 8) });
    const link = createInProcessLink({ simulation: false, verify: true });
    const host = new DeviceHost({ link, prefix: PREFIX, configuration, deviceId: 'lamps', boot: 'warm' });
    await host.start();
    const { live } = await controllerAt(link, parameters);
    open.push(host);
    await vi.advanceTimersByTimeAsync(300);
    link.publish(at('map'), mapOf() as V2xFrame);
    let longest = 0;
    let lastNorthMs = 0;
    const north = configuration.signalGroups.findIndex(({ id }) => id === 'N-straight');
    for (let step = 0; step < 600; step++) {
      const lamps = host.device.lamps();
      const now = Date.now();
      if (lamps[north] === 'green') lastNorthMs = now;
      if (lastNorthMs > 0 && lamps.some((lamp, g) => lamp === 'green' && configuration.conflicts[north]![g])) {
        longest = Math.max(longest, now - lastNorthMs);
        lastNorthMs = 0;
      }
      // one that is always about to run the light
      if (isHeard) link.publish(at('bsm'), carFromNorth(4, 13, now) as V2xFrame);
      if (step % 10 === 0)
        link.publish(at('detections'), { seq: step, timestamp: isoOf(now), detectors: queues(step) });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(host.report().fault).toBeNull();
    expect(live.status().refused).toBe(0);
    await live.close();
    await host.close();
    open = [];
    vi.useRealTimers();
    return longest;
  }

  it('get longer clearances, never by more than what the device allows, and none without the parameter', async () => {
    const parameters: Parameters = { stages: 'NS/EW/NS-left/EW-left', intervalSeconds: 10 };
    const usual = await clearance(parameters, true);
    const silent = await clearance({ ...parameters, redExtension: true }, false);
    const held = await clearance({ ...parameters, redExtension: true }, true);
    expect(usual).toBeGreaterThan(0);
    expect(silent).toBe(usual);
    expect(held).toBeGreaterThanOrEqual(usual + 1000);
    expect(held).toBeLessThanOrEqual(usual + 8100);
  });
});
