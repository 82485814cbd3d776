/** The thread of `decision-store.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DatabaseStore, openStore } from '../api/database/store.ts';
import type { DecisionStoreOptions, FromDecisionStore, ToDecisionStore } from './decision-store.ts';
import { StoredDecisions } from './stored-decisions.ts';

/** Controllers of one machine that keep their decisions in the same place. */
const FOLDERS_MAX = 20;

const options = workerData as DecisionStoreOptions;
const say = (message: FromDecisionStore): void => parentPort!.postMessage(message);
const store = open();
store.writeJunctions(null, options.configurations);
const stored = new StoredDecisions(options.controller, options.shadow);
parentPort!.on('message', (message: ToDecisionStore) => {
  if ('lines' in message) {
    const rows = stored.rowsOf(message.lines);
    if (rows.length > 0) store.writeRecords('streetDecisions', rows);
  } else void close();
});

async function close(): Promise<void> {
  await store.flush().catch((error: Error) => say({ problem: `decisions were not all kept: ${error.message}` }));
  await store.close();
  say({ closed: true });
  parentPort!.close();
}

/** The first folder that is nobody else's: what waited in it for the database is taken along. */
function open(): DatabaseStore {
  for (let n = 1; ; n++) {
    try {
      return openStore({
        databaseUrl: options.databaseUrl,
        poolMax: 2,
        archive: 'off',
        dataDirectory: n === 1 ? options.folder : `${options.folder}-${n}`,
        onAlert: (level, message) => {
          if (level !== 'info') say({ problem: message });
        },
      });
    } catch (error) {
      if ((error as { code?: string }).code !== 'data_directory_in_use' || n === FOLDERS_MAX) throw error;
    }
  }
}
