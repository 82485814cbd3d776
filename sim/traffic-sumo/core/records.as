/** Reads and writes the fields of records: vehicle types, entries of routes, conflicts and items, by their addresses. */
import {
  ENDS, ENTRY_WAYS,
  ACCEL, APPARENT_DECEL, CONFLICT_BEHIND, CONFLICT_FOE, CONFLICT_FOE_BEHIND, CONFLICT_FOE_PART,
  CONFLICT_FOE_SIZE, CONFLICT_FOE_WAITS, CONFLICT_FOE_YIELDS, CONFLICT_MERGES, CONFLICT_PARTS, CONFLICT_SIZE,
  CONFLICT_YIELDS, COOPERATIVE_FACTOR, COOPERATIVE_SPEED, DECEL, DESIRED_MAX_SPEED, EMERGENCY_DECEL,
  ENTRY_LANE, ENTRY_LINK, ENTRY_NEXT, ENTRY_OFFSET,
  ENTRY_REACH, IMPATIENCE, KEEP_RIGHT_FACTOR, LINE_GAP, LOOK_AHEAD_LEFT, MAX_SPEED, MIN_GAP,
  OVERTAKE_DELTA_SPEED, OVERTAKE_RIGHT, SAFETY, SIGMA, STRATEGIC_FACTOR, TAU, THRESHOLD_LEFT,
  THRESHOLD_RIGHT, TIME_GAP, TYPE_LENGTH,
} from './layout';

@inline
export function typeLength(type: usize): f64 {
  return load<f64>(type, TYPE_LENGTH);
}
@inline
export function minGap(type: usize): f64 {
  return load<f64>(type, MIN_GAP);
}
@inline
export function accel(type: usize): f64 {
  return load<f64>(type, ACCEL);
}
@inline
export function decel(type: usize): f64 {
  return load<f64>(type, DECEL);
}
@inline
export function apparentDecel(type: usize): f64 {
  return load<f64>(type, APPARENT_DECEL);
}
@inline
export function emergencyDecel(type: usize): f64 {
  return load<f64>(type, EMERGENCY_DECEL);
}
@inline
export function tau(type: usize): f64 {
  return load<f64>(type, TAU);
}
@inline
export function sigma(type: usize): f64 {
  return load<f64>(type, SIGMA);
}
@inline
export function maxSpeed(type: usize): f64 {
  return load<f64>(type, MAX_SPEED);
}
@inline
export function desiredMaxSpeed(type: usize): f64 {
  return load<f64>(type, DESIRED_MAX_SPEED);
}
@inline
export function impatience(type: usize): f64 {
  return load<f64>(type, IMPATIENCE);
}
@inline
export function timeGap(type: usize): f64 {
  return load<f64>(type, TIME_GAP);
}
@inline
export function lineGap(type: usize): f64 {
  return load<f64>(type, LINE_GAP);
}
@inline
export function strategicFactor(type: usize): f64 {
  return load<f64>(type, STRATEGIC_FACTOR);
}
@inline
export function cooperativeFactor(type: usize): f64 {
  return load<f64>(type, COOPERATIVE_FACTOR);
}
@inline
export function cooperativeSpeed(type: usize): f64 {
  return load<f64>(type, COOPERATIVE_SPEED);
}
@inline
export function keepRightFactor(type: usize): f64 {
  return load<f64>(type, KEEP_RIGHT_FACTOR);
}
@inline
export function lookAheadLeft(type: usize): f64 {
  return load<f64>(type, LOOK_AHEAD_LEFT);
}
@inline
export function safety(type: usize): f64 {
  return load<f64>(type, SAFETY);
}
@inline
export function thresholdLeft(type: usize): f64 {
  return load<f64>(type, THRESHOLD_LEFT);
}
@inline
export function thresholdRight(type: usize): f64 {
  return load<f64>(type, THRESHOLD_RIGHT);
}
@inline
export function overtakeRight(type: usize): f64 {
  return load<f64>(type, OVERTAKE_RIGHT);
}
@inline
export function overtakeDeltaSpeed(type: usize): f64 {
  return load<f64>(type, OVERTAKE_DELTA_SPEED);
}
@inline
export function entryLane(entry: usize): i32 {
  return load<i32>(entry, ENTRY_LANE);
}
@inline
export function entryLink(entry: usize): i32 {
  return load<i32>(entry, ENTRY_LINK);
}
@inline
export function entryNext(entry: usize): usize {
  return <usize>load<u32>(entry, ENTRY_NEXT);
}
@inline
export function entryOffset(entry: usize): i32 {
  return load<i32>(entry, ENTRY_OFFSET);
}
@inline
export function entryReach(entry: usize): f64 {
  return load<f64>(entry, ENTRY_REACH);
}
@inline
export function entryWays(entry: usize): u8 {
  return load<u8>(entry, ENTRY_WAYS);
}
@inline
export function isLastStage(entry: usize): bool {
  return (entryWays(entry) & ENDS) != 0;
}
@inline
export function conflictFoe(e: usize): i32 {
  return load<i32>(e, CONFLICT_FOE);
}
@inline
export function foePart(e: usize): u8 {
  return load<u8>(e, CONFLICT_FOE_PART);
}
@inline
export function merges(e: usize): u8 {
  return load<u8>(e, CONFLICT_MERGES);
}
@inline
export function parts(e: usize): u8 {
  return load<u8>(e, CONFLICT_PARTS);
}
@inline
export function foeWaits(e: usize): u8 {
  return load<u8>(e, CONFLICT_FOE_WAITS);
}
@inline
export function yields(e: usize): u8 {
  return load<u8>(e, CONFLICT_YIELDS);
}
@inline
export function foeYields(e: usize): u8 {
  return load<u8>(e, CONFLICT_FOE_YIELDS);
}
@inline
export function conflictBehind(e: usize): f64 {
  return load<f64>(e, CONFLICT_BEHIND);
}
@inline
export function foeBehind(e: usize): f64 {
  return load<f64>(e, CONFLICT_FOE_BEHIND);
}
@inline
export function conflictSize(e: usize): f64 {
  return load<f64>(e, CONFLICT_SIZE);
}
@inline
export function foeSize(e: usize): f64 {
  return load<f64>(e, CONFLICT_FOE_SIZE);
}
