/** Near misses as the page keeps them: merged, described, sought, and saved as CSV and GeoJSON. */
import type { RunResult, SafetyConflict } from '../../runs/types.ts';
import type { Cell } from '../words/csv.ts';
import { fixed } from '../words/numbers.ts';

export interface NearMiss extends SafetyConflict {
  readonly variant: string;
}

/** Seconds of run-up when a near miss is replayed. */
export const RUN_UP_SECONDS = 5;

export const keyOf = ({ variant, id }: NearMiss): string => `${variant} ${id}`;

const inOrder = (a: NearMiss, b: NearMiss): number =>
  a.criticalSecond - b.criticalSecond || (keyOf(a) < keyOf(b) ? -1 : 1);

/** Adds near misses in order of their critical moments; one that is known stays. */
export function mergeConflicts(known: readonly NearMiss[], added: readonly NearMiss[]): readonly NearMiss[] {
  const keys = new Set(known.map(keyOf));
  const fresh = added.filter((one) => !keys.has(keyOf(one)) && keys.add(keyOf(one)));
  return fresh.length === 0 ? known : [...known, ...fresh].sort(inOrder);
}

export function conflictsOf(result: RunResult): NearMiss[] {
  return Object.entries(result.variants).flatMap(([variant, { safety }]) =>
    (safety?.conflictList ?? []).map((conflict) => ({ ...conflict, variant })),
  );
}

/** Whether it counts: outlines that touched say that positions were poor. */
export const counts = (one: NearMiss): boolean => !one.outlinesTouched || one.hardBraking;

/** The near miss whose replay begins next after, or last before `second`. */
export function neighbour(conflicts: readonly NearMiss[], second: number, direction: 1 | -1): NearMiss | undefined {
  const at = second + RUN_UP_SECONDS;
  return direction > 0
    ? conflicts.find((one) => Math.floor(one.criticalSecond) > at)
    : conflicts.findLast((one) => Math.floor(one.criticalSecond) < at);
}

const SIGNALS: Readonly<Record<string, string>> = {
  'protected-Movement-Allowed': 'green',
  'permissive-Movement-Allowed': 'green, gives way',
  'protected-clearance': 'yellow',
  'permissive-clearance': 'yellow',
  'stop-And-Remain': 'red',
  'stop-Then-Proceed': 'stop, then go',
  'pre-Movement': 'red and yellow',
  'caution-Conflicting-Traffic': 'flashing yellow',
  dark: 'dark',
};

/** A J2735 state in a driver's words. */
export const signalWords = (state: string | null): string =>
  state === null ? 'not known' : (SIGNALS[state] ?? state.toLowerCase());

/** "car and pedestrian" */
export const usersWords = ({ userTypes }: NearMiss): string => userTypes.join(' and ');

/** "PET 1.2 s", the more critical of the two where both are known. */
export function measureWords({ minTtcSeconds, petSeconds }: NearMiss): string {
  const ttc = minTtcSeconds === null ? null : `TTC ${fixed(minTtcSeconds, 2)} s`;
  const pet = petSeconds === null ? null : `PET ${fixed(petSeconds, 2)} s`;
  if (ttc === null || pet === null) return ttc ?? pet ?? 'hard braking';
  return minTtcSeconds! <= petSeconds! ? ttc : pet;
}

/** In a sentence: "crossing, car and pedestrian, PET 0.9 s, serious; signals green, gives way / green". */
export function sentence(one: NearMiss): string {
  const known = one.signalStates.some((state) => state !== null);
  const signals = known ? `; signals ${one.signalStates.map(signalWords).join(' / ')}` : '';
  return `${one.type}, ${usersWords(one)}, ${measureWords(one)}, ${one.severity}${signals}`;
}

const COLUMNS: readonly (readonly [string, (one: NearMiss) => Cell])[] = [
  ['variant', (one) => one.variant],
  ['junction', (one) => one.junction],
  ['first_user', (one) => one.users[0]],
  ['second_user', (one) => one.users[1]],
  ['first_type', (one) => one.userTypes[0]],
  ['second_type', (one) => one.userTypes[1]],
  ['type', (one) => one.type],
  ['severity', (one) => one.severity],
  ['with_vru', (one) => String(one.withVru)],
  ['start_seconds', (one) => one.startSecond],
  ['end_seconds', (one) => one.endSecond],
  ['critical_seconds', (one) => one.criticalSecond],
  ['x_metres', (one) => one.x],
  ['y_metres', (one) => one.y],
  ['longitude', (one) => one.longitude],
  ['latitude', (one) => one.latitude],
  ['min_ttc_seconds', (one) => one.minTtcSeconds],
  ['pet_seconds', (one) => one.petSeconds],
  ['drac_metres_per_second2', (one) => one.dracMetresPerSecond2],
  ['mdrac_metres_per_second2', (one) => one.mdracMetresPerSecond2],
  ['delta_v_metres_per_second', (one) => one.deltaVMetresPerSecond],
  ['angle_degrees', (one) => one.angleDegrees],
  ['hard_braking', (one) => String(one.hardBraking)],
  ['outlines_touched', (one) => String(one.outlinesTouched)],
  ['first_signal', (one) => one.signalStates[0]],
  ['second_signal', (one) => one.signalStates[1]],
];

export function conflictTable(conflicts: readonly NearMiss[]): { header: string[]; rows: Cell[][] } {
  return {
    header: COLUMNS.map(([name]) => name),
    rows: conflicts.map((one) => COLUMNS.map(([, value]) => value(one))),
  };
}

/** RFC 7946: a point a near miss. Those without a place on Earth are left out. */
export function conflictGeoJson(conflicts: readonly NearMiss[]) {
  return {
    type: 'FeatureCollection',
    features: conflicts.flatMap((one) =>
      one.longitude === null || one.latitude === null
        ? []
        : [
            {
              type: 'Feature',
              geometry: { type: 'Point', coordinates: [one.longitude, one.latitude] },
              properties: Object.fromEntries(
                COLUMNS.filter(([name]) => name !== 'longitude' && name !== 'latitude').map(([name, value]) => [
                  name,
                  value(one) ?? null,
                ]),
              ),
            },
          ],
    ),
  };
}
