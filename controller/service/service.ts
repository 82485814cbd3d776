/**
 * The controller as a service: hears what the devices of its junctions say, asks each junction's strategy once a frame,
 * passes what it answers through the interlock, publishes plans and stage requests, and keeps account.
 *
 * With the in-process link and decider everything happens within the call that delivers a message. In lockstep a frame is
 * decided on when its `clock` comes, and answered with `clock-done`; else when its detections come.
 */
import {
  configurationToMessage,
  isoOf,
  modeToMessage,
  msOf,
  planToMessage,
  requestToMessage,
} from '../../feeds/codec.ts';
import type { Address, Link, Received } from '../../feeds/link.ts';
import type { AcknowledgementMessage, ClockMessage, GreenTime, Message, MessageKind } from '../../feeds/messages.ts';
import { checkConfiguration, checkPlan, checkRequest } from '../../junction/interlock.ts';
import { timePlan } from '../../junction/timing.ts';
import type { JunctionConfiguration, JunctionMode, Plan, PlanStage, StageRequest } from '../../junction/types.ts';
import { checkJunction, checkParameters, StrategyError, strategyNamed } from '../strategies/index.ts';
import type { Decision, Observation, Parameters } from '../types.ts';
import type { DecideAnswer, DecideJob, Decider } from './decider.ts';
import { JunctionState, type Survived } from './junction-state.ts';

/** A stage request is valid for so long, seconds: the next one comes a second later. */
const REQUEST_VALID_SECONDS = 5;
/** For messages that take their time. */
const PLAN_RESERVE_MS = 10_000;
/** Decisions that still may be acknowledged, per junction. */
const OPEN_RECORDS_MAX = 64;

export interface ControlledJunction {
  readonly configuration: JunctionConfiguration;
  readonly strategy: string;
  readonly parameters: Parameters;
}

/** A decision for one junction, as it was taken, and what became of it. */
export interface DecisionRecord {
  readonly junctionId: string;
  readonly atMs: number;
  readonly seq: number;
  /** null for stage requests. */
  readonly planId: string | null;
  readonly strategy: string;
  readonly kind: 'plan' | 'stage';
  /** Plans: all stages; stage requests: the one asked for, with green 0. */
  readonly stages: readonly PlanStage[];
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Why the interlock refused it before publishing; null where it was published. */
  readonly vetoed: string | null;
  /** What the device answered; null before. */
  acknowledged: { readonly result: 'applied' | 'refused'; readonly reason: string } | null;
  /** Thread that decided; 0 is the main thread. */
  readonly threadId: number;
}

export interface ControllerServiceOptions {
  readonly link: Link;
  readonly prefix: string;
  readonly junctions: readonly ControlledJunction[];
  /** Stays the caller's to close. */
  readonly decider: Decider;
  /** The world waits for the answer to each frame. */
  readonly lockstep: boolean;
  /** Highest sequence number given out before, by whoever had these junctions; -1 by default. */
  readonly startSeq?: number;
  onDecision?(record: DecisionRecord): void;
  /** A device answered. */
  onAcknowledged?(record: DecisionRecord): void;
  /** Something went wrong and the service goes on: said in words. */
  onProblem?(message: string): void;
}

export interface ServiceCounters extends Survived {
  decisions: number;
  vetoed: number;
  refused: number;
  /** Frames that came while the one before was still being decided on. */
  missed: number;
  /** Messages about junctions that are not this controller's. */
  foreign: number;
}

const HEARD = ['detections', 'lamps', 'car-counts', 'ack', 'clock'] as const;

export class ControllerService {
  private readonly options: ControllerServiceOptions;
  private readonly states = new Map<string, JunctionState>();
  /** By junction, then by seq. */
  private readonly open = new Map<string, Map<number, DecisionRecord>>();
  /** Junctions that are not in automatic mode, and until when (null: until changed). */
  private readonly overridden = new Map<string, number | null>();
  private readonly own = { decisions: 0, vetoed: 0, refused: 0, missed: 0, foreign: 0 };
  private unsubscribe: (() => Promise<void>) | null = null;
  private closed = false;
  private underway: Promise<void> = Promise.resolve();

  /** Throws StrategyError for unknown strategies, parameters that are wrong and junctions where a strategy cannot work. */
  constructor(options: ControllerServiceOptions) {
    this.options = options;
    for (const { configuration, strategy, parameters } of options.junctions) {
      const problems = checkConfiguration(configuration);
      if (problems.length > 0) throw new StrategyError(`Junction ${configuration.name}: ${problems.join('; ')}.`);
      const chosen = strategyNamed(strategy);
      const complete = checkParameters(chosen, parameters);
      const reason = checkJunction(chosen, configuration, complete);
      if (reason !== null) throw new StrategyError(`Junction ${configuration.name}: ${reason}.`);
      const state = new JunctionState(configuration, strategy, complete, options.startSeq ?? -1);
      this.states.set(configuration.junctionId, state);
      this.open.set(configuration.junctionId, new Map());
    }
  }

  /** Listens, and publishes configurations and modes. Resolves when both are done. */
  async start(): Promise<void> {
    const { link, prefix } = this.options;
    const ends = [await link.subscribe(prefix, HEARD, (received) => this.receive(received as Received))];
    // What was published before a restart is retained: sequence numbers go on from there.
    if (!this.options.lockstep) {
      ends.push(await link.subscribe(prefix, ['green-time'], ({ address, message }) => this.recall(address, message)));
    }
    this.unsubscribe = async () => {
      for (const end of ends) await end();
    };
    for (const [junctionId, { configuration }] of this.states) {
      await link.publish({ prefix, kind: 'configuration', junctionId }, configurationToMessage(configuration));
      await link.publish({ prefix, kind: 'mode', junctionId }, modeToMessage('automatic', 'controller', 'Start', null));
    }
  }

  /**
   * Tells a junction's devices who may command. In `manual_override` and `emergency` no strategy is asked; both end by
   * themselves at `untilMs` (null: when changed). Throws RangeError for a junction that is not this controller's.
   */
  setMode(junctionId: string, mode: JunctionMode, by: string, reason: string, untilMs: number | null): void {
    if (!this.states.has(junctionId)) throw new RangeError(`junction ${junctionId} is not controlled here`);
    if (mode === 'automatic') this.overridden.delete(junctionId);
    else this.overridden.set(junctionId, untilMs);
    this.publish({ prefix: this.options.prefix, kind: 'mode', junctionId }, modeToMessage(mode, by, reason, untilMs));
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
    const sum: ServiceCounters = { ...this.own, late: 0, doubled: 0, history: 0 };
    for (const { survived } of this.states.values()) {
      sum.late += survived.late;
      sum.doubled += survived.doubled;
      sum.history += survived.history;
    }
    return sum;
  }

  private receive(received: Received): void {
    if (this.closed) return;
    const { address, message } = received;
    if (address.kind === 'clock') {
      this.frameEnds(message as ClockMessage);
      return;
    }
    const state = this.states.get(address.junctionId ?? '');
    if (state === undefined) {
      this.own.foreign++;
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
        this.acknowledged(state, message as AcknowledgementMessage);
        break;
    }
  }

  private recall(address: Address, message: GreenTime): void {
    const state = this.states.get(address.junctionId ?? '');
    if (state !== undefined && message.seq !== undefined) state.seq = Math.max(state.seq, message.seq);
  }

  private frameEnds(clock: ClockMessage): void {
    if (!this.options.lockstep) {
      this.whenDone(() => this.answerClock(clock, 0));
      return;
    }
    const nowMs = msOf(clock.timestamp);
    // A frame that was decided on is answered, not decided on again.
    const due = [...this.states.values()].filter((state) => state.frameMs === null || state.frameMs < nowMs);
    this.decide(due, nowMs, clock);
  }

  private decide(states: readonly JunctionState[], nowMs: number, clock: ClockMessage | null): void {
    const ready = states.filter((state) => !state.busy && this.isAutomatic(state.configuration.junctionId, nowMs));
    this.own.missed += states.filter((state) => state.busy).length;
    const jobs = ready.map((state): DecideJob => {
      const { configuration, strategy, parameters, memory } = state;
      const observation = state.observe(nowMs);
      return { junctionId: configuration.junctionId, strategy, configuration, parameters, memory, observation };
    });
    const answers = jobs.length === 0 ? [] : this.options.decider.decide(jobs);
    if (Array.isArray(answers)) {
      this.publishAll(ready, jobs, answers, clock);
      return;
    }
    for (const state of ready) state.busy = true;
    const before = this.underway;
    this.underway = answers
      .then(async (arrived) => {
        await before;
        for (const state of ready) state.busy = false;
        this.publishAll(ready, jobs, arrived, clock);
      })
      .catch((error: Error) => {
        for (const state of ready) state.busy = false;
        this.problem(`decisions of ${isoOf(nowMs)} failed: ${error.message}`);
        if (clock !== null) this.answerClock(clock, 0);
      });
  }

  private publishAll(
    states: readonly JunctionState[],
    jobs: readonly DecideJob[],
    answers: readonly DecideAnswer[],
    clock: ClockMessage | null,
  ): void {
    let published = 0;
    answers.forEach((answer, i) => {
      const state = states[i]!;
      state.memory = answer.memory;
      if (answer.problem !== undefined) this.problem(`junction ${state.configuration.name}: ${answer.problem}`);
      if (answer.decision !== null && this.carryOut(state, jobs[i]!.observation, answer.decision, answer.threadId))
        published++;
    });
    if (clock !== null) this.answerClock(clock, published);
  }

  /** Through the interlock, and out. True where it was published. */
  private carryOut(state: JunctionState, observation: Observation, decision: Decision, threadId: number): boolean {
    const { configuration, strategy } = state;
    const { junctionId } = configuration;
    const { nowMs } = observation;
    const seq = state.seq + 1;
    const { kind, reason, inputs } = decision;
    const head = { seq, junctionId, configurationVersion: configuration.version, reason };
    const command =
      kind === 'plan' ? planFor(configuration, head, decision, observation) : requestFor(head, decision, nowMs);
    const context = { lastSeq: state.seq, nowMs };
    const refusal =
      'planId' in command ? checkPlan(configuration, command, context) : checkRequest(configuration, command, context);
    const vetoed = refusal?.reason ?? null;
    const { yellowSeconds, allRedSeconds } = configuration;
    const planId = 'planId' in command ? command.planId : null;
    const stages =
      'stages' in command
        ? command.stages
        : [{ stageId: command.stageId, greenSeconds: 0, yellowSeconds, allRedSeconds }];
    const record: DecisionRecord = {
      junctionId,
      atMs: nowMs,
      seq,
      planId,
      strategy,
      kind,
      stages,
      reason,
      inputs,
      vetoed,
      acknowledged: null,
      threadId,
    };
    this.own.decisions++;
    if (kind === 'plan') state.planDecided();
    if (vetoed !== null) {
      this.own.vetoed++;
      this.options.onDecision?.(record);
      return false;
    }
    state.seq = seq;
    // The answer may come before `publish` returns.
    this.keep(record);
    this.options.onDecision?.(record);
    const { prefix } = this.options;
    if ('planId' in command)
      this.publish({ prefix, kind: 'green-time', junctionId }, planToMessage(command, configuration, nowMs));
    else this.publish({ prefix, kind: 'stage-request', junctionId }, requestToMessage(command));
    return true;
  }

  private keep(record: DecisionRecord): void {
    const open = this.open.get(record.junctionId)!;
    open.set(record.seq, record);
    if (open.size > OPEN_RECORDS_MAX) open.delete(open.keys().next().value!);
  }

  private acknowledged(state: JunctionState, message: AcknowledgementMessage): void {
    const open = this.open.get(state.configuration.junctionId)!;
    const record = open.get(message.seq);
    if (record === undefined || (message.plan_id !== undefined && message.plan_id !== record.planId)) return;
    open.delete(message.seq);
    record.acknowledged = { result: message.result, reason: message.reason };
    if (message.result === 'refused') this.own.refused++;
    this.options.onAcknowledged?.(record);
  }

  private answerClock(clock: ClockMessage, messages: number): void {
    const { frame, timestamp } = clock;
    this.publish({ prefix: this.options.prefix, kind: 'clock-done' }, { frame, timestamp, messages });
  }

  private whenDone(then: () => void): void {
    if ([...this.states.values()].some((state) => state.busy)) this.underway = this.underway.then(then);
    else then();
  }

  private publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void {
    const sending = this.options.link.publish(address, message);
    sending?.catch((error: Error) => this.problem(`${address.kind} could not be published: ${error.message}`));
  }

  private problem(message: string): void {
    this.options.onProblem?.(message);
  }
}

export function requestFor(
  head: Omit<StageRequest, 'stageId' | 'notBeforeMs' | 'validUntilMs'>,
  decision: Decision & { kind: 'stage' },
  nowMs: number,
): StageRequest {
  return { ...head, stageId: decision.stageId, notBeforeMs: nowMs, validUntilMs: nowMs + REQUEST_VALID_SECONDS * 1000 };
}

/** Valid to its boundary, then for its cycle, and for one more if the next plan is lost. */
export function planFor(
  configuration: JunctionConfiguration,
  head: Omit<StageRequest, 'stageId' | 'notBeforeMs' | 'validUntilMs'>,
  decision: Decision & { kind: 'plan' },
  { nowMs, lamps }: Observation,
): Plan {
  const { stages } = decision;
  const known = stages.every(({ stageId }) => configuration.stages.some(({ id }) => id === stageId));
  const cycleMs = known ? timePlan(configuration, stages).cycleMs : 0;
  const boundaryMs = (lamps.cycleSecondsLeft ?? configuration.maxCycleSeconds) * 1000;
  return {
    ...head,
    planId: `${configuration.junctionId.slice(0, 8)}-${head.seq}`,
    validFromMs: nowMs,
    validUntilMs: nowMs + Math.round(boundaryMs + 2 * cycleMs) + PLAN_RESERVE_MS,
    stages,
    mode: 'automatic',
  };
}
