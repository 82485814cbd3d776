/**
 * CityFlow's driving, to the formula: new speeds of all vehicles of its classes from the old state. Nothing here
 * changes the present state; `nextPosition`, `nextSpeed`, `nextBlocker` and the list of movers are filled.
 */
import { findMet, junctionSpeed } from './cityflow-junction.ts';
import { createKernel, isOpen, type Kernel, OUT_GAP, OUT_SPEED } from './cityflow-kernel.ts';
import { crossingTime } from './kinematics.ts';
import { leaveSegment } from './moves.ts';
import { noteCrossing, STANDING_SPEED, type World } from './world.ts';

/** A root this much beyond a bound is beyond it whatever the rounding of the last bits. */
const ROUNDING = 1 + 1e-9;

/** What a vehicle does while nothing changes ahead: moves; stands, and will as long as the one before it; or as long as it is red. */
const MOVES = 0;
const RESTS_BEHIND = 1;
const RESTS_AT_RED = 2;

/** Makes the function that computes one step. */
export function cityFlowStep(w: World): () => void {
  const k = createKernel(w);
  const mayRest = w.classes.isIdm.every((isIdm) => isIdm === 0);
  return () => stepCityFlow(w, k, mayRest);
}

/** Whether a vehicle on the lane has a link before it that is not open. */
function isRedAhead(k: Kernel, segment: number, next: number): boolean {
  return segment < k.laneCount && next >= 0 && !isOpen(k, next);
}

/** Leader beyond the own segment, -1 for none; its gap to OUT_GAP. */
function leaderBeyond(k: Kernel, v: number, segment: number, kind: number): number {
  const { segmentLength, position, vehicleLength, last, laneCount, linkEnd, out } = k;
  const far = k.lookAhead[kind]!;
  let away = segmentLength[segment]! - position[v]!;
  let next = k.nextSegment[v]!;
  let place = k.cursor[v]!;
  while (next >= 0) {
    if (next >= laneCount) {
      const start = k.linkStart[next]!;
      const end = k.lastLink[start]!;
      let leader = -1;
      let gap = 0;
      for (let other = k.firstLink[start]!; other < end; other++) {
        const tail = last[other]!;
        if (tail < 0) continue;
        const room = away + position[tail]! - vehicleLength[tail]!;
        if (leader < 0 || room < gap) {
          leader = tail;
          gap = room;
        }
      }
      if (leader >= 0) {
        out[OUT_GAP] = gap;
        return leader;
      }
      away += segmentLength[next]!;
      if (away > far) return -1;
      next = linkEnd[next]!;
      place++;
    } else {
      let leader = last[next]!;
      // Who entered the network in this very step is seen from the next one on.
      if (leader >= 0 && k.fresh[next] === 1) leader = k.ahead[leader]!;
      if (leader >= 0) {
        out[OUT_GAP] = away + position[leader]! - vehicleLength[leader]!;
        return leader;
      }
      away += segmentLength[next]!;
      if (away > far) return -1;
      next = k.link[k.row[place]! + k.laneIndex[next]!]!;
    }
  }
  return -1;
}

/**
 * One step. What cannot matter is not computed, with the same bits as if it had been:
 * - who rests behind one that rests, or at red, goes on resting: only times and exhaust are added;
 * - a leader further away than `Kernel.room` allows any speed;
 * - at the desired speed, with nothing near, the step is the one before.
 * `mayRest`: nobody changes lanes, so that who is ahead of one that rests stays the same.
 */
function stepCityFlow(w: World, k: Kernel, mayRest: boolean): void {
  findMet(k, w.activeSegments, w.activeSegmentCount);
  // Locals: the engine reads them many times faster than what its functions share.
  const { activeSegments, activeSegmentCount, nextPosition, nextSpeed, nextBlocker, arrivalTime, moved } = w;
  const { detectorFirst, detectorPosition, vehicleLength, nextSegment, first, behind } = w;
  const { position, speed, timeLoss, waiting, stops, fuelMillilitres, co2Grams } = w.state;
  const { lookAhead, room: rooms, longest, rests, out, spacing: spacings } = k;
  const { co2, fuel, isIdm, maxSpeed, maxAcceleration, maxDeceleration, deceleration, minGap: minGaps } = w.classes;
  const { vehicleClass } = w.demand;
  const { length: segmentLength, speedLimit, laneCount } = w.network;
  const dt = w.stepSeconds;
  const b = 0.5 * dt;
  const bb = b * b;
  // Multiplying by the inverse of a power of two gives the same bits as dividing by it, in a fraction of the time.
  const inverse = 1 / dt;
  const isPower = dt === 1 || dt === 0.5 || dt === 0.25;
  const now = w.tick * dt;
  let movedCount = 0;
  let kind = -1;
  let most = 0;
  let gain = 0;
  let hardest = 0;
  let loss = 0;
  let minGap = 0;
  let spacing = 1;
  let hardCurve = 0;
  let hardSlope = 0;
  let hardScale = 0;
  let usualCurve = 0;
  let usualSlope = 0;
  let usualScale = 0;
  let far = 0;
  let room = 0;
  let carbon0 = 0;
  let carbonPower = 0;
  let carbon1 = 0;
  let carbon2 = 0;
  let carbon3 = 0;
  let fuel0 = 0;
  let fuelPower = 0;
  let fuel1 = 0;
  let fuel2 = 0;
  let fuel3 = 0;
  // Of a vehicle at its desired speed.
  let limit = -1;
  let desired = 0;
  let cruisingWay = 0;
  let cruisingLoss = 0;
  let cruisingCarbon = 0;
  let cruisingFuel = 0;
  for (let i = 0; i < activeSegmentCount; i++) {
    const segment = activeSegments[i]!;
    const ends = segmentLength[segment]!;
    const isLane = segment < laneCount;
    const detectorEnd = detectorFirst[segment + 1]!;
    const hasDetectors = detectorFirst[segment]! < detectorEnd;
    if (speedLimit[segment]! !== limit) {
      limit = speedLimit[segment]!;
      kind = -1;
    }
    let leader = -1;
    for (let v = first[segment]!; v >= 0; leader = v, v = behind[v]!) {
      const c = vehicleClass[v]!;
      if (c !== kind) {
        if (isIdm[c] === 1) continue;
        kind = c;
        most = maxSpeed[c]!;
        gain = maxAcceleration[c]! * dt;
        hardest = maxDeceleration[c]!;
        loss = hardest * dt;
        minGap = minGaps[c]!;
        spacing = spacings[c]!;
        hardSlope = 0.5 / hardest;
        hardCurve = 4 * hardSlope;
        hardScale = 0.5 / hardSlope;
        usualSlope = 0.5 / deceleration[c]!;
        usualCurve = 4 * usualSlope;
        usualScale = 0.5 / usualSlope;
        far = lookAhead[c]!;
        room = rooms[c]!;
        const p = 5 * c;
        carbon0 = co2[p]! * dt;
        carbonPower = co2[p + 1]!;
        carbon1 = co2[p + 2]! * dt;
        carbon2 = co2[p + 3]! * dt;
        carbon3 = co2[p + 4]! * dt;
        fuel0 = fuel[p]! * dt;
        fuelPower = fuel[p + 1]!;
        fuel1 = fuel[p + 2]! * dt;
        fuel2 = fuel[p + 3]! * dt;
        fuel3 = fuel[p + 4]! * dt;
        desired = limit < most ? limit : most;
        cruisingWay = ((desired + desired) * dt) / 2;
        cruisingLoss = dt - cruisingWay / desired;
        cruisingCarbon = carbon0 + desired * (carbon1 + desired * (carbon2 + desired * carbon3));
        cruisingFuel = fuel0 + desired * (fuel1 + desired * (fuel2 + desired * fuel3));
      }
      const x = position[v]!;
      const next = nextSegment[v]!;
      const atJunction = !isLane || (next >= 0 && ends - x <= far);
      const why = rests[v]!;
      if (why !== MOVES) {
        const isHeld = leader < 0 ? why === RESTS_AT_RED : speed[leader] === 0;
        if (isHeld && (!atJunction || isRedAhead(k, segment, next))) {
          timeLoss[v]! += dt;
          waiting[v]! += dt;
          co2Grams[v]! += carbon0;
          fuelMillilitres[v]! += fuel0;
          continue;
        }
        rests[v] = MOVES;
      }
      const v0 = speed[v]!;
      moved[movedCount++] = v;
      nextBlocker[v] = -1;
      let front = leader;
      let gap = 0;
      if (front >= 0) gap = position[front]! - vehicleLength[front]! - x;
      else if (ends - x < room + longest) {
        front = leaderBeyond(k, v, segment, kind);
        gap = out[OUT_GAP]!;
      }
      const isNear = front >= 0 && gap < room;
      let goal = v0;
      let reached: number;
      if (v0 === desired && !isNear && !atJunction && desired > STANDING_SPEED) {
        reached = cruisingWay + x;
        if (cruisingLoss > 0) timeLoss[v]! += cruisingLoss;
        if (cruisingCarbon > 0) co2Grams[v]! += cruisingCarbon;
        if (cruisingFuel > 0) fuelMillilitres[v]! += cruisingFuel;
      } else {
        goal = most;
        if (v0 + gain < goal) goal = v0 + gain;
        if (limit < goal) goal = limit;
        if (isNear) {
          const vL = speed[front]!;
          const frontKind = vehicleClass[front]!;
          // The speed from which one stops behind a leader that brakes, twice: hard with nothing between the two, and
          // as usual with the least gap. Written out: a call would box its numbers. A root that is greater than the goal
          // by more than rounding is not drawn.
          const travelled = (v0 * dt) / 2;
          const squared = 0.5 * vL * vL;
          let slower = maxDeceleration[frontKind]!;
          let c0 = travelled - squared / slower - gap;
          let inside = bb - hardCurve * c0;
          if (inside < 0) {
            if (goal > -100) goal = -100;
          } else {
            const least = 2 * hardSlope * goal + b;
            if (least < 0 || inside <= least * least * ROUNDING) {
              const v1 = hardScale * (Math.sqrt(inside) - b);
              if (v1 < goal) goal = v1;
            }
            const v2 = 2 * vL - slower * dt + (isPower ? 2 * gap * inverse : (2 * gap) / dt);
            if (v2 < goal) goal = v2;
          }
          slower = deceleration[frontKind]!;
          c0 = travelled + minGap - squared / slower - gap;
          inside = bb - usualCurve * c0;
          if (inside < 0) {
            if (goal > -100) goal = -100;
          } else {
            const least = 2 * usualSlope * goal + b;
            if (least < 0 || inside <= least * least * ROUNDING) {
              const v1 = usualScale * (Math.sqrt(inside) - b);
              if (v1 < goal) goal = v1;
            }
            const left = 2 * (gap - minGap);
            const v2 = 2 * vL - slower * dt + (isPower ? left * inverse : left / dt);
            if (v2 < goal) goal = v2;
          }
          const excess = v0 > vL ? v0 - vL : 0;
          const spaced = (gap + (vL + excess / 2) * dt - travelled) / spacing;
          if (spaced < goal) goal = spaced;
        }
        if (atJunction) {
          junctionSpeed(k, v, segment, kind);
          const allowed = out[OUT_SPEED]!;
          if (allowed < goal) goal = allowed;
        }
        if (goal < v0 - loss) goal = v0 - loss;
        let dx: number;
        if (goal < 0) {
          dx = (0.5 * v0 * v0) / hardest;
          goal = 0;
        } else dx = ((v0 + goal) * dt) / 2;
        reached = dx + x;
        if (mayRest && v0 === 0 && goal === 0) {
          const isRed = isRedAhead(k, segment, next);
          if (leader < 0) {
            if (isRed && atJunction && out[OUT_SPEED]! <= 0) rests[v] = RESTS_AT_RED;
          } else if (speed[leader] === 0 && (isRed || !atJunction)) rests[v] = RESTS_BEHIND;
        }

        const lost = dt - dx / desired;
        if (lost > 0) timeLoss[v]! += lost;
        if (goal <= STANDING_SPEED) {
          waiting[v]! += dt;
          if (v0 > STANDING_SPEED) stops[v]!++;
        }
        const mean = (v0 + goal) * 0.5;
        const power = (goal - v0) * mean;
        const carbon = carbon0 + mean * (carbon1 + mean * (carbon2 + mean * carbon3)) + carbonPower * power;
        if (carbon > 0) co2Grams[v]! += carbon;
        const burnt = fuel0 + mean * (fuel1 + mean * (fuel2 + mean * fuel3)) + fuelPower * power;
        if (burnt > 0) fuelMillilitres[v]! += burnt;
      }
      nextSpeed[v] = goal;
      nextPosition[v] = reached;
      if (hasDetectors) {
        for (let d = detectorFirst[segment]!; d < detectorEnd; d++) {
          const place = detectorPosition[d]!;
          if (place > x && place <= reached)
            noteCrossing(w.crossings, v, w.detectorIndex[d]!, now + crossingTime(v0, goal, dt, place - x));
        }
      }
      if (reached > ends) {
        arrivalTime[v] = now;
        leaveSegment(w, v, segment, reached - ends);
      }
    }
  }
  w.movedCount = movedCount;
}
