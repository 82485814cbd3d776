/** Pairs of users whose outlines, moved ahead for some seconds, come near: spatial hashing in typed arrays, built anew each step. */
import type { Users } from './users.ts';

const CELL_METRES = 32;
/** Most neighbours looked at per user and cell: bounds a step however many claim to be at one place. */
const MAX_NEIGHBOURS = 128;

export class NearPairs {
  #heads = new Int32Array(1024);
  #slots = new Int32Array(4096);
  #next = new Int32Array(4096);
  #cellX = new Int32Array(4096);
  #cellY = new Int32Array(4096);
  /** From x, to x, from y, to y by turns. */
  #boxes = new Float64Array(256 * 4);
  #lowX = new Int32Array(256);
  #lowY = new Int32Array(256);
  /** 1: stands, 2: walks or cycles. A pair that shares a bit makes no encounter. */
  #kind = new Uint8Array(256);

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
    if (this.#kind.length < capacity) {
      this.#boxes = new Float64Array(capacity * 4);
      this.#lowX = new Int32Array(capacity);
      this.#lowY = new Int32Array(capacity);
      this.#kind = new Uint8Array(capacity);
    }
    while (this.#heads.length < aliveCount * 4) this.#heads = new Int32Array(this.#heads.length * 2);
    const heads = this.#heads;
    heads.fill(-1);
    const mask = heads.length - 1;
    const boxes = this.#boxes;
    const [lowXs, lowYs, kinds] = [this.#lowX, this.#lowY, this.#kind];
    let [slots, next, cellX, cellY] = [this.#slots, this.#next, this.#cellX, this.#cellY];
    let entries = 0;
    for (let i = 0; i < aliveCount; i++) {
      const a = alive[i]!;
      const x = px[a]!;
      const y = py[a]!;
      const ahx = hx[a]!;
      const ahy = hy[a]!;
      const v = speed[a]!;
      const ahead = v * seconds;
      const dx = ahx * ahead;
      const dy = ahy * ahead;
      const alongX = ahx < 0 ? -ahx : ahx;
      const alongY = ahy < 0 ? -ahy : ahy;
      const reachX = (length[a]! * alongX + width[a]! * alongY) / 2;
      const reachY = (length[a]! * alongY + width[a]! * alongX) / 2;
      const x0 = (dx < 0 ? x + dx : x) - reachX;
      const x1 = (dx > 0 ? x + dx : x) + reachX;
      const y0 = (dy < 0 ? y + dy : y) - reachY;
      const y1 = (dy > 0 ? y + dy : y) + reachY;
      boxes[a * 4] = x0;
      boxes[a * 4 + 1] = x1;
      boxes[a * 4 + 2] = y0;
      boxes[a * 4 + 3] = y1;
      const kind = (v < 0.1 ? 1 : 0) | (type[a]! >= 4 ? 2 : 0);
      kinds[a] = kind;
      const lowX = Math.floor(x0 / CELL_METRES);
      const highX = Math.floor(x1 / CELL_METRES);
      const lowY = Math.floor(y0 / CELL_METRES);
      const highY = Math.floor(y1 / CELL_METRES);
      lowXs[a] = lowX;
      lowYs[a] = lowY;
      for (let cx = lowX; cx <= highX; cx++)
        for (let cy = lowY; cy <= highY; cy++) {
          const bucket = (Math.imul(cx, 73_856_093) ^ Math.imul(cy, 19_349_663)) & mask;
          let seen = 0;
          for (let entry = heads[bucket]!; entry >= 0 && seen < MAX_NEIGHBOURS; entry = next[entry]!) {
            if (cellX[entry] !== cx || cellY[entry] !== cy) continue;
            seen++;
            const b = slots[entry]!;
            const box = b * 4;
            if (boxes[box]! > x1 || boxes[box + 1]! < x0 || boxes[box + 2]! > y1 || boxes[box + 3]! < y0) continue;
            if ((kind & kinds[b]!) !== 0) continue;
            // a pair that shares several cells is visited in the first of them only
            if (cx !== lowX && cx !== lowXs[b]) continue;
            if (cy !== lowY && cy !== lowYs[b]) continue;
            visit(b, a);
          }
          if (entries === slots.length) {
            this.#growEntries();
            [slots, next, cellX, cellY] = [this.#slots, this.#next, this.#cellX, this.#cellY];
          }
          slots[entries] = a;
          cellX[entries] = cx;
          cellY[entries] = cy;
          next[entries] = heads[bucket]!;
          heads[bucket] = entries++;
        }
    }
  }
}
