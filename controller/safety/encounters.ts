/**
 * Road-user states in, encounters out: one record per meeting of two users, with the worst of each measure.
 *
 * Time goes in steps; each step sees every user where it is by its last message. What comes out depends on the messages
 * and their order alone, not on how they were batched. Memory is that of who is near, and of the last ten seconds.
 */
import type {
  Encounter,
  EngineOptions,
  HardBraking,
  RoadUserUpdate,
  UpdateRejection,
  UserType,
} from './encounter-types.ts';
import { USER_TYPES } from './encounter-types.ts';
import { deltaV, LONGITUDINAL, measured, measurePair, meetTurning, NO_CONFLICT, overlap } from './geometry.ts';
import { NearPairs } from './near-pairs.ts';
import { type Critical, Forecast, OpenEncounter } from './open-encounter.ts';
import { PathSearch } from './path-search.ts';
import { wouldHaveMet } from './real-paths.ts';
import { Recorder } from './recorder.ts';
import { isMoment, STEP_MS_MIN, Users } from './users.ts';

const MAX_PET_SECONDS = 8;
/** Beside the path of another, one still drives the same way: half a lane, more where positions are poor. */
const SAME_WAY_METRES = 1.5;
/** Metres per second. Who creeps up to a place that another has left is in a queue. */
const CREEPING = 0.5;
/** A pair that was not critical for so long is a new encounter when it is again. */
const ENCOUNTER_GAP_MS = 8000;
const REACTION_SECONDS = 1;
/** Turning courses are followed so far ahead at most. */
const FORECAST_MS = 4000;
/** A course is a forecast only while both users were heard within so long. */
const FRESH_MS = 500;
/** A forecast is held against the paths driven so much later than it said. */
const CONFIRM_SECONDS = 0.5;
/** Forecasts are held against paths and old encounters ended so often. */
const REVIEW_MS = 1000;
/** After so long a forecast is held against what path there is, or sooner, lest the path be forgotten. */
const MAX_PENDING_MS = 10_000;
/** Most encounters under way at once; no street has so many, a flood of made-up users may. */
const MOST_OPEN = 100_000;
/** Most encounters that wait for `takeStarted`. */
const MOST_STARTED = 100_000;
/** Places of users fit in 15 bits, so that a pair is a small integer. */
const MOST_USERS = 32_000;

/** An encounter under way. `confirmed`: it will be recorded; else courses say so, and the paths driven may not bear it out. */
export interface CurrentEncounter extends Encounter {
  readonly confirmed: boolean;
}

export class EncounterEngine {
  readonly #users: Users;
  readonly #near = new NearPairs();
  readonly #stepMs: number;
  readonly #ttc: number;
  readonly #ttcVru: number;
  readonly #drac: number;
  readonly #mdrac: number;
  readonly #open = new Map<number, OpenEncounter>();
  #started: OpenEncounter[] = [];
  /** Not in use just now. */
  readonly #forecasts: Forecast[] = [];
  readonly #signals = new Map<number, string>();
  #closed: Encounter[] = [];
  #braking: HardBraking[] = [];
  readonly #paths: PathSearch;
  readonly #recorder: Recorder;
  readonly #longestTtc: number;
  /** The same in steps. */
  readonly #forecastSteps: number;
  readonly #reviewSteps: number;
  readonly #maxPendingSteps: number;
  #nowMs = 0;
  #step_ = 0;
  readonly #pose = { hx: 1, hy: 0, length: 0 };
  readonly #comparePair = (a: number, b: number): void => this.#compare(a, b);
  /** Step 0 in steps since 1970: the steps themselves stay small enough for 32 bits. */
  #base = Number.NaN;
  /** The step to take next. */
  #next = 0;
  /** Times that a pair was not followed because too many were under way. */
  dropped = 0;
  /** Updates taken, and refused by reason. */
  taken = 0;
  readonly refused: Partial<Record<UpdateRejection, number>> = {};

  constructor(options: EngineOptions = {}) {
    this.#stepMs = options.stepMs ?? 100;
    if (!(this.#stepMs >= STEP_MS_MIN && this.#stepMs <= 1000))
      throw new Error(
        `stepMs is ${this.#stepMs}; from ${STEP_MS_MIN} to 1000, so that eight seconds of path are kept.`,
      );
    this.#ttc = options.ttcSeconds ?? 3;
    this.#ttcVru = options.ttcVruSeconds ?? 2.7;
    const pet = Math.min(MAX_PET_SECONDS, options.petSeconds ?? 5);
    const petVru = Math.min(MAX_PET_SECONDS, options.petVruSeconds ?? 8);
    this.#drac = options.dracMetresPerSecond2 ?? 3;
    this.#mdrac = options.mdracMetresPerSecond2 ?? 3.4;
    this.#longestTtc = Math.max(this.#ttc, this.#ttcVru);
    if (options.maxUsers !== undefined && !(options.maxUsers >= 1 && options.maxUsers <= MOST_USERS))
      throw new Error(`maxUsers is ${options.maxUsers}; from 1 to ${MOST_USERS}.`);
    this.#users = new Users(options, ENCOUNTER_GAP_MS + 2000);
    this.#forecastSteps = Math.ceil(FORECAST_MS / this.#stepMs);
    this.#reviewSteps = Math.max(1, Math.round(REVIEW_MS / this.#stepMs));
    const kept = this.#users.places - 2 * this.#reviewSteps;
    this.#maxPendingSteps = Math.min(Math.round(MAX_PENDING_MS / this.#stepMs), kept);
    this.#recorder = new Recorder(this.#users, options);
    this.#paths = new PathSearch(this.#users, this.#stepMs, pet, petVru, {
      best: (first, second) => {
        const known = this.#open.get(key(first, second));
        return known !== undefined && this.#nowMs - known.lastMs <= ENCOUNTER_GAP_MS
          ? known.pet
          : Number.POSITIVE_INFINITY;
      },
      found: (first, second, seconds, left, trail) => this.#encroached(first, second, seconds, left, trail),
    });
    this.#users.onHardBraking = (slot, timeMs, peak) =>
      this.#braking.push({
        user: this.#users.ids[slot]!,
        type: this.#users.typeOf(slot),
        timeMs,
        peakMetresPerSecond2: peak,
      });
  }

  /** Users now near, and those gone whose path still counts. */
  get users(): number {
    return this.#users.count;
  }
  /** Road users there ever were, by type. */
  get usersByType(): Record<UserType, number> {
    return Object.fromEntries(USER_TYPES.map((type, i) => [type, this.#users.created[i]!])) as Record<UserType, number>;
  }
  get openEncounters(): number {
    return this.#open.size;
  }
  /** Broadcast ids that were linked to a user already known. */
  get relinked(): number {
    return this.#users.relinked;
  }

  /** What signal group `group` shows from now on, in J2735's words; null: unknown. */
  setSignal(group: number, state: string | null): void {
    if (state === null) this.#signals.delete(group);
    else this.#signals.set(group, state);
  }

  /**
   * Takes one update. `arrivedMs`, by one clock that never goes back, is when it was received; for recorded tracks its own
   * time. @returns why it was not used, or null.
   */
  push(update: RoadUserUpdate, arrivedMs: number = update.timeMs): UpdateRejection | null {
    if (!isMoment(arrivedMs)) return this.#refuse('invalid-value');
    this.advance(arrivedMs);
    const why = this.#users.take(update, arrivedMs);
    if (why !== null) return this.#refuse(why);
    this.taken++;
    return null;
  }

  /** Place and number of the user that the last update was of: the place is used again, the number never. */
  get lastSlot(): number {
    return this.#users.lastSlot;
  }
  get lastSerial(): number {
    return this.#users.serial[this.#users.lastSlot]!;
  }

  /** The user `id` is known to have left: it is not carried on along its course. */
  leave(id: string): void {
    this.#users.leave(id);
  }

  /** How the user of the last update heads, and how long it is; the same object each time. */
  lastPose(): { readonly hx: number; readonly hy: number; readonly length: number } {
    const slot = this.#users.lastSlot;
    this.#pose.hx = this.#users.hx[slot]!;
    this.#pose.hy = this.#users.hy[slot]!;
    this.#pose.length = this.#users.length[slot]!;
    return this.#pose;
  }

  /**
   * Says on which lane of a MAP the user of the last update is, and which signal group it obeys; -1: unknown. Types of
   * encounters do not go by it: positions are too poor to tell neighbouring lanes apart at every moment. `pavement`: before
   * or behind a crossing, from where nobody is on course for anybody until he steps off.
   */
  locate(lane: number, signalGroup: number, pavement = false): void {
    const slot = this.#users.lastSlot;
    this.#users.mapLane[slot] = lane;
    this.#users.group[slot] = signalGroup;
    this.#users.pavement[slot] = pavement ? 1 : 0;
  }

  /** What signal group `group` shows, in J2735's words; null: unknown. */
  signal(group: number): string | null {
    return this.#signals.get(group) ?? null;
  }

  #refuse(why: UpdateRejection): UpdateRejection {
    this.refused[why] = (this.refused[why] ?? 0) + 1;
    return why;
  }

  /** Lets time pass up to, and not including, the step at `nowMs`. */
  advance(nowMs: number): void {
    if (!isMoment(nowMs)) return;
    const due = Math.ceil(nowMs / this.#stepMs);
    if (Number.isNaN(this.#base)) this.#base = due;
    while (this.#base + this.#next < due) {
      if (this.#users.count === 0 && this.#open.size === 0) {
        this.#base = due;
        this.#next = 0;
        this.#paths.clear();
        return;
      }
      this.#step(this.#next);
      this.#next++;
    }
  }

  /** Ends everything under way: the end of the recording. */
  finish(): void {
    if (!Number.isNaN(this.#base)) this.#step(this.#next++);
    this.#users.finish();
    for (const [key, open] of this.#open) this.#close(key, open);
  }

  /** Encounters ended since the last call, in the order in which they ended, however often this is called. */
  takeEncounters(): Encounter[] {
    const out = this.#closed;
    this.#closed = [];
    return out;
  }

  /** Hard brakings ended since the last call. */
  takeHardBraking(): HardBraking[] {
    const out = this.#braking;
    this.#braking = [];
    return out;
  }

  /** Encounters that began since the last call, as they stand; not those that have ended meanwhile. */
  takeStarted(): CurrentEncounter[] {
    const out = this.#started;
    this.#started = [];
    return out.flatMap((open) => (this.#open.get(key(open.a, open.b)) === open ? this.#asItStands(open) : []));
  }

  /** Encounters under way, as they stand. */
  current(): CurrentEncounter[] {
    return [...this.#open.values()].flatMap((open) => this.#asItStands(open));
  }

  #asItStands(open: OpenEncounter): CurrentEncounter[] {
    const confirmed = open.sure.critical.urgency < Number.POSITIVE_INFINITY;
    const forecast = confirmed ? open.sure : open.pending;
    return forecast === null ? [] : [{ ...this.#recorder.record(open, forecast), confirmed }];
  }

  #step(step: number): void {
    const users = this.#users;
    const now = (this.#base + step) * this.#stepMs;
    this.#nowMs = now;
    this.#step_ = step;
    users.advance(step, now);
    this.#near.each(users, this.#longestTtc, this.#comparePair);
    for (let i = 0; i < users.aliveCount; i++) {
      const slot = users.alive[i]!;
      if (users.speed[slot]! > CREEPING) this.#paths.cross(slot, step);
    }
    if (step % this.#reviewSteps === 0)
      for (const [pair, open] of this.#open) {
        if (open.pendingStep >= 0) this.#review(open, false);
        if (now - open.lastMs > ENCOUNTER_GAP_MS) this.#close(pair, open);
      }
  }

  #compare(a: number, b: number): void {
    const u = this.#users;
    const now = this.#nowMs;
    if (now - u.timeMs[a]! > FRESH_MS || now - u.timeMs[b]! > FRESH_MS) return;
    measurePair(
      u.px[a]!,
      u.py[a]!,
      u.hx[a]!,
      u.hy[a]!,
      u.speed[a]!,
      u.length[a]!,
      u.width[a]!,
      u.px[b]!,
      u.py[b]!,
      u.hx[b]!,
      u.hy[b]!,
      u.speed[b]!,
      u.length[b]!,
      u.width[b]!,
    );
    if (measured.kind === NO_CONFLICT) {
      this.#touch(a, b);
      return;
    }
    if (u.pavement[a] === 1 || u.pavement[b] === 1) return;
    const { ttcSeconds, dracMetresPerSecond2, distanceMetres, closingMetresPerSecond, secondLeads } = measured;
    const vru = u.isVru(a) || u.isVru(b);
    const following = measured.kind === LONGITUDINAL;
    const left = ttcSeconds - REACTION_SECONDS;
    const mdrac = following && left > 0 ? closingMetresPerSecond / (2 * left) : 0;
    const within = following && left <= 0;
    if (ttcSeconds > (vru ? this.#ttcVru : this.#ttc) && dracMetresPerSecond2 < this.#drac && mdrac < this.#mdrac)
      return;
    if (!this.#meetsTurning(a, b)) return;
    const open = this.#opened(a, b, vru);
    if (open === null) return;
    open.lastMs = now;
    // who follows in the same lane needs no proof that the paths meet
    const sure = following && u.link[a]! >= 0 && u.link[a] === u.link[b] && u.lane[a] === u.lane[b];
    const forecast = sure ? open.sure : this.#pendingOf(open);
    if (now < forecast.startMs) forecast.startMs = now;
    forecast.endMs = now;
    if (dracMetresPerSecond2 > forecast.drac) forecast.drac = dracMetresPerSecond2;
    if (mdrac > forecast.mdrac) forecast.mdrac = mdrac;
    if (within) forecast.withinReaction = true;
    if (ttcSeconds < forecast.ttc) {
      forecast.ttc = ttcSeconds;
      const error = this.#error(a, b);
      forecast.ttcLow = Math.max(0, distanceMetres - error) / closingMetresPerSecond;
      forecast.ttcHigh = (distanceMetres + error) / closingMetresPerSecond;
      if (!sure) {
        if (open.pendingStep < 0) open.pendingSince = this.#step_;
        open.pendingStep = this.#step_;
      }
    }
    this.#worse(open, forecast.critical, ttcSeconds, open.a === a ? secondLeads : !secondLeads, -1);
  }

  #pendingOf(open: OpenEncounter): Forecast {
    open.pending ??= this.#forecasts.pop() ?? new Forecast();
    return open.pending;
  }

  /** Holds what is pending against the paths driven, once they have been. `now`: whether or not. */
  #review(open: OpenEncounter, now: boolean): void {
    const { pending } = open;
    if (pending === null) return;
    const seconds = this.#stepMs / 1000;
    const steps = Math.ceil((pending.ttc + CONFIRM_SECONDS) / seconds);
    if (!now && this.#step_ < open.pendingStep + steps && this.#step_ < open.pendingSince + this.#maxPendingSteps)
      return;
    const { speedA, speedB } = pending.critical;
    if (wouldHaveMet(this.#users, open.a, open.b, open.pendingStep, speedA, speedB, steps, this.#step_, seconds))
      open.sure.merge(pending);
    pending.clear();
    this.#forecasts.push(pending);
    open.pending = null;
    open.pendingStep = -1;
  }

  /**
   * Whether two who are on course for each other meet as well if each goes on turning as it does: a car in a turn sweeps past
   * those who wait, and a straight course is then no forecast.
   */
  #meetsTurning(a: number, b: number): boolean {
    const u = this.#users;
    const turnA = u.speed[a]! > 0.5 ? u.turnPerStep(a) : 0;
    const turnB = u.speed[b]! > 0.5 ? u.turnPerStep(b) : 0;
    if (turnA === 0 && turnB === 0) return true;
    if (measured.kind === LONGITUDINAL && u.link[a]! >= 0 && u.link[a] === u.link[b] && u.lane[a] === u.lane[b])
      return true;
    const seconds = this.#stepMs / 1000;
    const steps = Math.min(this.#forecastSteps, Math.ceil((measured.ttcSeconds + 1) / seconds));
    return meetTurning(
      u.px[a]!,
      u.py[a]!,
      u.hx[a]!,
      u.hy[a]!,
      u.speed[a]! * seconds,
      turnA,
      u.length[a]! / 2,
      u.width[a]! / 2,
      u.px[b]!,
      u.py[b]!,
      u.hx[b]!,
      u.hy[b]!,
      u.speed[b]! * seconds,
      turnB,
      u.length[b]! / 2,
      u.width[b]! / 2,
      steps,
    );
  }

  /** One standard deviation of the distance between two; NaN where an accuracy is unknown. */
  #error(a: number, b: number): number {
    const ea = this.#users.accuracy[a]!;
    const eb = this.#users.accuracy[b]!;
    return Math.sqrt(ea * ea + eb * eb);
  }

  #touch(a: number, b: number): void {
    const u = this.#users;
    if (
      !overlap(
        u.px[a]!,
        u.py[a]!,
        u.hx[a]!,
        u.hy[a]!,
        u.length[a]! / 2,
        u.width[a]! / 2,
        u.px[b]!,
        u.py[b]!,
        u.hx[b]!,
        u.hy[b]!,
        u.length[b]! / 2,
        u.width[b]! / 2,
      )
    )
      return;
    const open = this.#open.get(key(a, b));
    if (open !== undefined && this.#nowMs - open.lastMs <= 1000) open.touched = true;
  }

  /** The encounter under way of two, begun where there is none; null: as many as are kept are under way already. */
  #opened(p: number, q: number, vru: boolean): OpenEncounter | null {
    const pair = key(p, q);
    const known = this.#open.get(pair);
    if (known !== undefined) {
      if (this.#nowMs - known.lastMs <= ENCOUNTER_GAP_MS) return known;
      this.#close(pair, known);
    }
    if (this.#open.size >= MOST_OPEN) {
      this.dropped++;
      return null;
    }
    const u = this.#users;
    const open = new OpenEncounter(Math.min(p, q), Math.max(p, q), u.ids, vru, this.#nowMs, u.link, u.lane);
    this.#open.set(pair, open);
    return open;
  }

  /** Notes the present moment where it is the most critical. `trail`: who was there before is taken as at that place of its path. */
  #worse(open: OpenEncounter, critical: Critical, urgency: number, bFirst: boolean, trail: number): void {
    if (!(urgency < critical.urgency)) return;
    if (!open.announced) {
      open.announced = true;
      if (this.#started.length < MOST_STARTED) this.#started.push(open);
    }
    const u = this.#users;
    const { a, b } = open;
    const pastA = trail >= 0 && !bFirst;
    const pastB = trail >= 0 && bFirst;
    const then = trail >= 0 ? u.trailSpeed(bFirst ? b : a, u.stepOfTrail(bFirst ? b : a, trail), this.#stepMs) : 0;
    const hxA = pastA ? u.trail[trail * 4 + 2]! : u.hx[a]!;
    const hyA = pastA ? u.trail[trail * 4 + 3]! : u.hy[a]!;
    const hxB = pastB ? u.trail[trail * 4 + 2]! : u.hx[b]!;
    const hyB = pastB ? u.trail[trail * 4 + 3]! : u.hy[b]!;
    const speedA = pastA ? then : u.speed[a]!;
    const speedB = pastB ? then : u.speed[b]!;
    critical.urgency = urgency;
    critical.timeMs = this.#nowMs;
    critical.x = ((pastA ? u.trail[trail * 4]! : u.px[a]!) + (pastB ? u.trail[trail * 4]! : u.px[b]!)) / 2;
    critical.y = ((pastA ? u.trail[trail * 4 + 1]! : u.py[a]!) + (pastB ? u.trail[trail * 4 + 1]! : u.py[b]!)) / 2;
    critical.cos = hxA * hxB + hyA * hyB;
    critical.sin = Math.abs(hxA * hyB - hyA * hxB);
    critical.bFirst = bFirst;
    critical.speedA = speedA;
    critical.speedB = speedB;
    critical.deltaV = deltaV(hxA * speedA, hyA * speedA, u.mass[a]!, hxB * speedB, hyB * speedB, u.mass[b]!);
    critical.signalA = this.#signals.get(u.group[a]!) ?? null;
    critical.signalB = this.#signals.get(u.group[b]!) ?? null;
    critical.linkA = u.link[a]!;
    critical.laneA = u.lane[a]!;
    critical.linkB = u.link[b]!;
    critical.laneB = u.lane[b]!;
    critical.mapLaneA = u.mapLane[a]!;
    critical.mapLaneB = u.mapLane[b]!;
  }

  /** A place that `first` left `pet` seconds before `second` reached it. */
  #encroached(first: number, second: number, pet: number, left: number, trail: number): void {
    const u = this.#users;
    const now = this.#nowMs;
    // who came behind the other on its way has a headway, not an encroachment, wherever the two part
    const known = this.#open.get(key(first, second));
    const wasJudged =
      known !== undefined && known.pet < Number.POSITIVE_INFINITY && now - known.lastMs <= ENCOUNTER_GAP_MS;
    if (!wasJudged && this.#follows(first, second)) return;
    const open = this.#opened(first, second, u.isVru(first) || u.isVru(second));
    if (open === null) return;
    open.lastMs = now;
    if (now < open.sure.startMs) open.sure.startMs = now;
    if (now > open.sure.endMs) open.sure.endMs = now;
    open.pet = pet;
    const firstSpeed = u.trailSpeed(first, Math.floor(left), this.#stepMs);
    const firstError = u.accuracy[first]! / Math.max(0.5, firstSpeed);
    const secondError = u.accuracy[second]! / Math.max(0.5, u.speed[second]!);
    const seconds = Math.sqrt(firstError * firstError + secondError * secondError);
    open.petLow = Math.max(0, pet - seconds);
    open.petHigh = pet + seconds;
    this.#worse(open, open.sure.critical, pet, open.b === first, trail);
  }

  #follows(first: number, second: number): boolean {
    const error = this.#error(first, second);
    const beside = SAME_WAY_METRES + (error > 0 ? Math.min(error, SAME_WAY_METRES) : 0);
    return this.#users.cameBehind(first, second, beside, this.#stepMs / 1000);
  }

  #close(pair: number, open: OpenEncounter): void {
    this.#open.delete(pair);
    if (open.pendingStep >= 0) this.#review(open, true);
    if (open.sure.critical.urgency < Number.POSITIVE_INFINITY)
      this.#closed.push(this.#recorder.record(open, open.sure));
  }
}

/** A pair of places as one small integer, whichever comes first. */
const key = (a: number, b: number): number => (a < b ? a * 32_768 + b : b * 32_768 + a);
