/** CSV files of `flextraff run --out`: `trips.csv`, a line per vehicle and variant, and `detectors.csv`. */
import type { Street } from '../sim/street.ts';

const COLUMNS = [
  ['variant', ''],
  ['vehicle', ''],
  ['class', ''],
  ['route', ''],
  ['depart_seconds', 'departSeconds'],
  ['entered_seconds', 'enteredSeconds'],
  ['arrived_seconds', 'arrivedSeconds'],
  ['delay_seconds', 'delaySeconds'],
  ['waiting_seconds', 'waitingSeconds'],
  ['stops', 'stops'],
  ['fuel_millilitres', 'fuelMillilitres'],
  ['co2_grams', 'co2Grams'],
  ['nox_grams', 'noxGrams'],
] as const;

/** Text in a cell, quoted where it must be. */
const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** What did not happen, or is not computed, is an empty cell. */
export function tripsCsv(streets: ReadonlyMap<string, Street>): string {
  const lines = [COLUMNS.map(([name]) => name).join(',')];
  for (const [variant, street] of streets) {
    for (const trip of street.trips()) {
      const cells = [
        variant,
        quoted(trip.name ?? String(trip.vehicle)),
        quoted(trip.vehicleClass),
        quoted(trip.route),
      ].map(String);
      for (const [, key] of COLUMNS.slice(4)) {
        const value = key === '' ? undefined : trip[key];
        cells.push(value === undefined ? '' : String(Math.round(value * 1000) / 1000));
      }
      lines.push(cells.join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `detectors.csv`: a line per variant, period of 300 s, detector and class that passed it. */
export function detectorsCsv(streets: ReadonlyMap<string, Street>): string {
  const lines = ['variant,junction,detector,from_seconds,until_seconds,class,passed,tags_read'];
  for (const [variant, street] of streets) {
    for (const count of street.detectorCounts()) {
      const { junction, detector, fromSeconds, untilSeconds, vehicleClass, passed, tagsRead = '' } = count;
      const cells = [
        variant,
        quoted(junction),
        quoted(detector),
        fromSeconds,
        untilSeconds,
        quoted(vehicleClass),
        passed,
        tagsRead,
      ];
      lines.push(cells.join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}
