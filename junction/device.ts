/**
 * The lamp controller of one junction: what runs on a Pi at the kerb and, the same code, in the simulated world.
 *
 * It carries out a plan cyclically and alone, or goes to a requested stage as soon as that is legal. Whatever it is told,
 * minimum and maximum green, yellow, intergreens, pedestrian clearance and the longest wait are its own. Without a fresh
 * plan it keeps the last good one for three cycles, then its local plan; it flashes at boot and on a fault only.
 *
 * Here is who may command and what is remembered; `stage-machine.ts` carries it out. Times are integer ms from a clock
 * that does not go back.
 */
import { checkConfiguration, checkPlan, checkRequest } from './interlock.ts';
import { utcMinuteOfWeek } from './ladder.ts';
import { minuteOfWeekIn } from './local-time.ts';
import { StageMachine } from './stage-machine.ts';
import { timePlan, toMs } from './timing.ts';
import type {
  Acknowledgement,
  JunctionConfiguration,
  JunctionMode,
  Lamp,
  LampSource,
  Plan,
  StageRequest,
} from './types.ts';

/** A stage request is fresh for so long after it came, seconds. */
export const REQUEST_FRESH_SECONDS = 3;
/** An override or emergency whose end nobody told ends after so long, seconds. */
export const MODE_MAX_SECONDS = 4 * 3600;

export interface LampDeviceOptions {
  readonly deviceId: string;
  readonly startMs: number;
  /** `cold`: flash, all red, first stage. `warm`: the local plan's first stage is green at once (simulations). */
  readonly boot: 'cold' | 'warm';
  /** Highest sequence number known from before; -1 by default. */
  readonly lastSeq?: number;
  /** Minutes since Monday 00:00 in the junction's zone, for its local plans; default: by the configuration's zone. */
  readonly minuteOfWeek?: (ms: number) => number;
  /** Where what outlives a restart is kept; absent: nowhere, as in a simulation. */
  readonly store?: SnapshotStore;
}

/** Must have it on disk when `save` returns. Both may throw: what cannot be read back is a fault. */
export interface SnapshotStore {
  /** null where nothing was ever saved. */
  load(): DeviceSnapshot | null;
  save(snapshot: DeviceSnapshot): void;
}

/** What outlives a restart. JSON-serialisable. */
export interface DeviceSnapshot {
  readonly lastSeq: number;
  /** A latched fault in words; null where there is none. */
  readonly fault: string | null;
}

export interface DeviceReport {
  /** Running stage, up to the start of the next; null at boot and in flash. */
  readonly stageId: string | null;
  /** Of the stage, green and intergreen; null where it waits for a request or flashes. */
  readonly secondsLeft: number | null;
  /** To the next start of the plan's first stage; null where stage requests lead or a fault is latched. */
  readonly cycleSecondsLeft: number | null;
  readonly source: LampSource;
  readonly fault: string | null;
}

export class LampDevice {
  readonly deviceId: string;
  private readonly machine: StageMachine;
  private readonly store: SnapshotStore | null;
  private modeSeq = -1;
  private lastSeq: number;
  private lastApplied: Acknowledgement | null = null;
  /** Why what should outlive a restart could not be saved; null: it is. */
  storeProblem: string | null = null;

  /** Throws where `checkConfiguration` finds anything. */
  constructor(configuration: JunctionConfiguration, options: LampDeviceOptions) {
    const problems = checkConfiguration(configuration);
    if (problems.length > 0) {
      throw new Error(`junction ${configuration.name}: ${problems.join('; ')}. Correct the configuration.`);
    }
    this.deviceId = options.deviceId;
    this.store = options.store ?? null;
    this.lastSeq = options.lastSeq ?? -1;
    const { startMs, boot } = options;
    const { timeZone } = configuration;
    const minuteOfWeek = options.minuteOfWeek ?? (timeZone === undefined ? utcMinuteOfWeek : minuteOfWeekIn(timeZone));
    this.machine = new StageMachine(configuration, { startMs, boot, minuteOfWeek, onFault: () => this.save() });
    this.recall();
  }

  /**
   * Takes a plan for the next cycle boundary, or says why not. An applied plan's `atMs` is when it takes effect, as far as
   * that is known. The same plan again gets the same answer.
   */
  receivePlan(plan: Plan, nowMs: number): Acknowledgement {
    this.advance(nowMs);
    if (this.lastApplied?.planId === plan.planId && this.lastApplied.seq === plan.seq) return this.lastApplied;
    const configuration = this.machine.nextConfiguration ?? this.machine.configuration;
    const refused =
      this.refusedNow(plan.mode) ??
      checkPlan(configuration, plan, { lastSeq: this.lastSeq, nowMs: this.machine.nowMs })?.reason ??
      this.tooLate(plan);
    if (refused !== null) return this.answer(plan, refused);
    this.accepted(plan.seq);
    const left = this.report().cycleSecondsLeft ?? 0;
    this.lastApplied = { ...this.answer(plan, ''), atMs: Math.max(this.machine.nowMs + toMs(left), plan.validFromMs) };
    this.machine.offer({ plan, timed: timePlan(configuration, plan.stages) });
    return this.lastApplied;
  }

  /** Goes to a stage as soon as that is legal, for as long as requests are fresh, or says why not. */
  receiveRequest(request: StageRequest, nowMs: number): Acknowledgement {
    this.advance(nowMs);
    const refused =
      this.refusedNow(this.machine.mode === 'emergency' ? 'emergency' : 'automatic') ??
      checkRequest(this.machine.configuration, request, { lastSeq: this.lastSeq, nowMs: this.machine.nowMs })?.reason ??
      null;
    if (refused !== null) return this.answer(request, refused);
    this.accepted(request.seq);
    this.machine.follow(request, Math.min(request.validUntilMs, this.machine.nowMs + toMs(REQUEST_FRESH_SECONDS)));
    return this.answer(request, '');
  }

  /**
   * Takes a newer configuration of the same signal groups. It comes into force, with its local plan, at the next cycle
   * boundary (under stage requests at the next change of stage). Answers null, or why not.
   */
  receiveConfiguration(configuration: JunctionConfiguration, nowMs: number): string | null {
    this.advance(nowMs);
    const current = this.machine.nextConfiguration ?? this.machine.configuration;
    if (configuration.junctionId !== current.junctionId) {
      return `configuration is for junction ${configuration.junctionId}; this is ${current.junctionId}`;
    }
    if (configuration.version === current.version) return null;
    if (configuration.version < current.version) {
      return `configuration version ${configuration.version}; above ${current.version} (versions only grow)`;
    }
    const problems = checkConfiguration(configuration);
    if (problems.length > 0) return problems.join('; ');
    const wired = (groups: JunctionConfiguration['signalGroups']): string =>
      groups.map((group) => `${group.id} (${group.kind})`).join(', ');
    if (wired(configuration.signalGroups) !== wired(current.signalGroups)) {
      return `signal groups ${wired(configuration.signalGroups)}; the lamps are wired as ${wired(current.signalGroups)}. Restart the device with the new configuration.`;
    }
    this.machine.nextConfiguration = configuration;
    this.machine.ladder.offer(null);
    return null;
  }

  /**
   * Who may command: plans of that mode only. Ends by itself at `untilMs`, after MODE_MAX_SECONDS at the latest. `seq`, of
   * the junction's sequence, tells older news from newer; the same again changes nothing. Answers null, or why not.
   */
  setMode(mode: JunctionMode, untilMs: number | null, nowMs: number, seq?: number): string | null {
    this.advance(nowMs);
    if (untilMs !== null && !Number.isFinite(untilMs)) return `mode until ${untilMs}; a time, or null`;
    if (seq !== undefined) {
      if (!Number.isSafeInteger(seq)) return `mode seq ${seq}; a whole number`;
      if (seq < this.modeSeq) return `mode seq ${seq}; at least ${this.modeSeq} (seq only grows)`;
      // Told again, as brokers do with what they retain: it neither begins anew nor lasts longer.
      if (seq === this.modeSeq) return null;
      this.modeSeq = seq;
    }
    const latestMs = this.machine.nowMs + toMs(MODE_MAX_SECONDS);
    this.machine.setMode(mode, mode === 'automatic' ? null : Math.min(untilMs ?? latestMs, latestMs));
    return null;
  }

  /** When something is due next, ms; Infinity: nothing until somebody says something. */
  get dueMs(): number {
    return this.machine.nextEventMs;
  }

  /** Moves on to `nowMs`; an earlier time, or none, changes nothing. */
  advance(nowMs: number): void {
    this.machine.advance(nowMs);
  }

  /** What is lit, in the order of the configuration's signal groups. The same array until something changes. */
  lamps(): readonly Lamp[] {
    return this.machine.bank.shown;
  }

  report(): DeviceReport {
    const { stageId, ladder, fault } = this.machine;
    return {
      stageId,
      secondsLeft: this.machine.stageSecondsLeft(),
      cycleSecondsLeft: this.machine.cycleSecondsLeft(),
      source: stageId === null ? 'flash' : ladder.source,
      fault,
    };
  }

  /** The plan in force; null: the local plan. */
  currentPlan(): Plan | null {
    return this.machine.ladder.programme.plan;
  }

  snapshot(): DeviceSnapshot {
    return { lastSeq: this.lastSeq, fault: this.machine.fault };
  }

  /** What a restarted device remembers: sequence numbers never go back, and a latched fault stays. */
  restore(snapshot: DeviceSnapshot): void {
    this.lastSeq = Math.max(this.lastSeq, snapshot.lastSeq);
    if (snapshot.fault !== null) this.machine.latch(snapshot.fault);
  }

  private recall(): void {
    try {
      const snapshot = this.store?.load() ?? null;
      if (snapshot === null) return;
      const { lastSeq, fault } = snapshot;
      if (!(Number.isSafeInteger(lastSeq) && (fault === null || typeof fault === 'string')))
        throw new Error(`lastSeq is ${lastSeq}, fault is ${fault}`);
      this.restore(snapshot);
    } catch (error) {
      this.machine.latch(`what was kept over the restart cannot be read: ${(error as Error).message}`);
    }
  }

  private save(): void {
    try {
      this.store?.save(this.snapshot());
      this.storeProblem = null;
    } catch (error) {
      this.storeProblem = (error as Error).message;
    }
  }

  /** Clears a latched fault, by hand only, and boots cold. */
  reset(nowMs: number): void {
    this.advance(nowMs);
    if (this.machine.fault === null) return;
    this.machine.reset();
    this.save();
  }

  /** What the lamp outputs were measured to show; anything but what was commanded is a fault. */
  readBack(measured: readonly Lamp[], nowMs: number): void {
    this.advance(nowMs);
    const { shown } = this.machine.bank;
    const wrong = shown.findIndex((lamp, group) => lamp !== measured[group]);
    if (this.machine.fault !== null || wrong < 0) return;
    this.machine.latch(
      `${this.machine.configuration.signalGroups[wrong]!.id} shows ${measured[wrong]}; commanded ${shown[wrong]}`,
    );
  }

  // Commands

  private accepted(seq: number): void {
    this.lastSeq = seq;
    this.save();
  }

  private answer(command: Plan | StageRequest, refused: string): Acknowledgement {
    const result = refused === '' ? 'applied' : 'refused';
    const answer = { seq: command.seq, result, reason: refused, atMs: this.machine.nowMs } as const;
    return 'planId' in command ? { ...answer, planId: command.planId } : answer;
  }

  private refusedNow(mode: JunctionMode): string | null {
    if (this.machine.fault !== null) return `latched fault: ${this.machine.fault}. Reset the device at the junction.`;
    return mode === this.machine.mode ? null : `mode ${mode}; the junction is in mode ${this.machine.mode}`;
  }

  private tooLate(plan: Plan): string | null {
    const left = this.machine.cycleSecondsLeft() ?? 0;
    const validSeconds = (plan.validUntilMs - this.machine.nowMs) / 1000;
    return left <= validSeconds ? null : `valid for ${validSeconds} s; the next cycle begins in ${left} s`;
  }
}
