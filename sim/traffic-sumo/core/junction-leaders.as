/** Whom a vehicle follows or gives way to inside a junction: those who are in it on lanes that conflict with its own. */
import { greenState, linkState, majorState, redState, YELLOW } from './junction-rules';
import { followSpeed, stopSpeed } from './krauss';
import { CONFLICT_BYTES } from './layout';
import {
  aheadOf, claimExitOf, claimInsideOf, conflictAt, conflictEnteredOf, conflictFirstOf, contOf, dt, enteredFirstOf,
  enteredOf, laneCount, lastOf, leaverOf, linkStartOf, onSegmentOf, partLengthOf, positionOf, radiusOf, roadOf, segmentOf,
  speedOf, standingOf, typeOf, waitAtOf,
} from './memory';
import {
  accel, apparentDecel, conflictBehind, conflictFoe, conflictSize, decel, emergencyDecel, foeBehind, foePart, foeSize,
  foeWaits, foeYields, maxSpeed, merges, minGap, parts, tau, typeLength, yields,
} from './records';
import { leaverRear, STANDING_SPEED } from './traffic';

/** Added to a vehicle's length for the angle at which lanes meet, m. */
const CHORD_MARGIN: f64 = 2;
/** Least distance that counts, m. */
const MARGIN: f64 = 0.1;
/** Whoever has stood inside for this long is not waited for with a claim to the junction, s. */
const BLOCKAGE_SECONDS: f64 = 5;

/** What `heedInside` lowers: the speed so far and that at the part's end; and which claims it says to give up. */
export let heededSpeed: f64 = 0;
export let heededAtEnd: f64 = 0;
export let heededClaims: i32 = 0;
const GIVE_UP_THIS: i32 = 1;
export const GIVE_UP_ENTRY: i32 = 2;

/**
 * Lowers `speed` and `atEnd` for vehicles on lanes that conflict with part `part` of `link`, whose end is `seen` m ahead.
 * `wait`: speed with which the vehicle stops before the junction, negative where it is in it already.
 */
export function heedInside(
  vehicle: i32,
  type: usize,
  link: i32,
  part: i32,
  seen: f64,
  wait: f64,
  speed: f64,
  atEnd: f64,
): void {
  heededClaims = 0;
  heededSpeed = speed;
  heededAtEnd = atEnd;
  const p = 2 * (link - laneCount) + part;
  const begin = conflictAt(conflictFirstOf(p));
  const end = conflictAt(conflictFirstOf(p + 1));
  for (let e = begin; e < end; e += CONFLICT_BYTES) {
    const foe = conflictFoe(e);
    if (onSegmentOf(foe) == 0 && leaverOf(foe) < 0) continue;
    const toCrossing = seen - conflictBehind(e);
    if (toCrossing + conflictSize(e) < 0 && merges(e) == 0) continue;
    const waitsAt = waitAtOf(foe);
    const two = contOf(foe) == 1;
    for (let w = lastOf(foe); w >= 0; w = aheadOf(w)) {
      if (w == vehicle) continue;
      const front = positionOf(w);
      const rear = front - typeLength(typeOf(w));
      if (!two) heed(vehicle, type, link, p, seen, wait, e, w, rear, true, toCrossing);
      else if (foePart(e) == 0) {
        if (front <= waitsAt) heed(vehicle, type, link, p, seen, wait, e, w, rear, true, toCrossing);
        else if (rear < waitsAt) heed(vehicle, type, link, p, seen, wait, e, w, rear, false, toCrossing);
      } else if (front > waitsAt) heed(vehicle, type, link, p, seen, wait, e, w, rear - waitsAt, true, toCrossing);
    }
    const gone = leaverOf(foe);
    if (gone < 0 || gone == vehicle || (two && foePart(e) == 0)) continue;
    const rear = leaverRear(foe);
    if (rear == Infinity) continue;
    heed(vehicle, type, link, p, seen, wait, e, gone, two ? rear - waitsAt : rear, false, toCrossing);
  }
}

/** Takes vehicle `w` on the conflicting lane of `e` into account; `rear`: from the begin of that lane. */
function heed(
  vehicle: i32,
  type: usize,
  link: i32,
  p: i32,
  seen: f64,
  wait: f64,
  e: usize,
  w: i32,
  rear: f64,
  frontOn: bool,
  toCrossing: f64,
): void {
  const foe = conflictFoe(e);
  const within = segmentOf(vehicle) == link;
  const foeLength = partLengthOf(2 * (foe - laneCount) + foePart(e));
  const isMerging = merges(e) == 1;
  const isParting = parts(e) == 1;
  const waits = foeWaits(e) == 1;
  const size = typeLength(typeOf(w));
  const rearTo = foeLength - foeBehind(e) - rear;
  // in a bend the body of a vehicle cuts the corner: NaN where it is longer than the bend is wide
  const radius = radiusOf(link - laneCount);
  let cut: f64 = 0;
  if (radius > 0) {
    const chord = typeLength(type) + CHORD_MARGIN;
    cut = radius - sqrt(radius * radius - (chord * chord) / 4);
  }
  const past = rearTo + foeSize(e) + cut < 0;
  const foeTwo = contOf(foe) == 1 && foePart(e) == 0;
  const inWay = ((!past && toCrossing > 0) || (isMerging && toCrossing > rearTo - size)) && rearTo < size && !foeTwo;
  if (waits && !inWay) {
    if (greenState(linkState(link)) && greenState(linkState(foe)) && linkStartOf(link) != linkStartOf(foe)) return;
  }
  if (toCrossing < -MARGIN && !inWay) return;
  if (isParting && within && rear + size < positionOf(vehicle) - typeLength(type)) return;
  const cannotIgnore = waits || isMerging || isParting;
  if (!inWay && frontOn && (!cannotIgnore || isMerging) && !willPass(w, foeTwo, isMerging)) return;
  let gap: f64;
  if (waits && !isParting) gap = -Infinity;
  else {
    if (past && !isMerging) return;
    let behind = rearTo;
    if (isMerging && behind < 0) behind += max<f64>(0, foeBehind(e) - conflictBehind(e));
    gap = toCrossing - minGap(type) - behind - foeSize(e);
  }
  if (within && !inWay && segmentOf(w) == foe && !isLeader(vehicle, link, e, w, gap)) return;
  const asap = frontOn ? cannotIgnore : isMerging || isParting;
  const safe = safeSpeed(vehicle, type, w, gap, seen - partLengthOf(p), asap ? -1 : toCrossing);
  if (safe < heededSpeed) heededSpeed = safe;
  if (safe < heededAtEnd) heededAtEnd = safe;
  if (wait >= 0 && heededSpeed < wait) heededSpeed = wait;
  if (heededSpeed < STANDING_SPEED) {
    const sameOrigin = linkStartOf(link) == linkStartOf(foe) && frontOn;
    if (sameOrigin || standingOf(w) > BLOCKAGE_SECONDS) {
      heededClaims |= GIVE_UP_THIS;
      if (sameOrigin && segmentOf(vehicle) == linkStartOf(link)) heededClaims |= GIVE_UP_ENTRY;
    }
  }
}

/** Whether a vehicle inside meant to leave its lane there in the step before. */
function willPass(w: i32, waiting: bool, merging: bool): bool {
  const claim = waiting ? claimInsideOf(w) : claimExitOf(w);
  return claim == 0 ? merging : claim == 1;
}

/** Highest speed behind a vehicle on a conflicting lane; `toJunction`: where to stop if there is no place at all. */
function safeSpeed(vehicle: i32, type: usize, w: i32, gap: f64, toJunction: f64, toCrossing: f64): f64 {
  const v = speedOf(vehicle);
  const u = speedOf(w);
  let safe: f64;
  if (gap >= 0) {
    safe = followSpeed(v, gap, u, apparentDecel(typeOf(w)), decel(type), emergencyDecel(type), tau(type));
  } else safe = stopSpeed(toJunction - MARGIN, decel(type), dt, v);
  const fastest = min<f64>(maxSpeed(type), v + accel(type) * dt);
  if (toCrossing < 0) return min<f64>(safe, fastest);
  const rest = toCrossing - gap;
  const seconds = rest / max<f64>(u, STANDING_SPEED);
  const reach = toCrossing - minGap(type);
  const final = max<f64>(v, (2 * reach) / seconds - v);
  const next = v + (dt * (final - v)) / seconds;
  return min<f64>(fastest, max<f64>(safe, min<f64>(next, stopSpeed(reach, decel(type), dt, v))));
}

/** Of two inside the junction, whether `w` goes first. */
function isLeader(vehicle: i32, link: i32, e: usize, w: i32, gap: f64): bool {
  const foe = conflictFoe(e);
  let own = conflictEnteredOf(vehicle);
  let theirs = enteredOf(w);
  if (roadOf(linkStartOf(link)) == roadOf(linkStartOf(foe))) {
    own = enteredFirstOf(vehicle);
    theirs = enteredFirstOf(w);
  } else {
    const code = linkState(link);
    const foeCode = linkState(foe);
    let yieldsTo = yields(e) == 1;
    let isYieldedTo = foeYields(e) == 1;
    if (redState(code) || redState(foeCode)) {
      if (!redState(foeCode) && speedOf(w) > STANDING_SPEED && gap < 0) {
        yieldsTo = true;
        isYieldedTo = false;
      } else {
        yieldsTo = redState(foeCode);
        isYieldedTo = redState(code);
      }
    } else if (majorState(code) != majorState(foeCode) && code != YELLOW && foeCode != YELLOW) {
      yieldsTo = !majorState(code);
      isYieldedTo = !majorState(foeCode);
    }
    if (!yieldsTo) {
      own = enteredOf(vehicle);
      theirs = conflictEnteredOf(w);
    } else if (isYieldedTo) theirs = conflictEnteredOf(w);
  }
  if (own != theirs) return own > theirs;
  const v = speedOf(vehicle);
  const u = speedOf(w);
  return v == u ? vehicle < w : v < u;
}
