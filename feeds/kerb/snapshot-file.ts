/** What a device remembers over restarts, in a file. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DeviceSnapshot, SnapshotStore } from '../../junction/device.ts';

/** Written beside, flushed, then renamed, and the folder flushed: a power cut leaves the old or the new, never half; once saved, the new. */
export function snapshotFile(path: string): SnapshotStore {
  return {
    load() {
      if (!existsSync(path)) return null;
      return JSON.parse(readFileSync(path, 'utf8')) as DeviceSnapshot;
    },
    save(snapshot) {
      mkdirSync(dirname(path), { recursive: true });
      const beside = `${path}.new`;
      const file = openSync(beside, 'w');
      try {
        writeSync(file, `${JSON.stringify(snapshot)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(beside, path);
      flushFolder(dirname(path));
    },
  };
}

/** Until then a rename may be lost with the power, and a latched fault with it. */
function flushFolder(path: string): void {
  // Windows opens no folders; there a rename is in the journal.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
