import type { Frame } from '../runs/types.ts';

const EVERY_SECONDS = 10;
const HEADER =
  'second,variant,demanded,arrived,running,queued,delay_seconds,stops_per_vehicle,fuel_litres,co2_kilograms';

/** Collects a line per variant every 10 simulated seconds, for `series.csv`. */
export class SeriesFile {
  readonly #lines = [HEADER];

  take(second: number, frames: Readonly<Record<string, Frame>>): void {
    if (second % EVERY_SECONDS !== 0) return;
    for (const [variant, { counters: c }] of Object.entries(frames)) {
      this.#lines.push(
        [
          second,
          variant,
          c.demanded,
          c.arrived,
          c.running,
          c.queued,
          c.delaySeconds,
          c.stopsPerVehicle,
          c.fuelLitres,
          c.co2Kilograms,
        ].join(','),
      );
    }
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}
