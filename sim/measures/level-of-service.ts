export type LevelOfService = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** Upper bounds of A to E of signalised junctions, seconds of control delay a vehicle (HCM 6, exhibit 19-8). */
const DELAY_BOUNDS: readonly (readonly [LevelOfService, number])[] = [
  ['A', 10],
  ['B', 20],
  ['C', 35],
  ['D', 55],
  ['E', 80],
];

/** The same without signals (HCM 6, exhibits 20-2 and 21-8). */
const UNSIGNALISED_BOUNDS: typeof DELAY_BOUNDS = [
  ['A', 10],
  ['B', 15],
  ['C', 25],
  ['D', 35],
  ['E', 50],
];

/** Travel speed as a share of the free one that A to E must exceed (HCM 6, exhibit 16-4; volume below capacity). */
const SPEED_BOUNDS: readonly (readonly [LevelOfService, number])[] = [
  ['A', 0.8],
  ['B', 0.67],
  ['C', 0.5],
  ['D', 0.4],
  ['E', 0.3],
];

/** Of a junction, approach or movement by its mean control delay. */
export function levelOfService(delaySeconds: number, isSignalised = true): LevelOfService {
  return (isSignalised ? DELAY_BOUNDS : UNSIGNALISED_BOUNDS).find(([, bound]) => delaySeconds <= bound)?.[0] ?? 'F';
}

/** Of streets with several junctions by the mean speed as a share of the unhindered one, 0-1. */
export function streetLevelOfService(speedShare: number): LevelOfService {
  return SPEED_BOUNDS.find(([, bound]) => speedShare > bound)?.[0] ?? 'F';
}
