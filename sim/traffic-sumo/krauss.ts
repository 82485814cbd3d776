/**
 * Krauss' car following in steps, as SUMO 1.15 has it (Euler update: a step is driven at the speed of its end). Metres,
 * seconds; `dt` is the step. After `setUpdate(true)` they are those of the ballistic update, in which a step is driven at the
 * mean of the speeds at its begin and end, and a negative speed means to stop within it. Nothing is allocated.
 *
 * Source: the rules and vectors of SUMO's behaviour measured for this project; S. Krauss, Microscopic Modeling of
 * Traffic Flow (1998).
 */

/** Taken off every distance, so that rounding never carries a vehicle over the line it stops at, m. */
const MARGIN = 0.001;
/** How much harder than needed a vehicle brakes that must brake harder than it likes to. */
const EMERGENCY_FACTOR = 1.2;

let ballistic = false;

/** Chooses the update; engines do so before each step, since several may run by turns. */
export function setUpdate(isBallistic: boolean): void {
  ballistic = isBallistic;
}

/** Distance covered until standing, braking by `decel` each step after `headway` s at v. */
export function brakeGap(v: number, decel: number, headway: number, dt: number): number {
  if (v <= 0) return 0;
  if (ballistic) return v * (headway + (0.5 * v) / decel);
  const b = decel * dt;
  const n = Math.floor(v / b);
  return dt * (n * v - (b * n * (n + 1)) / 2) + v * headway;
}

/**
 * Highest speed of the next step from which one who drives at `v` can still stop within `gap`, with reaction time
 * `headway`; 0 where the gap is none (ballistic: as little as it takes).
 */
export function stopSpeed(gap: number, decel: number, headway: number, dt: number, v: number): number {
  if (ballistic) return ballisticStopSpeed(gap, decel, headway, dt, v);
  return eulerStopSpeed(gap, decel, headway, dt);
}

/** The same for one who has moved in this step already, or enters the road. */
export function standingStopSpeed(gap: number, decel: number, headway: number, dt: number): number {
  if (!ballistic) return eulerStopSpeed(gap, decel, headway, dt);
  const late = decel * headway;
  return Math.sqrt(late * late + 2 * decel * Math.max(0, gap - MARGIN)) - late;
}

/** Harder than any braking: stops where no place is left. */
const NO_PLACE_DECEL = 9;

function ballisticStopSpeed(gap: number, decel: number, headway: number, dt: number, v: number): number {
  const g = Math.max(0, gap - MARGIN);
  const tau = headway === 0 ? dt : headway;
  if (v * tau >= 2 * g) {
    if (g === 0) return v > 0 ? v - NO_PLACE_DECEL * dt : 0;
    return v - (dt * v * v) / (2 * g);
  }
  const half = (decel * tau) / 2;
  const later = Math.sqrt(half * half + decel * (2 * g - tau * v)) - half;
  return v + (dt * (later - v)) / tau;
}

function eulerStopSpeed(gap: number, decel: number, headway: number, dt: number): number {
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
    safe = stopSpeed(gap + brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0, dt), decel, tau, dt, v);
  } else {
    safe = v - emergencyDecel * dt;
    if (safe < 0 && !ballistic) safe = 0;
  }
  if (decel !== emergencyDecel) {
    const planned = (v - safe) / dt;
    if (planned > decel + MARGIN) {
      let braking = EMERGENCY_FACTOR * emergencyDeceleration(gap, v, leaderSpeed, leaderDecel, emergencyDecel);
      if (braking < decel) braking = decel;
      if (braking > planned) braking = planned;
      safe = v - braking * dt;
      if (safe < 0 && !ballistic) safe = 0;
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
  return standingStopSpeed(
    gap + brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0, dt),
    decel,
    tau,
    dt,
  );
}

/** Highest speed now, so that braking by at most `decel` one who drives at `v` is down to `target` after `distance` m. */
export function freeSpeed(
  distance: number,
  target: number,
  decel: number,
  entering: boolean,
  dt: number,
  v: number,
): number {
  if (ballistic) {
    const step = entering ? 0 : dt;
    const d = distance - MARGIN;
    if (0.5 * (v + target) * step >= d) return target;
    const p = 0.5 * decel * step;
    return Math.sqrt(p * p - (step * v - 2 * d) * decel + target * target) - p;
  }
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
  if (v < 0) return v;
  const slowed = v - dt * sigma * u * (v < accel ? v : accel);
  return slowed > 0 ? slowed : 0;
}

/** Speed after `distance` m of accelerating by `accel` from v. */
export function speedAfter(distance: number, v: number, accel: number): number {
  const squared = 2 * distance * accel + v * v;
  return squared > 0 ? Math.sqrt(squared) : 0;
}
