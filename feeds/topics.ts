/**
 * Every topic, in one place. Live topics begin `flextraff/` and drive real lamps; simulated ones begin
 * `flextraff-sim/{run}/{variant}/`. A link opened for a simulation refuses every address that is not simulated, so that
 * nothing simulated can reach a street.
 */
import type { Address } from './link.ts';
import type { MessageKind } from './messages.ts';

export const LIVE_PREFIX = 'flextraff';
export const SIMULATION_ROOT = 'flextraff-sim';

/** All messages are QoS 1: the broker has them, at least once. */
export const QOS = 1;

/** Largest payload that is sent or read, bytes. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;

type Shape = 'junction' | 'lane' | 'device' | 'clock';

interface Kind {
  readonly shape: Shape;
  /** What follows the junction, lane or device. */
  readonly suffix: string;
  /** Kept by the broker for late subscribers: state rather than news. */
  readonly retained: boolean;
}

const KINDS: Readonly<Record<MessageKind, Kind>> = {
  'car-counts': { shape: 'lane', suffix: 'car-counts', retained: false },
  configuration: { shape: 'junction', suffix: 'configuration', retained: true },
  detections: { shape: 'junction', suffix: 'detections', retained: false },
  'green-time': { shape: 'junction', suffix: 'green-time', retained: true },
  'stage-request': { shape: 'junction', suffix: 'stage-request', retained: false },
  ack: { shape: 'junction', suffix: 'green-time/ack', retained: false },
  lamps: { shape: 'junction', suffix: 'lamps', retained: true },
  mode: { shape: 'junction', suffix: 'mode', retained: true },
  'mode-request': { shape: 'junction', suffix: 'mode-request', retained: false },
  'mode-answer': { shape: 'junction', suffix: 'mode-answer', retained: false },
  heartbeat: { shape: 'device', suffix: 'heartbeat', retained: false },
  status: { shape: 'device', suffix: 'status', retained: true },
  log: { shape: 'junction', suffix: 'log', retained: false },
  bsm: { shape: 'junction', suffix: 'bsm', retained: false },
  psm: { shape: 'junction', suffix: 'psm', retained: false },
  spat: { shape: 'junction', suffix: 'spat', retained: false },
  map: { shape: 'junction', suffix: 'map', retained: true },
  clock: { shape: 'clock', suffix: 'clock', retained: false },
  'clock-done': { shape: 'clock', suffix: 'clock-done', retained: false },
};

export const MESSAGE_KINDS = Object.keys(KINDS) as MessageKind[];

/** Whether the broker keeps the last message of this kind for late subscribers. */
export function isRetained(kind: MessageKind): boolean {
  return KINDS[kind].retained;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SEGMENT = /^[^/+#\p{Cc}]{1,200}$/u;
const RUN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const VARIANT = /^[a-z][a-z0-9-]*$/;

/** An address that makes no topic, or one that this link may not use. */
export class TopicError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TopicError';
  }
}

/** `flextraff-sim/{run}/{variant}`. Throws TopicError if a name would not fit into a topic. */
export function simulationPrefix(run: string, variant: string): string {
  if (!RUN.test(run))
    throw new TopicError(`Run id ${JSON.stringify(run)} does not fit into a topic: letters, digits, . _ - only.`);
  if (!VARIANT.test(variant)) {
    throw new TopicError(`Variant name ${JSON.stringify(variant)} is not allowed: [a-z][a-z0-9-]*, e.g. "adaptive".`);
  }
  return `${SIMULATION_ROOT}/${run}/${variant}`;
}

/** True for `flextraff-sim/{run}/{variant}` and nothing else. */
export function isSimulationPrefix(prefix: string): boolean {
  const parts = prefix.split('/');
  return parts.length === 3 && parts[0] === SIMULATION_ROOT && RUN.test(parts[1]!) && VARIANT.test(parts[2]!);
}

/** Throws TopicError unless `prefix` is a simulation's: live topics drive real lamps. */
export function requireSimulationPrefix(prefix: string): void {
  if (isSimulationPrefix(prefix)) return;
  throw new TopicError(
    `A simulation may not use topics below ${JSON.stringify(prefix)}: only ${SIMULATION_ROOT}/{run}/{variant}, ` +
      `because topics below ${LIVE_PREFIX}/ drive real lamps.`,
  );
}

/** The topic of an address. Throws TopicError where a part is missing or would not be one part of a topic. */
export function topicOf(address: Address): string {
  const { shape, suffix } = KINDS[address.kind];
  switch (shape) {
    case 'clock':
      return `${address.prefix}/${suffix}`;
    case 'device':
      return `${address.prefix}/devices/${part(address, 'deviceId')}/${suffix}`;
    case 'lane':
      return `${address.prefix}/${part(address, 'junctionId')}/${part(address, 'laneId')}/${suffix}`;
    case 'junction':
      return `${address.prefix}/${part(address, 'junctionId')}/${suffix}`;
  }
}

function part(address: Address, field: 'junctionId' | 'laneId' | 'deviceId'): string {
  const value = address[field];
  const fits = value !== undefined && (field === 'deviceId' ? SEGMENT.test(value) : UUID.test(value));
  if (fits) return value;
  const wanted = field === 'deviceId' ? 'a name without / + #' : 'a UUID';
  throw new TopicError(`${address.kind} needs ${field}, ${wanted}; it is ${JSON.stringify(value) ?? 'missing'}.`);
}

/** The topic filter that matches a kind below a prefix; of one junction only where that is named. */
export function filterOf(prefix: string, kind: MessageKind, junctionId = '+'): string {
  const { shape, suffix } = KINDS[kind];
  const between = { clock: '', junction: `${junctionId}/`, lane: `${junctionId}/+/`, device: 'devices/+/' }[shape];
  return `${prefix}/${between}${suffix}`;
}

/** The address of a topic below one of `prefixes`; null for a topic that is none of ours. */
export function addressOf(topic: string, prefixes: Iterable<string>): Address | null {
  for (const prefix of prefixes) {
    if (topic.length > prefix.length && topic.startsWith(prefix) && topic[prefix.length] === '/') {
      const address = addressBelow(prefix, topic.slice(prefix.length + 1).split('/'));
      if (address) return address;
    }
  }
  return null;
}

function addressBelow(prefix: string, parts: readonly string[]): Address | null {
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1)
    return KINDS[first as MessageKind]?.shape === 'clock' ? { prefix, kind: first as MessageKind } : null;
  if (parts.length === 2) {
    if (!UUID.test(first) || KINDS[second as MessageKind]?.shape !== 'junction' || second === 'ack') return null;
    return { prefix, kind: second as MessageKind, junctionId: first };
  }
  if (parts.length !== 3) return null;
  if (first === 'devices') {
    return KINDS[third as MessageKind]?.shape === 'device' && SEGMENT.test(second)
      ? { prefix, kind: third as MessageKind, deviceId: second }
      : null;
  }
  if (!UUID.test(first)) return null;
  if (second === 'green-time' && third === 'ack') return { prefix, kind: 'ack', junctionId: first };
  return UUID.test(second) && third === 'car-counts'
    ? { prefix, kind: 'car-counts', junctionId: first, laneId: second }
    : null;
}
