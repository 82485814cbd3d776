/**
 * Modes of junctions on a street: what operators ask for is judged, said to the devices and carried out until it ends. An
 * emergency is served by stage requests, and what waited longest follows it before the strategy takes over.
 */
import { isoOf, modeToMessage } from '../../feeds/codec.ts';
import type { ModeRequest } from '../../feeds/messages.ts';
import { EXIT_MS, exitStage } from '../strategies/priority.ts';
import { planOf, requestFor } from './commands.ts';
import type { Desk } from './desk.ts';
import { type Held, isGreen } from './held.ts';
import { AUTOMATIC, type ModeState, modeFromRequest } from './modes.ts';

export interface LiveModesOptions {
  readonly desk: Desk;
  readonly prefix: string;
  /** Ms since 1970. */
  readonly now: () => number;
  /** Whether a junction is commanded by this process at this very moment. */
  isActive(junctionId: string): boolean;
}

export class LiveModes {
  private readonly options: LiveModesOptions;
  /** Requests that came. */
  requests = 0;

  constructor(options: LiveModesOptions) {
    this.options = options;
  }

  /** Answers a request, and carries it out where it is accepted. */
  request(one: Held, request: ModeRequest): void {
    this.requests++;
    const { desk, prefix, now, isActive } = this.options;
    const { configuration } = one.state;
    const { junctionId } = configuration;
    const nowMs = now();
    const asked = isActive(junctionId)
      ? modeFromRequest(configuration, request, nowMs)
      : { refused: 'the junction is not commanded at present; ask again, and see why in the log of the controller' };
    const refused = 'refused' in asked ? asked.refused : null;
    desk.publish(
      { prefix, kind: 'mode-answer', junctionId },
      {
        ...(request.request_id === undefined ? {} : { request_id: request.request_id }),
        mode: request.mode,
        result: refused === null ? 'accepted' : 'refused',
        reason: refused ?? '',
        timestamp: isoOf(nowMs),
      },
    );
    if (!('refused' in asked)) this.set(one, asked);
  }

  private set(one: Held, mode: ModeState): void {
    const { state } = one;
    const { desk, now } = this.options;
    if (mode.mode === 'automatic') this.leaveEmergency(one);
    else one.exit = null;
    this.say(one, mode);
    const { by, reason, untilMs, stages } = mode;
    const nowMs = now();
    if (stages !== undefined && untilMs !== null) {
      const head = desk.headOf(state, `${by}: ${reason}`);
      const plan = planOf(state.configuration, head, stages, 'manual_override', nowMs, untilMs);
      desk.out(state, plan, { by: mode.mode, reason: head.reason, nowMs });
    }
    this.serve(one, nowMs);
  }

  /** Tells the devices who may command. */
  say(one: Held, mode: ModeState): void {
    const { state } = one;
    const { junctionId } = state.configuration;
    const { desk, prefix, isActive } = this.options;
    if (!isActive(junctionId)) return;
    one.mode = mode;
    state.seq++;
    one.modeSeq = state.seq;
    const message = modeToMessage(mode.mode, mode.by, mode.reason, mode.untilMs, state.seq);
    const stage = mode.stageId === undefined ? {} : { stage: mode.stageId };
    desk.publish({ prefix, kind: 'mode', junctionId }, { ...message, ...stage });
  }

  /** A second has passed: what has ended gives way to the strategy, what goes on is asked for again. */
  tick(one: Held, nowMs: number): void {
    const { mode } = one;
    if (mode.untilMs !== null && mode.untilMs <= nowMs) {
      this.leaveEmergency(one);
      this.say(one, { ...AUTOMATIC, reason: `${mode.mode} has ended` });
    }
    this.serve(one, nowMs);
  }

  /** The groups that waited longest come next. */
  private leaveEmergency(one: Held): void {
    const { mode, state, greenMs } = one;
    if (mode.mode !== 'emergency' || mode.stageId === undefined) return;
    const stageId = exitStage(state.configuration, greenMs, mode.stageId);
    one.exit = stageId === null ? null : { stageId, untilMs: this.options.now() + EXIT_MS };
  }

  /**
   * An emergency is served by stage requests: the device finishes minimum green, yellow and all-red, serves, and dwells
   * while they come. When they end the stage of those who waited longest follows, and the strategy takes over.
   */
  private serve(one: Held, nowMs: number): void {
    const { mode } = one;
    if (mode.mode === 'emergency' && mode.stageId !== undefined)
      this.ask(one, mode.stageId, `${mode.by}: ${mode.reason}`, nowMs);
    const { exit } = one;
    if (exit === null) return;
    if (nowMs >= exit.untilMs || isGreen(one, exit.stageId)) one.exit = null;
    else this.ask(one, exit.stageId, `After an emergency: ${exit.stageId} waited longest`, nowMs);
  }

  private ask({ state }: Held, stageId: string, reason: string, nowMs: number): void {
    const { desk } = this.options;
    const head = desk.headOf(state, reason);
    const decision = { kind: 'stage', stageId, reason, inputs: {} } as const;
    desk.out(state, requestFor(head, decision, nowMs), { by: 'emergency', reason, nowMs });
  }
}
