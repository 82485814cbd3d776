/**
 * What the messages of 2,000 vehicles, ten a second each, cost in CPU where they are read and analysed: JSON text in frames of
 * 100, at 10 junctions, in one thread; broker and socket not included. `npm run bench:safety-feed [-- SECONDS]`.
 */
import { envelope, readV2x } from '../feeds/v2x/read.ts';
import { LIVE_STEP_MS } from '../runs/safety/live.ts';
import { JunctionSafety } from '../runs/safety/junction.ts';
import { EVERY_MS, FRAME, frameAt, JUNCTIONS, VEHICLES } from './safety-latency/vehicles.ts';

const seconds = Number(process.argv[2] ?? 20);
const WARM_UP_SECONDS = 5;
const begin = Date.UTC(2026, 0, 5, 8);

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Texts of a step, by junction: made outside of what is measured. */
function textsAt(step: number): string[][] {
  return Array.from({ length: JUNCTIONS }, (_, j) => {
    const messages = frameAt(j, begin, begin + step * EVERY_MS).bsms.map((one) => envelope(one, 'OBU'));
    const texts: string[] = [];
    for (let first = 0; first < messages.length; first += FRAME)
      texts.push(JSON.stringify(messages.slice(first, first + FRAME)));
    return texts;
  });
}

const junctions = Array.from(
  { length: JUNCTIONS },
  () => new JunctionSafety({ frozen: null, analysis: { engine: { stepMs: LIVE_STEP_MS } } }),
);
let reading = 0;
let all = 0;
let messages = 0;
let started = 0;
for (let step = 0; step * EVERY_MS < (seconds + WARM_UP_SECONDS) * 1000; step++) {
  const texts = textsAt(step);
  const isCounted = step * EVERY_MS >= WARM_UP_SECONDS * 1000;
  const before = cpuSeconds();
  for (const own of texts) for (const text of own) readV2x(text);
  const read = cpuSeconds();
  for (const [j, own] of texts.entries()) {
    const result = junctions[j]!.push({ texts: own, receivedAtMs: begin + step * EVERY_MS });
    if (isCounted) {
      messages += result.used;
      started += result.started.length;
    }
  }
  const after = cpuSeconds();
  if (!isCounted) continue;
  reading += read - before;
  all += after - read;
}
const perMessage = (cpu: number): string => `${((cpu / messages) * 1e6).toFixed(1)} us a message`;
process.stdout.write(
  [
    `${VEHICLES} vehicles at ${1000 / EVERY_MS} Hz, ${seconds} s: ${messages} messages, ${started} encounters began`,
    `reading and analysis: ${(all / seconds).toFixed(2)} CPU seconds a second, ${perMessage(all)}`,
    `of these reading (parsing, checking, units): ${(reading / seconds).toFixed(2)}, ${perMessage(reading)}`,
    '',
  ].join('\n'),
);
