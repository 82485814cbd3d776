/** Pairs of users whose outlines, moved ahead for some seconds, come near: spatial hashing in typed arrays, built anew each step. */
import type { Users } from './users.ts';

const CELL_METRES = 32;
/** Most neighbours looked at per user and cell: bounds a step however many claim to be at one place. */
const MAX_NEIGHBOURS = 256;

export class NearPairs {
  #heads = new Int32Array(1024);
  #slots = new Int32Array(4096);
  #next = new Int32Array(4096);
  #cellX = new Int32Array(4096);
  #cellY = new Int32Array(4096);
  #minX = new Float64Array(256);
  #maxX = new Float64Array(256);
  #minY = new Float64Array(256);
  #maxY = new Float64Array(256);

  #growEntries(): void {
    const wider = (old: Int32Array) => {
      const bigger = new Int32Array(old.length * 2);
      bigger.set(old);
      return bigger;
    };
    this.#slots = wider(this.#slots);
    this.#next = wider(this.#next);
    this.#cellX = wider(this.#cellX);
    this.#cellY = wider(this.#cellY);
  }

  /** Calls `visit` once for each pair of which one is a vehicle and one moves, within `seconds` of each other. */
  each(users: Users, seconds: number, visit: (a: number, b: number) => void): void {
    const { aliveCount, alive, px, py, hx, hy, speed, length, width, type } = users;
    const capacity = users.status.length;
    if (this.#minX.length < capacity) {
      this.#minX = new Float64Array(capacity);
      this.#maxX = new Float64Array(capacity);
      this.#minY = new Float64Array(capacity);
      this.#maxY = new Float64Array(capacity);
    }
    while (this.#heads.length < aliveCount * 4) this.#heads = new Int32Array(this.#heads.length * 2);
    const heads = this.#heads;
    heads.fill(-1);
    const mask = heads.length - 1;
    const [minX, maxX, minY, maxY] = [this.#minX, this.#maxX, this.#minY, this.#maxY];
    let entries = 0;
    for (let i = 0; i < aliveCount; i++) {
      const a = alive[i]!;
      const x = px[a]!;
      const y = py[a]!;
      const ahead = speed[a]! * seconds;
      const dx = hx[a]! * ahead;
      const dy = hy[a]! * ahead;
      const reach = (length[a]! + width[a]!) / 2;
      const x0 = (dx < 0 ? x + dx : x) - reach;
      const x1 = (dx > 0 ? x + dx : x) + reach;
      const y0 = (dy < 0 ? y + dy : y) - reach;
      const y1 = (dy > 0 ? y + dy : y) + reach;
      minX[a] = x0;
      maxX[a] = x1;
      minY[a] = y0;
      maxY[a] = y1;
      const still = speed[a]! < 0.1;
      const vru = type[a]! >= 4;
      const lowX = Math.floor(x0 / CELL_METRES);
      const highX = Math.floor(x1 / CELL_METRES);
      const lowY = Math.floor(y0 / CELL_METRES);
      const highY = Math.floor(y1 / CELL_METRES);
      for (let cx = lowX; cx <= highX; cx++)
        for (let cy = lowY; cy <= highY; cy++) {
          const bucket = (Math.imul(cx, 73_856_093) ^ Math.imul(cy, 19_349_663)) & mask;
          let seen = 0;
          for (let entry = heads[bucket]!; entry >= 0 && seen < MAX_NEIGHBOURS; entry = this.#next[entry]!) {
            if (this.#cellX[entry] !== cx || this.#cellY[entry] !== cy) continue;
            seen++;
            const b = this.#slots[entry]!;
            if (minX[b]! > x1 || maxX[b]! < x0 || minY[b]! > y1 || maxY[b]! < y0) continue;
            if ((still && speed[b]! < 0.1) || (vru && type[b]! >= 4)) continue;
            // a pair that shares several cells is visited in the first of them only
            if (Math.max(lowX, Math.floor(minX[b]! / CELL_METRES)) !== cx) continue;
            if (Math.max(lowY, Math.floor(minY[b]! / CELL_METRES)) !== cy) continue;
            visit(b, a);
          }
          if (entries === this.#slots.length) this.#growEntries();
          this.#slots[entries] = a;
          this.#cellX[entries] = cx;
          this.#cellY[entries] = cy;
          this.#next[entries] = heads[bucket]!;
          heads[bucket] = entries++;
        }
    }
  }
}
