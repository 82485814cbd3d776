/** Right of way at SUMO's junctions: who may enter, and who may leave the place inside where it waits. */
import {
  arrival, arrivalSpeed, brakingSpeed, distance, INSIDE, itemCode, itemKind, itemLink, itemVehicle, leave, leaveSpeed,
  nextItem,
} from './approaches';
import { brakeGap } from './krauss';
import {
  contOf, dt, foeAt, foeEndOf, foeFirstOf, foeMergesAt, foeYieldsAt, groupStateAt, insideEndOf, insideFirstOf, insideFoeAt, insideHeadOf, insideMergesAt,
  itemHeadOf, laneCount, linkGroupOf, ownStateOf, passOf, setShownState, shownStateOf, speedOf, standingOf, typeOf,
} from './memory';
import { decel, impatience, timeGap } from './records';
import { STANDING_SPEED } from './traffic';

/** Between two that pass one after the other lies at least this, s; where two lanes become one, four times as much. */
const TIME_GAP: f64 = 1;
const ZIPPER_GAP: f64 = 4;
/** How much later a foe arrives that can still stop, s. */
const STOPPED_LATER: f64 = 30;
/** Seconds of standing after which one passes as if all foes braked for it. */
const SECONDS_TO_IMPATIENCE: f64 = 180;

export const RED: u8 = 114;
export const RED_YELLOW: u8 = 117;
export const YELLOW: u8 = 121;
const MAJOR: u8 = 77;
const STOP: u8 = 115;
const ALLWAY_STOP: u8 = 119;
export const EQUAL: u8 = 61;
export const ZIPPER: u8 = 90;
const OFF_BLINKING: u8 = 111;
const GREEN_MAJOR: u8 = 71;
const GREEN_MINOR: u8 = 103;

/** What a link shows: its signal's state, or its own where there is none, as a character code. */
@inline
export function linkState(link: i32): u8 {
  return shownStateOf(link);
}

/** Lets the links show what their signals show now. */
export function showStates(segmentCount: i32): void {
  for (let link = laneCount; link < segmentCount; link++) {
    const group = linkGroupOf(link);
    if (passOf(link) == 1) setShownState(link, MAJOR);
    else setShownState(link, group >= 0 ? groupStateAt(group) : ownStateOf(link));
  }
}

/** Capital letters have priority; among them the zipper, where nobody has to stop for those on the other lane. */
@inline
export function majorState(code: u8): bool {
  return code >= 65 && code <= 90;
}

@inline
export function redState(code: u8): bool {
  return code == RED || code == RED_YELLOW;
}

@inline
export function greenState(code: u8): bool {
  return code == GREEN_MAJOR || code == GREEN_MINOR;
}

/** Whether vehicles may wait inside the link's junction: not while its signal is off. */
export function waitsInside(link: i32, code: u8): bool {
  return contOf(link) == 1 && code != OFF_BLINKING && code != ALLWAY_STOP;
}

/** From 0 to 1; `canBrake`: before what comes. */
export function impatienceOf(vehicle: i32, canBrake: bool): f64 {
  if (!canBrake) return 1;
  return min<f64>(1, impatience(typeOf(vehicle)) + standingOf(vehicle) / SECONDS_TO_IMPATIENCE);
}

/** Whether the vehicle of an item may pass it in this step, all items being known. `canBrake`: before it. */
export function mayPass(item: usize, canBrake: bool): bool {
  const link = itemLink(item);
  const code = itemCode(item);
  const vehicle = itemVehicle(item);
  if (itemKind(item) == INSIDE) {
    // a green with priority holds until it has cleared the junction
    return code == GREEN_MAJOR || mayLeaveInside(item, vehicle, link, code, impatienceOf(vehicle, canBrake));
  }
  if (redState(code)) return false;
  if (code == YELLOW || majorState(code) || waitsInside(link, code)) return true;
  if ((code == STOP || code == ALLWAY_STOP) && standingOf(vehicle) < dt - 1e-9) return false;
  const impatient = impatienceOf(vehicle, canBrake);
  const end = foeEndOf(link);
  for (let e = foeFirstOf(link); e < end; e++) {
    if (foeYieldsAt(e) == 0) continue;
    const foe = foeAt(e);
    const merging = foeMergesAt(e) == 1;
    for (let k = itemHeadOf(foe); k != 0; k = nextItem(k)) {
      if (itemVehicle(k) != vehicle && blocks(item, k, merging, impatient, code)) return false;
    }
    if (contOf(foe) == 0) continue;
    for (let k = insideHeadOf(foe); k != 0; k = nextItem(k)) {
      if (itemVehicle(k) != vehicle && blocks(item, k, merging, impatient, code)) return false;
    }
  }
  return true;
}

function mayLeaveInside(item: usize, vehicle: i32, link: i32, code: u8, impatient: f64): bool {
  const onlyMoving = code == RED;
  const end = insideEndOf(link);
  for (let e = insideFirstOf(link); e < end; e++) {
    for (let k = itemHeadOf(insideFoeAt(e)); k != 0; k = nextItem(k)) {
      const other = itemVehicle(k);
      if (other == vehicle || (onlyMoving && speedOf(other) <= STANDING_SPEED)) continue;
      if (blocks(item, k, insideMergesAt(e) == 1, impatient, code)) return false;
    }
  }
  return true;
}

/** Whether who passes item `foe` would be in the way of who passes item `own`. */
export function blocks(own: usize, foe: usize, merging: bool, impatient: f64, code: u8): bool {
  const arrives = arrival(own);
  if (code == ALLWAY_STOP) {
    const mine = standingOf(itemVehicle(own));
    const theirs = standingOf(itemVehicle(foe));
    if (mine > theirs || (mine == theirs && arrives < arrival(foe))) return false;
  }
  const type = typeOf(itemVehicle(own));
  const ownDecel = decel(type);
  const foeDecel = decel(typeOf(itemVehicle(foe)));
  let foeArrival = arrival(foe);
  let foeSpeed = brakingSpeed(foe);
  if (impatient > 0 && arrives < foeArrival) {
    brakingArrival(arrives, foeArrival, distance(foe), foeDecel * impatient);
    foeArrival += impatient * brakingLater;
    if (brakingLater > 0) foeSpeed = brakingTo;
  }
  const gap = code == ZIPPER ? ZIPPER_GAP : timeGap(type) * TIME_GAP;
  if (leave(foe) < arrives) {
    return (
      merging &&
      (arrives - leave(foe) < gap ||
        brakeGap(leaveSpeed(foe), foeDecel, 0) < brakeGap(arrivalSpeed(own), ownDecel, 0))
    );
  }
  if (foeArrival > leave(own) + gap) {
    return merging && brakeGap(leaveSpeed(own), ownDecel, 0) < brakeGap(foeSpeed, foeDecel, 0);
  }
  return true;
}

let brakingLater: f64 = 0;
let brakingTo: f64 = 0;

/** How much later, and how fast, a foe arrives that brakes by `by` from the moment on when the other one arrives. */
function brakingArrival(arrives: f64, foeArrival: f64, metres: f64, by: f64): void {
  brakingLater = 0;
  if (floor(arrives / dt) == floor(foeArrival / dt)) return;
  const seconds = foeArrival - arrives;
  const slower = seconds * by;
  const v = metres / foeArrival;
  const rest = metres - v * arrives;
  if ((0.5 * v * v) / by <= rest) {
    brakingLater = STOPPED_LATER;
    brakingTo = 0;
    return;
  }
  const u = v - slower;
  const root = u * u - by * seconds * slower;
  const more = root > 0 ? (u - sqrt(root)) / by : u / by;
  brakingLater = max<f64>(0, more);
  brakingTo = max<f64>(0, v - (seconds + more) * by);
}
