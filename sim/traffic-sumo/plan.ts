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

/** Fills the items of all vehicles for the step that begins at `now`. */
export function planAll(t: Traffic, a: Approaches, now: number): void {
  const { active, activeCount } = t.state;
  for (let i = 0; i < activeCount; i++) plan(t, a, active[i]!, now);
}

function plan(t: Traffic, a: Approaches, vehicle: number, now: number): void {
  const { network, rules } = t.world;
  const { laneCount, length, linkEnd } = network;
  const { state, types, dt, lanes } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const minGap = types.minGap[type]!;
  const accel = types.accel[type]!;
  const decel = types.decel[type]!;
  const emergency = types.emergencyDecel[type]!;
  const tau = types.tau[type]!;
  const v = state.speed[vehicle]!;
  const position = state.position[vehicle]!;
  let segment = state.segment[vehicle]!;
  const fastest = Math.min(v + accel * dt, types.maxSpeed[type]!);
  const lookAhead = fastest * dt + brakeGap(fastest, decel, tau, dt);
  let limit = speedOn(t, vehicle, segment);
  let speed = Math.min(fastest, limit);
  let seen = length[segment]! - position;
  a.first[vehicle] = a.count;

  const behindOf = (leader: number, gap: number): void => {
    const other = t.demand.vehicleClass[leader]!;
    const safe = followSpeed(v, gap, state.speed[leader]!, types.apparentDecel[other]!, decel, emergency, tau, dt);
    if (safe < speed) speed = safe;
  };
  let following = t.ahead[vehicle]! >= 0;
  if (following) {
    const leader = t.ahead[vehicle]!;
    behindOf(leader, state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]! - position - minGap);
  } else {
    const rear = leaverRear(t, segment);
    if (rear < Number.POSITIVE_INFINITY) behindOf(t.leaver[segment]!, rear - position - minGap);
  }

  let stage = t.stage[vehicle]!;
  const route = t.demand.route[vehicle]!;
  let slowedForMinor = false;
  let wasMajor = false;
  const passSpeed = () => Math.min(speedAfter(seen, speed, accel), limit);
  let arrivalSpeed = passSpeed();

  /** Adds an item at `distance`; false where the vehicle will stop there for certain. */
  const item = (link: number, inside: boolean, distance: number, code: number): boolean => {
    const closed = code === RED || code === YELLOW || code === RED_YELLOW;
    const lineDecel = closed ? Math.max(Math.min(YELLOW_DECEL, emergency), decel) : decel;
    const brakes = brakeGap(v, lineDecel, 0, dt);
    const canStop = distance >= brakes;
    const major = majorState(code);
    let gap = closed || major ? STOP_LINE_GAP : 0;
    if (canStop && distance - brakes < gap) gap = distance - brakes;
    if (gap < LEAST_LINE_GAP) gap = LEAST_LINE_GAP;
    const wait = Math.min(speed, stopSpeed(Math.max(0, distance - gap), lineDecel, dt, dt));
    const i = newItem(a);
    a.vehicle[i] = vehicle;
    a.link[i] = link;
    a.inside[i] = inside ? 1 : 0;
    a.distance[i] = distance;
    a.pass[i] = speed;
    a.wait[i] = wait;
    a.request[i] = 0;
    if (closed && canStop) {
      speed = wait;
      return false;
    }
    const blind = !major && brakes < distance && !(inside && wasMajor);
    let reached = arrivalSpeed;
    const request = (speed > STANDING_SPEED * 0.01 && !(slowedForMinor && !inside)) || inside;
    if (blind && distance > VISIBILITY) {
      reached = Math.min(reached, speedAfter(VISIBILITY, stopSpeed(VISIBILITY, decel, 0, dt), accel));
      slowedForMinor = true;
    }
    const rest = inside ? length[link]! - rules.waitAt[link]! : length[link]!;
    a.request[i] = request && (inside || staysClear(t, vehicle, link)) ? 1 : 0;
    a.arrival[i] = now + arrivalSeconds(distance, speed, reached, accel, decel);
    a.arrivalSpeed[i] = reached;
    const braking =
      distance < brakeGap(speed, decel, tau, dt) ? Math.sqrt(Math.max(0, speed * speed - 2 * decel * distance)) : 0;
    a.brakingSpeed[i] = Math.min(braking, reached);
    a.leaveSpeed[i] = Math.min(speedOn(t, vehicle, link), speedAfter(rest, reached, accel));
    a.leave[i] = a.arrival[i]! + (rest + types.length[type]!) / Math.max(0.5 * (reached + a.leaveSpeed[i]!), 0.001);
    if (a.request[i] === 1 && a.head[link] !== -1 ? a.vehicle[a.head[link]!] !== vehicle : a.request[i] === 1) {
      a.next[i] = a.head[link]!;
      a.head[link] = i;
    }
    return true;
  };
  const leaders = (link: number, toLink: number, i: number): void => {
    const safe = junctionLeaderSpeed(t, vehicle, link, toLink);
    if (safe >= speed) return;
    speed = safe;
    if (i < 0) return;
    a.pass[i] = Math.min(a.pass[i]!, safe);
    a.wait[i] = Math.min(a.wait[i]!, safe);
  };
  /** Takes the limit and the traffic of the segment that begins `seen` ahead into account. */
  const onto = (next: number): void => {
    limit = speedOn(t, vehicle, next);
    const before = Math.max(limit, freeSpeed(seen, limit, decel, false, dt));
    if (before < speed) speed = before;
    if (!following) {
      const leader = t.last[next]!;
      if (leader >= 0) {
        following = true;
        behindOf(leader, seen + state.position[leader]! - types.length[t.demand.vehicleClass[leader]!]! - minGap);
      } else {
        const rear = leaverRear(t, next);
        if (rear < Number.POSITIVE_INFINITY) behindOf(t.leaver[next]!, seen + rear - minGap);
      }
    }
    seen += length[next]!;
    arrivalSpeed = Math.min(speedAfter(length[next]!, speed, accel), limit);
    segment = next;
  };

  for (let onLink = segment >= laneCount; ; onLink = segment >= laneCount) {
    if (onLink) {
      const toWait = seen - length[segment]! + rules.waitAt[segment]!;
      const code = linkState(t, segment);
      if (rules.cont[segment] === 1 && toWait > 0) {
        wasMajor = majorState(code);
        if (!wasMajor) item(segment, true, toWait, MINOR);
      }
      leaders(segment, seen - length[segment]!, a.count > a.first[vehicle]! ? a.count - 1 : -1);
      stage++;
      onto(linkEnd[segment]!);
    } else {
      const k = lanes.firstStage[route]! + stage;
      if (stage + 1 === lanes.stages[route]!) break;
      const link = lanes.nextLink[lanes.first[k]! + segment - lanes.firstLane[k]!]!;
      if (link < 0) {
        speed = Math.min(speed, stopSpeed(seen, decel, dt, dt));
        break;
      }
      if (!item(link, false, seen, linkState(t, link))) break;
      onto(link);
    }
    if (seen > lookAhead && segment < laneCount) break;
  }
  a.open[vehicle] = speed;
  a.end[vehicle] = a.count;
}

const MINOR = 109;

/** Seconds to cover `distance` from speed v, changing to speed `arrival` at once. */
function arrivalSeconds(distance: number, v: number, arrival: number, accel: number, decel: number): number {
  const a = arrival >= v ? accel : -decel;
  const seconds = (arrival - v) / a;
  const way = (seconds * (arrival + v)) / 2;
  if (distance >= way) return seconds + (distance - way) / Math.max(v, arrival, STANDING_SPEED);
  return -(v - Math.sqrt(Math.max(0, v * v + 2 * a * distance))) / a;
}
