/**
 * A process to be killed: opens the store in the given directory and writes a run, cycles and series without end. Prints
 * `run {id} {junction}`, then `ack {n}` once all of batch n (from 0) is acknowledged.
 */
import { makeConfiguration, makeCycle, makeRun } from '../../testing.ts';
import { openStore } from '../store.ts';

const [directory, wait] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: kill-child DIRECTORY [ready]');
const store = openStore({ dataDirectory: directory });
if (wait === 'ready') await store.ready;
const configuration = makeConfiguration();
const run = makeRun();
store.writeJunctions(null, [configuration]);
store.writeRun(run);
process.stdout.write(`run ${run.id} ${configuration.junctionId}\n`);
for (let batch = 0; ; batch++) {
  store.writeSeries(
    Array.from({ length: 20 }, (_, point) => ({
      runId: run.id,
      second: batch * 20 + point,
      variant: 'baseline',
      delaySeconds: batch,
      queued: 0,
      stopsPerVehicle: 0,
      running: 0,
      arrived: 0,
    })),
  );
  store.writeCycles([
    makeCycle(configuration, {
      runId: run.id,
      variant: 'baseline',
      cycleNumber: batch,
      startedAtMs: batch * 60_000,
      endedAtMs: (batch + 1) * 60_000,
    }),
  ]);
  await store.flush();
  process.stdout.write(`ack ${batch}\n`);
}
