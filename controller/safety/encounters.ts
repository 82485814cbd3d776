/**
 * Road-user states in, encounters out: one record per meeting of two users, with the worst of each measure.
 *
 * Time goes in steps; each step sees every user where it is by its last message. What comes out depends on the messages
 * and their order alone, not on how they were batched. Memory is that of who is near, and of the last ten seconds.
 */
import atan2 from '@stdlib/math-base-special-atan2';
import { CellTable } from './cell-table.ts';
import type {
  Encounter,
  EncounterType,
  EngineOptions,
  HardBraking,
  RoadUserUpdate,
  UpdateRejection,
  UserType,
} from './encounter-types.ts';
import { USER_TYPES } from './encounter-types.ts';
import { deltaV, LONGITUDINAL, measured, measurePair, NO_CONFLICT, overlap } from './geometry.ts';
import { NearPairs } from './near-pairs.ts';
import { TRAIL, Users } from './users.ts';

const PET_CELL_METRES = 4;
const MAX_PET_SECONDS = 8;
/** A pair that was not critical for so long is a new encounter when it is again. */
const ENCOUNTER_GAP_MS = 8000;
const REACTION_SECONDS = 1;
/** A course is a forecast only while both users were heard within so long. */
const FRESH_MS = 500;
const TABLE_STEPS = 100;

interface Open {
  readonly a: number;
  readonly b: number;
  readonly idA: string;
  readonly idB: string;
  readonly vru: boolean;
  readonly startMs: number;
  readonly links: readonly [number, number, number, number];
  endMs: number;
  /** Smallest of TTC and PET so far, that `critical` is of. */
  urgency: number;
  critical: Critical | null;
  ttc: number;
  ttcLow: number;
  ttcHigh: number;
  pet: number;
  petLow: number;
  petHigh: number;
  drac: number;
  mdrac: number;
  withinReaction: boolean;
  deltaV: number;
  touched: boolean;
}

interface Critical {
  readonly timeMs: number;
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  readonly bFirst: boolean;
  readonly speedA: number;
  readonly speedB: number;
  readonly signalA: string | null;
  readonly signalB: string | null;
  readonly links: readonly [number, number, number, number];
}

const DEGREES = 180 / Math.PI;

export class EncounterEngine {
  readonly #users: Users;
  readonly #near = new NearPairs();
  readonly #stepMs: number;
  readonly #ttc: number;
  readonly #ttcVru: number;
  readonly #pet: number;
  readonly #petVru: number;
  readonly #drac: number;
  readonly #mdrac: number;
  readonly #serious: number;
  readonly #rearEndDegrees: number;
  readonly #crossingDegrees: number;
  readonly #open = new Map<number, Open>();
  readonly #signals = new Map<number, string>();
  #closed: Encounter[] = [];
  #braking: HardBraking[] = [];
  #recent = new CellTable();
  #older = new CellTable();
  #tableStep = 0;
  #petStamp = new Float64Array(256);
  #stamp = 0;
  /** Step 0 in steps since 1970: the steps themselves stay small enough for 32 bits. */
  #base = Number.NaN;
  /** The step to take next. */
  #next = 0;
  /** Updates taken, and refused by reason. */
  taken = 0;
  readonly refused: Partial<Record<UpdateRejection, number>> = {};

  constructor(options: EngineOptions = {}) {
    this.#stepMs = options.stepMs ?? 100;
    if (!(this.#stepMs >= 80 && this.#stepMs <= 1000))
      throw new Error(`stepMs is ${this.#stepMs}; from 80 to 1000, so that eight seconds of path are kept.`);
    this.#ttc = options.ttcSeconds ?? 3;
    this.#ttcVru = options.ttcVruSeconds ?? 2.7;
    this.#pet = Math.min(MAX_PET_SECONDS, options.petSeconds ?? 5);
    this.#petVru = Math.min(MAX_PET_SECONDS, options.petVruSeconds ?? 8);
    this.#drac = options.dracMetresPerSecond2 ?? 3;
    this.#mdrac = options.mdracMetresPerSecond2 ?? 3.4;
    this.#serious = options.seriousSeconds ?? 1.5;
    this.#rearEndDegrees = options.rearEndDegrees ?? 30;
    this.#crossingDegrees = options.crossingDegrees ?? 80;
    this.#users = new Users(options, ENCOUNTER_GAP_MS + 2000);
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
    if (!Number.isFinite(arrivedMs)) return this.#refuse('invalid-value');
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

  /** Says where the user of the last update is: road, lane and the signal group that it obeys; -1: unknown. */
  locate(link: number, lane: number, signalGroup: number): void {
    const slot = this.#users.lastSlot;
    this.#users.link[slot] = link;
    this.#users.lane[slot] = lane;
    this.#users.group[slot] = signalGroup;
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
    const due = Math.ceil(nowMs / this.#stepMs);
    if (Number.isNaN(this.#base)) this.#base = due;
    while (this.#base + this.#next < due) {
      if (this.#users.count === 0 && this.#open.size === 0) {
        this.#base = due;
        this.#next = 0;
        this.#tableStep = 0;
        this.#recent.clear();
        this.#older.clear();
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

  /** Encounters under way, as they stand. */
  current(): Encounter[] {
    return [...this.#open.values()].filter((open) => open.critical !== null).map((open) => this.#record(open));
  }

  #step(step: number): void {
    const users = this.#users;
    const now = (this.#base + step) * this.#stepMs;
    users.advance(step, now);
    if (this.#petStamp.length < users.status.length) this.#petStamp = new Float64Array(users.status.length);
    if (step - this.#tableStep >= TABLE_STEPS) {
      [this.#recent, this.#older] = [this.#older, this.#recent];
      this.#recent.clear();
      this.#tableStep = step;
    }
    this.#near.each(users, Math.max(this.#ttc, this.#ttcVru), (a, b) => this.#compare(a, b, now));
    for (let i = 0; i < users.aliveCount; i++) {
      const slot = users.alive[i]!;
      if (users.speed[slot]! > 0.1) this.#cross(slot, step, now);
    }
    if (step % 10 === 0)
      for (const [key, open] of this.#open) if (now - open.endMs > ENCOUNTER_GAP_MS) this.#close(key, open);
  }

  #compare(a: number, b: number, now: number): void {
    const u = this.#users;
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
      this.#touch(a, b, now);
      return;
    }
    if (
      measured.kind === LONGITUDINAL &&
      u.hx[a]! * u.hx[b]! + u.hy[a]! * u.hy[b]! < 0 &&
      (u.isTurning(a) || u.isTurning(b))
    )
      return;
    const { ttcSeconds, dracMetresPerSecond2, distanceMetres, closingMetresPerSecond, secondLeads } = measured;
    const vru = u.isVru(a) || u.isVru(b);
    const left = ttcSeconds - REACTION_SECONDS;
    const mdrac = measured.kind === LONGITUDINAL && left > 0 ? closingMetresPerSecond / (2 * left) : Number.NaN;
    const within = measured.kind === LONGITUDINAL && left <= 0;
    if (ttcSeconds > (vru ? this.#ttcVru : this.#ttc) && dracMetresPerSecond2 < this.#drac && !(mdrac >= this.#mdrac))
      return;
    const open = this.#opened(a, b, now, vru);
    open.endMs = now;
    if (dracMetresPerSecond2 > open.drac) open.drac = dracMetresPerSecond2;
    if (mdrac > open.mdrac) open.mdrac = mdrac;
    if (within) open.withinReaction = true;
    if (ttcSeconds < open.ttc) {
      open.ttc = ttcSeconds;
      const error = this.#error(a, b);
      open.ttcLow = Math.max(0, distanceMetres - error) / closingMetresPerSecond;
      open.ttcHigh = (distanceMetres + error) / closingMetresPerSecond;
    }
    this.#worse(open, ttcSeconds, now, open.a === a ? secondLeads : !secondLeads);
  }

  /** One standard deviation of the distance between two; NaN where an accuracy is unknown. */
  #error(a: number, b: number): number {
    const ea = this.#users.accuracy[a]!;
    const eb = this.#users.accuracy[b]!;
    return Math.sqrt(ea * ea + eb * eb);
  }

  #touch(a: number, b: number, now: number): void {
    const key = this.#key(a, b);
    const open = this.#open.get(key);
    if (open === undefined || open.touched || now - open.endMs > 1000) return;
    const u = this.#users;
    open.touched = overlap(
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
    );
  }

  #key(a: number, b: number): number {
    return a < b ? a * 1_048_576 + b : b * 1_048_576 + a;
  }

  #opened(p: number, q: number, now: number, vru: boolean): Open {
    const key = this.#key(p, q);
    const known = this.#open.get(key);
    if (known !== undefined) {
      if (now - known.endMs <= ENCOUNTER_GAP_MS) return known;
      this.#close(key, known);
    }
    const a = Math.min(p, q);
    const b = Math.max(p, q);
    const u = this.#users;
    const open: Open = {
      a,
      b,
      idA: u.ids[a]!,
      idB: u.ids[b]!,
      vru,
      startMs: now,
      links: [u.link[a]!, u.lane[a]!, u.link[b]!, u.lane[b]!],
      endMs: now,
      urgency: Number.POSITIVE_INFINITY,
      critical: null,
      ttc: Number.POSITIVE_INFINITY,
      ttcLow: Number.NaN,
      ttcHigh: Number.NaN,
      pet: Number.POSITIVE_INFINITY,
      petLow: Number.NaN,
      petHigh: Number.NaN,
      drac: 0,
      mdrac: 0,
      withinReaction: false,
      deltaV: 0,
      touched: false,
    };
    this.#open.set(key, open);
    return open;
  }

  #worse(open: Open, urgency: number, now: number, bFirst: boolean, trail = -1): void {
    if (!(urgency < open.urgency)) return;
    const u = this.#users;
    const { a, b } = open;
    open.urgency = urgency;
    // who was there before is taken as it was then: `trail` is that place of its path
    const past = trail >= 0;
    const first = bFirst ? b : a;
    const then = past ? this.#trailSpeed(first, u.stepOfTrail(first, trail)) : 0;
    const hxA = past && first === a ? u.trailHx[trail]! : u.hx[a]!;
    const hyA = past && first === a ? u.trailHy[trail]! : u.hy[a]!;
    const hxB = past && first === b ? u.trailHx[trail]! : u.hx[b]!;
    const hyB = past && first === b ? u.trailHy[trail]! : u.hy[b]!;
    const speedA = past && first === a ? then : u.speed[a]!;
    const speedB = past && first === b ? then : u.speed[b]!;
    const x = (past && first === a ? u.trailX[trail]! : u.px[a]!) + (past && first === b ? u.trailX[trail]! : u.px[b]!);
    const y = (past && first === a ? u.trailY[trail]! : u.py[a]!) + (past && first === b ? u.trailY[trail]! : u.py[b]!);
    open.deltaV = deltaV(hxA * speedA, hyA * speedA, u.mass[a]!, hxB * speedB, hyB * speedB, u.mass[b]!);
    open.critical = {
      timeMs: now,
      x: x / 2,
      y: y / 2,
      cos: hxA * hxB + hyA * hyB,
      sin: Math.abs(hxA * hyB - hyA * hxB),
      bFirst,
      speedA,
      speedB,
      signalA: this.#signals.get(u.group[a]!) ?? null,
      signalB: this.#signals.get(u.group[b]!) ?? null,
      links: [u.link[a]!, u.lane[a]!, u.link[b]!, u.lane[b]!],
    };
  }

  /** Looks for paths that `second` now enters and others have left, and notes its own. */
  #cross(second: number, step: number, now: number): void {
    const u = this.#users;
    const x = u.px[second]!;
    const y = u.py[second]!;
    const halfLength = u.length[second]! / 2;
    const halfWidth = u.width[second]! / 2;
    const alongX = Math.abs(u.hx[second]!);
    const alongY = Math.abs(u.hy[second]!);
    const reachX = halfLength * alongX + halfWidth * alongY;
    const reachY = halfLength * alongY + halfWidth * alongX;
    const lowX = Math.floor((x - reachX) / PET_CELL_METRES);
    const highX = Math.floor((x + reachX) / PET_CELL_METRES);
    const lowY = Math.floor((y - reachY) / PET_CELL_METRES);
    const highY = Math.floor((y + reachY) / PET_CELL_METRES);
    const stamp = ++this.#stamp;
    this.#petStamp[second] = stamp;
    for (let cx = lowX; cx <= highX; cx++)
      for (let cy = lowY; cy <= highY; cy++) {
        this.#lookUp(this.#recent, cx, cy, second, step, now, stamp);
        this.#lookUp(this.#older, cx, cy, second, step, now, stamp);
        this.#recent.mark(cx, cy, second, step);
      }
  }

  #lookUp(table: CellTable, cx: number, cy: number, second: number, step: number, now: number, stamp: number): void {
    const at = table.find(cx, cy);
    if (at < 0) return;
    const u = this.#users;
    for (let i = at; i < at + 4; i++) {
      const first = table.users[i]!;
      if (first < 0 || this.#petStamp[first] === stamp) continue;
      const then = table.steps[i]!;
      const vru = u.isVru(first) || u.isVru(second);
      const most = Math.floor(((vru ? this.#petVru : this.#pet) * 1000) / this.#stepMs);
      if (step - then > most || then < u.firstStep[first]! || then > u.lastStep[first]!) continue;
      if (vru && u.isVru(first) && u.isVru(second)) continue;
      const trail = first * TRAIL + (then & (TRAIL - 1));
      const cos = u.trailHx[trail]! * u.hx[second]! + u.trailHy[trail]! * u.hy[second]!;
      if (cos > 0.8660254037844387) continue;
      this.#petStamp[first] = stamp;
      this.#encroach(first, second, step, now, most, vru);
    }
  }

  #encroach(first: number, second: number, step: number, now: number, most: number, vru: boolean): void {
    const u = this.#users;
    const known = this.#open.get(this.#key(first, second));
    const best = known !== undefined && now - known.endMs <= ENCOUNTER_GAP_MS ? known.pet : Number.POSITIVE_INFINITY;
    const from = Math.max(u.firstStep[first]!, step - most);
    const left = this.#leftAt(first, second, 0, from, Math.min(step, u.lastStep[first]!));
    if (left < 0 || left >= step) return;
    let pet = ((step - left) * this.#stepMs) / 1000;
    if (pet - this.#stepMs / 1000 >= best) return;
    if (step > u.firstStep[second]!) {
      let outside = 1;
      let inside = 0;
      if (this.#leftAt(first, second, 1, from, Math.min(step, u.lastStep[first]!)) < 0)
        for (let i = 0; i < 8; i++) {
          const middle = (outside + inside) / 2;
          const there = this.#leftAt(first, second, middle, from, Math.min(step, u.lastStep[first]!));
          if (there < 0) outside = middle;
          else {
            inside = middle;
            pet = Math.min(pet, ((step - middle - there) * this.#stepMs) / 1000);
          }
        }
    }
    if (pet < 0 || pet >= best || pet > (vru ? this.#petVru : this.#pet)) return;
    const trail = first * TRAIL + (Math.floor(left) & (TRAIL - 1));
    const cos = u.trailHx[trail]! * u.hx[second]! + u.trailHy[trail]! * u.hy[second]!;
    if (cos > 0.8660254037844387) return;
    const open = this.#opened(first, second, now, vru);
    open.endMs = now;
    open.pet = pet;
    const firstError = u.accuracy[first]! / Math.max(0.5, this.#trailSpeed(first, Math.floor(left)));
    const secondError = u.accuracy[second]! / Math.max(0.5, u.speed[second]!);
    const error = Math.sqrt(firstError * firstError + secondError * secondError);
    open.petLow = Math.max(0, pet - error);
    open.petHigh = pet + error;
    this.#worse(open, pet, now, open.b === first, trail);
  }

  #trailSpeed(slot: number, step: number): number {
    const u = this.#users;
    const p = slot * TRAIL + (Math.max(u.firstStep[slot]!, step - 1) & (TRAIL - 1));
    const q = slot * TRAIL + (Math.min(u.lastStep[slot]!, step + 1) & (TRAIL - 1));
    const dx = u.trailX[q]! - u.trailX[p]!;
    const dy = u.trailY[q]! - u.trailY[p]!;
    return (Math.sqrt(dx * dx + dy * dy) * 1000) / (2 * this.#stepMs);
  }

  /**
   * Last moment, in steps, at which `first` covered some of what `second` covers `back` steps (0-1) ago, from step `from`
   * to step `to`; -1: at none.
   */
  #leftAt(first: number, second: number, back: number, from: number, to: number): number {
    const u = this.#users;
    const last = second * TRAIL + (u.lastStep[second]! & (TRAIL - 1));
    const before = second * TRAIL + ((u.lastStep[second]! - 1) & (TRAIL - 1));
    const x = u.trailX[last]! + (u.trailX[before]! - u.trailX[last]!) * (back > 0 ? back : 0);
    const y = u.trailY[last]! + (u.trailY[before]! - u.trailY[last]!) * (back > 0 ? back : 0);
    const hx = u.hx[second]!;
    const hy = u.hy[second]!;
    const halfLength = u.length[second]! / 2;
    const halfWidth = u.width[second]! / 2;
    const firstHalfLength = u.length[first]! / 2;
    const firstHalfWidth = u.width[first]! / 2;
    const reach = halfLength + halfWidth + firstHalfLength + firstHalfWidth;
    const base = first * TRAIL;
    for (let s = to; s >= from; s--) {
      const at = base + (s & (TRAIL - 1));
      const dx = u.trailX[at]! - x;
      const dy = u.trailY[at]! - y;
      if (dx > reach || dx < -reach || dy > reach || dy < -reach) continue;
      const ahx = u.trailHx[at]!;
      const ahy = u.trailHy[at]!;
      if (!overlap(x + dx, y + dy, ahx, ahy, firstHalfLength, firstHalfWidth, x, y, hx, hy, halfLength, halfWidth))
        continue;
      if (s === to) return s;
      const after = base + ((s + 1) & (TRAIL - 1));
      let inside = 0;
      let outside = 1;
      for (let i = 0; i < 8; i++) {
        const middle = (inside + outside) / 2;
        const mx = u.trailX[at]! + (u.trailX[after]! - u.trailX[at]!) * middle;
        const my = u.trailY[at]! + (u.trailY[after]! - u.trailY[at]!) * middle;
        if (overlap(mx, my, ahx, ahy, firstHalfLength, firstHalfWidth, x, y, hx, hy, halfLength, halfWidth))
          inside = middle;
        else outside = middle;
      }
      return s + inside;
    }
    return -1;
  }

  #close(key: number, open: Open): void {
    this.#open.delete(key);
    if (open.critical !== null) this.#closed.push(this.#record(open));
  }

  #typeOf(open: Open, critical: Critical, angle: number): EncounterType {
    const [linkA, laneA, linkB, laneB] = open.links;
    const [linkA2, laneA2, linkB2, laneB2] = critical.links;
    if (linkA >= 0 && linkB >= 0 && linkA2 >= 0 && linkB2 >= 0) {
      if (linkA === linkB && linkA2 === linkB2)
        return laneA === laneB && laneA2 === laneB2 ? 'rear-end' : 'lane-change';
      if (linkA2 === linkB2 && laneA2 === laneB2 && angle < this.#rearEndDegrees) return 'rear-end';
      if (angle >= this.#rearEndDegrees) return 'crossing';
    }
    if (angle < this.#rearEndDegrees) return 'rear-end';
    if (angle > 180 - this.#rearEndDegrees) return 'head-on';
    return angle > this.#crossingDegrees ? 'crossing' : 'lane-change';
  }

  #record(open: Open): Encounter {
    const critical = open.critical!;
    const u = this.#users;
    const angle = atan2(critical.sin, critical.cos) * DEGREES;
    const order = <T>(a: T, b: T): readonly [T, T] => (critical.bFirst ? [b, a] : [a, b]);
    const { startMs, endMs, ttc, pet } = open;
    const braked = (slot: number) => u.brakedAtMs[slot]! >= startMs - 1000 && u.brakedAtMs[slot]! <= endMs + 1000;
    return {
      users: order(open.idA, open.idB),
      userTypes: order(u.typeOf(open.a), u.typeOf(open.b)),
      withVru: open.vru,
      type: this.#typeOf(open, critical, angle),
      severity: Math.min(ttc, pet) <= this.#serious ? 'serious' : 'candidate',
      startMs,
      endMs,
      criticalMs: critical.timeMs,
      x: critical.x,
      y: critical.y,
      angleDegrees: angle,
      ...(ttc < Number.POSITIVE_INFINITY && { minTtcSeconds: ttc }),
      ...(!Number.isNaN(open.ttcHigh) && { ttcBoundsSeconds: { low: open.ttcLow, high: open.ttcHigh } }),
      ...(pet < Number.POSITIVE_INFINITY && { petSeconds: pet }),
      ...(!Number.isNaN(open.petHigh) && { petBoundsSeconds: { low: open.petLow, high: open.petHigh } }),
      ...(open.drac > 0 && { dracMetresPerSecond2: open.drac }),
      ...(open.mdrac > 0 && { mdracMetresPerSecond2: open.mdrac }),
      withinReactionTime: open.withinReaction,
      deltaVMetresPerSecond: open.deltaV,
      speedsMetresPerSecond: order(critical.speedA, critical.speedB),
      hardBraking: braked(open.a) || braked(open.b),
      outlinesTouched: open.touched,
      signalStates: order(critical.signalA, critical.signalB),
    };
  }
}
