import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame } from '../testing.ts';
import {
  capacityFor,
  INSTANCE_FLOATS,
  interpolate,
  interpolateHeading,
  packFrame,
  peopleCount,
  vehicleCount,
} from './interpolate.ts';

/** id, class, x and y in decimetres, heading in degrees, speed in decimetres per second */
type Vehicle = [number, number, number, number, number, number];

function between(before: Vehicle[], after: Vehicle[], share: number): number[][] {
  const first = packFrame(frame(0, { vehicles: before.flat() }));
  const next = packFrame(frame(1, { vehicles: after.flat() }));
  const out = new Float32Array(capacityFor(first, next));
  const count = interpolate(first, next, share, out);
  return Array.from({ length: count }, (_, index) => [
    ...out.subarray(index * INSTANCE_FLOATS, (index + 1) * INSTANCE_FLOATS),
  ]);
}

describe('interpolateHeading', () => {
  it('turns the short way', () => {
    expect(interpolateHeading(350, 10, 0.5)).toBe(360);
    expect(interpolateHeading(10, 350, 0.5)).toBe(0);
    expect(interpolateHeading(90, 180, 0.25)).toBe(112.5);
  });

  it('never turns by more than half a circle and ends where it should', () => {
    const degrees = fc.integer({ min: 0, max: 359 });
    fc.assert(
      fc.property(degrees, degrees, (from, to) => {
        expect(Math.abs(interpolateHeading(from, to, 1) - from)).toBeLessThanOrEqual(180);
        expect((interpolateHeading(from, to, 1) + 360) % 360).toBe(to);
      }),
    );
  });
});

describe('interpolate', () => {
  it('moves a vehicle at constant speed evenly, by its id, whatever its place in the frame', () => {
    const [bus, car] = between(
      [
        [7, 1, 0, 1000, 180, 100],
        [3, 0, 0, 0, 90, 100],
      ],
      [
        [3, 0, 100, 0, 90, 100],
        [7, 1, 0, 900, 180, 100],
      ],
      0.25,
    );
    expect(car![0]).toBeCloseTo(2.5);
    expect(car![1]).toBeCloseTo(0);
    expect(bus![1]).toBeCloseTo(97.5);
    expect(bus![3]).toBe(1);
  });

  it('starts slowly from a standstill', () => {
    const [car] = between([[1, 0, 0, 0, 0, 0]], [[1, 0, 0, 10, 0, 20]], 0.5);
    expect(car![1]).toBeGreaterThan(0);
    expect(car![1]).toBeLessThan(0.5);
  });

  it('keeps to the way between the two places, whatever the speeds say', () => {
    const place = fc.integer({ min: -300, max: 300 });
    const speed = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(
        place,
        place,
        speed,
        speed,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (from, to, v0, v1, share) => {
          const [car] = between([[1, 0, 0, from, 0, v0]], [[1, 0, 0, to, 0, v1]], share);
          expect(car![1]! * 10).toBeGreaterThanOrEqual(Math.min(from, to) - 0.01);
          expect(car![1]! * 10).toBeLessThanOrEqual(Math.max(from, to) + 0.01);
        },
      ),
    );
  });

  it('fades out what leaves as it drives on, and fades in what comes', () => {
    const [gone, come] = between([[1, 0, 0, 0, 0, 100]], [[2, 0, 0, 500, 180, 100]], 0.25);
    expect(gone).toEqual([0, 2.5, 0, 0, 0, 0.75]);
    expect(come![1]).toBeCloseTo(57.5);
    expect(come![5]).toBe(0.25);
  });

  it('does not fly a vehicle across the picture when an id is used again', () => {
    const [car] = between([[1, 0, 0, 0, 0, 100]], [[1, 0, 5000, 0, 0, 100]], 0.9);
    expect(car![0]).toBe(0);
  });

  it('lights the brake lamps of what slows down', () => {
    expect(between([[1, 0, 0, 0, 0, 100]], [[1, 0, 0, 80, 0, 60]], 0.5)[0]![4]).toBe(1);
    expect(between([[1, 0, 0, 0, 0, 100]], [[1, 0, 0, 100, 0, 100]], 0.5)[0]![4]).toBe(0);
  });

  it('gives the frame itself at its own second', () => {
    const first = packFrame(frame(0, { vehicles: [9, 3, 12, 34, 90, 50] }));
    const out = new Float32Array(INSTANCE_FLOATS);
    expect(interpolate(first, undefined, 0, out)).toBe(1);
    expect(out[0]).toBeCloseTo(1.2);
    expect(out[2]).toBeCloseTo(Math.PI / 2);
  });
});

describe('people', () => {
  const first = packFrame(frame(0, { vehicles: [0, 0, 0, 0, 90, 100], people: [0, 1, 50, 0, 0, 10] }));
  const next = packFrame(frame(1, { vehicles: [0, 0, 100, 0, 90, 100], people: [0, 1, 50, 10, 0, 10] }));

  it('are counted apart from vehicles', () => {
    expect([vehicleCount(first), peopleCount(first)]).toEqual([1, 1]);
    expect(peopleCount(packFrame(frame(0)))).toBe(0);
  });

  it('move beside a vehicle of the same number, with looks of their own', () => {
    const out = new Float32Array(capacityFor(first, next));
    expect(interpolate(first, next, 0.5, out)).toBe(2);
    const [vehicle, person] = [out.subarray(0, INSTANCE_FLOATS), out.subarray(INSTANCE_FLOATS, 2 * INSTANCE_FLOATS)];
    expect([vehicle[0], vehicle[3]]).toEqual([5, 0]);
    expect([person[0], person[1], person[3]]).toEqual([5, 0.5, 9]);
  });
});
