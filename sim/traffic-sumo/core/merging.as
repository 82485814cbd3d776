/** Where no right of way decides: lanes that become one by turns, and vehicles that all wait for the one to their right. */
import {
  arrival, distance, itemLink, itemVehicle, nextItem, pass, request, setNextItem, setRequest,
} from './approaches';
import { blocks, impatienceOf, ZIPPER } from './junction-rules';
import { brakeGap, followSpeed, speedAfter } from './krauss';
import {
  deadlockedAt, dt, foeAt, foeEndOf, foeFirstOf, foeMergesAt, foeYieldsAt, itemHeadOf, keyOf, limitOf, linkStartOf, precedenceOf,
  setDeadlocked, setItemHead, speedOf, typeOf,
} from './memory';
import { accel, decel, emergencyDecel, maxSpeed, minGap, tau, typeLength } from './records';
import { uniform } from './traffic';

/** So far before a zipper one sees those on the other lane, m (SUMO's default there). */
const ZIPPER_VISIBILITY: f64 = 100;
/** Who comes to a zipper later than this opens a gap at leisure, s. */
const ADAPTING_SECONDS: f64 = 10;
const LEAST_MEAN_SPEED: f64 = 0.001;
/** Chance that one in a circle of waiting vehicles gives way in a step, straight on and turning. */
const GIVES_WAY_STRAIGHT: f64 = 0.25;
const GIVES_WAY_TURNING: f64 = 0.75;
/** `precedence` of a link straight on. */
const STRAIGHT: u8 = 3;

/**
 * Highest speed before an item at a zipper: so slow that there is a safe gap behind those on the other lane who are
 * first, by the time they are there (SUMO's getZipperSpeed). `canBrake`: before the item.
 */
export function zipperSpeed(item: usize, canBrake: bool): f64 {
  const vehicle = itemVehicle(item);
  const type = typeOf(vehicle);
  let speed = pass(item);
  if (distance(item) > max<f64>(ZIPPER_VISIBILITY, brakeGap(speedOf(vehicle), decel(type), dt))) return speed;
  const impatient = impatienceOf(vehicle, canBrake);
  const link = itemLink(item);
  const end = foeEndOf(link);
  for (let e = foeFirstOf(link); e < end; e++) {
    if (foeYieldsAt(e) == 0) continue;
    for (let k = itemHeadOf(foeAt(e)); k != 0; k = nextItem(k)) {
      if (itemVehicle(k) == vehicle || !blocks(item, k, foeMergesAt(e) == 1, impatient, ZIPPER)) continue;
      if (goesBefore(item, k)) continue;
      const behind = speedBehind(item, k);
      if (behind < speed) speed = behind;
    }
  }
  return speed;
}

/** Whether the vehicle of `item` need not mind that of `k` on the other lane, who comes later or can brake for it. */
function goesBefore(item: usize, k: usize): bool {
  const own = arrival(item);
  const theirs = arrival(k);
  if (theirs > own && !couldBrakeFor(item, k)) return true;
  if (couldBrakeFor(k, item)) return true;
  return theirs == own && distance(item) == distance(k) && itemLink(item) < itemLink(k);
}

/** Whether the vehicle of `item` is behind that of `k` and stays there if it brakes for a second. */
function couldBrakeFor(item: usize, k: usize): bool {
  const gap = distance(item) - distance(k);
  const vehicle = itemVehicle(item);
  return gap > 0 && gap > speedOf(vehicle) - decel(typeOf(vehicle)) - speedOf(itemVehicle(k));
}

/** Speed of the vehicle of `item` with which it comes to drive behind that of `k`, braking the softer the sooner. */
function speedBehind(item: usize, k: usize): f64 {
  const vehicle = itemVehicle(item);
  const other = itemVehicle(k);
  const type = typeOf(vehicle);
  const foeType = typeOf(other);
  const metres = distance(item);
  const foeMetres = distance(k);
  const v = speedOf(vehicle);
  const u = speedOf(other);
  const own = decel(type);
  const theirs = decel(foeType);
  const foeEnd = min<f64>(min<f64>(limitOf(other), maxSpeed(foeType)), speedAfter(foeMetres, u, accel(foeType)));
  const foeMean = (u + foeEnd) / 2;
  const foeSeconds = wholeSteps(foeMetres / max<f64>(LEAST_MEAN_SPEED, foeMean));
  const end = min<f64>(
    min<f64>(limitOf(vehicle), maxSpeed(type)),
    min<f64>(speedAfter(metres, v, accel(type)), max<f64>(foeEnd, speedAfter(metres, v, own))),
  );
  const mean = (v + end) / 2;
  const seconds = wholeSteps(metres / max<f64>(LEAST_MEAN_SPEED, mean));
  const gap = metres - typeLength(foeType) - minGap(type) - foeMetres;
  const safeGap = max<f64>(0, brakeGap(end, own, tau(type)) - brakeGap(foeEnd, max<f64>(own, theirs), 0));
  const missing = gap + foeSeconds * foeMean - safeGap - mean * foeSeconds;
  const opening = v + (dt * 2 * missing) / (foeSeconds * foeSeconds);
  const following = followSpeed(v, gap, u, theirs, own, emergencyDecel(type), tau(type));
  const weight = min<f64>(1, seconds / ADAPTING_SECONDS);
  const hardest = v - dt * (weight * own + (1 - weight) * emergencyDecel(type));
  return max<f64>(max<f64>(following, hardest), weight * opening + (1 - weight) * following);
}

/** Seconds rounded up to steps, at least 1. */
function wholeSteps(seconds: f64): f64 {
  return max<f64>(1, ceil(seconds / dt) * dt);
}

/** The nearest one that means to pass a link to which the item's link yields, 0 for none. */
function nearestFoe(link: i32): usize {
  let nearest: usize = 0;
  const end = foeEndOf(link);
  for (let e = foeFirstOf(link); e < end; e++) {
    if (foeYieldsAt(e) == 0) continue;
    for (let k = itemHeadOf(foeAt(e)); k != 0; k = nextItem(k)) {
      if (nearest == 0 || distance(k) < distance(nearest)) nearest = k;
    }
  }
  return nearest;
}

/** Lets some of the first `count` deadlocked items give way by lot who stand in a circle, each waiting for the next. */
export function resolveDeadlocks(count: i32): void {
  let giving = 0;
  for (let d = 0; d < count; d++) {
    const item = deadlockedAt(d);
    const link = itemLink(item);
    if (request(item) == 0) continue;
    let k = nearestFoe(link);
    let steps = 0;
    while (k != 0 && linkStartOf(itemLink(k)) != linkStartOf(link) && steps++ < 100) k = nearestFoe(itemLink(k));
    if (k == 0 || linkStartOf(itemLink(k)) != linkStartOf(link)) continue;
    const chance = precedenceOf(link) == STRAIGHT ? GIVES_WAY_STRAIGHT : GIVES_WAY_TURNING;
    if (uniform(keyOf(itemVehicle(item)) + 2) < chance) setDeadlocked(giving++, item);
  }
  for (let d = 0; d < giving; d++) {
    const item = deadlockedAt(d);
    setRequest(item, 0);
    withdraw(item);
  }
}

/** Takes an item out of what others see. */
function withdraw(item: usize): void {
  const link = itemLink(item);
  if (itemHeadOf(link) == item) {
    setItemHead(link, nextItem(item));
    return;
  }
  for (let k = itemHeadOf(link); k != 0; k = nextItem(k)) {
    if (nextItem(k) == item) {
      setNextItem(k, nextItem(item));
      return;
    }
  }
}
