/** Speeds of the coming step, from what is open to each vehicle. */
import { advisedSpeed } from './advised-speed';
import { distance, ENTRY, EXIT, INSIDE, itemCode, itemKind, itemLink, pass, request, wait } from './approaches';
import { majorState, mayPass, waitsInside, YELLOW, ZIPPER } from './junction-rules';
import { brakeGap, dawdle, stopSpeed } from './krauss';
import { ITEM_BYTES } from './layout';
import {
  activeAt, adviceCountOf, dt, foeAt, foeEndOf, foeFirstOf, foeYieldsAt, insideEndOf, insideFirstOf, insideFoeAt, isBallistic, itemsFromOf,
  itemsToOf, keyOf, limitOf, openOf, reservedOf, segmentOf, setConflictEntered, setEntered, setHasToWait, setNextSpeed,
  setWatched, speedOf, step, typeOf, waitsFarOf, wishOf,
} from './memory';
import { zipperSpeed } from './merging';
import { VISIBILITY } from './plan';
import { accel, decel, emergencyDecel, maxSpeed, sigma } from './records';
import { NEVER, STANDING_SPEED, uniform } from './traffic';

/** Vehicles closer than this to a link without priority may look out for others in the next step, m. */
const WATCH_METRES: f64 = 30;

/** The last step in which anybody looks out for those who come along a link. */
export let watchedStep: i32 = -1;

/** Sets `nextSpeed` of all vehicles; those with nothing to pass are dealt with here. */
export function decideAll(activeCount: i32): void {
  for (let i = 0; i < activeCount; i++) {
    const vehicle = activeAt(i);
    const type = typeOf(vehicle);
    if (itemsFromOf(vehicle) != itemsToOf(vehicle)) {
      setNextSpeed(vehicle, decide(vehicle, type));
      continue;
    }
    const v = speedOf(vehicle);
    const safe = openOf(vehicle);
    setHasToWait(vehicle, waitsFarOf(vehicle));
    let lowest = v - emergencyDecel(type) * dt;
    if (safe > lowest) lowest = safe;
    if (v - decel(type) * dt < lowest) lowest = v - decel(type) * dt;
    if (lowest < 0 && !isBallistic) lowest = 0;
    let wanted = v + accel(type) * dt;
    if (maxSpeed(type) < wanted) wanted = maxSpeed(type);
    if (safe < wanted) wanted = safe;
    if (limitOf(vehicle) < wanted) wanted = limitOf(vehicle);
    if (wanted < lowest) wanted = lowest;
    const highest = wanted;
    if (sigma(type) > 0 && wanted >= 0) {
      const slowed = wanted < accel(type) ? wanted : accel(type);
      wanted -= dt * sigma(type) * uniform(keyOf(vehicle)) * slowed;
      if (wanted < 0) wanted = 0;
      if (wanted < lowest) wanted = lowest;
    }
    if (wanted >= 0 && (wishOf(vehicle) != 0 || adviceCountOf(vehicle) != 0 || reservedOf(vehicle) != 0)) {
      wanted = advisedSpeed(vehicle, type, lowest > 0 ? lowest : 0, wanted, highest);
    }
    setNextSpeed(vehicle, wanted);
  }
}

function decide(vehicle: i32, type: usize): f64 {
  const b = decel(type);
  const v = speedOf(vehicle);
  const fastest = min<f64>(v + accel(type) * dt, maxSpeed(type));
  const brakes = brakeGap(v, b, 0);
  const end = itemsToOf(vehicle);
  let safe = openOf(vehicle);
  let least: f64 = -1;
  let leastDistance: f64 = 0;
  let couldBrake = false;
  let waits = waitsFarOf(vehicle) == 1;
  for (let item = itemsFromOf(vehicle); item < end; item += ITEM_BYTES) {
    const kind = itemKind(item);
    if (request(item) == 0) {
      if (kind != ENTRY && segmentOf(vehicle) == itemLink(item)) {
        // blocked inside: others may go first
        setEntered(vehicle, NEVER);
        setConflictEntered(vehicle, NEVER);
      }
      safe = wait(item);
      waits = safe < v || safe < STANDING_SPEED;
      break;
    }
    if (kind == EXIT) continue;
    const metres = distance(item);
    const code = itemCode(item);
    const canBrake = metres > brakes || v < b * dt;
    const yellow = kind == ENTRY && code == YELLOW;
    if (yellow && canBrake) {
      safe = wait(item);
      waits = true;
      break;
    }
    if (code == ZIPPER) {
      watch(itemLink(item), kind, 0);
      const merging = zipperSpeed(item, canBrake);
      if (merging < safe) safe = merging;
      if (merging < pass(item)) continue;
    }
    const minor =
      kind == INSIDE
        ? !majorState(code) && code != YELLOW
        : !majorState(code) && !yellow && !waitsInside(itemLink(item), code);
    if (minor) watch(itemLink(item), kind, metres);
    // too far away to see all foes: no matter who they are
    if ((minor && metres > VISIBILITY) || !mayPass(item, canBrake)) {
      safe = wait(item);
      waits = true;
      break;
    }
    if (minor) {
      leastDistance = metres;
      least = min<f64>(isBallistic ? (2 * metres + 0.001) / dt - v : (metres + 0.1) / dt, pass(item));
      couldBrake = canBrake;
    }
    const passing = pass(item);
    if (passing < b && passing <= wait(item) && passing < fastest) waits = true;
  }
  if (safe + 0.001 < least) {
    if (couldBrake && safe < v) {
      safe = min<f64>(safe, stopSpeed(leastDistance, b, dt, v));
      least = 0;
      waits = true;
    } else least = safe;
  }
  setHasToWait(vehicle, waits ? 1 : 0);
  let lowest = min<f64>(v - b * dt, max<f64>(safe, v - emergencyDecel(type) * dt));
  if (lowest < 0 && !isBallistic) lowest = 0;
  const highest = max<f64>(lowest, min<f64>(min<f64>(fastest, safe), limitOf(vehicle)));
  const wanted = max<f64>(lowest, dawdle(highest, accel(type), sigma(type), uniform(keyOf(vehicle))));
  const speed = wanted < 0 ? wanted : advisedSpeed(vehicle, type, lowest > 0 ? lowest : 0, wanted, highest);
  return speed > 0 && speed < least ? least : speed;
}

/** Makes others tell when they come along the links that `link` yields to. */
function watch(link: i32, kind: u8, metres: f64): void {
  if (metres > WATCH_METRES) return;
  watchedStep = step + 1;
  if (kind == INSIDE) {
    const end = insideEndOf(link);
    for (let e = insideFirstOf(link); e < end; e++) setWatched(insideFoeAt(e), step + 1);
    return;
  }
  const end = foeEndOf(link);
  for (let e = foeFirstOf(link); e < end; e++) {
    if (foeYieldsAt(e) == 1) setWatched(foeAt(e), step + 1);
  }
}
