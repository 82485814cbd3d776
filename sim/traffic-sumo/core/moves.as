/** Positions of the coming step, and the change to the next segment or the arrival. */
import { ENDS } from './layout';
import {
  activeAt, addOdometer, addStanding, addTimeLoss, addWaiting, aloneOf, arrivalPlaceOf, conflictEnteredOf, contOf, dt, enteredFirstOf, entryOf, isBallistic, laneCount,
  lengthOf, limitOf, linkEndOf, moverAt, nextSpeedOf, odometerOf, positionOf, segmentOf, setAcceleration, setActive,
  setArrivals, setArrivedAt, setConflictEntered, setEntered, setEnteredFirst, setLeaver, setLeaverOdometer,
  setMover, setPosition, setSegment, setSpeed, setStanding, setStops, speedOf, step, stopsOf, waitAtOf, waysOf,
} from './memory';
import { entryLink, entryNext, isLastStage } from './records';
import { ARRIVED, delist, enlist, NEVER, STANDING_SPEED, takeEntry } from './traffic';
import { forgetWishes } from './wishes';

/** A vehicle has arrived when its front is this close to the end of its last lane, m. */
const ARRIVAL_MARGIN: f64 = 0.1;
/** A slower one stands, m/s and second of step. */
const LEAST_SPEED: f64 = 1e-4;

export let arrivalCount: i32 = 0;

/**
 * Moves all vehicles; those that leave their segment are put into the next in the order of their progress. `end`: time
 * at the end of the step. How many there are after it.
 */
export function moveAll(activeCount: i32, end: f64): i32 {
  const moving = moveEach(activeCount);
  if (moving == 0) return activeCount;
  for (let i = 0; i < moving; i++) delist(moverAt(i));
  let gone = false;
  for (let i = 0; i < moving; i++) {
    const vehicle = moverAt(i);
    if (!advance(vehicle, end)) gone = true;
    // in the order of their progress
    const at = positionOf(vehicle);
    let k = i;
    while (k > 0 && isBehind(moverAt(k - 1), vehicle, at)) {
      setMover(k, moverAt(k - 1));
      k--;
    }
    setMover(k, vehicle);
  }
  for (let i = 0; i < moving; i++) {
    const vehicle = moverAt(i);
    if (segmentOf(vehicle) >= 0) enlist(vehicle, segmentOf(vehicle));
  }
  if (!gone) return activeCount;
  let kept = 0;
  for (let i = 0; i < activeCount; i++) {
    const vehicle = activeAt(i);
    if (segmentOf(vehicle) >= 0) setActive(kept++, vehicle);
  }
  return kept;
}

/** New speeds and positions; how many of them leave their segment. */
function moveEach(activeCount: i32): i32 {
  const creep = LEAST_SPEED * dt;
  let moving = 0;
  for (let i = 0; i < activeCount; i++) {
    const vehicle = activeAt(i);
    const next = nextSpeedOf(vehicle);
    const v: f64 = next > creep ? next : 0;
    const before = speedOf(vehicle);
    const segment = segmentOf(vehicle);
    setAcceleration(vehicle, (v - before) / dt);
    setSpeed(vehicle, v);
    let metres = v * dt;
    if (isBallistic) metres = next < 0 ? (dt * before * before) / (2 * (before - next)) : 0.5 * dt * (before + v);
    const at = positionOf(vehicle) + metres;
    setPosition(vehicle, at);
    addOdometer(vehicle, metres);
    if (segment >= laneCount && contOf(segment) == 1) {
      const waitsAt = waitAtOf(segment);
      if (at > waitsAt && conflictEnteredOf(vehicle) == NEVER && at - metres <= waitsAt) {
        setConflictEntered(vehicle, step);
        setEntered(vehicle, enteredFirstOf(vehicle));
      }
    }
    const desired = limitOf(vehicle);
    if (v < desired) addTimeLoss(vehicle, (dt * (desired - v)) / desired);
    if (v <= STANDING_SPEED) {
      addWaiting(vehicle, dt);
      addStanding(vehicle, dt);
      if (before > STANDING_SPEED) setStops(vehicle, stopsOf(vehicle) + 1);
    } else setStanding(vehicle, 0);
    const metresLeft = lengthOf(segment) - at;
    if (
      metresLeft < 0 ||
      ((metresLeft < ARRIVAL_MARGIN || arrivalPlaceOf(vehicle) - at < ARRIVAL_MARGIN) &&
        segment < laneCount &&
        (waysOf(vehicle) & ENDS) != 0)
    ) {
      setMover(moving++, vehicle);
    }
  }
  return moving;
}

function isBehind(other: i32, vehicle: i32, at: f64): bool {
  const theirs = positionOf(other);
  return theirs < at || (theirs == at && other > vehicle);
}

/** Brings a vehicle whose front is beyond its segment to the one where it belongs; false if it has arrived. */
function advance(vehicle: i32, end: f64): bool {
  while (true) {
    const segment = segmentOf(vehicle);
    const length = lengthOf(segment);
    const entry = entryOf(vehicle);
    if (segment < laneCount && isLastStage(entry)) {
      const at = arrivalPlaceOf(vehicle) < length ? arrivalPlaceOf(vehicle) : length;
      if (positionOf(vehicle) <= at - ARRIVAL_MARGIN) return true;
      setSegment(vehicle, ARRIVED);
      setArrivedAt(vehicle, end);
      setArrivals(arrivalCount++, vehicle);
      return false;
    }
    const over = positionOf(vehicle) - length;
    if (over <= 0) return true;
    let next: i32;
    if (segment >= laneCount) {
      next = linkEndOf(segment);
      takeEntry(vehicle, entryNext(entry));
      setEntered(vehicle, NEVER);
      setEnteredFirst(vehicle, NEVER);
      setConflictEntered(vehicle, NEVER);
    } else {
      next = entryLink(entry);
      if (next < 0) {
        setPosition(vehicle, length);
        return true;
      }
      setEntered(vehicle, step);
      setEnteredFirst(vehicle, step);
      if (contOf(next) == 0) setConflictEntered(vehicle, step);
    }
    setSegment(vehicle, next);
    if (aloneOf(next) == 1) forgetWishes(vehicle, false);
    setLeaver(segment, vehicle);
    setLeaverOdometer(segment, odometerOf(vehicle) - over);
    setPosition(vehicle, over);
  }
}
