/** Lanes and links as linked lists of vehicles, front to back, and what is known of a vehicle on a segment. */
import {
  aheadOf, behindOf, firstOf, laneCount, lastOf, lengthOf, leaverOdometerOf, leaverOf, odometerOf, onSegmentOf, positionOf,
  segmentOf, setAhead, setBehind, setEntry, setFirst, setLast, setLeaver, setOnSegment, setSegment, setTaken, setTakenLeft, setTakenOwn, setTakenRight, setWays, speedFactorOf,
  speedLimitOf, step, takenOf, typeOf,
} from './memory';
import { desiredMaxSpeed, entryWays, maxSpeed, minGap, typeLength } from './records';

export const ARRIVED: i32 = -2;
/** A step that never comes. */
export const NEVER: i32 = 0x7fffffff;
/** v <= this counts as standing, m/s. */
export const STANDING_SPEED: f64 = 0.1;

/** A permutation of 32-bit integers whose output bits depend on all input bits (MurmurHash3's finaliser). */
function mixed(value: u32): u32 {
  let hash = value;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

/** The random number of a vehicle (by its key, or that and a number) in this step, from [0, 1): it depends on nothing else. */
export function uniform(key: i32): f64 {
  return <f64>mixed(mixed((<u32>(step + 1) * 0x9e3779b1) ^ <u32>key) + <u32>key) / 4294967296;
}

/** Metres that all who came onto any lane so far take, their gaps included. */
export let enlistedMetres: f64 = 0;

/** Puts a vehicle at an entry of its route; what it knew of the lanes ahead of another one is gone. */
export function takeEntry(vehicle: i32, entry: usize): void {
  setEntry(vehicle, entry);
  setWays(vehicle, entryWays(entry));
  setTakenOwn(vehicle, Infinity);
  setTakenRight(vehicle, Infinity);
  setTakenLeft(vehicle, Infinity);
}

/** Puts a vehicle into a segment's list by its position; among equals behind those already there. */
export function enlist(vehicle: i32, segment: i32): void {
  const at = positionOf(vehicle);
  let front = lastOf(segment);
  while (front >= 0 && positionOf(front) < at) front = aheadOf(front);
  const rear = front < 0 ? firstOf(segment) : behindOf(front);
  setAhead(vehicle, front);
  setBehind(vehicle, rear);
  if (front < 0) setFirst(segment, vehicle);
  else setBehind(front, vehicle);
  if (rear < 0) setLast(segment, vehicle);
  else setAhead(rear, vehicle);
  setOnSegment(segment, onSegmentOf(segment) + 1);
  const type = typeOf(vehicle);
  const metres = typeLength(type) + minGap(type);
  setTaken(segment, takenOf(segment) + metres);
  if (segment < laneCount) enlistedMetres += metres;
  setSegment(vehicle, segment);
}

export function delist(vehicle: i32): void {
  const segment = segmentOf(vehicle);
  const front = aheadOf(vehicle);
  const rear = behindOf(vehicle);
  if (front < 0) setFirst(segment, rear);
  else setBehind(front, rear);
  if (rear < 0) setLast(segment, front);
  else setAhead(rear, front);
  setAhead(vehicle, -1);
  setBehind(vehicle, -1);
  const type = typeOf(vehicle);
  const left = onSegmentOf(segment) - 1;
  setOnSegment(segment, left);
  setTaken(segment, left == 0 ? 0 : takenOf(segment) - typeLength(type) - minGap(type));
}

/** Highest speed of a vehicle on a segment, its own limits included. */
export function speedOn(vehicle: i32, segment: i32): f64 {
  const factor = speedFactorOf(vehicle);
  const type = typeOf(vehicle);
  let speed = speedLimitOf(segment) * factor;
  if (maxSpeed(type) < speed) speed = maxSpeed(type);
  if (desiredMaxSpeed(type) * factor < speed) speed = desiredMaxSpeed(type) * factor;
  return speed;
}

/** Where the rear of the segment's last leaver is, metres from the segment's start; infinity once it has left. */
export function leaverRear(segment: i32): f64 {
  const vehicle = leaverOf(segment);
  if (vehicle < 0) return Infinity;
  const length = lengthOf(segment);
  const rear = length + odometerOf(vehicle) - leaverOdometerOf(segment) - typeLength(typeOf(vehicle));
  if (rear >= length || segmentOf(vehicle) < 0) {
    setLeaver(segment, -1);
    return Infinity;
  }
  return rear;
}

/** Where the rear of a vehicle on its segment is. */
@inline
export function rearOf(vehicle: i32): f64 {
  return positionOf(vehicle) - typeLength(typeOf(vehicle));
}
