/**
 * V2X messages archived on a thread of their own: of twenty thousand a second, parsing, journalling and writing Parquet takes most
 * of a core, and would hold up for a second at a time whoever waits for a near miss. A journal and drafts of its own; the same
 * storage.
 */
import type { RawKind } from '../../runs/records.ts';
import { startThread } from '../thread.ts';
import type { StorageOptions } from './storage.ts';

/** Characters that wait for the thread at most; what comes beyond is not archived, and said not to be. */
const WAITING_MAX = 64_000_000;

export interface RawThreadOptions {
  readonly storage: StorageOptions;
  /** Its journal and drafts; of this thread alone. */
  readonly directory: string;
  readonly maxBytes: number;
  readonly storeEveryMs?: number;
  readonly onAlert: (level: 'info' | 'warning' | 'error', message: string) => void;
}

/** Where a text came from. */
export interface RawText {
  readonly receivedAtMs: number;
  readonly junctionId: string;
  readonly via: string;
}

export type ToRawThread =
  | { readonly kind: 'text'; readonly of: RawKind; readonly text: string; readonly from: RawText }
  | { readonly kind: 'close' };
export type FromRawThread =
  | { readonly kind: 'taken'; readonly characters: number }
  | { readonly kind: 'alert'; readonly level: 'info' | 'warning' | 'error'; readonly message: string }
  | { readonly kind: 'closed' };

export interface RawThread {
  /** Messages or a frame as text. They are on disk a fifth of a second later, and in the storage within a minute. */
  add(of: RawKind, text: string, from: RawText): void;
  /** Texts that were not archived because too much waited. */
  readonly lost: number;
  /** Journals what there is; what is not stored yet is stored by the next start. */
  close(): Promise<void>;
}

export function openRawThread(options: RawThreadOptions): RawThread {
  const { onAlert, ...settings } = options;
  const worker = startThread(import.meta.url, 'raw-thread-worker', settings);
  let waiting = 0;
  let lost = 0;
  let isLosing = false;
  let isGone = false;
  let closed: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    closed = resolve;
  });
  worker.on('message', (message: FromRawThread) => {
    if (message.kind === 'taken') waiting -= message.characters;
    else if (message.kind === 'alert') onAlert(message.level, message.message);
    else closed();
    if (waiting < WAITING_MAX / 2) isLosing = false;
  });
  const fail = (what: string): void => {
    if (!isGone) onAlert('error', `V2X messages are not archived any more: ${what}`);
    isGone = true;
    closed();
  };
  worker.on('error', (error) => fail(error.message));
  worker.on('exit', (code) => (code === 0 ? closed() : fail(`their thread ended with ${code}`)));
  return {
    add(of, text, from) {
      if (isGone || waiting + text.length > WAITING_MAX) {
        lost++;
        if (!isLosing && !isGone)
          onAlert('error', 'V2X messages come faster than they can be archived: some are not. Safety goes on.');
        isLosing = true;
        return;
      }
      waiting += text.length;
      worker.postMessage({ kind: 'text', of, text, from } satisfies ToRawThread);
    },
    get lost() {
      return lost;
    },
    async close() {
      worker.postMessage({ kind: 'close' } satisfies ToRawThread);
      await ended;
      isGone = true;
      await worker.terminate();
    },
  };
}
