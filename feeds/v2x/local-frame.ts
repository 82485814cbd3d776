/** Degrees <-> metres east and north of a reference point, on the WGS 84 ellipsoid; to a millimetre within a kilometre or two. */
import cosine from '@stdlib/math-base-special-cos';
import sine from '@stdlib/math-base-special-sin';

const EQUATORIAL_METRES = 6_378_137;
const ECCENTRICITY2 = 0.00669437999014;
const RADIANS = Math.PI / 180;

export interface LocalFrame {
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
  readonly metresPerDegreeNorth: number;
  readonly metresPerDegreeEast: number;
}

/** @throws where the reference is no place, or within a degree of a pole. */
export function localFrame(latitudeDegrees: number, longitudeDegrees: number): LocalFrame {
  if (!(Math.abs(latitudeDegrees) <= 89 && Math.abs(longitudeDegrees) <= 180))
    throw new Error(
      `Reference ${latitudeDegrees}, ${longitudeDegrees} cannot carry a local frame; give a latitude of -89 to 89 and a longitude of -180 to 180 degrees.`,
    );
  const sin = sine(latitudeDegrees * RADIANS);
  const root = Math.sqrt(1 - ECCENTRICITY2 * sin * sin);
  return {
    latitudeDegrees,
    longitudeDegrees,
    metresPerDegreeNorth: ((EQUATORIAL_METRES * (1 - ECCENTRICITY2)) / (root * root * root)) * RADIANS,
    metresPerDegreeEast: (EQUATORIAL_METRES / root) * cosine(latitudeDegrees * RADIANS) * RADIANS,
  };
}

export const toLocal = (
  frame: LocalFrame,
  latitudeDegrees: number,
  longitudeDegrees: number,
): readonly [number, number] => {
  let east = longitudeDegrees - frame.longitudeDegrees;
  if (east > 180) east -= 360;
  else if (east < -180) east += 360;
  return [east * frame.metresPerDegreeEast, (latitudeDegrees - frame.latitudeDegrees) * frame.metresPerDegreeNorth];
};

export const fromLocal = (frame: LocalFrame, x: number, y: number): readonly [number, number] => [
  frame.latitudeDegrees + y / frame.metresPerDegreeNorth,
  frame.longitudeDegrees + x / frame.metresPerDegreeEast,
];
