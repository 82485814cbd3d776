/**
 * CityFlow's driving, to the formula, in AssemblyScript: new speeds of all vehicles of its classes from the old state.
 * `npm run core` compiles it into `cityflow-core.ts`; `cityflow-memory.ts` lays the world's arrays where it reads them.
 * A step changes nothing of the present state: it fills the next values and the list of movers, and `commit` makes the
 * next values the present ones. Metres, seconds.
 */

/** JS: the front of `vehicle` went from `from` to beyond detector `slot`, its speed from `before` to `after`. */
@external("env", "crossed")
declare function crossed(vehicle: i32, slot: i32, from: f64, before: f64, after: f64): void;

// Where each array of the world begins is written at memory[4 * its number].
export const ACTIVE_SEGMENTS: i32 = 0;
export const FIRST: i32 = 1;
export const LAST: i32 = 2;
export const BEHIND: i32 = 3;
export const AHEAD: i32 = 4;
export const NEXT_SEGMENT: i32 = 5;
export const PREVIOUS_SEGMENT: i32 = 6;
export const CURSOR: i32 = 7;
export const LINK_TICK: i32 = 8;
export const BLOCKER: i32 = 9;
export const NEXT_BLOCKER: i32 = 10;
export const PRIORITY: i32 = 11;
export const MOVED: i32 = 12;
export const MOVERS: i32 = 13;
export const TARGET: i32 = 14;
export const TARGET_FROM: i32 = 15;
export const TARGET_CURSOR: i32 = 16;
export const STOPS: i32 = 17;
export const SEGMENT: i32 = 18;
export const FIRST_LINK: i32 = 19;
export const LAST_LINK: i32 = 20;
export const LINK_START: i32 = 21;
export const LINK_END: i32 = 22;
export const LINK_GROUP: i32 = 23;
export const LANE_INDEX: i32 = 24;
export const CROSS_FIRST: i32 = 25;
export const CROSS_FOE: i32 = 26;
export const ROW: i32 = 27;
export const LINK: i32 = 28;
export const DETECTOR_FIRST: i32 = 29;
export const STANDING: i32 = 30;
export const POSITION: i32 = 31;
export const SPEED: i32 = 32;
export const ACCELERATION: i32 = 33;
export const NEXT_POSITION: i32 = 34;
export const NEXT_SPEED: i32 = 35;
export const TIME_LOSS: i32 = 36;
export const WAITING: i32 = 37;
export const FUEL: i32 = 38;
export const CO2: i32 = 39;
export const ARRIVAL_TIME: i32 = 40;
export const VEHICLE_LENGTH: i32 = 41;
export const LENGTH: i32 = 42;
export const SPEED_LIMIT: i32 = 43;
export const CROSS_DISTANCE: i32 = 44;
export const CROSS_FOE_DISTANCE: i32 = 45;
export const DETECTOR_POSITION: i32 = 46;
export const FRESH: i32 = 47;
export const PRECEDENCE: i32 = 48;
export const GROUP_LAMP: i32 = 49;
export const MET: i32 = 50;
export const RESTS: i32 = 51;
export const VEHICLE_CLASS: i32 = 52;
/** Of each class 32 numbers, at the places below. */
export const CLASSES: i32 = 53;
export const ARRAYS: i32 = 54;

export const MAX_SPEED: i32 = 0;
export const MIN_GAP: i32 = 1;
export const USUAL_ACCELERATION: i32 = 2;
export const USUAL_DECELERATION: i32 = 3;
export const MAX_ACCELERATION: i32 = 4;
export const MAX_DECELERATION: i32 = 5;
/** The time over which the wanted distance is kept, s. */
export const SPACING: i32 = 6;
/** How far a vehicle looks for a leader and for the junction (CityFlow's D). */
export const LOOK_AHEAD: i32 = 7;
/** A gap from which on no leader lowers any speed. */
export const ROOM: i32 = 8;
/** 0 where another model moves the class. */
export const IS_OURS: i32 = 9;
/** Five coefficients each, of a step: constant, of the power, of the speed and its powers; grams and millilitres. */
export const CO2_RATES: i32 = 10;
export const FUEL_RATES: i32 = 15;
/** 0.5 / deceleration, its fourfold and 0.5 / itself, of the greatest and of the usual one. */
export const HARD: i32 = 20;
export const USUAL: i32 = 23;

const CLASS_BYTES_LOG2: i32 = 8;
const GREEN: u8 = 1;
const ARRIVED: i32 = -2;
const STANDING_SPEED: f64 = 0.1;
/** Turning speed and distance kept before a cross, m/s and m; fixed in CityFlow's source. */
const TURN_SPEED: f64 = 8.3333;
const YIELD_DISTANCE: f64 = 5;
const STRAIGHT: u8 = 3;
/** A root this much beyond a bound is beyond it whatever the rounding of the last bits. */
const ROUNDING: f64 = 1 + 1e-9;
/** What a vehicle does while nothing changes ahead: moves; stands, and will as long as the one before it; or as long as it is red. */
const MOVES: u8 = 0;
const RESTS_BEHIND: u8 = 1;
const RESTS_AT_RED: u8 = 2;

let dt: f64 = 1;
let laneCount: i32 = 0;
let segmentCount: i32 = 0;
let longest: f64 = 0;
/** Nobody changes lanes, so that who is ahead of one that rests stays the same. */
let mayRest: bool = false;
let movedCount: i32 = 0;
let moverCount: i32 = 0;
/** How far the leader, or the foe, found last is. */
let foundAt: f64 = 0;

@inline
function base(array: i32): usize {
  return load<u32>(array << 2);
}
@inline
function int(array: usize, i: i32): i32 {
  return load<i32>(array + (<usize>i << 2));
}
@inline
function setInt(array: usize, i: i32, value: i32): void {
  store<i32>(array + (<usize>i << 2), value);
}
@inline
function float(array: usize, i: i32): f64 {
  return load<f64>(array + (<usize>i << 3));
}
@inline
function setFloat(array: usize, i: i32, value: f64): void {
  store<f64>(array + (<usize>i << 3), value);
}
@inline
function add(array: usize, i: i32, value: f64): void {
  setFloat(array, i, float(array, i) + value);
}
@inline
function byte(array: usize, i: i32): u8 {
  return load<u8>(array + <usize>i);
}
@inline
function setByte(array: usize, i: i32, value: u8): void {
  store<u8>(array + <usize>i, value);
}
/** Where the numbers of a vehicle's class begin. */
@inline
function classOf(v: i32): usize {
  return base(CLASSES) + (<usize>byte(base(VEHICLE_CLASS), v) << CLASS_BYTES_LOG2);
}

export function configure(stepSeconds: f64, lanes: i32, segments: i32, longestVehicle: f64, rests: bool): void {
  dt = stepSeconds;
  laneCount = lanes;
  segmentCount = segments;
  longest = longestVehicle;
  mayRest = rests;
}

/** Whether the link shows green, or no signal governs it. */
function isOpen(link: i32): bool {
  const group = int(base(LINK_GROUP), link);
  return group < 0 || byte(base(GROUP_LAMP), group) == GREEN;
}

/** Whether a vehicle on the lane has a link before it that is not open. */
@inline
function isRedAhead(segment: i32, next: i32): bool {
  return segment < laneCount && next >= 0 && !isOpen(next);
}

/** Marks the links on which a vehicle may be met: one is on it, came from it, or may come to it next. */
function findMet(activeSegmentCount: i32): void {
  const met = base(MET);
  memory.fill(met, 0, segmentCount);
  const activeSegments = base(ACTIVE_SEGMENTS);
  const first = base(FIRST);
  const last = base(LAST);
  const nextSegment = base(NEXT_SEGMENT);
  const previousSegment = base(PREVIOUS_SEGMENT);
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = int(activeSegments, i);
    if (segment >= laneCount) {
      setByte(met, segment, 1);
      continue;
    }
    const next = int(nextSegment, int(first, segment));
    if (next >= 0 && isOpen(next)) setByte(met, next, 1);
    const from = int(previousSegment, int(last, segment));
    if (from >= laneCount) setByte(met, from, 1);
  }
}

/** Leader beyond the own segment, -1 for none; its gap to `foundAt`. */
function leaderBeyond(v: i32, segment: i32, far: f64): i32 {
  const position = base(POSITION);
  const vehicleLength = base(VEHICLE_LENGTH);
  const last = base(LAST);
  const length = base(LENGTH);
  let away = float(length, segment) - float(position, v);
  let next = int(base(NEXT_SEGMENT), v);
  let place = int(base(CURSOR), v);
  while (next >= 0) {
    if (next >= laneCount) {
      const start = int(base(LINK_START), next);
      const end = int(base(LAST_LINK), start);
      let leader = -1;
      let gap: f64 = 0;
      for (let other = int(base(FIRST_LINK), start); other < end; other++) {
        const tail = int(last, other);
        if (tail < 0) continue;
        const room = away + float(position, tail) - float(vehicleLength, tail);
        if (leader < 0 || room < gap) {
          leader = tail;
          gap = room;
        }
      }
      if (leader >= 0) {
        foundAt = gap;
        return leader;
      }
      away += float(length, next);
      if (away > far) return -1;
      next = int(base(LINK_END), next);
      place++;
    } else {
      let leader = int(last, next);
      // Who entered the network in this very step is seen from the next one on.
      if (leader >= 0 && byte(base(FRESH), next) == 1) leader = int(base(AHEAD), leader);
      if (leader >= 0) {
        foundAt = away + float(position, leader) - float(vehicleLength, leader);
        return leader;
      }
      away += float(length, next);
      if (away > far) return -1;
      next = int(base(LINK), int(base(ROW), place) + int(base(LANE_INDEX), next));
    }
  }
  return -1;
}

/** Highest speed that signals, turns and crosses allow; notes in NEXT_BLOCKER whom v waits for. */
function junctionSpeed(v: i32, segment: i32, kind: usize): f64 {
  const own = float(base(SPEED), v);
  let most = float(kind, MAX_SPEED);
  let on = segment;
  let along = float(base(POSITION), v);
  if (segment < laneCount) {
    on = int(base(NEXT_SEGMENT), v);
    const toLine = float(base(LENGTH), segment) - along;
    if ((!isOpen(on) || endIsBlocked(on, v)) && !((0.5 * own * own) / float(kind, MAX_DECELERATION) > toLine)) {
      const stop = stopSpeed(own, toLine, kind);
      return stop < most ? stop : most;
    }
    if (byte(base(PRECEDENCE), on) < STRAIGHT && TURN_SPEED < most) most = TURN_SPEED;
    along = -toLine;
  }
  const met = base(MET);
  const crossFoe = base(CROSS_FOE);
  const crossDistance = base(CROSS_DISTANCE);
  const end = int(base(CROSS_FIRST), on + 1);
  for (let i = int(base(CROSS_FIRST), on); i < end; i++) {
    const other = int(crossFoe, i);
    if (byte(met, other) == 0) continue;
    const at = float(crossDistance, i);
    if (at < along) continue;
    const foe = foeAt(other, float(base(CROSS_FOE_DISTANCE), i));
    if (foe < 0 || canPass(v, kind, on, at - along, foe, other, foundAt)) continue;
    const stop = stopSpeed(own, at - along - YIELD_DISTANCE, kind);
    setInt(base(NEXT_BLOCKER), v, foe);
    if (stop < most) most = stop;
    break;
  }
  return most;
}

/** A vehicle that stands, or nearly, too near the start of the lane beyond. */
function endIsBlocked(link: i32, v: i32): bool {
  const tail = int(base(LAST), int(base(LINK_END), link));
  if (tail < 0 || float(base(SPEED), tail) >= 2) return false;
  const vehicleLength = base(VEHICLE_LENGTH);
  return !(float(base(POSITION), tail) > float(vehicleLength, tail) + float(vehicleLength, v));
}

/** Next speed of one that is to stop after `away` metres. */
function stopSpeed(v: f64, away: f64, kind: usize): f64 {
  const faster = v + float(kind, USUAL_ACCELERATION) * dt;
  if (((v + faster) * dt) / 2 + (faster * faster) / float(kind, USUAL_DECELERATION) / 2 < away) return faster;
  const steps = (2 * away) / (v + 1e-8) / dt;
  return steps >= 1 ? v - v / Math.floor(steps) : v - v / steps;
}

/** The vehicle met at `at` metres of the link, -1 for none; how far it is before that point to `foundAt`. */
function foeAt(link: i32, at: f64): i32 {
  const position = base(POSITION);
  const vehicleLength = base(VEHICLE_LENGTH);
  const first = base(FIRST);
  const tail = int(base(LAST), int(base(LINK_END), link));
  if (tail >= 0 && int(base(PREVIOUS_SEGMENT), tail) == link) {
    const beyond = float(base(LENGTH), link) - at;
    if (beyond + (float(position, tail) - float(vehicleLength, tail)) < 0) {
      foundAt = -(float(position, tail) + beyond);
      return tail;
    }
  }
  const behind = base(BEHIND);
  for (let other = int(first, link); other >= 0; other = int(behind, other)) {
    const along = float(position, other);
    if (along > at && along - at - float(vehicleLength, other) > 0) continue;
    foundAt = at - along;
    return other;
  }
  const start = int(base(LINK_START), link);
  const head = int(first, start);
  if (head >= 0 && int(base(NEXT_SEGMENT), head) == link && isOpen(link)) {
    foundAt = float(base(LENGTH), start) - float(position, head) + at;
    return head;
  }
  return -1;
}

/** Whether v, `away` before the cross on link `own`, passes it before or after foe, `foeAway` before it on `other`. */
function canPass(v: i32, kind: usize, own: i32, away: f64, foe: i32, other: i32, foeAway: f64): bool {
  if (!canYield(v, away, kind)) return true;
  let passes = false;
  if (canYield(foe, foeAway, classOf(foe))) {
    const precedence = base(PRECEDENCE);
    const linkTick = base(LINK_TICK);
    const mine = byte(precedence, own);
    const theirs = byte(precedence, other);
    if (mine > theirs) passes = true;
    else if (!(foeAway > 0)) passes = foeAway + float(base(VEHICLE_LENGTH), foe) < 0;
    else {
      const foeSteps = reachSteps(foe, foeAway, other);
      const steps = reachSteps(v, away, own);
      if (foeSteps != steps || mine < theirs) passes = foeSteps > steps;
      else if (int(linkTick, v) != int(linkTick, foe)) passes = int(linkTick, v) < int(linkTick, foe);
      else if (away != foeAway) passes = away < foeAway;
      else passes = int(base(PRIORITY), v) > int(base(PRIORITY), foe);
    }
  }
  return passes || waitsInCircle(foe);
}

function canYield(v: i32, away: f64, kind: usize): bool {
  if (away < 0) return away + float(base(VEHICLE_LENGTH), v) < 0;
  const own = float(base(SPEED), v);
  return away > 0 && (0.5 * own * own) / float(kind, MAX_DECELERATION) < away - YIELD_DISTANCE;
}

/** Steps until v has gone `away` metres, as CityFlow estimates it, slips of the units included. */
function reachSteps(v: i32, away: f64, link: i32): f64 {
  if (away <= 0) return 0;
  const kind = classOf(v);
  const own = float(base(SPEED), v);
  const goal = byte(base(PRECEDENCE), link) < STRAIGHT ? TURN_SPEED : float(kind, MAX_SPEED);
  const gain = float(kind, USUAL_ACCELERATION);
  if (own > goal) return Math.ceil(away / own);
  let until: f64 = 0;
  if (goal > own) {
    const whole = Math.floor((goal - own) / gain / dt);
    const reached = own + (whole * gain) / dt;
    until = ((own + reached) * (whole * dt)) / 2 + (reached < goal ? ((reached + goal) * dt) / 2 : 0);
  }
  if (until > away) return Math.ceil((Math.sqrt(own * own + 2 * gain * away) - own) / gain / dt);
  return Math.ceil((goal - own) / gain / dt) + Math.ceil((away - until) / goal / dt);
}

/** Whether the chain of those who wait for each other, from `start`, comes back to itself. */
function waitsInCircle(start: i32): bool {
  const blocker = base(BLOCKER);
  let fast = start;
  let slow = start;
  while (fast >= 0 && int(blocker, fast) >= 0) {
    slow = int(blocker, slow);
    fast = int(blocker, int(blocker, fast));
    if (slow == fast) return true;
  }
  return false;
}

/** Notes that v, now past the end of its segment, leaves it; `overshoot` is its way past that end. As `leaveSegment`. */
function leave(v: i32, segment: i32, overshoot: f64, now: f64): void {
  const length = base(LENGTH);
  let rest = overshoot;
  let next = int(base(NEXT_SEGMENT), v);
  let cursor = int(base(CURSOR), v);
  while (next >= 0) {
    if (next < laneCount) cursor++;
    if (!(rest > float(length, next))) break;
    rest -= float(length, next);
    next =
      next < laneCount
        ? int(base(LINK), int(base(ROW), cursor) + int(base(LANE_INDEX), next))
        : int(base(LINK_END), next);
  }
  setInt(base(MOVERS), moverCount++, v);
  setInt(base(TARGET), v, next);
  setInt(base(TARGET_FROM), v, segment);
  setInt(base(TARGET_CURSOR), v, cursor);
  setFloat(base(NEXT_POSITION), v, rest);
  setFloat(base(ARRIVAL_TIME), v, now);
}

/** Next speed behind a leader at `gap`, at most `most`: bounds of `v0 -> goal` by hard and usual braking and by spacing. */
@inline
function followingSpeed(v0: f64, most: f64, front: i32, gap: f64, kind: usize): f64 {
  let goal = most;
  const b = 0.5 * dt;
  const bb = b * b;
  const vL = float(base(SPEED), front);
  const frontKind = classOf(front);
  const minGap = float(kind, MIN_GAP);
  // The speed from which one stops behind a leader that brakes, twice: hard with nothing between the two, and as usual
  // with the least gap. A root that is greater than the goal by more than rounding is not drawn.
  const travelled = (v0 * dt) / 2;
  const squared = 0.5 * vL * vL;
  let slower = float(frontKind, MAX_DECELERATION);
  let c0 = travelled - squared / slower - gap;
  let inside = bb - float(kind, HARD + 1) * c0;
  if (inside < 0) {
    if (goal > -100) goal = -100;
  } else {
    const least = 2 * float(kind, HARD) * goal + b;
    if (least < 0 || inside <= least * least * ROUNDING) {
      const v1 = float(kind, HARD + 2) * (Math.sqrt(inside) - b);
      if (v1 < goal) goal = v1;
    }
    const v2 = 2 * vL - slower * dt + (2 * gap) / dt;
    if (v2 < goal) goal = v2;
  }
  slower = float(frontKind, USUAL_DECELERATION);
  c0 = travelled + minGap - squared / slower - gap;
  inside = bb - float(kind, USUAL + 1) * c0;
  if (inside < 0) {
    if (goal > -100) goal = -100;
  } else {
    const least = 2 * float(kind, USUAL) * goal + b;
    if (least < 0 || inside <= least * least * ROUNDING) {
      const v1 = float(kind, USUAL + 2) * (Math.sqrt(inside) - b);
      if (v1 < goal) goal = v1;
    }
    const v2 = 2 * vL - slower * dt + (2 * (gap - minGap)) / dt;
    if (v2 < goal) goal = v2;
  }
  const excess = v0 > vL ? v0 - vL : 0;
  const spaced = (gap + (vL + excess / 2) * dt - travelled) / float(kind, SPACING);
  return spaced < goal ? spaced : goal;
}

/** Five coefficients at `rates`, at a mean speed and power: what a step adds, 0 where that is less. */
@inline
function exhaust(rates: usize, mean: f64, power: f64): f64 {
  const sum =
    float(rates, 0) + mean * (float(rates, 2) + mean * (float(rates, 3) + mean * float(rates, 4))) + float(rates, 1) * power;
  return sum > 0 ? sum : 0;
}

/**
 * One step, which begins at `now`. `movers` are on the list already; returns how many are then. What cannot matter is
 * not computed, with the same bits as if it had been:
 * - who rests behind one that rests, or at red, goes on resting: only times and exhaust are added;
 * - a leader further away than ROOM allows any speed;
 * - at the desired speed, with nothing near, the step is the one before.
 */
export function step(activeSegmentCount: i32, now: f64, movers: i32): i32 {
  moverCount = movers;
  movedCount = 0;
  findMet(activeSegmentCount);
  const activeSegments = base(ACTIVE_SEGMENTS);
  const position = base(POSITION);
  const speed = base(SPEED);
  const vehicleLength = base(VEHICLE_LENGTH);
  const vehicleClass = base(VEHICLE_CLASS);
  const nextSegment = base(NEXT_SEGMENT);
  const behind = base(BEHIND);
  const nextPosition = base(NEXT_POSITION);
  const nextSpeed = base(NEXT_SPEED);
  const nextBlocker = base(NEXT_BLOCKER);
  const timeLoss = base(TIME_LOSS);
  const waiting = base(WAITING);
  const co2 = base(CO2);
  const fuel = base(FUEL);
  const rests = base(RESTS);
  const moved = base(MOVED);
  const detectorFirst = base(DETECTOR_FIRST);
  let kind: usize = 0;
  let gain: f64 = 0;
  let far: f64 = 0;
  let room: f64 = 0;
  // Of a vehicle at its desired speed, and of one that stands.
  let limit: f64 = -1;
  let desired: f64 = 0;
  let cruisingWay: f64 = 0;
  let cruisingLoss: f64 = 0;
  let cruisingCo2: f64 = 0;
  let cruisingFuel: f64 = 0;
  let idlingCo2: f64 = 0;
  let idlingFuel: f64 = 0;
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = int(activeSegments, i);
    const ends = float(base(LENGTH), segment);
    const isLane = segment < laneCount;
    const detectorEnd = int(detectorFirst, segment + 1);
    const hasDetectors = int(detectorFirst, segment) < detectorEnd;
    if (float(base(SPEED_LIMIT), segment) != limit) {
      limit = float(base(SPEED_LIMIT), segment);
      kind = 0;
    }
    let standing = 0;
    let leader = -1;
    for (let v = int(base(FIRST), segment); v >= 0; leader = v, v = int(behind, v)) {
      const own = base(CLASSES) + (<usize>byte(vehicleClass, v) << CLASS_BYTES_LOG2);
      if (own != kind) {
        if (float(own, IS_OURS) == 0) continue;
        kind = own;
        gain = float(kind, MAX_ACCELERATION) * dt;
        far = float(kind, LOOK_AHEAD);
        room = float(kind, ROOM);
        const most = float(kind, MAX_SPEED);
        desired = limit < most ? limit : most;
        cruisingWay = ((desired + desired) * dt) / 2;
        cruisingLoss = dt - cruisingWay / desired;
        cruisingCo2 = exhaust(kind + (CO2_RATES << 3), desired, 0);
        cruisingFuel = exhaust(kind + (FUEL_RATES << 3), desired, 0);
        idlingCo2 = exhaust(kind + (CO2_RATES << 3), 0, 0);
        idlingFuel = exhaust(kind + (FUEL_RATES << 3), 0, 0);
      }
      const x = float(position, v);
      const next = int(nextSegment, v);
      const atJunction = !isLane || (next >= 0 && ends - x <= far);
      const why = byte(rests, v);
      if (why != MOVES) {
        const isHeld = leader < 0 ? why == RESTS_AT_RED : float(speed, leader) == 0;
        if (isHeld && (!atJunction || isRedAhead(segment, next))) {
          add(timeLoss, v, dt);
          add(waiting, v, dt);
          add(co2, v, idlingCo2);
          add(fuel, v, idlingFuel);
          standing++;
          continue;
        }
        setByte(rests, v, MOVES);
      }
      const v0 = float(speed, v);
      setInt(moved, movedCount++, v);
      setInt(nextBlocker, v, -1);
      let front = leader;
      let gap: f64 = 0;
      if (front >= 0) gap = float(position, front) - float(vehicleLength, front) - x;
      else if (ends - x < room + longest) {
        front = leaderBeyond(v, segment, far);
        gap = foundAt;
      }
      const isNear = front >= 0 && gap < room;
      let goal = v0;
      let reached: f64 = 0;
      if (v0 == desired && !isNear && !atJunction && desired > STANDING_SPEED) {
        reached = cruisingWay + x;
        if (cruisingLoss > 0) add(timeLoss, v, cruisingLoss);
        add(co2, v, cruisingCo2);
        add(fuel, v, cruisingFuel);
      } else {
        goal = float(kind, MAX_SPEED);
        if (v0 + gain < goal) goal = v0 + gain;
        if (limit < goal) goal = limit;
        if (isNear) goal = followingSpeed(v0, goal, front, gap, kind);
        let allowed: f64 = 0;
        if (atJunction) {
          allowed = junctionSpeed(v, segment, kind);
          if (allowed < goal) goal = allowed;
        }
        const hardest = float(kind, MAX_DECELERATION);
        if (goal < v0 - hardest * dt) goal = v0 - hardest * dt;
        let dx: f64;
        if (goal < 0) {
          dx = (0.5 * v0 * v0) / hardest;
          goal = 0;
        } else dx = ((v0 + goal) * dt) / 2;
        reached = dx + x;
        if (v0 == 0 && goal == 0 && mayRest) {
          const isRed = isRedAhead(segment, next);
          if (leader < 0) {
            if (isRed && atJunction && allowed <= 0) setByte(rests, v, RESTS_AT_RED);
          } else if (float(speed, leader) == 0 && (isRed || !atJunction)) setByte(rests, v, RESTS_BEHIND);
        }
        const lost = dt - dx / desired;
        if (lost > 0) add(timeLoss, v, lost);
        if (goal <= STANDING_SPEED) {
          standing++;
          add(waiting, v, dt);
          if (v0 > STANDING_SPEED) setInt(base(STOPS), v, int(base(STOPS), v) + 1);
        }
        const mean = (v0 + goal) * 0.5;
        const power = (goal - v0) * mean;
        add(co2, v, exhaust(kind + (CO2_RATES << 3), mean, power));
        add(fuel, v, exhaust(kind + (FUEL_RATES << 3), mean, power));
      }
      setFloat(nextSpeed, v, goal);
      setFloat(nextPosition, v, reached);
      if (hasDetectors) {
        for (let d = int(detectorFirst, segment); d < detectorEnd; d++) {
          const place = float(base(DETECTOR_POSITION), d);
          if (place > x && place <= reached) crossed(v, d, x, v0, goal);
        }
      }
      if (reached > ends) leave(v, segment, reached - ends, now);
    }
    setInt(base(STANDING), segment, standing);
  }
  return moverCount;
}

/** Makes the next values of those that may have moved the present ones, after the moves were carried out. */
export function commit(): void {
  const position = base(POSITION);
  const speed = base(SPEED);
  const segment = base(SEGMENT);
  const moved = base(MOVED);
  const perSecond: f64 = 1 / dt;
  for (let i = 0; i < movedCount; i++) {
    const v = int(moved, i);
    if (int(segment, v) == ARRIVED) continue;
    const next = float(base(NEXT_SPEED), v);
    setFloat(base(ACCELERATION), v, (next - float(speed, v)) * perSecond);
    setFloat(position, v, float(base(NEXT_POSITION), v));
    setFloat(speed, v, next);
    const blocking = int(base(NEXT_BLOCKER), v);
    setInt(base(BLOCKER), v, blocking >= 0 && int(segment, blocking) == ARRIVED ? -1 : blocking);
  }
}
