/** Looks ahead: the speed each vehicle could drive next, for all that might be closed to it ahead. */
import { type Approaches, ENTRY, EXIT, growApproaches, INSIDE, MOST_ITEMS, register } from './approaches.ts';
import { AT_END, CLAIMS, GIVE_UP_ENTRY, heeded, heedInside, SPEED } from './junction-leaders.ts';
import { EQUAL, linkState, majorState, RED, RED_YELLOW, YELLOW, ZIPPER } from './junction-rules.ts';
import { keepClear } from './keep-clear.ts';
import { brakeGap, followSpeed, freeSpeed, speedAfter, stopSpeed } from './krauss.ts';
import { leaverRear, STANDING_SPEED, speedOn, type Traffic } from './traffic.ts';

/** The least distance from a line where one may drive right up to it, m. */
const LEAST_LINE_GAP = 0.1;
/** From here on a vehicle sees all it must yield to, m. */
export const VISIBILITY = 4.5;
/** Added to how far a vehicle looks for its own sake: its distance from a line, and rounding, m. */
const FAR_MARGIN = 1.2;
/** For the sake of others it looks this many of its lengths beyond a junction. */
const FAR_LENGTHS = 5;
/** A slower vehicle means to pass nothing, m/s. */
const LEAST_SPEED = 0.001;

/**
 * Fills the items of all vehicles for the coming step. Most are too far from the next line for it to matter to them:
 * those are dealt with here, in one loop over arrays.
 */
export function planAll(t: Traffic, a: Approaches): void {
  const { active, activeCount, segment, position, speed } = t.state;
  const { types, dt, lanes, ahead, leaver, waitsFar, stage, limit, demand } = t;
  const { accel, decel, emergencyDecel, apparentDecel, tau, minGap, maxSpeed, desiredMaxSpeed } = types;
  const lengthOf = types.length;
  const { vehicleClass, speedFactor, route } = demand;
  const { laneCount, length, speedLimit } = t.world.network;
  const { first, end, open } = a;
  const looksOut = t.watchedStep === t.step;
  for (let i = 0; i < activeCount; i++) {
    const vehicle = active[i]!;
    const here = segment[vehicle]!;
    const type = vehicleClass[vehicle]!;
    const factor = speedFactor[vehicle]!;
    let most = speedLimit[here]! * factor;
    if (maxSpeed[type]! < most) most = maxSpeed[type]!;
    if (desiredMaxSpeed[type]! * factor < most) most = desiredMaxSpeed[type]! * factor;
    limit[vehicle] = most;
    const v0 = speed[vehicle]!;
    let fastest = v0 + accel[type]! * dt;
    if (fastest > maxSpeed[type]!) fastest = maxSpeed[type]!;
    const b = decel[type]!;
    const headway = tau[type]! > dt ? tau[type]! : dt;
    const seen = length[here]! - position[vehicle]!;
    // never less than the way to stop in, whatever the update
    const within = fastest * (dt + headway) + (fastest * fastest) / (2 * b) + FAR_MARGIN;
    const last = here < laneCount && stage[vehicle] === lanes.stages[route[vehicle]!]! - 1;
    if ((seen <= within && !last) || here >= laneCount) {
      if (a.count + MOST_ITEMS > a.capacity) growApproaches(a);
      plan(t, a, vehicle);
      continue;
    }
    const slowest = v0 - b * dt;
    let v = fastest < most ? fastest : most;
    if (v < slowest) v = slowest;
    // whoever has a leader is no faster at the lane's end than it could be now
    let cap = Number.POSITIVE_INFINITY;
    const leader = ahead[vehicle]!;
    if (leader >= 0) {
      cap = fastest;
      const other = vehicleClass[leader]!;
      const gap = position[leader]! - lengthOf[other]! - position[vehicle]! - minGap[type]!;
      if (gap < within) {
        const safe = followSpeed(
          v0,
          gap,
          speed[leader]!,
          apparentDecel[other]!,
          b,
          emergencyDecel[type]!,
          tau[type]!,
          dt,
        );
        if (safe < v) v = safe;
        if (safe < cap) cap = safe;
      }
    } else if (leaver[here]! >= 0) {
      cap = followAhead(t, vehicle, type, v0, fastest, here);
      if (cap < v) v = cap;
    }
    const count = a.count;
    first[vehicle] = count;
    open[vehicle] = v;
    waitsFar[vehicle] = 0;
    if (!last && v > LEAST_SPEED) {
      if (looksOut) {
        if (count + MOST_ITEMS > a.capacity) growApproaches(a);
        let reached = speedAfter(seen, fastest < most ? fastest : most, accel[type]!);
        if (reached > most) reached = most;
        if (reached > cap) reached = cap;
        farAhead(t, a, vehicle, type, here, stage[vehicle]!, seen, v, reached, 0, 0);
        if (a.count > count) finish(t, a, vehicle, type, count, true);
      } else if (isMinorAhead(t, vehicle, here)) waitsFar[vehicle] = 1;
    }
    end[vehicle] = a.count;
  }
}

/** Whether the next link has no priority and no place to wait inside. */
function isMinorAhead(t: Traffic, vehicle: number, lane: number): boolean {
  const { lanes } = t;
  const k = lanes.firstStage[t.demand.route[vehicle]!]! + t.stage[vehicle]!;
  const link = lanes.nextLink[lanes.first[k]! + lane - lanes.firstLane[k]!]!;
  if (link < 0 || t.world.rules.cont[link] === 1) return false;
  const code = linkState(t, link);
  return !majorState(code) && code !== RED && code !== YELLOW && code !== RED_YELLOW;
}

/** Highest speed behind `leader`, `gap` ahead, minGap taken off; never more than one can reach. */
function follow(t: Traffic, type: number, v: number, fastest: number, leader: number, gap: number): number {
  const { types } = t;
  const safe = followSpeed(
    v,
    gap,
    t.state.speed[leader]!,
    types.apparentDecel[t.demand.vehicleClass[leader]!]!,
    types.decel[type]!,
    types.emergencyDecel[type]!,
    types.tau[type]!,
    t.dt,
  );
  return safe < fastest ? safe : fastest;
}

/** Highest speed behind whoever is ahead on the vehicle's own segment, be it with its rear only. */
function followAhead(t: Traffic, vehicle: number, type: number, v: number, fastest: number, segment: number): number {
  const { position } = t.state;
  const front = position[vehicle]! + t.types.minGap[type]!;
  const leader = t.ahead[vehicle]!;
  if (leader >= 0) {
    return follow(
      t,
      type,
      v,
      fastest,
      leader,
      position[leader]! - t.types.length[t.demand.vehicleClass[leader]!]! - front,
    );
  }
  if (t.leaver[segment]! < 0) return Number.POSITIVE_INFINITY;
  const rear = leaverRear(t, segment);
  return rear < Number.POSITIVE_INFINITY ? follow(t, type, v, fastest, t.leaver[segment]!, rear - front) : rear;
}

function plan(t: Traffic, a: Approaches, vehicle: number): void {
  const { network, rules } = t.world;
  const { laneCount, length, linkEnd } = network;
  const { state, types, dt, lanes, conflicts } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const accel = types.accel[type]!;
  const decel = types.decel[type]!;
  const tau = types.tau[type]!;
  const minGap = types.minGap[type]!;
  const v0 = state.speed[vehicle]!;
  const slowest = v0 - decel * dt;
  const fastest = v0 + accel * dt < types.maxSpeed[type]! ? v0 + accel * dt : types.maxSpeed[type]!;
  let segment = state.segment[vehicle]!;
  let limit = speedOn(t, vehicle, segment);
  t.limit[vehicle] = limit;
  let v = fastest < limit ? fastest : limit;
  if (v < slowest) v = slowest;
  const first = a.count;
  a.first[vehicle] = first;
  const safe = followAhead(t, vehicle, type, v0, fastest, segment);
  const onLane = segment < laneCount;
  let seen = length[segment]! - state.position[vehicle]!;
  // once somebody is ahead, those beyond are hidden
  let following = t.ahead[vehicle]! >= 0;
  // nothing beyond can lower the speed of the coming step
  const lookAhead = fastest * dt + brakeGap(fastest, decel, tau > dt ? tau : dt, dt) + FAR_MARGIN;
  const route = t.demand.route[vehicle]!;
  const lastStage = lanes.stages[route]! - 1;
  let stage = t.stage[vehicle]!;
  let part = 0;
  if (!onLane && rules.cont[segment] === 1) {
    const toWait = rules.waitAt[segment]! - state.position[vehicle]!;
    if (toWait >= 0) seen = toWait;
    else part = 1;
  }
  let atEnd = Math.min(speedAfter(seen, v, accel), limit);
  if (safe < v) v = safe;
  if (safe < atEnd) atEnd = safe;
  let slowed = false;
  let lastItem = -1;
  let inside = 0;
  let beyond = 0;
  while (a.count - first < MOST_ITEMS - 2) {
    if (segment < laneCount) {
      if (stage === lastStage) break;
      const link =
        lanes.nextLink[
          lanes.first[lanes.firstStage[route]! + stage]! + segment - lanes.firstLane[lanes.firstStage[route]! + stage]!
        ]!;
      if (link < 0) {
        const stop = stopSpeed(seen, decel, dt, dt, v0);
        if (stop < v) v = stop;
        break;
      }
      if (seen > lookAhead) break;
      const code = linkState(t, link);
      const closed = code === RED || code === YELLOW || code === RED_YELLOW;
      const brakes = brakeGap(v0, decel, 0, dt);
      const i = a.count++;
      lastItem = i;
      a.vehicle[i] = vehicle;
      a.link[i] = link;
      a.kind[i] = ENTRY;
      a.code[i] = code;
      a.distance[i] = seen;
      a.pass[i] = v;
      a.request[i] = 0;
      a.timed[i] = 0;
      const stop = stopSpeed(lineDistance(t, type, seen, brakes, closed || majorState(code)), decel, dt, dt, v0);
      a.wait[i] = stop < v ? stop : v;
      if (closed && seen >= brakes) {
        v = a.wait[i]!;
        break;
      }
      const claims = v > LEAST_SPEED && !slowed;
      const major = majorState(code);
      let arrivalSpeed = atEnd;
      if (!major && brakes < seen && seen > VISIBILITY) {
        const most = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel, 0, dt, v0), accel);
        if (most < arrivalSpeed) arrivalSpeed = most;
        slowed = true;
      } else if (code === EQUAL && t.standing[vehicle]! > 0 && claims) t.deadlocked[t.deadlockedCount++] = i;
      a.arrivalSpeed[i] = arrivalSpeed;
      if (claims) {
        a.request[i] = 1;
        if (t.watched[link] === t.step || code === ZIPPER || (!major && seen <= VISIBILITY)) {
          const metres = conflicts.length[2 * (link - laneCount)]!;
          time(t, a, i, v, seen, arrivalSpeed, accel, decel, tau, metres, speedOn(t, vehicle, link));
        }
      }
      segment = link;
      part = 0;
    } else {
      const two = rules.cont[segment] === 1;
      const kind = two && part === 0 ? INSIDE : EXIT;
      const code = kind === INSIDE ? linkState(t, segment) : 0;
      const brakes = brakeGap(v0, decel, 0, dt);
      const leaving = lastItem < 0;
      let claims = v > LEAST_SPEED || leaving;
      const stop = stopSpeed(lineDistance(t, type, seen, brakes, kind === EXIT), decel, dt, dt, v0);
      let wait = stop < v ? stop : v;
      heeded[SPEED] = v;
      heeded[AT_END] = atEnd;
      heedInside(t, vehicle, type, segment, part, seen, lastItem < 0 ? -1 : a.wait[lastItem]!);
      if (lastItem >= 0 && heeded[AT_END]! < atEnd) lowerLeaving(a, lastItem, Math.min(heeded[AT_END]!, fastest));
      v = heeded[SPEED]!;
      atEnd = heeded[AT_END]!;
      if (v < wait) wait = v;
      if (heeded[CLAIMS] !== 0) {
        claims = false;
        if ((heeded[CLAIMS]! & GIVE_UP_ENTRY) !== 0 && lastItem >= 0) a.request[lastItem] = 0;
      }
      const i = a.count++;
      lastItem = i;
      a.vehicle[i] = vehicle;
      a.link[i] = segment;
      a.kind[i] = kind;
      a.code[i] = code;
      a.distance[i] = seen;
      a.pass[i] = v;
      a.wait[i] = wait;
      a.request[i] = claims ? 1 : 0;
      a.timed[i] = 0;
      if (kind === INSIDE && claims) {
        let arrivalSpeed = atEnd;
        if (code !== YELLOW && !majorState(code) && brakes < seen && seen > VISIBILITY) {
          const most = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel, 0, dt, v0), accel);
          if (most < arrivalSpeed) arrivalSpeed = most;
        }
        a.arrivalSpeed[i] = arrivalSpeed;
        time(
          t,
          a,
          i,
          v,
          seen,
          arrivalSpeed,
          accel,
          decel,
          tau,
          conflicts.length[2 * (segment - laneCount) + 1]!,
          speedOn(t, vehicle, segment),
        );
      }
      if (kind === INSIDE) {
        part = 1;
        const rest = length[segment]! - rules.waitAt[segment]!;
        seen += rest;
        atEnd = Math.min(speedAfter(rest, v, accel), limit);
        continue;
      }
      stage++;
      segment = linkEnd[segment]!;
      inside += length[a.link[lastItem]!]!;
      beyond += length[segment]!;
    }
    // onto the segment that begins where the last one ended
    limit = speedOn(t, vehicle, segment);
    if (limit < v) {
      let before = freeSpeed(seen, limit, decel, false, dt, v0);
      if (before < slowest) before = slowest;
      if (before < v) v = before;
    }
    const metres = segment >= laneCount && rules.cont[segment] === 1 ? rules.waitAt[segment]! : length[segment]!;
    atEnd = Math.min(speedAfter(metres, v, accel), limit);
    if (!following && seen <= lookAhead) {
      const leader = t.last[segment]!;
      let behind = Number.POSITIVE_INFINITY;
      if (leader >= 0) {
        following = true;
        const rear = state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]!;
        behind = follow(t, type, v0, fastest, leader, seen + rear - minGap);
      } else if (t.leaver[segment]! >= 0) {
        const rear = leaverRear(t, segment);
        if (rear < Number.POSITIVE_INFINITY)
          behind = follow(t, type, v0, fastest, t.leaver[segment]!, seen + rear - minGap);
      }
      if (behind < v) v = behind;
      if (behind < atEnd) atEnd = behind;
      if (behind < a.leaveSpeed[lastItem]!) lowerLeaving(a, lastItem, behind);
      if (v < a.wait[lastItem]!) a.wait[lastItem] = v;
    }
    seen += metres;
  }
  a.open[vehicle] = v;
  t.waitsFar[vehicle] = 0;
  if (segment < laneCount && seen > lookAhead && v > LEAST_SPEED && !slowed) {
    farAhead(t, a, vehicle, type, segment, stage, seen, v, atEnd, inside, beyond);
  }
  a.end[vehicle] = a.count;
  if (a.count > first) finish(t, a, vehicle, type, first, onLane);
}

/** Adds items beyond what can matter to the vehicle itself, where others look out for it. */
function farAhead(
  t: Traffic,
  a: Approaches,
  vehicle: number,
  type: number,
  lane: number,
  fromStage: number,
  distance: number,
  v: number,
  speed: number,
  insideMetres: number,
  beyondMetres: number,
): void {
  const { lanes, types, watched } = t;
  const { length, linkEnd, laneCount } = t.world.network;
  const route = t.demand.route[vehicle]!;
  const firstStage = lanes.firstStage[route]!;
  const lastStage = lanes.stages[route]! - 1;
  const accel = types.accel[type]!;
  const decel = types.decel[type]!;
  let segment = lane;
  let stage = fromStage;
  let seen = distance;
  let atEnd = speed;
  let inside = insideMetres;
  let beyond = beyondMetres;
  while (stage < lastStage) {
    const k = firstStage + stage;
    const link = lanes.nextLink[lanes.first[k]! + segment - lanes.firstLane[k]!]!;
    if (link < 0) return;
    const code = linkState(t, link);
    if (code === RED || code === YELLOW || code === RED_YELLOW) return;
    const major = majorState(code);
    if (watched[link] === t.step) {
      let arrivalSpeed = atEnd;
      if (!major) {
        const most = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel, 0, t.dt, t.state.speed[vehicle]!), accel);
        if (most < arrivalSpeed) arrivalSpeed = most;
      }
      const i = a.count++;
      a.vehicle[i] = vehicle;
      a.link[i] = link;
      a.kind[i] = ENTRY;
      a.code[i] = code;
      a.distance[i] = seen;
      a.pass[i] = v;
      a.wait[i] = v;
      a.request[i] = 1;
      a.arrivalSpeed[i] = arrivalSpeed;
      const metres = t.conflicts.length[2 * (link - laneCount)]!;
      time(t, a, i, v, seen, arrivalSpeed, accel, decel, types.tau[type]!, metres, speedOn(t, vehicle, link));
    }
    if (!major) {
      if (beyond === 0 && t.world.rules.cont[link] === 0) t.waitsFar[vehicle] = 1;
      return;
    }
    if (beyond > Math.max(FAR_LENGTHS * types.length[type]!, types.length[type]! + inside)) return;
    segment = linkEnd[link]!;
    const limit = speedOn(t, vehicle, segment);
    inside += length[link]!;
    beyond += length[segment]!;
    seen += length[link]! + length[segment]!;
    atEnd = Math.min(speedAfter(length[segment]!, v, accel), limit);
    stage++;
  }
}

/** Metres to where a vehicle stops before a line `seen` ahead. */
function lineDistance(t: Traffic, type: number, seen: number, brakes: number, keepsOff: boolean): number {
  let gap = keepsOff ? t.types.lineGap[type]! : 0;
  if (seen >= brakes && seen - brakes < gap) gap = seen - brakes;
  if (gap < LEAST_LINE_GAP) gap = LEAST_LINE_GAP;
  return seen > gap ? seen - gap : 0;
}

/** When and how fast the vehicle reaches and leaves item `i`. */
function time(
  t: Traffic,
  a: Approaches,
  i: number,
  v: number,
  distance: number,
  arrivalSpeed: number,
  accel: number,
  decel: number,
  tau: number,
  metres: number,
  limit: number,
): void {
  a.timed[i] = 1;
  const from = t.ballistic ? t.state.speed[a.vehicle[i]!]! : v;
  a.arrival[i] = arrivalSeconds(distance, from, arrivalSpeed, accel, decel);
  let braked = 0;
  if (distance < brakeGap(v, decel, tau, t.dt)) {
    const squared = from * from - 2 * decel * distance;
    if (squared > 0) braked = Math.sqrt(squared);
  }
  a.brakingSpeed[i] = braked < arrivalSpeed ? braked : arrivalSpeed;
  const leave = speedAfter(metres, arrivalSpeed, accel);
  a.leaveSpeed[i] = leave < limit ? leave : limit;
  a.leave[i] = metres + t.types.length[t.demand.vehicleClass[a.vehicle[i]!]!]!;
}

function lowerLeaving(a: Approaches, i: number, speed: number): void {
  if (a.timed[i] === 1 && speed < a.leaveSpeed[i]!) a.leaveSpeed[i] = speed > 0 ? speed : 0;
}

/** Seconds to cover `distance` from speed v, changing to speed `arrival` at once. */
function arrivalSeconds(distance: number, v: number, arrival: number, accel: number, decel: number): number {
  if (distance <= 0) return 0;
  const a = arrival >= v ? accel : -decel;
  const seconds = (arrival - v) / a;
  const way = (seconds * (arrival + v)) / 2;
  if (distance >= way) return seconds + (distance - way) / Math.max(v, arrival, STANDING_SPEED);
  return -(v - Math.sqrt(Math.max(0, v * v + 2 * a * distance))) / a;
}

/** Gives up what would block a junction, and lets others see the rest. */
function finish(t: Traffic, a: Approaches, vehicle: number, type: number, first: number, onLane: boolean): void {
  keepClear(t, a, vehicle, type, first, onLane);
  t.claimInside[vehicle] = 0;
  t.claimExit[vehicle] = 0;
  let junctions = 0;
  for (let i = first; i < a.count; i++) {
    const kind = a.kind[i]!;
    if (kind === ENTRY) junctions++;
    else if (junctions < 2) {
      const claim = a.request[i] === 1 ? 1 : 2;
      if (kind === INSIDE) t.claimInside[vehicle] = claim;
      else if (t.claimExit[vehicle] === 0) t.claimExit[vehicle] = claim;
    }
    if (a.timed[i] === 1) {
      a.leave[i] = a.arrival[i]! + a.leave[i]! / Math.max(0.5 * (a.arrivalSpeed[i]! + a.leaveSpeed[i]!), LEAST_SPEED);
      if (a.request[i] === 1) register(a, i);
    }
  }
}
