/**
 * The Intelligent Driver Model (Treiber, Hennecke and Helbing 2000) with the ballistic update, for our own scenarios:
 * the lesser of what the free road and the gap allow, not their sum (as Schakel et al. 2010), so that one who follows at
 * the wanted gap loses nothing. All new speeds come from the old state. Three rules bound it: a vehicle can always stop behind the place where its
 * leader could come to rest; it brakes evenly, at its comfortable deceleration, for stop lines, slower segments and
 * vehicles it must wait for; and it goes no faster than the segment's limit times its own factor.
 */
import type { LinkStretches } from '../core.ts';
import { HEED_METRES, junctionRules } from './junction-rules.ts';
import { busStops as busStopsOf } from './bus-stops.ts';
import { crossingTime, safeSpeed, stoppingSpeed } from './kinematics.ts';
import { deadEndRoom as deadEndRoomOf } from './lane-change.ts';
import { chance, cityFlowSpeed, kraussSpeed } from './laws.ts';
import { leaveSegment } from './moves.ts';
import { DEAD_END } from './route-table.ts';
import { BESIDE, GAP, leaderFinder, REST, SLOWEST, VERGE } from './tracks.ts';
import { IDM, KRAUSS, noteCrossing, STANDING_SPEED, type World } from './world.ts';

/**
 * How much more briskly than IDM says a driver closes a gap wider than the wanted one. With it the headways of a queue
 * settle from the fifth vehicle on, as they do on streets; without, they fall for thirty vehicles.
 */
const CATCHING_UP = 2;
/** How much faster than those beside it a two-wheeler filters, m/s (about 15 km/h). */
const FILTERING_SPEED = 4;
const NO_BOUND = 1e9;
/** From the end of the verge to that of the lane, m. */
const VERGE_END = 2;

/** Makes the function that computes one substep of `h` seconds beginning at `begin`. */
export function idmStep(w: World, people?: LinkStretches): (begin: number, h: number) => void {
  const { network, state, classes, demand, first, last, behind } = w;
  const { length: segmentLength, speedLimit, linkEnd, linkJunction, laneCount } = network;
  const tables = network.tables!;
  const { laneIndex } = tables;
  const { position, speed } = state;
  const { vehicleLength, nextSegment, cursor, nextBlocker } = w;
  const { vehicleClass, speedFactor } = demand;
  const { row, link } = w.routes;
  const rules = junctionRules(w, people);
  const found = new Float64Array(4);
  const leaderOf = leaderFinder(w, found);
  const { tracks, makesRoomFor, makesRoomUntil, standsUntil } = w;
  const { shared, occupied } = tracks;
  const { law, isEuler, filters, servesStops } = classes;
  const busStops = busStopsOf(w);
  const deadEndRoom = deadEndRoomOf(w);
  const hasStops = w.stopPosition.length > 0;
  const { rowOf, seconds: headways, frictionSeconds } = w.headways;
  const classCount = demand.classes.length;
  const brakeFactor = Float64Array.from(
    classes.length,
    (_, c) => 0.5 / Math.sqrt(classes.acceleration[c]! * classes.deceleration[c]!),
  );

  /** Leader beyond the own segment within `far` metres, -1 for none; its gap in `found`. */
  function leaderBeyond(v: number, segment: number, far: number): number {
    let away = segmentLength[segment]! - position[v]!;
    let next = nextSegment[v]!;
    let place = cursor[v]!;
    while (next >= 0 && away <= far) {
      const leader = last[next]!;
      if (leader >= 0) {
        found[0] = away + position[leader]! - vehicleLength[leader]!;
        return leader;
      }
      away += segmentLength[next]!;
      if (next >= laneCount) {
        next = linkEnd[next]!;
        place++;
      } else next = link[row[place]! + laneIndex[next]!]!;
    }
    return -1;
  }

  /** Highest next speed with which the limits of the segments ahead can be met at comfortable deceleration. */
  function limitAhead(v: number, segment: number, v0: number, most: number, usual: number, h: number): number {
    let away = segmentLength[segment]! - position[v]!;
    let next = nextSegment[v]!;
    let place = cursor[v]!;
    let least = most;
    const far = (0.5 * v0 * v0) / usual + v0 * h;
    while (next >= 0 && away <= far) {
      const goal = speedLimit[next]! * speedFactor[v]!;
      if (goal < v0) {
        const allowed = safeSpeed(v0, usual, goal, usual, away, h);
        const bound = allowed > goal ? allowed : goal;
        if (bound < least) least = bound;
      }
      away += segmentLength[next]!;
      if (next >= laneCount) {
        next = linkEnd[next]!;
        place++;
      } else next = link[row[place]! + laneIndex[next]!]!;
    }
    return least;
  }

  /** What a driver of another law than IDM wants. */
  function lawSpeed(
    v: number,
    c: number,
    v0: number,
    front: number,
    gap: number,
    headway: number,
    desired: number,
    h: number,
  ): number {
    const vL = front >= 0 ? speed[front]! : 0;
    const leaderClass = front >= 0 ? vehicleClass[front]! : c;
    const a = classes.acceleration[c]!;
    const usual = classes.deceleration[c]!;
    if (law[c] === KRAUSS) {
      const shortfall = classes.imperfection[c]! * chance(v, w.stepNumber, w.seed);
      const leaderUsual = classes.deceleration[leaderClass]!;
      return kraussSpeed(v0, vL, gap, classes.minGap[c]!, desired, a, usual, leaderUsual, headway, shortfall, h);
    }
    const hardest = classes.maxDeceleration[c]!;
    const leaderHardest = classes.maxDeceleration[leaderClass]!;
    const leaderUsual = classes.deceleration[leaderClass]!;
    return cityFlowSpeed(
      v0,
      vL,
      gap,
      classes.minGap[c]!,
      desired,
      a,
      usual,
      hardest,
      leaderHardest,
      leaderUsual,
      headway,
      h,
    );
  }

  /** Speed of one that lets another into its lane: as if that one were ahead already, but never braking hard for it. */
  function makingRoom(
    v: number,
    segment: number,
    c: number,
    v0: number,
    headway: number,
    begin: number,
    h: number,
  ): number {
    const other = makesRoomFor[v]!;
    const where = state.segment[other]!;
    if (makesRoomUntil[v]! <= begin || where < 0 || where === segment || tables.road[where] !== tables.road[segment]) {
      makesRoomFor[v] = -1;
      return NO_BOUND;
    }
    const gap = position[other]! - vehicleLength[other]! - position[v]!;
    const usual = classes.deceleration[c]!;
    if (gap < -vehicleLength[other]!) return NO_BOUND;
    const vL = speed[other]!;
    const dynamic = v0 * headway + v0 * (v0 - vL) * brakeFactor[c]!;
    const wanted = classes.minGap[c]! + (dynamic > 0 ? dynamic : 0);
    const ratio = gap > 0.5 ? wanted / gap : wanted * 2;
    const held = classes.acceleration[c]! * (1 - ratio * ratio);
    return v0 + (held < -usual ? -usual : held) * h;
  }

  return function step(begin: number, h: number): void {
    rules.prepare(begin);
    const {
      activeSegments,
      activeSegmentCount,
      nextPosition,
      nextSpeed,
      arrivalTime,
      detectorFirst,
      detectorPosition,
    } = w;
    const { timeLoss, waiting, stops, fuelMillilitres, co2Grams } = state;
    const { co2, fuel } = classes;
    for (let i = 0; i < activeSegmentCount; i++) {
      const segment = activeSegments[i]!;
      const ends = segmentLength[segment]!;
      const limit = speedLimit[segment]!;
      const isLane = segment < laneCount;
      const headwayRow = rowOf[segment]! * classCount;
      const friction = frictionSeconds[rowOf[segment]!]!;
      const detectorEnd = detectorFirst[segment + 1]!;
      const hasDetectors = detectorFirst[segment]! < detectorEnd;
      let leader = -1;
      rules.beginSegment();
      // What is the same for all of a class on the segment: most who follow each other are of one.
      let kind = -1;
      let most = 0;
      let a = 0;
      let usual = 0;
      let hardest = 0;
      let minGap = 0;
      let classHeadway = 0;
      for (let v = first[segment]!; v >= 0; leader = v, v = behind[v]!) {
        const c = vehicleClass[v]!;
        if (c !== kind) {
          kind = c;
          most = classes.maxSpeed[c]!;
          a = classes.acceleration[c]!;
          usual = classes.deceleration[c]!;
          hardest = classes.maxDeceleration[c]!;
          minGap = classes.minGap[c]!;
          classHeadway = headways[headwayRow + c]!;
        }
        const v0 = speed[v]!;
        const x = position[v]!;
        const wayLeft = ends - x;
        const next = nextSegment[v]!;
        nextBlocker[v] = -1;
        const desired = limit * speedFactor[v]! < most ? limit * speedFactor[v]! : most;
        let front = leader;
        let gap = 0;
        let headway = classHeadway;
        let wish = desired;
        if (shared) {
          front = leaderOf(v, segment, occupied[v]!, (v0 * v0) / usual + 3 * v0 + 30);
          gap = found[GAP]!;
          if (filters[c] === 1) {
            const passing = found[SLOWEST]! + FILTERING_SPEED;
            if (passing < wish) wish = passing;
          } else if (found[BESIDE]! > 0) headway += friction * (found[BESIDE]! < 3 ? found[BESIDE]! : 3);
        } else if (front >= 0) gap = position[front]! - vehicleLength[front]! - x;
        else if (next >= 0 && wayLeft <= (v0 * v0) / usual + 3 * v0 + 30) {
          front = leaderBeyond(v, segment, (v0 * v0) / usual + 3 * v0 + 30);
          gap = found[GAP]!;
        }
        let goal: number;
        let safe = NO_BOUND;
        const vL = front >= 0 ? speed[front]! : 0;
        if (law[c] === IDM) {
          const share = (v0 / wish) * (v0 / wish);
          let gain = a * (1 - share * share);
          if (gain < -usual) gain = -usual;
          if (front >= 0) {
            const dynamic = v0 * headway + v0 * (v0 - vL) * brakeFactor[c]!;
            const wanted = minGap + (dynamic > 0 ? dynamic : 0);
            const ratio = gap > 0.01 ? wanted / gap : wanted * 100;
            const held = (a - a * ratio * ratio) * (ratio < 1 ? CATCHING_UP : 1);
            goal = v0 + (held < gain ? held : gain) * h;
          } else goal = v0 + gain * h;
        } else goal = lawSpeed(v, c, v0, front, front >= 0 ? gap : 1e9, headway, wish, h);
        if (front >= 0) {
          if (shared) safe = safeSpeed(v0, hardest, 0, 1, found[REST]!, h);
          else {
            const frontHardest = classes.maxDeceleration[vehicleClass[front]!]!;
            safe = safeSpeed(v0, hardest, vL, frontHardest > hardest ? frontHardest : hardest, gap, h);
          }
        }
        if (next >= 0) {
          const allowed =
            wayLeft <= (0.5 * v0 * v0) / usual + v0 * h ? limitAhead(v, segment, v0, most, usual, h) : most;
          if (allowed < goal) goal = allowed;
          const isHeeded = !isLane || wayLeft <= (v0 * v0) / usual + 2 * v0 + HEED_METRES + rules.longest;
          if (isHeeded && (!isLane || linkJunction[next]! >= 0)) {
            const permitted = rules.permittedSpeed(v, segment, c, h, safe, front, gap);
            if (permitted < safe) safe = permitted;
          }
        } else if (next === DEAD_END) {
          const stopped = stoppingSpeed(v0, wayLeft - deadEndRoom(segment, v), usual, hardest, h);
          if (stopped < safe) safe = stopped;
        }
        if (isLane) {
          if (hasStops && servesStops[c] === 1) {
            const stopped = busStops.speed(v, segment, v0, usual, hardest, begin, h);
            if (stopped < safe) safe = stopped;
          }
          if (makesRoomFor[v]! >= 0) {
            const eased = makingRoom(v, segment, c, v0, headway, begin, h);
            if (eased < goal) goal = eased;
          }
          if (shared && (tracks.goal[v] === 0 ? occupied[v] : tracks.goal[v]) === VERGE) {
            // On the verge, or on the way there: it comes to rest, before the stop line in any case.
            const last = stoppingSpeed(v0, wayLeft - VERGE_END, usual, hardest, h);
            if (last < safe) safe = last;
            if (servesStops[c] === 0 && v0 - usual * h < safe) safe = v0 - usual * h;
          }
        }
        if (safe < goal) goal = isEuler[c] === 1 && safe > v0 ? (v0 + safe) / 2 : safe;
        else if (isEuler[c] === 1 && goal > v0 && safe < NO_BOUND && (v0 + safe) / 2 < goal) goal = (v0 + safe) / 2;
        if (goal < v0 - hardest * h) goal = v0 - hardest * h;
        let dx: number;
        if (goal < 0) {
          dx = isEuler[c] === 1 ? 0 : (0.5 * v0 * v0 * h) / (v0 - goal);
          goal = 0;
        } else dx = isEuler[c] === 1 ? goal * h : ((v0 + goal) * h) / 2;
        const reached = x + dx;
        nextSpeed[v] = goal;
        nextPosition[v] = reached;

        const lost = h - dx / desired;
        const dwells = hasStops && standsUntil[v]! > begin;
        if (lost > 0 && !dwells) timeLoss[v]! += lost;
        if (goal <= STANDING_SPEED && !dwells) {
          waiting[v]! += h;
          if (v0 > STANDING_SPEED) stops[v]!++;
        }
        const mean = (v0 + goal) * 0.5;
        const power = (goal - v0) * mean;
        const p = 5 * c;
        const carbon =
          (co2[p]! + mean * (co2[p + 2]! + mean * (co2[p + 3]! + mean * co2[p + 4]!))) * h + co2[p + 1]! * power;
        if (carbon > 0) co2Grams[v]! += carbon;
        const burnt =
          (fuel[p]! + mean * (fuel[p + 2]! + mean * (fuel[p + 3]! + mean * fuel[p + 4]!))) * h + fuel[p + 1]! * power;
        if (burnt > 0) fuelMillilitres[v]! += burnt;

        if (hasDetectors) {
          for (let d = detectorFirst[segment]!; d < detectorEnd; d++) {
            const place = detectorPosition[d]!;
            if (place > x && place <= reached) {
              noteCrossing(w.crossings, v, w.detectorIndex[d]!, begin + crossingTime(v0, goal, h, place - x));
            }
          }
        }
        if (reached > ends) {
          arrivalTime[v] = begin + crossingTime(v0, goal, h, wayLeft);
          leaveSegment(w, v, segment, reached - ends);
        }
      }
    }
  };
}
