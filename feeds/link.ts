/**
 * How messages travel, whatever carries them. The in-process link hands over the very object (which must equal what
 * JSON encoding, checking and decoding would give); the MQTT link encodes, sends, checks.
 */
import type { Message, MessageKind } from './messages.ts';

/** Where a message belongs. `prefix` is `flextraff` on a street, `flextraff-sim/{run}/{variant}` in a simulation. */
export interface Address {
  readonly prefix: string;
  readonly kind: MessageKind;
  /** Junction UUID; absent for device and clock messages. */
  readonly junctionId?: string;
  /** Approach UUID, `car-counts` only. */
  readonly laneId?: string;
  /** Device id, `heartbeat` and `status` only. */
  readonly deviceId?: string;
}

export interface Received<K extends MessageKind = MessageKind> {
  readonly address: Address & { readonly kind: K };
  readonly message: Message<K>;
  /** True when the broker delivered it as retained state rather than as news. */
  readonly retained: boolean;
}

/** A message that came in and was not used. Never stops the stream. */
export interface Rejected {
  readonly topic: string;
  /** What is wrong and where, from the schema. */
  readonly reason: string;
  /** First 200 characters of the payload. */
  readonly excerpt: string;
}

export interface Link {
  /** Resolves once the broker has it (QoS 1); the in-process link is done when it returns. */
  publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void | Promise<void>;
  /**
   * All messages of `kinds` below `prefix`; where `junctionIds` are given, of these junctions only. Resolves once the
   * subscription stands; the answer ends it. One prefix and kind is subscribed to either as a whole or by junction.
   */
  subscribe<K extends MessageKind>(
    prefix: string,
    kinds: readonly K[],
    onMessage: (received: Received<K>) => void,
    junctionIds?: readonly string[],
  ): Promise<() => Promise<void>>;
  /** True if publishing this kind below this prefix may reach anybody; false lets a simulated device save itself the work. */
  wants(prefix: string, kind: MessageKind): boolean;
  /** Called for each rejected message and for each change of the connection. */
  readonly events: {
    onRejected(handler: (rejected: Rejected) => void): void;
    onConnection(handler: (state: 'connected' | 'reconnecting' | 'closed', detail: string) => void): void;
  };
  close(): Promise<void>;
}
