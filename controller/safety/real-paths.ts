/** Whether a forecast came true along the paths really driven. */
import { overlap } from './geometry.ts';
import type { Users } from './users.ts';

/** Where a user is on its path; `advance` moves it on. One for each of a pair, used again and again. */
class Walker {
  x = 0;
  y = 0;
  hx = 1;
  hy = 0;
  #slot = 0;
  #step = 0;
  #last = 0;

  start(users: Users, slot: number, step: number, until: number): void {
    const at = slot * users.places + (step & (users.places - 1));
    this.x = users.trail[at * 4]!;
    this.y = users.trail[at * 4 + 1]!;
    this.hx = users.trail[at * 4 + 2]!;
    this.hy = users.trail[at * 4 + 3]!;
    this.#slot = slot;
    this.#step = step;
    this.#last = Math.min(until, users.lastStep[slot]!);
  }

  /** `metres` on along the path; straight on where it ends. */
  advance(users: Users, metres: number): void {
    let left = metres;
    while (left > 0 && this.#step < this.#last) {
      const at = this.#slot * users.places + ((this.#step + 1) & (users.places - 1));
      const dx = users.trail[at * 4]! - this.x;
      const dy = users.trail[at * 4 + 1]! - this.y;
      const there = Math.sqrt(dx * dx + dy * dy);
      if (there > left) {
        this.x += (dx / there) * left;
        this.y += (dy / there) * left;
        return;
      }
      left -= there;
      this.#step++;
      this.x = users.trail[at * 4]!;
      this.y = users.trail[at * 4 + 1]!;
      this.hx = users.trail[at * 4 + 2]!;
      this.hy = users.trail[at * 4 + 3]!;
    }
    this.x += this.hx * left;
    this.y += this.hy * left;
  }
}

const walkerA = new Walker();
const walkerB = new Walker();

/**
 * Whether `a` and `b`, each going on from `step` at the speed that it had, along the path that it really took until step
 * `until`, would have met within `steps` (SSAM's rule for who is on course for whom).
 */
export function wouldHaveMet(
  users: Users,
  a: number,
  b: number,
  step: number,
  speedA: number,
  speedB: number,
  steps: number,
  until: number,
  stepSeconds: number,
): boolean {
  walkerA.start(users, a, step, until);
  walkerB.start(users, b, step, until);
  const halfLengthA = users.length[a]! / 2;
  const halfWidthA = users.width[a]! / 2;
  const halfLengthB = users.length[b]! / 2;
  const halfWidthB = users.width[b]! / 2;
  for (let i = 0; i < steps; i++) {
    walkerA.advance(users, speedA * stepSeconds);
    walkerB.advance(users, speedB * stepSeconds);
    const { x, y, hx, hy } = walkerA;
    if (
      overlap(
        x,
        y,
        hx,
        hy,
        halfLengthA,
        halfWidthA,
        walkerB.x,
        walkerB.y,
        walkerB.hx,
        walkerB.hy,
        halfLengthB,
        halfWidthB,
      )
    )
      return true;
  }
  return false;
}
