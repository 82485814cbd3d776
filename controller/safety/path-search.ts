/** Places that one user left and another reaches: who was in which cell when, and the time between the two. */
import { CellTable } from './cell-table.ts';
import { overlap } from './geometry.ts';
import type { Users } from './users.ts';

const PET_CELL_METRES = 4;
/** Cosine above which two paths run along each other: 30 degrees. */
const ALONG_COS = 0.8660254037844387;
/** Beyond the outlines' reach plus this, a path has left for good. */
const FAR_METRES = 8;

export interface Encroachments {
  /** Smallest PET that is known of the pair in the meeting under way, s; infinity: none. */
  best(first: number, second: number): number;
  /** `second` reached what `first` left `pet` seconds ago, at step `left` (with a fraction), which `trail` is the place of. */
  found(first: number, second: number, pet: number, left: number, trail: number): void;
}

/** Cells of the last seconds, and the search in them. One for each engine. */
export class PathSearch {
  readonly #users: Users;
  readonly #stepMs: number;
  readonly #pet: number;
  readonly #petVru: number;
  readonly #longest: number;
  /** Steps of half a second: how far the moment at which the first left may shift within a step of the second. */
  readonly #around: number;
  readonly #to: Encroachments;
  readonly #cells = new CellTable();
  #stamps = new Float64Array(256);
  #thens = new Int32Array(256);
  #found = new Int32Array(256);
  #stamp = 0;

  /** @param petSeconds longest PET that counts; `petVruSeconds` where one walks or cycles. */
  constructor(users: Users, stepMs: number, petSeconds: number, petVruSeconds: number, to: Encroachments) {
    this.#users = users;
    this.#stepMs = stepMs;
    this.#pet = petSeconds;
    this.#petVru = petVruSeconds;
    this.#longest = Math.floor((Math.max(petSeconds, petVruSeconds) * 1000) / stepMs);
    this.#around = Math.round(500 / stepMs);
    this.#to = to;
  }

  clear(): void {
    this.#cells.clear();
  }

  /** Looks for paths that `second` now enters and others have left, and notes its own. */
  cross(second: number, step: number): void {
    const u = this.#users;
    if (this.#stamps.length < u.status.length) {
      this.#stamps = new Float64Array(u.status.length);
      this.#thens = new Int32Array(u.status.length);
      this.#found = new Int32Array(u.status.length);
    }
    const cells = this.#cells;
    const x = u.px[second]!;
    const y = u.py[second]!;
    const hx = u.hx[second]!;
    const hy = u.hy[second]!;
    const halfLength = u.length[second]! / 2;
    const halfWidth = u.width[second]! / 2;
    const alongX = hx < 0 ? -hx : hx;
    const alongY = hy < 0 ? -hy : hy;
    const reachX = halfLength * alongX + halfWidth * alongY;
    const reachY = halfLength * alongY + halfWidth * alongX;
    const lowX = Math.floor((x - reachX) / PET_CELL_METRES);
    const highX = Math.floor((x + reachX) / PET_CELL_METRES);
    const lowY = Math.floor((y - reachY) / PET_CELL_METRES);
    const highY = Math.floor((y + reachY) / PET_CELL_METRES);
    const stamp = ++this.#stamp;
    const oldest = step - this.#longest;
    let found = 0;
    for (let cx = lowX; cx <= highX; cx++)
      for (let cy = lowY; cy <= highY; cy++) {
        const at = cells.cell(cx, cy, oldest);
        const { users, steps } = cells;
        // its own record, else a free one, else the one longest ago
        let mine = at;
        for (let i = at; i < at + 4; i++) {
          const first = users[i]!;
          if (first < 0 || first === second) {
            mine = i;
            if (first < 0) break;
            continue;
          }
          const then = steps[i]!;
          if (users[mine] !== second && then < steps[mine]!) mine = i;
          if (then < oldest || cells.hx[i]! * hx + cells.hy[i]! * hy > ALONG_COS) continue;
          if (this.#stamps[first] !== stamp) {
            this.#stamps[first] = stamp;
            this.#thens[first] = then;
            this.#found[found++] = first;
          } else if (then > this.#thens[first]!) this.#thens[first] = then;
        }
        users[mine] = second;
        steps[mine] = step;
        cells.hx[mine] = hx;
        cells.hy[mine] = hy;
      }
    for (let i = 0; i < found; i++) {
      const first = this.#found[i]!;
      this.#encroach(first, second, this.#thens[first]!, step);
    }
  }

  /** `first` was in a cell with `second`, last at step `then`. */
  #encroach(first: number, second: number, then: number, step: number): void {
    const u = this.#users;
    const vru = u.isVru(first) || u.isVru(second);
    if (vru && u.isVru(first) && u.isVru(second)) return;
    const limit = vru ? this.#petVru : this.#pet;
    const from = Math.max(u.firstStep[first]!, step - Math.floor((limit * 1000) / this.#stepMs));
    // the place may have passed to another user since
    if (then < from || then > u.lastStep[first]!) return;
    const best = this.#to.best(first, second);
    // it left the cell within a step of `then`: most pairs have had their smallest PET by now
    if (((step - then - 2) * this.#stepMs) / 1000 >= best) return;
    const left = this.#leftAt(first, second, 0, from, then);
    if (left < 0 || left >= step) return;
    let pet = ((step - left) * this.#stepMs) / 1000;
    if (pet - this.#stepMs / 1000 >= best) return;
    const low = Math.max(from, Math.floor(left) - this.#around);
    const high = Math.min(then, Math.ceil(left) + 2);
    if (step > u.firstStep[second]! && this.#leftAt(first, second, 1, low, high) < 0) {
      let outside = 1;
      let inside = 0;
      for (let i = 0; i < 8; i++) {
        const middle = (outside + inside) / 2;
        const there = this.#leftAt(first, second, middle, low, high);
        if (there < 0) outside = middle;
        else {
          inside = middle;
          pet = Math.min(pet, ((step - middle - there) * this.#stepMs) / 1000);
        }
      }
    }
    if (pet < 0 || pet >= best || pet > limit) return;
    const trail = first * u.places + (Math.floor(left) & (u.places - 1));
    if (u.trail[trail * 4 + 2]! * u.hx[second]! + u.trail[trail * 4 + 3]! * u.hy[second]! > ALONG_COS) return;
    this.#to.found(first, second, pet, left, trail);
  }

  /**
   * Last moment, in steps, at which `first` covered some of what `second` covers `back` steps (0-1) ago, from step `from`
   * to step `to`, at which it is near; -1: at none.
   */
  #leftAt(first: number, second: number, back: number, from: number, to: number): number {
    const u = this.#users;
    const { places } = u;
    const last = second * places + (u.lastStep[second]! & (places - 1));
    const before = second * places + ((u.lastStep[second]! - 1) & (places - 1));
    const x = u.trail[last * 4]! + (u.trail[before * 4]! - u.trail[last * 4]!) * (back > 0 ? back : 0);
    const y = u.trail[last * 4 + 1]! + (u.trail[before * 4 + 1]! - u.trail[last * 4 + 1]!) * (back > 0 ? back : 0);
    const hx = u.hx[second]!;
    const hy = u.hy[second]!;
    const halfLength = u.length[second]! / 2;
    const halfWidth = u.width[second]! / 2;
    const firstHalfLength = u.length[first]! / 2;
    const firstHalfWidth = u.width[first]! / 2;
    const reach = halfLength + halfWidth + firstHalfLength + firstHalfWidth;
    const base = first * places;
    for (let s = to; s >= from; s--) {
      const at = base + (s & (places - 1));
      const dx = u.trail[at * 4]! - x;
      const dy = u.trail[at * 4 + 1]! - y;
      if (dx > reach || dx < -reach || dy > reach || dy < -reach) {
        // it came from there: what lies still farther back was no nearer
        if (dx * dx + dy * dy > 4 * (reach + FAR_METRES) * (reach + FAR_METRES)) return -1;
        continue;
      }
      const ahx = u.trail[at * 4 + 2]!;
      const ahy = u.trail[at * 4 + 3]!;
      if (!overlap(x + dx, y + dy, ahx, ahy, firstHalfLength, firstHalfWidth, x, y, hx, hy, halfLength, halfWidth))
        continue;
      if (s === u.lastStep[first]!) return s;
      const after = base + ((s + 1) & (places - 1));
      let inside = 0;
      let outside = 1;
      for (let i = 0; i < 8; i++) {
        const middle = (inside + outside) / 2;
        const mx = u.trail[at * 4]! + (u.trail[after * 4]! - u.trail[at * 4]!) * middle;
        const my = u.trail[at * 4 + 1]! + (u.trail[after * 4 + 1]! - u.trail[at * 4 + 1]!) * middle;
        if (overlap(mx, my, ahx, ahy, firstHalfLength, firstHalfWidth, x, y, hx, hy, halfLength, halfWidth))
          inside = middle;
        else outside = middle;
      }
      return s + inside;
    }
    return -1;
  }
}
