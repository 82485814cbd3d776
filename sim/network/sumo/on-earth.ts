/** Where a SUMO net lies on Earth, where its `<location>` says it in UTM. */
import atan2 from '@stdlib/math-base-special-atan2';
import cos from '@stdlib/math-base-special-cos';
import exp from '@stdlib/math-base-special-exp';
import sin from '@stdlib/math-base-special-sin';
import type { SumoLocation } from './net-types.ts';

/** WGS 84 (GRS 80 is the same to a tenth of a millimetre). */
const EQUATORIAL_METRES = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const SCALE = 0.9996;
const FALSE_EASTING = 500_000;
const FALSE_NORTHING_SOUTH = 10_000_000;
const DEGREES = 180 / Math.PI;
const UTM = /\+proj=utm\b.*\+zone=(\d{1,2})\b/;

/**
 * Latitude and longitude, degrees, of a point in UTM: Krueger's series to the third order in n, as in Kawase (2011),
 * good to a millimetre within the zone.
 */
export function fromUtm(zone: number, isSouth: boolean, easting: number, northing: number): readonly [number, number] {
  const n = FLATTENING / (2 - FLATTENING);
  const n2 = n * n;
  const n3 = n2 * n;
  const radius = (EQUATORIAL_METRES / (1 + n)) * (1 + n2 / 4 + (n2 * n2) / 64);
  const beta = [n / 2 - (2 / 3) * n2 + (37 / 96) * n3, n2 / 48 + n3 / 15, (17 / 480) * n3];
  const delta = [2 * n - (2 / 3) * n2 - 2 * n3, (7 / 3) * n2 - (8 / 5) * n3, (56 / 15) * n3];
  const xi = (northing - (isSouth ? FALSE_NORTHING_SOUTH : 0)) / (SCALE * radius);
  const eta = (easting - FALSE_EASTING) / (SCALE * radius);
  let x = xi;
  let e = eta;
  beta.forEach((b, j) => {
    const k = 2 * (j + 1);
    const up = exp(k * eta);
    const down = exp(-k * eta);
    x -= b * sin(k * xi) * ((up + down) / 2);
    e -= b * cos(k * xi) * ((up - down) / 2);
  });
  const sinh = (exp(e) - exp(-e)) / 2;
  const cosh = (exp(e) + exp(-e)) / 2;
  const sine = sin(x) / cosh;
  const chi = atan2(sine, Math.sqrt(1 - sine * sine));
  let latitude = chi;
  delta.forEach((d, j) => {
    latitude += d * sin(2 * (j + 1) * chi);
  });
  return [latitude * DEGREES, 6 * zone - 183 + atan2(sinh, cos(x)) * DEGREES];
}

/** From metres of the net to latitude and longitude; null where the net does not say, or says it in another projection. */
export function onEarth({
  projection,
  netOffset,
}: SumoLocation): ((x: number, y: number) => readonly [number, number]) | null {
  const zone = Number(UTM.exec(projection)?.[1]);
  if (!(zone >= 1 && zone <= 60)) return null;
  const isSouth = /\+south\b/.test(projection);
  const [x0, y0] = netOffset;
  const [latitude] = fromUtm(zone, isSouth, -x0, -y0);
  // a net whose offset leads nowhere says nothing of the Earth
  return Math.abs(latitude) <= 85 ? (x, y) => fromUtm(zone, isSouth, x - x0, y - y0) : null;
}
