/**
 * The controller of real streets. As `service.ts`, but time is the wall's, devices' clocks are not trusted, and junctions
 * are commanded only while they are this process's (`ownership.ts`). A junction is taken up without a jump in its lights:
 * what the broker retains of it is read first, a mode that somebody set stays, sequence numbers go on, and the device
 * keeps its plan until the next boundary. In shadow nothing is published at all.
 */
import { configurationToMessage, msOf } from '../../feeds/codec.ts';
import type { Link, Received } from '../../feeds/link.ts';
import type {
  ConfigurationMessage,
  GreenTime,
  Message,
  MessageKind,
  ModeMessage,
  ModeRequest,
} from '../../feeds/messages.ts';
import type { Decider } from './decider.ts';
import { type ControlledJunction, type DecisionRecord, Desk, type DeskCounters } from './desk.ts';
import { type Held, seeLamps, stateOf, versionProblem } from './held.ts';
import type { JunctionState } from './junction-state.ts';
import { type FrameLatency, LiveFrames } from './live-frames.ts';
import { LiveModes } from './live-modes.ts';
import { AUTOMATIC } from './modes.ts';
import type { Ownership } from './ownership.ts';
import { sparing } from './work-budget.ts';

const HEARD = [
  'configuration',
  'mode',
  'green-time',
  'lamps',
  'detections',
  'car-counts',
  'ack',
  'mode-request',
] as const satisfies readonly MessageKind[];

/** Of a junction whose strategy goes by what vehicles and people broadcast. */
const BROADCAST = ['bsm', 'psm', 'map'] as const satisfies readonly MessageKind[];

/** What is retained of a junction is here so long after its subscription stands, ms. */
const GRACE_MS = 250;
/** Frames of a junction without detections come from its lamps, and where those are silent too from the clock, ms. */
const FRAME_MS = 900;
const SILENT_MS = 5000;
/** Counts of a junction are heard of at least so often, ms: the older devices say them every 30 s. */
const COUNTS_MS = 90_000;
const TICK_MS = 1000;
/** The same trouble is said again after so long, ms. */
const AGAIN_MS = 60_000;

export interface LiveOptions {
  readonly link: Link;
  readonly prefix: string;
  /** All that this process may come to command. */
  readonly junctions: readonly ControlledJunction[];
  /** Stays the caller's to close. */
  readonly decider: Decider;
  /** Threads of the decider. */
  readonly threads: number;
  /**
   * Frames that come within so long of the first are decided on together, ms: each by itself wakes a thread and writes a
   * packet. 0 by default: those of one turn of the event loop.
   */
  readonly gatherMs?: number;
  readonly ownership: Ownership;
  /** Decides and records; publishes nothing. */
  readonly shadow: boolean;
  /** Ms since 1970; `Date.now` by default. */
  readonly now?: () => number;
  onDecision?(record: DecisionRecord): void;
  onAcknowledged?(record: DecisionRecord): void;
  /** Published; for dialects, which say it again. */
  onPlan?(plan: GreenTime): void;
  onProblem?(message: string): void;
  /** A junction was taken up, or left. */
  onOwnership?(junctionId: string, held: boolean, why: string): void;
}

export interface LiveStatus extends DeskCounters {
  readonly junctions: number;
  readonly held: number;
  readonly active: number;
  /** Plans of others that came for junctions of ours. */
  readonly intruders: number;
  readonly modeRequests: number;
  /** Junctions whose strategies go by broadcasts, those of them whose lanes are known by a MAP, and what came; null: none does. */
  readonly radio: { readonly junctions: number; readonly withLanes: number; readonly heard: number } | null;
  /** What a decision may cost at present, where a strategy has a parameter `work`; null: none has. */
  readonly work: number | null;
  /** From a frame to what is published for it, ms, since the last time somebody asked; null: nothing was. */
  readonly latencyMs: FrameLatency | null;
}

export class LiveController {
  private readonly options: LiveOptions;
  private readonly desk: Desk;
  private readonly frames: LiveFrames;
  private readonly modes: LiveModes;
  private readonly now: () => number;
  private readonly held = new Map<string, Held>();
  private readonly said = new Map<string, number>();
  private intruders = 0;
  private ticker: NodeJS.Timeout | null = null;
  private closed = false;
  private readonly graces = new Set<NodeJS.Timeout>();

  /** Throws StrategyError for unknown strategies, parameters that are wrong and junctions where a strategy cannot work. */
  constructor(options: LiveOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
    const { link, prefix, junctions, decider, shadow, threads, gatherMs = 0 } = options;
    const { onDecision, onAcknowledged, onPlan } = options;
    const isActive = (junctionId: string): boolean => this.isActive(junctionId);
    this.frames = new LiveFrames({
      threads,
      gatherMs,
      together: () => decider.together?.() ?? Number.POSITIVE_INFINITY,
      isStrategys: (state) => this.isStrategys(state),
      junctions: () => this.held.size,
      decide: async (states, atMs) => this.desk.decide(states, atMs),
    });
    this.desk = new Desk({
      link,
      prefix,
      junctions: sparing(junctions),
      decider,
      shadow,
      clock: this.now,
      mayPublish: isActive,
      parametersOf: (state) => this.frames.parametersOf(state),
      onDecided: (state, milliseconds) => this.frames.noteDecided(state, milliseconds),
      onPublished: (state) => this.frames.notePublished(state),
      onProblem: (message) => this.problem(message),
      onAcknowledged: (record) => {
        const { acknowledged, strategy } = record;
        if (acknowledged?.result === 'refused' && (strategy === 'manual_override' || strategy === 'emergency'))
          this.problem(`${strategy} was refused by the device: ${acknowledged.reason}`);
        onAcknowledged?.(record);
      },
      ...(onDecision && { onDecision }),
      ...(onPlan && { onPublishedPlan: onPlan }),
    });
    this.modes = new LiveModes({ desk: this.desk, prefix, now: this.now, isActive });
  }

  /** Asks for its junctions and takes up those it gets. Rejects where leases cannot be asked for at all. */
  async start(): Promise<void> {
    await this.options.ownership.start({
      onGained: (junctions) => {
        for (const { junctionId, leastSeq } of junctions) void this.takeUp(junctionId, leastSeq);
      },
      onLost: (junctionIds, why) => {
        for (const junctionId of junctionIds) this.leave(junctionId, why);
      },
      onProblem: (message) => this.problem(message),
      seenSeq: (junctionId) => this.desk.states.get(junctionId)?.seq ?? -1,
    });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** Leaves its junctions to their plans, and to whoever takes them up. The link and the decider stay open. */
  async close(): Promise<void> {
    this.closed = true;
    this.frames.close();
    if (this.ticker !== null) clearInterval(this.ticker);
    for (const grace of this.graces) clearTimeout(grace);
    const ends = [...this.held.values()].map(({ unsubscribe }) => unsubscribe?.());
    this.held.clear();
    await Promise.all(ends);
    await this.options.ownership.close();
  }

  status(): LiveStatus {
    const active = [...this.held.values()].filter(({ phase }) => phase === 'active').length;
    const counters = this.desk.counters();
    return {
      ...counters,
      missed: counters.missed + this.frames.overtaken,
      junctions: this.options.junctions.length,
      held: this.held.size,
      active,
      intruders: this.intruders,
      modeRequests: this.modes.requests,
      radio: this.radio(),
      work: this.work(),
      latencyMs: this.frames.takeLatency(),
    };
  }

  /** A message of a junction, from whichever dialect. */
  receive(received: Received): void {
    const { address, message, retained } = received;
    const one = this.held.get(address.junctionId ?? '');
    if (one === undefined || this.closed) return;
    const { state } = one;
    const nowMs = this.now();
    switch (address.kind) {
      case 'detections':
        if (!retained && state.receiveDetections(message as Message<'detections'>, nowMs))
          this.frames.take(state, state.latestMs!);
        break;
      case 'lamps':
        seeLamps(one, message as Message<'lamps'>, nowMs);
        if (state.receiveLamps(message as Message<'lamps'>, nowMs) && !retained && this.hasNoLoops(state, nowMs))
          this.frames.take(state, state.lampsHeardMs!);
        break;
      case 'car-counts':
        if (!retained) state.receiveCarCounts(message as Message<'car-counts'>, nowMs);
        break;
      case 'ack':
        this.desk.acknowledged(state, message as Message<'ack'>);
        break;
      case 'configuration':
        this.seeConfiguration(one, message as ConfigurationMessage);
        break;
      case 'mode':
        this.seeMode(one, message as ModeMessage, retained);
        break;
      case 'green-time':
        this.seePlan(one, message as GreenTime, retained);
        break;
      case 'mode-request':
        if (!retained && !this.options.shadow) this.modes.request(one, message as ModeRequest);
        break;
    }
  }

  // Taking up and leaving

  private isActive(junctionId: string): boolean {
    return this.held.get(junctionId)?.phase === 'active' && this.options.ownership.holds(junctionId);
  }

  private async takeUp(junctionId: string, leastSeq: number): Promise<void> {
    const state = this.desk.states.get(junctionId);
    if (state === undefined || this.closed) return;
    state.seq = Math.max(state.seq, leastSeq);
    // What was known before somebody else had it is old.
    state.memory = null;
    const one: Held = {
      state,
      phase: 'reading',
      mode: AUTOMATIC,
      modeSeq: -1,
      exit: null,
      greenMs: state.configuration.signalGroups.map(() => this.now()),
      shown: null,
      configuration: null,
      retainedMode: null,
      unsubscribe: null,
    };
    this.held.set(junctionId, one);
    try {
      const { link, prefix } = this.options;
      const heard = await link.subscribe(prefix, HEARD, (received) => this.receive(received as Received), [junctionId]);
      const overheard = await this.listen(state);
      const end = async (): Promise<void> => {
        await Promise.all([heard(), overheard?.()]);
      };
      if (this.held.get(junctionId) !== one) {
        await end();
        return;
      }
      one.unsubscribe = end;
      const grace = setTimeout(() => {
        this.graces.delete(grace);
        if (this.held.get(junctionId) === one) this.begin(one);
      }, GRACE_MS);
      this.graces.add(grace);
    } catch (error) {
      this.problem(`junction ${state.configuration.name} could not be taken up: ${(error as Error).message}`);
    }
  }

  /** Hears what is broadcast, where the strategy goes by it. Where that is refused the junction is controlled without. */
  private async listen({ radio, configuration }: JunctionState): Promise<(() => Promise<void>) | null> {
    if (radio === null) return null;
    const { link, prefix } = this.options;
    const hear = ({ address, message }: Received): void => {
      if (this.closed) return;
      if (address.kind === 'map') radio.takeMap(message);
      else radio.take(message);
    };
    try {
      return await link.subscribe(prefix, BROADCAST, (one) => hear(one as Received), [configuration.junctionId]);
    } catch (error) {
      this.problem(
        `junction ${configuration.name}: its strategy goes by broadcasts, and they cannot be heard: ${(error as Error).message}`,
      );
      return null;
    }
  }

  /** What is retained was read: says what is missing and goes on from what is there. */
  private begin(one: Held): void {
    const { configuration } = one.state;
    const { junctionId } = configuration;
    const { prefix } = this.options;
    const own = configurationToMessage(configuration);
    const there = one.configuration;
    one.configuration = null;
    const problem = there === null ? null : versionProblem(own, there);
    if (problem !== null) {
      one.phase = 'refused';
      this.options.onOwnership?.(junctionId, false, problem);
      this.problem(`junction ${configuration.name} is left to its plan: ${problem}`);
      return;
    }
    one.phase = 'active';
    if (there === null || there.version < own.version)
      this.desk.publish({ prefix, kind: 'configuration', junctionId }, own);
    const nowMs = this.now();
    const mode = one.retainedMode;
    if (mode !== null && mode.mode !== 'automatic' && (mode.until === null || msOf(mode.until) > nowMs)) {
      one.mode = stateOf(mode);
    } else if (mode?.mode !== 'automatic') this.modes.say(one, AUTOMATIC);
    this.options.onOwnership?.(junctionId, true, one.mode.mode);
    // Not first in a second: the one before may have been gone for some.
    const heardMs = one.state.latestMs;
    if (heardMs !== null && nowMs - heardMs < SILENT_MS) this.frames.take(one.state, nowMs);
  }

  private leave(junctionId: string, why: string): void {
    const one = this.held.get(junctionId);
    if (one === undefined) return;
    this.held.delete(junctionId);
    void one.unsubscribe?.().catch(() => {});
    this.options.onOwnership?.(junctionId, false, why);
  }

  private seeConfiguration(one: Held, message: ConfigurationMessage): void {
    if (one.phase === 'reading') one.configuration = message;
    if (one.phase !== 'active') return;
    const problem = versionProblem(configurationToMessage(one.state.configuration), message);
    if (problem === null) return;
    one.phase = 'refused';
    this.problem(`junction ${one.state.configuration.name} is left to its plan: ${problem}`);
  }

  private seeMode(one: Held, message: ModeMessage, retained: boolean): void {
    const { state } = one;
    if (message.seq !== undefined) state.seq = Math.max(state.seq, message.seq);
    if (one.phase === 'reading') one.retainedMode = message;
    else if (!retained && (message.seq === undefined || message.seq !== one.modeSeq)) {
      // The devices obey it, whoever it came from.
      one.mode = stateOf(message);
      this.intrude(state, `set its mode to ${message.mode} (${message.by})`);
    }
  }

  private seePlan(one: Held, message: GreenTime, retained: boolean): void {
    const { state } = one;
    if (message.seq === undefined || message.seq <= state.seq) return;
    state.seq = message.seq;
    if (!retained && one.phase === 'active') this.intrude(state, `published plan ${message.plan_id ?? message.seq}`);
  }

  private intrude({ configuration }: JunctionState, what: string): void {
    if (this.options.shadow) return;
    this.intruders++;
    this.problem(`junction ${configuration.name}: somebody else ${what}. One controller may command a junction.`);
  }

  // Frames

  private tick(): void {
    const nowMs = this.now();
    for (const one of this.held.values()) {
      if (one.phase !== 'active') continue;
      const { state } = one;
      this.modes.tick(one, nowMs);
      const counts = state.countsHeardMs;
      const lampless = state.lampsHeardMs === null || nowMs - state.lampsHeardMs > SILENT_MS;
      const loopless = state.latestMs === null || nowMs - state.latestMs > SILENT_MS;
      // Older devices say counts and nothing else.
      if (lampless && loopless && counts !== null && nowMs - counts < COUNTS_MS) this.frames.take(one.state, nowMs);
    }
  }

  private hasNoLoops(state: JunctionState, nowMs: number): boolean {
    const { loopsHeardMs } = state;
    return (
      (loopsHeardMs === null || nowMs - loopsHeardMs > SILENT_MS) &&
      state.lampsHeardMs! - (state.frameMs ?? 0) >= FRAME_MS
    );
  }

  /** Whether a strategy decides for it at present. */
  private isStrategys(state: JunctionState): boolean {
    const one = this.held.get(state.configuration.junctionId);
    return one?.phase === 'active' && one.mode.mode === 'automatic' && one.exit === null;
  }

  private radio(): LiveStatus['radio'] {
    const radios = [...this.held.values()].flatMap(({ state }) => state.radio ?? []);
    if (radios.length === 0) return null;
    const withLanes = radios.filter(({ knowsLanes }) => knowsLanes).length;
    return { junctions: radios.length, withLanes, heard: radios.reduce((sum, { heard }) => sum + heard, 0) };
  }

  private work(): number | null {
    for (const { state } of this.held.values()) {
      const { work } = this.frames.parametersOf(state);
      if (typeof work === 'number') return work;
    }
    return null;
  }

  /** Says what is wrong, the same at most once a minute. */
  private problem(message: string): void {
    const nowMs = this.now();
    const before = this.said.get(message);
    if (before !== undefined && nowMs - before < AGAIN_MS && nowMs >= before) return;
    if (this.said.size > 10_000) this.said.clear();
    this.said.set(message, nowMs);
    this.options.onProblem?.(message);
  }
}
