import { dailyAggregation, hourlyAggregation } from './aggregation.ts';
import { backup, baseBackups, restoreTest } from './backup.ts';
import { currentStatus, junctionStats, modelPerformance } from './junction-stats.ts';
import { monthlyReport } from './monthly-report.ts';
import { retention } from './retention.ts';
import { safetyConstants } from './safety-constants.ts';
import type { Job } from './types.ts';
import { archiveLifecycle, partitions, vacuum } from './upkeep.ts';

/** Every job, in the order of the day. */
export const JOBS: readonly Job[] = [
  currentStatus,
  hourlyAggregation,
  dailyAggregation,
  junctionStats,
  modelPerformance,
  partitions,
  baseBackups,
  backup,
  retention,
  vacuum,
  archiveLifecycle,
  safetyConstants,
  monthlyReport,
  restoreTest,
];
