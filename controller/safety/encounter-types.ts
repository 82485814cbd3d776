/** What the encounter engine takes in and gives out. Local frame: metres east (x) and north (y); headings counter-clockwise from east. */

export const USER_TYPES = ['car', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian'] as const;
export type UserType = (typeof USER_TYPES)[number];

/** Kilograms where nobody says; a pedestrian's and a cyclist's include what they carry and ride. */
export const MASS_KILOGRAMS: Readonly<Record<UserType, number>> = {
  car: 1500,
  truck: 12_000,
  bus: 12_000,
  motorcycle: 250,
  bicycle: 90,
  pedestrian: 75,
};
/** Length and width in metres where nobody says. */
export const SIZE_METRES: Readonly<Record<UserType, readonly [number, number]>> = {
  car: [4.5, 1.8],
  truck: [10, 2.5],
  bus: [12, 2.5],
  motorcycle: [2.2, 0.8],
  bicycle: [1.8, 0.6],
  pedestrian: [0.5, 0.5],
};

export interface RoadUserUpdate {
  readonly id: string;
  /** Of the measurement, ms. */
  readonly timeMs: number;
  /** Centre of the footprint. */
  readonly x: number;
  readonly y: number;
  /** Radians, counter-clockwise from east; undefined: the last known one, else the direction of travel. */
  readonly heading?: number;
  readonly speedMetresPerSecond: number;
  /** Along the heading; undefined: taken from the speeds of the last half second. */
  readonly accelerationMetresPerSecond2?: number;
  readonly type: UserType;
  readonly lengthMetres?: number;
  readonly widthMetres?: number;
  readonly massKilograms?: number;
  /** One standard deviation of the position; undefined: unknown. */
  readonly accuracyMetres?: number;
  /** Road and lane it is on, by any numbering; undefined: unknown. */
  readonly link?: number;
  readonly lane?: number;
  /** Signal group it obeys; undefined: unknown. */
  readonly signalGroup?: number;
}

/** Why an update was not used. */
export type UpdateRejection =
  /** Not finite, or outside what a road user can do (speed 0-100 m/s, size to 40 m). */
  | 'invalid-value'
  /** Measured later than it arrived. */
  | 'clock-ahead'
  /** Measured more than a second before now. */
  | 'stale'
  /** No newer than what is known of the user: doubled or overtaken. */
  | 'out-of-order'
  /** Farther than it can have travelled. */
  | 'position-jump'
  | 'too-many-users';

export type EncounterType = 'rear-end' | 'lane-change' | 'crossing' | 'head-on';
/** `serious` at TTC <= 1.5 s or PET <= 1.5 s, unless outlines touched: then positions are too poor to tell; `candidate` else. */
export type Severity = 'serious' | 'candidate';

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** One meeting of two road users, at least one of them a vehicle, with the worst of each measure. */
export interface Encounter {
  /** The first is the one that was first at the place in question: the leader, or who entered first. */
  readonly users: readonly [string, string];
  readonly userTypes: readonly [UserType, UserType];
  readonly withVru: boolean;
  readonly type: EncounterType;
  readonly severity: Severity;
  readonly startMs: number;
  readonly endMs: number;
  /** Moment and place (between the two) of the most critical measure. */
  readonly criticalMs: number;
  readonly x: number;
  readonly y: number;
  /** Between the headings at that moment, degrees 0-180. */
  readonly angleDegrees: number;
  readonly minTtcSeconds?: number;
  /** TTC with the gap one standard deviation of both positions smaller and larger; absent where an accuracy is unknown. */
  readonly ttcBoundsSeconds?: Bounds;
  readonly petSeconds?: number;
  readonly petBoundsSeconds?: Bounds;
  readonly dracMetresPerSecond2?: number;
  /** With 1 s of reaction time; absent where there was less than that. */
  readonly mdracMetresPerSecond2?: number;
  /** Less time was left than the reaction takes. */
  readonly withinReactionTime: boolean;
  /** Change of velocity of the worse-off, had they collided as they moved, and stuck together. */
  readonly deltaVMetresPerSecond: number;
  readonly speedsMetresPerSecond: readonly [number, number];
  /** One of them braked at -3 m/s2 or harder meanwhile. */
  readonly hardBraking: boolean;
  /** Their outlines touched, by the positions sent. */
  readonly outlinesTouched: boolean;
  /** What each one's signal showed at the critical moment; null: unknown. */
  readonly signalStates: readonly [string | null, string | null];
  /** Lanes of the MAP that they were on then; null: on none. Absent: neither was, or there is no MAP. */
  readonly lanes?: readonly [number | null, number | null];
}

export interface HardBraking {
  readonly user: string;
  readonly type: UserType;
  readonly timeMs: number;
  /** Hardest, negative. */
  readonly peakMetresPerSecond2: number;
}

export interface EngineOptions {
  /** Default 100. */
  readonly stepMs?: number;
  /** Default 20,000; at most 32,000. */
  readonly maxUsers?: number;
  /** Default 3.0; vehicle-VRU 2.7. */
  readonly ttcSeconds?: number;
  readonly ttcVruSeconds?: number;
  /** Default 5.0; vehicle-VRU 8.0 (the most). */
  readonly petSeconds?: number;
  readonly petVruSeconds?: number;
  /** Default 3.0 and 3.4. */
  readonly dracMetresPerSecond2?: number;
  readonly mdracMetresPerSecond2?: number;
  /** Default 1.5. */
  readonly seriousSeconds?: number;
  /** Below it rear-end, degrees; default 30. */
  readonly rearEndDegrees?: number;
  /** Above it crossing, degrees; default 80 (SSAM's code; its manual says 85). */
  readonly crossingDegrees?: number;
}
