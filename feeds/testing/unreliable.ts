/** A link that loses, doubles and reorders, for tests of what must survive that. */
import { createInProcessLink } from '../inprocess-link.ts';
import type { Link } from '../link.ts';

export interface Unreliability {
  /** Shares of the messages, 0-1. */
  readonly lost: number;
  readonly doubled: number;
  /** Messages may be overtaken by those sent up to so many turns of the event loop later. */
  readonly turns: number;
}

/** Delivers asynchronously; `random` (0-1) decides what happens to each message. */
export function unreliableLink({ lost, doubled, turns }: Unreliability, random: () => number): Link {
  const inner = createInProcessLink({ simulation: true });
  const later = (left: number, then: () => void): void => {
    if (left <= 0) then();
    else setImmediate(() => later(left - 1, then));
  };
  return {
    ...inner,
    async publish(address, message) {
      const copies = random() < lost ? 0 : random() < doubled ? 2 : 1;
      const text = JSON.stringify(message);
      for (let i = 0; i < copies; i++) {
        later(1 + Math.floor(random() * turns), () => inner.publish(address, JSON.parse(text)));
      }
    },
  };
}
