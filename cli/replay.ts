/** `flextraff replay`: a log of V2X messages over MQTT again, at any speed, below a simulation's topics and nowhere else. */
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { simulationPrefix } from '../feeds/topics.ts';
import { recordedMessages, replay as replayMessages } from '../runs/safety/replay.ts';
import { kindOfSource } from '../runs/safety/source.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';

export interface ReplayCommandOptions {
  readonly broker: string;
  readonly junction?: string;
  readonly speed?: number | 'max';
  readonly run?: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Throws Refusal, and SafetySourceError for what holds no messages. */
export async function replay(log: string, options: ReplayCommandOptions): Promise<void> {
  const { speed = 1, junction } = options;
  if (junction !== undefined && !UUID.test(junction))
    throw new Refusal(`--junction ${junction}: the junction's UUID, as topics have it.`);
  await kindOfSource(log);
  const prefix = simulationPrefix(options.run ?? 'replay', 'log');
  const interrupt = onInterrupt();
  const link = await openMqttLink({ url: options.broker, simulation: true });
  try {
    const { sent, rejected, junctions } = await replayMessages(recordedMessages(log), {
      link,
      prefix,
      junctionId: junction ?? null,
      speed,
      signal: interrupt.signal,
    });
    if (rejected['no-junction'] !== undefined)
      process.stderr.write(
        'The log does not say at which junction some of its messages were heard: they were left out. Give --junction UUID.\n',
      );
    const topics = junctions.map((id) => `${prefix}/${id}/{bsm,psm,spat,map}`);
    process.stdout.write(`${JSON.stringify({ topics, sent, rejected }, null, 2)}\n`);
  } finally {
    await link.close();
    interrupt.release();
  }
}
