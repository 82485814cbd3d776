/**
 * A lamp controller in the world: the same device that a Pi runs, wired to the simulated lamps. It hears what came since
 * the last tick, moves on to the time at which the tick begins, lights the groups, and tells what it shows: on every
 * change and once a second.
 */
import {
  acknowledgementToMessage,
  configurationFromMessage,
  isoOf,
  lampsToMessage,
  msOf,
  planFromMessage,
  requestFromMessage,
} from '../../feeds/codec.ts';
import type { Message } from '../../feeds/messages.ts';
import { LampDevice } from '../../junction/device.ts';
import type { Acknowledgement, JunctionConfiguration, Lamp } from '../../junction/types.ts';
import type { StateDigest } from '../digest.ts';
import type { Outbox } from './outbox.ts';

/** What a lamp controller listens to. */
export type CommandKind = 'green-time' | 'stage-request' | 'configuration' | 'mode';
type Command = { [K in CommandKind]: { readonly kind: K; readonly message: Message<K> } }[CommandKind];

const LAMPS: readonly Lamp[] = ['red', 'red-amber', 'amber', 'green', 'flash', 'dark'];
/** One letter a lamp, in the order of LAMPS. */
const LETTERS = 'ruagfd';
/** `Engine.groupLamp`: to a vehicle, everything but green and amber is red. */
const TO_TRAFFIC: Readonly<Record<Lamp, number>> = { red: 0, 'red-amber': 0, amber: 2, green: 1, flash: 0, dark: 0 };

export interface LampControllerOptions {
  readonly deviceId: string;
  readonly startMs: number;
  readonly boot: 'cold' | 'warm';
  /** `Engine.groupLamp` and the place of the junction's first group in it. */
  readonly groupLamp: Uint8Array;
  readonly firstGroup: number;
}

export class LampController {
  readonly deviceId: string;
  #configuration: JunctionConfiguration;
  readonly #device: LampDevice;
  readonly #groupLamp: Uint8Array;
  readonly #firstGroup: number;
  #commands: Command[] = [];
  #shown: readonly Lamp[];
  #seq = 0;

  /** Throws where the configuration cannot be carried out. */
  constructor(configuration: JunctionConfiguration, options: LampControllerOptions) {
    this.deviceId = options.deviceId;
    this.#configuration = configuration;
    this.#groupLamp = options.groupLamp;
    this.#firstGroup = options.firstGroup;
    const { deviceId, startMs, boot } = options;
    this.#device = new LampDevice(configuration, { deviceId, startMs, boot });
    this.#shown = this.#device.lamps();
    this.#light();
  }

  /** Keeps a command until the next tick. */
  receive<K extends CommandKind>(kind: K, message: Message<K>): void {
    this.#commands.push({ kind, message } as Command);
  }

  /** Before the world moves in the tick that begins at `nowMs`. `everySecond`: a whole second since the start. */
  tick(nowMs: number, everySecond: boolean, outbox: Outbox): void {
    if (this.#commands.length > 0) {
      const commands = this.#commands;
      this.#commands = [];
      for (const command of commands) this.#obey(command, nowMs, outbox);
    }
    this.#device.advance(nowMs);
    const lamps = this.#device.lamps();
    const changed = lamps !== this.#shown;
    if (changed) {
      this.#shown = lamps;
      this.#light();
    }
    if (!changed && !everySecond) return;
    this.#seq++;
    if (outbox.wants('lamps')) this.#tell(nowMs, outbox);
  }

  #light(): void {
    for (let g = 0; g < this.#shown.length; g++) this.#groupLamp[this.#firstGroup + g] = TO_TRAFFIC[this.#shown[g]!];
  }

  #obey(command: Command, nowMs: number, outbox: Outbox): void {
    const device = this.#device;
    if (command.kind === 'green-time') {
      const defaults = { configuration: this.#configuration, lastSeq: device.snapshot().lastSeq };
      this.#acknowledge(device.receivePlan(planFromMessage(command.message, defaults), nowMs), outbox);
    } else if (command.kind === 'stage-request') {
      this.#acknowledge(device.receiveRequest(requestFromMessage(command.message), nowMs), outbox);
    } else if (command.kind === 'mode') {
      const { mode, until, seq } = command.message;
      const refusal = device.setMode(mode, until === null ? null : msOf(until), nowMs, seq);
      if (refusal !== null) this.#warn(`mode refused: ${refusal}`, nowMs, outbox);
    } else {
      const configuration = configurationFromMessage(command.message);
      const refusal = device.receiveConfiguration(configuration, nowMs);
      if (refusal !== null) this.#warn(`configuration refused: ${refusal}`, nowMs, outbox);
      else if (configuration.version > this.#configuration.version) this.#configuration = configuration;
    }
  }

  #acknowledge(acknowledgement: Acknowledgement, outbox: Outbox): void {
    if (!outbox.wants('ack')) return;
    const message = acknowledgementToMessage(acknowledgement, this.deviceId);
    outbox.send('ack', { junctionId: this.#configuration.junctionId }, message);
  }

  #warn(text: string, nowMs: number, outbox: Outbox): void {
    if (!outbox.wants('log')) return;
    const message = {
      level: 'WARNING',
      message: text.slice(0, 1000),
      device_id: this.deviceId,
      timestamp: isoOf(nowMs),
    } as const;
    outbox.send('log', { junctionId: this.#configuration.junctionId }, message);
  }

  #tell(nowMs: number, outbox: Outbox): void {
    const { stageId, source, secondsLeft, cycleSecondsLeft, fault } = this.#device.report();
    const lamps: Record<string, Lamp> = {};
    this.#configuration.signalGroups.forEach((group, g) => {
      lamps[group.id] = this.#shown[g]!;
    });
    const message = lampsToMessage({
      deviceId: this.deviceId,
      seq: this.#seq,
      atMs: nowMs,
      stageId,
      lamps,
      source,
      secondsLeft,
      cycleSecondsLeft,
      commandSeq: this.#device.snapshot().lastSeq,
      ...(fault === null ? {} : { fault }),
    });
    outbox.send('lamps', { junctionId: this.#configuration.junctionId }, message);
  }

  /** One letter a signal group, as frames have it. */
  letters(): string {
    let text = '';
    for (const lamp of this.#shown) text += LETTERS[LAMPS.indexOf(lamp)];
    return text;
  }

  /** Index of the running stage (-1: none) and the whole tenths of seconds left of it (-1: unknown). */
  stage(): [number, number] {
    const { stageId, secondsLeft } = this.#device.report();
    const index = stageId === null ? -1 : this.#configuration.stages.findIndex((stage) => stage.id === stageId);
    return [index, secondsLeft === null ? -1 : Math.round(secondsLeft * 10) / 10];
  }

  write(digest: StateDigest): void {
    const [stage, left] = this.stage();
    digest.int(stage);
    digest.float(left);
    for (const lamp of this.#shown) digest.int(LAMPS.indexOf(lamp));
  }
}
