/** Carries out a step: speeds from what is open, then positions, then the change to the next segment or the arrival. */
import { advisedSpeed } from './advised-speed.ts';
import { type Approaches, ENTRY, EXIT, INSIDE } from './approaches.ts';
import { majorState, mayPass, waitsInside, YELLOW, ZIPPER } from './junction-rules.ts';
import { brakeGap, dawdle, stopSpeed } from './krauss.ts';
import { forgetWishes } from './lane-change-state.ts';
import { zipperSpeed } from './merging.ts';
import { VISIBILITY } from './plan.ts';
import { ARRIVED, delist, enlist, NEVER, STANDING_SPEED, type Traffic, uniform } from './traffic.ts';

/** A vehicle has arrived when its front is this close to the end of its last lane, m. */
const ARRIVAL_MARGIN = 0.1;

/** A slower one stands, m/s and second of step. */
const LEAST_SPEED = 1e-4;

/** Sets `nextSpeed` of all vehicles; those with nothing to pass are dealt with here, in one loop over arrays. */
export function decideAll(t: Traffic, a: Approaches): void {
  const { active, activeCount, speed } = t.state;
  const { dt, types, nextSpeed, hasToWait, waitsFar, limit, key, step, ballistic, lc } = t;
  const { accel, decel, emergencyDecel, maxSpeed, sigma } = types;
  const { vehicleClass } = t.demand;
  const { first, end, open } = a;
  const { state, adviceCount, reserved } = lc;
  for (let i = 0; i < activeCount; i++) {
    const vehicle = active[i]!;
    if (first[vehicle] !== end[vehicle]) {
      nextSpeed[vehicle] = decide(t, a, vehicle);
      continue;
    }
    const type = vehicleClass[vehicle]!;
    const v = speed[vehicle]!;
    const safe = open[vehicle]!;
    hasToWait[vehicle] = waitsFar[vehicle]!;
    let lowest = v - emergencyDecel[type]! * dt;
    if (safe > lowest) lowest = safe;
    if (v - decel[type]! * dt < lowest) lowest = v - decel[type]! * dt;
    if (lowest < 0 && !ballistic) lowest = 0;
    let wanted = v + accel[type]! * dt;
    if (maxSpeed[type]! < wanted) wanted = maxSpeed[type]!;
    if (safe < wanted) wanted = safe;
    if (limit[vehicle]! < wanted) wanted = limit[vehicle]!;
    if (wanted < lowest) wanted = lowest;
    const highest = wanted;
    if (sigma[type]! > 0 && wanted >= 0) {
      const slowed = wanted < accel[type]! ? wanted : accel[type]!;
      wanted -= dt * sigma[type]! * uniform(key[vehicle]!, step) * slowed;
      if (wanted < 0) wanted = 0;
      if (wanted < lowest) wanted = lowest;
    }
    if (wanted >= 0 && (state[vehicle] !== 0 || adviceCount[vehicle] !== 0 || reserved[vehicle] !== 0)) {
      wanted = advisedSpeed(t, lc, vehicle, lowest > 0 ? lowest : 0, wanted, highest);
    }
    nextSpeed[vehicle] = wanted;
  }
}

function decide(t: Traffic, a: Approaches, vehicle: number): number {
  const { dt, types } = t;
  const type = t.demand.vehicleClass[vehicle]!;
  const accel = types.accel[type]!;
  const decel = types.decel[type]!;
  const v = t.state.speed[vehicle]!;
  const fastest = Math.min(v + accel * dt, types.maxSpeed[type]!);
  let safe = a.open[vehicle]!;
  let least = -1;
  let leastDistance = 0;
  let couldBrake = false;
  let waits = t.waitsFar[vehicle] === 1;
  for (let i = a.first[vehicle]!; i < a.end[vehicle]!; i++) {
    const kind = a.kind[i]!;
    if (a.request[i] === 0) {
      if (kind !== ENTRY && t.state.segment[vehicle] === a.link[i]) {
        // blocked inside: others may go first
        t.entered[vehicle] = NEVER;
        t.conflictEntered[vehicle] = NEVER;
      }
      safe = a.wait[i]!;
      waits = safe < v || safe < STANDING_SPEED;
      break;
    }
    if (kind === EXIT) continue;
    const distance = a.distance[i]!;
    const code = a.code[i]!;
    const canBrake = distance > brakeGap(v, decel, 0, dt) || v < decel * dt;
    const yellow = kind === ENTRY && code === YELLOW;
    if (yellow && canBrake) {
      safe = a.wait[i]!;
      waits = true;
      break;
    }
    if (code === ZIPPER) {
      watch(t, a.link[i]!, kind, 0);
      const merging = zipperSpeed(t, a, i, canBrake);
      if (merging < safe) safe = merging;
      if (merging < a.pass[i]!) continue;
    }
    const minor =
      kind === INSIDE
        ? !majorState(code) && code !== YELLOW
        : !majorState(code) && !yellow && !waitsInside(t, a.link[i]!, code);
    if (minor) watch(t, a.link[i]!, kind, distance);
    // too far away to see all foes: no matter who they are
    if ((minor && distance > VISIBILITY) || !mayPass(t, a, i, canBrake)) {
      safe = a.wait[i]!;
      waits = true;
      break;
    }
    if (minor) {
      leastDistance = distance;
      least = Math.min(t.ballistic ? (2 * distance + 0.001) / dt - v : (distance + 0.1) / dt, a.pass[i]!);
      couldBrake = canBrake;
    }
    const pass = a.pass[i]!;
    if (pass < decel && pass <= a.wait[i]! && pass < fastest) waits = true;
  }
  if (safe + 0.001 < least) {
    if (couldBrake && safe < v) {
      safe = Math.min(safe, stopSpeed(leastDistance, decel, dt, dt, v));
      least = 0;
      waits = true;
    } else least = safe;
  }
  t.hasToWait[vehicle] = waits ? 1 : 0;
  let lowest = Math.min(v - decel * dt, Math.max(safe, v - types.emergencyDecel[type]! * dt));
  if (lowest < 0 && !t.ballistic) lowest = 0;
  const highest = Math.max(lowest, Math.min(fastest, safe, t.limit[vehicle]!));
  const u = uniform(t.key[vehicle]!, t.step);
  const wanted = Math.max(lowest, dawdle(highest, accel, types.sigma[type]!, u, dt));
  const speed = wanted < 0 ? wanted : advisedSpeed(t, t.lc, vehicle, lowest > 0 ? lowest : 0, wanted, highest);
  return speed > 0 && speed < least ? least : speed;
}

/** Vehicles closer than this to a link without priority may look out for others in the next step, m. */
const WATCH_METRES = 30;

/** Makes others tell when they come along the links that `link` yields to. */
function watch(t: Traffic, link: number, kind: number, distance: number): void {
  if (distance > WATCH_METRES) return;
  t.watchedStep = t.step + 1;
  if (kind === INSIDE) {
    const { insideFirst, insideFoe } = t.conflicts;
    for (let e = insideFirst[link]!; e < insideFirst[link + 1]!; e++) t.watched[insideFoe[e]!] = t.step + 1;
    return;
  }
  const { foe, foeFirst, foeYields } = t.world.rules;
  for (let e = foeFirst[link]!; e < foeFirst[link + 1]!; e++) {
    if (foeYields[e] === 1) t.watched[foe[e]!] = t.step + 1;
  }
}

/** Moves all vehicles; those that leave their segment are put into the next in the order of their progress. */
export function moveAll(t: Traffic, movers: Int32Array, end: number): void {
  const { state, dt, ballistic, nextSpeed, odometer, standing, limit, stage, conflictEntered, arrivalAt } = t;
  const { active, speed, position, segment: segments, acceleration, timeLoss, waiting, stops } = state;
  const { length, laneCount, linkEnd } = t.world.network;
  const { cont, waitAt } = t.world.rules;
  const { route } = t.demand;
  const stagesOf = t.lanes.stages;
  const creep = LEAST_SPEED * dt;
  let moving = 0;
  const count = state.activeCount;
  for (let i = 0; i < count; i++) {
    const vehicle = active[i]!;
    const next = nextSpeed[vehicle]!;
    const v = next > creep ? next : 0;
    const before = speed[vehicle]!;
    const segment = segments[vehicle]!;
    acceleration[vehicle] = (v - before) / dt;
    speed[vehicle] = v;
    let metres = v * dt;
    if (ballistic) metres = next < 0 ? (dt * before * before) / (2 * (before - next)) : 0.5 * dt * (before + v);
    const at = position[vehicle]! + metres;
    position[vehicle] = at;
    odometer[vehicle]! += metres;
    if (segment >= laneCount && cont[segment] === 1) {
      if (at > waitAt[segment]! && conflictEntered[vehicle] === NEVER && at - metres <= waitAt[segment]!) {
        conflictEntered[vehicle] = t.step;
        t.entered[vehicle] = t.enteredFirst[vehicle]!;
      }
    }
    const desired = limit[vehicle]!;
    if (v < desired) timeLoss[vehicle]! += (dt * (desired - v)) / desired;
    if (v <= STANDING_SPEED) {
      waiting[vehicle]! += dt;
      standing[vehicle]! += dt;
      if (before > STANDING_SPEED) stops[vehicle]!++;
    } else standing[vehicle] = 0;
    const metresLeft = length[segment]! - at;
    if (metresLeft < 0) movers[moving++] = vehicle;
    else if (
      (metresLeft < ARRIVAL_MARGIN || arrivalAt[vehicle]! - at < ARRIVAL_MARGIN) &&
      segment < laneCount &&
      stage[vehicle]! + 1 === stagesOf[route[vehicle]!]!
    ) {
      movers[moving++] = vehicle;
    }
  }
  if (moving === 0) return;
  for (let i = 0; i < moving; i++) delist(t, movers[i]!);
  let gone = false;
  for (let i = 0; i < moving; i++) {
    const vehicle = movers[i]!;
    if (!advance(t, vehicle, laneCount, linkEnd, end)) gone = true;
    // in the order of their progress
    const at = state.position[vehicle]!;
    let k = i;
    while (k > 0 && isBehind(state.position, movers[k - 1]!, vehicle, at)) {
      movers[k] = movers[k - 1]!;
      k--;
    }
    movers[k] = vehicle;
  }
  for (let i = 0; i < moving; i++) {
    const vehicle = movers[i]!;
    if (state.segment[vehicle]! >= 0) enlist(t, vehicle, state.segment[vehicle]!);
  }
  if (!gone) return;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const vehicle = state.active[i]!;
    if (state.segment[vehicle]! >= 0) state.active[kept++] = vehicle;
  }
  state.activeCount = kept;
}

function isBehind(position: Float64Array, other: number, vehicle: number, at: number): boolean {
  const theirs = position[other]!;
  return theirs < at || (theirs === at && other > vehicle);
}

/** Brings a vehicle whose front is beyond its segment to the one where it belongs; false if it has arrived. */
function advance(t: Traffic, vehicle: number, laneCount: number, linkEnd: Int32Array, end: number): boolean {
  const { state, lanes } = t;
  const { length } = t.world.network;
  const route = t.demand.route[vehicle]!;
  for (;;) {
    const segment = state.segment[vehicle]!;
    const last = segment < laneCount && t.stage[vehicle]! + 1 === lanes.stages[route]!;
    if (last) {
      const at = t.arrivalAt[vehicle]! < length[segment]! ? t.arrivalAt[vehicle]! : length[segment]!;
      if (state.position[vehicle]! <= at - ARRIVAL_MARGIN) return true;
      state.segment[vehicle] = ARRIVED;
      state.arrivedAt[vehicle] = end;
      state.arrivals[state.arrivalCount++] = vehicle;
      return false;
    }
    const over = state.position[vehicle]! - length[segment]!;
    if (over <= 0) return true;
    if (segment >= laneCount) {
      state.segment[vehicle] = linkEnd[segment]!;
      t.stage[vehicle]!++;
      t.entered[vehicle] = NEVER;
      t.enteredFirst[vehicle] = NEVER;
      t.conflictEntered[vehicle] = NEVER;
    } else {
      const k = lanes.firstStage[route]! + t.stage[vehicle]!;
      const link = lanes.nextLink[lanes.first[k]! + segment - lanes.firstLane[k]!]!;
      if (link < 0) {
        state.position[vehicle] = length[segment]!;
        return true;
      }
      state.segment[vehicle] = link;
      t.entered[vehicle] = t.step;
      t.enteredFirst[vehicle] = t.step;
      if (t.world.rules.cont[link] === 0) t.conflictEntered[vehicle] = t.step;
    }
    if (t.lc.alone[state.segment[vehicle]!] === 1) forgetWishes(t.lc, vehicle, false);
    t.leaver[segment] = vehicle;
    t.leaverOdometer[segment] = t.odometer[vehicle]! - over;
    state.position[vehicle] = over;
  }
}
