/** Who is in a recording that shows everybody at every step: who is missing has left. */
export class Present {
  #now = new Set<string>();
  #before = new Set<string>();

  add(id: string): void {
    this.#now.add(id);
  }

  /** A step is over. Calls `left` for each who was there in the one before and no more. */
  step(left: (id: string) => void): void {
    for (const id of this.#before) if (!this.#now.has(id)) left(id);
    const empty = this.#before;
    empty.clear();
    this.#before = this.#now;
    this.#now = empty;
  }
}
