/**
 * Road users now near: one slot each in typed arrays, used again once they are gone. Checks what comes in, links a
 * broadcast id that changed to the user that fell silent where it should be, and keeps the last seconds of each path.
 */

import cosine from '@stdlib/math-base-special-cos';
import sine from '@stdlib/math-base-special-sin';
import type { EngineOptions, RoadUserUpdate, UpdateRejection, UserType } from './encounter-types.ts';
import { MASS_KILOGRAMS, SIZE_METRES, USER_TYPES } from './encounter-types.ts';

/** Steps of path kept; more than the longest PET. */
/** Shortest step and longest path of which the latter is kept, a power of two of places. */
export const STEP_MS_MIN = 40;
/** What a calendar date can hold, ms before and after 1970; steps of larger times could not be told apart. */
const LAST_MOMENT_MS = 8.64e15;

/** Whether `ms` is a time that can be counted with; NaN and infinity are none. */
export const isMoment = (ms: number): boolean => Math.abs(ms) <= LAST_MOMENT_MS;

const places = (stepMs: number): number => (stepMs >= 80 ? 128 : 256);
/** Users there is room for at first: streets are many, and most are quiet. */
const FIRST_ROOM = 64;
const SILENT_MS = 150;
const GONE_MS = 1000;
const MAX_SPEED = 100;
const FASTEST_JUMP = 70;
const JUMPS_TO_BELIEVE = 3;
/** Sine of the least turn in a tenth of a second that counts as turning: 9 degrees a second. */
const STRAIGHT_SIN = 0.016;
/** Turns are measured over so long. */
const TURN_MS = 500;
const HARD_BRAKING = -3;
/** A path is looked back along every so many metres, and so far. */
const LOOK_BACK_METRES = 3;
const LOOK_BACK_MOST_METRES = 24;
const BETWEEN_PLACES_METRES = 2;
/** Cosine above which two head the same way: 30 degrees. */
const ALONG_COS = 0.8660254037844387;
const BICYCLE = USER_TYPES.indexOf('bicycle');

const FREE = 0;
const ALIVE = 1;
const GHOST = 2;

export class Users {
  readonly #idToSlot = new Map<string, number>();
  readonly ids: string[] = [];
  readonly #max: number;
  readonly #ghostMs: number;
  #capacity = FIRST_ROOM;
  #free: number[] = [];
  #top = 0;
  /** Slots of those heard within the last second, in order of appearance; the first `aliveCount` count. */
  alive = new Int32Array(FIRST_ROOM);
  aliveCount = 0;
  #ghosts: number[] = [];
  #missing: Map<number, number[]> | null = null;
  #nowMs = Number.NEGATIVE_INFINITY;
  relinked = 0;
  /** Of the last update taken. */
  lastSlot = -1;
  #serials = 0;
  /** Users there ever were, by type in the order of USER_TYPES. */
  readonly created = new Float64Array(USER_TYPES.length);
  /** Called when a slot's user ends braking hard. */
  onHardBraking: ((slot: number, timeMs: number, peak: number) => void) | null = null;

  status = new Uint8Array(FIRST_ROOM);
  /** Number of the user in the slot, counted up from 1 over all there ever were. */
  serial = new Float64Array(FIRST_ROOM);
  type = new Uint8Array(FIRST_ROOM);
  timeMs = new Float64Array(FIRST_ROOM);
  x = new Float64Array(FIRST_ROOM);
  y = new Float64Array(FIRST_ROOM);
  hx = new Float64Array(FIRST_ROOM);
  hy = new Float64Array(FIRST_ROOM);
  speed = new Float64Array(FIRST_ROOM);
  acceleration = new Float64Array(FIRST_ROOM);
  length = new Float64Array(FIRST_ROOM);
  width = new Float64Array(FIRST_ROOM);
  mass = new Float64Array(FIRST_ROOM);
  /** NaN: unknown. */
  accuracy = new Float64Array(FIRST_ROOM);
  /** -1: unknown. */
  link = new Int32Array(FIRST_ROOM);
  lane = new Int32Array(FIRST_ROOM);
  group = new Int32Array(FIRST_ROOM);
  /** Lane of a MAP; -1: on none, or there is no MAP. */
  mapLane = new Int32Array(FIRST_ROOM);
  /** 1: on the pavement before or behind a crossing. */
  pavement = new Uint8Array(FIRST_ROOM);
  /** Where it is at the step in hand. */
  px = new Float64Array(FIRST_ROOM);
  py = new Float64Array(FIRST_ROOM);
  firstStep = new Int32Array(FIRST_ROOM);
  lastStep = new Int32Array(FIRST_ROOM);
  #jumps = new Uint8Array(FIRST_ROOM);
  #heading = new Float64Array(FIRST_ROOM);
  #oldSpeed = new Float64Array(FIRST_ROOM);
  #oldTimeMs = new Float64Array(FIRST_ROOM);
  #brakingSinceMs = new Float64Array(FIRST_ROOM);
  #brakingPeak = new Float64Array(FIRST_ROOM);
  /** Moment of the last hard braking, ms. */
  brakedAtMs = new Float64Array(FIRST_ROOM);
  /** Places of a path. */
  readonly places: number;
  readonly #straightSin: number;
  readonly #turnSteps: number;
  /** Paths: x, y and heading (x, y) by turns, at `4 * (slot * places + (step & (places - 1)))`. */
  trail: Float64Array;

  constructor(options: EngineOptions, ghostMs: number) {
    this.#max = options.maxUsers ?? 20_000;
    this.#ghostMs = ghostMs;
    const stepMs = options.stepMs ?? 100;
    this.places = places(stepMs);
    this.#straightSin = (STRAIGHT_SIN * stepMs) / 100;
    this.#turnSteps = Math.max(1, Math.round(TURN_MS / stepMs));
    this.trail = new Float64Array(FIRST_ROOM * this.places * 4);
  }

  get count(): number {
    return this.aliveCount + this.#ghosts.length;
  }

  isVru(slot: number): boolean {
    return this.type[slot]! >= BICYCLE;
  }

  /** Sine of the angle by which its heading turned a step, over the last half second; 0 where that is below 9 degrees a second: it drives straight on. */
  turnPerStep(slot: number): number {
    const last = this.lastStep[slot]!;
    const before = Math.max(this.firstStep[slot]!, last - this.#turnSteps);
    if (before === last) return 0;
    const at = slot * this.places + (before & (this.places - 1));
    const sin = (this.trail[at * 4 + 2]! * this.hy[slot]! - this.trail[at * 4 + 3]! * this.hx[slot]!) / (last - before);
    return sin > this.#straightSin || sin < -this.#straightSin ? sin : 0;
  }

  /** The step that place `trail` of a user's path is of. */
  stepOfTrail(slot: number, trail: number): number {
    const last = this.lastStep[slot]!;
    return last - ((last - (trail - slot * this.places)) & (this.places - 1));
  }

  /**
   * Whether `second`, in the metres before where it is now, came the way that `first` had come: within `beside` metres of
   * its path, heading the same way. Who does so follows, even if the two then part. `stepSeconds`: between places of a path.
   */
  cameBehind(first: number, second: number, beside: number, stepSeconds: number): boolean {
    const last = this.lastStep[second]!;
    const oldest = Math.max(this.firstStep[second]!, last - this.places + 1);
    const here = second * this.places + (last & (this.places - 1));
    let looked = LOOK_BACK_METRES;
    for (let step = last - 1; step >= oldest && looked <= LOOK_BACK_MOST_METRES; step--) {
      const at = second * this.places + (step & (this.places - 1));
      const dx = this.trail[at * 4]! - this.trail[here * 4]!;
      const dy = this.trail[at * 4 + 1]! - this.trail[here * 4 + 1]!;
      if (dx * dx + dy * dy < looked * looked) continue;
      looked += LOOK_BACK_METRES;
      if (this.#passed(first, at, beside, FASTEST_JUMP * stepSeconds)) return true;
    }
    return false;
  }

  /** Whether `slot` was at place `at` of a path, heading as that path does. `most`: metres it goes in a step at most. */
  #passed(slot: number, at: number, beside: number, most: number): boolean {
    const { trail } = this;
    const last = this.lastStep[slot]!;
    const oldest = Math.max(this.firstStep[slot]!, last - this.places + 1);
    // between two places of the path lie up to a step's travel
    const reach = beside + BETWEEN_PLACES_METRES;
    for (let step = last; step >= oldest; step--) {
      const own = slot * this.places + (step & (this.places - 1));
      const dx = trail[own * 4]! - trail[at * 4]!;
      const dy = trail[own * 4 + 1]! - trail[at * 4 + 1]!;
      const off = Math.max(Math.abs(dx), Math.abs(dy)) - reach;
      if (off > 0) {
        // so many steps it takes from there at least
        step -= Math.floor(off / most);
        continue;
      }
      const [hx, hy] = [trail[at * 4 + 2]!, trail[at * 4 + 3]!];
      if (hx * trail[own * 4 + 2]! + hy * trail[own * 4 + 3]! < ALONG_COS) continue;
      if (Math.abs(dx * hy - dy * hx) <= beside) return true;
    }
    return false;
  }

  /** Speed along its path at a step of it, m/s. */
  trailSpeed(slot: number, step: number, stepMs: number): number {
    const p = slot * this.places + (Math.max(this.firstStep[slot]!, step - 1) & (this.places - 1));
    const q = slot * this.places + (Math.min(this.lastStep[slot]!, step + 1) & (this.places - 1));
    const dx = this.trail[q * 4]! - this.trail[p * 4]!;
    const dy = this.trail[q * 4 + 1]! - this.trail[p * 4 + 1]!;
    return (Math.sqrt(dx * dx + dy * dy) * 1000) / (2 * stepMs);
  }

  typeOf(slot: number): UserType {
    return USER_TYPES[this.type[slot]!]!;
  }

  #grow(): void {
    const size = this.#capacity * 2;
    for (const key of Object.keys(this) as (keyof this)[]) {
      const value = this[key];
      if (ArrayBuffer.isView(value) && key !== 'created') {
        const old = value as unknown as Float64Array;
        const bigger = new (old.constructor as Float64ArrayConstructor)(old.length * 2);
        bigger.set(old);
        (this as Record<keyof this, unknown>)[key] = bigger;
      }
    }
    const wider = <T extends Float64Array | Uint8Array>(old: T): T => {
      const bigger = new (old.constructor as new (length: number) => T)(old.length * 2);
      bigger.set(old);
      return bigger;
    };
    this.#jumps = wider(this.#jumps);
    this.#heading = wider(this.#heading);
    this.#oldSpeed = wider(this.#oldSpeed);
    this.#oldTimeMs = wider(this.#oldTimeMs);
    this.#brakingSinceMs = wider(this.#brakingSinceMs);
    this.#brakingPeak = wider(this.#brakingPeak);
    this.#capacity = size;
  }

  #release(slot: number): void {
    this.status[slot] = FREE;
    if (this.#idToSlot.get(this.ids[slot]!) === slot) this.#idToSlot.delete(this.ids[slot]!);
    this.#free.push(slot);
  }

  /** The silent user that a new id continues, or -1: nearest to where it should be, alike, and the only one near. */
  #predecessor(u: RoadUserUpdate, type: number): number {
    if (this.#missing === null) {
      this.#missing = new Map();
      for (let i = 0; i < this.aliveCount; i++) {
        const slot = this.alive[i]!;
        if (this.#nowMs - this.timeMs[slot]! < SILENT_MS) continue;
        const key = cellKey(this.x[slot]!, this.y[slot]!);
        const there = this.#missing.get(key);
        if (there === undefined) this.#missing.set(key, [slot]);
        else if (there.length < 16) there.push(slot);
      }
    }
    if (this.#missing.size === 0) return -1;
    let best = -1;
    let bestDistance = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    for (let cx = -1; cx <= 1; cx++)
      for (let cy = -1; cy <= 1; cy++)
        for (const slot of this.#missing.get(cellKey(u.x + cx * CELL, u.y + cy * CELL)) ?? []) {
          if (this.status[slot] !== ALIVE || this.type[slot] !== type) continue;
          const dt = (u.timeMs - this.timeMs[slot]!) / 1000;
          if (dt * 1000 < SILENT_MS || dt > GONE_MS / 1000) continue;
          if (Math.abs(u.speedMetresPerSecond - this.speed[slot]!) > 1 + 4 * dt) continue;
          if (u.lengthMetres !== undefined && Math.abs(u.lengthMetres - this.length[slot]!) > 0.3) continue;
          const dx = u.x - this.x[slot]! - this.hx[slot]! * this.speed[slot]! * dt;
          const dy = u.y - this.y[slot]! - this.hy[slot]! * this.speed[slot]! * dt;
          const distance = Math.sqrt(dx * dx + dy * dy);
          if (distance > 1.5 + (u.accuracyMetres ?? 0) + 2 * dt) continue;
          if (distance < bestDistance) {
            second = bestDistance;
            bestDistance = distance;
            best = slot;
          } else if (distance < second) second = distance;
        }
    return second < bestDistance + 1 ? -1 : best;
  }

  #create(u: RoadUserUpdate, type: number): number {
    const slot = this.#free.pop() ?? this.#top++;
    if (slot >= this.#capacity) this.#grow();
    this.ids[slot] = u.id;
    this.#idToSlot.set(u.id, slot);
    this.status[slot] = ALIVE;
    this.serial[slot] = ++this.#serials;
    this.created[type]!++;
    this.type[slot] = type;
    this.hx[slot] = 1;
    this.hy[slot] = 0;
    this.#heading[slot] = 0;
    this.#jumps[slot] = 0;
    this.firstStep[slot] = -1;
    this.lastStep[slot] = -1;
    this.#oldTimeMs[slot] = u.timeMs;
    this.#oldSpeed[slot] = u.speedMetresPerSecond;
    this.#brakingSinceMs[slot] = Number.NaN;
    this.brakedAtMs[slot] = Number.NEGATIVE_INFINITY;
    this.acceleration[slot] = 0;
    const [length, width] = SIZE_METRES[u.type];
    this.length[slot] = length;
    this.width[slot] = width;
    this.mass[slot] = MASS_KILOGRAMS[u.type];
    this.alive[this.aliveCount++] = slot;
    return slot;
  }

  /** Takes an update that arrived at `arrivedMs`. @returns why not, or null. */
  take(u: RoadUserUpdate, arrivedMs: number): UpdateRejection | null {
    if (arrivedMs > this.#nowMs) this.#nowMs = arrivedMs;
    const type = USER_TYPES.indexOf(u.type);
    const v = u.speedMetresPerSecond;
    if (
      type < 0 ||
      !(v >= 0 && v <= MAX_SPEED) ||
      !(Math.abs(u.x) < 1e6 && Math.abs(u.y) < 1e6) ||
      !isMoment(u.timeMs) ||
      (u.heading !== undefined && !(Math.abs(u.heading) < 100)) ||
      (u.lengthMetres !== undefined && !(u.lengthMetres > 0 && u.lengthMetres <= 41)) ||
      (u.widthMetres !== undefined && !(u.widthMetres > 0 && u.widthMetres <= 11)) ||
      (u.massKilograms !== undefined && !(u.massKilograms > 0 && u.massKilograms < 1e6)) ||
      (u.accuracyMetres !== undefined && !(u.accuracyMetres >= 0 && u.accuracyMetres < 1000)) ||
      (u.accelerationMetresPerSecond2 !== undefined && !(Math.abs(u.accelerationMetresPerSecond2) <= 50))
    )
      return 'invalid-value';
    if (u.timeMs > arrivedMs + 500) return 'clock-ahead';
    if (u.timeMs < this.#nowMs - GONE_MS) return 'stale';
    let slot = this.#idToSlot.get(u.id) ?? -1;
    if (slot >= 0 && this.status[slot] === ALIVE) {
      const dt = (u.timeMs - this.timeMs[slot]!) / 1000;
      if (dt <= 0) return 'out-of-order';
      const dx = u.x - this.x[slot]!;
      const dy = u.y - this.y[slot]!;
      const reach = FASTEST_JUMP * dt + 5 + 3 * (u.accuracyMetres ?? 0);
      if (dx * dx + dy * dy > reach * reach) {
        if (++this.#jumps[slot]! < JUMPS_TO_BELIEVE) return 'position-jump';
        this.#bury(slot);
        slot = -1;
      } else this.#jumps[slot] = 0;
    } else if (slot >= 0) slot = -1;
    if (slot < 0) {
      slot = this.#predecessor(u, type);
      if (slot >= 0) {
        this.#idToSlot.delete(this.ids[slot]!);
        this.#idToSlot.set(u.id, slot);
        this.ids[slot] = u.id;
        this.relinked++;
      } else {
        if (this.count >= this.#max) return 'too-many-users';
        slot = this.#create(u, type);
      }
    }
    this.lastSlot = slot;
    this.#write(slot, u);
    return null;
  }

  #write(slot: number, u: RoadUserUpdate): void {
    const v = u.speedMetresPerSecond;
    if (u.heading !== undefined) {
      if (u.heading !== this.#heading[slot] || this.firstStep[slot]! < 0) {
        this.#heading[slot] = u.heading;
        this.hx[slot] = cosine(u.heading);
        this.hy[slot] = sine(u.heading);
      }
    } else if (this.firstStep[slot]! >= 0) {
      const dx = u.x - this.x[slot]!;
      const dy = u.y - this.y[slot]!;
      const moved = Math.sqrt(dx * dx + dy * dy);
      if (moved > 0.2) {
        this.hx[slot] = dx / moved;
        this.hy[slot] = dy / moved;
      }
    }
    if (u.accelerationMetresPerSecond2 !== undefined) this.acceleration[slot] = u.accelerationMetresPerSecond2;
    else {
      const dt = (u.timeMs - this.#oldTimeMs[slot]!) / 1000;
      if (dt >= 0.5) {
        this.acceleration[slot] = (v - this.#oldSpeed[slot]!) / dt;
        this.#oldTimeMs[slot] = u.timeMs;
        this.#oldSpeed[slot] = v;
      }
    }
    this.timeMs[slot] = u.timeMs;
    this.x[slot] = u.x;
    this.y[slot] = u.y;
    this.speed[slot] = v;
    if (u.lengthMetres !== undefined) this.length[slot] = u.lengthMetres;
    if (u.widthMetres !== undefined) this.width[slot] = u.widthMetres;
    if (u.massKilograms !== undefined) this.mass[slot] = u.massKilograms;
    this.accuracy[slot] = u.accuracyMetres ?? Number.NaN;
    this.link[slot] = u.link ?? -1;
    this.lane[slot] = u.lane ?? -1;
    this.group[slot] = u.signalGroup ?? -1;
    this.mapLane[slot] = -1;
    this.pavement[slot] = 0;
    this.#brake(slot, u.timeMs);
  }

  #brake(slot: number, timeMs: number): void {
    const a = this.acceleration[slot]!;
    const braking = !Number.isNaN(this.#brakingSinceMs[slot]!);
    if (a <= HARD_BRAKING) {
      this.brakedAtMs[slot] = timeMs;
      if (!braking) {
        this.#brakingSinceMs[slot] = timeMs;
        this.#brakingPeak[slot] = a;
      } else if (a < this.#brakingPeak[slot]!) this.#brakingPeak[slot] = a;
    } else if (braking && a > HARD_BRAKING + 1) this.#endBraking(slot);
  }

  #endBraking(slot: number): void {
    const since = this.#brakingSinceMs[slot]!;
    if (Number.isNaN(since)) return;
    this.#brakingSinceMs[slot] = Number.NaN;
    this.onHardBraking?.(slot, since, this.#brakingPeak[slot]!);
  }

  /** The user `id`, if there is one, is known to be gone. */
  leave(id: string): void {
    const slot = this.#idToSlot.get(id);
    if (slot !== undefined && this.status[slot] === ALIVE) this.#bury(slot);
  }

  /** Takes a user out of those alive; its path stays for those who come after it. */
  #bury(slot: number): void {
    this.#endBraking(slot);
    this.status[slot] = GHOST;
    this.#idToSlot.delete(this.ids[slot]!);
    this.#ghosts.push(slot);
    let kept = 0;
    for (let i = 0; i < this.aliveCount; i++) if (this.alive[i] !== slot) this.alive[kept++] = this.alive[i]!;
    this.aliveCount = kept;
  }

  /** Moves all to where they are at `now`, which is step `step`, notes it in their paths, and lets go of those silent for too long. */
  advance(step: number, now: number): void {
    this.#missing = null;
    let kept = 0;
    for (let i = 0; i < this.aliveCount; i++) {
      const slot = this.alive[i]!;
      const age = now - this.timeMs[slot]!;
      if (age > GONE_MS) {
        this.#endBraking(slot);
        this.status[slot] = GHOST;
        this.#idToSlot.delete(this.ids[slot]!);
        this.#ghosts.push(slot);
        continue;
      }
      this.alive[kept++] = slot;
      const travelled = (this.speed[slot]! * age) / 1000;
      const x = this.x[slot]! + this.hx[slot]! * travelled;
      const y = this.y[slot]! + this.hy[slot]! * travelled;
      this.px[slot] = x;
      this.py[slot] = y;
      if (this.lastStep[slot] !== step - 1) this.firstStep[slot] = step;
      this.lastStep[slot] = step;
      const at = slot * this.places + (step & (this.places - 1));
      this.trail[at * 4] = x;
      this.trail[at * 4 + 1] = y;
      this.trail[at * 4 + 2] = this.hx[slot]!;
      this.trail[at * 4 + 3] = this.hy[slot]!;
    }
    this.aliveCount = kept;
    if (this.#ghosts.length > 0) {
      this.#ghosts = this.#ghosts.filter((slot) => {
        if (now - this.timeMs[slot]! <= this.#ghostMs) return true;
        this.#release(slot);
        return false;
      });
    }
  }

  /** Ends every hard braking still under way. */
  finish(): void {
    for (let i = 0; i < this.aliveCount; i++) this.#endBraking(this.alive[i]!);
  }
}

const CELL = 10;
const cellKey = (x: number, y: number): number => Math.floor(x / CELL) * 262_144 + Math.floor(y / CELL);
