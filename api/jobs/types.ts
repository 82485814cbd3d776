import type { Archive } from '../archive/archive.ts';
import type { BackupSettings } from '../backup/settings.ts';
import type { DatabaseStore } from '../database/store.ts';
import type { Schedule } from './schedule.ts';

/** What a job works with. */
export interface JobContext {
  readonly store: DatabaseStore;
  readonly archive: Archive | null;
  readonly nowMs: number;
  /** Where backups go; null: nowhere. */
  readonly backup: BackupSettings | null;
}

/** What a run of a job stands for: everything that became due in (fromMs, toMs], milliseconds. `toMs` is its slot. */
export interface JobSpan {
  /** The slot of the last run that was done; null where there was none. */
  readonly fromMs: number | null;
  readonly toMs: number;
}

/** Numbers and words for people, kept in job_runs.outcome. */
export type JobOutcome = Record<string, number | string | boolean>;

export interface Job {
  readonly name: string;
  readonly description: string;
  readonly schedule: Schedule;
  /** Jobs that must have caught up with this one's slot first. */
  readonly after?: readonly string[];
  /** Where it fails for good, /health fails too: rows would be lost or find no room. */
  readonly vital?: boolean;
  /** Why it is not for this installation; null: it is. */
  unavailable?(context: Omit<JobContext, 'nowMs'>): string | null;
  /** Does what was due in the span. Run again, over the same span or a longer one, it comes to the same. */
  run(context: JobContext, span: JobSpan): Promise<JobOutcome>;
}
