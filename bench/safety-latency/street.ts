/** The vehicles of `safety-latency`, in a process of their own: publishes their frames, and says when a pair first shows its conflict. */
import { openMqttLink } from '../../feeds/mqtt-link.ts';
import { topicOf } from '../../feeds/topics.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import { EVERY_MS, FRAME, frameAt, JUNCTIONS, junctionId } from './vehicles.ts';

export interface ShownPair {
  readonly pair: string;
  readonly publishedAtMs: number;
}

async function run(url: string, seconds: number): Promise<void> {
  const link = await openMqttLink({ url, simulation: false });
  const begin = Math.ceil(Date.now() / 1000) * 1000 + 1000;
  const told = new Set<string>();
  let unsent = 0;
  for (let step = 0; step * EVERY_MS < seconds * 1000; step++)
    for (let j = 0; j < JUNCTIONS; j++) {
      // units send at phases of their own, anywhere between the analysis' steps
      const due = begin + step * EVERY_MS + j * 9;
      const early = due - Date.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const atMs = Date.now();
      const { bsms, pair, isShown } = frameAt(j, begin, atMs);
      const shows = isShown && !told.has(pair);
      if (shows) told.add(pair);
      const address = { prefix: 'flextraff', kind: 'bsm', junctionId: junctionId(j) } as const;
      const encoded = bsms.map((one) => envelope(one, 'OBU'));
      const publishedAtMs = Date.now();
      for (let first = 0; first < encoded.length; first += FRAME)
        link.send('flextraff', topicOf(address), JSON.stringify(encoded.slice(first, first + FRAME))).catch(() => {
          unsent++;
        });
      if (shows) process.send!({ pair, publishedAtMs } satisfies ShownPair);
    }
  await link.close();
  if (unsent > 0) process.stderr.write(`${unsent} frames were not sent: this machine does not keep up\n`);
  process.disconnect();
}

if (process.send !== undefined && process.argv[3] !== undefined) await run(process.argv[2]!, Number(process.argv[3]));
