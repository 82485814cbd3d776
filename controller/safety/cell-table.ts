/** Who was last in which cell of the plane: open addressing in typed arrays, four users a cell, grown as needed, emptied in O(1). */

const PER_CELL = 4;

export class CellTable {
  #size = 1024;
  #used = 0;
  #epoch = 1;
  #epochs = new Int32Array(this.#size);
  #xs = new Int32Array(this.#size);
  #ys = new Int32Array(this.#size);
  /** `users[cell * 4 + i]`, -1 where none. */
  users = new Int32Array(this.#size * PER_CELL);
  steps = new Int32Array(this.#size * PER_CELL);

  clear(): void {
    this.#epoch++;
    this.#used = 0;
  }

  get cells(): number {
    return this.#used;
  }

  #slot(x: number, y: number): number {
    const mask = this.#size - 1;
    let at = (Math.imul(x, 73_856_093) ^ Math.imul(y, 19_349_663)) & mask;
    while (this.#epochs[at] === this.#epoch && (this.#xs[at] !== x || this.#ys[at] !== y)) at = (at + 1) & mask;
    return at;
  }

  /** Index of the cell's first record, or -1. */
  find(x: number, y: number): number {
    const at = this.#slot(x, y);
    return this.#epochs[at] === this.#epoch ? at * PER_CELL : -1;
  }

  /** Notes that `user` is in the cell at `step`; of more than four, the one longest ago is forgotten. */
  mark(x: number, y: number, user: number, step: number): void {
    let at = this.#slot(x, y);
    if (this.#epochs[at] !== this.#epoch) {
      if (this.#used * 2 > this.#size) {
        this.#grow();
        at = this.#slot(x, y);
      }
      this.#epochs[at] = this.#epoch;
      this.#xs[at] = x;
      this.#ys[at] = y;
      this.#used++;
      this.users.fill(-1, at * PER_CELL, at * PER_CELL + PER_CELL);
    }
    const first = at * PER_CELL;
    let oldest = first;
    for (let i = first; i < first + PER_CELL; i++) {
      if (this.users[i] === user || this.users[i] === -1) {
        oldest = i;
        break;
      }
      if (this.steps[i]! < this.steps[oldest]!) oldest = i;
    }
    this.users[oldest] = user;
    this.steps[oldest] = step;
  }

  #grow(): void {
    const [epochs, xs, ys, users, steps, size] = [this.#epochs, this.#xs, this.#ys, this.users, this.steps, this.#size];
    this.#size = size * 2;
    this.#epochs = new Int32Array(this.#size);
    this.#xs = new Int32Array(this.#size);
    this.#ys = new Int32Array(this.#size);
    this.users = new Int32Array(this.#size * PER_CELL);
    this.steps = new Int32Array(this.#size * PER_CELL);
    for (let i = 0; i < size; i++) {
      if (epochs[i] !== this.#epoch) continue;
      const at = this.#slot(xs[i]!, ys[i]!);
      this.#epochs[at] = this.#epoch;
      this.#xs[at] = xs[i]!;
      this.#ys[at] = ys[i]!;
      for (let j = 0; j < PER_CELL; j++) {
        this.users[at * PER_CELL + j] = users[i * PER_CELL + j]!;
        this.steps[at * PER_CELL + j] = steps[i * PER_CELL + j]!;
      }
    }
  }
}
