/**
 * The link over a broker: MQTT 3.1.1, QoS 1, no Nagle delay. Everything sent is checked before, everything received is
 * checked first; what does not pass is counted and reported, and the stream goes on.
 */
import mqtt, { type IClientOptions, type ISubscriptionMap, type MqttClient } from 'mqtt';
import { decode, encode } from './check.ts';
import type { Address, Link, Received, Rejected } from './link.ts';
import type { Message, MessageKind } from './messages.ts';
import { addressOf, filterOf, isRetained, QOS, requireSimulationPrefix, TopicError, topicOf } from './topics.ts';

export interface LastWill<K extends MessageKind = MessageKind> {
  readonly address: Address & { readonly kind: K };
  readonly message: Message<K>;
}

export interface MqttLinkOptions {
  /** e.g. `mqtt://127.0.0.1:1883`; `mqtts://` for TLS, `user:password@` where the broker asks for it. */
  readonly url: string;
  /** Refuse every address that is not below `flextraff-sim/{run}/{variant}`. */
  readonly simulation: boolean;
  /** Hears and never says anything: every publish is refused, whatever the address. */
  readonly hearOnly?: boolean;
  /**
   * Kinds that are asked for without confirmation (QoS 0): those of which the next comes within a second anyway. Nothing is
   * lost while the connection stands, and what a slow reader cannot take is dropped rather than queued. None by default.
   */
  readonly unconfirmed?: readonly MessageKind[];
  /** Unique at the broker; a random one by default. */
  readonly clientId?: string;
  /** What the broker publishes for us if the connection breaks: a device's `offline`. */
  readonly will?: LastWill;
  /** Seconds to wait for the broker at first; 10 by default. */
  readonly connectTimeoutSeconds?: number;
  /** First pause before a new attempt, seconds; doubles up to `reconnectMaxSeconds`. 1 and 60 by default. */
  readonly reconnectMinSeconds?: number;
  readonly reconnectMaxSeconds?: number;
}

export interface MqttLinkStatus {
  readonly url: string;
  readonly connected: boolean;
  readonly reconnects: number;
  readonly published: number;
  readonly received: number;
  readonly rejected: number;
}

export interface MqttLink extends Link {
  publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): Promise<void>;
  status(): MqttLinkStatus;
  /** Takes back from the broker, if it is there, what this link published as retained below a prefix, e.g. of a run that ended. */
  clearRetained(prefix: string): Promise<void>;
  /**
   * Topics that are none of ours, e.g. of older devices, below a prefix this link may use. Payloads come as they are:
   * whoever listens checks them. Resolves once the subscription stands.
   */
  listen(prefix: string, filters: readonly string[], onPayload: RawHandler): Promise<void>;
  /** Sends a payload as it is, below a prefix this link may use. Resolves once the broker has it. */
  send(prefix: string, topic: string, payload: string): Promise<void>;
  /** Cuts the connection without a goodbye, as a power cut does; the broker publishes the last will. */
  cut(): void;
}

/** Messages kept for sending while the broker is away. */
const PENDING_MAX = 10_000;
const EXCERPT_CHARACTERS = 200;
/** Topic filters asked for in one packet. */
const FILTERS_MAX = 200;
/** Longest wait for confirmations, and again for the goodbye, when the link is closed. */
const CLOSE_MS = 3000;

/** Answers false where it is not for it. */
export type RawHandler = (topic: string, payload: Uint8Array, retained: boolean) => boolean;

interface Handler {
  readonly call: (received: Received) => void;
  /** null: all. */
  readonly junctionIds: ReadonlySet<string> | null;
}
type ConnectionState = 'connected' | 'reconnecting' | 'closed';

/** The address without user and password, for messages. */
export function brokerName(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return url;
  }
}

function unreachable(url: string, problem: string, cause?: Error): Error {
  return new Error(
    `The MQTT broker at ${brokerName(url)} cannot be reached: ${problem}. ` +
      'Check that it runs and that address and port are right, or leave --broker out to use the embedded broker.',
    { cause },
  );
}

function problemOf(error: Error & { code?: string | number; errors?: Error[] }): string {
  const inner = error.errors?.[0];
  return error.message || inner?.message || String(error.code ?? error.name);
}

/** Connects; resolves once the broker has accepted. Rejects with the address and what to do. */
export async function openMqttLink(options: MqttLinkOptions): Promise<MqttLink> {
  const { url } = options;
  if (!/^(mqtt|mqtts|tcp|ssl|ws|wss):\/\/[^/]+/.test(url)) {
    throw new Error(`${JSON.stringify(url)} is no address of an MQTT broker; e.g. mqtt://127.0.0.1:1883.`);
  }
  if (options.simulation && options.will) requireSimulationPrefix(options.will.address.prefix);
  const minMs = 1000 * (options.reconnectMinSeconds ?? 1);
  const maxMs = 1000 * (options.reconnectMaxSeconds ?? 60);
  const settings: IClientOptions = {
    protocolVersion: 4,
    clean: true,
    resubscribe: false,
    connectTimeout: 1000 * (options.connectTimeoutSeconds ?? 10),
    reconnectPeriod: minMs,
    ...(options.clientId === undefined ? {} : { clientId: options.clientId }),
    ...(options.will === undefined
      ? {}
      : {
          will: {
            topic: topicOf(options.will.address),
            payload: encode(options.will.address, options.will.message),
            qos: QOS,
            retain: isRetained(options.will.address.kind),
          },
        }),
  };
  const client = mqtt.connect(url, settings);
  await firstConnection(client, url, 1000 * (options.connectTimeoutSeconds ?? 10));
  return new ConnectedLink(client, options, url, minMs, maxMs);
}

function firstConnection(client: MqttClient, url: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      client.removeAllListeners('connect');
      client.on('error', () => {});
      client.end(true);
      reject(error);
    };
    const timer = setTimeout(() => fail(unreachable(url, `no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    client.once('error', (error) => fail(unreachable(url, problemOf(error), error)));
    client.once('connect', () => {
      clearTimeout(timer);
      client.removeAllListeners('error');
      resolve();
    });
  });
}

/** Sends small packets at once: with Nagle's algorithm a QoS 1 round trip takes 44 ms, without 0.16. */
function setNoDelay(client: MqttClient): void {
  const stream = client.stream as { setNoDelay?: (on: boolean) => void };
  stream.setNoDelay?.(true);
}

/**
 * Has all that is written in one turn of the event loop leave in one packet: else each confirmation is a system call of its
 * own, an eighth of a controller's time.
 */
class Corker {
  #corked = false;

  hold(client: MqttClient): void {
    const stream = client.stream as { cork?: () => void; uncork?: () => void };
    if (this.#corked || stream.cork === undefined) return;
    this.#corked = true;
    stream.cork();
    setImmediate(() => {
      this.#corked = false;
      stream.uncork?.();
    });
  }
}

/** Who wants one kind of message below one prefix; found by junction without asking everybody. */
class Subscribers {
  /** All there are, in order of subscription. */
  readonly everyone = new Set<Handler>();
  readonly #ofAll = new Set<Handler>();
  readonly #ofJunction = new Map<string, Set<Handler>>();

  add(handler: Handler): void {
    this.everyone.add(handler);
    if (handler.junctionIds === null) this.#ofAll.add(handler);
    for (const id of handler.junctionIds ?? []) {
      const own = this.#ofJunction.get(id) ?? new Set();
      this.#ofJunction.set(id, own.add(handler));
    }
  }

  delete(handler: Handler): void {
    this.everyone.delete(handler);
    this.#ofAll.delete(handler);
    for (const id of handler.junctionIds ?? []) {
      const own = this.#ofJunction.get(id);
      if (own?.delete(handler) && own.size === 0) this.#ofJunction.delete(id);
    }
  }

  of(junctionId: string | undefined): readonly Handler[] {
    const own = junctionId === undefined ? undefined : this.#ofJunction.get(junctionId);
    return own === undefined ? [...this.#ofAll] : [...this.#ofAll, ...own];
  }
}

function filtersOf(prefix: string, kind: MessageKind, { junctionIds }: Handler): string[] {
  return junctionIds === null ? [filterOf(prefix, kind)] : [...junctionIds].map((id) => filterOf(prefix, kind, id));
}

function requireBelow(prefix: string, topic: string): void {
  if (!topic.startsWith(`${prefix}/`)) throw new TopicError(`${topic} is not below ${prefix}/.`);
}

class ConnectedLink implements MqttLink {
  readonly #client: MqttClient;
  readonly #simulation: boolean;
  readonly #hearOnly: boolean;
  readonly #unconfirmed: ReadonlySet<MessageKind>;
  readonly #url: string;
  /** Handlers by prefix and kind. */
  readonly #handlers = new Map<string, Map<MessageKind, Subscribers>>();
  readonly #raw: { readonly filters: readonly string[]; readonly onPayload: RawHandler }[] = [];
  readonly #corker = new Corker();
  readonly #retained = new Map<string, Set<string>>();
  readonly #allowed = new Set<string>();
  readonly #onRejected: ((rejected: Rejected) => void)[] = [];
  readonly #onConnection: ((state: ConnectionState, detail: string) => void)[] = [];
  /** One per message the broker has not confirmed yet. */
  readonly #pending = new Set<(error?: Error | null) => void>();
  #whenIdle: (() => void) | null = null;
  #reconnects = 0;
  #published = 0;
  #received = 0;
  #rejected = 0;
  #lastProblem = 'the connection broke';
  #closed = false;

  constructor(client: MqttClient, options: MqttLinkOptions, url: string, minMs: number, maxMs: number) {
    this.#client = client;
    this.#simulation = options.simulation;
    this.#hearOnly = options.hearOnly === true;
    this.#unconfirmed = new Set(options.unconfirmed);
    this.#url = url;
    setNoDelay(client);
    client.on('message', (topic, payload, packet) => this.#receive(topic, payload, packet.retain));
    client.on('error', (error) => {
      this.#lastProblem = problemOf(error);
    });
    client.on('offline', () => {
      this.#tell('reconnecting', `The MQTT broker at ${brokerName(url)} is away (${this.#lastProblem}); trying again.`);
    });
    client.on('reconnect', () => {
      client.options.reconnectPeriod = Math.min(maxMs, 2 * (client.options.reconnectPeriod ?? minMs));
    });
    client.on('connect', () => {
      client.options.reconnectPeriod = minMs;
      setNoDelay(client);
      this.#reconnects++;
      this.#resubscribe();
    });
  }

  #tell(state: ConnectionState, detail: string): void {
    for (const handler of this.#onConnection) handler(state, detail);
  }

  #resubscribe(): void {
    const asked = this.#requests();
    const done = (error?: Error | null) => {
      if (error) this.#lastProblem = `subscribing again failed: ${error.message}`;
      else this.#tell('connected', `Connected again to the MQTT broker at ${brokerName(this.#url)}.`);
    };
    if (Object.keys(asked).length === 0) done();
    else this.#client.subscribe(asked, done);
  }

  /** All that is subscribed to. */
  #requests(): ISubscriptionMap {
    const asked: ISubscriptionMap = {};
    for (const filter of this.#raw.flatMap((raw) => raw.filters)) asked[filter] = { qos: QOS };
    for (const [prefix, below] of this.#handlers) {
      for (const [kind, { everyone }] of below)
        for (const one of everyone) Object.assign(asked, this.#requestsFor(prefix, kind, one));
    }
    return asked;
  }

  #requestsFor(prefix: string, kind: MessageKind, handler: Handler): Record<string, { qos: 0 | 1 }> {
    const qos = this.#unconfirmed.has(kind) ? 0 : QOS;
    return Object.fromEntries(filtersOf(prefix, kind, handler).map((filter) => [filter, { qos }]));
  }

  #check(prefix: string): void {
    if (this.#closed)
      throw new Error(`The link to ${brokerName(this.#url)} is closed: nothing can be sent or subscribed any more.`);
    if (!this.#simulation || this.#allowed.has(prefix)) return;
    requireSimulationPrefix(prefix);
    this.#allowed.add(prefix);
  }

  async publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): Promise<void> {
    this.#check(address.prefix);
    const topic = topicOf(address);
    const payload = encode(address, message);
    if (this.#pending.size >= PENDING_MAX) {
      throw new Error(
        `${PENDING_MAX} messages wait for the MQTT broker at ${brokerName(this.#url)}, which is away: ${topic} was not sent.`,
      );
    }
    const retain = isRetained(address.kind);
    if (retain) {
      let topics = this.#retained.get(address.prefix);
      if (!topics) {
        topics = new Set();
        this.#retained.set(address.prefix, topics);
      }
      topics.add(topic);
    }
    await this.#send(topic, payload, retain);
    this.#published++;
  }

  #send(topic: string, payload: Buffer | string, retain: boolean): Promise<void> {
    if (this.#hearOnly) throw new TopicError(`${topic}: this link was opened to hear only.`);
    return new Promise((resolve, reject) => {
      const finish = (error?: Error | null) => {
        if (!this.#pending.delete(finish)) return;
        if (this.#pending.size === 0) this.#whenIdle?.();
        if (error)
          reject(new Error(`${topic} was not sent to ${brokerName(this.#url)}: ${error.message}`, { cause: error }));
        else resolve();
      };
      this.#pending.add(finish);
      this.#corker.hold(this.#client);
      this.#client.publish(topic, payload, { qos: QOS, retain }, finish);
    });
  }

  async subscribe<K extends MessageKind>(
    prefix: string,
    kinds: readonly K[],
    onMessage: (received: Received<K>) => void,
    junctionIds?: readonly string[],
  ): Promise<() => Promise<void>> {
    this.#check(prefix);
    const handler: Handler = {
      call: onMessage as unknown as Handler['call'],
      junctionIds: junctionIds === undefined ? null : new Set(junctionIds),
    };
    let below = this.#handlers.get(prefix);
    if (!below) {
      below = new Map();
      this.#handlers.set(prefix, below);
    }
    for (const kind of kinds) {
      const subscribers = below.get(kind) ?? new Subscribers();
      subscribers.add(handler);
      below.set(kind, subscribers);
    }
    await this.#ask(kinds.flatMap((kind) => Object.entries(this.#requestsFor(prefix, kind, handler))));
    return () => this.#unsubscribe(prefix, kinds, handler);
  }

  async #ask(filters: readonly (readonly [string, { qos: 0 | 1 }])[]): Promise<void> {
    for (let first = 0; first < filters.length; first += FILTERS_MAX) {
      const grants = await this.#client.subscribeAsync(Object.fromEntries(filters.slice(first, first + FILTERS_MAX)));
      const refused = grants.filter((grant) => grant.qos === 128).map((grant) => grant.topic);
      if (refused.length > 0) {
        throw new Error(
          `The MQTT broker at ${brokerName(this.#url)} refuses to let us read ${refused.join(', ')}. Give this user the right to.`,
        );
      }
    }
  }

  async listen(prefix: string, filters: readonly string[], onPayload: RawHandler): Promise<void> {
    this.#check(prefix);
    for (const filter of filters) requireBelow(prefix, filter);
    this.#raw.push({ filters, onPayload });
    await this.#ask(filters.map((filter) => [filter, { qos: QOS }]));
  }

  async send(prefix: string, topic: string, payload: string): Promise<void> {
    this.#check(prefix);
    requireBelow(prefix, topic);
    await this.#send(topic, payload, false);
    this.#published++;
  }

  async #unsubscribe(prefix: string, kinds: readonly MessageKind[], handler: Handler): Promise<void> {
    const below = this.#handlers.get(prefix);
    if (!below) return;
    const free: string[] = [];
    for (const kind of kinds) {
      const subscribers = below.get(kind);
      if (subscribers === undefined) continue;
      subscribers.delete(handler);
      if (subscribers.everyone.size === 0) below.delete(kind);
      if (handler.junctionIds === null) {
        if (subscribers.of(undefined).length === 0) free.push(filterOf(prefix, kind));
      } else {
        const mine = [...handler.junctionIds].filter((id) =>
          subscribers.of(id).every((one) => one.junctionIds === null),
        );
        free.push(...mine.map((id) => filterOf(prefix, kind, id)));
      }
    }
    for (let first = 0; first < free.length && this.#client.connected && !this.#closed; first += FILTERS_MAX)
      await this.#client.unsubscribeAsync(free.slice(first, first + FILTERS_MAX));
    // only now: what was on its way until the broker knew is ours still, and nobody's news
    if (below.size === 0 && this.#handlers.get(prefix) === below) this.#handlers.delete(prefix);
  }

  #receive(topic: string, payload: Buffer, retained: boolean): void {
    this.#corker.hold(this.#client);
    const address = addressOf(topic, this.#handlers.keys());
    const withdrawn = payload.length === 0 && address !== null && isRetained(address.kind);
    if (withdrawn) return;
    if (!address) {
      if (this.#raw.some(({ onPayload }) => onPayload(topic, payload, retained))) return;
      this.#reject(topic, payload, 'no topic of ours: a junction and an approach are UUIDs');
      return;
    }
    const decoded = decode(address.kind, payload);
    if ('problem' in decoded) {
      this.#reject(topic, payload, decoded.problem);
      return;
    }
    this.#received++;
    const received = { address, message: decoded.message, retained } as Received;
    for (const handler of this.#handlers.get(address.prefix)?.get(address.kind)?.of(address.junctionId) ?? []) {
      try {
        handler.call(received);
      } catch (error) {
        this.#reject(topic, payload, `could not be used: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  #reject(topic: string, payload: Buffer, reason: string): void {
    this.#rejected++;
    const excerpt = payload
      .subarray(0, 4 * EXCERPT_CHARACTERS)
      .toString('utf8')
      .slice(0, EXCERPT_CHARACTERS);
    for (const handler of this.#onRejected) handler({ topic, reason, excerpt });
  }

  /** Anybody may listen at a broker; the clock is for the controller, which always does. */
  wants(): boolean {
    return true;
  }

  readonly events = {
    onRejected: (handler: (rejected: Rejected) => void) => {
      this.#onRejected.push(handler);
    },
    onConnection: (handler: (state: ConnectionState, detail: string) => void) => {
      this.#onConnection.push(handler);
    },
  };

  status(): MqttLinkStatus {
    return {
      url: brokerName(this.#url),
      connected: this.#client.connected,
      reconnects: this.#reconnects,
      published: this.#published,
      received: this.#received,
      rejected: this.#rejected,
    };
  }

  async clearRetained(prefix: string): Promise<void> {
    this.#check(prefix);
    const topics = [...(this.#retained.get(prefix) ?? [])];
    this.#retained.delete(prefix);
    if (!this.#client.connected) return;
    await Promise.all(topics.map((topic) => this.#send(topic, '', true)));
  }

  cut(): void {
    (this.#client.stream as { destroy(): void }).destroy();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#client.connected && this.#pending.size > 0) {
      await within(
        CLOSE_MS,
        new Promise<void>((resolve) => {
          this.#whenIdle = resolve;
        }),
      );
    }
    this.#client.on('error', () => {});
    const orderly = this.#client.connected && this.#pending.size === 0;
    if (!orderly || !(await within(CLOSE_MS, this.#client.endAsync(false)))) this.#client.end(true);
    for (const finish of [...this.#pending]) finish(new Error('the link was closed first'));
    this.#handlers.clear();
    this.#tell('closed', `The link to ${brokerName(this.#url)} was closed.`);
  }
}

/** Waits for `promise`, at most `milliseconds`; true if it was in time. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
