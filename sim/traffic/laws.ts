/**
 * Car following by other laws than IDM, for our own networks: the speed a driver wants next, before what lanes, signals and
 * others bound. Metres, seconds; decelerations positive.
 */

/**
 * Krauss's model as SUMO has it, in its continuous form: the speed from which one stops behind a leader that brakes, with
 * `headway` seconds of reaction; `shortfall` (0-1) of what could be gained in the step is left out (SUMO's sigma times
 * a random number). Without leader give `gap` above 1e8.
 */
export function kraussSpeed(
  v: number,
  leaderSpeed: number,
  gap: number,
  minGap: number,
  desired: number,
  acceleration: number,
  deceleration: number,
  leaderDeceleration: number,
  headway: number,
  shortfall: number,
  h: number,
): number {
  let goal = v + acceleration * h;
  if (desired < goal) goal = desired > v - deceleration * h ? desired : v - deceleration * h;
  if (gap < 1e8) {
    const room = gap - minGap;
    const back = deceleration * headway;
    const inside =
      back * back + (leaderSpeed * leaderSpeed * deceleration) / leaderDeceleration + 2 * deceleration * room;
    const safe = room > 0 && inside > 0 ? Math.sqrt(inside) - back : 0;
    if (safe < goal) goal = safe;
  }
  const least = v - deceleration * h;
  const dawdled = goal - shortfall * h * (goal < acceleration ? goal : acceleration);
  return dawdled > least ? dawdled : goal < least ? goal : least;
}

/** The speed after h from which one stops behind a leader that brakes, as CityFlow works it out; -100 where there is none. */
function noCollision(vL: number, dL: number, v: number, d: number, gap: number, target: number, h: number): number {
  const c = (v * h) / 2 + target - (0.5 * vL * vL) / dL - gap;
  const a = 0.5 / d;
  const b = 0.5 * h;
  const inside = b * b - 4 * a * c;
  if (inside < 0) return -100;
  const v1 = (0.5 / a) * (Math.sqrt(inside) - b);
  const v2 = 2 * vL - dL * h + (2 * (gap - target)) / h;
  return v1 < v2 ? v1 : v2;
}

/** CityFlow's speed behind a leader; the facts of the model are in its own step (`cityflow-core.as`). */
export function cityFlowSpeed(
  v: number,
  leaderSpeed: number,
  gap: number,
  minGap: number,
  desired: number,
  acceleration: number,
  deceleration: number,
  hardest: number,
  leaderHardest: number,
  leaderUsual: number,
  headway: number,
  h: number,
): number {
  let goal = v + acceleration * h;
  if (desired < goal) goal = desired > v - deceleration * h ? desired : v - deceleration * h;
  if (gap >= 1e8) return goal;
  const hard = noCollision(leaderSpeed, leaderHardest, v, hardest, gap, 0, h);
  if (hard < goal) goal = hard;
  const usual = noCollision(leaderSpeed, leaderUsual, v, deceleration, gap, minGap, h);
  if (usual < goal) goal = usual;
  const excess = v > leaderSpeed ? v - leaderSpeed : 0;
  const spaced = (gap + (leaderSpeed + excess / 2) * h - (v * h) / 2) / (headway + h / 2);
  return spaced < goal ? spaced : goal;
}

/** A number in [0, 1) that depends on the vehicle, the substep and the seed alone. */
export function chance(vehicle: number, substep: number, seed: number): number {
  let x = Math.imul(vehicle + 1, 0x9e3779b1) ^ Math.imul(substep + 1, 0x85ebca6b) ^ Math.imul(seed + 1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296;
}
