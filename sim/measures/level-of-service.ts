/** Level of service of signalised junctions by mean control delay (HCM 6, exhibit 19-8; volume below capacity). */
export type LevelOfService = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** Upper bounds of A to E, seconds of delay a vehicle. */
const BOUNDS: readonly (readonly [LevelOfService, number])[] = [
  ['A', 10],
  ['B', 20],
  ['C', 35],
  ['D', 55],
  ['E', 80],
];

export function levelOfService(delaySeconds: number): LevelOfService {
  return BOUNDS.find(([, bound]) => delaySeconds <= bound)?.[0] ?? 'F';
}
