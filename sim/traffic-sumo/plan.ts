/** Looks ahead: the speed each vehicle could drive next, for every link ahead that might be closed to it. */
import { type Approaches, newItem } from './approaches.ts';
import { junctionLeaderSpeed, linkState, majorState, staysClear } from './junction-rules.ts';
import { brakeGap, followSpeed, freeSpeed, speedAfter, stopSpeed } from './krauss.ts';
import { leaverRear, speedOn, STANDING_SPEED, type Traffic } from './traffic.ts';

/** A vehicle stops this far before a line, m; the least distance where it may drive right up to it. */
const STOP_LINE_GAP = 1;
const LEAST_LINE_GAP = 0.1;
/** From here on a vehicle sees all it must yield to, m. */
export const VISIBILITY = 4.5;
/** Least deceleration that one brakes with for yellow and red, m/s2. */
const YELLOW_DECEL = 3;

const RED = 114;
const RED_YELLOW = 117;
const YELLOW = 121;
const MINOR = 109;

/** What is known of the vehicle being planned: an array, since numbers in it need no allocation. */
const scratch = new Float64Array(6);
/** Speed that everything so far allows. */
const SPEED = 0;
/** Metres from its front to the end of the segment looked at. */
const SEEN = 1;
/** Limit of the segment looked at. */
const LIMIT = 2;
/** Speed at which it may arrive at that segment's end. */
const REACHED = 3;
/** 1 once a leader was found. */
const FOLLOWING = 4;
/** 1 once it slows down for a link without priority. */
const SLOWED = 5;

/** Fills the items of all vehicles for the step that ends at `now`. */
export function planAll(t: Traffic, a: Approaches, now: number): void {
  const { active, activeCount } = t.state;
  for (let i = 0; i < activeCount; i++) plan(t, a, active[i]!, now);
}

function plan(t: Traffic, a: Approaches, vehicle: number, now: number): void {
  const { network, rules } = t.world;
  const { laneCount, length, linkEnd } = network;
  const { state, types, dt, lanes } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const accel = types.accel[type]!;
  const v = state.speed[vehicle]!;
  const fastest = Math.min(v + accel * dt, types.maxSpeed[type]!);
  const lookAhead = fastest * dt + brakeGap(fastest, types.decel[type]!, types.tau[type]!, dt);
  let segment = state.segment[vehicle]!;
  const limit = speedOn(t, vehicle, segment);
  scratch[SPEED] = fastest < limit ? fastest : limit;
  scratch[SEEN] = length[segment]! - state.position[vehicle]!;
  scratch[LIMIT] = limit;
  scratch[SLOWED] = 0;
  a.first[vehicle] = a.count;
  followAhead(t, vehicle, type, v, segment);
  scratch[REACHED] = Math.min(speedAfter(scratch[SEEN]!, scratch[SPEED]!, accel), limit);

  let stage = t.stage[vehicle]!;
  const route = t.demand.route[vehicle]!;
  const stages = lanes.stages[route]!;
  for (;;) {
    if (segment >= laneCount) {
      const toLink = scratch[SEEN]! - length[segment]!;
      const toWait = toLink + rules.waitAt[segment]!;
      if (rules.cont[segment] === 1 && toWait > 0 && !majorState(linkState(t, segment))) {
        addItem(t, a, vehicle, type, segment, true, toWait, MINOR, now);
      }
      if (rules.foeFirst[segment] !== rules.foeFirst[segment + 1]) heedInside(t, a, vehicle, segment, toLink);
      stage++;
      segment = linkEnd[segment]!;
      onto(t, vehicle, type, v, segment);
    } else {
      const k = lanes.firstStage[route]! + stage;
      if (stage + 1 === stages) break;
      const link = lanes.nextLink[lanes.first[k]! + segment - lanes.firstLane[k]!]!;
      const seen = scratch[SEEN]!;
      if (link < 0) {
        const stop = stopSpeed(seen, types.decel[type]!, dt, dt);
        if (stop < scratch[SPEED]!) scratch[SPEED] = stop;
        break;
      }
      if (!addItem(t, a, vehicle, type, link, false, seen, linkState(t, link), now)) break;
      segment = link;
      onto(t, vehicle, type, v, segment);
    }
    if (scratch[SEEN]! > lookAhead && segment < laneCount) break;
  }
  a.open[vehicle] = scratch[SPEED]!;
  a.end[vehicle] = a.count;
}

/** Keeps behind a leader `gap` ahead, minGap taken off. */
function follow(t: Traffic, type: number, v: number, leader: number, gap: number): void {
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
  if (safe < scratch[SPEED]!) scratch[SPEED] = safe;
}

/** Keeps behind whoever is ahead on the vehicle's own segment, be it with its rear only. */
function followAhead(t: Traffic, vehicle: number, type: number, v: number, segment: number): void {
  const { position } = t.state;
  const front = position[vehicle]! + t.types.minGap[type]!;
  const leader = t.ahead[vehicle]!;
  if (leader >= 0) {
    scratch[FOLLOWING] = 1;
    follow(t, type, v, leader, position[leader]! - t.types.length[t.demand.vehicleClass[leader]!]! - front);
    return;
  }
  scratch[FOLLOWING] = 0;
  const rear = leaverRear(t, segment);
  if (rear < Number.POSITIVE_INFINITY) follow(t, type, v, t.leaver[segment]!, rear - front);
}

/** Takes the limit and the traffic of the segment that begins where the last one ended into account. */
function onto(t: Traffic, vehicle: number, type: number, v: number, segment: number): void {
  const seen = scratch[SEEN]!;
  const limit = speedOn(t, vehicle, segment);
  if (limit < scratch[SPEED]!) {
    const before = freeSpeed(seen, limit, t.types.decel[type]!, false, t.dt);
    if (before < scratch[SPEED]!) scratch[SPEED] = before > limit ? before : limit;
  }
  if (scratch[FOLLOWING] === 0) {
    const leader = t.last[segment]!;
    const minGap = t.types.minGap[type]!;
    if (leader >= 0) {
      scratch[FOLLOWING] = 1;
      const rear = t.state.position[leader]! - t.types.length[t.demand.vehicleClass[leader]!]!;
      follow(t, type, v, leader, seen + rear - minGap);
    } else {
      const rear = leaverRear(t, segment);
      if (rear < Number.POSITIVE_INFINITY) follow(t, type, v, t.leaver[segment]!, seen + rear - minGap);
    }
  }
  const length = t.world.network.length[segment]!;
  scratch[LIMIT] = limit;
  scratch[SEEN] = seen + length;
  const reached = speedAfter(length, scratch[SPEED]!, t.types.accel[type]!);
  scratch[REACHED] = reached < limit ? reached : limit;
}

/** Leaves the way to those inside the junction; the item of the link, the last one made, is bound by it too. */
function heedInside(t: Traffic, a: Approaches, vehicle: number, link: number, toLink: number): void {
  const safe = junctionLeaderSpeed(t, vehicle, link, toLink);
  if (safe >= scratch[SPEED]!) return;
  scratch[SPEED] = safe;
  const i = a.count - 1;
  if (i < a.first[vehicle]!) return;
  if (safe < a.pass[i]!) a.pass[i] = safe;
  if (safe < a.wait[i]!) a.wait[i] = safe;
}

/** Adds the item of a link at `distance`; false where the vehicle will stop there for certain. */
function addItem(
  t: Traffic,
  a: Approaches,
  vehicle: number,
  type: number,
  link: number,
  inside: boolean,
  distance: number,
  code: number,
  now: number,
): boolean {
  const { types, dt } = t;
  const { rules, network } = t.world;
  const accel = types.accel[type]!;
  const decel = types.decel[type]!;
  const v = t.state.speed[vehicle]!;
  const speed = scratch[SPEED]!;
  const closed = code === RED || code === YELLOW || code === RED_YELLOW;
  const lineDecel = closed ? Math.max(Math.min(YELLOW_DECEL, types.emergencyDecel[type]!), decel) : decel;
  const brakes = brakeGap(v, lineDecel, 0, dt);
  const canStop = distance >= brakes;
  const major = majorState(code);
  let gap = closed || major ? STOP_LINE_GAP : 0;
  if (canStop && distance - brakes < gap) gap = distance - brakes;
  if (gap < LEAST_LINE_GAP) gap = LEAST_LINE_GAP;
  const stop = stopSpeed(distance > gap ? distance - gap : 0, lineDecel, dt, dt);
  const i = newItem(a);
  a.vehicle[i] = vehicle;
  a.link[i] = link;
  a.inside[i] = inside ? 1 : 0;
  a.distance[i] = distance;
  a.pass[i] = speed;
  a.wait[i] = stop < speed ? stop : speed;
  a.request[i] = 0;
  if (closed && canStop) {
    scratch[SPEED] = a.wait[i]!;
    return false;
  }
  let reached = scratch[REACHED]!;
  const request = inside || (speed > 0.001 && scratch[SLOWED] === 0);
  if (!major && brakes < distance && distance > VISIBILITY) {
    const most = speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel, 0, dt), accel);
    if (most < reached) reached = most;
    scratch[SLOWED] = 1;
  }
  if (!request || !(inside || staysClear(t, vehicle, link))) return true;
  a.request[i] = 1;
  if (rules.foeFirst[link] === rules.foeFirst[link + 1]) return true;
  const rest = inside ? network.length[link]! - rules.waitAt[link]! : network.length[link]!;
  a.arrival[i] = now + arrivalSeconds(distance, speed, reached, accel, decel);
  a.arrivalSpeed[i] = reached;
  const squared = speed * speed - 2 * decel * distance;
  const braked = squared > 0 && distance < brakeGap(speed, decel, types.tau[type]!, dt) ? Math.sqrt(squared) : 0;
  a.brakingSpeed[i] = braked < reached ? braked : reached;
  a.leaveSpeed[i] = Math.min(speedOn(t, vehicle, link), speedAfter(rest, reached, accel));
  a.leave[i] = a.arrival[i]! + (rest + types.length[type]!) / Math.max(0.5 * (reached + a.leaveSpeed[i]!), 0.001);
  if (!inside) {
    a.next[i] = a.head[link]!;
    a.head[link] = i;
  }
  return true;
}

/** Seconds to cover `distance` from speed v, changing to speed `arrival` at once. */
function arrivalSeconds(distance: number, v: number, arrival: number, accel: number, decel: number): number {
  const a = arrival >= v ? accel : -decel;
  const seconds = (arrival - v) / a;
  const way = (seconds * (arrival + v)) / 2;
  if (distance >= way) return seconds + (distance - way) / Math.max(v, arrival, STANDING_SPEED);
  return -(v - Math.sqrt(Math.max(0, v * v + 2 * a * distance))) / a;
}
