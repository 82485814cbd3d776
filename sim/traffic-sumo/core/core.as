/**
 * The step of SUMO's traffic, in AssemblyScript: `npm run core` compiles this folder into `../core.ts`, and
 * `../core-memory.ts` lays the arrays where `layout.as` says. Metres, seconds.
 */
import { clearApproaches, hasOverflown, limitItems } from './approaches';
import { decideAll, watchedStep } from './decide';
import { setFading } from './lane-change-wish';
import { resolveDeadlocks } from './merging';
import { entryRecord, setConstants, setPosition, setSpeed, setStep, step } from './memory';
import { arrivalCount, moveAll } from './moves';
import { deadlockedCount, planAll } from './plan';
import { entryLane } from './records';
import { enlist, takeEntry } from './traffic';

export * from './layout';
export { arrivalCount } from './moves';
export { changeAll } from './lane-change';
export { linkState, showStates } from './junction-rules';
export { brakeGap, entrySpeed, followSpeed, freeSpeed, standingStopSpeed, stopSpeed } from './krauss';
export { findBehind, foundGap, secureGap } from './surroundings';
export { aheadOf, behindOf, firstOf, keyOf, lastOf, leaverOf, onSegmentOf } from './memory';
export { leaverRear, speedOn, uniform } from './traffic';

/** Once, when the arrays are in place. `halved`, `faded`: 0.5 and 0.8 to the power of the step. */
export function configure(
  stepSeconds: f64,
  isBallistic: bool,
  laneCount: i32,
  itemCapacity: i32,
  halved: f64,
  faded: f64,
): void {
  setConstants(stepSeconds, isBallistic, laneCount);
  limitItems(itemCapacity);
  setFading(halved, faded);
}

/** Puts a vehicle on a lane where it begins its route: that of entry `index` of the table of entries. */
export function enter(vehicle: i32, index: i32, position: f64, speed: f64): void {
  const entry = entryRecord(index);
  takeEntry(vehicle, entry);
  setPosition(vehicle, position);
  setSpeed(vehicle, speed);
  enlist(vehicle, entryLane(entry));
}

/** Begins the next step. */
export function beginStep(): i32 {
  setStep(step + 1);
  return step;
}

/**
 * Plans, decides and moves for all vehicles; `end`: the time at its end. How many there are after it; -1 where they had
 * more to pass than there was room to note.
 */
export function drive(activeCount: i32, end: f64): i32 {
  clearApproaches();
  if (!planAll(activeCount, watchedStep == step)) return -1;
  if (deadlockedCount > 0) resolveDeadlocks(deadlockedCount);
  decideAll(activeCount);
  return moveAll(activeCount, end);
}
