/**
 * What a run gives back: the JSON of `flextraff run --json` (camelCase, units in names), and the frames that the page
 * animates. What was not computed is absent, never zero.
 */
import type { VariantResult } from '../sim/measures/types.ts';

export type { ApproachMeasures, FrameCounters, VariantResult } from '../sim/measures/types.ts';
export type { Drawing, Frame } from '../sim/view/types.ts';

export interface RunResult {
  scenario: string;
  seed: number;
  stepSeconds: number;
  durationSeconds: number;
  variants: Record<string, VariantResult>;
  performance: { vehicleUpdates: number; cpuSeconds: number; wallSeconds: number; peakRssMebibytes: number };
}
