/** Lists of vehicles on segments: entering, leaving, and carrying out a step's moves. */
import { ARRIVED, ON_LANE, type World } from './world.ts';

/** Puts a segment on the list of those with vehicles. */
function activate(w: World, segment: number): void {
  if (w.isActive[segment] === 1) return;
  w.isActive[segment] = 1;
  w.activeSegments[w.activeSegmentCount++] = segment;
}

/** Takes segments without vehicles off the list. */
export function dropEmptySegments(w: World): void {
  const { activeSegments, first, isActive } = w;
  let kept = 0;
  for (let i = 0; i < w.activeSegmentCount; i++) {
    const segment = activeSegments[i]!;
    if (first[segment]! >= 0) activeSegments[kept++] = segment;
    else isActive[segment] = 0;
  }
  w.activeSegmentCount = kept;
}

/** Appends v behind the rear-most vehicle of the segment. */
export function append(w: World, v: number, segment: number): void {
  insertBehind(w, v, segment, w.last[segment]!);
}

/** Puts v behind `leader` (-1: at the front). */
function insertBehind(w: World, v: number, segment: number, leader: number): void {
  const { ahead, behind, first, last } = w;
  const follower = leader < 0 ? first[segment]! : behind[leader]!;
  ahead[v] = leader;
  behind[v] = follower;
  if (leader < 0) first[segment] = v;
  else behind[leader] = v;
  if (follower < 0) last[segment] = v;
  else ahead[follower] = v;
  w.onSegment[segment]!++;
  activate(w, segment);
}

function remove(w: World, v: number, segment: number): void {
  const { ahead, behind, first, last } = w;
  const leader = ahead[v]!;
  const follower = behind[v]!;
  if (leader < 0) first[segment] = follower;
  else behind[leader] = follower;
  if (follower < 0) last[segment] = leader;
  else ahead[follower] = leader;
  w.onSegment[segment]!--;
}

/** Adds a vehicle to the network on its entry lane. */
export function enterNetwork(w: World, v: number, lane: number, position: number, speed: number, at: number): void {
  const { state, routes } = w;
  const cursor = routes.firstCursor[w.demand.route[v]!]!;
  w.cursor[v] = cursor;
  w.nextSegment[v] = routes.link[routes.row[cursor]! + w.network.tables!.laneIndex[lane]!]!;
  state.segment[v] = lane;
  state.position[v] = position;
  state.speed[v] = speed;
  state.enteredAt[v] = at;
  w.nextPosition[v] = position;
  w.nextSpeed[v] = speed;
  w.activeIndex[v] = state.activeCount;
  state.active[state.activeCount++] = v;
  append(w, v, lane);
}

/** Notes that v, now past the end of its segment, leaves it; `overshoot` is its way past that end, metres. */
export function leaveSegment(w: World, v: number, segment: number, overshoot: number): void {
  const { routes, network } = w;
  const { length, laneCount, linkEnd } = network;
  const laneIndex = network.tables!.laneIndex;
  let rest = overshoot;
  let next = w.nextSegment[v]!;
  let cursor = w.cursor[v]!;
  while (next >= 0) {
    if (next < laneCount) cursor++;
    if (!(rest > length[next]!)) break;
    rest -= length[next]!;
    next = next < laneCount ? routes.link[routes.row[cursor]! + laneIndex[next]!]! : linkEnd[next]!;
  }
  w.movers[w.moverCount++] = v;
  w.target[v] = next;
  w.targetFrom[v] = segment;
  w.targetCursor[v] = cursor;
  w.nextPosition[v] = rest;
}

/** Puts v, which has left its segment, on segment `to` behind `leader`, and looks up where it goes from there. */
function come(w: World, v: number, to: number, leader: number): void {
  const { network, routes } = w;
  insertBehind(w, v, to, leader);
  w.movedStep[v] = w.stepNumber;
  w.previousSegment[v] = w.targetFrom[v]!;
  w.state.segment[v] = to;
  const cursor = w.targetCursor[v]!;
  w.cursor[v] = cursor;
  if (to < network.laneCount) {
    w.linkTick[v] = ON_LANE;
    w.nextSegment[v] = routes.link[routes.row[cursor]! + network.tables!.laneIndex[to]!]!;
  } else {
    // who has halted at a stop line keeps its place in the order
    const hasHalted = w.targetFrom[v]! < network.laneCount && w.linkTick[v] !== ON_LANE;
    if (!hasHalted) w.linkTick[v] = w.stepNumber;
    w.nextSegment[v] = network.linkEnd[to]!;
  }
}

/**
 * Carries out the moves of a step after all next values are known: arrivals go, those that change segment are appended
 * in the order of (distance, index), whatever the order in which they were found.
 */
export function carryOutMoves(w: World): void {
  if (w.tracks.shared) {
    carryOutSharedMoves(w);
    return;
  }
  const { state, movers, target, nextPosition, movedStep, last, ahead, stepNumber } = w;
  for (let i = 0; i < w.moverCount; i++) {
    const v = movers[i]!;
    const to = target[v]!;
    remove(w, v, state.segment[v]!);
    if (to < 0) {
      arrive(w, v);
      continue;
    }
    const position = nextPosition[v]!;
    let leader = last[to]!;
    while (leader >= 0 && movedStep[leader] === stepNumber) {
      const other = nextPosition[leader]!;
      if (other > position || (other === position && leader < v)) break;
      leader = ahead[leader]!;
    }
    come(w, v, to, leader);
  }
  w.moverCount = 0;
  dropEmptySegments(w);
}

/**
 * The same where vehicles pass each other within lanes: who comes to a segment may be ahead of some that are there. All
 * leave before the first comes, so that places on a list are compared between those who are on it.
 */
function carryOutSharedMoves(w: World): void {
  const { state, movers, target, nextPosition, last, ahead } = w;
  for (let i = 0; i < w.moverCount; i++) remove(w, movers[i]!, state.segment[movers[i]!]!);
  for (let i = 0; i < w.moverCount; i++) {
    const v = movers[i]!;
    const to = target[v]!;
    if (to < 0) {
      arrive(w, v);
      continue;
    }
    const position = nextPosition[v]!;
    let leader = last[to]!;
    while (leader >= 0) {
      const other = nextPosition[leader]!;
      if (other > position || (other === position && leader < v)) break;
      leader = ahead[leader]!;
    }
    come(w, v, to, leader);
  }
  w.moverCount = 0;
  dropEmptySegments(w);
}

/**
 * Puts v on another lane of its road, beside where it is; the caller has made sure that there is room. `leader` is the
 * vehicle on that lane that it comes to stand behind in the list, -1 for none.
 */
export function changeLane(w: World, v: number, lane: number, leader: number): void {
  const { state, routes } = w;
  const from = state.segment[v]!;
  remove(w, v, from);
  insertBehind(w, v, lane, leader);
  state.segment[v] = lane;
  w.nextSegment[v] = routes.link[routes.row[w.cursor[v]!]! + w.network.tables!.laneIndex[lane]!]!;
  w.blocker[v] = -1;
}

function arrive(w: World, v: number): void {
  const { state, activeIndex } = w;
  const { active } = state;
  state.segment[v] = ARRIVED;
  state.arrivedAt[v] = w.arrivalTime[v]!;
  state.arrivals[state.arrivalCount++] = v;
  const place = activeIndex[v]!;
  const mover = active[--state.activeCount]!;
  active[place] = mover;
  activeIndex[mover] = place;
  activeIndex[v] = -1;
}

/** Makes the next values of all vehicles in the network the present ones; `isFirst`: in the first substep of a tick. */
export function commit(w: World, stepSeconds: number, isFirst: boolean): void {
  const { state, nextPosition, nextSpeed, blocker, nextBlocker } = w;
  const { active, activeCount, position, speed, acceleration, segment } = state;
  const perSecond = 1 / stepSeconds;
  for (let i = 0; i < activeCount; i++) {
    const v = active[i]!;
    const gained = (nextSpeed[v]! - speed[v]!) * perSecond;
    acceleration[v] = isFirst ? gained : acceleration[v]! + gained;
    position[v] = nextPosition[v]!;
    speed[v] = nextSpeed[v]!;
    const blocking = nextBlocker[v]!;
    blocker[v] = blocking >= 0 && segment[blocking] === ARRIVED ? -1 : blocking;
  }
}
