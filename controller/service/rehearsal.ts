/**
 * A rehearsal before the first junction is taken up: the strategies that are going to decide, on made-up streets with the
 * real lamp device, over checked and encoded messages, on each thread. Code that has run is compiled; a thousand junctions
 * that ask for their plans in the same second do not wait for that. Nothing of it is published, recorded or kept.
 */
import { randomUUID } from 'node:crypto';
import { acknowledgementToMessage, lampsToMessage, planFromMessage, requestFromMessage } from '../../feeds/codec.ts';
import { decode, encode } from '../../feeds/check.ts';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import { MadeUpTraffic } from '../../feeds/kerb/made-up-traffic.ts';
import type { Message, MessageKind } from '../../feeds/messages.ts';
import { LampDevice } from '../../junction/device.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Parameters } from '../types.ts';
import type { Decider } from './decider.ts';
import { type ControlledJunction, Desk } from './desk.ts';

const PREFIX = 'flextraff-sim/rehearsal/controller';
const START_MS = 1_704_067_200_000;
/** Streets a thread and strategy. */
const STREETS = 8;
const ROLES_MAX = 8;
const VEHICLES_PER_HOUR_AND_LANE = 400;
/** The seconds before the end of a cycle, in which plans are made, are played one by one; those before are passed over. */
const END_SECONDS = 3;
const COMMANDS = 1000;

export interface RehearsalOptions {
  readonly junctions: readonly ControlledJunction[];
  readonly decider: Decider;
  /** Threads of the decider. */
  readonly threads: number;
  /** Commands of each strategy, after which all is compiled that is going to be; 1,000 by default. */
  readonly commands?: number;
  /** Ends after so long at the latest, ms. */
  readonly budgetMs: number;
}

export interface RehearsalReport {
  /** Plans and stage requests that came out of it, vetoed ones too. */
  readonly decisions: number;
  readonly milliseconds: number;
}

/** A strategy that fails here is left to fail on the street, where it is reported. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { junctions, decider, threads, budgetMs, commands = COMMANDS } = options;
  const began = performance.now();
  const link = createInProcessLink({ simulation: true });
  const cast = castOf(junctions).flatMap((one) => Array.from({ length: STREETS * threads }, () => understudy(one)));
  const desk = new Desk({ link, prefix: PREFIX, junctions: cast, decider });
  const streets = cast.map(({ configuration }, n) => new Street(configuration, `rehearsal ${n}`));
  const streetOf = new Map(streets.map((street) => [street.junctionId, street]));
  await link.subscribe(PREFIX, ['green-time', 'stage-request'], ({ address: { kind, junctionId }, message }) => {
    const answer = streetOf.get(junctionId!)!.obey(kind, carried(junctionId!, kind, message));
    desk.acknowledged(desk.states.get(junctionId!)!, carried(junctionId!, 'ack', answer));
  });
  const states = [...desk.states.values()];
  const wanted = commands * (cast.length / (STREETS * threads));
  while (desk.counted.decisions < wanted && performance.now() - began < budgetMs) {
    await Promise.all(
      streets.map((street, n) => {
        const { lamps, detections } = street.moveOn();
        states[n]!.receiveLamps(carried(street.junctionId, 'lamps', lamps));
        states[n]!.receiveDetections(carried(street.junctionId, 'detections', detections));
        return desk.decide([states[n]!], street.nowMs);
      }),
    );
  }
  await link.close();
  return { decisions: desk.counted.decisions, milliseconds: performance.now() - began };
}

/** As it arrives over a network. */
function carried<K extends MessageKind>(junctionId: string, kind: K, message: Message<K>): Message<K> {
  const decoded = decode(kind, encode({ prefix: PREFIX, kind, junctionId }, message));
  return 'problem' in decoded ? message : decoded.message;
}

/** Of each strategy and its parameters the junction with the most signal groups: at most a few roles. */
function castOf(junctions: readonly ControlledJunction[]): ControlledJunction[] {
  const cast = new Map<string, ControlledJunction>();
  for (const one of junctions) {
    const role = `${one.strategy} ${JSON.stringify(one.parameters)}`;
    const before = cast.get(role);
    const groups = before?.configuration.signalGroups.length ?? -1;
    if (one.configuration.signalGroups.length > groups) cast.set(role, one);
  }
  return [...cast.values()].slice(0, ROLES_MAX);
}

/** The same junction by another name, alone. */
function understudy({ configuration, strategy, parameters }: ControlledJunction): ControlledJunction {
  const { feeders: _, ...own } = configuration;
  return { configuration: { ...own, junctionId: randomUUID() }, strategy, parameters: lessWork(parameters) };
}

function lessWork(parameters: Parameters): Parameters {
  return typeof parameters.work === 'number' ? { ...parameters, work: Math.min(parameters.work, 4000) } : parameters;
}

class Street {
  readonly junctionId: string;
  private readonly configuration: JunctionConfiguration;
  private readonly device: LampDevice;
  private readonly traffic: MadeUpTraffic;
  nowMs = START_MS;
  private seq = 0;

  constructor(configuration: JunctionConfiguration, seed: string) {
    this.configuration = configuration;
    this.junctionId = configuration.junctionId;
    this.device = new LampDevice(configuration, { deviceId: 'rehearsal', startMs: START_MS, boot: 'warm' });
    this.traffic = new MadeUpTraffic(configuration, seed, VEHICLES_PER_HOUR_AND_LANE);
  }

  obey(kind: string, message: unknown): Message<'ack'> {
    const { configuration, device } = this;
    const defaults = { configuration, lastSeq: device.snapshot().lastSeq };
    const answer =
      kind === 'green-time'
        ? device.receivePlan(planFromMessage(message as Message<'green-time'>, defaults), this.nowMs)
        : device.receiveRequest(requestFromMessage(message as Message<'stage-request'>), this.nowMs);
    return acknowledgementToMessage(answer, 'rehearsal');
  }

  /** By a second, or to the end of the cycle. */
  moveOn(): { lamps: Message<'lamps'>; detections: Message<'detections'> } {
    const left = this.device.report().cycleSecondsLeft ?? 0;
    this.nowMs += 1000 * Math.max(1, Math.floor(left - END_SECONDS));
    this.device.advance(this.nowMs);
    const shown = this.device.lamps();
    this.traffic.second(shown);
    const { signalGroups } = this.configuration;
    const { stageId, source, secondsLeft, cycleSecondsLeft } = this.device.report();
    const lamps = lampsToMessage({
      deviceId: 'rehearsal',
      seq: ++this.seq,
      atMs: this.nowMs,
      stageId,
      lamps: Object.fromEntries(signalGroups.map((group, g) => [group.id, shown[g]!])),
      source,
      secondsLeft,
      cycleSecondsLeft,
    });
    return { lamps, detections: this.traffic.detections(this.nowMs) };
  }
}
