/**
 * CityFlow's driving, to the formula, in AssemblyScript: new speeds of all vehicles of its classes from the old state.
 * `npm run core` compiles it into `cityflow-core.ts`; `cityflow-driving.ts` lays the world's arrays where it reads them.
 * A tick: who can enters the network; all new speeds are worked out, which changes nothing of the present state but fills
 * the next values and the list of movers; these are moved; the next values become the present ones. Metres, seconds.
 */
import * as layout from './cityflow-layout';
import {
  ARRIVED,
  CLASS_BYTES_LOG2,
  STANDING_SPEED,
  base,
  int,
  setInt,
  float,
  setFloat,
  add,
  pair,
  both,
  firstOf,
  secondOf,
  lesser,
  greater,
  byte,
  setByte,
  classOf,
  linkFrom,
} from './cityflow-memory';
import {
  activeCount,
  activeSegmentCount,
  arrivalCount,
  carryOutMoves,
  configureMoves,
  dropEmptySegments,
  enterAtRest,
} from './cityflow-moves';

export * from './cityflow-layout';

/** JS: the front of `vehicle` went from `from` to beyond detector `slot`, its speed from `before` to `after`. */
@external("env", "crossed")
declare function crossed(vehicle: i32, slot: i32, from: f64, before: f64, after: f64): void;

const GREEN: u8 = 1;
/** Turning speed and distance kept before a cross, m/s and m; fixed in CityFlow's source. */
const TURN_SPEED: f64 = 8.3333;
const YIELD_DISTANCE: f64 = 5;
const STRAIGHT: u8 = 3;
/** What a vehicle does while nothing changes ahead: moves; stands, and will as long as the one before it; or as long as it is red. */
const MOVES: u8 = 0;
const RESTS_BEHIND: u8 = 1;
const RESTS_AT_RED: u8 = 2;

let dt: f64 = 1;
let laneCount: i32 = 0;
let segmentCount: i32 = 0;
let longest: f64 = 0;
/** Ticks begun. */
let tickNumber: i32 = 0;
let movedCount: i32 = 0;
let moverCount: i32 = 0;
/** How far the leader, or the foe, found last is. */
let foundAt: f64 = 0;

export function configure(stepSeconds: f64, lanes: i32, segments: i32, longestVehicle: f64, entryLanes: i32): void {
  dt = stepSeconds;
  laneCount = lanes;
  segmentCount = segments;
  longest = longestVehicle;
  configureMoves(lanes, entryLanes);
}

/** Whether the link shows green, or no signal governs it. */
function isOpen(link: i32): bool {
  const group = int(base(layout.LINK_GROUP), link);
  return group < 0 || byte(base(layout.GROUP_LAMP), group) == GREEN;
}

/** Whether a vehicle on the lane has a link before it that is not open. */
@inline
function isRedAhead(segment: i32, next: i32): bool {
  return segment < laneCount && next >= 0 && !isOpen(next);
}

/** Marks the links on which a vehicle may be met: one is on it, came from it, or may come to it next. */
function findMet(): void {
  const met = base(layout.MET);
  memory.fill(met, 0, segmentCount);
  const activeSegments = base(layout.ACTIVE_SEGMENTS);
  const first = base(layout.FIRST);
  const last = base(layout.LAST);
  const nextSegment = base(layout.NEXT_SEGMENT);
  const previousSegment = base(layout.PREVIOUS_SEGMENT);
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
  const position = base(layout.POSITION);
  const vehicleLength = base(layout.VEHICLE_LENGTH);
  const last = base(layout.LAST);
  const length = base(layout.LENGTH);
  let away = float(length, segment) - float(position, v);
  let next = int(base(layout.NEXT_SEGMENT), v);
  let place = int(base(layout.CURSOR), v);
  while (next >= 0) {
    if (next >= laneCount) {
      const start = int(base(layout.LINK_START), next);
      const end = int(base(layout.LAST_LINK), start);
      let leader = -1;
      let gap: f64 = 0;
      for (let other = int(base(layout.FIRST_LINK), start); other < end; other++) {
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
      next = int(base(layout.LINK_END), next);
      place++;
    } else {
      let leader = int(last, next);
      // Who entered the network in this very step is seen from the next one on.
      if (leader >= 0 && byte(base(layout.FRESH), next) == 1) leader = int(base(layout.AHEAD), leader);
      if (leader >= 0) {
        foundAt = away + float(position, leader) - float(vehicleLength, leader);
        return leader;
      }
      away += float(length, next);
      if (away > far) return -1;
      next = linkFrom(place, next);
    }
  }
  return -1;
}

/** Highest speed that signals, turns and crosses allow; notes in NEXT_BLOCKER whom v waits for. */
function junctionSpeed(v: i32, segment: i32, kind: usize): f64 {
  const own = float(base(layout.SPEED), v);
  let most = float(kind, layout.MAX_SPEED);
  let on = segment;
  let along = float(base(layout.POSITION), v);
  if (segment < laneCount) {
    on = int(base(layout.NEXT_SEGMENT), v);
    const toLine = float(base(layout.LENGTH), segment) - along;
    if ((!isOpen(on) || endIsBlocked(on, v)) && !((0.5 * own * own) / float(kind, layout.MAX_DECELERATION) > toLine)) {
      const stop = stopSpeed(own, toLine, kind);
      return stop < most ? stop : most;
    }
    if (byte(base(layout.PRECEDENCE), on) < STRAIGHT && TURN_SPEED < most) most = TURN_SPEED;
    along = -toLine;
  }
  const met = base(layout.MET);
  const crossFoe = base(layout.CROSS_FOE);
  const crossDistance = base(layout.CROSS_DISTANCE);
  const end = int(base(layout.CROSS_FIRST), on + 1);
  for (let i = int(base(layout.CROSS_FIRST), on); i < end; i++) {
    const other = int(crossFoe, i);
    if (byte(met, other) == 0) continue;
    const at = float(crossDistance, i);
    if (at < along) continue;
    const foe = foeAt(other, float(base(layout.CROSS_FOE_DISTANCE), i));
    if (foe < 0 || canPass(v, kind, on, at - along, foe, other, foundAt)) continue;
    const stop = stopSpeed(own, at - along - YIELD_DISTANCE, kind);
    setInt(base(layout.NEXT_BLOCKER), v, foe);
    if (stop < most) most = stop;
    break;
  }
  return most;
}

/** A vehicle that stands, or nearly, too near the start of the lane beyond. */
function endIsBlocked(link: i32, v: i32): bool {
  const tail = int(base(layout.LAST), int(base(layout.LINK_END), link));
  if (tail < 0 || float(base(layout.SPEED), tail) >= 2) return false;
  const vehicleLength = base(layout.VEHICLE_LENGTH);
  return !(float(base(layout.POSITION), tail) > float(vehicleLength, tail) + float(vehicleLength, v));
}

/** Next speed of one that is to stop after `away` metres. */
function stopSpeed(v: f64, away: f64, kind: usize): f64 {
  const faster = v + float(kind, layout.USUAL_ACCELERATION) * dt;
  if (((v + faster) * dt) / 2 + (faster * faster) / float(kind, layout.USUAL_DECELERATION) / 2 < away) return faster;
  const steps = (2 * away) / (v + 1e-8) / dt;
  return steps >= 1 ? v - v / Math.floor(steps) : v - v / steps;
}

/** The vehicle met at `at` metres of the link, -1 for none; how far it is before that point to `foundAt`. */
function foeAt(link: i32, at: f64): i32 {
  const position = base(layout.POSITION);
  const vehicleLength = base(layout.VEHICLE_LENGTH);
  const first = base(layout.FIRST);
  const tail = int(base(layout.LAST), int(base(layout.LINK_END), link));
  if (tail >= 0 && int(base(layout.PREVIOUS_SEGMENT), tail) == link) {
    const beyond = float(base(layout.LENGTH), link) - at;
    if (beyond + (float(position, tail) - float(vehicleLength, tail)) < 0) {
      foundAt = -(float(position, tail) + beyond);
      return tail;
    }
  }
  const behind = base(layout.BEHIND);
  for (let other = int(first, link); other >= 0; other = int(behind, other)) {
    const along = float(position, other);
    if (along > at && along - at - float(vehicleLength, other) > 0) continue;
    foundAt = at - along;
    return other;
  }
  const start = int(base(layout.LINK_START), link);
  const head = int(first, start);
  if (head >= 0 && int(base(layout.NEXT_SEGMENT), head) == link && isOpen(link)) {
    foundAt = float(base(layout.LENGTH), start) - float(position, head) + at;
    return head;
  }
  return -1;
}

/** Whether v, `away` before the cross on link `own`, passes it before or after foe, `foeAway` before it on `other`. */
function canPass(v: i32, kind: usize, own: i32, away: f64, foe: i32, other: i32, foeAway: f64): bool {
  if (!canYield(v, away, kind)) return true;
  let passes = false;
  if (canYield(foe, foeAway, classOf(foe))) {
    const precedence = base(layout.PRECEDENCE);
    const linkTick = base(layout.LINK_TICK);
    const mine = byte(precedence, own);
    const theirs = byte(precedence, other);
    if (mine > theirs) passes = true;
    else if (!(foeAway > 0)) passes = foeAway + float(base(layout.VEHICLE_LENGTH), foe) < 0;
    else {
      const foeSteps = reachSteps(foe, foeAway, other);
      const steps = reachSteps(v, away, own);
      if (foeSteps != steps || mine < theirs) passes = foeSteps > steps;
      else if (int(linkTick, v) != int(linkTick, foe)) passes = int(linkTick, v) < int(linkTick, foe);
      else if (away != foeAway) passes = away < foeAway;
      else passes = int(base(layout.PRIORITY), v) > int(base(layout.PRIORITY), foe);
    }
  }
  return passes || waitsInCircle(foe);
}

function canYield(v: i32, away: f64, kind: usize): bool {
  if (away < 0) return away + float(base(layout.VEHICLE_LENGTH), v) < 0;
  const own = float(base(layout.SPEED), v);
  return away > 0 && (0.5 * own * own) / float(kind, layout.MAX_DECELERATION) < away - YIELD_DISTANCE;
}

/** Steps until v has gone `away` metres, as CityFlow estimates it, slips of the units included. */
function reachSteps(v: i32, away: f64, link: i32): f64 {
  if (away <= 0) return 0;
  const kind = classOf(v);
  const own = float(base(layout.SPEED), v);
  const goal = byte(base(layout.PRECEDENCE), link) < STRAIGHT ? TURN_SPEED : float(kind, layout.MAX_SPEED);
  const gain = float(kind, layout.USUAL_ACCELERATION);
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
  const blocker = base(layout.BLOCKER);
  let fast = start;
  let slow = start;
  while (fast >= 0 && int(blocker, fast) >= 0) {
    slow = int(blocker, slow);
    fast = int(blocker, int(blocker, fast));
    if (slow == fast) return true;
  }
  return false;
}

/** Notes that v, now past the end of its segment, leaves it; `overshoot` is its way past that end. */
function leave(v: i32, segment: i32, overshoot: f64, now: f64): void {
  const length = base(layout.LENGTH);
  let rest = overshoot;
  let next = int(base(layout.NEXT_SEGMENT), v);
  let cursor = int(base(layout.CURSOR), v);
  while (next >= 0) {
    if (next < laneCount) cursor++;
    if (!(rest > float(length, next))) break;
    rest -= float(length, next);
    next = next < laneCount ? linkFrom(cursor, next) : int(base(layout.LINK_END), next);
  }
  setInt(base(layout.MOVERS), moverCount++, v);
  setInt(base(layout.TARGET), v, next);
  setInt(base(layout.TARGET_CURSOR), v, cursor);
  setFloat(base(layout.NEXT_POSITION), v, rest);
  setFloat(base(layout.ARRIVAL_TIME), v, now);
}

/**
 * Next speed behind a leader at `gap`, at most `most`: bounds of `v0 -> goal` by hard and usual braking, as a pair, and by
 * spacing. Of each braking: the speed from which one stops behind a leader that brakes, and the one that the leader leaves.
 */
@inline
function followingSpeed(v0: f64, most: f64, front: i32, gap: f64, kind: usize): f64 {
  const b = 0.5 * dt;
  const vL = float(base(layout.SPEED), front);
  const slower = pair(classOf(front), layout.MAX_DECELERATION);
  const minGap = pair(kind, layout.NO_GAP);
  const travelled = (v0 * dt) / 2;
  const kept = f64x2.sub(f64x2.add(both(travelled), minGap), f64x2.div(both(0.5 * vL * vL), slower));
  const inside = f64x2.sub(both(b * b), f64x2.mul(pair(kind, layout.CURVES), f64x2.sub(kept, both(gap))));
  const stopping = f64x2.mul(pair(kind, layout.SLOPES), f64x2.sub(f64x2.sqrt(inside), both(b)));
  const way = f64x2.mul(both(2), f64x2.sub(both(gap), minGap));
  const left = f64x2.add(f64x2.sub(both(2 * vL), f64x2.mul(slower, both(dt))), f64x2.div(way, both(dt)));
  const bounds = v128.bitselect(both(-100), f64x2.pmin(stopping, left), f64x2.lt(inside, both(0)));
  const excess = greater(0, v0 - vL);
  const spaced = (gap + (vL + excess / 2) * dt - travelled) / float(kind, layout.SPACING);
  return lesser(lesser(most, spaced), lesser(firstOf(bounds), secondOf(bounds)));
}

/** What a step at this mean speed and power adds of CO2 and fuel, 0 where that is less. */
@inline
function exhaust(kind: usize, mean: f64, power: f64): v128 {
  const v = both(mean);
  const cubic = f64x2.add(pair(kind, layout.RATES + 6), f64x2.mul(v, pair(kind, layout.RATES + 8)));
  const ofSpeed = f64x2.mul(v, f64x2.add(pair(kind, layout.RATES + 4), f64x2.mul(v, cubic)));
  const sum = f64x2.add(f64x2.add(pair(kind, layout.RATES), ofSpeed), f64x2.mul(pair(kind, layout.RATES + 2), both(power)));
  return f64x2.pmax(both(0), sum);
}

/**
 * New speeds of all, for the step that begins at `now`. What cannot matter is not computed, with the same bits as if it
 * had been:
 * - who rests behind one that rests, or at red, goes on resting: only times and exhaust are added;
 * - a leader further away than ROOM allows any speed;
 * - at the desired speed, with nothing near, the step is the one before.
 */
function drive(now: f64): void {
  moverCount = 0;
  movedCount = 0;
  findMet();
  const activeSegments = base(layout.ACTIVE_SEGMENTS);
  const position = base(layout.POSITION);
  const speed = base(layout.SPEED);
  const vehicleLength = base(layout.VEHICLE_LENGTH);
  const vehicleClass = base(layout.VEHICLE_CLASS);
  const nextSegment = base(layout.NEXT_SEGMENT);
  const behind = base(layout.BEHIND);
  const nextPosition = base(layout.NEXT_POSITION);
  const nextSpeed = base(layout.NEXT_SPEED);
  const nextBlocker = base(layout.NEXT_BLOCKER);
  const timeLoss = base(layout.TIME_LOSS);
  const waiting = base(layout.WAITING);
  const co2 = base(layout.CO2);
  const fuel = base(layout.FUEL);
  const rests = base(layout.RESTS);
  const moved = base(layout.MOVED);
  const detectorFirst = base(layout.DETECTOR_FIRST);
  let kind: usize = 0;
  let gain: f64 = 0;
  let far: f64 = 0;
  let room: f64 = 0;
  // Of a vehicle at its desired speed, and of one that stands.
  let limit: f64 = -1;
  let desired: f64 = 0;
  let cruisingWay: f64 = 0;
  let cruisingLoss: f64 = 0;
  let cruising = both(0);
  let idling = both(0);
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = int(activeSegments, i);
    const ends = float(base(layout.LENGTH), segment);
    const isLane = segment < laneCount;
    const detectorEnd = int(detectorFirst, segment + 1);
    const hasDetectors = int(detectorFirst, segment) < detectorEnd;
    if (float(base(layout.SPEED_LIMIT), segment) != limit) {
      limit = float(base(layout.SPEED_LIMIT), segment);
      kind = 0;
    }
    let standing = 0;
    let leader = -1;
    for (let v = int(base(layout.FIRST), segment); v >= 0; leader = v, v = int(behind, v)) {
      const own = base(layout.CLASSES) + (<usize>byte(vehicleClass, v) << CLASS_BYTES_LOG2);
      if (own != kind) {
        kind = own;
        gain = float(kind, layout.MAX_ACCELERATION) * dt;
        far = float(kind, layout.LOOK_AHEAD);
        room = float(kind, layout.ROOM);
        const most = float(kind, layout.MAX_SPEED);
        desired = limit < most ? limit : most;
        cruisingWay = ((desired + desired) * dt) / 2;
        cruisingLoss = dt - cruisingWay / desired;
        cruising = exhaust(kind, desired, 0);
        idling = exhaust(kind, 0, 0);
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
          add(co2, v, firstOf(idling));
          add(fuel, v, secondOf(idling));
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
        add(co2, v, firstOf(cruising));
        add(fuel, v, secondOf(cruising));
      } else {
        goal = lesser(desired, v0 + gain);
        if (isNear) goal = followingSpeed(v0, goal, front, gap, kind);
        let allowed: f64 = 0;
        if (atJunction) {
          allowed = junctionSpeed(v, segment, kind);
          if (allowed < goal) goal = allowed;
        }
        const hardest = float(kind, layout.MAX_DECELERATION);
        goal = greater(goal, v0 - hardest * dt);
        let dx: f64;
        if (goal < 0) {
          dx = (0.5 * v0 * v0) / hardest;
          goal = 0;
        } else dx = ((v0 + goal) * dt) / 2;
        reached = dx + x;
        if (v0 == 0 && goal == 0) {
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
          if (v0 > STANDING_SPEED) setInt(base(layout.STOPS), v, int(base(layout.STOPS), v) + 1);
        }
        const mean = (v0 + goal) * 0.5;
        const power = (goal - v0) * mean;
        const burnt = exhaust(kind, mean, power);
        add(co2, v, firstOf(burnt));
        add(fuel, v, secondOf(burnt));
      }
      setFloat(nextSpeed, v, goal);
      setFloat(nextPosition, v, reached);
      if (hasDetectors) {
        for (let d = int(detectorFirst, segment); d < detectorEnd; d++) {
          const place = float(base(layout.DETECTOR_POSITION), d);
          if (place > x && place <= reached) crossed(v, d, x, v0, goal);
        }
      }
      if (reached > ends) leave(v, segment, reached - ends, now);
    }
    setInt(base(layout.STANDING), segment, standing);
  }
}

/** One tick, which begins at `now`; returns how many vehicles it moved. */
export function tick(now: f64): i32 {
  tickNumber++;
  const entered = enterAtRest(now);
  const driven = activeCount;
  drive(now);
  carryOutMoves(moverCount, tickNumber);
  dropEmptySegments();
  commit();
  const counts = base(layout.COUNTS);
  setInt(counts, layout.SEGMENTS_LISTED, activeSegmentCount);
  setInt(counts, layout.VEHICLES_LISTED, activeCount);
  setInt(counts, layout.ARRIVED_SO_FAR, arrivalCount);
  setInt(counts, layout.ENTERED, entered);
  return driven;
}

/** Makes the next values of those that may have moved the present ones, after the moves were carried out. */
function commit(): void {
  const position = base(layout.POSITION);
  const speed = base(layout.SPEED);
  const segment = base(layout.SEGMENT);
  const moved = base(layout.MOVED);
  const perSecond: f64 = 1 / dt;
  for (let i = 0; i < movedCount; i++) {
    const v = int(moved, i);
    if (int(segment, v) == ARRIVED) continue;
    const next = float(base(layout.NEXT_SPEED), v);
    setFloat(base(layout.ACCELERATION), v, (next - float(speed, v)) * perSecond);
    setFloat(position, v, float(base(layout.NEXT_POSITION), v));
    setFloat(speed, v, next);
    const blocking = int(base(layout.NEXT_BLOCKER), v);
    setInt(base(layout.BLOCKER), v, blocking >= 0 && int(segment, blocking) == ARRIVED ? -1 : blocking);
  }
}
