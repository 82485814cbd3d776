/**
 * A process to be killed: opens the store in the given directory (and database) and writes without end. Prints
 * `run {id} {junction}`, then `ack {n}` once all of batch n (from 0) is acknowledged. What batch n holds is said in
 * `endurance.ts`.
 */
import { makeConfiguration, makeRun } from '../../testing.ts';
import { openStore } from '../store.ts';
import { writeBatch } from './endurance.ts';

const [directory, databaseUrl] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: endurance-child DIRECTORY [DATABASE_URL]');
const store = openStore({
  dataDirectory: directory,
  databaseUrl,
  archive: { location: `${directory}/archive` },
  archiveEveryMs: 500,
});
const configuration = makeConfiguration();
const run = makeRun();
store.writeJunctions(null, [configuration]);
store.writeRun(run);
process.stdout.write(`run ${run.id} ${configuration.junctionId}\n`);
for (let n = 0; ; n++) {
  writeBatch(store, run.id, configuration, n);
  await store.flush();
  process.stdout.write(`ack ${n}\n`);
}
