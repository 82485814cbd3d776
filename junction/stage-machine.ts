/**
 * Carries stages out: from green through yellow and all-red to the next green, by the programme that leads or to the stage
 * that is asked for. Minimum and maximum green, clearances and the longest wait are its own; what it is given was checked.
 *
 * Times are integer ms from a clock that does not go back; `advance` does everything in the order it falls due, so that
 * steps of any length give the same lamps at the same times.
 */
import { Ladder, type Programme } from './ladder.ts';
import { LampBank } from './lamp-bank.ts';
import { LampMonitor } from './monitor.ts';
import {
  greensOfStages,
  leastGreenMs,
  type TimedPlan,
  timePlan,
  toMs,
  USUAL_WALK_SECONDS,
  walkLengthMs,
} from './timing.ts';
import type { JunctionConfiguration, JunctionMode, StageRequest } from './types.ts';

/** Cold boot: flash, then all red, seconds (NEMA TS-2 start-up); red for longer where somebody needs longer to clear. */
export const BOOT_FLASH_SECONDS = 5;
export const BOOT_ALL_RED_SECONDS = 6;

/** Longest that the clearance on the way to a requested stage is extended beyond what it must be, seconds. */
export const CLEARANCE_EXTENSION_SECONDS_MAX = 8;

const NEVER = Number.NEGATIVE_INFINITY;
const FOREVER = Number.POSITIVE_INFINITY;

type Phase = 'boot-flash' | 'boot-red' | 'green' | 'transition' | 'fault';

export class StageMachine {
  configuration: JunctionConfiguration;
  /** Waits for the end of the cycle. */
  nextConfiguration: JunctionConfiguration | null = null;
  ladder: Ladder;
  readonly bank: LampBank;
  nowMs: number;
  /** Nothing falls due before. */
  nextEventMs = NEVER;
  mode: JunctionMode = 'automatic';
  private modeUntilMs: number | null = null;
  private request: StageRequest | null = null;
  private requestUntilMs = NEVER;
  /** Latched: flashes until `reset`. */
  fault: string | null = null;

  private readonly minuteOfWeek: (ms: number) => number;
  private readonly onFault: () => void;
  private greens: boolean[][];
  private monitor: LampMonitor;
  private phase: Phase = 'boot-flash';
  private phaseEndsMs = FOREVER;
  /** When the transition that is under way may end at the latest, extended. */
  private extendedMaxMs = NEVER;
  /** Something happened at `nowMs`: look again what else is due. */
  private again = false;

  private stage = -1;
  /** Its id by the configuration under which it began. */
  private stageName: string | null = null;
  private stageStartedMs = 0;
  /** When it began for the first time, where a new plan begins with the stage that runs. */
  private greenSinceMs = 0;
  /** Index into the programme's stages; -1 where the running stage is not one of them. */
  private position = -1;
  /** Chosen when a transition begins; position -1: on request. */
  private nextStage = -1;
  private nextPosition = -1;
  /** A cycle begins with it, of `nextProgramme`. */
  private isNextCycle = false;
  private nextProgramme: Programme;
  /** The stage of a group that waited too long, until it has begun; -1: none. */
  private forcedStage = -1;
  private forcedAgainMs = NEVER;
  /** Stages are forced one after the other until nobody waits too long any more. */
  private isForcing = false;

  constructor(
    configuration: JunctionConfiguration,
    options: {
      readonly startMs: number;
      readonly boot: 'cold' | 'warm';
      readonly minuteOfWeek: (ms: number) => number;
      onFault(): void;
    },
  ) {
    this.minuteOfWeek = options.minuteOfWeek;
    this.onFault = options.onFault;
    this.configuration = configuration;
    this.greens = greensOfStages(configuration);
    this.nowMs = options.startMs;
    this.ladder = new Ladder(configuration, this.minuteOfWeek, this.nowMs);
    this.nextProgramme = this.ladder.programme;
    this.bank = new LampBank(configuration, 'flash', this.nowMs);
    // Nobody knows what was lit until now.
    if (options.boot === 'cold') this.bank.greenEndedMs.fill(this.nowMs);
    this.monitor = new LampMonitor(configuration, this.bank.shown, this.nowMs);
    this.boot();
    if (options.boot === 'warm') this.startProgramme();
    this.settle();
  }

  /** Id of the running stage, up to the start of the next; null at boot and in flash. */
  get stageId(): string | null {
    return this.phase === 'green' || this.phase === 'transition' ? this.stageName : null;
  }

  /** Moves on to `nowMs`; an earlier time, or none, changes nothing. */
  advance(nowMs: number): void {
    if (!(nowMs < FOREVER)) return;
    while (this.nextEventMs <= nowMs) {
      this.nowMs = Math.max(this.nowMs, this.nextEventMs);
      this.settle();
    }
    if (nowMs > this.nowMs) this.nowMs = nowMs;
  }

  /** A checked plan, for the next boundary. */
  offer(programme: Programme): void {
    this.ladder.offer(programme);
    this.settle();
  }

  /** A checked request; fresh until `untilMs`. */
  follow(request: StageRequest, untilMs: number): void {
    this.request = request;
    this.requestUntilMs = untilMs;
    this.settle();
  }

  /** Plans of another mode lapse, and under manual override requests as well. */
  setMode(mode: JunctionMode, untilMs: number | null): void {
    this.mode = mode;
    this.modeUntilMs = untilMs;
    this.ladder.mode = mode;
    if (this.ladder.waiting !== null && this.ladder.waiting.mode !== mode) this.ladder.offer(null);
    if (mode === 'manual_override' && this.request !== null) this.requestUntilMs = this.nowMs;
    this.settle();
  }

  /** Does everything due at `nowMs`, lets the monitor judge what comes of it, and works out when the next thing is due. */
  settle(): void {
    this.bank.isNew = false;
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
    this.passesMonitor();
    this.bank.isNew = false;
  }

  /** Lets the monitor judge what was lit since it last did; a fault is latched. */
  private passesMonitor(): boolean {
    const wrong = this.bank.isNew ? this.monitor.see(this.bank.shown, this.nowMs) : null;
    this.bank.isNew = false;
    if (wrong !== null) this.latch(wrong);
    return wrong === null;
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
      this.ladder.mode = 'automatic';
      this.modeUntilMs = null;
    }
    if (this.request !== null && this.due(this.requestUntilMs)) {
      this.request = null;
      if (this.phase === 'green') this.resume();
    }
  }

  private endWalksAndAmbers(): void {
    const { shown, walkEndsMs, amberEndsMs } = this.bank;
    for (let g = 0; g < shown.length; g++) {
      if (this.bank.shown[g] === 'green' && this.bank.isPedestrian(g) && this.due(walkEndsMs[g]!)) this.endGreen(g, 0);
      if (this.bank.shown[g] === 'amber' && this.due(amberEndsMs[g]!)) this.bank.light(g, 'red');
    }
  }

  private runPhase(): void {
    if (this.phase === 'boot-flash' && this.due(this.phaseEndsMs)) {
      this.phase = 'boot-red';
      this.phaseEndsMs += toMs(BOOT_ALL_RED_SECONDS);
      this.bank.lightAll('red');
    }
    if (this.phase === 'boot-red') {
      if (this.nextConfiguration !== null) this.adoptConfiguration();
      this.phaseEndsMs = Math.max(this.phaseEndsMs, this.bank.clearMs());
      if (this.due(this.phaseEndsMs)) this.startProgramme();
    }
    if (this.phase === 'green') {
      const target = this.request === null ? this.planTarget() : this.requestTarget();
      if (this.due(target.leaveMs)) this.leave(target.stage);
    }
    if (this.phase === 'transition') this.extendClearance();
    if (this.phase === 'transition' && this.due(this.phaseEndsMs)) this.startStage();
  }

  // Which stage next, and when. Stage -1: on by the programme.

  private planTarget(): { stage: number; leaveMs: number } {
    // A plan serves every vehicle within its cycle; requests that came and went before may have kept somebody waiting.
    const forced = this.forced('vehicle');
    return { stage: forced === this.stage ? -1 : forced, leaveMs: this.plannedLeaveMs() };
  }

  /** End of the running green where the programme leads. */
  private plannedLeaveMs(): number {
    const entry = this.ladder.programme.timed.stages[this.position];
    const yellowMs = entry?.yellowMs ?? toMs(this.configuration.yellowSeconds);
    const allRedMs = entry?.allRedMs ?? toMs(this.configuration.allRedSeconds);
    const leastMs = this.stageStartedMs + leastGreenMs(this.configuration, this.stage, yellowMs, allRedMs);
    const plannedMs = entry === undefined ? leastMs : this.stageStartedMs + entry.greenMs;
    // A walk that is cut by the longest green has its clearance before anybody else gets green.
    const endMs = Math.max(plannedMs, this.bank.walksClearMs(yellowMs + allRedMs));
    return Math.max(leastMs, Math.min(endMs, this.latestLeaveMs()));
  }

  private latestLeaveMs(): number {
    return this.greenSinceMs + toMs(this.configuration.stages[this.stage]!.maxGreenSeconds);
  }

  private requestTarget(): { stage: number; leaveMs: number } {
    const { stages, yellowSeconds, allRedSeconds } = this.configuration;
    const latestMs = this.latestLeaveMs();
    const forced = this.forced('anybody');
    const wanted = forced >= 0 ? forced : stages.findIndex((stage) => stage.id === this.request!.stageId);
    const notBeforeMs = forced >= 0 ? NEVER : this.request!.notBeforeMs;
    const yellowMs = toMs(yellowSeconds);
    const allRedMs = toMs(allRedSeconds);
    const leastMs = this.stageStartedMs + leastGreenMs(this.configuration, this.stage, yellowMs, allRedMs);
    if (wanted === this.stage || notBeforeMs > latestMs) return { stage: -1, leaveMs: Math.max(leastMs, latestMs) };
    this.cutWalks(wanted);
    const readyMs = Math.max(notBeforeMs, this.bank.walksClearMs(yellowMs + allRedMs));
    return { stage: wanted, leaveMs: Math.max(leastMs, Math.min(readyMs, latestMs)) };
  }

  /**
   * The stage of the group that waited longest of those that waited too long; -1: none. It stays so until it has begun, and
   * the next one follows until nobody is left who waited too long; then there is none for a cycle from the first on. Where
   * several stages would do, the one that serves most of them: nobody waits longer than the longest wait and two cycles.
   */
  private forced(whom: 'vehicle' | 'anybody'): number {
    if (this.forcedStage >= 0) return this.forcedStage;
    const { maxWaitSeconds, maxCycleSeconds } = this.configuration;
    const { shown, waitsSinceMs } = this.bank;
    const waits = shown.map(
      (lamp, g) =>
        lamp !== 'green' &&
        !(whom === 'vehicle' && this.bank.isPedestrian(g)) &&
        this.greens.some((greens) => greens[g]) &&
        this.due(Math.max(waitsSinceMs[g]! + toMs(maxWaitSeconds), this.isForcing ? NEVER : this.forcedAgainMs)),
    );
    let longest = -1;
    for (let g = 0; g < waits.length; g++) {
      if (waits[g] && (longest < 0 || waitsSinceMs[g]! < waitsSinceMs[longest]!)) longest = g;
    }
    if (longest < 0) {
      if (!this.isForcing) return -1;
      this.isForcing = false;
      return this.forced(whom);
    }
    let most = 0;
    this.greens.forEach((greens, stage) => {
      const served = greens[longest] ? greens.filter((green, g) => green && waits[g]).length : 0;
      if (served <= most) return;
      most = served;
      this.forcedStage = stage;
    });
    if (!this.isForcing) this.forcedAgainMs = this.nowMs + toMs(maxCycleSeconds);
    this.isForcing = true;
    return this.forcedStage;
  }

  /** Another stage is wanted: walks of those not in it end as soon as they were long enough. */
  private cutWalks(wanted: number): void {
    const { walkEndsMs } = this.bank;
    const enoughMs = Math.max(this.nowMs, this.stageStartedMs + toMs(USUAL_WALK_SECONDS));
    for (let g = 0; g < walkEndsMs.length; g++) {
      if (!this.bank.isPedestrian(g) || this.bank.shown[g] !== 'green' || this.greens[wanted]![g]) continue;
      if (walkEndsMs[g]! > enoughMs) walkEndsMs[g] = enoughMs;
      if (this.due(walkEndsMs[g]!)) this.endGreen(g, 0);
    }
  }

  // Stages

  private boot(): void {
    this.phase = 'boot-flash';
    this.phaseEndsMs = this.nowMs + toMs(BOOT_FLASH_SECONDS);
    this.request = null;
    this.forcedStage = -1;
    this.stage = -1;
    this.stageName = null;
    this.monitor = new LampMonitor(this.configuration, this.bank.shown, this.nowMs);
    this.bank.waitFrom(this.nowMs);
  }

  private startProgramme(): void {
    this.bank.lightAll('red');
    if (this.nextConfiguration !== null) this.adoptConfiguration();
    this.nextProgramme = this.ladder.choose(() => this.nowMs);
    this.nextStage = this.nextProgramme.timed.stages[0]!.stage;
    this.nextPosition = 0;
    this.isNextCycle = true;
    this.startStage();
  }

  /** Ends the running green. */
  private leave(requested: number): void {
    const entry = this.ladder.programme.timed.stages[this.position];
    let boundary = this.position < 0 || this.position === this.ladder.programme.timed.stages.length - 1;
    let onRequest = requested >= 0;
    if (this.nextConfiguration !== null && (boundary || onRequest)) {
      // What was lit at this moment is judged by the configuration that it was lit under.
      if (!this.passesMonitor()) return;
      this.adoptConfiguration();
      boundary = true;
      onRequest = false;
    }
    const yellowMs = Math.max(entry?.yellowMs ?? 0, toMs(this.configuration.yellowSeconds));
    const intergreenMs = yellowMs + Math.max(entry?.allRedMs ?? 0, toMs(this.configuration.allRedSeconds));
    this.isNextCycle = boundary && !onRequest;
    if (onRequest) {
      this.nextStage = requested;
      this.nextPosition = -1;
    } else if (boundary) {
      this.nextProgramme = this.ladder.choose(({ timed }) => this.startMs(timed.stages[0]!.stage, intergreenMs));
      const { stages } = this.nextProgramme.timed;
      this.nextPosition = this.mayBeginWith(stages) ? 0 : 1;
      this.nextStage = stages[this.nextPosition]!.stage;
    } else {
      this.nextPosition = this.position + 1;
      this.nextStage = this.ladder.programme.timed.stages[this.nextPosition]!.stage;
    }
    const runsOn = this.idOf(this.nextStage) === this.stageName && this.nextProgramme.timed.stages.length > 1;
    this.phaseEndsMs = this.startMs(this.nextStage, runsOn ? 0 : intergreenMs);
    // A stage that runs on has its longest green to keep to.
    this.extendedMaxMs = this.phaseEndsMs + (runsOn ? 0 : toMs(CLEARANCE_EXTENSION_SECONDS_MAX));
    this.phase = 'transition';
    for (let g = 0; g < this.bank.shown.length; g++) {
      if (this.bank.shown[g] !== 'green') continue;
      // Who walks in the next stage as well walks on: a walk that ended on the way would begin again within its clearance.
      if (this.greens[this.nextStage]![g]) this.bank.walkEndsMs[g] = FOREVER;
      else this.endGreen(g, yellowMs);
    }
    this.again = true;
  }

  /**
   * Whether a cycle may begin with the first of these stages. Not where it is the one that runs, of the plan before, and its
   * longest green leaves no room for another one: then the cycle begins with the second.
   */
  private mayBeginWith([first, second]: TimedPlan['stages']): boolean {
    const { stage, yellowMs, allRedMs } = first!;
    if (second === undefined || this.idOf(stage) !== this.stageName) return true;
    const leastMs = leastGreenMs(this.configuration, stage, yellowMs, allRedMs);
    const latestMs = this.greenSinceMs + toMs(this.configuration.stages[stage]!.maxGreenSeconds);
    return this.startMs(stage, 0) + leastMs <= latestMs;
  }

  private idOf(stage: number): string {
    return this.configuration.stages[stage]!.id;
  }

  /** Who asks for the stage that is on its way anyhow, but later, has it later: longer is always allowed, within reason. */
  private extendClearance(): void {
    if (this.request === null || this.configuration.stages[this.nextStage]?.id !== this.request.stageId) return;
    this.phaseEndsMs = Math.max(this.phaseEndsMs, Math.min(this.request.notBeforeMs, this.extendedMaxMs));
  }

  private startMs(stage: number, intergreenMs: number): number {
    return this.bank.earliestStartMs(this.greens[stage]!, intergreenMs, this.nowMs);
  }

  private startStage(): void {
    if (this.isNextCycle) {
      // A plan that came during the transition may lead at once, if it begins with the stage that was announced.
      const latest = this.ladder.choose(() => this.nowMs);
      const { stages } = latest.timed;
      const isSame =
        stages[this.nextPosition]?.stage === this.nextStage && (this.nextPosition > 0 || this.mayBeginWith(stages));
      this.ladder.adopt(isSame ? latest : this.nextProgramme, this.nowMs);
    }
    const id = this.idOf(this.nextStage);
    const runsOn = this.stageName === id && this.ladder.programme.timed.stages.length > 1;
    if (!runsOn) this.greenSinceMs = this.nowMs;
    this.stage = this.nextStage;
    this.stageName = id;
    this.stageStartedMs = this.nowMs;
    this.position = this.nextPosition;
    this.phase = 'green';
    if (this.forcedStage === this.stage) this.forcedStage = -1;
    if (this.position < 0) this.resume();
    const { stages } = this.ladder.programme.timed;
    const entry = this.request === null ? stages[this.position] : undefined;
    for (let g = 0; g < this.bank.shown.length; g++) {
      if (!this.greens[this.stage]![g]) continue;
      this.bank.light(g, 'green');
      const { clearanceSeconds } = this.configuration.signalGroups[g]!;
      const walksOn = entry !== undefined && this.greens[stages[(this.position + 1) % stages.length]!.stage]![g];
      const walkMs = entry === undefined ? toMs(USUAL_WALK_SECONDS) : walkLengthMs(entry, toMs(clearanceSeconds));
      this.bank.walkEndsMs[g] = walksOn ? FOREVER : this.nowMs + walkMs;
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
    this.ladder = new Ladder(this.configuration, this.minuteOfWeek, this.nowMs);
    this.ladder.mode = this.mode;
    if (waiting !== null) this.ladder.offer({ plan: waiting, timed: timePlan(this.configuration, waiting.stages) });
    this.nextProgramme = this.ladder.programme;
    this.bank.under(this.configuration);
    this.monitor = this.monitor.under(this.configuration);
    this.position = -1;
    this.request = null;
    this.forcedStage = -1;
  }

  // Lamps

  private endGreen(group: number, yellowMs: number): void {
    this.bank.endGreen(group, yellowMs, this.nowMs);
    this.again = true;
  }

  /** Faults flash until somebody resets the device by hand, over restarts too. */
  latch(fault: string): void {
    this.fault = fault;
    this.phase = 'fault';
    this.request = null;
    this.forcedStage = -1;
    this.ladder.offer(null);
    this.bank.interrupt(this.nowMs);
    this.bank.lightAll('flash');
    this.nextEventMs = FOREVER;
    this.onFault();
  }

  /** Clears a latched fault, by hand only, and boots cold. */
  reset(): void {
    this.fault = null;
    this.boot();
    this.settle();
  }

  // Report

  /** End of the running stage, green and intergreen, where the programme leads. */
  private plannedEndMs(): number {
    const entry = this.ladder.programme.timed.stages[this.position];
    const intergreenMs = toMs(this.configuration.yellowSeconds) + toMs(this.configuration.allRedSeconds);
    return this.plannedLeaveMs() + (entry?.transitionMs ?? intergreenMs);
  }

  /** Of the stage, green and intergreen; null where it waits for a request or flashes. */
  stageSecondsLeft(): number | null {
    if (this.phase === 'transition') return (this.phaseEndsMs - this.nowMs) / 1000;
    if (this.phase !== 'green' || this.request !== null) return null;
    return Math.max(0, this.plannedEndMs() - this.nowMs) / 1000;
  }

  /** To the next start of the plan's first stage; null where stage requests lead or a fault is latched. */
  cycleSecondsLeft(): number | null {
    if (this.phase === 'boot-red') return (this.phaseEndsMs - this.nowMs) / 1000;
    if (this.phase === 'boot-flash') return (this.phaseEndsMs - this.nowMs) / 1000 + BOOT_ALL_RED_SECONDS;
    if (this.phase === 'fault' || this.request !== null) return null;
    const transition = this.phase === 'transition';
    if (transition && this.nextPosition < 0) return null;
    let ms = transition ? this.phaseEndsMs - this.nowMs : Math.max(0, this.plannedEndMs() - this.nowMs);
    const { stages } = (transition && this.isNextCycle ? this.nextProgramme : this.ladder.programme).timed;
    const next = transition ? this.nextPosition : this.position < 0 ? stages.length : this.position + 1;
    if (transition && next === 0) return ms / 1000;
    for (let k = next; k < stages.length; k++) ms += stages[k]!.greenMs + stages[k]!.transitionMs;
    return ms / 1000;
  }
}
