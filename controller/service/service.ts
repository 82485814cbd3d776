/**
 * The controller of a simulated street as a service: hears what the devices of its junctions say, asks each junction's
 * strategy once a frame and publishes what passes the interlock. `live.ts` is the same for streets.
 *
 * With the in-process link and decider everything happens within the call that delivers a message. In lockstep a frame is
 * decided on when its `clock` comes, and answered with `clock-done`; else when its detections come.
 */
import { configurationToMessage, modeToMessage, msOf } from '../../feeds/codec.ts';
import type { Address, Received } from '../../feeds/link.ts';
import type { AcknowledgementMessage, ClockMessage, GreenTime, Message } from '../../feeds/messages.ts';
import type { JunctionMode } from '../../junction/types.ts';
import { Desk, type DeskCounters, type DeskOptions } from './desk.ts';
import type { JunctionState } from './junction-state.ts';

export type { ControlledJunction, DecisionRecord } from './desk.ts';

export interface ControllerServiceOptions
  extends Pick<
    DeskOptions,
    'link' | 'prefix' | 'junctions' | 'decider' | 'startSeq' | 'onDecision' | 'onAcknowledged' | 'onProblem'
  > {
  /** The world waits for the answer to each frame. */
  readonly lockstep: boolean;
}

export interface ServiceCounters extends DeskCounters {
  /** Messages about junctions that are not this controller's. */
  foreign: number;
}

const BROADCAST = ['bsm', 'psm', 'map'] as const;
const HEARD = ['detections', 'lamps', 'car-counts', 'ack', 'clock'] as const;

export class ControllerService {
  private readonly options: ControllerServiceOptions;
  private readonly desk: Desk;
  /** Junctions that are not in automatic mode, and until when (null: until changed). */
  private readonly overridden = new Map<string, number | null>();
  private foreign = 0;
  private unsubscribe: (() => Promise<void>) | null = null;
  private closed = false;
  private underway: Promise<void> = Promise.resolve();

  /** Throws StrategyError for unknown strategies, parameters that are wrong and junctions where a strategy cannot work. */
  constructor(options: ControllerServiceOptions) {
    this.options = options;
    this.desk = new Desk(options);
  }

  /** Listens, and publishes configurations and modes. Resolves when both are done. */
  async start(): Promise<void> {
    const { link, prefix } = this.options;
    const ends = [await link.subscribe(prefix, HEARD, (received) => this.receive(received as Received))];
    if ([...this.desk.states.values()].some(({ radio }) => radio !== null)) {
      ends.push(await link.subscribe(prefix, BROADCAST, (received) => this.listen(received as Received)));
    }
    // What was published before a restart is retained: sequence numbers go on from there.
    if (!this.options.lockstep) {
      ends.push(await link.subscribe(prefix, ['green-time'], ({ address, message }) => this.recall(address, message)));
    }
    this.unsubscribe = async () => {
      for (const end of ends) await end();
    };
    for (const [junctionId, { configuration }] of this.desk.states) {
      await link.publish({ prefix, kind: 'configuration', junctionId }, configurationToMessage(configuration));
      await link.publish({ prefix, kind: 'mode', junctionId }, modeToMessage('automatic', 'controller', 'Start', null));
    }
  }

  /**
   * Tells a junction's devices who may command. In `manual_override` and `emergency` no strategy is asked; both end by
   * themselves at `untilMs` (null: when changed). Throws RangeError for a junction that is not this controller's.
   */
  setMode(junctionId: string, mode: JunctionMode, by: string, reason: string, untilMs: number | null): void {
    if (!this.desk.states.has(junctionId)) throw new RangeError(`junction ${junctionId} is not controlled here`);
    if (mode === 'automatic') this.overridden.delete(junctionId);
    else this.overridden.set(junctionId, untilMs);
    const { prefix } = this.options;
    this.desk.publish({ prefix, kind: 'mode', junctionId }, modeToMessage(mode, by, reason, untilMs));
  }

  private isAutomatic(junctionId: string, nowMs: number): boolean {
    const untilMs = this.overridden.get(junctionId);
    if (untilMs === undefined) return true;
    if (untilMs === null || nowMs < untilMs) return false;
    this.setMode(junctionId, 'automatic', 'controller', 'The override has ended', null);
    return true;
  }

  /** Stops listening, after what is being decided has been published. The link and the decider stay open. */
  async close(): Promise<void> {
    this.closed = true;
    await this.unsubscribe?.();
    this.unsubscribe = null;
    await this.underway;
  }

  /** What was counted, over all junctions. */
  counters(): ServiceCounters {
    return { ...this.desk.counters(), foreign: this.foreign };
  }

  private receive(received: Received): void {
    if (this.closed) return;
    const { address, message } = received;
    if (address.kind === 'clock') {
      this.frameEnds(message as ClockMessage);
      return;
    }
    const state = this.desk.states.get(address.junctionId ?? '');
    if (state === undefined) {
      this.foreign++;
      return;
    }
    switch (address.kind) {
      case 'detections': {
        const news = state.receiveDetections(message as Message<'detections'>);
        if (news && !this.options.lockstep) this.decide([state], state.latestMs!, null);
        break;
      }
      case 'lamps': {
        const news = state.receiveLamps(message as Message<'lamps'>);
        const atMs = msOf((message as Message<'lamps'>).timestamp);
        // Where no loops report, the lamps' own second is the frame.
        if (news && !this.options.lockstep && !received.retained && atMs - (state.frameMs ?? 0) >= 2000) {
          this.decide([state], atMs, null);
        }
        break;
      }
      case 'car-counts':
        state.receiveCarCounts(message as Message<'car-counts'>);
        break;
      case 'ack':
        this.desk.acknowledged(state, message as AcknowledgementMessage);
        break;
    }
  }

  private listen({ address, message }: Received): void {
    const radio = this.desk.states.get(address.junctionId ?? '')?.radio;
    if (radio === undefined || radio === null || this.closed) return;
    if (address.kind === 'map') radio.takeMap(message);
    else radio.take(message);
  }

  private recall(address: Address, message: GreenTime): void {
    const state = this.desk.states.get(address.junctionId ?? '');
    if (state !== undefined && message.seq !== undefined) state.seq = Math.max(state.seq, message.seq);
  }

  private frameEnds(clock: ClockMessage): void {
    const states = [...this.desk.states.values()];
    if (!this.options.lockstep) {
      const answer = (): void => this.answerClock(clock, 0);
      if (states.some((state) => state.busy)) this.underway = this.underway.then(answer);
      else answer();
      return;
    }
    const nowMs = msOf(clock.timestamp);
    // A frame that was decided on is answered, not decided on again.
    const due = states.filter((state) => state.frameMs === null || state.frameMs < nowMs);
    this.decide(due, nowMs, clock);
  }

  private decide(states: readonly JunctionState[], nowMs: number, clock: ClockMessage | null): void {
    const automatic = states.filter((state) => state.busy || this.isAutomatic(state.configuration.junctionId, nowMs));
    const published = this.desk.decide(automatic, nowMs, this.underway);
    if (typeof published === 'number') {
      if (clock !== null) this.answerClock(clock, published);
      return;
    }
    this.underway = published.then((count) => {
      if (clock !== null) this.answerClock(clock, count);
    });
  }

  private answerClock(clock: ClockMessage, messages: number): void {
    const { frame, timestamp } = clock;
    this.desk.publish({ prefix: this.options.prefix, kind: 'clock-done' }, { frame, timestamp, messages });
  }
}
