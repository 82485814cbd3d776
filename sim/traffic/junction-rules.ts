/**
 * Stop lines and right of way for the IDM classes. Signals: stop at red where one can stop, at amber where one can stop
 * without braking harder than 3.05 m/s2. A full exit is not driven into. Inside a junction two links share *zones*;
 * a vehicle waits before a zone for whoever goes first:
 *
 *  - who is in the zone, or can no longer stop before it, goes (so at least one of two can always stop, and does);
 *  - then who is still clearing the junction although its green has ended, in the order of entry;
 *  - then, without a signal, who is in the junction before who must yield or halt at the line, and waits there;
 *  - then the higher precedence (straight on before turns), a lower one using gaps that suffice to clear the zone;
 *  - then who entered the junction first (where one must halt at the line: who halted first), is nearer to its stop line, or
 *    comes first in the demand.
 *
 * The last four are one total order. Whoever stands and could not go on anyway claims no place in it, so that no
 * circle of waiting forms, and whoever must halt inside the junction does so where its body keeps the zones of others
 * clear.
 */
import { GOES_ON, HALTS_AT_LINE, type LinkStretches } from '../core.ts';
import { abreast } from './abreast.ts';
import { exitRoom } from './exit-room.ts';
import { canStop, safeSpeed, stoppingSpeed } from './kinematics.ts';
import { ON_LANE, type World } from './world.ts';

const GREEN = 1;
const AMBER = 2;
/** Front of a stopped vehicle before its stop line, and before a zone it waits for, m. */
const STOP_GAP = 1;
const ZONE_GAP = 0.5;
/** Front of a stopped vehicle before the stretch where people cross, m. */
const PEOPLE_GAP = 0.3;
/** Whoever is slower stands where it is, m/s. */
const CREEPING = 0.05;
/** Rounding must not carry a stopped vehicle over a line or into a zone, m. */
const SLACK = 0.02;
/** Deceleration above which amber is passed: ITE's for the yellow interval, m/s2. */
const AMBER_DECELERATION = 3.05;
/** A leader slower than this may stand still before one is past the zone behind it, m/s. */
const CRAWLING = 2;
/** A standing leader nearer than this holds one up, m. */
const CLOSE_BEHIND = 5;
/** Time between clearing a zone and the arrival of one with precedence, s. */
const ACCEPTED_MARGIN = 1;
/** Who stands so near before a stop line has halted at it, m. */
const HALTED_METRES = 2;
const MERGING = 1;
const LEAVING = 2;
/** Marks in `blocker`: held at the stop line by a full exit; standing where it cannot go on whoever goes first. */
const HELD = -2;
const STUCK = -3;

/** Least way before its stop line at which a vehicle heeds the junction, m; see `heed`. */
export const HEED_METRES = 10;

export interface JunctionRules {
  /** Room that the longest vehicle takes standing, m: one further than this from where it heeds the junction is free of it. */
  readonly longest: number;
  /** Once a substep, which begins at `begin` s, before any vehicle. */
  prepare(begin: number): void;
  /** Before the vehicles of a segment are looked at, front to back. */
  beginSegment(): void;
  /**
   * Highest speed after h seconds that signals and right of way allow to v, which wants `goal`. Its leader (-1: none)
   * is `gap` metres ahead.
   */
  permittedSpeed(
    v: number,
    segment: number,
    kind: number,
    h: number,
    goal: number,
    leader: number,
    gap: number,
  ): number;
}

function lower(a: number, b: number): number {
  return a < b ? a : b;
}

/** The rules for one world; everything they need is looked up once. */
export function junctionRules(w: World, people?: LinkStretches): JunctionRules {
  const { network, state, classes, demand, first, last, behind, groupLamp } = w;
  const { length: segmentLength, speedLimit, linkStart, linkEnd, linkGroup, linkJunction } = network;
  const { laneCount, linkCount } = network;
  const tables = network.tables!;
  const { precedence, atLine, zoneFirst, zoneStart, zoneEnd, zoneFoe, zoneFoeStart, zoneFoeEnd, zoneKind } = tables;
  const { position, speed } = state;
  const { vehicleLength, nextSegment, previousSegment, linkTick, blocker, nextBlocker, ahead, waitsFor } = w;
  const { shared, ofClass, longest: longestVehicle } = w.tracks;
  const { turnApart, crossesAhead } = abreast(w);
  /** Where lanes are shared, one from behind may be nearer its line than it can stop while those ahead stand: no early end. */
  const farthestHeed = shared ? 250 : 0;
  const { vehicleClass, speedFactor } = demand;
  const { rowOf, seconds: headways, reactionSeconds } = w.headways;
  const classCount = demand.classes.length;
  /** 1 where a vehicle may be met on the link in this substep. */
  const met = new Uint8Array(laneCount + linkCount);
  /** Per link: one past its last zone with another that leaves the same lane. */
  const leavingEnd = zoneFirst.slice();
  for (let s = laneCount; s < laneCount + linkCount; s++) {
    for (let z = zoneFirst[s]!; z < zoneFirst[s + 1]!; z++) if (zoneKind[z] === LEAVING) leavingEnd[s] = z + 1;
  }
  /** Vehicles ahead on the same lane that will enter `reservedEnd` before the one looked at, and the room they take. */
  const reserved = new Float64Array(1);
  const reservedEnd = new Int32Array(1);
  const exitIsFull = exitRoom(w, reservedEnd, reserved);
  /** Room that the longest vehicle takes standing, m. */
  let longest = 0;
  for (let c = 0; c < classes.length.length; c++) longest = Math.max(longest, classes.length[c]! + classes.minGap[c]!);
  const brakeFactor = Float64Array.from(
    classes.length,
    (_, c) => 0.5 / Math.sqrt(classes.acceleration[c]! * classes.deceleration[c]!),
  );
  const lampBefore = new Uint8Array(groupLamp.length);
  const greenSince = new Float64Array(groupLamp.length);
  const now = new Float64Array(1);
  /** Nearest place on the link where the vehicle looked at must halt for others, m. */
  const halt = new Float64Array(1);
  /** 1 where it waits for one that is in the zone or cannot stop. */
  const stuck = new Uint8Array(1);

  function lampOf(linkSegment: number): number {
    const group = linkGroup[linkSegment]!;
    return group < 0 ? GREEN : groupLamp[group]!;
  }

  /** Whether v, `toLine` metres before its stop line, passes it under this lamp. */
  function passes(v: number, toLine: number, lamp: number): boolean {
    if (lamp === GREEN) return true;
    const own = speed[v]!;
    const hardest = classes.maxDeceleration[vehicleClass[v]!]!;
    const limit = lamp === AMBER && AMBER_DECELERATION < hardest ? AMBER_DECELERATION : hardest;
    return !canStop(own, toLine - SLACK, limit);
  }

  /** Whether v, `toLine` metres before its stop line, may begin its link, or can no longer stop before it. */
  function begins(v: number, toLine: number, linkSegment: number): boolean {
    if (!passes(v, toLine, lampOf(linkSegment))) return false;
    if (atLine === undefined || atLine[linkSegment] !== HALTS_AT_LINE || linkTick[v] !== ON_LANE) return true;
    return !canStop(speed[v]!, toLine - SLACK, classes.maxDeceleration[vehicleClass[v]!]!);
  }

  /** Whether those who take the link wait at its line until their whole way is free. */
  const waitsAtLine = (linkSegment: number): boolean => atLine !== undefined && atLine[linkSegment] !== GOES_ON;

  /** Notes that v has halted at its line: from now on it may go, after those who halted before it. */
  function noteHalt(v: number, toLine: number, linkSegment: number): void {
    if (atLine?.[linkSegment] !== HALTS_AT_LINE || linkTick[v] !== ON_LANE) return;
    if (toLine <= HALTED_METRES && speed[v]! <= CREEPING) linkTick[v] = w.stepNumber;
  }

  /** How far before its stop line a vehicle heeds the junction, m. */
  function heed(v: number): number {
    const own = speed[v]!;
    return (own * own) / classes.deceleration[vehicleClass[v]!]! + 2 * own + HEED_METRES;
  }

  function prepare(begin: number): void {
    now[0] = begin;
    for (let group = 0; group < groupLamp.length; group++) {
      if (groupLamp[group] === GREEN && lampBefore[group] !== GREEN) greenSince[group] = begin;
      lampBefore[group] = groupLamp[group]!;
    }
    met.fill(0);
    const { activeSegments } = w;
    for (let i = 0; i < w.activeSegmentCount; i++) {
      const segment = activeSegments[i]!;
      if (segment >= laneCount) {
        met[segment] = 1;
        continue;
      }
      let tail = last[segment]!;
      do {
        const from = previousSegment[tail]!;
        if (from >= laneCount && position[tail]! < vehicleLength[tail]!) met[from] = 1;
        tail = ahead[tail]!;
      } while (shared && tail >= 0 && position[tail]! < longestVehicle);
      for (let v = first[segment]!; v >= 0; v = behind[v]!) {
        const next = nextSegment[v]!;
        const toLine = segmentLength[segment]! - position[v]!;
        if (toLine > heed(v)) {
          if (toLine > farthestHeed) break;
          continue;
        }
        if (next < 0) continue;
        noteHalt(v, toLine, next);
        if (begins(v, toLine, next)) met[next] = 1;
      }
    }
  }

  function beginSegment(): void {
    reservedEnd[0] = -1;
  }

  function reserve(v: number, linkSegment: number): void {
    const end = linkEnd[linkSegment]!;
    if (reservedEnd[0] !== end) {
      reservedEnd[0] = end;
      reserved[0] = 0;
    }
    const own = vehicleLength[v]! + classes.minGap[vehicleClass[v]!]!;
    reserved[0]! += ofClass[vehicleClass[v]!] === 0 ? own / 2 : own;
  }

  /** Seconds v needs for `away` metres if nothing holds it up. */
  function seconds(v: number, away: number, linkSegment: number): number {
    if (away <= 0) return 0;
    const kind = vehicleClass[v]!;
    const a = classes.acceleration[kind]!;
    const own = speed[v]!;
    const most = Math.min(classes.maxSpeed[kind]!, speedLimit[linkSegment]! * speedFactor[v]!);
    const steady = away / (own > most ? own : most);
    const gaining = (Math.sqrt(own * own + 2 * a * away) - own) / a;
    return gaining > steady ? gaining : steady;
  }

  function isClearing(linkSegment: number, isOn: boolean): boolean {
    return isOn && lampOf(linkSegment) !== GREEN;
  }

  /** Whether foe goes before v by the order of right of way; `fromLine` is how far each is past its stop line. */
  function foeGoesFirst(
    v: number,
    own: number,
    fromLine: number,
    foe: number,
    other: number,
    foeFromLine: number,
  ): boolean {
    const claims = blocker[v]! > HELD;
    const foeClaims = blocker[foe]! > HELD;
    if (claims !== foeClaims) return foeClaims;
    const clearing = isClearing(own, fromLine >= 0);
    const foeClearing = isClearing(other, foeFromLine >= 0);
    if (clearing !== foeClearing) return foeClearing;
    if (fromLine >= 0 !== foeFromLine >= 0) {
      if (fromLine < 0 && waitsAtLine(own)) return true;
      if (foeFromLine < 0 && waitsAtLine(other)) return false;
    }
    if (!clearing && precedence[own] !== precedence[other]) return precedence[other]! > precedence[own]!;
    if (linkTick[v] !== linkTick[foe]) return linkTick[foe]! < linkTick[v]!;
    if (fromLine !== foeFromLine) return foeFromLine > fromLine;
    return foe < v;
  }

  /** Speed behind a leader at `gap` metres on another link. */
  function following(v: number, kind: number, foe: number, gap: number, h: number): number {
    const own = speed[v]!;
    const vL = speed[foe]!;
    const headway = headways[rowOf[state.segment[v]!]! * classCount + kind]!;
    const dynamic = own * headway + own * (own - vL) * brakeFactor[kind]!;
    const wanted = classes.minGap[kind]! + (dynamic > 0 ? dynamic : 0);
    const ratio = gap > 0.01 ? wanted / gap : wanted * 100;
    const a = classes.acceleration[kind]!;
    const hardest = classes.maxDeceleration[kind]!;
    const foeHardest = classes.maxDeceleration[vehicleClass[foe]!]!;
    const idm = own + a * (1 - ratio * ratio) * h;
    const safe = safeSpeed(own, hardest, vL, foeHardest > hardest ? foeHardest : hardest, gap, h);
    return safe < idm ? safe : idm;
  }

  /** Notes that v waits for foe: of several for one that stands inside the junction, if there is such a one. */
  function waitFor(v: number, foe: number): void {
    const known = waitsFor[v]!;
    if (known < 0 || speed[known]! > CREEPING || state.segment[known]! < laneCount) waitsFor[v] = foe;
  }

  /** Halts before zone z, `toZone` metres ahead, and notes where. */
  function haltBeforeZone(own: number, z: number, toZone: number, kind: number, h: number): number {
    const place = zoneStart[z]! - ZONE_GAP;
    if (place < halt[0]!) halt[0] = place;
    return stopBefore(own, toZone, ZONE_GAP, kind, h);
  }

  /** Highest speed that one foe at `foeAlong` metres of its link leaves to v at `along` of its own, in zone z. */
  function besideFoe(
    v: number,
    kind: number,
    own: number,
    along: number,
    z: number,
    foe: number,
    foeAlong: number,
    h: number,
  ): number {
    const free = 1e9;
    const foeLength = vehicleLength[foe]!;
    const rear = foeAlong - foeLength;
    const type = zoneKind[z]!;
    const other = zoneFoe[z]!;
    if (type === LEAVING) {
      if (shared && turnApart(v, own, foe, other)) return free;
      // in a bend one of the two ways is the longer one; beside the middle of a lane one is nearer than that says
      const ratio = zoneEnd[z]! / zoneFoeEnd[z]!;
      if (foeAlong < 0 || rear >= zoneFoeEnd[z]! || foeAlong * ratio < along) return free;
      const most = following(v, kind, foe, (rear > 0 && (ratio < 1 || !shared) ? rear * ratio : rear) - along, h);
      if (linkGroup[own]! < 0 && speed[v]! <= CREEPING && most <= CREEPING) stuck[0] = 1;
      return most;
    }
    if (rear > zoneFoeEnd[z]!) return free;
    const start = zoneStart[z]!;
    const toZone = start - along;
    const inZone = foeAlong > zoneFoeStart[z]! + SLACK;
    const amInZone = along > start + SLACK;
    const hardest = classes.maxDeceleration[kind]!;
    const own0 = speed[v]!;
    if (type === MERGING) {
      const rest = segmentLength[own]! - along;
      const foeRest = segmentLength[other]! - foeAlong;
      if (inZone || amInZone) {
        const isAhead = foeRest < rest || (foeRest === rest && foe < v);
        if (amInZone && (!isAhead || !inZone)) return free;
        const gap = rest - foeRest - foeLength;
        if (amInZone || (inZone && segmentLength[own]! - foeRest - foeLength > start))
          return following(v, kind, foe, gap, h);
        waitFor(v, foe);
        return haltBeforeZone(own0, z, toZone, kind, h);
      }
    } else if (amInZone) return free;

    let goesOn = inZone;
    if (!inZone) {
      if (!canStop(own0, toZone, hardest)) return free;
      const foeToZone = zoneFoeStart[z]! - foeAlong;
      const foeSpeed = speed[foe]!;
      const foeHardest = classes.maxDeceleration[vehicleClass[foe]!]!;
      const foeCanStop = canStop(foeSpeed, foeToZone, foeHardest);
      goesOn = !foeCanStop;
      if (foeCanStop) {
        if (!foeGoesFirst(v, own, along, foe, other, foeAlong)) return free;
        const canUseGap = precedence[other]! > precedence[own]! && !isClearing(other, foeAlong >= 0);
        if (canUseGap) {
          const clear = seconds(v, zoneEnd[z]! + vehicleLength[v]! - along, own) + ACCEPTED_MARGIN;
          if (clear < seconds(foe, foeToZone, other)) return free;
        }
      }
      if (type === MERGING) {
        const gap = segmentLength[own]! - along - (segmentLength[other]! - foeAlong) - foeLength;
        if (gap > 0) return following(v, kind, foe, gap, h);
      }
    }
    if (goesOn) stuck[0] = 1;
    waitFor(v, foe);
    return haltBeforeZone(own0, z, toZone, kind, h);
  }

  /** Highest speed that all who may be met in zone z leave to v. */
  function besideLink(v: number, kind: number, own: number, along: number, z: number, h: number, goal: number): number {
    const other = zoneFoe[z]!;
    let least = goal;
    let tail = last[linkEnd[other]!]!;
    if (zoneKind[z] !== MERGING) {
      while (tail >= 0) {
        if (previousSegment[tail] === other) {
          const speedBeside = besideFoe(v, kind, own, along, z, tail, segmentLength[other]! + position[tail]!, h);
          if (speedBeside < least) least = speedBeside;
        }
        tail = ahead[tail]!;
        if (!shared || tail < 0 || position[tail]! > longestVehicle) break;
      }
    }
    for (let foe = first[other]!; foe >= 0; foe = behind[foe]!) {
      const speedBeside = besideFoe(v, kind, own, along, z, foe, position[foe]!, h);
      if (speedBeside < least) least = speedBeside;
    }
    if (zoneKind[z] === LEAVING) return least;
    const start = linkStart[other]!;
    for (let foe = first[start]!; foe >= 0; foe = behind[foe]!) {
      const toLine = segmentLength[start]! - position[foe]!;
      if (toLine > heed(foe)) {
        if (toLine > farthestHeed) break;
        continue;
      }
      if (nextSegment[foe] !== other || blocker[foe] === HELD || !begins(foe, toLine, other)) continue;
      const speedBeside = besideFoe(v, kind, own, along, z, foe, -toLine, h);
      if (speedBeside < least) least = speedBeside;
    }
    return least;
  }

  function permittedSpeed(
    v: number,
    segment: number,
    kind: number,
    h: number,
    goal: number,
    leader: number,
    gap: number,
  ): number {
    const own = speed[v]!;
    let on = segment;
    let along = position[v]!;
    let least = goal;
    /** Stands behind one that has not quite left the lane for another link: no lamp will end that. */
    let isBehindLeaving = false;
    if (segment < laneCount) {
      const toLine = segmentLength[segment]! - along;
      const heeded = heed(v);
      if (toLine > heeded + longest) return goal;
      on = nextSegment[v]!;
      along = -toLine;
      least = behindLeaving(v, kind, on, along, h, least);
      isBehindLeaving = linkGroup[on]! < 0 && own < CREEPING && least < CREEPING;
      if (toLine > heeded) return least;
      const hardest = classes.maxDeceleration[kind]!;
      waitsFor[v] = -1;
      if (!begins(v, toLine, on)) return lower(stopBefore(own, toLine - SLACK, STOP_GAP, kind, h), least);
      if (shared && crossesAhead(v, on)) least = lower(stopBefore(own, toLine - SLACK, STOP_GAP, kind, h), least);
      if (exitIsFull(v, on) && canStop(own, toLine - SLACK, Math.min(AMBER_DECELERATION, hardest))) {
        nextBlocker[v] = HELD;
        waitsFor[v] = last[linkEnd[on]!]!;
        return lower(stopBefore(own, toLine - SLACK, STOP_GAP, kind, h), least);
      }
      if (own === 0) least = lower(speedAfterReaction(on, kind, h), least);
      reserve(v, on);
    } else if (linkJunction[on]! < 0) return goal;
    const begin = zoneFirst[on]!;
    const end = zoneFirst[on + 1]!;
    halt[0] = 1e9;
    stuck[0] = 0;
    waitsFor[v] = -1;
    for (let z = begin; z < end; z++) {
      if (met[zoneFoe[z]!] === 0 || zoneEnd[z]! < along) continue;
      least = besideLink(v, kind, on, along, z, h, least);
    }
    if (people !== undefined) least = yieldToPeople(v, kind, on, along, h, least);
    if (leader >= 0 && speed[leader]! < CRAWLING) {
      const place = along + gap - classes.minGap[kind]!;
      if (place < halt[0]!) halt[0] = place;
    }
    // without lamps nothing but this ends a wait: who stands but for rounding stands
    const still = linkGroup[on]! < 0 ? CREEPING : 0;
    const isHeldUp = stuck[0] === 1 || (leader >= 0 && speed[leader]! <= still && gap < CLOSE_BEHIND);
    if (isBehindLeaving || (own <= still && isHeldUp)) nextBlocker[v] = STUCK;
    if (halt[0]! >= 1e9) return least;
    if (along < 0 && waitsAtLine(on) && halt[0]! < segmentLength[on]!) {
      const toLine = -along - SLACK;
      if (canStop(own, toLine, Math.min(AMBER_DECELERATION, classes.maxDeceleration[kind]!)))
        return lower(stopBefore(own, toLine, STOP_GAP, kind, h), least);
    }
    if (people === undefined) return keepZonesClear(v, kind, along, begin, end, h, least);
    least = keepCrossingsClear(v, kind, on, along, h, least);
    least = keepZonesClear(v, kind, along, begin, end, h, least);
    return keepCrossingsClear(v, kind, on, along, h, least);
  }

  /** Highest speed that people on crossings leave to v: it goes on only where it will be over before they are there. */
  function yieldToPeople(v: number, kind: number, own: number, along: number, h: number, goal: number): number {
    const { first: from, list, start, end, arrival, heldBy } = people!;
    let least = goal;
    for (let i = from[own]!; i < from[own + 1]!; i++) {
      const k = list[i]!;
      if (arrival[k] === Number.POSITIVE_INFINITY || along > start[k]! + SLACK) continue;
      const away = start[k]! - along;
      const own0 = speed[v]!;
      if (own0 > CREEPING && !canStop(own0, away, classes.maxDeceleration[kind]!)) continue;
      if (seconds(v, end[k]! + vehicleLength[v]! - along, own) + ACCEPTED_MARGIN < arrival[k]!) continue;
      if (start[k]! < halt[0]!) halt[0] = start[k]!;
      stuck[0] = 1;
      if (heldBy[k]! >= 0) waitFor(v, heldBy[k]!);
      least = lower(stopBefore(own0, away, PEOPLE_GAP, kind, h), least);
    }
    return least;
  }

  /** Whoever must halt within the junction halts where its body lies on no crossing that people use. */
  function keepCrossingsClear(v: number, kind: number, own: number, along: number, h: number, goal: number): number {
    const { first: from, list, start, end, arrival } = people!;
    let least = goal;
    for (let i = from[own + 1]! - 1; i >= from[own]!; i--) {
      const k = list[i]!;
      const place = halt[0]!;
      const isUsed = arrival[k] !== Number.POSITIVE_INFINITY && along <= start[k]! + SLACK;
      if (!isUsed || start[k]! >= place || end[k]! < place - vehicleLength[v]!) continue;
      const away = start[k]! - along;
      if (!canStop(speed[v]!, away, Math.min(AMBER_DECELERATION, classes.maxDeceleration[kind]!))) continue;
      least = lower(stopBefore(speed[v]!, away, PEOPLE_GAP, kind, h), least);
      halt[0] = start[k]! - PEOPLE_GAP;
    }
    return least;
  }

  /** Keeps v, still on its lane, behind those whose bodies have not yet left it for other links. */
  function behindLeaving(v: number, kind: number, own: number, along: number, h: number, goal: number): number {
    let least = goal;
    const end = leavingEnd[own]!;
    for (let z = zoneFirst[own]!; z < end; z++) {
      if (zoneKind[z] === LEAVING && met[zoneFoe[z]!] === 1) least = besideLink(v, kind, own, along, z, h, least);
    }
    return least;
  }

  /** Whoever must halt within the junction halts where its body lies in no zone that others may need. */
  function keepZonesClear(
    v: number,
    kind: number,
    along: number,
    begin: number,
    end: number,
    h: number,
    goal: number,
  ): number {
    const own = speed[v]!;
    const most = Math.min(AMBER_DECELERATION, classes.maxDeceleration[kind]!);
    let place = halt[0]!;
    let least = goal;
    for (let z = end - 1; z >= begin; z--) {
      const start = zoneStart[z]!;
      if (zoneKind[z] === LEAVING || start >= place || zoneEnd[z]! < place - vehicleLength[v]!) continue;
      const away = start - along;
      if (!canStop(own, away, most)) continue;
      const other = zoneFoe[z]!;
      if (met[other] === 0 && lampOf(other) !== GREEN) continue;
      least = lower(stopBefore(own, away, ZONE_GAP, kind, h), least);
      place = start - ZONE_GAP;
    }
    halt[0] = place;
    return least;
  }

  /** What a vehicle that stands at the line reaches by the end of the substep. */
  function speedAfterReaction(linkSegment: number, kind: number, h: number): number {
    const group = linkGroup[linkSegment]!;
    if (group < 0) return 1e9;
    const driving = now[0]! + h - greenSince[group]! - reactionSeconds[rowOf[linkSegment]!]!;
    return driving >= h ? 1e9 : driving > 0 ? classes.acceleration[kind]! * driving : 0;
  }

  /** Speed on the way to a halt `margin` before a place `away` metres ahead; where that is too late, at the place itself. */
  function stopBefore(own: number, away: number, margin: number, kind: number, h: number): number {
    const hardest = classes.maxDeceleration[kind]!;
    const usual = classes.deceleration[kind]!;
    const early = away - margin;
    // Who stands within the margin stays there.
    if (early <= 0 && own === 0) return 0;
    return stoppingSpeed(own, canStop(own, early, hardest) ? early : away, usual, hardest, h);
  }

  return { longest, prepare, beginSegment, permittedSpeed };
}
