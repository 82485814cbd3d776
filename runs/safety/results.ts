/**
 * What safety says of a run, in terms that the page, the command line and JSON share: seconds of the run, metres of the
 * scenario, camelCase. What was not observed is null or absent, never zero.
 */
import type { EncounterType, UserType } from '../../controller/safety/encounter-types.ts';
import type { NotScoredReason, Observed } from '../../controller/safety/score.ts';
import type { IntervalFeatures } from '../../controller/safety/index-formulas.ts';

/** An encounter that was recorded. Users by their temporary ids, which may rotate. */
export interface SafetyConflict {
  /** Told by what it is: the same run gives the same ids. */
  id: string;
  junctionId: string;
  /** Name of the junction. */
  junction: string;
  startSecond: number;
  endSecond: number;
  criticalSecond: number;
  type: EncounterType;
  withVru: boolean;
  severity: 'serious' | 'candidate';
  users: [string, string];
  userTypes: [UserType, UserType];
  /** Between the two at the critical moment; metres of the scenario, as drawings have them. */
  x: number;
  y: number;
  latitude: number | null;
  longitude: number | null;
  angleDegrees: number;
  minTtcSeconds: number | null;
  petSeconds: number | null;
  /** One standard deviation of both positions; null: an accuracy is unknown. */
  ttcBoundsSeconds: { low: number; high: number } | null;
  petBoundsSeconds: { low: number; high: number } | null;
  dracMetresPerSecond2: number | null;
  mdracMetresPerSecond2: number | null;
  deltaVMetresPerSecond: number;
  speedsMetresPerSecond: [number, number];
  hardBraking: boolean;
  /** Positions are too poor to tell how close it was: listed, not counted in the index. */
  outlinesTouched: boolean;
  /** J2735's words, e.g. `permissive-Movement-Allowed`; null: unknown. */
  signalStates: [string | null, string | null];
}

export interface SafetyHardBraking {
  id: string;
  junctionId: string;
  second: number;
  user: string;
  userType: UserType;
  peakMetresPerSecond2: number;
}

/** 0 is safest, 100 riskiest. */
export interface SafetyIndices {
  vru: number;
  vehicle: number;
  traffic: number;
  /** null: no weather is known. */
  weather: number | null;
  combined: number;
}

/** A minute or quarter of an hour of a junction. */
export interface SafetyInterval {
  junctionId: string;
  startSecond: number;
  intervalSeconds: 60 | 900;
  /** null: nothing was heard. */
  features: IntervalFeatures | null;
  vehicles: number;
  vrus: number;
  /** Data quality, 0 (nothing to go by) to 1. */
  quality: number;
  /** How much there was to see. */
  observed: Observed;
  /** null: not scored, and `notScored` says why. Shrunk to the hour's baseline where there is one; `raw` is not. */
  index: SafetyIndices | null;
  raw: SafetyIndices | null;
  /** Weight that the observations had in `index`, 0-1. */
  observationWeight: number | null;
  notScored: NotScoredReason | null;
  /** Of `index.combined`, by the scatter of the counts. */
  interval: { low: number; high: number } | null;
  /** Of the row of `normalization_constants` that it relates to; absent: of none. */
  constantsId?: number;
}

export interface ConflictCounts {
  /** Without those whose outlines touched. */
  total: number;
  serious: number;
  withVru: number;
  seriousWithVru: number;
  byType: Record<EncounterType, number>;
  outlinesTouched: number;
}

export interface JunctionSafetyResult {
  junctionId: string;
  name: string;
  conflicts: ConflictCounts;
  hardBraking: number;
  /** Mean over the minutes that were scored; null: none was. Related to the riskiest minute of all variants of the run. */
  index: SafetyIndices | null;
  /** Two standard errors of the mean of the combined index. */
  interval: { low: number; high: number } | null;
  scoredMinutes: number;
  minutes: SafetyInterval[];
  quarterHours: SafetyInterval[];
  /** Mean of the minutes' data quality, 0-1. */
  quality: number;
  messages: { read: number; used: number; rejected: Record<string, number> };
  /** Faults of messages by check. */
  faults: Record<string, number>;
}

/** `VariantResult.safety`: there where the scenario's vehicles or people broadcast. */
export interface SafetyResult {
  /** Share of vehicles that broadcast, 0-1. */
  penetration: number;
  conflicts: ConflictCounts;
  /** Conflicts of an hour of observation; null: nothing was heard. */
  conflictsPerHour: number | null;
  hardBraking: number;
  /** Mean of the junctions, each weighted by its scored minutes; null: none was scored. */
  index: SafetyIndices | null;
  interval: { low: number; high: number } | null;
  /** By name. */
  junctions: Record<string, JunctionSafetyResult>;
  /** In the order of their critical moments; at most `CONFLICTS_LISTED`, then the serious ones first. */
  conflictList: SafetyConflict[];
  /** Conflicts that are counted and not listed. */
  conflictsNotListed: number;
}

export const CONFLICTS_LISTED = 2000;

/** What was new in a simulated second (or since the last event) at one junction of a variant. `RunObserver.onSafety`, `TwinEvents.safety`. */
export interface SafetyEvent {
  variant: string;
  junctionId: string;
  /** Of the run. */
  second: number;
  /** Began; their records follow when they end, if the paths bear them out. */
  started: SafetyConflict[];
  /** Ended, and recorded. */
  conflicts: SafetyConflict[];
  hardBraking: SafetyHardBraking[];
  /** Ended; scored against the constants in force, or not (`no-constants`): the result at the end has the final ones. */
  minutes: SafetyInterval[];
}
