import { describe, expect, it } from 'vitest';
import { kraussCore } from './driving.ts';

const [euler1, euler01] = [kraussCore(1, false), kraussCore(0.1, false)];
const [ACCEL, DECEL, EMERGENCY, TAU, MIN_GAP, LENGTH] = [2.6, 4.5, 9, 1, 2.5, 5];

/** Fronts (and speeds) of cars that start in that order, one every 3 s, on one lane towards a line closed until `opens`. */
function queue(cars: number, dt: number, opens: number, until: number) {
  const { followSpeed, stopSpeed } = dt === 1 ? euler1 : euler01;
  const position = Array.from({ length: cars }, () => Number.NaN);
  const speed = Array.from({ length: cars }, () => 0);
  const passed = Array.from({ length: cars }, () => Number.NaN);
  const history: [time: number, position: number, speed: number][] = [];
  for (let step = 0; step * dt <= until + 1e-9; step++) {
    const t = step * dt;
    const old = position.map((front, i) => [front, speed[i]!] as const);
    for (let i = 0; i < cars; i++) {
      const [front, v] = old[i]!;
      if (Number.isNaN(front)) {
        const leader = i > 0 ? position[i - 1]! - LENGTH : 1e9;
        if (t >= 3 * i - 1e-9 && leader - MIN_GAP >= LENGTH + 0.1) position[i] = LENGTH + 0.1;
        continue;
      }
      let next = Math.min(v + ACCEL * dt, 13.89);
      if (i > 0) {
        const gap = old[i - 1]![0] - LENGTH - front - MIN_GAP;
        next = Math.min(next, followSpeed(v, gap, old[i - 1]![1], DECEL, DECEL, EMERGENCY, TAU));
      }
      if (t < opens && front <= 292.8) next = Math.min(next, stopSpeed(292.8 - 1 - front, DECEL, dt, v));
      next = Math.max(next, 0);
      position[i] = front + next * dt;
      speed[i] = next;
      const line = 292.79;
      if (front < line && position[i]! >= line) passed[i] = t - dt + (line - front) / next - opens;
      if (i === 0) history.push([t, position[i]!, next]);
    }
  }
  return { position, passed, history };
}

describe("Krauss' car following", () => {
  it('brakes over the distance that vector 6 shows: 14.67 m at steps of 1 s, 20.7 m at 0.1 s', () => {
    expect(euler1.brakeGap(13.89, DECEL, 0)).toBeCloseTo(14.67, 6);
    expect(euler01.brakeGap(13.89, DECEL, 0)).toBeCloseTo(20.745, 6);
    expect(euler1.brakeGap(0, DECEL, 1)).toBe(0);
  });

  it('stops at a red line as in vector 3', () => {
    const { position, history } = queue(4, 1, 1e9, 79);
    [291.799, 284.298, 276.797, 269.296].forEach((front, i) => {
      expect(position[i]).toBeCloseTo(front, 3);
    });
    const shown = history.filter(([t]) => t >= 21 && t <= 25);
    const expected = [
      [266.34, 13.89],
      [279.3263, 12.9863],
      [287.8127, 8.4863],
      [291.799, 3.9863],
      [291.799, 0],
    ];
    expected.forEach(([front, v], i) => {
      expect(shown[i]![1]).toBeCloseTo(front!, 3);
      expect(shown[i]![2]).toBeCloseTo(v!, 3);
    });
  });

  it.each([
    [1, [-0.62, 2.09, 4.04, 5.76, 7.38, 8.96, 10.5, 12.04, 13.58, 15.12]],
    [0.1, [0.72, 2.99, 4.57, 5.97, 7.42, 8.91, 10.43, 11.96, 13.51, 15.06]],
  ])('leaves a queue as in vector 4, at a step of %s s', (dt, expected) => {
    const { passed } = queue(10, dt, 80, 130);
    expected.forEach((seconds, i) => {
      expect(Math.abs(passed[i]! - seconds)).toBeLessThan(0.011);
    });
  });

  it('follows the slower one ahead as in vector 10', () => {
    let [leader, follower, v] = [90.0032, 60.66, 13.89];
    for (const expected of [13.8359, 12.6695, 11.78, 11.1869, 10.7915]) {
      v = Math.min(
        v + ACCEL,
        euler1.followSpeed(v, leader - LENGTH - follower - MIN_GAP, 10.0008, DECEL, DECEL, EMERGENCY, TAU),
      );
      expect(v).toBeCloseTo(expected, 3);
      leader += 10.0008;
      follower += v;
    }
  });

  it('is down to a lower limit when it gets there, by no more than the usual deceleration', () => {
    for (const dt of [0.1, 0.5, 1]) {
      const { freeSpeed } = kraussCore(dt, false);
      let [rest, v] = [120, 13.89];
      while (rest > 0) {
        const next = Math.min(13.89, freeSpeed(rest, 5, DECEL, 0, v));
        expect(v - next).toBeLessThanOrEqual(DECEL * dt + 1e-9);
        v = next;
        rest -= v * dt;
      }
      // the step beyond is driven at the limit
      expect(v - 5).toBeLessThanOrEqual(DECEL * dt + 1e-9);
    }
  });
});
