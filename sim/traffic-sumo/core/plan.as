/** Looks ahead: the speed each vehicle could drive next, for all that might be closed to it ahead. */
import {
  addItem, arrival, arrivalSpeed, ENTRY, EXIT, hasRoom, INSIDE, itemKind, itemsEnd, leave,
  leaveSpeed, mayAdd, register, request, setArrival, setArrivalSpeed, setBrakingSpeed, setDistance, setLeave, setLeaveSpeed,
  setPass, setRequest, setTimed, setWait, timed, wait,
} from './approaches';
import { GIVE_UP_ENTRY, heededAtEnd, heededClaims, heededSpeed, heedInside } from './junction-leaders';
import { EQUAL, linkState, majorState, RED, RED_YELLOW, YELLOW, ZIPPER } from './junction-rules';
import { keepClear } from './keep-clear';
import {
  aboutBrakingWay, brakeGap, followSpeed, freeSpeed, leastBrakingWay, speedAfter, stopSpeed,
} from './krauss';
import { ENDS, ITEM_BYTES, MOST_ITEMS } from './layout';
import {
  activeAt, aheadOf, claimExitOf, contOf, dt, entryOf, isBallistic, itemsFromOf, laneCount, lastOf, leaverOf, lengthOf, linkEndOf,
  partLengthOf, positionOf, segmentOf, setClaimExit, setClaimInside, setDeadlocked, setItemsFrom, setItemsTo, setLimit,
  setOpen, setWaitsFar, speedFactorOf, speedLimitOf, speedOf, standingOf, step, typeOf, waitAtOf, watchedOf, waysOf,
} from './memory';
import {
  accel, apparentDecel, decel, desiredMaxSpeed, emergencyDecel, entryLink, entryNext, isLastStage, lineGap, maxSpeed,
  minGap, tau, typeLength,
} from './records';
import { leaverRear, rearOf, speedOn, STANDING_SPEED } from './traffic';

/** The least distance from a line where one may drive right up to it, m. */
const LEAST_LINE_GAP: f64 = 0.1;
/** From here on a vehicle sees all it must yield to, m. */
export const VISIBILITY: f64 = 4.5;
/** Added to how far a vehicle looks for its own sake: its distance from a line, and rounding, m. */
const FAR_MARGIN: f64 = 1.2;
/** For the sake of others it looks this many of its lengths beyond a junction. */
const FAR_LENGTHS: f64 = 5;
/** A slower vehicle means to pass nothing, m/s. */
const LEAST_SPEED: f64 = 0.001;

/** Items of those who wait for each other where all have the same right of way. */
export let deadlockedCount: i32 = 0;

/**
 * Fills the items of all vehicles for the coming step. Most are too far from the next line for it to matter to them:
 * those are dealt with here. `looksOut`: somebody looks out for those who come. False where there was no more room.
 */
export function planAll(activeCount: i32, looksOut: bool): bool {
  deadlockedCount = 0;
  for (let i = 0; i < activeCount; i++) {
    const vehicle = activeAt(i);
    const here = segmentOf(vehicle);
    const type = typeOf(vehicle);
    const factor = speedFactorOf(vehicle);
    let most = speedLimitOf(here) * factor;
    if (maxSpeed(type) < most) most = maxSpeed(type);
    if (desiredMaxSpeed(type) * factor < most) most = desiredMaxSpeed(type) * factor;
    setLimit(vehicle, most);
    const v0 = speedOf(vehicle);
    let fastest = v0 + accel(type) * dt;
    if (fastest > maxSpeed(type)) fastest = maxSpeed(type);
    const b = decel(type);
    const headway = tau(type) > dt ? tau(type) : dt;
    const seen = lengthOf(here) - positionOf(vehicle);
    // never less than the way to stop in, whatever the update
    const within = fastest * (dt + headway) + aboutBrakingWay(fastest, b) + FAR_MARGIN;
    const last = here < laneCount && (waysOf(vehicle) & ENDS) != 0;
    if ((seen <= within && !last) || here >= laneCount) {
      if (!hasRoom()) return false;
      plan(vehicle, type, here, most, v0, fastest);
      continue;
    }
    const slowest = v0 - b * dt;
    let v = fastest < most ? fastest : most;
    if (v < slowest) v = slowest;
    // whoever has a leader is no faster at the lane's end than it could be now
    let cap: f64 = Infinity;
    const leader = aheadOf(vehicle);
    if (leader >= 0) {
      cap = fastest;
      const other = typeOf(leader);
      const gap = positionOf(leader) - typeLength(other) - positionOf(vehicle) - minGap(type);
      const u = speedOf(leader);
      const theirs = apparentDecel(other);
      // so far that it could reach its highest speed
      if (gap < within - max<f64>(0, leastBrakingWay(u, b > theirs ? b : theirs))) {
        const safe = followSpeed(v0, gap, u, theirs, b, emergencyDecel(type), tau(type));
        if (safe < v) v = safe;
        if (safe < cap) cap = safe;
      }
    } else if (leaverOf(here) >= 0) {
      cap = followAhead(vehicle, type, v0, fastest, here);
      if (cap < v) v = cap;
    }
    const first = itemsEnd;
    setItemsFrom(vehicle, first);
    setOpen(vehicle, v);
    setWaitsFar(vehicle, 0);
    if (!last && v > LEAST_SPEED) {
      if (looksOut) {
        if (isWatchedAhead(vehicle, type, entryOf(vehicle), 0, 0)) {
          if (!hasRoom()) return false;
          let reached = speedAfter(seen, fastest < most ? fastest : most, accel(type));
          if (reached > most) reached = most;
          if (reached > cap) reached = cap;
          farAhead(vehicle, type, entryOf(vehicle), seen, v, reached, 0, 0);
          if (itemsEnd > first) finish(vehicle, type, first, true);
        }
      } else if (isMinorAhead(entryOf(vehicle))) setWaitsFar(vehicle, 1);
    }
    setItemsTo(vehicle, itemsEnd);
  }
  return true;
}

@inline
function isClosed(code: u8): bool {
  return code == RED || code == YELLOW || code == RED_YELLOW;
}

/** Whether the next link has no priority and no place to wait inside. */
function isMinorAhead(entry: usize): bool {
  const link = entryLink(entry);
  if (link < 0 || contOf(link) == 1) return false;
  const code = linkState(link);
  return !majorState(code) && !isClosed(code);
}

/** Highest speed behind `leader`, `gap` ahead, minGap taken off; never more than one can reach. */
function follow(type: usize, v: f64, fastest: f64, leader: i32, gap: f64): f64 {
  const safe = followSpeed(
    v,
    gap,
    speedOf(leader),
    apparentDecel(typeOf(leader)),
    decel(type),
    emergencyDecel(type),
    tau(type),
  );
  return safe < fastest ? safe : fastest;
}

/** Highest speed behind whoever is ahead on the vehicle's own segment, be it with its rear only. */
function followAhead(vehicle: i32, type: usize, v: f64, fastest: f64, segment: i32): f64 {
  const front = positionOf(vehicle) + minGap(type);
  const leader = aheadOf(vehicle);
  if (leader >= 0) return follow(type, v, fastest, leader, rearOf(leader) - front);
  if (leaverOf(segment) < 0) return Infinity;
  const rear = leaverRear(segment);
  return rear < Infinity ? follow(type, v, fastest, leaverOf(segment), rear - front) : rear;
}

function plan(vehicle: i32, type: usize, from: i32, most: f64, v0: f64, fastest: f64): void {
  const gain = accel(type);
  const b = decel(type);
  const slowest = v0 - b * dt;
  let segment = from;
  let limit = most;
  let v = fastest < limit ? fastest : limit;
  if (v < slowest) v = slowest;
  const first = itemsEnd;
  setItemsFrom(vehicle, first);
  const safe = followAhead(vehicle, type, v0, fastest, segment);
  const onLane = segment < laneCount;
  let seen = lengthOf(segment) - positionOf(vehicle);
  // once somebody is ahead, those beyond are hidden
  let following = aheadOf(vehicle) >= 0;
  // nothing beyond can lower the speed of the coming step
  const lookAhead = fastest * dt + brakeGap(fastest, b, tau(type) > dt ? tau(type) : dt) + FAR_MARGIN;
  let entry = entryOf(vehicle);
  let part = 0;
  if (!onLane && contOf(segment) == 1) {
    const toWait = waitAtOf(segment) - positionOf(vehicle);
    if (toWait >= 0) seen = toWait;
    else part = 1;
  }
  let atEnd = min<f64>(speedAfter(seen, v, gain), limit);
  if (safe < v) v = safe;
  if (safe < atEnd) atEnd = safe;
  const brakes = brakeGap(v0, b, 0);
  let slowed = false;
  let lastItem: usize = 0;
  let inside: f64 = 0;
  let beyond: f64 = 0;
  while (itemsEnd - first < <usize>((MOST_ITEMS - 2) * ITEM_BYTES)) {
    if (segment < laneCount) {
      if (isLastStage(entry)) break;
      const link = entryLink(entry);
      if (link < 0) {
        const stop = stopSpeed(seen, b, dt, v0);
        if (stop < v) v = stop;
        break;
      }
      if (seen > lookAhead) break;
      const code = linkState(link);
      const closed = isClosed(code);
      const item = addItem(vehicle, link, ENTRY, code);
      lastItem = item;
      setDistance(item, seen);
      setPass(item, v);
      setRequest(item, 0);
      setTimed(item, 0);
      const major = majorState(code);
      const stop = stopSpeed(lineDistance(type, seen, brakes, closed || major), b, dt, v0);
      setWait(item, stop < v ? stop : v);
      if (closed && seen >= brakes) {
        v = wait(item);
        break;
      }
      const claims = v > LEAST_SPEED && !slowed;
      let arriving = atEnd;
      if (!major && brakes < seen && seen > VISIBILITY) {
        const reached = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, b, 0, v0), gain);
        if (reached < arriving) arriving = reached;
        slowed = true;
      } else if (code == EQUAL && standingOf(vehicle) > 0 && claims) setDeadlocked(deadlockedCount++, item);
      setArrivalSpeed(item, arriving);
      if (claims) {
        setRequest(item, 1);
        if (watchedOf(link) == step || code == ZIPPER || (!major && seen <= VISIBILITY)) {
          time(item, type, v, v0, seen, arriving, partLengthOf(2 * (link - laneCount)), speedOn(vehicle, link));
        }
      }
      segment = link;
      part = 0;
    } else {
      const kind = contOf(segment) == 1 && part == 0 ? INSIDE : EXIT;
      const code: u8 = kind == INSIDE ? linkState(segment) : 0;
      let claims = v > LEAST_SPEED || lastItem == 0;
      const stop = stopSpeed(lineDistance(type, seen, brakes, kind == EXIT), b, dt, v0);
      let waiting = stop < v ? stop : v;
      heedInside(vehicle, type, segment, part, seen, lastItem == 0 ? -1 : wait(lastItem), v, atEnd);
      if (lastItem != 0 && heededAtEnd < atEnd) lowerLeaving(lastItem, min<f64>(heededAtEnd, fastest));
      v = heededSpeed;
      atEnd = heededAtEnd;
      if (v < waiting) waiting = v;
      if (heededClaims != 0) {
        claims = false;
        if ((heededClaims & GIVE_UP_ENTRY) != 0 && lastItem != 0) setRequest(lastItem, 0);
      }
      const item = addItem(vehicle, segment, kind, code);
      lastItem = item;
      setDistance(item, seen);
      setPass(item, v);
      setWait(item, waiting);
      setRequest(item, claims ? 1 : 0);
      setTimed(item, 0);
      if (kind == INSIDE && claims) {
        let arriving = atEnd;
        if (code != YELLOW && !majorState(code) && brakes < seen && seen > VISIBILITY) {
          const reached = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, b, 0, v0), gain);
          if (reached < arriving) arriving = reached;
        }
        setArrivalSpeed(item, arriving);
        const metres = partLengthOf(2 * (segment - laneCount) + 1);
        time(item, type, v, v0, seen, arriving, metres, speedOn(vehicle, segment));
      }
      if (kind == INSIDE) {
        part = 1;
        const rest = lengthOf(segment) - waitAtOf(segment);
        seen += rest;
        atEnd = min<f64>(speedAfter(rest, v, gain), limit);
        continue;
      }
      entry = entryNext(entry);
      inside += lengthOf(segment);
      segment = linkEndOf(segment);
      beyond += lengthOf(segment);
    }
    // onto the segment that begins where the last one ended
    limit = speedOn(vehicle, segment);
    if (limit < v) {
      let before = freeSpeed(seen, limit, b, false, v0);
      if (before < slowest) before = slowest;
      if (before < v) v = before;
    }
    const metres = segment >= laneCount && contOf(segment) == 1 ? waitAtOf(segment) : lengthOf(segment);
    atEnd = min<f64>(speedAfter(metres, v, gain), limit);
    if (!following && seen <= lookAhead) {
      const leader = lastOf(segment);
      let behind: f64 = Infinity;
      if (leader >= 0) {
        following = true;
        behind = follow(type, v0, fastest, leader, seen + rearOf(leader) - minGap(type));
      } else if (leaverOf(segment) >= 0) {
        const rear = leaverRear(segment);
        if (rear < Infinity) behind = follow(type, v0, fastest, leaverOf(segment), seen + rear - minGap(type));
      }
      if (behind < v) v = behind;
      if (behind < atEnd) atEnd = behind;
      if (behind < leaveSpeed(lastItem)) lowerLeaving(lastItem, behind);
      if (v < wait(lastItem)) setWait(lastItem, v);
    }
    seen += metres;
  }
  setOpen(vehicle, v);
  setWaitsFar(vehicle, 0);
  if (
    segment < laneCount &&
    seen > lookAhead &&
    v > LEAST_SPEED &&
    !slowed &&
    isWatchedAhead(vehicle, type, entry, inside, beyond)
  ) {
    farAhead(vehicle, type, entry, seen, v, atEnd, inside, beyond);
  }
  setItemsTo(vehicle, itemsEnd);
  if (itemsEnd > first) finish(vehicle, type, first, onLane);
}

/**
 * Whether somebody looks out for those who come along one of the links that `farAhead` would look at from the lane of
 * `from` on; notes whether the first of them has no priority.
 */
function isWatchedAhead(vehicle: i32, type: usize, from: usize, insideMetres: f64, beyondMetres: f64): bool {
  let entry = from;
  let inside = insideMetres;
  let beyond = beyondMetres;
  let isWatched = false;
  while (!isLastStage(entry)) {
    const link = entryLink(entry);
    if (link < 0) break;
    const code = linkState(link);
    if (isClosed(code)) break;
    if (watchedOf(link) == step) isWatched = true;
    if (!majorState(code)) {
      if (beyond == 0 && contOf(link) == 0) setWaitsFar(vehicle, 1);
      break;
    }
    if (isWatched || beyond > max<f64>(FAR_LENGTHS * typeLength(type), typeLength(type) + inside)) break;
    inside += lengthOf(link);
    beyond += lengthOf(linkEndOf(link));
    entry = entryNext(entry);
  }
  return isWatched;
}

/**
 * Adds items beyond what can matter to the vehicle itself, where others look out for it; from the lane of `from` on, whose
 * end is `way` m ahead and where it could have the speed `reached`.
 */
function farAhead(
  vehicle: i32,
  type: usize,
  from: usize,
  way: f64,
  v: f64,
  reached: f64,
  insideMetres: f64,
  beyondMetres: f64,
): void {
  const v0 = speedOf(vehicle);
  let entry = from;
  let seen = way;
  let atEnd = reached;
  let inside = insideMetres;
  let beyond = beyondMetres;
  while (!isLastStage(entry)) {
    const link = entryLink(entry);
    if (link < 0) return;
    const code = linkState(link);
    if (isClosed(code)) return;
    const major = majorState(code);
    if (watchedOf(link) == step) {
      if (!mayAdd(itemsFromOf(vehicle))) return;
      let arriving = atEnd;
      if (!major) {
        const most = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel(type), 0, v0), accel(type));
        if (most < arriving) arriving = most;
      }
      const item = addItem(vehicle, link, ENTRY, code);
      setDistance(item, seen);
      setPass(item, v);
      setWait(item, v);
      setRequest(item, 1);
      setArrivalSpeed(item, arriving);
      time(item, type, v, v0, seen, arriving, partLengthOf(2 * (link - laneCount)), speedOn(vehicle, link));
    }
    if (!major) return;
    if (beyond > max<f64>(FAR_LENGTHS * typeLength(type), typeLength(type) + inside)) return;
    const segment = linkEndOf(link);
    const limit = speedOn(vehicle, segment);
    inside += lengthOf(link);
    beyond += lengthOf(segment);
    seen += lengthOf(link) + lengthOf(segment);
    atEnd = min<f64>(speedAfter(lengthOf(segment), v, accel(type)), limit);
    entry = entryNext(entry);
  }
}

/** Metres to where a vehicle stops before a line `seen` ahead. */
function lineDistance(type: usize, seen: f64, brakes: f64, keepsOff: bool): f64 {
  let gap: f64 = keepsOff ? lineGap(type) : 0;
  if (seen >= brakes && seen - brakes < gap) gap = seen - brakes;
  if (gap < LEAST_LINE_GAP) gap = LEAST_LINE_GAP;
  return seen > gap ? seen - gap : 0;
}

/** When and how fast the vehicle reaches and leaves an item `metres` long. */
function time(
  item: usize,
  type: usize,
  v: f64,
  v0: f64,
  metresTo: f64,
  arriving: f64,
  metres: f64,
  limit: f64,
): void {
  setTimed(item, 1);
  const from = isBallistic ? v0 : v;
  setArrival(item, arrivalSeconds(metresTo, from, arriving, accel(type), decel(type)));
  let braked: f64 = 0;
  if (metresTo < brakeGap(v, decel(type), tau(type))) {
    const squared = from * from - 2 * decel(type) * metresTo;
    if (squared > 0) braked = sqrt(squared);
  }
  setBrakingSpeed(item, braked < arriving ? braked : arriving);
  const leaving = speedAfter(metres, arriving, accel(type));
  setLeaveSpeed(item, leaving < limit ? leaving : limit);
  setLeave(item, metres + typeLength(type));
}

function lowerLeaving(item: usize, speed: f64): void {
  if (timed(item) == 1 && speed < leaveSpeed(item)) setLeaveSpeed(item, speed > 0 ? speed : 0);
}

/** Seconds to cover `metres` from speed v, changing to speed `arriving` at once. */
function arrivalSeconds(metres: f64, v: f64, arriving: f64, gain: f64, b: f64): f64 {
  if (metres <= 0) return 0;
  const a = arriving >= v ? gain : -b;
  const seconds = (arriving - v) / a;
  const way = (seconds * (arriving + v)) / 2;
  if (metres >= way) return seconds + (metres - way) / max<f64>(max<f64>(v, arriving), STANDING_SPEED);
  return -(v - sqrt(max<f64>(0, v * v + 2 * a * metres))) / a;
}

/** Gives up what would block a junction, and lets others see the rest. */
function finish(vehicle: i32, type: usize, first: usize, onLane: bool): void {
  keepClear(vehicle, type, first, onLane);
  setClaimInside(vehicle, 0);
  setClaimExit(vehicle, 0);
  let junctions = 0;
  for (let item = first; item < itemsEnd; item += ITEM_BYTES) {
    const kind = itemKind(item);
    if (kind == ENTRY) junctions++;
    else if (junctions < 2) {
      const claim: u8 = request(item) == 1 ? 1 : 2;
      if (kind == INSIDE) setClaimInside(vehicle, claim);
      else if (claimExitOf(vehicle) == 0) setClaimExit(vehicle, claim);
    }
    if (timed(item) == 1) {
      const mean = max<f64>(0.5 * (arrivalSpeed(item) + leaveSpeed(item)), LEAST_SPEED);
      setLeave(item, arrival(item) + leave(item) / mean);
      if (request(item) == 1) register(item);
    }
  }
}
