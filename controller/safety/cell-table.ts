/**
 * Who was last in which cell of the plane, and how it headed: open addressing in typed arrays, four users a cell. What is
 * older than it can matter is overwritten, and dropped when the table is full: its size is that of the last seconds.
 */

const PER_CELL = 4;
/** The key of a cell 131 km away, which is treated as none. */
const EMPTY = 0x7fff7fff;
const DROPPED = -2;

/** Cells 262 km apart share a key: what is found in one is compared by place anyway. */
const cellKey = (x: number, y: number): number => ((x & 0xffff) << 16) | (y & 0xffff);

export class CellTable {
  #size = 1024;
  #used = 0;
  /** `cellKey` of the cell, EMPTY where none is. */
  #keys = new Int32Array(this.#size).fill(EMPTY);
  /** `users[cell * 4 + i]`, -1 where none. */
  users = new Int32Array(this.#size * PER_CELL).fill(-1);
  steps = new Int32Array(this.#size * PER_CELL);
  hx = new Float32Array(this.#size * PER_CELL);
  hy = new Float32Array(this.#size * PER_CELL);

  clear(): void {
    this.#used = 0;
    this.#keys.fill(EMPTY);
    this.users.fill(-1);
  }

  get cells(): number {
    return this.#used;
  }

  #slot(key: number): number {
    const keys = this.#keys;
    const mask = this.#size - 1;
    const hash = Math.imul(key, 0x9e3779b1);
    let at = (hash ^ (hash >>> 15)) & mask;
    while (keys[at] !== key && keys[at] !== EMPTY) at = (at + 1) & mask;
    return at;
  }

  /** Index of the cell's first record; a cell that is not there yet is made. `oldest`: steps before it do not matter any more. */
  cell(x: number, y: number, oldest: number): number {
    const key = cellKey(x, y);
    let at = this.#slot(key);
    if (this.#keys[at] !== key) {
      if (this.#used * 2 > this.#size) {
        this.#rebuild(oldest);
        at = this.#slot(key);
      }
      this.#keys[at] = key;
      this.#used++;
    }
    return at * PER_CELL;
  }

  /** Drops what is older than `oldest`; doubles the table where that is not enough. */
  #rebuild(oldest: number): void {
    const [keys, users, steps, hx, hy, size] = [this.#keys, this.users, this.steps, this.hx, this.hy, this.#size];
    let live = 0;
    for (let at = 0; at < size; at++) {
      if (keys[at] === EMPTY) continue;
      let newest = Number.NEGATIVE_INFINITY;
      for (let i = at * PER_CELL; i < at * PER_CELL + PER_CELL; i++)
        if (users[i]! >= 0 && steps[i]! > newest) newest = steps[i]!;
      if (newest < oldest) users[at * PER_CELL] = DROPPED;
      else live++;
    }
    if (live * 4 > size) this.#size = size * 2;
    this.#keys = new Int32Array(this.#size).fill(EMPTY);
    this.users = new Int32Array(this.#size * PER_CELL).fill(-1);
    this.steps = new Int32Array(this.#size * PER_CELL);
    this.hx = new Float32Array(this.#size * PER_CELL);
    this.hy = new Float32Array(this.#size * PER_CELL);
    this.#used = live;
    for (let old = 0; old < size; old++) {
      if (keys[old] === EMPTY || users[old * PER_CELL] === DROPPED) continue;
      const at = this.#slot(keys[old]!);
      this.#keys[at] = keys[old]!;
      for (let i = 0; i < PER_CELL; i++) {
        this.users[at * PER_CELL + i] = users[old * PER_CELL + i]!;
        this.steps[at * PER_CELL + i] = steps[old * PER_CELL + i]!;
        this.hx[at * PER_CELL + i] = hx[old * PER_CELL + i]!;
        this.hy[at * PER_CELL + i] = hy[old * PER_CELL + i]!;
      }
    }
  }
}
