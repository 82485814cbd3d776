/** The thread of `raw-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { rawRecordsOf } from '../../runs/safety/raw-messages.ts';
import { Archive } from './archive.ts';
import type { FromRawThread, RawThreadOptions, ToRawThread } from './raw-thread.ts';
import { openStorage } from './storage.ts';

const { storage, directory, maxBytes, storeEveryMs } = workerData as Omit<RawThreadOptions, 'onAlert'>;
const port = parentPort!;
const tell = (message: FromRawThread): void => port.postMessage(message);
const archive = new Archive({
  storage: openStorage(storage),
  directory,
  maxBytes,
  storeEveryMs,
  onAlert: (level, message) => tell({ kind: 'alert', level, message }),
});

port.on('message', (message: ToRawThread) => {
  if (message.kind === 'close') {
    archive
      .close()
      .catch((error: Error) =>
        tell({ kind: 'alert', level: 'error', message: `The archive of V2X messages: ${error.message}` }),
      )
      .finally(() => tell({ kind: 'closed' }));
    return;
  }
  archive.addRaw(message.of, rawRecordsOf(message.text, message.from));
  tell({ kind: 'taken', characters: message.text.length });
});
