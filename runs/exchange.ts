/**
 * The world's end of a link, for one variant: sends what its devices say, hands plans and requests to the street, and
 * knows whether a frame was answered.
 */
import { isoOf } from '../feeds/codec.ts';
import type { Link, Received } from '../feeds/link.ts';
import { keyOf } from '../feeds/lockstep.ts';
import type { ClockMessage } from '../feeds/messages.ts';
import type { Outgoing, SimulatedStreet } from '../sim/types.ts';
import { clockTime } from './clock-time.ts';

const COMMANDS = ['configuration', 'mode', 'green-time', 'stage-request'] as const;
type Command = Received<(typeof COMMANDS)[number]>;

export interface ExchangeOptions {
  readonly variant: string;
  readonly street: SimulatedStreet;
  readonly link: Link;
  /** `lockstep`: commands wait for `apply`; `wall`: they reach the street when they come. */
  readonly clock: 'lockstep' | 'wall';
  /** Name messages by key, which a broker needs and the in-process link does not. */
  readonly keyed: boolean;
  /** Seconds without an answer, connected, after which the controller is called silent. */
  readonly answerTimeoutSeconds: number;
  /** Seconds the broker may be away. */
  readonly reconnectTimeoutSeconds: number;
  /** Seconds without an answer after which the frame is sent again. */
  readonly resendSeconds: number;
  onSent?(outgoing: Outgoing): void;
  onCommand?(command: Command): void;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  #frame = -1;
  #outgoing: readonly Outgoing[] = [];
  #clock: ClockMessage | null = null;
  /** Commands since the last `apply`, in the order they came. */
  #commands: Command[] = [];
  #done: ClockMessage | null = null;
  #lastAnswered = -1;
  #connected = true;
  #connectionDetail = '';
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #unsubscribe: (() => Promise<void>) | null = null;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    options.link.events.onConnection((state, detail) => {
      this.#connected = state === 'connected';
      this.#connectionDetail = detail;
      this.#wake?.();
    });
  }

  /** Ids of the devices that have said they are there. */
  readonly devices = new Set<string>();

  /** The last frame the controller has answered; -1 before the first. */
  get lastAnswered(): number {
    return this.#lastAnswered;
  }

  async open(): Promise<void> {
    const { link, street } = this.#options;
    this.#unsubscribe = await link.subscribe(street.prefix, [...COMMANDS, 'clock-done'], (received) => {
      if (received.address.kind === 'clock-done') this.#answered((received as Received<'clock-done'>).message);
      else if (received.retained && this.#lastAnswered >= 0) return;
      else this.#command(received as Command);
    });
  }

  #command(command: Command): void {
    if (this.#options.clock === 'wall') {
      this.#apply(command);
      return;
    }
    this.#commands.push(command);
    this.#wake?.();
  }

  #answered(done: ClockMessage): void {
    if (done.frame <= this.#lastAnswered) return;
    if (this.#options.clock === 'wall') this.#lastAnswered = done.frame;
    else if (done.frame === this.#frame) this.#done = done;
    this.#wake?.();
  }

  /** Sends everything the devices said up to now, then the clock of `frame` (seconds since the start). */
  send(frame: number): void {
    const { street, keyed } = this.#options;
    this.#frame = frame;
    this.#outgoing = street.drain();
    const keys = keyed ? { keys: this.#outgoing.map((o) => keyOf(o.address, o.message)) } : {};
    this.#clock = { frame, timestamp: isoOf(street.nowMs), messages: this.#outgoing.length, ...keys };
    this.#done = null;
    this.#transmit();
    for (const { address } of this.#outgoing) if (address.kind === 'status') this.devices.add(address.deviceId!);
    if (this.#options.onSent) for (const outgoing of this.#outgoing) this.#options.onSent(outgoing);
  }

  #transmit(): void {
    const { link, street } = this.#options;
    for (const { address, message } of this.#outgoing) this.#watch(link.publish(address, message as never));
    this.#watch(link.publish({ prefix: street.prefix, kind: 'clock' }, this.#clock!));
  }

  #watch(sending: void | Promise<void>): void {
    sending?.catch((error: Error) => {
      this.#failure ??= error;
      this.#wake?.();
    });
  }

  /** Whether the answer to the frame sent last is here, with all its commands. Throws what went wrong with sending. */
  get complete(): boolean {
    if (this.#failure) throw this.#failure;
    return this.#done !== null && this.#chosen(this.#done) !== null;
  }

  /** The commands that belong to an answer, in order; null while one is missing. */
  #chosen(done: ClockMessage): Command[] | null {
    if (!done.keys) return this.#commands.length >= done.messages ? this.#commands : null;
    const byKey = new Map(this.#commands.map((command) => [keyOf(command.address, command.message), command]));
    const chosen: Command[] = [];
    // What a controller says of its own accord (before the first frame, or of an operator) is no answer to a frame.
    for (const [key, command] of byKey) {
      const { kind } = command.address;
      if ((kind === 'configuration' || kind === 'mode') && !done.keys.includes(key)) chosen.push(command);
    }
    for (const key of done.keys) {
      const command = byKey.get(key);
      if (!command) return null;
      chosen.push(command);
    }
    return chosen;
  }

  /** Waits until `complete`. Rejects, naming who is silent, when the limits are over. */
  async wait(signal?: AbortSignal): Promise<void> {
    const { answerTimeoutSeconds, reconnectTimeoutSeconds, resendSeconds } = this.#options;
    const stop = () => this.#wake?.();
    signal?.addEventListener('abort', stop);
    let since = performance.now();
    let sent = since;
    let connected = this.#connected;
    try {
      while (!this.complete) {
        if (signal?.aborted) return;
        if (connected !== this.#connected) {
          connected = this.#connected;
          since = performance.now();
          if (connected) this.#resend();
          sent = since;
        }
        const now = performance.now();
        if (connected && now - since >= 1000 * answerTimeoutSeconds) throw this.#silent(answerTimeoutSeconds);
        if (!connected && now - since >= 1000 * reconnectTimeoutSeconds) throw this.#away(reconnectTimeoutSeconds);
        if (connected && now - sent >= 1000 * resendSeconds) {
          this.#resend();
          sent = now;
        }
        await this.#sleep(Math.min(100, 1000 * resendSeconds));
      }
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #resend(): void {
    if (this.#options.keyed) this.#transmit();
  }

  async #sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #silent(seconds: number): Error {
    const { variant } = this.#options;
    return new Error(
      `The controller of variant ${variant} has not answered for ${seconds} s, at simulated ${clockTime(this.#frame)}. ` +
        'Check that it runs and is connected to the same broker.',
    );
  }

  #away(seconds: number): Error {
    const { variant } = this.#options;
    return new Error(
      `The run was given up at simulated ${clockTime(this.#frame)} (variant ${variant}) because the MQTT broker stayed away ` +
        `for ${seconds} s: ${this.#connectionDetail} Start the broker and run again.`,
    );
  }

  /** Hands the answer's commands to the street; they act from the next tick. */
  apply(): void {
    const { clock } = this.#options;
    if (clock === 'wall' || !this.#done) return;
    for (const command of this.#chosen(this.#done)!) this.#apply(command);
    this.#commands = [];
    this.#lastAnswered = this.#frame;
  }

  #apply(command: Command): void {
    const { street, onCommand } = this.#options;
    const { kind, junctionId } = command.address;
    if (junctionId === undefined) return;
    onCommand?.(command);
    street.receive(kind, junctionId, command.message as never);
  }

  async close(): Promise<void> {
    await this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
