/**
 * Who shares a lane's width with whom. A lane has an inner track (towards the middle of the road) and an outer one
 * (towards the kerb), and a *verge* beside it: the shoulder or a bus bay. A vehicle occupies a set of tracks, and only
 * those that have one in common are ahead of each other. A two-wheeler occupies one track; what leaves room for one
 * beside it keeps to the inner track; everything else occupies both. Who moves from one track to another occupies all
 * of them meanwhile.
 */
import type { ClassParameters, Network } from '../core.ts';
import type { World } from './world.ts';

export const INNER = 1;
export const OUTER = 2;
export const LANE = 3;
export const VERGE = 4;

/** From a body to the edge of the lane, and from body to body, m. */
export const SIDE_GAP = 0.1;
/** A narrow vehicle heeds those beside its way from this far, m. */
const BESIDE_METRES = 8;
const NOBODY = 1e9;

export interface Tracks {
  /** Whether vehicles pass each other within a lane at all; where they do not, everybody occupies the whole lane. */
  readonly shared: boolean;
  /** Narrowest lane, m; 0 where widths are not known. */
  readonly laneWidth: number;
  /** Widest of those who use the width of a lane, m; 0 where nobody does. */
  readonly narrow: number;
  /** Per class: tracks it occupies; 0 for classes that choose one. */
  readonly ofClass: Uint8Array;
  /** Per vehicle. */
  readonly occupied: Uint8Array;
  /** Per vehicle: tracks it moves to, 0 where it keeps to its own. */
  readonly goal: Uint8Array;
  /** Vehicles that are moving from track to track. */
  readonly moving: Int32Array;
  movingCount: number;
  /** Longest vehicle, m. */
  readonly longest: number;
  /** Per vehicle: distance of its middle from the lane's, positive to the left, m. */
  readonly lateral: Float64Array;
}

/** Whether two vehicles as wide as this can ride abreast in the lane. */
export function fitAbreast(laneWidth: number, width: number): boolean {
  return 2 * width + 3 * SIDE_GAP <= laneWidth;
}

export function createTracks(network: Network, classes: readonly ClassParameters[], count: number): Tracks {
  const widths = network.tables?.laneWidth;
  let laneWidth = Number.POSITIVE_INFINITY;
  for (let lane = 0; lane < network.laneCount; lane++) laneWidth = Math.min(laneWidth, widths?.[lane] ?? 0);
  const narrow = Math.max(0, ...classes.filter(({ filters }) => filters === true).map(({ width }) => width));
  const sharing = narrow > 0 && fitAbreast(laneWidth, narrow);
  const others = classes.some(({ emergency, servesStops }) => emergency === true || servesStops === true);
  const ofClass = Uint8Array.from(classes, ({ filters, width }) => {
    if (!sharing) return LANE;
    if (filters === true) return 0;
    return width + narrow + 3 * SIDE_GAP <= laneWidth ? INNER : LANE;
  });
  return {
    shared: sharing || (others && classes.some(({ model }) => model === 'idm')),
    laneWidth: Number.isFinite(laneWidth) ? laneWidth : 0,
    narrow: sharing ? narrow : 0,
    ofClass,
    occupied: new Uint8Array(count).fill(LANE),
    goal: new Uint8Array(count),
    moving: new Int32Array(count),
    movingCount: 0,
    longest: Math.max(0, ...classes.map(({ length }) => length)),
    lateral: new Float64Array(count),
  };
}

/** What `leaderFinder` found besides the leader. */
export const GAP = 0;
/** Two-wheelers beside the way to the leader. */
export const BESIDE = 1;
/** Speed of the slowest just ahead on another track, m/s. */
export const SLOWEST = 2;
/** Way to the nearest place where any of those ahead could come to rest, m. */
export const REST = 3;
/** Deceleration that is counted on when leaders are compared, m/s2. */
const COUNTED_ON = 3;

/**
 * Makes the search for the vehicles ahead that have a track in common: on the own segment and beyond, up to `far` metres.
 * Who occupies several tracks may have one ahead on each: the leader is the one that leaves least way to come to rest. What
 * it found goes to `found`.
 */
export function leaderFinder(
  w: World,
  found: Float64Array,
): (v: number, segment: number, tracks: number, far: number) => number {
  const { ahead, last, nextSegment, cursor, vehicleLength, tracks: t } = w;
  const { occupied, longest } = t;
  const { length: segmentLength, linkEnd, laneCount } = w.network;
  const { laneIndex } = w.network.tables!;
  const { position, speed } = w.state;
  const { row, link } = w.routes;
  const { vehicleClass } = w.demand;
  const narrow = Uint8Array.from(w.demand.classes, ({ filters }) => (filters === true ? 1 : 0));
  const hardest = w.classes.maxDeceleration.reduce((most, own) => Math.max(most, own), 1);
  return function leaderOf(v, segment, tracks, far) {
    const x = position[v]!;
    let best = -1;
    let gap = NOBODY;
    let least = NOBODY;
    let rest = NOBODY;
    let open = tracks;
    /** Nobody whose rear is beyond this can be the nearest on a track. */
    let horizon = NOBODY;
    let beside = 0;
    let slowest = NOBODY;
    let offset = 0 - x;
    let u = ahead[v]!;
    let away = segmentLength[segment]! - x;
    let next = nextSegment[v]!;
    let place = cursor[v]!;
    for (;;) {
      for (; u >= 0; u = ahead[u]!) {
        const front = offset + position[u]!;
        if (front - longest > horizon) break;
        const room = front - vehicleLength[u]!;
        if ((occupied[u]! & tracks) !== 0) {
          const own = speed[u]!;
          const stops = room + (0.5 * own * own) / hardest;
          if (stops < rest) rest = stops;
          const counted = room + (0.5 * own * own) / COUNTED_ON;
          if (counted < least) {
            least = counted;
            gap = room;
            best = u;
          }
          if ((open & occupied[u]!) !== 0) {
            open &= ~occupied[u]!;
            if (open === 0) horizon = room;
          }
        } else {
          if (narrow[vehicleClass[u]!] === 1 && open === tracks) beside++;
          if (room < BESIDE_METRES && speed[u]! < slowest && (occupied[u]! & LANE) !== 0) slowest = speed[u]!;
        }
      }
      if (next < 0 || away > far || away - longest > horizon) break;
      offset = away;
      u = last[next]!;
      away += segmentLength[next]!;
      if (next >= laneCount) {
        next = linkEnd[next]!;
        place++;
      } else next = link[row[place]! + laneIndex[next]!]!;
    }
    found[GAP] = gap;
    found[BESIDE] = beside;
    found[SLOWEST] = slowest;
    found[REST] = rest;
    return best;
  };
}

/** Puts the list of a segment in order of position again, after vehicles passed each other on it. */
export function restoreOrder(w: World, segment: number): void {
  const { ahead, behind, first, last } = w;
  const { position } = w.state;
  let v = behind[first[segment]!]!;
  while (v >= 0) {
    const following = behind[v]!;
    let leader = ahead[v]!;
    if (leader >= 0 && isBehind(position, leader, v)) {
      behind[leader] = following;
      if (following >= 0) ahead[following] = leader;
      else last[segment] = leader;
      while (leader >= 0 && isBehind(position, leader, v)) leader = ahead[leader]!;
      const follower = leader < 0 ? first[segment]! : behind[leader]!;
      ahead[v] = leader;
      behind[v] = follower;
      if (leader < 0) first[segment] = v;
      else behind[leader] = v;
      ahead[follower] = v;
    }
    v = following;
  }
}

function isBehind(position: Float64Array, a: number, b: number): boolean {
  return position[a]! < position[b]! || (position[a] === position[b] && a > b);
}

/** Order on every segment with vehicles. */
export function restoreAllOrder(w: World): void {
  const { activeSegments, first } = w;
  for (let i = 0; i < w.activeSegmentCount; i++) {
    const segment = activeSegments[i]!;
    if (first[segment]! >= 0) restoreOrder(w, segment);
  }
}

/** Tracks that are swept on the way from some to others: the whole lane too on the way to the verge and back. */
export function onTheWay(from: number, to: number): number {
  return ((from | to) & VERGE) !== 0 ? LANE | VERGE : from | to;
}

/** Begins to move v to other tracks: until it is there it occupies both. */
export function moveAside(w: World, v: number, tracks: number): void {
  const { occupied, goal, moving } = w.tracks;
  if (goal[v] === 0) moving[w.tracks.movingCount++] = v;
  occupied[v] = onTheWay(occupied[v]!, tracks);
  goal[v] = tracks;
}

/** Ends the moves of those who are there. */
function endMoves(w: World): void {
  const { occupied, goal, moving, lateral } = w.tracks;
  let kept = 0;
  for (let i = 0; i < w.tracks.movingCount; i++) {
    const v = moving[i]!;
    if (lateral[v] !== middleOf(w, v, goal[v]!) && w.state.segment[v]! >= 0) {
      moving[kept++] = v;
      continue;
    }
    occupied[v] = goal[v]!;
    goal[v] = 0;
  }
  w.tracks.movingCount = kept;
}

/** How fast bodies move sideways, m/s. */
const SIDEWAYS_SPEED = 1.5;

/** Brings everybody nearer to the middle of its tracks, once a tick, and ends the moves of those who are there. */
export function slideAside(w: World, seconds: number): void {
  const { lateral, occupied, goal } = w.tracks;
  const { active, activeCount } = w.state;
  const most = SIDEWAYS_SPEED * seconds;
  for (let i = 0; i < activeCount; i++) {
    const v = active[i]!;
    const wanted = middleOf(w, v, goal[v] === 0 ? occupied[v]! : goal[v]!);
    const off = wanted - lateral[v]!;
    lateral[v] = off > most ? lateral[v]! + most : off < -most ? lateral[v]! - most : wanted;
  }
  endMoves(w);
}

/** Where the middle of v lies when it occupies these tracks, positive to the left, m. */
export function middleOf(w: World, v: number, tracks: number): number {
  const { laneWidth, narrow } = w.tracks;
  const half = 0.5 * w.classes.width[w.demand.vehicleClass[v]!]!;
  const kerb = w.network.tables!.kerbSide ?? -1;
  if (tracks === VERGE) return kerb * (laneWidth / 2 + half + SIDE_GAP);
  if (narrow === 0) return 0;
  if (tracks === OUTER) return kerb * (laneWidth / 2 - SIDE_GAP - half);
  if (tracks !== INNER) return 0;
  if (w.tracks.ofClass[w.demand.vehicleClass[v]!] === 0) return -kerb * (laneWidth / 2 - SIDE_GAP - half);
  // No further than what lets a two-wheeler pass on the outer track.
  const shift = half + narrow + 2 * SIDE_GAP - laneWidth / 2;
  return shift > 0 ? -kerb * shift : 0;
}
