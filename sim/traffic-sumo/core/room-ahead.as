/** How much of the lanes ahead is taken, and whether what is left is enough for the lane changes still to make. */
import { ENTRY_BYTES } from './layout';
import { jamOf, leadsOnOf, lengthListedOf, takenBesideOf, takenOf, takenOwnAt } from './memory';
import { entryLane, entryLink, entryNext } from './records';
import { enlistedMetres } from './traffic';

/** Lanes are compared this far ahead, m. */
const HORIZON_METRES: f64 = 3000;
const STAY_METRES: f64 = 200;
/** More than all rounding, m. */
const MARGIN: f64 = 0.01;

/** Whether the place left on the lane is short for the changes still to make. */
export function mustChange(vehicle: i32, entry: usize, offset: i32, left: f64, ahead: f64): bool {
  const best = entry + offset * ENTRY_BYTES;
  const needed = ahead * <f64>abs(offset);
  const usable = left - jamOf(entryLane(best));
  if (usable < needed) return true;
  const isBeside = abs(offset) == 1;
  const bound = takenBesideOf(vehicle, offset);
  if (isBeside && usable - (load<f64>(bound) + enlistedMetres) - MARGIN > needed) return false;
  const metres = takenBeyond(best, usable - needed);
  if (isBeside && isWhole) store<f64>(bound, metres - enlistedMetres);
  return usable - metres < needed;
}

/**
 * Whether the way back to the route would be too short, or the vehicle is where it should be. `place`: metres to where
 * the lane beside ends, `reach` from its begin.
 */
export function stays(
  vehicle: i32,
  entry: usize,
  side: i32,
  offset: i32,
  place: f64,
  reach: f64,
  ahead: f64,
  strategic: f64,
): bool {
  const beside = entry + side * ENTRY_BYTES;
  const there = jamOf(entryLane(beside));
  const here = jamOf(entryLane(entry));
  const room = max<f64>(0, place - max<f64>(there, here));
  const needed = ahead * <f64>(abs(offset) + 2);
  if (room < needed) return true;
  const enough = place - needed;
  if (isFuller(takenBesideOf(vehicle, side), beside, there, enough)) return true;
  if (isFuller(takenOwnAt(vehicle), entry, here, enough)) return true;
  return offset == 0 && strategic >= 0 && reach < STAY_METRES && leadsSomewhere(beside);
}

/**
 * Whether `taken` and what is taken of the lanes that follow `entry` are more than `enough`. They are counted only where
 * they could be: at `bound` lies what was taken when they were counted last, less all that had come onto any lane by then.
 */
function isFuller(bound: usize, entry: usize, taken: f64, enough: f64): bool {
  if (taken + (load<f64>(bound) + enlistedMetres) + MARGIN < enough) return false;
  const metres = takenBeyond(entry, enough - taken);
  if (isWhole) store<f64>(bound, metres - enlistedMetres);
  return taken + metres > enough;
}

/** Whether the last lane that one gets to without changing leads anywhere. */
function leadsSomewhere(from: usize): bool {
  let entry = from;
  while (entryLink(entry) >= 0) entry = entryNext(entry);
  return leadsOnOf(entryLane(entry)) == 1;
}

/** Whether `takenBeyond` counted to the end. */
let isWhole: bool = false;

/** Metres that vehicles and their gaps take on the lanes that follow, within the horizon; more than `enough` ends it. */
function takenBeyond(from: usize, enough: f64): f64 {
  let metres: f64 = 0;
  let seen: f64 = 0;
  let entry = from;
  isWhole = true;
  while (entryLink(entry) >= 0) {
    entry = entryNext(entry);
    const lane = entryLane(entry);
    metres += takenOf(lane);
    seen += lengthListedOf(lane);
    if (metres > enough) {
      isWhole = false;
      break;
    }
    if (seen > HORIZON_METRES) break;
  }
  return metres;
}
