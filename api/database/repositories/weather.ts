/** What was observed of the weather. */
import type { Knex } from 'knex';
import type { WeatherObservation } from '../../../runs/safety/weather.ts';
import { instant } from '../unnest.ts';

/** Observations after `fromMs` and before `toMs`, the latest first. Those that lack a measure are of no use to the index and are left out. */
export async function listWeather(trx: Knex, fromMs: number, toMs: number): Promise<WeatherObservation[]> {
  const { rows } = await trx.raw(
    `SELECT junction_id, observed_at, precipitation_mm, visibility_metres, wind_metres_per_second, temperature_celsius
     FROM weather_conditions WHERE observed_at > ? AND observed_at < ? AND precipitation_mm IS NOT NULL
       AND visibility_metres IS NOT NULL AND wind_metres_per_second IS NOT NULL AND temperature_celsius IS NOT NULL
     ORDER BY observed_at DESC, junction_id NULLS LAST, source`,
    [instant(fromMs), instant(toMs)],
  );
  return (rows as Record<string, never>[]).map((row) => ({
    junctionId: row.junction_id ?? null,
    atMs: (row.observed_at as Date).getTime(),
    weather: {
      rainMillimetres: row.precipitation_mm,
      visibilityMetres: row.visibility_metres,
      windMetresPerSecond: row.wind_metres_per_second,
      temperatureCelsius: row.temperature_celsius,
    },
  }));
}
