/**
 * Krauss' car following in steps, as SUMO 1.15 has it (Euler update: a step is driven at the speed of its end). Metres,
 * seconds. All functions are pure and allocate nothing; `dt` is the step.
 *
 * Source: the rules and vectors of SUMO's behaviour measured for this project; S. Krauss, Microscopic Modeling of
 * Traffic Flow (1998).
 */

/** Taken off every distance, so that rounding never carries a vehicle over the line it stops at, m. */
const MARGIN = 0.001;
/** How much harder than needed a vehicle brakes that must brake harder than it likes to. */
const EMERGENCY_FACTOR = 1.2;

/** Distance covered until standing, braking by `decel` each step after `headway` s at v. */
export function brakeGap(v: number, decel: number, headway: number, dt: number): number {
  if (v <= 0) return 0;
  const b = decel * dt;
  const n = Math.floor(v / b);
  return dt * (n * v - (b * n * (n + 1)) / 2) + v * headway;
}

/** Highest speed from which one can still stop within `gap`, with reaction time `headway`; 0 where the gap is none. */
export function stopSpeed(gap: number, decel: number, headway: number, dt: number): number {
  const g = gap - MARGIN;
  if (g < 0) return 0;
  const b = decel * dt;
  const root = Math.sqrt(dt * dt + 4 * (dt * ((2 * g) / b - headway) + headway * headway));
  const steps = Math.floor(0.5 - (headway - 0.5 * root) / dt);
  const n = steps > 0 ? steps : 0;
  const h = 0.5 * n * (n - 1) * b * dt + n * b * headway;
  return n * b + (g - h) / (n * dt + headway);
}

/** Deceleration needed to stop behind a leader that brakes as hard as it can. */
function emergencyDeceleration(gap: number, v: number, leaderSpeed: number, leaderDecel: number, most: number): number {
  if (gap <= 0) return most;
  const b1 = (0.5 * v * v) / (gap + (0.5 * leaderSpeed * leaderSpeed) / leaderDecel);
  return b1 <= leaderDecel ? b1 : (0.5 * (v * v - leaderSpeed * leaderSpeed)) / gap;
}

/**
 * Highest speed that is safe behind a leader at `leaderSpeed` (which brakes by at most `leaderDecel`), `gap` m ahead
 * (minGap already taken off). Where the usual deceleration does not suffice, harder braking up to `emergencyDecel`.
 */
export function followSpeed(
  v: number,
  gap: number,
  leaderSpeed: number,
  leaderDecel: number,
  decel: number,
  emergencyDecel: number,
  tau: number,
  dt: number,
): number {
  let safe: number;
  if (gap >= 0) {
    safe = stopSpeed(gap + brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0, dt), decel, tau, dt);
  } else {
    safe = v - emergencyDecel * dt;
    if (safe < 0) safe = 0;
  }
  if (decel !== emergencyDecel) {
    const planned = (v - safe) / dt;
    if (planned > decel + MARGIN) {
      let braking = EMERGENCY_FACTOR * emergencyDeceleration(gap, v, leaderSpeed, leaderDecel, emergencyDecel);
      if (braking < decel) braking = decel;
      if (braking > planned) braking = planned;
      safe = v - braking * dt;
      if (safe < 0) safe = 0;
    }
  }
  return safe;
}

/** Highest speed that is safe behind a leader for one who enters the road: no harder braking than usual. */
export function entrySpeed(
  gap: number,
  leaderSpeed: number,
  leaderDecel: number,
  decel: number,
  tau: number,
  dt: number,
): number {
  if (gap < 0) return 0;
  return stopSpeed(gap + brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0, dt), decel, tau, dt);
}

/** Highest speed now, so that braking by at most `decel` one is down to `target` after `distance` m. */
export function freeSpeed(distance: number, target: number, decel: number, entering: boolean, dt: number): number {
  const perStep = target * dt;
  if (distance < perStep) return target;
  const b = decel * dt * dt;
  const y = Math.max(
    0,
    ((Math.sqrt((b + 2 * perStep) * (b + 2 * perStep) + 8 * b * distance) - b) * 0.5 - perStep) / b,
  );
  const full = Math.floor(y);
  const exact = (full * full + full) * 0.5 * b + full * perStep + (y > full ? perStep : 0);
  const gained = (full + (entering ? 1 : 0)) * decel * dt;
  return Math.max(0, distance - exact) / (full + 1) / dt + gained + target;
}

/** The speed after imperfect driving: up to `sigma` of the acceleration is lost, as `u` in [0, 1) says. */
export function dawdle(v: number, accel: number, sigma: number, u: number, dt: number): number {
  const slowed = v - dt * sigma * u * (v < accel ? v : accel);
  return slowed > 0 ? slowed : 0;
}

/** Speed after `distance` m of accelerating by `accel` from v. */
export function speedAfter(distance: number, v: number, accel: number): number {
  const squared = 2 * distance * accel + v * v;
  return squared > 0 ? Math.sqrt(squared) : 0;
}
