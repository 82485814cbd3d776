/**
 * What a run gives back: the JSON of `flextraff run --json` (camelCase, units in names), and the frames that the page
 * animates. What was not computed is absent, never zero.
 */
import type { VariantResult as StreetResult } from '../sim/measures/types.ts';
import type { SafetyResult } from './safety/results.ts';

export type { ApproachMeasures, FrameCounters } from '../sim/measures/types.ts';
export type { Drawing, Frame } from '../sim/view/types.ts';
export type { SafetyConflict, SafetyEvent, SafetyHardBraking, SafetyIndices, SafetyResult } from './safety/results.ts';

export interface VariantResult extends StreetResult {
  /** Absent where nobody broadcasts. */
  safety?: SafetyResult;
}

export interface RunResult {
  scenario: string;
  seed: number;
  stepSeconds: number;
  durationSeconds: number;
  variants: Record<string, VariantResult>;
  performance: { vehicleUpdates: number; cpuSeconds: number; wallSeconds: number; peakRssMebibytes: number };
}
