/**
 * The lamp controller of one junction: what runs on a Pi at the kerb and, the same code, in the simulated world.
 *
 * It carries out a plan cyclically and alone, or goes to a requested stage as soon as that is legal. Whatever it is told,
 * minimum and maximum green, yellow, intergreens, pedestrian clearance and the longest wait are its own. Without a fresh
 * plan it keeps the last good one for three cycles, then its local plan; it flashes at boot and on a fault only.
 *
 * Times are integer ms from a clock that does not go back; `advance` does everything in the order it falls due, so that
 * steps of any length give the same lamps at the same times.
 */
import { checkConfiguration, checkPlan, checkRequest } from './interlock.ts';
import { Ladder, type Programme } from './ladder.ts';
import { LampMonitor } from './monitor.ts';
import { greensOfStages, leastGreenMs, timePlan, toMs, USUAL_WALK_SECONDS, walkLengthMs } from './timing.ts';
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
/** Cold boot: flash, then all red, seconds (NEMA TS-2 start-up). */
export const BOOT_FLASH_SECONDS = 5;
export const BOOT_ALL_RED_SECONDS = 6;

const NEVER = Number.NEGATIVE_INFINITY;
const FOREVER = Number.POSITIVE_INFINITY;

export interface LampDeviceOptions {
  readonly deviceId: string;
  readonly startMs: number;
  /** `cold`: flash, all red, first stage. `warm`: the local plan's first stage is green at once (simulations). */
  readonly boot: 'cold' | 'warm';
  /** Highest sequence number known from before; -1 by default. */
  readonly lastSeq?: number;
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

type Phase = 'boot-flash' | 'boot-red' | 'green' | 'transition' | 'fault';

export class LampDevice {
  readonly deviceId: string;
  private configuration: JunctionConfiguration;
  /** Waits for the end of the cycle. */
  private nextConfiguration: JunctionConfiguration | null = null;
  private greens: boolean[][];
  private ladder: Ladder;
  private monitor: LampMonitor;

  private nowMs: number;
  /** Nothing falls due before. */
  private nextEventMs = NEVER;
  private phase: Phase = 'boot-flash';
  private phaseEndsMs = FOREVER;
  /** Something happened at `nowMs`: look again what else is due. */
  private again = false;

  private shown: Lamp[];
  private shownIsNew = false;
  /** Per group: ends of the present amber and of the walk, last end of green, waiting since. */
  private readonly amberEndsMs: number[];
  private readonly walkEndsMs: number[];
  private readonly greenEndedMs: number[];
  private readonly waitsSinceMs: number[];

  private stage = -1;
  private stageId: string | null = null;
  private stageStartedMs = 0;
  /** Index into the programme's stages; -1 where the running stage is not one of them. */
  private position = -1;
  /** Chosen when a transition begins; position -1: on request. */
  private nextStage = -1;
  private nextPosition = -1;
  private nextProgramme: Programme;

  private request: StageRequest | null = null;
  private requestUntilMs = NEVER;
  private forcedStage = -1;
  private forcedAgainMs = NEVER;

  private mode: JunctionMode = 'automatic';
  private modeUntilMs: number | null = null;
  private lastSeq: number;
  private lastApplied: Acknowledgement | null = null;
  private fault: string | null = null;

  /** Throws where `checkConfiguration` finds anything. */
  constructor(configuration: JunctionConfiguration, options: LampDeviceOptions) {
    const problems = checkConfiguration(configuration);
    if (problems.length > 0) {
      throw new Error(`junction ${configuration.name}: ${problems.join('; ')}. Correct the configuration.`);
    }
    this.deviceId = options.deviceId;
    this.configuration = configuration;
    this.greens = greensOfStages(configuration);
    this.ladder = new Ladder(configuration);
    this.nextProgramme = this.ladder.programme;
    this.nowMs = options.startMs;
    this.lastSeq = options.lastSeq ?? -1;
    const groups = configuration.signalGroups;
    this.amberEndsMs = groups.map(() => FOREVER);
    this.walkEndsMs = groups.map(() => FOREVER);
    this.greenEndedMs = groups.map(() => NEVER);
    this.waitsSinceMs = groups.map(() => options.startMs);
    this.shown = groups.map(() => 'flash');
    this.monitor = new LampMonitor(configuration, this.shown, this.nowMs);
    this.boot();
    if (options.boot === 'warm') this.startProgramme();
    this.settle();
  }

  /**
   * Takes a plan for the next cycle boundary, or says why not. An applied plan's `atMs` is when it takes effect, as far as
   * that is known. The same plan again gets the same answer.
   */
  receivePlan(plan: Plan, nowMs: number): Acknowledgement {
    this.advance(nowMs);
    if (this.lastApplied?.planId === plan.planId && this.lastApplied.seq === plan.seq) return this.lastApplied;
    const configuration = this.nextConfiguration ?? this.configuration;
    const refused =
      this.refusedNow(plan.mode) ??
      checkPlan(configuration, plan, { lastSeq: this.lastSeq, nowMs: this.nowMs })?.reason ??
      this.tooLate(plan);
    if (refused !== null) return this.answer(plan, refused);
    this.lastSeq = plan.seq;
    const left = this.report().cycleSecondsLeft ?? 0;
    this.lastApplied = { ...this.answer(plan, ''), atMs: Math.max(this.nowMs + toMs(left), plan.validFromMs) };
    this.ladder.offer({ plan, timed: timePlan(configuration, plan.stages) });
    this.settle();
    return this.lastApplied;
  }

  /** Goes to a stage as soon as that is legal, for as long as requests are fresh, or says why not. */
  receiveRequest(request: StageRequest, nowMs: number): Acknowledgement {
    this.advance(nowMs);
    const refused =
      this.refusedNow(this.mode === 'emergency' ? 'emergency' : 'automatic') ??
      checkRequest(this.configuration, request, { lastSeq: this.lastSeq, nowMs: this.nowMs })?.reason ??
      null;
    if (refused !== null) return this.answer(request, refused);
    this.lastSeq = request.seq;
    this.request = request;
    this.requestUntilMs = Math.min(request.validUntilMs, this.nowMs + toMs(REQUEST_FRESH_SECONDS));
    this.settle();
    return this.answer(request, '');
  }

  /**
   * Takes a newer configuration of the same signal groups. It comes into force, with its local plan, at the next cycle
   * boundary (under stage requests at the next change of stage). Answers null, or why not.
   */
  receiveConfiguration(configuration: JunctionConfiguration, nowMs: number): string | null {
    this.advance(nowMs);
    const current = this.nextConfiguration ?? this.configuration;
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
    this.nextConfiguration = configuration;
    this.ladder.offer(null);
    return null;
  }

  /** Who may command: plans of that mode only. Ends by itself at `untilMs`; null: stays until changed. */
  setMode(mode: JunctionMode, untilMs: number | null, nowMs: number): void {
    this.advance(nowMs);
    this.mode = mode;
    this.modeUntilMs = mode === 'automatic' ? null : untilMs;
    if (this.ladder.waiting !== null && this.ladder.waiting.mode !== mode) this.ladder.offer(null);
    if (mode === 'manual_override' && this.request !== null) this.requestUntilMs = this.nowMs;
    this.settle();
  }

  /** Moves on to `nowMs`; an earlier time changes nothing. */
  advance(nowMs: number): void {
    while (this.nextEventMs <= nowMs) {
      this.nowMs = Math.max(this.nowMs, this.nextEventMs);
      this.settle();
    }
    if (nowMs > this.nowMs) this.nowMs = nowMs;
  }

  /** What is lit, in the order of the configuration's signal groups. The same array until something changes. */
  lamps(): readonly Lamp[] {
    return this.shown;
  }

  report(): DeviceReport {
    const runs = this.phase === 'green' || this.phase === 'transition';
    return {
      stageId: runs ? this.stageId : null,
      secondsLeft: this.stageSecondsLeft(),
      cycleSecondsLeft: this.cycleSecondsLeft(),
      source: runs ? this.ladder.source : 'flash',
      fault: this.fault,
    };
  }

  /** The plan in force; null: the local plan. */
  currentPlan(): Plan | null {
    return this.ladder.programme.plan;
  }

  snapshot(): DeviceSnapshot {
    return { lastSeq: this.lastSeq, fault: this.fault };
  }

  /** What a restarted device remembers: sequence numbers never go back, and a latched fault stays. */
  restore(snapshot: DeviceSnapshot): void {
    this.lastSeq = Math.max(this.lastSeq, snapshot.lastSeq);
    if (snapshot.fault !== null) this.latch(snapshot.fault);
  }

  /** Clears a latched fault, by hand only, and boots cold. */
  reset(nowMs: number): void {
    this.advance(nowMs);
    if (this.fault === null) return;
    this.fault = null;
    this.boot();
    this.settle();
  }

  /** What the lamp outputs were measured to show; anything but what was commanded is a fault. */
  readBack(measured: readonly Lamp[], nowMs: number): void {
    this.advance(nowMs);
    const wrong = this.shown.findIndex((lamp, group) => lamp !== measured[group]);
    if (this.fault !== null || wrong < 0) return;
    this.latch(
      `${this.configuration.signalGroups[wrong]!.id} shows ${measured[wrong]}; commanded ${this.shown[wrong]}`,
    );
  }

  // Commands

  private answer(command: Plan | StageRequest, refused: string): Acknowledgement {
    const result = refused === '' ? 'applied' : 'refused';
    const answer = { seq: command.seq, result, reason: refused, atMs: this.nowMs } as const;
    return 'planId' in command ? { ...answer, planId: command.planId } : answer;
  }

  private refusedNow(mode: JunctionMode): string | null {
    if (this.fault !== null) return `latched fault: ${this.fault}. Reset the device at the junction.`;
    return mode === this.mode ? null : `mode ${mode}; the junction is in mode ${this.mode}`;
  }

  private tooLate(plan: Plan): string | null {
    const left = this.cycleSecondsLeft() ?? 0;
    const validSeconds = (plan.validUntilMs - this.nowMs) / 1000;
    return left <= validSeconds ? null : `valid for ${validSeconds} s; the next cycle begins in ${left} s`;
  }

  // Time

  /** Does everything due at `nowMs`, lets the monitor judge what comes of it, and works out when the next thing is due. */
  private settle(): void {
    this.shownIsNew = false;
    if (this.fault !== null) {
      this.nextEventMs = FOREVER;
      return;
    }
    do {
      this.again = false;
      this.nextEventMs = FOREVER;
      this.endModeAndRequest();
      this.endWalksAndAmbers();
      this.runPhase();
    } while (this.again);
    const wrong = this.shownIsNew ? this.monitor.see(this.shown, this.nowMs) : null;
    if (wrong !== null) this.latch(wrong);
  }

  /** True from `ms` on; before, keeps it as something to come back for. */
  private due(ms: number): boolean {
    if (ms <= this.nowMs) return true;
    if (ms < this.nextEventMs) this.nextEventMs = ms;
    return false;
  }

  private endModeAndRequest(): void {
    if (this.modeUntilMs !== null && this.due(this.modeUntilMs)) {
      this.mode = 'automatic';
      this.modeUntilMs = null;
    }
    if (this.request !== null && this.due(this.requestUntilMs)) {
      this.request = null;
      this.forcedStage = -1;
      if (this.phase === 'green') this.resume();
    }
  }

  private endWalksAndAmbers(): void {
    const groups = this.configuration.signalGroups;
    for (let g = 0; g < groups.length; g++) {
      if (this.shown[g] === 'green' && groups[g]!.kind === 'pedestrian' && this.due(this.walkEndsMs[g]!)) {
        this.endGreen(g, 0);
      }
      if (this.shown[g] === 'amber' && this.due(this.amberEndsMs[g]!)) this.light(g, 'red');
    }
  }

  private runPhase(): void {
    if (this.phase === 'boot-flash' && this.due(this.phaseEndsMs)) {
      this.phase = 'boot-red';
      this.phaseEndsMs += toMs(BOOT_ALL_RED_SECONDS);
      for (let g = 0; g < this.shown.length; g++) this.light(g, 'red');
    }
    if (this.phase === 'boot-red' && this.due(this.phaseEndsMs)) this.startProgramme();
    if (this.phase === 'green') {
      const target = this.request === null ? this.planTarget() : this.requestTarget();
      if (this.due(target.leaveMs)) this.leave(target.stage);
    }
    if (this.phase === 'transition' && this.due(this.phaseEndsMs)) this.startStage();
  }

  // Which stage next, and when. Stage -1: on by the programme.

  private planTarget(): { stage: number; leaveMs: number } {
    const entry = this.ladder.programme.timed.stages[this.position];
    const yellowMs = entry?.yellowMs ?? toMs(this.configuration.yellowSeconds);
    const allRedMs = entry?.allRedMs ?? toMs(this.configuration.allRedSeconds);
    const greenMs = entry?.greenMs ?? leastGreenMs(this.configuration, this.stage, yellowMs, allRedMs);
    return { stage: -1, leaveMs: Math.max(this.stageStartedMs + greenMs, this.walksClearMs(yellowMs + allRedMs)) };
  }

  private requestTarget(): { stage: number; leaveMs: number } {
    const { stages, yellowSeconds, allRedSeconds } = this.configuration;
    const latestMs = this.stageStartedMs + toMs(stages[this.stage]!.maxGreenSeconds);
    const wanted = this.wantedStage();
    const notBeforeMs = this.forcedStage >= 0 ? NEVER : this.request!.notBeforeMs;
    if (wanted === this.stage || notBeforeMs > latestMs) return { stage: -1, leaveMs: latestMs };
    this.cutWalks(wanted);
    const yellowMs = toMs(yellowSeconds);
    const allRedMs = toMs(allRedSeconds);
    const leastMs = this.stageStartedMs + leastGreenMs(this.configuration, this.stage, yellowMs, allRedMs);
    const readyMs = Math.max(notBeforeMs, this.walksClearMs(yellowMs + allRedMs));
    return { stage: wanted, leaveMs: Math.max(leastMs, Math.min(readyMs, latestMs)) };
  }

  /** The stage of a group that waited too long, once a cycle; else the requested one. */
  private wantedStage(): number {
    if (this.forcedStage >= 0) return this.forcedStage;
    const { signalGroups, stages, maxWaitSeconds, maxCycleSeconds } = this.configuration;
    for (let g = 0; g < signalGroups.length; g++) {
      const stage = this.shown[g] === 'green' ? -1 : this.greens.findIndex((greens) => greens[g]);
      if (stage < 0 || !this.due(Math.max(this.waitsSinceMs[g]! + toMs(maxWaitSeconds), this.forcedAgainMs))) continue;
      this.forcedStage = stage;
      this.forcedAgainMs = this.nowMs + toMs(maxCycleSeconds);
      return stage;
    }
    return stages.findIndex((stage) => stage.id === this.request!.stageId);
  }

  /** Another stage is wanted: walks of those not in it end as soon as they were long enough. */
  private cutWalks(wanted: number): void {
    const groups = this.configuration.signalGroups;
    const enoughMs = Math.max(this.nowMs, this.stageStartedMs + toMs(USUAL_WALK_SECONDS));
    for (let g = 0; g < groups.length; g++) {
      if (groups[g]!.kind !== 'pedestrian' || this.shown[g] !== 'green' || this.greens[wanted]![g]) continue;
      if (this.walkEndsMs[g]! > enoughMs) this.walkEndsMs[g] = enoughMs;
      if (this.due(this.walkEndsMs[g]!)) this.endGreen(g, 0);
    }
  }

  /** Earliest end of green that has the clearances of the running stage over by the end of the intergreen. */
  private walksClearMs(intergreenMs: number): number {
    const groups = this.configuration.signalGroups;
    let clearMs = NEVER;
    for (let g = 0; g < groups.length; g++) {
      if (groups[g]!.kind !== 'pedestrian') continue;
      let endsMs = NEVER;
      if (this.shown[g] === 'amber') endsMs = this.amberEndsMs[g]!;
      if (this.shown[g] === 'green' && this.walkEndsMs[g] !== FOREVER) {
        endsMs = this.walkEndsMs[g]! + toMs(groups[g]!.clearanceSeconds);
      }
      clearMs = Math.max(clearMs, endsMs - intergreenMs);
    }
    return clearMs;
  }

  // Stages

  private boot(): void {
    this.phase = 'boot-flash';
    this.phaseEndsMs = this.nowMs + toMs(BOOT_FLASH_SECONDS);
    this.request = null;
    this.forcedStage = -1;
    this.stage = -1;
    this.stageId = null;
    this.monitor = new LampMonitor(this.configuration, this.shown, this.nowMs);
    for (let g = 0; g < this.shown.length; g++) this.waitsSinceMs[g] = this.nowMs;
  }

  private startProgramme(): void {
    for (let g = 0; g < this.shown.length; g++) this.light(g, 'red');
    if (this.nextConfiguration !== null) this.adoptConfiguration();
    this.nextProgramme = this.ladder.choose(() => this.nowMs);
    this.nextStage = this.nextProgramme.timed.stages[0]!.stage;
    this.nextPosition = 0;
    this.startStage();
  }

  /** Ends the running green. */
  private leave(requested: number): void {
    const entry = this.ladder.programme.timed.stages[this.position];
    let boundary = this.position < 0 || this.position === this.ladder.programme.timed.stages.length - 1;
    let onRequest = requested >= 0;
    if (this.nextConfiguration !== null && (boundary || onRequest)) {
      this.adoptConfiguration();
      boundary = true;
      onRequest = false;
    }
    const yellowMs = Math.max(entry?.yellowMs ?? 0, toMs(this.configuration.yellowSeconds));
    const intergreenMs = yellowMs + Math.max(entry?.allRedMs ?? 0, toMs(this.configuration.allRedSeconds));
    if (onRequest) {
      this.nextStage = requested;
      this.nextPosition = -1;
    } else if (boundary) {
      this.nextProgramme = this.ladder.choose(({ timed }) =>
        this.earliestStartMs(timed.stages[0]!.stage, intergreenMs),
      );
      this.nextStage = this.nextProgramme.timed.stages[0]!.stage;
      this.nextPosition = 0;
    } else {
      this.nextPosition = this.position + 1;
      this.nextStage = this.ladder.programme.timed.stages[this.nextPosition]!.stage;
    }
    this.phaseEndsMs = this.earliestStartMs(this.nextStage, intergreenMs);
    this.phase = 'transition';
    for (let g = 0; g < this.shown.length; g++) {
      if (this.shown[g] === 'green' && !this.greens[this.nextStage]![g]) this.endGreen(g, yellowMs);
    }
    this.again = true;
  }

  /** Earliest start of a stage if the running green ended now: each pair waits for the larger of stage and matrix. */
  private earliestStartMs(next: number, intergreenMs: number): number {
    const { signalGroups, conflicts, intergreenSeconds } = this.configuration;
    const greens = this.greens[next]!;
    let startMs = this.nowMs + intergreenMs;
    for (let b = 0; b < signalGroups.length; b++) {
      if (!greens[b] || this.shown[b] === 'green') continue;
      // A clearance that runs is seen out before its group may walk again.
      if (this.shown[b] === 'amber') startMs = Math.max(startMs, this.amberEndsMs[b]!);
      for (let a = 0; a < signalGroups.length; a++) {
        if (greens[a] || !conflicts[a]![b]) continue;
        const endedMs = this.shown[a] === 'green' ? this.nowMs : this.greenEndedMs[a]!;
        startMs = Math.max(startMs, endedMs + toMs(intergreenSeconds[a]![b]!));
      }
    }
    return startMs;
  }

  private startStage(): void {
    if (this.nextPosition === 0) {
      // A plan that came during the transition may lead at once, if it begins with the stage that was announced.
      const latest = this.ladder.choose(() => this.nowMs);
      this.ladder.adopt(latest.timed.stages[0]!.stage === this.nextStage ? latest : this.nextProgramme, this.nowMs);
    }
    this.stage = this.nextStage;
    this.stageId = this.configuration.stages[this.stage]!.id;
    this.stageStartedMs = this.nowMs;
    this.position = this.nextPosition;
    this.phase = 'green';
    if (this.forcedStage === this.stage) this.forcedStage = -1;
    if (this.position < 0) this.resume();
    const { stages } = this.ladder.programme.timed;
    const entry = this.request === null ? stages[this.position] : undefined;
    for (let g = 0; g < this.shown.length; g++) {
      if (!this.greens[this.stage]![g]) continue;
      this.light(g, 'green');
      const { clearanceSeconds } = this.configuration.signalGroups[g]!;
      const walksOn = entry !== undefined && this.greens[stages[(this.position + 1) % stages.length]!.stage]![g];
      const walkMs = entry === undefined ? toMs(USUAL_WALK_SECONDS) : walkLengthMs(entry, toMs(clearanceSeconds));
      this.walkEndsMs[g] = walksOn ? FOREVER : this.nowMs + walkMs;
    }
    this.again = true;
  }

  /** Takes up the programme at the running stage; a new plan still waits for its boundary. */
  private resume(): void {
    if (this.request === null) this.ladder.adopt(this.ladder.running(this.nowMs), this.nowMs);
    this.position = this.ladder.programme.timed.stages.findIndex((entry) => entry.stage === this.stage);
  }

  private adoptConfiguration(): void {
    const waiting = this.ladder.waiting;
    this.configuration = this.nextConfiguration!;
    this.nextConfiguration = null;
    this.greens = greensOfStages(this.configuration);
    this.ladder = new Ladder(this.configuration);
    if (waiting !== null) this.ladder.offer({ plan: waiting, timed: timePlan(this.configuration, waiting.stages) });
    this.nextProgramme = this.ladder.programme;
    this.monitor = this.monitor.under(this.configuration);
    this.position = -1;
    this.request = null;
    this.forcedStage = -1;
  }

  // Lamps

  private endGreen(group: number, yellowMs: number): void {
    const { kind, clearanceSeconds } = this.configuration.signalGroups[group]!;
    const amberMs = kind === 'pedestrian' ? toMs(clearanceSeconds) : yellowMs;
    this.greenEndedMs[group] = this.nowMs;
    this.waitsSinceMs[group] = this.nowMs;
    this.amberEndsMs[group] = this.nowMs + amberMs;
    this.light(group, amberMs > 0 ? 'amber' : 'red');
    this.again = true;
  }

  private light(group: number, lamp: Lamp): void {
    if (this.shown[group] === lamp) return;
    if (!this.shownIsNew) this.shown = [...this.shown];
    this.shownIsNew = true;
    this.shown[group] = lamp;
  }

  /** Faults flash until somebody resets the device by hand. */
  private latch(fault: string): void {
    this.fault = fault;
    this.phase = 'fault';
    this.request = null;
    this.ladder.offer(null);
    this.shown = this.shown.map(() => 'flash');
    this.nextEventMs = FOREVER;
  }

  // Report

  /** End of the running stage, green and intergreen, where the programme leads. */
  private plannedEndMs(): number {
    const entry = this.ladder.programme.timed.stages[this.position];
    const intergreenMs = toMs(this.configuration.yellowSeconds) + toMs(this.configuration.allRedSeconds);
    return this.planTarget().leaveMs + (entry?.transitionMs ?? intergreenMs);
  }

  private stageSecondsLeft(): number | null {
    if (this.phase === 'transition') return (this.phaseEndsMs - this.nowMs) / 1000;
    if (this.phase !== 'green' || this.request !== null) return null;
    return Math.max(0, this.plannedEndMs() - this.nowMs) / 1000;
  }

  private cycleSecondsLeft(): number | null {
    if (this.phase === 'boot-red') return (this.phaseEndsMs - this.nowMs) / 1000;
    if (this.phase === 'boot-flash') return (this.phaseEndsMs - this.nowMs) / 1000 + BOOT_ALL_RED_SECONDS;
    if (this.phase === 'fault' || this.request !== null) return null;
    const transition = this.phase === 'transition';
    if (transition && this.nextPosition < 0) return null;
    let ms = transition ? this.phaseEndsMs - this.nowMs : Math.max(0, this.plannedEndMs() - this.nowMs);
    const { stages } = this.ladder.programme.timed;
    const next = transition ? this.nextPosition : this.position < 0 ? stages.length : this.position + 1;
    if (transition && next === 0) return ms / 1000;
    for (let k = next; k < stages.length; k++) ms += stages[k]!.greenMs + stages[k]!.transitionMs;
    return ms / 1000;
  }
}
