/** Files of weather observations. */
import { readTable } from './table-file.ts';
import type { WeatherObservation } from './weather.ts';

/** Bounds that the file, the ingestion endpoint and `flextraff safety --weather` share. */
export const WEATHER_BOUNDS = {
  precipitation_mm: [0, 500],
  visibility_m: [0, 100_000],
  wind_speed_ms: [0, 150],
  temperature_c: [-90, 70],
} as const;

/** With its zone: a time without one would be another elsewhere. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const INSTANT_EXPECTED = 'an instant with its zone, e.g. 2026-05-01T08:00:00Z,';

/**
 * Observations of a file named `name`, in order of time. CSV columns or JSON fields: `timestamp` (with its zone), `precipitation_mm`
 * (an hour), `visibility_m`, `wind_speed_ms`, `temperature_c`, and where it is of one junction alone `junction_id`.
 * @throws TableFileError with every mistake: nothing of such a file is taken.
 */
export function readWeatherFile(text: string, name: string): WeatherObservation[] {
  const columns = { required: ['timestamp', ...Object.keys(WEATHER_BOUNDS)], optional: ['junction_id'] };
  const observations = readTable(text, name, columns, (row): WeatherObservation => {
    const time = row.text('timestamp', INSTANT, INSTANT_EXPECTED);
    const atMs = Date.parse(time);
    if (time !== '' && Number.isNaN(atMs)) row.mistake('timestamp', `timestamp is ${time}, and there is no such day.`);
    const measure = (of: keyof typeof WEATHER_BOUNDS) => row.number(of, WEATHER_BOUNDS[of][0], WEATHER_BOUNDS[of][1]);
    return {
      atMs,
      junctionId: row.uuid('junction_id', { optional: true }),
      weather: {
        rainMillimetres: measure('precipitation_mm'),
        visibilityMetres: measure('visibility_m'),
        windMetresPerSecond: measure('wind_speed_ms'),
        temperatureCelsius: measure('temperature_c'),
      },
    };
  });
  return observations.sort((a, b) => a.atMs - b.atMs);
}
