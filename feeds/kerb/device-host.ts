/**
 * A lamp device on a link: what runs on a Pi at the kerb, around the device of `junction/`. Hears plans, stage requests,
 * configurations and modes; answers; tells its lamps on every change and once a second, and that it is well every five.
 *
 * The device goes by a clock that never runs faster than time does: it stops at each thing that is due until that has been
 * done. A process that was held up shows each yellow late, and none of them short. Wall time, which may be set, is only
 * what messages are stamped with and validity is judged by.
 */

import { type DeviceReport, LampDevice, type SnapshotStore } from '../../junction/device.ts';
import { minuteOfWeekIn } from '../../junction/local-time.ts';
import type { Acknowledgement, JunctionConfiguration, Lamp } from '../../junction/types.ts';
import {
  acknowledgementToMessage,
  configurationFromMessage,
  isoOf,
  lampsToMessage,
  msOf,
  planFromMessage,
  requestFromMessage,
} from '../codec.ts';
import type { Address, Link, Received } from '../link.ts';
import type { Message, MessageKind } from '../messages.ts';
import { DEVICE_FIRMWARE, HEARTBEAT_SECONDS } from './health.ts';

export interface DeviceHostOptions {
  readonly link: Link;
  readonly prefix: string;
  readonly configuration: JunctionConfiguration;
  readonly deviceId: string;
  readonly boot: 'cold' | 'warm';
  readonly store?: SnapshotStore;
  /** Minutes since Monday 00:00 in the junction's zone; by the configuration's zone by default. */
  readonly minuteOfWeek?: (ms: number) => number;
  /** Ms since 1970, may be set; `Date.now` by default. */
  readonly wallMs?: () => number;
  /** Ms from any moment, never set; `performance.now` by default. */
  readonly steadyMs?: () => number;
  /** Lights the lamps. Called at each change, before it is told to anybody. */
  onLamps?(lamps: readonly Lamp[], wallMs: number): void;
  onProblem?(message: string): void;
}

const HEARD = ['green-time', 'stage-request', 'configuration', 'mode'] as const satisfies readonly MessageKind[];

export class DeviceHost {
  readonly device: LampDevice;
  private readonly options: DeviceHostOptions;
  private configuration: JunctionConfiguration;
  private readonly wallMs: () => number;
  private readonly steadyMs: () => number;
  private readonly startedMs: number;
  private readonly wallAtStartMs: number;
  /** The device's clock, and the steady clock when it was read. */
  private deviceMs: number;
  private readMs: number;
  private shown: readonly Lamp[] = [];
  private seq = 0;
  private toldMs = Number.NEGATIVE_INFINITY;
  private beatMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  private unsubscribe: (() => Promise<void>) | null = null;
  private closed = false;

  /** Throws where the configuration cannot be carried out. */
  constructor(options: DeviceHostOptions) {
    this.options = options;
    this.configuration = options.configuration;
    this.wallMs = options.wallMs ?? Date.now;
    this.steadyMs = options.steadyMs ?? (() => performance.now());
    this.readMs = this.steadyMs();
    this.startedMs = this.readMs;
    this.wallAtStartMs = this.wallMs();
    this.deviceMs = Math.floor(this.wallAtStartMs);
    const { deviceId, boot, store } = options;
    const { timeZone } = options.configuration;
    const minuteOfWeek = options.minuteOfWeek ?? (timeZone === undefined ? undefined : minuteOfWeekIn(timeZone));
    this.device = new LampDevice(options.configuration, {
      deviceId,
      startMs: this.deviceMs,
      boot,
      ...(store === undefined ? {} : { store }),
      ...(minuteOfWeek === undefined ? {} : { minuteOfWeek: (ms: number) => minuteOfWeek(ms + this.aheadMs()) }),
    });
  }

  /** Lights the lamps and listens. Resolves when its subscription stands. */
  async start(): Promise<void> {
    const { link, prefix, configuration, deviceId } = this.options;
    this.work();
    this.publish({ prefix, kind: 'status', deviceId }, { status: 'online', since: isoOf(this.wallMs()) });
    this.unsubscribe = await link.subscribe(prefix, HEARD, (received) => this.receive(received), [
      configuration.junctionId,
    ]);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.unsubscribe?.();
    const { prefix, deviceId } = this.options;
    await this.options.link.publish(
      { prefix, kind: 'status', deviceId },
      { status: 'offline', since: isoOf(this.wallMs()) },
    );
  }

  report(): DeviceReport {
    return this.device.report();
  }

  /** Clears a latched fault: somebody at the junction says so. */
  reset(): void {
    this.device.reset(this.tickMs());
    this.work();
  }

  /** How far wall time is ahead of the device's clock, ms. */
  private aheadMs(): number {
    return this.wallMs() - this.deviceMs;
  }

  /** Reads the steady clock; stops at what is due. */
  private tickMs(): number {
    const steadyMs = this.steadyMs();
    const target = Math.floor(this.deviceMs + Math.max(0, steadyMs - this.readMs));
    const dueMs = this.device.dueMs;
    if (dueMs > this.deviceMs && target >= dueMs) {
      this.deviceMs = dueMs;
      this.readMs = steadyMs;
    } else if (target > this.deviceMs) {
      // The fraction of a millisecond stays on the clock.
      this.readMs += target - this.deviceMs;
      this.deviceMs = target;
    }
    return this.deviceMs;
  }

  /** Does what is due, tells what changed, and comes back when the next is. */
  private work(): void {
    if (this.closed) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.device.advance(this.tickMs());
    this.tell();
    const untilDue = this.device.dueMs - this.deviceMs;
    const untilTold = this.toldMs + 1000 - this.deviceMs;
    this.timer = setTimeout(() => this.work(), Math.max(1, Math.min(untilDue, untilTold)));
  }

  private tell(): void {
    const lamps = this.device.lamps();
    const wallMs = Math.floor(this.wallMs());
    const changed = lamps !== this.shown;
    if (changed) {
      this.shown = lamps;
      this.options.onLamps?.(lamps, wallMs);
      // What is lit counts from when it was lit.
      this.readMs = this.steadyMs();
    }
    if (changed || this.deviceMs - this.toldMs >= 1000) this.tellLamps(wallMs);
    if (this.deviceMs - this.beatMs >= HEARTBEAT_SECONDS * 1000) this.beat(wallMs);
  }

  private tellLamps(wallMs: number): void {
    this.toldMs = this.deviceMs;
    const { stageId, source, secondsLeft, cycleSecondsLeft, fault } = this.device.report();
    const { prefix, deviceId } = this.options;
    const { signalGroups, junctionId } = this.configuration;
    const message = lampsToMessage({
      deviceId,
      seq: ++this.seq,
      atMs: wallMs,
      stageId,
      lamps: Object.fromEntries(signalGroups.map((group, g) => [group.id, this.shown[g]!])),
      source,
      secondsLeft,
      cycleSecondsLeft,
      commandSeq: this.device.snapshot().lastSeq,
      ...(fault === null ? {} : { fault }),
    });
    this.publish({ prefix, kind: 'lamps', junctionId }, message);
  }

  /** Tells everybody who listens, and whoever runs it. */
  private warn(message: string): void {
    const { prefix, deviceId, onProblem } = this.options;
    onProblem?.(message);
    this.publish(
      { prefix, kind: 'log', junctionId: this.configuration.junctionId },
      {
        level: 'WARNING',
        message: message.slice(0, 1000),
        device_id: deviceId,
        timestamp: isoOf(Math.floor(this.wallMs())),
      },
    );
  }

  private beat(wallMs: number): void {
    this.beatMs = this.deviceMs;
    const { prefix, deviceId } = this.options;
    const { storeProblem } = this.device;
    if (storeProblem !== null) this.warn(`what has to outlive a restart cannot be saved: ${storeProblem}`);
    this.publish(
      { prefix, kind: 'heartbeat', deviceId },
      {
        device_id: deviceId,
        device_type: 'light_controller',
        junction_id: this.configuration.junctionId,
        lane_id: null,
        timestamp: isoOf(wallMs),
        firmware: DEVICE_FIRMWARE,
        uptime_seconds: Math.round((this.steadyMs() - this.startedMs) / 1000),
        // How far the wall clock was set since the start: against what it should be is for a time server to say.
        clock_offset_ms: Math.round(wallMs - this.wallAtStartMs - (this.steadyMs() - this.startedMs)),
        queue_depth: 0,
      },
    );
  }

  private receive(received: Received<(typeof HEARD)[number]>): void {
    if (this.closed) return;
    const nowMs = this.tickMs();
    const aheadMs = this.aheadMs();
    const { kind } = received.address;
    if (kind === 'green-time') {
      const defaults = { configuration: this.configuration, lastSeq: this.device.snapshot().lastSeq };
      const plan = planFromMessage(received.message as Message<'green-time'>, defaults);
      const validFromMs = Math.floor(plan.validFromMs - aheadMs);
      const validUntilMs = Math.floor(plan.validUntilMs - aheadMs);
      this.acknowledge(this.device.receivePlan({ ...plan, validFromMs, validUntilMs }, nowMs), aheadMs);
    } else if (kind === 'stage-request') {
      const request = requestFromMessage(received.message as Message<'stage-request'>);
      const notBeforeMs = Math.floor(request.notBeforeMs - aheadMs);
      const validUntilMs = Math.floor(request.validUntilMs - aheadMs);
      this.acknowledge(this.device.receiveRequest({ ...request, notBeforeMs, validUntilMs }, nowMs), aheadMs);
    } else if (kind === 'mode') {
      const { mode, until, seq } = received.message as Message<'mode'>;
      const untilMs = until === null ? null : Math.floor(msOf(until) - aheadMs);
      const refusal = this.device.setMode(mode, untilMs, nowMs, seq);
      if (refusal !== null) this.warn(`mode refused: ${refusal}`);
    } else {
      const configuration = configurationFromMessage(received.message as Message<'configuration'>);
      const refusal = this.device.receiveConfiguration(configuration, nowMs);
      if (refusal !== null) this.warn(`configuration refused: ${refusal}`);
      else if (configuration.version > this.configuration.version) this.configuration = configuration;
    }
    // Before the clock moves on.
    this.tell();
    this.work();
  }

  private acknowledge(answer: Acknowledgement, aheadMs: number): void {
    const { prefix, deviceId } = this.options;
    const { junctionId } = this.configuration;
    const message = acknowledgementToMessage({ ...answer, atMs: Math.floor(answer.atMs + aheadMs) }, deviceId);
    this.publish({ prefix, kind: 'ack', junctionId }, message);
  }

  private publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void {
    const sending = this.options.link.publish(address, message);
    sending?.catch((error: Error) => this.options.onProblem?.(error.message));
  }
}
