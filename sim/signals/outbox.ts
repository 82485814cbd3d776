/** What the devices of a street have to say, until it is drained. */
import type { Address } from '../../feeds/link.ts';
import type { Message, MessageKind } from '../../feeds/messages.ts';
import type { Outgoing } from '../types.ts';

export class Outbox {
  readonly #prefix: string;
  readonly #wants: (kind: MessageKind) => boolean;
  #messages: Outgoing[] = [];

  /** `wants`: whether anybody takes messages of a kind now; those of other kinds need not be made. */
  constructor(prefix: string, wants: (kind: MessageKind) => boolean) {
    this.#prefix = prefix;
    this.#wants = wants;
  }

  wants(kind: MessageKind): boolean {
    return this.#wants(kind);
  }

  send<K extends MessageKind>(kind: K, where: Omit<Address, 'prefix' | 'kind'>, message: Message<K>): void {
    const address = { prefix: this.#prefix, kind, ...where };
    this.#messages.push({ address, message } as Outgoing<MessageKind>);
  }

  /** Everything sent since the last call, in order. */
  drain(): readonly Outgoing[] {
    const messages = this.#messages;
    if (messages.length > 0) this.#messages = [];
    return messages;
  }
}
