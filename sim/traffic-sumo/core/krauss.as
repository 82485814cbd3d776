/**
 * Krauss' car following in steps, as SUMO 1.15 has it (Euler update: a step is driven at the speed of its end), and its
 * ballistic update, in which a step is driven at the mean of the speeds at its begin and end, and a negative speed means
 * to stop within it. Metres, seconds.
 *
 * Source: the rules and vectors of SUMO's behaviour measured for this project; S. Krauss, Microscopic Modeling of
 * Traffic Flow (1998).
 */
import { dt, isBallistic, perSecond } from './memory';

/** Taken off every distance, so that rounding never carries a vehicle over the line it stops at, m. */
const MARGIN: f64 = 0.001;
/** How much harder than needed a vehicle brakes that must brake harder than it likes to. */
const EMERGENCY_FACTOR: f64 = 1.2;
/** Harder than any braking: stops where no place is left. */
const NO_PLACE_DECEL: f64 = 9;

/** How near to a whole number a quotient may be that was worked out by the reciprocal, for its floor to be believed. */
const CLEAR_OF_WHOLE: f64 = 1e-7;

let divisor: f64 = 1;
let reciprocal: f64 = 1;

/** About 1 / b; most vehicles have the same. */
@inline
function reciprocalOf(b: f64): f64 {
  if (b != divisor) {
    divisor = b;
    reciprocal = 1 / b;
  }
  return reciprocal;
}

/** About v^2 / (2 decel), and never more than a millionth of it off. */
@inline
export function aboutBrakingWay(v: f64, decel: f64): f64 {
  return 0.5 * v * v * dt * reciprocalOf(decel * dt);
}

/** Never more than the distance that one who drives at v covers until standing, braking by `decel`. */
@inline
export function leastBrakingWay(v: f64, decel: f64): f64 {
  return aboutBrakingWay(v, decel) - 0.5 * v * dt;
}

/** Distance covered until standing, braking by `decel` each step after `headway` s at v. */
export function brakeGap(v: f64, decel: f64, headway: f64): f64 {
  if (v <= 0) return 0;
  if (isBallistic) return v * (headway + (0.5 * v) / decel);
  const b = decel * dt;
  const about = v * reciprocalOf(b);
  let n = floor(about);
  if (about - n < CLEAR_OF_WHOLE || about - n > 1 - CLEAR_OF_WHOLE) n = floor(v / b);
  return dt * (n * v - (b * n * (n + 1)) / 2) + v * headway;
}

/**
 * Highest speed of the next step from which one who drives at `v` can still stop within `gap`, with reaction time
 * `headway`; 0 where the gap is none (ballistic: as little as it takes).
 */
export function stopSpeed(gap: f64, decel: f64, headway: f64, v: f64): f64 {
  if (isBallistic) return ballisticStopSpeed(gap, decel, headway, v);
  return eulerStopSpeed(gap, decel, headway);
}

/** The same for one who has moved in this step already, or enters the road. */
export function standingStopSpeed(gap: f64, decel: f64, headway: f64): f64 {
  if (!isBallistic) return eulerStopSpeed(gap, decel, headway);
  const late = decel * headway;
  return sqrt(late * late + 2 * decel * max<f64>(0, gap - MARGIN)) - late;
}

function ballisticStopSpeed(gap: f64, decel: f64, headway: f64, v: f64): f64 {
  const g = max<f64>(0, gap - MARGIN);
  const tau = headway == 0 ? dt : headway;
  if (v * tau >= 2 * g) {
    if (g == 0) return v > 0 ? v - NO_PLACE_DECEL * dt : 0;
    return v - (dt * v * v) / (2 * g);
  }
  const half = (decel * tau) / 2;
  const later = sqrt(half * half + decel * (2 * g - tau * v)) - half;
  return v + (dt * (later - v)) / tau;
}

function eulerStopSpeed(gap: f64, decel: f64, headway: f64): f64 {
  const g = gap - MARGIN;
  if (g < 0) return 0;
  const b = decel * dt;
  // so near that it stops within the step: n is 0 below
  if (g < b * headway * (1 - CLEAR_OF_WHOLE)) return g / headway;
  const about = aboutBrakingSteps(2 * g * reciprocalOf(b), headway);
  let steps = floor(about);
  if (about - steps < CLEAR_OF_WHOLE || about - steps > 1 - CLEAR_OF_WHOLE) {
    const root = sqrt(dt * dt + 4 * (dt * ((2 * g) / b - headway) + headway * headway));
    steps = floor(0.5 - (headway - 0.5 * root) / dt);
  }
  const n: f64 = steps > 0 ? steps : 0;
  const h = 0.5 * n * (n - 1) * b * dt + n * b * headway;
  return n * b + (g - h) / (n * dt + headway);
}

@inline
function aboutBrakingSteps(quotient: f64, headway: f64): f64 {
  const root = sqrt(dt * dt + 4 * (dt * (quotient - headway) + headway * headway));
  return 0.5 - (headway - 0.5 * root) * perSecond;
}

/** Deceleration needed to stop behind a leader that brakes as hard as it can. */
function emergencyDeceleration(gap: f64, v: f64, leaderSpeed: f64, leaderDecel: f64, most: f64): f64 {
  if (gap <= 0) return most;
  const b1 = (0.5 * v * v) / (gap + (0.5 * leaderSpeed * leaderSpeed) / leaderDecel);
  return b1 <= leaderDecel ? b1 : (0.5 * (v * v - leaderSpeed * leaderSpeed)) / gap;
}

/**
 * Highest speed that is safe behind a leader at `leaderSpeed` (which brakes by at most `leaderDecel`), `gap` m ahead
 * (minGap already taken off). Where the usual deceleration does not suffice, harder braking up to `hardest`.
 */
export function followSpeed(
  v: f64,
  gap: f64,
  leaderSpeed: f64,
  leaderDecel: f64,
  decel: f64,
  hardest: f64,
  tau: f64,
): f64 {
  let safe: f64;
  if (gap >= 0) {
    safe = stopSpeed(gap + brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0), decel, tau, v);
  } else {
    safe = v - hardest * dt;
    if (safe < 0 && !isBallistic) safe = 0;
  }
  if (v - safe > decel * dt && decel != hardest) {
    const planned = (v - safe) / dt;
    if (planned > decel + MARGIN) {
      let braking = EMERGENCY_FACTOR * emergencyDeceleration(gap, v, leaderSpeed, leaderDecel, hardest);
      if (braking < decel) braking = decel;
      if (braking > planned) braking = planned;
      safe = v - braking * dt;
      if (safe < 0 && !isBallistic) safe = 0;
    }
  }
  return safe;
}

/** Highest speed that is safe behind a leader for one who enters the road: no harder braking than usual. */
export function entrySpeed(gap: f64, leaderSpeed: f64, leaderDecel: f64, decel: f64, tau: f64): f64 {
  if (gap < 0) return 0;
  const way = brakeGap(leaderSpeed, decel > leaderDecel ? decel : leaderDecel, 0);
  return standingStopSpeed(gap + way, decel, tau);
}

/** Highest speed now, so that braking by at most `decel` one who drives at `v` is down to `target` after `distance` m. */
export function freeSpeed(distance: f64, target: f64, decel: f64, entering: bool, v: f64): f64 {
  if (isBallistic) {
    const seconds: f64 = entering ? 0 : dt;
    const d = distance - MARGIN;
    if (0.5 * (v + target) * seconds >= d) return target;
    const p = 0.5 * decel * seconds;
    return sqrt(p * p - (seconds * v - 2 * d) * decel + target * target) - p;
  }
  const perStep = target * dt;
  if (distance < perStep) return target;
  const b = decel * dt * dt;
  const y = max<f64>(0, ((sqrt((b + 2 * perStep) * (b + 2 * perStep) + 8 * b * distance) - b) * 0.5 - perStep) / b);
  const full = floor(y);
  const exact = (full * full + full) * 0.5 * b + full * perStep + (y > full ? perStep : 0);
  const gained = (full + (entering ? 1.0 : 0.0)) * decel * dt;
  return max<f64>(0, distance - exact) / (full + 1) / dt + gained + target;
}

/** The speed after imperfect driving: up to `sigma` of the acceleration is lost, as `u` in [0, 1) says. */
export function dawdle(v: f64, accel: f64, sigma: f64, u: f64): f64 {
  if (v < 0) return v;
  const slowed = v - dt * sigma * u * (v < accel ? v : accel);
  return slowed > 0 ? slowed : 0;
}

/** Speed after `distance` m of accelerating by `accel` from v. */
export function speedAfter(distance: f64, v: f64, accel: f64): f64 {
  const squared = 2 * distance * accel + v * v;
  return squared > 0 ? sqrt(squared) : 0;
}
