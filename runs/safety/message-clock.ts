/**
 * A junction's time while nothing comes: the clock, less what its messages are behind it. Roadside units' clocks are off, and
 * where a machine or network is slow all messages are late; neither may make the users of a junction silent.
 */

/** Messages are so late at most without anybody being the worse for it, ms: users are gone after a second. */
const USUAL_MS = 200;
/** The least lag of the last seconds counts: one sender whose clock is behind says nothing of the others. */
const WINDOW_MS = 1000;

export class MessageClock {
  #windowEndsMs = Number.NEGATIVE_INFINITY;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;

  /** At `nowMs` by our clock messages up to `heardMs` by theirs were here. */
  note(nowMs: number, heardMs: number): void {
    if (!(nowMs < this.#windowEndsMs && nowMs > this.#windowEndsMs - 2 * WINDOW_MS)) {
      this.#leastBefore = nowMs < this.#windowEndsMs + WINDOW_MS ? this.#least : Number.POSITIVE_INFINITY;
      this.#least = Number.POSITIVE_INFINITY;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    this.#least = Math.min(this.#least, nowMs - heardMs);
  }

  /** What the time of the junction's messages is at `nowMs`; undefined: nothing was heard. */
  at(nowMs: number): number | undefined {
    const lag = Math.min(this.#least, this.#leastBefore);
    if (lag === Number.POSITIVE_INFINITY) return undefined;
    return nowMs - (lag > USUAL_MS ? lag - USUAL_MS : Math.min(0, lag));
  }
}
