/**
 * Lockstep over a broker. The world sends the messages of a frame and then `clock`; the controller answers with its
 * decisions and then `clock-done`. A broker may deliver a message twice, lose it when a connection breaks, or let it be
 * overtaken; so each clock names its messages by key, in order, and each end takes exactly those, in that order. A world
 * that gets no answer sends the frame again; a frame that was answered already is answered again, not decided again.
 */
import { createHash } from 'node:crypto';
import type { Address, Link, Received } from './link.ts';
import type { ClockMessage, Message, MessageKind } from './messages.ts';
import { topicOf } from './topics.ts';

/** JSON with the members of each object in alphabetical order, so that equal messages have equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Kinds whose members' order a link keeps, so that their text need not be put in order: there are very many. */
const AS_SENT: ReadonlySet<MessageKind> = new Set(['bsm', 'psm', 'spat', 'map']);

/** Names a message, `{kind}:{hash}`: equal for equal topic and content, else different. */
export function keyOf(address: Address, message: Message<MessageKind>): string {
  const text = AS_SENT.has(address.kind) ? JSON.stringify(message) : canonical(message);
  const hash = createHash('sha256').update(topicOf(address)).update('\n').update(text);
  return `${address.kind}:${hash.digest('base64url').slice(0, 22)}`;
}

const kindOf = (key: string) => key.slice(0, key.indexOf(':')) as MessageKind;

type Handler = (received: Received) => void;

interface Sent {
  readonly address: Address;
  readonly message: Message<MessageKind>;
}

interface Frames {
  handlers: { kinds: ReadonlySet<MessageKind>; handler: Handler }[];
  /** What came since the last frame, by key. */
  waiting: Map<string, Received>;
  clock: Received<'clock'> | null;
  delivered: number;
  /** What was published for the frame delivered last; `answer` includes its `clock-done` once that is out. */
  answer: Sent[];
  answered: number;
}

/**
 * The link as a controller in lockstep should see it: all messages of a frame, in order, exactly once, then its
 * `clock`. Retained messages come before the first frame only.
 */
export function lockstepControllerLink(link: Link): Link {
  const frames = new Map<string, Frames>();

  function framesOf(prefix: string): Frames {
    let found = frames.get(prefix);
    if (!found) {
      found = { handlers: [], waiting: new Map(), clock: null, delivered: -1, answer: [], answered: -1 };
      frames.set(prefix, found);
    }
    return found;
  }

  function dispatch(state: Frames, received: Received): void {
    for (const { kinds, handler } of state.handlers) if (kinds.has(received.address.kind)) handler(received);
  }

  function receive(state: Frames, received: Received): void {
    const { kind } = received.address;
    if (kind === 'clock') {
      const clock = received as Received<'clock'>;
      const { frame } = clock.message;
      if (frame > state.delivered) {
        state.clock = clock;
        deliver(state);
      } else {
        state.waiting.clear();
        if (frame === state.answered) for (const { address, message } of state.answer) void send(address, message);
      }
    } else if (received.retained || kind === 'clock-done') {
      // Once frames come, they have all there is; what a broker retained comes again with each reconnection.
      if (state.delivered < 0) dispatch(state, received);
    } else {
      state.waiting.set(keyOf(received.address, received.message), received);
      if (state.clock) deliver(state);
    }
  }

  function deliver(state: Frames): void {
    const { clock, waiting } = state;
    if (!clock) return;
    const subscribed = (key: string) => state.handlers.some(({ kinds }) => kinds.has(kindOf(key)));
    const keys = clock.message.keys?.filter(subscribed) ?? [...waiting.keys()];
    const complete = clock.message.keys
      ? keys.every((key) => waiting.has(key))
      : waiting.size >= clock.message.messages;
    if (!complete) return;
    state.clock = null;
    state.waiting = new Map();
    state.delivered = clock.message.frame;
    state.answer = [];
    for (const key of keys) dispatch(state, waiting.get(key)!);
    dispatch(state, clock);
  }

  async function send(address: Address, message: Message<MessageKind>): Promise<void> {
    await link.publish(address, message as never);
  }

  return {
    async publish(address, message) {
      const state = framesOf(address.prefix);
      if (address.kind !== 'clock-done') {
        state.answer.push({ address, message });
        return send(address, message);
      }
      const keys = state.answer.map((sent) => keyOf(sent.address, sent.message));
      const done: ClockMessage = { ...(message as ClockMessage), messages: keys.length, keys };
      state.answer.push({ address, message: done });
      state.answered = done.frame;
      return send(address, done);
    },

    async subscribe(prefix, kinds, onMessage, junctionIds) {
      const state = framesOf(prefix);
      const entry = { kinds: new Set<MessageKind>(kinds), handler: onMessage as Handler };
      state.handlers.push(entry);
      const end = await link.subscribe(
        prefix,
        kinds,
        (received) => {
          if (entry === state.handlers.find((other) => other.kinds.has(received.address.kind)))
            receive(state, received);
          else if (received.retained && state.delivered < 0) entry.handler(received);
        },
        junctionIds,
      );
      return async () => {
        state.handlers = state.handlers.filter((other) => other !== entry);
        if (state.handlers.length === 0) frames.delete(prefix);
        await end();
      };
    },

    wants: (prefix, kind) => link.wants(prefix, kind),
    events: link.events,
    close: () => link.close(),
  };
}
