import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from './broker.ts';
import { EXAMPLE_JUNCTION_ID, EXAMPLE_MESSAGES, exampleAddress } from './examples.ts';
import type { Received, Rejected } from './link.ts';
import type { Message, MessageKind } from './messages.ts';
import { type MqttLinkOptions, openMqttLink } from './mqtt-link.ts';
import { findMosquitto, freePort, startMosquitto } from './testing/mosquitto.ts';
import { isRetained, MESSAGE_KINDS, PAYLOAD_BYTES_MAX, topicOf } from './topics.ts';

const PREFIX = 'flextraff-sim/r1/adaptive';
const mosquitto = findMosquitto();

const brokers = [
  { name: 'the embedded broker', missing: false, start: () => startBroker({ port: 0 }) },
  {
    name: mosquitto ? 'Mosquitto' : 'Mosquitto, which is not installed here',
    missing: !mosquitto,
    start: () => startMosquitto(mosquitto!),
  },
];

/** Resolves when `condition` holds; fails with what was waited for. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited for ${what} in vain`);
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(url: string, options: Partial<MqttLinkOptions> = {}) {
  const link = await openMqttLink({
    url,
    simulation: true,
    reconnectMinSeconds: 0.05,
    reconnectMaxSeconds: 0.2,
    ...options,
  });
  closers.push(() => link.close());
  return link;
}

interface Arrived {
  topic: string;
  text: string;
  qos: number;
  retain: boolean;
}

/** A client that knows nothing of this project. */
async function plainClient(
  url: string,
  filter?: string,
  options: mqtt.IClientOptions = {},
): Promise<MqttClient & { arrived: Arrived[] }> {
  const client = Object.assign(await mqtt.connectAsync(url, { protocolVersion: 4, ...options }), {
    arrived: [] as Arrived[],
  });
  client.on('message', (topic, payload, packet) => {
    client.arrived.push({ topic, text: payload.toString(), qos: packet.qos, retain: packet.retain });
  });
  closers.push(() => client.endAsync(true));
  if (filter) await client.subscribeAsync(filter, { qos: 1 });
  return client;
}

describe.each(brokers)('through $name', ({ missing, start }) => {
  describe.skipIf(missing)('', () => {
    let broker: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      broker = await start();
    });
    afterAll(() => broker.close());

    it.each(MESSAGE_KINDS)('a %s reaches a plain MQTT client as JSON on its topic, QoS 1', async (kind) => {
      const prefix = `flextraff-sim/news-${kind}/adaptive`;
      const client = await plainClient(broker.url, `${prefix}/#`);
      const link = await open(broker.url);
      const address = exampleAddress(prefix, kind);
      await link.publish(address, EXAMPLE_MESSAGES[kind]);
      await until(`a ${kind}`, () => client.arrived.length === 1);
      const [news] = client.arrived;
      expect(news).toMatchObject({ topic: topicOf(address), qos: 1, retain: false });
      expect(JSON.parse(news!.text)).toEqual(EXAMPLE_MESSAGES[kind]);
    });

    it.each(MESSAGE_KINDS)('a %s from a plain MQTT client is understood', async (kind) => {
      const prefix = `flextraff-sim/from-${kind}/adaptive`;
      const client = await plainClient(broker.url);
      const link = await open(broker.url);
      const got: Received[] = [];
      await link.subscribe(prefix, MESSAGE_KINDS, (r) => got.push(r));
      const address = exampleAddress(prefix, kind);
      await client.publishAsync(topicOf(address), JSON.stringify(EXAMPLE_MESSAGES[kind]), { qos: 1 });
      await until(`a ${kind}`, () => got.length === 1);
      expect(got[0]).toEqual({ address, message: EXAMPLE_MESSAGES[kind], retained: false });
    });

    it('kinds that need no confirmation come without one, retained or new, again after the connection broke', async () => {
      const prefix = 'flextraff-sim/unconfirmed/adaptive';
      const link = await open(broker.url);
      const tell = (): Promise<void> =>
        link
          .publish(exampleAddress(prefix, 'lamps'), EXAMPLE_MESSAGES.lamps)
          .then(() => link.publish(exampleAddress(prefix, 'ack'), EXAMPLE_MESSAGES.ack));
      await tell();
      const hearer = await open(broker.url, { unconfirmed: ['lamps'], reconnectMinSeconds: 0.1 });
      const got: Received[] = [];
      await hearer.subscribe(prefix, ['lamps', 'ack'], (r) => got.push(r));
      await until('what is retained', () => got.length === 1);
      await tell();
      await until('both kinds', () => got.length === 3);
      expect(got.map(({ address, retained }) => [address.kind, retained])).toEqual([
        ['lamps', true],
        ['lamps', false],
        ['ack', false],
      ]);
      hearer.cut();
      await until('a new connection', () => hearer.status().reconnects === 1 && hearer.status().connected);
      await until('what is retained, again', () => got.length === 4);
      await tell();
      await until('both kinds again', () => got.length === 6);
    });

    it('late subscribers get state as retained, and no news', async () => {
      const prefix = 'flextraff-sim/late/adaptive';
      const link = await open(broker.url);
      for (const kind of MESSAGE_KINDS) await link.publish(exampleAddress(prefix, kind), EXAMPLE_MESSAGES[kind]);
      const expected = MESSAGE_KINDS.filter(isRetained).map((kind) => topicOf(exampleAddress(prefix, kind)));

      const client = await plainClient(broker.url, `${prefix}/#`);
      await until('the retained messages', () => client.arrived.length === expected.length);
      expect(client.arrived.map((a) => a.topic).sort()).toEqual([...expected].sort());
      expect(client.arrived.every((a) => a.retain)).toBe(true);

      const late = await open(broker.url);
      const got: Received[] = [];
      await late.subscribe(prefix, MESSAGE_KINDS, (r) => got.push(r));
      await until('the retained messages', () => got.length === expected.length);
      expect(got.every((r) => r.retained)).toBe(true);

      await link.clearRetained(prefix);
      await until('their withdrawal', () => client.arrived.filter((a) => a.text === '').length === expected.length);
      const afterwards = await plainClient(broker.url, `${prefix}/#`);
      await link.publish(exampleAddress(prefix, 'ack'), EXAMPLE_MESSAGES.ack);
      await until('the acknowledgement', () => afterwards.arrived.length > 0);
      expect(afterwards.arrived.map((a) => a.topic)).toEqual([topicOf(exampleAddress(prefix, 'ack'))]);
      expect(late.status().rejected).toBe(0);
    });

    it("a device's last will says offline when its connection breaks, and not when it leaves in order", async () => {
      const prefix = 'flextraff-sim/will/adaptive';
      const client = await plainClient(broker.url, `${prefix}/devices/+/status`);
      const will = {
        address: exampleAddress(prefix, 'status'),
        message: { status: 'offline', since: '2024-01-01T08:00:00.000Z' } as const,
      };

      const orderly = await open(broker.url, { will });
      await orderly.publish(will.address, { status: 'online', since: '2024-01-01T08:00:00.000Z' });
      await orderly.close();
      const cut = await open(broker.url, { will, reconnectMinSeconds: 30, reconnectMaxSeconds: 60 });
      await cut.publish(will.address, { status: 'online', since: '2024-01-01T08:00:05.000Z' });
      cut.cut();
      await until('offline', () => client.arrived.length === 3);
      expect(client.arrived.map((a) => JSON.parse(a.text).status)).toEqual(['online', 'online', 'offline']);

      const late = await plainClient(broker.url, `${prefix}/devices/+/status`);
      await until('the retained status', () => late.arrived.length === 1);
      expect(late.arrived[0]).toMatchObject({ retain: true });
      expect(JSON.parse(late.arrived[0]!.text).status).toBe('offline');
    });

    it('messages of one sender arrive in the order they were sent', async () => {
      const prefix = 'flextraff-sim/order/adaptive';
      const [sender, receiver] = [await open(broker.url), await open(broker.url)];
      const frames: number[] = [];
      await receiver.subscribe(prefix, ['clock', 'clock-done'], (r) =>
        frames.push((r.message as Message<'clock'>).frame),
      );
      const sent = Array.from({ length: 500 }, (_, frame) => {
        const kind = frame % 2 === 0 ? 'clock' : 'clock-done';
        return sender.publish({ prefix, kind }, { ...EXAMPLE_MESSAGES.clock, frame });
      });
      await Promise.all(sent);
      await until('500 messages', () => frames.length === 500);
      expect(frames).toEqual(Array.from({ length: 500 }, (_, i) => i));
    });

    it('what is malformed is counted and reported with its reason, and the stream goes on', async () => {
      const prefix = 'flextraff-sim/bad/adaptive';
      const client = await plainClient(broker.url);
      const link = await open(broker.url);
      const got: Received[] = [];
      const rejected: Rejected[] = [];
      link.events.onRejected((r) => rejected.push(r));
      await link.subscribe(prefix, ['lamps', 'car-counts', 'ack'], (r) => {
        if (r.address.kind === 'ack') throw new Error('the reader of it broke');
        got.push(r);
      });
      const lampsTopic = topicOf(exampleAddress(prefix, 'lamps'));
      const send = (topic: string, payload: string | Buffer) => client.publishAsync(topic, payload, { qos: 1 });
      await send(lampsTopic, '{"device_id": "x", ');
      await send(lampsTopic, Buffer.from([0xff, 0xfe, 0x00]));
      await send(lampsTopic, JSON.stringify({ ...EXAMPLE_MESSAGES.lamps, lamps: { NS: 'purple' } }));
      await send(lampsTopic, '[]');
      await send(`${prefix}/junction-1/lamps`, JSON.stringify(EXAMPLE_MESSAGES.lamps));
      await send(
        topicOf(exampleAddress(prefix, 'car-counts')),
        JSON.stringify({ ...EXAMPLE_MESSAGES['car-counts'], vehicle_count: -1 }),
      );
      await send(lampsTopic, `"${'x'.repeat(PAYLOAD_BYTES_MAX)}"`);
      await send(topicOf(exampleAddress(prefix, 'ack')), JSON.stringify(EXAMPLE_MESSAGES.ack));
      await send(lampsTopic, JSON.stringify(EXAMPLE_MESSAGES.lamps));
      await until('the good message', () => got.length === 1);
      expect(rejected.map((r) => r.reason)).toEqual([
        expect.stringMatching(/not JSON/),
        expect.stringMatching(/not UTF-8/),
        expect.stringMatching(/lamps\.NS/),
        expect.stringMatching(/message: .*expected object/),
        expect.stringMatching(/UUID/),
        expect.stringMatching(/vehicle_count/),
        expect.stringMatching(/at most 262144/),
        expect.stringMatching(/the reader of it broke/),
      ]);
      expect(rejected.every((r) => r.excerpt.length <= 200)).toBe(true);
      expect(link.status()).toMatchObject({ rejected: 8, connected: true });
    });

    it('a broken connection is made again, with its subscriptions, and says so', async () => {
      const prefix = 'flextraff-sim/again/adaptive';
      const [sender, receiver] = [await open(broker.url), await open(broker.url)];
      const states: string[] = [];
      receiver.events.onConnection((state) => states.push(state));
      const got: Received[] = [];
      await receiver.subscribe(prefix, ['detections'], (r) => got.push(r));
      receiver.cut();
      await until('the connection', () => states.includes('connected'));
      await sender.publish(exampleAddress(prefix, 'detections'), EXAMPLE_MESSAGES.detections);
      await until('the message', () => got.length === 1);
      expect(states).toEqual(['reconnecting', 'connected']);
      expect(receiver.status().reconnects).toBe(1);
    });

    it('a subscription that was ended gets nothing more', async () => {
      const prefix = 'flextraff-sim/end/adaptive';
      const link = await open(broker.url);
      const [ended, kept]: [Received[], Received[]] = [[], []];
      const end = await link.subscribe(prefix, ['ack', 'lamps'], (r) => ended.push(r));
      await link.subscribe(prefix, ['ack'], (r) => kept.push(r));
      await end();
      await link.publish(exampleAddress(prefix, 'lamps'), EXAMPLE_MESSAGES.lamps);
      await link.publish(exampleAddress(prefix, 'ack'), EXAMPLE_MESSAGES.ack);
      await until('the kept one', () => kept.length === 1);
      expect(ended).toEqual([]);
    });
  });
});

describe('the MQTT link of a simulation', () => {
  it('can reach no street: neither by publishing, nor by subscribing, nor by its last will', async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const street = await plainClient(broker.url, '#');
    const link = await open(broker.url);
    const greenTime = EXAMPLE_MESSAGES['green-time'];
    for (const prefix of ['flextraff', 'flextraff/x/y', 'flextraff-sim/x', '']) {
      await expect(link.publish(exampleAddress(prefix, 'green-time'), greenTime)).rejects.toThrow(/drive real lamps/);
      await expect(link.subscribe(prefix, ['lamps'], () => {})).rejects.toThrow(/drive real lamps/);
      await expect(link.clearRetained(prefix)).rejects.toThrow(/drive real lamps/);
    }
    const will = { address: exampleAddress('flextraff', 'status'), message: EXAMPLE_MESSAGES.status };
    await expect(openMqttLink({ url: broker.url, simulation: true, will })).rejects.toThrow(/drive real lamps/);

    await link.publish(exampleAddress(PREFIX, 'green-time'), greenTime);
    await until('the simulated plan', () => street.arrived.some((a) => a.topic.startsWith(PREFIX)));
    expect(street.arrived.filter((a) => a.topic.startsWith('flextraff/'))).toEqual([]);
  });

  it('is what is refused, not the topics: a live link reaches them', async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const street = await plainClient(broker.url, 'flextraff/#');
    const link = await open(broker.url, { simulation: false });
    await link.publish(exampleAddress('flextraff', 'green-time'), EXAMPLE_MESSAGES['green-time']);
    await until('the plan', () => street.arrived.length === 1);
  });

  it('says nothing where it was opened to hear only', async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const street = await plainClient(broker.url, 'flextraff/#');
    const link = await open(broker.url, { simulation: false, hearOnly: true });
    const plan = link.publish(exampleAddress('flextraff', 'green-time'), EXAMPLE_MESSAGES['green-time']);
    await expect(plan).rejects.toThrow(/opened to hear only/);
    await expect(link.send('flextraff', 'flextraff/x', 'y')).rejects.toThrow(/opened to hear only/);
    await open(broker.url, { simulation: false }).then((other) =>
      other.publish(exampleAddress('flextraff', 'mode'), EXAMPLE_MESSAGES.mode),
    );
    await until('what another says', () => street.arrived.length > 0);
    expect(street.arrived.map(({ topic }) => topic.split('/').at(-1))).toEqual(['mode']);
  });

  it('sends nothing that its schema or the size limit refuses', async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const link = await open(broker.url);
    const detections = exampleAddress(PREFIX, 'detections');
    await expect(link.publish(detections, { ...EXAMPLE_MESSAGES.detections, seq: -1 })).rejects.toThrow(
      `${PREFIX}/${EXAMPLE_JUNCTION_ID}/detections: seq`,
    );
    const detectors = Object.fromEntries(
      Array.from({ length: 6000 }, (_, i) => [`detector-${i}`, { count: i, occupancy: 0, presence: false }]),
    );
    await expect(link.publish(detections, { ...EXAMPLE_MESSAGES.detections, detectors })).rejects.toThrow(
      /at most 262144/,
    );
  });
});

describe('a broker that is not there', () => {
  it('is named, with what to do', async () => {
    const port = await freePort();
    await expect(openMqttLink({ url: `mqtt://user:secret@127.0.0.1:${port}`, simulation: true })).rejects.toThrow(
      new RegExp(`^The MQTT broker at mqtt://127\\.0\\.0\\.1:${port} cannot be reached: .*ECONNREFUSED.*--broker`),
    );
  });

  it('or that never answers is given up on', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    await expect(
      openMqttLink({ url: `mqtt://127.0.0.1:${port}`, simulation: true, connectTimeoutSeconds: 0.3 }),
    ).rejects.toThrow(/cannot be reached/);
    silent.close();
  });

  it('is told from what is no address', async () => {
    for (const url of ['localhost:1883', 'http://127.0.0.1:1883', 'mqtt://', '']) {
      await expect(openMqttLink({ url, simulation: true })).rejects.toThrow(/e\.g\. mqtt:\/\/127\.0\.0\.1:1883/);
    }
  });

  it('that comes back gets what was published meanwhile', async () => {
    const port = await freePort();
    let broker = await startBroker({ port });
    const link = await open(broker.url);
    const states: string[] = [];
    link.events.onConnection((state) => states.push(state));
    await broker.close();
    await until('the loss', () => states.includes('reconnecting'));
    const published = link.publish(exampleAddress(PREFIX, 'lamps'), EXAMPLE_MESSAGES.lamps);
    broker = await startBroker({ port });
    closers.unshift(() => broker.close());
    await published;
    const client = await plainClient(broker.url, `${PREFIX}/#`);
    await until('the lamps', () => client.arrived.length === 1);
    expect(states.slice(0, 2)).toEqual(['reconnecting', 'connected']);
  });

  it('and stays away lets the link close, and says that the rest was not sent', async () => {
    const broker = await startBroker({ port: 0 });
    const link = await openMqttLink({ url: broker.url, simulation: true });
    await broker.close();
    await until('the loss', () => !link.status().connected);
    const lost = expect(link.publish(exampleAddress(PREFIX, 'lamps'), EXAMPLE_MESSAGES.lamps)).rejects.toThrow(
      /was not sent/,
    );
    await link.close();
    await lost;
  });
});

describe('the embedded broker', () => {
  it('says that a port is in use and what to do', async () => {
    const first = await startBroker({ port: 0 });
    closers.push(() => first.close());
    await expect(startBroker({ port: first.port })).rejects.toThrow(
      `127.0.0.1:${first.port}: the port is in use by another program. Stop that program, choose another port, or use its broker with --broker.`,
    );
    await expect(startBroker({ port: 70_000 })).rejects.toThrow(/from 0 \(any free port\) to 65535/);
    await expect(startBroker({ port: 0, host: '203.0.113.77' })).rejects.toThrow(/no such address/);
  });

  it('counts its clients and messages, and frees its port when closed', async () => {
    const broker = await startBroker({ port: 0 });
    const link = await openMqttLink({ url: broker.url, simulation: true });
    await link.publish(exampleAddress(PREFIX, 'ack'), EXAMPLE_MESSAGES.ack);
    expect(broker.status()).toMatchObject({ clients: 1, published: 1, url: broker.url });
    await link.close();
    await broker.close();
    const again = await startBroker({ port: broker.port });
    await again.close();
  });

  it('survives a client that speaks no MQTT', async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const { connect } = await import('node:net');
    const socket = connect(broker.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await until('the error', () => broker.status().clientErrors > 0);
    const kind: MessageKind = 'ack';
    const link = await open(broker.url);
    await link.publish(exampleAddress(PREFIX, kind), EXAMPLE_MESSAGES[kind]);
  });
});
