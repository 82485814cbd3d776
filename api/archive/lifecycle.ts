/** How archived files grow old, as 002 has it: raw ones move to slower storage, processed ones go after two years. */
import type { Archive } from './archive.ts';
import { DATASET_NAMES, DATASETS, type Dataset, DAY_MS, dayKey, dayOf } from './layout.ts';
import type { StorageClass } from './storage.ts';

export const NEARLINE_DAYS = 30;
export const COLDLINE_DAYS = 365;
export const DELETE_DAYS = 730;
/** Slower to write and a quarter smaller; what is merged is written once. */
const COMPRESSION_LEVEL = 12;
const FIRST_DAY = '1970-01-01';

export interface LifecycleOutcome {
  /** Days whose parts became one file. */
  merged: number;
  nearline: number;
  coldline: number;
  deleted: number;
  /** Bytes of what was deleted. */
  deletedBytes: number;
}

/** Rules for buckets that move and delete by themselves (`aws s3api put-bucket-lifecycle-configuration`). */
export function bucketRules(prefix: string): object {
  const below = prefix === '' ? '' : `${prefix}/`;
  return {
    Rules: [
      {
        ID: 'flextraff-raw',
        Status: 'Enabled',
        Filter: { Prefix: `${below}raw/` },
        Transitions: [
          { Days: NEARLINE_DAYS, StorageClass: 'STANDARD_IA' },
          { Days: COLDLINE_DAYS, StorageClass: 'GLACIER_IR' },
        ],
      },
      {
        ID: 'flextraff-processed',
        Status: 'Enabled',
        Filter: { Prefix: `${below}processed/` },
        Expiration: { Days: DELETE_DAYS },
      },
    ],
  };
}

/**
 * Does what is due at `nowMs`, by the day that rows belong to. Parts of days before yesterday become one file; raw days
 * older than 30 and 365 days go to nearline and coldline (where the storage has classes); processed days older than 730 days are
 * deleted. May be run as often as one likes.
 */
export async function runLifecycle(archive: Archive, nowMs: number): Promise<LifecycleOutcome> {
  const outcome: LifecycleOutcome = { merged: 0, nearline: 0, coldline: 0, deleted: 0, deletedBytes: 0 };
  const before = (days: number): string => dayOf(nowMs - days * DAY_MS);
  for (const dataset of DATASET_NAMES) {
    const isRaw = DATASETS[dataset].folder.startsWith('raw/');
    const files = await archive.files(dataset, FIRST_DAY, before(0));
    for (const file of isRaw ? [] : files.filter(({ day }) => day < before(DELETE_DAYS))) {
      await archive.storage.remove(file.key);
      outcome.deleted++;
      outcome.deletedBytes += file.bytes;
    }
    const kept = files.filter(({ day }) => isRaw || day >= before(DELETE_DAYS));
    for (const day of new Set(kept.map((file) => file.day))) {
      if (day >= before(1)) continue;
      const classOf = storageClassOf(dataset, day, before);
      if (await archive.merge(dataset, day, COMPRESSION_LEVEL)) outcome.merged++;
      const whole = (await archive.storage.list(dayKey(dataset, day)))[0];
      if (whole === undefined || classOf === 'standard' || whole.storageClass === classOf) continue;
      if (await archive.storage.setClass(whole.key, classOf)) outcome[classOf]++;
    }
  }
  return outcome;
}

function storageClassOf(dataset: Dataset, day: string, before: (days: number) => string): StorageClass {
  if (!DATASETS[dataset].folder.startsWith('raw/')) return 'standard';
  if (day < before(COLDLINE_DAYS)) return 'coldline';
  return day < before(NEARLINE_DAYS) ? 'nearline' : 'standard';
}
