/** Whom a vehicle follows or gives way to inside a junction: those who are in it on lanes that conflict with its own. */
import { linkState, majorState, redState, YELLOW } from './junction-rules.ts';
import { followSpeed, stopSpeed } from './krauss.ts';
import { leaverRear, STANDING_SPEED, type Traffic } from './traffic.ts';

/** Added to a vehicle's length for the angle at which lanes meet, m. */
const CHORD_MARGIN = 2;
/** Least distance that counts, m. */
const MARGIN = 0.1;
/** Whoever has stood inside for this long is not waited for with a claim to the junction, s. */
const BLOCKAGE_SECONDS = 5;

/** What `heedInside` found out: the speed so far, that at the part's end, and which claims to give up. */
export const heeded = new Float64Array(3);
export const SPEED = 0;
export const AT_END = 1;
export const CLAIMS = 2;
export const GIVE_UP_THIS = 1;
export const GIVE_UP_ENTRY = 2;

/**
 * Lowers `heeded` for vehicles on lanes that conflict with part `part` of `link`, whose end is `seen` m ahead. `wait`:
 * speed with which the vehicle stops before the junction, negative where it is in it already.
 */
export function heedInside(
  t: Traffic,
  vehicle: number,
  type: number,
  link: number,
  part: number,
  seen: number,
  wait: number,
): void {
  const { conflicts, state } = t;
  const { laneCount } = t.world.network;
  heeded[CLAIMS] = 0;
  const p = 2 * (link - laneCount) + part;
  const within = state.segment[vehicle] === link;
  for (let e = conflicts.first[p]!; e < conflicts.first[p + 1]!; e++) {
    const foe = conflicts.foeLink[e]!;
    if (t.onSegment[foe] === 0 && t.leaver[foe]! < 0) continue;
    const merges = conflicts.merges[e] === 1;
    const toCrossing = seen - conflicts.behind[e]!;
    if (toCrossing + conflicts.size[e]! < 0 && !merges) continue;
    const waitAt = t.world.rules.waitAt[foe]!;
    const foePart = conflicts.foePart[e]!;
    const two = t.world.rules.cont[foe] === 1;
    for (let w = t.last[foe]!; w >= 0; w = t.ahead[w]!) {
      if (w === vehicle) continue;
      const front = state.position[w]!;
      const rear = front - t.types.length[t.demand.vehicleClass[w]!]!;
      if (!two) one(t, vehicle, type, link, part, seen, wait, within, e, w, rear, true, toCrossing);
      else if (foePart === 0) {
        if (front <= waitAt) one(t, vehicle, type, link, part, seen, wait, within, e, w, rear, true, toCrossing);
        else if (rear < waitAt) one(t, vehicle, type, link, part, seen, wait, within, e, w, rear, false, toCrossing);
      } else if (front > waitAt)
        one(t, vehicle, type, link, part, seen, wait, within, e, w, rear - waitAt, true, toCrossing);
    }
    const gone = t.leaver[foe]!;
    if (gone < 0 || gone === vehicle || (two && foePart === 0)) continue;
    const rear = leaverRear(t, foe);
    if (rear === Number.POSITIVE_INFINITY) continue;
    one(t, vehicle, type, link, part, seen, wait, within, e, gone, two ? rear - waitAt : rear, false, toCrossing);
  }
}

/** Takes one vehicle on a conflicting lane into account; `rear`: from the begin of that lane. */
function one(
  t: Traffic,
  vehicle: number,
  type: number,
  link: number,
  part: number,
  seen: number,
  wait: number,
  within: boolean,
  e: number,
  w: number,
  rear: number,
  frontOn: boolean,
  toCrossing: number,
): void {
  const { conflicts, types, state } = t;
  const foe = conflicts.foeLink[e]!;
  const { laneCount, linkStart } = t.world.network;
  const foeLength = conflicts.length[2 * (foe - laneCount) + conflicts.foePart[e]!]!;
  const merges = conflicts.merges[e] === 1;
  const parts = conflicts.parts[e] === 1;
  const waits = conflicts.foeWaits[e] === 1;
  const size = types.length[t.demand.vehicleClass[w]!]!;
  const rearTo = foeLength - conflicts.foeBehind[e]! - rear;
  // in a bend the body of a vehicle cuts the corner: NaN where it is longer than the bend is wide
  const radius = conflicts.radius[link - laneCount]!;
  const chord = types.length[type]! + CHORD_MARGIN;
  const cut = radius > 0 ? radius - Math.sqrt(radius * radius - (chord * chord) / 4) : 0;
  const past = rearTo + conflicts.foeSize[e]! + cut < 0;
  const foeTwo = t.world.rules.cont[foe] === 1 && conflicts.foePart[e] === 0;
  const inWay = ((!past && toCrossing > 0) || (merges && toCrossing > rearTo - size)) && rearTo < size && !foeTwo;
  if (waits && !inWay) {
    const [own, theirs] = [linkState(t, link), linkState(t, foe)];
    const green = (code: number) => code === 71 || code === 103;
    if (green(own) && green(theirs) && linkStart[link] !== linkStart[foe]) return;
  }
  if (toCrossing < -MARGIN && !inWay) return;
  if (parts && within && rear + size < state.position[vehicle]! - types.length[type]!) return;
  const cannotIgnore = waits || merges || parts;
  if (!inWay && frontOn && (!cannotIgnore || merges) && !willPass(t, w, foeTwo, merges)) return;
  let gap: number;
  if (waits && !parts) gap = Number.NEGATIVE_INFINITY;
  else {
    if (past && !merges) return;
    let behind = rearTo;
    if (merges && behind < 0) behind += Math.max(0, conflicts.foeBehind[e]! - conflicts.behind[e]!);
    gap = toCrossing - types.minGap[type]! - behind - conflicts.foeSize[e]!;
  }
  if (within && !inWay && state.segment[w] === foe && !isLeader(t, vehicle, link, e, w, gap)) return;
  const asap = frontOn ? cannotIgnore : merges || parts;
  const toPart = seen - conflicts.length[2 * (link - laneCount) + part]!;
  const safe = safeSpeed(t, vehicle, type, w, gap, toPart, asap ? -1 : toCrossing);
  if (safe < heeded[SPEED]!) heeded[SPEED] = safe;
  if (safe < heeded[AT_END]!) heeded[AT_END] = safe;
  if (wait >= 0 && heeded[SPEED]! < wait) heeded[SPEED] = wait;
  if (heeded[SPEED]! < STANDING_SPEED) {
    const sameOrigin = linkStart[link] === linkStart[foe] && frontOn;
    if (sameOrigin || t.standing[w]! > BLOCKAGE_SECONDS) {
      heeded[CLAIMS] =
        heeded[CLAIMS]! | GIVE_UP_THIS | (sameOrigin && state.segment[vehicle] === linkStart[link] ? GIVE_UP_ENTRY : 0);
    }
  }
}

/** Whether a vehicle inside meant to leave its lane there in the step before. */
function willPass(t: Traffic, w: number, waiting: boolean, merges: boolean): boolean {
  const claim = waiting ? t.claimInside[w]! : t.claimExit[w]!;
  return claim === 0 ? merges : claim === 1;
}

/** Highest speed behind a vehicle on a conflicting lane; `toJunction`: where to stop if there is no place at all. */
function safeSpeed(
  t: Traffic,
  vehicle: number,
  type: number,
  w: number,
  gap: number,
  toJunction: number,
  toCrossing: number,
): number {
  const { types, state, dt } = t;
  const v = state.speed[vehicle]!;
  const u = state.speed[w]!;
  const decel = types.decel[type]!;
  const other = t.demand.vehicleClass[w]!;
  let safe: number;
  if (gap >= 0) {
    safe = followSpeed(
      v,
      gap,
      u,
      types.apparentDecel[other]!,
      decel,
      types.emergencyDecel[type]!,
      types.tau[type]!,
      dt,
    );
  } else safe = stopSpeed(toJunction - MARGIN, decel, dt, dt, v);
  const fastest = Math.min(types.maxSpeed[type]!, v + types.accel[type]! * dt);
  if (toCrossing < 0) return Math.min(safe, fastest);
  const rest = toCrossing - gap;
  const seconds = rest / Math.max(u, STANDING_SPEED);
  const reach = toCrossing - types.minGap[type]!;
  const final = Math.max(v, (2 * reach) / seconds - v);
  const next = v + (dt * (final - v)) / seconds;
  return Math.min(fastest, Math.max(safe, Math.min(next, stopSpeed(reach, decel, dt, dt, v))));
}

/** Of two inside the junction, whether `w` goes first. */
function isLeader(t: Traffic, vehicle: number, link: number, e: number, w: number, gap: number): boolean {
  const { conflicts, state } = t;
  const { linkStart, tables } = t.world.network;
  const foe = conflicts.foeLink[e]!;
  let own = t.conflictEntered[vehicle]!;
  let theirs = t.entered[w]!;
  const road = tables!.road;
  if (road[linkStart[link]!] === road[linkStart[foe]!]) {
    own = t.enteredFirst[vehicle]!;
    theirs = t.enteredFirst[w]!;
  } else {
    const [code, foeCode] = [linkState(t, link), linkState(t, foe)];
    let yields = conflicts.yields[e] === 1;
    let foeYields = conflicts.foeYields[e] === 1;
    if (redState(code) || redState(foeCode)) {
      if (!redState(foeCode) && state.speed[w]! > STANDING_SPEED && gap < 0) {
        yields = true;
        foeYields = false;
      } else {
        yields = redState(foeCode);
        foeYields = redState(code);
      }
    } else if (majorState(code) !== majorState(foeCode) && code !== YELLOW && foeCode !== YELLOW) {
      yields = !majorState(code);
      foeYields = !majorState(foeCode);
    }
    if (!yields) {
      own = t.entered[vehicle]!;
      theirs = t.conflictEntered[w]!;
    } else if (foeYields) theirs = t.conflictEntered[w]!;
  }
  if (own !== theirs) return own > theirs;
  const [v, u] = [state.speed[vehicle]!, state.speed[w]!];
  return v === u ? vehicle < w : v < u;
}
