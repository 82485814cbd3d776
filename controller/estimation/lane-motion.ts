/**
 * Where the vehicles of a lane are: each drives on behind who is before it, no faster than lets it stop behind, and stops at
 * a line that is not green. So a queue moves off and closes up as queues do, and who passed a detector long ago is known to
 * be still on the way.
 */

/** A vehicle before a stop line. */
export interface Moving {
  /** From its front to the stop line. */
  metres: number;
  metresPerSecond: number;
  /** When it was first held up (slower than a walk), ms; 0: it was not. */
  heldMs: number;
  /** When it came to the line, ms; 0: not yet. */
  atLineMs: number;
}

/** What a vehicle that stands takes of a lane, metres. */
const STANDING_METRES = 7.5;
/** Whose front is so near is at the line, metres. */
const AT_LINE_METRES = 3;
/** Vehicles stop so far before the line, metres. */
const STOPS_METRES = 1;
/** Acceleration of vehicles that set off, and the braking that they count on, m/s^2. */
const ACCELERATION = 2.3;
const BRAKING = 4.5;
/** Who follows sees what the one before does so much later, seconds. */
const REACTION_SECONDS = 1;
const HELD_METRES_PER_SECOND = 2;
const MOST_STEPS = 30;
/** Who is further behind than this does not go by the one before, metres. */
const PLATOON_METRES = 25;

export interface Passage {
  readonly seconds: number;
  readonly nowMs: number;
  /** Speed limit, m/s. */
  readonly limit: number;
  /** Vehicles that stand side by side. */
  readonly abreast: number;
  /** Somebody may cross the line. */
  readonly isOpen: boolean;
}

/** Lets time pass up to `nowMs`. Changes the vehicles, the first at the line first. */
export function drive(vehicles: readonly Moving[], { seconds, nowMs, limit, abreast, isOpen }: Passage): void {
  const steps = Math.min(MOST_STEPS, Math.ceil(seconds));
  for (let step = 1; step <= steps; step++) {
    // the last first, so that each goes by where the one before was
    for (let k = vehicles.length - 1; k >= 0; k--)
      move(vehicles[k]!, vehicles[k - abreast], isOpen, seconds / steps, limit);
  }
  for (let k = 0; k < vehicles.length; k++) {
    const one = vehicles[k]!;
    const before = vehicles[k - abreast];
    if (before !== undefined && one.metres < before.metres + STANDING_METRES) {
      one.metres = before.metres + STANDING_METRES;
      one.metresPerSecond = Math.min(one.metresPerSecond, before.metresPerSecond);
    }
    if (one.heldMs === 0 && one.metresPerSecond < HELD_METRES_PER_SECOND) one.heldMs = nowMs;
    if (one.metres > AT_LINE_METRES) one.atLineMs = 0;
    else if (one.atLineMs === 0) one.atLineMs = nowMs;
  }
}

function move(one: Moving, before: Moving | undefined, isOpen: boolean, dt: number, limit: number): void {
  let speed = Math.min(limit, one.metresPerSecond + ACCELERATION * dt);
  if (before !== undefined)
    speed = Math.min(speed, safe(one.metres - before.metres - STANDING_METRES, before.metresPerSecond));
  else if (!isOpen) speed = Math.min(speed, safe(one.metres - STOPS_METRES, 0));
  one.metresPerSecond = speed;
  one.metres = Math.max(0, one.metres - speed * dt);
}

/** The speed from which it can still stop behind who brakes at `gap` metres (Krauss 1998). */
function safe(gap: number, speed: number): number {
  if (gap <= 0) return 0;
  const b = BRAKING * REACTION_SECONDS;
  return Math.sqrt(b * b + speed * speed + 2 * BRAKING * gap) - b;
}

/** The first has crossed the line, which it was `metres` from: who follow it closely are as much further on. */
export function closeUp(followers: readonly Moving[], metres: number): void {
  let before = metres;
  for (const one of followers) {
    if (one.metres - before > PLATOON_METRES) return;
    before = one.metres;
    one.metres = Math.max(0, one.metres - metres);
  }
}
