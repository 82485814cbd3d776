/** How much of the lanes ahead is taken, and whether what is left is enough for the lane changes still to make. */
import { jamOf, leadsOnOf, lengthOf, takenOf } from './memory';
import { entryLane, entryLink, entryNext } from './records';
import { ENTRY_BYTES } from './layout';

/** Lanes are compared this far ahead, m. */
const HORIZON_METRES: f64 = 3000;
const STAY_METRES: f64 = 200;

/** Whether the place left on the lane is short for the changes still to make. */
export function mustChange(entry: usize, offset: i32, left: f64, ahead: f64): bool {
  const best = entry + offset * ENTRY_BYTES;
  const needed = ahead * <f64>abs(offset);
  const usable = left - jamOf(entryLane(best));
  return usable < needed || usable - takenBeyond(best, usable - needed) < needed;
}

/**
 * Whether the way back to the route would be too short, or the vehicle is where it should be. `place`: metres to where
 * the lane beside ends, `reach` from its begin.
 */
export function stays(
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
  if (there + takenBeyond(beside, enough - there) > enough) return true;
  if (here + takenBeyond(entry, enough - here) > enough) return true;
  return offset == 0 && strategic >= 0 && reach < STAY_METRES && leadsSomewhere(beside);
}

/** Whether the last lane that one gets to without changing leads anywhere. */
function leadsSomewhere(from: usize): bool {
  let entry = from;
  while (entryLink(entry) >= 0) entry = entryNext(entry);
  return leadsOnOf(entryLane(entry)) == 1;
}

/** Metres that vehicles and their gaps take on the lanes that follow, within the horizon; more than `enough` ends it. */
function takenBeyond(from: usize, enough: f64): f64 {
  let metres: f64 = 0;
  let seen: f64 = 0;
  let entry = from;
  while (entryLink(entry) >= 0) {
    entry = entryNext(entry);
    const lane = entryLane(entry);
    metres += takenOf(lane);
    seen += lengthOf(lane);
    if (metres > enough || seen > HORIZON_METRES) break;
  }
  return metres;
}
