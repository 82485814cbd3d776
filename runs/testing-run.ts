/** For tests: a program that runs a scenario slowly through a broker until it is killed. */
import { runVariants } from './runner.ts';
import { openSource } from './source.ts';

const source = await openSource('t-junction');
await runVariants({
  source,
  link: { broker: process.argv[2]! },
  pace: 10,
  observer: { onProgress: (second) => void (second === 3 && process.send?.('running')) },
});
