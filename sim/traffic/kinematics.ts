/** Motion along a line: metres, seconds, m/s, m/s2; decelerations are positive. */

/** Speed after `h` seconds from which, braking at d, one stops within `gap` plus what a leader at vL needs at dL. */
export function safeSpeed(v: number, d: number, vL: number, dL: number, gap: number, h: number): number {
  const room = gap + (0.5 * vL * vL) / dL - (v * h) / 2;
  const inside = (h * h) / 4 + (2 * room) / d;
  return inside < 0 ? -d * h : d * (Math.sqrt(inside) - h / 2);
}

/** Speed on the way to a halt after `away` metres: at deceleration `usual`, harder (up to `hardest`) where it must be. */
export function stoppingSpeed(v: number, away: number, usual: number, hardest: number, h: number): number {
  if (away <= 0) return -hardest * h;
  const needed = (0.5 * v * v) / away;
  const d = needed > usual ? (needed < hardest ? needed : hardest) : usual;
  return safeSpeed(v, d, 0, 1, away, h);
}

/** Seconds after which `away` metres are covered by a speed that goes evenly from v0 to v1 in dt. */
export function crossingTime(v0: number, v1: number, dt: number, away: number): number {
  const inside = v0 * v0 + (2 * (v1 - v0) * away) / dt;
  const denominator = v0 + Math.sqrt(inside > 0 ? inside : 0);
  const seconds = denominator > 0 ? (2 * away) / denominator : dt;
  return seconds < dt ? seconds : dt;
}

/** Whether one at `speed` can stop within `away` metres, braking at `deceleration`; who stands always can. */
export function canStop(speed: number, away: number, deceleration: number): boolean {
  return speed * speed <= 2 * deceleration * (away > 0 ? away : 0);
}
