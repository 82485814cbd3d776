/** Conflicts as CSV, GeoJSON and Parquet: one row each, the same columns in all three. */
import type { Encounter } from '../controller/safety/encounter-types.ts';
import { fromLocal } from '../feeds/v2x/local-frame.ts';
import type { SourceReport } from '../runs/safety/types.ts';

type ColumnType = 'text' | 'double' | 'boolean' | 'instant';

/** Columns in order. An instant is milliseconds since 1970. */
export const CONFLICT_COLUMNS = [
  ['first_user', 'text'],
  ['second_user', 'text'],
  ['first_type', 'text'],
  ['second_type', 'text'],
  ['type', 'text'],
  ['severity', 'text'],
  ['with_vru', 'boolean'],
  ['start_seconds', 'double'],
  ['end_seconds', 'double'],
  ['critical_seconds', 'double'],
  ['critical_at', 'instant'],
  ['x_metres', 'double'],
  ['y_metres', 'double'],
  ['longitude', 'double'],
  ['latitude', 'double'],
  ['min_ttc_seconds', 'double'],
  ['min_ttc_low_seconds', 'double'],
  ['min_ttc_high_seconds', 'double'],
  ['pet_seconds', 'double'],
  ['pet_low_seconds', 'double'],
  ['pet_high_seconds', 'double'],
  ['drac_metres_per_second2', 'double'],
  ['mdrac_metres_per_second2', 'double'],
  ['within_reaction_time', 'boolean'],
  ['delta_v_metres_per_second', 'double'],
  ['angle_degrees', 'double'],
  ['first_speed_metres_per_second', 'double'],
  ['second_speed_metres_per_second', 'double'],
  ['hard_braking', 'boolean'],
  ['outlines_touched', 'boolean'],
  ['first_signal', 'text'],
  ['second_signal', 'text'],
  ['penetration', 'double'],
] as const satisfies readonly (readonly [string, ColumnType])[];

export type ConflictRow = Readonly<Record<(typeof CONFLICT_COLUMNS)[number][0], string | number | boolean | null>>;

export function conflictRows(encounters: readonly Encounter[], report: SourceReport): ConflictRow[] {
  const { zeroMs, dated, frame, penetration } = report;
  return encounters.map((one) => {
    const [latitude, longitude] = frame === null ? [null, null] : fromLocal(frame, one.x, one.y);
    return {
      first_user: one.users[0],
      second_user: one.users[1],
      first_type: one.userTypes[0],
      second_type: one.userTypes[1],
      type: one.type,
      severity: one.severity,
      with_vru: one.withVru,
      start_seconds: (one.startMs - zeroMs) / 1000,
      end_seconds: (one.endMs - zeroMs) / 1000,
      critical_seconds: (one.criticalMs - zeroMs) / 1000,
      critical_at: dated ? one.criticalMs : null,
      x_metres: one.x,
      y_metres: one.y,
      longitude,
      latitude,
      min_ttc_seconds: one.minTtcSeconds ?? null,
      min_ttc_low_seconds: one.ttcBoundsSeconds?.low ?? null,
      min_ttc_high_seconds: one.ttcBoundsSeconds?.high ?? null,
      pet_seconds: one.petSeconds ?? null,
      pet_low_seconds: one.petBoundsSeconds?.low ?? null,
      pet_high_seconds: one.petBoundsSeconds?.high ?? null,
      drac_metres_per_second2: one.dracMetresPerSecond2 ?? null,
      mdrac_metres_per_second2: one.mdracMetresPerSecond2 ?? null,
      within_reaction_time: one.withinReactionTime,
      delta_v_metres_per_second: one.deltaVMetresPerSecond,
      angle_degrees: one.angleDegrees,
      first_speed_metres_per_second: one.speedsMetresPerSecond[0],
      second_speed_metres_per_second: one.speedsMetresPerSecond[1],
      hard_braking: one.hardBraking,
      outlines_touched: one.outlinesTouched,
      first_signal: one.signalStates[0],
      second_signal: one.signalStates[1],
      penetration,
    };
  });
}

function cell(value: string | number | boolean | null, type: ColumnType): string {
  if (value === null) return '';
  if (type === 'instant') return new Date(value as number).toISOString();
  if (typeof value === 'number') return String(Math.round(value * 1e7) / 1e7);
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, with a heading; what is not known is an empty field. */
export function conflictsCsv(rows: readonly ConflictRow[]): string {
  const lines = [CONFLICT_COLUMNS.map(([name]) => name).join(',')];
  for (const row of rows) lines.push(CONFLICT_COLUMNS.map(([name, type]) => cell(row[name], type)).join(','));
  return `${lines.join('\n')}\n`;
}

/** RFC 7946: a point a conflict, the other columns as properties. Rows must have a place on Earth. */
export function conflictsGeoJson(rows: readonly ConflictRow[]) {
  return {
    type: 'FeatureCollection',
    features: rows.map(({ longitude, latitude, critical_at, ...properties }) => ({
      type: 'Feature',
      geometry: {
        type: 'Point',
        coordinates: [Math.round(Number(longitude) * 1e7) / 1e7, Math.round(Number(latitude) * 1e7) / 1e7],
      },
      properties: {
        ...properties,
        critical_at: critical_at === null ? null : new Date(Number(critical_at)).toISOString(),
      },
    })),
  };
}

/** Parquet, zstd. DuckDB is loaded only here: it costs 60 MB. */
export async function writeConflictsParquet(path: string, rows: readonly ConflictRow[]): Promise<void> {
  const { writeParquet } = await import('../api/archive/parquet.ts');
  await writeParquet(
    path,
    CONFLICT_COLUMNS.map(([name, type]) => ({ name, type })),
    rows,
  );
}
