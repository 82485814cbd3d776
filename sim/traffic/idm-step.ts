/**
 * The Intelligent Driver Model (Treiber, Hennecke and Helbing 2000) with the ballistic update, for our own scenarios:
 * the lesser of what the free road and the gap allow, not their sum (as Schakel et al. 2010), so that one who follows at
 * the wanted gap loses nothing. All new speeds come from the old state. Three rules bound it: a vehicle can always stop behind the place where its
 * leader could come to rest; it brakes evenly, at its comfortable deceleration, for stop lines, slower segments and
 * vehicles it must wait for; and it goes no faster than the segment's limit times its own factor.
 */
import type { LinkStretches } from '../core.ts';
import { junctionRules } from './junction-rules.ts';
import { crossingTime, safeSpeed } from './kinematics.ts';
import { leaveSegment } from './moves.ts';
import { noteCrossing, STANDING_SPEED, type World } from './world.ts';

/**
 * How much more briskly than IDM says a driver closes a gap wider than the wanted one. With it the headways of a queue
 * settle from the fifth vehicle on, as they do on streets; without, they fall for thirty vehicles.
 */
const CATCHING_UP = 2;

/** Makes the function that computes one substep of `h` seconds beginning at `begin`. */
export function idmStep(w: World, people?: LinkStretches): (begin: number, h: number) => void {
  const { network, state, classes, demand, first, last, behind } = w;
  const { length: segmentLength, speedLimit, linkEnd, linkJunction, laneCount } = network;
  const { laneIndex } = network.tables!;
  const { position, speed } = state;
  const { vehicleLength, nextSegment, cursor, nextBlocker } = w;
  const { vehicleClass, speedFactor } = demand;
  const { row, link } = w.routes;
  const rules = junctionRules(w, people);
  const found = new Float64Array(1);
  const { rowOf, seconds: headways } = w.headways;
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
    const { isIdm, co2, fuel } = classes;
    for (let i = 0; i < activeSegmentCount; i++) {
      const segment = activeSegments[i]!;
      const ends = segmentLength[segment]!;
      const limit = speedLimit[segment]!;
      const isLane = segment < laneCount;
      const headwayRow = rowOf[segment]! * classCount;
      const detectorEnd = detectorFirst[segment + 1]!;
      const hasDetectors = detectorFirst[segment]! < detectorEnd;
      let leader = -1;
      rules.beginSegment();
      for (let v = first[segment]!; v >= 0; leader = v, v = behind[v]!) {
        const c = vehicleClass[v]!;
        if (isIdm[c] === 0) continue;
        const v0 = speed[v]!;
        const x = position[v]!;
        nextBlocker[v] = -1;
        const most = classes.maxSpeed[c]!;
        const desired = limit * speedFactor[v]! < most ? limit * speedFactor[v]! : most;
        const a = classes.acceleration[c]!;
        const usual = classes.deceleration[c]!;
        const hardest = classes.maxDeceleration[c]!;
        const minGap = classes.minGap[c]!;
        let front = leader;
        let gap = 0;
        if (front >= 0) gap = position[front]! - vehicleLength[front]! - x;
        else {
          front = leaderBeyond(v, segment, (v0 * v0) / usual + 3 * v0 + 30);
          gap = found[0]!;
        }
        const next = nextSegment[v]!;
        const share = (v0 / desired) * (v0 / desired);
        let gain = a * (1 - share * share);
        if (gain < -usual) gain = -usual;
        let goal: number;
        if (front >= 0) {
          const vL = speed[front]!;
          const dynamic = v0 * headways[headwayRow + c]! + v0 * (v0 - vL) * brakeFactor[c]!;
          const wanted = minGap + (dynamic > 0 ? dynamic : 0);
          const ratio = gap > 0.01 ? wanted / gap : wanted * 100;
          const held = (a - a * ratio * ratio) * (ratio < 1 ? CATCHING_UP : 1);
          goal = v0 + (held < gain ? held : gain) * h;
          const frontHardest = classes.maxDeceleration[vehicleClass[front]!]!;
          const safe = safeSpeed(v0, hardest, vL, frontHardest > hardest ? frontHardest : hardest, gap, h);
          if (safe < goal) goal = safe;
        } else goal = v0 + gain * h;

        if (next >= 0) {
          const allowed = limitAhead(v, segment, v0, most, usual, h);
          if (allowed < goal) goal = allowed;
          if (!isLane || linkJunction[next]! >= 0) {
            const permitted = rules.permittedSpeed(v, segment, c, h, goal, front, gap);
            if (permitted < goal) goal = permitted;
          }
        }
        if (goal < v0 - hardest * h) goal = v0 - hardest * h;
        let dx: number;
        if (goal < 0) {
          dx = (0.5 * v0 * v0 * h) / (v0 - goal);
          goal = 0;
        } else dx = ((v0 + goal) * h) / 2;
        const reached = x + dx;
        nextSpeed[v] = goal;
        nextPosition[v] = reached;

        const lost = h - dx / desired;
        if (lost > 0) timeLoss[v]! += lost;
        if (goal <= STANDING_SPEED) {
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
          arrivalTime[v] = begin + crossingTime(v0, goal, h, ends - x);
          leaveSegment(w, v, segment, reached - ends);
        }
      }
    }
  };
}
