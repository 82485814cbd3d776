/**
 * Where decisions are taken and pass the interlock: keeps each junction's state, asks its strategy, judges the answer,
 * publishes it and keeps account of what the device said to it. Knows nothing of clocks, leases and modes.
 */
import { isoOf, planToMessage, requestToMessage } from '../../feeds/codec.ts';
import type { Address, Link } from '../../feeds/link.ts';
import type { AcknowledgementMessage, Message, MessageKind } from '../../feeds/messages.ts';
import { checkConfiguration, checkPlan, checkRequest } from '../../junction/interlock.ts';
import type { JunctionConfiguration, Plan, PlanStage, StageRequest } from '../../junction/types.ts';
import { checkJunction, checkParameters, StrategyError, strategyNamed } from '../strategies/index.ts';
import type { Decision, Observation, Parameters } from '../types.ts';
import { Neighbours } from '../coordination.ts';
import { type CommandHead, planFor, requestFor } from './commands.ts';
import type { DecideAnswer, DecideJob, Decider } from './decider.ts';
import { JunctionState, type Survived } from './junction-state.ts';

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
  /** Of the strategy, or who commands in its place: `manual_override`, `emergency`. */
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

export interface DeskOptions {
  readonly link: Link;
  readonly prefix: string;
  readonly junctions: readonly ControlledJunction[];
  /** Stays the caller's to close. */
  readonly decider: Decider;
  /** Highest sequence number given out before, by whoever had these junctions; -1 by default. */
  readonly startSeq?: number | undefined;
  /** Ours, on a street: what is broadcast is as old as it is here. Absent: all go by the simulation's. */
  readonly clock?: (() => number) | undefined;
  /** Whether a command for a junction may leave at this very moment; default: always. */
  mayPublish?(junctionId: string): boolean;
  /** Nothing leaves; decisions are taken, judged and recorded all the same. */
  readonly shadow?: boolean | undefined;
  /** What the strategy is given in place of the junction's parameters, e.g. less work to do. */
  parametersOf?(state: JunctionState): Parameters;
  onDecision?(record: DecisionRecord): void;
  /** A device answered. */
  onAcknowledged?(record: DecisionRecord): void;
  /** A strategy took so long on its thread, ms. */
  onDecided?(state: JunctionState, milliseconds: number): void;
  /** A command left for the broker. */
  onPublished?(state: JunctionState): void;
  onPublishedPlan?(plan: Message<'green-time'>): void;
  /** Something went wrong and the service goes on: said in words. */
  onProblem?(message: string): void;
}

export interface DeskCounters extends Survived {
  decisions: number;
  vetoed: number;
  refused: number;
  /** Frames that were never decided on, because a newer one came while one before was still being decided on. */
  missed: number;
  /** Decided, but the junction was another's by then. */
  withheld: number;
}

/** In whose place a command is issued. */
export interface Issued {
  readonly by: string;
  readonly reason: string;
  readonly nowMs: number;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

export class Desk {
  readonly states = new Map<string, JunctionState>();
  readonly counted = { decisions: 0, vetoed: 0, refused: 0, missed: 0, withheld: 0 };
  private readonly options: DeskOptions;
  private readonly neighbours: Neighbours;
  /** By junction, then by seq. */
  private readonly open = new Map<string, Map<number, DecisionRecord>>();

  /** Throws StrategyError for unknown strategies, parameters that are wrong and junctions where a strategy cannot work. */
  constructor(options: DeskOptions) {
    this.options = options;
    this.neighbours = new Neighbours(options.junctions.map(({ configuration }) => configuration));
    for (const { configuration, strategy, parameters } of options.junctions) {
      const problems = checkConfiguration(configuration);
      if (problems.length > 0) throw new StrategyError(`Junction ${configuration.name}: ${problems.join('; ')}.`);
      const chosen = strategyNamed(strategy);
      const complete = checkParameters(chosen, parameters);
      const reason = checkJunction(chosen, configuration, complete);
      if (reason !== null) throw new StrategyError(`Junction ${configuration.name}: ${reason}.`);
      const state = new JunctionState(configuration, strategy, complete, options.startSeq ?? -1, options.clock);
      this.states.set(configuration.junctionId, state);
      this.open.set(configuration.junctionId, new Map());
    }
  }

  /** What was counted, over all junctions. */
  counters(): DeskCounters {
    const sum: DeskCounters = { ...this.counted, late: 0, doubled: 0, history: 0, skewed: 0 };
    for (const { survived } of this.states.values()) {
      sum.late += survived.late;
      sum.doubled += survived.doubled;
      sum.history += survived.history;
      sum.skewed += survived.skewed;
    }
    return sum;
  }

  /**
   * Asks the strategies of these junctions, less those that are still being asked, and carries out what they answer.
   * Answers how many commands were published: at once where the decider is, else when they are, not before `after`.
   */
  decide(states: readonly JunctionState[], nowMs: number, after?: Promise<void>): number | Promise<number> {
    const ready = states.filter((state) => !state.busy);
    this.counted.missed += states.length - ready.length;
    if (ready.length === 0) return 0;
    const jobs = ready.map((state): DecideJob => {
      const { configuration, strategy, memory } = state;
      const parameters = this.options.parametersOf?.(state) ?? state.parameters;
      const neighbours = this.neighbours.picture(configuration.junctionId, nowMs);
      const observation = { ...state.observe(nowMs), ...(neighbours && { neighbours }) };
      return { junctionId: configuration.junctionId, strategy, configuration, parameters, memory, observation };
    });
    const answers = this.options.decider.decide(jobs);
    if (Array.isArray(answers)) return this.publishAll(ready, jobs, answers);
    for (const state of ready) state.busy = true;
    return this.later(ready, jobs, answers, nowMs, after);
  }

  private async later(
    states: readonly JunctionState[],
    jobs: readonly DecideJob[],
    asked: Promise<DecideAnswer[]>,
    nowMs: number,
    after: Promise<void> | undefined,
  ): Promise<number> {
    try {
      const answers = await asked;
      await after;
      for (const state of states) state.busy = false;
      return this.publishAll(states, jobs, answers);
    } catch (error) {
      for (const state of states) state.busy = false;
      this.problem(`decisions of ${isoOf(nowMs)} failed: ${(error as Error).message}`);
      return 0;
    }
  }

  private publishAll(states: readonly JunctionState[], jobs: readonly DecideJob[], answers: DecideAnswer[]): number {
    let published = 0;
    answers.forEach((answer, i) => {
      const state = states[i]!;
      state.memory = answer.memory;
      if (answer.outlook !== undefined) this.neighbours.tell(state.configuration.junctionId, answer.outlook);
      this.options.onDecided?.(state, answer.milliseconds);
      if (answer.problem !== undefined) this.problem(`junction ${state.configuration.name}: ${answer.problem}`);
      if (answer.decision !== null && this.carryOut(state, jobs[i]!.observation, answer.decision, answer.threadId))
        published++;
    });
    return published;
  }

  /** Through the interlock, and out. True where it was published. */
  private carryOut(state: JunctionState, observation: Observation, decision: Decision, threadId: number): boolean {
    const { configuration, strategy } = state;
    const { nowMs } = observation;
    const head = this.headOf(state, decision.reason);
    const command =
      decision.kind === 'plan'
        ? planFor(configuration, head, decision, observation)
        : requestFor(head, decision, nowMs);
    if (decision.kind === 'plan') state.planDecided();
    return this.out(
      state,
      command,
      { by: strategy, reason: decision.reason, nowMs, inputs: decision.inputs },
      threadId,
    );
  }

  headOf(state: JunctionState, reason: string): CommandHead {
    const { junctionId, version } = state.configuration;
    return { seq: state.seq + 1, junctionId, configurationVersion: version, reason };
  }

  /** A command through the interlock, and out. True where it was published. */
  out(
    state: JunctionState,
    command: Plan | StageRequest,
    { by, reason, nowMs, inputs }: Issued,
    threadId = 0,
  ): boolean {
    const { configuration } = state;
    const { junctionId, yellowSeconds, allRedSeconds } = configuration;
    const context = { lastSeq: state.seq, nowMs };
    const refusal =
      'planId' in command ? checkPlan(configuration, command, context) : checkRequest(configuration, command, context);
    const record: DecisionRecord = {
      junctionId,
      atMs: nowMs,
      seq: command.seq,
      planId: 'planId' in command ? command.planId : null,
      strategy: by,
      kind: 'planId' in command ? 'plan' : 'stage',
      stages:
        'stages' in command
          ? command.stages
          : [{ stageId: command.stageId, greenSeconds: 0, yellowSeconds, allRedSeconds }],
      reason,
      inputs: inputs ?? {},
      vetoed: refusal?.reason ?? null,
      acknowledged: null,
      threadId,
    };
    this.counted.decisions++;
    if (refusal !== null) {
      this.counted.vetoed++;
      this.options.onDecision?.(record);
      return false;
    }
    if (this.options.mayPublish?.(junctionId) === false) {
      this.counted.withheld++;
      return false;
    }
    state.seq = command.seq;
    // The answer may come before `publish` returns.
    this.keep(record);
    this.options.onDecision?.(record);
    const { prefix } = this.options;
    if ('planId' in command) {
      const message = planToMessage(command, configuration, nowMs);
      this.publish({ prefix, kind: 'green-time', junctionId }, message);
      if (this.options.shadow !== true) this.options.onPublishedPlan?.(message);
    } else this.publish({ prefix, kind: 'stage-request', junctionId }, requestToMessage(command));
    this.options.onPublished?.(state);
    return true;
  }

  private keep(record: DecisionRecord): void {
    const open = this.open.get(record.junctionId)!;
    open.set(record.seq, record);
    if (open.size > OPEN_RECORDS_MAX) open.delete(open.keys().next().value!);
  }

  acknowledged(state: JunctionState, message: AcknowledgementMessage): void {
    const open = this.open.get(state.configuration.junctionId)!;
    const record = open.get(message.seq);
    if (record === undefined || (message.plan_id !== undefined && message.plan_id !== record.planId)) return;
    open.delete(message.seq);
    record.acknowledged = { result: message.result, reason: message.reason };
    if (message.result === 'refused') this.counted.refused++;
    this.options.onAcknowledged?.(record);
  }

  publish<K extends MessageKind>(address: Address & { kind: K }, message: Message<K>): void {
    if (this.options.shadow === true) return;
    const sending = this.options.link.publish(address, message);
    sending?.catch((error: Error) => this.problem(`${address.kind} could not be published: ${error.message}`));
  }

  problem(message: string): void {
    this.options.onProblem?.(message);
  }
}
