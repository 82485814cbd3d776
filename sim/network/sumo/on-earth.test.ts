import { describe, expect, it } from 'vitest';
import { fromUtm, onEarth } from './on-earth.ts';

const location = (projection: string, netOffset: [number, number]) => ({
  netOffset,
  convBoundary: [0, 0, 1000, 1000],
  origBoundary: [0, 0, 1, 1],
  projection,
});

describe('where a net lies on Earth', () => {
  it('is read from UTM: the CN Tower of Toronto, and the corners of a zone', () => {
    const [latitude, longitude] = fromUtm(17, false, 630_084, 4_833_438);
    // the vector is in whole metres
    expect(Math.abs(latitude - 43.642567)).toBeLessThan(1e-5);
    expect(Math.abs(longitude + 79.387139)).toBeLessThan(1e-5);
    expect(fromUtm(31, false, 500_000, 0)).toEqual([0, 3]);
    const [south, meridian] = fromUtm(31, true, 500_000, 10_000_000);
    expect(south).toBeCloseTo(0, 9);
    expect(meridian).toBe(3);
  });

  it('is symmetric about the meridian and the equator', () => {
    const [latitude, longitude] = fromUtm(32, false, 356_000, 5_645_000);
    const [mirrored, east] = fromUtm(32, false, 644_000, 5_645_000);
    expect(mirrored).toBeCloseTo(latitude, 12);
    expect(east - 9).toBeCloseTo(9 - longitude, 12);
    expect(fromUtm(32, true, 356_000, 10_000_000 - 5_645_000)[0]).toBeCloseTo(-latitude, 12);
  });

  it('takes the offset of the net off, and is unknown where the net does not say', () => {
    const utm = '+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs';
    const at = onEarth(location(utm, [-342_498.65, -5_630_866.92]))!;
    expect(at(0, 0)).toEqual(fromUtm(32, false, 342_498.65, 5_630_866.92));
    expect(onEarth(location('!', [0, 0]))).toBeNull();
    expect(onEarth(location('+proj=utm +zone=61', [0, 0]))).toBeNull();
    expect(onEarth(location('+proj=lcc +lat_1=50', [0, 0]))).toBeNull();
  });
});
