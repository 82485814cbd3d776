/** For tests: a program with a twin that is killed in the middle of a run. */
import { memoryStore } from './testing.ts';
import { createTwin } from './twin.ts';

const [broker, dataDirectory] = process.argv.slice(2) as [string, string];
const twin = await createTwin({
  store: memoryStore(),
  broker,
  dataDirectory,
  threads: 1,
});
let flushedAt = 0;
twin.on('run', (run) => {
  if (run.simulatedSeconds > 80 && flushedAt === 0) {
    // what was simulated is on disk within a second or so
    flushedAt = run.simulatedSeconds;
    setTimeout(() => process.send?.(run.id), 1500);
  }
});
await twin.start({ scenario: 't-junction', seed: 1, pace: 40 });
