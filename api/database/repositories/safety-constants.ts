/**
 * The constants of the safety index, version by version. A version is two rows, of minutes and of quarters of an hour; each has its
 * constants and the baselines of its hours. What they say is never changed: a newer version ends the time of the one before.
 */
import type { Knex } from 'knex';
import type { Indices, IntervalSeconds, NormalizationConstants } from '../../../controller/safety/index-formulas.ts';
import type { ConstantsHistory } from '../../../runs/safety/constants.ts';
import type { FrozenConstants } from '../../../runs/safety/index.ts';
import { StoreError } from '../errors.ts';
import { instant } from '../unnest.ts';

type Stored = Omit<NormalizationConstants, 'constantsId' | 'validFromMs' | 'validUntilMs'> & {
  readonly baselines?: Readonly<Record<string, Indices>>;
  readonly history?: ConstantsHistory & { readonly from: string; readonly to: string };
};

export interface ConstantsRow {
  readonly id: number;
  readonly computedAtMs: number;
  readonly constants: NormalizationConstants;
  /** By hour of the day (UTC). */
  readonly baselines: Readonly<Record<string, Indices>>;
  /** What they are of; null: somebody gave them. */
  readonly history: Stored['history'] | null;
}

/** Those that hold at some moment from `fromMs` to `toMs`, the last computed first. */
export async function listConstants(trx: Knex, fromMs: number, toMs: number): Promise<ConstantsRow[]> {
  const { rows } = await trx.raw(
    `SELECT id, computed_at, constants, valid_from, valid_until FROM normalization_constants
     WHERE valid_from < ? AND (valid_until IS NULL OR valid_until > ?) ORDER BY computed_at DESC, id DESC`,
    [instant(toMs), instant(fromMs)],
  );
  return (
    rows as { id: number; computed_at: Date; constants: Stored; valid_from: Date; valid_until: Date | null }[]
  ).map((row) => {
    const { baselines = {}, history = null, ...constants } = row.constants;
    return {
      id: row.id,
      computedAtMs: row.computed_at.getTime(),
      constants: {
        ...constants,
        version: constants.version ?? row.id,
        constantsId: row.id,
        validFromMs: row.valid_from.getTime(),
        validUntilMs: row.valid_until?.getTime() ?? null,
      },
      baselines,
      history,
    };
  });
}

/** Rows -> versions, the last computed first. One of minutes alone, as somebody may have given it, has none for quarters of an hour. */
export function versionsOf(rows: readonly ConstantsRow[]): FrozenConstants[] {
  const of = (seconds: IntervalSeconds) => rows.filter(({ constants }) => constants.intervalSeconds === seconds);
  return of(60).map((minute) => {
    const quarter = of(900).find(({ constants }) => constants.version === minute.constants.version);
    const never = { ...minute.constants, intervalSeconds: 900, validUntilMs: minute.constants.validFromMs } as const;
    return {
      minute: minute.constants,
      quarterHour: quarter?.constants ?? never,
      baselines: { minute: minute.baselines, quarterHour: quarter?.baselines ?? {} },
    };
  });
}

/** The number that a new version gets. */
export async function nextVersion(trx: Knex): Promise<number> {
  const { rows } = await trx.raw(
    "SELECT COALESCE(max((constants->>'version')::numeric), 0) + 1 AS next FROM normalization_constants",
  );
  return Number(rows[0].next);
}

/**
 * Keeps a version, and lets the time of those before it end where its own begins. Throws StoreError `constants_overlap` where one
 * begins later than it: what is in force by then would be doubtful.
 */
export async function insertConstants(
  trx: Knex,
  frozen: FrozenConstants,
  history: Stored['history'] | null,
): Promise<void> {
  const { validFromMs, validUntilMs } = frozen.minute;
  await trx.raw('SELECT pg_advisory_xact_lock(4721031)');
  const later = await trx.raw('SELECT id, valid_from FROM normalization_constants WHERE valid_from >= ? LIMIT 1', [
    instant(validFromMs),
  ]);
  const [other] = later.rows as { id: number; valid_from: Date }[];
  if (other !== undefined)
    throw new StoreError(
      'constants_overlap',
      `Constants that hold from ${instant(validFromMs)} cannot be kept: others (row ${other.id}) begin at ${other.valid_from.toISOString()}.`,
      { status: 409, hint: 'Let them begin later.' },
    );
  await trx.raw('UPDATE normalization_constants SET valid_until = ? WHERE valid_until IS NULL OR valid_until > ?', [
    instant(validFromMs),
    instant(validFromMs),
  ]);
  for (const [one, baselines] of [
    [frozen.minute, frozen.baselines.minute],
    [frozen.quarterHour, frozen.baselines.quarterHour],
  ] as const) {
    const { validFromMs: _, validUntilMs: __, constantsId: ___, ...constants } = one;
    await trx.raw('INSERT INTO normalization_constants (constants, valid_from, valid_until) VALUES (?::jsonb, ?, ?)', [
      JSON.stringify({ ...constants, baselines, ...(history !== null && { history }) }),
      instant(validFromMs),
      validUntilMs === null ? null : instant(validUntilMs),
    ]);
  }
}
