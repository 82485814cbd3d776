/** Files of crash histories: what the real-time index (RT-SI) of a junction rests on. */
import type { CrashRecord } from './junction.ts';
import { readTable } from './table-file.ts';

/** Crashes that were counted at a junction over some days, and what they are related to. */
export interface CrashHistoryRow {
  readonly junctionId: string;
  /** `2021-01-01`, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly record: CrashRecord;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;
const MILLION = 1e6;

/** Bounds that the file and the ingestion endpoint share. Speeds are metres a second. */
export const CRASH_LIMITS = {
  fatal: [0, 100_000],
  injury: [0, 100_000],
  damage: [0, 100_000],
  vehicles_per_day: [1, 1_000_000],
  prior_rate: [0, 10_000],
  prior_exposure: [1e-6, 1e6],
  free_flow_speed: [1, 70],
  capacity_vehicles_per_hour: [1, 100_000],
} as const;
const FIGURES = Object.keys(CRASH_LIMITS) as (keyof typeof CRASH_LIMITS)[];
const WHOLE: ReadonlySet<string> = new Set(['fatal', 'injury', 'damage']);
type Figures = Readonly<Record<keyof typeof CRASH_LIMITS, number>>;

/** A history as files and the endpoint give it. */
export function crashHistoryOf(
  given: Figures & { readonly junction_id: string; readonly first_day: string; readonly last_day: string },
): CrashHistoryRow {
  const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);
  const days = (at(given.last_day) - at(given.first_day)) / DAY_MS + 1;
  return {
    junctionId: given.junction_id,
    firstDay: given.first_day,
    lastDay: given.last_day,
    record: {
      history: {
        fatal: given.fatal,
        injury: given.injury,
        damage: given.damage,
        exposure: (given.vehicles_per_day * days) / MILLION,
        priorRate: given.prior_rate,
        priorExposure: given.prior_exposure,
      },
      freeFlowMetresPerSecond: given.free_flow_speed,
      capacityVehiclesPerHour: given.capacity_vehicles_per_hour,
    },
  };
}

/** What the endpoint takes of a history. */
export function crashHistoryFields({ junctionId, firstDay, lastDay, record }: CrashHistoryRow) {
  const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);
  const days = (at(lastDay) - at(firstDay)) / DAY_MS + 1;
  const { history } = record;
  return {
    junction_id: junctionId,
    first_day: firstDay,
    last_day: lastDay,
    fatal: history.fatal,
    injury: history.injury,
    damage: history.damage,
    vehicles_per_day: (history.exposure * MILLION) / days,
    prior_rate: history.priorRate,
    prior_exposure: history.priorExposure,
    free_flow_speed: record.freeFlowMetresPerSecond,
    capacity_vehicles_per_hour: record.capacityVehiclesPerHour,
  };
}

/**
 * Rows of a file named `name`, CSV or JSON, a junction each. Exposure is the vehicles that entered in those days, in millions;
 * `prior_rate` is of comparable sites: weighted crashes (fatal 10, injury 3, damage 1) a million vehicles; `prior_exposure` (millions)
 * is the exposure at which history and comparable sites weigh the same. Speeds are metres a second.
 * @throws TableFileError with every mistake: nothing of such a file is taken.
 */
export function readCrashFile(text: string, name: string): CrashHistoryRow[] {
  const seen = new Set<string>();
  return readTable(
    text,
    name,
    { required: ['junction_id', 'first_day', 'last_day', ...FIGURES], optional: [] },
    (row): CrashHistoryRow => {
      const junctionId = row.uuid('junction_id') ?? '';
      if (junctionId !== '' && seen.has(junctionId))
        row.mistake(
          'junction_id',
          `junction_id is ${junctionId}, of which there is a row above; one each is expected.`,
        );
      seen.add(junctionId);
      const day = (of: string) => {
        const value = row.text(of, DAY, 'a day, e.g. 2025-12-31,');
        if (value !== '' && Number.isNaN(Date.parse(`${value}T00:00:00Z`)))
          row.mistake(of, `${of} is ${value}, and there is no such day.`);
        return value;
      };
      const first_day = day('first_day');
      const last_day = day('last_day');
      if (last_day < first_day) row.mistake('last_day', `last_day is ${last_day}, before first_day ${first_day}.`);
      const figures = Object.fromEntries(
        FIGURES.map((of) => [of, row.number(of, CRASH_LIMITS[of][0], CRASH_LIMITS[of][1], { whole: WHOLE.has(of) })]),
      ) as Figures;
      return crashHistoryOf({ junction_id: junctionId, first_day, last_day, ...figures });
    },
  );
}
