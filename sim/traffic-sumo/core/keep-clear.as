/** Keeps junctions clear: nobody enters one without a place behind those who stand beyond it. */
import {
  distance, ENTRY, itemCode, itemKind, itemLink, itemsEnd, request, setPass, setRequest, wait,
} from './approaches';
import { majorState, waitsInside } from './junction-rules';
import { brakeGap } from './krauss';
import { ITEM_BYTES } from './layout';
import {
  aheadOf, dt, hasToWaitOf, keepsClearOf, lastOf, lengthOf, linkEndOf, openOf, positionOf, segmentOf, setOpen, speedOf,
  takenOf, typeOf,
} from './memory';
import { decel, minGap, tau, typeLength } from './records';
import { STANDING_SPEED } from './traffic';

/** Takes back the vehicle's claims from the first junction on that it would block; its items begin at `first`. */
export function keepClear(vehicle: i32, type: usize, first: usize, onLane: bool): void {
  const own = typeLength(type) + minGap(type);
  let begin: usize = 0;
  let inFront: f64 = 0;
  if (onLane) for (let w = aheadOf(vehicle); w >= 0 && inFront < 100; w = aheadOf(w)) inFront += room(w);
  else inFront = takenOf(segmentOf(vehicle)) - own;
  let space = -inFront;
  for (let item = first; item < itemsEnd && begin == 0; item += ITEM_BYTES) {
    if (itemKind(item) != ENTRY) continue;
    const link = itemLink(item);
    const keeps = keepsClearOf(link) == 1;
    const lane = linkEndOf(link);
    space -= takenOf(link);
    const last = lastOf(lane);
    let stopped = false;
    if (last < 0) {
      if (keeps || lengthOf(lane) > typeLength(type)) space += lengthOf(lane);
    } else {
      const place = placeOn(lane, own - space);
      stopped = standing;
      if (hasToWaitOf(last) == 1) stopped = true;
      space += place;
    }
    if (space >= own) {
      if (stopped) return;
      continue;
    }
    if (!keeps) {
      if (stopped) return;
      continue;
    }
    if (stopped || !goesOn(item)) begin = item;
  }
  if (begin == 0) return;
  const v = speedOf(vehicle);
  const brakes = brakeGap(v, decel(type), 0);
  for (let item = begin; item < itemsEnd; item += ITEM_BYTES) {
    setPass(item, wait(item));
    const metres = distance(item);
    if (metres >= brakes || (metres > 0 && v < decel(type) * dt)) setRequest(item, 0);
  }
  const last = wait(itemsEnd - ITEM_BYTES);
  if (last < openOf(vehicle)) setOpen(vehicle, last);
}

let standing: bool = false;

function room(vehicle: i32): f64 {
  const type = typeOf(vehicle);
  return typeLength(type) + minGap(type);
}

/** Metres from the begin of a lane to the last one standing there, less those between; sets `standing`. */
function placeOn(lane: i32, enough: f64): f64 {
  let between: f64 = 0;
  standing = false;
  for (let w = lastOf(lane); w >= 0; w = aheadOf(w)) {
    const type = typeOf(w);
    const rear = positionOf(w) - typeLength(type);
    const v = speedOf(w);
    if (v < STANDING_SPEED) {
      standing = true;
      return rear + brakeGap(v, decel(type), tau(type)) - between;
    }
    if (rear - between > enough + 10) return rear - between;
    between += typeLength(type) + minGap(type);
  }
  return lengthOf(lane) - between;
}

/** Whether the vehicle gets through the next junction after an item too. */
function goesOn(item: usize): bool {
  for (let k = item + ITEM_BYTES; k < itemsEnd; k += ITEM_BYTES) {
    if (itemKind(k) != ENTRY) continue;
    return request(k) == 1 && (majorState(itemCode(k)) || waitsInside(itemLink(k), itemCode(k)));
  }
  return true;
}
