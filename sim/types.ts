/** What the simulator shows to those who run it. Metres, seconds, radians, kilograms inside `sim`. */
import type { Address } from '../feeds/link.ts';
import type { Message, MessageKind } from '../feeds/messages.ts';
import type { JunctionConfiguration } from '../junction/types.ts';

/** A message a simulated device wants to send. */
export interface Outgoing<K extends MessageKind = MessageKind> {
  readonly address: Address & { readonly kind: K };
  readonly message: Message<K>;
}

/**
 * A street with simulated traffic, readers and lamp controllers. It speaks exactly what a real one speaks and obeys
 * plans and stage requests. It knows nothing of strategies, links, wall clocks or files.
 *
 * One tick, in this order: messages received before it reach the lamp devices, lamp devices advance, the world moves,
 * detectors read. Tick k covers (k dt, (k+1) dt].
 */
export interface SimulatedStreet {
  readonly prefix: string;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
  readonly configurations: readonly JunctionConfiguration[];
  /** Ticks done. */
  readonly tick: number;
  /** Simulated time after the ticks done, ms since 1970. */
  readonly nowMs: number;
  /** Vehicle updates so far (one vehicle in the network, one tick). */
  readonly vehicleUpdates: number;
  step(): void;
  /** Messages of devices since the last call, in the order they were sent; kinds nobody `wants` are not made. */
  drain(): readonly Outgoing[];
  /** A plan, stage request, configuration or mode for a junction's lamp device; it acts from the next tick. */
  receive<K extends 'green-time' | 'stage-request' | 'configuration' | 'mode'>(
    kind: K,
    junctionId: string,
    message: Message<K>,
  ): void;
  /** 16 hex digits over the state hashed so far; calling it at the end is part of the digest's definition. */
  digest(): string;
}
