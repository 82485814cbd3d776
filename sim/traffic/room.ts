/** Whether there is room for a vehicle beside where it is: on another lane of its road, or on other tracks of its own. */
import { DEAD_END } from './route-table.ts';
import type { World } from './world.ts';

const NOBODY = 1e9;
/** Deceleration that is counted on when those ahead are compared, m/s2. */
const COUNTED_ON = 3;
/** Share of the standing gap that must be left, and of the time headway that a follower must keep when nothing presses. */
const STANDING_SHARE = 0.5;
const HEADWAY_SHARE = 0.5;

export interface Room {
  /**
   * Looks at `lane` beside v for its tracks: `gapAhead`, `leader` (who leaves least way to come to rest), `gapBehind`,
   * `follower` (the nearest) and `place` (the vehicle that v would stand behind in the lane's list, -1: at the front) are
   * those found; -1 and a gap of 1e9 where there is nobody.
   */
  look(v: number, lane: number, tracks: number): void;
  /** Whether v fits in where it looked, with none braking harder than `share` times its comfortable deceleration. */
  fits(v: number, share: number): boolean;
  leader: number;
  follower: number;
  place: number;
  gapAhead: number;
  gapBehind: number;
}

export function roomBeside(w: World): Room {
  const { first, last, ahead, behind, vehicleLength, cursor, tracks: t, classes } = w;
  const { occupied, longest } = t;
  const { length: segmentLength, firstLink, lastLink, linkEnd, laneCount } = w.network;
  const { laneIndex } = w.network.tables!;
  const { position, speed } = w.state;
  const { vehicleClass } = w.demand;
  const { row, link } = w.routes;
  const room: Room = { leader: -1, follower: -1, place: -1, gapAhead: NOBODY, gapBehind: NOBODY, look, fits };
  let lookedAt = 0;
  let lookedFor = 0;

  /**
   * Goes through those ahead on the tracks, one a track; notes who leaves least way at this deceleration. With `limit` (m/s2)
   * above 0 it answers whether v can stay behind all of them at that.
   */
  function goAhead(v: number, lane: number, tracks: number, limit: number): boolean {
    const x = position[v]!;
    const own = speed[v]!;
    const margin = STANDING_SHARE * classes.minGap[vehicleClass[v]!]!;
    let least = NOBODY;
    let horizon = NOBODY;
    let open = tracks;
    let offset = 0 - x;
    let u = room.place;
    let away = segmentLength[lane]! - x;
    let at = cursor[v]!;
    let next = link[row[at]! + laneIndex[lane]!]!;
    const far = own * 6 + 60;
    for (;;) {
      for (; u >= 0; u = ahead[u]!) {
        const front = offset + position[u]!;
        if (front - longest > horizon) break;
        if (u === v || (occupied[u]! & tracks) === 0) continue;
        const gap = front - vehicleLength[u]!;
        if (limit > 0 && !isSafe(own, speed[u]!, gap - margin, limit)) return false;
        const counted = gap + (0.5 * speed[u]! * speed[u]!) / COUNTED_ON;
        if (counted < least) {
          least = counted;
          room.leader = u;
          room.gapAhead = gap;
        }
        if ((open & occupied[u]!) !== 0) {
          open &= ~occupied[u]!;
          if (open === 0) horizon = gap;
        }
      }
      if (next < 0 || away > far || away - longest > horizon) return true;
      offset = away;
      u = last[next]!;
      away += segmentLength[next]!;
      if (next >= laneCount) {
        next = linkEnd[next]!;
        at++;
      } else next = link[row[at]! + laneIndex[next]!]!;
    }
  }

  /** Whether v can stay behind the bodies of those who are on other links already and still lie in the lane. */
  function staysBehindLeaving(v: number, lane: number, tracks: number, limit: number): boolean {
    const own = speed[v]!;
    const margin = STANDING_SHARE * classes.minGap[vehicleClass[v]!]!;
    const toLine = segmentLength[lane]! - position[v]!;
    if (toLine - longest - margin > (0.5 * own * own) / limit) return true;
    const next = link[row[cursor[v]!]! + laneIndex[lane]!]!;
    for (let k = firstLink[lane]!; k < lastLink[lane]!; k++) {
      if (k === next) continue;
      for (let u = last[k]!; u >= 0; u = ahead[u]!) {
        const gap = toLine + position[u]! - vehicleLength[u]!;
        if (gap >= toLine || (occupied[u]! & tracks) === 0) continue;
        if (!isSafe(own, speed[u]!, gap - margin, limit)) return false;
      }
    }
    return true;
  }

  function look(v: number, lane: number, tracks: number): void {
    const x = position[v]!;
    let place = last[lane]!;
    while (place >= 0 && (position[place]! < x || (position[place] === x && place > v))) place = ahead[place]!;
    if (place === v) place = ahead[v]!;
    room.place = place;
    room.leader = -1;
    room.gapAhead = NOBODY;
    lookedAt = lane;
    lookedFor = tracks;
    goAhead(v, lane, tracks, 0);
    let f = place < 0 ? first[lane]! : behind[place]!;
    while (f >= 0 && (f === v || (occupied[f]! & tracks) === 0)) f = behind[f]!;
    room.follower = f;
    room.gapBehind = f < 0 ? NOBODY : x - vehicleLength[v]! - position[f]!;
  }

  /** Whether one at `fast` can come to rest behind one at `slow` that brakes alike. */
  function isSafe(fast: number, slow: number, gap: number, deceleration: number): boolean {
    return gap >= 0 && fast * fast - slow * slow <= 2 * deceleration * gap;
  }

  function fits(v: number, share: number): boolean {
    const own = speed[v]!;
    const limit = share * classes.deceleration[vehicleClass[v]!]!;
    if (!goAhead(v, lookedAt, lookedFor, limit) || !staysBehindLeaving(v, lookedAt, lookedFor, limit)) return false;
    const rear = position[v]! - vehicleLength[v]!;
    let open = lookedFor;
    for (let f = room.follower; f >= 0 && open !== 0; f = behind[f]!) {
      if (f === v || (occupied[f]! & open) === 0) continue;
      open &= ~occupied[f]!;
      const c = vehicleClass[f]!;
      const theirs = speed[f]!;
      const gap = rear - position[f]! - STANDING_SHARE * classes.minGap[c]!;
      if (share <= 1 && gap < HEADWAY_SHARE * theirs) return false;
      if (!isSafe(theirs, own, gap, share * classes.deceleration[c]!)) return false;
    }
    return true;
  }

  return room;
}

/** Whether a vehicle's route goes on from the lane (or ends on its road). */
export function leadsOn(w: World, v: number, lane: number): boolean {
  return w.routes.link[w.routes.row[w.cursor[v]!]! + w.network.tables!.laneIndex[lane]!]! !== DEAD_END;
}
