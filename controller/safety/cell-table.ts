/**
 * Who was last in which cell of the plane, and how it headed: open addressing in typed arrays, four users a cell. What is
 * older than it can matter is overwritten, and dropped when the table is full: its size is that of the last seconds.
 */

const PER_CELL = 4;

export class CellTable {
  #size = 1024;
  #used = 0;
  #xs = new Int32Array(this.#size);
  #ys = new Int32Array(this.#size);
  #taken = new Uint8Array(this.#size);
  /** `users[cell * 4 + i]`, -1 where none. */
  users = new Int32Array(this.#size * PER_CELL).fill(-1);
  steps = new Int32Array(this.#size * PER_CELL);
  hx = new Float32Array(this.#size * PER_CELL);
  hy = new Float32Array(this.#size * PER_CELL);

  clear(): void {
    this.#used = 0;
    this.#taken.fill(0);
    this.users.fill(-1);
  }

  get cells(): number {
    return this.#used;
  }

  #slot(x: number, y: number): number {
    const mask = this.#size - 1;
    let at = (Math.imul(x, 73_856_093) ^ Math.imul(y, 19_349_663)) & mask;
    while (this.#taken[at] === 1 && (this.#xs[at] !== x || this.#ys[at] !== y)) at = (at + 1) & mask;
    return at;
  }

  /** Index of the cell's first record; a cell that is not there yet is made. `oldest`: steps before it do not matter any more. */
  cell(x: number, y: number, oldest: number): number {
    let at = this.#slot(x, y);
    if (this.#taken[at] === 0) {
      if (this.#used * 2 > this.#size) {
        this.#rebuild(oldest);
        at = this.#slot(x, y);
      }
      this.#taken[at] = 1;
      this.#xs[at] = x;
      this.#ys[at] = y;
      this.#used++;
    }
    return at * PER_CELL;
  }

  /** Notes in the cell whose records begin at `first` that `user` is there at `step`; of more than four, the one longest ago is forgotten. */
  mark(first: number, user: number, step: number, hx: number, hy: number): void {
    const { users, steps } = this;
    let at = first;
    for (let i = first; i < first + PER_CELL; i++) {
      if (users[i] === user || users[i] === -1) {
        at = i;
        break;
      }
      if (steps[i]! < steps[at]!) at = i;
    }
    users[at] = user;
    steps[at] = step;
    this.hx[at] = hx;
    this.hy[at] = hy;
  }

  /** Drops what is older than `oldest`; doubles the table where that is not enough. */
  #rebuild(oldest: number): void {
    const [xs, ys, taken, users, steps, hx, hy, size] = [
      this.#xs,
      this.#ys,
      this.#taken,
      this.users,
      this.steps,
      this.hx,
      this.hy,
      this.#size,
    ];
    let live = 0;
    for (let at = 0; at < size; at++) {
      if (taken[at] === 0) continue;
      let newest = Number.NEGATIVE_INFINITY;
      for (let i = at * PER_CELL; i < at * PER_CELL + PER_CELL; i++)
        if (users[i]! >= 0 && steps[i]! > newest) newest = steps[i]!;
      if (newest < oldest) taken[at] = 2;
      else live++;
    }
    if (live * 4 > size) this.#size = size * 2;
    this.#xs = new Int32Array(this.#size);
    this.#ys = new Int32Array(this.#size);
    this.#taken = new Uint8Array(this.#size);
    this.users = new Int32Array(this.#size * PER_CELL).fill(-1);
    this.steps = new Int32Array(this.#size * PER_CELL);
    this.hx = new Float32Array(this.#size * PER_CELL);
    this.hy = new Float32Array(this.#size * PER_CELL);
    this.#used = live;
    for (let old = 0; old < size; old++) {
      if (taken[old] !== 1) continue;
      const at = this.#slot(xs[old]!, ys[old]!);
      this.#taken[at] = 1;
      this.#xs[at] = xs[old]!;
      this.#ys[at] = ys[old]!;
      for (let i = 0; i < PER_CELL; i++) {
        this.users[at * PER_CELL + i] = users[old * PER_CELL + i]!;
        this.steps[at * PER_CELL + i] = steps[old * PER_CELL + i]!;
        this.hx[at * PER_CELL + i] = hx[old * PER_CELL + i]!;
        this.hy[at * PER_CELL + i] = hy[old * PER_CELL + i]!;
      }
    }
  }
}
