/**
 * The link without a network: whoever subscribed gets the very object, in order of subscription, before `publish`
 * returns. Retained kinds are kept for late subscribers, as a broker would.
 */
import { isDeepStrictEqual } from 'node:util';
import { decode, encode, MessageError } from './check.ts';
import type { Address, Link, Received } from './link.ts';
import type { Message, MessageKind } from './messages.ts';
import { isRetained, requireSimulationPrefix, topicOf } from './topics.ts';

export interface InProcessLinkOptions {
  /** Refuse every address that is not below `flextraff-sim/{run}/{variant}`. */
  readonly simulation: boolean;
  /** Also encode, check and decode each message, and throw MessageError where that would give another one. For tests. */
  readonly verify?: boolean;
}

export interface InProcessLink extends Link {
  publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void;
  /** Forget what is retained below a prefix, e.g. of a run that ended. */
  clearRetained(prefix: string): Promise<void>;
}

type Handler = (received: Received) => void;

export function createInProcessLink(options: InProcessLinkOptions): InProcessLink {
  /** Handlers by prefix and kind. */
  const handlers = new Map<string, Map<MessageKind, readonly Handler[]>>();
  const retained = new Map<string, Map<string, { address: Address; message: Message<MessageKind> }>>();
  const allowed = new Set<string>();
  let connectionHandlers: ((state: 'connected' | 'reconnecting' | 'closed', detail: string) => void)[] = [];
  let closed = false;

  function check(prefix: string): void {
    if (closed) throw new Error('The in-process link is closed: nothing can be sent or subscribed any more.');
    if (!options.simulation || allowed.has(prefix)) return;
    requireSimulationPrefix(prefix);
    allowed.add(prefix);
  }

  return {
    publish(address, message) {
      check(address.prefix);
      if (options.verify) verify(address, message);
      if (isRetained(address.kind)) {
        let below = retained.get(address.prefix);
        if (!below) {
          below = new Map();
          retained.set(address.prefix, below);
        }
        below.set(topicOf(address), { address, message });
      }
      const listeners = handlers.get(address.prefix)?.get(address.kind);
      if (!listeners) return;
      const received = { address, message, retained: false } as Received;
      for (const handler of listeners) handler(received);
    },

    async subscribe(prefix, kinds, onMessage, junctionIds) {
      check(prefix);
      const only = junctionIds === undefined ? null : new Set(junctionIds);
      const handler: Handler = (received) => {
        if (only === null || only.has(received.address.junctionId ?? '')) onMessage(received as never);
      };
      let below = handlers.get(prefix);
      if (!below) {
        below = new Map();
        handlers.set(prefix, below);
      }
      for (const kind of kinds) below.set(kind, [...(below.get(kind) ?? []), handler]);
      for (const { address, message } of [...(retained.get(prefix)?.values() ?? [])]) {
        if ((kinds as readonly MessageKind[]).includes(address.kind)) {
          handler({ address, message, retained: true } as Received);
        }
      }
      return async () => {
        const registered = handlers.get(prefix);
        if (!registered) return;
        for (const kind of kinds) {
          const left = (registered.get(kind) ?? []).filter((h) => h !== handler);
          if (left.length > 0) registered.set(kind, left);
          else registered.delete(kind);
        }
        if (registered.size === 0) handlers.delete(prefix);
      };
    },

    wants(prefix, kind) {
      return isRetained(kind) || (handlers.get(prefix)?.has(kind) ?? false);
    },

    async clearRetained(prefix) {
      retained.delete(prefix);
    },

    events: {
      onRejected() {},
      onConnection(handler) {
        connectionHandlers.push(handler);
      },
    },

    async close() {
      if (closed) return;
      closed = true;
      handlers.clear();
      retained.clear();
      for (const handler of connectionHandlers) handler('closed', 'The in-process link was closed.');
      connectionHandlers = [];
    },
  };
}

function verify<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void {
  const decoded = decode(address.kind, encode(address, message));
  if ('problem' in decoded || !isDeepStrictEqual(decoded.message, message)) {
    throw new MessageError(
      `${topicOf(address)} would arrive as another message over a network: ` +
        `${'problem' in decoded ? decoded.problem : JSON.stringify(decoded.message)} instead of ${JSON.stringify(message)}.`,
    );
  }
}
