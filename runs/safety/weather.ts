/** Which weather an interval had. */
import type { Weather } from '../../controller/safety/index-formulas.ts';

/** Weather that was observed at a moment, of a junction or of all. */
export interface WeatherObservation {
  readonly atMs: number;
  /** null: of the whole installation. */
  readonly junctionId: string | null;
  readonly weather: Weather;
}

/** An observation says something of the hour that follows it, ms. */
export const WEATHER_HOLDS_MS = 3_600_000;

/** One weather for all of it, or what was observed when. */
export type WeatherSource = Weather | readonly WeatherObservation[];

const isList = (source: WeatherSource): source is readonly WeatherObservation[] => Array.isArray(source);

/** Those that say something of a junction. */
export const observationsOf = (all: readonly WeatherObservation[], junctionId: string): readonly WeatherObservation[] =>
  all.filter((one) => one.junctionId === null || one.junctionId === junctionId);

/**
 * The weather of a junction's interval that begins at `atMs`: the latest observation of the hour before, its own rather than
 * that of all. null: not known.
 */
export function weatherAt(source: WeatherSource | null, atMs: number): Weather | null {
  if (source === null || !isList(source)) return source;
  let best: WeatherObservation | null = null;
  for (const one of source) {
    if (one.atMs > atMs || one.atMs <= atMs - WEATHER_HOLDS_MS) continue;
    const isNewer = best === null || one.atMs > best.atMs;
    if (isNewer || (one.atMs === best!.atMs && one.junctionId !== null)) best = one;
  }
  return best?.weather ?? null;
}
