/**
 * What was wrong with messages -> rows of `data_quality_log`: one when a trouble begins, and one a minute while it goes on, with how
 * often it happened since. A flood of bad messages is one trouble, not a row each.
 */
import { createHash } from 'node:crypto';
import type { QualityRecord } from '../records.ts';

const EVERY_MS = 60_000;
/** Troubles remembered; there are a few dozen a junction. */
const MOST = 20_000;

export interface Trouble {
  readonly junctionId: string | null;
  /** As `data_quality_log.issue_type` has it. */
  readonly issueType: string;
  readonly severity: QualityRecord['severity'];
  readonly times: number;
  /** With an example; asked for only where a row is written. */
  readonly message: (times: number) => string;
}

interface Noted {
  trouble: Trouble;
  /** Since the last row. */
  times: number;
  toldMs: number;
}

export class QualityNotes {
  readonly #noted = new Map<string, Noted>();

  /** The rows that are due now that this happened: one or none. */
  add(trouble: Trouble, nowMs: number): QualityRecord[] {
    const key = `${trouble.junctionId} ${trouble.issueType}`;
    const noted = this.#noted.get(key);
    if (noted === undefined) {
      if (this.#noted.size >= MOST) return [];
      const fresh = { trouble, times: trouble.times, toldMs: nowMs };
      this.#noted.set(key, fresh);
      return [rowOf(fresh, nowMs)];
    }
    noted.times += trouble.times;
    noted.trouble = trouble;
    return this.#isDue(noted, nowMs) ? [rowOf(noted, nowMs)] : [];
  }

  /** The rows of troubles that went on since their last row; all of them where nothing more is to come. */
  due(nowMs: number, isLast = false): QualityRecord[] {
    const rows: QualityRecord[] = [];
    for (const [key, noted] of this.#noted) {
      if (!isLast && !this.#isDue(noted, nowMs)) continue;
      if (noted.times > 0) rows.push(rowOf(noted, nowMs));
      else this.#noted.delete(key);
    }
    return rows;
  }

  #isDue({ toldMs }: Noted, nowMs: number): boolean {
    return Math.abs(nowMs - toldMs) >= EVERY_MS;
  }
}

function rowOf(noted: Noted, nowMs: number): QualityRecord {
  const { junctionId, issueType, severity, message } = noted.trouble;
  const { times } = noted;
  noted.times = 0;
  noted.toldMs = nowMs;
  return {
    entryKey: createHash('sha256')
      .update(JSON.stringify([junctionId, issueType, nowMs]))
      .digest('hex')
      .slice(0, 32),
    junctionId,
    atMs: nowMs,
    issueType: issueType.slice(0, 50),
    severity,
    message: message(times).slice(0, 1000),
    metadata: { count: times },
  };
}
