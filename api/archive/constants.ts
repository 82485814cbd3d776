/** The constants of the safety index out of the archived features of the street's junctions. */
import type { FeatureInterval } from '../../controller/safety/features.ts';
import { constantsOfHistory, type ConstantsHistory } from '../../runs/safety/constants.ts';
import type { FrozenConstants } from '../../runs/safety/index.ts';
import { insertConstants, nextVersion } from '../database/repositories/safety-constants.ts';
import type { DatabaseStore } from '../database/store.ts';
import { type Archive, daysBetween } from './archive.ts';
import { featureInterval } from './layout.ts';

export interface ComputeOptions {
  /** `2025-11-20`, both included, UTC. */
  readonly from: string;
  readonly to: string;
  readonly validFromMs: number;
  /** null: until further notice. */
  readonly validUntilMs: number | null;
  readonly leastMinutes?: number;
  /** Keep them; else they are computed and told only. */
  readonly keep: boolean;
}

export interface ComputeReport {
  /** null: too little was observed. */
  readonly frozen: FrozenConstants | null;
  readonly history: ConstantsHistory;
  readonly junctions: number;
  /** Usable minutes that are asked for at least. */
  readonly leastMinutes: number | null;
}

/** Simulated junctions are left out: their minutes are no street's. Throws StoreError, also `constants_overlap`. */
export async function computeConstants(
  store: DatabaseStore,
  archive: Archive,
  options: ComputeOptions,
): Promise<ComputeReport> {
  await archive.store();
  const streets = new Set(
    (await store.junctions()).filter(({ scenario }) => scenario === null).map(({ junctionId }) => junctionId),
  );
  const intervals: FeatureInterval[] = [];
  const seen = new Set<string>();
  for (const day of daysBetween(options.from, options.to))
    for await (const rows of archive.read('features', day))
      for (const row of rows) {
        const junctionId = row.junction_id as string;
        if (!streets.has(junctionId)) continue;
        seen.add(junctionId);
        intervals.push(featureInterval(row));
      }
  const { keep, ...order } = options;
  const version = await store.asRole('reporting_user', (trx) => nextVersion(trx));
  const computed = constantsOfHistory(intervals, { ...order, version });
  const report = { frozen: computed.frozen, history: computed.history, junctions: seen.size };
  if (computed.frozen === null) return { ...report, leastMinutes: computed.leastMinutes };
  const { frozen, history } = computed;
  const { from, to } = options;
  if (keep) await store.asJob((trx) => insertConstants(trx, frozen, { ...history, from, to }));
  return { ...report, leastMinutes: null };
}
