import { computeConstants } from '../archive/constants.ts';
import { listConstants, versionsOf } from '../database/repositories/safety-constants.ts';
import { DAY_MS, dayOf } from './aggregation.ts';
import type { Job, JobOutcome } from './types.ts';

/** History that a version is of, and for how long it holds, days. */
const HISTORY_DAYS = 90;
const HOLDS_DAYS = 90;

export const safetyConstants: Job = {
  name: 'safety-constants',
  description: `where none are in force: the safety index's constants of the last ${HISTORY_DAYS} days, frozen for ${HOLDS_DAYS}`,
  schedule: { every: 'day', hour: 3, minute: 40 },
  unavailable: ({ archive }) => (archive === null ? 'FLEXTRAFF_ARCHIVE is off' : null),
  async run({ store, archive }, { toMs }): Promise<JobOutcome> {
    if (archive === null) return {};
    const rows = await store.asJob((trx) => listConstants(trx, toMs, toMs + 1));
    const [known] = versionsOf(rows);
    if (known !== undefined) {
      const until = known.minute.validUntilMs;
      return { version: known.minute.version, 'in force until': until === null ? 'further notice' : dayOf(until) };
    }
    const { frozen, history, junctions, leastMinutes } = await computeConstants(store, archive, {
      from: dayOf(toMs - HISTORY_DAYS * DAY_MS),
      to: dayOf(toMs - DAY_MS),
      validFromMs: toMs,
      validUntilMs: toMs + HOLDS_DAYS * DAY_MS,
      keep: true,
    });
    if (frozen === null) return { minutes: history.minutes, 'too few, asked for': leastMinutes ?? 0 };
    return { version: frozen.minute.version, minutes: history.minutes, junctions };
  },
};
