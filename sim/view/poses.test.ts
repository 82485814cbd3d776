import { describe, expect, it } from 'vitest';
import { network } from '../testing/corner.ts';
import { Poses } from './poses.ts';

const poses = new Poses(network, Int32Array.of(0, 1), () => 5);
function at(vehicle: number, segment: number, position: number): number[] {
  poses.locate(vehicle, segment, position);
  return [poses.x, poses.y, poses.headingDegrees];
}

describe('poses', () => {
  it('put the middle of the body half a length behind its front', () => {
    expect(at(0, 0, 50)).toEqual([0, 162.5, 180]);
    expect(at(1, 1, 50)).toEqual([162.5, 0, 270]);
  });

  it('turn with the path', () => {
    expect(at(1, 4, 7.5)).toEqual([5, 0, 270]);
    expect(at(1, 4, 17.5)).toEqual([0, -5, 180]);
  });

  it('keep both ends of the body on the path in a bend', () => {
    // the corner of link 4 lies 10 m into it, at 0, 0: half of the body is past it
    const [x, y, heading] = at(1, 4, 12.5) as [number, number, number];
    expect([x, y]).toEqual([1.25, -1.25]);
    expect(heading).toBe(225);
    expect(Math.hypot(poses.alongX, poses.alongY)).toBeCloseTo(1, 12);
  });

  it('leave the body on the segment that it comes from', () => {
    expect(at(1, 4, 1)).toEqual([11.5, 0, 270]);
    // The exit lane is reached by link 4 on route 1, by link 3 on route 0.
    expect(at(1, 2, 1)).toEqual([0, -8.5, 180]);
    expect(at(0, 2, 1)).toEqual([0, -8.5, 180]);
  });

  it('reach out of the network where a vehicle enters it', () => {
    expect(at(0, 0, 1)).toEqual([0, 211.5, 180]);
  });
});
