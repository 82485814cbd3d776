/** `flextraff replay`: a log of V2X messages over MQTT again, at any speed, below a simulation's topics and nowhere else. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { simulationPrefix } from '../feeds/topics.ts';
import type { V2xMessage } from '../feeds/v2x/messages.ts';
import { envelope } from '../feeds/v2x/read.ts';
import { readAnyLine } from '../runs/safety/log.ts';
import { lines } from '../runs/safety/text.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';

export interface ReplayOptions {
  readonly broker: string;
  readonly junction: string;
  readonly speed?: number;
  readonly run?: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const STARTS_AT_MS = Date.UTC(2024, 0, 1);
/** Messages of one kind that lie this close together go as one frame. */
const FRAME_MS = 1;
const FRAME_MESSAGES = 150;

/** Throws Refusal. */
export async function replay(log: string, options: ReplayOptions): Promise<void> {
  const { speed = 1, junction } = options;
  if (!UUID.test(junction)) throw new Refusal(`--junction ${junction}: the junction's UUID, as topics have it.`);
  if (!(await stat(log).catch(() => null))?.isFile()) throw new Refusal(`${log} is no file.`);
  const prefix = simulationPrefix(options.run ?? 'replay', 'log');
  const interrupt = onInterrupt();
  const link = await openMqttLink({ url: options.broker, simulation: true });
  const sent: Record<string, number> = {};
  const rejected: Record<string, number> = {};
  let firstMs = Number.NaN;
  let lastMs = STARTS_AT_MS;
  const began = performance.now();
  let waiting: V2xMessage[] = [];
  const flush = async () => {
    const [first] = waiting;
    if (first === undefined) return;
    const due = (first.receivedAtMs - firstMs) / speed - (performance.now() - began);
    if (due > 1) await sleep(due, undefined, { signal: interrupt.signal }).catch(() => {});
    const by = first.kind === 'bsm' || first.kind === 'psm' ? 'OBU' : 'RSU';
    const frame = waiting.map((message) => envelope(message, by));
    await link.publish({ prefix, kind: first.kind, junctionId: junction }, frame.length === 1 ? frame[0]! : frame);
    sent[first.kind] = (sent[first.kind] ?? 0) + frame.length;
    waiting = [];
  };
  try {
    for await (const line of lines(log)) {
      if (interrupt.signal.aborted) break;
      const { messages, rejections } =
        line === null
          ? { messages: [], rejections: [{ reason: 'too-large' }] }
          : readAnyLine(line, STARTS_AT_MS, lastMs);
      for (const { reason } of rejections) rejected[reason] = (rejected[reason] ?? 0) + 1;
      for (const message of messages) {
        if (Number.isNaN(firstMs)) firstMs = message.receivedAtMs;
        lastMs = message.receivedAtMs;
        const [first] = waiting;
        if (
          first !== undefined &&
          (first.kind !== message.kind ||
            Math.abs(message.receivedAtMs - first.receivedAtMs) >= FRAME_MS ||
            waiting.length >= FRAME_MESSAGES)
        )
          await flush();
        waiting.push(message);
      }
    }
    if (!interrupt.signal.aborted) await flush();
  } finally {
    await link.close();
  }
  process.stdout.write(
    `${JSON.stringify({ topics: `${prefix}/${junction}/{bsm,psm,spat,map}`, sent, rejected }, null, 2)}\n`,
  );
}
